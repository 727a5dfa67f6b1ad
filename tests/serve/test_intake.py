"""What a refused upload is told to do is done, by the very commands."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from serve.bad_files import tone, wav
from serve.conftest import Running


@pytest.mark.skipif(shutil.which("curl") is None, reason="the refusal shows commands of curl")
@pytest.mark.parametrize("kind", [None, "application/x-www-form-urlencoded"])
def test_what_a_refusal_shows_works(service: Running, kind: str | None, tmp_path: Path) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    refused = httpx.post(f"{service.url}/v1/classify", headers=headers, content=b"" if kind is None else b"x")
    assert refused.status_code == (400 if kind is None else 415)
    shown = re.search(r"as in: curl (.*), or curl (.*)", refused.json()["error"])
    assert shown, refused.text
    (tmp_path / "song.mp3").write_bytes(wav(tone(duration_s=3.0)))
    for options in shown.groups():
        command = ["curl", "-sS", *shlex.split(options), f"{service.url}/v1/classify"]
        answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert "genre" in json.loads(answer), answer

"""Chromium, with a page of the running service and songs to give it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serve.bad_files import tone, wav
from serve.conftest import Running

playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this system")
    with playwright.sync_playwright() as started:
        flags = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        launched = started.chromium.launch(executable_path=chromium, args=flags)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Any, service: Running) -> Iterator[Callable[..., Any]]:
    """Opens the page; fails the test at its end if a script failed or anything was loaded from elsewhere."""
    faults: list[str] = []

    def open_(url: str = service.url, **options: Any) -> Any:
        page = browser.new_context(**options).new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Policy" in message.text else None)
        page.on("request", lambda made: None if made.url.startswith((url, "blob:")) else faults.append(made.url))
        page.goto(url)
        return page

    yield open_
    assert not faults


@pytest.fixture
def songs(tmp_path: Path) -> list[Path]:
    medley = tone(50.0, 4.0).tolist() + tone(3900.0, 4.0).tolist()
    (tmp_path / "a, medley.wav").write_bytes(wav(np.array(medley, dtype=np.float32)))
    (tmp_path / "=bass.wav").write_bytes(wav(tone(50.0, 3.0)))
    (tmp_path / "<b>notes.mp3").write_bytes(b"no music\n" * 50)
    return sorted(tmp_path.iterdir())

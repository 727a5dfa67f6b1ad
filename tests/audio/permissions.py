"""Reading a file as somebody who may not, also where the tests run as root."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from genrekit.audio import load_audio


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything, so it becomes nobody for as long as the block lasts, and no longer.

    What nobody may not read includes root's own Python: all modules are imported before.
    """
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions of POSIX")
    load_audio(np.zeros(10, np.float32), sr=22_050, source_sr=22_050)
    import av
    import soundfile

    assert av and soundfile
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)


def open_the_way_to(folder: Path) -> None:
    """Let everybody through to a test's folder: pytest makes it, and those above it, for their owner alone."""
    top = Path(tempfile.gettempdir()).resolve()
    for step in (folder.resolve(), *folder.resolve().parents):
        if step == top:
            return
        if step.stat().st_mode & 0o005 != 0o005:
            step.chmod(0o755)

"""Reading a file as somebody who may not, also where the tests run as root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

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

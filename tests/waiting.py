"""Waiting for what another process or thread does, and never for ever."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

# A busy machine takes long over what is quick on an idle one; only a test that fails waits so long.
PATIENCE_S = 60.0


def wait_until(
    condition: Callable[[], T],
    *,
    what: str,
    seconds: float = PATIENCE_S,
    process: subprocess.Popen[Any] | None = None,
    pause_s: float = 0.01,
) -> T:
    """The first true value of `condition`; the test fails, with `what` was waited for, if none comes.

    Parameters
    ----------
    condition : asked again and again
    what : is waited for, as in "the file is there"
    seconds : until the test fails
    process : from which it is expected: its end before fails the test at once
    pause_s : from one question to the next
    """
    __tracebackhide__ = True
    deadline_s = time.monotonic() + seconds
    while True:
        # Looked at first: what it did just before its end counts.
        has_ended = process is not None and process.poll() is not None
        if value := condition():
            return value
        if process is not None and has_ended:
            pytest.fail(f"a process ended with code {process.returncode} before this: {what}\n{_said(process)}")
        if time.monotonic() > deadline_s:
            pytest.fail(f"{seconds:g} s were not enough for this: {what}")
        time.sleep(pause_s)


def _said(process: subprocess.Popen[Any]) -> str:
    """What has come of its standard error, without waiting for more: a process that it started may hold it open."""
    if process.stderr is None:
        return ""
    os.set_blocking(process.stderr.fileno(), False)
    with suppress(BlockingIOError):
        return os.read(process.stderr.fileno(), 1 << 16).decode(errors="replace")
    return ""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

pytest.importorskip("torch")

from genrekit.training.run import Run
from genrekit.training.run_lock import RunBusyError, hold, is_held, lock_path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "runs" / "recipe-12345678-fold0-seed0")


def test_is_held_as_long_as_the_block(run: Run) -> None:
    assert not is_held(run)
    with hold(run):
        assert is_held(run)
        with pytest.raises(RunBusyError, match="Another process is training"), hold(run):
            pass
    assert not is_held(run)


def test_looking_whether_it_is_held_refuses_nobody(run: Run) -> None:
    with hold(run):
        pass  # from now on there is a lock to look at
    ended = threading.Event()

    def look() -> None:
        while not ended.is_set():
            is_held(run)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for _ in range(300):
            with hold(run):
                pass
    finally:
        ended.set()
        looking.join()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_who_may_not_look_knows_of_nobody(run: Run) -> None:
    with hold(run):
        pass
    lock_path(run).chmod(0)
    assert not is_held(run)

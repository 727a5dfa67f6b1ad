"""One run an output, and a lock that ends with its process."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from genrekit.results import output_lock
from genrekit.results.errors import ResultsError
from genrekit.results.output_lock import hold_output

HOLD = """
import sys
from pathlib import Path
from genrekit.results.output_lock import hold_output
with hold_output(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out.json"


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    """Where the lock of `output` is."""
    return tmp_path / ".out.json.lock"


@pytest.fixture
def holder(output: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process, which holds the output until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(output)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def _refused(output: Path) -> bool:
    try:
        with hold_output(output):
            return False
    except ResultsError as error:
        assert "out.json: another genrekit writes it right now; wait for it, or give another --output" in str(error)
        return True


def test_what_another_process_holds_is_refused_until_it_lets_go(
    holder: subprocess.Popen[str], output: Path, lock: Path
) -> None:
    assert _refused(output) and _refused(output)
    with hold_output(output.with_name("other.json")):
        pass
    holder.communicate()
    assert holder.returncode == 0 and not lock.exists()
    assert not _refused(output)


def test_a_process_that_is_killed_holds_nothing_though_its_file_stays(
    holder: subprocess.Popen[str], output: Path, lock: Path
) -> None:
    holder.kill()
    holder.wait(timeout=20)
    assert lock.exists() and not _refused(output)
    assert not lock.exists()


def test_an_output_is_let_go_whatever_ends_the_work(output: Path, lock: Path) -> None:
    with pytest.raises(KeyboardInterrupt), hold_output(output):
        assert lock.exists() and _refused(output)
        raise KeyboardInterrupt
    assert not lock.exists() and not _refused(output)


def test_a_name_that_its_holder_removed_before_it_was_locked_is_no_lock(
    output: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, n_taken = output_lock._lock, 0

    def after_the_holder_has_gone(descriptor: int) -> None:
        nonlocal n_taken
        n_taken += 1
        if n_taken == 1:
            lock.unlink()
        take(descriptor)

    monkeypatch.setattr(output_lock, "_lock", after_the_holder_has_gone)
    with hold_output(output):
        assert n_taken == 2 and lock.exists()
        assert _refused(output)


def test_a_disk_that_knows_no_locks_is_written_all_the_same(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(descriptor: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(output_lock, "_lock", no_locks)
    assert not _refused(output)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_several_may_write_to_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(hold_output(pipe))
        assert list(tmp_path.iterdir()) == [pipe]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"cannot write results to .*: No such file or directory"):
        hold_output(tmp_path / "no" / "out.json").__enter__()

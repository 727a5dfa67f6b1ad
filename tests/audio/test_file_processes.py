"""What a file does to the process that reads it is the failure of that file alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from genrekit.audio.file_processes import FileProcesses
from genrekit.errors import AudioError, DataError


def make_reader() -> Callable[[str | tuple[str, Path]], str]:
    """Answers with the name of a file, and is brought down by some names."""

    def answer(question: str | tuple[str, Path]) -> str:
        if isinstance(question, tuple):
            what, mark = question
            if what == "frail" and not mark.exists():
                mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return what
        if question == "crash.mp3":
            os.kill(os.getpid(), signal.SIGSEGV)
        if question == "huge.mp3":
            raise MemoryError
        if question == "odd.mp3":
            raise ZeroDivisionError("no frames")
        if question == "none.mp3":
            raise DataError("a house error says all itself")
        return question

    return answer


@pytest.fixture
def processes() -> Iterator[FileProcesses[str]]:
    processes = FileProcesses(make_reader, n_processes=1, n_tries=2)
    yield processes
    processes.stop()


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("crash.mp3", AudioError, r"^crash\.mp3: the process that read it died \(SIGSEGV\)"),
        ("huge.mp3", AudioError, r"^huge\.mp3: reading it took too much memory"),
        ("odd.mp3", AudioError, r"^odd\.mp3: unexpected ZeroDivisionError: no frames$"),
        ("none.mp3", DataError, "^a house error says all itself$"),
    ],
)
def test_whatever_goes_wrong_is_of_that_file(
    path: str, kind: type[Exception], message: str, processes: FileProcesses[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(kind, match=message):
        processes.ask(path)
    assert processes.ask("fine.mp3") == "fine.mp3"
    assert capfd.readouterr().err == ""


def test_a_second_try_is_made_in_a_process_of_its_own(processes: FileProcesses[str], tmp_path: Path) -> None:
    assert processes.ask("frail.mp3", ("frail", tmp_path / "mark")) == "frail"


def test_answers_come_as_they_are_ready_and_the_processes_go(tmp_path: Path) -> None:
    processes = FileProcesses(make_reader, n_processes=2)
    assert sorted(processes.as_ready(processes.ask, ["c.mp3", "a.mp3", "b.mp3"])) == ["a.mp3", "b.mp3", "c.mp3"]
    assert list(FileProcesses(make_reader, n_processes=2).as_ready(str, [])) == []

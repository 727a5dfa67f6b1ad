"""What counts as changed, what of an earlier run is refused, and states that outlive a kill."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from genrekit.file_identity import FileState, file_state
from genrekit.results.errors import ResultsError
from genrekit.results.file_states import FileStates, read_states, states_path
from genrekit.results.result_file import path_key
from results.outcomes import file_names


def _file(path: Path, *, size_bytes: int = 100_000, time_s: int = 1_000_000_000) -> str:
    path.write_bytes(bytes(size_bytes))
    os.utime(path, (time_s, time_s))
    return str(path)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """Results that are there, so that their states count."""
    path = tmp_path / "out.json"
    path.write_text("{}\n")
    return path


@pytest.fixture
def song(tmp_path: Path, output: Path) -> str:
    """A file whose state is written down."""
    song = _file(tmp_path / "a.wav")
    _heard(output, song)
    return song


def _heard(output: Path, *files: str, model_sha256: str | None = None) -> None:
    states = FileStates(output, keep=False, model_sha256=model_sha256)
    states.look(files)
    states.begin()
    for file in files:
        states.record(file)


def _known(output: Path) -> dict[str, FileState | None] | None:
    states = read_states(output)
    return None if states is None else states.of_key


def _changed(output: Path, *files: str) -> frozenset[str]:
    return FileStates(output, keep=True).look(files)


# --- what counts as changed


@pytest.mark.parametrize(
    ("size_bytes", "time_s", "is_changed"),
    [
        (100_000, 1_000_000_000, False),
        (100_000, 1_000_000_001, True),
        (100_000, 999_999_999, True),
        (102_000, 1_000_000_000, False),  # tags were written by genrekit, which keeps the time
        (102_000, 1_000_000_001, True),
        (200_000, 1_000_000_000, True),  # another file took its name
    ],
)
def test_a_file_changed_if_its_time_did_or_its_size_by_more_than_tags(
    size_bytes: int, time_s: int, is_changed: bool, song: str, output: Path
) -> None:
    _file(Path(song), size_bytes=size_bytes, time_s=time_s)
    assert _changed(output, song) == ({path_key(song)} if is_changed else frozenset())


def test_what_was_not_heard_or_is_not_there_is_not_changed(song: str, output: Path, tmp_path: Path) -> None:
    other = _file(tmp_path / "b.wav")
    Path(song).unlink()
    assert not _changed(output, song, other)


def test_of_two_states_of_a_file_the_last_counts(song: str, output: Path) -> None:
    before = file_state(song)
    _file(Path(song), time_s=2_000_000_000)
    states = FileStates(output, keep=True)
    assert states.look([song]) == {path_key(song)}
    states.begin([song])
    states.record(song)
    assert before != file_state(song)
    assert _known(output) == {path_key(song): file_state(song)}
    assert not _changed(output, song)


# --- what is written down


def test_the_state_is_that_of_the_look_and_not_that_after_the_file_was_read(output: Path, tmp_path: Path) -> None:
    song = _file(tmp_path / "a.wav")
    seen = file_state(song)
    states = FileStates(output, keep=True)
    states.look([song])
    states.begin([song])
    _file(Path(song), time_s=2_000_000_000)
    states.record(song)
    assert _known(output) == {path_key(song): seen}
    assert _changed(output, song) == {path_key(song)}


def test_a_file_that_came_into_reach_after_the_look_has_the_state_of_then(output: Path, tmp_path: Path) -> None:
    song, missing = str(tmp_path / "a.wav"), str(tmp_path / "b.wav")
    states = FileStates(output, keep=True)
    states.look([song, missing])
    states.begin([song, missing])
    _file(Path(song))
    states.record(song)
    states.record(missing)
    assert _known(output) == {path_key(song): file_state(song)}


def test_a_run_that_begins_anew_forgets_and_one_that_goes_on_forgets_nothing(song: str, output: Path) -> None:
    FileStates(output, keep=True, model_sha256="m").begin()
    assert list(_known(output) or ()) == [path_key(song)]
    FileStates(output, keep=False).begin()
    assert _known(output) is None


@pytest.mark.parametrize("name", ["out.json", "out.json.part", None])
def test_states_without_results_are_of_no_use(name: str | None, song: str, output: Path) -> None:
    output.unlink()
    if name is not None:
        output.with_name(name).write_text("{}\n")
    _file(Path(song), time_s=2_000_000_000)
    assert bool(_changed(output, song)) == (name is not None)


def test_results_of_before_there_were_states_are_taken_as_of_the_files_that_are_there(
    output: Path, tmp_path: Path
) -> None:
    assert _known(output) is None
    near, far = _file(tmp_path / "near.wav"), str(tmp_path / "disk/far.wav")
    states = FileStates(output, keep=True)
    states.look([near, far])
    states.begin([near, far], {path_key(near), path_key(far)})
    assert _known(output) == {path_key(near): file_state(near), path_key(far): None}
    # What was out of reach then is not another file because it is in reach now, nor has it changed.
    (tmp_path / "disk").mkdir()
    _file(Path(far))
    again = FileStates(output, keep=True)
    assert not again.look([near, far])
    again.begin([near, far], {path_key(near), path_key(far)})


def test_a_place_that_cannot_be_written_is_told(output: Path, tmp_path: Path) -> None:
    song = _file(tmp_path / "a.wav")
    states = FileStates(output, keep=True)
    states.begin()
    states_path(output).unlink()
    states_path(output).mkdir()
    with pytest.raises(ResultsError, match=r"cannot write results to .*out\.json\.state"):
        states.record(song)
    with pytest.raises(ResultsError, match=r"cannot write results to .*out\.json\.state"):
        FileStates(output, keep=True).begin()


# --- what is refused


def test_a_result_without_a_state_beside_others_that_have_theirs_is_of_another_file(
    song: str, output: Path, tmp_path: Path
) -> None:
    before = states_path(output).read_bytes()
    other = _file(tmp_path / "b.wav")
    states = FileStates(output, keep=True)
    states.look([song, other])
    with pytest.raises(ResultsError, match=r"the result of another .*b\.wav, heard from another folder"):
        states.begin([song, other], {path_key(song), path_key(other)})
    assert states_path(output).read_bytes() == before
    # Without a result it is a new file, and without being asked for it is none of this run's business.
    states.begin([song, other], {path_key(song)})
    states.begin([song], {path_key(song), path_key(other)})


@pytest.mark.parametrize(
    ("was", "now", "is_refused"),
    [("one", "two", True), ("one", "one", False), ("one", None, False), (None, "two", False)],
)
def test_results_of_another_model_file_are_not_gone_on_with(
    was: str | None, now: str | None, is_refused: bool, output: Path, tmp_path: Path
) -> None:
    song = _file(tmp_path / "a.wav")
    _heard(output, song, model_sha256=was)
    before = states_path(output).read_bytes()
    states = FileStates(output, keep=True, model_sha256=now)
    if is_refused:
        with pytest.raises(ResultsError, match="made with another model file, though of the same name"):
            states.begin([song], {path_key(song)})
        assert states_path(output).read_bytes() == before
    # Where nothing is kept, nothing is mixed.
    states.begin([song], frozenset() if is_refused else {path_key(song)})


# --- what is read back


def test_a_line_that_was_cut_anywhere_costs_itself_alone(output: Path, tmp_path: Path) -> None:
    songs = [_file(tmp_path / name, size_bytes=10 + len(name)) for name in ("a.wav", "é b.wav", "c.wav")]
    _heard(output, *songs, model_sha256="m")
    whole = states_path(output).read_bytes()
    known = {path_key(song): file_state(song) for song in songs}
    for n in range(len(whole)):
        states_path(output).write_bytes(whole[:n])
        n_whole = max(0, whole[:n].count(b"\n") - 1)
        read = _known(output) or {}
        # The last line may lack its end alone.
        assert read in (dict(list(known.items())[:n_whole]), dict(list(known.items())[: n_whole + 1]))


@pytest.mark.parametrize("line", ["not JSON", "[]", '["x"]', "{}", "null", "3", '["x", "y", "z"]', '["x", 1, 2, 3, 4]'])
def test_a_line_that_is_no_state_counts_as_not_there(line: str, song: str, output: Path) -> None:
    lines = states_path(output)
    lines.write_text(f"{line}\n{lines.read_text()}{line}\n")
    assert _known(output) == {path_key(song): file_state(song)}
    lines.write_text(f"{line}\n")
    assert _known(output) is None


@given(file_names)
def test_any_name_of_a_file_is_known_again(name: str) -> None:
    with TemporaryDirectory() as folder:
        output, song = Path(folder) / "out.json.json", Path(folder) / "songs" / name
        output.write_text("{}\n")
        song.parent.mkdir()
        _heard(output, _file(song, size_bytes=10))
        assert _known(output) == {path_key(song): FileState(10, 1_000_000_000_000_000_000)}
        _file(song, size_bytes=10, time_s=1)
        assert _changed(output, str(song)) == {path_key(song)}

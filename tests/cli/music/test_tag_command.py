"""`genrekit tag` and `tag undo` as people use them, and what happens to files when things go wrong."""

from __future__ import annotations

import json
import os
import re
import resource
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

pytest.importorskip("mutagen")

from library.tagged_files import make_file
from waiting import wait_until

from genrekit.file_identity import file_sha256
from genrekit.inference import Failure, Result
from genrekit.library import tag_files
from genrekit.library.copies import is_copy_name, new_copy
from genrekit.library.tag_journal import locked, read_journal
from genrekit.library.tags import read_tags
from genrekit.results.writers import CsvWriter


@pytest.fixture
def results(tmp_path: Path) -> Callable[..., Path]:
    """Writes results for files, as `genrekit classify --format json` does: jazz, sure to 80 %."""

    def write(*paths: Path) -> Path:
        file = tmp_path / "results.json"
        rows = [
            {"path": str(path), "genre": "jazz", "confidence": 0.8, "probabilities": {"jazz": 0.8, "blues": 0.2}}
            for path in paths
        ]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return file

    return write


@pytest.fixture
def music_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


def test_it_hears_shows_and_writes_nothing(
    genrekit_cli: Callable, tiny_model_path: Path, write_tone: Callable[..., Path]
) -> None:
    path = write_tone("low.flac")
    before = path.read_bytes()
    finished = genrekit_cli("tag", path, "--model", tiny_model_path, "--name", "bass=Deep Bass")
    assert finished.code == 0
    assert finished.out == f"(none) -> Deep Bass  100%  {path}\n"
    assert "1 of 1 would be written; --write writes" in finished.err
    assert path.read_bytes() == before


def test_what_a_killed_run_left_is_nobodys_hidden_song(
    genrekit_cli: Callable, results: Callable, music_folder: Path
) -> None:
    shown = make_file(music_folder, "id3v23.mp3")
    with new_copy(music_folder, ".mp3") as copy:
        copy.write_bytes(shown.read_bytes())
    finished = genrekit_cli("tag", music_folder, "--results", results(shown))
    assert "a copy that a killed run left" in finished.err
    assert "hidden" not in finished.err


def test_a_hidden_file_is_left_out_and_told(genrekit_cli: Callable, results: Callable, music_folder: Path) -> None:
    shown, hidden = make_file(music_folder, "id3v23.mp3"), music_folder / ".b.mp3"
    hidden.write_bytes(shown.read_bytes())
    finished = genrekit_cli("tag", music_folder, "--results", results(shown))
    assert finished.code == 0 and str(hidden) not in finished.out
    assert f"left out 1 hidden file, {hidden}; name it to have it tagged\n" in finished.err


def test_where_nothing_is_written_no_journal_is_spoken_of(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    files = [make_file(music_folder, "id3v23.mp3")]
    options = ("--results", results(*files), "--journal", tmp_path / "j.jsonl", "--min-confidence", 1)
    finished = genrekit_cli("tag", music_folder, *options, "--write")
    assert finished.code == 0
    assert "j.jsonl" not in finished.err and not (tmp_path / "j.jsonl").exists()
    assert "--existing replace or add" in genrekit_cli("tag", music_folder, *options).err


def test_written_and_taken_back(genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path) -> None:
    files = [make_file(music_folder, name) for name in ("a.mp3", "song.flac", "song.ogg") if name != "a.mp3"]
    files.append(make_file(music_folder, "id3v23.mp3"))
    before = {path: path.read_bytes() for path in files}
    journal = tmp_path / "journal.jsonl"
    finished = genrekit_cli("tag", music_folder, "--results", results(*files), "--write", "--journal", journal)
    assert finished.code == 0
    assert f"Rock  (has a genre)  {music_folder / 'id3v23.mp3'}\n" in finished.out
    assert "2 of 3 written; genrekit tag undo" in finished.err
    assert read_tags(files[0]).genres == ("jazz",)
    assert read_tags(files[2]).genres == ("Rock",)

    shown = genrekit_cli("tag", "undo", journal, "--dry-run")
    assert shown.code == 0 and "2 of 2 would be restored" in shown.err
    assert read_tags(files[0]).genres == ("jazz",)
    finished = genrekit_cli("tag", "undo", journal)
    assert finished.code == 0 and finished.out.count("(restored)") == 2
    assert "2 of 2 restored" in finished.err
    assert {path: path.read_bytes() for path in files} == before
    assert "0 of 2 restored" in genrekit_cli("tag", "undo", journal).err


def test_the_way_back_can_be_pasted(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    path, journal = make_file(music_folder, "song.flac"), tmp_path / "my 'j'.jsonl"
    before = path.read_bytes()
    finished = genrekit_cli("tag", path, "--results", results(path), "--write", "--journal", journal)
    (line,) = re.findall(r"genrekit (tag undo .*) takes it back", finished.err)
    assert genrekit_cli(*shlex.split(line)).code == 0
    assert path.read_bytes() == before


def test_two_runs_in_one_journal_are_undone_last_first(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    path = make_file(music_folder, "song.flac")
    before = path.read_bytes()
    journal = tmp_path / "journal.jsonl"
    for name in ("Jazz", "Cool Jazz"):
        arguments = ("--results", results(path), "--name", f"jazz={name}", "--existing", "replace")
        assert genrekit_cli("tag", path, *arguments, "--write", "--journal", journal).code == 0
    assert read_tags(path).genres == ("Cool Jazz",)
    said = genrekit_cli("tag", "undo", journal, "--dry-run")
    assert said.code == 0 and said.out.count("(would be restored)") == 2
    assert read_tags(path).genres == ("Cool Jazz",)
    assert genrekit_cli("tag", "undo", journal).code == 0
    assert path.read_bytes() == before
    for options in ([], ["--dry-run"]):
        again = genrekit_cli("tag", "undo", journal, *options)
        assert again.code == 0 and again.out.count("(as it was)") == 2
    assert path.read_bytes() == before


def test_a_policy_file_and_flags_before_it(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    path = make_file(music_folder, "song.flac")
    policy = tmp_path / "p.toml"
    policy.write_text('min_confidence = 0.9\nmax_genres = 2\n[names]\njazz = "Jazz"\nblues = "Blues"\n')
    arguments = ("tag", path, "--results", results(path), "--policy", policy)
    assert "jazz 80% is below 90%" in genrekit_cli(*arguments).out
    assert "(none) -> Jazz, Delta" in genrekit_cli(*arguments, "--min-confidence", 0.5, "--name", "blues=Delta").out


def test_a_name_for_no_genre_of_the_model_is_told_once(
    genrekit_cli: Callable, results: Callable, music_folder: Path
) -> None:
    paths = [make_file(music_folder, name) for name in ("id3v24.mp3", "song.flac")]
    names = ("--name", "jaz=Jazz", "--name", "blues=Blues", "--name", "waltz=Waltz")
    finished = genrekit_cli("tag", *paths, "--results", results(*paths), "--existing", "replace", *names)
    assert finished.code == 0
    assert finished.err.count("a genre that this model does not have: 'jaz' (did you mean 'jazz'?)") == 1
    assert finished.err.count("a genre that this model does not have: 'waltz'; known: blues, jazz") == 1
    assert "'blues'" not in finished.err


def test_links_are_told(genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path) -> None:
    path = make_file(music_folder, "song.flac")
    link, twin = tmp_path / "link.flac", tmp_path / "twin.flac"
    link.symlink_to(path)
    journal = ("--write", "--journal", tmp_path / "journal.jsonl")
    finished = genrekit_cli("tag", link, path, "--results", results(link, path), *journal)
    assert finished.code == 0
    assert f"(a link to {path})" in finished.out
    assert "the same file as" in finished.err
    assert link.is_symlink() and read_tags(path).genres == ("jazz",)

    twin.hardlink_to(path)
    more = ("--existing", "replace", "--name", "jazz=Jazz")
    finished = genrekit_cli("tag", path, "--results", results(path), *more, *journal)
    assert finished.code == 1
    assert "2 names (hard links)" in finished.err
    finished = genrekit_cli("tag", path, "--results", results(path), *more, *journal, "--break-links")
    assert finished.code == 0
    assert read_tags(path).genres == ("Jazz",) and read_tags(twin).genres == ("jazz",)


def test_a_link_to_itself_is_named_and_the_others_are_written(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    path, loop = make_file(music_folder, "song.flac"), tmp_path / "loop.flac"
    loop.symlink_to(loop)
    journal = tmp_path / "journal.jsonl"
    finished = genrekit_cli("tag", loop, path, "--results", results(path), "--write", "--journal", journal)
    assert finished.code == 1
    assert f"error: {loop}: " in finished.err
    assert read_tags(path).genres == ("jazz",)


def test_a_read_only_file_is_a_clear_error(genrekit_cli: Callable, results: Callable, music_folder: Path) -> None:
    path, other = make_file(music_folder, "song.flac"), make_file(music_folder, "song.ogg")
    path.chmod(0o444)
    finished = genrekit_cli("tag", music_folder, "--results", results(path, other))
    assert finished.code == 1
    assert "song.flac: read-only; make it writable first" in finished.err
    assert "(none) -> jazz" in finished.out


def test_genres_cannot_command_the_terminal(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    from mutagen.flac import FLAC

    path, journal = make_file(music_folder, "song.flac"), tmp_path / "j.jsonl"
    file = FLAC(path)
    file["genre"] = ["\x1b[2JRock\rjazz  (has a genre)  other.flac"]
    file.save()
    options = ("--results", results(path))
    shown = [
        genrekit_cli("tag", path, *options),
        genrekit_cli("tag", path, *options, "--never-genre", file["genre"][0]),
        genrekit_cli("tag", path, *options, "--existing", "replace", "--write", "--journal", journal),
        genrekit_cli("tag", "undo", journal),
    ]
    for finished in shown:
        assert finished.code == 0 and r"\x1b[2JRock\rjazz" in finished.out
        assert "\x1b" not in finished.out + finished.err and "\r" not in finished.out + finished.err


def test_what_was_told_of_a_file_when_it_was_heard_is_told_again(
    genrekit_cli: Callable, tiny_model_path: Path, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    path, results = write_tone("short.flac", duration_s=0.4), tmp_path / "night.csv"
    heard = genrekit_cli("classify", path, "--model", tiny_model_path, "-o", results)
    assert "warning: " in heard.err
    warning = next(line for line in heard.err.splitlines() if "warning: " in line)
    for options in (("--model", tiny_model_path), ("--results", results)):
        finished = genrekit_cli("tag", path, *options)
        assert finished.code == 0 and warning in finished.err.splitlines()


def test_results_without_what_the_files_were_are_taken_with_a_warning(
    genrekit_cli: Callable, night: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, results = night(monkeypatch)
    assert ".state) is not beside them" not in genrekit_cli("tag", path.name, "--results", results).err
    (moved := tmp_path / "moved.json").write_bytes(results.read_bytes())
    finished = genrekit_cli("tag", path.name, "--results", moved)
    assert finished.code == 0
    assert "warning: the results' own list of what the files were (RESULTS.state) is not beside them" in finished.err


@pytest.fixture
def night(genrekit_cli: Callable, music_folder: Path, tmp_path: Path, tiny_model_path: Path) -> Callable:
    """Classifies `song.flac` from its own folder, with its relative name, as one would before tagging."""

    def classify(monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
        path, results = make_file(music_folder, "song.flac"), tmp_path / "night.json"
        monkeypatch.chdir(music_folder)
        assert genrekit_cli("classify", "song.flac", "--model", tiny_model_path, "-o", results).code == 0
        return path, results

    return classify


def test_results_hold_for_a_file_that_was_tagged_and_for_none_that_changed(
    genrekit_cli: Callable, night: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, results = night(monkeypatch)
    options = ("--results", results, "--journal", tmp_path / "j.jsonl", "--existing", "replace", "--min-confidence", 0)
    assert genrekit_cli("tag", "song.flac", *options, "--write").code == 0
    assert genrekit_cli("tag", "song.flac", *options).code == 0
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))
    before = path.read_bytes()
    finished = genrekit_cli("tag", "song.flac", *options, "--write")
    assert finished.code == 1
    assert "song.flac: changed since it was classified" in finished.err
    assert path.read_bytes() == before


def test_tags_that_genrekit_wrote_leave_nothing_to_hear_again(
    genrekit_cli: Callable, tiny_model_path: Path, night: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, results = night(monkeypatch)
    size_bytes = path.stat().st_size
    options = ("--journal", tmp_path / "j.jsonl", "--existing", "replace", "--min-confidence", 0)
    tagged = genrekit_cli(
        "tag", "song.flac", "--results", results, "--name", f"bass={'Bass' * 5000}", *options, "--write"
    )
    assert tagged.code == 0 and path.stat().st_size != size_bytes
    resume = ("classify", "song.flac", "--model", tiny_model_path, "-o", results, "--resume")
    assert "1 of 1 are done already\n" in genrekit_cli(*resume).err
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    path.write_bytes(path.read_bytes() + bytes(200_000))
    os.utime(path, ns=times)
    assert "0 of 1 are done already, 1 changed since" in genrekit_cli(*resume).err


@pytest.mark.parametrize("suffix", ["json", "csv", "parquet"])
def test_results_of_each_format_are_taken(
    genrekit_cli: Callable, tiny_model_path: Path, write_tone: Callable[..., Path], tmp_path: Path, suffix: str
) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    path, broken, results = write_tone("low.flac"), tmp_path / "broken.mp3", tmp_path / f"night.{suffix}"
    broken.write_text("no music")
    heard = genrekit_cli("classify", path, broken, "--model", tiny_model_path, "-o", results, "--timeline")
    assert heard.code == 1
    shown = genrekit_cli("tag", path, "--results", results)
    assert (shown.code, shown.out) == (0, f"(none) -> bass  100%  {path}\n")
    results.write_bytes(results.read_bytes()[:-20])
    if suffix == "parquet":
        assert "no result of genrekit classify" in genrekit_cli("tag", path, "--results", results).err
    else:
        assert genrekit_cli("tag", path, "--results", results).out == shown.out


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_results_of_a_file_that_is_named_like_a_formula(
    genrekit_cli: Callable,
    tiny_model_path: Path,
    write_tone: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
) -> None:
    write_tone("=1+1.flac")
    monkeypatch.chdir(tmp_path)
    for way in ((), ("--resume",)):
        heard = genrekit_cli("classify", "=1+1.flac", "--model", tiny_model_path, "-o", f"night.{suffix}", *way)
        assert heard.code == 0
    assert "1 of 1 are done already" in heard.err
    shown = genrekit_cli("tag", "=1+1.flac", "--results", f"night.{suffix}")
    assert (shown.code, shown.out) == (0, "(none) -> bass  100%  =1+1.flac\n")


@pytest.mark.parametrize("error", ["bad\rthing", 'quoted "twice"\nover lines'])
def test_results_in_csv_hold_whatever_an_error_says(
    genrekit_cli: Callable, music_folder: Path, tmp_path: Path, error: str
) -> None:
    path, table = make_file(music_folder, "song.flac"), tmp_path / "night.csv"
    writer = CsvWriter(("jazz", "blues"))
    heard = Result(str(path), "jazz", 0.8, {"jazz": 0.8, "blues": 0.2}, 3.0, "m")
    text = writer.header() + writer.row(Failure("/m/a\rb.mp3", error)) + writer.row(heard)
    table.write_bytes(text.encode())
    assert genrekit_cli("tag", path, "--results", table).out == f"(none) -> jazz  80%  {path}\n"
    table.write_bytes((writer.header() + "a,jazz\n" + writer.row(heard)).encode())
    assert "behind 0 results: no result of genrekit classify" in genrekit_cli("tag", path, "--results", table).err


def test_a_table_with_a_genre_called_as_another_column_is_not_taken_for_failures(
    genrekit_cli: Callable, music_folder: Path, tmp_path: Path
) -> None:
    path, table = make_file(music_folder, "song.flac"), tmp_path / "night.csv"
    # As they were written while such genres were not refused.
    table.write_text(
        f"path,genre,confidence,duration_s,model,error,warnings,error,jazz\n{path},jazz,0.8,3.0,m,,,0.2,0.8\n"
    )
    assert "no result of genrekit classify" in genrekit_cli("tag", path, "--results", table).err


def test_results_beside_those_of_an_interrupted_run_are_not_taken(
    genrekit_cli: Callable, night: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, results = night(monkeypatch)
    part = results.with_name("night.json.part")
    shutil.copy(results, part)
    finished = genrekit_cli("tag", path.name, "--results", results)
    assert finished.code == 1
    assert "night.json.part beside it is of a run that was interrupted" in finished.err
    assert genrekit_cli("tag", path.name, "--results", part).code == 0


def test_results_are_not_those_of_a_file_of_the_same_name_elsewhere(
    genrekit_cli: Callable, night: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, results = night(monkeypatch)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "song.flac").write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path / "elsewhere")
    finished = genrekit_cli("tag", "song.flac", "--results", results)
    assert finished.code == 1
    assert "another file of this name, in another folder" in finished.err
    assert genrekit_cli("tag", path, "--results", results).code == 0  # the one that was heard, wherever one is
    monkeypatch.chdir(path.parent)
    assert genrekit_cli("tag", path, "--results", results).code == 0


def test_what_has_no_result_is_told(genrekit_cli: Callable, results: Callable, music_folder: Path) -> None:
    path, other = make_file(music_folder, "song.flac"), make_file(music_folder, "song.ogg")
    finished = genrekit_cli("tag", music_folder, "--results", results(path))
    assert finished.code == 1
    assert f"{other}: not among the results" in finished.err


def test_a_full_disk_leaves_the_old_file(
    genrekit_program: list[str], results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    path = make_file(music_folder, "song.wav")
    before = path.read_bytes()
    limit = len(before) // 2
    command = [*genrekit_program, "tag", path, "--results", results(path), "--write", "--journal", tmp_path / "j"]
    finished = subprocess.run(
        command,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert finished.returncode == 1
    assert "too large" in finished.stderr and "Traceback" not in finished.stderr
    assert path.read_bytes() == before
    assert list(music_folder.iterdir()) == [path]


def test_a_kill_at_any_moment_loses_nothing(
    genrekit_program: list[str], results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    first = make_file(music_folder, "song.flac")
    files = [first]
    for number in range(150):
        files.append(music_folder / f"{number:03}.flac")
        files[-1].write_bytes(first.read_bytes())
    before = file_sha256(first)
    journal = tmp_path / "journal.jsonl"
    command = [*genrekit_program, "tag", music_folder, "--results", results(*files), "--write", "--journal", journal]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(
        lambda: journal.is_file() and journal.read_bytes().count(b"\n") >= 20,
        what="the first files are written",
        process=process,
        pause_s=0.002,
    )
    process.kill()
    process.wait()
    entries = list(read_journal(journal))
    assert 19 <= len(entries) < len(files)
    known = {entry.new_sha256 for entry in entries} | {before}
    assert {file_sha256(path) for path in files} <= known
    # Whatever was cut, the next run goes on in the same journal, and undo takes both back.
    finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert all(read_tags(path).genres == ("jazz",) for path in files)
    finished = subprocess.run([*genrekit_program, "tag", "undo", journal], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert {file_sha256(path) for path in files} == {before}


def _killed_in_a_copy(command: list[str | Path], folder: Path, meanwhile: Callable[[], None]) -> Path:
    """Run until a copy lies beside a song, stop there, do something meanwhile, and kill; returns the copy."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stopped_in_a_copy() -> Path | None:
        if not any(is_copy_name(entry.name) for entry in os.scandir(folder)):
            return None
        os.kill(process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        copies = [path for path in folder.iterdir() if is_copy_name(path.name)]
        if copies and copies[0].stat().st_size:
            return copies[0]
        # Whoever stopped in between two copies has to go on.
        os.kill(process.pid, signal.SIGCONT)
        return None

    try:
        copy = wait_until(stopped_in_a_copy, what="a copy lies beside a song", process=process, pause_s=0)
        meanwhile()
    finally:
        process.kill()
        process.wait()
    return copy


@pytest.mark.parametrize("way", ["write", "undo"])
def test_what_a_kill_leaves_is_told_and_removed(
    genrekit_program: list[str],
    genrekit_cli: Callable,
    results: Callable,
    music_folder: Path,
    tmp_path: Path,
    way: str,
) -> None:
    first = make_file(music_folder, "song.flac")
    files = [first, *(music_folder / f"{number:03}.flac" for number in range(60))]
    for file in files[1:]:
        file.write_bytes(first.read_bytes())
    mine = music_folder / ".genrekit-mine.flac"
    mine.write_bytes(b"mine")
    journal, other = tmp_path / "journal.jsonl", tmp_path / "other.jsonl"
    tag = ("tag", music_folder, "--results", results(*files))

    def while_it_lives() -> None:
        before = sorted(music_folder.iterdir())
        finished = genrekit_cli("tag", first, "--results", tag[-1], "--write", "--journal", other)
        assert finished.code == 0
        assert "killed run" not in finished.err
        assert sorted(music_folder.iterdir()) == before

    command = [*genrekit_program, *tag, "--write", "--journal", journal]
    copy = _killed_in_a_copy(command, music_folder, while_it_lives)
    assert copy.is_file()
    assert f"{copy}: a copy that a killed run left; it goes when" in genrekit_cli(*tag).err
    assert f"{copy}: a copy that a killed run left" in genrekit_cli("tag", "undo", journal, "--dry-run").err
    assert copy.is_file()
    again = (*tag, "--write", "--journal", journal) if way == "write" else ("tag", "undo", journal)
    finished = genrekit_cli(*again)
    assert f"genrekit: {copy}: removed; a copy that a killed run left\n" in finished.err
    assert sorted(music_folder.iterdir()) == sorted([mine, *files])
    assert mine.read_bytes() == b"mine"
    assert "killed run" not in genrekit_cli(*tag).err


def test_two_runs_at_once_on_one_journal_are_refused(
    genrekit_program: list[str], results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    path = make_file(music_folder, "song.flac")
    journal = tmp_path / "journal.jsonl"
    with locked(journal):
        command = [*genrekit_program, "tag", path, "--results", results(path), "--write", "--journal", journal]
        finished = subprocess.run(command, capture_output=True, text=True)
    assert finished.returncode == 1
    assert "another genrekit works with this journal" in finished.stderr
    assert read_tags(path).genres == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": "genrekit tag journal", "version": 99, "genrekit": "9.0"}\n', "version 99"),
        ("something else\n", "not a journal of genrekit tag"),
        ("no line ends here", "not a journal of genrekit tag"),
        ('{"path": "a"}\n', "not a journal of genrekit tag"),
        ('{"format": "genrekit tag journal", "version": 1}\n{"path": "a"}\n', "line 2 is broken"),
    ],
)
def test_what_is_no_journal_of_ours_is_neither_undone_nor_written(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path, text: str, message: str
) -> None:
    path, journal = make_file(music_folder, "song.flac"), tmp_path / "journal.jsonl"
    journal.write_text(text)
    finished = genrekit_cli("tag", "undo", journal)
    assert finished.code == 1 and message in finished.err
    finished = genrekit_cli("tag", path, "--results", results(path), "--write", "--journal", journal)
    assert finished.code == 1 and message in finished.err
    assert journal.read_text() == text
    assert read_tags(path).genres == ()


def test_a_journal_that_goes_meanwhile_stops_the_writing(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [make_file(music_folder, name) for name in ("song.flac", "id3v24.mp3")]
    journal, moved = tmp_path / "journal.jsonl", tmp_path / "moved.jsonl"
    write = tag_files.write_genres

    def move_then_write(copy: Path, genres: Sequence[str]) -> None:
        write(copy, genres)
        if journal.exists() and len(list(read_journal(journal))) == 1:
            journal.rename(moved)

    monkeypatch.setattr(tag_files, "write_genres", move_then_write)
    options = ("--existing", "replace", "--write", "--journal", journal)
    finished = genrekit_cli("tag", *files, "--results", results(*files), *options)
    assert finished.code == 1 and "the journal is gone; the file is left as it is" in finished.err
    assert not journal.exists()
    assert [entry.path for entry in read_journal(moved)] == [str(files[0])]


def test_a_journal_that_is_missing_is_told(genrekit_cli: Callable, tmp_path: Path) -> None:
    finished = genrekit_cli("tag", "undo", tmp_path / "none.jsonl")
    assert finished.code == 2 and "no such journal" in finished.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("a.mp3", "--existing", "keep"),
        ("a.mp3", "--min-confidence", "60"),
        ("a.mp3", "--name", "x"),
        ("a.mp3", "--results", "missing.csv"),
        ("a.mp3", "--model", "missing"),
        ("a.mp3", "--write", "--dry-run"),
    ],
)
def test_wrong_usage(genrekit_cli: Callable, arguments: tuple[str, ...]) -> None:
    assert genrekit_cli("tag", *arguments).code == 2


def test_usage_has_no_word_that_is_not_the_user_s(genrekit_cli: Callable) -> None:
    assert "Usage: genrekit tag [OPTIONS] " in genrekit_cli("tag", "--help").out
    wrong = genrekit_cli("tag", "a.mp3", "--no-such").err
    assert "Usage: genrekit tag [OPTIONS] " in wrong and "genrekit tag -h" in wrong.replace("--help", "-h")


def test_help_names_the_way_back(genrekit_cli: Callable) -> None:
    finished = genrekit_cli("tag", "--help")
    assert finished.code == 0
    assert "genrekit tag undo JOURNAL" in finished.out


def test_a_run_that_writes_nothing_leaves_no_journal(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    path, journal = make_file(music_folder, "id3v24.mp3"), tmp_path / "journal.jsonl"
    finished = genrekit_cli("tag", path, "--results", results(path), "--write", "--journal", journal)
    assert finished.code == 0
    assert "nothing was written" in finished.err
    assert not journal.exists()


def test_ctrl_c_says_what_was_written_and_how_to_take_it_back(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_file(music_folder, "song.flac")
    files = [first, *(Path(shutil.copy(first, music_folder / f"{k}.flac")) for k in range(3))]
    before = [file_sha256(path) for path in files]
    write_plan, written = tag_files.write_plan, []

    def interrupted(plan: tag_files.TagPlan, journal: object) -> object:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(plan.path)
        return write_plan(plan, journal)  # type: ignore[arg-type]

    monkeypatch.setattr(tag_files, "write_plan", interrupted)
    journal = tmp_path / "journal.jsonl"
    finished = genrekit_cli("tag", *files, "--results", results(*files), "--write", "--journal", journal)
    assert finished.code == 130
    assert f"2 files written; genrekit tag undo {journal} takes it back" in finished.err
    assert [file_sha256(path) == was for path, was in zip(files, before, strict=True)] == [0, 0, 1, 1]
    assert genrekit_cli("tag", "undo", journal).code == 0
    assert [file_sha256(path) for path in files] == before


def test_a_reader_that_has_enough_stops_it_and_is_told_the_way_on_and_back(
    genrekit_program: list[str], genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    first = make_file(music_folder, "song.flac")
    files = [first, *(Path(shutil.copy(first, music_folder / f"{k:02}.flac")) for k in range(60))]
    before, journal = file_sha256(first), tmp_path / "journal.jsonl"
    command = [*genrekit_program, "tag", music_folder, "--results", results(*files), "--write", "--journal", journal]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        assert "jazz" in process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(timeout=30) == 1
    assert "Broken pipe" not in said
    assert re.search(r"stopped, .* of 61 written. Run it again to go on; ", said)
    assert f"genrekit tag undo {journal} takes back what was written" in said
    assert genrekit_cli("tag", "undo", journal).code == 0
    assert {file_sha256(path) for path in files} == {before}


def test_a_file_that_vanishes_while_it_is_tagged_fails_alone(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = make_file(music_folder, "song.aiff"), make_file(music_folder, "song.flac")
    write_genres = tag_files.write_genres

    def vanishing(copy: Path, genres: Sequence[str]) -> None:
        write_genres(copy, genres)
        gone.unlink(missing_ok=True)

    monkeypatch.setattr(tag_files, "write_genres", vanishing)
    arguments = ("--results", results(gone, stays), "--write", "--journal", tmp_path / "journal.jsonl")
    finished = genrekit_cli("tag", music_folder, *arguments)
    assert finished.code == 1
    assert f"error: {gone}: No such file" in finished.err and "1 of 2 written" in finished.err
    assert read_tags(stays).genres == ("jazz",)


def test_two_names_of_one_file_in_one_folder_are_both_tagged_if_they_may_be_parted(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path
) -> None:
    path, twin = make_file(music_folder, "song.flac"), music_folder / "twin.flac"
    twin.hardlink_to(path)
    arguments = ("--results", results(path, twin), "--write", "--journal", tmp_path / "journal.jsonl")
    finished = genrekit_cli("tag", music_folder, *arguments, "--break-links")
    assert finished.code == 0, finished.err
    assert read_tags(path).genres == read_tags(twin).genres == ("jazz",)


def test_a_folder_without_audio_is_told_as_when_it_is_classified(
    genrekit_cli: Callable, music_folder: Path, tiny_model_path: Path
) -> None:
    heard = genrekit_cli("classify", music_folder, "--model", tiny_model_path)
    assert heard.code == 1
    assert heard.err in genrekit_cli("tag", music_folder).err


def _empty(path: Path) -> None:
    path.touch()


def _broken_link(path: Path) -> None:
    path.symlink_to("gone.mp3")


def _missing(path: Path) -> None:
    pass


@pytest.mark.parametrize("make", [_empty, _broken_link, _missing])
@pytest.mark.parametrize("name", ["song.mp3", "song.flac"])
def test_what_is_no_file_of_sound_is_told_as_when_it_is_classified(
    make: Callable[[Path], None],
    name: str,
    genrekit_cli: Callable,
    tiny_model_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path / name)
    heard = genrekit_cli("classify", name, "--model", tiny_model_path)
    assert heard.code == 1 and heard.err.startswith(f"genrekit: error: {name}: ")
    assert genrekit_cli("tag", name).err.startswith(heard.err)


@pytest.mark.parametrize("name", ["song.mp3", "song.flac"])
def test_text_is_called_so(name: str, genrekit_cli: Callable, tmp_path: Path) -> None:
    (tmp_path / name).write_text("This is no music. " * 500)
    assert f"{name}: " in genrekit_cli("tag", tmp_path).err
    assert "it is text, beginning 'This is no music." in genrekit_cli("tag", tmp_path).err


def test_errors_name_files_as_they_were_given(
    genrekit_cli: Callable, results: Callable, music_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, changing = make_file(music_folder, "song.ogg"), make_file(music_folder, "song.wav")
    first.chmod(0o444)
    (music_folder / "notes.flac").write_text("no music")
    write_genres = tag_files.write_genres

    def change_then_write(copy: Path, genres: Sequence[str]) -> None:
        write_genres(copy, genres)
        changing.write_bytes(b"changed")

    monkeypatch.setattr(tag_files, "write_genres", change_then_write)
    monkeypatch.chdir(tmp_path)
    stored = results(first, changing)
    finished = genrekit_cli("tag", "music", "--results", stored, "--write", "--journal", "j.jsonl")
    errors = [line for line in finished.err.splitlines() if "error: " in line]
    assert [line.split(": ")[2] for line in errors] == ["music/notes.flac", "music/song.ogg", "music/song.wav"]
    assert str(tmp_path) not in "".join(errors)


@pytest.mark.parametrize("option", ["--model", "--jobs"])
def test_results_leave_no_use_for_options_of_hearing(
    option: str, genrekit_cli: Callable, results: Callable, music_folder: Path
) -> None:
    path = make_file(music_folder, "song.flac")
    finished = genrekit_cli("tag", path, "--results", results(path), option, "2")
    assert (finished.code, finished.out) == (2, "")
    assert f"{option} has no effect with --results" in " ".join(finished.err.replace("│", " ").split())

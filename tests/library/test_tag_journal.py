"""What a journal has, comes back; what a kill cuts off costs no more than the last line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from disk_room import no_room_beyond
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("filelock")

import genrekit
from genrekit.library.errors import TagError
from genrekit.library.patch import Patch
from genrekit.library.tag_journal import (
    JOURNAL_VERSION,
    JournalEntry,
    TagJournal,
    locked,
    read_folders,
    read_journal,
    sync_folder,
)

GENRES = st.lists(st.text(), max_size=3).map(tuple)
PIECES = st.lists(st.tuples(st.integers(), st.integers(0), st.binary(max_size=40)), max_size=3).map(tuple)
ENTRIES = st.builds(
    JournalEntry,
    # As the system gives them: bytes that are no UTF-8 are surrogates.
    path=st.binary(min_size=1).map(os.fsdecode),
    old=GENRES,
    new=GENRES,
    old_sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    new_sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    mtime_ns=st.integers(0, 2**63),
    patch=st.builds(Patch, PIECES),
)


def entry(path: str = "/music/song.flac") -> JournalEntry:
    return JournalEntry(path, ("Rock",), ("Jazz",), "0" * 64, "1" * 64, 5, Patch(((0, 9, b"xyz"),)))


def write(path: Path, *entries: JournalEntry, **of_run: Any) -> int:
    """One run with these settings; returns how many entries it counts."""
    with TagJournal.opened(path, of_run) as journal:
        for one in entries:
            journal.append(one)
    return journal.n_entries


@given(ENTRIES)
def test_any_entry_comes_back_from_its_json(one: JournalEntry) -> None:
    assert JournalEntry.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_what_runs_wrote_comes_back_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    paths = [os.fsdecode(b"/music/\xff.flac"), "/music/two\nlines.flac", "/music/\u2028\N{GUITAR}.flac"]
    first, second, third = map(entry, paths)
    assert write(path, first, second) == 2
    assert write(path) == 0
    assert write(path, third, first) == 2
    assert list(read_journal(path)) == [first, second, third, first]


def test_wherever_a_kill_cuts_it_whole_lines_count_and_the_next_run_goes_on(tmp_path: Path) -> None:
    whole, path = tmp_path / "whole.jsonl", tmp_path / "journal.jsonl"
    entries = [entry("/music/é.flac"), entry("/music/b.flac")]
    write(whole, *entries, folders=["/music"])
    data = whole.read_bytes()
    for n_bytes in range(len(data) + 1):
        path.write_bytes(data[:n_bytes])
        left = entries[: max(0, data.count(b"\n", 0, n_bytes) - 1)]
        assert list(read_journal(path)) == left, n_bytes
        if n_bytes % 29 == 0 or data[n_bytes - 1 : n_bytes + 1].count(b"\n"):
            write(path, entry("/music/c.flac"))
            assert list(read_journal(path)) == [*left, entry("/music/c.flac")], n_bytes


def test_each_run_begins_with_what_the_file_is_and_how_the_run_was_set_up(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, entry(), policy={"existing": "add"})
    write(path, policy={"existing": "replace"})
    first, _, second = map(json.loads, path.read_text(encoding="ascii").splitlines())
    for header, existing in ((first, "add"), (second, "replace")):
        assert (header["format"], header["version"]) == ("genrekit tag journal", JOURNAL_VERSION)
        assert (header["genrekit"], header["policy"]) == (genrekit.__version__, {"existing": existing})
        assert header["started"].endswith("+00:00")


def test_folders_are_those_of_files_that_were_written_and_those_that_were_to_be(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    write(path, entry("/music/rock/a.flac"), folders=["/music/rock", "/music/jazz"])
    write(path, entry("/other/b.flac"))
    assert read_folders(path) == {Path("/music/rock"), Path("/music/jazz"), Path("/other")}


def header(**changes: object) -> str:
    return json.dumps({"format": "genrekit tag journal", "version": JOURNAL_VERSION, **changes}) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n", "not a journal"),
        ("null\n", "not a journal"),
        ('["format"]\n', "not a journal"),
        ('{"format": "genrekit tag journa', None),
        ('{"format": "genrekit tag diary"', "not a journal"),
        ('{"format": "genrekit tag diary"}\n', "not a journal"),
        (
            header(version=2, genrekit="9.9"),
            r"of version 2; this genrekit knows only 1; it was written by genrekit 9\.9",
        ),
        (header(version="1"), "of version '1'"),
        (header() + header(version=2), r"line 2 is broken: a journal of version 2"),
        (header() + '{"format": "genrekit tag diary"}\n', "line 2 is broken: not a journal"),
        (header(folders=None), "folders is None; expected a list of paths"),
        (header() + header(folders=["/music", 5]), r"line 2 is broken: folders is \['/music', 5\]"),
        (header() + "{}\n", "line 2 is broken"),
        (header() + "5\n", "line 2 is broken"),
        (header() + "{\n", "line 2 is broken"),
        (header() + json.dumps({**entry().to_json(), "mtime_ns": "soon"}) + "\n", "line 2 is broken"),
        (header() + json.dumps({**entry().to_json(), "patch": [[0, 1, "?"]]}) + "\n", "line 2 is broken: .*difference"),
        (header() + json.dumps(entry().to_json()) + "\n\n", "line 3 is broken"),
        (header() + "{", None),
        ("", None),
    ],
)
def test_what_is_no_journal_is_neither_read_nor_written(text: str, message: str | None, tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(text)
    if message is None:
        assert list(read_journal(path)) == []
        return
    for use in (lambda: list(read_journal(path)), lambda: read_folders(path), lambda: write(path, entry())):
        with pytest.raises(TagError, match=rf"^{path}: .*{message}") as caught:
            use()
        assert str(caught.value).count(str(path)) == 1
    assert path.read_text() == text


def test_two_cannot_work_with_one_journal_and_nothing_of_the_lock_stays(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with locked(path):
        for use in (lambda: write(path, entry()), lambda: locked(path).__enter__()):
            with pytest.raises(TagError, match="another genrekit works with this journal"):
                use()
        write(tmp_path / "other.jsonl")
        assert not path.exists()
    write(path, entry())
    assert sorted(file.name for file in tmp_path.iterdir()) == ["journal.jsonl", "other.jsonl"]


def test_an_error_of_the_run_is_not_the_journals_and_ends_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with pytest.raises(OSError, match=r"^song$"), TagJournal.opened(path, {}) as journal:
        journal.append(entry())
        raise OSError("song")
    write(path)
    assert list(read_journal(path)) == [entry()]


def test_a_journal_that_is_gone_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with TagJournal.opened(path, {}) as journal:
        path.unlink()
        with pytest.raises(TagError, match="the journal is gone; the file is left as it is"):
            journal.append(entry())
    assert journal.n_entries == 0 and list(tmp_path.iterdir()) == []


def test_an_entry_for_which_there_is_no_room_is_none(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with TagJournal.opened(path, {}) as journal:
        journal.append(entry("/music/a.flac"))
        with no_room_beyond(path.stat().st_size + 9), pytest.raises(TagError, match=rf"^{path}: "):
            journal.append(entry("/music/b.flac"))
        journal.append(entry("/music/c.flac"))
    assert journal.n_entries == 2
    assert [one.path for one in read_journal(path)] == ["/music/a.flac", "/music/c.flac"]


@pytest.mark.parametrize("use", [lambda path: list(read_journal(path)), write])
def test_where_no_journal_can_be_its_path_is_named(use: Any, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "journal.jsonl"
    with pytest.raises(TagError, match=rf"^{path}: "):
        use(path)
    sync_folder(path.parent)

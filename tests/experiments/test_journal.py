from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from genrekit.errors import RunError
from genrekit.experiments.journal import Journal


def test_events_come_back_in_order_with_their_time(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    assert journal.read() == []
    journal.append("started", run="a")
    # Python's own notion of lines ends one at the second mark, too.
    journal.append("failed", run="a", reason="Platte\nganz\u2028voll")
    first, second = journal.read()
    assert (first["event"], first["run"]) == ("started", "a")
    assert second["reason"] == "Platte\nganz\u2028voll"
    assert first["time_utc"] <= second["time_utc"]


@pytest.mark.parametrize("kept_bytes", range(1, 60, 7))
def test_a_line_that_a_kill_cut_off_costs_that_line_only(tmp_path, kept_bytes):
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append("started", run="a")
    whole = path.read_bytes()
    journal.append("finished", run="a")
    path.write_bytes(path.read_bytes()[: len(whole) + kept_bytes])
    assert [entry["event"] for entry in journal.read()] == ["started"]
    journal.append("started", run="b")
    assert [(entry["event"], entry["run"]) for entry in journal.read()] == [("started", "a"), ("started", "b")]


def test_a_line_that_was_cut_inside_a_letter_and_written_behind_costs_that_line_only(tmp_path):
    path = tmp_path / "journal.jsonl"
    Journal(path).append("started", run="a")
    path.write_bytes(path.read_bytes() + '{"event": "failed", "reason": "é'.encode()[:-1])
    Journal(path).append("started", run="b")
    assert [entry["run"] for entry in Journal(path).read()] == ["a", "b"]


def test_many_writers_at_once(tmp_path):
    journal = Journal(tmp_path / "journal.jsonl")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: journal.append("started", run=f"{number}", text="x" * number), range(100)))
    assert {entry["run"] for entry in journal.read()} == {str(number) for number in range(100)}


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "journal.jsonl").mkdir()
    with pytest.raises(RunError, match=r"journal\.jsonl"):
        Journal(tmp_path / "journal.jsonl").append("started")

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from disk_room import no_room_beyond

from genrekit.errors import DataError
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.readings import Reading, load_readings, record_reading

Make = Callable[..., Predictions]


def test_the_same_predictions_are_read_once(tmp_path: Path, make_predictions: Make) -> None:
    first, second = make_predictions(), make_predictions(generator_seed=1)
    # Python's own notion of lines ends one at this mark.
    assert record_reading(tmp_path, command="genrekit\u2028train", predictions=first)
    assert not record_reading(tmp_path, command="genrekit evaluate", predictions=first)
    assert record_reading(tmp_path, command="genrekit train", predictions=second)
    readings = load_readings(tmp_path, part="test")
    assert [reading.command for reading in readings] == ["genrekit\u2028train", "genrekit train"]
    assert readings[0].predictions_sha256 == first.sha256


def test_other_parts_do_not_make_it_a_new_reading(tmp_path: Path, make_predictions: Make) -> None:
    test, valid = make_predictions(), make_predictions(part="valid")
    record_reading(tmp_path, command="c", predictions=test)
    assert not record_reading(tmp_path, command="c", predictions=Predictions.concatenate([valid, test]))
    assert record_reading(tmp_path, command="c", predictions=valid, part="valid")
    assert [len(load_readings(tmp_path, part=part)) for part in ("test", "valid", "train")] == [1, 1, 0]


def test_the_time_is_utc(tmp_path: Path, make_predictions: Make) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    record_reading(tmp_path, command="c", predictions=make_predictions(), now=now)
    assert load_readings(tmp_path)[0].time_utc == "2026-01-02T01:04:05+00:00"
    assert datetime.fromisoformat(load_readings(tmp_path)[0].time_utc).tzinfo == UTC


def test_the_record_is_json_lines(tmp_path: Path, make_predictions: Make) -> None:
    for seed in range(3):
        record_reading(tmp_path, command="c", predictions=make_predictions(seed=seed))
    lines = (tmp_path / "readings.jsonl").read_text().splitlines()
    assert len(lines) == 3
    assert set(json.loads(lines[0])) == set(Reading.__dataclass_fields__)


def test_concurrent_readings_do_not_mix_their_lines(tmp_path: Path, make_predictions: Make) -> None:
    tables = [make_predictions(seed=seed) for seed in range(24)]
    with ThreadPoolExecutor(8) as pool:
        done = pool.map(lambda table: record_reading(tmp_path, command="c" * 300, predictions=table), tables)
        assert all(done)
    assert {reading.predictions_sha256 for reading in load_readings(tmp_path)} == {table.sha256 for table in tables}


def test_what_cannot_be_recorded_is_an_error(tmp_path: Path, make_predictions: Make) -> None:
    with pytest.raises(DataError, match="no predictions of the train part"):
        record_reading(tmp_path, command="c", predictions=make_predictions(), part="train")
    with pytest.raises(DataError, match="cannot be recorded"):
        record_reading(tmp_path / "missing", command="c", predictions=make_predictions())


def test_without_room_a_reading_is_refused(tmp_path: Path, make_predictions: Make) -> None:
    record_reading(tmp_path, command="c", predictions=make_predictions())
    path = tmp_path / "readings.jsonl"
    whole = path.read_bytes()
    with no_room_beyond(len(whole) + 10), pytest.raises(DataError, match="cannot be recorded"):
        record_reading(tmp_path, command="c", predictions=make_predictions(seed=1))
    assert path.read_bytes() == whole


def test_a_last_line_without_its_end_counts_and_half_a_line_does_not(tmp_path: Path, make_predictions: Make) -> None:
    record_reading(tmp_path, command="first", predictions=make_predictions())
    path = tmp_path / "readings.jsonl"
    path.write_text(path.read_text().rstrip("\n"))
    assert len(load_readings(tmp_path)) == 1
    record_reading(tmp_path, command="second", predictions=make_predictions(generator_seed=1))
    path.write_text(path.read_text() + '{"time_utc": "2026-')
    assert [reading.command for reading in load_readings(tmp_path)] == ["first", "second"]
    record_reading(tmp_path, command="third", predictions=make_predictions(generator_seed=2))
    assert [reading.command for reading in load_readings(tmp_path)] == ["first", "second", "third"]


def test_a_damaged_record_is_named_by_line(tmp_path: Path) -> None:
    (tmp_path / "readings.jsonl").write_text('{"time_utc": "t", "command": "c", "part": "test"}\n')
    with pytest.raises(DataError, match=r"readings\.jsonl, line 1 is not a reading"):
        load_readings(tmp_path)
    assert load_readings(tmp_path / "elsewhere") == ()

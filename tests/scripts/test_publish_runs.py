"""What the script that publishes runs does with the record of their readings."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from genrekit.evaluation.readings import load_readings, record_digest


@pytest.fixture(scope="module")
def merge_readings(load_script):
    pytest.importorskip("torch")
    return load_script("publish_runs").merge_readings


def read(folder: Path, sha256: str, day: int, command: str) -> None:
    folder.mkdir(exist_ok=True)
    record_digest(folder, command=command, sha256=sha256, now=datetime(2026, 1, day, tzinfo=UTC))


def test_readings_of_both_sides_are_kept_once_as_they_were_first_made(merge_readings, tmp_path: Path) -> None:
    run, published = tmp_path / "run", tmp_path / "published"
    read(run, "a", 2, "genrekit evaluate")
    read(run, "b", 4, "genrekit evaluate")
    read(published, "a", 3, "genrekit analyse replication")
    read(published, "c", 1, "genrekit compare")
    for _ in range(2):
        merge_readings(run, published)
        found = [(reading.predictions_sha256, reading.command) for reading in load_readings(published)]
        assert found == [("c", "genrekit compare"), ("a", "genrekit evaluate"), ("b", "genrekit evaluate")]
    assert len(load_readings(run)) == 2


def test_nothing_read_leaves_no_record(merge_readings, tmp_path: Path) -> None:
    merge_readings(tmp_path, tmp_path)
    assert list(tmp_path.iterdir()) == []

"""What was written comes back, in each format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genrekit.results.errors import ResultsError
from genrekit.results.rows import read_rows
from genrekit.results.writers import JsonWriter
from results.outcomes import FAILED, HEARD, write_results


@pytest.mark.parametrize("timeline", [False, True])
@pytest.mark.parametrize("suffix", ["json", "csv", "parquet"])
def test_each_format_tells_the_same(suffix: str, timeline: bool, tmp_path: Path) -> None:
    heard, failed = read_rows(write_results(suffix, tmp_path, timeline=timeline))
    expected: dict[str, Any] = HEARD.to_json(timeline=timeline)
    if suffix != "json":
        # Neither has bytes that are no text; and CSV has one cell for all warnings.
        expected["path"] = "a\\udcff\n.wav"
    if suffix == "csv":
        expected["warnings"] = "; ".join(HEARD.warnings).split("; ")
    assert heard == expected and list(heard) == list(expected)
    assert list(heard["probabilities"]) == list(HEARD.probabilities)
    assert failed == FAILED.to_json()


@pytest.mark.parametrize("row", ['"path"', "[]", "{}", '{"path": null, "error": ""}', '{"path": "a", "genre": "jazz"}'])
def test_what_is_no_result_is_told(row: str, tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    path.write_text(JsonWriter().row(FAILED) + row + "\n")
    with pytest.raises(ResultsError, match="behind 1 results: no result of genrekit classify"):
        list(read_rows(path))


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_an_editor_may_leave_out_the_last_line_break_or_put_a_mark_in_front(suffix: str, tmp_path: Path) -> None:
    path = write_results(suffix, tmp_path, timeline=False)
    expected = list(read_rows(path))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().removesuffix(b"\n").removesuffix(b"\r"))
    assert list(read_rows(path)) == expected
    # Of a run that was killed the last line may be half of one.
    assert list(read_rows(path, torn=True)) == expected[:1]

from __future__ import annotations

import json
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FIRST, SECOND = "default_model-12345678-fold0-seed0", "default_model-12345678-fold1-seed0"
RUNS = {FIRST: "ab" * 32, SECOND: "cd" * 32}


@pytest.fixture(scope="module")
def evidence(load_script):
    return load_script("default_model_evidence")


@pytest.fixture
def agreement(tmp_path: Path) -> Path:
    path = tmp_path / "agreement.json"
    values = {"runs": RUNS, "n_recordings": 200, "same": 0.975, "accuracy_audio": 0.81, "accuracy_archive": 0.82}
    path.write_text(json.dumps(values))
    return path


VALUES = {
    "p3": 0.7,
    "random_folds": 0.8,
    "p4": 0.71,
    "calibration_error_p3": 0.06,
    "calibration_error_held_out": 0.04,
    "negatives_auroc": 0.99,
}


def condition(title: str, difference: float | None, accuracy: float = 0.86) -> dict:
    return {"title": title, "accuracy": accuracy, "difference": difference}


def test_agreement_is_said_with_its_figures(evidence, agreement: Path) -> None:
    text = evidence.agreement_text(evidence.measured(agreement, runs=dict(reversed(RUNS.items()))))
    assert "200 recordings" in text and "97.5 % of the decisions" in text
    assert "81.0 % from audio, 82.0 % from the archive" in text


@pytest.mark.parametrize(
    "runs",
    [{FIRST: RUNS[FIRST]}, {**RUNS, "more": "ef" * 32}, {**RUNS, SECOND: "ef" * 32}, {}],
    ids=["fewer", "more", "other weights", "none"],
)
def test_what_was_measured_on_other_runs_is_not_said_of_these(evidence, agreement: Path, runs: dict[str, str]) -> None:
    assert "not been measured on this model" in evidence.agreement_text(evidence.measured(agreement, runs=runs))


def test_without_a_file_nothing_was_measured(evidence, tmp_path: Path) -> None:
    assert evidence.measured(tmp_path / "none.json", runs=RUNS) is None
    for text in (evidence.robustness_text, evidence.band_edge_text, evidence.short_text, evidence.unknown_music_text):
        assert "not been measured on this model" in text(None)


def test_what_was_measured_of_another_recipe_is_not_said_of_this(evidence, tmp_path: Path) -> None:
    path = tmp_path / "unknown_music.json"
    path.write_text(json.dumps({"recipe": "12" * 32, "mean_auroc": {"confidence": 0.65}}))
    found = evidence.measured(path, recipe="12" * 32)
    assert found is not None and evidence.measured(path, recipe="34" * 32) is None
    table, without = (evidence.aims_table(VALUES, None, one) for one in (found, None))
    assert "| telling music of other genres: likewise | at least 0.900 | 0.650 | missed by 0.250 |" in table
    assert "music of other genres" not in without and "P4 | at least 65.0 % | 71.0 % | met" in without


def test_the_costliest_changes_are_among_the_aims_if_they_were_measured(evidence) -> None:
    changes = [
        condition(title, d) for title, d in (("mp3", -0.01), ("telephone", -0.1), ("tempo", 0), ("noise", -0.02))
    ]
    table = evidence.aims_table(VALUES, {"conditions": [condition("unchanged", None), *changes]}, None)
    rows = [row for row in table.splitlines() if row.startswith("| loss by ")]
    assert [row.split(" | ")[0] for row in rows] == ["| loss by telephone", "| loss by noise", "| loss by mp3"]
    assert "| 10.0 % | missed by 7.0 points |" in rows[0] and rows[1].endswith("| 2.0 % | met |")
    assert "| loss by " not in evidence.aims_table(VALUES, None, None)


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ((-0.15, -0.045, -0.017, 0.006), "15.0 (telephone), 4.5 (noise), and at most 1.7 to each of 2 other changes"),
        ((-0.01, 0.0, 0.0, 0.02), "it loses, in points, at most 1.0 to each of 4 other changes"),
        ((0.01, 0.0, 0.0, 0.02), "at most 0.0 to each of 4 other changes"),
    ],
)
def test_robustness_names_what_costs_more_than_three_points(
    evidence, differences: tuple[float, ...], expected: str
) -> None:
    titles = ("telephone", "noise", "mp3", "start later")
    conditions = [condition(title, d) for title, d in zip(titles, differences, strict=True)]
    text = evidence.robustness_text({"n_tracks": 638, "conditions": [condition("unchanged", None), *conditions]})
    assert expected in text and "Of 86.0 % from audio" in text and "638 recordings" in text


def test_errors_are_counted_and_the_surest_named(evidence, tmp_path: Path) -> None:
    from genrekit.data.sets.gtzan_facts import gtzan_facts

    faulty = next(track for track, fact in gtzan_facts().items() if fact.filtered is None)
    sound = next(track for track, fact in gtzan_facts().items() if fact.filtered is not None)
    path = tmp_path / "doubted.csv"
    rows = [f"{sound},rock,metal,3,3,Queen,One", f"{faulty},pop,disco,3,2,Cher,Two"]
    path.write_text("\n".join(["track,label,answer,n_decisions,n_wrong,artist,title", *rows, ""]))
    text = evidence.errors_text(path, shown=1)
    assert text.startswith("2 of 999 tracks are taken for another genre") and "; 1 are among the 70" in text
    assert "(three seeds of each), 1 of them by every one of these models;" in text
    assert "Queen, One (rock: metal)" in text and "Cher" not in text


def test_how_many_decisions_the_highest_frequencies_change_is_said(evidence) -> None:
    conditions = [{"name": "unchanged", "changed": None}, {"name": "low_pass_10_khz", "changed": 0.004}]
    text = evidence.band_edge_text({"conditions": conditions})
    assert "A low-pass at 10 kHz changes 0.4 % of its decisions." in text


def test_what_short_recordings_tell_is_said_with_its_figures(evidence) -> None:
    def row(seconds: float, right: float) -> dict[str, float]:
        return {"seconds": seconds, "right": right, "answered": right / 2, "right_of_answered": 0.9}

    durations = [row(seconds, right) for seconds, right in ((0.5, 0.2), (1.0, 0.4), (5.0, 0.6), (30.0, 0.8))]
    text = evidence.short_text({"n_recordings": 638, "durations": durations})
    assert "638 recordings" in text and "of 0.5 s" not in text
    assert "of 1 s 40 % are right (20 % get an answer, 90 % of these right); of 5 s 60 % are right" in text
    assert "; of all 30 s 80 %. Shorter" in text
    table = evidence.short_table({"durations": [{**one, "confidence": 0.5} for one in durations]})
    assert [line.split(" | ")[:3] for line in table.splitlines()[2:]] == [
        ["| 0.5", "20 %", "50 %"],
        ["| 1", "40 %", "50 %"],
        ["| 5", "60 %", "50 %"],
        ["| 30, all", "80 %", "50 %"],
    ]

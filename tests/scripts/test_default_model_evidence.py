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


def condition(title: str, difference: float | None, accuracy: float = 0.86) -> dict:
    return {"title": title, "accuracy": accuracy, "difference": difference}


def test_agreement_is_said_with_its_figures(evidence, agreement: Path) -> None:
    text = evidence.agreement_text(agreement, dict(reversed(RUNS.items())))
    assert "200 recordings" in text and "97.5 % of the decisions" in text
    assert "81.0 % from audio, 82.0 % from the archive" in text


@pytest.mark.parametrize(
    "runs",
    [{FIRST: RUNS[FIRST]}, {**RUNS, "more": "ef" * 32}, {**RUNS, SECOND: "ef" * 32}, {}],
    ids=["fewer", "more", "other weights", "none"],
)
def test_what_was_measured_on_other_runs_is_not_said_of_these(evidence, agreement: Path, runs: dict[str, str]) -> None:
    assert "not been measured on this model" in evidence.agreement_text(agreement, runs)


def test_without_a_file_nothing_was_measured(evidence, tmp_path: Path) -> None:
    assert "not been measured on this model" in evidence.agreement_text(tmp_path / "none.json", RUNS)
    assert "not been measured on this model" in evidence.robustness_text(tmp_path / "none.json", RUNS)


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ((-0.15, -0.045, -0.017, 0.006), "15.0 (telephone), 4.5 (noise), and at most 1.7 to each of 2 other changes"),
        ((-0.01, 0.0, 0.0, 0.02), "it loses, in points, at most 1.0 to each of 4 other changes"),
        ((0.01, 0.0, 0.0, 0.02), "at most 0.0 to each of 4 other changes"),
    ],
)
def test_robustness_names_what_costs_more_than_three_points(
    evidence, tmp_path: Path, differences: tuple[float, ...], expected: str
) -> None:
    path = tmp_path / "robustness.json"
    titles = ("telephone", "noise", "mp3", "start later")
    conditions = [condition(title, d) for title, d in zip(titles, differences, strict=True)]
    values = {"runs": RUNS, "n_tracks": 638, "conditions": [condition("unchanged", None), *conditions]}
    path.write_text(json.dumps(values))
    text = evidence.robustness_text(path, RUNS)
    assert expected in text and "Of 86.0 % from audio" in text and "638 recordings" in text


def test_errors_are_counted_and_the_surest_named(evidence, tmp_path: Path) -> None:
    from genrekit.data.gtzan_facts import gtzan_facts

    faulty = next(track for track, fact in gtzan_facts().items() if fact.filtered is None)
    sound = next(track for track, fact in gtzan_facts().items() if fact.filtered is not None)
    path = tmp_path / "doubted.csv"
    path.write_text(f"track,label,answer,artist,title\n{sound},rock,metal,Queen,One\n{faulty},pop,disco,Cher,Two\n")
    text = evidence.errors_text(path, shown=1)
    assert text.startswith("2 of 999 tracks are taken for another genre") and "; 1 of these are among the 70" in text
    assert "Queen, One (rock: metal)" in text and "Cher" not in text


def test_how_many_decisions_the_highest_frequencies_change_is_said(evidence, tmp_path: Path) -> None:
    path = tmp_path / "robustness.json"
    conditions = [{"name": "unchanged", "changed": None}, {"name": "low_pass_10_khz", "changed": 0.004}]
    path.write_text(json.dumps({"runs": RUNS, "conditions": conditions}))
    text = evidence.band_edge_text(path, RUNS)
    assert "A low-pass at 10 kHz changes 0.4 % of its decisions." in text
    assert "not been measured on this model" in evidence.band_edge_text(path, {})

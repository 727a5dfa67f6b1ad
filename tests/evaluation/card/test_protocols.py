"""Runs of several protocols on one card."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from stored_splits import write_split

from genrekit.errors import DataError
from genrekit.evaluation.card.protocols import group_by_protocol
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.runs import load_run

Make = Callable[..., Predictions]


def _run(
    folder: Path, predictions: Predictions, *, pooling: str = "gap", validation: str = "none", epochs: int = 5
) -> Path:
    folder.mkdir(parents=True)
    predictions.write_parquet(folder / "predictions.parquet")
    recipe = {
        "name": predictions.recipe,
        "model": {"name": "se_cnn", "options": {"pooling": pooling}},
        "optimisation": {"max_epochs": epochs},
    }
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    proof = {"n_test": 40, "n_test_touched": 7}
    write_split(folder, name=folder.name, validation=validation, proof=proof)
    return folder


@pytest.fixture
def runs(tmp_path: Path, make_predictions: Make) -> dict[str, Path]:
    return {
        "p4": _run(tmp_path / "p4", make_predictions(protocol="P4")),
        "p1": _run(tmp_path / "p1", make_predictions(protocol="P1", recipe="mixed")),
        "p2": _run(tmp_path / "p2", make_predictions(protocol="P2")),
        "stopped": _run(tmp_path / "stopped", make_predictions(protocol="P2"), validation="test"),
    }


def test_protocols_stand_side_by_side_and_what_stopped_on_test_apart(
    runs: dict[str, Path], tmp_path: Path, genrekit_cli: Callable
) -> None:
    card = tmp_path / "card"
    finished = genrekit_cli("evaluate", *runs.values(), "--output", card)
    assert finished.code == 0, finished.err
    order = ["CONTAMINATED: P1", "P2, tracks at random, %", "P2, tracks at random, stopped on the scored part", "P4"]
    places = [finished.out.index(name) for name in order]
    assert places == sorted(places)
    assert "no figure under P1 holds for new music" in finished.err
    page = (card / "report.md").read_text()
    assert "CONTAMINATED where marked" in page and "7 of 40" in page and "Not among these runs: P3, P5." in page
    stored = json.loads((card / "scores.json").read_text())["protocols"]
    assert [one["folder"] for one in stored] == ["p1", "p2", "p2_stopped_on_test", "p4"]
    for one in stored:
        own = json.loads((card / one["folder"] / "scores.json").read_text())
        assert own["protocol"] == one["protocol"]
        assert next(view["accuracy"] for view in own["views"] if view["name"] == "file-wise, mean") == one["accuracy"]
    assert json.loads(genrekit_cli("evaluate", *runs.values(), "-o", card, "-f", "json").out)["protocols"] == stored


def test_what_cannot_be_pooled_is_told_before_a_reading_is_recorded(
    runs: dict[str, Path], tmp_path: Path, make_predictions: Make, genrekit_cli: Callable
) -> None:
    other = _run(tmp_path / "other", make_predictions(protocol="P4", seed=1), pooling="gap", epochs=9)
    finished = genrekit_cli("evaluate", runs["p2"], runs["p4"], other, "--output", tmp_path / "card")
    assert finished.code == 1
    assert not list(tmp_path.rglob("readings.jsonl"))


def test_another_system_is_no_protocol_of_this_one(
    runs: dict[str, Path], tmp_path: Path, make_predictions: Make
) -> None:
    other = load_run(_run(tmp_path / "other", make_predictions(protocol="P4"), pooling="flatten"))
    with pytest.raises(DataError, match=r"model\.options\.pooling is 'gap' in p2 and 'flatten' in other"):
        group_by_protocol([load_run(runs["p2"]), other])
    elsewhere = load_run(_run(tmp_path / "elsewhere", make_predictions(protocol="P4", dataset="another")))
    with pytest.raises(DataError, match=r"data set is '.*' in p2 and 'another' in elsewhere"):
        group_by_protocol([load_run(runs["p2"]), elsewhere])


def test_an_ensemble_whose_negatives_lie_elsewhere_is_one_system(tmp_path: Path, make_predictions: Make) -> None:
    folders = [_run(tmp_path / name, make_predictions(protocol=name.upper())) for name in ("p2", "p4")]
    for folder in folders:
        members = [
            {"name": name, "negatives": {"root": str(folder / "negatives.npz"), "share": 0.1}}
            for name in ("one", "two")
        ]
        (folder / "recipe.yaml").write_text(yaml.safe_dump({"name": "both", "ensemble": members}))
    assert [len(group) for group in group_by_protocol([load_run(folder) for folder in folders])] == [1, 1]
    members[1]["negatives"]["share"] = 0.2
    (folders[1] / "recipe.yaml").write_text(yaml.safe_dump({"name": "both", "ensemble": members}))
    with pytest.raises(DataError, match=r"ensemble\.1\.negatives\.share is 0\.1 in p2 and 0\.2 in p4"):
        group_by_protocol([load_run(folder) for folder in folders])

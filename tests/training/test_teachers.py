"""Students learn what their teachers say, and only from teachers who know nothing that students are tested on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from genrekit.errors import RecipeError
from genrekit.evaluation.predictions import Predictions
from genrekit.training.preparation import prepare
from genrekit.training.run import Run
from genrekit.training.teachers import Teachers, teachers_of
from genrekit.training.trainer import train


class Says(nn.Module):
    """A network of fixed probabilities."""

    def __init__(self, *p: float) -> None:
        super().__init__()
        self.p = torch.tensor(p)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.p.log().expand(len(x), -1)


def test_targets_are_the_mean_of_the_teachers_and_the_labels_share() -> None:
    teachers = Teachers([Says(0.5, 0.25, 0.25), Says(0.9, 0.05, 0.05)], share=0.5)
    labels = torch.tensor([[0.0, 1.0, 0.0]])
    assert teachers.targets(torch.zeros(1, 4, 4), labels) == pytest.approx(
        torch.tensor([[0.35, 0.575, 0.075]]), abs=5e-3
    )


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_teachers_compute_in_float32_where_the_recipe_says_so(
    make_recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    monkeypatch.setattr("genrekit.training.teachers.bfloat16_is_quick", lambda device: True)

    class Sums(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.linear(x.flatten(1), weights)

    weights = torch.randn(3, 64, generator=torch.Generator().manual_seed(0))
    features = torch.randn(5, 8, 8, generator=torch.Generator().manual_seed(1))
    expected = (features.flatten(1).double() @ weights.double().T).softmax(1)
    taught = train(prepare(make_recipe()), tmp_path)
    optimisation = {**make_recipe().optimisation.model_dump(), "precision": precision}
    student = prepare(make_recipe(distillation={"teachers": [name_of(taught)]}, optimisation=optimisation))
    teachers = teachers_of(student, tmp_path)
    assert teachers is not None
    monkeypatch.setattr(teachers, "_networks", [Sums()])
    off = float((teachers.targets(features, torch.zeros(5, 3)) - expected).abs().max())
    assert off < 1e-5 if precision == "float32" else off > 1e-5


def name_of(run: Run) -> str:
    return run.folder.name.split("-fold")[0]


def test_a_student_is_nearer_to_its_teacher_than_who_learns_from_labels(make_recipe, tmp_path: Path) -> None:
    taught = train(prepare(make_recipe()), tmp_path)
    plain = train(prepare(make_recipe(seed=1)), tmp_path)
    student = train(prepare(make_recipe(seed=1, distillation={"teachers": [name_of(taught)], "seeds": [0]})), tmp_path)
    assert student.folder != plain.folder
    said = [Predictions.read_parquet(run.predictions_path).probabilities for run in (taught, plain, student)]
    assert np.abs(said[2] - said[0]).mean() < np.abs(said[1] - said[0]).mean()


def test_a_missing_teacher_is_told_before_anything_is_made(make_recipe, tmp_path: Path) -> None:
    recipe = make_recipe(distillation={"teachers": ["res_cnn-00000000"], "seeds": [0, 1]})
    with pytest.raises(RecipeError, match="2 finished runs; 2 are not there"):
        train(prepare(recipe), tmp_path)
    assert not [path for path in tmp_path.iterdir() if not path.name.endswith(".lock")]


def test_a_teacher_who_knows_test_tracks_is_refused(make_recipe, tmp_path: Path) -> None:
    optimisation = {**make_recipe().optimisation.model_dump(), "keep": "last", "early_stopping_epochs": None}
    knows_all = make_recipe(split={"name": "all", "validation": "none"}, optimisation=optimisation)
    taught = train(prepare(knows_all), tmp_path)
    recipe = make_recipe(distillation={"teachers": [name_of(taught)]})
    with pytest.raises(RecipeError, match="tracks that are not in this training part"):
        train(prepare(recipe), tmp_path)


def test_a_teacher_who_was_stopped_on_test_tracks_is_refused(make_recipe, tmp_path: Path) -> None:
    stopped = {"name": "random_folds", "validation": "test"}
    taught = train(prepare(make_recipe(split=stopped)), tmp_path)
    distillation = {"teachers": [name_of(taught)]}
    split = {"name": "random_folds", "validation": "none"}
    optimisation = {**make_recipe().optimisation.model_dump(), "keep": "last"}
    recipe = make_recipe(split=split, distillation=distillation, optimisation=optimisation)
    with pytest.raises(RecipeError, match=r"was validated on \d+ tracks of this test part"):
        train(prepare(recipe), tmp_path)
    # Who stops on the same part has no more to hide than its teacher.
    assert train(prepare(make_recipe(split=stopped, distillation=distillation)), tmp_path).done


def test_the_place_of_the_teachers_does_not_change_a_recipes_identity(make_recipe) -> None:
    here, there = (make_recipe(distillation={"teachers": ["a-00000000"], "runs": runs}) for runs in (None, "elsewhere"))
    assert here.hash == there.hash != make_recipe().hash

"""Trained runs as teachers: what they say of augmented excerpts takes the place of the labels (distillation)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from genrekit.errors import RecipeError
from genrekit.models import WeightsHeader, load_weights
from genrekit.training.precision import bfloat16_is_quick
from genrekit.training.preparation import Prepared, header_of
from genrekit.training.recipes.recipe import Recipe
from genrekit.training.run import Run

__all__ = ["Teachers", "require_teachers", "teachers_of"]


class Teachers:
    """The mean probabilities of several networks.

    Parameters
    ----------
    networks : trained, with the genres and front end of the student
    share : of the teachers in the targets, 0 to 1; the rest is the labels'
    in_bfloat16 : whether they compute in bfloat16 where that is quick
    """

    def __init__(self, networks: Sequence[nn.Module], *, share: float, in_bfloat16: bool = True) -> None:
        self._networks = [network.eval() for network in networks]
        self._share, self._in_bfloat16 = share, in_bfloat16

    @torch.no_grad()
    def targets(self, features: Tensor, targets: Tensor) -> Tensor:
        """Targets [batch, n_genres] for features [batch, n_bins, n_columns] as the student gets them, mixed or not."""
        enabled = self._in_bfloat16 and bfloat16_is_quick(features.device)
        with torch.autocast(features.device.type, torch.bfloat16, enabled=enabled):
            said = [network(features).float().softmax(1) for network in self._networks]
        return torch.lerp(targets, torch.stack(said).mean(0).to(targets.dtype), self._share)


def require_teachers(recipe: Recipe, runs: Path) -> list[Run]:
    """The finished runs that teach: beside the student's, of its own fold, one of each teacher and seed.

    Raises
    ------
    RecipeError
        If one is missing or not finished.
    """
    chosen = recipe.distillation
    if chosen is None:
        return []
    fold = recipe.split.fold
    found = [
        Run((chosen.runs or runs) / f"{name}-fold{fold}-seed{seed}")
        for name in chosen.teachers
        for seed in chosen.seeds
    ]
    missing = [run.folder for run in found if not run.done]
    if missing:
        raise RecipeError(
            f"Recipe {recipe.name!r} learns from {len(found)} finished runs; {len(missing)} are not there or not "
            f"finished, such as {missing[0]}. Train them first, on the same split; a teacher is named by its run "
            "folder without fold and seed, such as res_cnn-1a2b3c4d."
        )
    return found


def teachers_of(prepared: Prepared, runs: Path) -> Teachers | None:
    """The teachers of what was prepared; None if the recipe has none.

    Raises
    ------
    RecipeError
        If one is missing, has other genres or another front end, was trained on tracks that the student does not train
        on, or stopped on tracks that the student is tested on: it would hand on what it knows of them.
    """
    recipe = prepared.recipe
    if recipe.distillation is None:
        return None
    header = header_of(recipe, prepared.dataset.genres)
    own = set(prepared.split.tracks("train"))
    networks = []
    for run in require_teachers(recipe, runs):
        network, taught = load_weights(run.weights_path)
        _require_alike(run, taught, header)
        split = run.split()
        beyond = set(split.tracks("train")) - own
        if beyond:
            raise RecipeError(
                f"{run.folder} was trained on {len(beyond)} tracks that are not in this training part, such as "
                f"{min(beyond)}; a teacher must not know what its student is tested on. Train it on the same split."
            )
        # On the student's own split it chose by what the student itself chooses by.
        chosen_by = set(split.tracks("valid")) if split.hash != prepared.split.hash else set()
        if touched := chosen_by & set(prepared.split.tracks("test")):
            raise RecipeError(
                f"{run.folder} was validated on {len(touched)} tracks of this test part, such as {min(touched)}; a "
                "teacher must not be chosen by what its student is tested on. Train it on the same split."
            )
        networks.append(network.to(prepared.device))
    in_bfloat16 = recipe.optimisation is not None and recipe.optimisation.precision == "bf16"
    return Teachers(networks, share=recipe.distillation.share, in_bfloat16=in_bfloat16)


def _require_alike(run: Run, taught: WeightsHeader, header: WeightsHeader) -> None:
    if taught.genres != header.genres:
        raise RecipeError(
            f"{run.folder} tells {', '.join(taught.genres)}; its student is to tell {', '.join(header.genres)}."
        )
    if taught.features != header.features:
        raise RecipeError(f"{run.folder} has another front end than its student; teach with the same features.")

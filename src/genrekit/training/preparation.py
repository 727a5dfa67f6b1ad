"""What comes before any training: data loaded, recordings compared, split proved, excerpts cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch

from genrekit.data.checks.same_recordings import with_same_recordings
from genrekit.data.dataset import Dataset
from genrekit.data.left_out import without_genres
from genrekit.data.parts import PARTS, Part
from genrekit.data.registry import load_dataset
from genrekit.data.splits.leakage import Proof, require_proof
from genrekit.data.splits.makers import make_split, require_fold, split_kind
from genrekit.data.splits.split import Split
from genrekit.data.splits.split_files import read_split_file
from genrekit.data.text_file import read_text
from genrekit.errors import RecipeError
from genrekit.features.spec import FeatureSpec
from genrekit.file_identity import file_sha256
from genrekit.models import ModelSpec, WeightsHeader, create_model
from genrekit.models.registry import network_options
from genrekit.progress import Progress
from genrekit.training.material.data_identity import data_sha256, rows_of
from genrekit.training.material.excerpts import ExcerptTable, part_table, require_excerpts
from genrekit.training.material.sources import Source, make_source, require_augmentation, require_front_end
from genrekit.training.recipes.recipe import Recipe

__all__ = ["Prepared", "check", "header_of", "load_data", "negatives_source", "prepare", "split_of"]


# Share of a data set's tracks: copies of GTZAN and tables of it lack one to ten, and are compared with each other.
MANY_MISSING = 0.01


@dataclass(frozen=True)
class Prepared:
    """A recipe with its data: what is checked before any training.

    Attributes
    ----------
    recipe, dataset, split : as given
    proof : what the split's parts share
    source : the data in memory
    tables : excerpts of each part
    """

    recipe: Recipe
    dataset: Dataset
    split: Split
    proof: Proof
    source: Source
    tables: dict[Part, ExcerptTable]
    device: torch.device

    def __repr__(self) -> str:
        excerpts = ", ".join(f"{part} {len(self.tables[part])}" for part in PARTS)
        return f"<Prepared {self.recipe.name} on {self.device}: {self.split!r}, {excerpts} excerpts, {self.proof!r}>"

    @cached_property
    def data_sha256(self) -> str:
        """By which a run knows these data again."""
        return data_sha256(self.split, self.dataset)


def split_of(recipe: Recipe, dataset: Dataset) -> Split:
    """The split that the recipe asks for."""
    choice = recipe.split
    if choice.file is not None:
        return read_split_file(dataset, choice.file)
    return make_split(
        dataset,
        choice.name or "",
        fold=choice.fold,
        validation="test" if choice.validation == "test" else "default",
        valid_fraction=0.0 if choice.validation == "none" else choice.valid_fraction,
    )


def load_data(recipe: Recipe, *, on_progress: Progress = lambda done, total, what: None) -> Dataset:
    """The recipe's data set, with its recordings compared by ear; what was compared is remembered in a cache.

    Raises
    ------
    DataError, RecipeError
        If the data are not there, the recipe names a network, an option, a split or a fold that there is not, or its
        front end or augmentation cannot be had from the data.
    """
    _require_names(recipe)
    dataset = without_genres(load_dataset(recipe.data.dataset, recipe.data.root), recipe.data.left_out)
    _require_data(recipe, dataset)
    return with_same_recordings(dataset, progress=on_progress)


def check(recipe: Recipe, dataset: Dataset, *, negatives_root: Path | None = None) -> Split:
    """The recipe's split, if it can be trained on these data, as far as that can be told without reading audio.

    Raises
    ------
    DataError, LeakError, RecipeError
        As `prepare` and `train` would raise them.
    """
    split, _ = _proved(recipe, dataset)
    _require_data(recipe, dataset)
    create_model(header_of(recipe, dataset.genres).model)
    for trained in recipe.members or (recipe,):
        negatives_source(trained, negatives_root, torch.device("cpu"))
    return split


def prepare(
    recipe: Recipe,
    *,
    device: torch.device | None = None,
    held: Prepared | None = None,
    on_progress: Progress = lambda done, total, what: None,
) -> Prepared:
    """Load the data, compare recordings by ear, make and prove the split, and cut the excerpts.

    Nothing is written yet but the cache of what was compared. `on_progress` gets steps done, their total and what.

    Parameters
    ----------
    recipe : to be trained
    device : to train on; None for the GPU if there is one
    held : what an earlier recipe was prepared with; its data are taken where they are the same, and not loaded again

    Raises
    ------
    DataError, LeakError, RecipeError
        If the data are not there, the split leaks, a genre is missing from a part, or the front end cannot be had.
    AudioError
        If a file of the split's tracks cannot be decoded.
    """
    device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if held is not None and (held.device, held.recipe.data) != (device, recipe.data):
        held = None
    dataset = load_data(recipe, on_progress=on_progress) if held is None else held.dataset
    _require_data(recipe, dataset)
    split, proof = _proved(recipe, dataset)
    rows = rows_of(split, dataset)
    if held is not None and _cut_from(held.recipe) == _cut_from(recipe) and bool(held.source.n_steps[rows].all()):
        source = held.source
    else:
        spec = recipe.front_end
        source = make_source(dataset, spec, device, span_s=recipe.excerpts.span_s, rows=rows, on_progress=on_progress)
    tables = {part: part_table(dataset, split, part, recipe.excerpts, source) for part in PARTS}
    return Prepared(recipe, dataset, split, proof, source, tables, device)


def _require_names(recipe: Recipe) -> None:
    """Refuse names that mean nothing, as can be told at once, before recordings are compared for minutes or hours."""
    for trained in recipe.members or (recipe,):
        network_options(trained.model.name, trained.model.options)
    choice = recipe.split
    if choice.file is not None:
        read_text(choice.file, what="a split file")
    else:
        name = choice.name or ""
        require_fold(name, choice.fold, split_kind(name).n_folds)


def _require_data(recipe: Recipe, dataset: Dataset) -> None:
    """Refuse a recipe whose front end or augmentation these data are not the material for."""
    require_front_end(dataset, recipe.front_end)
    for trained in recipe.members or (recipe,):
        require_augmentation(dataset, trained.augmentation)


def _cut_from(recipe: Recipe) -> tuple[FeatureSpec, float | None]:
    """What decides the data in memory, besides the data set."""
    return recipe.front_end, recipe.excerpts.span_s


def _proved(recipe: Recipe, dataset: Dataset) -> tuple[Split, Proof]:
    split = split_of(recipe, dataset)
    proof = require_proof(split, dataset)
    n_missing = len(dataset.absent())
    if n_missing > MANY_MISSING * (len(dataset) + n_missing):
        # Folds of what is left are other folds; reports say so.
        proof = replace(proof, n_tracks_missing=n_missing)
    _require_all_genres(split, dataset)
    for trained in recipe.members or (recipe,):
        require_excerpts(dataset, split, trained.excerpts)
        _require_validation(split, trained)
    return split, proof


def _require_all_genres(split: Split, dataset: Dataset) -> None:
    for part in PARTS:
        tracks = split.tracks(part)
        missing = set(dataset.genres) - {dataset.track(track_id).genre for track_id in tracks}
        if tracks and missing:
            raise RecipeError(
                f"The {part} part of split {split.name!r}, fold {split.fold}, has no track of "
                f"{', '.join(sorted(missing))}; each part needs every genre. "
                + (
                    "Training can spare none: it has one track of it, or tracks of one artist where artists are kept "
                    "together. Give more, or take another fold."
                    if split.validation == "inner" and part == "valid"
                    else "Take another fold or other tracks."
                )
            )
    if not split.tracks("train"):
        raise RecipeError(f"Split {split.name!r} has an empty training part.")


def _require_validation(split: Split, recipe: Recipe) -> None:
    """Refuse a split without a validation part for a recipe that goes by it."""
    if recipe.validates and not split.tracks("valid"):
        raise RecipeError(
            f"The split {split.name!r}, fold {split.fold}, has no validation track, and recipe {recipe.name!r} stops "
            "or keeps weights by validation. Give more tracks, or train all epochs: "
            "--set optimisation.keep=last --set optimisation.early_stopping_epochs=null."
        )


def header_of(recipe: Recipe, genres: tuple[str, ...]) -> WeightsHeader:
    """What the weights of this recipe say of themselves."""
    spec = recipe.front_end
    # What is trained on shorter crops than it is asked about has to take any number of columns.
    n_columns = None if recipe.excerpts.crop_s else spec.n_columns(round(recipe.excerpts.window_s * spec.sr))
    model = ModelSpec(recipe.model.name, len(genres), spec.n_bins, n_columns, dict(recipe.model.options))
    return WeightsHeader(genres=genres, model=model, features=spec, window_s=recipe.excerpts.window_s)


def negatives_sha256(recipe: Recipe, root: Path | None) -> str | None:
    """Which negatives a recipe, or a member of it, trains on; None if it does without or they are not there.

    Parameters
    ----------
    recipe, root : as for `negatives_source`
    """
    places = [_negatives_place(trained, root) for trained in recipe.members or (recipe,) if trained.negatives]
    place = next((place for place in places if place is not None and place.is_file()), None)
    return None if place is None else file_sha256(place)


def _negatives_place(recipe: Recipe, root: Path | None) -> Path | None:
    return (recipe.negatives.root if recipe.negatives else None) or root


def negatives_source(recipe: Recipe, root: Path | None, device: torch.device) -> Source | None:
    """The source of the negatives that a recipe trains on; None if it does without.

    Parameters
    ----------
    recipe : may say where they are
    root : where they are if the recipe leaves it open
    device : to hold them

    Raises
    ------
    RecipeError
        If the recipe needs negatives and there is no archive of them.
    """
    if recipe.negatives is None:
        return None
    place = _negatives_place(recipe, root)
    if place is None:
        raise RecipeError(
            f"Recipe {recipe.name!r} trains on negatives; say where their archive is: --negatives FILE, made by "
            "`genrekit data prepare negatives`."
        )
    if not place.is_file():
        raise RecipeError(
            f"There is no archive of negatives at {place}; make one with `genrekit data prepare negatives -o {place}`."
        )
    return make_source(load_dataset("archive", place), recipe.front_end, device, span_s=None)

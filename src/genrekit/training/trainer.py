"""One run: data in, proof, training, predictions, all of it in a run folder that can be continued."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.callbacks.weight_averaging import EMAWeightAveraging
from lightning.pytorch.loggers import TensorBoardLogger

from genrekit.data.dataset import Dataset
from genrekit.data.leakage import require_proof
from genrekit.data.registry import load_dataset
from genrekit.data.same_recordings import with_same_recordings
from genrekit.data.split import PARTS, Part, Split, read_split
from genrekit.data.splits import make_split
from genrekit.errors import RecipeError, RunError
from genrekit.evaluation.predictions import Predictions
from genrekit.features.spec import FEATURES, named_features
from genrekit.models import GenreNetwork, ModelSpec, WeightsHeader, create_model, save_weights
from genrekit.models.host_memory import keep_freed_memory
from genrekit.models.weights import load_weights
from genrekit.training.batches import EvaluationBatches, TrainingBatches, evaluation_batch_size
from genrekit.training.callbacks import AtomicCheckpoints, MetricsTable
from genrekit.training.excerpts import ExcerptTable, part_table
from genrekit.training.module import GenreModule
from genrekit.training.recipe import Recipe
from genrekit.training.run import Run
from genrekit.training.run_lock import hold
from genrekit.training.sources import Source, make_source, require_augmentation, require_front_end

__all__ = ["SCORED", "Prepared", "check", "evaluation_batches", "header_of", "load_data", "predict", "prepare", "train"]

# The parts that get predictions; nobody needs those of the training part.
SCORED: tuple[Part, ...] = ("valid", "test")


@dataclass(frozen=True)
class Prepared:
    """A recipe with its data: what is checked before any training.

    Attributes
    ----------
    recipe, dataset, split : as given
    proof : what the split's parts share, as JSON values
    source : the data in memory
    tables : excerpts of each part
    """

    recipe: Recipe
    dataset: Dataset
    split: Split
    proof: dict[str, Any]
    source: Source
    tables: dict[Part, ExcerptTable]
    device: torch.device


def split_of(recipe: Recipe, dataset: Dataset) -> Split:
    """The split that the recipe asks for."""
    choice = recipe.split
    if choice.file is not None:
        return read_split(choice.file)
    return make_split(
        dataset,
        choice.name or "",
        fold=choice.fold,
        validation="test" if choice.validation == "test" else "default",
        valid_fraction=0.0 if choice.validation == "none" else choice.valid_fraction,
    )


def load_data(
    recipe: Recipe, *, on_progress: Callable[[int, int, str], None] = lambda done, total, what: None
) -> Dataset:
    """The recipe's data set, with its recordings compared by ear; what was compared is remembered in a cache.

    Raises
    ------
    DataError, RecipeError
        If the data are not there, or the recipe's front end or augmentation cannot be had from them.
    """
    dataset = load_dataset(recipe.data.dataset, recipe.data.root)
    require_front_end(dataset, named_features(recipe.features))
    require_augmentation(dataset, recipe.augmentation)
    return with_same_recordings(dataset, progress=on_progress)


def check(recipe: Recipe, dataset: Dataset, *, negatives_root: Path | None = None) -> Split:
    """The recipe's split, if it can be trained on these data, as far as that can be told without reading audio.

    Raises
    ------
    DataError, LeakError, RecipeError
        As `prepare` and `train` would raise them.
    """
    split, _ = _proved(recipe, dataset)
    require_front_end(dataset, named_features(recipe.features))
    require_augmentation(dataset, recipe.augmentation)
    create_model(header_of(recipe, dataset.genres).model)
    _negatives(recipe, negatives_root, torch.device("cpu"))
    return split


def prepare(
    recipe: Recipe,
    *,
    device: torch.device | None = None,
    held: Prepared | None = None,
    on_progress: Callable[[int, int, str], None] = lambda done, total, what: None,
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
    """
    device = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if held is not None and (held.device, held.recipe.data) != (device, recipe.data):
        held = None
    dataset = load_data(recipe, on_progress=on_progress) if held is None else held.dataset
    require_front_end(dataset, named_features(recipe.features))
    require_augmentation(dataset, recipe.augmentation)
    split, proof = _proved(recipe, dataset)
    if held is not None and _cut_from(held.recipe) == _cut_from(recipe):
        source = held.source
    else:
        spec = named_features(recipe.features)
        source = make_source(dataset, spec, device, span_s=recipe.excerpts.span_s, on_progress=on_progress)
    tables = {part: part_table(dataset, split, part, recipe.excerpts, source) for part in PARTS}
    return Prepared(recipe, dataset, split, proof, source, tables, device)


def _cut_from(recipe: Recipe) -> tuple[str, float | None]:
    """What decides the data in memory, besides the data set."""
    return recipe.features, recipe.excerpts.span_s


def _proved(recipe: Recipe, dataset: Dataset) -> tuple[Split, dict[str, Any]]:
    split = split_of(recipe, dataset)
    proof = require_proof(split, dataset).to_dict()
    _require_all_genres(split, dataset)
    return split, proof


def _require_all_genres(split: Split, dataset: Dataset) -> None:
    for part in PARTS:
        tracks = split.tracks(part)
        missing = set(dataset.genres) - {dataset.track(track_id).genre for track_id in tracks}
        if tracks and missing:
            raise RecipeError(
                f"The {part} part of split {split.name!r}, fold {split.fold}, has no track of "
                f"{', '.join(sorted(missing))}; each part needs every genre. Take another fold or other tracks."
            )
    if not split.tracks("train"):
        raise RecipeError(f"Split {split.name!r} has an empty training part.")


def header_of(recipe: Recipe, genres: tuple[str, ...]) -> WeightsHeader:
    """What the weights of this recipe say of themselves."""
    spec = named_features(recipe.features)
    n_columns = spec.n_columns(round(recipe.excerpts.window_s * spec.sr))
    model = ModelSpec(recipe.model.name, len(genres), spec.n_bins, n_columns, dict(recipe.model.options))
    return WeightsHeader(genres=genres, model=model, features=spec, window_s=recipe.excerpts.window_s)


def train(
    prepared: Prepared,
    runs: Path,
    *,
    negatives_root: Path | None = None,
    watchers: Sequence[pl.Callback] = (),
    predicted: tuple[Part, ...] = SCORED,
) -> Run:
    """Train, or go on where a killed run stopped, and write predictions and weights; a finished run is left as it is.

    Parameters
    ----------
    prepared : from `prepare`
    runs : folder of run folders
    negatives_root : place of the archive of negatives, if the recipe uses them and leaves it open
    watchers : Lightning callbacks that look on, such as `EpochProgress`; they must not change the training
    predicted : parts that get predictions. What chooses between recipes leaves "test" out; a finished run gets the
        predictions that it was left without once they are asked for

    Raises
    ------
    RunBusyError
        If another process is training this run.
    RunError
        If the run folder belongs to another recipe, or cannot be written.
    """
    recipe = prepared.recipe
    run = Run.of(recipe, runs)
    # What cannot be made is told before a folder is.
    create_model(header_of(recipe, prepared.dataset.genres).model)
    _negatives(recipe, negatives_root, prepared.device)
    with hold(run):
        run.open(recipe, prepared.split, prepared.proof)
        if run.done and not set(run.left_out) & set(predicted):
            return run
        try:
            if run.done:
                network, _ = load_weights(run.weights_path)
            else:
                network = _fit(prepared, run, negatives_root=negatives_root, watchers=watchers)
                save_weights(run.weights_path, network, header_of(recipe, prepared.dataset.genres))
            _predict_parts(network, prepared, run, predicted)
        except OSError as error:
            raise RunError(
                f"The run in {run.folder} stopped: {error}. Start the same command again to go on."
            ) from error
        # A kill may have left a half-written checkpoint beside the whole ones.
        shutil.rmtree(run.checkpoints, ignore_errors=True)
    return run


def _predict_parts(network: GenreNetwork, prepared: Prepared, run: Run, predicted: tuple[Part, ...]) -> None:
    """Write the table of predictions, and then `run.json`, which says that the run is done."""
    scored: tuple[Part, ...] = ("test",) if prepared.split.validation == "test" else SCORED
    scored = tuple(part for part in scored if len(prepared.tables[part]))
    known = set(scored) - set(run.left_out) if run.done else set()
    parts = [part for part in scored if part in predicted or part in known]
    if parts:
        predictions = Predictions.concatenate([predict(network, prepared, part) for part in parts])
        predictions.write_parquet(run.predictions_path)
    values: dict[str, Any] = {
        "recipe": prepared.recipe.name,
        "hash": prepared.recipe.hash,
        "parts_predicted": parts,
        "parts_left_out": [part for part in scored if part not in parts],
    }
    run.write_json("run.json", values)


def _fit(prepared: Prepared, run: Run, *, negatives_root: Path | None, watchers: Sequence[pl.Callback]) -> GenreNetwork:
    recipe, optimisation = prepared.recipe, prepared.recipe.optimisation
    _quieten()
    keep_freed_memory()
    torch.manual_seed(recipe.seed)
    network = create_model(header_of(recipe, prepared.dataset.genres).model)
    # A run that is continued has it in its checkpoint.
    if not run.last_checkpoint.is_file():
        network.fit_input(batch.features for batch in evaluation_batches(prepared, "train"))
    module = GenreModule(network, optimisation, seed=recipe.seed)
    validates = len(prepared.tables["valid"]) > 0
    callbacks: list[pl.Callback] = [MetricsTable(run.metrics_path)]
    if optimisation.weight_average_decay is not None:
        callbacks.append(EMAWeightAveraging(decay=optimisation.weight_average_decay))
    callbacks += watchers
    mode = "min" if optimisation.monitor == "valid_loss" else "max"
    if optimisation.early_stopping_epochs is not None:
        callbacks.append(EarlyStopping(optimisation.monitor, patience=optimisation.early_stopping_epochs, mode=mode))
    if validates:
        callbacks.append(
            ModelCheckpoint(run.checkpoints, "best", optimisation.monitor, mode=mode, enable_version_counter=False)
        )
    callbacks.append(
        ModelCheckpoint(run.checkpoints, "last", save_on_train_epoch_end=True, enable_version_counter=False)
    )
    trainer = pl.Trainer(
        accelerator="gpu" if prepared.device.type == "cuda" else "cpu",
        devices=1,
        precision="bf16-mixed" if optimisation.precision == "bf16" else "32-true",
        max_epochs=optimisation.max_epochs,
        callbacks=callbacks,
        plugins=[AtomicCheckpoints()],
        logger=TensorBoardLogger(run.folder, name="", version="tensorboard"),
        deterministic=prepared.device.type == "cuda",
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1_000_000,
    )
    batches = TrainingBatches(
        prepared.source,
        prepared.tables["train"],
        recipe,
        n_genres=len(prepared.dataset.genres),
        epoch=lambda: trainer.current_epoch,
        negatives=_negatives(recipe, negatives_root, prepared.device),
    )
    valid = evaluation_batches(prepared, "valid") if validates else None
    # Our own checkpoint holds the state of callbacks and optimiser, which weights alone do not.
    resume = run.last_checkpoint if run.last_checkpoint.is_file() else None
    trainer.fit(module, batches, valid, ckpt_path=resume, weights_only=False)
    if trainer.interrupted:
        raise RunError(f"Interrupted. Start the same command again, or genrekit train --resume {run.folder}, to go on.")
    kept = run.best_checkpoint if optimisation.keep == "best" else run.last_checkpoint
    state = torch.load(kept, map_location=prepared.device, weights_only=False)["state_dict"]
    network.load_state_dict({name.removeprefix("network."): value for name, value in state.items()})
    return network


def _negatives(recipe: Recipe, root: Path | None, device: torch.device) -> Source | None:
    if recipe.negatives is None:
        return None
    place = recipe.negatives.root or root
    if place is None:
        raise RecipeError(
            f"Recipe {recipe.name!r} trains on negatives; say where their archive is: --negatives FILE, made by "
            "`genrekit data prepare negatives`."
        )
    if not place.is_file():
        raise RecipeError(
            f"There is no archive of negatives at {place}; make one with `genrekit data prepare negatives -o {place}`."
        )
    return make_source(load_dataset("archive", place), FEATURES["archive_log_mel"], device, span_s=None)


def evaluation_batches(prepared: Prepared, part: Part) -> EvaluationBatches:
    """All excerpts of a part of the split, in batches that are small enough for float32."""
    recipe = prepared.recipe
    batch_size = evaluation_batch_size(named_features(recipe.features), recipe.excerpts.window_s)
    window_steps = prepared.source.steps(recipe.excerpts.window_s)
    return EvaluationBatches(prepared.source, prepared.tables[part], window_steps, batch_size)


def predict(network: GenreNetwork, prepared: Prepared, part: Part) -> Predictions:
    """The table of predictions of a part of the split, one row an excerpt; float32 throughout."""
    table, dataset = prepared.tables[part], prepared.dataset
    network = network.to(prepared.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    with torch.no_grad():
        logits = [network(batch.features.float()) for batch in evaluation_batches(prepared, part)]
    p = torch.cat(logits).double().softmax(1).float().cpu().numpy()
    tracks = [dataset.tracks[row] for row in table.rows.tolist()]
    n = len(tracks)
    return Predictions(
        genres=dataset.genres,
        track=np.array([track.track_id for track in tracks]),
        start_s=np.array(table.start_s),
        part=np.full(n, part),
        fold=np.full(n, prepared.split.fold),
        seed=np.full(n, prepared.recipe.seed),
        label=table.labels.cpu().numpy(),
        probabilities=p,
        protocol=prepared.split.protocol,
        contaminated=prepared.split.contaminated,
        recipe=prepared.recipe.name,
        dataset=dataset.name,
        artist=np.array([track.artist or "" for track in tracks]),
    )


def load_network(run: Run) -> tuple[GenreNetwork, WeightsHeader]:
    """The trained network of a finished run.

    Raises
    ------
    RunError
        If the run is not finished.
    """
    if not run.done:
        raise RunError(f"{run.folder} is not finished; go on with `genrekit train --resume {run.folder}`.")
    return load_weights(run.weights_path)


def _quieten() -> None:
    """Lightning's advice on data loaders does not fit batches that are tensors already."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning")

"""One run: training from what was prepared, predictions and weights, all in a run folder that can be continued."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.callbacks.weight_averaging import EMAWeightAveraging

from genrekit.data.parts import Part
from genrekit.errors import RunError
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.run_folder import SCORED, RunRecord
from genrekit.models import GenreNetwork, WeightsHeader, create_model, save_weights
from genrekit.models.ensemble import Ensemble
from genrekit.models.weights import load_weights
from genrekit.training.batches import TrainingBatches
from genrekit.training.callbacks import LastingStop, MetricsTable, RunCheckpoint
from genrekit.training.fitting import fit, make_trainer, read_checkpoint
from genrekit.training.host_memory import keep_freed_memory
from genrekit.training.material.artist_weights import artist_weights
from genrekit.training.module import GenreModule
from genrekit.training.prediction import evaluation_batches, predict
from genrekit.training.preparation import Prepared, header_of, negatives_sha256, negatives_source, prepare
from genrekit.training.pretraining import pretrain
from genrekit.training.recipes.recipe import Recipe
from genrekit.training.run import Run
from genrekit.training.run_lock import hold
from genrekit.training.teachers import require_teachers, teachers_of

__all__ = ["load_network", "train"]


def train(
    prepared: Prepared,
    runs: str | Path,
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
    recipe, runs = prepared.recipe, Path(runs)
    run = Run.of(recipe, runs)
    if not run.done:
        _require_means(prepared, runs, negatives_root)
    with hold(run):
        _open(run, prepared, negatives_root)
        if run.done and not set(run.left_out) & set(predicted):
            return run
        try:
            if run.weights_path.is_file():
                network, _ = load_weights(run.weights_path)
            else:
                if recipe.ensemble:
                    network = _join(prepared, runs, negatives_root=negatives_root, watchers=watchers)
                else:
                    network = _fit(prepared, run, negatives_root=negatives_root, watchers=watchers)
                save_weights(run.weights_path, network, header_of(recipe, prepared.dataset.genres))
            # Weights are there whole or not at all, so a kill from here on trains nothing again; and since these are
            # gone before the run is done, it leaves none behind, not even one that a kill left half-written.
            shutil.rmtree(run.checkpoints, ignore_errors=True)
            _predict_parts(network, prepared, run, predicted)
        except OSError as error:
            raise RunError(
                f"The run in {run.folder} stopped: {error}. Start the same command again to go on."
            ) from error
    return run


def _require_means(prepared: Prepared, runs: Path, negatives_root: Path | None) -> None:
    """What cannot be trained is told before there is a folder of it."""
    recipe = prepared.recipe
    create_model(header_of(recipe, prepared.dataset.genres).model)
    require_teachers(recipe, runs)
    for trained in recipe.members or (recipe,):
        negatives_source(trained, negatives_root, prepared.device)
        _track_weights(prepared, trained)
    for member in recipe.members:
        if (known := Run.of(member, runs)).done:
            load_weights(known.weights_path)


def _open(run: Run, prepared: Prepared, negatives_root: Path | None) -> None:
    run.open(
        prepared.recipe,
        prepared.split,
        prepared.proof,
        data_sha256=prepared.data_sha256,
        negatives_sha256=negatives_sha256(prepared.recipe, negatives_root),
    )


def _predict_parts(network: GenreNetwork, prepared: Prepared, run: Run, predicted: tuple[Part, ...]) -> None:
    """Write the table of predictions, and then that the run is done."""
    scored: tuple[Part, ...] = ("test",) if prepared.split.validation == "test" else SCORED
    scored = tuple(part for part in scored if len(prepared.tables[part]))
    known = set(scored) - set(run.left_out) if run.done else set()
    parts = [part for part in scored if part in predicted or part in known]
    if parts:
        predictions = Predictions.concatenate([predict(network, prepared, part) for part in parts])
        predictions.write_parquet(run.predictions_path)
    recipe = prepared.recipe
    left_out = tuple(part for part in scored if part not in parts)
    run.finish(RunRecord(recipe.name, prepared.dataset.name, recipe.hash, tuple(parts), left_out))


def _join(
    prepared: Prepared, runs: Path, *, negatives_root: Path | None, watchers: Sequence[pl.Callback]
) -> GenreNetwork:
    """Train the members of an ensemble, each as a run of its own beside this one, and let them answer together.

    Members get no predictions: it is the ensemble that is scored.
    """
    trained = []
    for recipe in prepared.recipe.members:
        member, of_member = Run.of(recipe, runs), prepare(recipe, device=prepared.device, held=prepared)
        if member.done:
            _open(member, of_member, negatives_root)
        else:
            train(of_member, runs, negatives_root=negatives_root, watchers=watchers, predicted=())
        trained.append(load_weights(member.weights_path)[0])
    network = create_model(header_of(prepared.recipe, prepared.dataset.genres).model)
    assert isinstance(network, Ensemble)
    network.take_weights(trained)
    return network


def _fit(prepared: Prepared, run: Run, *, negatives_root: Path | None, watchers: Sequence[pl.Callback]) -> GenreNetwork:
    recipe, optimisation = prepared.recipe, prepared.recipe.optimisation
    assert optimisation is not None
    keep_freed_memory()
    torch.manual_seed(recipe.seed)
    network = create_model(header_of(recipe, prepared.dataset.genres).model)
    batches = TrainingBatches(
        prepared.source,
        prepared.tables["train"],
        recipe,
        n_genres=len(prepared.dataset.genres),
        epoch=lambda: trainer.current_epoch,
        negatives=negatives_source(recipe, negatives_root, prepared.device),
        teachers=teachers_of(prepared, run.folder.parent),
        track_weights=_track_weights(prepared, recipe),
    )
    # A run that is continued has what the input and sounds without labels taught it in its checkpoint.
    if not run.last_checkpoint.is_file():
        network.fit_input(batch.features for batch in evaluation_batches(prepared, "train"))
        if recipe.pretraining is not None:
            pretrain(network, batches, prepared, run, watchers=watchers)
    module = GenreModule(network, optimisation, seed=recipe.seed)
    validates = len(prepared.tables["valid"]) > 0
    callbacks: list[pl.Callback] = [MetricsTable(run.metrics_path)]
    if optimisation.weight_average_decay is not None:
        callbacks.append(EMAWeightAveraging(decay=optimisation.weight_average_decay))
    callbacks += watchers
    mode = "min" if optimisation.monitor == "valid_loss" else "max"
    if optimisation.early_stopping_epochs is not None:
        stopping = EarlyStopping(optimisation.monitor, patience=optimisation.early_stopping_epochs, mode=mode)
        callbacks += [stopping, LastingStop(stopping)]
    if validates:
        callbacks.append(RunCheckpoint(run.checkpoints, "best", optimisation.monitor, mode=mode))
    callbacks.append(RunCheckpoint(run.checkpoints, "last", save_on_train_epoch_end=True))
    trainer = make_trainer(prepared, run, max_epochs=optimisation.max_epochs, callbacks=callbacks)
    valid = evaluation_batches(prepared, "valid") if validates else None
    fit(trainer, module, batches, valid, checkpoint=run.last_checkpoint)
    kept = run.best_checkpoint if optimisation.keep == "best" else run.last_checkpoint
    state = read_checkpoint(kept)["state_dict"]
    network.load_state_dict({name.removeprefix("network."): value for name, value in state.items()})
    return network


def _track_weights(prepared: Prepared, recipe: Recipe) -> torch.Tensor | None:
    optimisation = recipe.optimisation
    if optimisation is None or not optimisation.artist_balance:
        return None
    rows = torch.unique(prepared.tables["train"].rows).tolist()
    return artist_weights(prepared.dataset, rows, optimisation.artist_balance)


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

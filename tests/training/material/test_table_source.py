"""Training on feature tables: excerpts, what is refused, and a run from table to predictions."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import pytest
import torch

from genrekit.data import Dataset, Fault, Track, load_dataset, make_split
from genrekit.data.feature_table import FeatureTable
from genrekit.data.table_file import write_table_file
from genrekit.errors import RecipeError, RunError
from genrekit.evaluation.predictions import Predictions
from genrekit.features import HANDCRAFTED, HANDCRAFTED_NAMES, POWER_SPECTROGRAM_A
from genrekit.models.weights import load_weights
from genrekit.training.batches import EvaluationBatches, TrainingBatches
from genrekit.training.material.excerpts import part_table
from genrekit.training.material.sources import make_source, require_front_end
from genrekit.training.material.table_source import TableSource
from genrekit.training.preparation import prepare
from genrekit.training.recipes.groups import Excerpts
from genrekit.training.recipes.recipe import Recipe, load_recipe, parse_recipe
from genrekit.training.run import Run
from genrekit.training.trainer import train

CPU = torch.device("cpu")
GENRES = ("polka", "tango", "waltz")
TRACKS, EXCERPTS = 12, 4
WINDOWS = {"window_s": 3.0, "hop_s": 1.5}
RECIPES = Path(__file__).parents[3] / "recipes"


def make_dataset(names: tuple[str, ...] = HANDCRAFTED_NAMES, n_excerpts: int = EXCERPTS) -> Dataset:
    """A table in which each genre is far off in its own features, whose units differ by millions."""
    rng = np.random.default_rng(0)
    ids = [f"{genre}.{k:02d}" for genre in GENRES for k in range(TRACKS) for _ in range(n_excerpts)]
    genres = tuple(name.split(".")[0] for name in ids)
    values = rng.standard_normal((len(ids), len(names)))
    for row, genre in enumerate(genres):
        values[row, GENRES.index(genre) :: 3] += 3
    values = (values + 5) * np.logspace(-4, 6, len(names))
    starts = np.tile(1.5 * np.arange(n_excerpts), len(GENRES) * TRACKS)
    table = FeatureTable(names, tuple(ids), starts, 3.0, values, genres)
    tracks = tuple(Track(name, name.split(".")[0]) for name in table.rows)
    return Dataset("dances", GENRES, tracks, table=table, same_recordings=())


@pytest.fixture(scope="session")
def table_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "dances.parquet"
    write_table_file(make_dataset(), path)
    return path


@pytest.fixture
def make_table_recipe(table_path: Path):
    """A recipe over the small table; keyword arguments replace top-level keys."""

    def make(**changes) -> Recipe:
        values = {
            "name": "small_mlp",
            "data": {"dataset": "table", "root": str(table_path)},
            "split": {"name": "a_folds", "valid_fraction": 0.25},
            "excerpts": WINDOWS,
            "features": "handcrafted",
            "model": {"name": "mlp", "options": {"units": 16, "second_units": 8}},
            "optimisation": {"learning_rate": 0.01, "batch_size": 16, "max_epochs": 6, "precision": "float32"},
        }
        return parse_recipe(values | changes, source="test")

    return make


def test_excerpts_are_the_table_s_rows() -> None:
    dataset = make_dataset()
    source = make_source(dataset, HANDCRAFTED, CPU, span_s=30.0)
    excerpts = Excerpts(**WINDOWS)
    part = part_table(dataset, make_split(dataset, "a_folds"), "test", excerpts, source)
    assert part.start_s[:EXCERPTS] == (0.0, 1.5, 3.0, 4.5)
    batches = list(EvaluationBatches(source, part, source.steps(3.0), 7))
    cut = torch.cat([batch.features for batch in batches])
    assert cut.shape == (len(part), 57, 1)
    known = dataset.table
    assert known is not None
    expected = [
        known.values[known.rows[dataset.tracks[row].track_id]][start]
        for row, start in zip(part.rows.tolist(), part.starts.tolist(), strict=True)
    ]
    np.testing.assert_allclose(cut[:, :, 0].numpy(), np.array(expected), rtol=1e-6)


@pytest.mark.parametrize(("span_s", "count"), [(None, 4), (30.0, 4), (6.0, 3), (5.9, 3), (3.0, 1)])
def test_only_excerpts_within_the_span_are_used(span_s: float | None, count: int) -> None:
    source = TableSource(make_dataset(), HANDCRAFTED, CPU)
    assert len(source.excerpts(0, Excerpts(**WINDOWS, span_s=span_s))) == count
    if span_s is not None:
        assert min(source.steps(span_s), EXCERPTS) == count


def test_random_excerpts_are_drawn_from_all_of_a_track(make_table_recipe) -> None:
    recipe = make_table_recipe(excerpts={**WINDOWS, "train": "random", "crops_per_track": 30})
    prepared = prepare(recipe, device=CPU)
    batches = TrainingBatches(prepared.source, prepared.tables["train"], recipe, n_genres=3, epoch=lambda: 0)
    drawn = {tuple(row[:2, 0].tolist()) for batch in batches for row in batch.features}
    assert len(drawn) > 0.9 * len(prepared.tables["train"])


def test_excerpts_of_a_track_can_be_mixed_over_the_parts() -> None:
    dataset = make_dataset()
    source = make_source(dataset, HANDCRAFTED, CPU, span_s=30.0)
    split = make_split(dataset, "a_contaminated")
    tables = [part_table(dataset, split, part, Excerpts(**WINDOWS), source) for part in ("train", "valid", "test")]
    assert sum(len(table) for table in tables) == len(GENRES) * TRACKS * EXCERPTS
    assert set(tables[0].rows.tolist()) & set(tables[2].rows.tolist())


def test_it_learns_what_the_table_tells_and_keeps_the_standardisation(make_table_recipe, tmp_path) -> None:
    run = train(prepare(make_table_recipe(), device=CPU), tmp_path)
    stored = Predictions.read_parquet(run.predictions_path)
    assert (stored.probabilities.argmax(1) == stored.label).mean() > 0.9
    network, header = load_weights(run.weights_path)
    assert header.features == HANDCRAFTED
    prepared = prepare(make_table_recipe(), device=CPU)
    values = torch.cat([b.features for b in EvaluationBatches(prepared.source, prepared.tables["train"], 1, 64)])
    torch.testing.assert_close(network.get_buffer("mean"), values[:, :, 0].double().mean(0).float())


class Stop(pl.Callback):
    """Ends a run at the start of its fourth epoch, as a kill would."""

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.current_epoch == 3:
            raise InterruptedError


def test_a_run_that_is_continued_keeps_its_standardisation(make_table_recipe, tmp_path) -> None:
    prepared = prepare(make_table_recipe(), device=CPU)
    with pytest.raises(RunError, match="Start the same command again"):
        train(prepared, tmp_path / "stopped", watchers=[Stop()])
    assert Run.of(prepared.recipe, tmp_path / "stopped").last_checkpoint.is_file()
    resumed, whole = train(prepared, tmp_path / "stopped"), train(prepared, tmp_path / "whole")
    assert resumed.weights_path.read_bytes() == whole.weights_path.read_bytes()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": "power_spectrogram_a"}, "is a feature table without audio.*Use features: handcrafted"),
        ({"features": "archive_log_mel"}, "is a feature table without audio"),
        ({"features": "gtzan_table_10s"}, "has 63 features; the table.*has 57.*Its front end is handcrafted"),
        ({"excerpts": {"window_s": 30.0, "hop_s": 30.0}}, "excerpts of 3 s, every 1.5 s; the recipe asks for 30 s"),
        ({"excerpts": {"window_s": 3.0, "hop_s": 3.0}}, "the recipe asks for 3 s every 3 s"),
        ({"augmentation": {"gain_db": [-6, 6]}}, "waveform|audio"),
    ],
)
def test_what_a_table_cannot_give_is_refused(make_table_recipe, changes, message) -> None:
    with pytest.raises(RecipeError, match=message):
        prepare(make_table_recipe(**changes), device=CPU)


def test_handcrafted_features_need_a_table(make_recipe, make_table_recipe, archive_path, tmp_path) -> None:
    archive = {"dataset": "archive", "root": str(archive_path)}
    with pytest.raises(RecipeError, match=r"'small' is an archive of log-mels\. Make one.*data prepare features"):
        prepare(make_table_recipe(data=archive), device=CPU)
    audio = Dataset("songs", ("a",), (Track("a/1", "a", tmp_path / "no such file.wav"),))
    with pytest.raises(RecipeError, match=r"'songs' is audio\. Make one of its audio"):
        require_front_end(audio, HANDCRAFTED)
    with pytest.raises(RecipeError, match="feature table without audio"):
        require_front_end(make_dataset(), POWER_SPECTROGRAM_A)


def test_columns_in_another_order_are_not_the_same_features() -> None:
    dataset = make_dataset()
    assert dataset.table is not None
    turned = replace(dataset, table=replace(dataset.table, names=dataset.table.names[::-1]))
    with pytest.raises(RecipeError, match=r"not the same in the same order\. Its front end is none"):
        require_front_end(turned, HANDCRAFTED)


def test_such_a_model_is_not_exported(make_table_recipe, tmp_path, genrekit_cli) -> None:
    pytest.importorskip("onnxscript")
    run = train(prepare(make_table_recipe(), device=CPU), tmp_path)
    done = genrekit_cli("export", run.folder, "--output", tmp_path / "model.onnx")
    assert done.code == 2
    assert "cannot be exported: a model file takes a waveform" in done.err
    assert not (tmp_path / "model.onnx").exists()


@pytest.mark.parametrize("path", sorted(RECIPES.glob("a_mlp_*.yaml")), ids=lambda path: path.stem)
def test_the_recipes_of_the_baseline_are_report_a_s(path: Path) -> None:
    recipe = load_recipe(path)
    o = recipe.optimisation
    assert (o.optimizer, o.learning_rate, o.weight_decay, o.max_epochs, o.early_stopping_epochs, o.monitor) == (
        "adam", 1e-3, 1e-4, 300, 30, "valid_accuracy",
    )  # fmt: skip
    assert ("contaminated" in path.stem) == (recipe.split.name == "a_contaminated")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a_mlp_30s", "a_mlp_10s", "a_mlp_10s_contaminated"])
def test_the_recipes_run_on_the_public_tables(name: str, gtzan_root: Path, tmp_path: Path) -> None:
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    recipe = load_recipe(RECIPES / f"{name}.yaml", ["optimisation.max_epochs=15"]).with_root(gtzan_root)
    stored = Predictions.read_parquet(train(prepare(recipe, device=CPU), tmp_path).predictions_path)
    assert len(load_dataset(recipe.data.dataset, gtzan_root).genres) == 10
    valid = stored.select(part="valid")
    assert (valid.probabilities.argmax(1) == valid.label).mean() > 0.5


def test_a_table_of_incomplete_data_says_so(make_table_recipe, tmp_path):
    made = make_dataset()
    lost = tuple(Fault("missing", f"{genre}.9{k}", "no file", genre) for genre in ("polka", "tango") for k in range(2))
    # A name proves nothing: a folder of one's own may be called like GTZAN.
    cases = {"gtzan.parquet": ((), 0), "dances.parquet": (lost, 4), "dances.csv": (lost, 0)}
    for name, (faults, missing) in cases.items():
        path = tmp_path / name
        write_table_file(replace(made, name=path.stem, faults=faults), path)
        data = {"dataset": "table", "root": str(path)}
        assert prepare(make_table_recipe(data=data)).proof.n_tracks_missing == missing
    data = {"dataset": "table", "root": str(tmp_path / "dances.parquet"), "left_out": ["polka"]}
    assert prepare(make_table_recipe(data=data)).proof.n_tracks_missing == 2

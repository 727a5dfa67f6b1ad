from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genrekit.errors import DataError
from genrekit.evaluation.predictions import Predictions

Make = Callable[..., Predictions]


def test_a_table_survives_parquet(make_predictions: Make, tmp_path: Path) -> None:
    predictions = make_predictions()
    path = tmp_path / "fold=3" / "predictions.parquet"
    path.parent.mkdir()
    predictions.write_parquet(path)
    back = Predictions.read_parquet(path)
    for name in ("track", "start_s", "part", "fold", "seed", "label", "probabilities", "artist"):
        np.testing.assert_array_equal(getattr(back, name), getattr(predictions, name))
    assert back.metadata() == predictions.metadata()
    assert back.sha256 == predictions.sha256
    assert [p.name for p in path.parent.iterdir()] == ["predictions.parquet"]


def test_the_file_is_readable_without_genrekit(make_predictions: Make, tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    make_predictions().write_parquet(path)
    table = pq.read_table(path)
    assert "p_classical" in table.column_names
    assert table.schema.field("p_classical").type == pa.float32()
    assert table.column("artist").null_count > 0
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


def test_without_artists_the_column_is_absent(make_predictions: Make, tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    make_predictions(with_artists=False).write_parquet(path)
    assert "artist" not in pq.read_table(path).column_names
    assert Predictions.read_parquet(path).artist is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"part": "dev"}, "part is not one of train, valid, test"),
        ({"label": 4}, r"label is outside 0\.\.3"),
        ({"fold": -1}, "fold is negative"),
        ({"start_s": np.nan}, "start_s is not a finite"),
        ({"track": ""}, "track is empty"),
        ({"label": 3}, "another label"),
    ],
)
def test_one_wrong_cell_is_named(make_predictions: Make, change: dict[str, object], message: str) -> None:
    predictions = make_predictions()
    ((name, value),) = change.items()
    column = np.array(getattr(predictions, name))
    column[5] = value
    with pytest.raises(DataError, match=message):
        replace(predictions, **{name: column})


@pytest.mark.parametrize("row", [[0.5, 0.5, 0.5, 0.5], [-0.5, 0.5, 0.5, 0.5], [np.nan, 0, 0, 1], [0.9, 0, 0, 0]])
def test_what_is_not_a_distribution_is_refused(make_predictions: Make, row: list[float]) -> None:
    predictions = make_predictions()
    probabilities = predictions.probabilities.copy()
    probabilities[2] = row
    with pytest.raises(DataError, match=r"first in row 2 \(track 'blues.00000' at 3 s"):
        replace(predictions, probabilities=probabilities)


def test_shapes_types_and_names_are_checked(make_predictions: Make) -> None:
    predictions = make_predictions()
    with pytest.raises(DataError, match="shape"):
        replace(predictions, fold=predictions.fold[:-1])
    with pytest.raises(DataError, match="shape"):
        replace(predictions, probabilities=predictions.probabilities[:, :3])
    with pytest.raises(DataError, match="integers are expected"):
        replace(predictions, label=predictions.label.astype(float))
    with pytest.raises(DataError, match="Unknown protocol 'P9'"):
        replace(predictions, protocol="P9")
    with pytest.raises(DataError, match="contaminated=True"):
        replace(predictions, protocol="P1")
    with pytest.raises(DataError, match="genres"):
        replace(predictions, genres=("a", "a", "b", "c"))


def test_a_repeated_row_is_refused(make_predictions: Make) -> None:
    predictions = make_predictions()
    with pytest.raises(DataError, match="a second time"):
        Predictions.concatenate([predictions, predictions])


def test_a_table_shows_itself_in_a_line(make_predictions: Make) -> None:
    pooled = Predictions.concatenate([make_predictions(fold=fold, protocol="P1") for fold in range(5)])
    assert repr(pooled) == (
        "<Predictions CONTAMINATED: se_cnn on gtzan_archive, P1: 600 rows, 40 tracks, 4 genres, part test, "
        "fold 0 1 2 ..., seed 0>"
    )


def test_arrays_are_read_only(make_predictions: Make) -> None:
    with pytest.raises(ValueError, match="read-only"):
        make_predictions().probabilities[0, 0] = 1


def test_concatenate_and_select_are_inverse(make_predictions: Make) -> None:
    tables = [make_predictions(fold=f, seed=s, generator_seed=10 * f + s) for f in range(2) for s in range(2)]
    pooled = Predictions.concatenate(tables)
    assert len(pooled) == sum(len(table) for table in tables)
    assert pooled.select(part="test", fold=1, seed=0).sha256 == tables[2].sha256
    assert len(pooled.select(part="train")) == 0


@pytest.mark.parametrize(("what", "value"), [("recipe", "mlp"), ("dataset", "gtzan6"), ("protocol", "P3")])
def test_what_differs_is_not_concatenated(make_predictions: Make, what: str, value: str) -> None:
    one, two = make_predictions(), make_predictions(seed=1)
    with pytest.raises(DataError, match=f"different {what}.*{value}"):
        Predictions.concatenate([one, replace(two, **{what: value})])


def test_contamination_and_unknown_artists_survive_concatenation(make_predictions: Make) -> None:
    one, two = make_predictions(), make_predictions(seed=1, with_artists=False)
    pooled = Predictions.concatenate([one, replace(two, contaminated=True)])
    assert pooled.contaminated
    assert pooled.artist is None


@given(st.randoms(use_true_random=False))
def test_the_digest_ignores_the_order_of_rows(make_predictions: Make, random: object) -> None:
    predictions = make_predictions(n_tracks=8)
    order = np.arange(len(predictions))
    random.shuffle(order)  # type: ignore[attr-defined]
    assert predictions.take(order).sha256 == predictions.sha256


def test_the_digest_sees_each_column(make_predictions: Make) -> None:
    predictions = make_predictions()
    changed = predictions.probabilities.copy()
    changed[0] = changed[0, ::-1]
    others = [
        replace(predictions, probabilities=changed),
        replace(predictions, seed=predictions.seed + 1),
        replace(predictions, start_s=predictions.start_s + 1),
        replace(predictions, recipe="other"),
        replace(predictions, artist=None),
    ]
    assert len({predictions.sha256, *(other.sha256 for other in others)}) == 6


def test_files_that_are_not_predictions_are_refused(make_predictions: Make, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No predictions at"):
        Predictions.read_parquet(tmp_path / "missing.parquet")
    text = tmp_path / "text.parquet"
    text.write_text("not parquet")
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        Predictions.read_parquet(text)
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), other)
    with pytest.raises(DataError, match="not a table of predictions"):
        Predictions.read_parquet(other)
    good = tmp_path / "good.parquet"
    make_predictions().write_parquet(good)
    table = pq.read_table(good)
    pq.write_table(table.drop_columns(["p_disco"]), other)
    with pytest.raises(DataError, match="lacks the columns p_disco"):
        Predictions.read_parquet(other)
    pq.write_table(table.replace_schema_metadata({b"genrekit": b'{"kind": "predictions", "format": 2}'}), other)
    with pytest.raises(DataError, match="format 2"):
        Predictions.read_parquet(other)
    good.write_bytes(good.read_bytes()[:-40])
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        Predictions.read_parquet(good)


def test_a_failed_write_leaves_the_old_file(make_predictions: Make, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Cannot write predictions"):
        make_predictions().write_parquet(tmp_path / "no such folder" / "predictions.parquet")
    folder = tmp_path / "taken.parquet"
    folder.mkdir()
    with pytest.raises(DataError, match="Cannot write predictions"):
        make_predictions().write_parquet(folder)
    assert list(tmp_path.iterdir()) == [folder]


def test_an_empty_table_is_allowed(make_predictions: Make, tmp_path: Path) -> None:
    empty = make_predictions().select(part="valid")
    empty.write_parquet(tmp_path / "p.parquet")
    assert len(Predictions.read_parquet(tmp_path / "p.parquet")) == 0

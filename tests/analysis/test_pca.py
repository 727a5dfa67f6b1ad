from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from genrekit.analysis.feature_pca import draw_feature_pca, load_table, published_note
from genrekit.analysis.pca import fit_pca
from genrekit.analysis.pca_figures import PlaneFrame
from genrekit.analysis.picture import Picture
from genrekit.data.dataset import Dataset, Track
from genrekit.data.feature_table import FeatureTable
from genrekit.errors import DataError


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(5, 40), st.integers(2, 8))
def test_it_is_scikit_learns_up_to_signs(seed: int, n: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, d)) @ rng.standard_normal((d, d)) * 10.0 ** rng.integers(-3, 4, d) + rng.integers(
        -5, 5, d
    )
    ours, theirs = fit_pca(x), PCA().fit(StandardScaler().fit_transform(x))
    k = len(theirs.singular_values_)
    assert ours.explained_variance_ratio == pytest.approx(
        theirs.explained_variance_ratio_[: len(ours.components)], abs=1e-9
    )
    assert ours.singular_values == pytest.approx(theirs.singular_values_, rel=1e-6, abs=1e-6)
    assert ours.explained_variance_ratio.sum() == pytest.approx(1)
    assert np.abs(ours.transform(x)).shape == (n, k)
    assert ours.components @ ours.components.T == pytest.approx(np.eye(k), abs=1e-9)


def test_signs_and_constant_columns() -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.standard_normal((30, 3)), np.full(30, 7.0)])
    pca = fit_pca(x)
    assert pca.n_constant == 1
    assert all(row[np.abs(row).argmax()] > 0 for row in pca.components)
    assert fit_pca(-x).explained_variance_ratio == pytest.approx(pca.explained_variance_ratio)
    assert pca.n_components_for(1.0) <= 4 and pca.n_components_for(1e-6) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.ones((1, 3)), "shape"),
        (np.ones((5, 3)), "constant"),
        (np.array([[1.0, np.nan], [2.0, 3.0]]), "row 0, column 1"),
    ],
)
def test_what_has_no_components_is_refused(values: np.ndarray, words: str) -> None:
    with pytest.raises(DataError, match=words):
        fit_pca(values)
    with pytest.raises(DataError, match="share"):
        fit_pca(np.random.default_rng(0).standard_normal((5, 2))).n_components_for(1.5)


def small_table(n_excerpts: int = 1) -> Dataset:
    """Two genres that lie apart in the first of three features."""
    rng = np.random.default_rng(3)
    ids = [f"{genre}.{k:05d}" for genre in ("blues", "jazz") for k in range(20)]
    track = tuple(track for track in ids for _ in range(n_excerpts))
    genre = tuple(track.split(".")[0] for track in track)
    values = rng.standard_normal((len(track), 3))
    values[:, 0] += np.where(np.array(genre) == "jazz", 6.0, 0.0)
    values[:, 1] += values[:, 0]
    start_s = np.tile(np.arange(n_excerpts) * 3.0, len(ids))
    table = FeatureTable(("a", "b", "c"), track, start_s, 3.0, values, genre)
    return Dataset("small", ("blues", "jazz"), tuple(Track(name, name.split(".")[0]) for name in ids), table=table)


def named(pictures: tuple[Picture, ...]) -> dict[str, Picture]:
    return {picture.name: picture for picture in pictures}


@pytest.mark.parametrize("columns", [1, 2])
def test_all_pictures_of_a_table_are_as_wide_as_asked(columns: int) -> None:
    widths = {picture.figure.get_figwidth() for picture in draw_feature_pca(small_table(), columns=columns)}
    assert widths == {3.5 if columns == 1 else 7.16}


def test_a_table_of_one_feature_has_no_plane() -> None:
    dataset = small_table()
    assert dataset.table is not None
    table = replace(dataset.table, names=("a",), values=dataset.table.values[:, :1])
    with pytest.raises(DataError, match="needs two features; the table has a alone"):
        draw_feature_pca(replace(dataset, table=table))


@pytest.mark.parametrize("n_excerpts", [1, 2])
def test_pictures_of_a_table(table_of, n_excerpts: int) -> None:
    dataset = small_table(n_excerpts)
    assert dataset.table is not None
    pictures = named(draw_feature_pca(dataset))
    pca = fit_pca(dataset.table.values)
    scores = pca.transform(dataset.table.values)
    rows = table_of(pictures["pca_scatter"])
    assert [float(row["component_1"]) for row in rows] == pytest.approx(scores[:, 0].tolist())
    assert rows[n_excerpts]["id"] == ("blues.00001" if n_excerpts == 1 else "blues.00001@0s")
    spectrum = table_of(pictures["pca_spectrum"])
    assert [float(row["singular_value"]) for row in spectrum] == pytest.approx(pca.singular_values.tolist())
    assert float(spectrum[-1]["cumulated"]) == pytest.approx(1)
    apart = table_of(pictures["pca_genres"])
    assert [row["genre"] for row in apart] == ["blues", "jazz"]
    assert all(float(row["nearest_own_mean"]) > 0.9 for row in apart)
    assert "n = 40 tracks" in pictures["pca_scatter"].caption
    assert published_note(dataset.table, pca) == ""


def test_what_lies_outside_the_frame_is_counted_and_no_mark_is_cut(table_of) -> None:
    dataset = small_table(n_excerpts=20)
    assert dataset.table is not None
    dataset.table.values[:2] = 500.0
    pictures = named(draw_feature_pca(dataset))
    for name in ("pca_scatter", "pca_genres"):
        assert "Outside the frame: 2 excerpts." in pictures[name].caption
        assert len(table_of(pictures[name])) == (800 if name == "pca_scatter" else 2)
        for axes in (axes for axes in pictures[name].figure.axes if axes.get_visible()):
            # The two that lie outside are drawn nowhere; the rest are whole, at the edge too.
            points = [mark for mark in axes.collections if len(mark.get_offsets()) > 1]
            assert sum(len(mark.get_offsets()) for mark in points) == 798
            assert not any(mark.get_clip_on() for mark in points if mark.get_alpha())


def test_the_frame_of_few_points_holds_all_of_them() -> None:
    rng = np.random.default_rng(5)
    for n in (2, 30, 499):
        points = rng.standard_cauchy((n, 3))
        frame = PlaneFrame.around(points)
        assert frame.holds(points).all() and frame.note(points, "track") == ""
    points = np.vstack([rng.standard_normal((2000, 2)), [[900.0, 0.0]]])
    frame = PlaneFrame.around(points)
    assert not frame.holds(points)[-1] and frame.x[1] < 10
    assert frame.note(points[-1:], "track") == " Outside the frame: 1 track."


def test_a_data_set_without_a_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no feature table"):
        draw_feature_pca(Dataset("audio", ("blues",), (Track("a", "blues"),)))
    with pytest.raises(DataError, match="There is no feature table"):
        load_table(tmp_path / "no.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError):
        load_table(tmp_path / "binary.csv")


def test_the_public_table_gives_other_shares_than_are_printed(gtzan_root: Path) -> None:
    path = gtzan_root / "features_30_sec.csv"
    if not path.is_file():
        pytest.skip("the public table is not there")
    dataset = load_table(path)
    assert dataset.table is not None
    pca = fit_pca(dataset.table.values)
    assert pca.explained_variance_ratio[:2].sum() == pytest.approx(0.409, abs=5e-4)
    assert pca.n_components_for(0.95) == 33
    note = published_note(dataset.table, pca)
    assert "40.9 %" in note and "52 %" in note and "33 are needed" in note and "51.6 %" in note

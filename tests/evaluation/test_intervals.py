from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from genrekit.errors import DataError
from genrekit.evaluation.clusters import cluster_rows
from genrekit.evaluation.fusion import fuse
from genrekit.evaluation.intervals import bootstrap_scores, percentile_interval, resample_weights
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.scores import score

Make = Callable[..., Predictions]


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def half_width(predictions: Predictions, metric: str = "accuracy") -> float:
    interval = bootstrap_scores(predictions, generator=generator(), n_resamples=4000)[metric]
    return (interval.high - interval.low) / 2


@pytest.mark.parametrize(("accuracy", "expected"), [(0.6, 0.056), (0.8, 0.046)])
def test_290_tracks_give_the_half_width_of_theory(make_predictions: Make, accuracy: float, expected: float) -> None:
    table = make_predictions(n_tracks=290, n_excerpts=1, accuracy=accuracy, with_artists=False)
    assert half_width(table) == pytest.approx(expected, abs=0.004)


def test_f1_interval_agrees_with_a_plain_loop(make_predictions: Make) -> None:
    table = fuse(make_predictions(n_tracks=60, with_artists=False), "mean")
    ours = bootstrap_scores(table, generator=generator(), n_resamples=4000)["f1"]
    rng = generator(1)
    samples = []
    for _ in range(600):
        rows = rng.integers(0, 60, 60)
        samples.append(f1_score(table.label[rows], table.predicted[rows], average="macro"))
    np.testing.assert_allclose([ours.low, ours.high], np.quantile(samples, [0.025, 0.975]), atol=0.03)


def test_bias_of_a_bootstrap_is_taken_out() -> None:
    """Samples half a deviation below their score: that far above it they say most."""
    samples = generator().normal(-0.5, 1, 200_000)
    plain = percentile_interval(samples, 0.95, 10, "track")
    corrected = percentile_interval(samples, 0.95, 10, "track", score=0.0)
    np.testing.assert_allclose([plain.low, plain.high], [-2.46, 1.46], atol=0.03)
    np.testing.assert_allclose([corrected.low, corrected.high], [-1.46, 2.46], atol=0.03)
    assert percentile_interval(np.ones(2000), 0.95, 10, "track", score=1.0).low == 1.0


def test_f1_of_few_artists_a_genre_is_not_shifted_down(make_predictions: Make) -> None:
    """Two artists a genre, of very different size: resamples upset the sizes of genres, and F1 falls."""
    table = make_predictions(n_tracks=200, n_excerpts=1, accuracy=0.8)
    number = np.array([int(track.rpartition(".")[2]) for track in table.track])
    names = [f"{label} {i % 20 < 17}" for label, i in zip(table.label, number // 4, strict=True)]
    found = bootstrap_scores(replace(table, artist=np.array(names)), generator=generator())
    for metric in ("precision", "f1"):
        interval = found[metric]
        assert (interval.low + interval.high) / 2 > getattr(score(table), metric) - 0.02


def test_excerpts_and_seeds_of_a_track_add_no_certainty(make_predictions: Make) -> None:
    once = make_predictions(n_tracks=100, n_excerpts=1, with_artists=False)
    often = make_predictions(n_tracks=100, n_excerpts=19, with_artists=False)
    seeds = Predictions.concatenate([replace(once, seed=once.seed + s) for s in range(5)])
    assert half_width(often) == pytest.approx(half_width(once), rel=0.05)
    assert half_width(seeds) == pytest.approx(half_width(once), rel=0.05)


def test_tracks_of_one_artist_widen_the_interval(make_predictions: Make) -> None:
    table = make_predictions(n_tracks=200, n_excerpts=1, with_artists=False)
    order = np.argsort(~table.correct, kind="stable")
    artist = np.empty(200, dtype="U20")
    artist[order] = [f"artist {i // 10}" for i in range(200)]
    clustered = replace(table, artist=artist)
    assert half_width(clustered) > 2 * half_width(table)
    interval = bootstrap_scores(clustered, generator=generator())["accuracy"]
    assert (interval.unit, interval.n_clusters) == ("artist", 20)


def test_the_same_generator_gives_the_same_interval(make_predictions: Make) -> None:
    table = make_predictions()
    one = bootstrap_scores(table, generator=generator(3))
    assert one == bootstrap_scores(table, generator=generator(3))
    assert one != bootstrap_scores(table, generator=generator(4))


def test_where_all_is_right_there_is_wilsons_interval_of_the_clusters(make_predictions: Make) -> None:
    table = make_predictions(n_tracks=40, n_excerpts=3, accuracy=1.0, with_artists=False)
    expected = binomtest(40, 40).proportion_ci(0.95, method="wilson")
    for interval in bootstrap_scores(table, generator=generator()).values():
        assert (interval.low, interval.high) == pytest.approx((expected.low, 1.0), abs=1e-6)
        assert (interval.n_clusters, interval.n_resamples) == (40, 0)
    narrow = bootstrap_scores(table, generator=generator(), level=0.5)["accuracy"]
    assert narrow.low == pytest.approx(binomtest(40, 40).proportion_ci(0.5, method="wilson").low, abs=1e-6)


def test_of_one_artist_hardly_anything_is_known(make_predictions: Make) -> None:
    table = make_predictions(n_tracks=40, accuracy=0.7)
    interval = bootstrap_scores(replace(table, artist=np.full(len(table), "one")), generator=generator())["accuracy"]
    assert interval.low < 0.2 < 0.9 < interval.high


def test_resamples_draw_as_many_clusters_as_there_are() -> None:
    blocks = list(resample_weights(3_000_000, 3, generator()))
    assert [len(block) for block in blocks] == [1, 1, 1]
    weights = np.concatenate(list(resample_weights(7, 5000, generator())))
    assert weights.shape == (5000, 7)
    assert (weights.sum(axis=1) == 7).all()
    np.testing.assert_allclose(weights.mean(axis=0), 1, atol=0.06)


def test_what_makes_no_interval_is_refused(make_predictions: Make) -> None:
    table = make_predictions()
    with pytest.raises(DataError, match="100 resamples are too few"):
        bootstrap_scores(table, generator=generator(), n_resamples=100)
    with pytest.raises(DataError, match="between 0 and 1"):
        bootstrap_scores(table, generator=generator(), level=95)
    with pytest.raises(DataError, match="no rows"):
        bootstrap_scores(table.select(part="train"), generator=generator())


def test_artists_are_compared_without_case_blanks_accents_and_points(make_predictions: Make) -> None:
    table = make_predictions(n_tracks=4, n_excerpts=2)
    names = np.array(["Bob Marley", "Bob Marley", " bob marley ", "BÓB MARLEY.", "", "", "Nina", ""])
    clusters = cluster_rows(replace(table, artist=names))
    assert clusters.unit == "artist"
    assert clusters.n_clusters == 3
    assert len(set(clusters.index[:4].tolist())) == 1
    # The last row has no artist, but belongs to the same track as the one before.
    assert clusters.index[6] == clusters.index[7]


def test_without_artists_the_track_is_the_unit(make_predictions: Make) -> None:
    table = make_predictions(n_tracks=4, n_excerpts=2)
    for artist in (None, np.full(8, "")):
        clusters = cluster_rows(replace(table, artist=artist))
        assert (clusters.unit, clusters.n_clusters) == ("track", 4)

"""A network's embedding of the tracks that it was tested on (report A, figure 5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genrekit.analysis.captions import count
from genrekit.analysis.pca import fit_pca
from genrekit.analysis.pca_figures import draw_genre_panels, pca_facts, plane_limits, scatter_genres
from genrekit.analysis.picture import Picture
from genrekit.analysis.style import PaperWidth, contaminated_mark, new_figure, paper_style
from genrekit.errors import RunError
from genrekit.evaluation.protocols import PROTOCOL_NOTES
from genrekit.evaluation.readings import record_digest

__all__ = ["Embedding", "draw_embedding", "embed_test_part"]


@dataclass(frozen=True, eq=False)
class Embedding:
    """The embedding of every excerpt of one run's test part.

    Attributes
    ----------
    values : [n, d] float32, the network's `forward_features`
    track, start_s, label : [n] of each excerpt; label is the index of its true genre in `genres`
    run, recipe, dataset, protocol, contaminated, fold, n_folds, seed : of the run
    weights_sha256 : of the network
    """

    genres: tuple[str, ...]
    values: NDArray[np.float32]
    track: NDArray[np.str_]
    start_s: NDArray[np.float64]
    label: NDArray[np.int64]
    run: str
    recipe: str
    dataset: str
    protocol: str
    contaminated: bool
    fold: int
    n_folds: int
    seed: int
    weights_sha256: str

    def per_track(self) -> tuple[NDArray[np.str_], NDArray[np.int64], NDArray[np.float64]]:
        """Tracks in order, their labels, and the mean of each one's excerpts [n_tracks, d]."""
        tracks, first, index, n = np.unique(self.track, return_index=True, return_inverse=True, return_counts=True)
        means = np.zeros((len(tracks), self.values.shape[1]))
        np.add.at(means, index, self.values)
        return tracks, self.label[first], means / n[:, None]

    @property
    def caption(self) -> str:
        """Where the picture is from."""
        n_tracks = len(np.unique(self.track))
        facts = [
            f"{self.recipe} on {self.dataset}",
            f"{self.protocol}, {PROTOCOL_NOTES[self.protocol].title}",
            f"test part of fold {self.fold + 1} of {self.n_folds} only",
            f"seed {self.seed}",
            f"n = {count(n_tracks, 'track')}, {count(len(self.track), 'excerpt')}",
            f"PCA of the {self.values.shape[1]} standardised values of the embedding of excerpts",
        ]
        return "; ".join(facts) + "."


def embed_test_part(
    folder: str | Path,
    *,
    data_root: Path | None,
    command: str,
    on_progress: Callable[[int, int, str], None] = lambda done, total, what: None,
) -> Embedding:
    """Embed the excerpts of the test part of a finished run; it is recorded in the run as a reading of that part.

    Parameters
    ----------
    data_root : where the run's data set lies; None for where it lay in training
    command : recorded with the reading

    Raises
    ------
    RunError : the run is not finished, or the data give another split than the run has
    DataError : the data are not there, or the record cannot be written
    """
    import torch

    from genrekit.training.prediction import evaluation_batches
    from genrekit.training.preparation import prepare
    from genrekit.training.run import Run
    from genrekit.training.trainer import load_network

    run = Run(Path(folder))
    network, _ = load_network(run)
    recipe, split = run.recipe(), run.split()
    if data_root is not None:
        recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update={"root": data_root})})
    prepared = prepare(recipe, device=torch.device("cpu"), on_progress=on_progress)
    if prepared.split.hash != split.hash:
        raise RunError(
            f"{run.folder} was split as {split.hash[:8]}, but its recipe gives {prepared.split.hash[:8]} on these "
            "data: they are not those of the run. Give the folder or archive that it was trained on as --data."
        )
    table = prepared.tables["test"]
    if not len(table):
        raise RunError(f"{run.folder} has an empty test part; there is nothing to embed.")
    weights_sha256 = hashlib.sha256(run.weights_path.read_bytes()).hexdigest()
    record_digest(run.folder, command=command, sha256=_digest(weights_sha256, split.hash))
    network.eval()
    with torch.inference_mode():
        values = torch.cat(
            [network.forward_features(batch.features.float()).float() for batch in evaluation_batches(prepared, "test")]
        )
    dataset = prepared.dataset
    return Embedding(
        genres=dataset.genres,
        values=values.flatten(1).numpy(),
        track=np.array([dataset.tracks[row].track_id for row in table.rows.tolist()]),
        start_s=np.array(table.start_s),
        label=table.labels.numpy(),
        run=run.folder.resolve().name,
        recipe=recipe.name,
        dataset=dataset.name,
        protocol=split.protocol,
        contaminated=split.contaminated,
        fold=split.fold,
        n_folds=split.n_folds or 1,
        seed=recipe.seed,
        weights_sha256=weights_sha256,
    )


def draw_embedding(embedding: Embedding, *, columns: PaperWidth = 2) -> tuple[Picture, ...]:
    """Excerpts and tracks on the first two components of the excerpts, and the tracks genre by genre.

    A track is the mean of its excerpts, on the same axes. Over one column the two panels stand one above the other.
    """
    pca = fit_pca(embedding.values)
    scores = pca.transform(embedding.values)
    tracks, track_label, means = embedding.per_track()
    track_scores = pca.transform(means)
    shares = 100 * pca.explained_variance_ratio
    limits = plane_limits(scores)
    mark = contaminated_mark([embedding.contaminated])
    caption = f"{embedding.caption} Large marks: means of the genres."
    with paper_style():
        across = 2 if columns == 2 else 1
        figure = new_figure(columns=columns, height_in=3.6 if columns == 2 else 6.0, caption=caption, mark=mark)
        panels = figure.subplots(2 // across, across, sharex=True, sharey=True).ravel()
        for axes, points, label, title, size in (
            (panels[0], scores, embedding.label, f"(a) {count(len(scores), 'excerpt')}", 7.0),
            (panels[1], track_scores, track_label, f"(b) {count(len(tracks), 'track')}, mean of excerpts", 10.0),
        ):
            scatter_genres(axes, points, label, embedding.genres, size=size)
            axes.set(xlim=limits[0], ylim=limits[1], title=title)
        for axes in panels if across == 2 else panels[1:]:
            axes.set_xlabel(f"component 1 ({shares[0]:.1f} % of variance)")
        for axes in panels[:1] if across == 2 else panels:
            axes.set_ylabel(f"component 2 ({shares[1]:.1f} %)" if len(shares) > 1 else "")
        figure.legend(
            *panels[0].get_legend_handles_labels(),
            loc="outside upper center",
            ncols=10 if columns == 2 else 5,
            markerscale=0.6,
            handlelength=0.8,
        )
    rows = [
        *(
            ("excerpt", track, start, embedding.genres[label], float(point[0]), float(point[1]))
            for track, start, label, point in zip(
                embedding.track.tolist(), embedding.start_s.tolist(), embedding.label.tolist(), scores, strict=True
            )
        ),
        *(
            ("track", track, None, embedding.genres[label], float(point[0]), float(point[1]))
            for track, label, point in zip(tracks.tolist(), track_label.tolist(), track_scores, strict=True)
        ),
    ]
    facts = {
        "run": embedding.run,
        "protocol": embedding.protocol,
        "fold": embedding.fold,
        "seed": embedding.seed,
        "weights_sha256": embedding.weights_sha256,
        **pca_facts(pca),
    }
    names = ("unit", "track", "start_s", "genre", "component_1", "component_2")
    panels_picture = draw_genre_panels(
        "embedding_genres",
        pca,
        track_scores,
        track_label,
        embedding.genres,
        caption=f"{embedding.caption} Tracks, each the mean of its excerpts.",
        columns=columns,
        mark=mark,
    )
    return Picture("embedding", figure, caption, embedding.contaminated, names, rows, facts), panels_picture


def _digest(weights_sha256: str, split_hash: str) -> str:
    return hashlib.sha256(f"embedding of the test part/{weights_sha256}/{split_hash}".encode()).hexdigest()

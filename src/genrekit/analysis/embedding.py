"""A network's embedding of the tracks that it was tested on (report A, figure 5)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from genrekit.analysis.captions import STOPPED_ON_TEST, count
from genrekit.analysis.embedding_figure import EmbeddingPlane, draw_plane
from genrekit.analysis.pca import fit_pca
from genrekit.analysis.pca_figures import pca_facts
from genrekit.analysis.picture import Picture
from genrekit.analysis.style import PaperWidth
from genrekit.data.relations import listed_artists
from genrekit.errors import RunError
from genrekit.evaluation.protocols import note_of
from genrekit.evaluation.readings import record_digest
from genrekit.file_identity import file_sha256
from genrekit.progress import Progress

__all__ = ["EmbeddedPart", "draw_embedding", "embed_test_part"]


@dataclass(frozen=True, eq=False)
class EmbeddedPart:
    """The embedding of every excerpt of one run's test part.

    Attributes
    ----------
    values : [n, d] float32, the network's `forward_features`
    track, start_s, label : [n] of each excerpt; label is the index of its true genre in `genres`
    run, recipe, dataset, protocol, contaminated, fold, n_folds, seed : of the run
    weights_sha256 : of the network
    n_artists : different artists of these tracks that are known
    validates_on_test : whether training stopped on what is shown
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
    n_artists: int
    validates_on_test: bool = False

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
        fold = f"fold {self.fold}" if self.n_folds == 1 else f"fold {self.fold} of 0 to {self.n_folds - 1}"
        facts = [
            f"{self.recipe} on {self.dataset}",
            f"{self.protocol}, {note_of(self.protocol, n_artists=self.n_artists).title}",
            f"test part of {fold} only",
            f"seed {self.seed}",
            f"n = {count(n_tracks, 'track')}, {count(len(self.track), 'excerpt')}",
            f"PCA of the {self.values.shape[1]} standardised values of the embedding of excerpts",
        ]
        if self.validates_on_test:
            facts.append(STOPPED_ON_TEST)
        return "; ".join(facts) + "."


def embed_test_part(
    folder: str | Path,
    *,
    data_root: Path | None,
    command: str,
    on_progress: Progress = lambda done, total, what: None,
) -> EmbeddedPart:
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
    recipe, split = run.recipe(), run.split()
    network, _ = load_network(run)
    prepared = prepare(recipe.with_root(data_root, replace=True), device=torch.device("cpu"), on_progress=on_progress)
    if prepared.split.hash != split.hash:
        raise RunError(
            f"{run.folder} was split as {split.hash[:8]}, but its recipe gives {prepared.split.hash[:8]} on these "
            "data: they are not those of the run. Give the folder or archive that it was trained on as --root."
        )
    table = prepared.tables["test"]
    if not len(table):
        raise RunError(f"{run.folder} has an empty test part; there is nothing to embed.")
    weights_sha256 = file_sha256(run.weights_path)
    record_digest(run.folder, command=command, sha256=_digest(weights_sha256, split.hash))
    network.eval()
    with torch.inference_mode():
        values = torch.cat(
            [network.forward_features(batch.features.float()).float() for batch in evaluation_batches(prepared, "test")]
        )
    dataset = prepared.dataset
    return EmbeddedPart(
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
        n_artists=len({name for row in table.rows.tolist() for name in listed_artists(dataset.tracks[row].artist)}),
        validates_on_test=split.validation == "test",
    )


def draw_embedding(embedding: EmbeddedPart, *, columns: PaperWidth = 2) -> tuple[Picture, ...]:
    """Excerpts and tracks on the first two components of the excerpts, and the tracks genre by genre.

    A track is the mean of its excerpts, on the same axes. Over one column the two panels stand one above the other.
    """
    return draw_plane(_on_plane(embedding), columns=columns)


def _on_plane(embedding: EmbeddedPart) -> EmbeddingPlane:
    pca = fit_pca(embedding.values)
    tracks, track_label, means = embedding.per_track()
    return EmbeddingPlane(
        provenance=embedding.caption,
        contaminated=embedding.contaminated,
        genres=embedding.genres,
        track=embedding.track,
        start_s=embedding.start_s,
        label=embedding.label,
        points=pca.transform(embedding.values)[:, :2],
        track_names=tracks,
        track_label=track_label,
        track_points=pca.transform(means)[:, :2],
        facts={
            "run": embedding.run,
            "protocol": embedding.protocol,
            "fold": embedding.fold,
            "seed": embedding.seed,
            "weights_sha256": embedding.weights_sha256,
            **pca_facts(pca),
        },
    )


def _digest(weights_sha256: str, split_hash: str) -> str:
    return hashlib.sha256(f"embedding of the test part/{weights_sha256}/{split_hash}".encode()).hexdigest()

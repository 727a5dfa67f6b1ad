"""Excerpts from a feature table: what a network of handcrafted features is trained on."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genrekit.data.dataset import Dataset
from genrekit.data.feature_table import FeatureTable
from genrekit.data.window_grid import end_slack_hops, grid_size
from genrekit.errors import RecipeError
from genrekit.features.spec import FEATURES, FeatureSpec
from genrekit.training.recipes.groups import Excerpts

__all__ = ["TableSource", "require_table"]


class TableSource:
    """The rows of a feature table; a step is an excerpt of a track, and a cut one of them: [batch, n_features, 1].

    Raises
    ------
    RecipeError
        If the data set has no table, or its columns are not those of the front end.
    """

    is_decibel_grid = False

    def __init__(self, dataset: Dataset, spec: FeatureSpec, device: torch.device) -> None:
        table = require_table(dataset, spec)
        self._table = table
        self._values = torch.from_numpy(table.values).float().to(device)
        rows = [table.rows[track.track_id] for track in dataset.tracks]
        self._first = torch.tensor([place.start for place in rows], device=device)
        self.n_steps = torch.tensor([place.stop - place.start for place in rows], device=device)
        self.step_s = table.hop_s or table.window_s
        self._starts_s = [tuple(table.start_s[place].tolist()) for place in rows]

    def steps(self, seconds: float) -> int:
        """Excerpts whose windows lie within so many seconds: 1 in one window, 19 of 3 s in 30 s with half overlap."""
        return grid_size(seconds, window_s=self._table.window_s, hop_s=self.step_s, span_s=None)

    def excerpts(self, row: int, excerpts: Excerpts) -> list[float]:
        """Start of each excerpt of a track that the recipe uses, in seconds, in the table's order.

        Raises
        ------
        RecipeError
            If the table's excerpts are of another length, or come at another hop, than the recipe's.
        """
        self._require_windows(excerpts)
        starts = self._starts_s[row]
        if excerpts.span_s is None:
            return list(starts)
        slack_hops = end_slack_hops(window_s=excerpts.window_s, hop_s=excerpts.hop_s)
        last_s = excerpts.span_s - excerpts.window_s + slack_hops * excerpts.hop_s
        return [start for start in starts if start <= last_s] or [starts[0]]

    def cut(self, rows: Tensor, starts: Tensor, length: int) -> Tensor:
        """[batch, n_features, 1], the excerpts numbered `starts` of the tracks `rows`."""
        place = torch.minimum(starts, self.n_steps[rows] - 1)
        return self._values[self._first[rows] + place].unsqueeze(2)

    def features(self, cut: Tensor) -> Tensor:
        """The same: a table holds features."""
        return cut

    def _require_windows(self, excerpts: Excerpts) -> None:
        table = self._table
        hop_s = table.hop_s
        if not math.isclose(excerpts.window_s, table.window_s, rel_tol=1e-6) or (
            hop_s is not None and not math.isclose(excerpts.hop_s, hop_s, rel_tol=1e-6)
        ):
            hop = "one a track" if hop_s is None else f"every {hop_s:g} s"
            raise RecipeError(
                f"The table holds excerpts of {table.window_s:g} s, {hop}; the recipe asks for {excerpts.window_s:g} s "
                f"every {excerpts.hop_s:g} s. Take a table of such excerpts (genrekit data prepare features --window-s "
                f"{excerpts.window_s:g} --hop-s {excerpts.hop_s:g}), or set excerpts.window_s and excerpts.hop_s."
            )


def require_table(dataset: Dataset, spec: FeatureSpec) -> FeatureTable:
    """The data set's table, if it has the columns of the front end `spec`.

    Raises
    ------
    RecipeError
        If the front end comes from a table and the data set has none, or the other way round, or the columns differ.
    """
    names = spec.column_names
    if dataset.table is None:
        raise RecipeError(
            f"Front end {spec.kind!r} comes from a feature table; data set {dataset.name!r} is "
            f"{'audio' if dataset.archive is None else 'an archive of log-mels'}. "
            + (
                "Make one of its audio with `genrekit data prepare features`, and train on the data set 'table'."
                if spec.kind == "handcrafted"
                else f"Take the data set {spec.kind!r}."
            )
        )
    if names is None:
        raise RecipeError(
            f"Data set {dataset.name!r} is a feature table without audio; this recipe asks for {spec.kind} at "
            f"{spec.sr} Hz. Use features: {_fitting(dataset.table)}, or a data set of audio (gtzan, gtzan6, folder)."
        )
    if dataset.table.names != names:
        odd = sorted(set(dataset.table.names) ^ set(names))
        raise RecipeError(
            f"Front end {spec.kind!r} has {len(names)} features; the table of data set {dataset.name!r} has "
            f"{len(dataset.table.names)}, and they are not the same in the same order"
            f"{': ' + ', '.join(odd[:5]) if odd else ''}. Its front end is {_fitting(dataset.table)}."
        )
    return dataset.table


def _fitting(table: FeatureTable) -> str:
    fitting = [name for name, spec in FEATURES.items() if spec.column_names == table.names]
    return fitting[0] if fitting else "none that genrekit knows"

"""Which excerpts a part of a split has: windows by time, as one table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genrekit.data.dataset import Dataset
from genrekit.data.split import Part, Split
from genrekit.errors import DataError
from genrekit.training.recipe import Excerpts
from genrekit.training.sources import Source

__all__ = ["ExcerptTable", "grid_size", "part_table"]

# A window that lacks less than this share of a hop at a track's end is kept; its last sample or column is repeated.
# GTZAN's shortest tracks lack 0.07 s of 30 s, and both reports count them as full.
END_SLACK_HOPS = 0.1


@dataclass(frozen=True)
class ExcerptTable:
    """Excerpts of a part, one a row: int64 tensors [n] on the source's device.

    Attributes
    ----------
    rows : track, as its place in the data set
    starts : first step in the source's time axis
    labels : index of the genre
    start_s : the same start in seconds, as it is reported
    """

    rows: Tensor
    starts: Tensor
    labels: Tensor
    start_s: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.start_s)


def grid_size(duration_s: float, excerpts: Excerpts) -> int:
    """Number of windows in a track, at least 1: 19 of 3 s or 11 of 5 s, half overlapping, in 30 s."""
    span_s = duration_s if excerpts.span_s is None else min(duration_s, excerpts.span_s)
    return max(1, 1 + math.floor((span_s - excerpts.window_s) / excerpts.hop_s + END_SLACK_HOPS))


def part_table(dataset: Dataset, split: Split, part: Part, excerpts: Excerpts, source: Source) -> ExcerptTable:
    """All windows of a part of the split, tracks in their order, windows by time.

    Raises
    ------
    DataError
        If the split names an excerpt that its track does not have.
    """
    steps_per_track = source.n_steps.tolist()
    chosen: list[tuple[int, int]] = []
    for member in split.parts[part]:
        track_id, index = _parse_member(member, split.unit)
        row = dataset.index.get(track_id)
        if row is None:
            raise DataError(f"The split {split.name!r} names {track_id!r}, which {dataset.name!r} does not have.")
        count = grid_size(steps_per_track[row] * source.step_s, excerpts)
        if index is None:
            chosen += [(row, k) for k in range(count)]
        elif index < count:
            chosen.append((row, index))
        else:
            raise DataError(f"The split {split.name!r} names excerpt {member!r}; that track has {count} excerpts.")
    return _table(dataset, chosen, excerpts, source)


def _parse_member(member: str, unit: str) -> tuple[str, int | None]:
    if unit == "track":
        return member, None
    track_id, _, index = member.rpartition("@")
    return track_id, int(index)


def _table(dataset: Dataset, chosen: Sequence[tuple[int, int]], excerpts: Excerpts, source: Source) -> ExcerptTable:
    device = source.n_steps.device
    genre_index = {genre: number for number, genre in enumerate(dataset.genres)}
    start_s = [k * excerpts.hop_s for _, k in chosen]
    # The last window of an archive's track ends at its last column: rounding must not push it over the end.
    window_steps = source.steps(excerpts.window_s)
    lengths = source.n_steps.tolist()
    starts = [
        max(0, min(round(start / source.step_s), lengths[row] - window_steps)) if source.is_decibel_grid
        else round(start / source.step_s)
        for (row, _), start in zip(chosen, start_s, strict=True)
    ]  # fmt: skip
    return ExcerptTable(
        rows=torch.tensor([row for row, _ in chosen], dtype=torch.int64, device=device),
        starts=torch.tensor(starts, dtype=torch.int64, device=device),
        labels=torch.tensor(
            [genre_index[dataset.tracks[row].genre] for row, _ in chosen], dtype=torch.int64, device=device
        ),
        start_s=tuple(start_s),
    )

"""Which excerpts a part of a split has: windows by time, as one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genrekit.data.dataset import Dataset
from genrekit.data.parts import PARTS, Part
from genrekit.data.splits.split import Split
from genrekit.data.window_grid import grid_size
from genrekit.errors import DataError
from genrekit.training.material.sources import Source
from genrekit.training.material.table_source import TableSource
from genrekit.training.recipes.groups import Excerpts

__all__ = ["ExcerptTable", "part_table", "require_excerpts", "window_starts_s"]

TAKE = "Take the windows that the split was made for, or a split by tracks."


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


def part_table(dataset: Dataset, split: Split, part: Part, excerpts: Excerpts, source: Source) -> ExcerptTable:
    """All windows of a part of the split, tracks in their order, windows by time; of a table, its rows.

    Raises
    ------
    DataError
        If the split names an excerpt that its track does not have.
    """
    chosen: list[tuple[int, int, float]] = []
    windows_of: dict[int, list[tuple[int, float]]] = {}
    for member in split.parts[part]:
        track_id, index = _parse_member(member, split.unit)
        row = dataset.index.get(track_id)
        if row is None:
            raise DataError(f"The split {split.name!r} names {track_id!r}, which {dataset.name!r} does not have.")
        if row not in windows_of:
            windows_of[row] = _windows(source, row, excerpts)
        windows = windows_of[row]
        if index is None:
            chosen += [(row, *window) for window in windows]
        elif index < len(windows):
            chosen.append((row, *windows[index]))
        else:
            raise _lacking(split, member, len(windows), excerpts)
    return _table(dataset, chosen, source)


def require_excerpts(dataset: Dataset, split: Split, excerpts: Excerpts) -> None:
    """Refuse a split that names more or fewer excerpts than a track has, as far as its duration is known.

    A split says which excerpts there are by number alone: with other windows the numbers would mean other sounds.

    Raises
    ------
    DataError
        With the first such track, and if random excerpts of a track are to be trained on, which may be those that
        are tested.
    """
    if split.unit == "excerpt" and excerpts.train == "random":
        raise DataError(
            f"The split {split.name!r} says of each excerpt which part it is in, and excerpts.train is random: crops "
            "at random places would be trained on that are tested. Set excerpts.train=grid, or take a split by "
            "tracks."
        )
    if split.unit == "track" or dataset.table is not None:
        return
    named: dict[str, int] = {}
    for member in (member for part in PARTS for member in split.parts[part]):
        track_id, index = _parse_member(member, split.unit)
        named[track_id] = max(named.get(track_id, 0), 1 + (index or 0))
    for track_id, n_named in sorted(named.items()):
        duration_s = dataset.track(track_id).duration_s
        if duration_s is None:
            continue
        count = len(window_starts_s(duration_s, excerpts))
        if n_named != count:
            raise DataError(
                f"The split {split.name!r} names {n_named} excerpts of {track_id!r}; that track has {count} windows of "
                f"{excerpts.window_s:g} s every {excerpts.hop_s:g} s. {TAKE}"
            )


def _lacking(split: Split, member: str, count: int, excerpts: Excerpts) -> DataError:
    return DataError(
        f"The split {split.name!r} names excerpt {member!r}; that track has {count} windows of {excerpts.window_s:g} s "
        f"every {excerpts.hop_s:g} s. {TAKE}"
    )


def _parse_member(member: str, unit: str) -> tuple[str, int | None]:
    if unit == "track":
        return member, None
    track_id, _, index = member.rpartition("@")
    return track_id, int(index)


def window_starts_s(duration_s: float, excerpts: Excerpts) -> list[float]:
    """Start in seconds of each window on the grid of evaluation, which a track of this duration has."""
    count = grid_size(duration_s, window_s=excerpts.window_s, hop_s=excerpts.hop_s, span_s=excerpts.span_s)
    return [k * excerpts.hop_s for k in range(count)]


def _windows(source: Source, row: int, excerpts: Excerpts) -> list[tuple[int, float]]:
    """First step and start in seconds of each window of a track."""
    if isinstance(source, TableSource):
        return list(enumerate(source.excerpts(row, excerpts)))
    n_steps = int(source.n_steps[row])
    starts_s = window_starts_s(n_steps * source.step_s, excerpts)
    steps = [round(start_s / source.step_s) for start_s in starts_s]
    if source.is_decibel_grid:
        # The last window of an archive's track ends at its last column: rounding must not push it over the end.
        last = max(0, n_steps - source.steps(excerpts.window_s))
        steps = [min(step, last) for step in steps]
    return list(zip(steps, starts_s, strict=True))


def _table(dataset: Dataset, chosen: Sequence[tuple[int, int, float]], source: Source) -> ExcerptTable:
    device = source.n_steps.device
    genre_index = {genre: number for number, genre in enumerate(dataset.genres)}
    labels = [genre_index[dataset.tracks[row].genre] for row, _, _ in chosen]
    return ExcerptTable(
        rows=torch.tensor([row for row, _, _ in chosen], dtype=torch.int64, device=device),
        starts=torch.tensor([start for _, start, _ in chosen], dtype=torch.int64, device=device),
        labels=torch.tensor(labels, dtype=torch.int64, device=device),
        start_s=tuple(start_s for _, _, start_s in chosen),
    )

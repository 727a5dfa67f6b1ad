"""Pairs of tracks that hold one recording, as one name a track: how files of tables and archives keep them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from genrekit.data.dataset import Dataset
from genrekit.data.relations import groups

__all__ = ["pairs_of_names", "recording_names"]


def recording_names(dataset: Dataset) -> dict[str, str]:
    """Of each track the name of its recording, which is that of its first track; "" of one that nobody shares.

    By the data set's `same_recordings` alone: artists, titles and hashes are kept besides.
    """
    group = dict(zip(dataset.index, groups(dataset, (), dataset.same_recordings or ()), strict=True))
    size = Counter(group.values())
    first = {number: track_id for track_id, number in reversed(group.items())}
    return {track_id: first[number] if size[number] > 1 else "" for track_id, number in group.items()}


def pairs_of_names(recording: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Of the name of each track's recording, pairs that say which tracks have the same."""
    members: dict[str, list[str]] = {}
    for track, name in sorted(recording.items()):
        if name:
            members.setdefault(name, []).append(track)
    return tuple((group[0], other) for group in members.values() for other in group[1:])

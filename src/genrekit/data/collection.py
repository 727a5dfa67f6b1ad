"""What a file made of a data set tells of the whole collection, of tracks that are not in the file too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from genrekit.data.dataset import Dataset, Fault
from genrekit.data.parts import PARTS
from genrekit.errors import DataError

__all__ = ["collection_of_file", "with_collection"]


def collection_of_file(dataset: Dataset) -> dict[str, Any]:
    """The tracks that are missing, the published split, and what kind artists' names are of; only what there is."""
    told: dict[str, Any] = {}
    if missing := [[fault.track_id, fault.genre] for fault in dataset.absent()]:
        told["missing"] = missing
    if dataset.published_parts is not None:
        listed = dataset.published_parts
        told["parts"] = {part: [track_id for track_id, one in listed.items() if one == part] for part in PARTS}
    if dataset.numbered_artists:
        told["numbered_artists"] = True
    return told


def with_collection(dataset: Dataset, told: Mapping[str, Any], *, file_kind: str) -> Dataset:
    """The data set of a file with what the file tells of its collection; older files tell less, or nothing.

    Parameters
    ----------
    dataset : of the file's own tracks
    told : as `collection_of_file` gives it
    file_kind : "archive" or "table", for the words of faults

    Raises
    ------
    DataError
        If it is not of that form, or the published split lacks a track of the file.
    """
    try:
        detail = f"was missing when the {file_kind} was made"
        faults = tuple(Fault("missing", str(track), detail, str(genre)) for track, genre in told.get("missing", ()))
        parts = None
        if "parts" in told:
            parts = {str(track_id): part for part in PARTS for track_id in told["parts"].get(part, ())}
        numbered_artists = bool(told.get("numbered_artists", False))
    except (AttributeError, TypeError, ValueError) as error:
        raise DataError(f"What it tells of its collection is damaged ({error}); make it anew.") from None
    strangers = [] if parts is None else [track_id for track_id in dataset.index if track_id not in parts]
    if strangers:
        raise DataError(
            f"The published split that it tells has no part for {len(strangers)} of its tracks, first "
            f"{strangers[0]!r}; make it anew."
        )
    return replace(dataset, faults=faults, published_parts=parts, numbered_artists=numbered_artists)

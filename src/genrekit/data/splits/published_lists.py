"""Published lists as parts: GTZAN's fault-filtered and stratified splits, its artist folds, and others' own split."""

from __future__ import annotations

from genrekit.data.dataset import Dataset
from genrekit.data.parts import Part
from genrekit.data.sets.gtzan_facts import gtzan_facts
from genrekit.errors import DataError

__all__ = ["artist_fold_parts", "listed_parts", "official_parts"]


def listed_parts(dataset: Dataset, name: str) -> tuple[dict[Part, list[str]], int]:
    """Parts of the list ``"filtered"`` or ``"stratified"``, as far as the data set has their tracks.

    Returns
    -------
    The parts, and how many tracks of the list the data set lacks.

    Raises
    ------
    DataError
        If the data set has none of the list's tracks.
    """
    listed = {track_id: getattr(fact, name) for track_id, fact in gtzan_facts().items()}
    return _parts(dataset, name, {track_id: part for track_id, part in listed.items() if part is not None})


def artist_fold_parts(dataset: Dataset, fold: int) -> tuple[dict[Part, list[str]], int]:
    """Training and test part of one of the three published artist-filtered folds, counted from 0.

    The published validation list equals the test list, so validation is empty here.
    """
    listed: dict[str, Part] = {}
    for track_id, fact in gtzan_facts().items():
        if fact.artist_fold is not None:
            listed[track_id] = "test" if fact.artist_fold == fold + 1 else "train"
    return _parts(dataset, "artist_folds", listed)


def official_parts(dataset: Dataset) -> tuple[dict[Part, list[str]], int]:
    """Parts of the split that was published with the data set's collection, as far as their tracks are here.

    Raises
    ------
    DataError
        If there is no such split.
    """
    listed = dataset.published_parts
    if listed is None:
        raise DataError(
            f"Data set {dataset.name!r} has no split that it was published with, as those of FMA and MTG-Jamendo have. "
            f"{_instead(dataset)}"
        )
    parts: dict[Part, list[str]] = {"train": [], "valid": [], "test": []}
    for track in dataset.tracks:
        parts[listed[track.track_id]].append(track.track_id)
    return parts, len(listed) - len(dataset.tracks)


def _instead(dataset: Dataset) -> str:
    """What to do about a data set without a published split of its own."""
    if any(track_id in gtzan_facts() for track_id in dataset.index):
        return "Use filtered, stratified or artist_folds, which others published for GTZAN."
    if dataset.archive is None and dataset.table is None:
        return "Use random_folds or artist_disjoint."
    return (
        "If it was made of one of these, make it anew with 'genrekit data prepare': archives (.npz) and tables "
        "(.parquet) keep the split now, older ones and .csv do not. Else use random_folds or artist_disjoint."
    )


def _parts(dataset: Dataset, name: str, listed: dict[str, Part]) -> tuple[dict[Part, list[str]], int]:
    parts: dict[Part, list[str]] = {"train": [], "valid": [], "test": []}
    missing = 0
    for track_id, part in listed.items():
        if track_id in dataset.index:
            parts[part].append(track_id)
        else:
            missing += 1
    if missing == len(listed):
        raise DataError(
            f"The published list {name!r} names tracks of GTZAN, such as {next(iter(listed))!r}; data set "
            f"{dataset.name!r} has none of them. Use random_folds or artist_disjoint for other data sets."
        )
    return parts, missing

"""Published figures to stand beside ours, each with its protocol; the data are in `published.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources

from genrekit.data.sets.gtzan_facts import GENRES
from genrekit.data.splits.across import GTZAN, collection_of
from genrekit.errors import DataError

__all__ = ["GTZAN_GENRES", "PublishedFigure", "load_published", "published_for"]

GTZAN_GENRES = frozenset(GENRES)


@dataclass(frozen=True)
class PublishedFigure:
    """An accuracy in percent that somebody published for GTZAN.

    Parameters
    ----------
    system : its name in the source
    source : where it was published, by first author and year; where that is not known for certain, whose system it is
    protocol : P1 to P4
    unit : "track" or "excerpt", what is counted; "not stated" where the source does not say
    accuracy, deviation : percent; deviation as printed, None if there is none
    trained_on : "GTZAN", or what else it saw
    folds : how it was split, in words
    note : a caution, or empty
    """

    system: str
    source: str
    protocol: str
    unit: str
    accuracy: float
    deviation: float | None
    trained_on: str
    folds: str
    note: str


def load_published() -> tuple[PublishedFigure, ...]:
    """All published figures, best first within a protocol."""
    text = resources.files("genrekit.evaluation").joinpath("published.json").read_text(encoding="utf-8")
    try:
        figures = [PublishedFigure(**entry) for entry in json.loads(text)]
    except (TypeError, ValueError) as error:
        raise DataError(f"The table of published figures in this installation is damaged: {error}.") from error
    return tuple(sorted(figures, key=lambda figure: (figure.protocol, -figure.accuracy, figure.system)))


def published_for(protocol: str, genres: tuple[str, ...], dataset: str) -> tuple[PublishedFigure, ...]:
    """The figures that may stand beside a score: of the same collection, protocol and ten genres, best first."""
    if collection_of(dataset) != GTZAN or frozenset(genres) != GTZAN_GENRES:
        return ()
    return tuple(figure for figure in load_published() if figure.protocol == protocol)

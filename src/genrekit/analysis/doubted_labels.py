"""Tracks whose label models that never heard them doubt: the hardest tracks, and the likeliest wrong labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genrekit.data.sets.gtzan_facts import gtzan_facts
from genrekit.errors import DataError
from genrekit.evaluation.predictions import Predictions

__all__ = ["DoubtedLabel", "doubted_labels", "doubted_labels_csv", "doubted_labels_table"]

COLUMNS = ("track", "label", "answer", "p_label", "p_answer", "n_decisions", "n_wrong", "artist", "title")


@dataclass(frozen=True)
class DoubtedLabel:
    """A track that most decisions take for another genre.

    Attributes
    ----------
    label, answer : its genre by the data set, and the one that is most probable on the mean of all decisions
    p_label, p_answer : mean probabilities of the two, 0 to 1
    n_decisions, n_wrong : models that decided about it, and how many of them did not answer its label
    artist, title : "" where unknown
    """

    track: str
    label: str
    answer: str
    p_label: float
    p_answer: float
    n_decisions: int
    n_wrong: int
    artist: str
    title: str


def doubted_labels(tables: Sequence[Predictions]) -> list[DoubtedLabel]:
    """Tracks whose mean answer is not their label, the surest first.

    Parameters
    ----------
    tables : a row a track, fold and seed (fused), of the same genres, by models that did not train on the track

    Raises
    ------
    DataError : no table, a contaminated one, or different genres
    """
    if not tables:
        raise DataError("There are no predictions to look for doubted labels in.")
    genres = tables[0].genres
    for table in tables:
        if table.genres != genres:
            raise DataError(f"Runs answer in different genres: {', '.join(genres)} and {', '.join(table.genres)}.")
        if table.contaminated:
            raise DataError(f"{table.recipe!r} is CONTAMINATED: it has heard the tracks whose labels it would judge.")
    facts = gtzan_facts()
    track = np.concatenate([table.track for table in tables])
    label = np.concatenate([table.label for table in tables])
    probabilities = np.concatenate([table.probabilities for table in tables]).astype(float)
    artist = np.concatenate([np.full(len(t), "") if t.artist is None else t.artist for t in tables])
    names, first, index = np.unique(track, return_index=True, return_inverse=True)
    count = np.bincount(index)
    mean = np.stack([np.bincount(index, column) for column in probabilities.T], 1) / count[:, None]
    wrong = np.bincount(index, probabilities.argmax(1) != label)
    # Half of the models for the label and half against it, up to rounding, are no doubt.
    surplus = mean.max(1) - mean[np.arange(len(names)), label[first]]
    found = []
    for place in np.flatnonzero(surplus > 1e-6):
        own, answer = int(label[first[place]]), int(mean[place].argmax())
        known = facts.get(str(names[place]))
        found.append(
            DoubtedLabel(
                track=str(names[place]),
                label=genres[own],
                answer=genres[answer],
                p_label=float(mean[place, own]),
                p_answer=float(mean[place, answer]),
                n_decisions=int(count[place]),
                n_wrong=int(wrong[place]),
                artist=str(artist[first[place]]),
                title=known.title or "" if known is not None else "",
            )
        )
    return sorted(found, key=lambda one: (one.p_label - one.p_answer, one.track))


def doubted_labels_csv(doubted: Sequence[DoubtedLabel]) -> str:
    """All of them as CSV, probabilities with four decimals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in doubted:
        cells = [getattr(one, name) for name in COLUMNS]
        writer.writerow([f"{cell:.4f}" if isinstance(cell, float) else cell for cell in cells])
    return text.getvalue()


def doubted_labels_table(doubted: Sequence[DoubtedLabel], *, most: int) -> str:
    """The first `most` of them as a table in Markdown."""
    lines = [
        "| track | artist | title | label | taken for | wrong | p of label | p of answer |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for one in doubted[:most]:
        words = [text.replace("|", "\\|") for text in (one.track, one.artist, one.title, one.label, one.answer)]
        numbers = [f"{one.n_wrong} of {one.n_decisions}", f"{one.p_label:.2f}", f"{one.p_answer:.2f}"]
        lines.append(f"| {' | '.join([*words, *numbers])} |")
    return "\n".join(lines) + "\n"

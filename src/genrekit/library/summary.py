"""A collection at a glance: genres, confidences, doubtful files and failures as one self-contained HTML page."""

from __future__ import annotations

import heapq
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from typing import Any

import genrekit
from genrekit.audio import display_name
from genrekit.inference import UNKNOWN, Failure, Result

__all__ = ["PAGE_START", "Tally", "render_summary", "stored_outcome"]

N_DOUBTFUL = 100
N_FAILED = 1000
DOUBTFUL_BELOW = 0.6
N_BINS = 10
TITLE = "Genres of "
PAGE_START = (
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
    f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{TITLE}'
)
"""How every page begins, by which an earlier one is known."""


@dataclass
class Tally:
    """What is counted while results come by; its size hardly grows with the collection.

    Attributes
    ----------
    confidences : genre, "unknown" among them -> confidence of each of its files, 0..1
    duration_s : of all files that were classified
    n_failed : how many were not; `failed` has the first of them as (path, reason)
    doubtful : the least sure of those below `DOUBTFUL_BELOW` or "unknown", as (-confidence, path, genre, best guesses)
    """

    confidences: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    duration_s: float = 0.0
    n_failed: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    doubtful: list[tuple[float, str, str, str]] = field(default_factory=list)

    def add(self, outcome: Result | Failure) -> None:
        """Count one file."""
        if isinstance(outcome, Failure):
            self.n_failed += 1
            if len(self.failed) < N_FAILED:
                self.failed.append((outcome.path, outcome.error))
            return
        self.confidences[outcome.genre].append(outcome.confidence)
        self.duration_s += outcome.duration_s
        if outcome.genre == UNKNOWN or outcome.confidence < DOUBTFUL_BELOW:
            best = sorted(outcome.probabilities.items(), key=lambda item: -item[1])[:3]
            guesses = ", ".join(f"{genre} {p:.0%}" for genre, p in best)
            item = (-outcome.confidence, outcome.path or "(array)", outcome.genre, guesses)
            if len(self.doubtful) < N_DOUBTFUL:
                heapq.heappush(self.doubtful, item)
            else:
                heapq.heappushpop(self.doubtful, item)

    @property
    def n_classified(self) -> int:
        """Files that were classified, "unknown" among them."""
        return sum(map(len, self.confidences.values()))


def render_summary(tally: Tally, *, model: str) -> str:
    """The page, with its style inside and nothing from elsewhere; file names are shown as text, whatever they hold.

    Parameters
    ----------
    tally : of all files of the collection
    model : name of the model
    """
    n_files = tally.n_classified + tally.n_failed
    counted = f"{n_files:,} file{'s' if n_files != 1 else ''}"
    style = (files("genrekit.library") / "summary.css").read_text(encoding="utf-8")
    n = tally.n_classified
    n_unknown = len(tally.confidences.get(UNKNOWN, ()))
    n_doubtful = sum(
        genre == UNKNOWN or confidence < DOUBTFUL_BELOW
        for genre, values in tally.confidences.items()
        for confidence in values
    )
    facts = {
        "files": f"{n_files:,}",
        "hours of music": f"{tally.duration_s / 3600:,.1f}",
        "unknown": f"{n_unknown:,}",
        "doubtful": f"{n_doubtful:,}",
        "failed": f"{tally.n_failed:,}",
    }
    parts = [_facts(facts)]
    if n:
        parts += [_genres(tally, n), _histogram(tally)]
    if tally.doubtful:
        parts.append(_doubtful(tally, n_doubtful))
    if tally.n_failed:
        parts.append(_failed(tally))
    return (
        f"{PAGE_START}{counted}</title><style>\n{style}</style></head><body><main>\n"
        f"<h1>{TITLE}{counted}</h1>\n"
        + "\n".join(parts)
        + f"\n<footer>genrekit {escape(genrekit.__version__)}, model {escape(model)}</footer>\n</main></body></html>\n"
    )


def stored_outcome(values: Mapping[str, Any]) -> Result | Failure:
    """What an earlier run told of a file, as far as a summary needs it; `values` as a line of JSON has them."""
    if "error" in values:
        return Failure(values["path"], values["error"])
    return Result(
        path=values["path"],
        genre=values["genre"],
        confidence=values["confidence"],
        probabilities=values["probabilities"],
        duration_s=values["duration_s"],
        model=values["model"],
    )


def _facts(facts: dict[str, str]) -> str:
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())
    return f'<dl class="facts">{cells}</dl>'


def _genres(tally: Tally, n: int) -> str:
    counted = sorted(tally.confidences.items(), key=lambda item: (item[0] == UNKNOWN, -len(item[1]), item[0]))
    most = max(len(values) for _, values in counted)
    rows = [
        f"<tr><td>{escape(genre)}</td>{_number(f'{len(values):,}')}{_number(f'{len(values) / n:.1%}')}"
        f"{_bar(len(values) / most)}{_number(f'{statistics.median(values):.0%}')}</tr>"
        for genre, values in counted
    ]
    head = ("genre", "#files", "#share", "", "#median confidence")
    return _section("Genres", "What the model decided, and how sure it was.", head, rows)


def _histogram(tally: Tally) -> str:
    counts = [0] * N_BINS
    for values in tally.confidences.values():
        for confidence in values:
            counts[min(N_BINS - 1, int(confidence * N_BINS))] += 1
    most = max(counts)
    rows = [
        f"<tr><td>{k / N_BINS:.0%} to {(k + 1) / N_BINS:.0%}</td>{_number(f'{count:,}')}{_bar(count / most)}</tr>"
        for k, count in reversed(list(enumerate(counts)))
        if count
    ]
    text = (
        "Calibrated probability of the likeliest genre: of files at 70 %, about 70 in 100 are right, "
        "if the music is like that of the model's test."
    )
    return _section("Confidence", text, ("confidence", "#files", ""), rows)


def _doubtful(tally: Tally, n_doubtful: int) -> str:
    shown = sorted(tally.doubtful, reverse=True)
    rows = [
        f"<tr>{_long(path)}<td>{escape(genre)}</td><td>{escape(guesses)}</td></tr>" for _, path, genre, guesses in shown
    ]
    text = f"Unknown, or below {DOUBTFUL_BELOW:.0%}; the least sure {len(shown)} of {n_doubtful:,}, worst first."
    return _section("Doubtful files", text, ("file", "decision", "best guesses"), rows)


def _failed(tally: Tally) -> str:
    # A reason names its file first, which the column before has said.
    rows = [
        f"<tr>{_long(path)}{_long(reason.removeprefix(f'{display_name(path)}: '), 'failed ')}</tr>"
        for path, reason in tally.failed
    ]
    text = f"{len(tally.failed):,} of {tally.n_failed:,} that could not be classified; --resume tries them again."
    return _section("Failed files", text, ("file", "reason"), rows)


def _section(title: str, text: str, head: Iterable[str], rows: Iterable[str]) -> str:
    cells = "".join(
        f'<th scope="col" class="number">{escape(name[1:])}</th>'
        if name.startswith("#")
        else f'<th scope="col">{escape(name)}</th>'
        if name
        else "<td></td>"
        for name in head
    )
    body = "\n".join(rows)
    table = f"<table><thead><tr>{cells}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    return f'<section><h2>{escape(title)}</h2><p>{escape(text)}</p><div class="scroll">{table}</div></section>'


def _long(text: str, kind: str = "") -> str:
    return f'<td class="{kind}long">{escape(display_name(text))}</td>'


def _number(text: str) -> str:
    return f'<td class="number">{escape(text)}</td>'


def _bar(share: float) -> str:
    return f'<td class="bar" style="--share: {share:.1%}"></td>'

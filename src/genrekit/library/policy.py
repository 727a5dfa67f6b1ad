"""Which genres a file gets: one value that says it all, and one function that decides."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, get_args

from genrekit.inference import UNKNOWN
from genrekit.library.errors import PolicyError

__all__ = ["HAS_A_GENRE", "Decision", "Existing", "TagPolicy", "decide", "left_alone", "path_fits"]

HAS_A_GENRE = "has a genre"
MOST_DIGITS = 16  # of a percentage, which numbers next to each other need

Existing = Literal["fill", "replace", "add"]


@dataclass(frozen=True)
class TagPolicy:
    """What may be written.

    Attributes
    ----------
    existing : what becomes of genres that a file has. "fill": it is left alone, only files without any are filled;
        "replace": ours take their place; "add": they are kept, ours come behind them
    min_confidence : 0..1; below it nothing is written
    max_genres : at least 1; how many of our genres a file gets
    min_share : 0..1, the probability that a second or later genre must have
    names : model's genre -> name to write, such as "hiphop" -> "Hip-Hop"; "" leaves that genre out
    never_genres : a file with one of these genres is left alone, whatever `existing` says; case does not matter
    never_paths : patterns ("*/Audiobooks/*") of files that are left alone, matched to the whole path, however it is
        given, to that of the file behind a link, and to the name alone; spelt as `path_fits` has it
    """

    existing: Existing = "fill"
    min_confidence: float = 0.0
    max_genres: int = 1
    min_share: float = 0.2
    names: Mapping[str, str] = field(default_factory=dict)
    never_genres: tuple[str, ...] = ()
    never_paths: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.existing not in get_args(Existing):
            raise PolicyError(f"existing is {self.existing!r}; expected one of {', '.join(get_args(Existing))}")
        for name in ("min_confidence", "min_share"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise PolicyError(f"{name} is {value}; expected 0 to 1, such as 0.6 for 60 %")
        for genre, name in self.names.items():
            if not name.isprintable():
                raise PolicyError(f"the name of {genre!r} is {name!r}; expected one line of printable characters")
        if self.max_genres < 1:
            raise PolicyError(f"max_genres is {self.max_genres}; expected 1 or more")

    def name_of(self, genre: str) -> str:
        """The name to write for a genre of the model; "" if it is never written."""
        return self.names.get(genre, genre)


@dataclass(frozen=True)
class Decision:
    """What becomes of one file's genres.

    Attributes
    ----------
    old : the genres that it has
    new : those that it is to have; the same as `old` if nothing is to be written
    reason : why nothing is to be written; "" if something is
    confidence : 0..1, of the first genre that is to be written; None if nothing is
    """

    old: tuple[str, ...]
    new: tuple[str, ...]
    reason: str = ""
    confidence: float | None = None

    @property
    def changes(self) -> bool:
        """Whether the file is to be written."""
        return self.new != self.old


def left_alone(paths: Iterable[str], old: Sequence[str], policy: TagPolicy) -> str:
    """Why a file is left alone whatever it sounds like; "" if it is not. Such a file need not be classified.

    Parameters
    ----------
    paths : all of the file, for `never_paths`: as given, absolute, links resolved
    old : genres in the file
    policy : what may be written
    """
    if any(path_fits(path, pattern) for path in paths for pattern in policy.never_paths):
        return "its path is never touched"
    protected = {name.casefold() for name in policy.never_genres}
    # ID3v2.3 parts "Hip-Hop/Rap" into two.
    kept = next((name for name in (*old, "/".join(old)) if name.casefold() in protected), None)
    if kept is not None:
        return f"{kept} is never touched"
    return HAS_A_GENRE if old and policy.existing == "fill" else ""


def path_fits(path: str, pattern: str, platform: str = sys.platform) -> bool:
    """Whether a path, or its last name alone, is of a pattern, however either spells what is one name.

    A letter with its accent is one character or two, as disks and keyboards have it. On Windows, "\\" is "/" and case
    does not matter, as it does not on macOS.

    Parameters
    ----------
    path : of a file
    pattern : with the wildcards of `fnmatch`
    platform : whose rules hold, of the values of `sys.platform`
    """
    spelt, wanted = (_one_spelling(text, platform) for text in (path, pattern))
    return any(fnmatchcase(name, wanted) for name in (spelt, spelt.rpartition("/")[2]))


def _one_spelling(text: str, platform: str) -> str:
    if platform == "win32":
        text = text.replace("\\", "/")
    if platform in ("win32", "darwin"):
        # Composed first: what is left apart would fold into something else.
        text = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", text)


def decide(old: Sequence[str], probabilities: Mapping[str, float], genre: str, policy: TagPolicy) -> Decision:
    """The genres that a file is to have which is not `left_alone`.

    Parameters
    ----------
    old : genres in the file
    probabilities : genre -> 0..1
    genre : the model's decision, or "unknown", for which nothing is ever written
    policy : what may be written
    """
    had = tuple(old)

    def leave(reason: str) -> Decision:
        return Decision(had, had, reason)

    if genre == UNKNOWN:
        return leave("unknown")
    confidence = probabilities[genre]
    if confidence < policy.min_confidence:
        given, least = _told_apart(confidence, policy.min_confidence)
        return leave(f"{genre} {given} is below {least}")
    likely = sorted(probabilities, key=lambda name: (name != genre, -probabilities[name]))
    chosen = [name for name in likely[: policy.max_genres] if name == genre or probabilities[name] >= policy.min_share]
    ours = [name for name in map(policy.name_of, chosen) if name]
    if not ours:
        return leave(f"{genre} has no name to write")
    before = had if policy.existing == "add" else ()
    # Two genres of the model may have one name, and a file may have ours already in other letters.
    unique: dict[str, str] = {}
    for name in (*before, *ours):
        unique.setdefault(name.casefold(), name)
    new = tuple(unique.values())
    return Decision(had, new, confidence=confidence) if new != had else leave("has these already")


def _told_apart(one: float, other: float) -> tuple[str, str]:
    """As percentages, with as many digits as it takes to see that they differ."""
    n_digits = 0
    while f"{one:.{n_digits}%}" == f"{other:.{n_digits}%}" and n_digits < MOST_DIGITS:
        n_digits += 1
    return f"{one:.{n_digits}%}", f"{other:.{n_digits}%}"

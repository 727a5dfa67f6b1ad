"""What classifying one file gives: a `Result`, or a `Failure` that names the file and the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["OF_THE_FILE", "UNKNOWN", "Failure", "Result", "Segment"]

UNKNOWN = "unknown"
OF_THE_FILE = ("path", "genre", "confidence", "duration_s", "model", "error", "warnings", "timeline")
"""What is told of a file besides the probability of each genre; the last only if it is asked for."""

# Enough that rounded probabilities still sum to 1 within 1e-6, and few enough to read.
PROBABILITY_DIGITS = 8
SECONDS_DIGITS = 3


@dataclass(frozen=True)
class Segment:
    """A stretch of a file with one genre.

    Attributes
    ----------
    start_s, end_s : where it lies, in seconds from the start of the audio
    genre : a genre of the model, or "unknown" below its threshold
    confidence : 0..1, mean probability of the genre over the stretch, as calibrated for a recording of its length; for
        "unknown", of the likeliest genre. The file's own where the stretch is all of it.
    """

    start_s: float
    end_s: float
    genre: str
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """The segment as JSON values."""
        return {
            "start_s": round(self.start_s, SECONDS_DIGITS),
            "end_s": round(self.end_s, SECONDS_DIGITS),
            "genre": self.genre,
            "confidence": round(self.confidence, PROBABILITY_DIGITS),
        }


@dataclass(frozen=True)
class Result:
    """What the model says about one piece of audio.

    Attributes
    ----------
    path : the file as it was given; None for an array or a file object without a name
    genre : the likeliest genre, or "unknown" if its probability is below the model's threshold
    confidence : 0..1, the calibrated probability of the likeliest genre
    probabilities : genre -> 0..1, summing to 1, likeliest first
    duration_s : seconds of audio that could be decoded
    model : name of the model
    timeline : segments from the start to the end of the audio, neighbours of one genre joined
    warnings : what the reader should know, such as "shorter than a window" or "ends early"
    """

    path: str | None
    genre: str
    confidence: float
    probabilities: Mapping[str, float]
    duration_s: float
    model: str
    timeline: tuple[Segment, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_json(self, *, timeline: bool = False) -> dict[str, Any]:
        """The result as JSON values: what every result has, `timeline` if asked for, `warnings` if there are any."""
        values: dict[str, Any] = {
            "path": self.path,
            "genre": self.genre,
            "confidence": round(self.confidence, PROBABILITY_DIGITS),
            "probabilities": {genre: round(p, PROBABILITY_DIGITS) for genre, p in self.probabilities.items()},
            "duration_s": round(self.duration_s, SECONDS_DIGITS),
            "model": self.model,
        }
        if timeline:
            values["timeline"] = [segment.to_json() for segment in self.timeline]
        if self.warnings:
            values["warnings"] = list(self.warnings)
        return values


@dataclass(frozen=True)
class Failure:
    """A file that could not be classified.

    Attributes
    ----------
    path : the file as it was given
    error : what is wrong with it, for a person
    cause : the exception behind it, for `--debug`
    """

    path: str
    error: str
    cause: BaseException | None = field(default=None, compare=False, repr=False)

    def to_json(self) -> dict[str, Any]:
        """The failure as JSON values: `path` and `error`."""
        return {"path": self.path, "error": self.error}

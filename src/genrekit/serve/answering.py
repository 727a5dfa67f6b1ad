"""What answers in the service's worker processes: the model, loaded once, for one open descriptor after another.

A worker is given a descriptor of a file without a name, so that nothing is left on the disk whichever process dies.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

__all__ = ["Job", "Outcome", "Refused", "make_answer"]

WARM_UP_S = 1.0


@dataclass(frozen=True)
class Job:
    """A file to classify; its descriptor follows on the same connection.

    Attributes
    ----------
    name : what messages and the result call it; never opened
    timeline : whether the result has one
    max_duration_s : longest audio, in seconds
    """

    name: str | None
    timeline: bool
    max_duration_s: float


@dataclass(frozen=True)
class Outcome:
    """A result as `genrekit classify --format json` has it."""

    result: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """A file that gave no result; `code` and `error` as in `genrekit.serve.problem`."""

    code: str
    error: str


class _Upload(io.BufferedReader):
    """A descriptor with the name that the client gave, for messages."""

    client_name: str | None = None

    @property
    def name(self) -> str | None:
        return self.client_name


def make_answer(model: str) -> Callable[[Job, int], Outcome | Refused]:
    """What answers a job whose descriptor comes with it.

    Parameters
    ----------
    model : name or path of the model

    Raises
    ------
    ModelFileError : if there is no such model
    """
    return partial(_answer, _load(model))


def _load(model: str) -> Any:
    import numpy as np

    # Loaded before memory is bounded, as the first file would otherwise pay for them.
    import genrekit.audio.pyav_decoder
    import genrekit.audio.soundfile_decoder  # noqa: F401
    from genrekit.inference.bundled import find_model
    from genrekit.inference.classifier import Classifier

    classifier = Classifier(find_model(model), n_threads=1)
    sr = classifier.card.sr
    # The first run allocates what all later ones use, and is what a first request would wait for.
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, round(WARM_UP_S * sr)).astype(np.float32)
    classifier.classify(noise, sr=sr)
    return classifier


def _answer(classifier: Any, job: Job, descriptor: int) -> Outcome | Refused:
    with _Upload(io.FileIO(descriptor, "rb")) as file:
        file.client_name = job.name
        file.seek(0)
        return _classify(classifier, job, file)


def _classify(classifier: Any, job: Job, file: _Upload) -> Outcome | Refused:
    from genrekit.audio import open_audio

    with open_audio(file, sr=classifier.card.sr) as stream:
        stated_s = stream.duration_s
    if stated_s is not None and stated_s > job.max_duration_s:
        return _too_long(stated_s, job)
    file.seek(0)
    result = classifier.classify(file)
    if result.duration_s > job.max_duration_s:  # a container may state less than it holds, or nothing
        return _too_long(result.duration_s, job)
    return Outcome(result.to_json(timeline=job.timeline))


def _too_long(duration_s: float, job: Job) -> Refused:
    return Refused(
        "audio_too_long",
        f"it lasts {duration_s:.0f} s; this service takes up to {job.max_duration_s:g} s. Send a part of it, or ask "
        "whoever runs the service for a larger --max-duration-s.",
    )

"""What runs in a worker process: the model, loaded once, and one file after another from open descriptors.

A worker is given a descriptor of a file without a name, so that nothing is left on the disk whichever process dies.
"""

from __future__ import annotations

import io
import os
import resource
import signal
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from pathlib import Path
from typing import Any

__all__ = ["Job", "Outcome", "Ready", "Refused", "worker_main"]

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
class Ready:
    """Sent by a worker once its model is loaded; `error` says why it could not be."""

    error: str | None = None


@dataclass(frozen=True)
class Outcome:
    """A result in the contract's JSON form."""

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


def worker_main(connection: Connection, model: str, max_memory_bytes: int) -> None:
    """Answer jobs on `connection` until its other end is closed.

    Parameters
    ----------
    connection : one end of a duplex pipe
    model : name or path of the model
    max_memory_bytes : address space beyond what the process has once the model has run
    """
    # Ctrl-C reaches the whole group; the service decides when a worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from genrekit.errors import GenrekitError

    try:
        classifier = _load(model)
        _bound_memory(max_memory_bytes)
    except GenrekitError as error:
        connection.send(Ready(str(error)))
        return
    connection.send(Ready())
    while True:
        try:
            job = connection.recv()
            descriptor = recv_handle(connection)
        except EOFError:
            return
        answer = _attempt(classifier, job, descriptor)
        connection.send(answer)
        if isinstance(answer, Refused) and answer.code in ("took_too_much_memory", "unexpected"):
            return  # what such a file leaves behind in the decoders' libraries is unknown


def _load(model: str) -> Any:
    import numpy as np

    from genrekit.inference.bundled import find_model
    from genrekit.inference.classifier import Classifier

    classifier = Classifier(find_model(model), n_threads=1)
    sr = classifier.card.sr
    # The first run allocates what all later ones use, and is what a first request would wait for.
    noise = np.random.default_rng(0).uniform(-0.1, 0.1, round(WARM_UP_S * sr)).astype(np.float32)
    classifier.classify(noise, sr=sr)
    return classifier


def _bound_memory(max_memory_bytes: int) -> None:
    if sys.platform != "linux":
        return  # macOS accepts the limit and does not keep it; the time limit is all there is
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + max_memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _attempt(classifier: Any, job: Job, descriptor: int) -> Outcome | Refused:
    from genrekit.errors import AudioError

    try:
        with _Upload(io.FileIO(descriptor, "rb")) as file:
            file.client_name = job.name
            file.seek(0)
            return _classify(classifier, job, file)
    except AudioError as error:
        return Refused("unreadable", str(error))
    except MemoryError:
        return Refused("took_too_much_memory", "reading this file took too much memory; convert it to wav or flac")
    # Whatever a decoder makes of a hostile file, its request gets an answer; the worker is replaced afterwards.
    except Exception as error:
        code = "took_too_much_memory" if "bad_alloc" in str(error) or "allocate memory" in str(error) else "unexpected"
        return Refused(code, f"unexpected {type(error).__name__} while reading this file; convert it to wav or flac")


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

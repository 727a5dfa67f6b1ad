"""The classifier: audio in, `Result` out, through one ONNX model."""

from __future__ import annotations

import os
import threading
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genrekit.audio import display_name
from genrekit.cores import usable_cores
from genrekit.errors import AudioError, GenrekitError
from genrekit.inference.bundled import DEFAULT, find_model
from genrekit.inference.decision import decide
from genrekit.inference.embedding import Embedding, embed_windows
from genrekit.inference.model_file import ModelCard, ModelFile, open_session
from genrekit.inference.result import Failure, Result
from genrekit.inference.scoring import Stopped, WindowScores, score_windows
from genrekit.worker import ElsewhereError

if TYPE_CHECKING:
    import onnxruntime

    from genrekit.audio.file_processes import FileProcesses
    from genrekit.audio.stream import AudioSource

__all__ = ["Classifier", "load"]

# Results wait for those before them; this bounds how many while one long file holds up the row.
FILES_AHEAD_PER_JOB = 8


def load(model: str | os.PathLike[str] = DEFAULT, *, n_threads: int | None = None) -> Classifier:
    """A classifier with a bundled model, or one of your own.

    Parameters
    ----------
    model : "default", the name of another bundled model, or the path of a model file
    n_threads : as in `Classifier`

    Raises
    ------
    ModelFileError : if there is no such model, or the file is not one
    """
    return Classifier(find_model(model), n_threads=n_threads)


class Classifier:
    """A model, loaded once, for any number of files. Its methods may be called from several threads at once.

    Attributes
    ----------
    model_file : the file and its card; `model_file.card` has the genres, the threshold and where the model comes from
    """

    def __init__(self, path: str | os.PathLike[str], *, n_threads: int | None = None) -> None:
        """Open the model file at `path`; ModelFileError if it is not one.

        Parameters
        ----------
        path : of the model file
        n_threads : threads for one file in `classify`, at least 1, and no more than there are cores; None for one per
            core. One where several processes work.

        Raises
        ------
        ValueError : for another number of threads
        """
        self._path = path
        self._n_threads = _count("n_threads", n_threads, most=usable_cores())
        self._sessions: dict[int, onnxruntime.InferenceSession] = {}
        self._lock = threading.Lock()
        self.model_file = ModelFile.of_session(path, self._session(self._n_threads))

    def __repr__(self) -> str:
        card = self.card
        return f"<Classifier {card.name}: {', '.join(card.genres)}; windows of {card.window_s:g} s at {card.sr} Hz>"

    def __reduce__(self) -> tuple[object, ...]:
        """Another process opens the same model file again."""
        return partial(type(self), n_threads=self._n_threads), (Path(self._path).absolute(),)

    @property
    def card(self) -> ModelCard:
        """What the model says of itself."""
        return self.model_file.card

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres that it knows, in the order of the graph's output."""
        return self.card.genres

    def classify(self, source: AudioSource, *, sr: int | None = None) -> Result:
        """The genre of one piece of audio of any length, on all cores or `n_threads` of them.

        Windows without sound are left out of the decision; where there is no other, the genre is "unknown".

        Parameters
        ----------
        source : a path, a binary file object, or an array [n] or [n, channels] with values in -1..1
        sr : sample rate of the array in Hz; needed for an array, and only there

        Raises
        ------
        AudioError : if nothing can be decoded from it
        """
        return decide(_name_of(source), self.score_windows(source, sr=sr), self.card)

    def score_windows(
        self, source: AudioSource, *, sr: int | None = None, card: ModelCard | None = None
    ) -> WindowScores:
        """What the model says of each window, before that becomes one decision.

        Parameters
        ----------
        source, sr : as in `classify`
        card : the model's own with other hops, to hear other windows; if not given, those that `classify` hears

        Raises
        ------
        AudioError : if nothing can be decoded from it
        """
        session = self._session(self._n_threads)
        return score_windows(source, source_sr=sr, card=card or self.card, session=session, stop=threading.Event())

    def embed(self, source: AudioSource, *, sr: int | None = None) -> Embedding:
        """What the model makes of one piece of audio before it decides: a vector for each window that holds sound.

        >>> classifier.embed("song.mp3").mean  # one vector for the recording

        Parameters
        ----------
        source, sr : as in `classify`

        Raises
        ------
        AudioError : if nothing can be decoded from it, or it is silent
        """
        embedding, _ = embed_windows(source, source_sr=sr, card=self.card, session=self._session(self._n_threads))
        return embedding

    def classify_many(
        self, paths: Iterable[str | os.PathLike[str]], *, n_jobs: int | None = None, processes: bool = False
    ) -> Generator[Result | Failure, None, None]:
        """The genre of each file, in the order given, each as soon as it and those before it are done.

        A file that cannot be used gives a `Failure`; the others go on. Closing the iterator stops the work.

        Parameters
        ----------
        paths : files; read lazily, a few ahead of what is being classified
        n_jobs : files classified at once, at least 1; None for one per core
        processes : spawn a process for each of them instead of a thread, which takes half a second and some 130 MB
            each: with two or more jobs it is quicker, and a file that ends its process is the failure of that file
            alone. A script that does so keeps its own work under ``if __name__ == "__main__":``.

        Raises
        ------
        TypeError : if one path is given in place of several; while iterating, for what is neither str nor os.PathLike
        ValueError : for another number of jobs
        WorkerError : if no process can be started
        """
        if isinstance(paths, str | bytes | os.PathLike):
            kind = type(paths).__name__
            raise TypeError(f"expected several paths, and got one {kind}; give [path], or the path to classify")
        return self._each(map(_require_path, paths), _count("n_jobs", n_jobs), processes)

    def _each(
        self, files: Iterator[str | os.PathLike[str]], n_jobs: int, processes: bool
    ) -> Generator[Result | Failure, None, None]:
        stop = threading.Event()
        spawned: FileProcesses[Result | Failure] | None = None
        attempt: Callable[[str | os.PathLike[str]], Result | Failure]
        if processes:
            from genrekit.audio.file_processes import FileProcesses

            spawned = FileProcesses(partial(_make_attempt, os.fspath(self._path)), n_processes=n_jobs)
            here = partial(self._attempt, session=self._session(1), stop=stop)
            attempt = partial(_attempt_elsewhere, processes=spawned, stop=stop, here=here)
        else:
            # A file alone gets all cores; several get one each, so that no core waits for another's file.
            first = list(islice(files, 2))
            files = chain(first, files)
            session = self._session(usable_cores() if n_jobs > 1 and len(first) < 2 else 1)
            attempt = partial(self._attempt, session=session, stop=stop)
        waiting: deque[Future[Result | Failure]] = deque()
        pool = ThreadPoolExecutor(n_jobs, thread_name_prefix="genrekit")
        try:
            for path in files:
                waiting.append(pool.submit(attempt, path))
                while waiting and (waiting[0].done() or len(waiting) >= n_jobs * FILES_AHEAD_PER_JOB):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            # Not waited for: a file on a disk that hangs must not keep its reader from leaving.
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            if spawned is not None:
                spawned.stop()

    def _attempt(
        self, path: str | os.PathLike[str], session: onnxruntime.InferenceSession, stop: threading.Event
    ) -> Result | Failure:
        name = os.fspath(path)
        try:
            return decide(
                name, score_windows(path, source_sr=None, card=self.card, session=session, stop=stop), self.card
            )
        except GenrekitError as error:
            return Failure(name, str(error), error)
        except MemoryError as error:
            text = f"{display_name(name)}: reading it took too much memory; convert it to wav or flac"
            return Failure(name, text, error)
        # One file must not end a batch of thousands, whatever a decoder makes of it; the failure names it.
        except Exception as error:
            return Failure(name, f"{name}: unexpected {type(error).__name__}: {error}", error)

    def _session(self, n_threads: int) -> onnxruntime.InferenceSession:
        with self._lock:
            if n_threads not in self._sessions:
                self._sessions[n_threads] = open_session(self._path, n_threads=n_threads)
            return self._sessions[n_threads]


def _count(name: str, value: int | None, *, most: int | None = None) -> int:
    """How many threads or jobs: as many as there are cores if None is given."""
    if value is None:
        return usable_cores()
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} is {value!r}; expected a whole number, at least 1, or None for one per core")
    return value if most is None else min(value, most)


def _require_path(path: Any) -> str | os.PathLike[str]:
    if isinstance(path, str | os.PathLike):
        return path
    raise TypeError(
        f"got a {type(path).__name__} among the paths; expected str or os.PathLike. "
        + (
            "Make a path of its bytes by os.fsdecode, for classify_many and classify"
            if isinstance(path, bytes)
            else "Give file objects and arrays one by one to classify"
        )
    )


def _make_attempt(model: str) -> Callable[[str], Result | Failure]:
    """In a process of its own: what answers for a path."""
    classifier = Classifier(model, n_threads=1)
    session, never = classifier._session(1), threading.Event()

    def attempt(path: str) -> Result | Failure:
        outcome = classifier._attempt(path, session, never)
        if isinstance(outcome, Failure) and outcome.cause is not None:
            # Tracebacks do not travel, and not every exception does.
            there = "".join(traceback.format_exception(outcome.cause))
            return replace(outcome, cause=ElsewhereError(f"in another process\n{there}"))
        return outcome

    return attempt


def _attempt_elsewhere(
    path: str | os.PathLike[str],
    processes: FileProcesses[Result | Failure],
    stop: threading.Event,
    here: Callable[[str | os.PathLike[str]], Result | Failure],
) -> Result | Failure:
    from genrekit.audio.file_processes import is_own_descriptor

    if stop.is_set():
        raise Stopped
    if is_own_descriptor(path):
        return here(path)
    try:
        return processes.ask(path)
    except AudioError as error:
        return Failure(os.fspath(path), str(error), error)


def _name_of(source: Any) -> str | None:
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else None

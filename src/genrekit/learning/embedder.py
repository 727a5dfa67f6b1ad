"""The embedding of each window of a file, by a model file's second output; computed once, remembered by file."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from genrekit.audio.file_processes import MANY_FILES, FileProcesses
from genrekit.errors import AudioError, GenrekitError
from genrekit.file_identity import file_state
from genrekit.inference.embedding import Embedding, embed_windows
from genrekit.inference.model_file import ModelFile, open_session
from genrekit.progress import Progress
from genrekit.whole_file import written_whole
from genrekit.worker import WorkerError

if TYPE_CHECKING:
    from genrekit.audio.stream import AudioSource

__all__ = ["Embedder"]

# Changes when windows or silence are treated otherwise, or are remembered in another form.
FORMAT = 4
MIN_DURATION_S = 1.0  # of which a model still gets half right, and a label can be meant of it


class Embedder:
    """A model file's embedding. Its methods may be called from several threads at once.

    Attributes
    ----------
    model_file : the base model and its card
    """

    def __init__(self, path: str | os.PathLike[str], *, cache: Path | None = None) -> None:
        """Open the model file at `path`; `cache` is where embeddings are remembered, None for the user's cache folder.

        Raises
        ------
        ModelFileError : if it is not a model file, or one without an embedding
        """
        from genrekit.data.checks.same_recordings import cache_folder
        from genrekit.file_identity import file_sha256

        self._session = open_session(path, n_threads=1)
        self.model_file = ModelFile.of_session(path, self._session)
        self.sha256 = file_sha256(Path(path))
        # NumPy parses a file's header as Python, which Python 3.11 cannot do in two threads at once (CPython 106905).
        self._loading = threading.Lock()
        self._cache = (cache or cache_folder()) / "embeddings" / self.sha256[:32]

    def embed(self, source: AudioSource, *, sr: int | None = None) -> Embedding:
        """The windows that hold sound, and their weights; both are those that `classify` takes.

        Raises
        ------
        AudioError : if nothing can be decoded, its values are none that a recording has, or there is no sound
        """
        embedding, duration_s = embed_windows(source, source_sr=sr, card=self.model_file.card, session=self._session)
        if duration_s < MIN_DURATION_S:
            raise AudioError(f"lasts {duration_s:.2f} s: too little to learn from, give {MIN_DURATION_S:g} s or more")
        return embedding

    def embed_named(self, name: str, make: Callable[[], npt.NDArray[np.float32]], *, sr: int) -> Embedding:
        """The same for sound that `make` computes, always the same under one name."""
        return self._remembered(json.dumps([FORMAT, name]), lambda: self.embed(make(), sr=sr))

    def embed_files(
        self, paths: Sequence[Path], *, n_jobs: int, progress: Progress | None = None
    ) -> Iterator[Embedding | GenrekitError | OSError]:
        """Each file's embedding in order, or what is wrong with it; `n_jobs` files at once, many in own processes."""
        spawned = None
        if len(paths) >= MANY_FILES:
            make = partial(_make_compute, os.fspath(self.model_file.path))
            spawned = FileProcesses(make, n_processes=n_jobs)
        compute = self.embed if spawned is None else spawned.ask

        def attempt(path: Path) -> Embedding | GenrekitError | OSError:
            try:
                return self._remembered(_key(path), lambda: compute(path))
            except WorkerError:
                raise  # which is no fault of this file
            except (GenrekitError, OSError) as error:
                return error

        with ThreadPoolExecutor(n_jobs, thread_name_prefix="genrekit") as pool:
            try:
                for done, outcome in enumerate(pool.map(attempt, paths), start=1):
                    if progress is not None:
                        progress(done, len(paths), paths[done - 1].name)
                    yield outcome
            finally:
                # Before the pool is waited for, whose threads wait for them.
                if spawned is not None:
                    spawned.stop()

    def _remembered(self, key: str, make: Callable[[], Embedding]) -> Embedding:
        path = self._cache / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.npy"
        try:
            with self._loading:
                found = np.load(path)
            if found.ndim == 2 and found.dtype == np.float32:
                return Embedding(found[:, 1:], found[:, 0].astype(np.float64))
        except (OSError, ValueError, EOFError):
            pass  # not there, or cut short: made now
        made = make()
        # Without room for it it is made again next time; nothing else is lost.
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(path) as fresh, fresh.open("wb") as file:
                np.save(file, np.column_stack([made.weights.astype(np.float32), made.rows]))
        return made


def _key(path: Path) -> str:
    return json.dumps([FORMAT, os.fspath(path.absolute()), *(file_state(path) or ())])


def _make_compute(model: str) -> Callable[[str], Embedding]:
    """In a process of its own: what computes the embedding of a path."""
    return Embedder(model).embed

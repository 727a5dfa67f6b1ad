"""Finding audio files, and writing their names so that a message stays one readable line."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

__all__ = ["AUDIO_SUFFIXES", "display_name", "find_audio"]

AUDIO_SUFFIXES: frozenset[str] = frozenset(
    {
        # uncompressed, and containers of libsndfile
        ".wav", ".wave", ".rf64", ".w64", ".au", ".snd", ".aif", ".aiff", ".aifc", ".caf", ".voc",
        # lossless
        ".flac", ".alac", ".ape", ".wv", ".tta", ".tak", ".dsf", ".dff",
        # lossy
        ".mp3", ".mp2", ".mpga", ".ogg", ".oga", ".opus", ".spx", ".aac", ".m4a", ".m4b", ".m4r", ".wma", ".asf",
        ".ac3", ".eac3", ".dts", ".mpc", ".amr", ".3gp", ".rm", ".ra",
        # containers of film and sound; the first audio track is taken
        ".mp4", ".mka", ".webm",
    }
)  # fmt: skip
"""Suffixes, in lower case with the dot, of the files that `find_audio` takes from a folder."""


def find_audio(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    on_hidden: Callable[[Path], None] | None = None,
) -> Iterator[Path]:
    """Yield audio files: those given by name, and those below the given folders.

    A path that is not a folder is yielded as it is, whatever its suffix and even if it does not exist. A folder is
    walked through in the order of the names, links to folders included, each folder once; names that begin with a dot
    (hidden files, and the ``._`` files of macOS) are left out, and so are names without a suffix of `AUDIO_SUFFIXES`,
    named pipes and devices. What cannot be used is yielded too, in its place, so that opening it raises the
    `AudioError` that says why:

    * a missing path or a broken link, given or found (found: with a suffix of `AUDIO_SUFFIXES` or with none);
    * a folder that may not be read;
    * a given folder in which there is no audio file at all: the folder itself. This is how a caller can tell.

    Parameters
    ----------
    paths : one path, or an iterable of paths; read lazily, so a pipe of names works
    on_hidden : called with each hidden file that has a suffix of `AUDIO_SUFFIXES` and is no ``._`` file of macOS, in
        the folders that are searched; hidden folders are not

    Yields
    ------
    Path : in the order given, within a folder sorted by name
    """
    if isinstance(paths, str | os.PathLike):
        paths = [paths]
    for given in paths:
        path = Path(given)
        if not _is_folder(_mode(path)):
            yield path
            continue
        found = False
        for file in _walk(path, on_hidden):
            found = True
            yield file
        if not found:
            yield path


def display_name(path: str | os.PathLike[str]) -> str:
    """The path as one printable line.

    Newlines, control characters and bytes that are not UTF-8 appear as backslash escapes, as in `repr`.
    """
    text = os.fspath(path)
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text) or repr(text)


def _walk(root: Path, on_hidden: Callable[[Path], None] | None) -> Iterator[Path]:
    visited: set[tuple[int, int]] = set()
    # An explicit stack: links can make a tree deeper than Python's recursion limit.
    stack = [iter([root])]
    while stack:
        path = next(stack[-1], None)
        if path is None:
            stack.pop()
            continue
        mode = _mode(path)
        if mode is None:
            if path.suffix.lower() in AUDIO_SUFFIXES | {""}:
                yield path
        elif stat.S_ISDIR(mode):
            entries = _entries(path, visited)
            if entries is None:
                yield path
            else:
                stack.append(_shown(entries, on_hidden))
        elif stat.S_ISREG(mode) and path.suffix.lower() in AUDIO_SUFFIXES:
            yield path


def _mode(path: Path) -> int | None:
    """The kind of file at the end of all links; None for what is missing, a broken link or loop, or out of reach."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # ValueError: a name with a NUL character
        return None


def _is_folder(mode: int | None) -> bool:
    return mode is not None and stat.S_ISDIR(mode)


def _entries(folder: Path, visited: set[tuple[int, int]]) -> list[Path] | None:
    """What is in the folder, sorted by name; empty if it was visited before, None if it may not be read."""
    try:
        status = folder.stat()
        identity = (status.st_dev, status.st_ino)
        if identity in visited:
            return []
        visited.add(identity)
        return sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError:
        return None


def _shown(entries: Iterable[Path], on_hidden: Callable[[Path], None] | None) -> Iterator[Path]:
    for entry in entries:
        if not entry.name.startswith("."):
            yield entry
        elif on_hidden is not None and _is_hidden_audio(entry):
            on_hidden(entry)


def _is_hidden_audio(path: Path) -> bool:
    # What macOS keeps beside each file on a foreign disk bears that file's name behind "._", and is no audio.
    named = path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith("._")
    return named and stat.S_ISREG(_mode(path) or 0)

"""What a person names on the command line, as files: folders opened, lists read."""

from __future__ import annotations

import codecs
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from genrekit.audio import find_audio
from genrekit.audio.sniff import HEAD_BYTES, describe_audio
from genrekit.errors import GenrekitError

__all__ = ["STDIN", "NoPathListError", "given_folders", "list_inputs", "read_path_list"]

STDIN = "-"
UTF_16_MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class NoPathListError(GenrekitError):
    """What should be a list of paths is something else."""


def read_path_list(stream: BinaryIO) -> list[str]:
    """Paths from a list: one a line, or separated by NUL as `find -print0` does if there is a NUL in it.

    Names may hold any byte; empty lines and the carriage returns of Windows are dropped. A list that begins with the
    mark of UTF-8 or UTF-16, as PowerShell writes it, is read as that.

    Raises
    ------
    NoPathListError : if it is audio, UTF-16 without its mark, or holds bytes that are no name on this system
    """
    data = stream.read()
    if (audio := describe_audio(data[:HEAD_BYTES])) is not None:
        raise NoPathListError(
            f"standard input begins like {audio}, and '-' reads a list of paths, one a line; name the file instead"
        )
    for mark, encoding in UTF_16_MARKS:
        if data.startswith(mark):
            try:
                lines = data.removeprefix(mark).decode(encoding).split("\n")
            except UnicodeDecodeError as error:
                raise NoPathListError(f"standard input begins as a list in {encoding} and is none: {error}") from error
            return [name for line in lines if (name := line.removesuffix("\r"))]
    data = data.removeprefix(codecs.BOM_UTF8)
    parts = data.split(b"\0") if b"\0" in data else [line.removesuffix(b"\r") for line in data.split(b"\n")]
    # Taken as names, "." and "/" would be searched as folders.
    if b"\0" in data and max(map(len, parts)) == 1 and {b".", b"/", b"\n"} & set(parts[1:]):
        raise NoPathListError(
            "standard input seems to be a list in UTF-16: there is a NUL behind each character; write it in UTF-8"
        )
    return [_as_path(part) for part in parts if part]


def list_inputs(
    arguments: Sequence[str], stdin: BinaryIO, *, on_hidden: Callable[[Path], None] | None = None
) -> list[str]:
    """All files to classify, each once, in the order given; a folder's are sorted.

    What cannot be classified (a missing file, a folder without audio) is in the list too, in its place, so that whoever
    named it hears what is wrong with it.

    Parameters
    ----------
    arguments : files, folders (searched with all that is in them), or "-" for a list on standard input
    stdin : where the list comes from
    on_hidden : called with each hidden file that may be audio and was left out of a folder

    Raises
    ------
    NoPathListError : if that is no list
    """
    inputs: dict[Path, str] = {}
    hidden: list[Path] = []
    for argument in _expand(arguments, stdin):
        for path in find_audio([argument], on_hidden=hidden.append):
            # A file keeps its name as it was typed, which `Path` would tidy.
            name = os.fspath(path) if _is_folder(argument) else argument
            inputs.setdefault(Path(name).absolute(), name)
    if on_hidden is not None:
        # It may be named as well, and its folder twice.
        for place, path in {path.absolute(): path for path in hidden}.items():
            if place not in inputs:
                on_hidden(path)
    return list(inputs.values())


def given_folders(arguments: Sequence[str]) -> list[str]:
    """Those of the arguments that are folders, each searched by `list_inputs` with all that is in it."""
    return [argument for argument in arguments if argument != STDIN and _is_folder(argument)]


def _as_path(name: bytes) -> str:
    try:
        return os.fsdecode(name)
    except UnicodeDecodeError as error:  # on Windows, where names are no bytes
        raise NoPathListError(
            f"standard input lists {name.decode(errors='backslashreplace')!r}, which is not in "
            f"{error.encoding.upper()}; write the list in that"
        ) from error


def _expand(arguments: Sequence[str], stdin: BinaryIO) -> Iterator[str]:
    for argument in arguments:
        if argument == STDIN:
            yield from read_path_list(stdin)
        else:
            yield argument


def _is_folder(argument: str) -> bool:
    # A name that is too long, or in a locked folder, is a file that fails; `Path.is_dir` would raise.
    return os.path.isdir(argument)  # noqa: PTH112

"""Text files: read with errors that tell what the file is, written whole or not at all and never over another."""

from __future__ import annotations

from pathlib import Path

from genrekit.errors import DataError, NoSuchDataError
from genrekit.whole_file import written_whole

__all__ = ["read_text", "write_new"]


def read_text(path: Path, *, what: str) -> str:
    """The text of a file in UTF-8, with or without a byte order mark.

    Raises
    ------
    DataError
        If it cannot be read or is no text; `what` says what was expected, such as "a split file". NoSuchDataError if
        it is not there.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NoSuchDataError(f"There is no file {path}; {what} is expected.") from None
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is not {what}: it is no text in UTF-8.") from None


def write_new(path: Path, text: str) -> None:
    """Write a new file in UTF-8; it appears under its name only when it is whole.

    Writing the same text again is no change and succeeds. A byte of a file's name that is not UTF-8 is written
    ``\\udcXX``, which JSON reads back as it was.

    Raises
    ------
    DataError
        If a file with other content is there, or the file cannot be written.
    """
    content = text.encode("utf-8", "backslashreplace")
    try:
        if path.is_file():
            if path.read_bytes() == content:
                return
            raise DataError(f"{path} exists already with other content; choose another name, or move it away.")
        with written_whole(path) as partial:
            partial.write_bytes(content)
    except OSError as error:
        raise DataError(f"Cannot write {path}: {error.strerror or error}.") from None

"""Places that output is to go to, looked at before the work: that it can be written, and over nothing of another's."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from genrekit.errors import PlaceError
from genrekit.whole_file import followed

__all__ = ["require_earlier", "require_folder", "require_new", "require_place", "require_shared_folder"]


def require_place(path: Path, what: str) -> None:
    """Say what would keep `what` from being written to `path` after hours of work.

    Raises
    ------
    PlaceError : if its folder is missing or may not be written to, or it is a folder itself
    """
    try:
        target = followed(path)
        folder = target.parent
        if target.is_dir():
            raise PlaceError(f"cannot write {what} to {path}: it is a folder; give the name of a file")
        if target.exists() and not target.is_file():
            return
        if not folder.is_dir():
            no_folder = f"{folder} is no folder" if folder.exists() else f"there is no folder {folder}; make it"
            raise PlaceError(f"cannot write {what} to {path}: {no_folder}, or give another name")
    except OSError as error:
        raise PlaceError(f"cannot write {what} to {path}: {error.strerror or error}; give another name") from error
    try:
        _try_to_write(folder)
    except OSError as error:
        raise PlaceError(
            f"cannot write {what} to {path}: {folder} may not be written to ({error.strerror or error}); give another "
            "name"
        ) from error


def require_new(path: Path, what: str) -> None:
    """As `require_place`, of a file that replaces none.

    Raises
    ------
    PlaceError : if there is a file already, or as `require_place`
    """
    require_place(path, what)
    if path.is_file():
        raise PlaceError(f"{path} exists already; choose another name, or move it away.")


def require_folder(folder: Path, what: str) -> None:
    """Say what would keep `what` from being written into `folder`, which may be made for it; none is left behind.

    Raises
    ------
    PlaceError : if it, or what lies above it, is a file or may not be written to
    """
    made: list[Path] = []
    try:
        for one in (folder, *folder.parents):
            if one.is_dir():
                break
            if one.exists():
                raise PlaceError(f"cannot write {what} into {folder}: {one} is no folder; give another --output")
            made.append(one)
        folder.mkdir(parents=True, exist_ok=True)
        _try_to_write(folder)
    except OSError as error:
        raise PlaceError(
            f"cannot write {what} into {folder}: {error.strerror or error}; give another --output"
        ) from error
    finally:
        for one in made:
            with suppress(OSError):
                one.rmdir()


def require_shared_folder(folder: Path, what: str, *, option: str) -> None:
    """As `require_folder`, where another process may make and fill it meanwhile: nothing is made, not for a moment.

    Parameters
    ----------
    folder : which may be made later
    what : is to be kept there, for the error message
    option : by which another one is given

    Raises
    ------
    PlaceError : as `require_folder`
    """
    try:
        there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
        if not there.is_dir():
            raise PlaceError(f"cannot keep {what} in {folder}: {there} is no folder; give another {option}")
        _try_to_write(there)
    except OSError as error:
        raise PlaceError(f"cannot keep {what} in {folder}: {error.strerror or error}; give another {option}") from error


def require_earlier(path: Path, *, beginning: str = "", mark: str = "") -> None:
    """Let output replace nothing but earlier output of its kind: what is at `path` may be a file of somebody's own.

    Parameters
    ----------
    path : where it is to be written; there may be nothing, an empty file, or a pipe
    beginning : the text that an earlier one begins with
    mark : text that it holds anywhere

    Raises
    ------
    PlaceError : if a file is there that is something else, or cannot be read
    """
    try:
        if not path.is_file() or not path.stat().st_size:
            return
        with path.open("rb") as file:
            found = file.read(len(beginning.encode()))
            # A song may be there, which is not read for text that it does not begin with.
            own = found == beginning.encode() and mark.encode() in (file.read() if mark else b"")
    except OSError as error:
        raise PlaceError(f"{path}: {error.strerror or error}") from error
    if not own:
        raise PlaceError(f"{path} exists, and is something else; give another name")


def _try_to_write(folder: Path) -> None:
    """Make a file there that is gone at once: what rights and a file system say of themselves is not always so."""
    from tempfile import TemporaryFile

    with TemporaryFile(dir=folder):
        pass

"""Getting a data set's archive: resumed after a break, unpacked safely, nothing half taken for whole."""

from __future__ import annotations

import lzma
import platform
import tarfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable
from email.message import Message
from http.client import HTTPException, HTTPResponse
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from genrekit.errors import DataError

__all__ = ["download", "unpack"]

Progress = Callable[[int, int], None]

BLOCK_BYTES = 1 << 20
# What a damaged archive leads to, from whichever compression it has.
DAMAGE = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError)
TIMEOUT_S = 60
PARTIAL_CONTENT = 206
RANGE_NOT_SATISFIABLE = 416


def download(url: str, path: Path, *, progress: Progress = lambda done, total: None) -> None:
    """Fetch `url` into the file `path`; what a broken try of the same `url` left in ``path.part`` is gone on with.

    Where the server tells one version of the file from another, what was kept of another one is begun anew.

    Parameters
    ----------
    url : http, https or file
    path : new file; if it exists already, nothing is fetched
    progress : called with bytes done and their total, 0 if the server does not tell it

    Raises
    ------
    DataError
        If the server does not give the file, the connection breaks, or the disk is full; what came is kept. If this
        Python is too old to unpack it.
    """
    # Said before an hour of fetching, not after.
    _require_safe_tar()
    if path.exists():
        return
    part = path.with_name(f"{path.name}.part")
    origin = path.with_name(f"{path.name}.part.url")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while not _fetch(url, part, origin, progress):
            # What was kept does not fit what the server has now.
            part.unlink()
        part.replace(path)
        origin.unlink(missing_ok=True)
    except urllib.error.HTTPError as error:
        raise DataError(
            f"{url} was refused: {error.code} {error.reason}. It may have moved; see 'data info'."
        ) from None
    except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise DataError(f"{url} could not be fetched: {reason}. Start the same command again to go on.") from None
    except ValueError as error:
        raise DataError(f"{url!r} is not an address: {error}.") from None
    except OSError as error:
        raise DataError(
            f"Cannot write {part}: {error.strerror or error}. Make room and start the same command again to go on."
        ) from None


def _fetch(url: str, part: Path, origin: Path, progress: Progress) -> bool:
    """Fetch what `part` lacks, if it is of this address, which `origin` tells; False if it has to be begun anew."""
    known_url, _, version = (origin.read_text(encoding="utf-8") if origin.is_file() else "").partition("\n")
    have = part.stat().st_size if known_url == url and part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    if have and version:
        # A server that has another version gives all of it.
        request.add_header("If-Range", version)
    try:
        response: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == RANGE_NOT_SATISFIABLE and have:
            # All of it may be here, and only its name be missing.
            is_whole = error.headers.get("Content-Range", "") == f"bytes */{have}"
            return is_whole and not _is_another(version, error.headers)
        raise
    with response:
        if have and response.status != PARTIAL_CONTENT:
            have = 0
        if have and _is_another(version, response.headers):
            return False
        if not have:
            part.unlink(missing_ok=True)
        origin.write_text(f"{url}\n{_version(response.headers)}", encoding="utf-8")
        rest = int(response.headers.get("Content-Length") or 0)
        with part.open("ab" if have else "wb") as file:
            done = _copy(response, file, have, have + rest if rest else 0, progress)
    if rest and done != have + rest:
        raise ConnectionError(f"the connection ended after {done} of {have + rest} bytes")
    return True


def _version(headers: Message) -> str:
    """By what the server tells one version of a file from another; "" if it does not."""
    etag = headers.get("ETag", "")
    # A weak one may stay where bytes change.
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")


def _is_another(version: str, headers: Message) -> bool:
    """Whether the server has another version now, though it was asked for this one."""
    now = _version(headers)
    return bool(version and now) and now != version


def _copy(response: HTTPResponse, file: BinaryIO, done: int, total: int, progress: Progress) -> int:
    while block := response.read(BLOCK_BYTES):
        file.write(block)
        done += len(block)
        progress(done, total)
    return done


def unpack(archive: Path, folder: Path, *, progress: Progress = lambda done, total: None) -> int:
    """Unpack a tar or zip archive into a folder and give its number of files; files that are there are kept.

    A tar archive is read to its end before anything of it is unpacked: its checksum, if it has one, stands there.

    Raises
    ------
    DataError
        If it is no archive or is damaged, a member would land outside the folder, or the disk is full. If this Python
        is too old to unpack it.
    """
    _require_safe_tar()
    try:
        if tarfile.is_tarfile(archive):
            return _unpack_tar(archive, folder, progress)
        if zipfile.is_zipfile(archive):
            return _unpack_zip(archive, folder, progress)
    except tarfile.FilterError as error:
        raise DataError(f"{archive} is not to be trusted: {error}.") from None
    except DAMAGE as error:
        raise DataError(f"{archive} is damaged: {error}. Delete it and download it again.") from None
    except OSError as error:
        # gzip and bzip2 say so of damage; the system's own errors have a number.
        if error.errno is None:
            raise DataError(f"{archive} is damaged: {error}. Delete it and download it again.") from None
        raise DataError(f"Cannot unpack {archive} into {folder}: {error.strerror or error}.") from None
    raise DataError(f"{archive} is neither a tar nor a zip archive. Delete it and download it again.")


def _require_safe_tar() -> None:
    if not hasattr(tarfile, "data_filter"):
        raise DataError(
            f"This Python, {platform.python_version()}, cannot unpack archives safely; 3.11.4 and newer ones can. Run "
            "genrekit with one of them."
        )


def _unpack_tar(archive: Path, folder: Path, progress: Progress) -> int:
    size = archive.stat().st_size
    count = 0
    _require_whole(archive)
    with archive.open("rb") as raw, tarfile.open(fileobj=raw) as tar:
        for member in tar:
            if member.isdir():
                continue
            # "data" refuses what lies outside, links that lead out, and devices.
            if not (folder / member.name).is_file() or (folder / member.name).stat().st_size != member.size:
                tar.extract(member, folder, filter="data")
            count += 1
            progress(raw.tell(), size)
    return count


def _require_whole(archive: Path) -> None:
    """Read a tar archive to its end, as a member that it cannot read ends the list of members without an error.

    Raises
    ------
    tarfile.ReadError, or what the compression raises : it is cut, or its checksum is wrong
    """
    with tarfile.open(archive) as tar:
        for _ in tar:
            pass
        stream = tar.fileobj
        assert stream is not None
        # What ends the members is a block of zeros, and zeros are all that may follow.
        is_whole = stream.tell() >= tar.offset + tarfile.BLOCKSIZE
        while block := stream.read(BLOCK_BYTES):
            is_whole = is_whole and not block.strip(b"\0")
    if not is_whole:
        raise tarfile.ReadError("it is cut, or not an archive to its end")


def _unpack_zip(archive: Path, folder: Path, progress: Progress) -> int:
    with zipfile.ZipFile(archive) as bundle:
        members = [member for member in bundle.infolist() if not member.is_dir()]
        for done, member in enumerate(members, start=1):
            if PurePosixPath(member.filename).is_absolute() or ".." in PurePosixPath(member.filename).parts:
                raise DataError(f"{archive} is not to be trusted: {member.filename!r} would land outside {folder}.")
            target = folder / member.filename
            if not target.is_file() or target.stat().st_size != member.file_size:
                try:
                    bundle.extract(member, folder)
                except (*DAMAGE, OSError):
                    # A wrong checksum shows at the end only, when the file has its size, by which it would be kept.
                    target.unlink(missing_ok=True)
                    raise
            progress(done, len(members))
    return len(members)

"""From a request to an open file without a name: multipart or raw, streamed, counted, and given up when too slow."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import FileIO

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.types import Message

from genrekit.serve.limits import Limits
from genrekit.serve.problem import Problem

__all__ = ["Upload", "receive_upload"]

FIELD = "file"
MAX_NAME_CHARS = 255
MULTIPART = "multipart/form-data"
# The content is looked at anyway, as music goes by many names; this only spares what cannot be meant.
OTHER_TYPES = frozenset(
    {"application/json", "application/pdf", "application/x-www-form-urlencoded", "application/xml", "application/zip"}
)
OTHER_FAMILIES = ("font/", "image/", "message/", "model/", "multipart/", "text/")
# Without a header of its own, curl calls the bytes of a file a form.
EXAMPLES = f"curl -F {FIELD}=@song.mp3, or curl --data-binary @song.mp3 -H 'Content-Type: audio/mpeg'"

_LOG = logging.getLogger(__name__)
RETRY_AFTER_S = 30

_Close = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Upload:
    """A received file.

    Attributes
    ----------
    descriptor : of a temporary file that has no name
    name : as the query calls it, else the form, at most 255 characters; None if neither does
    """

    descriptor: int
    name: str | None


@asynccontextmanager
async def receive_upload(request: Request, limits: Limits) -> AsyncIterator[Upload]:
    """Receive the one file of a request; it is gone when the context ends, or the process.

    Parameters
    ----------
    request : multipart with a part named "file", or the bytes of the file as the body
    limits : on size and time

    Raises
    ------
    Problem : too large, too slow, of a wrong type, none, or there is no room for it
    """
    kind = _media_type(request.headers.get("content-type", ""))
    if kind != MULTIPART:
        _check_type(kind)
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > limits.max_body_bytes:
        raise _too_large(limits)
    bounded = Request(request.scope, _Bounded(request, limits).receive)
    try:
        async with asyncio.timeout(limits.body_total_s):
            if kind == MULTIPART:
                upload, close = await _from_form(bounded)
            else:
                upload, close = await _from_body(bounded)
    except TimeoutError:
        raise Problem(
            "sent_too_slowly",
            f"no byte came for {limits.body_idle_s:g} s, or all took more than {limits.body_total_s:g} s; send it "
            "again over a faster connection",
            headers={"Connection": "close"},
        ) from None
    except OSError as error:
        reason = error.strerror or str(error)
        _LOG.error("an upload could not be kept in %s: %s", tempfile.gettempdir(), reason)
        raise Problem(
            "not_stored",
            f"the service has no room for this file now ({reason}); send it again later, or ask whoever runs the "
            "service for more room in its temporary folder",
            headers={"Retry-After": str(RETRY_AFTER_S), "Connection": "close"},
        ) from None
    try:
        yield upload
    finally:
        await close()


class _Bounded:
    """The receiving side of a request, with the limits applied to each message."""

    def __init__(self, request: Request, limits: Limits) -> None:
        self._receive = request.receive
        self._limits = limits
        self._n_bytes = 0

    async def receive(self) -> Message:
        async with asyncio.timeout(self._limits.body_idle_s):
            message = await self._receive()
        self._n_bytes += len(message.get("body", b""))
        if self._n_bytes > self._limits.max_body_bytes:
            raise _too_large(self._limits)
        return message


async def _from_body(request: Request) -> tuple[Upload, _Close]:
    file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by the caller, through what is returned
    try:
        async for chunk in request.stream():
            _write(file, chunk)
        if file.tell() == 0:
            raise Problem("bad_request", f"the request has no body; send a file, as in: {EXAMPLES}")
    except BaseException:
        file.close()
        raise

    async def close() -> None:
        file.close()

    return Upload(file.fileno(), _name(request)), close


def _write(file: FileIO, chunk: bytes) -> None:
    # A disk that is nearly full takes a part of it and says so only by the count.
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) :]


async def _from_form(request: Request) -> tuple[Upload, _Close]:
    try:
        form = await request.form(max_files=1, max_fields=8, max_part_size=64 * 1024)
    except (HTTPException, MultiPartException) as error:
        reason = getattr(error, "detail", None) or getattr(error, "message", "")
        raise Problem("bad_request", f"the multipart body cannot be read: {reason}; send one file a request") from None
    part = form.get(FIELD)
    if part is None or isinstance(part, str):
        await form.close()
        raise Problem(
            "bad_request", f"the multipart body has no file in a part named {FIELD!r}, as in: curl -F {FIELD}=@song.mp3"
        )
    name = _name(request, part.filename)
    try:
        _check_fields(form)
        _check_type(_media_type(part.content_type or ""), name)
        part.file.flush()
        return Upload(part.file.fileno(), name), form.close  # asking for the descriptor moves it from memory to a file
    except BaseException:
        await form.close()
        raise


def _name(request: Request, of_part: str | None = None) -> str | None:
    return (request.query_params.get("name") or of_part or "")[:MAX_NAME_CHARS] or None


def _check_fields(form: FormData) -> None:
    for field in form:
        if field != FIELD:
            raise Problem(
                "bad_request",
                f"the multipart body has a part named {field!r} beside {FIELD!r}; parameters stand in the address, as "
                "in: /v1/classify?timeline=true",
            )


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _check_type(kind: str, name: str | None = None) -> None:
    if kind not in OTHER_TYPES and not kind.startswith(OTHER_FAMILIES):
        return
    raise Problem(
        "wrong_type",
        f"this is sent as {kind}; expected audio: {MULTIPART} with a part named {FIELD!r}, or the bytes of the file "
        f"with 'Content-Type: application/octet-stream' or audio/*, as in: {EXAMPLES}",
        path=name,
    )


def _too_large(limits: Limits) -> Problem:
    return Problem(
        "body_too_large",
        f"the request is larger than {limits.max_body_bytes / 1e6:g} MB, the most that this service takes; send a "
        "shorter part or a compressed file, or ask whoever runs the service for a larger --max-body-mb",
    )

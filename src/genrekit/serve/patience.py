"""Connections that send a request's head slowly, or a body that nobody reads, are closed after a while; what is no
HTTP is answered in JSON, as all else."""

from __future__ import annotations

import asyncio
import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from genrekit.serve.problem import Problem

__all__ = ["PatientProtocol"]

HEAD_S = 15.0


class PatientProtocol(H11Protocol):
    """uvicorn's HTTP/1.1, with a bound on the time between requests in which bytes may trickle in.

    uvicorn waits for the end of a head as long as the client likes, and `genrekit.serve.intake` sees a request only
    from there on.
    """

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for a head."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take bytes; the wait ends where they complete a head."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop_watching()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be read, and hang up."""
        body = json.dumps(Problem("bad_request", f"{msg} Expected HTTP/1.1").to_json()).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _is_served(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _watch(self) -> None:
        if self._is_served():
            self._stop_watching()
        elif self._patience is None:
            self._patience = self.loop.call_later(HEAD_S, self._give_up)

    def _stop_watching(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if not self._is_served() and not self.transport.is_closing():
            self.transport.close()

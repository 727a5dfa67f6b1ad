"""Clients that send a body or a head slower than the service waits, with short waits so that the test is quick."""

from __future__ import annotations

import asyncio

import pytest

pytest.importorskip("uvicorn")
pytest.importorskip("fastapi")

from fastapi import Request

from genrekit.serve import patience
from genrekit.serve.intake import receive_upload
from genrekit.serve.limits import Limits
from genrekit.serve.problem import Problem


def _request(gaps_s: list[float]) -> Request:
    waiting = list(gaps_s)

    async def receive() -> dict[str, object]:
        if not waiting:
            return {"type": "http.request", "body": b"", "more_body": False}
        await asyncio.sleep(waiting.pop(0))
        return {"type": "http.request", "body": b"x" * 10, "more_body": True}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"audio/wav")], "query_string": b""}
    return Request(scope, receive)


@pytest.mark.parametrize("gaps_s", [[0.0, 30.0], [0.15] * 20], ids=["stops", "trickles"])
def test_slow_body_is_given_up(gaps_s: list[float]) -> None:
    async def receive() -> None:
        async with receive_upload(_request(gaps_s), Limits(body_idle_s=0.3, body_total_s=0.5)):
            pytest.fail("the upload is not complete")

    with pytest.raises(Problem) as caught:
        asyncio.run(receive())
    assert caught.value.status == 408


def test_steady_body_is_taken() -> None:
    async def receive() -> bytes:
        async with receive_upload(_request([0.01] * 5), Limits()) as upload:
            import os

            return os.pread(upload.descriptor, 100, 0)

    assert asyncio.run(receive()) == b"x" * 50


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\n"], ids=["none", "line", "head"])
def test_slow_head_is_given_up(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    import uvicorn

    monkeypatch.setattr(patience, "HEAD_S", 0.3)

    async def app(scope: object, receive: object, send: object) -> None:
        pytest.fail("there is no request")

    async def run() -> bytes:
        config = uvicorn.Config(app, http=patience.PatientProtocol, port=0, lifespan="off", log_config=None)  # type: ignore[arg-type]
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        answer = await asyncio.wait_for(reader.read(), 5)
        await server.shutdown()
        return answer

    assert asyncio.run(run()) == b""

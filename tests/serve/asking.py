"""Requests as a client sends them, and waiting for what the service counts."""

from __future__ import annotations

import time

import httpx

from serve.conftest import Running

__all__ = ["RAW", "send", "wait_for"]

RAW = {"Content-Type": "application/octet-stream"}


def send(service: Running, content: bytes, name: str = "song.wav", **options: object) -> httpx.Response:
    query = options.pop("params", {})
    return httpx.post(
        f"{service.url}/v1/classify", files={"file": (name, content)}, params=query, timeout=60, **options
    )


def wait_for(service: Running, metric: str) -> None:
    deadline = time.monotonic() + 30
    while metric not in httpx.get(f"{service.url}/metrics").text:
        assert time.monotonic() < deadline, metric
        time.sleep(0.005)

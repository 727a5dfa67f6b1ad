"""Requests as a client sends them, and waiting for what the service counts."""

from __future__ import annotations

import httpx
from waiting import wait_until

from serve.conftest import Running

__all__ = ["RAW", "send", "wait_for"]

RAW = {"Content-Type": "application/octet-stream"}


def send(service: Running, content: bytes, name: str = "song.wav", **options: object) -> httpx.Response:
    query = options.pop("params", {})
    return httpx.post(
        f"{service.url}/v1/classify", files={"file": (name, content)}, params=query, timeout=60, **options
    )


def wait_for(service: Running, metric: str) -> None:
    wait_until(lambda: metric in httpx.get(f"{service.url}/metrics").text, what=f"the service counts {metric}")

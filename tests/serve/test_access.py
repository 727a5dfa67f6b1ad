"""Who may ask the real service: by its own names, from its own page, with its token."""

from __future__ import annotations

import socket
from collections.abc import Callable

import httpx
import pytest

from serve.asking import send
from serve.bad_files import tone, wav
from serve.conftest import Running


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9000", 200),
        ("app.localhost", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("[::ffff:127.0.0.1]", 200),
        ("evil.example", 403),
        ("[x", 403),
        ("evil.example/health?", 403),
    ],
)
def test_a_service_for_this_machine_has_no_other_name(service: Running, host: str, status: int) -> None:
    # As after a page of that name was given this machine's address.
    for path in ("/", "/v1/models", "/metrics"):
        answer = httpx.get(service.url + path, headers={"Host": host})
        assert answer.status_code == status
        assert status == 200 or answer.json()["code"] == "foreign_host"
    # Who watches it may know no name, and a client of HTTP/1.0 sends none.
    assert httpx.get(f"{service.url}/health", headers={"Host": host}).status_code == 200
    assert httpx.get(f"{service.url}/nothing", headers={"Host": host}).status_code == 404
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(b"GET /v1/about HTTP/1.0\r\n\r\n")
        assert b" 200 " in connection.recv(100)


def test_a_proxy_s_name_can_be_allowed(start_service: Callable[..., Running]) -> None:
    service = start_service("--workers", 1, "--allow-host", "Music.Example", "--allow-host", "[fd00::1]")
    allowed = ("music.example", "MUSIC.example:443", "music.example.", "[fd00::1]:80", "localhost")
    for host, status in (*((name, 200) for name in allowed), ("evil.example", 403)):
        assert httpx.get(f"{service.url}/v1/about", headers={"Host": host}).status_code == status
    service.stop()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://music.example"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:1", "Host": "localhost:1"}, 200),
        # As a proxy on another port has it.
        ({"Origin": "http://LOCALHOST:8080", "Host": "localhost"}, 200),
    ],
)
def test_pages_of_other_sites_cannot_send_files(service: Running, headers: dict[str, str], status: int) -> None:
    answer = send(service, wav(tone()), headers=headers)
    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "foreign_page"


def test_token(start_service: Callable[..., Running]) -> None:
    service = start_service("--workers", 1, token="open sesame\n")
    content = wav(tone())
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic open sesame"}):
        answer = send(service, content, headers=headers)
        assert answer.status_code == 401 and answer.json()["code"] == "token_needed"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        for path in ("/v1/models", "/metrics"):
            assert httpx.get(service.url + path, headers=headers).status_code == 401
    right = {"Authorization": "Bearer open sesame"}
    assert send(service, content, headers=right).status_code == 200
    assert httpx.get(f"{service.url}/v1/models", headers=right).status_code == 200
    for path in ("/", "/health", "/v1/about"):
        assert httpx.get(service.url + path).status_code == 200
    assert service.stop() == 0

"""The verb's own errors, before anything is served."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")


def test_port_in_use_is_told(genrekit_cli: Callable[..., Any], tiny_model_path: object) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        finished = genrekit_cli("serve", "--port", port, "--model", tiny_model_path)
    assert finished.code == 1
    assert f"port {port}: Address already in use; give another --port" in finished.err


def test_missing_model_is_told(genrekit_cli: Callable[..., Any]) -> None:
    finished = genrekit_cli("serve", "--port", 0, "--model", "defualt")
    assert finished.code == 2 and "default" in finished.err


@pytest.mark.parametrize(
    "option",
    [
        ("--token", " "),
        ("--token", "p\u00e4ss"),
        ("--token", "a\nb"),
        ("--port", "99999"),
        ("--workers", "0"),
        ("--host", ""),
        ("--host", "127.0.0.1:8000"),
        ("--host", "http://localhost"),
        ("--allow-host", ""),
        ("--allow-host", "https://music.example"),
        ("--allow-host", "music.example:443"),
        ("--max-body-mb", "inf"),
        ("--max-duration-s", "nan"),
    ],
)
def test_wrong_usage(genrekit_cli: Callable[..., Any], option: tuple[str, str]) -> None:
    assert genrekit_cli("serve", *option).code == 2


def test_an_empty_token_in_the_environment_is_no_service_for_everybody(
    genrekit_cli: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENREKIT_TOKEN", "")
    finished = genrekit_cli("serve", "--port", 0)
    assert finished.code == 2 and "GENREKIT_TOKEN" in finished.err and "empty" in finished.err


def test_worker_that_does_not_come_up_is_told_in_one_line(
    tiny_model_path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from genrekit.serve.limits import Limits
    from genrekit.serve.server import Service, ServiceError

    model = tmp_path / "model.onnx"
    shutil.copy(tiny_model_path, model)
    service = Service(str(model), host="127.0.0.1", port=0, n_workers=1, limits=Limits())
    model.unlink()
    with pytest.raises(ServiceError, match=r"did not start: .*model\.onnx"):
        service.run(lambda: pytest.fail("it takes requests without a model"), lambda _: None)
    assert capfd.readouterr().err == ""


def test_loopback() -> None:
    from genrekit.serve.access import is_loopback

    assert all(map(is_loopback, ("127.0.0.1", "::1", "localhost", "127.9.9.9")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.2", "example.org")))


def test_a_stop_waits_as_long_as_all_that_was_let_in_may_take(tiny_model_path: Path) -> None:
    from genrekit.serve.limits import Limits
    from genrekit.serve.server import Service

    limits = Limits(max_work_s=7, max_waiting=5, body_total_s=11)
    service = Service(str(tiny_model_path), host="127.0.0.1", port=0, n_workers=2, limits=limits)
    try:
        # The last of five is sent in 11 s, and its turn is the third.
        assert 11 + 3 * 7 < service._longest_s < 11 + 3 * 7 + 60
    finally:
        service._socket.close()

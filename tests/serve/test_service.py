"""The real service over a socket: results, limits, hostile files, clients that behave badly."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import numpy as np
import pytest

from genrekit.audio import AUDIO_SUFFIXES
from genrekit.inference import load
from genrekit.serve.page_files import PAGE_FOLDER
from genrekit.serve.problem import STATUS_OF_CODE
from serve.bad_files import REFUSED, tone, wav
from serve.conftest import Running

RAW = {"Content-Type": "application/octet-stream"}


def send(service: Running, content: bytes, name: str = "song.wav", **options: object) -> httpx.Response:
    query = options.pop("params", {})
    return httpx.post(
        f"{service.url}/v1/classify", files={"file": (name, content)}, params=query, timeout=60, **options
    )


def test_result_is_that_of_the_classifier(service: Running, tiny_model_path: Path, tmp_path: Path) -> None:
    content = wav(tone(2000.0, 3.0))
    (tmp_path / "song.wav").write_bytes(content)
    expected = load(tiny_model_path).classify(tmp_path / "song.wav").to_json(timeline=True)
    answer = send(service, content, params={"timeline": "true"})
    assert answer.status_code == 200
    assert answer.json() == {**expected, "path": "song.wav"}
    plain = send(service, content).json()
    assert plain == {key: value for key, value in answer.json().items() if key != "timeline"}


def test_raw_body_gives_the_same(service: Running) -> None:
    content = wav(tone(2000.0, 3.0), container="FLAC")
    raw = httpx.post(f"{service.url}/v1/classify", content=content, headers=RAW, params={"name": "song.wav"})
    assert raw.status_code == 200
    assert raw.json() == send(service, content).json()
    nameless = httpx.post(f"{service.url}/v1/classify", content=content, headers={"Content-Type": "audio/flac"})
    assert nameless.json()["path"] is None


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_unreadable_file_is_422_and_named(service: Running, name: str) -> None:
    answer = send(service, REFUSED[name], name)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "unreadable"
    assert answer.json()["path"] == name and name in answer.json()["error"]


@pytest.mark.parametrize(
    ("content", "warning"),
    [
        (wav(tone(duration_s=3.0))[:-9000], "ends early"),
        (wav(np.zeros(30_000, np.float32)), "silent"),
        (wav(np.full(30_000, np.nan, np.float32), subtype="FLOAT"), "NaN"),
        (wav(tone(duration_s=0.01)), "short"),
        (wav(np.repeat(tone(duration_s=3.0)[:, None], 8, axis=1)), None),
        (wav(tone(duration_s=3.0), subtype="PCM_U8"), None),
    ],
    ids=["truncated", "zeros", "nan", "short", "8_channels", "8_bit"],
)
def test_odd_but_readable_file_has_a_result(service: Running, content: bytes, warning: str | None) -> None:
    answer = send(service, content)
    assert answer.status_code == 200, answer.text
    warnings = " ".join(answer.json().get("warnings", []))
    assert warning in warnings if warning else not warnings


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "C:\\x.wav", "<img src=x>.wav", "ü\n.wav", "x" * 999]
)
def test_name_is_only_a_name(service: Running, name: str) -> None:
    content = wav(tone(duration_s=3.0))
    answer = httpx.post(f"{service.url}/v1/classify", content=content, headers=RAW, params={"name": name}, timeout=60)
    assert answer.status_code == 200
    assert answer.json()["path"] == name[:255]
    assert send(service, b"no music", "../../etc/passwd").json()["path"] == "../../etc/passwd"


def test_nothing_is_left_on_the_disk(service: Running) -> None:
    send(service, wav(tone(duration_s=60.0)))
    send(service, b"no music" * 300_000)
    assert list(service.scratch.iterdir()) == []


@pytest.mark.parametrize("kind", ["form", "body"])
def test_full_disk_is_503_and_told(service: Running, kind: str) -> None:
    resource = pytest.importorskip("resource")
    content = wav(tone(duration_s=60.0))
    # No process may write longer files than this: the same as a full disk, for this service alone.
    before = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        if kind == "form":
            answer = send(service, content)
        else:
            answer = httpx.post(f"{service.url}/v1/classify", content=content, headers=RAW, timeout=60)
    finally:
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, before)
    assert answer.status_code == 503 and answer.json()["code"] == "not_stored"
    assert "no room" in answer.json()["error"] and answer.headers["Retry-After"]
    assert 'outcome="not_stored"' in httpx.get(f"{service.url}/metrics").text
    assert send(service, content).status_code == 200


@pytest.mark.parametrize("kind", ["application/vnd.ms-asf", "binary/octet-stream", "application/x-flac", "video/mp4"])
def test_types_of_music_that_are_not_called_audio_are_taken(service: Running, kind: str) -> None:
    content = wav(tone(duration_s=3.0))
    answer = httpx.post(f"{service.url}/v1/classify", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 200 and answer.json()["genre"]


def test_wrong_type_is_415(service: Running) -> None:
    for kind in ("text/plain", "application/json", "application/x-www-form-urlencoded", "image/png", "multipart/mixed"):
        answer = httpx.post(f"{service.url}/v1/classify", content=b"x", headers={"Content-Type": kind})
        assert answer.status_code == 415 and answer.json()["code"] == "wrong_type" and kind in answer.json()["error"]
    picture = httpx.post(f"{service.url}/v1/classify", files={"file": ("x.png", b"x", "image/png")})
    assert picture.status_code == 415


def test_form_without_a_file_is_400(service: Running) -> None:
    for form in (
        {"other": ("x.wav", b"x")},
        {"file": (None, "text")},
        {"file": ("x.wav", b"x"), "timeline": (None, "true")},
    ):
        answer = httpx.post(f"{service.url}/v1/classify", files=form)
        assert answer.status_code == 400 and answer.json()["code"] == "bad_request"
    broken = httpx.post(f"{service.url}/v1/classify", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert broken.status_code == 400


def test_a_request_without_a_body_is_400(service: Running) -> None:
    answer = httpx.post(f"{service.url}/v1/classify")
    assert answer.status_code == 400 and answer.json()["code"] == "bad_request"
    assert "no body" in answer.json()["error"]


@pytest.mark.parametrize("is_stated", [True, False], ids=["stated", "streamed"])
@pytest.mark.parametrize("kind", ["raw", "multipart"])
def test_too_large_is_413(service: Running, kind: str, is_stated: bool) -> None:
    content = bytes(3_000_000)
    headers = dict(RAW)
    if kind == "multipart":
        built = httpx.Request("POST", service.url, files={"file": ("big.wav", content)})
        content, headers = built.read(), {"Content-Type": built.headers["content-type"]}
    pieces = (content[i : i + 65536] for i in range(0, len(content), 65536))
    answer = httpx.post(
        f"{service.url}/v1/classify", content=content if is_stated else pieces, headers=headers, timeout=30
    )
    assert answer.status_code == 413 and answer.json()["code"] == "body_too_large"


def test_too_long_is_413(service: Running) -> None:
    answer = send(service, wav(tone(duration_s=61.0)))
    assert answer.status_code == 413 and answer.json()["code"] == "audio_too_long"
    assert "61 s" in answer.json()["error"] and "60 s" in answer.json()["error"]


def test_unknown_path_and_query(service: Running) -> None:
    assert httpx.get(f"{service.url}/nothing").json()["code"] == "not_found"
    # Not by a redirect, which has no JSON.
    assert httpx.post(f"{service.url}/v1/classify/", content=b"x").json()["code"] == "not_found"
    assert httpx.get(f"{service.url}/v1/classify").status_code == 405
    assert send(service, b"x", params={"timeline": "perhaps"}).status_code == 400
    unknown = send(service, b"x", params={"timelines": "true"})
    assert unknown.status_code == 400 and "did you mean 'timeline'" in unknown.json()["error"]


def test_a_wrong_method_is_told_the_right_one(service: Running) -> None:
    wrong = httpx.get(f"{service.url}/v1/classify")
    assert wrong.status_code == 405 and wrong.headers["Allow"] == "POST" and "takes POST" in wrong.json()["error"]
    for path in ("/health", "/metrics", "/v1/models", "/v1/about"):
        head = httpx.head(service.url + path)
        assert head.status_code == 200 and head.content == b""


def test_the_query_names_a_file_in_a_form_too(service: Running) -> None:
    content = wav(tone())
    assert send(service, content, "a.wav", params={"name": "b.wav"}).json()["path"] == "b.wav"


def test_what_is_no_http_is_answered_in_json(service: Running) -> None:
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(b"GARBAGE\r\n\r\n")
        head, _, body = b"".join(iter(lambda: connection.recv(4096), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400") and json.loads(body)["code"] == "bad_request"


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


def test_killed_worker_is_answered_and_replaced(start_service: Callable[..., Running]) -> None:
    service = start_service("--workers", 1, "--max-duration-s", 1e6)
    (pid,) = service.worker_pids()
    long = wav(np.zeros(40_000_000, np.float32) + 0.1 * np.sin(np.arange(40_000_000), dtype=np.float32))
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(send, service, long)
        _wait_for(service, "genrekit_workers_busy 1")
        waiting = pool.submit(send, service, wav(tone(duration_s=3.0)))
        os.kill(pid, signal.SIGKILL)
        assert running.result().status_code == 500 and running.result().json()["code"] == "worker_died"
        assert waiting.result().status_code == 200
    assert service.worker_pids() != [pid] and len(service.worker_pids()) == 1
    assert "genrekit_worker_restarts_total 1" in httpx.get(f"{service.url}/metrics").text
    # One that dies idle has lost nothing, and is not said to be there.
    assert httpx.get(f"{service.url}/health").json() == {"status": "ok", "workers": 1, "waiting": 0}
    os.kill(service.worker_pids()[0], signal.SIGKILL)
    deadline = time.monotonic() + 10
    while (health := httpx.get(f"{service.url}/health")).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert health.json() == {"status": "no_worker", "workers": 0, "waiting": 0}
    # Who asks brings it back, so that a service which gets no files until it is well becomes well.
    while httpx.get(f"{service.url}/health").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert "\ngenrekit_workers 1\n" in httpx.get(f"{service.url}/metrics").text
    assert send(service, wav(tone(duration_s=3.0))).status_code == 200
    assert list(service.scratch.iterdir()) == []
    assert service.stop() == 0


def test_file_that_takes_too_long_is_stopped(start_service: Callable[..., Running]) -> None:
    service = start_service("--workers", 1, "--max-duration-s", 1e6, "--max-work-s", 0.1)
    slow = wav(0.1 * np.sin(np.arange(30_000_000), dtype=np.float32))
    answer = send(service, slow)
    assert answer.status_code == 422 and answer.json()["code"] == "took_too_long"
    assert send(service, wav(tone())).status_code == 200
    service.stop()


def test_queue_is_bounded_and_stop_finishes_what_was_let_in(start_service: Callable[..., Running]) -> None:
    service = start_service("--workers", 1, "--max-waiting", 2, "--max-duration-s", 1e6)
    slow = wav(0.1 * np.sin(np.arange(20_000_000), dtype=np.float32))
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _: send(service, slow), range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 200, 429]
        full = next(answer for answer in answers if answer.status_code == 429)
        assert full.json()["code"] == "too_many_requests" and int(full.headers["Retry-After"]) > 0
        last = pool.submit(send, service, slow)
        _wait_for(service, "genrekit_workers_busy 1")
        assert service.stop() == 0
        assert last.result().status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{service.url}/health")


@pytest.mark.parametrize("between", [[], [signal.SIGTERM]])
def test_a_second_ctrl_c_gives_up_what_was_let_in(
    start_service: Callable[..., Running], between: list[signal.Signals]
) -> None:
    service = start_service("--workers", 1, "--max-duration-s", 1e6, "--max-body-mb", 1000)
    slow = wav(0.1 * np.sin(np.arange(60_000_000), dtype=np.float32))
    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(send, service, slow) for _ in range(2)]
        _wait_for(service, "genrekit_requests_open 2")
        for number in (signal.SIGINT, *between, signal.SIGINT):
            assert service.process.poll() is None
            service.process.send_signal(number)
            time.sleep(0.2)
        for answer in (one.result() for one in sent):
            assert answer.status_code == 503 and answer.json()["code"] == "stopped"
        assert service.process.wait(30) == 130
    assert list(service.scratch.iterdir()) == []


@pytest.mark.parametrize("between", [[], [signal.SIGTERM]])
def test_a_service_that_is_stopped_before_it_is_up_is_no_failure(
    tiny_model_path: Path, between: list[signal.Signals]
) -> None:
    command = [sys.executable, "-c", "import sys; from genrekit.cli.main import main; sys.exit(main())", "serve"]
    command += ["--port", "0", "--workers", "1", "--model", str(tiny_model_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    # From here to its being up lies the start of a process.
    while not any("spawn_main" in line for line in _children(process.pid)):
        assert process.poll() is None
        time.sleep(0.005)
    for number in (signal.SIGINT, *between, signal.SIGINT):
        process.send_signal(number)
        time.sleep(0.02)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0 and said.splitlines()[-1] == "genrekit: stopped", said


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


def test_client_that_hangs_up_costs_no_place(service: Running) -> None:
    head = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\n"
    head += b"Content-Length: 100000\r\n\r\nRIFF"
    for _ in range(80):  # more than may wait
        with socket.create_connection(("127.0.0.1", service.port)) as connection:
            connection.sendall(head)
    deadline = time.monotonic() + 30  # the service must first come to read that they have gone
    while httpx.get(f"{service.url}/health").json()["waiting"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert send(service, wav(tone())).status_code == 200


def test_many_at_once_are_neither_lost_nor_mixed_up(service: Running) -> None:
    songs = {f"{i}.wav": wav(tone(50.0 + 20 * i, 1.0 + 0.05 * i)) for i in range(24)}
    alone = {name: send(service, content, name).json() for name, content in songs.items()}
    assert len({answer["duration_s"] for answer in alone.values()}) == len(songs)
    names = [*songs, *REFUSED] * 8
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda name: send(service, songs.get(name, REFUSED.get(name, b"")), name), names))
    for name, answer in zip(names, answers, strict=True):
        if name in songs:
            assert answer.json() == alone[name]
        else:
            assert answer.status_code == 422 and answer.json()["path"] == name


def test_models_health_metrics_and_description(service: Running) -> None:
    model = httpx.get(f"{service.url}/v1/models").json()["models"][0]
    assert len(model["genres"]) >= 2 and model["sr"] > 0
    assert (model["hop_s"], model["short_hop_s"]) == (0.5, None)
    assert httpx.get(f"{service.url}/health").json()["status"] == "ok"
    send(service, wav(tone()))
    metrics = httpx.get(f"{service.url}/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'genrekit_answers_total{outcome="ok"}' in metrics.text
    description = httpx.get(f"{service.url}/openapi.json").json()
    assert {"/v1/classify", "/v1/models", "/v1/about", "/health", "/metrics"} <= set(description["paths"])
    body = description["paths"]["/v1/classify"]["post"]["requestBody"]["content"]
    assert {"multipart/form-data", "application/octet-stream"} <= set(body)


def test_the_guide_has_every_status(service: Running) -> None:
    guide = Path(__file__).parents[2] / "docs" / "guide" / "serve.md"
    told = [int(status) for status in re.findall(r"^\| (\d{3}) \|", guide.read_text(encoding="utf-8"), re.MULTILINE)]
    paths = httpx.get(f"{service.url}/openapi.json").json()["paths"].values()
    described = {int(status) for path in paths for verb in path.values() for status in verb["responses"]}
    # What no path answers, since there is none, or not for this method.
    assert told == sorted((described - {200}) | {404, 405})
    assert set(told) == set(STATUS_OF_CODE.values())


def test_page_may_load_nothing_from_elsewhere(service: Running) -> None:
    page = httpx.get(service.url)
    assert page.status_code == 200 and "default-src 'none'" in page.headers["content-security-policy"]
    assert "//" not in page.text.replace("<!--", "")
    for name in ("main.js", "style.css", "icon.svg"):
        assert httpx.get(f"{service.url}/page/{name}").status_code == 200
    assert httpx.get(f"{service.url}/page/..%2f..%2fapp.py").status_code == 404


def test_all_that_classify_takes_from_a_folder_can_be_chosen_on_the_page() -> None:
    (accepted,) = re.findall(r'accept="([^"]*)"', (PAGE_FOLDER / "index.html").read_text(encoding="utf-8"))
    assert {one for one in accepted.split(",") if one.startswith(".")} == AUDIO_SUFFIXES


def test_contract_form_of_an_error(service: Running) -> None:
    assert set(json.loads(send(service, b"x").text)) == {"path", "error", "code"}


def test_workers_end_with_the_service_and_leave_nothing(start_service: Callable[..., Running]) -> None:
    service = start_service("--workers", 2)
    pids = service.worker_pids()
    assert len(pids) == 2
    service.process.kill()
    service.process.wait()
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() and "Z" not in _state(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert list(service.scratch.iterdir()) == []


def _children(pid: int) -> list[str]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            with suppress(FileNotFoundError):
                found.append(Path(f"/proc/{child}/cmdline").read_text())
    return found


def _wait_for(service: Running, metric: str) -> None:
    deadline = time.monotonic() + 30
    while metric not in httpx.get(f"{service.url}/metrics").text:
        assert time.monotonic() < deadline, metric
        time.sleep(0.005)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"

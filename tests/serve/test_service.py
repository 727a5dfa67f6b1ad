"""The real service over a socket: results, limits, hostile files, clients that behave badly."""

from __future__ import annotations

import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from waiting import wait_until

from genrekit.audio import AUDIO_SUFFIXES
from genrekit.inference import load
from genrekit.serve.page_files import PAGE_FOLDER
from genrekit.serve.problem import STATUS_OF_CODE
from serve.asking import RAW, send
from serve.bad_files import REFUSED, tone, wav
from serve.conftest import Running


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


def test_client_that_hangs_up_costs_no_place(service: Running) -> None:
    head = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: audio/wav\r\n"
    head += b"Content-Length: 100000\r\n\r\nRIFF"
    for _ in range(80):  # more than may wait
        with socket.create_connection(("127.0.0.1", service.port)) as connection:
            connection.sendall(head)
    wait_until(
        lambda: not httpx.get(f"{service.url}/health").json()["waiting"], what="the service reads that they have gone"
    )
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

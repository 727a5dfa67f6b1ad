"""The page in a real browser: what a person does, at a phone's width, in dark and light, by keyboard."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serve.bad_files import tone, wav
from serve.conftest import Running

pytestmark = pytest.mark.slow
playwright = pytest.importorskip("playwright.sync_api")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no Chromium on this system")
    with playwright.sync_playwright() as started:
        flags = ["--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
        launched = started.chromium.launch(executable_path=chromium, args=flags)
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Any, service: Running) -> Iterator[Callable[..., Any]]:
    """Opens the page; fails the test at its end if a script failed or anything was loaded from elsewhere."""
    faults: list[str] = []

    def open_(url: str = service.url, **options: Any) -> Any:
        page = browser.new_context(**options).new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if "Policy" in message.text else None)
        page.on("request", lambda made: None if made.url.startswith((url, "blob:")) else faults.append(made.url))
        page.goto(url)
        return page

    yield open_
    assert not faults


@pytest.fixture
def songs(tmp_path: Path) -> list[Path]:
    medley = tone(50.0, 4.0).tolist() + tone(3900.0, 4.0).tolist()
    (tmp_path / "a, medley.wav").write_bytes(wav(np.array(medley, dtype=np.float32)))
    (tmp_path / "=bass.wav").write_bytes(wav(tone(50.0, 3.0)))
    (tmp_path / "<b>notes.mp3").write_bytes(b"no music\n" * 50)
    return sorted(tmp_path.iterdir())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_songs_and_an_error_side_by_side(open_page: Any, songs: list[Path], scheme: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_input_files("#files", songs)
    page.locator(".play").nth(1).wait_for()
    page.locator(".error").wait_for()
    assert page.locator("#rows tr").count() == 3
    assert page.locator(".error h2").text_content() == "<b>notes.mp3"
    assert "not audio" in page.locator(".error .detail").text_content()
    medley = page.locator("article", has_text="a, medley.wav")
    assert medley.locator(".segment").count() >= 2
    assert "treble" in medley.locator(".timeline").get_attribute("aria-label")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert "up to 2 MB and 60\u00a0seconds each" in page.locator("#limits").text_content()


def test_what_is_no_music_is_told_plainly_and_not_tried_again(open_page: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no music\n" * 50)
    (tmp_path / "broken.mp3").write_text("no music\n" * 50)
    page = open_page()
    page.set_input_files("#files", [tmp_path / "notes.txt", tmp_path / "broken.mp3"])
    page.locator(".error").nth(1).wait_for()
    told = {"notes.txt": "Choose an audio or video file: mp3, flac, wav", "broken.mp3": "Expected a file such as wav"}
    for name, words in told.items():
        card = page.locator("article", has_text=name)
        assert words in card.locator(".detail").text_content()
        assert "Content-Type" not in card.text_content()
        assert card.get_by_role("button", name="Try again").count() == 0


@pytest.mark.parametrize("code", ["took_too_long", "took_too_much_memory"])
def test_what_would_cost_as_much_again_is_not_tried_again(open_page: Any, songs: list[Path], code: str) -> None:
    page = open_page()
    refusal = {"error": "it was stopped", "code": code}
    page.route("**/v1/classify*", lambda route: route.fulfill(status=422, json=refusal))
    page.set_input_files("#files", songs[:1])
    card = page.locator("article.error")
    card.wait_for()
    assert card.locator(".kind").text_content().startswith("This file ")
    assert card.get_by_role("button", name="Try again").count() == 0


def test_unknown_is_not_sure(open_page: Any, tmp_path: Path) -> None:
    for name, frequency_hz in (("between.wav", 1333.0), ("bass.wav", 50.0)):
        (tmp_path / name).write_bytes(wav(tone(frequency_hz, 2.0)))
    page = open_page()
    page.set_input_files("#files", sorted(tmp_path.iterdir()))
    page.locator(".bars").nth(1).wait_for()
    rows = page.locator("#rows tr")
    assert rows.locator("td.number").all_text_contents() == ["100\u00a0%", "0:02", "", "0:02"]


def test_csv_has_all_and_no_formula(open_page: Any, songs: list[Path]) -> None:
    page = open_page()
    page.set_input_files("#files", songs)
    page.locator(".bars").nth(1).wait_for()
    page.locator(".error").wait_for()
    with page.expect_download() as waiting:
        page.click("#csv")
    text = Path(waiting.value.path()).read_text(encoding="utf-8-sig")
    rows = {row["path"]: row for row in csv.DictReader(io.StringIO(text))}
    assert set(rows) == {"a, medley.wav", "'=bass.wav", "<b>notes.mp3"}
    assert rows["'=bass.wav"]["genre"] == "bass" and float(rows["'=bass.wav"]["bass"]) > 0.5
    assert rows["<b>notes.mp3"]["error"] and not rows["<b>notes.mp3"]["genre"]


def test_by_keyboard(open_page: Any, songs: list[Path]) -> None:
    page = open_page()
    # A chooser is seen from the first listener on, and that takes a busy machine a while.
    page.on("filechooser", lambda _: None)
    page.locator("#model:not(:empty)").wait_for()
    focused = []
    while "choose" not in focused:
        assert len(focused) < 5, focused
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.id"))
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files([path for path in songs if path.name == "=bass.wav"])
    slider = page.get_by_role("slider", name="Position in =bass.wav")
    slider.wait_for()
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "0:01 of 0:03"
    assert page.get_by_role("button", name="Play =bass.wav").count() == 1


def test_drop(open_page: Any) -> None:
    page = open_page()
    page.locator("#model:not(:empty)").wait_for()
    page.evaluate(
        """(bytes) => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], "dropped.wav", { type: "audio/wav" }));
            for (const kind of ["dragenter", "dragover", "drop"])
                document.body.dispatchEvent(
                    new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
        }""",
        list(wav(tone(50.0, 2.0))),
    )
    page.locator(".genre", has_text="bass").wait_for()


def test_recording(open_page: Any) -> None:
    page = open_page(permissions=["microphone"])
    page.locator("#model:not(:empty)").wait_for()
    page.click("#record")
    page.get_by_role("button", name="Stop (0:02)").wait_for()
    page.click("#record")
    page.locator("article .bars").first.wait_for()
    assert page.locator("article h2").text_content().startswith("Recording ")


def test_token_is_asked_for(open_page: Any, start_service: Callable[..., Running], songs: list[Path]) -> None:
    service = start_service("--workers", 1, token="open sesame")
    page = open_page(service.url)
    page.get_by_label("This service asks for a token").fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_text("That token was not accepted").wait_for()
    page.get_by_label("This service asks for a token").fill("open sesame")
    page.keyboard.press("Enter")
    page.locator("#model:not(:empty)").wait_for()
    page.set_input_files("#files", [path for path in songs if path.name == "=bass.wav"])
    page.locator(".genre", has_text="bass").wait_for()
    service.stop()


def test_service_that_is_gone_is_told(open_page: Any, start_service: Callable[..., Running], songs: list[Path]) -> None:
    service = start_service("--workers", 1)
    page = open_page(service.url)
    page.locator("#model:not(:empty)").wait_for()
    service.stop()
    page.set_input_files("#files", songs[:1])
    page.get_by_text("The service cannot be reached").wait_for()
    page.get_by_role("button", name="Try again").wait_for()

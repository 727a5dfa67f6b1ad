"""The page in a real browser: what a person does, at a phone's width, in dark and light, by keyboard."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serve.bad_files import tone, wav
from serve.conftest import Running

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1600])
def test_songs_and_an_error_side_by_side(open_page: Any, songs: list[Path], scheme: str, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_input_files("#files", songs)
    page.locator(".error").wait_for()
    for name in ("a, medley.wav", "=bass.wav"):
        page.locator("article", has_text=name).locator(".bars").scroll_into_view_if_needed()
        page.get_by_role("button", name=f"Play {name}").wait_for()
    assert page.locator("#rows tr").count() == 3
    assert page.locator(".error h2").text_content() == "<b>notes.mp3"
    assert "not audio" in page.locator(".error .detail").text_content()
    medley = page.locator("article", has_text="a, medley.wav")
    assert medley.locator(".segment").count() >= 2
    assert "treble" in medley.get_by_role("list", name="Genre over time").text_content()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sides = [medley.locator(part).bounding_box() for part in (".timeline", "canvas")]
    assert sides[0]["x"] == sides[1]["x"] and sides[0]["width"] == sides[1]["width"]
    assert page.locator("#promise").is_visible()
    assert "up to 2\u00a0MB and 60\u00a0seconds each" in page.locator("#limits").text_content()


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
    assert rows.locator("td.number").all_text_contents() == [">\u00a099\u00a0%", "0:02", "", "0:02"]


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
    for _ in range(40):
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
    stop = page.get_by_role("button", name="Stop", exact=True)
    stop.get_by_text("0:02").wait_for()
    assert stop.get_attribute("aria-pressed") is None
    assert page.locator("#notice").text_content().startswith("Recording.")
    stop.click()
    assert page.locator("#notice").text_content() == "Recording stopped."
    page.locator("article .bars").first.wait_for()
    assert page.locator("article h2").text_content().startswith("Recording ")


def test_microphone_that_is_denied_is_told(open_page: Any) -> None:
    page = open_page()
    page.locator("#model:not(:empty)").wait_for()
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error()); }")
    page.click("#record")
    page.get_by_role("status").get_by_text("The microphone cannot be used").wait_for()
    assert "60\u00a0seconds each" in page.locator("#limits").text_content()
    assert page.evaluate("document.activeElement.id") == "record"


def test_colours_of_genres_follow_the_theme_and_stay_where_colours_are_forced(
    open_page: Any, songs: list[Path]
) -> None:
    page = open_page(color_scheme="light")
    page.set_input_files("#files", [path for path in songs if path.name == "=bass.wav"])
    page.locator(".fill").first.wait_for()
    colour = "getComputedStyle(document.querySelector('.fill')).backgroundColor"
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(colour) != light
    page.emulate_media(color_scheme="light", forced_colors="active")
    assert page.evaluate(colour) == light


def test_service_that_is_gone_is_told(open_page: Any, start_service: Callable[..., Running], songs: list[Path]) -> None:
    service = start_service("--workers", 1)
    page = open_page(service.url)
    page.locator("#model:not(:empty)").wait_for()
    service.stop()
    page.set_input_files("#files", songs[:1])
    page.get_by_text("The service cannot be reached").wait_for()
    page.get_by_role("button", name="Try again").wait_for()

"""Songs that are dropped: files, and folders with what lies in them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serve.bad_files import tone, wav

pytestmark = pytest.mark.slow


@pytest.fixture
def drag(open_page: Any) -> Callable[..., Any]:
    """Moves files of the disk over a new page, and drops them there if told to; returns the page."""

    def drag_(*paths: Path, and_drop: bool) -> Any:
        page = open_page()
        page.locator("#model:not(:empty)").wait_for()
        devtools = page.context.new_cdp_session(page)
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", *(["drop"] if and_drop else [])):
            devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})
        return page

    return drag_


def names(page: Any) -> list[str]:
    return [card.get_attribute("aria-label") for card in page.locator("article").all()]


def test_songs_of_a_folder_are_taken_in_order(drag: Callable[..., Any], tmp_path: Path) -> None:
    album = tmp_path / "Album"
    for path in ("10 ten.wav", "2 two.wav", ".hidden.wav", ".trash/gone.wav", "CD 2/1 one.wav"):
        (album / path).parent.mkdir(parents=True, exist_ok=True)
        (album / path).write_bytes(wav(tone(50.0, 1.0)))
    (album / "cover.jpg").write_bytes(b"no music")
    page = drag(album, album / "2 two.wav", and_drop=True)
    page.locator(".genre").nth(3).wait_for()
    assert names(page) == ["Album/2 two.wav", "Album/10 ten.wav", "Album/CD 2/1 one.wav", "2 two.wav"]


def test_folder_without_songs_is_told(drag: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no music")
    page = drag(tmp_path, and_drop=True)
    page.get_by_text("No songs were found").wait_for()
    assert names(page) == []


def test_more_than_a_folder_gives_at_once(drag: Callable[..., Any], tmp_path: Path) -> None:
    for number in range(120):
        (tmp_path / f"{number}.wav").write_bytes(b"")
    page = drag(tmp_path, and_drop=True)
    page.locator("article").nth(119).wait_for(state="attached")


def test_frame_is_marked_only_while_something_is_over_it(drag: Callable[..., Any], songs: list[Path]) -> None:
    page = drag(songs[0], and_drop=False)
    page.locator(".drop.over").wait_for()
    # Nothing is told of a drag that ends over an element that is gone; time has to end it.
    page.locator(".drop:not(.over)").wait_for()


def test_file_that_is_gone_is_told_as_that(open_page: Any, tmp_path: Path) -> None:
    path = tmp_path / "moved.wav"
    path.write_bytes(wav(tone(50.0, 60.0)))
    page = open_page()
    page.locator("#model:not(:empty)").wait_for()
    page.route("**/v1/classify*", lambda route: route.fulfill(status=429, headers={"Retry-After": "1"}))
    page.set_input_files("#files", path)
    page.get_by_text("The service is busy").wait_for()
    shutil.move(path, tmp_path / "elsewhere.wav")
    page.unroute("**/v1/classify*")
    page.get_by_text("This file cannot be read any more").wait_for()
    assert page.get_by_role("button", name="Try again").count() == 0

"""Many files: how far they are, leaving some of them out, and trying what failed once more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from serve.bad_files import tone, wav

pytestmark = pytest.mark.slow

FAILED = {"error": "it failed", "code": "unexpected"}


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    for name in ("1.wav", "2.wav", "3.wav"):
        (tmp_path / name).write_bytes(wav(tone(50.0, 2.0)))
    return sorted(tmp_path.glob("?.wav"))


def focused(page: Any) -> str:
    return str(page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.id"))


def test_progress_is_told_and_rows_lead_to_cards(open_page: Any, three: list[Path]) -> None:
    page = open_page()
    page.route("**/v1/classify*", lambda _: None)
    page.set_input_files("#files", three)
    page.get_by_text("0 of 3 answered").wait_for()
    assert page.title().startswith("0 of 3")
    page.unroute("**/v1/classify*")  # which lets through what is held
    page.get_by_text("3 of 3 answered").wait_for()
    assert page.title().startswith("genrekit")
    page.get_by_role("link", name="3.wav").click()
    assert focused(page) == "3.wav"


def test_clearing_ends_what_is_on_its_way(open_page: Any, three: list[Path]) -> None:
    page = open_page()
    ended: list[Any] = []
    page.on("requestfailed", lambda request: ended.append(request))
    page.route("**/v1/classify*", lambda _: None)
    page.set_input_files("#files", three)
    page.get_by_text("0 of 3 answered").wait_for()
    page.click("#clear")
    assert focused(page) == "choose"
    page.unroute("**/v1/classify*")
    page.set_input_files("#files", three[0])
    page.locator(".genre").wait_for()
    assert len(ended) == 2
    assert page.get_by_role("button", name="Download CSV").is_enabled()


def test_one_of_them_is_left_out(open_page: Any, three: list[Path]) -> None:
    page = open_page()
    page.route("**/v1/classify*", lambda _: None)
    page.set_input_files("#files", three)
    for name, next_ in (("3.wav", "2.wav"), ("1.wav", "2.wav")):
        page.get_by_role("button", name=f"Remove {name}").click()
        assert focused(page) == next_
    assert page.locator("article").count() == page.locator("#rows tr").count() == 1
    assert page.locator("#progress").text_content() == "0 of 1 answered"


def test_leaving_is_asked_for_while_a_file_is_on_its_way(open_page: Any, three: list[Path]) -> None:
    page = open_page()
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.route("**/v1/classify*", lambda _: None)
    page.set_input_files("#files", three[0])
    page.get_by_text("0 of 1 answered").click()
    page.reload()
    page.locator("#model:not(:empty)").click()
    page.reload()
    assert asked == ["beforeunload"]


def test_what_failed_is_counted_and_tried_again(open_page: Any, three: list[Path]) -> None:
    page = open_page()
    page.route("**/v1/classify*", lambda route: route.fulfill(status=500, json=FAILED))
    page.set_input_files("#files", three)
    page.get_by_role("link", name="3 without a result").click()
    assert focused(page) == "1.wav"
    page.locator("article", has_text="2.wav").get_by_role("button", name="Try again").focus()
    page.keyboard.press("Enter")
    assert focused(page) == "2.wav"
    page.get_by_text("3 of 3 answered").wait_for()
    page.unroute("**/v1/classify*")
    page.get_by_role("button", name="Try all again").click()
    page.locator(".genre").nth(2).wait_for()
    assert page.get_by_role("button", name="Try all again").count() == 0


def test_answers_that_come_together_are_all_said(open_page: Any, three: list[Path]) -> None:
    page = open_page()
    page.evaluate(
        """() => {
            const region = document.getElementById("status");
            window.said = [];
            new MutationObserver(() => said.push(region.textContent)).observe(region, { childList: true });
        }"""
    )
    page.set_input_files("#files", three)
    page.locator(".genre").nth(2).wait_for()
    page.wait_for_timeout(2500)
    told = " ".join(page.evaluate("window.said"))
    assert all(f"{path.name}: bass" in told for path in three), told


def test_cards_out_of_view_are_not_decoded(open_page: Any, three: list[Path]) -> None:
    page = open_page(viewport={"width": 400, "height": 500})
    page.set_input_files("#files", three)
    page.locator(".genre").nth(2).wait_for()
    page.wait_for_timeout(500)
    assert page.locator(".play").count() < 3
    page.locator("article").nth(2).scroll_into_view_if_needed()
    page.get_by_role("button", name="Play 3.wav").wait_for()

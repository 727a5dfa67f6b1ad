"""The token that a service may ask for: kept once it is accepted, asked for again once it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from serve.conftest import Running

pytestmark = pytest.mark.slow

STORED = "sessionStorage.getItem('genrekit-token')"


@pytest.fixture(scope="module")
def locked(start_service: Callable[..., Running]) -> Iterator[Running]:
    service = start_service("--workers", 1, token="open sesame")
    yield service
    service.stop()


def give(page: Any, token: str) -> None:
    page.get_by_label("This service asks for a token").fill(token)
    page.keyboard.press("Enter")


def test_token_is_asked_for(open_page: Any, locked: Running, songs: list[Path]) -> None:
    page = open_page(locked.url)
    give(page, "wrong")
    page.get_by_text("That token was not accepted").wait_for()
    give(page, "open sesame")
    page.locator("#model:not(:empty)").wait_for()
    page.set_input_files("#files", [path for path in songs if path.name == "=bass.wav"])
    page.locator(".genre", has_text="bass").wait_for()
    page.reload()
    page.locator("#model:not(:empty)").wait_for()


@pytest.mark.parametrize("token", ["wrong", "\u201copen sesame\u201d", "\N{FIRE}"])
def test_what_is_not_accepted_is_not_kept(open_page: Any, locked: Running, token: str) -> None:
    page = open_page(locked.url)
    give(page, token)
    page.get_by_text("That token was not accepted").wait_for()
    assert page.evaluate(STORED) is None
    page.reload()
    give(page, "open sesame")
    page.locator("#model:not(:empty)").wait_for()
    assert page.evaluate(STORED) == "open sesame"


@pytest.mark.parametrize("token", ["of yesterday", "\N{FIRE}"])
def test_stored_token_that_fails_leads_to_the_form(open_page: Any, locked: Running, token: str) -> None:
    page = open_page(locked.url)
    page.get_by_label("This service asks for a token").wait_for()
    page.evaluate("(token) => sessionStorage.setItem('genrekit-token', token)", token)
    page.reload()
    page.get_by_text("That token was not accepted").wait_for()
    give(page, "open sesame")
    page.locator("#model:not(:empty)").wait_for()

"""What the page's modules make of numbers, names and problems, called in the browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serve.bad_files import tone, wav

pytestmark = pytest.mark.slow

LIMITS = {"max_body_bytes": 1_000_000, "max_duration_s": 3600}


@pytest.fixture
def call(open_page: Any) -> Callable[..., Any]:
    """Calls a function that a module of the page exports."""
    page = open_page()

    def call_(module: str, function: str, *given: object) -> Any:
        script = "async ([module, name, given]) => (await import(`/page/${module}.js`))[name](...given)"
        return page.evaluate(script, [module, function, list(given)])

    return call_


def test_numbers(call: Callable[..., Any]) -> None:
    shares = {1.0: "100 %", 0.99866: "> 99 %", 0.994: "99 %", 0.5: "50 %", 0.001: "< 1 %", 0.0: "0 %"}
    lengths = {0.2: "0.2 s", 0.01: "0.1 s", 1.0: "0:01", 61.0: "1:01"}
    for told, function in ((shares, "percent"), (lengths, "lengthOf")):
        assert {given: call("format", function, given).replace("\u00a0", " ") for given in told} == told
    assert call("format", "size", 1_040_000) == "1.1\u00a0MB"
    assert call("format", "sizeLimit", 1_040_000) == "1\u00a0MB"
    assert [call("format", "count", n, "more genre") for n in (1, 2)] == ["1 more genre", "2 more genres"]


def test_nothing_is_nearest_where_all_are_alike(call: Callable[..., Any]) -> None:
    def sentence(**probabilities: float) -> str:
        return str(call("format", "sentence", {"genre": "unknown", "probabilities": probabilities, "confidence": 0}))

    assert "nearest" not in sentence(blues=0.1, jazz=0.1)
    assert "nearest" in sentence(blues=0.2, jazz=0.1)


def test_names_cannot_turn_the_text_around(call: Callable[..., Any]) -> None:
    assert call("names", "shown", "a\u202egpj.ogg\n") == "a\\u202egpj.ogg\\n"
    for name in ("\u05e9\u05dc\u05d5\u05dd.ogg", "\N{MAN}\u200d\N{WOMAN}.ogg", "\u00dcn\u00ef.ogg"):
        assert call("names", "shown", name) == name
    assert call("names", "within", "\u05e9") == "\u2068\u05e9\u2069"


def test_words_for_a_problem_are_the_pages_own(call: Callable[..., Any]) -> None:
    def detail(code: str, error: str, **others: object) -> str:
        return str(call("problem", "wordsFor", {"code": code, "error": error, **others}, LIMITS)["detail"])

    long = detail("audio_too_long", "it lasts 3630 s; this service takes up to 3600 s. Send a part of it, or ask.")
    assert long == "It lasts 60:30; this service takes up to 60\u00a0minutes. Send a part of it."
    assert "--max-body-mb" not in detail("body_too_large", "ask for a larger --max-body-mb")
    unreadable = "a\\u202eb.mp3: is not audio (FFmpeg: Invalid data; libsndfile: unknown)."
    assert detail("unreadable", unreadable, path="a\u202eb.mp3") == "It is not audio."


def test_csv_tells_errors_as_the_page_does(call: Callable[..., Any]) -> None:
    answer = {"code": "wrong_type", "error": "this is sent as text/plain, as in: curl -F file=@song.mp3"}
    text = call("csv", "toCsv", [{"name": "notes.txt", "answer": answer}], ["bass"], LIMITS)
    assert "This is not an audio file. It is no music." in text
    assert "curl" not in text


def test_waveform_is_of_all_channels(open_page: Any, tmp_path: Path) -> None:
    right = tone(50.0, 2.0)
    path = tmp_path / "right.wav"
    path.write_bytes(wav(np.stack([np.zeros_like(right), right], axis=1)))
    page = open_page()
    page.locator("#model:not(:empty)").wait_for()
    page.set_input_files("#files", path)
    page.locator(".play").wait_for()
    loudest = page.evaluate(
        """async (bytes) => Math.max(...(await (await import("/page/waveform.js"))
            .decode(new File([new Uint8Array(bytes)], "right.wav"))).peaks)""",
        list(path.read_bytes()),
    )
    assert loudest == 1


def test_reason_for_no_player_is_told(open_page: Any, tmp_path: Path) -> None:
    # Chromium does not play it, and the service reads it.
    (tmp_path / "song.aiff").write_bytes(wav(tone(50.0, 2.0), container="AIFF"))
    page = open_page()
    page.set_input_files("#files", tmp_path / "song.aiff")
    page.get_by_text("No player: this browser does not play this kind of file").wait_for()
    assert page.locator(".with-player").count() == 0


def test_page_without_scripts_says_so(browser: Any, service: Any) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(service.url)
    assert page.locator("noscript p").is_visible()

"""What is written, and what is left alone and why."""

from __future__ import annotations

import math
import unicodedata
from pathlib import Path

import pytest

from genrekit.library.errors import TagError
from genrekit.library.policy import TagPolicy, decide, left_alone, path_fits
from genrekit.library.policy_file import policy_values

HEARD = {"jazz": 0.6, "blues": 0.3, "hiphop": 0.1}


@pytest.mark.parametrize(
    ("old", "policy", "new"),
    [
        ((), TagPolicy(), ("jazz",)),
        (("Rock",), TagPolicy(existing="replace"), ("jazz",)),
        (("Rock",), TagPolicy(existing="add"), ("Rock", "jazz")),
        (("Jazz",), TagPolicy(existing="add"), ("Jazz",)),
        ((), TagPolicy(min_confidence=0.61), ()),
        ((), TagPolicy(min_confidence=0.6), ("jazz",)),
        ((), TagPolicy(max_genres=3), ("jazz", "blues")),
        ((), TagPolicy(max_genres=3, min_share=0.05), ("jazz", "blues", "hiphop")),
        ((), TagPolicy(max_genres=2, names={"jazz": "Jazz", "blues": "Jazz"}), ("Jazz",)),
        ((), TagPolicy(names={"jazz": ""}), ()),
    ],
)
def test_decisions(old: tuple[str, ...], policy: TagPolicy, new: tuple[str, ...]) -> None:
    decision = decide(old, HEARD, "jazz", policy)
    assert (decision.old, decision.new) == (old, new)
    assert decision.changes == (decision.reason == "")


@pytest.mark.parametrize(
    ("old", "policy", "reason"),
    [
        ((), TagPolicy(), ""),
        (("Rock",), TagPolicy(), "has a genre"),
        (("Rock",), TagPolicy(existing="replace"), ""),
        (("Speech",), TagPolicy(existing="replace", never_genres=("speech",)), "Speech is never touched"),
        (("Hip-Hop", "Rap"), TagPolicy(existing="add", never_genres=("hip-hop/rap",)), "Hip-Hop/Rap is never touched"),
        ((), TagPolicy(never_paths=("*/Live/*",)), "its path is never touched"),
        ((), TagPolicy(never_paths=("song.*",)), "its path is never touched"),
        ((), TagPolicy(never_paths=("*/Studio/*", "Live/*")), ""),
    ],
)
def test_what_is_left_alone(old: tuple[str, ...], policy: TagPolicy, reason: str) -> None:
    assert left_alone(["/music/Live/song.mp3"], old, policy) == reason


CAFE = "/music/Café/song.mp3"


@pytest.mark.parametrize("of_path", ["NFC", "NFD"])
@pytest.mark.parametrize("of_pattern", ["NFC", "NFD"])
@pytest.mark.parametrize("pattern", ["*/Café/*", "*/Caf?/*", "*/Caf[é]/*"])
def test_a_folder_is_left_alone_whatever_its_accents_are_made_of(of_path: str, of_pattern: str, pattern: str) -> None:
    path, pattern = unicodedata.normalize(of_path, CAFE), unicodedata.normalize(of_pattern, pattern)  # type: ignore[arg-type]
    assert left_alone([path], (), TagPolicy(never_paths=(pattern,)))


@pytest.mark.parametrize(
    ("path", "pattern", "platforms"),
    [
        (r"C:\Music\Live\x.mp3", "*/Live/*", {"win32"}),
        (r"C:\Music\Live\x.mp3", r"*\Live\*", {"linux", "darwin", "win32"}),
        (r"C:\Music\Live\x.mp3", "x.*", {"win32"}),
        ("/Music/LIVE/x.mp3", "*/live/*", {"darwin", "win32"}),
        ("/Music/Live/X.mp3", "x.[l-n]p3", {"darwin", "win32"}),
        ("/Music/Stra\N{LATIN SMALL LETTER SHARP S}e/x.mp3", "*/STRASSE/*", {"darwin", "win32"}),
        ("/Music/Live/x.mp3", "*/Live/*", {"linux", "darwin", "win32"}),
        ("/Music/Live/x.mp3", "Live/*", set()),
    ],
)
def test_a_pattern_is_read_as_the_system_reads_paths(path: str, pattern: str, platforms: set[str]) -> None:
    assert {one for one in ("linux", "darwin", "win32") if path_fits(path, pattern, one)} == platforms


def test_unknown_is_never_written() -> None:
    decision = decide(("Rock",), HEARD, "unknown", TagPolicy(existing="replace"))
    assert not decision.changes
    assert decision.reason == "unknown"


@pytest.mark.parametrize(
    ("confidence", "least", "reason"),
    [
        (0.4, 0.6, "jazz 40% is below 60%"),
        (0.5967, 0.6, "jazz 59.7% is below 60.0%"),
        (0.59996, 0.6, "jazz 59.996% is below 60.000%"),
        (0.6, math.nextafter(0.6, 1), "jazz 60.00000000000000% is below 60.00000000000001%"),
    ],
)
def test_what_is_below_looks_so(confidence: float, least: float, reason: str) -> None:
    decision = decide((), {"jazz": confidence}, "jazz", TagPolicy(min_confidence=least))
    assert decision.reason == reason


@pytest.mark.parametrize(
    "values",
    [{"existing": "keep"}, {"min_confidence": 60}, {"min_share": -0.1}, {"max_genres": 0}, {"names": {"a": "b\nc"}}],
)
def test_a_wrong_policy_is_refused(values: dict) -> None:
    with pytest.raises(TagError, match="expected"):
        TagPolicy(**values)


FILES = {
    "p.toml": 'existing = "add"\nmax_genres = 2\nnever_genres = ["Speech"]\n[names]\nhiphop = "Hip-Hop"\n',
    "p.yaml": "existing: add\nmax_genres: 2\nnever_genres: [Speech]\nnames: {hiphop: Hip-Hop}\n",
}


@pytest.mark.parametrize("name", FILES)
def test_a_policy_can_be_a_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FILES[name])
    expected = TagPolicy(existing="add", max_genres=2, never_genres=("Speech",), names={"hiphop": "Hip-Hop"})
    assert TagPolicy(**policy_values(path)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max_genre = 2", "did you mean 'max_genres'"),
        ("max_genres = true", "whole number"),
        ("names = 3", "genre = name"),
        ("never_paths = 'x'", "list of texts"),
        ("min_share = '1'", "number"),
        ("= 2", "not TOML"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "p.toml"
    path.write_text(text)
    with pytest.raises(TagError, match=message):
        policy_values(path)

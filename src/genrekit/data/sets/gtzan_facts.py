"""GTZAN's facts: index, hashes, published lists and known faults, as shipped with the package.

Artists and titles are those of B. L. Sturm, "The state of the art ten years after a state of the art: Future research
in music information retrieval", J. New Music Research 43(2), 147-172, 2014, and his index as corrected until 2024.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from genrekit.data.dataset import Fault

__all__ = ["GENRES", "GtzanFacts", "gtzan_facts", "known_faults", "known_recordings"]

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock")


@dataclass(frozen=True)
class GtzanFacts:
    """What is known of one of GTZAN's 1000 tracks.

    Parameters
    ----------
    artist, title : by Sturm's index; None where unknown (17 artists)
    wav_bytes, wav_sha256 : of the common .wav copy
    filtered : part in the published fault-filtered split; None for the 70 tracks that it leaves out
    stratified : part in the stratified split 500/250/250
    artist_fold : which of the three published artist-filtered folds tests it, 1 to 3; None for the 52 left out
    """

    artist: str | None
    title: str | None
    wav_bytes: int
    wav_sha256: str
    filtered: str | None
    stratified: str | None
    artist_fold: int | None


@cache
def gtzan_facts() -> Mapping[str, GtzanFacts]:
    """Facts of the 1000 tracks by identifier, such as ``"blues.00000"``."""
    table = {}
    for row in _rows("tracks.csv"):
        table[row["track"]] = GtzanFacts(
            artist=row["artist"] or None,
            title=row["title"] or None,
            wav_bytes=int(row["wav_bytes"]),
            wav_sha256=row["wav_sha256"],
            filtered=row["filtered"] or None,
            stratified=row["stratified"] or None,
            artist_fold=int(row["artist_fold"]) if row["artist_fold"] else None,
        )
    return MappingProxyType(table)


def known_faults() -> tuple[Fault, ...]:
    """Faults of the common copy that are known in advance."""
    return tuple(Fault(row["kind"], row["track"], row["detail"]) for row in _rows("faults.csv"))


def known_recordings() -> tuple[tuple[str, str], ...]:
    """Pairs of tracks in which the audio fingerprint finds one recording; all but three are told by the index too."""
    return tuple((row["first"], row["second"]) for row in _rows("recordings.csv"))


def _rows(name: str) -> list[dict[str, str]]:
    source = resources.files("genrekit.data.sets") / "assets" / "gtzan" / name
    return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))

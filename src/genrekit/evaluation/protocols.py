"""What each protocol means, in words for a report card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["PROTOCOL_NOTES", "ProtocolNote", "note_of"]


@dataclass(frozen=True)
class ProtocolNote:
    """Title and meaning of a protocol, and what its intervals say, or do not say, about new music."""

    title: str
    meaning: str
    interval: str


PROTOCOL_NOTES: Mapping[str, ProtocolNote] = MappingProxyType(
    {
        "P1": ProtocolNote(
            "excerpts mixed",
            "Excerpts of one track lie in training and in test, so the system has heard the very recordings that it is "
            "asked about.",
            "The intervals are meaningless for new music: they describe how recordings are known again.",
        ),
        "P2": ProtocolNote(
            "tracks at random",
            "Whole tracks are dealt to the parts at random; no track is in two parts, but artists, albums and repeated "
            "recordings may be.",
            "The intervals hold for other tracks of the same artists; for artists that were never heard, expect less.",
        ),
        "P3": ProtocolNote(
            "published fault-filtered split",
            "The published split of GTZAN into 443 training, 197 validation and 290 test tracks, without repetitions, "
            "mislabelled and distorted tracks.",
            "28 of its 290 test tracks share an artist with the other parts, so the intervals hold almost, not quite, "
            "for new artists.",
        ),
        "P4": ProtocolNote(
            "strictly artist-disjoint",
            "No artist, no recording and no bit-identical copy is in two parts; tracks of unknown artists are groups "
            "of their own.",
            "The intervals hold for artists that were never heard, as far as they resemble those of this collection.",
        ),
        "P5": ProtocolNote(
            "another collection",
            "Trained on one collection and tested on another, over the genres that both share.",
            "The intervals hold for the second collection, whose labels may mean something else than the first one's.",
        ),
        "published": ProtocolNote(
            "a published list",
            "The parts follow a list published by others, taken as it is.",
            "What the intervals hold for depends on what the parts share; see the proof of the split.",
        ),
        "custom": ProtocolNote(
            "own split",
            "The parts were given by the user.",
            "What the intervals hold for depends on what the parts share; see the proof of the split.",
        ),
    }
)

WITHOUT_ARTISTS = ProtocolNote(
    "strictly artist-disjoint, but no artist is known",
    "No recording and no bit-identical copy is in two parts. No artist is known, so that artists may be in two parts "
    "unseen.",
    "No artist is known: the intervals hold for artists that were never heard only if each track is by another one; "
    "else expect less.",
)


def note_of(protocol: str, *, n_artists: int | None) -> ProtocolNote:
    """What a protocol means for tracks of which so many artists are known; None if artists were not recorded.

    P4 is about artists, and of tracks without any it proves nothing.
    """
    return WITHOUT_ARTISTS if protocol == "P4" and n_artists == 0 else PROTOCOL_NOTES[protocol]

"""Scores as Python values, and standard MIDI files from them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

TICKS_PER_BEAT = 480
DRUM_CHANNEL = 9
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True)
class Note:
    start_beat: float
    duration_beats: float
    pitch: int
    velocity: float


@dataclass
class Part:
    """One instrument.

    `program` is the General MIDI number from 0; pan runs from 0 (left) to 127; `timing_s` and `touch` are the spread
    of a player's timing and velocity.
    """

    program: int
    volume: int = 100
    pan: int = 64
    reverb: int = 40
    chorus: int = 0
    is_drums: bool = False
    timing_s: float = 0.006
    touch: float = 5.0
    notes: list[Note] = field(default_factory=list)

    def play(self, start_beat: float, duration_beats: float, pitches: int | Iterable[int], velocity: float) -> None:
        for pitch in [pitches] if isinstance(pitches, int) else pitches:
            self.notes.append(Note(start_beat, duration_beats, pitch, velocity))

    def sing(self, start_beat: float, text: str, velocity: float, *, legato: float = 0.95) -> None:
        """Play a line such as ``"Bb4:1.5 r:.5 C5:1"``: names with octave, and lengths in beats."""
        for beat, duration, pitch in line(text):
            if pitch is not None:
                self.play(start_beat + beat, duration * legato, pitch, velocity)


def pitch_number(name: str) -> int:
    """MIDI number of a name such as ``F#3``; C4 is 60."""
    accidentals = name[1:].rstrip("0123456789")
    octave = int(name[1 + len(accidentals) :])
    return 12 * (octave + 1) + _SEMITONES[name[0]] + accidentals.count("#") - accidentals.count("b")


def chord(names: str) -> list[int]:
    return [pitch_number(name) for name in names.split()]


def line(text: str) -> Iterator[tuple[float, float, int | None]]:
    """(beat, duration in beats, pitch or None for a rest) of each note in the text."""
    beat = 0.0
    for word in text.split():
        name, length = word.split(":")
        yield beat, float(length), None if name == "r" else pitch_number(name)
        beat += float(length)


def swing(beat: float, ratio: float) -> float:
    """Where a beat falls when the first of two eighths takes `ratio` of their time."""
    whole, part = divmod(beat, 1.0)
    return whole + (part * 2 * ratio if part < 0.5 else ratio + (part - 0.5) * 2 * (1 - ratio))


def midi_file(parts: list[Part], tempi: list[tuple[float, float]], rng: np.random.Generator) -> bytes:
    """A format 1 file.

    Parameters
    ----------
    parts : at most 15 instruments, and drums
    tempi : (beat, beats per minute), the first at beat 0
    rng : draws the small errors of human players
    """
    tempo_events = [
        (round(beat * TICKS_PER_BEAT), b"\xff\x51\x03" + round(60e6 / bpm).to_bytes(3, "big")) for beat, bpm in tempi
    ]
    melodic_channels = iter([channel for channel in range(16) if channel != DRUM_CHANNEL])
    tracks = [_track(tempo_events)]
    for part in parts:
        channel = DRUM_CHANNEL if part.is_drums else next(melodic_channels)
        tracks.append(_track(_part_events(part, channel, tempi[0][1], rng)))
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), TICKS_PER_BEAT) + b"".join(tracks)


def _part_events(part: Part, channel: int, bpm: float, rng: np.random.Generator) -> list[tuple[int, bytes]]:
    events = [(0, bytes([0xC0 | channel, part.program]))]
    for controller, value in ((7, part.volume), (10, part.pan), (91, part.reverb), (93, part.chorus)):
        events.append((0, bytes([0xB0 | channel, controller, value])))
    for note in part.notes:
        late_beats = rng.normal(0, part.timing_s) * bpm / 60
        start = max(0, round((note.start_beat + late_beats) * TICKS_PER_BEAT))
        end = start + max(1, round(note.duration_beats * TICKS_PER_BEAT))
        velocity = int(np.clip(round(note.velocity + rng.normal(0, part.touch)), 1, 127))
        events.append((start, bytes([0x90 | channel, note.pitch, velocity])))
        events.append((end, bytes([0x80 | channel, note.pitch, 0])))
    return events


def _track(events: list[tuple[int, bytes]]) -> bytes:
    # Ends before starts at the same time, so that a repeated note is not cut off.
    data = bytearray()
    now = 0
    for tick, message in sorted(events, key=lambda event: (event[0], event[1][0] & 0xF0 == 0x90)):
        data += _variable_length(tick - now) + message
        now = tick
    data += b"\x00\xff\x2f\x00"
    return b"MTrk" + struct.pack(">I", len(data)) + bytes(data)


def _variable_length(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))

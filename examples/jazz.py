"""A blues in F for quartet: tenor saxophone, piano, double bass and drums; one chorus of twelve bars, medium swing."""

from __future__ import annotations

import numpy as np
from midi import Note, Part, chord, pitch_number, swing
from stems import Stem

SEED = 1959
DURATION_S = 23.6
EQUALISER = []
DRIVE = 0.8
ROOM_SIZE = 0.45
TEMPI = [(0, 134.0)]
SWING_RATIO = 0.635

SOLO = [
    "A4:.5 C5:.5 D5:.5 F5:1 D5:.5 C5:.5 Ab4:.5",
    "F4:1.5 r:.5 Ab4:.5 Bb4:.5 D5:.5 F5:.5",
    "Eb5:1 D5:.5 C5:.5 A4:.5 Bb4:.5 B4:.5 C5:.5",
    "Eb5:.5 D5:.5 C5:.5 Bb4:.5 A4:.5 G4:.5 F4:.5 Eb4:.5",
    "D4:1.5 F4:.5 Ab4:.5 Bb4:.5 C5:.5 Db5:.5",
    "D5:.5 B4:.5 Ab4:.5 F4:.5 D5:1 r:1",
    "r:.5 C5:.5 Eb5:.5 C5:.5 F5:1.5 Eb5:.5",
    "C5:.5 A4:.5 G4:.5 Eb4:.5 F#4:.5 A4:.5 C5:.5 Eb5:.5",
    "D5:1 Bb4:.5 A4:.5 G4:.5 Bb4:.5 D5:.5 F5:.5",
    "E5:.5 Eb5:.5 D5:.5 Db5:.5 C5:.5 Bb4:.5 G4:.5 E4:.5",
    "F4:.5 A4:.5 C5:.5 D5:1 F5:.5 Eb5:.5 C5:.5",
    "Bb4:.5 A4:.5 G4:.5 F4:.5 E4:.5 G4:.5 Bb4:.5 C5:.5",
    "A4:2.5 r:1.5",
]
WALK = [
    "F2 A2 C3 B2",
    "Bb2 Ab2 G2 Gb2",
    "F2 G2 A2 B2",
    "C3 G2 F2 A2",
    "Bb2 D3 F3 C3",
    "B2 D3 F3 Db3",
    "C3 A2 F2 Ab2",
    "A2 Eb3 D3 F#2",
    "G2 Bb2 D3 Db3",
    "C3 Bb2 G2 E2",
    "F2 Eb2 D2 F#2",
    "G2 D3 C3 E2",
    "F2",
]
# Rootless voicings for the left of the keyboard; two where the harmony changes in the bar.
VOICINGS = [
    ["Eb3 G3 A3 D4"],
    ["D3 G3 Ab3 C4"],
    ["Eb3 G3 A3 D4"],
    ["Eb3 G3 Bb3 D4", "Eb3 G3 A3 D4"],
    ["D3 G3 Ab3 C4"],
    ["D3 F3 Ab3 B3"],
    ["Eb3 G3 A3 D4"],
    ["G3 A3 C4 Eb4", "F#3 A3 C4 Eb4"],
    ["F3 A3 Bb3 D4"],
    ["E3 A3 Bb3 D4"],
    ["Eb3 G3 A3 D4", "F#3 Bb3 C4 Eb4"],
    ["F3 A3 Bb3 D4", "E3 A3 Bb3 D4"],
]
# Rhythms of the comping: (beat, length), where the second half of a bar plays its second voicing.
RHYTHMS = [
    [(0, 0.9), (1.5, 0.4)],
    [(1.5, 0.4), (3.5, 0.9)],
    [(0.5, 0.4), (2.5, 1.1)],
    [(1, 0.4), (2.5, 0.4), (3.5, 0.4)],
]
KICK, CROSS_STICK, SNARE, PEDAL_HAT, RIDE, RIDE_BELL, CRASH = 36, 37, 38, 44, 51, 53, 49


def stems() -> list[Stem]:
    rng = np.random.default_rng(SEED)
    sax = Part(66, volume=104, pan=60, reverb=55, timing_s=0.010, touch=6)
    piano = Part(0, volume=84, pan=88, reverb=45, timing_s=0.009)
    bass = Part(32, volume=118, pan=62, reverb=25, timing_s=0.006)
    drums = Part(0, volume=92, pan=50, reverb=40, is_drums=True, timing_s=0.005, touch=6)

    for bar in range(12):
        beat = 4.0 * bar
        sax.sing(beat, SOLO[bar], 88 + 10 * (bar in (6, 8, 9)), legato=0.92)
        for i, name in enumerate(WALK[bar].split()):
            bass.play(beat + i, 0.93, pitch_number(name), 92 + 6 * (i % 2))
            if rng.random() < 0.15:  # a skipped note before the next beat
                bass.play(beat + i + 0.5, 0.3, pitch_number(name), 62)
        for at, length in RHYTHMS[(bar * 3 + bar // 4) % 4]:
            voicing = VOICINGS[bar][-1 if at >= 2 else 0]
            piano.play(beat + at, length, chord(voicing), 66 + (8 if at % 1 else 0))
        swing_time(drums, beat, rng)
        if bar in (3, 11):
            fill(drums, beat + 2)

    end = 48.0
    sax.sing(end, SOLO[12], 92)
    bass.play(end, 2.6, chord("F2"), 100)
    piano.play(end, 2.8, chord("Eb3 G3 A3 D4 F4"), 78)
    drums.play(end, 1, [KICK, CRASH], 84)
    for part in (sax, piano, bass, drums):
        part.notes = [Note(swing(n.start_beat, SWING_RATIO), n.duration_beats, n.pitch, n.velocity) for n in part.notes]
    sax.notes = [note if note.start_beat % 1 == 0 else lifted(note) for note in sax.notes]
    return [Stem([sax, piano, bass, drums])]


def swing_time(drums: Part, beat: float, rng: np.random.Generator) -> None:
    for at, velocity in ((0, 70), (1, 82), (1.5, 58), (2, 70), (3, 82), (3.5, 58)):
        drums.play(beat + at, 0.4, RIDE, velocity)
    for at in (1, 3):
        drums.play(beat + at, 0.2, PEDAL_HAT, 66)
    for at in range(4):
        drums.play(beat + at, 0.2, KICK, 34)
    for at in np.arange(0.5, 4, 1.0):
        if rng.random() < 0.3:
            drums.play(beat + float(at), 0.2, SNARE, 38 + 14 * rng.random())
    if rng.random() < 0.4:
        drums.play(beat + 3.5, 0.2, KICK, 68)


def fill(drums: Part, beat: float) -> None:
    for at, pitch, velocity in (
        (0, SNARE, 72),
        (1 / 3, SNARE, 60),
        (2 / 3, 48, 78),
        (1, 48, 70),
        (4 / 3, 45, 80),
        (5 / 3, 45, 84),
    ):
        drums.play(beat + at, 0.3, pitch, velocity)


def lifted(note: Note) -> Note:
    """Off-beat notes of a swinging line are the accented ones."""
    return Note(note.start_beat, note.duration_beats, note.pitch, note.velocity + 7)

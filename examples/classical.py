"""Andante in G major for piano and strings: a period of ten bars in the style of about 1780.

The answer evades its cadence (a deceptive E minor in bar 8) and closes in bar 10.
"""

from __future__ import annotations

from midi import Part, chord
from stems import Stem

SEED = 1780
DURATION_S = 25.5
EQUALISER = []
DRIVE = 0.4
ROOM_SIZE = 0.75
TEMPI = [(0, 99), (14, 95), (15, 92), (16, 99), (32, 97), (34, 90), (35, 80), (35.5, 72), (36, 84), (38, 70)]

MELODY = [
    "B4:1 D5:1 G5:1.5 F#5:.25 E5:.25",
    "D5:.75 E5:.25 D5:.5 C5:.5 C5:1 A4:1",
    "B4:1 D5:1 G5:1 E5:.5 C5:.5",
    "D5:.75 C5:.25 B4:.5 G4:.5 A4:1.5 r:.5",
    "B4:1 D5:1 G5:1 B5:1",
    "D6:1 B5:.5 G#5:.5 A5:1.5 r:.5",
    "C6:.75 B5:.25 A5:.5 E5:.5 G5:1 F#5:.25 G5:.25 F#5:.25 E5:.25",
    "E5:1 G5:.5 F#5:.5 E5:.5 C5:.5 A4:.5 C5:.5",
    "B4:.5 D5:.5 G5:.5 B4:.5 A4:.25 B4:.25 A4:.25 B4:.25 A4:.5 F#4:.5",
    "G4:1.5 r:2.5",
]
# Two chords a bar: bass and the two upper notes of the broken chord.
HARMONY = [
    ("G3 B3 D4", "G3 B3 D4"),
    ("F#3 C4 D4", "F#3 C4 D4"),
    ("G3 B3 D4", "E3 G3 C4"),
    ("D3 G3 B3", "D3 F#3 A3"),
    ("G3 B3 D4", "E3 G3 B3"),
    ("G#3 B3 D4", "A3 C4 E4"),
    ("C3 A3 E4", "D3 G3 B3"),
    ("E3 G3 B3", "C3 G3 A3"),
    ("D3 G3 B3", "D3 F#3 C4"),
]
# How loud each bar is: the phrase rises to bar 6 and sinks to the close.
DYNAMICS = [62, 64, 70, 62, 68, 82, 84, 72, 66, 60]


def stems() -> list[Stem]:
    right = Part(0, volume=108, pan=70, reverb=60, timing_s=0.008)
    left = Part(0, volume=96, pan=56, reverb=60, timing_s=0.007)
    violins = Part(48, volume=84, pan=38, reverb=80, timing_s=0.015)
    violas = Part(48, volume=70, pan=76, reverb=80, timing_s=0.015)
    cellos = Part(48, volume=80, pan=92, reverb=75, timing_s=0.012)
    basses = Part(45, volume=72, pan=98, reverb=75, timing_s=0.010)
    flute = Part(73, volume=50, pan=54, reverb=85, timing_s=0.012)

    for bar, melody in enumerate(MELODY):
        beat = 4.0 * bar
        loud = DYNAMICS[bar]
        right.sing(beat, melody, loud + 16, legato=0.97)
        if bar >= 4 and bar < 8:  # the answer: violins double the tune softly, a flute above from its peak
            violins.sing(beat, melody, loud - 14, legato=1.0)
        if bar in (5, 6):
            flute.sing(beat, melody, loud - 4, legato=1.0)
        for half, names in enumerate(HARMONY[bar] if bar < len(HARMONY) else ()):
            low, middle, high = chord(names)
            at = beat + 2 * half
            if bar == 6 and half == 1:
                figure = [(low, 0), (high, 0.5), (low, 1.0), (60, 1.5)]
                middle, high = 55, 60
            else:
                figure = [(low, 0), (high, 0.5), (middle, 1.0), (high, 1.5)]
            for pitch, offset in figure:
                left.play(at + offset, 0.55, pitch, loud - 12 + (6 if offset == 0 else 0))
            violas.play(at, 1.95, [middle, high], loud - 20)
            if bar < 4:
                violins.play(at, 1.95, high + 12 if high < 60 else high, loud - 26)
            cellos.play(at, 1.9, low - 12 if low > 50 else low, loud - 12)
            basses.play(at, 0.8, low - 12 if low < 50 else low - 24, loud - 6)

    # The close: a rolled chord, and one more, softer.
    for beat, names, loud in ((36.0, "G2 D3 B3 D4", 58), (38.0, "G2 D3 G3 B3 D4 G4", 50)):
        for i, pitch in enumerate(chord(names)):
            left.play(beat + 0.04 * i, 1.6 if beat < 38 else 3.4, pitch, loud)
    violas.play(36, 1.7, chord("G3 B3 D4"), 42)
    violins.play(36, 1.7, chord("G4"), 44)
    cellos.play(36, 1.7, chord("G2"), 50)
    basses.play(36, 0.8, chord("G1"), 56)
    for part, names in ((violas, "G3 B3"), (violins, "D4 B4"), (cellos, "G2"), (basses, "G1")):
        part.play(38, 3.2, chord(names), 42)
    return [Stem([right, left, violins, violas, cellos, basses, flute])]

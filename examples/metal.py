"""A heavy metal instrumental in E minor: a galloping riff, twin lead guitars in thirds over it, and a half-time close.

Rhythm guitars are played twice, left and right, through the amplifier of stems.py.
"""

from __future__ import annotations

from midi import Part, line, pitch_number
from stems import Stem, amplifier, levelled

SEED = 1984
DURATION_S = 22.2
ROOM_SIZE = 0.35
TEMPI = [(0, 158.0)]
EQUALISER = [(110, 4, 0.6), (9_500, -10, 0.4)]  # heavy, and a tape-like end to the treble
DRIVE = 2.2

E2 = pitch_number("E2")
# Bars of the riff: G is a gallop on the open string, else a root and its length; lengths in beats, 4 a bar.
RIFF = [
    [("gallop", 2), ("G2", 1), ("A2", 1)],
    [("gallop", 2), ("Bb2", 0.5), ("A2", 0.5), ("G2", 1)],
    [("gallop", 2), ("G2", 1), ("A2", 1)],
    [("C3", 1.5), ("C3", 0.5), ("D3", 1), ("D3", 0.5), ("D#3", 0.5)],
]
CHORUS = [[("E2", 4)], [("C3", 4)], [("G2", 4)], [("D3", 3), ("D#3", 1)]]
LEAD = [
    "B4:.5 E5:.5 F#5:.5 G5:.5 F#5:.5 E5:.5 D5:1",
    "E5:.5 G5:.5 F#5:.5 E5:.5 D5:.5 B4:.5 C5:.5 D5:.5",
    "B4:.5 E5:.5 F#5:.5 G5:.5 A5:.5 G5:.5 F#5:1",
    "G5:.5 F#5:.5 E5:.5 D5:.5 F#5:.5 E5:.5 D5:.5 D#5:.5",
]
SOLO = [
    "E5:1.5 G5:.5 B5:1.5 A5:.5",
    "G5:1.5 E5:.5 C5:1 D5:.5 E5:.5",
    "D5:.25 G5:.25 B5:.25 G5:.25 D5:.25 G5:.25 B5:.25 G5:.25 D5:.25 G5:.25 B5:.25 G5:.25 A5:.5 B5:.5",
    "A5:.25 F#5:.25 D5:.25 F#5:.25 A5:.25 F#5:.25 D5:.25 F#5:.25 A5:1 B5:1",
]
SCALE = sorted(12 * octave + step for octave in range(11) for step in (4, 6, 7, 9, 11, 0, 2))
KICK, SNARE, OPEN_HAT, CRASH, CRASH_2, CHINA, RIDE = 36, 40, 46, 49, 57, 52, 51


def stems() -> list[Stem]:
    left = Part(27, volume=110, pan=64, reverb=0, timing_s=0.006, touch=4)
    right = Part(27, volume=110, pan=64, reverb=0, timing_s=0.006, touch=4)
    lead_1 = Part(30, volume=92, pan=44, reverb=70, chorus=30, timing_s=0.007)
    lead_2 = Part(29, volume=88, pan=84, reverb=70, chorus=30, timing_s=0.007)
    bass = Part(34, volume=112, pan=64, reverb=10, timing_s=0.004)
    drums = Part(0, volume=118, pan=64, reverb=35, is_drums=True, timing_s=0.003, touch=5)

    bars = [*RIFF, *RIFF, *CHORUS, RIFF[0], RIFF[1]]
    for number, bar in enumerate(bars):
        beat = 4.0 * number
        for guitar in (left, right):
            rhythm(guitar, beat, bar)
        bottom(bass, beat, bar)
        beats(drums, number, bar)
        if 4 <= number < 8:
            twin(lead_1, lead_2, beat, LEAD[number - 4])
        elif 8 <= number < 12:
            twin(lead_1, lead_2, beat, SOLO[number - 8])
    end = 4.0 * len(bars)
    for guitar in (left, right):
        guitar.play(end, 5, [E2, E2 + 7, E2 + 12], 120)
    bass.play(end, 5, E2 - 12, 115)
    twin(lead_1, lead_2, end, "E5:4")
    drums.play(end, 1, [KICK, CRASH, CRASH_2], 120)
    drums.play(end + 0.5, 0.5, KICK, 100)
    return [
        Stem([left], amplifier(drive=60, level=0.42, position=0.1)),
        Stem([right], amplifier(drive=50, level=0.42, position=0.9)),
        Stem([lead_1, lead_2], levelled(0.6, [(3_000, 3, 1.0)], drive=1.0)),
        Stem([bass], levelled(0.38, [(80, 3, 0.8), (300, -6, 1.0)], drive=1.5)),
        Stem([drums], levelled(0.5, [(70, 3, 0.6), (400, -5, 1.0), (5_000, 4, 1.0)], drive=4.0)),
    ]


def rhythm(guitar: Part, beat: float, bar: list[tuple[str, float]]) -> None:
    for name, length in bar:
        if name == "gallop":
            for at in range(int(length)):
                for offset, duration, velocity in ((0, 0.46, 112), (0.5, 0.23, 94), (0.75, 0.23, 98)):
                    guitar.play(beat + at + offset, duration, [E2, E2 + 7], velocity)
        else:
            root = pitch_number(name)
            for at in range(int(length)) if length == 4 else [0]:
                guitar.play(beat + at, (1 if length == 4 else length) * 0.94, [root, root + 7, root + 12], 116)
        beat += length


def bottom(bass: Part, beat: float, bar: list[tuple[str, float]]) -> None:
    for name, length in bar:
        root = (E2 if name == "gallop" else pitch_number(name)) - 12
        for at in range(round(length * 2)):
            bass.play(beat + at / 2, 0.44, root, 108 if at % 2 == 0 else 98)
        beat += length


def beats(drums: Part, number: int, bar: list[tuple[str, float]]) -> None:
    beat = 4.0 * number
    is_chorus = 8 <= number < 12
    if number % 4 == 0:
        drums.play(beat, 1, [CRASH, CRASH_2], 112)
    for at in range(4):
        drums.play(beat + at, 0.5, CRASH_2 if is_chorus else OPEN_HAT, 92 if is_chorus else 88)
        drums.play(beat + at + 0.5, 0.4, RIDE if is_chorus else OPEN_HAT, 72)
        if at in (1, 3):
            drums.play(beat + at, 0.2, SNARE, 118)
        for offset in (0, 0.25, 0.5, 0.75) if is_chorus else (0, 0.5, 0.75):
            if offset or at not in (1, 3) or is_chorus:
                drums.play(beat + at + offset, 0.1, KICK, 112 if offset == 0 else 98)
    if number in (3, 7, 11):  # down the toms into the next section
        for i, pitch in enumerate((SNARE, SNARE, 48, 48, 47, 47, 43, 41)):
            drums.play(beat + 2 + i / 4, 0.2, pitch, 104 + i)


def twin(first: Part, second: Part, beat: float, text: str) -> None:
    """Two leads, the second a third above in the scale of E minor."""
    for at, length, pitch in line(text):
        if pitch is not None:
            first.play(beat + at, length * 0.97, pitch, 104)
            nearest = min(SCALE, key=lambda step: abs(step - pitch))
            second.play(beat + at, length * 0.97, SCALE[SCALE.index(nearest) + 2], 98)

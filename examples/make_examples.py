"""Makes the example recordings: scores written here, played by fluidsynth, mixed and stored as Ogg Vorbis.

    python examples/make_examples.py [FOLDER]

Needs fluidsynth and its General MIDI soundfont (Debian: fluidsynth, fluid-soundfont-gm), NumPy and soundfile.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import classical
import jazz
import metal
import numpy as np
import soundfile
from midi import Part, midi_file
from stems import bells, compressed

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SR = 44_100
PEAK = 0.89  # -1 dB
FADE_S = 0.7
VORBIS_COMPRESSION = 0.78  # about 90 kb/s


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    for piece in (classical, jazz, metal):
        mix = produce(piece)
        path = folder / f"{piece.__name__}.ogg"
        # In pieces: libsndfile's Vorbis encoder overflows its stack on one large write.
        with soundfile.SoundFile(
            path, "w", SR, 2, format="OGG", subtype="VORBIS", compression_level=VORBIS_COMPRESSION
        ) as file:
            for start in range(0, len(mix), SR):
                file.write(mix[start : start + SR])
        print(f"{path}: {len(mix) / SR:.1f} s, {path.stat().st_size / 1000:.0f} kB")


def produce(piece: ModuleType) -> np.ndarray:
    """Play and mix one piece: [n, 2], float32."""
    rng = np.random.default_rng(piece.SEED)
    mix = np.zeros((0, 2))
    for stem in piece.stems():
        sound = stem.treat(play(stem.parts, piece.TEMPI, rng, room_size=piece.ROOM_SIZE))
        length = max(len(mix), len(sound))
        mix = np.pad(mix, ((0, length - len(mix)), (0, 0))) + np.pad(sound, ((0, length - len(sound)), (0, 0)))
    mix = compressed(bells(mix[: round(piece.DURATION_S * SR)], piece.EQUALISER), drive=piece.DRIVE)
    fade = min(len(mix), round(FADE_S * SR))
    mix[len(mix) - fade :] *= np.linspace(1, 0, fade)[:, None] ** 2
    return (mix * PEAK / np.abs(mix).max()).astype(np.float32)


def play(
    parts: list[Part], tempi: list[tuple[float, float]], rng: np.random.Generator, *, room_size: float
) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder) / "score.mid", Path(folder) / "sound.wav"
        score.write_bytes(midi_file(parts, tempi, rng))
        command = ["fluidsynth", "-ni", "-q", "-r", str(SR), "-g", "0.5", "-O", "float", "-T", "wav", "-F", str(sound)]
        command += [
            "-o",
            f"synth.reverb.room-size={room_size}",
            "-o",
            "synth.reverb.level=0.7",
            str(SOUNDFONT),
            str(score),
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return soundfile.read(sound, always_2d=True)[0]


if __name__ == "__main__":
    main()

"""Real files of every format that can be tagged, with cover art where it matters."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from audio.encoding import music, write_pyav, write_soundfile

from genrekit.library.policy import TagPolicy
from genrekit.library.tag_files import decided, plan_file, write_plan
from genrekit.library.tag_journal import TagJournal

SR = 48_000
N_ART_BYTES = 90_000


def make_file(folder: Path, name: str) -> Path:
    """One of `NAMES`, in a folder."""
    return MAKERS[name](folder / name)


def write_heard(path: Path, journal: Path, heard: Mapping[str, float], policy: TagPolicy) -> None:
    """Tag a file that was heard so, as `genrekit tag --write` does; the likeliest genre is the decision."""
    plan = decided(plan_file(str(path), policy), heard, max(heard, key=heard.__getitem__), policy)
    with TagJournal.opened(journal, {}) as opened:
        write_plan(plan, opened)


def _soundfile(format: str, subtype: str) -> Callable[[Path], Path]:
    return lambda path: write_soundfile(path, music(sr=SR), SR, format=format, subtype=subtype)


def _pyav(container: str, codec: str, sample_format: str) -> Callable[[Path], Path]:
    return lambda path: write_pyav(
        path, music(sr=SR), SR, container=container, codec=codec, sample_format=sample_format
    )


def _id3(version: int) -> Callable[[Path], Path]:
    def make(path: Path) -> Path:
        from mutagen.id3 import APIC, ID3, TCON, TIT2

        _soundfile("MP3", "MPEG_LAYER_III")(path)
        tags = ID3()
        art = np.random.default_rng(0).bytes(N_ART_BYTES)
        tags.add(TIT2(encoding=1 if version == 3 else 3, text=["Ünder the Śea"]))
        tags.add(TCON(encoding=0, text=["Rock"]))
        tags.add(APIC(encoding=0, mime="image/jpeg", type=3, desc="", data=art))
        tags.save(path, v2_version=version, v1=2)
        return path

    return make


def _riff_info(path: Path) -> Path:
    """Its genre lies in a RIFF INFO list, behind the sound, as libsndfile writes it."""
    import soundfile

    with soundfile.SoundFile(path, "w", SR, 2, "PCM_16") as file:
        file.title, file.genre = "Ünder the Śea", "Rock"
        file.write(music(sr=SR))
    return path


def _ape(path: Path) -> Path:
    """No free encoder makes these: a true header, and noise where the sound would be."""
    header = b"MAC " + struct.pack("<H", 3990) + bytes(50) + struct.pack("<IIIHHI", 73728, 40000, 2, 16, 2, 44100)
    path.write_bytes(header + np.random.default_rng(1).bytes(200_000))
    return path


MAKERS: dict[str, Callable[[Path], Path]] = {
    "plain.mp3": _soundfile("MP3", "MPEG_LAYER_III"),
    "id3v23.mp3": _id3(3),
    "id3v24.mp3": _id3(4),
    "song.flac": _soundfile("FLAC", "PCM_16"),
    "song.ogg": _soundfile("OGG", "VORBIS"),
    "song.opus": _soundfile("OGG", "OPUS"),
    "song.aiff": _soundfile("AIFF", "PCM_16"),
    "song.wav": _soundfile("WAV", "PCM_16"),
    "info.wav": _riff_info,
    "song.m4a": _pyav("ipod", "aac", "fltp"),
    "song.wma": _pyav("asf", "wmav2", "fltp"),
    "song.wv": _pyav("wv", "wavpack", "fltp"),
    "song.ape": _ape,
}
NAMES = tuple(MAKERS)

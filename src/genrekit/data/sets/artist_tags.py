"""The artist that a file's own tags tell."""

from __future__ import annotations

from pathlib import Path

from genrekit.data.relations import known_artist

__all__ = ["tagged_artist"]

# Of a compilation the album's artist is "Various Artists": the song's own goes first.
KEYS = ("artist", "album_artist", "albumartist")


def tagged_artist(path: Path) -> str | None:
    """Artist in the container's or the stream's metadata, None if there is none or the file cannot be opened."""
    from genrekit.audio.ffmpeg_file import open_with_ffmpeg, texts_of

    try:
        # One packet: wav took 90 ms otherwise.
        with path.open("rb") as raw, open_with_ffmpeg(raw, max_probe_packets="1") as container:
            found = [texts_of(container), *(texts_of(stream) for stream in container.streams.audio)]
    # FFmpeg meets whatever bytes the file has; whether it decodes is found out by decoding it.
    except Exception:
        return None
    for key in KEYS:
        for metadata in found:
            for name, value in metadata.items():
                if name.lower() == key and (artist := known_artist(value)) is not None:
                    return artist
    return None

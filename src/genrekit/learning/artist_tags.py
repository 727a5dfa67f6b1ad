"""The artist that a file's own tags tell."""

from __future__ import annotations

from pathlib import Path

__all__ = ["tagged_artist"]

# Of a compilation the album's artist is "Various Artists": the song's own goes first.
KEYS = ("artist", "album_artist", "albumartist")


def tagged_artist(path: Path) -> str | None:
    """Artist in the container's or the stream's metadata, None if there is none or the file cannot be opened."""
    import av

    try:
        with av.open(str(path), metadata_errors="replace") as container:
            found = [container.metadata, *(stream.metadata for stream in container.streams.audio)]
    except (av.FFmpegError, OSError, ValueError):
        return None  # whether it decodes is found out by decoding it
    for key in KEYS:
        for metadata in found:
            for name, value in metadata.items():
                if name.lower() == key and value.strip():
                    return value.strip()
    return None

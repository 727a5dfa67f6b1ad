"""The artist that a file's own tags tell."""

from __future__ import annotations

from pathlib import Path

from genrekit.data.relations import known_artist

__all__ = ["tagged_artist"]

# Of a compilation the album's artist is "Various Artists": the song's own goes first.
KEYS = ("artist", "album_artist", "albumartist")


def tagged_artist(path: Path) -> str | None:
    """Artist in the container's or the stream's metadata, None if there is none or the file cannot be opened."""
    import av

    # No protocol: a playlist must not make FFmpeg open other files or addresses. One packet: wav took 90 ms otherwise.
    options = {"protocol_whitelist": "", "max_probe_packets": "1"}
    try:
        with path.open("rb") as raw, av.open(raw, metadata_errors="replace", container_options=options) as container:
            found = [container.metadata, *(stream.metadata for stream in container.streams.audio)]
    # FFmpeg meets whatever bytes the file has; whether it decodes is found out by decoding it.
    except Exception:
        return None
    for key in KEYS:
        for metadata in found:
            for name, value in metadata.items():
                if name.lower() == key and (artist := known_artist(value)) is not None:
                    return artist
    return None

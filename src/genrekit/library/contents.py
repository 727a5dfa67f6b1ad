"""What a file holds besides its genre, as FFmpeg reads it: by this it is known that new tags have cost nothing else."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from genrekit.audio import display_name
from genrekit.library.errors import TagError
from genrekit.library.id3v1 import WithoutId3v1

__all__ = ["Contents", "contents_of", "require_same_contents"]

GENRE = "genre"


@dataclass(frozen=True)
class Contents:
    """What new tags must leave as it is.

    Attributes
    ----------
    streams : kind of each stream ("audio", "video" for a picture), and SHA-256 of its packets one behind the other
    texts : (key, value) of each tag but the genre
    ended : why reading ended before its time, if it did
    """

    streams: tuple[tuple[str, str], ...]
    texts: tuple[tuple[str, str], ...]
    ended: str = ""

    def lost_in(self, after: Contents) -> str:
        """What `after` lacks of this, in words; "" if nothing."""
        if self.streams != after.streams or self.ended != after.ended:
            return "its sound or its pictures"
        # A tag may be called otherwise in another version of the same format; and of several comments FFmpeg tells one,
        # not always the same.
        kept = Counter(value for _, value in after.texts)
        keys = {key for key, _ in after.texts}
        for key, value in self.texts:
            if not kept[value] and key not in keys:
                return f"its tag {key}, {value!r},"
            kept[value] -= 1
        return ""


def require_same_contents(path: Path, copy: Path) -> None:
    """Refuse a copy with new tags which does not hold all else that the file holds.

    Raises
    ------
    TagError : naming what would be lost
    """
    before = contents_of(path)
    # What FFmpeg cannot open it cannot tell anything of.
    if before is None:
        return
    after = contents_of(copy)
    lost = "its sound" if after is None else before.lost_in(after)
    if lost:
        raise TagError(f"{display_name(path)}: with a new genre {lost} would not stay the same; left as it is")


def contents_of(path: Path) -> Contents | None:
    """What the file holds; None if FFmpeg cannot open it."""
    import av.error

    from genrekit.audio.ffmpeg_file import open_with_ffmpeg, texts_of

    try:
        with path.open("rb") as file, open_with_ffmpeg(WithoutId3v1(file)) as container:
            digests = [hashlib.sha256() for _ in container.streams]
            ended = ""
            try:
                for packet in container.demux():
                    # The last of each stream is empty.
                    if packet.size:
                        digests[packet.stream.index].update(packet)
            except av.error.FFmpegError as error:
                ended = str(error.strerror)
            kinds = [stream.type for stream in container.streams]
            holders = (container, *container.streams)
            texts = [
                (key, text) for one in holders for key, text in texts_of(one).items() if key.lower() != GENRE and text
            ]
    except (av.error.FFmpegError, ValueError):
        return None
    streams = tuple((kind, digest.hexdigest()) for kind, digest in zip(kinds, digests, strict=True))
    return Contents(streams, tuple(texts), ended)

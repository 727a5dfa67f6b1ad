"""What the first and last bytes of a file tell: which decoder to try first, and whether the end is missing.

libsndfile is asked first where it is the faster and stricter of the two: uncompressed containers and FLAC. MPEG audio
and Ogg go to FFmpeg first:

* libsndfile takes the length of a variable-bit-rate MP3 without a Xing header from its first frames and stops there,
  which can be the middle of the song; it gives up after 1024 damaged bytes, and its mpg123 writes to standard error;
* Vorbis and Opus decode 1.6 and 2.3 times as fast in FFmpeg, MP3 at the same speed.
"""

from __future__ import annotations

from genrekit.audio.source import ByteSource

__all__ = [
    "HEAD_BYTES",
    "describe_audio",
    "describe_head",
    "is_mpeg",
    "missing_end",
    "prefers_libsndfile",
    "states_mpeg_length",
]

HEAD_BYTES = 64

_W64_MAGIC = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_LIBSNDFILE_MAGICS = (b"RIFF", b"RIFX", b"RF64", b"FORM", b".snd", b"dns.", b"fLaC", b"caff", _W64_MAGIC)
_OTHER_CONTENTS = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"MThd", "MIDI notes, which hold no sound"),
)
_OGG_PAGE_BYTES = 65_307  # RFC 3533: the largest page
_OGG_END_OF_STREAM = 0x04
# Written by programs that cannot go back and fill the size in, as into a pipe: 0, or the most that they can say, less a
# round number (SoX: 0x7F000000 in AIFF, 0x7FFFF000 in WAV) and with headers on top; FFmpeg: 0xFFFFFFFF.
_LEAST_UNKNOWN_SIZE = 0x7F000000


def prefers_libsndfile(head: bytes) -> bool:
    """Whether the file begins like one of the containers that libsndfile reads best."""
    return head.startswith(_LIBSNDFILE_MAGICS)


def is_mpeg(head: bytes) -> bool:
    """Whether the file begins with an ID3v2 tag or with the sync word of an MPEG audio (or ADTS) frame."""
    return head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)


def states_mpeg_length(source: ByteSource) -> bool:
    """Whether an MP3 carries its number of frames, in a Xing, Info or VBRI header inside its first frame."""
    head = source.peek(10)
    offset = 0
    if head.startswith(b"ID3") and len(head) == 10:
        # ID3v2.4, section 3.1: the size is four bytes of seven bits, and does not count these ten.
        offset = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
    first_frame = source.peek(4096, offset=offset)
    return any(tag in first_frame for tag in (b"Xing", b"Info", b"VBRI"))


def missing_end(source: ByteSource) -> str | None:
    """Why the file is known to be cut off at its end, or None.

    Covers the formats whose decoders do not say so: RIFF and AIFF (the size in the header), AU (likewise) and Ogg
    (the last page is marked).
    """
    head = source.peek(HEAD_BYTES)
    if head.startswith(b"OggS"):
        return _missing_ogg_end(source)
    stated = _stated_bytes(head)
    if stated is not None and stated > source.size + 1:  # + 1: a pad byte that many writers leave out
        return f"the file has {source.size} of the {stated} bytes that its header states"
    return None


def describe_audio(head: bytes) -> str | None:
    """The container that the first bytes begin, if it is a common one for audio; no list of names is taken for one."""
    if head.startswith((b"RIFF", b"FORM")) and head[8:12] in (b"WAVE", b"AIFF", b"AIFC"):
        return "a WAV or AIFF file"
    # Names may be followed by one zero byte, never by two, nor begin with one. The first block of FLAC has 34 bytes.
    if head.startswith(b"fLaC") and head[5:8] == b"\0\0\x22":
        return "a FLAC file"
    if head.startswith(b"OggS\0\2\0\0"):
        return "an Ogg file"
    if head.startswith(b"\0") and head[4:8] == b"ftyp":
        return "an MP4 file"
    # Of a bare MPEG frame only two bytes are certain, with which any name may begin.
    return "an mp3 file" if head.startswith((b"ID3\3\0\0\0", b"ID3\4\0\0\0")) else None


def describe_head(head: bytes) -> str:
    """What a file that is no audio seems to be, from its first bytes; as the end of a sentence."""
    for magic, what in _OTHER_CONTENTS:
        if head.startswith(magic):
            return f"it is {what}"
    try:
        text = head.decode("ascii")
    except UnicodeDecodeError:
        text = ""
    if text and all(c.isprintable() or c in "\r\n\t" for c in text):
        return f"it is text, beginning {text[:24]!r}"
    return f"it begins with the bytes {head[:12].hex(' ')}"


def _stated_bytes(head: bytes) -> int | None:
    if head.startswith((b"RIFF", b"RIFX", b"FORM")) and len(head) >= 8:
        size = int.from_bytes(head[4:8], "little" if head.startswith(b"RIFF") else "big")
        return size + 8 if _is_known(size) else None
    if head.startswith(b".snd") and len(head) >= 12:
        offset, size = int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:12], "big")
        return offset + size if _is_known(size) else None
    return None


def _is_known(size: int) -> bool:
    return 0 < size < _LEAST_UNKNOWN_SIZE


def _missing_ogg_end(source: ByteSource) -> str | None:
    tail = source.peek(2 * _OGG_PAGE_BYTES, offset=max(0, source.size - 2 * _OGG_PAGE_BYTES))
    page = tail.rfind(b"OggS")
    # A page: 27 bytes of header with flags at 5 and the number of segments at 26, the segments' lengths, the segments.
    if page < 0 or len(tail) < page + 27:
        return "its last page is incomplete"
    n_segments = tail[page + 26]
    lengths = tail[page + 27 : page + 27 + n_segments]
    if len(lengths) < n_segments or len(tail) < page + 27 + n_segments + sum(lengths):
        return "its last page is incomplete"
    if not tail[page + 5] & _OGG_END_OF_STREAM:
        return "its last page is not marked as the end"
    return None

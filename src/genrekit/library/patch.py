"""How to get a file's old bytes back from the new ones: a small difference, exact for any two files.

Writing a tag moves the audio, and may renumber every page of an Ogg file, so that a difference of heads and tails would
hold the whole file. Here each block of the old file is compared with the new file at a few alignments: where it was,
moved by the change in length, and moved as far as a sample of its bytes was found. What the best one leaves, as
exclusive or, is nearly all zeros, and is kept compressed.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from genrekit.library.errors import TagError

__all__ = ["Patch", "apply_patch", "make_patch"]

BLOCK_BYTES = 16_384
SEARCH_BYTES = 1 << 20  # how far a block is looked for on both sides
PROBE_BYTES = 32
WELL_ALIGNED = 1 / 16  # share of differing bytes above which another alignment is looked for


@dataclass(frozen=True)
class Patch:
    """Old bytes as pieces of the new ones.

    Attributes
    ----------
    pieces : (shift, n_bytes, difference): the next `n_bytes` of the old file are those of the new file at the same
        place plus `shift` (zeros where that lies outside), exclusive-or the zlib-compressed difference; b"" for none
    """

    pieces: tuple[tuple[int, int, bytes], ...]

    def to_json(self) -> list[list[Any]]:
        """As JSON values, with the differences in base 64."""
        return [[shift, n, base64.b64encode(difference).decode("ascii")] for shift, n, difference in self.pieces]

    @classmethod
    def from_json(cls, values: Any) -> Patch:
        """From `to_json`; TagError if it is something else."""
        try:
            return cls(tuple((int(shift), int(n), base64.b64decode(text, validate=True)) for shift, n, text in values))
        except (TypeError, ValueError) as error:
            raise TagError(f"not a difference of two files: {error}") from error


def make_patch(old: BinaryIO, new: BinaryIO) -> Patch:
    """What leads from `new` back to `old`; both are read in blocks, from their start."""
    old_size, new_size = old.seek(0, 2), new.seek(0, 2)
    shifts = [0, new_size - old_size]
    pieces: list[tuple[int, int, bytes]] = []
    for start in range(0, old_size, BLOCK_BYTES):
        old.seek(start)
        block = np.frombuffer(old.read(BLOCK_BYTES), np.uint8)
        shift, difference = _best(block, new, start, shifts)
        if np.count_nonzero(difference) > WELL_ALIGNED * len(block):
            found = _look_for(block, new, start)
            if found is not None and found not in shifts:
                # The newest first: what follows has most likely moved as far.
                shifts = [found, *shifts[-2:]]
                shift, difference = _best(block, new, start, [shift, found])
        packed = zlib.compress(difference.tobytes(), 9) if difference.any() else b""
        last = pieces[-1] if pieces else None
        if last is not None and not packed and not last[2] and last[0] == shift:
            pieces[-1] = (shift, last[1] + len(block), b"")
        else:
            pieces.append((shift, len(block), packed))
    return Patch(tuple(pieces))


def apply_patch(patch: Patch, new: BinaryIO) -> Iterator[bytes]:
    """The old file's bytes, in blocks; TagError if the patch is broken."""
    start = 0
    for shift, n_bytes, packed in patch.pieces:
        for offset in range(0, n_bytes, BLOCK_BYTES):
            n = min(BLOCK_BYTES, n_bytes - offset)
            block = _read(new, start + offset + shift, n)
            if packed:
                try:
                    difference = np.frombuffer(zlib.decompressobj().decompress(packed, n_bytes), np.uint8)[
                        offset : offset + n
                    ]
                    block = block ^ difference
                except (zlib.error, ValueError) as error:
                    raise TagError(f"the journal's difference is broken: {error}") from error
            yield block.tobytes()
        start += n_bytes


def _best(block: NDArray[np.uint8], new: BinaryIO, start: int, shifts: list[int]) -> tuple[int, NDArray[np.uint8]]:
    best: tuple[int, NDArray[np.uint8]] | None = None
    fewest = len(block) + 1
    for shift in dict.fromkeys(shifts):
        difference = block ^ _read(new, start + shift, len(block))
        n_other = int(np.count_nonzero(difference))
        if n_other < fewest:
            best, fewest = (shift, difference), n_other
        if fewest == 0:
            break
    assert best is not None
    return best


def _look_for(block: NDArray[np.uint8], new: BinaryIO, start: int) -> int | None:
    data = block.tobytes()
    first = max(0, start - SEARCH_BYTES)
    new.seek(first)
    near = new.read(start - first + len(data) + SEARCH_BYTES)
    # From the back: a tag that ends within the block moves what is behind it.
    for part in (7, 4, 1):
        place = len(data) * part // 8
        probe = data[place : place + PROBE_BYTES]
        # Zeros and other runs are everywhere.
        if len(probe) < PROBE_BYTES or len(set(probe)) < PROBE_BYTES // 4:
            continue
        found = near.find(probe)
        if found >= 0:
            return first + found - (start + place)
    return None


def _read(file: BinaryIO, start: int, n: int) -> NDArray[np.uint8]:
    out = np.zeros(n, np.uint8)
    skipped = min(n, max(0, -start))
    if skipped < n:
        file.seek(start + skipped)
        data = np.frombuffer(file.read(n - skipped), np.uint8)
        out[skipped : skipped + len(data)] = data
    return out

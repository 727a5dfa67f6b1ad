"""Data: tracks, data sets and their loaders, log-mel archives, splits, the leak detector, audit and fingerprint.

A loader gives a ``Dataset`` of ``Track`` values, sorted by identifier; ``make_split`` assigns its tracks to parts;
``prove`` counts what the parts share, and ``require_proof`` refuses what the protocol does not allow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genrekit.data.archive import LogMelArchive, read_archive
from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.data.leakage import Proof, Shared, prove, require_proof
from genrekit.data.registry import DATASETS, dataset_info, load_dataset
from genrekit.data.split import PARTS, Part, Protocol, Split, read_split
from genrekit.data.splits import SPLITS, make_split

if TYPE_CHECKING:
    from genrekit.data.archive_writer import write_archive
    from genrekit.data.fingerprint import Match, find_matches

__all__ = [
    "DATASETS",
    "PARTS",
    "SPLITS",
    "Dataset",
    "Fault",
    "LogMelArchive",
    "Match",
    "Part",
    "Proof",
    "Protocol",
    "Shared",
    "Split",
    "Track",
    "dataset_info",
    "find_matches",
    "load_dataset",
    "make_split",
    "prove",
    "read_archive",
    "read_split",
    "require_proof",
    "write_archive",
]

# These need the front ends.
_LAZY = {"Match": "fingerprint", "find_matches": "fingerprint", "write_archive": "archive_writer"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        import importlib

        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

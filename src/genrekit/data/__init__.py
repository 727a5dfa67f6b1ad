"""Data: tracks, data sets and their loaders, log-mel archives, splits, the leak detector, audit and fingerprint.

A loader gives a ``Dataset`` of ``Track`` values, sorted by identifier; ``with_same_recordings`` compares them by ear;
``make_split`` assigns its tracks to parts; ``prove`` counts what the parts share, and ``require_proof`` refuses what
the protocol does not allow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from genrekit.data.archive import LogMelArchive, read_archive
from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.data.parts import PARTS
from genrekit.data.registry import DATASETS, dataset_info, load_dataset
from genrekit.data.splits.leakage import prove, require_proof
from genrekit.data.splits.makers import SPLITS, make_split
from genrekit.data.splits.split import Split, read_split
from genrekit.lazy_names import lazy_names

if TYPE_CHECKING:
    from genrekit.data.checks.same_recordings import with_same_recordings

__all__ = [
    "DATASETS",
    "PARTS",
    "SPLITS",
    "Dataset",
    "Fault",
    "LogMelArchive",
    "Split",
    "Track",
    "dataset_info",
    "load_dataset",
    "make_split",
    "prove",
    "read_archive",
    "read_split",
    "require_proof",
    "with_same_recordings",
]

if not TYPE_CHECKING:
    # Comparing needs what decodes audio; who only names a part or a split should not wait for it.
    __getattr__, __dir__ = lazy_names(__name__, {"checks.same_recordings": ("with_same_recordings",)})

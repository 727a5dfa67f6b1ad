"""Data: tracks, data sets and their loaders, log-mel archives, splits, the leak detector, audit and fingerprint.

A loader gives a ``Dataset`` of ``Track`` values, sorted by identifier; ``make_split`` assigns its tracks to parts;
``prove`` counts what the parts share, and ``require_proof`` refuses what the protocol does not allow.
"""

from __future__ import annotations

from genrekit.data.archive import LogMelArchive, read_archive
from genrekit.data.dataset import Dataset, Fault, Track
from genrekit.data.parts import PARTS
from genrekit.data.registry import DATASETS, dataset_info, load_dataset
from genrekit.data.splits.leakage import prove, require_proof
from genrekit.data.splits.makers import SPLITS, make_split
from genrekit.data.splits.split import Split, read_split

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
]

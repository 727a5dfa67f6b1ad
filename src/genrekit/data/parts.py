"""The words that a split is told in: its parts, its protocol, its members and where its validation part is from."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = ["MAX_SEED", "PARTS", "PROTOCOLS", "Part", "Protocol", "Unit", "Validation"]

Part = Literal["train", "valid", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
Protocol = Literal["P1", "P2", "P3", "P4", "P5", "published", "custom"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
Unit = Literal["track", "excerpt"]
Validation = Literal["inner", "published", "test", "none"]
# What scikit-learn takes; greater ones would not fit into tables of predictions either.
MAX_SEED = 2**32 - 1

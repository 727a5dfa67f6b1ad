"""Fixtures for all rooms."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def gtzan_root() -> Path:
    """Folder of the real GTZAN data: GENREKIT_GTZAN, or ``shared/gtzan`` beside the checkout; skips where it is missing."""
    default = Path(__file__).resolve().parents[1].parent / "shared" / "gtzan"
    root = Path(os.environ.get("GENREKIT_GTZAN", default))
    if not (root / "logmel.npz").is_file():
        pytest.skip(f"GTZAN is not at {root}; set GENREKIT_GTZAN to the folder that holds logmel.npz")
    return root

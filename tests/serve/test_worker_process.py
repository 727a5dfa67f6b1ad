"""The memory bound of a worker, in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import numpy as np
from genrekit.serve.worker_process import _bound_memory
_bound_memory(100_000_000)
kept = np.ones(5_000_000)
try:
    np.ones(20_000_000)
except MemoryError:
    print("refused")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps RLIMIT_AS")
def test_memory_is_bounded_beyond_what_is_in_use() -> None:
    finished = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert finished.stdout == "refused\n"

"""What reads a table leaves no thread of Arrow's behind that could abort the process at its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from genrekit.parquet_table import read_parquet_table

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

# Prints how many threads the process has after the reading that it had not before.
COUNT = """
import sys
from pathlib import Path
import pyarrow.parquet
threads = lambda: len(list(Path("/proc/self/task").iterdir()))
from genrekit.parquet_table import read_parquet_table
before = threads()
read_parquet_table(Path(sys.argv[1]))
print(threads() - before)
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """In a folder whose name is key=value, which Arrow would take for a column."""
    path = tmp_path / "fold=3" / "a.parquet"
    path.parent.mkdir()
    pq.write_table(pa.table({"track": [f"t{n}" for n in range(1000)], "fold": [0] * 1000}), path)
    return path


def test_it_has_the_columns_of_the_file_alone(table: Path) -> None:
    read = read_parquet_table(table)
    assert read.column_names == ["track", "fold"] and set(read["fold"].to_pylist()) == {0}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted as Linux shows them")
def test_no_thread_is_left(table: Path) -> None:
    done = subprocess.run([sys.executable, "-c", COUNT, str(table)], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"

"""Parquet, read by the thread that asks. Arrow's own threads can outlive Python and abort a process that is done
(apache/arrow issue 34314), so that its exit code is wrong; from memory, and without `use_threads`, it starts none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

__all__ = ["open_parquet", "read_parquet_table"]


def open_parquet(path: Path) -> pq.ParquetFile:
    """A file, held in memory as it lies on the disk; read it with `use_threads=False`.

    Raises
    ------
    OSError, pyarrow.ArrowException : if there is none, or it is damaged or something else
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pq.ParquetFile(pa.BufferReader(path.read_bytes()))


def read_parquet_table(path: Path) -> pa.Table:
    """The table in a file; raises as `open_parquet` does."""
    with open_parquet(path) as file:
        return file.read(use_threads=False)

"""Any feature table, such as `genrekit data prepare features` makes of audio."""

from __future__ import annotations

from pathlib import Path

from genrekit.data.dataset import Dataset
from genrekit.data.info import DatasetInfo
from genrekit.data.table_file import read_table_file
from genrekit.errors import DataError

__all__ = ["INFO", "load_own_table"]

INFO = DatasetInfo(
    name="table",
    summary="any feature table, as 'genrekit data prepare features' writes it",
    contents="one .parquet or .csv file with the columns track, genre, start_s, window_s and the features; 'genrekit "
    "data prepare features' makes one of a folder with audio",
)


def load_own_table(root: Path) -> Dataset:
    """Load the table file `root`; genres are in alphabetical order.

    Raises
    ------
    DataError
        If it is not a feature table.
    """
    if root.is_dir():
        raise DataError(
            f"{root} is a folder; the data set 'table' is one .parquet or .csv file. 'genrekit data prepare features' "
            "makes one of a folder with audio."
        )
    return read_table_file(root)

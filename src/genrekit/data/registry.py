"""The data sets by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from genrekit.data.dataset import Dataset
from genrekit.data.info import DatasetInfo
from genrekit.errors import NoSuchDataError
from genrekit.suggestion import did_you_mean

__all__ = ["DATASETS", "dataset_info", "load_dataset", "recordings_of"]

# Module and function of each loader; imported when used, so that one data set's needs are not another's.
DATASETS: Mapping[str, str] = MappingProxyType(
    {
        "gtzan": "genrekit.data.sets.gtzan:load_gtzan",
        "gtzan_archive": "genrekit.data.sets.gtzan_archive:load_gtzan_archive",
        "gtzan6": "genrekit.data.sets.gtzan6:load_gtzan6",
        "gtzan_table": "genrekit.data.sets.gtzan_table:load_gtzan_table",
        "gtzan_table_10s": "genrekit.data.sets.gtzan_table_10s:load_gtzan_table_10s",
        "fma_small": "genrekit.data.sets.fma_small:load_fma_small",
        "fma_small_gtzan_genres": "genrekit.data.sets.fma_small_gtzan_genres:load_fma_small_gtzan_genres",
        "fma_medium": "genrekit.data.sets.fma_medium:load_fma_medium",
        "fma_medium_gtzan_genres": "genrekit.data.sets.fma_medium_gtzan_genres:load_fma_medium_gtzan_genres",
        "jamendo": "genrekit.data.sets.jamendo:load_jamendo",
        "jamendo_gtzan_genres": "genrekit.data.sets.jamendo_gtzan_genres:load_jamendo_gtzan_genres",
        "folder": "genrekit.data.sets.folder:load_folder",
        "archive": "genrekit.data.sets.own_archive:load_own_archive",
        "table": "genrekit.data.sets.own_table:load_own_table",
    }
)


def load_dataset(name: str, root: str | Path | None) -> Dataset:
    """Load a data set by name.

    Parameters
    ----------
    name : one of ``DATASETS``
    root : the folder (or archive or table file) where it lies

    Raises
    ------
    DataError
        If the name is unknown, or the folder does not hold the data set.
    """
    module, function = _place(name)
    if root is None:
        contents = dataset_info(name).contents
        raise NoSuchDataError(f"It was not said where data set {name!r} lies: give --root. It is {contents}.")
    root = Path(root)
    if not root.exists():
        raise NoSuchDataError(f"There is no folder {root} to load data set {name!r} from.")
    loader: Callable[[Path], Dataset] = getattr(import_module(module), function)
    return loader(root)


def dataset_info(name: str) -> DatasetInfo:
    """Facts of a data set by name: citation, licence, expected counts.

    Raises
    ------
    DataError
        If the name is unknown.
    """
    module, _ = _place(name)
    info: DatasetInfo = import_module(module).INFO
    return info


def recordings_of(name: str) -> str:
    """Name of the data set that has the recordings of one: of an archive or a table the audio, of audio itself.

    Raises
    ------
    DataError
        If the name is unknown.
    """
    return dataset_info(name).recordings or name


def _place(name: str) -> tuple[str, str]:
    if name not in DATASETS:
        what = "folder or data set" if "/" in name else "data set"
        raise NoSuchDataError(
            f"There is no {what} {name!r}{did_you_mean(name, DATASETS)}. Known: {', '.join(DATASETS)}."
        )
    module, _, function = DATASETS[name].partition(":")
    return module, function

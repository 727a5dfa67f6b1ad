"""The data sets by name: those of the table, and "module:function" of one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from genrekit.data.dataset import Dataset
from genrekit.data.info import DatasetInfo
from genrekit.errors import DataError, NoSuchDataError
from genrekit.own_object import is_own, own_object
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
    name : one of ``DATASETS``, or "module:function" of a loader of one's own, where Python finds it
    root : the folder (or archive or table file) where it lies

    Raises
    ------
    DataError
        If the name is unknown, the loader is not there or gives no `Dataset`, or the folder does not hold the data set.
    """
    loader = _loader(name)
    if root is None:
        contents = dataset_info(name).contents
        raise NoSuchDataError(f"It was not said where data set {name!r} lies: give --root. It is {contents}.")
    root = Path(root)
    if not root.exists():
        raise NoSuchDataError(f"There is no folder {root} to load data set {name!r} from.")
    dataset = loader(root)
    if not isinstance(dataset, Dataset):
        raise DataError(f"Data set {name!r} gave a {type(dataset).__name__}; expected a genrekit.data.Dataset.")
    return dataset


def dataset_info(name: str) -> DatasetInfo:
    """Facts of a data set by name: citation, licence, expected counts; of one's own, what `INFO` of its module says.

    Raises
    ------
    DataError
        If the name is unknown.
    """
    # A name that is none is told by what looks for its function.
    _loader(name)
    info = getattr(import_module(DATASETS.get(name, name).partition(":")[0]), "INFO", None)
    if isinstance(info, DatasetInfo):
        return info
    return DatasetInfo(name=name, summary="a data set of your own", contents=f"what {name} reads")


def recordings_of(name: str) -> str:
    """Name of the data set that has the recordings of one: of an archive or a table the audio, of audio itself.

    Raises
    ------
    DataError
        If the name is unknown.
    """
    return dataset_info(name).recordings or name


def _loader(name: str) -> Callable[[Path], Dataset]:
    if name in DATASETS:
        module, _, function = DATASETS[name].partition(":")
        known: Callable[[Path], Dataset] = getattr(import_module(module), function)
        return known
    if not is_own(name):
        what = "folder or data set" if "/" in name else "data set"
        raise NoSuchDataError(
            f"There is no {what} {name!r}{did_you_mean(name, DATASETS)}. Known: {', '.join(DATASETS)}; or give "
            "module:function of your own."
        )
    own = own_object(name, what="data set", error_type=NoSuchDataError)
    if not callable(own):
        raise DataError(f"Data set {name!r} is a {type(own).__name__}; expected a function from a folder to a Dataset.")
    return own  # type: ignore[no-any-return]

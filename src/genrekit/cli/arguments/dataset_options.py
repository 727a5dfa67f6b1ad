"""How a verb is told which data set, and where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genrekit.cli.terminal.progress import progress_bar

if TYPE_CHECKING:
    from genrekit.data.dataset import Dataset

__all__ = ["ROOT_VARIABLE", "Name", "Root", "compared", "load"]

ROOT_VARIABLE = "GENREKIT_DATA"

Name = Annotated[
    str,
    typer.Argument(
        help="A data set of 'genrekit data list', a folder of genre folders, or module:function of your own."
    ),
]
Root = Annotated[
    Path | None, typer.Option("--root", envvar=ROOT_VARIABLE, help="Folder or archive that holds the data set.")
]


def load(name: str, root: Path | None) -> Dataset:
    """The data set of this name below `root`; a name that is no data set but a folder is that folder's own files."""
    from genrekit.data.registry import DATASETS, load_dataset
    from genrekit.errors import NoSuchDataError
    from genrekit.own_object import is_own

    if name not in DATASETS and Path(name).is_dir():
        return load_dataset("folder", Path(name))
    if (name in DATASETS or is_own(name)) and root is None:
        raise NoSuchDataError(f"Data set {name!r} needs its folder: give --root, or set the variable {ROOT_VARIABLE}.")
    return load_dataset(name, root)


def compared(dataset: Dataset, jobs: int | None = None) -> Dataset:
    """The data set with its recordings compared by ear, so that splits of it, or of what is made of it, can be proved.

    Parameters
    ----------
    dataset : of any kind
    jobs : files decoded at once; None for one a processor
    """
    from genrekit.data.checks.same_recordings import with_same_recordings

    with progress_bar("comparing recordings") as progress:
        return with_same_recordings(dataset, n_jobs=jobs, processes=True, progress=progress)

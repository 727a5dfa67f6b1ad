"""What evaluation reads of a run: its predictions, the proof of its split, and the readings of its test part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from genrekit.data.parts import PARTS
from genrekit.data.splits.leakage import Proof
from genrekit.data.splits.split import Split
from genrekit.errors import DataError, NoSuchRunError, RunError
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.readings import Reading, load_readings, record_reading
from genrekit.evaluation.recipe_identity import flat, is_free
from genrekit.evaluation.run_folder import JOURNAL_NAME, LOGS_NAME, PLAN_NAME, PREDICTIONS_NAME, RunFolder, run_below

__all__ = [
    "PREDICTIONS_NAME",
    "StoredRun",
    "StoredSplit",
    "find_all_runs",
    "find_runs",
    "load_run",
    "pool_runs",
    "proofs_of",
]


@dataclass(frozen=True)
class StoredSplit:
    """What `split.json` of a run folder says.

    Parameters
    ----------
    run : name of the run
    split : that it was trained on
    proof : what its parts share, as it was counted before training; None if that was not recorded
    """

    run: str
    split: Split
    proof: Proof | None

    @classmethod
    def from_dict(cls, run: str, values: Mapping[str, Any]) -> StoredSplit:
        """The split and the proof of these JSON values; DataError if they are not, or the proof is of another split."""
        split = Split.from_dict(values)
        if values.get("proof") is None:
            return cls(run, split, None)
        # Older proofs do not say how many tracks the parts have.
        n_tracks = len({track for part in PARTS for track in split.tracks(part)})
        proof = Proof.from_dict({"n_tracks": n_tracks, **values["proof"]})
        if proof.split_hash != split.hash:
            raise DataError(f"Its proof is of another split, {proof.split_hash[:8]}; this one is {split.hash[:8]}.")
        return cls(run, split, proof)

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values, without the parts' members."""
        values = {key: value for key, value in self.split.to_dict().items() if key != "parts"}
        proof = {} if self.proof is None else {"proof": self.proof.to_dict()}
        return {"run": self.run, **values, **proof}

    @property
    def n_folds(self) -> int:
        """How many folds the split is one of."""
        return self.split.n_folds

    @property
    def validates_on_test(self) -> bool:
        """Whether training was stopped on the very part that is scored."""
        return self.split.validation == "test"


def proofs_of(splits: Iterable[StoredSplit]) -> tuple[Proof, ...]:
    """The proofs of different splits, each once: seeds of a fold share theirs."""
    return tuple({proof.split_hash: proof for split in splits if (proof := split.proof) is not None}.values())


@dataclass(frozen=True, eq=False)
class StoredRun:
    """A run as it lies on disk.

    Parameters
    ----------
    folder : where its record of readings is kept
    predictions : its table
    split : its `split.json`, None if the run has none
    recipe : flattened `recipe.yaml` ("optimisation.max_epochs": 50), None if the run has none
    recipe_hash : of its record, see `RunRecord`; None if the run has none
    """

    folder: Path
    predictions: Predictions
    split: StoredSplit | None
    recipe: Mapping[str, Any] | None
    recipe_hash: str | None = None

    def __repr__(self) -> str:
        return f"<StoredRun {self.name}: {self.predictions!r}>"

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    def readings(self, part: str) -> tuple[Reading, ...]:
        """The readings of a part so far, oldest first."""
        return load_readings(self.folder, part=part)

    def record_test_reading(self, command: str) -> None:
        """Record that the test part is about to be scored or chosen by, unless these predictions were read before.

        Parameters
        ----------
        command : what is run, such as "genrekit evaluate"

        Raises
        ------
        DataError : it has no predictions of the test part, or the record cannot be read or written
        """
        # Of a table by itself there may be no folder yet; where none can be made, the record says so.
        with suppress(OSError):
            self.folder.mkdir(exist_ok=True)
        record_reading(self.folder, command=command, predictions=self.predictions, part="test")


def load_run(path: str | Path) -> StoredRun:
    """Read a run folder, or a table of predictions by itself.

    A ``predictions.parquet`` belongs to the folder around it; a table NAME.parquet, of which several may lie side by
    side, has the folder NAME beside it, made when there is something to keep.

    Raises
    ------
    RunError : no such folder, or one without predictions
    DataError : the predictions, the split or the recipe cannot be read
    """
    path = Path(path)
    if not path.exists():
        raise NoSuchRunError(f"No run at {path}; a run folder, or a {PREDICTIONS_NAME} file, is expected.")
    by_itself = path.is_file() and path.name != PREDICTIONS_NAME and path.suffix != ""
    folder = path if path.is_dir() else path.with_suffix("") if by_itself else path.parent
    table = path / PREDICTIONS_NAME if path.is_dir() else path
    stored = RunFolder(folder)
    if not table.exists() and stored.done:
        raise RunError(_without_predictions(stored))
    if not table.exists():
        below = run_below(folder, PREDICTIONS_NAME) or next(folder.glob("*.parquet"), None)
        if below is not None:
            raise NoSuchRunError(f"There is no run in {folder} itself. Name what lies below, such as {below}.")
        raise NoSuchRunError(
            f"{folder} has no {PREDICTIONS_NAME}: it is not a run folder, or its training has not finished. "
            "Train it first, or name a finished run."
        )
    recipe, record = stored.recipe_values(), stored.record()
    return StoredRun(
        folder,
        Predictions.read_parquet(table),
        _split_of(stored),
        None if recipe is None else dict(flat(recipe)),
        None if record is None else record.hash,
    )


def _without_predictions(run: RunFolder) -> str:
    record = run.record()
    left_out = (
        f"as a member of an ensemble, of which the ensemble is scored. `genrekit train --resume {run.folder}` gives it "
        "predictions of its own, and reads the test part."
    )
    gone = (
        f"though they were written: the file is gone. Restore it, or remove {run.record_path.name} there and give "
        f"`genrekit train --resume {run.folder}`, which predicts again from its weights."
    )
    if record is not None and record.parts_predicted:
        why = gone
    elif record is not None and record.parts_left_out:
        why = left_out
    else:
        why = f"either {left_out} Or {gone}"
    return f"{run.folder} is trained and has no {PREDICTIONS_NAME}, {why}"


def _split_of(stored: RunFolder) -> StoredSplit | None:
    values = stored.split_values()
    try:
        return None if values is None else StoredSplit.from_dict(stored.folder.resolve().name, values)
    except DataError as error:
        raise DataError(f"The split of the run cannot be read: {stored.split_path}: {error}") from error


def find_runs(path: str | Path) -> tuple[StoredRun, ...]:
    """The run at a path, or the runs in a folder of runs, in the order of their names.

    Raises
    ------
    RunError : nothing there, or no run in it
    DataError : as `load_run`
    """
    path = Path(path)
    if not path.is_dir() or (path / PREDICTIONS_NAME).exists():
        return (load_run(path),)
    folders = sorted(table.parent for table in path.glob(f"*/{PREDICTIONS_NAME}"))
    return tuple(load_run(folder) for folder in folders or [path])


def find_all_runs(paths: Sequence[str | Path]) -> list[StoredRun]:
    """The runs at several paths, one after the other.

    What an experiment keeps beside its runs (a plan, a journal, logs) is passed over: a shell's `runs/*` names it, too.

    Raises
    ------
    RunError, DataError : as `find_runs`
    """
    named = [Path(path) for path in paths]
    chosen = [path for path in named if path.name not in (PLAN_NAME, JOURNAL_NAME, LOGS_NAME)]
    return [run for path in chosen or named for run in find_runs(path)]


def pool_runs(runs: Sequence[StoredRun]) -> Predictions:
    """One table from folds and seeds of one recipe.

    Raises
    ------
    DataError : no run; runs of different recipes, protocols, data sets or genres (the difference is named); a run twice
    """
    if not runs:
        raise DataError("No run to evaluate; name at least one run folder.")
    tables = [run.predictions for run in runs]
    first = runs[0]
    for run in runs[1:]:
        # The tables' own words first: another recipe then reads as such, not as one of its many settings.
        Predictions.concatenate([table.take(np.zeros(0, np.intp)) for table in (first.predictions, run.predictions)])
        _require_same_recipe(first, run)
    try:
        return Predictions.concatenate(tables)
    except DataError as error:
        raise DataError(f"The runs cannot be pooled: {error} Was one of them named twice?") from error


def _require_same_recipe(first: StoredRun, other: StoredRun) -> None:
    if first.recipe is None or other.recipe is None:
        return
    if first.recipe_hash is not None and first.recipe_hash == other.recipe_hash:
        return
    one_sided = set(first.recipe) ^ set(other.recipe)
    # What one of them does not have may be a default that is younger than it; what both have and differs tells more.
    for key in sorted({*first.recipe, *other.recipe}, key=lambda key: (key in one_sided, key)):
        if is_free(key):
            continue
        one, two = first.recipe.get(key), other.recipe.get(key)
        if one != two:
            raise DataError(
                f"Runs of different recipes cannot be pooled: {key} is {one!r} in {first.name} and {two!r} in "
                f"{other.name}. Evaluate them one by one, or compare them with 'genrekit compare'."
            )

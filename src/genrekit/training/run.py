"""The run folder: where one training leaves everything that its figures can be checked by."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from genrekit.data.parts import PARTS
from genrekit.data.splits.leakage import Proof
from genrekit.data.splits.split import Split, read_split
from genrekit.errors import NoSuchRunError, RunError
from genrekit.evaluation.run_folder import RunFolder, RunRecord
from genrekit.training.precision import bfloat16_is_quick
from genrekit.training.recipes.recipe import Recipe, load_recipe
from genrekit.whole_file import written_whole

__all__ = ["Run", "write_text_atomically"]

# What a run was trained on beyond its recipe, by content: key in environment.json -> what it is of, for people.
DATA_SHA256, NEGATIVES_SHA256 = "data_sha256", "negatives_sha256"
TRAINED_ON = {DATA_SHA256: "data", NEGATIVES_SHA256: "negatives"}
RECORDED_PACKAGES = ("genrekit", "torch", "lightning", "numpy", "soxr", "scikit-learn")


def write_text_atomically(path: Path, text: str) -> None:
    """Write a whole file or none.

    Raises
    ------
    RunError
        If it cannot be written, such as on a full disk; nothing is left behind.
    """
    try:
        with written_whole(path) as partial, partial.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RunError(
            f"Cannot write {path}: {error.strerror or error}. What the run has so far is kept; make room or choose "
            "another folder (--runs), then start the same command again."
        ) from error


@dataclass(frozen=True)
class Run(RunFolder):
    """A run folder as it is made and gone on with, complete once its predictions and weights are written."""

    @classmethod
    def of(cls, recipe: Recipe, runs: Path) -> Run:
        """The folder that this recipe, fold and seed have below `runs`."""
        return cls(runs / f"{recipe.name}-{recipe.hash[:8]}-fold{recipe.split.fold}-seed{recipe.seed}")

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def last_checkpoint(self) -> Path:
        return self.checkpoints / "last.ckpt"

    @property
    def best_checkpoint(self) -> Path:
        return self.checkpoints / "best.ckpt"

    @property
    def pretraining_checkpoint(self) -> Path:
        return self.checkpoints / "pretraining.ckpt"

    @property
    def pretraining_metrics_path(self) -> Path:
        return self.folder / "pretraining.csv"

    @property
    def left_out(self) -> tuple[str, ...]:
        """Parts of the split that were left without predictions on purpose; of a run that is not done, none."""
        record = self.record()
        return () if record is None else record.parts_left_out

    @property
    def complete(self) -> bool:
        """Whether the run is done and has the predictions of all parts that are scored."""
        return self.done and not self.left_out

    def require_as_trained(self) -> None:
        """Check that the recipe of a finished run is still the one that it was trained by.

        Raises
        ------
        RunError : it was changed since; what a run of before this was written down was trained by is not known
        """
        record, recipe = self.record(), self.recipe()
        if record is not None and record.hash not in (None, recipe.hash):
            raise RunError(
                f"{self.folder} was trained by another recipe (hash {record.hash[:8]}) than its "
                f"{self.recipe_path.name} is now ({recipe.hash[:8]}). Undo the change, or train it as a new run."
            )

    def require(
        self,
        recipe: Recipe,
        split: Split | None = None,
        *,
        data_sha256: str | None = None,
        negatives_sha256: str | None = None,
    ) -> None:
        """Check that the folder is this recipe's, if there is one: somebody may have renamed it.

        Parameters
        ----------
        recipe : that is to be trained
        split : of the data at hand; None where they are not looked at. The same recipe has another on other data
        data_sha256, negatives_sha256 : of the data and the archive of negatives at hand; None where they are not looked
            at. What a run of before these were written down was trained on is not known, and passes

        Raises
        ------
        RunError
            If it holds a run of another recipe, fold or seed, of another split, or with other data or negatives.
        """
        if not self.recipe_path.is_file():
            return
        known = self.recipe()
        if (known.hash, known.split.fold, known.seed) != (recipe.hash, recipe.split.fold, recipe.seed):
            raise RunError(
                f"{self.folder} holds a run of another recipe: {_identity(known)}; expected {_identity(recipe)}. Move "
                "it away, or choose another folder (--runs)."
            )
        if split is not None and (known_split := self.split()).hash != split.hash:
            raise RunError(
                f"{self.folder} holds a run of another split, {_describe(known_split)}; the same recipe's on these "
                f"data is {_describe(split)}. Were they other data? Choose another folder (--runs)."
            )
        environment, at_hand = self.environment(), {DATA_SHA256: data_sha256, NEGATIVES_SHA256: negatives_sha256}
        for key, what in TRAINED_ON.items():
            known_sha256, sha256 = environment.get(key), at_hand[key]
            if known_sha256 and sha256 and known_sha256 != sha256:
                raise RunError(
                    f"{self.folder} holds a run with other {what}, SHA-256 {known_sha256[:8]}; those at hand have "
                    f"{sha256[:8]}. Give it the same {what}, or choose another folder (--runs)."
                )

    def open(
        self,
        recipe: Recipe,
        split: Split,
        proof: Proof,
        *,
        data_sha256: str | None = None,
        negatives_sha256: str | None = None,
    ) -> None:
        """Make the folder, or check that it is this recipe's and go on in it.

        Parameters
        ----------
        recipe, split, data_sha256, negatives_sha256 : as for `require`
        proof : of the split

        Raises
        ------
        RunError
            If the folder belongs to another recipe, split, data or negatives, or cannot be written.
        """
        self.require(recipe, split, data_sha256=data_sha256, negatives_sha256=negatives_sha256)
        if self.recipe_path.is_file():
            return
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"Cannot make the run folder {self.folder}: {error.strerror or error}.") from error
        used = {DATA_SHA256: data_sha256, NEGATIVES_SHA256: negatives_sha256}
        self._write_json(self.environment_path, environment() | {key: sha256 for key, sha256 in used.items() if sha256})
        self._write_json(self.split_path, {**split.to_dict(), "proof": proof.to_dict()})
        write_text_atomically(self.recipe_path, recipe.to_yaml())

    def finish(self, record: RunRecord) -> None:
        """Write down what was trained, which is done now; RunError if that cannot be written."""
        self._write_json(self.record_path, asdict(record))

    def _write_json(self, path: Path, values: Any) -> None:
        write_text_atomically(path, json.dumps(values, indent=1, ensure_ascii=False) + "\n")

    def recipe(self) -> Recipe:
        """The resolved recipe of this run.

        Raises
        ------
        RunError
            If the folder is no run folder.
        """
        if not self.recipe_path.is_file():
            raise NoSuchRunError(f"{self.folder} is not a run folder: it has no {self.recipe_path.name}.")
        return load_recipe(self.recipe_path)

    def split(self) -> Split:
        """The split of this run, without its proof."""
        return read_split(self.split_path)


def _identity(recipe: Recipe) -> str:
    return f"{recipe.name}, hash {recipe.hash[:8]}, fold {recipe.split.fold}, seed {recipe.seed}"


def _describe(split: Split) -> str:
    sizes = ", ".join(f"{len(split.tracks(part))} {part}" for part in PARTS)
    return f"hash {split.hash[:8]} ({sizes} tracks)"


def environment() -> dict[str, Any]:
    """What the run was made with: versions and the machine's kind, nothing that names a person or place."""
    import torch

    versions = {}
    for package in RECORDED_PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cpu_bfloat16": bfloat16_is_quick(torch.device("cpu")),
        "packages": versions,
    }

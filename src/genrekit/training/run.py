"""The run folder: where one training leaves everything that its figures can be checked by."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from genrekit.data.parts import PARTS
from genrekit.data.split import Split, read_split
from genrekit.errors import RunError
from genrekit.training.precision import bfloat16_is_quick
from genrekit.training.recipe import Recipe, load_recipe
from genrekit.whole_file import written_whole

__all__ = ["Run", "write_text_atomically"]

NEGATIVES_SHA256 = "negatives_sha256"
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
class Run:
    """A run folder, complete once its predictions and weights are written.

    Attributes
    ----------
    folder : named by the recipe's name and hash, the fold and the seed
    """

    folder: Path

    @classmethod
    def of(cls, recipe: Recipe, runs: Path) -> Run:
        """The folder that this recipe, fold and seed have below `runs`."""
        return cls(runs / f"{recipe.name}-{recipe.hash[:8]}-fold{recipe.split.fold}-seed{recipe.seed}")

    @property
    def recipe_path(self) -> Path:
        return self.folder / "recipe.yaml"

    @property
    def weights_path(self) -> Path:
        return self.folder / "weights.safetensors"

    @property
    def predictions_path(self) -> Path:
        return self.folder / "predictions.parquet"

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
    def metrics_path(self) -> Path:
        return self.folder / "metrics.csv"

    @property
    def pretraining_metrics_path(self) -> Path:
        return self.folder / "pretraining.csv"

    @property
    def done(self) -> bool:
        """Whether the run is trained and its weights are written: `run.json` is written last."""
        return (self.folder / "run.json").is_file()

    @property
    def left_out(self) -> tuple[str, ...]:
        """Parts of the split that were left without predictions on purpose, as a search leaves the test part."""
        try:
            values = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(
                f"Cannot read {self.folder / 'run.json'}: {error}. Restore it, or move the run away."
            ) from error
        return tuple(values.get("parts_left_out", ()))

    @property
    def complete(self) -> bool:
        """Whether the run is done and has the predictions of all parts that are scored."""
        return self.done and not self.left_out

    def require(self, recipe: Recipe, split: Split | None = None, *, negatives_sha256: str | None = None) -> None:
        """Check that the folder is this recipe's, if there is one: somebody may have renamed it.

        Parameters
        ----------
        recipe : that is to be trained
        split : of the data at hand; None where they are not looked at. The same recipe has another on other data
        negatives_sha256 : of the archive of negatives at hand; None for none

        Raises
        ------
        RunError
            If it holds a run of another recipe, fold or seed, of another split, or with other negatives.
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

        known_negatives = self._environment().get(NEGATIVES_SHA256)
        if negatives_sha256 and known_negatives and negatives_sha256 != known_negatives:
            raise RunError(
                f"{self.folder} holds a run with other negatives, SHA-256 {known_negatives[:8]}; those at hand have "
                f"{negatives_sha256[:8]}. Give it the same archive, or choose another folder (--runs)."
            )

    def open(self, recipe: Recipe, split: Split, proof: dict[str, Any], *, negatives_sha256: str | None = None) -> None:
        """Make the folder, or check that it is this recipe's and go on in it.

        Parameters
        ----------
        recipe, split, negatives_sha256 : as for `require`
        proof : of the split

        Raises
        ------
        RunError
            If the folder belongs to another recipe, split or negatives, or cannot be written.
        """
        self.require(recipe, split, negatives_sha256=negatives_sha256)
        if self.recipe_path.is_file():
            return
        try:
            self.checkpoints.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"Cannot make the run folder {self.folder}: {error.strerror or error}.") from error
        used = {NEGATIVES_SHA256: negatives_sha256} if negatives_sha256 else {}
        self.write_json("environment.json", {**environment(), **used})
        self.write_json("split.json", {**split.to_dict(), "proof": proof})
        write_text_atomically(self.recipe_path, recipe.to_yaml())

    def _environment(self) -> dict[str, Any]:
        """What the run was made with; empty if that cannot be told."""
        try:
            values = json.loads((self.folder / "environment.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}

    def write_json(self, name: str, values: Any) -> None:
        """Write a JSON file of the run, whole or not at all."""
        write_text_atomically(self.folder / name, json.dumps(values, indent=1, ensure_ascii=False) + "\n")

    def recipe(self) -> Recipe:
        """The resolved recipe of this run.

        Raises
        ------
        RunError
            If the folder is no run folder.
        """
        if not self.recipe_path.is_file():
            raise RunError(f"{self.folder} is not a run folder: it has no recipe.yaml.")
        return load_recipe(self.recipe_path)

    def split(self) -> Split:
        """The split of this run, without its proof."""
        return read_split(self.folder / "split.json")


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

"""Small Lightning parts of our own: a log that survives a resume, checkpoints that are whole, and progress."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from genrekit.errors import RunError
from genrekit.training.run import write_text_atomically
from genrekit.whole_file import written_whole

__all__ = [
    "METRICS",
    "AtomicCheckpoints",
    "EpochLines",
    "EpochProgress",
    "LastingStop",
    "MetricsTable",
    "RunCheckpoint",
]

METRICS = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "valid_file_accuracy")


class AtomicCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside its place and renames it, so that a kill leaves the previous one whole."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        try:
            with written_whole(Path(path)) as partial:
                super().save_checkpoint(checkpoint, partial, storage_options)
        except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError of its zip writer
            # An OSError's text names files of our own besides.
            reason = (isinstance(error, OSError) and error.strerror) or error
            kept = " The previous one is kept;" if Path(path).is_file() else " There is none yet;"
            raise RunError(
                f"Cannot write the checkpoint {path}: {reason}.{kept} make room and start the same command again."
            ) from error


class RunCheckpoint(ModelCheckpoint):
    """Keeps one checkpoint under its own name, and knows its score again in a run folder that was moved.

    Lightning forgets the best score where the folder has another path than in the checkpoint: the first epoch after
    that would count as the best of all.
    """

    def __init__(self, folder: Path, name: str, monitor: str | None = None, **options: Any) -> None:
        super().__init__(folder, name, monitor, enable_version_counter=False, **options)

    @property
    def state_key(self) -> str:
        """As of Lightning's own class."""
        return super().state_key.replace(type(self).__qualname__, ModelCheckpoint.__qualname__, 1)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        assert self.dirpath is not None
        folder = Path(self.dirpath)

        def here(path: str) -> str:
            return str(folder / Path(path).name) if path else path

        moved = {name: here(state_dict[name]) for name in ("best_model_path", "kth_best_model_path", "last_model_path")}
        best = {here(path): score for path, score in state_dict["best_k_models"].items()}
        super().load_state_dict({**state_dict, **moved, "best_k_models": best, "dirpath": self.dirpath})


class LastingStop(pl.Callback):
    """A run that had stopped early and was killed before its weights were written trains no further epoch.

    Lightning restores the state of `stopping` but not that it had stopped the trainer.
    """

    def __init__(self, stopping: EarlyStopping) -> None:
        self._stopping = stopping

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._stopping.stopped_epoch > 0:
            trainer.should_stop = True


class MetricsTable(pl.Callback):
    """`metrics.csv` and its like: one row an epoch; epochs that a resumed run trains again are not there twice."""

    def __init__(self, path: Path, names: Sequence[str] = METRICS) -> None:
        self._path, self._names = path, names
        self._rows: list[dict[str, str]] = []

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self._path.is_file():
            with self._path.open(newline="", encoding="utf-8") as file:
                self._rows = [row for row in csv.DictReader(file) if int(row["epoch"]) < trainer.current_epoch]

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        row = {"epoch": str(trainer.current_epoch)}
        row |= {
            name: f"{float(trainer.callback_metrics[name]):.6f}" if name in trainer.callback_metrics else ""
            for name in self._names
        }
        self._rows.append(row)
        text = io.StringIO()
        writer = csv.DictWriter(text, ["epoch", *self._names], lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        write_text_atomically(self._path, text.getvalue())


def _epoch_line(trainer: pl.Trainer) -> str:
    """The epoch and its scores, such as "res_cnn epoch 3/60 loss 1.432 valid excerpts 0.512 valid tracks 0.550"."""
    shown = {
        "contrast_loss": "contrast",
        "train_loss": "loss",
        "valid_accuracy": "valid excerpts",
        "valid_file_accuracy": "valid tracks",
    }
    scores = [
        f"{short} {float(trainer.callback_metrics[name]):.3f}"
        for name, short in shown.items()
        if name in trainer.callback_metrics
    ]
    network = getattr(trainer.lightning_module, "network", None)
    name = [network.spec.name] if network is not None else []
    return " ".join([*name, f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}", *scores])


class EpochLines(pl.Callback):
    """One line an epoch, for logs: its scores and its seconds."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._began_s = 0.0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._began_s = time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._write(f"{_epoch_line(trainer)} {time.monotonic() - self._began_s:.1f} s")


class EpochProgress(pl.Callback):
    """A bar on standard error over all batches of all epochs, with the last scores and the time left."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # An ensemble's members are trained one after the other.
        for task in self._progress.task_ids:
            self._progress.remove_task(task)
        self._task = self._progress.add_task(
            "epoch", total=int(trainer.estimated_stepping_batches), completed=trainer.global_step
        )
        self._progress.start()

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        self._progress.update(self._task, completed=trainer.global_step)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._progress.update(self._task, description=_epoch_line(trainer))

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._progress.stop()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._progress.stop()

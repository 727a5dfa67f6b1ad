"""Lightning as all of our trainings use it: precision, checkpoints that are whole, going on, and Ctrl-C."""

from __future__ import annotations

import errno
import logging
import signal
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.loggers import TensorBoardLogger

from genrekit.errors import RunError
from genrekit.training.callbacks import AtomicCheckpoints
from genrekit.training.precision import bfloat16_is_quick
from genrekit.training.preparation import Prepared
from genrekit.training.run import Run

__all__ = ["fit", "make_trainer", "read_checkpoint"]


def make_trainer(prepared: Prepared, run: Run, *, max_epochs: int, callbacks: Sequence[pl.Callback]) -> pl.Trainer:
    """A trainer on the device of what was prepared, in the precision of its recipe, that writes into the run folder."""
    optimisation = prepared.recipe.optimisation
    assert optimisation is not None
    _quieten()
    in_bfloat16 = optimisation.precision == "bf16" and bfloat16_is_quick(prepared.device)
    return pl.Trainer(
        accelerator="gpu" if prepared.device.type == "cuda" else "cpu",
        devices=1,
        precision="bf16-mixed" if in_bfloat16 else "32-true",
        max_epochs=max_epochs,
        callbacks=list(callbacks),
        plugins=[AtomicCheckpoints()],
        logger=TensorBoardLogger(run.folder, name="", version="tensorboard"),
        deterministic=prepared.device.type == "cuda",
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1_000_000,
    )


def fit(
    trainer: pl.Trainer,
    module: pl.LightningModule,
    batches: Iterable[Any],
    valid: Iterable[Any] | None,
    *,
    checkpoint: Path,
) -> None:
    """Train all epochs, from `checkpoint` on if it is there; one of all epochs trains none and restores the weights.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, after the last whole checkpoint.
    RunError
        If the checkpoint is broken.
    """
    resume = checkpoint if checkpoint.is_file() else None
    if resume is not None:
        # Lightning reads it again, and would not say what to do about a broken one.
        read_checkpoint(resume)
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        trainer.fit(module, batches, valid, ckpt_path=resume, weights_only=False)
    except SystemExit:
        # On Ctrl-C Lightning turns a deaf ear to more of them and ends the process; that is the caller's to decide.
        signal.signal(signal.SIGINT, on_interrupt)
        raise KeyboardInterrupt from None


def read_checkpoint(path: Path) -> dict[str, Any]:
    """One of our own checkpoints, on the CPU, which holds the state of callbacks and optimiser besides weights.

    Raises
    ------
    RunError
        If it is broken, or cannot be read.
    """
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=False)
    except Exception as error:
        # What is torn or altered ends as nearly any error; what the system refuses says nothing of the file.
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise RunError(f"Cannot read the checkpoint {path}: {error.strerror or error}.") from error
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RunError(
            f"{path} is no whole checkpoint ({told}), so that this run cannot go on; remove its folder "
            f"{path.parents[1]}, and it begins anew."
        ) from error
    return checkpoint


def _quieten() -> None:
    """Lightning's advice on data loaders does not fit batches that are tensors already."""
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning")

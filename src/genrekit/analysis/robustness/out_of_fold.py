"""Each recording by the models that have not heard it: the runs whose test part holds the track."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from genrekit.errors import LeakError, RunError
from genrekit.file_identity import file_sha256

if TYPE_CHECKING:
    from torch import Tensor

    from genrekit.features.spec import FeatureSpec
    from genrekit.training.recipes.groups import Excerpts

__all__ = ["OutOfFoldModels", "OutOfFoldRun", "cut_windows", "read_run"]


@dataclass(frozen=True)
class OutOfFoldRun:
    """A finished run and the tracks that it may be asked about.

    Attributes
    ----------
    folder : of the run
    name : of the folder
    fold, seed : of the run
    test_tracks : of its split
    weights_sha256 : by which its results are known again
    sr : sample rate of its front end, in Hz
    validates_on_test : whether its training stopped on its test part
    """

    folder: Path
    name: str
    fold: int
    seed: int
    test_tracks: frozenset[str]
    weights_sha256: str
    sr: int
    validates_on_test: bool


def read_run(folder: Path) -> OutOfFoldRun:
    """What a run's folder says of it, without loading the network.

    Raises
    ------
    RunError : not a finished run
    NoSuchModelError : it has no weights
    LeakError : its split deals excerpts of one track to several parts, so that no track is out of its fold
    """
    from genrekit.models.weights import require_weights
    from genrekit.training.run import Run

    run = Run(folder)
    recipe, split = run.recipe(), run.split()
    if not run.done:
        raise RunError(f"{folder} is not finished; go on with `genrekit train --resume {folder}`.")
    require_weights(run.weights_path)
    if split.contaminated:
        raise LeakError(
            f"{folder} is CONTAMINATED: its training part holds excerpts of the tracks that it is tested on, so there "
            "is no recording that it has not heard. Give a run whose split keeps tracks whole."
        )
    return OutOfFoldRun(
        folder=folder,
        name=folder.resolve().name,
        fold=split.fold,
        seed=recipe.seed,
        test_tracks=frozenset(split.tracks("test")),
        weights_sha256=file_sha256(run.weights_path),
        sr=recipe.front_end.sr,
        validates_on_test=split.validation == "test",
    )


def cut_windows(y: NDArray[np.float32], sr: int, excerpts: Excerpts) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Windows on the grid of evaluation: starts in seconds [k], samples [k, window_samples].

    They are what training cuts from the same audio: of the last one, what the recording lacks is its last sample held;
    a recording shorter than a window is repeated.
    """
    import torch

    from genrekit.training.material.excerpts import window_starts_s
    from genrekit.training.material.sources import sample_places

    start_s = window_starts_s(len(y) / sr, excerpts)
    first = torch.tensor([round(start * sr) for start in start_s])
    length = max(1, round(excerpts.window_s * sr))
    places = sample_places(first, length, torch.full_like(first, len(y)), shortest=len(y))
    return np.array(start_s, dtype=np.float64), np.asarray(y[places.numpy()], dtype=np.float32)


class OutOfFoldModels:
    """The networks of runs of one recipe, with the front end that all of them share.

    Parameters
    ----------
    runs : of one recipe

    Raises
    ------
    RunError : networks whose genres, front ends or windows differ
    """

    def __init__(self, runs: Sequence[OutOfFoldRun]) -> None:
        import torch

        from genrekit.models.weights import load_weights
        from genrekit.training.run import Run

        self.runs = tuple(runs)
        loaded = [load_weights(Run(run.folder).weights_path) for run in runs]
        headers = [header for _, header in loaded]
        first = headers[0]
        for run, header in zip(runs, headers, strict=True):
            if (header.genres, header.features, header.window_s) != (first.genres, first.features, first.window_s):
                raise RunError(f"{run.folder} has other genres, features or windows than {runs[0].folder}.")
        self.genres: tuple[str, ...] = tuple(first.genres)
        self.sr: int = first.features.sr
        self.excerpts: Excerpts = Run(runs[0].folder).recipe().excerpts
        self._networks = {run.name: network.eval() for run, (network, _) in zip(runs, loaded, strict=True)}
        self._features = _front_end(first.features)
        self._torch = torch

    def responsible(self, track_id: str) -> tuple[OutOfFoldRun, ...]:
        """The runs that have not heard this track: those that hold it in their test part."""
        return tuple(run for run in self.runs if track_id in run.test_tracks)

    def predict(
        self, y: NDArray[np.float32], runs: Sequence[OutOfFoldRun]
    ) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float32]]]:
        """Starts in seconds [k], and of each run its probabilities [k, n_genres], for audio at `sr`."""
        torch = self._torch
        start_s, windows = cut_windows(y, self.sr, self.excerpts)
        with torch.inference_mode():
            features = self._features(windows)
            logits = {run.name: self._networks[run.name](features) for run in runs}
            return start_s, {name: value.double().softmax(1).float().numpy() for name, value in logits.items()}


def _front_end(spec: FeatureSpec) -> Callable[[NDArray[np.float32]], Tensor]:
    """From windows [k, n] to the network's input [k, n_bins, n_columns]."""
    import torch

    if spec.column_names is not None:
        from genrekit.features import compute

        return lambda windows: torch.from_numpy(np.stack([compute(spec, window) for window in windows]))
    from genrekit.features.torch_frontend import FrontEnd

    front_end = FrontEnd(spec).eval()
    return lambda windows: front_end(torch.from_numpy(windows))

"""What networks lose where a track's highest frequencies end elsewhere than GTZAN's files do.

    python benchmarks/band_edge.py --gtzan DIR RUN... [--together]

RUN are run folders of networks on the log-mel archive, any folds and seeds. Their test parts are scored as they are;
cut at 9.9 kHz, as a low-pass or coding does; and filled up to 11 kHz, as music is that was never cut: what lies above
8.7 kHz is put in the place of what is there, predicted frame by frame from 5 to 8.7 kHz by a regression on the tracks
that were not cut, with noise of its own size. With --together, the runs of a fold and a seed answer as one, by the
geometric mean of their probabilities.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genrekit.data import Dataset, load_dataset
from genrekit.data.checks.band_edges import edge_bins
from genrekit.data.splits.split import read_split
from genrekit.features.augmentation import BandLimit
from genrekit.models import load_weights
from genrekit.training.material.sources import ArchiveSource
from genrekit.training.recipes.recipe import load_recipe

CUT_BIN = 124  # 9.9 kHz
FIRST_FILLED_BIN = 120
PREDICTED_FROM = slice(96, FIRST_FILLED_BIN)
FRAMES_TO_FIT = 40_000
SEED = 0

Change = Callable[[Tensor], Tensor]


def cut_off(x: Tensor) -> Tensor:
    """Nothing above 9.9 kHz, of [batch, n_mels, n_columns] in dB."""
    steps = (torch.arange(x.shape[1]) - CUT_BIN).clamp_min(0)
    return x - BandLimit(CUT_BIN).slope_db_per_bin * steps[:, None]


def filling(dataset: Dataset) -> Change:
    """What fills the highest bins as the tracks of `dataset` have them that were not cut off."""
    archive = dataset.archive
    assert archive is not None
    tracks = [torch.from_numpy(archive.db(row)) for row in range(len(archive))]
    whole = torch.cat([x.T for x in tracks if edge_bins(x.numpy()) == archive.n_mels]).double()
    generator = torch.Generator().manual_seed(SEED)
    whole = whole[torch.randperm(len(whole), generator=generator)[:FRAMES_TO_FIT]]
    known = torch.cat([whole[:, PREDICTED_FROM], torch.ones(len(whole), 1)], 1)
    weights = torch.linalg.lstsq(known, whole[:, FIRST_FILLED_BIN:]).solution
    deviation = (whole[:, FIRST_FILLED_BIN:] - known @ weights).std(0)

    def fill(x: Tensor) -> Tensor:
        frames = x.mT.double()
        known = torch.cat([frames[..., PREDICTED_FROM], torch.ones(*frames.shape[:2], 1)], 2)
        expected = known @ weights
        noise = torch.randn(expected.shape, generator=generator, dtype=torch.float64) * deviation
        return torch.cat([x[:, :FIRST_FILLED_BIN], (expected + noise).mT.float()], 1)

    return fill


def log_probabilities(run: Path, dataset: Dataset, rows: Tensor, change: Change) -> Tensor:
    """Of each track, the logarithm of the mean over its windows [n, n_genres]."""
    network, header = load_weights(run / "weights.safetensors")
    source = ArchiveSource(dataset, header.features, torch.device("cpu"))
    window = source.steps(header.window_s)
    hop = source.steps(load_recipe(run / "recipe.yaml").excerpts.hop_s)
    said = []
    for start in range(0, int(source.n_steps.min()) - window + 1, hop):
        with torch.no_grad():
            cut = source.cut(rows, torch.full((len(rows),), start), window)
            said.append(network(source.features(change(cut))).double().softmax(1))
    return torch.stack(said).mean(0).clamp_min(1e-12).log()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--gtzan", type=Path, required=True, help="folder that holds logmel.npz")
    parser.add_argument("--together", action="store_true", help="runs of one fold and seed answer as one")
    given = parser.parse_args()
    torch.set_num_threads(1)
    dataset = load_dataset("gtzan_archive", given.gtzan)
    place = {track.track_id: row for row, track in enumerate(dataset.tracks)}
    changes: dict[str, Change] = {"as it is": lambda x: x, "cut at 9.9 kHz": cut_off, "filled": filling(dataset)}
    groups: dict[tuple[object, ...], list[Path]] = defaultdict(list)
    for run in given.runs:
        recipe = load_recipe(run / "recipe.yaml")
        groups[recipe.split.fold, recipe.seed, None if given.together else run].append(run)
    right: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for runs in groups.values():
        tracks = read_split(runs[0] / "split.json").parts["test"]
        rows = torch.tensor([place[track] for track in tracks])
        for name, change in changes.items():
            answer = sum(log_probabilities(run, dataset, rows, change) for run in runs)
            assert isinstance(answer, Tensor)
            for track, found in zip(tracks, answer.argmax(1).tolist(), strict=True):
                genre = dataset.tracks[place[track]].genre
                right[name].append((genre, dataset.genres[found] == genre))
    print(f"{'':16}{'all':>8}" + "".join(f"{genre:>11}" for genre in dataset.genres))
    for name, found_by_track in right.items():
        share = [np.mean([ok for _, ok in found_by_track])]
        share += [np.mean([ok for one, ok in found_by_track if one == genre]) for genre in dataset.genres]
        print(f"{name:16}{100 * share[0]:8.1f}" + "".join(f"{100 * value:11.0f}" for value in share[1:]))
    print(f"per cent of {len(right['as it is'])} decisions on the test parts of {len(groups)} run(s), file-wise")


if __name__ == "__main__":
    main()

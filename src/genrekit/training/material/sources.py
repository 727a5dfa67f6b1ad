"""Where excerpts are cut from: a data set in memory, as log-mel levels, waveforms or a table; never per item."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from genrekit.data.archive import LEVELS
from genrekit.data.dataset import Dataset
from genrekit.errors import AudioError, RecipeError
from genrekit.features.spec import FROM_ARCHIVE, FeatureSpec
from genrekit.features.torch_frontend import FrontEnd
from genrekit.progress import Progress
from genrekit.training.material.table_source import TableSource, require_table
from genrekit.training.recipes.groups import Augmentation

__all__ = [
    "ArchiveSource",
    "Source",
    "WaveformSource",
    "make_source",
    "require_augmentation",
    "require_front_end",
    "sample_places",
]


class Source(Protocol):
    """The tracks of a data set on one time axis, and how to make features of a cut.

    Attributes
    ----------
    step_s : seconds from one step of the time axis (a column, a sample or a table's excerpt) to the next
    n_steps : int64 [n_tracks], steps that each track has; 0 for one that was not asked for, which cannot be cut
    is_decibel_grid : whether a cut is a dB spectrogram already, so that time and mel can be warped before `features`
    """

    step_s: float
    n_steps: Tensor
    is_decibel_grid: bool

    def cut(self, rows: Tensor, starts: Tensor, length: int) -> Tensor:
        """`length` steps from `starts` [batch] of tracks `rows` [batch].

        Steps past a track's end repeat its last; audio shorter than `length` is repeated, as `classify` does.
        """
        ...

    def features(self, cut: Tensor) -> Tensor:
        """Features [batch, n_bins, n_columns] of a cut."""
        ...

    def steps(self, seconds: float) -> int:
        """Steps in so many seconds, rounded, at least 1."""
        ...


class ArchiveSource:
    """The 8-bit log-mels of an archive, `[n_tracks, n_mels, n_columns]`; a step is a column (77.6 ms).

    Cuts have all mels, whatever the front end keeps: shifts and filters move what is above into what is kept.
    """

    is_decibel_grid = True

    def __init__(self, dataset: Dataset, spec: FeatureSpec, device: torch.device) -> None:
        archive = dataset.archive
        if archive is None:
            raise RecipeError(f"Data set {dataset.name!r} is audio, not an archive of log-mels.")
        self._levels = torch.from_numpy(np.ascontiguousarray(archive.levels)).to(device)
        self._lo_db = torch.from_numpy(np.ascontiguousarray(archive.lo_db)).to(device)
        self._bins = torch.arange(archive.n_mels, device=device)
        self.n_steps = torch.full((len(archive),), archive.n_columns, device=device)
        self._floor_db = -float(spec.top_db or torch.inf)
        self._n_bins = spec.n_bins
        self.step_s = spec.hop_length * spec.of_frames / spec.keep_frames / spec.sr

    def steps(self, seconds: float) -> int:
        return max(1, round(seconds / self.step_s))

    def cut(self, rows: Tensor, starts: Tensor, length: int) -> Tensor:
        """[batch, n_mels, length] in dB re the track's maximum."""
        columns = starts[:, None] + torch.arange(length, device=starts.device)
        columns = torch.minimum(columns, self.n_steps[rows][:, None] - 1)
        levels = self._levels[rows[:, None, None], self._bins[None, :, None], columns[:, None, :]]
        return self._lo_db[rows][:, None, None] * (1 - (levels.float() + 0.5) / LEVELS)

    def features(self, cut: Tensor) -> Tensor:
        """dB re the excerpt's own maximum with the front end's floor, as the front end gives them from audio."""
        return (cut[:, : self._n_bins] - cut.amax((1, 2), keepdim=True)).clamp_min(self._floor_db)


def sample_places(starts: Tensor, length: int, n_samples: Tensor, *, shortest: int) -> Tensor:
    """Which samples of its audio each cut holds: int64 [batch, length].

    Past the end the last sample is held (report A's code does so); audio shorter than the cut is repeated, as
    `classify` does.

    Parameters
    ----------
    starts : first sample of each cut [batch]
    n_samples : of the audio of each cut [batch]
    shortest : a length that none of the audio is below; what is repeated costs time, and asking a GPU does too
    """
    samples, ends = starts[:, None] + torch.arange(length, device=starts.device), n_samples[:, None]
    places = torch.minimum(samples, ends - 1)
    return places if length <= shortest else torch.where(ends < length, samples % ends, places)


class WaveformSource:
    """The waveforms of tracks, mono at the front end's rate, as 16-bit integers; a step is a sample.

    Parameters
    ----------
    dataset : of audio
    spec : of the front end
    device : to hold them
    span_s : within the first so many seconds; None for whole tracks
    rows : places in the data set of the tracks that are cut; None for all. No other file is opened

    Raises
    ------
    AudioError
        If one of these tracks cannot be decoded: leave it out of the split, or mend it.
    """

    is_decibel_grid = False

    def __init__(
        self,
        dataset: Dataset,
        spec: FeatureSpec,
        device: torch.device,
        *,
        span_s: float | None,
        rows: Sequence[int] | None = None,
        on_progress: Progress = lambda done, total, what: None,
    ) -> None:
        from genrekit.audio import load_audio

        rows = range(len(dataset)) if rows is None else rows
        # One after the other in a buffer that grows in place: lists or padding would be in memory beside it.
        samples = array("h")
        n_steps, first = torch.zeros(len(dataset), dtype=torch.int64), torch.zeros(len(dataset), dtype=torch.int64)
        for done, row in enumerate(rows):
            track = dataset.tracks[row]
            if track.path is None:
                raise AudioError(f"Track {track.track_id!r} of data set {dataset.name!r} has no audio file.")
            try:
                y = load_audio(track.path, sr=spec.sr, duration_s=span_s)
            except AudioError as error:
                raise AudioError(
                    f"{error} The split names it as {track.track_id!r}: mend the file, or take a split without it."
                ) from error
            first[row], n_steps[row] = len(samples), len(y)
            samples.frombytes(np.rint(np.clip(y, -1, 1) * 32767).astype(np.int16).tobytes())
            on_progress(done + 1, len(rows), track.track_id)
        self._samples = torch.frombuffer(samples, dtype=torch.int16).to(device)
        self._first, self.n_steps = first.to(device), n_steps.to(device)
        self._front_end: nn.Module = FrontEnd(spec).to(device)
        self._shortest = int(n_steps[n_steps > 0].min())
        self.step_s = 1 / spec.sr
        self._sr = spec.sr

    def steps(self, seconds: float) -> int:
        return max(1, round(seconds * self._sr))

    def cut(self, rows: Tensor, starts: Tensor, length: int) -> Tensor:
        """[batch, length] samples, -1 to 1."""
        places = sample_places(starts, length, self.n_steps[rows], shortest=self._shortest)
        return self._samples[self._first[rows][:, None] + places].float() / 32767

    def features(self, cut: Tensor) -> Tensor:
        with torch.no_grad(), torch.autocast(cut.device.type, enabled=False):
            features: Tensor = self._front_end(cut)
        return features


def require_front_end(dataset: Dataset, spec: FeatureSpec) -> None:
    """Refuse a front end that cannot be had from this data set, before anything is loaded.

    Raises
    ------
    RecipeError
        If the data set is an archive of log-mels or a feature table and the front end is another, which needs the
        audio; or if the front end comes from a table, and the data set is none or has other columns.
    """
    if dataset.table is not None or spec.column_names is not None:
        require_table(dataset, spec)
    if dataset.archive is not None and spec not in FROM_ARCHIVE.values():
        raise RecipeError(
            f"Data set {dataset.name!r} is an archive of log-mels, from which only features: "
            f"{', '.join(FROM_ARCHIVE)} can be had; this recipe asks for {spec.kind} at {spec.sr} Hz. Use one of these "
            "front ends, or a data set of audio (gtzan, gtzan6, folder)."
        )


def require_augmentation(dataset: Dataset, augmentation: Augmentation) -> None:
    """Refuse augmentation that this data set is not the material for, before anything is loaded.

    Raises
    ------
    RecipeError
        If waveforms are to be changed and the data set is no audio, or log-mels are and it is no archive.
    """
    is_audio = dataset.archive is None and dataset.table is None
    if augmentation.needs_waveforms and not is_audio:
        kind = "a feature table" if dataset.archive is None else "an archive of log-mels"
        raise RecipeError(
            f"augmentation.gain_db and noise_snr_db change waveforms, and data set {dataset.name!r} is {kind}. Leave "
            "them out (masks and mixup work on any spectrogram), or use a data set of audio (gtzan, gtzan6, folder)."
        )
    if augmentation.decibel_keys and dataset.archive is None:
        raise RecipeError(
            f"what augmentation.{', '.join(augmentation.decibel_keys)} asks for changes log-mels, and data set "
            f"{dataset.name!r} is no archive of them. Leave it out, or make an archive of your audio first: "
            "`genrekit data prepare --help`."
        )


def make_source(
    dataset: Dataset,
    spec: FeatureSpec,
    device: torch.device,
    *,
    span_s: float | None,
    rows: Sequence[int] | None = None,
    on_progress: Progress = lambda done, total, what: None,
) -> Source:
    """The source that gives front end `spec` on this data set, of audio for the tracks `rows` only.

    Raises
    ------
    RecipeError
        As `require_front_end` says.
    AudioError
        As `WaveformSource` says.
    """
    require_front_end(dataset, spec)
    if dataset.table is not None:
        return TableSource(dataset, spec, device)
    if dataset.archive is None:
        return WaveformSource(dataset, spec, device, span_s=span_s, rows=rows, on_progress=on_progress)
    return ArchiveSource(dataset, spec, device)

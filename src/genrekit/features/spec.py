"""What a front end computes, as one value: it is stored with every model and decides the numbers everywhere."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from genrekit.errors import RecipeError
from genrekit.features.strict import read_strict, require_choices
from genrekit.features.table_columns import GTZAN_10S_NAMES, HANDCRAFTED_NAMES
from genrekit.suggestion import unknown_name

__all__ = [
    "ARCHIVE_LOG_MEL",
    "ARCHIVE_LOG_MEL_9_KHZ",
    "ARCHIVE_LOG_MEL_10_KHZ",
    "FEATURES",
    "FROM_ARCHIVE",
    "GTZAN_TABLE_10S",
    "HANDCRAFTED",
    "MEL_B",
    "MEL_B_RENDERED",
    "POWER_SPECTROGRAM_A",
    "WAVEFORM",
    "FeatureSpec",
    "named_features",
    "require_grid",
]

Kind = Literal["power_spectrogram", "log_mel", "log_mel_rendered", "waveform", "handcrafted", "gtzan_table_10s"]

# Kinds that describe a clip by a column of named numbers, which come from a table.
COLUMN_NAMES: dict[str, tuple[str, ...]] = {"handcrafted": HANDCRAFTED_NAMES, "gtzan_table_10s": GTZAN_10S_NAMES}


@dataclass(frozen=True, kw_only=True)
class FeatureSpec:
    """A front end: mono waveform at `sr` [n] -> float32 [n_bins, n_columns].

    "handcrafted" (F4, see `compute_handcrafted`) and "gtzan_table_10s" (a public table, which nothing computes) are
    columns of named numbers that come from a feature table; of their fields, only sr and the STFT's sizes say anything.

    "waveform" (F5) is the samples themselves as one row, a column a sample; as a grid it has frames of 1 sample.

    The other kinds are time-frequency grids. Steps: STFT with a periodic Hann window; magnitude to the `power`; for the
    mel kinds a bank of `n_mels` Slaney filters of unit area; `scale`; `normalise`; for "log_mel_rendered" the drawing
    into pixels.

    Attributes
    ----------
    kind : "power_spectrogram" (n_fft // 2 + 1 bins), "log_mel" (n_mels bins), "log_mel_rendered" (render_height
        rows), "waveform" (1 row), "handcrafted" (57 values in one column) or "gtzan_table_10s" (63)
    sr : sample rate, Hz
    n_fft, win_length, hop_length : samples; all 1 for "waveform"
    center : frame t is centred on sample t * hop_length, the signal being padded by n_fft // 2 at both ends
    pad_mode : "reflect" (torchaudio's and older librosa's STFT) or "constant" (zeros; librosa since 0.10)
    power : 1.0 (magnitude; also "waveform") or 2.0 (power)
    n_mels : number of mel filters from 0 Hz to sr / 2; None for "power_spectrogram"
    scale : "linear", or "db" = 10 log10(max(amin, power))
    db_ref : "max" (0 dB is the greatest cell of the clip, as it is kept) or "one" (0 dB is power 1)
    amin : smallest power that the logarithm sees
    top_db : the floor lies this far below the greatest cell, dB; None for no floor
    normalise : "none", or "standardise" (zero mean and unit deviation over all cells of the clip)
    keep_frames, of_frames : keep this many of so many STFT frames, evenly spread; 1 of 1 keeps all
    keep_mels : of "log_mel", keep the lowest so many filters of all `n_mels`, once decibels are taken; None for all
    render_height, render_width : pixels, for "log_mel_rendered" only

    Raises
    ------
    RecipeError : if a value is out of its range, or two do not fit together
    """

    kind: Kind
    sr: int
    n_fft: int
    win_length: int
    hop_length: int
    center: bool = True
    pad_mode: Literal["reflect", "constant"] = "constant"
    power: float = 2.0
    n_mels: int | None = None
    scale: Literal["linear", "db"] = "linear"
    db_ref: Literal["max", "one"] = "max"
    amin: float = 1e-10
    top_db: float | None = 80.0
    normalise: Literal["none", "standardise"] = "none"
    keep_frames: int = 1
    of_frames: int = 1
    keep_mels: int | None = None
    render_height: int | None = None
    render_width: int | None = None

    def __post_init__(self) -> None:
        # As a misspelt "db" would go for no decibels at all.
        require_choices(self, what="feature spec")
        mel = self.kind in ("log_mel", "log_mel_rendered")
        rendered = self.kind == "log_mel_rendered"
        rules: tuple[tuple[bool, str], ...] = (
            (self.sr > 0, f"sr is {self.sr}; expected a positive sample rate in Hz"),
            (
                self.kind == "waveform" or (self.n_fft >= 2 and self.n_fft % 2 == 0),
                f"n_fft is {self.n_fft}; expected an even number of samples",
            ),
            (
                1 <= self.win_length <= self.n_fft,
                f"win_length is {self.win_length}; expected 1 to n_fft = {self.n_fft} samples",
            ),
            (self.hop_length >= 1, f"hop_length is {self.hop_length}; expected at least 1 sample"),
            (self.power in (1.0, 2.0), f"power is {self.power}; expected 1.0 (magnitude) or 2.0 (power)"),
            (
                (self.n_mels is not None and self.n_mels >= 1) if mel else self.n_mels is None,
                f"n_mels is {self.n_mels}; kind {self.kind!r} expects {'at least 1' if mel else 'none'}",
            ),
            (
                self.scale == "linear" or self.power == 2.0,
                f"scale is 'db' and power is {self.power}; decibels are taken from power 2.0",
            ),
            (
                math.isfinite(self.amin) and self.amin > 0,
                f"amin is {self.amin}; expected a positive power",
            ),
            (
                self.top_db is None or (math.isfinite(self.top_db) and self.top_db > 0),
                f"top_db is {self.top_db}; expected a positive number of decibels, or none",
            ),
            (
                1 <= self.keep_frames <= self.of_frames,
                f"keep_frames, of_frames are {self.keep_frames}, {self.of_frames}; "
                "expected 1 <= keep_frames <= of_frames",
            ),
            (
                self.keep_mels is None or (self.kind == "log_mel" and 1 <= self.keep_mels <= (self.n_mels or 0)),
                f"keep_mels is {self.keep_mels}; kind {self.kind!r} expects "
                f"{f'1 to n_mels = {self.n_mels}, or none' if self.kind == 'log_mel' else 'none'}",
            ),
            (
                (rendered and min(self.render_height or 0, self.render_width or 0) >= 1)
                or (not rendered and self.render_height is None and self.render_width is None),
                f"render_height, render_width are {self.render_height}, {self.render_width}; kind {self.kind!r} "
                f"expects {'at least 1 pixel each' if rendered else 'none'}",
            ),
            (
                not rendered or (self.scale == "db" and self.db_ref == "max" and self.top_db is not None),
                "kind 'log_mel_rendered' draws decibels, -top_db to 0; it expects scale 'db', db_ref 'max', a top_db",
            ),
        )
        if self.kind == "waveform":
            rules += (
                (
                    self.n_fft == self.win_length == self.hop_length == 1 and not self.center,
                    f"n_fft, win_length, hop_length, center are {self.n_fft}, {self.win_length}, {self.hop_length}, "
                    f"{self.center}; kind 'waveform' expects 1, 1, 1, false",
                ),
                (
                    self.power == 1.0 and self.keep_frames == self.of_frames,
                    f"power, keep_frames, of_frames are {self.power}, {self.keep_frames}, {self.of_frames}; "
                    "kind 'waveform' expects power 1.0 and all frames",
                ),
            )
        for holds, message in rules:
            if not holds:
                raise RecipeError(f"feature spec: {message}")

    @property
    def column_names(self) -> tuple[str, ...] | None:
        """Names of the rows, for a kind that comes from a feature table; None for a time-frequency grid."""
        return COLUMN_NAMES.get(self.kind)

    @property
    def n_bins(self) -> int:
        """Rows of the result: frequency bins, mel filters, pixel rows or named numbers."""
        if self.column_names is not None:
            return len(self.column_names)
        return self.render_height or self.keep_mels or self.n_mels or self.n_fft // 2 + 1

    def n_frames(self, n_samples: int) -> int:
        """STFT frames of `n_samples` samples, before any are left out; 0 if there is no whole frame."""
        if self.center:
            return 1 + n_samples // self.hop_length if n_samples > 0 else 0
        return max(0, 1 + (n_samples - self.n_fft) // self.hop_length)

    def n_grid_columns(self, n_samples: int) -> int:
        """STFT frames that are kept: `n_samples * keep_frames / (hop_length * of_frames)`, rounded, at least 1."""
        n_frames = self.n_frames(n_samples)
        if self.keep_frames == self.of_frames or n_frames == 0:
            return n_frames
        return max(1, round(Fraction(n_samples * self.keep_frames, self.hop_length * self.of_frames)))

    def n_columns(self, n_samples: int) -> int:
        """Columns of the result for `n_samples` samples; 1 for a column of named numbers."""
        if self.column_names is not None:
            return 1
        if self.render_width is not None and self.n_frames(n_samples) > 0:
            return self.render_width
        return self.n_grid_columns(n_samples)

    def frame_index(self, n_samples: int, n_columns: int | None = None) -> npt.NDArray[np.int64]:
        """Frames that are kept: column k is `ceil((k + 0.5) * n_frames / (n_columns + 0.5)) - 1`. Shape [n_columns].

        The rule is the archive's: its 387 columns are the pixels of a picture 387.5 pixels wide, in which each frame
        has the same width and owns its right edge.

        Parameters
        ----------
        n_samples : length of the waveform
        n_columns : kept frames in place of `n_grid_columns(n_samples)`
        """
        n_frames = self.n_frames(n_samples)
        count = self.n_grid_columns(n_samples) if n_columns is None else n_columns
        if count == n_frames:
            return np.arange(n_frames, dtype=np.int64)
        return ((2 * np.arange(count, dtype=np.int64) + 1) * n_frames - 1) // (2 * count + 1)

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON values; `from_dict` of it gives an equal value."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FeatureSpec:
        """The inverse of `to_dict`; an unknown key is a RecipeError that names the nearest."""
        return read_strict(cls, values, what="feature spec")


# Report A's input: torchaudio's Spectrogram, whose padding reflects; 513 x 130 for 3 s.
POWER_SPECTROGRAM_A = FeatureSpec(
    kind="power_spectrogram", sr=22_050, n_fft=1024, win_length=1024, hop_length=512, pad_mode="reflect"
)
# Report B's grid, 313 columns for 5 s. B does not state the number of filters: librosa's default.
MEL_B = FeatureSpec(kind="log_mel", sr=16_000, n_fft=512, win_length=512, hop_length=256, n_mels=128, scale="db")
# Report B's literal input. A Matplotlib figure of 432 x 288 points with a notebook's subplot margins (left 0.125, right
# 0.9, bottom 0.125, top 0.88) has axes of 334.8 x 217.44 points; saved tight without the axes that is 334 x 217 pixels.
MEL_B_RENDERED = dataclasses.replace(MEL_B, kind="log_mel_rendered", render_height=217, render_width=334)
# GTZAN's log-mel archive: 129 of each 431 frames, one per 77.6 ms; 39 columns for 3 s, 64 for 5 s, 387 for 30 s.
ARCHIVE_LOG_MEL = FeatureSpec(
    kind="log_mel",
    sr=22_050,
    n_fft=2048,
    win_length=2048,
    hop_length=512,
    n_mels=128,
    scale="db",
    keep_frames=129,
    of_frames=431,
)
# The same to 9.9 and to 8.9 kHz: what lies above tells where GTZAN's files are from (docs/research/leaks.md).
ARCHIVE_LOG_MEL_10_KHZ = dataclasses.replace(ARCHIVE_LOG_MEL, keep_mels=124)
ARCHIVE_LOG_MEL_9_KHZ = dataclasses.replace(ARCHIVE_LOG_MEL, keep_mels=120)

# F5: the samples themselves, at GTZAN's own rate.
WAVEFORM = FeatureSpec(kind="waveform", sr=22_050, n_fft=1, win_length=1, hop_length=1, center=False, power=1.0)
# F4: mean and variance of what librosa describes a clip with, and its tempo.
HANDCRAFTED = FeatureSpec(
    kind="handcrafted", sr=22_050, n_fft=2048, win_length=2048, hop_length=512, pad_mode="reflect"
)
# What the public table of 10-second excerpts has; how it was computed is not stated.
GTZAN_TABLE_10S = dataclasses.replace(HANDCRAFTED, kind="gtzan_table_10s")

# What a log-mel archive holds, whole or its lower part.
FROM_ARCHIVE: dict[str, FeatureSpec] = {
    "archive_log_mel": ARCHIVE_LOG_MEL,
    "archive_log_mel_10_khz": ARCHIVE_LOG_MEL_10_KHZ,
    "archive_log_mel_9_khz": ARCHIVE_LOG_MEL_9_KHZ,
}
FEATURES: dict[str, FeatureSpec] = {
    "power_spectrogram_a": POWER_SPECTROGRAM_A,
    "magnitude_spectrogram_a": dataclasses.replace(POWER_SPECTROGRAM_A, power=1.0),
    "log_spectrogram_a": dataclasses.replace(POWER_SPECTROGRAM_A, scale="db", db_ref="one"),
    "standardised_spectrogram_a": dataclasses.replace(
        POWER_SPECTROGRAM_A, scale="db", db_ref="one", normalise="standardise"
    ),
    "mel_b": MEL_B,
    "mel_b_rendered": MEL_B_RENDERED,
    **FROM_ARCHIVE,
    "waveform": WAVEFORM,
    "handcrafted": HANDCRAFTED,
    "gtzan_table_10s": GTZAN_TABLE_10S,
}


def named_features(name: str) -> FeatureSpec:
    """The front end of this name in `FEATURES`; an unknown name is a RecipeError that names the nearest."""
    if name not in FEATURES:
        raise RecipeError(f"unknown front end {unknown_name(name, FEATURES)}")
    return FEATURES[name]


def require_grid(spec: FeatureSpec, purpose: str) -> None:
    """Raise RecipeError if `spec` is no time-frequency grid, which cannot `purpose`."""
    if spec.column_names is not None:
        raise RecipeError(f"front end {spec.kind!r} is {spec.n_bins} numbers from a table; it cannot {purpose}")

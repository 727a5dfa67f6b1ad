"""The groups of keys that a recipe has: strict values, each with what it means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat

from genrekit.training.recipes.front_end import FrontEnd

__all__ = [
    "NAME",
    "Augmentation",
    "Data",
    "Distillation",
    "Excerpts",
    "Member",
    "Model",
    "Negatives",
    "Optimisation",
    "Pretraining",
    "SplitChoice",
    "Strict",
]

NAME: str = Field(pattern=r"^[a-z0-9][a-z0-9_\-]*$")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """What is not at its default, as `Recipe.hash` counts it: what a recipe does, on one screen."""
        fields = type(self).model_fields
        for name, value in super().__repr_args__():
            if name is None or name not in fields or value != fields[name].default:
                yield name, value


class Data(Strict):
    """Which data set, and where it lies; `root` is left open in published recipes and given in use.

    left_out : genres that are neither trained on nor tested, to ask a model later about music that it cannot name
    """

    dataset: str
    root: Path | None = None
    left_out: tuple[str, ...] = ()


class SplitChoice(Strict):
    """Which split, as in `genrekit split make`; `file` takes a split from a file instead.

    validation : "inner" carves `valid_fraction` off the training part (a published validation part is kept); "test"
        is report A's own protocol, which stops on the fold that it scores and flatters; "none" carves
        none (a published one is kept all the same)
    """

    name: str | None = None
    file: Path | None = None
    fold: int = Field(default=0, ge=0)
    validation: Literal["inner", "test", "none"] = "inner"
    valid_fraction: float = Field(default=0.1, gt=0, le=0.5)

    @pydantic.model_validator(mode="after")
    def _one_source(self) -> SplitChoice:
        if (self.name is None) == (self.file is None):
            raise ValueError("give either the name of a split or a file: with split.file, set split.name=null")
        if self.file is not None and (self.validation, self.valid_fraction) != ("inner", 0.1):
            raise ValueError("a file says itself what its parts are; leave validation and valid_fraction out")
        return self


class Excerpts(Strict):
    """How tracks are cut: windows of `window_s` every `hop_s` within the first `span_s` (None: the whole track).

    train : "grid" trains on the same windows as are scored; "random" draws `crops_per_track` starts anew each epoch.
    crop_s : length of the excerpts that are drawn; None for `window_s`, which is the longest. Only networks that pool
        over time can be trained on shorter ones than they are asked about.
    """

    window_s: float = Field(gt=0)
    hop_s: float = Field(gt=0)
    span_s: float | None = Field(default=30.0, gt=0)
    train: Literal["grid", "random"] = "grid"
    crops_per_track: int = Field(default=1, ge=1)
    crop_s: float | None = Field(default=None, gt=0)


class Model(Strict):
    """A network of the registry and its options."""

    name: str
    options: dict[str, Any] = Field(default_factory=dict)


class Augmentation(Strict):
    """Online augmentation of the training excerpts; what is left out is not done. See `features.augmentation`.

    Stretch, shift, mixed style, equaliser, band limit, narrow band, cell jitter, noise floor and repeated start work on
    the log-mels of an archive only; gain and noise on waveforms only, before the front end. Ranges are
    [least, greatest], drawn evenly for each item.

    gain_db : dB, of `gain_probability` of the items (report A section 3.3: all)
    noise_snr_db : signal-to-noise ratio of white noise, dB, of `noise_probability` of the items (report A: all)
    share : of the items that stretch and shift change, equaliser, cell jitter and noise floor, each drawn on its own
    narrow_band_probability : of an item to keep only a band in the middle, whose lower edge is drawn from
        `narrow_band_low_bins` and whose upper one from `narrow_band_high_bins`, bins of the archive's 128 mels; these
        are 180 to 490 Hz and 2.5 to 5.2 kHz. Beyond an edge the level falls by 3 to 12 dB a bin
    repeated_start_min_s : the shortest start of an excerpt that is repeated in place of the rest, for
        `repeated_start_probability` of the items
    mixup_alpha, cutmix_alpha : one of them at most
    plain_last_epochs : so many epochs at the end do without masks, mixup, cutmix and mixed styles, so that the
        network, its normalisation above all, is fitted to whole excerpts of one track, as it is used (He et al. 2019,
        arXiv 1909.09148)
    """

    gain_db: tuple[float, float] | None = None
    gain_probability: float = Field(default=1.0, ge=0, le=1)
    noise_snr_db: tuple[float, float] | None = None
    noise_probability: float = Field(default=1.0, ge=0, le=1)
    max_stretch: float = Field(default=0.0, ge=0, lt=1)
    max_shift_bins: float = Field(default=0.0, ge=0)
    equaliser_max_gain_db: float = Field(default=0.0, ge=0)
    noise_floor_max_db: float | None = Field(default=None, le=0)
    band_limit_min_bin: int | None = Field(default=None, ge=0)
    band_limit_max_low_bin: int = Field(default=0, ge=0)
    band_limit_probability: float = Field(default=0.5, gt=0, le=1)
    narrow_band_low_bins: tuple[NonNegativeFloat, NonNegativeFloat] = (6.0, 18.0)
    narrow_band_high_bins: tuple[NonNegativeFloat, NonNegativeFloat] = (72.0, 100.0)
    narrow_band_probability: float = Field(default=0.0, ge=0, le=1)
    mix_style_probability: float = Field(default=0.0, ge=0, le=1)
    cell_jitter_max_db: float = Field(default=0.0, ge=0)
    repeated_start_min_s: float | None = Field(default=None, gt=0)
    repeated_start_probability: float = Field(default=0.25, gt=0, le=1)
    frequency_mask_bins: int = Field(default=0, ge=0)
    time_mask_fraction: float = Field(default=0.0, ge=0, le=1)
    mixup_alpha: float = Field(default=0.0, ge=0)
    cutmix_alpha: float = Field(default=0.0, ge=0)
    share: float = Field(default=1.0, gt=0, le=1)
    plain_last_epochs: int = Field(default=0, ge=0)

    @property
    def plain(self) -> Augmentation:
        """The same without what takes parts of an excerpt away or puts something of another track into it."""
        masks = {"frequency_mask_bins": 0, "time_mask_fraction": 0.0}
        mixes = {"mixup_alpha": 0.0, "cutmix_alpha": 0.0, "mix_style_probability": 0.0}
        return self.model_copy(update={**masks, **mixes})

    @property
    def mixes_targets(self) -> bool:
        """Whether an excerpt is of more than one track."""
        return bool(self.mixup_alpha or self.cutmix_alpha)

    @pydantic.model_validator(mode="after")
    def _mixes_once(self) -> Augmentation:
        if self.mixup_alpha and self.cutmix_alpha:
            raise ValueError("mixup_alpha and cutmix_alpha are both above 0; set one of them to 0")
        return self

    @pydantic.model_validator(mode="after")
    def _leaves_a_band(self) -> Augmentation:
        if self.narrow_band_low_bins[1] >= self.narrow_band_high_bins[0]:
            raise ValueError(
                f"narrow_band_low_bins reach up to {self.narrow_band_low_bins[1]:g} and narrow_band_high_bins begin at "
                f"{self.narrow_band_high_bins[0]:g}; expected a band in between"
            )
        return self

    @pydantic.field_validator("gain_db", "noise_snr_db", "narrow_band_low_bins", "narrow_band_high_bins")
    @classmethod
    def _rising(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and value[0] > value[1]:
            raise ValueError("expected [least, greatest]")
        return value

    @property
    def needs_waveforms(self) -> bool:
        """Whether anything is asked for that is done to waveforms."""
        return self.gain_db is not None or self.noise_snr_db is not None

    @property
    def decibel_keys(self) -> tuple[str, ...]:
        """The keys by which something is asked for that is defined on dB spectrograms only."""
        asked = (
            "max_stretch",
            "max_shift_bins",
            "mix_style_probability",
            "equaliser_max_gain_db",
            "narrow_band_probability",
            "cell_jitter_max_db",
        )
        given = ("noise_floor_max_db", "band_limit_min_bin", "repeated_start_min_s")
        return (
            *(key for key in asked if getattr(self, key)),
            *(key for key in given if getattr(self, key) is not None),
        )


class Negatives(Strict):
    """Sounds that are no music, on which the network learns to be undecided (outlier exposure, Hendrycks et al. 2019).

    root : archive of log-mels, as `genrekit data prepare negatives` writes it
    share : negatives per training excerpt in each batch
    weight : of their loss
    """

    root: Path | None = None
    share: float = Field(default=0.1, gt=0, le=1)
    weight: float = Field(default=0.5, gt=0)


class Distillation(Strict):
    """Finished runs whose answers to the very same augmented excerpts are the targets (Hinton et al. 2015).

    teachers : run folders without fold and seed, such as "res_cnn-1a2b3c4d"; those of the student's own fold teach
    seeds : of each teacher
    share : of the teachers in the targets, the rest is the labels'
    runs : folder of the teachers' run folders; None for the student's own
    """

    teachers: tuple[str, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    share: float = Field(default=1.0, gt=0, le=1)
    runs: Path | None = None


class Pretraining(Strict):
    """Training without labels first: two excerpts of a track, each augmented for itself, shall be more alike than those
    of other tracks (SimCLR, Chen et al. 2020, arXiv 2002.05709; of music Spijkervet and Burgoyne 2021, arXiv
    2103.09410). Only the training part is heard. AdamW, one cycle, the weight decay of `optimisation`.

    epochs : each takes two excerpts of every track, but for those that are left over after whole batches
    tracks_per_batch : all of the training part if it has fewer
    temperature : that cosines are divided by
    """

    epochs: int = Field(ge=1)
    tracks_per_batch: int = Field(default=64, ge=2)
    temperature: float = Field(default=0.1, gt=0)
    learning_rate: float = Field(default=0.002, gt=0)


class Optimisation(Strict):
    """Optimiser, schedule and stopping.

    schedule : "constant"; "linear_to_tenth" falls linearly to a tenth over `max_epochs` (report A section 4.2);
        "one_cycle" warms up over 20 % of all steps and falls to almost zero (Smith and Topin 2019)
    early_stopping_epochs : stop after so many epochs without a better `monitor`; None trains all epochs
    keep : weights of the best validation epoch, or of the last one
    weight_average_decay : exponential average of the weights per step, which is validated and kept; None for none
    trimmed_share : so many of a batch's excerpts, those that fit their label worst, are left out of the loss from the
        middle epoch on, since wrong labels are learnt last (small-loss selection, Han et al. 2018, arXiv 1804.06872)
    artist_balance : 0 weighs all tracks alike, 1 all artists of a genre; see `artist_weights`
    precision : "bf16" computes in bfloat16 autocast on devices that can, "float32" on none
    """

    optimizer: Literal["adam", "adamw"] = "adam"
    learning_rate: float = Field(gt=0)
    weight_decay: float = Field(default=0.0, ge=0)
    schedule: Literal["constant", "linear_to_tenth", "one_cycle"] = "constant"
    batch_size: int = Field(default=64, ge=1)
    max_epochs: int = Field(ge=1)
    early_stopping_epochs: int | None = Field(default=None, ge=1)
    monitor: Literal["valid_accuracy", "valid_file_accuracy", "valid_loss"] = "valid_accuracy"
    keep: Literal["best", "last"] = "best"
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    weight_average_decay: float | None = Field(default=None, gt=0, lt=1)
    trimmed_share: float = Field(default=0.0, ge=0, le=0.5)
    artist_balance: float = Field(default=0.0, ge=0, le=1)
    precision: Literal["bf16", "float32"] = "bf16"


class Member(Strict):
    """One network of an ensemble: a recipe without data, split and seed, which are the ensemble's."""

    name: str = NAME
    excerpts: Excerpts
    features: FrontEnd
    model: Model
    augmentation: Augmentation = Augmentation()
    negatives: Negatives | None = None
    pretraining: Pretraining | None = None
    optimisation: Optimisation

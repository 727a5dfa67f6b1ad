"""Augmentation as recipes ask for it; what each change does is in tests/features/test_augmentation.py."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from genrekit.data import load_dataset
from genrekit.features import ARCHIVE_LOG_MEL, POWER_SPECTROGRAM_A
from genrekit.training.material.augmenting import Augmenter
from genrekit.training.material.sources import ArchiveSource, Source, WaveformSource
from genrekit.training.recipes.groups import Augmentation

CPU = torch.device("cpu")
CROP_S = 3.0
# What asks for a change, and what only says how it is done or when.
ASKED: dict[str, Any] = {
    "gain_db": (-6.0, -3.0),
    "noise_snr_db": (10.0, 20.0),
    "max_stretch": 0.2,
    "max_shift_bins": 3.0,
    "equaliser_max_gain_db": 6.0,
    "noise_floor_max_db": -20.0,
    "band_limit_min_bin": 20,
    "narrow_band_probability": 1.0,
    "mix_style_probability": 1.0,
    "cell_jitter_max_db": 3.0,
    "repeated_start_min_s": 0.5,
    "frequency_mask_bins": 30,
    "time_mask_fraction": 0.5,
    "mixup_alpha": 1.0,
    "cutmix_alpha": 1.0,
}
HOW = {"share", "plain_last_epochs", "band_limit_max_low_bin", "narrow_band_low_bins", "narrow_band_high_bins"} | {
    f"{name}_probability" for name in ("gain", "noise", "band_limit", "repeated_start")
}
OF_WAVEFORMS = {"gain_db", "noise_snr_db"}


@pytest.fixture
def archive_source(archive_path) -> Source:
    return ArchiveSource(load_dataset("archive", archive_path), ARCHIVE_LOG_MEL, CPU)


@pytest.fixture
def waveform_source(audio_dataset) -> Source:
    return WaveformSource(audio_dataset, POWER_SPECTROGRAM_A, CPU, span_s=None)


def made(source: Source, augmentation: Augmentation) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch of the beginnings of some tracks, with targets, as it is trained on."""
    spec = ARCHIVE_LOG_MEL if isinstance(source, ArchiveSource) else POWER_SPECTROGRAM_A
    augmenter = Augmenter(augmentation, source, spec, crop_s=CROP_S)
    rows = torch.arange(4)
    generator = torch.Generator().manual_seed(0)
    cut = source.cut(rows, torch.zeros_like(rows), augmenter.wide_steps)
    features = augmenter.features(cut, first=0, generator=generator)
    return augmenter.mixed(features, torch.eye(4), generator)


def test_every_key_of_a_recipe_is_known_here() -> None:
    assert set(Augmentation.model_fields) == set(ASKED) | HOW


@pytest.mark.parametrize("key", ASKED)
def test_what_a_key_asks_for_is_done_and_of_the_same_size(key, archive_source, waveform_source) -> None:
    source = waveform_source if key in OF_WAVEFORMS else archive_source
    certain = {
        name: 1.0 for name in ("band_limit_probability", "repeated_start_probability") if name.startswith(key[:8])
    }
    plain, targets = made(source, Augmentation())
    changed, mixed = made(source, Augmentation(**{key: ASKED[key], **certain}))
    assert changed.shape == plain.shape and torch.isfinite(changed).all()
    assert not torch.equal(changed, plain)
    assert (not torch.equal(mixed, targets)) == (key in {"mixup_alpha", "cutmix_alpha"})
    assert torch.allclose(mixed.sum(1), torch.ones(4))


@pytest.mark.parametrize("key", sorted(set(ASKED) - OF_WAVEFORMS))
def test_a_share_of_nearly_none_leaves_items_as_they_are_where_it_counts(key, archive_source) -> None:
    plain, _ = made(archive_source, Augmentation())
    changed, _ = made(archive_source, Augmentation(**{key: ASKED[key]}, share=1e-9))
    counts = {"max_stretch", "max_shift_bins", "equaliser_max_gain_db", "cell_jitter_max_db", "noise_floor_max_db"}
    assert torch.equal(changed, plain) or key not in counts


def test_only_a_stretch_needs_cuts_that_are_wider_than_the_excerpt(archive_source) -> None:
    def of(**asked: Any) -> Augmenter:
        return Augmenter(Augmentation(**asked), archive_source, ARCHIVE_LOG_MEL, crop_s=CROP_S)

    assert of().wide_steps == archive_source.steps(CROP_S) and of().margin_steps == 0
    wide = of(max_stretch=0.2)
    assert wide.wide_steps >= 1.2 * archive_source.steps(CROP_S)
    assert wide.margin_steps == (wide.wide_steps - archive_source.steps(CROP_S)) // 2

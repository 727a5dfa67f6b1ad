from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genrekit.features.augmentation import (
    BandLimit,
    CellJitter,
    CutMix,
    Equaliser,
    FrequencyMask,
    FrequencyMixStyle,
    Mixup,
    NarrowBand,
    NoiseFloor,
    RepeatedStart,
    TimeMask,
    TimeStretchPitchShift,
)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def spectrogram(batch: int = 16, n_bins: int = 40, n_columns: int = 50) -> torch.Tensor:
    return -80 * torch.rand(batch, n_bins, n_columns, generator=generator(9))


EVERY = {
    "frequency_mask": FrequencyMask(10),
    "time_mask": TimeMask(0.3),
    "equaliser": Equaliser(6.0),
    "noise_floor": NoiseFloor(),
    "band_limit": BandLimit(10, probability=1.0),
    "narrow_band": NarrowBand((2, 6), (20, 30), probability=1.0),
    "cell_jitter": CellJitter(3.0),
    "repeated_start": RepeatedStart(5, probability=1.0),
}


@pytest.mark.parametrize("augmentation", EVERY.values(), ids=EVERY)
def test_same_generator_same_result_input_untouched_items_differ(augmentation):
    x = spectrogram()[:1].expand(16, -1, -1).clone()
    before = x.clone()
    first, second, other = (augmentation(x, generator(seed)) for seed in (1, 1, 2))
    assert first.shape == x.shape and first.dtype == x.dtype
    assert torch.equal(x, before)
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert len(torch.unique(first.flatten(1), dim=0)) > 8


@given(width=st.integers(0, 60), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_frequency_mask_is_one_band_of_the_mean(width, seed):
    x = spectrogram(4)
    y = FrequencyMask(width)(x, generator(seed))
    for item, masked in zip(x, y, strict=True):
        changed = (masked != item).any(1)
        rows = changed.nonzero().flatten().tolist()
        assert len(rows) <= min(width, 40)
        assert rows == list(range(rows[0], rows[-1] + 1)) if rows else True
        assert torch.allclose(masked[changed], item.mean())


@given(share=st.floats(0, 1), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_time_mask_is_one_run_of_the_mean(share, seed):
    x = spectrogram(4)
    y = TimeMask(share)(x, generator(seed))
    for item, masked in zip(x, y, strict=True):
        changed = (masked != item).any(0)
        columns = changed.nonzero().flatten().tolist()
        assert len(columns) <= share * 50
        assert columns == list(range(columns[0], columns[-1] + 1)) if columns else True
        assert torch.allclose(masked[:, changed], item.mean())


@pytest.mark.parametrize("mask", [FrequencyMask(10, fill=0.0), TimeMask(0.3, fill=0.0)])
def test_masks_of_power_are_silence(mask):
    power = 10 ** (spectrogram() / 10)
    masked = mask(power, generator())
    changed = masked != power
    assert changed.any()
    assert (masked[changed] == 0).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("augmentation", EVERY.values(), ids=EVERY)
def test_stays_on_the_device_with_the_draws_of_the_generator(augmentation):
    x = spectrogram()
    there = augmentation(x.to("cuda"), generator())
    assert there.device.type == "cuda"
    torch.testing.assert_close(there.cpu(), augmentation(x, generator()), rtol=1e-4, atol=1e-4)


def test_time_mask_reaches_but_never_exceeds_its_share():
    x = spectrogram(2000, 2, 50)
    changed = (TimeMask(0.3)(x, generator()) != x).any(1).sum(1)
    assert changed.max() == 15
    assert changed.min() == 0


def test_equaliser_adds_the_same_smooth_curve_to_every_column_within_its_gain():
    x = spectrogram(64)
    gain = Equaliser(6.0, n_bands=4)(x, generator()) - x
    assert torch.allclose(gain, gain[:, :, :1].expand_as(gain), atol=1e-4)
    assert gain.abs().max() <= 6.0001
    assert gain.abs().max() > 5


def test_noise_floor_is_a_power_sum():
    x = spectrogram(1)
    y = NoiseFloor(-40, -40)(x, generator())
    level = float(x.max()) - 40
    expected = 10 * np.log10(10 ** (x.numpy() / 10) + 10 ** (level / 10))
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-3)


def test_band_limit_falls_above_a_cut_off_and_leaves_what_is_below():
    x = spectrogram(400)
    lost = x - BandLimit(30, probability=0.5, slope_db_per_bin=10.0)(x, generator())
    limited = (lost > 0).any((1, 2))
    assert 150 < int(limited.sum()) < 250
    assert torch.equal(lost[~limited], torch.zeros_like(lost[~limited]))
    assert not lost[:, :31].any()
    assert torch.allclose(lost, lost[:, :, :1].expand_as(lost), atol=1e-4)
    first_lost = (lost[limited][:, :, 0] > 0).int().argmax(1)
    assert first_lost.min() == 31 and first_lost.max() == 39
    steps = lost[limited][:, 1:, 0] - lost[limited][:, :-1, 0]
    inside = lost[limited][:, :-1, 0] > 0
    assert torch.allclose(steps[inside], torch.tensor(10.0), atol=1e-3)


def test_band_limit_takes_the_lows_of_limited_items_only():
    x = spectrogram(400)
    lost = x - BandLimit(40, probability=0.5, max_low_bin=12, slope_db_per_bin=10.0)(x, generator())
    limited = (lost > 0).any((1, 2))
    assert 130 < int(limited.sum()) < 250
    assert not lost[:, 12:].any()
    assert (lost[limited][:, 0, 0] > 100).any() and (lost[limited][:, 0, 0] < 20).any()


def test_a_narrow_band_keeps_its_middle_and_falls_evenly_on_both_sides():
    x = spectrogram(400)
    lost = x - NarrowBand((4.0, 10.0), (25.0, 35.0), probability=0.25, slope_db_per_bin=(3.0, 12.0))(x, generator())
    changed = (lost > 0).any((1, 2))
    assert 70 < int(changed.sum()) < 130
    assert not lost[~changed].any() and not lost[:, 10:26].any()
    assert torch.allclose(lost, lost[:, :, :1].expand_as(lost), atol=1e-4)
    curve = lost[changed][:, :, 0]
    # Outwards from bin 3, 1 to 7 bins beyond the lower edge, and from bin 36, 1 to 11 beyond the upper one.
    for beyond, least, greatest in ((curve[:, :4].flip(1), 1, 7), (curve[:, 36:], 1, 11)):
        slopes = beyond.diff(dim=1)
        assert (slopes > 2.99).all() and (slopes < 12.01).all()
        assert torch.allclose(slopes, slopes[:, :1].expand_as(slopes), atol=1e-3)
        assert slopes.min() < 3.5 and slopes.max() > 10.5
        # Half of the slopes are below the geometric mean of their bounds.
        assert 0.35 < float((slopes[:, 0] < 6).float().mean()) < 0.65
        bins_beyond = beyond[:, 0] / slopes[:, 0]
        assert least - 0.01 < bins_beyond.min() < least + 1 and greatest - 1 < bins_beyond.max() < greatest + 0.01
    # Each edge has a slope of its own.
    assert not torch.allclose(curve[:, 0] - curve[:, 1], curve[:, -1] - curve[:, -2], atol=0.5)


def test_mixed_style_gives_each_bin_a_mean_and_deviation_between_two_items():
    x = spectrogram(64)
    x = x * torch.linspace(0.2, 1.0, 64)[:, None, None]
    mixed = FrequencyMixStyle(0.5)(x, generator())
    changed = ((mixed - x).abs() > 1e-3).flatten(1).any(1)
    assert 15 < int(changed.sum()) < 49
    for statistic in (torch.mean, torch.std):
        before, after = statistic(x, dim=2), statistic(mixed, dim=2)
        assert (after > before.amin(0) - 1e-3).all() and (after < before.amax(0) + 1e-3).all()
    # What happens in time is still there.
    standard, mixed_standard = ((y - y.mean(2, keepdim=True)) / y.std(2, keepdim=True) for y in (x, mixed))
    assert torch.allclose(standard, mixed_standard, atol=1e-3)


def test_cell_jitter_has_a_deviation_of_its_own_for_each_item():
    x = torch.full((300, 40, 50), -30.0)
    moved = CellJitter(2.0)(x, generator()) - x
    deviations = moved.std((1, 2))
    assert 0 <= deviations.min() < 0.1 and 1.9 < deviations.max() < 2.1
    assert deviations.mean() == pytest.approx(1.0, abs=0.1)
    assert moved.mean((1, 2)).abs().max() < 0.2


def periods(repeated: torch.Tensor, x: torch.Tensor) -> list[int]:
    """How many first columns of each item, at least one, were repeated to fill it."""
    n_columns = x.shape[2]
    place = torch.arange(n_columns)
    return [
        next(n for n in range(1, n_columns + 1) if torch.equal(item, plain[:, place % n]))
        for item, plain in zip(repeated, x, strict=True)
    ]


@given(least=st.integers(1, 60), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_a_repeated_start_is_the_first_columns_over_and_over(least, seed):
    x = spectrogram(4)
    for n in periods(RepeatedStart(least, probability=1.0)(x, generator(seed)), x):
        assert min(least, 50) <= n <= 50


def test_repeated_starts_are_as_often_between_4_and_8_columns_as_between_16_and_32():
    x = spectrogram(2000, 3, 64)
    repeated = torch.tensor(periods(RepeatedStart(4, probability=0.5)(x, generator()), x))
    assert 850 < int((repeated < 64).sum()) < 1050
    assert 200 < int((repeated < 8).sum()) < 300
    assert 200 < int(((repeated >= 16) & (repeated < 32)).sum()) < 300


def test_stretch_moves_events_and_shift_moves_bands():
    warp = TimeStretchPitchShift(0.2, 0.0)
    wide = warp.wide_columns(50)
    ramp = torch.arange(wide, dtype=torch.float32).expand(64, 4, wide)
    slopes = warp(ramp, 50, generator()).diff(dim=2)
    assert torch.allclose(slopes, slopes[:, :1, :1].expand_as(slopes), atol=1e-3)
    for item in slopes:
        assert item.min() >= 0.7999 and item.max() <= 1.2001
    assert slopes[:, 0, 0].std() > 0.05
    shift = TimeStretchPitchShift(0.0, 3.0)
    bins = torch.arange(40, dtype=torch.float32)[None, :, None].expand(64, 40, 51)
    moved = shift(bins, 50, generator())[:, 20, 0] - 20
    assert moved.abs().max() <= 3.0001 and moved.std() > 1


def test_warp_never_leaves_the_range_of_its_input():
    warp = TimeStretchPitchShift(0.3, 10.0)
    x = spectrogram(32, 40, warp.wide_columns(50))
    y = warp(x, 50, generator())
    assert y.shape == (32, 40, 50)
    assert y.min() >= x.min() - 1e-3 and y.max() <= x.max() + 1e-3


def test_mixup_mixes_features_and_targets_with_the_same_weight():
    targets = torch.eye(8)
    x = targets[:, :, None].expand(8, 8, 5).clone()
    mixed, mixed_targets = Mixup(0.4)(x, targets, generator())
    assert torch.allclose(mixed, mixed_targets[:, :, None].expand_as(mixed), atol=1e-6)
    assert torch.allclose(mixed_targets.sum(1), torch.ones(8))
    assert ((mixed_targets > 0.01) & (mixed_targets < 0.99)).any()


def test_mixup_weights_follow_the_beta_distribution():
    targets = torch.cat([torch.tensor([[1.0, 0.0]]).expand(20_000, 2), torch.tensor([[0.0, 1.0]]).expand(20_000, 2)])
    _, mixed = Mixup(0.4)(targets[:, :, None], targets, generator())
    weight = mixed[:20_000, 0]
    # Partners of the same class leave 1; crossed weights are Beta(0.4, 0.4), of variance 1 / (4 * 1.8).
    crossed = weight[weight < 1]
    assert abs(float(crossed.var()) - 1 / 7.2) < 0.01


def test_without_stretch_columns_stay_as_they_are() -> None:
    x = torch.randn(3, 16, 12, generator=torch.Generator().manual_seed(0))
    warp = TimeStretchPitchShift(0, 0)
    assert torch.equal(warp(x, 10, torch.Generator()), x[:, :, :10])
    shifted = TimeStretchPitchShift(0, 2)(x, 10, torch.Generator().manual_seed(1))
    # Along the mel axis each value is between two of its own column.
    assert ((shifted >= x[:, :, :10].amin(1, keepdim=True)) & (shifted <= x[:, :, :10].amax(1, keepdim=True))).all()
    assert not torch.equal(shifted, x[:, :, :10])


def test_cutmix_puts_a_rectangle_of_another_item_and_counts_its_area():
    targets = torch.eye(8)
    x = torch.arange(8.0)[:, None, None].expand(8, 20, 30).clone()
    mixed, mixed_targets = CutMix(1.0)(x, targets, generator(3))
    assert torch.equal(x, torch.arange(8.0)[:, None, None].expand(8, 20, 30))
    assert torch.allclose(mixed_targets.sum(1), torch.ones(8))
    changed = 0
    for own, (item, target) in enumerate(zip(mixed, mixed_targets, strict=True)):
        torch.testing.assert_close(torch.stack([(item == other).float().mean() for other in range(8)]), target)
        foreign = item != own
        if foreign.any():
            changed += 1
            rows, columns = foreign.any(1), foreign.any(0)
            assert torch.equal(foreign, rows[:, None] & columns[None, :])
            for side in (rows, columns):
                place = side.nonzero().flatten()
                assert len(place) == place[-1] - place[0] + 1
            assert abs(rows.float().mean() - columns.float().mean()) <= 1 / 40 + 1 / 60 + 1e-6
    assert changed >= 5


def test_cutmix_keeps_the_share_that_was_drawn():
    x = torch.arange(4000.0)[:, None, None].expand(4000, 16, 16)
    mixed, _ = CutMix(1.0)(x, torch.zeros(4000, 1), generator())
    kept = (mixed == x).float().mean((1, 2))
    # Beta(1, 1) is even: mean 1/2, variance 1/12.
    assert abs(float(kept.mean()) - 0.5) < 0.02
    assert abs(float(kept.var()) - 1 / 12) < 0.01

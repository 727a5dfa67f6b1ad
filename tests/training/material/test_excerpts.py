from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import soundfile
import torch

from genrekit.data import load_dataset, make_split
from genrekit.data.window_grid import grid_size
from genrekit.features import ARCHIVE_LOG_MEL, ARCHIVE_LOG_MEL_9_KHZ, POWER_SPECTROGRAM_A, compute
from genrekit.training.batches import EvaluationBatches, TrainingBatches
from genrekit.training.material.excerpts import part_table
from genrekit.training.material.sources import ArchiveSource, WaveformSource
from genrekit.training.recipes.groups import Excerpts

CPU = torch.device("cpu")
A = Excerpts(window_s=3.0, hop_s=1.5)
B = Excerpts(window_s=5.0, hop_s=2.5)


@pytest.mark.parametrize("n_samples", [660_000, 661_504, 675_808])
def test_the_reports_windows_per_track(n_samples):
    assert grid_size(n_samples / 22_050, window_s=3.0, hop_s=1.5, span_s=30.0) == 19
    assert grid_size(n_samples / 22_050, window_s=5.0, hop_s=2.5, span_s=30.0) == 11


def test_short_and_long_tracks():
    assert grid_size(1.0, window_s=3.0, hop_s=1.5, span_s=30.0) == 1
    # Windows that lie far apart: what would begin at the end, and hold nothing, is none.
    assert grid_size(30.013, window_s=3.0, hop_s=30.0, span_s=None) == 1
    assert grid_size(29.93, window_s=3.0, hop_s=9.0, span_s=30.0) == 4
    assert grid_size(600.0, window_s=3.0, hop_s=1.5, span_s=30.0) == 19
    assert grid_size(600.0, window_s=3.0, hop_s=1.5, span_s=None) == 399


def test_windows_of_an_archive_are_its_columns(archive_path):
    dataset = load_dataset("archive", archive_path)
    source = ArchiveSource(dataset, ARCHIVE_LOG_MEL, CPU)
    excerpts = Excerpts(window_s=10.0, hop_s=5.0)
    table = part_table(dataset, make_split(dataset, "random_folds"), "test", excerpts, source)
    assert len(table) == 5 * 3
    assert table.start_s[:5] == (0.0, 5.0, 10.0, 15.0, 20.0)
    assert table.starts[:5].tolist() == [0, 64, 129, 193, 258]
    batch = next(iter(EvaluationBatches(source, table, source.steps(10.0), 64)))
    assert batch.features.shape == (15, 128, 129)
    row = int(table.rows[2])
    whole = dataset.archive.db(row)[:, 129:258]
    np.testing.assert_allclose(batch.features[2], np.maximum(whole - whole.max(), -80), atol=1e-4)


def test_excerpts_of_a_contaminated_split_are_those_it_names(archive_path):
    dataset = load_dataset("archive", archive_path)
    source = ArchiveSource(dataset, ARCHIVE_LOG_MEL, CPU)
    split = make_split(dataset, "b_folds")
    table = part_table(dataset, split, "test", B, source)
    named = {(dataset.tracks[row].track_id, start) for row, start in zip(table.rows, table.start_s, strict=True)}
    expected = {(member.split("@")[0], int(member.split("@")[1]) * 2.5) for member in split.parts["test"]}
    assert named == expected


def test_waveform_source_gives_the_front_ends_numbers(audio_dataset):
    source = WaveformSource(audio_dataset, POWER_SPECTROGRAM_A, CPU, span_s=30.0)
    cut = source.cut(torch.tensor([0, 4]), torch.tensor([0, 22_050]), source.steps(3.0))
    features = source.features(cut)
    assert features.shape == (2, 513, 130)
    y, _ = soundfile.read(audio_dataset.tracks[4].path, dtype="float32")
    expected = compute(POWER_SPECTROGRAM_A, y[22_050 : 22_050 * 4])
    np.testing.assert_allclose(features[1], expected, rtol=2e-2, atol=expected.max() * 1e-4)


def test_a_window_past_the_end_repeats_the_last_sample(audio_dataset):
    source = WaveformSource(audio_dataset, ARCHIVE_LOG_MEL, CPU, span_s=30.0)
    cut = source.cut(torch.tensor([0]), torch.tensor([22_050 * 4 - 10]), 20)[0]
    assert torch.equal(cut[9:], cut[9].expand(11))


def test_archive_source_refuses_a_data_set_of_audio(audio_dataset):
    with pytest.raises(Exception, match="is audio, not an archive"):
        ArchiveSource(audio_dataset, ARCHIVE_LOG_MEL, CPU)


def test_each_epoch_draws_anew_and_the_same_epoch_the_same(make_recipe, archive_path):
    dataset = load_dataset("archive", archive_path)
    source = ArchiveSource(dataset, ARCHIVE_LOG_MEL, CPU)
    recipe = make_recipe()
    table = part_table(dataset, make_split(dataset, "random_folds"), "train", recipe.excerpts, source)

    def epoch(number: int) -> torch.Tensor:
        batches = TrainingBatches(source, table, recipe, n_genres=3, epoch=lambda: number)
        made = list(batches)
        assert len(made) == len(batches)
        assert all(torch.allclose(batch.targets.sum(1), torch.ones(len(batch.targets))) for batch in made)
        return torch.cat([batch.features for batch in made])

    assert torch.equal(epoch(0), epoch(0))
    assert not torch.equal(epoch(0), epoch(1))


def test_negatives_are_undecided_and_weighted(make_recipe, archive_path):
    dataset = load_dataset("archive", archive_path)
    source = ArchiveSource(dataset, ARCHIVE_LOG_MEL, CPU)
    recipe = make_recipe(negatives={"share": 0.25, "weight": 0.5})
    table = part_table(dataset, make_split(dataset, "random_folds"), "train", recipe.excerpts, source)
    batch = next(iter(TrainingBatches(source, table, recipe, n_genres=3, epoch=lambda: 0, negatives=source)))
    assert len(batch.features) == 10
    assert torch.allclose(batch.targets[8:], torch.full((2, 3), 1 / 3))
    assert batch.weights.tolist() == [1.0] * 8 + [0.5] * 2
    assert batch.music.tolist() == [True] * 8 + [False] * 2


def test_tracks_weigh_what_they_are_told_to(make_recipe, archive_path):
    dataset = load_dataset("archive", archive_path)
    source = ArchiveSource(dataset, ARCHIVE_LOG_MEL, CPU)
    recipe = make_recipe(augmentation={})
    table = part_table(dataset, make_split(dataset, "random_folds"), "train", recipe.excerpts, source)
    # A weight for each genre shows which track is where.
    labels = torch.tensor(dataset.labels(track.track_id for track in dataset.tracks))
    batches = TrainingBatches(
        source, table, recipe, n_genres=3, epoch=lambda: 0, track_weights=torch.tensor([0.5, 1.0, 1.5])[labels]
    )
    for batch in batches:
        assert torch.equal(batch.weights, 0.5 + 0.5 * batch.targets.argmax(1))


def epoch_of_whole_tracks(make_recipe, archive_path, *, crops_per_track: int, **augmentation) -> torch.Tensor:
    """The training excerpts of an epoch; they are whole tracks, so that whatever is cut is the same."""
    dataset = load_dataset("archive", archive_path)
    source = ArchiveSource(dataset, ARCHIVE_LOG_MEL, CPU)
    excerpts = {"window_s": 30.0, "hop_s": 30.0, "train": "random", "crops_per_track": crops_per_track}
    recipe = make_recipe(excerpts=excerpts, augmentation=augmentation)
    table = part_table(dataset, make_split(dataset, "random_folds"), "train", recipe.excerpts, source)
    batches = TrainingBatches(source, table, recipe, n_genres=3, epoch=lambda: 0)
    return torch.cat([batch.features for batch in batches])


def test_a_share_of_the_items_is_changed_and_the_rest_stays_as_it_is(make_recipe, archive_path):
    epoch = partial(epoch_of_whole_tracks, make_recipe, archive_path, crops_per_track=6)
    untouched = {tuple(item.flatten()[:2000].tolist()) for item in epoch()}
    quarters = ({"equaliser_max_gain_db": 3}, {"cell_jitter_max_db": 2}, {"noise_floor_max_db": -10})
    for change in (*({**quarter, "share": 0.25} for quarter in quarters), {"narrow_band_probability": 0.25}):
        changed = epoch(**change)
        kept = sum(tuple(item.flatten()[:2000].tolist()) in untouched for item in changed)
        assert 0.6 < kept / len(changed) < 0.9


def test_a_narrow_band_has_the_bins_of_its_recipe_and_noise_comes_after_it(make_recipe, archive_path):
    epoch = partial(epoch_of_whole_tracks, make_recipe, archive_path, crops_per_track=1)
    band = {
        "narrow_band_probability": 1,
        "narrow_band_low_bins": [10, 10],
        "narrow_band_high_bins": [60, 60],
    }
    plain, narrow, noisy = epoch(), epoch(**band), epoch(**band, noise_floor_max_db=-40)
    both = (plain > -80) & (narrow > -80)
    # Levels are relative to the excerpt's maximum, which may have gone with what was taken away.
    gain = (narrow - plain).flatten(1).amax(1)[:, None, None].expand_as(plain)
    inside = torch.zeros_like(both)
    inside[:, 10:61] = True
    torch.testing.assert_close((narrow - plain)[both & inside], gain[both & inside], atol=1e-3, rtol=0)
    below = ((narrow - plain) - gain)[both & ~inside]
    assert len(below) and below.max() <= -3 + 1e-3
    assert (narrow[:, 100:] == -80).all()
    # A floor of its own for each excerpt, where nothing was left.
    floor = noisy[:, 100:].flatten(1)
    assert (floor > -80).float().mean() > 0.5 and float((floor.amax(1) - floor.amin(1)).max()) < 1e-3


def test_a_repeated_start_is_what_a_short_recording_gives(make_recipe, archive_path):
    dataset = load_dataset("archive", archive_path)
    source = ArchiveSource(dataset, ARCHIVE_LOG_MEL, CPU)
    recipe = make_recipe(
        excerpts={"window_s": 10.0, "hop_s": 5.0},
        augmentation={"repeated_start_min_s": 2.0, "repeated_start_probability": 1.0},
    )
    table = part_table(dataset, make_split(dataset, "random_folds"), "train", recipe.excerpts, source)
    batches = TrainingBatches(source, table, recipe, n_genres=3, epoch=lambda: 0)
    # As in use: log-mels relative to their own maximum, of 26 columns (2 s) or more, and again until there are 129.
    heard = {
        item.numpy().tobytes()
        for n in range(26, 130)
        for item in source.features(source.cut(table.rows, table.starts, n)).repeat(1, 1, -(-129 // n))[:, :, :129]
    }
    for item in torch.cat([batch.features for batch in batches]):
        assert item.numpy().tobytes() in heard


@pytest.mark.parametrize("mixing", [{"mixup_alpha": 0.4}, {"cutmix_alpha": 1.0}], ids=["mixup", "cutmix"])
def test_the_last_epochs_are_plain_where_they_should_be(make_recipe, archive_path, mixing):
    dataset = load_dataset("archive", archive_path)
    source = ArchiveSource(dataset, ARCHIVE_LOG_MEL, CPU)
    masks = {"time_mask_fraction": 0.3, "frequency_mask_bins": 24, **mixing}

    def epoch(number: int, **augmentation) -> tuple[torch.Tensor, torch.Tensor]:
        recipe = make_recipe(
            augmentation=augmentation,
            optimisation={"learning_rate": 1e-3, "batch_size": 8, "max_epochs": 5, "keep": "last"},
        )
        table = part_table(dataset, make_split(dataset, "random_folds"), "train", recipe.excerpts, source)
        batches = list(TrainingBatches(source, table, recipe, n_genres=3, epoch=lambda: number))
        return torch.cat([batch.features for batch in batches]), torch.cat([batch.targets for batch in batches])

    def mixed(targets: torch.Tensor) -> bool:
        return not torch.equal(targets, targets.round())

    assert [mixed(epoch(number, **masks, plain_last_epochs=2)[1]) for number in range(5)] == [True] * 3 + [False] * 2
    features, targets = epoch(3, **masks, equaliser_max_gain_db=3, plain_last_epochs=2)
    # The equaliser stays, with the very draws that it has where there is nothing else.
    expected = epoch(3, equaliser_max_gain_db=3)
    assert torch.equal(features, expected[0]) and torch.equal(targets, expected[1])
    assert mixed(epoch(4, **masks)[1])


def test_excerpts_to_train_on_may_be_shorter_than_those_that_are_scored(make_recipe, archive_path):
    dataset = load_dataset("archive", archive_path)
    source = ArchiveSource(dataset, ARCHIVE_LOG_MEL, CPU)
    recipe = make_recipe(excerpts={"window_s": 10.0, "hop_s": 5.0, "train": "random", "crop_s": 3.0})
    table = part_table(dataset, make_split(dataset, "random_folds"), "train", recipe.excerpts, source)
    batches = TrainingBatches(source, table, recipe, n_genres=3, epoch=lambda: 0)
    assert {batch.features.shape[2] for batch in batches} == {39}
    assert {batch.features.shape[2] for batch in EvaluationBatches(source, table, 129, 8)} == {129}


def test_what_is_kept_of_an_archive_is_what_the_front_end_keeps_of_audio(archive_path):
    dataset = load_dataset("archive", archive_path)
    whole, kept = (ArchiveSource(dataset, spec, CPU) for spec in (ARCHIVE_LOG_MEL, ARCHIVE_LOG_MEL_9_KHZ))
    cut = whole.cut(torch.tensor([0, 1]), torch.tensor([0, 7]), 39)
    # Cuts are alike: what is above is there to be shifted down.
    torch.testing.assert_close(cut, kept.cut(torch.tensor([0, 1]), torch.tensor([0, 7]), 39))
    cut[:, 125] = 5.0
    torch.testing.assert_close(kept.features(cut), whole.features(cut)[:, :120])

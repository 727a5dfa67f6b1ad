"""Training excerpts from audio: what the recipe asks for is done to the waveform, before the front end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from genrekit.data import load_dataset, make_split
from genrekit.data.dataset import Dataset
from genrekit.errors import AudioError, RecipeError
from genrekit.features import FEATURES
from genrekit.models import ModelSpec, create_model
from genrekit.training.batches import EvaluationBatches, TrainingBatches, evaluation_batch_size
from genrekit.training.material.excerpts import part_table
from genrekit.training.material.sources import WaveformSource, require_augmentation
from genrekit.training.preparation import prepare
from genrekit.training.recipes.groups import Excerpts, SplitChoice
from genrekit.training.recipes.recipe import Recipe

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def audio(tmp_path_factory) -> Dataset:
    root = tmp_path_factory.mktemp("audio")
    rng = np.random.default_rng(0)
    for genre in ("jazz", "metal"):
        (root / genre).mkdir()
        for k in range(4):
            soundfile.write(root / genre / f"{k}.wav", 0.1 * rng.standard_normal(8000 * 4), 8000)
    return load_dataset("folder", root)


def features_of(audio: Dataset, recipe: Recipe) -> torch.Tensor:
    """All training features of the first epoch, in the order of the excerpts of the plain recipe."""
    source = WaveformSource(audio, FEATURES[recipe.features], CPU, span_s=30.0)
    table = part_table(audio, make_split(audio, "all"), "train", recipe.excerpts, source)
    batches = TrainingBatches(source, table, recipe, n_genres=2, epoch=lambda: 0)
    return torch.cat([batch.features for batch in batches])


def recipe_with(make_recipe, features: str, **augmentation) -> Recipe:
    excerpts = {"window_s": 1.0, "hop_s": 1.0}
    return make_recipe(features=features, excerpts=excerpts, augmentation=augmentation)


def test_gain_scales_a_linear_spectrogram_item_by_item(audio, make_recipe):
    plain = features_of(audio, recipe_with(make_recipe, "power_spectrogram_a"))
    louder = features_of(audio, recipe_with(make_recipe, "power_spectrogram_a", gain_db=[6, 6]))
    torch.testing.assert_close(louder, plain * 10**0.6, rtol=1e-3, atol=1e-4)
    ratio = features_of(audio, recipe_with(make_recipe, "power_spectrogram_a", gain_db=[-6, 6])).sum((1, 2))
    ratio_db = 10 * torch.log10(ratio / plain.sum((1, 2)))
    assert ratio_db.min() >= -6.01 and ratio_db.max() <= 6.01 and ratio_db.std() > 2


def test_noise_has_the_snr_of_the_recipe_whatever_the_gain(audio, make_recipe):
    gain = features_of(audio, recipe_with(make_recipe, "waveform", gain_db=[-6, -6]))
    both = features_of(audio, recipe_with(make_recipe, "waveform", gain_db=[-6, -6], noise_snr_db=[12, 12]))
    noise = both - gain
    snr_db = 10 * torch.log10(gain.square().mean((1, 2)) / noise.square().mean((1, 2)))
    torch.testing.assert_close(snr_db, torch.full_like(snr_db, 12.0), rtol=0, atol=0.01)


def test_probability_zero_changes_nothing(audio, make_recipe):
    plain = features_of(audio, recipe_with(make_recipe, "waveform"))
    never = recipe_with(
        make_recipe, "waveform", gain_db=[6, 6], gain_probability=0, noise_snr_db=[3, 3], noise_probability=0
    )
    assert torch.equal(features_of(audio, never), plain)


@pytest.mark.parametrize("features", ["power_spectrogram_a", "log_spectrogram_a"])
def test_masks_add_nothing_to_power_and_the_mean_to_decibels(audio, make_recipe, features):
    plain = features_of(audio, recipe_with(make_recipe, features))
    masked = features_of(audio, recipe_with(make_recipe, features, time_mask_fraction=0.3, frequency_mask_bins=64))
    changed = masked != plain
    assert changed.any()
    is_power = features == "power_spectrogram_a"
    assert (masked[changed] == 0).all() if is_power else (masked[changed] < 0).all()


def test_same_epoch_same_draws(audio, make_recipe):
    recipe = recipe_with(make_recipe, "waveform", gain_db=[-6, 6], noise_snr_db=[5, 30])
    assert torch.equal(features_of(audio, recipe), features_of(audio, recipe))


@pytest.mark.parametrize("augmentation", [{"gain_db": [-6, 6]}, {"noise_snr_db": [5, 30]}])
def test_an_archive_has_no_waveforms_and_says_so_before_any_work(make_recipe, archive_path: Path, augmentation):
    recipe = make_recipe(augmentation=augmentation)
    with pytest.raises(RecipeError, match=r"is an archive of log-mels\. Leave them out .* or use a data set of audio"):
        prepare(recipe, device=CPU)


def test_audio_has_no_log_mels_to_warp(make_recipe, audio: Dataset):
    with pytest.raises(RecipeError, match="is no archive of them"):
        require_augmentation(audio, make_recipe().augmentation)
    require_augmentation(audio, make_recipe(augmentation={"gain_db": [-6, 6], "time_mask_fraction": 0.3}).augmentation)


def test_evaluation_batches_are_as_large_as_memory_allows():
    sizes = {
        ("power_spectrogram_a", 3.0): 32,
        ("archive_log_mel", 3.0): 128,
        ("archive_log_mel", 10.0): 128,
        ("mel_b", 5.0): 54,
        ("waveform", 3.0): 33,
        ("waveform", 300.0): 1,
    }
    assert {key: evaluation_batch_size(FEATURES[key[0]], key[1]) for key in sizes} == sizes


def test_a_track_shorter_than_the_window_is_repeated_and_the_end_of_a_longer_one_is_held(tmp_path: Path):
    rng = np.random.default_rng(0)
    for k, n in enumerate((1000, 7000)):
        (tmp_path / "jazz").mkdir(exist_ok=True)
        soundfile.write(tmp_path / "jazz" / f"{k}.wav", 0.1 * rng.standard_normal(n), 22_050)
    source = WaveformSource(load_dataset("folder", tmp_path), FEATURES["waveform"], CPU, span_s=30.0)
    whole = [source.cut(torch.tensor([k]), torch.tensor([0]), int(source.n_steps[k]))[0] for k in (0, 1)]
    cut = source.cut(torch.tensor([0, 1]), torch.tensor([0, 4500]), 3000)
    assert torch.equal(cut[0], whole[0].repeat(3))
    assert torch.equal(cut[1], torch.cat([whole[1][4500:], whole[1][-1:].expand(500)]))


def test_predictions_do_not_depend_on_the_size_of_evaluation_batches(audio):
    network = create_model(ModelSpec("se_cnn", 2, 513, 130)).eval()
    source = WaveformSource(audio, FEATURES["power_spectrogram_a"], CPU, span_s=30.0)
    table = part_table(
        audio, make_split(audio, "all", valid_fraction=0), "train", Excerpts(window_s=3.0, hop_s=1.0), source
    )
    with torch.no_grad():
        large, small = (
            torch.cat([network(batch.features) for batch in EvaluationBatches(source, table, 66_150, size)])
            for size in (128, 3)
        )
    assert len(large) == 16
    torch.testing.assert_close(large, small, rtol=1e-5, atol=1e-5)


def test_a_file_that_no_part_names_is_not_opened_and_one_that_is_named_is_told(tmp_path: Path, make_recipe):
    rng = np.random.default_rng(0)
    for genre in ("jazz", "metal"):
        (tmp_path / "music" / genre).mkdir(parents=True)
        for k in range(4):
            y = 0.1 * rng.standard_normal(22_050 * (4 + k))
            soundfile.write(tmp_path / "music" / genre / f"{k}.wav", y, 22_050)
    recipe = make_recipe(
        data={"dataset": "folder", "root": str(tmp_path / "music")},
        split={"name": "all", "validation": "none"},
        features="waveform",
        augmentation={},
        optimisation={"learning_rate": 0.01, "max_epochs": 1, "keep": "last"},
    )
    whole = prepare(recipe, device=CPU)
    split = whole.split.to_dict()
    split["parts"]["train"].remove("jazz/2.wav")
    del split["hash"]
    (tmp_path / "split.json").write_text(json.dumps(split))
    (tmp_path / "music" / "jazz" / "2.wav").write_bytes(b"no audio at all")
    other = SplitChoice(file=tmp_path / "split.json")
    few = prepare(recipe.model_copy(update={"split": other}), device=CPU)
    kept = [row for row, track in enumerate(whole.dataset.tracks) if track.track_id != "jazz/2.wav"]
    assert few.source.n_steps[kept].tolist() == whole.source.n_steps[kept].tolist()
    assert few.source.n_steps[2] == 0
    rows, starts = torch.tensor(kept), torch.tensor([0, 1000, 22_050 * 2, 5, 6, 7, 8])
    assert torch.equal(few.source.cut(rows, starts, 22_050 * 3), whole.source.cut(rows, starts, 22_050 * 3))
    # What holds too few tracks is not taken for a split that names more.
    with pytest.raises(AudioError, match=r"2\.wav.* The split names it as 'jazz/2\.wav': mend the file"):
        prepare(recipe, device=CPU, held=few)

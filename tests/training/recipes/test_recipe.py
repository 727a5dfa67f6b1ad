from __future__ import annotations

import pytest
import yaml

from genrekit.errors import RecipeError
from genrekit.training.recipes.groups import Excerpts
from genrekit.training.recipes.recipe import load_recipe, parse_recipe


def test_yaml_round_trip_keeps_the_hash(make_recipe, tmp_path):
    recipe = make_recipe()
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe.to_yaml())
    assert load_recipe(path) == recipe
    assert load_recipe(path).hash == recipe.hash


def test_what_is_said_at_its_default_changes_no_hash(make_recipe):
    values = make_recipe().model_dump(mode="json")
    assert parse_recipe(values, source="all fields said").hash == make_recipe().hash
    values["optimisation"]["label_smoothing"] = 0.1
    assert parse_recipe(values, source="one changed").hash != make_recipe().hash


def test_hash_ignores_place_fold_and_seed_only(make_recipe):
    recipe = make_recipe()
    assert make_recipe(seed=5).hash == recipe.hash
    assert make_recipe(data={"dataset": "archive", "root": "/elsewhere"}).hash == recipe.hash
    assert make_recipe(split={"name": "random_folds", "valid_fraction": 0.25, "fold": 3}).hash == recipe.hash
    assert make_recipe(model={"name": "res_cnn", "options": {"width": 3}}).hash != recipe.hash


def test_misspelt_key_names_the_nearest(tmp_path, make_recipe):
    values = yaml.safe_load(make_recipe().to_yaml())
    values["optimisation"]["lerning_rate"] = 1.0
    with pytest.raises(RecipeError, match=r"unknown key 'optimisation.lerning_rate' \(did you mean 'learning_rate'"):
        parse_recipe(values, source="r.yaml")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimisation.learning_rate=-1", "greater than 0"),
        ("features=archive_log_mell", "did you mean 'archive_log_mel'"),
        ("features=power_spectrogram_a", "features in dB"),
        ("split.validation=none", "without a validation part"),
        ("seed=4294967296", "less than or equal to 4294967295"),
        ("split={file: s.json, valid_fraction: 0.2}", "leave validation and valid_fraction out"),
        ("split={file: s.json, validation: test}", "leave validation and valid_fraction out"),
        ("split.valid_fraction=0.6", r"split\.valid_fraction: .* less than or equal to 0\.5 \(given: 0\.6\)"),
        ("nonsense", "expected key=value"),
        ("augmentation={share: 0.5, share: 0.25}", "'share' is here a second time"),
        ("excerpts.window_s=40", "longer than span_s"),
        ("name.sub=1", "is a value, not a group"),
        ("excerpts.crop_s=40", r"excerpts\.crop_s is 40\.0; it is the length of random excerpts, at most window_s"),
        ("augmentation.repeated_start_min_s=3", "not shorter than an excerpt, 3 s, so that nothing would be repeated"),
        ("augmentation.narrow_band_low_bins=[30, 10]", "expected .least, greatest."),
        ("augmentation.narrow_band_low_bins=[10, 80]", "reach up to 80 and narrow_band_high_bins begin at 72"),
        ("augmentation.narrow_band_low_bins=[-9, 10]", "greater than or equal to 0"),
        (
            "augmentation={narrow_band_probability: 0.5, narrow_band_high_bins: [128, 140]}",
            "narrow_band_high_bins begin at 128; 'archive_log_mel' has 128 bins",
        ),
        ("augmentation.plain_last_epochs=4", "plain_last_epochs needs a known last epoch"),
        ("augmentation.plain_last_epochs=-1", "greater than or equal to 0"),
    ],
)
def test_bad_overrides(make_recipe, tmp_path, override, message):
    path = tmp_path / "r.yaml"
    path.write_text(make_recipe().to_yaml())
    with pytest.raises(RecipeError, match=message):
        load_recipe(path, [override])


def test_overrides_change_values(make_recipe, tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(make_recipe().to_yaml())
    recipe = load_recipe(path, ["seed=7", "split.fold=2", "optimisation.keep=last", "negatives={share: 0.2}"])
    assert (recipe.seed, recipe.split.fold, recipe.optimisation.keep) == (7, 2, "last")
    assert recipe.negatives is not None and recipe.negatives.share == 0.2


def test_files_that_are_no_recipe(tmp_path):
    with pytest.raises(RecipeError, match="Cannot read the recipe"):
        load_recipe(tmp_path / "missing.yaml")
    path = tmp_path / "list.yaml"
    path.write_text("- 1\n")
    with pytest.raises(RecipeError, match="mapping"):
        load_recipe(path)
    path.write_text("a: [1\n")
    with pytest.raises(RecipeError, match="not YAML"):
        load_recipe(path)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("augmentation.gain_db=[6, -6]", r"augmentation.gain_db: expected \[least, greatest\]"),
        ("augmentation.noise_snr_db=[30, 5]", r"augmentation.noise_snr_db: expected \[least, greatest\]"),
        ("augmentation.noise_snr_db=10", "augmentation.noise_snr_db"),
        ("augmentation.noise_snr=[5, 30]", "did you mean 'noise_snr_db'"),
        ("augmentation.gain_probability=1.5", "less than or equal to 1"),
        ("features=waveform", "frequency_mask_bins needs a spectrogram|features in dB"),
    ],
)
def test_bad_waveform_augmentation(make_recipe, tmp_path, override, message):
    path = tmp_path / "r.yaml"
    path.write_text(make_recipe().to_yaml())
    with pytest.raises(RecipeError, match=message):
        load_recipe(path, [override])


@pytest.mark.parametrize("stops", [{"early_stopping_epochs": 2, "keep": "last"}, {"keep": "best"}])
def test_what_goes_by_the_number_of_epochs_needs_a_known_last_one(make_recipe, stops):
    optimisation = {"learning_rate": 0.01, "max_epochs": 3, **stops}
    with pytest.raises(RecipeError, match="plain_last_epochs needs a known last epoch"):
        make_recipe(augmentation={"mixup_alpha": 0.4, "plain_last_epochs": 1}, optimisation=optimisation)
    with pytest.raises(RecipeError, match="trimmed_share needs a known last epoch"):
        make_recipe(optimisation={**optimisation, "trimmed_share": 0.1})


def test_what_would_do_nothing_or_not_what_it_says_is_refused(make_recipe):
    optimisation = {"learning_rate": 0.01, "max_epochs": 3, "keep": "last"}
    with pytest.raises(RecipeError, match=r"trimmed_share is 0\.04, less than half an excerpt of a batch of 8"):
        make_recipe(optimisation={**optimisation, "batch_size": 8, "trimmed_share": 0.04})
    with pytest.raises(RecipeError, match="plain_last_epochs is 4, more than max_epochs, 3"):
        make_recipe(augmentation={"plain_last_epochs": 4}, optimisation=optimisation)
    with pytest.raises(RecipeError, match="artist_balance weighs tracks, which mixup and cutmix mix"):
        make_recipe(augmentation={"mixup_alpha": 0.4}, optimisation={**optimisation, "artist_balance": 0.5})
    with pytest.raises(RecipeError, match="mixup_alpha and cutmix_alpha are both above 0"):
        make_recipe(augmentation={"mixup_alpha": 0.4, "cutmix_alpha": 1.0}, optimisation=optimisation)


def test_masks_fit_their_features(make_recipe):
    with pytest.raises(RecipeError, match="needs a spectrogram; 'waveform' has no frequencies"):
        make_recipe(features="waveform", augmentation={"frequency_mask_bins": 8})
    with pytest.raises(RecipeError, match="needs a time axis; 'handcrafted' has none"):
        make_recipe(features="handcrafted", augmentation={"time_mask_fraction": 0.1})
    assert make_recipe(features="waveform", augmentation={"time_mask_fraction": 0.1})


def test_random_places_of_a_grid_are_refused(make_recipe, tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(make_recipe().to_yaml())
    with pytest.raises(RecipeError, match=r"crops_per_track is 2, .* set excerpts\.train=random"):
        load_recipe(path, ["excerpts.train=grid", "excerpts.crops_per_track=2"])


def test_a_recipe_shows_what_is_not_at_its_default(make_recipe):
    shown = repr(make_recipe(seed=3))
    assert "seed=3" in shown and "learning_rate=" in shown
    assert "max_stretch=0.1" in shown and "gain_probability" not in shown and "ensemble" not in shown
    assert repr(Excerpts(window_s=3.0, hop_s=1.5)) == "Excerpts(window_s=3.0, hop_s=1.5)"


def test_overrides_are_several_texts():
    with pytest.raises(RecipeError, match=r"a list of texts, \['seed=1'\]; a single text"):
        load_recipe("a_se_cnn", "seed=1")

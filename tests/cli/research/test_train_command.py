from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

pytest.importorskip("torch")
from genrekit.cli.main import main

RECIPE = """
name: tiny
data: {dataset: folder}
split: {name: random_folds, valid_fraction: 0.25}
excerpts: {window_s: 3.0, hop_s: 3.0}
features: archive_log_mel
model: {name: res_cnn, options: {width: 2}}
optimisation: {learning_rate: 0.01, batch_size: 8, max_epochs: 2}
"""


@pytest.fixture(scope="module")
def music(tmp_path_factory) -> Path:
    """Own folders of real audio files: noise in two colours."""
    import numpy as np
    import soundfile

    root = tmp_path_factory.mktemp("music")
    rng = np.random.default_rng(0)
    for genre, smooth in (("dark", 30), ("bright", 1)):
        (root / genre).mkdir()
        for k in range(10):
            y = np.convolve(rng.standard_normal(22_050 * 4), np.ones(smooth) / smooth, "same")
            soundfile.write(root / genre / f"{k}.flac", 0.1 * y / y.std(), 22_050)
    return root


@pytest.fixture
def recipe(tmp_path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(RECIPE)
    return path


def test_from_folders_of_audio_to_a_report_and_a_classified_file(music, recipe, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # So many that the statistics of batch normalisation have settled, on whatever processor.
    assert (
        main(["train", str(recipe), "--data", str(music), "--threads", "1", "--set", "optimisation.max_epochs=30"]) == 0
    )
    out, err = capsys.readouterr()
    run = Path(out.strip())
    assert (run / "run.json").is_file()
    assert "Split proved under P2" in err
    assert "20 of all 20 tracks have no known artist, and may share one unseen." in " ".join(err.split())
    assert sum(" epoch " in line for line in err.splitlines()) == 30
    assert main(["evaluate", str(run)]) == 0
    assert (run / "report.html").is_file()
    assert main(["export", str(run), "--output", "own.onnx"]) == 0
    capsys.readouterr()
    assert main(["classify", str(music / "dark" / "0.flac"), "--model", "own.onnx", "--format", "json"]) == 0
    assert '"genre": "dark"' in capsys.readouterr().out


def test_the_same_command_again_says_that_it_is_done(music, recipe, tmp_path, capsys):
    arguments = ["train", str(recipe), "--data", str(music), "--runs", str(tmp_path / "runs"), "--threads", "1"]
    assert main(arguments) == 0
    run = capsys.readouterr().out.strip()
    assert main(arguments) == 0
    assert "is done" in capsys.readouterr().err
    assert main(["train", "--resume", run]) == 0
    out, err = capsys.readouterr()
    assert out.strip() == run and "is done" in err


def test_data_on_the_command_line_take_the_place_of_the_recipes_and_a_variable_does_not(
    music, recipe, tmp_path, capsys, monkeypatch
):
    recipe.write_text(RECIPE.replace("{dataset: folder}", f"{{dataset: folder, root: {tmp_path / 'gone'}}}"))
    arguments = ["train", str(recipe), "--runs", str(tmp_path / "runs"), "--threads", "1"]
    monkeypatch.setenv("GENREKIT_DATA", str(music))
    assert main(arguments) == 2
    assert "gone" in capsys.readouterr().err.replace("\n", "")
    assert main([*arguments, "--data", str(music)]) == 0
    run = Path(capsys.readouterr().out.strip())
    # The data moved, and the run was stopped before.
    (run / "run.json").unlink()
    (run / "recipe.yaml").write_text((run / "recipe.yaml").read_text().replace(str(music), str(tmp_path / "gone")))
    assert main(["train", "--resume", str(run), "--data", str(music)]) == 0
    assert capsys.readouterr().out.strip() == str(run)


def test_the_same_recipe_on_other_data_is_not_called_done(music, recipe, tmp_path, capsys):
    arguments = ["train", str(recipe), "--runs", str(tmp_path / "runs"), "--threads", "1", "--data"]
    assert main([*arguments, str(music)]) == 0
    other = tmp_path / "music"
    shutil.copytree(music, other)
    (other / "dark" / "9.flac").rename(other / "dark" / "nine.flac")
    capsys.readouterr()
    assert main([*arguments, str(other)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "holds a run of another split" in err and "is done" not in err


def test_a_run_whose_recipe_was_changed_does_not_go_on(music, recipe, tmp_path, capsys):
    assert main(["train", str(recipe), "--data", str(music), "--runs", str(tmp_path / "runs"), "--threads", "1"]) == 0
    run = Path(capsys.readouterr().out.strip())
    (run / "run.json").unlink()
    kept = run / "recipe.yaml"
    kept.write_text(kept.read_text().replace("max_epochs: 2", "max_epochs: 3"))
    assert main(["train", "--resume", str(run), "--data", str(music)]) == 1
    assert "was renamed, or its recipe.yaml was changed" in capsys.readouterr().err


def test_a_finished_run_whose_recipe_was_changed_is_not_called_done(music, recipe, tmp_path, capsys):
    assert main(["train", str(recipe), "--data", str(music), "--runs", str(tmp_path / "runs"), "--threads", "1"]) == 0
    run = Path(capsys.readouterr().out.strip())
    assert main(["train", "--resume", str(run)]) == 0
    assert "is done" in capsys.readouterr().err
    kept = run / "recipe.yaml"
    kept.write_text(kept.read_text().replace("max_epochs: 2", "max_epochs: 3"))
    assert main(["train", "--resume", str(run)]) == 1
    err = capsys.readouterr().err
    assert "was trained by another recipe" in err and "is done" not in err


def test_a_finished_run_under_another_name_is_not_taken_for_it(music, recipe, tmp_path, capsys):
    arguments = ["train", str(recipe), "--data", str(music), "--runs", str(tmp_path / "runs"), "--threads", "1"]
    assert main(arguments) == 0
    run = Path(capsys.readouterr().out.strip())
    run.rename(run.with_name(run.name.replace("seed0", "seed1")))
    assert main([*arguments, "--set", "seed=1"]) == 1
    err = capsys.readouterr().err
    assert "seed 0; expected" in err and "seed 1. Move it away" in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lerning_rate: 1", "unknown key 'lerning_rate'"),
        ("model: {name: res_cn}", "did you mean 'res_cnn'"),
        ("model: {name: res_cnn, options: {widht: 4}}", "did you mean 'width'"),
    ],
)
def test_a_misspelt_recipe_is_one_line_and_wrong_usage(music, recipe, tmp_path, capsys, text, message):
    lines = [line for line in RECIPE.splitlines() if not line.startswith(text.split(":")[0])]
    recipe.write_text("\n".join([*lines, text]))
    assert main(["train", str(recipe), "--data", str(music), "--runs", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert message in err.replace("\n", " ")
    assert "Traceback" not in err


def test_a_genre_folder_with_one_file_is_refused_before_training(recipe, tmp_path, capsys):
    import numpy as np
    import soundfile

    for genre, count in (("a", 12), ("b", 1)):
        (tmp_path / "music" / genre).mkdir(parents=True)
        for k in range(count):
            soundfile.write(tmp_path / "music" / genre / f"{k}.wav", np.ones(22_050) * 0.1, 22_050)
    assert main(["train", str(recipe), "--data", str(tmp_path / "music"), "--runs", str(tmp_path / "runs")]) == 1
    assert "the smallest genre has 1" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "arguments",
    [[], ["r.yaml", "--resume", "run"], ["--resume", "run", "--set", "seed=1"], ["--threads", "0", "r.yaml"]],
)
def test_wrong_usage_is_exit_2(arguments, capsys):
    assert main(["train", *arguments]) == 2
    assert capsys.readouterr().err


def test_a_place_that_takes_no_runs_is_told_before_data_are_read(recipe, tmp_path, capsys):
    assert main(["train", str(recipe), "--data", str(tmp_path / "none"), "--runs", str(recipe / "runs")]) == 2
    told = capsys.readouterr().err
    assert f"cannot keep runs in {recipe / 'runs'}: {recipe} is no folder; give another --runs" in told


def test_data_that_are_not_there(recipe, tmp_path, capsys):
    assert main(["train", str(recipe), "--data", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert main(["train", "--resume", str(tmp_path)]) == 2
    assert "not a run folder" in capsys.readouterr().err.replace("\n", " ")


def test_ctrl_c_ends_training_with_130_says_how_to_go_on_and_leaves_ctrl_c_alone(
    music, recipe, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGINT)

    def press(callback, trainer, *_):
        if trainer.current_epoch == 1:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("genrekit.training.callbacks.EpochLines.on_train_epoch_start", press)
    assert main(["train", str(recipe), "--data", str(music), "--threads", "1"]) == 130
    assert "The same command goes on from there" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert main(["train", str(recipe), "--data", str(music), "--threads", "1"]) == 0
    assert "epoch 1/" not in capsys.readouterr().err, "the first epoch is not trained again"

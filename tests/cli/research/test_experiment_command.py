from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
import yaml

pytest.importorskip("torch")
import torch
from training.conftest import write_archive
from waiting import wait_until


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    return write_archive(tmp_path_factory.mktemp("matrix") / "small.npz")


@pytest.fixture
def recipes(tmp_path) -> list[Path]:
    paths = []
    for width in (2, 3):
        values = {
            "name": f"width{width}",
            "data": {"dataset": "archive"},
            "split": {"name": "artist_disjoint", "valid_fraction": 0.25},
            "excerpts": {"window_s": 3.0, "hop_s": 6.0},
            "features": "archive_log_mel",
            "model": {"name": "res_cnn", "options": {"width": width}},
            "optimisation": {"learning_rate": 0.01, "batch_size": 16, "max_epochs": 2},
        }
        paths.append(tmp_path / f"width{width}.yaml")
        paths[-1].write_text(yaml.safe_dump(values))
    return paths


@pytest.mark.slow
def test_a_matrix_on_two_processes_gives_the_bits_of_single_runs(genrekit_cli, recipes, archive, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    common = ("--data", archive)
    # One run of the matrix exists already, made by `genrekit train`.
    first = genrekit_cli("train", recipes[0], *common, "--runs", "matrix", "--threads", 1)
    assert first.code == 0
    untouched = Path(first.out.strip(), "weights.safetensors").stat().st_mtime_ns
    matrix = (
        "experiment", *recipes, *common, "--runs", "matrix", "--folds", "0-1", "--seeds", 2, "--jobs", 2,
        "--threads-per-job", 1,
    )  # fmt: skip
    done = genrekit_cli(*matrix)
    folders = [Path(line) for line in done.out.splitlines()]
    assert done.code == 0 and len(folders) == 8
    assert Path(first.out.strip(), "weights.safetensors").stat().st_mtime_ns == untouched
    lines = done.err.splitlines()
    assert len(lines) == 8 and sum("done before" in line for line in lines) == 1
    assert all("of excerpts" in line and "of tracks" in line and "test" not in line for line in lines)
    assert not list(Path("matrix").glob("*/readings.jsonl"))
    for recipe, name in zip(recipes, ("width2", "width3"), strict=True):
        for fold in (0, 1):
            for seed in (0, 1):
                single = genrekit_cli(
                    "train", recipe, *common, "--runs", "single", "--threads", 1,
                    "--set", f"split.fold={fold}", "--set", f"seed={seed}",
                )  # fmt: skip
                one = Path(single.out.strip())
                assert one.name.startswith(name) and one.name.endswith(f"fold{fold}-seed{seed}")
                assert (one / "weights.safetensors").read_bytes() == (
                    Path("matrix", one.name, "weights.safetensors").read_bytes()
                )
    again = genrekit_cli(*matrix)
    assert again.out == done.out and again.err.count("done before") == 8
    status = genrekit_cli("experiment", "--status", "matrix")
    assert status.code == 0 and "8 runs: 8 done" in status.out
    card = genrekit_cli("evaluate", *[folder for folder in folders if folder.name.startswith("width2")], "-o", "card")
    assert card.code == 0 and "4 runs" in card.out


def test_data_on_the_command_line_take_the_place_of_the_recipes(genrekit_cli, recipes, archive, tmp_path):
    values = yaml.safe_load(recipes[0].read_text())
    values["data"]["root"] = str(tmp_path / "gone.npz")
    recipes[0].write_text(yaml.safe_dump(values))
    arguments = ("experiment", recipes[0], "--runs", tmp_path / "runs", "--folds", "0", "--threads-per-job", 1)
    assert "gone.npz" in genrekit_cli(*arguments).err
    assert genrekit_cli(*arguments, "--data", archive).code == 0


def test_the_status_of_contaminated_runs_says_so(genrekit_cli, recipes, archive, tmp_path):
    from genrekit.experiments.plan import make_plan
    from genrekit.experiments.state import Experiment
    from genrekit.training.recipes.recipe import load_recipe

    for path, split in zip(recipes, ("b_folds", "b_grouped"), strict=True):
        recipe = load_recipe(path, [f"split.name={split}"])
        Experiment(tmp_path / "runs").add(make_plan([recipe], tmp_path / "runs", folds=(0,)))
    _, mixed, grouped = genrekit_cli("experiment", "--status", tmp_path / "runs").out.splitlines()[:3]
    assert mixed.startswith("CONTAMINATED: width2 ") and grouped.startswith("width3 ")


def test_a_failing_run_is_named_and_exit_1_after_the_others(genrekit_cli, recipes, archive, tmp_path):
    from genrekit.experiments.plan import make_plan
    from genrekit.training.recipes.recipe import load_recipe

    plan = make_plan([load_recipe(recipes[0])], tmp_path / "runs", folds=(0, 1))
    blocked = plan.runs[0].run.folder
    blocked.parent.mkdir()
    blocked.write_text("in the way")
    result = genrekit_cli(
        "experiment", recipes[0], "--data", archive, "--runs", tmp_path / "runs", "--folds", "0,1", "--jobs", 1,
        "--threads-per-job", 1,
    )  # fmt: skip
    assert result.code == 1
    assert result.out.split() == [str(plan.runs[1].run.folder)]
    assert f"genrekit: error: {blocked.name}: Cannot make the run folder" in result.err
    assert "1 of 2 runs failed" in result.err and "Traceback" not in result.err
    assert "1 done, 1 failed" in genrekit_cli("experiment", "--status", tmp_path / "runs").out.replace(
        "1 failed, 1 done", "1 done, 1 failed"
    )


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--folds", "0-x"], 2, "'0-x' is not a list of whole numbers"),
        (["--seeds", "0"], 2, "0 seeds would train nothing"),
        (["--jobs", "0"], 2, "jobs"),
        (["--executor", "slurm"], 2, "slurm"),
        (["--ray-address", "a:1"], 2, "--executor ray"),
        (["--folds", "0,7"], 2, "has the folds 0 to 2; fold 7 was asked for"),
        (["--set", "features=mel_b"], 2, "3 of 3 planned runs cannot be trained, so nothing was started"),
        (["--set", "model.name=res_cn"], 2, "did you mean 'res_cnn'"),
        (["--runs", "/proc/runs"], 2, "cannot keep runs in /proc/runs"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_any_work(
    genrekit_cli, recipes, archive, tmp_path, options, code, message
):
    result = genrekit_cli("experiment", recipes[0], "--data", archive, "--runs", tmp_path / "runs", *options)
    assert result.code == code
    assert message in " ".join(result.err.replace("│", " ").split())
    assert not list(tmp_path.glob("runs/*fold*")) and "Traceback" not in result.err


def test_neither_recipes_nor_status_and_a_folder_without_experiment(genrekit_cli, tmp_path):
    assert genrekit_cli("experiment").code == 2
    assert genrekit_cli("experiment", "r.yaml", "--status", tmp_path).code == 2
    nothing = genrekit_cli("experiment", "--status", tmp_path)
    assert nothing.code == 2 and "holds no experiment" in nothing.err


@pytest.mark.slow
def test_ctrl_c_is_exit_130_and_says_how_to_go_on(genrekit_program, recipes, archive, tmp_path):
    command = [
        *genrekit_program, "experiment", recipes[0], "--data", archive, "--runs", tmp_path / "runs", "--jobs", "1",
        "--threads-per-job", "1", "--folds", "0", "--set", "optimisation.max_epochs=500",
    ]  # fmt: skip
    # A group of its own, as a terminal makes one: Ctrl-C goes to the workers too.
    process = subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_until(
        lambda: list(tmp_path.glob("runs/*/checkpoints/last.ckpt")),
        what="the first checkpoint is there",
        seconds=300,
        process=process,
    )
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "The same command goes on from there" in err and "Traceback" not in err and out == ""
    events = [json.loads(line)["event"] for line in (tmp_path / "runs" / "journal.jsonl").read_text().splitlines()]
    assert events == ["started", "interrupted"]
    assert not list(tmp_path.glob("runs/logs/*"))

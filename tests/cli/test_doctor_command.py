from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_model import tiny_card, write_tiny_model

from genrekit.audio.formats import check_formats
from genrekit.cli import doctor_command
from genrekit.errors import INSTALL_AGAIN
from genrekit.inference import bundled


def test_says_all_and_is_0_where_classifying_works(genrekit_cli: Callable, tiny_model_path: Path) -> None:
    finished = genrekit_cli("doctor", "--model", tiny_model_path)
    assert finished.code == 0
    assert finished.err == ""
    lines = {line[:12].strip(): line[12:] for line in finished.out.splitlines()}
    assert "onnxruntime" in lines["core"]
    assert "libsndfile 1." in lines["core"]
    assert "FFmpeg" in lines["core"]
    assert {"wav", "flac", "mp3", "m4a"} <= set(lines["decodes"].split(", "))
    assert lines["genres"] == "bass, mid, treble"
    assert lines["model"].startswith("tiny (tiny.onnx, ")
    assert lines["trained on"] == "none"
    assert lines["evaluation"] == "accuracy 50.0 % on songs by artists that it may have heard (P2)"
    assert lines["verdict"] == "genrekit classify works"


def test_tells_a_model_card_in_words(genrekit_cli: Callable) -> None:
    told = genrekit_cli("doctor").out
    assert "windows of 10 s every 10 s (every 5 s in recordings of up to 60 s) at 22050 Hz" in told
    assert "accuracy 73.0 % (95 % interval 68.0 to 77.8) on songs by artists that it has not heard (P4)\n" in told
    assert "calibration error 4.0 %\n" in told
    assert "calibration error 3.9 % on songs that the calibration was not fitted on\n" in told
    assert "_" not in told.partition("\nmodel ")[2].partition("\ntrained on")[2].replace("gtzan_archive", "")


def test_tells_the_scores_of_an_exported_run(genrekit_cli: Callable, tmp_path: Path) -> None:
    interval = {"low": 0.7, "high": 0.9, "level": 0.95}
    views = [
        {"name": "excerpt-wise", "accuracy": 0.7, "intervals": {}},
        {"name": "file-wise, mean", "accuracy": 0.8, "intervals": {"accuracy": interval}},
    ]
    scores = {"protocol": "P4", "fusion": "mean", "views": views, "calibration": {"expected_calibration_error": 0.05}}
    trained_on = {"dataset": "gtzan", "hash": "abc", "contaminated": True}
    model = write_tiny_model(tmp_path / "run.onnx", tiny_card(evaluation=scores, trained_on=trained_on))
    told = genrekit_cli("doctor", "--model", model).out
    assert "accuracy 80.0 % (95 % interval 70.0 to 90.0) on songs by artists that it has not heard (P4)\n" in told
    assert "calibration error 5.0 %\n" in told
    assert "trained on  gtzan, CONTAMINATED" in told


def test_tells_that_no_artist_is_known_of_the_songs_of_a_run(genrekit_cli: Callable, tmp_path: Path) -> None:
    views = [{"name": "file-wise, mean", "accuracy": 0.8, "intervals": {}}]
    scores = {"protocol": "P4", "fusion": "mean", "views": views, "n_artists": 0}
    model = write_tiny_model(tmp_path / "run.onnx", tiny_card(evaluation=scores))
    told = genrekit_cli("doctor", "--model", model).out
    assert "accuracy 80.0 % on songs of which no artist is known, so that it may have heard them (P4)\n" in told


def test_is_1_where_the_model_does_not_work(genrekit_cli: Callable, tmp_path: Path) -> None:
    finished = genrekit_cli("doctor", "--model", tmp_path / "x.onnx")
    assert finished.code == 1
    assert "no such model file" in finished.out
    assert "does not work" in finished.err
    assert "verdict" not in finished.out


def test_what_is_missing_of_the_core_is_installed_again_by_a_whole_command(
    genrekit_cli: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_command, "CORE", ("numpy", "no_such_package"))
    finished = genrekit_cli("doctor")
    assert finished.code == 1
    assert "no_such_package missing: install genrekit again" in finished.err
    assert finished.err.endswith("pip install --force-reinstall WHEEL_OR_FOLDER\n")


def test_a_bundled_model_that_is_missing_is_installed_again_by_a_whole_command(
    genrekit_cli: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "bundled_models", dict)
    assert f"the bundled model is missing here: {INSTALL_AGAIN}\n" in genrekit_cli("doctor").out


def test_names_a_missing_extra_with_the_line_that_installs_it(tiny_model_path: Path) -> None:
    script = (
        "import sys; sys.modules.update(torch=None, lightning=None)\n"
        "from genrekit.cli.main import main\n"
        f"sys.exit(main(['doctor', '--model', {str(tiny_model_path)!r}]))"
    )
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    # Where more of the extra is missing, it stands between.
    assert re.search(
        r"missing torch, lightning[^:]*: pip install 'genrekit\[train\]' \(in a clone: pip install '\.\[train\]'\)",
        finished.stdout,
    )
    assert "train on" not in finished.stdout


def test_formats_are_decoded_not_only_listed() -> None:
    states = {check.name: check for check in check_formats()}
    for name in (
        "wav",
        "au",
        "aiff",
        "flac",
        "mp3",
        "ogg",
        "opus",
        "m4a",
        "aac",
        "alac",
        "wma",
        "webm",
        "mka",
        "wavpack",
    ):
        assert states[name].state == "decodes", states[name]
    assert states["ape"].state == "listed"


def test_a_format_that_comes_back_wrong_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    import genrekit.audio

    load_audio = genrekit.audio.load_audio
    monkeypatch.setattr(genrekit.audio, "load_audio", lambda source, *, sr: 0.1 * load_audio(source, sr=sr))
    assert {check.state for check in check_formats()} == {"fails", "listed"}

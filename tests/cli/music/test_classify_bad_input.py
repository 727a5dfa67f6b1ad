"""What cannot be classified, or only in part, each beside a good file, which is done all the same."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from genrekit.audio.file_processes import MANY_FILES


def _rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def _empty_folder(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def _empty_file(folder: Path) -> Path:
    (folder / "empty.wav").touch()
    return folder / "empty.wav"


def _header_only(folder: Path) -> Path:
    soundfile.write(folder / "header.wav", np.zeros(0, np.float32), 22050, subtype="PCM_16")
    assert (folder / "header.wav").stat().st_size == 44
    return folder / "header.wav"


def _text(folder: Path) -> Path:
    (folder / "notes.mp3").write_text("This is no music. " * 500)
    return folder / "notes.mp3"


def _broken_link(folder: Path) -> Path:
    (folder / "link.wav").symlink_to(folder / "gone.wav")
    return folder / "link.wav"


def _link_to_itself(folder: Path) -> Path:
    (folder / "self.wav").symlink_to(folder / "self.wav")
    return folder / "self.wav"


def _missing(folder: Path) -> Path:
    return folder / "missing.wav"


def _too_long(folder: Path) -> Path:
    return folder / ("long" * 100)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_missing, "no such file"),
        (_too_long, "too long"),
        (_empty_folder, "without any audio file"),
        (_empty_file, "empty"),
        (_header_only, "not one sample"),
        (_text, "notes.mp3"),
        (_broken_link, "broken link"),
        (_link_to_itself, "link"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_what_cannot_be_classified_is_named_and_the_rest_done(
    make: Callable[[Path], Path], said: str, classify: Callable, good: Path, tmp_path: Path
) -> None:
    bad = make(tmp_path)
    finished = classify(bad, good, "--format", "json")
    assert finished.code == 1
    assert "genrekit: error: " in finished.err
    assert str(bad) in finished.err
    assert said in finished.err
    assert "Traceback" not in finished.err
    failed, done = _rows(finished.out)
    assert list(failed) == ["path", "error"]
    assert failed["path"] == str(bad)
    assert said in failed["error"]
    assert done["genre"] == "bass"


def test_a_folder_without_audio_alone_is_a_failure_not_wrong_usage(classify: Callable, tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("no audio")
    finished = classify(tmp_path, "--format", "json")
    assert finished.code == 1
    assert "without any audio file" in finished.err


def _tone(sr: int, duration_s: float = 3.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * 100 * np.arange(round(sr * duration_s)) / sr)


def _zeros(folder: Path) -> Path:
    soundfile.write(folder / "zeros.wav", np.zeros(30000), 8000)
    return folder / "zeros.wav"


def _nan(folder: Path) -> Path:
    y = _tone(8000).astype(np.float32)
    y[100:103] = np.nan
    soundfile.write(folder / "nan.wav", y, 8000, subtype="FLOAT")
    return folder / "nan.wav"


def _one_sample(folder: Path) -> Path:
    soundfile.write(folder / "one.wav", np.array([0.5]), 8000)
    return folder / "one.wav"


def _short(folder: Path) -> Path:
    soundfile.write(folder / "short.wav", _tone(8000, 0.25), 8000)
    return folder / "short.wav"


def _truncated(folder: Path, suffix: str) -> Path:
    rng = np.random.default_rng(0)
    soundfile.write(folder / f"whole.{suffix}", _tone(44100, 20) + 0.01 * rng.standard_normal(44100 * 20), 44100)
    data = (folder / f"whole.{suffix}").read_bytes()
    (folder / f"whole.{suffix}").unlink()
    (folder / f"cut.{suffix}").write_bytes(data[: len(data) // 2])
    return folder / f"cut.{suffix}"


def _truncated_flac(folder: Path) -> Path:
    return _truncated(folder, "flac")


def _truncated_mp3(folder: Path) -> Path:
    return _truncated(folder, "mp3")


@pytest.mark.parametrize(
    ("make", "genre", "said"),
    [
        (_zeros, "unknown", "silent"),
        (_nan, "bass", "NaN"),
        (_one_sample, "unknown", "short"),
        (_short, "bass", "repeated to fill"),
        (_truncated_flac, "bass", "ends early"),
        (_truncated_mp3, "bass", "ends early"),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else "",
)
def test_what_can_be_classified_in_part_says_so(
    make: Callable[[Path], Path], genre: str, said: str, classify: Callable, tmp_path: Path
) -> None:
    path = make(tmp_path)
    finished = classify(path, "--format", "json")
    assert finished.code == 0
    (row,) = _rows(finished.out)
    assert row["genre"] == genre
    assert any(said in warning for warning in row["warnings"])
    assert f"genrekit: warning: {path}: " in finished.err
    assert said in finished.err


@pytest.mark.parametrize(("sr", "channels"), [(8000, 1), (192_000, 2), (44_100, 8)])
def test_any_rate_and_number_of_channels(
    sr: int, channels: int, classify: Callable, write_tone: Callable[..., Path]
) -> None:
    path = write_tone("x.wav", sr=sr, channels=channels)
    finished = classify(path, "--format", "json")
    assert finished.code == 0
    assert finished.err == ""
    (row,) = _rows(finished.out)
    assert row["genre"] == "bass"
    assert row["duration_s"] == pytest.approx(3.0, abs=0.01)


@pytest.mark.parametrize("name", ["a\nb.wav", "🎸 \U0001f469‍\U0001f3a4.wav", "\x1b[31mred.wav", 'täglich, "x".wav'])
@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_odd_names_come_back_whole_and_move_no_terminal(
    name: str, form: str, classify: Callable, write_tone: Callable[..., Path]
) -> None:
    path = write_tone(name)
    finished = classify(path, "--format", form)
    assert finished.code == 0
    if form == "json":
        assert [row["path"] for row in _rows(finished.out)] == [str(path)]
    elif form == "csv":
        assert [row["path"] for row in csv.DictReader(io.StringIO(finished.out, newline=""))] == [str(path)]
    else:
        assert len(finished.out.splitlines()) == 2
        assert "\x1b" not in finished.out


def test_a_name_that_is_not_utf8(classify: Callable, write_tone: Callable[..., Path]) -> None:
    name = os.fsdecode(b"caf\xe9.wav")
    try:
        path = write_tone(name)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    finished = classify(path, path.with_name(os.fsdecode(b"no\xff.wav")), "--format", "json")
    assert finished.code == 1
    first, second = _rows(finished.out)
    assert os.fsencode(first["path"]) == os.fsencode(path)
    assert "no such file" in second["error"]
    row = next(csv.DictReader(io.StringIO(classify(path, "--format", "csv").out)))
    assert row["path"].endswith("caf\\udce9.wav")


def test_a_loop_of_folders_ends(classify: Callable, write_tone: Callable[..., Path], tmp_path: Path) -> None:
    write_tone("music/a.wav")
    (tmp_path / "music" / "again").symlink_to(tmp_path / "music")
    finished = classify(tmp_path / "music", "--format", "json")
    assert finished.code == 0
    assert len(_rows(finished.out)) == 1


def _give_up_reading_everything() -> None:
    """Root reads what it likes by two capabilities; without them it is refused like anybody."""
    import ctypes

    drop_capability = 24  # PR_CAPBSET_DROP
    for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
        ctypes.CDLL(None).prctl(drop_capability, capability, 0, 0, 0)


def test_a_file_that_may_not_be_read(
    genrekit_program: list[str], tiny_model_path: Path, good: Path, write_tone: Callable[..., Path]
) -> None:
    secret = write_tone("secret.wav")
    secret.chmod(0)
    limits: dict[str, Any] = {"preexec_fn": _give_up_reading_everything} if os.geteuid() == 0 else {}
    probe = subprocess.run(["cat", secret], capture_output=True, check=False, **limits)
    if probe.returncode == 0:
        pytest.skip("this user may read everything, and cannot give that up")
    command = [*genrekit_program, "classify", "--model", tiny_model_path, "--format", "json", good, secret]
    finished = subprocess.run(command, capture_output=True, text=True, check=False, **limits)
    assert finished.returncode == 1
    assert f"{secret}: permission denied" in finished.stderr
    assert [row.get("genre") for row in _rows(finished.stdout)] == ["bass", None]


@pytest.mark.parametrize(
    "verb",
    [
        ("classify",),
        ("tag", "--write"),
        ("picture", "--output", "pictures"),
        ("picture", "--output"),
        ("evaluate", "--output"),
        ("analyse", "confusion", "-o"),
        ("split", "make", "b_folds", "--data"),
    ],
    ids=" ".join,
)
def test_an_empty_argument_is_not_the_current_folder(
    verb: tuple[str, ...], genrekit_cli: Callable, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finished = genrekit_cli(*verb, "", good)
    assert (finished.code, finished.out) == (2, "")
    assert "an argument is empty (an unset variable of the shell, perhaps)" in finished.err
    assert list(tmp_path.iterdir()) == [good]


def test_an_empty_value_of_an_option_is_told_with_it(genrekit_cli: Callable, good: Path) -> None:
    assert ", behind --output;" in genrekit_cli("picture", good, "--output", "").err
    finished = genrekit_cli("picture", good, "--output=")
    assert finished.code == 2 and "an argument is empty" in finished.err and ": --output=;" in finished.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are a thing of POSIX")
@pytest.mark.parametrize("n_files", [1, MANY_FILES])
def test_a_pipe_that_nobody_writes_to_holds_nothing_up(
    n_files: int, genrekit_program: list[str], tiny_model_path: Path, good: Path, tmp_path: Path
) -> None:
    files = [good, *(shutil.copy(good, tmp_path / f"{k}.wav") for k in range(n_files - 1))]
    os.mkfifo(tmp_path / "pipe.mp3")
    listed = "".join(f"{path}\n" for path in (tmp_path / "pipe.mp3", *files))
    command = [*genrekit_program, "classify", "--model", tiny_model_path, "--format", "json", "-"]
    finished = subprocess.run(command, input=listed, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 1
    failed, *done = _rows(finished.stdout)
    assert "pipe.mp3: is a named pipe that nobody writes to" in failed["error"]
    assert [row["path"] for row in done] == [str(path) for path in files]


@pytest.mark.skipif(shutil.which("bash") is None, reason="<(...) is a thing of bash")
@pytest.mark.parametrize("n_files", [1, MANY_FILES])
def test_what_other_programs_write_is_heard(
    n_files: int, genrekit_program: list[str], tiny_model_path: Path, good: Path, tmp_path: Path
) -> None:
    files = [good, *(shutil.copy(good, tmp_path / f"{k}.wav") for k in range(n_files - 1))]
    words = [*genrekit_program, "classify", "--model", tiny_model_path, "--format", "json", *files]
    script = 'file="$1"; shift; "$@" <(sleep 0.5; cat "$file") /dev/stdin < <(cat "$file")'
    command = ["bash", "-c", script, "bash", *map(str, (good, *words))]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 0, finished.stderr
    assert [row["genre"] for row in _rows(finished.stdout)] == ["bass"] * (n_files + 2)

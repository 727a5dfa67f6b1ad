"""The command as people and programs use it: real files in, text and exit codes out."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from tiny_model import GENRES, tiny_card, write_tiny_model


@pytest.fixture
def classify(genrekit_cli: Callable, tiny_model_path: Path) -> Callable:
    def run(*arguments: object, **options: Any) -> Any:
        return genrekit_cli("classify", "--model", tiny_model_path, *arguments, **options)

    return run


@pytest.fixture
def good(write_tone: Callable[..., Path]) -> Path:
    return write_tone("good.wav")


def _rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# --- what it writes


def test_json_holds_what_the_contract_says(classify: Callable, good: Path) -> None:
    finished = classify(good, "--format", "json")
    assert finished.code == 0
    assert finished.err == ""
    (row,) = _rows(finished.out)
    assert list(row) == ["path", "genre", "confidence", "probabilities", "duration_s", "model"]
    assert row["path"] == str(good)
    assert row["genre"] == "bass"
    assert row["confidence"] == max(row["probabilities"].values())
    assert set(row["probabilities"]) == set(GENRES)
    assert sum(row["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert row["duration_s"] == pytest.approx(3.0, abs=0.01)
    assert row["model"] == "tiny"


def test_timeline_covers_the_file_and_names_the_change(classify: Callable, tmp_path: Path) -> None:
    t = np.arange(8000 * 10) / 8000
    y = np.concatenate([np.sin(2 * np.pi * 100 * t), np.sin(2 * np.pi * 2000 * t)])
    soundfile.write(tmp_path / "two.wav", 0.5 * y, 8000)
    (row,) = _rows(classify(tmp_path / "two.wav", "--format", "json", "--timeline").out)
    assert [segment["genre"] for segment in row["timeline"]] == ["bass", "mid"]
    first, second = row["timeline"]
    assert first["start_s"] == 0
    assert first["end_s"] == second["start_s"] == pytest.approx(10, abs=0.5)
    assert second["end_s"] == row["duration_s"] == 20.0
    assert set(first) == {"start_s", "end_s", "genre", "confidence"}


def test_csv_has_a_header_and_a_row_a_file(classify: Callable, good: Path, tmp_path: Path) -> None:
    finished = classify(good, tmp_path / "missing.wav", "--format", "csv")
    assert finished.code == 1
    first, second = csv.DictReader(io.StringIO(finished.out))
    assert list(first) == ["path", "genre", "confidence", "duration_s", "model", "error", "warnings", *GENRES]
    assert first["genre"] == "bass"
    assert first["error"] == ""
    assert sum(float(first[genre]) for genre in GENRES) == pytest.approx(1, abs=1e-6)
    assert second["path"].endswith("missing.wav")
    assert "no such file" in second["error"]
    assert second["genre"] == second["bass"] == ""


def test_table_shows_genre_confidence_next_best_and_whole_path(classify: Callable, good: Path) -> None:
    finished = classify(good)
    header, line = finished.out.splitlines()
    assert header.split() == ["genre", "confidence", "next", "best", "file"]
    assert line.startswith("bass")
    assert "100%" in line
    assert "mid 0%" in line
    assert line.endswith(str(good))


def test_top_says_how_many_genres_the_table_shows(classify: Callable, good: Path) -> None:
    assert "mid" not in classify(good, "--top", 1).out
    assert "treble" in classify(good, "--top", 3).out


def test_results_are_in_order_whatever_the_length(classify: Callable, write_tone: Callable[..., Path]) -> None:
    paths = [write_tone(f"{i:02}.wav", duration_s=30.0 if i % 5 == 0 else 1.0) for i in range(24)]
    finished = classify(*reversed(paths), "--format", "json", "--jobs", 4)
    assert [row["path"] for row in _rows(finished.out)] == [str(path) for path in reversed(paths)]


# --- what it takes


def test_a_folder_is_searched_and_what_is_no_audio_left_alone(
    classify: Callable, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    write_tone("album/b.wav")
    write_tone("album/disc 2/a.flac")
    (tmp_path / "album" / "cover.jpg").write_bytes(b"no audio")
    finished = classify(tmp_path / "album", "--format", "json")
    assert finished.code == 0
    assert [Path(row["path"]).name for row in _rows(finished.out)] == ["b.wav", "a.flac"]


@pytest.mark.parametrize("separator", [b"\n", b"\r\n", b"\0"])
def test_a_list_on_standard_input(separator: bytes, classify: Callable, write_tone: Callable[..., Path]) -> None:
    paths = [write_tone("one.wav"), write_tone("two words.wav")]
    stdin = separator.join(os.fsencode(path) for path in paths) + separator
    finished = classify("-", "--format", "json", stdin=stdin)
    assert finished.code == 0
    assert [row["path"] for row in _rows(finished.out)] == [str(path) for path in paths]


def test_a_name_with_a_newline_can_be_listed_with_nul(classify: Callable, write_tone: Callable[..., Path]) -> None:
    path = write_tone("a\nb.wav")
    finished = classify("-", "--format", "json", stdin=os.fsencode(path) + b"\0")
    assert _rows(finished.out)[0]["path"] == str(path)


def test_a_file_named_twice_is_classified_once(classify: Callable, good: Path) -> None:
    assert len(_rows(classify(good, good.parent, good, "--format", "json").out)) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["x.wav", "--format", "xml"],
        ["x.wav", "--top", "0"],
        ["x.wav", "--jobs", "0"],
        ["x.wav", "--resume"],
        ["x.wav", "--resume", "--output", "x.txt"],
        ["x.wav", "--output", "x.xlsx"],
        ["x.wav", "--no-such-option"],
        ["-"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_2_and_writes_nothing(
    arguments: list[str], classify: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finished = classify(*arguments)
    assert finished.code == 2
    assert finished.out == ""
    assert finished.err
    assert list(tmp_path.iterdir()) == []


# --- bad input: each beside a good file, which is done all the same


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


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_missing, "no such file"),
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


# --- models


@pytest.mark.parametrize("content", [None, b"", b"not a model", "folder"], ids=["missing", "empty", "text", "folder"])
def test_a_model_file_that_is_not_one(
    content: bytes | str | None, genrekit_cli: Callable, good: Path, tmp_path: Path
) -> None:
    model = tmp_path / "x.onnx"
    if content == "folder":
        model.mkdir()
    elif isinstance(content, bytes):
        model.write_bytes(content)
    finished = genrekit_cli("classify", good, "--model", model)
    assert finished.code == 1
    assert finished.out == ""
    assert finished.err.startswith(f"genrekit: error: {model}: ")
    assert finished.err.count("\n") == 1


def test_an_onnx_file_of_somebody_else(genrekit_cli: Callable, good: Path, tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "other.onnx", metadata={"author": "x"})
    finished = genrekit_cli("classify", good, "--model", model)
    assert finished.code == 1
    assert "without genrekit's metadata" in finished.err


def test_a_name_that_is_no_model(genrekit_cli: Callable, good: Path) -> None:
    finished = genrekit_cli("classify", good, "--model", "nosuch")
    assert finished.code == 1
    assert "no bundled model is named 'nosuch'" in finished.err


# --- output files


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_output_is_whole_and_its_suffix_says_the_format(
    suffix: str, classify: Callable, good: Path, tmp_path: Path
) -> None:
    output = tmp_path / f"results.{suffix}"
    finished = classify(good, "--output", output)
    assert (finished.code, finished.out) == (0, "")
    assert output.read_text(encoding="utf-8") == classify(good, "--format", suffix).out
    assert not output.with_name(f"results.{suffix}.part").exists()


def test_output_that_has_results_is_not_overwritten(classify: Callable, good: Path, tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    output.write_text("mine\n")
    finished = classify(good, "--output", output)
    assert finished.code == 2
    assert "--resume" in finished.err
    assert output.read_text() == "mine\n"


def test_a_part_of_an_earlier_run_is_not_overwritten(classify: Callable, good: Path, tmp_path: Path) -> None:
    part = tmp_path / "results.json.part"
    part.write_text('{"path": "a.wav"}\n')
    finished = classify(good, "--output", tmp_path / "results.json")
    assert finished.code == 2
    assert part.read_text() == '{"path": "a.wav"}\n'


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_resume_keeps_what_is_done_and_does_the_rest_and_what_failed(
    suffix: str, classify: Callable, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    output = tmp_path / f"results.{suffix}"
    first, second, third = (write_tone(name) for name in ("1\n.wav", "2.wav", "3.wav"))
    third_away = third.rename(tmp_path / "elsewhere.wav")
    assert classify(first, second, third, "--output", output).code == 1
    before = output.read_text(encoding="utf-8")
    assert "no such file" in before
    # What is done is not done again, even if it could not be any more.
    first.unlink()
    third_away.rename(third)
    fourth = write_tone("4.wav")
    finished = classify(first, second, third, fourth, "--output", output, "--resume")
    assert finished.code == 0
    assert "2 of 4 are done already" in finished.err
    text = output.read_text(encoding="utf-8")
    assert "no such file" not in text
    rows = _rows(text) if suffix == "json" else list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["path"] for row in rows] == [str(path) for path in (first, second, third, fourth)]
    again = classify(first, second, third, fourth, "--output", output, "--resume")
    assert again.code == 0
    assert "4 of 4" in again.err
    assert output.read_text(encoding="utf-8") == text


def test_resume_without_an_earlier_run_begins(classify: Callable, good: Path, tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    assert classify(good, "--output", output, "--resume").code == 0
    assert len(_rows(output.read_text())) == 1


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_resume_drops_a_line_that_was_cut_anywhere(
    suffix: str, classify: Callable, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    paths = [write_tone("1.wav"), write_tone("é\n\r2.wav")]
    classify(*paths, "--output", tmp_path / f"whole.{suffix}")
    whole = (tmp_path / f"whole.{suffix}").read_bytes()
    last = whole.index(b"1.wav")
    for end in range(whole.index(b"\n", last) + 1, len(whole), 7):
        output = tmp_path / f"results{end}.{suffix}"
        output.with_name(output.name + ".part").write_bytes(whole[:end])
        assert classify(*paths, "--output", output, "--resume").code == 0
        assert output.read_bytes() == whole


def test_resume_refuses_results_of_another_model(
    classify: Callable, genrekit_cli: Callable, good: Path, tmp_path: Path
) -> None:
    other = write_tiny_model(tmp_path / "other.onnx", tiny_card(name="other"))
    output = tmp_path / "results.json"
    assert classify(good, "--output", output).code == 0
    before = output.read_text()
    finished = genrekit_cli("classify", "--model", other, good, "--output", output, "--resume")
    assert finished.code == 1
    assert "'tiny'" in finished.err
    assert "'other'" in finished.err
    assert output.read_text() == before


def test_resume_refuses_what_are_no_results(classify: Callable, good: Path, tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    output.write_text("shopping list\n")
    finished = classify(good, "--output", output, "--resume")
    assert finished.code == 1
    assert "not a result" in finished.err
    assert output.read_text() == "shopping list\n"


def test_a_full_disk(classify: Callable, good: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    finished = classify(good, "--output", "/dev/full", "--format", "json")
    assert finished.code == 1
    assert finished.err.startswith("genrekit: error: cannot write results to /dev/full: No space left")


def test_standard_output_on_a_full_disk(genrekit_program: list[str], tiny_model_path: Path, good: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with Path("/dev/full").open("w") as full:
        command = [*genrekit_program, "classify", str(good), "--model", str(tiny_model_path)]
        finished = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert finished.returncode == 1
    assert "No space left on device; make room" in finished.stderr
    assert "unexpected" not in finished.stderr


def test_a_disk_that_fills_up_leaves_the_part(
    genrekit_program: list[str], tiny_model_path: Path, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    resource = pytest.importorskip("resource")
    for i in range(8):
        write_tone(f"music/{i}.wav")
    output = tmp_path / "results.json"
    finished = subprocess.run(
        [*genrekit_program, "classify", "--model", tiny_model_path, tmp_path / "music", "--output", output],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )
    assert finished.returncode == 1
    assert f"cannot write results to {output}" in finished.stderr
    assert "results.json.part" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not output.exists()
    assert 0 < len((tmp_path / "results.json.part").read_bytes()) <= 1000


def test_an_output_in_a_folder_that_is_not_there(classify: Callable, good: Path, tmp_path: Path) -> None:
    finished = classify(good, "--output", tmp_path / "no" / "results.json")
    assert finished.code == 1
    assert "cannot write results" in finished.err


# --- ends that come from outside


@pytest.fixture
def running(genrekit_program: list[str], tiny_model_path: Path, write_tone: Callable[..., Path], tmp_path: Path) -> Any:
    """A run that has done three files and waits for a pipe to be filled, as it would for a disk that hangs."""
    for i in range(3):
        write_tone(f"music/{i}.wav")
    os.mkfifo(tmp_path / "music" / "slow.wav")
    inputs = [*sorted((tmp_path / "music").glob("?.wav")), tmp_path / "music" / "slow.wav"]
    output = tmp_path / "results.json"
    command = [*genrekit_program, "classify", "--model", tiny_model_path, *inputs, "--output", output]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background of a script ignores Ctrl-C, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    part = tmp_path / "results.json.part"
    deadline = time.monotonic() + 30
    while not (part.exists() and part.read_text().count("\n") == 3):
        assert time.monotonic() < deadline, "the first three files were not done"
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        time.sleep(0.02)
    yield process, output, inputs
    process.kill()
    process.communicate()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_what_was_done_survives_and_is_resumed(how: signal.Signals, running: Any, classify: Callable) -> None:
    process, output, inputs = running
    process.send_signal(how)
    _, err = process.communicate(timeout=20)
    assert not output.exists()
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert "results.json.part" in err
        assert "--resume" in err
        assert "Traceback" not in err
    slow = inputs[-1]
    slow.unlink()
    shutil.copy(inputs[0], slow)
    for path in inputs[:-1]:
        path.unlink()
    finished = classify(*inputs, "--output", output, "--resume")
    assert finished.code == 0
    assert [row["path"] for row in _rows(output.read_text())] == [str(path) for path in inputs]


@pytest.mark.parametrize("options", [(), ("--resume",)], ids=["anew", "resume"])
def test_a_second_run_on_the_same_output_is_refused(options: tuple[str, ...], running: Any, classify: Callable) -> None:
    process, output, inputs = running
    part = output.with_name("results.json.part")
    before = part.read_bytes(), (output.parent / "results.json.state").read_bytes()
    finished = classify(inputs[0], "--output", output, *options)
    assert finished.code == 1
    assert "another genrekit writes it" in finished.err
    assert (part.read_bytes(), (output.parent / "results.json.state").read_bytes()) == before
    process.kill()
    process.wait(timeout=20)
    # The lock has ended with its process, though its file is still there.
    assert classify(inputs[0], "--output", output, "--resume").code == 0
    assert not (output.parent / ".results.json.lock").exists()


def test_a_process_without_standard_input(genrekit_program: list[str], tiny_model_path: Path, good: Path) -> None:
    command = [*genrekit_program, "classify", "--model", tiny_model_path, "--format", "json", good]
    finished = subprocess.run(command, capture_output=True, check=False, preexec_fn=lambda: os.close(0))
    assert finished.returncode == 0, finished.stderr
    assert json.loads(finished.stdout)["genre"] == "bass"


def test_a_reader_that_has_enough(
    genrekit_program: list[str], tiny_model_path: Path, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    for i in range(40):
        write_tone(f"music/{i:02}.wav")
    command = [*genrekit_program, "classify", "--model", tiny_model_path, "--format", "json", tmp_path / "music"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["genre"] == "bass"
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=30) == 0


def test_debug_shows_why_a_file_failed(classify: Callable, tmp_path: Path) -> None:
    assert "Traceback" not in classify(tmp_path / "x.wav").err
    assert "AudioError" in classify(tmp_path / "x.wav", "--debug").err


def test_on_a_terminal_the_bar_stays_below_the_results(
    genrekit_program: list[str], tiny_model_path: Path, write_tone: Callable[..., Path]
) -> None:
    pty = pytest.importorskip("pty")
    paths = [write_tone(f"{i}.wav") for i in range(2)]
    leader, follower = pty.openpty()
    command = [*genrekit_program, "classify", "--model", tiny_model_path, *paths]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"}
    with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=follower, env=environment) as process:
        os.close(follower)
        seen = b""
        while True:
            try:
                chunk = os.read(leader, 65536)
            except OSError:  # Linux reports the end of a terminal so
                break
            if not chunk:
                break
            seen += chunk
    os.close(leader)
    assert process.returncode == 0
    text = seen.decode()
    assert "2/2" in text
    for path in paths:
        assert f"{path}\r\n" in text


# --- a library: files that change, and a summary


@pytest.mark.parametrize("format", ["json", "csv"])
def test_resume_does_what_changed_again_and_nothing_else(
    classify: Callable, write_tone: Callable[..., Path], tmp_path: Path, format: str
) -> None:
    low, other = write_tone("a.wav"), write_tone("b.wav")
    output = tmp_path / f"results.{format}"
    assert classify(low, other, "--output", output).code == 0
    again = classify(low, other, "--output", output, "--resume")
    assert "2 of 2 are done already\n" in again.err
    write_tone("a.wav", frequency_hz=2000.0, duration_s=4.0)
    again = classify(low, other, "--output", output, "--resume")
    assert "1 of 2 are done already, 1 changed since" in again.err
    text = output.read_text()
    assert text.count(str(low)) == 1 and text.count(str(other)) == 1
    assert "mid" in next(line for line in text.splitlines() if str(low) in line).split(",")[1]
    assert "2 of 2 are done already\n" in classify(low, other, "--output", output, "--resume").err


def test_resume_takes_results_without_states_as_they_are(classify: Callable, good: Path, tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    assert classify(good, "--output", output).code == 0
    state = tmp_path / "results.json.state"
    state.write_text('not JSON\n["x"]\n')
    assert "1 of 1 are done already\n" in classify(good, "--output", output, "--resume").err
    state.unlink()
    assert "1 of 1 are done already\n" in classify(good, "--output", output, "--resume").err


@pytest.mark.parametrize("format", ["json", "csv"])
def test_a_summary_is_of_all_files_also_after_resuming(
    classify: Callable, write_tone: Callable[..., Path], tmp_path: Path, format: str
) -> None:
    low, broken = write_tone("<b>&low.wav"), tmp_path / "broken.mp3"
    broken.write_bytes(b"no music")
    output, page = tmp_path / f"results.{format}", tmp_path / "summary.html"
    assert classify(low, "--output", output).code == 0
    finished = classify(
        low, write_tone("mid.wav", frequency_hz=2000.0), broken, "-o", output, "--resume", "--summary", page
    )
    assert finished.code == 1
    text = page.read_text(encoding="utf-8")
    assert "Genres of 3 files" in text
    assert text.count("broken.mp3") == 1 and "Failed files" in text
    assert "<b>&low" not in text
    assert "http" not in text.replace("http-equiv", "")


def test_a_summary_beside_a_table(classify: Callable, good: Path, tmp_path: Path) -> None:
    assert classify(good, "--summary", tmp_path / "s.html").code == 0
    assert "<h1>Genres of 1 file</h1>" in (tmp_path / "s.html").read_text(encoding="utf-8")
    finished = classify(good, "--summary", tmp_path / "no" / "s.html")
    assert finished.code == 1 and "cannot write the summary" in finished.err


def test_parquet_has_what_json_has_and_goes_on(
    classify: Callable, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    low, missing, output = write_tone("a.wav"), tmp_path / "b.wav", tmp_path / "results.parquet"
    assert classify(low, missing, "--output", output).code == 1
    rows = pq.read_table(output).to_pylist()
    assert [row["path"] for row in rows] == [str(low), str(missing)]
    assert rows[0]["genre"] == "bass" and rows[0]["error"] is None
    assert rows[0]["probability_bass"] == rows[0]["confidence"]
    assert rows[1]["genre"] is None and "b.wav" in rows[1]["error"]
    assert not (tmp_path / "results.parquet.part").exists()

    write_tone("b.wav", frequency_hz=2000.0)
    again = classify(low, missing, "--output", output, "--resume")
    assert again.code == 0
    assert "1 of 2 are done already" in again.err
    later = pq.read_table(output).to_pylist()
    assert later[0] == rows[0]
    assert later[1]["genre"] == "mid"


def test_parquet_needs_a_file_and_what_it_resumes_must_be_one(classify: Callable, good: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    assert classify(good, "--format", "parquet").code == 2
    output = tmp_path / "results.parquet"
    output.write_text("something else")
    finished = classify(good, "--output", output, "--resume")
    assert finished.code == 1
    assert "not results in Parquet" in finished.err
    assert output.read_text() == "something else"

"""Output files, from the first line to what is left of a run that somebody or something ended."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from processes import children_of, is_running
from tiny_model import tiny_card, write_tiny_model
from waiting import wait_until

from genrekit.audio.file_processes import MANY_FILES


def _rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


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


@pytest.mark.parametrize("suffix", ["json", "csv", "parquet", "txt"])
def test_output_that_has_results_is_not_overwritten(
    classify: Callable, good: Path, tmp_path: Path, suffix: str
) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow")
    output, options = tmp_path / f"results.{suffix}", ("--format", "table") if suffix == "txt" else ()
    assert classify(good, "--output", output, *options).code == 0
    before = output.read_bytes()
    finished = classify(good, "--output", output, *options)
    assert finished.code == 2
    assert "has results already" in finished.err and ("--resume" in finished.err) == (suffix != "txt")
    assert output.read_bytes() == before


def test_output_that_is_something_else_is_not_overwritten_nor_told_to_be_removed(
    classify: Callable, good: Path
) -> None:
    before = good.read_bytes()
    finished = classify(good, "--output", good, "--format", "json")
    assert finished.code == 2
    assert "exists, and is something else; give another name" in finished.err and "remove" not in finished.err
    assert good.read_bytes() == before


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


def test_a_model_whose_genre_has_the_name_of_a_column_is_refused_for_csv_alone(
    genrekit_cli: Callable, good: Path, tmp_path: Path
) -> None:
    model = write_tiny_model(tmp_path / "other.onnx", tiny_card(genres=("error", "mid", "treble")))
    finished = genrekit_cli("classify", good, "--model", model, "-o", tmp_path / "results.csv")
    assert finished.code == 1 and "a genre 'error'; give --format json or parquet" in finished.err
    assert not list(tmp_path.glob("*results*"))
    assert genrekit_cli("classify", good, "--model", model, "-o", tmp_path / "results.json").code == 0
    assert _rows((tmp_path / "results.json").read_text())[0]["genre"] == "error"


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_resume_forgets_failures_that_are_gone_from_a_folder(
    suffix: str, classify: Callable, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    write_tone("music/good.wav")
    sub, damaged, elsewhere = (tmp_path / name for name in ("music/sub", "music/damaged.mp3", "elsewhere.mp3"))
    sub.symlink_to(tmp_path / "disk")  # a folder that is out of reach fails under its own name
    for path in (damaged, elsewhere):
        path.write_bytes(b"no music")
    output, page = tmp_path / f"results.{suffix}", tmp_path / "summary.html"
    assert classify(tmp_path / "music", elsewhere, "--output", output).code == 1
    write_tone("disk/song.wav")
    damaged.unlink()
    options = ("--output", output, "--resume", "--summary", page)
    assert classify(tmp_path / "music", *options).code == 0
    text = output.read_text(encoding="utf-8")
    rows = _rows(text) if suffix == "json" else list(csv.DictReader(io.StringIO(text, newline="")))
    # Nobody has looked at the last one again.
    assert {row["path"] for row in rows if row.get("error")} == {str(elsewhere)}
    assert len(rows) == 3 and "Genres of 3 files" in page.read_text(encoding="utf-8")


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


def test_resume_refuses_another_model_file_of_the_same_name(
    classify: Callable, genrekit_cli: Callable, good: Path, tmp_path: Path
) -> None:
    output = tmp_path / "results.json"
    assert classify(good, "--output", output).code == 0
    before = [path.read_text() for path in (output, tmp_path / "results.json.state")]
    other = write_tiny_model(tmp_path / "elsewhere.onnx", tiny_card(unknown_threshold=0.5))
    for _ in range(2):
        finished = genrekit_cli("classify", "--model", other, good, "--output", output, "--resume")
        assert finished.code == 1
        assert "another model file, though of the same name" in finished.err
        assert [path.read_text() for path in (output, tmp_path / "results.json.state")] == before


@pytest.mark.parametrize("format", ["json", "csv", "parquet"])
def test_an_output_that_was_removed_begins_anew_with_whatever_model(
    classify: Callable, genrekit_cli: Callable, good: Path, tmp_path: Path, format: str
) -> None:
    output = tmp_path / f"results.{format}"
    assert classify(good, "--output", output).code == 0
    other = write_tiny_model(tmp_path / "elsewhere.onnx", tiny_card(unknown_threshold=0.5))
    assert genrekit_cli("classify", "--model", other, good, "--output", output, "--resume").code == 1
    assert not (tmp_path / f"results.{format}.part").exists()
    output.unlink()
    assert genrekit_cli("classify", "--model", other, good, "--output", output, "--resume").code == 0
    assert "1 of 1 are done" in genrekit_cli("classify", "--model", other, good, "--output", output, "--resume").err


@pytest.fixture
def without_states(classify: Callable, write_tone: Callable[..., Path], tmp_path: Path) -> tuple[Path, Path, Path]:
    """Two files, the second in the folder "disk", and their results, whose states are gone."""
    one, two = write_tone("one.wav"), write_tone("disk/two.wav")
    output = tmp_path / "results.json"
    assert classify(one, two, "--output", output).code == 0
    (tmp_path / "results.json.state").unlink()
    return one, two, output


def test_results_without_states_may_be_resumed_in_parts(
    classify: Callable, without_states: tuple[Path, Path, Path]
) -> None:
    one, two, output = without_states
    assert "1 of 1 are done" in classify(one, "--output", output, "--resume").err
    assert "2 of 2 are done" in classify(one, two, "--output", output, "--resume").err


def test_results_of_files_from_several_folders_are_each_gone_on_with_from_their_own(
    classify: Callable, write_tone: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one/a.wav", "one/b.wav", "two/c.wav", "two/a.wav"):
        write_tone(name)
    output = tmp_path / "results.json"
    monkeypatch.chdir(tmp_path / "one")
    assert classify("a.wav", "b.wav", "--output", output).code == 0
    monkeypatch.chdir(tmp_path / "two")
    assert classify("c.wav", "missing.wav", "--output", output, "--resume").code == 1
    assert "the result of another a.wav" in classify("a.wav", "--output", output, "--resume").err
    monkeypatch.chdir(tmp_path / "one")
    assert "2 of 2 are done" in classify("a.wav", "b.wav", "--output", output, "--resume").err


def test_a_changed_file_is_heard_anew_also_if_the_run_that_found_it_was_stopped(
    classify: Callable, write_tone: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    low, other = write_tone("a.wav"), write_tone("b.wav")
    output = tmp_path / "results.json"
    assert classify(low, other, "--output", output).code == 0
    write_tone("a.wav", frequency_hz=2000.0, duration_s=4.0)

    class Stopped(Exception):
        pass

    def stop(*_: object, **__: object) -> None:
        raise Stopped

    with monkeypatch.context() as patched:
        patched.setattr("genrekit.results.result_file.ResultFile.__init__", stop)
        classify(low, other, "--output", output, "--resume")
    assert "1 of 2 are done already, 1 changed since" in classify(low, other, "--output", output, "--resume").err
    assert "2 of 2 are done" in classify(low, other, "--output", output, "--resume").err


def test_files_out_of_reach_when_their_results_got_states_are_not_taken_for_others(
    classify: Callable, without_states: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    one, two, output = without_states
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    assert "1 of 1 are done" in classify(one, "--output", output, "--resume").err
    (tmp_path / "unmounted").rename(tmp_path / "disk")
    assert "2 of 2 are done" in classify(one, two, "--output", output, "--resume").err


@pytest.mark.parametrize("format", ["json", "csv"])
def test_resume_from_another_folder_takes_no_result_for_that_of_a_file_of_the_same_name(
    classify: Callable,
    write_tone: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    format: str,
) -> None:
    for folder, frequency_hz in (("one", 100.0), ("two", 2000.0)):
        write_tone(f"{folder}/a.wav", frequency_hz=frequency_hz)
    output = tmp_path / f"results.{format}"
    monkeypatch.chdir(tmp_path / "one")
    assert classify("a.wav", "--output", output).code == 0
    before = output.read_text()
    monkeypatch.chdir(tmp_path / "two")
    finished = classify("a.wav", "--output", output, "--resume")
    assert finished.code == 1
    assert "the result of another a.wav, heard from another folder" in finished.err
    assert output.read_text() == before
    monkeypatch.chdir(tmp_path / "one")
    assert "1 of 1 are done already" in classify("a.wav", "--output", output, "--resume").err


def test_resume_refuses_what_are_no_results(classify: Callable, good: Path, tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    output.write_text("shopping list\n")
    finished = classify(good, "--output", output, "--resume")
    assert finished.code == 1
    assert "does not begin as results in JSON do" in finished.err
    assert output.read_text() == "shopping list\n"


def test_a_dash_as_output_is_standard_output(
    classify: Callable, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finished = classify(good, "--output", "-", "--format", "csv")
    assert finished.code == 0 and finished.out == classify(good, "--format", "csv").out
    assert classify(good, "--output", "-", "--format", "json", "--resume").code == 2
    page = classify(good, "--summary", "-")
    assert page.code == 2 and "is a file; give its name, such as summary.html" in page.err
    assert list(tmp_path.iterdir()) == [good]


@pytest.mark.skipif(shutil.which("bash") is None, reason=">(...) is a thing of bash")
@pytest.mark.parametrize("options", ["", "--resume"])
@pytest.mark.parametrize("output", ["/dev/stdout", ">(cat)"])
def test_an_output_that_is_a_pipe_without_a_name(
    output: str, options: str, genrekit_program: list[str], tiny_model_path: Path, good: Path
) -> None:
    words = [*genrekit_program, "classify", "--model", tiny_model_path, good, "--format", "json"]
    command = ["bash", "-c", f'"$@" --output {output} {options} | cat', "bash", *map(str, words)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "error" not in finished.stderr
    assert [row["genre"] for row in _rows(finished.stdout)] == ["bass"]


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
    assert finished.code == 2
    assert "cannot write results" in finished.err and "there is no folder" in finished.err


# --- ends that come from outside


@pytest.fixture(params=[3, MANY_FILES], ids=["few", "many"])
def running(
    request: Any, genrekit_program: list[str], tiny_model_path: Path, write_tone: Callable[..., Path], tmp_path: Path
) -> Any:
    """A run that has done a few files and waits for a pipe to be filled, as it would for a disk that hangs."""
    n_done: int = request.param
    for i in range(n_done):
        write_tone(f"music/{i}.wav")
    os.mkfifo(tmp_path / "music" / "slow.wav")
    # Somebody has it open, and writes nothing.
    writer = os.open(tmp_path / "music" / "slow.wav", os.O_RDWR)
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
    try:
        wait_until(
            lambda: part.exists() and part.read_text().count("\n") == n_done,
            what="the first files are done",
            process=process,
        )
        yield process, output, inputs
    finally:
        process.kill()
        process.communicate()
        os.close(writer)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_what_was_done_survives_and_is_resumed(how: signal.Signals, running: Any, classify: Callable) -> None:
    process, output, inputs = running
    workers = children_of(process.pid)
    assert bool(workers) == (len(inputs) > MANY_FILES) or not Path("/proc").is_dir()
    process.send_signal(how)
    _, err = process.communicate(timeout=20)
    assert not output.exists()
    wait_until(lambda: not any(map(is_running, workers)), what="the workers end with their run")
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


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc to find the workers")
@pytest.mark.parametrize("running", [MANY_FILES], indirect=True)
def test_a_worker_that_dies_is_the_failure_of_its_file(running: Any) -> None:
    process, output, inputs = running
    for pid in children_of(process.pid):
        if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGSEGV)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "slow.wav: the process that read it died (SIGSEGV)" in err and "Traceback" not in err
    rows = _rows(output.read_text())
    assert [row["path"] for row in rows] == [str(path) for path in inputs]
    assert [row["path"] for row in rows if "error" in row] == [str(inputs[-1])]


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


def test_a_summary_goes_through_a_link_and_leaves_a_pipe_what_it_is(
    classify: Callable, good: Path, tmp_path: Path
) -> None:
    page, link = tmp_path / "page.html", tmp_path / "link.html"
    link.symlink_to(page.name)
    assert classify(good, "--summary", link).code == 0
    assert link.is_symlink() and "<html" in page.read_text()
    if hasattr(os, "mkfifo"):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        heard: list[str] = []
        reader = threading.Thread(target=lambda: heard.append(pipe.read_text()))
        reader.start()
        assert classify(good, "--summary", pipe).code == 0
        reader.join(10)
        assert "<html" in heard[0] and pipe.is_fifo()


@pytest.mark.parametrize("where", ["no folder/page.html", "."])
def test_a_summary_that_cannot_be_written_is_told_before_the_work(
    where: str, classify: Callable, good: Path, tmp_path: Path
) -> None:
    finished = classify(good, "--summary", tmp_path / where)
    assert finished.code == 2 and finished.out == ""
    assert "cannot write the summary to" in finished.err and "folder" in finished.err


def test_a_summary_replaces_an_earlier_one_and_nothing_else(classify: Callable, good: Path, tmp_path: Path) -> None:
    page, output = tmp_path / "page.html", tmp_path / "results.json"
    for _ in range(2):
        assert classify(good, "--summary", page).code == 0
    report = tmp_path / "report.html"
    report.write_text(page.read_text(encoding="utf-8").replace("Genres of", "Report of"), encoding="utf-8")
    before = good.read_bytes(), report.read_bytes()
    for summary in (good, report, output, tmp_path / "results.json.part", tmp_path / "results.json.state"):
        finished = classify(good, "--output", output, "--summary", summary)
        assert finished.code == 2 and "--summary" in finished.err
    assert (good.read_bytes(), report.read_bytes()) == before
    assert sorted(tmp_path.iterdir()) == sorted([good, page, report])


def test_output_through_a_link(classify: Callable, good: Path, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    link = tmp_path / "results.json"
    link.symlink_to("far/results.json")
    assert classify(good, "--output", link).code == 0
    assert link.is_symlink() and len(_rows((tmp_path / "far" / "results.json").read_text())) == 1
    assert classify(good, "--output", link, "--resume").code == 0


def test_a_log_hears_now_and_then_how_far_it_is(
    classify: Callable, write_tone: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write_tone(f"{k}.wav") for k in range(3)]
    counted = "genrekit: 3 files: 3 bass"
    assert classify(*files).err.splitlines() == [counted]
    monkeypatch.setattr("genrekit.cli.terminal.progress.LINE_EVERY_S", 0.0)
    (*lines, last) = classify(*files).err.splitlines()
    assert last == counted
    assert [line.partition(",")[0] for line in lines] == [
        "genrekit: classifying: 1 of 3",
        "genrekit: classifying: 2 of 3",
    ]
    assert all(re.search(r", [0-9.]+/s, \d:\d\d:\d\d left$", line) for line in lines)


@pytest.mark.parametrize("n_files", [1, MANY_FILES])
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams(
    closed: str, n_files: int, genrekit_program: list[str], tiny_model_path: Path, good: Path, tmp_path: Path
) -> None:
    files = [good, *(shutil.copy(good, tmp_path / f"{k}.wav") for k in range(n_files - 1))]
    output = tmp_path / "results.json"
    for to in ([], ["--output", output]):
        words = [*genrekit_program, "classify", "--model", tiny_model_path, *files, "--format", "json", *to]
        finished = subprocess.run(
            ["sh", "-c", f'"$@" {closed}', "sh", *map(str, words)], capture_output=True, text=True, check=False
        )
        assert finished.returncode == 0, finished.stderr
        assert finished.stderr == ""
        assert len(_rows(finished.stdout)) == (n_files if not to and ">&-" not in closed.replace("2>&-", "") else 0)
    assert len(_rows(output.read_text())) == n_files


def test_a_summary_beside_a_table(classify: Callable, good: Path, tmp_path: Path) -> None:
    assert classify(good, "--summary", tmp_path / "s.html").code == 0
    assert "<h1>Genres of 1 file</h1>" in (tmp_path / "s.html").read_text(encoding="utf-8")
    finished = classify(good, "--summary", tmp_path / "no" / "s.html")
    assert finished.code == 2 and "cannot write the summary" in finished.err


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

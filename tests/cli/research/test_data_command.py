"""`genrekit data`, from arguments to exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genrekit.data import DATASETS

from ..conftest import SR, write_noise


def test_list_names_all_data_sets(genrekit_cli: Callable) -> None:
    done = genrekit_cli("data", "list")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == list(DATASETS)


def test_info_without_and_with_a_root(genrekit_cli: Callable, music: Path) -> None:
    done = genrekit_cli("data", "info", "gtzan")
    assert done.code == 0
    assert "Sturm" in done.out and "Research use only" in done.out and "found" not in done.out
    done = genrekit_cli("data", "info", music)
    assert done.code == 0
    assert "found     4 tracks: 2 polka, 2 waltz" in done.out


def test_audit_as_table(genrekit_cli: Callable, music: Path) -> None:
    (music / "waltz/e.wav").write_bytes((music / "waltz/c.wav").read_bytes())
    (music / "waltz/f.wav").write_bytes(b"RIFF")
    done = genrekit_cli("data", "audit", music)
    assert done.code == 0
    assert "music: 6 tracks, 0 known artists" in done.out
    assert "undecodable: waltz/f.wav" in done.out
    assert "waltz/c.wav = waltz/e.wav" in done.out
    assert done.err == ""


def test_audit_as_json_to_a_file(genrekit_cli: Callable, music: Path, tmp_path: Path) -> None:
    output = tmp_path / "audit.json"
    done = genrekit_cli("data", "audit", "--root", music, "--format", "json", "--output", output)
    assert (done.code, done.out) == (0, "")
    assert json.loads(output.read_text())["n_tracks"] == 4
    done = genrekit_cli("data", "audit", "--root", music, "--output", output)
    assert done.code == 2
    assert "exists already" in done.err


def test_the_root_may_come_from_the_environment(
    genrekit_cli: Callable, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GENREKIT_DATA", str(music))
    done = genrekit_cli("data", "info", "folder")
    assert done.code == 0
    assert "4 tracks" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["info", "gtzna"], 2, "did you mean 'gtzan'"),
        (["audit"], 2, "name of a data set"),
        (["audit", "gtzan"], 2, "give --root, or set the variable GENREKIT_DATA"),
        (["audit", "gtzan", "--root", "nowhere"], 2, "no folder nowhere"),
        (["audit", "gtzan", "--format", "xml"], 2, "xml"),
        (["prepare", "gtzan"], 2, "--output"),
        (["prepare", "features", "-o", "a.csv"], 2, "name the data set or folder"),
        (["prepare", "gtzan", "gtzan6", "-o", "a.npz"], 2, "only 'features' is followed"),
        (["prepare", "features", "gtzan", "-o", "a.csv", "--jobs", "0"], 2, "--jobs"),
        (["nothing"], 2, "nothing"),
    ],
)
def test_wrong_usage(arguments: list[str], code: int, message: str, genrekit_cli: Callable) -> None:
    done = genrekit_cli("data", *arguments)
    assert done.code == code
    assert message in done.err
    assert "Traceback" not in done.err
    assert done.out == ""


def test_genre_folder_without_files(genrekit_cli: Callable, music: Path) -> None:
    (music / "polka/b.wav").unlink()
    assert genrekit_cli("data", "info", music).code == 0
    for path in (music / "polka").iterdir():
        path.unlink()
    done = genrekit_cli("data", "info", music)
    assert done.code == 1
    assert "'polka' has no audio file" in done.err


def test_band_edges_as_table_and_as_json(genrekit_cli: Callable, music: Path, tmp_path: Path) -> None:
    done = genrekit_cli("data", "band-edges", music)
    assert done.code == 0
    assert "not cut off" in done.out and "polka" in done.out and "too few tracks a genre" in done.out
    done = genrekit_cli("data", "band-edges", music, "--format", "json", "-o", tmp_path / "edges.json")
    assert done.code == 0
    found = json.loads((tmp_path / "edges.json").read_text())
    assert [genre["n_tracks"] for genre in found["genres"]] == [2, 2]


def test_band_edges_of_a_large_set_say_what_they_tell(genrekit_cli: Callable, tmp_path: Path) -> None:
    import soundfile

    for number in range(11):
        write_noise(tmp_path / f"set/new/{number}.wav", number, duration_s=1.0)
        y, _ = soundfile.read(tmp_path / f"set/new/{number}.wav")
        spectrum = np.fft.rfft(y)
        spectrum[len(spectrum) // 2 :] = 0
        (tmp_path / "set/old").mkdir(exist_ok=True)
        soundfile.write(tmp_path / f"set/old/{number}.wav", np.fft.irfft(spectrum, len(y)), SR)
    (tmp_path / "set/old/broken.wav").write_bytes(b"no sound")
    done = genrekit_cli("data", "band-edges", tmp_path / "set")
    assert done.code == 0
    assert "the edge alone tells the genre of 100.0 % (85.1 to 100.0) of 22 tracks under random_folds" in done.out
    assert "1 of 23 tracks cannot be heard, first old/broken.wav" in done.err


def test_a_log_hears_now_and_then_how_far_an_audit_is(
    genrekit_cli: Callable, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert genrekit_cli("data", "band-edges", music).err == ""
    monkeypatch.setattr("genrekit.cli.terminal.progress.LINE_EVERY_S", 0.0)
    lines = genrekit_cli("data", "band-edges", music).err.splitlines()
    assert [line.partition(",")[0] for line in lines] == [f"genrekit: listening: {done} of 4" for done in (1, 2, 3)]


@pytest.mark.parametrize("verb", ["audit", "band-edges"])
def test_a_place_that_cannot_be_written_is_told_before_the_work(
    verb: str, genrekit_cli: Callable, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genrekit.data.registry.load_dataset", lambda name, root: pytest.fail("it was begun"))
    for output, message in ((tmp_path / "none" / "x.json", "there is no folder"), (music, "it is a folder")):
        done = genrekit_cli("data", verb, music, "--output", output)
        assert done.code == 2 and message in done.err and "Errno" not in done.err and ".partial" not in done.err
    assert not (tmp_path / "none").exists()


def test_an_archive_or_table_that_is_not_there_is_no_such_data(genrekit_cli: Callable, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name, root in (("gtzan_archive", tmp_path / "empty"), ("archive", tmp_path / "no.npz"), ("table", "no.csv")):
        done = genrekit_cli("data", "info", name, "--root", root)
        assert done.code == 2 and "There is no" in done.err

"""`genrekit data`, from arguments to exit code."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genrekit.data import DATASETS, load_dataset
from genrekit.data.preparation import archive_writer, negatives

SR = 22050


def _noise(path: Path, seed: int, duration_s: float = 6.0) -> None:
    import soundfile

    rng = np.random.default_rng(seed)
    y = rng.standard_normal(round(duration_s * SR)) * np.repeat(rng.uniform(0, 0.2, round(duration_s * 10)), SR // 10)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, y, SR)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Two genres of two files."""
    root = tmp_path / "music"
    for number, name in enumerate(("polka/a.wav", "polka/b.wav", "waltz/c.wav", "waltz/d.wav")):
        _noise(root / name, number)
    return root


@pytest.fixture(autouse=True)
def no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENREKIT_DATA", raising=False)


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


def test_prepare_writes_an_archive_and_names_what_failed(genrekit_cli: Callable, music: Path, tmp_path: Path) -> None:
    (music / "waltz/e.mp3").write_text("no music")
    done = genrekit_cli("data", "prepare", music, "--output", tmp_path / "music.npz")
    assert (done.code, done.out) == (1, "")
    assert "waltz/e.mp3" in done.err and "wrote 4 of 5 tracks" in done.err
    dataset = load_dataset("archive", tmp_path / "music.npz")
    assert dataset.genres == ("polka", "waltz")
    assert len(dataset) == 4
    (music / "waltz/e.mp3").unlink()
    assert genrekit_cli("data", "prepare", music, "--output", tmp_path / "again.npz").code == 0


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (
            ["MUSIC", "--window-s", "3", "--hop-s=1", "--jobs", "3", "--count", "7"],
            "--window-s is of 'prepare features', --hop-s is of 'prepare features', --count is of 'prepare negatives'; "
            "this is an archive of audio",
        ),
        (["features", "MUSIC", "--seed", "1"], "--seed is of 'prepare negatives'; this is 'prepare features'"),
        (
            ["negatives", "--jobs", "2", "--span-s", "30"],
            "--jobs is of an archive of audio and 'prepare features', --span-s is of 'prepare features'; this is "
            "'prepare negatives'",
        ),
    ],
)
def test_prepare_refuses_options_that_mean_nothing_to_it(
    arguments: list[str], refused: str, genrekit_cli: Callable, music: Path, tmp_path: Path
) -> None:
    output = tmp_path / "own.npz"
    given = [music if argument == "MUSIC" else argument for argument in arguments]
    done = genrekit_cli("data", "prepare", *given, "-o", output)
    assert (done.code, done.out) == (2, "")
    assert refused in " ".join(done.err.split())
    assert not output.exists()


@pytest.mark.parametrize("n_jobs", [1, 2, 4])
def test_prepare_decodes_as_many_files_at_once_as_jobs_says(
    n_jobs: int, genrekit_cli: Callable, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, threads, read_clip = threading.Barrier(n_jobs, timeout=60), set(), archive_writer.read_clip

    def read(path: Path) -> np.ndarray:
        together.wait()
        threads.add(threading.get_ident())
        return read_clip(path)

    monkeypatch.setattr(archive_writer, "read_clip", read)
    monkeypatch.setattr(archive_writer, "usable_cores", lambda: 3)
    done = genrekit_cli("data", "prepare", music, "-o", tmp_path / "a.npz", "--jobs", n_jobs)
    assert done.code == 0 and "wrote 4 of 4 tracks" in done.err
    assert len(threads) == n_jobs
    tracks = load_dataset("archive", tmp_path / "a.npz").tracks
    assert [track.track_id for track in tracks] == ["polka/a.wav", "polka/b.wav", "waltz/c.wav", "waltz/d.wav"]


def test_prepare_of_negatives_draws_so_many_from_the_seed_and_passes_over_the_variable_of_the_root(
    genrekit_cli: Callable, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Speech would need a program of the system; this is the quickest.
    monkeypatch.setattr(negatives, "FAMILIES", {"silence": (negatives.FAMILIES["silence"][0], 1.0)})
    monkeypatch.setenv("GENREKIT_DATA", str(music))
    output = tmp_path / "own.npz"
    done = genrekit_cli("data", "prepare", "negatives", "-o", output, "--count", "2", "--seed", "3")
    assert (done.code, done.out) == (0, "")
    assert f"wrote about 2 sounds that are no music to {output}" in done.err
    negatives.write_negatives(tmp_path / "expected.npz", count=2, seed=3)
    made, expected = (load_dataset("archive", tmp_path / name) for name in ("own.npz", "expected.npz"))
    assert [track.track_id for track in made.tracks] == ["silence.00000", "silence.00001"]
    np.testing.assert_array_equal(made.archive.levels, expected.archive.levels)


@pytest.mark.parametrize(
    ("kind", "output", "message"),
    [
        ([], "there.npz", "exists already"),
        ([], "no folder/new.npz", "there is no folder"),
        ([], "new.txt", "name ends in .npz"),
        (["features"], "there.csv", "exists already"),
        (["features"], "new.txt", r".parquet"),
    ],
)
def test_prepare_says_what_is_wrong_with_its_output_before_it_listens(
    genrekit_cli: Callable, music: Path, tmp_path: Path, kind: list[str], output: str, message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    pytest.importorskip("librosa")
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    for name in ("there.npz", "there.csv"):
        (tmp_path / name).touch()
    done = genrekit_cli("data", "prepare", *kind, music, "--output", tmp_path / output)
    assert done.code == 2 and message in done.err and "Errno" not in done.err
    assert not cache.exists()


def test_negatives_are_not_made_for_a_place_that_is_taken(genrekit_cli: Callable, tmp_path: Path) -> None:
    taken = tmp_path / "taken.npz"
    taken.touch()
    done = genrekit_cli("data", "prepare", "negatives", "--output", taken, "--count", 1_000_000)
    assert done.code == 2 and "exists already" in done.err


def test_prepare_features_writes_a_table_and_names_what_failed(
    genrekit_cli: Callable, music: Path, tmp_path: Path
) -> None:
    pytest.importorskip("librosa")
    (music / "waltz/e.mp3").write_text("no music")
    output = tmp_path / "music.csv"
    windows = ("--window-s", "3", "--hop-s", "1.5", "--jobs", "1")
    done = genrekit_cli("data", "prepare", "features", music, "--output", output, *windows)
    assert (done.code, done.out) == (1, "")
    assert "waltz/e.mp3" in done.err and "wrote 12 excerpts of 4 of 5 tracks" in done.err
    (music / "waltz/e.mp3").unlink()
    dataset = load_dataset("table", output)
    assert dataset.genres == ("polka", "waltz") and dataset.same_recordings == ()
    assert dataset.table is not None and len(dataset.table) == 12
    done = genrekit_cli("data", "prepare", "features", music, "-o", tmp_path / "whole.parquet", "--jobs", "1")
    assert done.code == 0
    assert "wrote 4 excerpts of 4 of 4 tracks" in done.err
    assert genrekit_cli("data", "info", "table", "--root", tmp_path / "whole.parquet").code == 0


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
        _noise(tmp_path / f"set/new/{number}.wav", number, duration_s=1.0)
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

"""`genrekit data prepare`, from arguments to exit code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genrekit.data import load_dataset
from genrekit.data.preparation import archive_writer, negatives


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

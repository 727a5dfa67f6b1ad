"""The verbs that apply runs to recordings, from the command line; they stand here beside the runs that they need."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch")
from genrekit.evaluation.readings import load_readings
from genrekit.evaluation.runs import find_runs
from genrekit.file_identity import file_sha256


def test_robustness_from_the_command_line(own_runs, trained, tmp_path, genrekit_cli) -> None:
    arguments = ["analyse", "robustness", own_runs, "--data", trained.music, "-o", tmp_path / "out", "--jobs", 1]
    arguments += ["--condition", "noise_20_db", "--condition", "gain_minus_6_db", "--max-tracks", 6]
    done = genrekit_cli(*arguments)
    assert done.code == 0, done.err
    assert "6 of 8 recordings" in done.out and "| gain −6 dB |" in done.out and "| mp3" not in done.out
    result = json.loads((tmp_path / "out" / "robustness.json").read_text())
    assert [c["name"] for c in result["conditions"]] == ["unchanged", "gain_minus_6_db", "noise_20_db"]
    weights = {run.folder.name: run.folder / "weights.safetensors" for run in find_runs(own_runs)}
    assert result["runs"] == {name: file_sha256(path) for name, path in weights.items()}
    assert (tmp_path / "out" / "robustness.md").read_text().rstrip() == done.out.rstrip()
    assert len(list((tmp_path / "out" / "predictions").glob("*.parquet"))) == 3
    for run in find_runs(own_runs):
        assert [reading.command for reading in load_readings(run.folder)] == ["genrekit analyse robustness"]
    # The same again is no new reading, and more tracks go on from those that are there.
    assert genrekit_cli(*arguments).out == done.out
    assert [len(load_readings(run.folder)) for run in find_runs(own_runs)] == [1, 1]
    more = genrekit_cli(*arguments[:-2])
    assert more.code == 0 and "n = 8 tracks" in more.out
    # Any two of the tables can be compared.
    tables = [tmp_path / "out" / "predictions" / f"{name}.parquet" for name in ("noise_20_db", "unchanged")]
    assert genrekit_cli("compare", *tables).code == 0


def test_robustness_names_what_is_wrong(own_runs, trained, tmp_path, genrekit_cli) -> None:
    base = ["analyse", "robustness", own_runs, "--data", trained.music, "-o", tmp_path / "out", "--jobs", 1]
    wrong = genrekit_cli(*base, "--condition", "mp4")
    assert wrong.code == 2 and "Unknown condition 'mp4'" in wrong.err
    assert genrekit_cli(*base, "--max-tracks", 1).code == 2
    assert genrekit_cli("analyse", "robustness", own_runs).code == 2
    missing = genrekit_cli("analyse", "robustness", own_runs, "--data", tmp_path / "nowhere", "-o", tmp_path / "out")
    assert missing.code == 2 and "Traceback" not in missing.err
    assert not (tmp_path / "out").exists()
    assert all(load_readings(run.folder) == () for run in find_runs(own_runs))


@pytest.mark.parametrize(
    "name", ["robustness.md", "robustness.json", "robustness.svg", "predictions/unchanged.parquet"]
)
def test_robustness_replaces_no_file_of_ones_own_and_says_so_before_it_listens(
    name, own_runs, trained, tmp_path, genrekit_cli
) -> None:
    mine = tmp_path / "out" / name
    mine.parent.mkdir(parents=True)
    mine.write_text("of my own")
    refused = genrekit_cli("analyse", "robustness", own_runs, "--data", trained.music, "-o", tmp_path / "out")
    assert refused.code == 2 and f"{mine} exists, and is something else" in refused.err
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == [mine]
    assert mine.read_text() == "of my own"
    assert all(load_readings(run.folder) == () for run in find_runs(own_runs))


def test_embedding_from_the_command_line(own_runs, trained, tmp_path, genrekit_cli) -> None:
    run = find_runs(own_runs)[0].folder
    done = genrekit_cli("analyse", "embedding", run, "--data", trained.music, "-o", tmp_path / "out", "--dpi", 80)
    assert done.code == 0, done.err
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"embedding.svg", "embedding.csv", "embedding_genres.png", "embedding_genres.json"} <= names
    assert [reading.command for reading in load_readings(run)] == ["genrekit analyse embedding"]

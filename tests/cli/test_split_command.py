"""`genrekit split`, from arguments to exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from genrekit.data import SPLITS, load_dataset, make_split, read_split
from genrekit.data.gtzan_facts import gtzan_facts


@pytest.fixture
def gtzan(tmp_path: Path) -> Path:
    """GTZAN's 1000 file names; splitting needs no sound."""
    root = tmp_path / "gtzan"
    for track_id in gtzan_facts():
        path = root / "genres" / track_id.split(".")[0] / f"{track_id}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


@pytest.fixture
def lists(tmp_path: Path) -> dict[str, Path]:
    """The published fault-filtered split as people have it: one text file a part."""
    paths = {part: tmp_path / f"{part}.txt" for part in ("train", "valid", "test")}
    for part, path in paths.items():
        members = [t for t, fact in gtzan_facts().items() if fact.filtered == part]
        path.write_text("".join(f"{member.split('.')[0]}/{member}.wav\n" for member in members))
    return paths


def test_list(genrekit_cli: Callable) -> None:
    done = genrekit_cli("split", "list")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()[1:]] == list(SPLITS)
    assert "CONTAMINATED" in done.out


def test_make_then_check(genrekit_cli: Callable, gtzan: Path, tmp_path: Path) -> None:
    output = tmp_path / "split.json"
    done = genrekit_cli(
        "split", "make", "artist_disjoint", "--data", "gtzan", "--root", gtzan, "--fold", 1, "--output", output
    )
    assert (done.code, done.out) == (0, "")
    assert "0 of 333 test tracks" in done.err or "0 of 334 test tracks" in done.err
    split = read_split(output)
    assert split.hash == make_split(load_dataset("gtzan", gtzan), "artist_disjoint", fold=1).hash
    assert genrekit_cli("split", "check", output, "--data", "gtzan", "--root", gtzan).code == 0


def test_a_part_without_a_genre_is_noticed(genrekit_cli: Callable, gtzan: Path, tmp_path: Path) -> None:
    members = [track for track, fact in gtzan_facts().items() if fact.filtered == "test"]
    (tmp_path / "test.txt").write_text("".join(f"{track}\n" for track in members if not track.startswith("metal")))
    done = genrekit_cli("split", "check", "--test", tmp_path / "test.txt", "--data", "gtzan", "--root", gtzan)
    assert "note: the test part has no track of metal; training refuses such a split" in done.out


def test_make_to_standard_output_is_json_alone(genrekit_cli: Callable, gtzan: Path) -> None:
    done = genrekit_cli("split", "make", "filtered", "--data", "gtzan", "--root", gtzan)
    assert done.code == 0
    assert len(json.loads(done.out)["parts"]["test"]) == 290
    assert "27 of 290 test tracks (9.3 %)" in done.err


def test_options_of_make(genrekit_cli: Callable, gtzan: Path) -> None:
    options = ["--data", "gtzan", "--root", gtzan]
    done = genrekit_cli("split", "make", "a_folds", *options, "--validation", "test")
    values = json.loads(done.out)
    assert values["parts"]["valid"] == values["parts"]["test"]
    assert "flattered" in done.err
    done = genrekit_cli(
        "split", "make", "random_folds", *options, "--folds", 4, "--seed", 3, "--valid-fraction", 0, "--fold", 3
    )
    values = json.loads(done.out)
    assert (values["n_folds"], values["seed"], len(values["parts"]["test"])) == (4, 3, 250)
    assert values["parts"]["valid"] == []
    assert "CONTAMINATED" in genrekit_cli("split", "make", "b_folds", *options).err


def test_check_of_plain_lists_counts_the_published_leaks(genrekit_cli: Callable, gtzan: Path, lists: dict) -> None:
    options = [option for part, path in lists.items() for option in (f"--{part}", path)]
    done = genrekit_cli("split", "check", *options, "--data", "gtzan", "--root", gtzan)
    assert done.code == 0
    assert "27 of 290 test tracks (9.3 %)" in done.out
    assert "10 artists are in more than one part" in done.out
    done = genrekit_cli("split", "check", *options, "--data", "gtzan", "--root", gtzan, "--protocol", "P4")
    assert done.code == 1
    assert "refused: train and test share 6 artists" in done.out
    assert "refused under protocol P4" in done.err


def test_check_of_a_table_as_json(genrekit_cli: Callable, gtzan: Path, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    # metal.00058 and rock.00016 are bit-identical.
    table.write_text("track,part\nmetal.00058,train\nrock.00016.au,test\n")
    done = genrekit_cli("split", "check", table, "--data", "gtzan", "--root", gtzan, "--format", "json")
    assert done.code == 1
    proof = json.loads(done.out)
    assert any("bit-identical" in reason for reason in proof["refused"])
    assert proof["n_test_touched"] == 1


def test_pairs_of_an_audit_are_kept_together(genrekit_cli: Callable, gtzan: Path, tmp_path: Path) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("track,part\nmetal.00000,train\nrock.00000,test\n")
    audit = tmp_path / "audit.json"
    found = {"dataset": "gtzan", "n_tracks": 1000}
    found["matches"] = [{"first": "metal.00000", "second": "rock.00000", "score": 9, "offset_s": 0}]
    audit.write_text(json.dumps(found))
    options = ["split", "check", table, "--data", "gtzan", "--root", gtzan]
    assert genrekit_cli(*options).code == 0
    done = genrekit_cli(*options, "--audit", audit)
    assert done.code == 1
    assert "share 1 recordings, such as 'metal.00000' and 'rock.00000'" in done.out
    audit.write_text("[]")
    assert "not the JSON of an audit" in genrekit_cli(*options, "--audit", audit).err
    for wrong in ({"dataset": "mine"}, {"n_tracks": 999}):
        audit.write_text(json.dumps(found | wrong))
        refused = genrekit_cli(*options, "--audit", audit)
        assert refused.code == 1 and "the data set is 'gtzan' with 1000 tracks" in refused.err


def test_unknown_tracks(genrekit_cli: Callable, gtzan: Path, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("blues.00001.wav\nblues.00101.wav\n")
    done = genrekit_cli("split", "check", "--train", tmp_path / "train.txt", "--data", "gtzan", "--root", gtzan)
    assert done.code == 1
    assert "lacks 1 of the 2 tracks named, first 'blues.00101.wav'; the nearest is 'blues.00" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["make", "filterd", "--data", "gtzan"], 1, "nearest is 'filtered'"),
        (["make", "filtered"], 2, "--data"),
        (["make", "a_folds", "--data", "gtzan", "--fold", "5"], 1, "fold 5 was asked for"),
        (["make", "a_folds", "--data", "gtzan", "--fold", "-1"], 2, "--fold"),
        (["check", "--data", "gtzan"], 2, "split file"),
        (["check", "some.json"], 2, "--data"),
        (["check", "some.json", "--train", "x.txt", "--data", "gtzan"], 2, "either"),
        (["check", "none.json", "--data", "gtzan"], 1, "Cannot read none.json"),
    ],
)
def test_wrong_usage(
    arguments: list[str],
    code: int,
    message: str,
    genrekit_cli: Callable,
    gtzan: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GENREKIT_DATA", str(gtzan))
    done = genrekit_cli("split", *arguments)
    assert done.code == code
    assert message in done.err
    assert "Traceback" not in done.err
    assert done.out == ""

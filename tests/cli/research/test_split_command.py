"""`genrekit split`, from arguments to exit code."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genrekit.data import SPLITS, load_dataset, make_split, read_split
from genrekit.data.checks.audit import identity_of
from genrekit.data.sets.gtzan_facts import gtzan_facts


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
    assert "0 of 332 test tracks" in done.err
    split = read_split(output)
    assert split.hash == make_split(load_dataset("gtzan", gtzan), "artist_disjoint", fold=1).hash
    assert genrekit_cli("split", "check", output, "--data", "gtzan", "--root", gtzan).code == 0


def test_a_part_without_a_genre_is_noticed(genrekit_cli: Callable, gtzan: Path, lists: dict, tmp_path: Path) -> None:
    members = [track for track, fact in gtzan_facts().items() if fact.filtered == "test"]
    test = tmp_path / "test.txt"
    test.write_text("".join(f"{track}\n" for track in members if not track.startswith("metal")))
    done = genrekit_cli("split", "check", "--train", lists["train"], "--test", test, "--data", "gtzan", "--root", gtzan)
    assert "note: the test part has no track of metal; training refuses such a split" in done.out


def test_make_to_standard_output_is_json_alone(genrekit_cli: Callable, gtzan: Path) -> None:
    done = genrekit_cli("split", "make", "filtered", "--data", "gtzan", "--root", gtzan)
    assert done.code == 0
    assert len(json.loads(done.out)["parts"]["test"]) == 290
    assert "28 of 290 test tracks (9.7 %)" in done.err


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
    assert "28 of 290 test tracks (9.7 %)" in done.out
    assert "13 artists are in more than one part" in done.out
    done = genrekit_cli("split", "check", *options, "--data", "gtzan", "--root", gtzan, "--protocol", "P4")
    assert done.code == 1
    assert "refused: train and test share 7 artists" in done.out
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
    found = {"dataset": "gtzan", "n_tracks": 1000, "identity": identity_of(load_dataset("gtzan", gtzan))}
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
    for wrong in ({"identity": "0" * 64}, {"identity": None}):
        audit.write_text(json.dumps(found | wrong))
        refused = genrekit_cli(*options, "--audit", audit)
        assert refused.code == 1 and "is the audit of other tracks or other files of 'gtzan'" in refused.err


def test_unknown_tracks(genrekit_cli: Callable, gtzan: Path, tmp_path: Path) -> None:
    (tmp_path / "train.txt").write_text("blues.00001.wav\nblues.00101.wav\n")
    done = genrekit_cli("split", "check", "--train", tmp_path / "train.txt", "--data", "gtzan", "--root", gtzan)
    assert done.code == 1
    assert "lacks 1 of the 2 tracks named, first 'blues.00101.wav' (did you mean 'blues.00" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["make", "filterd", "--data", "gtzan"], 2, "did you mean 'filtered'"),
        (["make", "filtered"], 2, "--data"),
        (["make", "a_folds", "--data", "gtzan", "--fold", "5"], 2, "fold 5 was asked for"),
        (["make", "a_folds", "--data", "gtzan", "--fold", "-1"], 2, "--fold"),
        (["check", "--data", "gtzan"], 2, "split file"),
        (["check", "some.json"], 2, "--data"),
        (["check", "some.json", "--train", "x.txt", "--data", "gtzan"], 2, "either"),
        (["check", "none.json", "--data", "gtzan"], 2, "There is no file none.json"),
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


def test_an_unknown_split_is_told_before_recordings_are_compared(
    genrekit_cli: Callable, own: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    done = genrekit_cli("split", "make", "artist_disjont", "--data", own(artists=True))
    assert done.code == 2 and "did you mean 'artist_disjoint'" in done.err
    assert not (tmp_path / "cache").exists()


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Path]:
    """Writes two genres of six songs with names that are no Latin-1, by three artists each if they are told."""

    def write(*, artists: bool) -> Path:
        rng = np.random.default_rng(0)
        for genre in ("polka", "waltz"):
            for k in range(6):
                path = tmp_path / "own" / genre / f"{k} 🎺.flac"
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as raw, soundfile.SoundFile(raw, "w", 22_050, 1, format="FLAC") as file:
                    if artists:
                        file.artist = f"{genre} {k % 3}"
                    file.write(0.1 * rng.standard_normal(22_050))
        return tmp_path / "own"

    return write


def test_own_files_are_kept_apart_by_the_artists_of_their_tags(genrekit_cli: Callable, own: Callable) -> None:
    folder = own(artists=True)
    done = genrekit_cli("split", "make", "artist_disjoint", "--data", folder)
    assert done.code == 0
    assert "0 artists are in more than one part; 0 tracks have no known artist" in done.err
    artists = [{name.split("/")[0] + str(int(name.split("/")[1][0]) % 3) for name in part}
               for part in json.loads(done.out)["parts"].values()]  # fmt: skip
    assert len(set().union(*artists)) == sum(map(len, artists)) == 6


def test_that_no_artist_is_known_is_said(genrekit_cli: Callable, own: Callable, tmp_path: Path) -> None:
    folder, split = own(artists=False), tmp_path / "split.json"
    made = genrekit_cli("split", "make", "artist_disjoint", "--data", folder, "--output", split)
    assert "warning: nothing is known of artists: each of the 12 tracks counts as an artist of its own" in made.err
    assert "0 artists" not in made.err
    assert any("No artist is known" in note for note in read_split(split).notes)


def test_nothing_is_not_proved(genrekit_cli: Callable, gtzan: Path, lists: dict) -> None:
    for part in ("train", "test"):
        done = genrekit_cli(
            "split", "check", f"--{part}", lists[part], "--protocol", "P4", "--data", "gtzan", "--root", gtzan
        )
        assert done.code == 1
        assert "tracks in one part or none: there is nothing to compare" in done.err
        assert "0 of" not in done.out


def test_a_damaged_file_is_told_and_used(genrekit_cli: Callable, own: Callable) -> None:
    folder = own(artists=True)
    path = folder / "polka" / "0 🎺.flac"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    done = genrekit_cli("split", "make", "artist_disjoint", "--data", folder)
    assert done.code == 0
    assert done.err.startswith("genrekit: warning: polka/0 🎺.flac: damaged after 0.4 s")
    assert ".py" not in done.err
    assert any("polka/0 🎺.flac" in part for part in json.loads(done.out)["parts"].values())


def test_standard_output_is_utf8_whatever_the_locale(
    genrekit_cli: Callable, genrekit_program: list[str], own: Callable, tmp_path: Path
) -> None:
    folder, split = own(artists=True), tmp_path / "split.json"
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    with split.open("wb") as out:
        command = [*genrekit_program, "split", "make", "artist_disjoint", "--data", str(folder)]
        subprocess.run(command, stdout=out, env=environment, check=True)
    assert genrekit_cli("split", "check", split, "--data", folder).code == 0


def test_names_that_are_not_utf8(genrekit_cli: Callable, own: Callable, tmp_path: Path) -> None:
    folder, split, audit = own(artists=True), tmp_path / "split.json", tmp_path / "audit.json"
    try:
        (folder / "polka" / "0 🎺.flac").rename(folder / "polka" / os.fsdecode(b"caf\xe9.flac"))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    options = ("--data", folder, "--audit", audit)
    done = genrekit_cli("data", "audit", folder, "--format", "json", "--output", audit)
    assert (done.code, json.loads(audit.read_text(encoding="utf-8"))["n_tracks"]) == (0, 12)
    assert genrekit_cli("split", "make", "artist_disjoint", *options, "--output", split).code == 0
    assert any(r"polka/caf\udce9.flac" in part for part in read_split(split).parts.values())
    assert genrekit_cli("split", "check", split, *options).code == 0


def test_a_split_of_names_that_no_text_holds(genrekit_cli: Callable, gtzan: Path, tmp_path: Path) -> None:
    values = make_split(load_dataset("gtzan", gtzan), "filtered").to_dict()
    values["parts"]["test"] = ["caf\udce9"]
    del values["hash"]
    (tmp_path / "split.json").write_text(json.dumps(values))
    done = genrekit_cli("split", "check", tmp_path / "split.json", "--data", "gtzan", "--root", gtzan)
    assert done.code == 1
    assert "not in the data set 'gtzan', first" in done.err


def test_a_place_that_is_taken_is_told_before_recordings_are_compared(
    genrekit_cli: Callable, gtzan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = ("split", "make", "artist_disjoint", "--data", "gtzan", "--root", gtzan, "--output")
    split, notes = tmp_path / "split.json", tmp_path / "notes.json"
    assert genrekit_cli(*make, split).code == 0
    assert genrekit_cli(*make, split).code == 0
    notes.write_text("{}")
    monkeypatch.setattr("genrekit.data.registry.load_dataset", lambda name, root: pytest.fail("it was begun"))
    for place, more, message in (
        (tmp_path / "none" / "s.json", (), "there is no folder"),
        (tmp_path, (), "it is a folder"),
        (notes, (), "is something else"),
        (split, ("--fold", 1), "is fold 0 of artist_disjoint"),
    ):
        done = genrekit_cli(*make, place, *more)
        assert done.code == 2 and message in done.err and "Errno" not in done.err
    assert notes.read_text() == "{}"

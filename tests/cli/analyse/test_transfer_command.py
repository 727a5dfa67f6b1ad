"""A model from one collection to another, as a person does it: tones in FMA's layout, and in own folders."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnx")
from tiny_model import tiny_card, write_tiny_model

from genrekit.data.sets.gtzan_facts import gtzan_facts
from genrekit.evaluation.predictions import Predictions

HEADER = "TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS\n"
# Low tones are the model's first genre, the middle its second, high ones its third.
TONES_HZ = {"jazz": 100.0, "metal": 2000.0, "techno": 3900.0}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Knows jazz, metal and polka, and was trained on GTZAN, as its card says."""
    card = tiny_card(genres=("jazz", "metal", "polka"), trained_on={"dataset": "gtzan_archive"})
    return write_tiny_model(tmp_path / "model.onnx", card)


@pytest.fixture
def jamendo(tmp_path: Path, write_tone: Callable[..., Path]) -> Path:
    """Ten songs: five of jazz, four of metal, one of neither; two parts."""
    root = tmp_path / "jamendo"
    lines: dict[str, list[str]] = {"train": [], "validation": [], "test": []}
    for k, tag in enumerate(["jazz"] * 5 + ["heavymetal"] * 4 + ["techno"]):
        genre = "metal" if tag == "heavymetal" else tag
        path = f"{k:02}/{k}.mp3"
        tone = write_tone(f"tones/{k}.wav", frequency_hz=TONES_HZ[genre], duration_s=2.0)
        (root / "audio" / path).parent.mkdir(parents=True)
        tone.rename(root / "audio" / path)
        row = f"track_{k:07}\tartist_{k // 2}\talbum_{k}\t{path}\t2.0\tgenre---{tag}\tgenre---other\n"
        lines["test" if k % 2 else "train"].append(row)
    for part, rows in lines.items():
        (root / f"autotagging_genre-{part}.tsv").write_text(HEADER + "".join(rows))
    return root


@pytest.fixture
def transfer(genrekit_cli: Callable[..., Any], model: Path, jamendo: Path, tmp_path: Path) -> Callable[..., Any]:
    def run(*arguments: object, model: Path = model) -> Any:
        options = ("--dataset", "jamendo_gtzan_genres", "--root", jamendo, "--output", tmp_path / "out", "--jobs", 1)
        return genrekit_cli("analyse", "transfer", model, *options, *arguments)

    return run


def test_scores_the_shared_genres_and_writes_what_evaluate_and_compare_read(
    transfer: Callable[..., Any], genrekit_cli: Callable[..., Any], tmp_path: Path
) -> None:
    done = transfer()
    assert done.code == 0, done.err
    assert "shared genres: jazz, metal" in done.err
    assert "9 tracks are scored over the 2 genres that model and data set share: jazz 5, metal 4" in done.out
    assert "100.0" in done.out and "P5" in done.out
    table = Predictions.read_parquet(tmp_path / "out/predictions.parquet")
    assert (table.protocol, table.genres, len(table)) == ("P5", ("jazz", "metal"), 9)
    assert table.correct.all()
    card = (tmp_path / "out/report.md").read_text()
    assert "another collection" in card and "What the model heard" not in card and "may have heard" not in card
    first = card.split("## Read this first")[1].split("##")[0]
    assert "9 tracks are scored over" in first and "'unknown'" in first and card.count("9 tracks are scored") == 1
    split = json.loads((tmp_path / "out/split.json").read_text())
    assert (split["protocol"], len(split["parts"]["train"]), len(split["parts"]["test"])) == ("P5", 1000, 9)
    assert split["proof"]["crossing"] == {"track": 0, "copy": 0, "recording": 0, "artist": 0}
    # From the stored table alone comes the very same card.
    again = genrekit_cli("evaluate", tmp_path / "out")
    assert again.code == 0 and (tmp_path / "out/report.md").read_text() == card
    compared = genrekit_cli("compare", tmp_path / "out", tmp_path / "out")
    assert compared.code == 0 and "difference on 9 tracks" in compared.out


def test_the_same_command_goes_on_with_what_failed_and_names_it(
    transfer: Callable[..., Any], jamendo: Path, tmp_path: Path
) -> None:
    path = jamendo / "audio/03/3.mp3"
    sound = path.read_bytes()
    path.write_bytes(b"no sound at all")
    first = transfer()
    assert first.code == 1 and "03/3.mp3" in first.err
    assert "failed to be read, and are not scored: 1" in first.out
    assert "1 of 9 could not be classified; the others are done" in first.err
    assert len(Predictions.read_parquet(tmp_path / "out/predictions.parquet")) == 8
    path.write_bytes(sound)
    second = transfer()
    assert second.code == 0 and "8 of 9 are done already" in second.err
    assert len(Predictions.read_parquet(tmp_path / "out/predictions.parquet")) == 9
    assert len((tmp_path / "out/answers.json").read_text().splitlines()) == 9


def test_a_file_that_is_cut_off_is_told(transfer: Callable[..., Any], jamendo: Path) -> None:
    path = jamendo / "audio/03/3.mp3"
    path.write_bytes(path.read_bytes()[:-9000])
    done = transfer()
    assert done.code == 0 and "warning: " in done.err and "3.mp3" in done.err


def test_one_part_of_the_collections_own_split(transfer: Callable[..., Any], tmp_path: Path) -> None:
    assert transfer("--part", "test").code == 0
    table = Predictions.read_parquet(tmp_path / "out/predictions.parquet")
    assert [int(track[-1]) % 2 for track in table.track.tolist()] == [1] * 4


def test_tracks_of_the_genres_asked_about_that_are_not_here_are_told(
    transfer: Callable[..., Any], jamendo: Path, tmp_path: Path
) -> None:
    (jamendo / "audio/03/3.mp3").unlink()
    (jamendo / "audio/05/5.mp3").write_bytes(b"")
    with (jamendo / "autotagging_genre-test.tsv").open("a") as file:
        file.writelines(f"track_{k:07}\tartist_9\talbum_{k}\t{k}/{k}.mp3\t2.0\tgenre---rock\n" for k in (50, 51))
    done = transfer()
    assert done.code == 0 and "Tracks of jamendo_gtzan_genres that are not here: 2 of 9." in done.out
    done = transfer("--part", "train", "--output", tmp_path / "train")
    assert done.code == 0 and "not here" not in done.out


def test_a_part_without_tracks_is_told_as_such(transfer: Callable[..., Any], tmp_path: Path) -> None:
    refused = transfer("--part", "valid")
    assert refused.code == 1
    assert "No track of the valid part of data set 'jamendo_gtzan_genres' is here (the part has 0)" in refused.err
    assert "there are 4 of test, 5 of train. Give another --part" in refused.err
    assert "shared genres" not in refused.err and not (tmp_path / "out").exists()


def test_a_collection_that_was_all_heard_is_told_as_such(
    genrekit_cli: Callable[..., Any], model: Path, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    for place, name in enumerate(("jazz/a.wav", "jazz/b.wav", "metal/c.wav", "metal/d.wav")):
        write_tone(f"own/{name}", frequency_hz=200.0 + place)
    facts = list(gtzan_facts().values())
    songs = [fact for fact in facts if fact.artist and fact.title][:4]
    with (tmp_path / "own/artists.csv").open("w", newline="") as file:
        rows = zip(("a.wav", "b.wav", "c.wav", "d.wav"), songs, strict=True)
        csv.writer(file).writerows([("file", "artist", "title"), *((name, s.artist, s.title) for name, s in rows)])
    refused = genrekit_cli("analyse", "transfer", model, "--dataset", tmp_path / "own", "-o", tmp_path / "out")
    assert refused.code == 1 and "may have heard the recordings of all 4 tracks" in refused.err


def test_metadata_without_any_audio_are_told_before_a_folder_is_made(
    transfer: Callable[..., Any], jamendo: Path, tmp_path: Path
) -> None:
    for song in (jamendo / "audio").rglob("*.mp3"):
        song.unlink()
    refused = transfer()
    assert refused.code == 1 and "None of the 9 tracks of data set 'jamendo_gtzan_genres' has its audio" in refused.err
    assert "genrekit data info jamendo_gtzan_genres" in refused.err and not (tmp_path / "out").exists()


def test_genres_that_can_be_asked_for(transfer: Callable[..., Any]) -> None:
    refused = transfer("--genre", "jazz", "--genre", "polka")
    assert refused.code == 1 and "'polka' is not shared" in refused.err
    refused = transfer("--genre", "jazz")
    assert refused.code == 1 and "At least two shared genres are needed; 1" in refused.err


def test_a_model_of_other_genres_is_refused(
    transfer: Callable[..., Any], tiny_model_path: Path, tmp_path: Path
) -> None:
    refused = transfer(model=tiny_model_path)
    assert refused.code == 1 and "At least two shared genres are needed; 0" in refused.err
    assert not (tmp_path / "out/answers.json").exists()


def test_another_model_needs_another_folder(transfer: Callable[..., Any], tmp_path: Path) -> None:
    assert transfer().code == 0
    card = tiny_card(genres=("jazz", "metal", "polka"), text="another")
    refused = transfer(model=write_tiny_model(tmp_path / "another.onnx", card))
    assert refused.code == 2
    assert f"The answers in {tmp_path / 'out'} are of another model; give another --output" in refused.err
    assert "move" not in refused.err


@pytest.mark.parametrize("name", ["answers.json", "answers.json.part"])
def test_answers_that_do_not_say_of_which_model_are_of_another(
    name: str, transfer: Callable[..., Any], tmp_path: Path
) -> None:
    assert transfer().code == 0
    (tmp_path / "out/model.json").unlink()
    (tmp_path / "out/answers.json").rename(tmp_path / "out" / name)
    refused = transfer()
    assert refused.code == 2 and "are of another model; give another --output" in refused.err
    assert not (tmp_path / "out/model.json").exists()


@pytest.mark.parametrize("name", ["predictions.parquet", "split.json"])
def test_what_a_training_run_left_is_not_written_over(name: str, transfer: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_bytes(b"of a run")
    refused = transfer()
    assert refused.code == 2 and f"has a {name} that this command did not write" in refused.err
    assert (tmp_path / "out" / name).read_bytes() == b"of a run"
    assert not (tmp_path / "out/model.json").exists()


def test_own_folders_and_a_model_of_unknown_training(
    genrekit_cli: Callable[..., Any], tiny_model_path: Path, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    for genre, frequency_hz in {"bass": 100.0, "treble": 3900.0, "drone": 2000.0}.items():
        for k in range(2):
            write_tone(f"own/{genre}/{k}.wav", frequency_hz=frequency_hz + k)
    out = tmp_path / "out"
    done = genrekit_cli("analyse", "transfer", tiny_model_path, "--dataset", tmp_path / "own", "-o", out, "--jobs", "1")
    assert done.code == 0, done.err
    assert Predictions.read_parquet(out / "predictions.parquet").track.tolist() == [
        f"{genre}/{k}.wav" for genre in ("bass", "treble") for k in range(2)
    ]
    assert "proof" not in json.loads((out / "split.json").read_text())
    card = (out / "report.md").read_text()
    assert "Missing: a proof" in card and "4 tracks are scored" in card
    assert "What the model heard is not known: there is no list of the recordings of 'none'" in card
    refused = genrekit_cli(
        "analyse", "transfer", tiny_model_path, "--dataset", tmp_path / "own", "-o", out, "--part", "test"
    )
    assert refused.code == 1 and "leave --part out" in refused.err


def test_the_collection_of_training_is_refused(
    genrekit_cli: Callable[..., Any], model: Path, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    for genre in ("jazz", "metal"):
        write_tone(f"gtzan/{genre}/{genre}.00001.wav")
    refused = genrekit_cli(
        "analyse", "transfer", model, "--dataset", "gtzan", "--root", tmp_path / "gtzan", "-o", tmp_path / "out"
    )
    assert refused.code == 1
    assert "trained on data set 'gtzan_archive', which is of the same collection as 'gtzan'" in refused.err
    # The same files as folders of one's own, under another name.
    (tmp_path / "gtzan").rename(tmp_path / "mine")
    for genre in ("jazz", "metal"):
        write_tone(f"mine/{genre}/{genre}.00002.wav")
    refused = genrekit_cli("analyse", "transfer", model, "--dataset", tmp_path / "mine", "-o", tmp_path / "out")
    assert refused.code == 1 and "such as 'jazz/jazz.00001.wav'" in refused.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("trained_on", [{"dataset": "jamendo"}, {"dataset": "mine", "base_datasets": ["jamendo"]}])
def test_a_model_of_this_collection_or_built_on_one_is_refused(
    trained_on: dict[str, object], transfer: Callable[..., Any], tmp_path: Path
) -> None:
    card = tiny_card(genres=("jazz", "metal", "polka"), trained_on=trained_on)
    refused = transfer(model=write_tiny_model(tmp_path / "own.onnx", card))
    assert refused.code == 1 and "trained on data set 'jamendo', which is of the same collection" in refused.err

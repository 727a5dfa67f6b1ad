from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("sklearn")
pytest.importorskip("onnx")

from genrekit.data.checks.same_recordings import cache_folder
from genrekit.errors import AudioError, DataError, ModelFileError
from genrekit.evaluation.calibration import apply_temperature
from genrekit.inference import Classifier
from genrekit.inference.model_file import EMBEDDING, INPUT, PROBABILITIES, open_session
from genrekit.learning.embedder import Embedder
from genrekit.learning.head import file_probabilities
from genrekit.learning.own_genres import learn

Collection = Callable[..., Path]


def test_a_learnt_model_file_tells_new_songs_apart(
    make_collection: Collection, tiny_model_path: Path, tmp_path: Path
) -> None:
    learned = learn(make_collection(), model=tiny_model_path)
    made = learned.write(tmp_path / "own.onnx")
    assert made.card.genres == ("high", "low")
    assert made.card.trained_on["songs"] == {"high": 10, "low": 10}
    assert made.card.datasets == ("own", "none")  # the folder, and what the base model was trained on
    assert learned.cross_validated.scores.accuracy == 1.0
    new = make_collection(14, "new")  # the last four of each are new
    classifier = Classifier(made.path)
    for genre in ("low", "high"):
        for k in range(10, 14):
            probabilities = classifier.classify(new / genre / f"{k:02}.wav").probabilities
            assert max(probabilities, key=probabilities.__getitem__) == genre


def test_the_file_gives_the_probabilities_of_the_fitted_classifier(
    make_collection: Collection, tiny_model_path: Path, tmp_path: Path
) -> None:
    learned = learn(make_collection(), model=tiny_model_path)
    session = open_session(learned.write(tmp_path / "own.onnx").path, n_threads=1)
    waveform = np.random.default_rng(1).uniform(-1, 1, (3, 8000)).astype(np.float32)
    probabilities, embedding = session.run([PROBABILITIES, EMBEDDING], {INPUT: waveform})
    np.testing.assert_allclose(probabilities, learned.head.probabilities(embedding), atol=1e-4)
    (base,) = open_session(tiny_model_path, n_threads=1).run([EMBEDDING], {INPUT: waveform})
    np.testing.assert_array_equal(embedding, base)


def test_a_song_is_scored_as_classify_would_score_it(
    make_collection: Collection, tiny_model_path: Path, tmp_path: Path
) -> None:
    learned = learn(make_collection(), model=tiny_model_path)
    classifier = Classifier(learned.write(tmp_path / "own.onnx").path)
    rng = np.random.default_rng(0)
    card = classifier.card
    # Windows on the grid, and one that ends with the song; silence in the middle.
    y = rng.uniform(-1, 1, round(3.3 * card.window_samples)).astype(np.float32)
    y[card.window_samples : 2 * card.window_samples] = 0
    embedding = Embedder(tiny_model_path, cache=tmp_path).embed(y, sr=card.sr)
    assert (embedding.weights < 1).any()
    expected = apply_temperature(file_probabilities(learned.head, [embedding]), card.file_temperature)[0]
    found = classifier.classify(y, sr=card.sr).probabilities
    assert [found[genre] for genre in card.genres] == pytest.approx(expected, abs=1e-4)


def test_samples_that_no_recording_has_are_refused_as_classify_refuses_them(
    tiny_model_path: Path, tmp_path: Path
) -> None:
    embedder, classifier = Embedder(tiny_model_path, cache=tmp_path), Classifier(tiny_model_path)
    sr = classifier.card.sr
    y = np.random.default_rng(0).uniform(-1, 1, 40 * sr).astype(np.float32)
    y[20 * sr : 21 * sr] = 1e20
    for hear in (embedder.embed, classifier.classify):
        with pytest.raises(AudioError, match="samples of 1e\\+20, where full scale is 1"):
            hear(y, sr=sr)


def test_what_is_remembered_is_what_was_computed(
    make_collection: Collection, tiny_model_path: Path, tmp_path: Path
) -> None:
    paths = sorted(make_collection(2).rglob("*.wav"))
    embedder = Embedder(tiny_model_path, cache=tmp_path / "cache")
    first, again = (list(embedder.embed_files(paths, n_jobs=1)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.rows, other.rows)
        np.testing.assert_allclose(one.weights, other.weights, rtol=1e-6)


def test_a_learnt_model_can_be_built_on(make_collection: Collection, tiny_model_path: Path, tmp_path: Path) -> None:
    folder = make_collection()
    first = learn(folder, model=tiny_model_path).write(tmp_path / "first.onnx")
    second = learn(folder, model=first.path).write(tmp_path / "second.onnx")
    assert second.size_bytes < first.size_bytes + 2000
    assert Classifier(second.path).genres == ("high", "low")


def test_learning_twice_gives_the_same_file(make_collection: Collection, tiny_model_path: Path, tmp_path: Path) -> None:
    folder = make_collection()
    files = [learn(folder, model=tiny_model_path).write(tmp_path / f"{k}.onnx", name="own") for k in range(2)]
    assert files[0].path.read_bytes() == files[1].path.read_bytes()


def test_a_recording_in_two_genres_is_left_out_of_both(
    make_collection: Collection, tiny_model_path: Path, tmp_path: Path
) -> None:
    folder = make_collection()
    shutil.copy(folder / "low" / "03.wav", folder / "high" / "stray.wav")
    shutil.copy(folder / "low" / "04.wav", folder / "low" / "again.wav")
    learned = learn(folder, model=tiny_model_path)
    left_out = {one.name: one.failed for one in learned.songs.left_out}
    # The first of the copies in one genre, in the order of their names, is kept.
    assert left_out == {"low/03.wav": True, "high/stray.wav": True, "low/again.wav": False}
    assert learned.counts == {"high": 10, "low": 9}


def test_a_file_that_does_not_decode_is_left_out(
    make_collection: Collection, tiny_model_path: Path, tmp_path: Path
) -> None:
    folder = make_collection(6)
    (folder / "low" / "broken.mp3").write_bytes(b"no music" * 100)
    learned = learn(folder, model=tiny_model_path)
    assert [one.name for one in learned.songs.left_out if one.failed] == ["low/broken.mp3"]
    assert learned.counts == {"high": 6, "low": 6}


def test_too_few_songs_are_refused_by_name(make_collection: Collection, tiny_model_path: Path, tmp_path: Path) -> None:
    folder = make_collection(5)
    (folder / "low" / "00.wav").unlink()
    with pytest.raises(DataError, match="'low' has 4"):
        learn(folder, model=tiny_model_path)


def test_one_genre_is_refused(make_collection: Collection, tiny_model_path: Path, tmp_path: Path) -> None:
    folder = make_collection(5)
    shutil.rmtree(folder / "low")
    with pytest.raises(DataError, match="one genre only"):
        learn(folder, model=tiny_model_path)


@pytest.mark.parametrize("name", ["unknown", "error", "two\nlines", "\x1b[31m red"])
def test_a_genre_that_cannot_be_shown_or_means_something_else_is_refused(
    make_collection: Collection, tiny_model_path: Path, name: str
) -> None:
    folder = make_collection()
    (folder / "low").rename(folder / name)
    with pytest.raises(DataError, match=rf"has a folder {re.escape(repr(name))}"):
        learn(folder, model=tiny_model_path)


def test_a_base_without_embedding_is_told(make_collection: Collection, tiny_model_path: Path, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(tiny_model_path)
    del model.graph.output[1]
    onnx.save(model, tmp_path / "bare.onnx")
    with pytest.raises(ModelFileError, match="embedding"):
        learn(make_collection(5), model=tmp_path / "bare.onnx")


def test_what_was_heard_before_is_not_heard_again(
    make_collection: Collection, tiny_model_path: Path, tmp_path: Path
) -> None:
    folder = make_collection(6)
    learn(folder, model=tiny_model_path)
    remembered = {path: path.stat().st_mtime_ns for path in (cache_folder() / "embeddings").rglob("*.npy")}
    learn(folder, model=tiny_model_path)
    again = {path: path.stat().st_mtime_ns for path in (cache_folder() / "embeddings").rglob("*.npy")}
    assert again == remembered
    assert len(remembered) >= 12


def test_the_command_says_how_good_it_is(
    make_collection: Collection, tiny_model_path: Path, tmp_path: Path, genrekit_cli: Callable[..., object]
) -> None:
    folder = make_collection(6)
    finished = genrekit_cli("learn", folder, "--output", tmp_path / "own.onnx", "--model", tiny_model_path)
    assert finished.code == 0, finished.err
    # Wilson's interval of 12 of 12, where a bootstrap would have no width.
    assert "accuracy 100.0 % on songs held out (5 folds), 95 % interval 75.8 to 100.0 over 12 songs\n" in finished.out
    assert "% (by chance alone, on so few songs, up to " in finished.out
    assert "fewer than 10 songs of high, low" in finished.err
    assert "no artist is known for 12 of 12 songs; songs of one artist may be on both sides" in finished.err
    classified = genrekit_cli(
        "classify", folder / "low" / "00.wav", "--model", tmp_path / "own.onnx", "--format", "json"
    )
    assert set(json.loads(classified.out)["probabilities"]) == {"low", "high"}


def test_too_few_files_are_told_before_any_is_listened_to(make_collection: Collection, tiny_model_path: Path) -> None:
    folder = make_collection(6)
    for song in sorted((folder / "low").iterdir())[1:]:
        song.unlink()
    heard = []
    with pytest.raises(DataError, match="'low' has 1"):
        learn(folder, model=tiny_model_path, progress=lambda *done: heard.append(done))
    assert not heard


def test_of_many_songs_that_are_left_out_a_few_are_named(make_collection: Collection, tiny_model_path: Path) -> None:
    folder = make_collection(6)
    shutil.copytree(folder / "low", folder / "copies")
    with pytest.raises(DataError, match=r"'copies' has 0, 'low' has 0.*and 9 more$") as told:
        learn(folder, model=tiny_model_path)
    assert str(told.value).count("was left out") == 3


def test_what_lasts_less_than_a_second_is_no_song(make_collection: Collection, tiny_model_path: Path) -> None:
    folder = make_collection(6)
    soundfile.write(folder / "low" / "beep.wav", 0.3 * np.sin(0.4 * np.arange(3200)), 8000)
    learned = learn(folder, model=tiny_model_path)
    assert learned.counts == {"high": 6, "low": 6}
    (left_out,) = learned.songs.left_out
    assert left_out.failed and "lasts 0.40 s: too little" in left_out.reason


def test_songs_of_unknown_artist_are_counted_beside_artists(make_collection: Collection, tiny_model_path: Path) -> None:
    folder = make_collection(6)
    rows = [f"{genre}/{k:02}.wav,Trio {k % 2} of {genre}\n" for genre in ("low", "high") for k in range(4)]
    (folder / "artists.csv").write_text("file,artist\n" + "".join(rows))
    learned = learn(folder, model=tiny_model_path)
    assert learned.cross_validated.n_without_artist == 4
    assert learned.cross_validated.units == "4 artists and 4 songs of unknown artist"
    assert "no artist is known for 4 of them" in learned.card("own").text


def test_the_command_fails_with_a_file_that_cannot_be_used(
    make_collection: Collection, tiny_model_path: Path, tmp_path: Path, genrekit_cli: Callable[..., object]
) -> None:
    folder = make_collection(5)
    (folder / "low" / "broken.mp3").write_bytes(b"no music" * 100)
    finished = genrekit_cli("learn", folder, "--output", tmp_path / "own.onnx", "--model", tiny_model_path)
    assert finished.code == 1
    assert "left out low/broken.mp3" in finished.err
    assert (tmp_path / "own.onnx").is_file()

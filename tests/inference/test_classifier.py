from __future__ import annotations

import io
import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_model import SR, tiny_card, write_tiny_model

import genrekit
from genrekit import AudioError, Classifier, Failure, ModelFileError, Result


@pytest.fixture(scope="module")
def classifier(tiny_model_path: Path) -> Classifier:
    return genrekit.load(tiny_model_path)


def _tone(frequency_hz: float, duration_s: float, sr: int = SR) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(round(duration_s * sr)) / sr)).astype(np.float32)


def _outcomes(classifier: Classifier, paths: list[Path], **options: int) -> list[Result | Failure]:
    return list(classifier.classify_many(paths, **options))


def test_path_file_object_and_array_agree(classifier: Classifier, write_tone: Callable[..., Path]) -> None:
    path = write_tone("tone.wav", frequency_hz=2000.0)
    from_path = classifier.classify(path)
    assert from_path.path == str(path)
    assert from_path.genre == "mid"
    samples, sr = soundfile.read(path, dtype="float32")
    from_array = classifier.classify(samples, sr=sr)
    assert from_array.path is None
    from_object = classifier.classify(io.BytesIO(path.read_bytes()))
    for other in (from_array, from_object):
        assert other.genre == from_path.genre
        assert other.probabilities == pytest.approx(from_path.probabilities)
        assert other.duration_s == from_path.duration_s
    with path.open("rb") as file:
        assert classifier.classify(file).path == str(path)


def test_a_classifier_and_its_file_show_themselves_in_a_line(classifier: Classifier) -> None:
    card = classifier.card
    assert repr(classifier).startswith(f"<Classifier {card.name}: {card.genres[0]}, ")
    assert repr(classifier).endswith(f"; windows of {card.window_s:g} s at {card.sr} Hz>")
    assert len(repr(classifier.model_file)) < 300 and card.text not in repr(card)


def test_an_array_needs_its_sample_rate(classifier: Classifier) -> None:
    with pytest.raises(AudioError, match=r"does not state its sample rate. .* as in classify\(array, sr=44100\)"):
        classifier.classify(_tone(100, 1.0))


def test_probabilities_are_sorted_and_sum_to_one(classifier: Classifier) -> None:
    result = classifier.classify(_tone(700, 4.0), sr=SR)
    values = list(result.probabilities.values())
    assert values == sorted(values, reverse=True)
    assert sum(values) == pytest.approx(1)
    assert result.confidence == values[0]


def test_window_probabilities_are_fused_as_the_file_says(tmp_path: Path) -> None:
    y = np.concatenate([_tone(100, 3.0), _tone(2000, 1.0)])
    cold = genrekit.load(write_tiny_model(tmp_path / "1.onnx", tiny_card(file_temperature=1.0, hop_s=1.0)))
    warm = genrekit.load(write_tiny_model(tmp_path / "2.onnx", tiny_card(file_temperature=2.0, hop_s=1.0)))
    p, q = (c.classify(y, sr=SR).probabilities for c in (cold, warm))
    assert p["bass"] == pytest.approx(0.75, abs=0.001)
    root = {genre: value**0.5 for genre, value in p.items()}
    assert q == pytest.approx({genre: value / sum(root.values()) for genre, value in root.items()}, abs=1e-6)


def test_the_less_is_heard_the_less_sure(tmp_path: Path) -> None:
    card = tiny_card(hop_s=1.0, unknown_threshold=0.0, short_temperatures=((0.5, 4.0), (1.0, 2.0), (4.0, 1.0)))
    model = genrekit.load(write_tiny_model(tmp_path / "1.onnx", card))
    always = genrekit.load(write_tiny_model(tmp_path / "2.onnx", tiny_card(hop_s=1.0, unknown_threshold=0.0)))

    def odds(classifier: Classifier, y: np.ndarray) -> float:
        p = list(classifier.classify(y, sr=SR).probabilities.values())
        return float(np.log(p[0] / p[1]))

    second = np.concatenate([_tone(100, 0.8), _tone(2000, 0.2)])
    silence = np.zeros(3 * SR, np.float32)
    for y, temperature in (
        (second[: SR // 2], 4.0),
        (second, 2.0),
        (np.tile(second, 4), 1.0),
        (np.tile(second, 30), 1.0),
        # Four seconds, of which one was heard.
        (np.concatenate([second, silence]), 2.0),
    ):
        assert odds(model, y) == pytest.approx(odds(always, y) / temperature, rel=1e-3)
        result = model.classify(y, sr=SR)
        if len(y) <= SR:
            assert [segment.confidence for segment in result.timeline] == [pytest.approx(result.confidence)]


def test_a_segment_that_is_the_whole_file_has_its_answer(tmp_path: Path) -> None:
    card = tiny_card(file_temperature=0.5, short_temperatures=((1.0, 2.0), (4.0, 1.0)))
    for y in (_tone(1250, 4.0), _tone(1250, 0.7), np.zeros(2 * SR, np.float32)):
        result = genrekit.load(write_tiny_model(tmp_path / "1.onnx", card)).classify(y, sr=SR)
        (segment,) = result.timeline
        assert (segment.genre, segment.confidence) == (result.genre, result.confidence)


def test_segments_are_as_calibrated_as_the_file(tmp_path: Path) -> None:
    y = np.concatenate([_tone(1250, 4.0), _tone(2000, 4.0)])
    odds = []
    for temperature in (1.0, 2.0):
        card = tiny_card(file_temperature=temperature, hop_s=1.0, unknown_threshold=0.0)
        model = genrekit.load(write_tiny_model(tmp_path / f"{temperature}.onnx", card))
        first = model.classify(y, sr=SR).timeline[0].confidence
        assert first == pytest.approx(model.classify(y[: 4 * SR], sr=SR).confidence, abs=1e-6)
        odds.append(first)
    assert odds[1] < odds[0]


def test_a_hundredth_of_a_second_more_does_not_change_the_answer(tmp_path: Path) -> None:
    model = genrekit.load(write_tiny_model(tmp_path / "1.onnx", tiny_card(hop_s=1.0)))
    y = np.concatenate([_tone(100, 3.0), _tone(2000, 1.01)])
    exact, longer = (model.classify(samples, sr=SR).probabilities for samples in (y[: 4 * SR], y))
    assert longer == pytest.approx(exact, abs=0.01)


def test_below_the_threshold_is_unknown(tmp_path: Path) -> None:
    y = np.concatenate([_tone(100, 4.0), _tone(2000, 3.0)])
    for threshold, genre in ((0.6, "unknown"), (0.4, "bass")):
        card = tiny_card(unknown_threshold=threshold)
        result = genrekit.load(write_tiny_model(tmp_path / f"{threshold}.onnx", card)).classify(y, sr=SR)
        assert result.genre == genre
        assert result.confidence == pytest.approx(4 / 7, abs=0.02)


def test_silence_is_unknown_even_without_a_threshold(tmp_path: Path) -> None:
    bold = genrekit.load(write_tiny_model(tmp_path / "bold.onnx", tiny_card(unknown_threshold=0.0)))
    rng = np.random.default_rng(0)
    for y in (np.zeros(SR * 3), np.full(SR * 3, 0.3), rng.integers(0, 2, SR * 3) / 2**15):
        result = bold.classify(y.astype(np.float32), sr=SR)
        assert result.genre == "unknown"
        assert result.confidence == pytest.approx(1 / 3)
        assert any("silent" in warning for warning in result.warnings)
        assert [segment.genre for segment in result.timeline] == ["unknown"]


def test_silent_windows_are_left_out_and_counted(classifier: Classifier) -> None:
    loud = _tone(100, 4.0)
    result = classifier.classify(np.concatenate([loud, np.zeros(SR * 6, np.float32)]), sr=SR)
    assert result.genre == "bass"
    assert result.confidence > 0.99
    assert result.warnings == ("11 of 19 windows are silent and were left out",)
    assert [segment.genre for segment in result.timeline] == ["bass", "unknown"]


def test_a_short_sound_is_repeated_and_says_so(classifier: Classifier) -> None:
    result = classifier.classify(_tone(100, 0.3), sr=SR)
    assert result.genre == "bass"
    assert result.duration_s == pytest.approx(0.3)
    assert result.warnings == ("short: its 0.30 s are repeated to fill the model's 1 s",)
    assert [(s.start_s, s.end_s) for s in result.timeline] == [(0, pytest.approx(0.3))]


def test_many_gives_results_and_failures_in_order(
    classifier: Classifier, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    paths = [write_tone(f"{i}.wav", frequency_hz=100.0 if i % 2 else 2000.0) for i in range(6)]
    paths.insert(3, tmp_path / "missing.wav")
    outcomes = _outcomes(classifier, paths)
    assert [outcome.path for outcome in outcomes] == [str(path) for path in paths]
    genres = [outcome.genre if isinstance(outcome, Result) else "failed" for outcome in outcomes]
    assert genres == ["mid", "bass", "mid", "failed", "bass", "mid", "bass"]
    failure = outcomes[3]
    assert isinstance(failure, Failure)
    assert "missing.wav" in failure.error
    assert isinstance(failure.cause, AudioError)


@pytest.mark.parametrize("n_jobs", [1, 2, 5])
def test_many_gives_what_one_gives(n_jobs: int, classifier: Classifier, write_tone: Callable[..., Path]) -> None:
    paths = [write_tone(f"{i}.flac", frequency_hz=300.0 * i, duration_s=0.5 * i, sr=22050) for i in range(1, 8)]
    for path, outcome in zip(paths, _outcomes(classifier, paths, n_jobs=n_jobs), strict=True):
        assert isinstance(outcome, Result)
        assert outcome.probabilities == pytest.approx(classifier.classify(path).probabilities, abs=1e-6)


def test_many_of_none(classifier: Classifier) -> None:
    assert _outcomes(classifier, []) == []


@pytest.mark.parametrize("paths", ["song.mp3", b"song.mp3", Path("song.mp3")])
def test_many_of_one_path_is_refused(classifier: Classifier, paths: object) -> None:
    # At the call, not when the first result is asked for.
    with pytest.raises(TypeError, match=rf"expected several paths, and got one {type(paths).__name__}; .*\[path\]"):
        classifier.classify_many(paths)  # type: ignore[arg-type]


@pytest.mark.parametrize("source", [io.BytesIO(b"RIFF"), b"song.mp3", np.zeros(9, np.float32), 3])
def test_many_takes_paths_alone(classifier: Classifier, source: object) -> None:
    with pytest.raises(TypeError, match=rf"got a {type(source).__name__} among the paths; .* classify") as caught:
        list(classifier.classify_many(["missing.wav", source]))  # type: ignore[list-item]
    assert ("os.fsdecode" in str(caught.value)) == isinstance(source, bytes)


def test_many_reads_only_a_few_paths_ahead(classifier: Classifier, write_tone: Callable[..., Path]) -> None:
    path = write_tone("a.wav")
    taken = 0

    def endless() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield path

    outcomes = classifier.classify_many(endless(), n_jobs=2)
    for _ in range(3):
        assert isinstance(next(outcomes), Result)
    outcomes.close()
    assert taken < 30


def test_the_first_result_does_not_wait_for_the_last(
    classifier: Classifier, write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    pipe = tmp_path / "slow.wav"
    os.mkfifo(pipe)
    first_seen = threading.Event()

    def feed() -> None:
        with pipe.open("wb") as file:  # as soon as it is open for reading, and not before
            first_seen.wait()
            file.write(write_tone("b.wav").read_bytes())

    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    outcomes = classifier.classify_many([write_tone("a.wav"), pipe], n_jobs=2)
    assert isinstance(next(outcomes), Result)
    first_seen.set()
    assert isinstance(next(outcomes), Result)
    feeder.join()


def test_an_unforeseen_error_of_one_file_does_not_end_the_rest(
    classifier: Classifier, write_tone: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from genrekit.inference import classifier as module

    score = module.score_windows

    def fragile(source: object, **options: object) -> object:
        if str(source).endswith("bad.wav"):
            raise ZeroDivisionError("inside a decoder")
        return score(source, **options)

    monkeypatch.setattr(module, "score_windows", fragile)
    bad, good = _outcomes(classifier, [write_tone("bad.wav"), write_tone("good.wav")])
    assert isinstance(bad, Failure)
    assert "unexpected ZeroDivisionError: inside a decoder" in bad.error
    assert isinstance(good, Result)


def test_load_names_what_it_cannot_find(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no bundled model is named 'defalt'"):
        genrekit.load("defalt")
    with pytest.raises(ModelFileError, match="no such model file"):
        genrekit.load(tmp_path / "x.onnx")


MEASURE = """
import json, re, sys, genrekit
result = genrekit.load(sys.argv[1]).classify(sys.argv[2])
# Not getrusage: it would count the peak of the process that started this one.
peak_kb = int(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])
json.dump({"genre": result.genre, "duration_s": result.duration_s, "peak_mb": peak_kb / 1024}, sys.stdout)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_two_hours_stay_below_500_mb(tiny_model_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    minute = np.repeat(_tone(100, 60.0, sr=44100)[:, None], 2, axis=1)
    with soundfile.SoundFile(path, "w", 44100, 2) as file:
        for _ in range(120):
            file.write(minute)
    command = [sys.executable, "-c", MEASURE, tiny_model_path, path]
    measured = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert measured["genre"] == "bass"
    assert measured["duration_s"] == pytest.approx(7200, abs=0.1)
    assert measured["peak_mb"] < 500


@pytest.mark.parametrize("level", [1e13, 1e30])
def test_samples_beyond_any_recording_are_refused_by_name(classifier: Classifier, tmp_path: Path, level: float) -> None:
    path = tmp_path / "loud.wav"
    soundfile.write(path, _tone(100, 2.0) * level, SR, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"loud\.wav: has samples of .*full scale is 1"):
        classifier.classify(path)


def test_nothing_is_reported_to_the_maker_of_onnx_runtime(tiny_model_path: Path, tmp_path: Path) -> None:
    """Its wheels would send usage data home, and keep an identifier of the machine in the cache folder."""
    switches = {"CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS", "XDG_CACHE_HOME"}
    environment = {name: value for name, value in os.environ.items() if name not in switches}
    home = tmp_path / "home"
    home.mkdir()
    code = """
import os, sys, numpy, genrekit
genrekit.load(sys.argv[1]).classify(numpy.ones(9000, "f4").cumsum() % 7 - 3, sr=8000)
print(os.environ["ORT_DISABLE_TELEMETRY"])
"""
    command = [sys.executable, "-c", code, tiny_model_path]
    printed = subprocess.run(command, env={**environment, "HOME": str(home)}, capture_output=True, check=True).stdout
    assert printed.strip() == b"1"
    assert list(home.rglob("*")) == []


@pytest.mark.parametrize("count", [0, -1, 1.5, "2", True])
def test_a_number_of_threads_or_jobs_that_is_none_is_refused(classifier: Classifier, count: object) -> None:
    with pytest.raises(ValueError, match=f"n_jobs is {count!r}; expected a whole number, at least 1"):
        classifier.classify_many([], n_jobs=count)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="n_threads is "):
        genrekit.load(n_threads=count)  # type: ignore[arg-type]


def test_no_more_threads_than_cores_are_started(tiny_model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genrekit.inference.classifier, "usable_cores", lambda: 2)
    asked, opened = [], genrekit.inference.classifier.open_session
    monkeypatch.setattr(
        genrekit.inference.classifier,
        "open_session",
        lambda path, *, n_threads: asked.append(n_threads) or opened(path, n_threads=n_threads),
    )
    Classifier(tiny_model_path, n_threads=10_000)
    assert asked == [2]


def test_a_classifier_travels_to_other_processes(
    tiny_model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_model_path.parent)
    sent = pickle.dumps(genrekit.load(tiny_model_path.name, n_threads=1))
    monkeypatch.chdir(tmp_path)
    came = pickle.loads(sent)
    tone = _tone(2000.0, 2.0)
    assert came.classify(tone, sr=SR) == genrekit.load(tiny_model_path).classify(tone, sr=SR)
    assert len(sent) < 1000


def test_an_embedding_is_the_graphs_second_output_for_each_window_with_sound(tiny_model_path: Path) -> None:
    classifier = genrekit.load(tiny_model_path)
    y = np.concatenate([_tone(2000.0, 2.0), np.zeros(2 * SR, np.float32), _tone(300.0, 2.0)])
    found = classifier.embed(y, sr=SR)
    scores = classifier.score_windows(y, sr=SR)
    assert found.rows.dtype == np.float32 and found.rows.ndim == 2
    assert len(found.rows) == len(found.weights) == len(scores.starts_s) < 6 / classifier.card.hop_s
    np.testing.assert_allclose(found.mean, (found.weights @ found.rows) / found.weights.sum(), rtol=1e-5)
    with pytest.raises(AudioError, match="The array: is silent, there is nothing to hear"):
        classifier.embed(np.zeros(2 * SR), sr=SR)


def test_what_numpy_cannot_read_is_told(classifier: Classifier) -> None:
    torch = pytest.importorskip("torch")
    for tensor in (torch.zeros(SR, requires_grad=True), torch.zeros(SR, dtype=torch.bfloat16)):
        with pytest.raises(AudioError, match="a Tensor that NumPy cannot read"):
            classifier.classify(tensor, sr=SR)

from __future__ import annotations

import io
import tracemalloc
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from genrekit.data import load_dataset
from genrekit.data.archive import SR
from genrekit.data.checks import fingerprint as fingerprint_module
from genrekit.data.checks.fingerprint import (
    COLUMN_S,
    MIN_OVERLAP_COLUMNS,
    archive_fingerprint,
    find_matches,
    fingerprint,
    from_bytes,
    rounded,
    to_bytes,
)
from genrekit.data.preparation.archive_writer import archive_row
from genrekit.data.relations import Relation, keys
from genrekit.errors import DataError
from genrekit.features import ARCHIVE_LOG_MEL, compute

Wave = npt.NDArray[np.float32]


def _print(y: Wave) -> Wave:
    return fingerprint(compute(ARCHIVE_LOG_MEL, y), ARCHIVE_LOG_MEL.frame_index(len(y)) * 512 / SR)


def _noisy(y: Wave, snr_db: float) -> Wave:
    noise = np.random.default_rng(0).standard_normal(len(y)).astype(np.float32)
    return y + noise * np.sqrt((y**2).mean() / 10 ** (snr_db / 10))


@pytest.fixture(scope="module")
def others(tune: Callable[..., Wave]) -> dict[str, Wave]:
    return {f"other {seed}": _print(tune(seed, 20.0)) for seed in range(100, 108)}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda y: y, id="copy"),
        pytest.param(lambda y: 0.1 * y, id="20 dB softer"),
        pytest.param(lambda y: y[5 * SR + 777 :], id="5 s later"),
        pytest.param(lambda y: y[: 12 * SR], id="12 s of it"),
        pytest.param(lambda y: _noisy(y, 20), id="noise at 20 dB"),
        pytest.param(lambda y: _noisy(y, 10), id="noise at 10 dB"),
        pytest.param(lambda y: np.diff(y, append=0), id="treble only"),
        pytest.param(lambda y: np.clip(y, -0.1, 0.1), id="clipped"),
        pytest.param(lambda y: _noisy(0.3 * y[7 * SR + 333 : 25 * SR], 15), id="all at once"),
    ],
)
def test_finds_the_same_recording(change: Callable[[Wave], Wave], tune: Callable[..., Wave], others: dict) -> None:
    y = tune(1)
    matches = find_matches(others | {"a": _print(y), "b": _print(change(y))})
    assert [(match.first, match.second) for match in matches] == [("a", "b")]


def test_blocks_change_neither_what_is_found_nor_the_memory_that_it_takes(
    tune: Callable[..., Wave], others: dict[str, Wave], monkeypatch: pytest.MonkeyPatch
) -> None:
    y = tune(1)
    prints = others | {"a": _print(y), "m": _print(y[3 * SR :]), "z": _print(_noisy(y, 20))}
    whole = find_matches(prints)
    assert {(match.first, match.second) for match in whole} == {("a", "m"), ("m", "z"), ("a", "z")}
    monkeypatch.setattr(fingerprint_module, "ROWS_AT_ONCE", 4)
    monkeypatch.setattr(fingerprint_module, "COLUMNS_AT_ONCE", 2)
    steps: list[tuple[int, int]] = []
    assert find_matches(prints, progress=lambda *step: steps.append(step)) == whole
    assert steps == sorted(steps) and steps[-1] == (11, 11)
    prints |= {f"more {k}": np.zeros((31, 387), dtype=np.float32) for k in range(80)}
    tracemalloc.start()
    try:
        assert find_matches(prints) == whole
        # The spectra of all segments together take 11 MB.
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_stored_fingerprint_is_the_one_that_was_made(tune: Callable[..., Wave]) -> None:
    made = rounded(_print(tune(1, 10.0)))
    np.testing.assert_array_equal(from_bytes(to_bytes(made)), made)
    assert np.abs(made - _print(tune(1, 10.0))).max() <= 0.5 / 127 + 1e-6
    with pytest.raises(ValueError, match="reshape"):
        from_bytes(b"123")


def test_says_at_which_offset(tune: Callable[..., Wave]) -> None:
    y = tune(2)
    (match,) = find_matches({"z": _print(y), "b": _print(y[round(6.2 * SR) :])})
    assert (match.first, match.second) == ("b", "z")
    # The second, the whole, begins 6.2 s before the first.
    assert match.offset_s == pytest.approx(-6.2, abs=COLUMN_S)
    (match,) = find_matches({"a": _print(y), "b": _print(y[round(6.2 * SR) :])})
    assert match.offset_s == pytest.approx(6.2, abs=COLUMN_S)


def test_finds_an_excerpt_deep_in_a_long_recording(tune: Callable[..., Wave]) -> None:
    long = tune(3, 110.0)
    (match,) = find_matches({"long": _print(long), "part": _print(long[83 * SR : 99 * SR])})
    assert match.offset_s == pytest.approx(83, abs=0.2)


@pytest.mark.parametrize("duration_s", [5.2, 6.0, 7.0, 9.0])
def test_finds_short_recordings_and_tells_them_apart(duration_s: float, tune: Callable[..., Wave]) -> None:
    n = round(duration_s * SR)
    prints = {str(seed): _print(tune(seed, duration_s)) for seed in range(4)}
    prints |= {f"beat {seed}": _print(_beat(seed)[:n]) for seed in range(4)}
    assert find_matches(prints) == ()
    prints["2 again"] = _print(_noisy(0.5 * tune(2, duration_s), 25))
    (match,) = find_matches(prints)
    assert (match.first, match.second) == ("2", "2 again")


def test_different_recordings_do_not_match(others: dict[str, Wave]) -> None:
    assert find_matches(others) == ()
    assert find_matches(others, threshold=2.2) == ()


def test_nothing_matches_silence_noise_or_what_is_too_short(tune: Callable[..., Wave]) -> None:
    silence = np.zeros((31, 387), dtype=np.float32)
    noise = _print(np.random.default_rng(1).standard_normal(30 * SR).astype(np.float32))
    other_noise = _print(np.random.default_rng(2).standard_normal(30 * SR).astype(np.float32))
    y = tune(4)
    short = _print(y)[:, : MIN_OVERLAP_COLUMNS - 1]
    prints = {"s1": silence, "s2": silence, "n1": noise, "n2": other_noise, "y": _print(y), "short": short}
    assert find_matches(prints) == ()
    assert find_matches({}) == ()


def _beat(seed: int) -> Wave:
    """A song of loops at 120 beats a minute."""
    rng = np.random.default_rng(seed)
    t = np.arange(20 * SR) / SR
    y = np.sin(2 * np.pi * 55 * t) * np.exp(-12 * (t % 0.5))
    for pitch_hz in 220 * 2 ** (rng.integers(0, 36, 6) / 12):
        phase = (t + rng.uniform(0, 1)) % rng.choice([0.5, 1.0, 2.0])
        y += 0.2 * np.sin(2 * np.pi * pitch_hz * t) * np.exp(-3 * phase)
    return (0.3 * y).astype(np.float32)


def test_steady_beats_of_different_songs_do_not_match_but_copies_do() -> None:
    """Songs at one tempo agree at every beat; that alone is not one recording."""
    prints = {str(seed): _print(_beat(seed)) for seed in range(5)}
    prints["3 again"] = _print(_noisy(0.5 * _beat(3)[2 * SR + 100 :], 25))
    assert [(match.first, match.second) for match in find_matches(prints)] == [("3", "3 again")]


def test_archive_and_audio_give_one_fingerprint(tune: Callable[..., Wave], tmp_path: Path) -> None:
    y = tune(5, 30.4)
    row = archive_row(y)
    db = row.lo_db * (1 - (row.levels + 0.5) / 256)
    (match,) = find_matches({"archive": fingerprint(db, row.frame_index * 512 / SR), "audio": _print(y)})
    assert match.score > 15
    assert match.offset_s == 0


@pytest.mark.parametrize("shape", [(128,), (100, 387), (128, 0)])
def test_wrong_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="needs a log-mel"):
        fingerprint(np.zeros(shape), np.arange(shape[-1]))


def test_one_column_is_a_fingerprint() -> None:
    assert fingerprint(np.zeros((128, 1)), [0.0]).shape == (31, 1)


@pytest.mark.slow
def test_on_the_real_archive(gtzan_root: Path) -> None:
    """Every bit-identical pair, most pairs of the index, and nothing between artists."""
    dataset = load_dataset("gtzan_archive", gtzan_root)
    assert dataset.archive is not None
    prints = {track.track_id: archive_fingerprint(dataset.archive, row) for row, track in enumerate(dataset.tracks)}
    found = {(match.first, match.second) for match in find_matches(prints)}

    def pairs(relation: Relation) -> set[tuple[str, str]]:
        members = defaultdict(list)
        for track in dataset.tracks:
            if (key := keys(track, relation)) is not None:
                members[key].append(track.track_id)
        return {pair for group in members.values() for pair in combinations(group, 2)}

    assert len(pairs("copy")) == 14
    assert pairs("copy") <= found
    assert len(found & pairs("recording")) >= 60
    assert found <= pairs("artist")
    assert found - pairs("recording") == {
        ("pop.00015", "pop.00037"),
        ("pop.00022", "pop.00037"),
        ("reggae.00033", "reggae.00044"),
    }


@pytest.mark.slow
def test_on_real_audio_at_another_offset_gain_and_quality(gtzan_root: Path) -> None:
    """60 recordings of six genres, each against itself from 5 s on, softer, as a low-quality Ogg, with noise."""
    import soundfile

    prints: dict[str, Wave] = {}
    expected = set()
    for track in load_dataset("gtzan6", gtzan_root).tracks[::10]:
        y, _ = soundfile.read(track.path, dtype="float32")
        file = io.BytesIO()
        soundfile.write(file, 0.3 * y[5 * SR + 999 :], SR, format="OGG", compression_level=0.9)
        file.seek(0)
        changed = soundfile.read(file, dtype="float32")[0]
        prints[track.track_id] = _print(y)
        prints[f"{track.track_id} changed"] = _print(_noisy(changed, 20))
        expected.add((track.track_id, f"{track.track_id} changed"))
    found = {(match.first, match.second) for match in find_matches(prints)}
    assert expected <= found
    # GTZAN itself repeats recordings, and each repetition is found in both versions.
    repeated = {first.split(" ")[0] for first, second in found - expected}
    assert len(repeated) <= 4

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
from deadly_file import deadly_file, needs_proc

from genrekit.analysis.robustness.conditions import CONDITIONS, choose_conditions, split_by_rate
from genrekit.analysis.robustness.figure import draw_robustness
from genrekit.analysis.robustness.measuring import _on_one_thread, choose_tracks, run_robustness
from genrekit.analysis.robustness.out_of_fold import OutOfFoldModels, cut_windows, read_run
from genrekit.analysis.robustness.result import changed_decisions, score_robustness, tabulate
from genrekit.analysis.robustness.store import TrackResult, TrackStore
from genrekit.analysis.robustness.suite import apply_suite, make_suite, score_suite
from genrekit.analysis.robustness.writing import write_predictions
from genrekit.audio import iter_windows, load_audio
from genrekit.data.dataset import Dataset, Track
from genrekit.data.registry import load_dataset
from genrekit.errors import DataError, LeakError, NoSuchModelError, RunError, UsageError
from genrekit.evaluation.fusion import fuse
from genrekit.evaluation.predictions import Predictions
from genrekit.evaluation.readings import load_readings
from genrekit.evaluation.runs import find_runs, pool_runs
from genrekit.training.recipes.groups import Excerpts
from genrekit.worker import Worker

SR = 22_050
QUICK = ("gain_plus_6_db", "noise_20_db", "telephone_band", "start_half_second_later")


def suite(runs: Path, music: Path, folder: Path, names=QUICK, **options):
    stored = find_runs(runs)
    applied, dataset = [read_run(run.folder) for run in stored], load_dataset("folder", music)
    conditions = choose_conditions(names)
    store = TrackStore(folder, {"conditions": [c.name for c in conditions]})
    tracks = choose_tracks(dataset, applied)
    failed = run_robustness(applied, dataset, tracks, store, conditions=conditions, **options)
    results = [store.results[track] for track in tracks if track in store.results]
    return conditions, failed, tabulate(results, applied, dataset, conditions, pool_runs(stored))


def test_the_suite_is_complete() -> None:
    names = [condition.name for condition in CONDITIONS]
    assert names[0] == "unchanged" and len(set(names)) == len(names)
    wanted = {
        "high_pass_20_hz", "high_pass_30_hz", "gain_plus_6_db", "gain_minus_6_db", "mp3_64_kbps", "mp3_128_kbps",
        "noise_30_db", "noise_20_db", "faster_6_percent", "slower_6_percent", "pitch_plus_1", "pitch_minus_1",
        "telephone_band", "start_half_second_later",
    }  # fmt: skip
    assert wanted <= set(names)
    with pytest.raises(UsageError, match="Unknown condition 'mp4'"):
        choose_conditions(["mp4"])
    assert [c.name for c in choose_conditions(["noise_20_db"])] == ["unchanged", "noise_20_db"]


@pytest.mark.parametrize(
    ("sr", "left_out"),
    [
        (22_050, []),
        (20_000, ["low_pass_10_khz"]),
        (16_000, ["low_pass_10_khz"]),
        (6000, ["low_pass_10_khz", "telephone_band"]),
    ],
)
def test_what_lies_above_all_that_a_model_hears_is_left_out(sr: int, left_out: list[str]) -> None:
    possible, above = split_by_rate(CONDITIONS, sr)
    assert [condition.name for condition in above] == left_out
    assert {*possible, *above} == set(CONDITIONS)
    y = np.random.default_rng(0).standard_normal(3 * sr).astype(np.float32) * 0.1
    for condition in possible:
        assert np.isfinite(condition(y, sr, track_id="a")).all()


def test_each_condition_does_what_its_name_says() -> None:
    y = (0.1 * np.random.default_rng(0).standard_normal(2 * SR)).astype(np.float32)
    changed = {c.name: c(y, SR, track_id="blues.00000") for c in CONDITIONS}
    assert np.array_equal(changed.pop("unchanged"), y)
    assert all(not np.array_equal(z, y) for z in changed.values())
    power = {name: float(np.mean(z.astype(float) ** 2) / np.mean(y.astype(float) ** 2)) for name, z in changed.items()}
    assert 10 * np.log10(power["gain_plus_6_db"]) == pytest.approx(6, abs=1e-3)
    assert 10 * np.log10(power["gain_minus_6_db"]) == pytest.approx(-6, abs=1e-3)
    assert power["noise_20_db"] == pytest.approx(1.01, abs=5e-3)
    assert power["telephone_band"] == pytest.approx(3100 / 11_025, abs=0.03)
    assert len(changed["faster_6_percent"]) < len(y) < len(changed["slower_6_percent"])
    again = {c.name: c(y, SR, track_id="blues.00000") for c in CONDITIONS}
    assert all(np.array_equal(again[name], z) for name, z in changed.items())
    other = {c.name: c(y, SR, track_id="blues.00001") for c in choose_conditions(["noise_20_db"])}
    assert not np.array_equal(other["noise_20_db"], changed["noise_20_db"])


@pytest.mark.parametrize(
    ("duration_s", "n_windows", "n_last"), [(30.0, 5, 1), (29.6, 5, 41), (29.4, 4, 0), (12.0, 1, 0)]
)
def test_the_end_of_a_recording_is_held_where_the_last_window_lacks_a_little(
    duration_s: float, n_windows: int, n_last: int
) -> None:
    y = np.arange(round(duration_s * 100), dtype=np.float32)
    start_s, windows = cut_windows(y, 100, Excerpts(window_s=10, hop_s=5))
    assert start_s.tolist() == [5.0 * k for k in range(n_windows)] and windows.shape == (n_windows, 1000)
    assert windows[:, 0].tolist() == [500 * k for k in range(n_windows)]
    assert (windows == y[-1]).sum() == n_last


def test_a_recording_shorter_than_a_window_is_repeated_as_in_classifying() -> None:
    y = np.arange(300, dtype=np.float32)
    start_s, windows = cut_windows(y, 100, Excerpts(window_s=10, hop_s=5))
    (heard,) = iter_windows([y], window_samples=1000, hop_samples=500)
    assert start_s.tolist() == [0] and np.array_equal(windows, [heard.samples])


def test_only_runs_that_have_not_heard_a_track_are_asked(trained) -> None:
    models = OutOfFoldModels([read_run(run.folder) for run in find_runs(trained.runs)])
    for run in models.runs:
        assert len(run.test_tracks) == 4
        for track in run.test_tracks:
            assert models.responsible(track) == (run,)
    assert models.responsible("dark/nowhere.flac") == ()


def test_unchanged_recordings_give_what_evaluation_stored(trained) -> None:
    lacking = 0
    for stored in find_runs(trained.runs):
        models = OutOfFoldModels([read_run(stored.folder)])
        test = stored.predictions.select(part="test")
        for track in sorted(set(test.track.tolist())):
            y = load_audio(load_dataset("folder", trained.music).track(track).path, sr=models.sr)
            start_s, tables = models.predict(y, models.runs)
            rows = test.take(np.flatnonzero(test.track == track))
            assert start_s.tolist() == rows.start_s.tolist()
            assert tables[stored.name] == pytest.approx(rows.probabilities, abs=1e-3)
            lacking += start_s[-1] + 3.0 > len(y) / models.sr
    assert lacking


def test_the_suite_from_audio_to_a_figure(own_runs, trained, tmp_path, table_of) -> None:
    conditions, failed, tables = suite(own_runs, trained.music, tmp_path / "out")
    assert failed == () and set(tables) == {c.name for c in conditions}
    applied = [read_run(run.folder) for run in find_runs(own_runs)]
    result = score_robustness(tables, conditions, applied, command="test", n_folds=10)
    assert result.runs == {run.name: run.weights_sha256 for run in applied}
    assert (result.n_tracks, result.n_decisions) == (8, 8)
    assert "2 of 10 folds" in result.caption and "tiny on music (audio)" in result.caption
    base = fuse(tables["unchanged"], "mean")
    for c in result.conditions:
        fused = fuse(tables[c.name], "mean")
        assert c.accuracy == pytest.approx(fused.correct.mean())
        if c.name != "unchanged":
            assert c.changed == pytest.approx((fused.predicted != base.predicted).mean())
            assert c.difference == pytest.approx(fused.correct.mean() - base.correct.mean())
            assert c.n_lost == int((base.correct & ~fused.correct).sum())
    # A gain without clipping is nothing to a front end that measures from its maximum.
    assert result.conditions[1].name == "gain_plus_6_db" and result.conditions[1].changed == 0
    picture = draw_robustness(result)
    rows = table_of(picture)
    assert [row["condition"] for row in rows] == [c.name for c in conditions]
    assert [float(row["accuracy"]) for row in rows] == [c.accuracy for c in result.conditions]
    assert rows[0]["difference"] == "" and float(rows[2]["changed"]) == result.conditions[2].changed
    text = result.to_markdown()
    assert text.count("\n| ") == 1 + len(conditions) and "telephone, 300 to 3400 Hz" in text
    paths = write_predictions(tables, tmp_path / "out")
    assert Predictions.read_parquet(paths[0]).sha256 == tables["unchanged"].sha256


def test_scoring_is_recorded_in_each_run_and_once_for_all_conditions(own_runs, trained, tmp_path) -> None:
    conditions, _, tables = suite(own_runs, trained.music, tmp_path / "out", ("gain_plus_6_db", "noise_20_db"))
    first, second = (read_run(run.folder) for run in find_runs(own_runs))
    with pytest.raises(DataError, match="8 predictions are to be scored, and 4 of them are of the runs given"):
        score_robustness({n: fuse(t, "mean") for n, t in tables.items()}, conditions, [first], command="my script")
    assert load_readings(first.folder) == load_readings(second.folder) == ()
    for _ in range(2):
        score_robustness(tables, conditions, [first, second], command="my script")
        for run in (first, second):
            assert [(r.command, r.part) for r in load_readings(run.folder)] == [("my script", "test")]
    # Before anything is computed: what fails later was a reading, too.
    changed = {n: t for n, t in tables.items() if n != "noise_20_db"}
    (first.folder / "readings.jsonl").unlink()
    with pytest.raises(KeyError):
        score_robustness(changed, conditions, [first, second], command="my script")
    assert len(load_readings(first.folder)) == 1


def test_stored_runs_from_end_to_end(own_runs, trained, tmp_path) -> None:
    stored, steps = find_runs(own_runs), []
    made = make_suite(stored, choose_conditions(["gain_plus_6_db"]))
    assert (made.dataset, made.n_folds, made.left_out) == ("folder", 10, ())
    applied = apply_suite(
        made,
        load_dataset("folder", trained.music),
        tmp_path / "out",
        max_tracks=6,
        on_done=lambda d, n, what: steps.append((d, n)),
    )
    assert (len(applied.results), applied.failed, applied.n_possible, steps[-1]) == (6, (), 8, (6, 6))
    assert all(run.readings("test") == () for run in stored)
    measured = score_suite(applied, command="my script", fusion="vote")
    assert [[reading.command for reading in run.readings("test")] for run in stored] == [["my script"]] * 2
    assert measured.result.fusion == "vote" and "6 of 8 recordings" in measured.result.caption
    assert set(measured.tables) == {"unchanged", "gain_plus_6_db"}


def test_runs_that_hear_nothing_of_a_change_are_not_asked(own_runs, monkeypatch) -> None:
    monkeypatch.setattr(
        "genrekit.analysis.robustness.suite.read_run", lambda folder: replace(read_run(folder), sr=6000)
    )
    made = make_suite(find_runs(own_runs), CONDITIONS)
    assert [condition.name for condition in made.left_out] == ["low_pass_10_khz", "telephone_band"]
    with pytest.raises(DataError, match="nothing above 3000 Hz; telephone_band changes nothing else"):
        make_suite(find_runs(own_runs), choose_conditions(["telephone_band"]))


def test_a_killed_run_goes_on_where_it_stopped(own_runs, trained, tmp_path) -> None:
    whole = suite(own_runs, trained.music, tmp_path / "whole", ("noise_20_db",))[2]
    suite(own_runs, trained.music, tmp_path / "cut", ("noise_20_db",))
    path = tmp_path / "cut" / "tracks.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 9
    path.write_text("".join(lines[:6]) + lines[6][:100])
    steps: list[tuple[int, int]] = []
    again = suite(
        own_runs, trained.music, tmp_path / "cut", ("noise_20_db",), on_done=lambda d, n, what: steps.append((d, n))
    )[2]
    assert steps == [(5, 8), (6, 8), (7, 8), (8, 8)]
    assert {name: table.sha256 for name, table in again.items()} == {n: t.sha256 for n, t in whole.items()}


def test_a_recording_that_was_replaced_is_heard_anew_and_no_other(own_runs, trained, tmp_path) -> None:
    music = Path(shutil.copytree(trained.music, tmp_path / "music"))
    before = suite(own_runs, music, tmp_path / "out", ("gain_plus_6_db",))[2]["unchanged"]
    tracks = sorted(set(before.track.tolist()))
    path, other = (load_dataset("folder", music).track(name).path for name in (tracks[0], tracks[-1]))
    path.write_bytes(other.read_bytes())
    steps: list[tuple[int, int]] = []
    after = suite(
        own_runs, music, tmp_path / "out", ("gain_plus_6_db",), on_done=lambda d, n, what: steps.append((d, n))
    )[2]["unchanged"]
    assert steps == [(7, 8), (8, 8)]
    changed = {
        track
        for track in tracks
        if not np.array_equal(before.probabilities[before.track == track], after.probabilities[after.track == track])
    }
    assert changed == {tracks[0]}
    assert len(TrackStore(tmp_path / "out", {"conditions": ["unchanged", "gain_plus_6_db"]}).results) == 8


@pytest.mark.slow
def test_processes_give_the_same_numbers(own_runs, trained, tmp_path) -> None:
    one = suite(own_runs, trained.music, tmp_path / "one", ("noise_20_db",))[2]
    two = suite(own_runs, trained.music, tmp_path / "two", ("noise_20_db",), n_jobs=2)[2]
    for name in one:
        assert one[name].probabilities == pytest.approx(two[name].probabilities, abs=1e-6)


@needs_proc
@pytest.mark.slow
def test_a_recording_that_kills_its_process_is_named_and_the_others_are_done(own_runs, trained, tmp_path) -> None:
    applied, dataset = [read_run(run.folder) for run in find_runs(own_runs)], load_dataset("folder", trained.music)
    conditions = choose_conditions(["gain_plus_6_db"])
    tracks = choose_tracks(dataset, applied)
    store = TrackStore(tmp_path / "out", {})
    with deadly_file(tmp_path / "deadly.wav", n_deaths=2) as deadly:
        changed = [replace(t, path=deadly) if t.track_id == tracks[0] else t for t in dataset.tracks]
        dataset = replace(dataset, tracks=tuple(changed))
        (failed,) = run_robustness(applied, dataset, tracks, store, conditions=conditions, n_jobs=2)
    assert failed.track_id == tracks[0]
    assert "deadly.wav: the process that read it died (SIGSEGV)" in failed.error
    assert set(store.results) == set(tracks[1:])


def test_one_of_several_processes_has_one_thread() -> None:
    worker = Worker(partial(_on_one_thread, _make_n_threads), max_memory_bytes=None)
    assert worker.ask(None) == 1
    worker.kill()


def _make_n_threads() -> Callable[[None], int]:
    import torch

    return lambda _: torch.get_num_threads()


def test_a_broken_recording_is_named_and_the_others_are_done(own_runs, trained, tmp_path) -> None:
    music = Path(shutil.copytree(trained.music, tmp_path / "music"))
    run = read_run(find_runs(own_runs)[0].folder)
    victim = sorted(run.test_tracks)[0]
    load_dataset("folder", music).track(victim).path.write_bytes(b"not audio")
    _, failed, tables = suite(own_runs, music, tmp_path / "out", ("gain_plus_6_db",))
    assert [result.track_id for result in failed] == [victim] and failed[0].error
    assert len(np.unique(tables["unchanged"].track)) == 7


def test_a_store_is_refused_where_it_does_not_belong(tmp_path) -> None:
    # A name with a mark that ends a line by Python's own notion.
    name = "rock/a\u2028b.mp3"
    result = TrackResult(name, {"unchanged": np.array([0.0])}, {"unchanged": {"run": np.float32([[0.1, 0.9]])}})
    TrackStore(tmp_path, {"weights": "1"}).add(result)
    back = TrackStore(tmp_path, {"weights": "1"}).results[name]
    assert np.array_equal(back.probabilities["unchanged"]["run"], np.float32([[0.1, 0.9]]))
    with pytest.raises(RunError, match="other runs, conditions or data"):
        TrackStore(tmp_path, {"weights": "2"})
    path = tmp_path / "tracks.jsonl"
    path.write_text(path.read_text() + json.dumps({"what": 1}) + "\n")
    with pytest.raises(RunError, match="damaged"):
        TrackStore(tmp_path, {"weights": "1"})


def test_contaminated_and_unfinished_runs_and_archives_are_refused(own_runs, trained) -> None:
    first, second = (run.folder for run in find_runs(own_runs))
    weights = (first / "weights.safetensors").read_bytes()
    (first / "weights.safetensors").unlink()
    with pytest.raises(NoSuchModelError, match="published without their weights"):
        read_run(first)
    (first / "weights.safetensors").write_bytes(weights)
    (first / "run.json").unlink()
    with pytest.raises(RunError, match="not finished"):
        read_run(first)
    split = json.loads((second / "split.json").read_text())
    members = {part: [f"{track}@0" for track in split["parts"][part]] for part in split["parts"]}
    split |= {"protocol": "P1", "unit": "excerpt", "parts": members, "hash": None}
    split.pop("hash")
    (second / "split.json").write_text(json.dumps(split))
    with pytest.raises(LeakError, match="CONTAMINATED"):
        read_run(second)
    runs = [read_run(run.folder) for run in find_runs(trained.runs)]
    with pytest.raises(DataError, match="of 'other' is in a test part"):
        choose_tracks(Dataset("other", ("dark",), (Track("x", "dark", Path("x.wav")),)), runs)


def test_a_few_tracks_are_spread_over_all(trained) -> None:
    dataset = load_dataset("folder", trained.music)
    runs = [read_run(run.folder) for run in find_runs(trained.runs)]
    chosen = choose_tracks(dataset, runs, max_tracks=4)
    assert len(chosen) == 4 and {dataset.track(track).genre for track in chosen} == {"bright", "dark"}
    assert set(chosen) <= set(choose_tracks(dataset, runs))


def test_changed_decisions_are_counted_on_the_same_rows(tmp_path, write_run) -> None:
    one = fuse(find_runs(write_run(tmp_path / "a", n_right=24))[0].predictions, "mean")
    two = fuse(find_runs(write_run(tmp_path / "b", n_right=21))[0].predictions, "mean")
    share, interval = changed_decisions(one, two, generator=np.random.default_rng(0))
    assert share == pytest.approx(0.1)
    assert interval.low < 0.1 < interval.high and interval.unit == "artist" and interval.n_clusters == 15
    # Where nothing changed, no resample differs either: the interval is Wilson's.
    share, interval = changed_decisions(one, one, generator=np.random.default_rng(0))
    assert share == interval.low == 0 and interval.high == pytest.approx(0.204, abs=0.001)
    with pytest.raises(DataError, match="same tracks"):
        changed_decisions(one, two.take(np.arange(29)), generator=np.random.default_rng(0))

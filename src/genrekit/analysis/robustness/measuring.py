"""Robustness: the recordings changed in ways that should not matter, each classified by the models that never heard it.

Results are kept track by track, so that a killed run goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from genrekit.analysis.robustness.conditions import Condition, choose_conditions
from genrekit.analysis.robustness.out_of_fold import OutOfFoldModels, OutOfFoldRun, read_run
from genrekit.analysis.robustness.store import TrackResult, TrackStore
from genrekit.audio.file_processes import FileProcesses
from genrekit.data.dataset import Dataset
from genrekit.errors import AudioError, DataError
from genrekit.file_identity import FileState, file_state
from genrekit.progress import Progress

__all__ = ["apply_conditions", "choose_tracks", "run_robustness"]

Job = tuple[Path | None, str]
Answer = Callable[[Job], TrackResult]

# A process that was killed for want of memory says nothing of its recording.
N_TRIES = 2


def choose_tracks(dataset: Dataset, runs: Sequence[OutOfFoldRun], *, max_tracks: int | None = None) -> tuple[str, ...]:
    """The tracks with audio that are in the test part of at least one run; of many, `max_tracks` spread evenly.

    Raises
    ------
    DataError : the data set has no audio, or none of its tracks is in a test part
    """
    if dataset.archive is not None or dataset.table is not None:
        what = "an archive of log-mels" if dataset.archive is not None else "a table of features"
        raise DataError(
            f"Data set {dataset.name!r} is {what}; recordings can only be changed where there is audio (gtzan, gtzan6, "
            "folder)."
        )
    tested = frozenset[str]().union(*(run.test_tracks for run in runs))
    found = [track.track_id for track in dataset.tracks if track.path is not None and track.track_id in tested]
    if not found:
        raise DataError(
            f"None of the {len(dataset.tracks)} tracks of {dataset.name!r} is in a test part of these runs."
        )
    if max_tracks is not None and max_tracks < len(found):
        # Tracks are sorted by genre in most sets: evenly spread, all genres have their share.
        found = [found[k * len(found) // max_tracks] for k in range(max_tracks)]
    return tuple(found)


def apply_conditions(
    path: Path, track_id: str, models: OutOfFoldModels, conditions: Sequence[Condition]
) -> TrackResult:
    """One recording under each condition, by every run that has not heard it; a recording that fails says why."""
    from genrekit.audio import load_audio

    runs = models.responsible(track_id)
    start_s, probabilities = {}, {}
    file = file_state(path)
    try:
        y = load_audio(path, sr=models.sr)
        for condition in conditions:
            changed = condition(y, models.sr, track_id=track_id)
            start_s[condition.name], probabilities[condition.name] = models.predict(changed, runs)
    except AudioError as error:
        return TrackResult(track_id, {}, {}, error=str(error))
    return TrackResult(track_id, start_s, probabilities, file=file)


def run_robustness(
    runs: Sequence[OutOfFoldRun],
    dataset: Dataset,
    tracks: Sequence[str],
    store: TrackStore,
    *,
    conditions: Sequence[Condition],
    n_jobs: int = 1,
    on_done: Progress = lambda done, total, what: None,
) -> tuple[TrackResult, ...]:
    """Compute what the store lacks or has of other recordings; results come into it one by one, in any order.

    Parameters
    ----------
    runs : of one recipe
    tracks : of `choose_tracks`
    n_jobs : >= 1; several are processes of one thread each, in which a recording that ends its process is one failure
    on_done : called with the number of tracks that are done, of all of them, and the track that came last

    Returns
    -------
    the tracks that failed, with their errors

    Raises
    ------
    WorkerError : no process can be started; what is done is kept
    """
    missing = [
        track_id
        for track_id in tracks
        if track_id not in store.results
        or store.results[track_id].file is None
        or store.results[track_id].file != _state(dataset.track(track_id).path)
    ]
    failed, done = [], len(tracks) - len(missing)
    on_done(done, len(tracks), "kept from before")
    jobs = [(dataset.track(track_id).path, track_id) for track_id in missing]
    make = partial(
        _make_answer, tuple(str(run.folder) for run in runs), tuple(condition.name for condition in conditions)
    )
    work = _here(jobs, make) if n_jobs == 1 else _in_processes(jobs, make, n_jobs)
    with closing(work) as results:
        for result in results:
            if result.error:
                failed.append(result)
            else:
                store.add(result)
            done += 1
            on_done(done, len(tracks), result.track_id)
    return tuple(sorted(failed, key=lambda result: result.track_id))


def _state(path: Path | None) -> FileState | None:
    return None if path is None else file_state(path)


def _here(jobs: Sequence[Job], make: Callable[[], Answer]) -> Generator[TrackResult]:
    if jobs:
        yield from map(make(), jobs)


def _in_processes(jobs: Sequence[Job], make: Callable[[], Answer], n_jobs: int) -> Generator[TrackResult]:
    # Unbounded: what PyTorch reserves grows with the machine.
    processes = FileProcesses(partial(_on_one_thread, make), n_processes=n_jobs, max_memory_bytes=None, n_tries=N_TRIES)

    def attempt(job: Job) -> TrackResult:
        path, track_id = job
        try:
            return processes.ask(path or track_id, job)
        except AudioError as error:
            return TrackResult(track_id, {}, {}, error=str(error))

    return processes.as_ready(attempt, jobs)


def _on_one_thread(make: Callable[[], Answer]) -> Answer:
    """In a process of its own, which shares the processors with others."""
    import torch

    torch.set_num_threads(1)
    return make()


def _make_answer(folders: tuple[str, ...], names: tuple[str, ...]) -> Answer:
    """What answers for a recording and its track, with the networks loaded once."""
    models = OutOfFoldModels([read_run(Path(folder)) for folder in folders])
    conditions = choose_conditions(names)

    def answer(job: Job) -> TrackResult:
        path, track_id = job
        if path is None:
            return TrackResult(track_id, {}, {}, error="it has no audio file")
        return apply_conditions(path, track_id, models, conditions)

    return answer

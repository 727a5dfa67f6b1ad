"""`genrekit analyse transfer`: a model applied to another collection, over the genres that both have (P5)."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genrekit.cli import messages
from genrekit.cli.classify_files import classify_missing, tell_failed
from genrekit.cli.dataset_options import Root, load
from genrekit.cli.evaluate_command import print_evaluation
from genrekit.cli.examples import examples
from genrekit.cli.settings import Settings
from genrekit.evaluation.run_folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genrekit.data.across import Heard
    from genrekit.data.dataset import Dataset
    from genrekit.evaluation.transfer import Answer, Transfer
    from genrekit.inference import Classifier

__all__ = ["transfer"]

COMMAND = "genrekit analyse transfer"
ANSWERS = "answers.json"
MODEL = "model.json"


class OfSplit(StrEnum):
    """Which part of the collection's own split is asked about."""

    all = "all"
    train = "train"
    valid = "valid"
    test = "test"


@examples(
    r"""
    # The bundled model on FMA's test part; the same line goes on after a stop
    genrekit analyse transfer default --dataset fma_medium_gtzan_genres \
      --root ~/data/fma --part test --output transfer/fma

    # A model file of your own, on all songs of three genres
    genrekit analyse transfer my.onnx --dataset jamendo_gtzan_genres \
      --root ~/data/jamendo --genre jazz --genre metal --genre reggae \
      --output transfer/jamendo

    # Two models on the same tracks
    genrekit compare transfer/fma transfer/fma_mine
    """
)
def transfer(
    ctx: typer.Context,
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A bundled model's name, or a model file.", show_default=False)
    ],
    dataset: Annotated[
        str,
        typer.Option("--dataset", help="The other collection: a data set with audio, or a folder.", show_default=False),
    ],
    root: Root = None,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder for answers, predictions and the report card."),
    ] = Path("transfer"),
    part: Annotated[OfSplit, typer.Option("--part", help="Only this part of the collection's own split.")] = (
        OfSplit.all
    ),
    genre: Annotated[
        list[str] | None,
        typer.Option("--genre", help="Only this shared genre; give it again for another.", show_default=False),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", min=1, help="Files at once; by default one a core.", show_default=False),
    ] = None,
) -> None:
    """Apply a model to another collection and score it over the genres that both have: protocol P5.

    The probabilities of the shared genres are divided by their sum. What the collection shares with the model's
    training data is counted; recordings that the model may have heard are left out. Exit code 1: some file failed; it
    is named, the others are scored. The same command goes on with what is missing or failed.
    """
    from genrekit.data.across import heard_by, require_another, unheard
    from genrekit.evaluation.from_runs import evaluate_runs
    from genrekit.evaluation.report import write_report
    from genrekit.evaluation.runs import find_runs
    from genrekit.evaluation.transfer import shared_genres
    from genrekit.evaluation.transfer import transfer as score_transfer
    from genrekit.inference import load as load_model
    from genrekit.results.output_lock import hold_output

    classifier = load_model(model)
    there = _of_part(load(dataset, root), part)
    require_another(there, classifier.card.datasets)
    heard = heard_by(classifier.card.datasets)
    asked = unheard(there, heard)
    genres = shared_genres(classifier.genres, asked, genre or ())
    _make_folder(output)
    ctx.with_resource(hold_output(output / ANSWERS))
    messages.note(f"shared genres: {', '.join(genres)}")
    debug = isinstance(ctx.obj, Settings) and ctx.obj.debug
    n_failed = _ask(classifier, asked, genres, output, jobs=jobs, debug=debug)
    scored = score_transfer(asked, _answers(asked, output), genres, model=classifier.card.name)
    made = RunFolder(output)
    scored.predictions.write_parquet(made.predictions_path)
    notes = (*scored.notes(), *heard.notes(asked), *_losses(there, asked, genres))
    _write_split(scored, asked, heard, notes, output)
    evaluation = evaluate_runs(find_runs(output), command=COMMAND)
    written = write_report(evaluation, output)
    print_evaluation(evaluation)
    messages.note(f"wrote {', '.join(str(path) for path in (made.predictions_path, *written))}")
    if n_failed:
        raise typer.Exit(1)


def _make_folder(folder: Path) -> None:
    from genrekit.errors import RunError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"Cannot make {folder}: {error.strerror or error}; choose another --output.") from error


def _of_part(dataset: Dataset, part: OfSplit) -> Dataset:
    from collections import Counter
    from dataclasses import replace

    from genrekit.errors import DataError

    if dataset.archive is not None or dataset.table is not None:
        raise DataError(f"Data set {dataset.name!r} has no audio that a model could be applied to.")
    if not dataset.tracks:
        raise DataError(
            f"None of the {len(dataset.absent())} tracks of data set {dataset.name!r} has its audio here; 'genrekit "
            f"data info {dataset.name}' says where it is expected."
        )
    parts = dataset.published_parts
    if part is OfSplit.all:
        return dataset
    if parts is None:
        raise DataError(f"Data set {dataset.name!r} did not come with a split of its own; leave --part out.")
    members = {track_id: one for track_id, one in parts.items() if one == part.value}
    tracks = tuple(track for track in dataset.tracks if track.track_id in members)
    if not tracks:
        here = Counter(parts[track.track_id] for track in dataset.tracks)
        others = ", ".join(f"{n} of {one}" for one, n in sorted(here.items()))
        raise DataError(
            f"No track of the {part.value} part of data set {dataset.name!r} is here (the part has {len(members)}); "
            f"there are {others}. Give another --part, or add audio."
        )
    faults = tuple(fault for fault in dataset.faults if fault.track_id in members)
    return replace(dataset, tracks=tracks, faults=faults, published_parts=members)


def _ask(
    classifier: Classifier, dataset: Dataset, genres: Sequence[str], output: Path, *, jobs: int | None, debug: bool
) -> int:
    """Answers that are missing, line by line into the folder; gives how many files failed."""
    from genrekit.results.continued import resume_results
    from genrekit.results.writers import JsonWriter

    _require_same_model(classifier, output)
    files = [str(track.path) for track in dataset.tracks if track.genre in genres]
    results = resume_results(output / ANSWERS, files, JsonWriter(), model=classifier.card.name)
    if results.n_kept:
        messages.note(f"{output}: {len(files) - len(results.missing)} of {len(files)} are done already")
    go_on = ", and the same command goes on with it"
    n_failed = classify_missing(classifier, results, go_on=go_on, jobs=jobs, debug=debug)
    tell_failed(n_failed, len(files))
    return n_failed


def _require_same_model(classifier: Classifier, output: Path) -> None:
    """Answers in a folder are of one model file: a name may be of several. Those that do not say of which are not."""
    from genrekit.data.text_file import write_new
    from genrekit.errors import RunError
    from genrekit.file_identity import file_sha256
    from genrekit.results.result_file import part_of

    answers, record = output / ANSWERS, output / MODEL
    sha256 = file_sha256(Path(classifier.model_file.path))
    text = json.dumps({"model": classifier.card.name, "model_sha256": sha256}, indent=1) + "\n"
    told = record.is_file() and record.read_bytes() == text.encode()
    if not told and any(path.exists() for path in (record, answers, part_of(answers))):
        raise RunError(f"The answers in {output} are of another model; give another --output.")
    run = RunFolder(output)
    other = next((path for path in (run.predictions_path, run.split_path) if not told and path.exists()), None)
    if other is not None:
        raise RunError(
            f"{output} has a {other.name} that this command did not write, such as a run's; give another --output."
        )
    write_new(record, text)


def _answers(dataset: Dataset, output: Path) -> dict[str, Answer]:
    from genrekit.evaluation.transfer import Answer
    from genrekit.results.stored_results import read_results

    stored = read_results(output / ANSWERS)
    found = {}
    for track in dataset.tracks:
        result = stored.of(str(track.path))
        if result is not None and result.probabilities is not None:
            found[track.track_id] = Answer(result.genre, result.probabilities)
    return found


def _losses(there: Dataset, asked: Dataset, genres: Sequence[str]) -> tuple[str, ...]:
    """What of these genres was not asked about: tracks without audio, and what the model may have heard."""
    found = []
    n_absent = len(there.absent(genres))
    n_here, n_asked = (sum(track.genre in genres for track in dataset.tracks) for dataset in (there, asked))
    if n_absent:
        found.append(f"Tracks of {there.name} that are not here: {n_absent} of {n_here + n_absent}.")
    if n_asked < n_here:
        found.append(f"Tracks left out, whose recordings the model may have heard: {n_here - n_asked}.")
    return tuple(found)


def _write_split(scored: Transfer, asked: Dataset, heard: Heard, notes: Sequence[str], output: Path) -> None:
    """The run's split.json: what was scored, and the proof of what the two collections share, where it can be had."""
    from dataclasses import replace

    from genrekit.data.across import across
    from genrekit.data.leakage import require_proof
    from genrekit.errors import RunError
    from genrekit.whole_file import written_whole

    tracks = frozenset(scored.predictions.track.tolist())
    of_scores = replace(asked, tracks=tuple(track for track in asked.tracks if track.track_id in tracks))
    split, both = across(heard.tracks if heard.is_known else (), of_scores)
    values: dict[str, Any] = replace(split, notes=(*notes, *split.notes)).to_dict()
    if heard.is_known:
        values["proof"] = require_proof(split, both).to_dict()
    path = RunFolder(output).split_path
    try:
        with written_whole(path) as partial:
            partial.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise RunError(f"Cannot write {path}: {error.strerror or error}.") from error

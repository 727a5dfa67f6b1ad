"""`genrekit analyse transfer`: a model applied to another collection, over the genres that both have (P5)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genrekit.cli.arguments.dataset_options import Root, load
from genrekit.cli.arguments.settings import Settings
from genrekit.cli.help.examples import examples
from genrekit.cli.music.classify_files import classify_missing, tell_failed
from genrekit.cli.research.evaluate_command import print_evaluation
from genrekit.cli.terminal import messages
from genrekit.evaluation.run_folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genrekit.data.dataset import Dataset
    from genrekit.evaluation.transfer import Answer
    from genrekit.inference import Classifier

__all__ = ["transfer"]

COMMAND = "genrekit analyse transfer"
ANSWERS = "answers.json"
MODEL = "model.json"


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
    part: Annotated[
        Literal["all", "train", "valid", "test"],
        typer.Option("--part", help="Only this part of the collection's own split."),
    ] = "all",
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
    from genrekit.data.splits.across import heard_by, of_part, require_another, unheard
    from genrekit.evaluation.card.writing import write_report
    from genrekit.evaluation.from_runs import evaluate_runs
    from genrekit.evaluation.runs import find_runs
    from genrekit.evaluation.transfer import shared_genres
    from genrekit.evaluation.transfer import transfer as score_transfer
    from genrekit.evaluation.transfer_run import write_transfer
    from genrekit.inference import load as load_model
    from genrekit.results.output_lock import hold_output

    classifier = load_model(model)
    there = of_part(load(dataset, root), None if part == "all" else part)
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
    made = write_transfer(scored, output, there=there, asked=asked, heard=heard)
    evaluation = evaluate_runs(find_runs(output), command=COMMAND)
    written = write_report(evaluation, output)
    print_evaluation(evaluation)
    messages.note(f"wrote {', '.join(str(path) for path in (made.predictions_path, *written))}")
    if n_failed:
        raise typer.Exit(1)


def _make_folder(folder: Path) -> None:
    from genrekit.output_places import require_folder

    require_folder(folder, "the answers")
    folder.mkdir(parents=True, exist_ok=True)


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
    from genrekit.errors import PlaceError
    from genrekit.file_identity import file_sha256
    from genrekit.results.result_file import part_of

    answers, record = output / ANSWERS, output / MODEL
    sha256 = file_sha256(Path(classifier.model_file.path))
    text = json.dumps({"model": classifier.card.name, "model_sha256": sha256}, indent=1) + "\n"
    told = record.is_file() and record.read_bytes() == text.encode()
    if not told and any(path.exists() for path in (record, answers, part_of(answers))):
        raise PlaceError(f"The answers in {output} are of another model; give another --output.")
    run = RunFolder(output)
    other = next((path for path in (run.predictions_path, run.split_path) if not told and path.exists()), None)
    if other is not None:
        raise PlaceError(
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

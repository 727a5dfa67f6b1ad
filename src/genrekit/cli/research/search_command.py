"""`genrekit search`: better settings of a recipe, by validation accuracy alone."""

from __future__ import annotations

import csv
import io
import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genrekit.cli.arguments.training_options import Data, Negatives, data_was_typed
from genrekit.cli.help.examples import examples
from genrekit.cli.research.experiment_command import (
    Executor,
    ExecutorChoice,
    Jobs,
    RayAddress,
    Threads,
    interrupted,
    make_pool,
    parse_option,
)
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.matrix_display import matrix_display

if TYPE_CHECKING:
    from genrekit.experiments.searcher import SearchResult
    from genrekit.experiments.trials import SearchTask, TrialRecord

__all__ = ["Format", "search"]


class Format(StrEnum):
    """How the table of trials is written."""

    markdown = "markdown"
    csv = "csv"


@examples(
    r"""
    # Two settings of report A's SE-CNN; the same line goes on after a stop
    genrekit search a_se_cnn_archive --study studies/se_cnn \
      --root ~/data/gtzan_archive.npz --trials 30 \
      --space model.options.reduction=2,4,8,16,32,64 \
      --space model.options.dropout=0.0..0.5

    # A learning rate, by orders of magnitude, over three folds
    genrekit search res_cnn --study studies/rate \
      --root ~/data/gtzan_archive.npz --negatives negatives.npz --folds 0-2 \
      --set split.name=filtered_inner \
      --space optimisation.learning_rate=1e-4..1e-2/log
    """
)
def search(
    ctx: typer.Context,
    recipe: Annotated[
        Path,
        typer.Argument(
            help="A recipe (YAML), or the name of one of `genrekit recipes`, that validates on an inner part.",
            show_default=False,
        ),
    ],
    space: Annotated[
        list[str],
        typer.Option(
            metavar="KEY=VALUES",
            help="Values of a key of the recipe: 2,4,8 or 0.0..0.5 or 0.0..0.5/0.1 (step) or 1e-4..1e-2/log.",
            show_default=False,
        ),
    ],
    study: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder that keeps all that was tried.", show_default=False)
    ],
    trials: Annotated[
        int, typer.Option(min=1, help="Settings to try in all, earlier calls included; all of them if they suffice.")
    ] = 20,
    folds: Annotated[
        str | None,
        typer.Option(metavar="LIST", help="Score by the mean over these folds: 0,2 or 0-4.", show_default=False),
    ] = None,
    seeds: Annotated[
        str | None,
        typer.Option(metavar="N|LIST", help="And over these seeds: how many, or which.", show_default=False),
    ] = None,
    sampler_seed: Annotated[int, typer.Option(min=0, help="Of the choice of settings.")] = 0,
    data: Data = None,
    negatives: Negatives = None,
    jobs: Jobs = 1,
    threads_per_job: Threads = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe for all trials."),
    ] = None,
    executor: ExecutorChoice = Executor.local,
    ray_address: RayAddress = None,
    format: Annotated[Format, typer.Option("--format", "-f", help="Of the table on standard output.")] = (
        Format.markdown
    ),
) -> None:
    """Try settings of a RECIPE and rank them by the validation part; the test part gets no predictions.

    The same command again goes on where it was stopped; more --trials go on from what was tried.
    """
    from genrekit.experiments.plan import parse_folds, parse_seeds
    from genrekit.experiments.searcher import run_search
    from genrekit.experiments.space import parse_space
    from genrekit.experiments.study import StudyFolder
    from genrekit.experiments.trials import SearchTask
    from genrekit.output_places import require_shared_folder

    task = SearchTask(
        recipe_path=recipe,
        space=parse_option(parse_space, space, "--space"),
        overrides=tuple(set_ or ()),
        data=data,
        data_replaces=data_was_typed(ctx),
        negatives=negatives,
        folds=None if folds is None else parse_option(parse_folds, folds, "--folds"),
        seeds=None if seeds is None else parse_option(parse_seeds, seeds, "--seeds"),
        sampler_seed=sampler_seed,
    )
    require_shared_folder(study, "the study", option="--study")
    place = StudyFolder(study)
    size = task.space.size
    expected = (trials if size is None else min(trials, size)) * task.runs_per_trial
    try:
        with (
            make_pool(executor, jobs, threads_per_job, logs=place.logs, ray_address=ray_address) as pool,
            matrix_display([], workers=jobs, more=expected, label=task.label) as see,
        ):
            result = run_search(task, study, pool, n_trials=trials, on_event=see)
    except KeyboardInterrupt:
        interrupted()
        raise
    typer.echo(_markdown(task, result) if format is Format.markdown else _csv(task, result), nl=False)
    _say(task, result, best=format is Format.csv)
    if result.best is None or any(trial.state == "failed" for trial in result.trials):
        raise typer.Exit(1)


COLUMNS = ("trial", "valid excerpts %", "valid tracks %", "epochs", "seconds")


def _rows(task: SearchTask, result: SearchResult) -> list[list[str]]:
    keys = [axis.key for axis in task.space.axes]
    # With each column of scores, since a table is copied without what stands around it.
    marked = [task.mark + name if name.startswith("valid") else name for name in COLUMNS]
    rows = [[*marked[:1], *keys, *marked[1:]]]
    if result.monitor == "valid_loss":
        rows[0].append(f"{task.mark}valid_loss")
    for trial in result.trials:
        row = [str(trial.number), *(_value_text(trial, key) for key in keys)]
        row += [_percent(trial.excerpt_accuracy), _percent(trial.file_accuracy)]
        row += [_whole(trial.epochs), _whole(trial.seconds)]
        if result.monitor == "valid_loss":
            row.append("" if trial.score is None else f"{trial.score:.4f}")
        rows.append(row)
    return rows


def _markdown(task: SearchTask, result: SearchResult) -> str:
    header, *rows = _rows(task, result)
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    first = 1 + len(task.space.axes)
    for row, trial in zip(rows, result.trials, strict=True):
        if trial.state == "failed":
            row[first:] = ["failed", *[""] * (len(row) - first - 1)]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |")
    if result.best is not None:
        lines += ["", f"{task.mark}Best by validation:", "", "    " + _settings(task, result.best)]
    return "\n".join(lines) + "\n"


def _csv(task: SearchTask, result: SearchResult) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(_rows(task, result))
    return text.getvalue()


def _say(task: SearchTask, result: SearchResult, *, best: bool) -> None:
    """What a reader of the table must know; the best settings, too, where the table does not name them."""
    failed = [trial for trial in result.trials if trial.state == "failed"]
    for trial in failed:
        messages.error(f"{' '.join(task.space.settings(trial.values))}: {trial.reason}")
    n = len(result.trials)
    size = task.space.size
    of = f" of {size}" if size is not None else ""
    messages.note(
        f"{task.mark}{n}{of} settings were looked at ({n - len(failed)} complete, {len(failed)} failed), ranked by "
        f"{result.monitor}; the test part was not. The best of {n} looks better than it is: train it with "
        "'genrekit experiment' on more folds and seeds before you believe it"
    )
    if best and result.best is not None:
        messages.note(f"{task.mark}best: {_settings(task, result.best)}")


def _settings(task: SearchTask, trial: TrialRecord) -> str:
    return " ".join(f"--set {shlex.quote(setting)}" for setting in task.space.settings(trial.values))


def _value_text(trial: TrialRecord, key: str) -> str:
    value = trial.values[key]
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f}"


def _whole(number: float | None) -> str:
    return "" if number is None else f"{number:.0f}"

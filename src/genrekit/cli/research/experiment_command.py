"""`genrekit experiment`: folds x seeds x recipes, several at once, resumable by the same command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from genrekit.cli.arguments.training_options import Data, Negatives, data_was_typed
from genrekit.cli.help.examples import examples
from genrekit.cli.help.extras import install_line
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.matrix_display import duration_text, matrix_display, validation_text
from genrekit.cores import usable_cores

if TYPE_CHECKING:
    from genrekit.experiments.local_pool import LocalPool
    from genrekit.experiments.ray_pool import RayPool

__all__ = [
    "Executor",
    "ExecutorChoice",
    "Jobs",
    "RayAddress",
    "Threads",
    "experiment",
    "interrupted",
    "make_pool",
    "parse_option",
    "threads_each",
]


Given = TypeVar("Given")
Parsed = TypeVar("Parsed")


class Executor(StrEnum):
    """What trains the runs."""

    local = "local"
    ray = "ray"


Jobs = Annotated[int, typer.Option(min=1, help="Runs that are trained at once, each in a process of its own.")]
Threads = Annotated[
    int | None,
    typer.Option(min=1, help="CPU threads of each; by default the cores are shared out.", show_default=False),
]
ExecutorChoice = Annotated[
    Executor, typer.Option(help="Processes of this machine, or a Ray cluster (needs the extra 'cluster').")
]
RayAddress = Annotated[
    str | None,
    typer.Option(help="A running Ray cluster; without it one is started on this machine.", show_default=False),
]


@examples(
    r"""
    # All folds with three seeds each, two runs at once
    genrekit experiment a_se_cnn_archive \
      --root ~/data/gtzan_archive.npz --seeds 3 --jobs 2 \
      --set split.name=artist_disjoint

    # Several recipes, on a Ray cluster
    genrekit experiment res_cnn transformer_archive \
      --root ~/data/gtzan_archive.npz --negatives negatives.npz \
      --executor ray --jobs 8

    # How far it is
    genrekit experiment --status runs
    """
)
def experiment(
    ctx: typer.Context,
    recipes: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="RECIPE...", help="Recipes (YAML), or names of those of `genrekit recipes`.", show_default=False
        ),
    ] = None,
    folds: Annotated[str, typer.Option(metavar="LIST", help="Folds: all, or 0,2 or 0-4.")] = "all",
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="N|LIST",
            help="How many seeds (3 is 0,1,2), or which: 0,1,2 or 5-9 or '7,'; by default the recipe's own.",
            show_default=False,
        ),
    ] = None,
    data: Data = None,
    negatives: Negatives = None,
    runs: Annotated[Path, typer.Option(help="Folder of the run folders, the plan and the journal.")] = Path("runs"),
    jobs: Jobs = 1,
    threads_per_job: Threads = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key of all recipes."),
    ] = None,
    executor: ExecutorChoice = Executor.local,
    ray_address: RayAddress = None,
    status: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Say how the experiments in this folder of runs stand, and stop."),
    ] = None,
) -> None:
    """Train each RECIPE on each fold with each seed, and print the run folders for `genrekit evaluate`.

    The same command again goes on where it was stopped; what is done, by whichever command, is not trained again.
    Progress and one line for each run go to standard error; they show the validation part only.
    """
    if (status is None) == (not recipes):
        raise typer.BadParameter("give either RECIPES or --status DIR", param_hint="RECIPE")
    if status is not None:
        _print_status(status)
        return
    from genrekit.cli.terminal.progress import progress_bar
    from genrekit.experiments.check import check_plan
    from genrekit.experiments.job import Job
    from genrekit.experiments.plan import make_plan, parse_folds, parse_seeds
    from genrekit.experiments.runner import run_experiment
    from genrekit.experiments.state import Experiment
    from genrekit.output_places import require_shared_folder
    from genrekit.training.recipes.recipe import load_recipe

    chosen_folds = parse_option(parse_folds, folds, "--folds")
    chosen_seeds = None if seeds is None else parse_option(parse_seeds, seeds, "--seeds")
    typed = data_was_typed(ctx)
    loaded = [load_recipe(path, set_ or ()).with_root(data, replace=typed) for path in recipes or ()]
    plan = make_plan(loaded, runs, folds=chosen_folds, seeds=chosen_seeds)
    require_shared_folder(runs, "runs", option="--runs")
    with progress_bar("checking") as progress:
        check_plan(plan, negatives=negatives, on_progress=progress)
    place = Experiment(runs)
    planned = [Job(run.recipe, runs, negatives) for run in plan.runs]
    try:
        with (
            make_pool(executor, jobs, threads_per_job, logs=place.logs, ray_address=ray_address) as pool,
            matrix_display(planned, workers=jobs) as see,
        ):
            finished = run_experiment(place, plan, pool, negatives=negatives, on_event=see)
    except KeyboardInterrupt:
        interrupted()
        raise
    for run in finished.complete:
        typer.echo(str(run.folder))
    if finished.failed:
        for name, reason in finished.failed.items():
            messages.error(f"{name}: {reason}")
        messages.note(
            f"{len(finished.failed)} of {len(plan)} runs failed; what they said is in {place.logs}. The same command "
            "tries them again."
        )
        raise typer.Exit(1)


def parse_option(parse: Callable[[Given], Parsed], text: Given, option: str) -> Parsed:
    """A value that is written in a way of its own; what is wrong with it is wrong usage."""
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def threads_each(jobs: int, threads_per_job: int | None) -> int:
    """CPU threads of each job: as given, or an equal share of the cores that this process may use."""
    if threads_per_job is not None:
        return threads_per_job
    return max(1, usable_cores() // jobs)


def make_pool(
    executor: Executor, jobs: int, threads_per_job: int | None, *, logs: Path, ray_address: str | None
) -> LocalPool | RayPool:
    """The workers that were asked for."""
    from genrekit.experiments.local_pool import LocalPool
    from genrekit.experiments.ray_pool import RayPool

    threads = threads_each(jobs, threads_per_job)
    if executor is Executor.local:
        if ray_address is not None:
            raise typer.BadParameter("an address needs --executor ray", param_hint="--ray-address")
        return LocalPool(jobs, threads=threads, logs=logs)
    try:
        return RayPool(jobs, threads=threads, address=ray_address)
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise typer.BadParameter(f"Ray is not installed: {install_line('cluster')}", param_hint="--executor") from None


def interrupted() -> None:
    """Say how to go on after Ctrl-C."""
    messages.note("stopped; finished runs and each run's last epoch are kept. The same command goes on from there")


def _print_status(folder: Path) -> None:
    from genrekit.cli.terminal.text_output import columns
    from genrekit.experiments.state import Experiment

    states = Experiment(folder).states()
    rows: list[tuple[str, ...]] = [("recipe", "fold", "seed", "state", "reached")]
    for state in states:
        reached = "" if state.kind == "waiting" else validation_text(state.validation)
        if state.kind in ("running", "begun"):
            reached = f"epoch {0 if state.validation is None else state.validation.epochs} of {state.max_epochs}"
        if state.seconds is not None:
            reached += f", {duration_text(state.seconds)}"
        mark = "CONTAMINATED: " if state.contaminated else ""
        rows.append((f"{mark}{state.recipe}", str(state.fold), str(state.seed), state.kind, state.reason or reached))
    typer.echo(columns(rows))
    kinds = Counter(state.kind for state in states)
    typer.echo(f"\n{len(states)} runs: " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))

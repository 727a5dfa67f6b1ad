"""`genrekit train`: one run of a recipe, or the rest of one that was killed."""

from __future__ import annotations

import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genrekit.cli.arguments.training_options import Data, Negatives, data_was_typed
from genrekit.cli.help.examples import examples
from genrekit.cli.research.experiment_command import interrupted

if TYPE_CHECKING:
    from genrekit.data.splits.leakage import Proof

__all__ = ["train"]


@examples(
    r"""
    # One run; the same line goes on after a stop
    genrekit train a_se_cnn_archive \
      --root ~/data/gtzan_archive.npz

    # The bundled model, which also learns what is no music
    genrekit data prepare negatives --output negatives.npz
    genrekit train default_model --root ~/data/gtzan_archive.npz \
      --negatives negatives.npz

    # Another fold and seed, for fewer epochs
    genrekit train a_se_cnn_archive \
      --root ~/data/gtzan_archive.npz --set seed=1 \
      --set split.name=artist_disjoint --set split.fold=2 \
      --set optimisation.max_epochs=20

    # Go on with a run folder
    genrekit train --resume runs/RUN
    """
)
def train(
    ctx: typer.Context,
    recipe: Annotated[
        Path | None,
        typer.Argument(help="A recipe (YAML), or the name of one of `genrekit recipes`.", show_default=False),
    ] = None,
    data: Data = None,
    runs: Annotated[Path, typer.Option(help="Folder in which the run folder is made.")] = Path("runs"),
    resume: Annotated[
        Path | None, typer.Option(help="Go on with this run folder instead of starting a recipe.", show_default=False)
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the recipe, such as seed=1 or split.fold=2."),
    ] = None,
    negatives: Negatives = None,
    threads: Annotated[int | None, typer.Option(help="CPU threads; the default is one a core.", min=1)] = None,
) -> None:
    """Train one run of a RECIPE: prove its split, train, predict, write the run folder.

    The same command again goes on where a killed run stopped, or says that it is done.
    """
    if (recipe is None) == (resume is None):
        raise typer.BadParameter("give either a RECIPE or --resume RUN", param_hint="RECIPE")
    if resume is not None and set_:
        raise typer.BadParameter("a run goes on with its own recipe; leave --set out", param_hint="--set")
    import torch
    from rich.console import Console

    from genrekit.cli.terminal.progress import progress_bar
    from genrekit.errors import RunError
    from genrekit.output_places import require_shared_folder
    from genrekit.training.callbacks import EpochLines, EpochProgress
    from genrekit.training.preparation import negatives_sha256, prepare
    from genrekit.training.recipes.recipe import load_recipe
    from genrekit.training.run import Run
    from genrekit.training.trainer import train as train_run

    messages = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    if threads is not None:
        torch.set_num_threads(threads)
    if resume is not None:
        known = Run(resume)
        loaded, runs = known.recipe(), resume.parent
        if known.complete:
            known.require_as_trained()
            messages.print(f"{resume} is done.")
            typer.echo(str(known.folder))
            return
    else:
        assert recipe is not None
        loaded = load_recipe(recipe, set_ or ())
    loaded = loaded.with_root(data, replace=data_was_typed(ctx))
    if not Run.of(loaded, runs).complete:
        require_shared_folder(runs, "runs", option="--runs")
    with progress_bar("loading") as progress:
        prepared = prepare(loaded, on_progress=progress)
    messages.print(_summary(prepared.proof))
    if n_missing := prepared.proof.n_tracks_missing:
        messages.print(
            f"warning: {n_missing} tracks of {prepared.dataset.name} are missing: its folds are not those of the "
            "whole, and scores will not stand for it; `genrekit data info` lists the tracks"
        )
    folder = Run.of(loaded, runs)
    if resume is not None and folder.folder.resolve() != resume.resolve():
        raise RunError(
            f"{resume} was renamed, or its recipe.yaml was changed: the recipe's run is called {folder.folder.name}. "
            "Undo the change, or train the recipe as a new run."
        )
    folder.require(
        loaded,
        prepared.split,
        data_sha256=prepared.data_sha256,
        negatives_sha256=negatives_sha256(loaded, negatives),
    )
    if folder.complete:
        messages.print(f"{folder.folder} is done: nothing is trained twice.")
    else:
        watcher = EpochProgress() if messages.is_terminal else EpochLines(_say)
        try:
            train_run(prepared, runs, negatives_root=negatives, watchers=[watcher])
        except KeyboardInterrupt:
            interrupted()
            raise
    messages.print(f"Score its test part by: genrekit evaluate {shlex.quote(str(folder.folder))}")
    typer.echo(str(folder.folder))


def _say(line: str) -> None:
    """A line on standard error, if there is still one: whoever read it may be gone, and training goes on."""
    with suppress(OSError):
        typer.echo(line, err=True)


def _summary(proof: Proof) -> str:
    mark = "CONTAMINATED: " if proof.protocol == "P1" else ""
    said = (
        f"{mark}Split proved under {proof.protocol}: {proof.n_test_touched} of {proof.n_test} test tracks share a "
        "track, copy, recording or artist with what is learnt from."
    )
    if n_unknown := proof.n_unknown_artists:
        said += f" {n_unknown} of all {proof.n_tracks} tracks have no known artist, and may share one unseen."
    return said

"""`genrekit split`: make splits, and check what the parts of any split share."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from genrekit.cli.arguments.dataset_options import ROOT_VARIABLE, Root, compared, load
from genrekit.cli.help.examples import examples
from genrekit.cli.terminal import messages
from genrekit.cli.terminal.text_output import Format, columns, write
from genrekit.data.parts import MAX_SEED

if TYPE_CHECKING:
    from genrekit.data.dataset import Dataset
    from genrekit.data.parts import Part
    from genrekit.data.splits.leakage import Proof
    from genrekit.data.splits.split import Split

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Make splits, and check what the parts of any split share.",
)

Data = Annotated[
    str, typer.Option("--data", help=f"Data set, or folder of genre folders; its root is --root or {ROOT_VARIABLE}.")
]
AuditFile = Annotated[
    Path | None,
    typer.Option(
        "--audit",
        help="JSON of 'genrekit data audit', whose pairs of one recording are taken instead of comparing now.",
    ),
]


@app.command("list")
@examples(
    """
    # Which ways to split there are
    genrekit split list

    # Make one of them
    genrekit split make filtered --data gtzan --root ~/data/gtzan -o split.json
    """
)
def list_splits() -> None:
    """Name the ways to split."""
    from genrekit.data.splits.makers import SPLITS

    rows: list[tuple[str, ...]] = [("name", "protocol", "folds", "what")]
    rows += [(name, kind.protocol, str(kind.n_folds), kind.summary) for name, kind in SPLITS.items()]
    typer.echo(columns(rows))


@app.command()
@examples(
    r"""
    # The first of three folds that share no artist
    genrekit split make artist_disjoint --data gtzan --root ~/data/gtzan \
      --fold 0 --output split.json

    # Your own files, with the pairs that an audit found
    genrekit split make artist_disjoint --data "My Genres/" \
      --audit audit.json --output split.json
    """
)
def make(
    name: Annotated[str, typer.Argument(help="A way to split, of 'genrekit split list'.")],
    data: Data,
    root: Root = None,
    fold: Annotated[int, typer.Option("--fold", min=0, help="Fold that is tested, counted from 0.")] = 0,
    folds: Annotated[int | None, typer.Option("--folds", min=2, help="Number of folds, where it is free.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", min=0, max=MAX_SEED, help="Of the folds.")] = None,
    validation: Annotated[
        Literal["default", "test"],
        typer.Option(
            "--validation", help="'test' validates on the test part, as report A does; the score is flattered."
        ),
    ] = "default",
    valid_fraction: Annotated[
        float, typer.Option("--valid-fraction", min=0, max=0.5, help="Share of training for an inner validation part.")
    ] = 0.1,
    valid_seed: Annotated[
        int, typer.Option("--valid-seed", min=0, max=MAX_SEED, help="Of the inner validation part.")
    ] = 0,
    audit: AuditFile = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Split file to write, instead of standard output.")
    ] = None,
) -> None:
    """Make a split of a data set and write it as JSON; what its parts share goes to standard error."""
    from genrekit.data.splits.leakage import prove
    from genrekit.data.splits.makers import make_split, split_kind

    # Recordings are compared for minutes: what is wrong with the name or the place must be said first.
    split_kind(name)
    if output is not None:
        _require_split_place(output, name, fold)
    dataset = _compared(load(data, root), audit)
    split = make_split(
        dataset,
        name,
        fold=fold,
        n_folds=folds,
        seed=seed,
        validation=validation,
        valid_fraction=valid_fraction,
        valid_seed=valid_seed,
    )
    proof = prove(split, dataset)
    typer.echo(render_proof(split, proof, dataset), err=True)
    write(split.to_json(), output)


@app.command()
@examples(
    r"""
    # A split of genrekit
    genrekit split check split.json --data gtzan --root ~/data/gtzan

    # Anybody's lists of tracks, as if no artist might be shared
    genrekit split check --train train.txt --test test.txt --protocol P4 \
      --data gtzan --root ~/data/gtzan
    """
)
def check(
    file: Annotated[
        Path | None, typer.Argument(help="Split file of genrekit (.json), or a table track,part (.csv).")
    ] = None,
    data: Data = "",
    root: Root = None,
    train: Annotated[Path | None, typer.Option("--train", help="List of training tracks, one a line.")] = None,
    valid: Annotated[Path | None, typer.Option("--valid", help="List of validation tracks.")] = None,
    test: Annotated[Path | None, typer.Option("--test", help="List of test tracks.")] = None,
    protocol: Annotated[
        Literal["P1", "P2", "P3", "P4", "published", "custom"] | None,
        typer.Option("--protocol", help="Check under this protocol instead of the split's own."),
    ] = None,
    audit: AuditFile = None,
    format: Annotated[Format, typer.Option("--format", help="A table for people, or JSON.")] = "table",
) -> None:
    """Count what the parts of a split share, and whether its protocol allows it.

    Exit code: 0 it does; 1 it does not, or the split or the data cannot be read; 2 wrong usage, or no such file.
    """
    import json
    from dataclasses import replace

    from genrekit.data.parts import PARTS
    from genrekit.data.splits.leakage import prove
    from genrekit.errors import DataError

    lists: dict[Part, Path] = {}
    if train is not None:
        lists["train"] = train
    if valid is not None:
        lists["valid"] = valid
    if test is not None:
        lists["test"] = test
    if (file is None) == (not lists):
        raise typer.BadParameter("give either a split file, or lists with --train, --valid and --test")
    if not data:
        raise typer.BadParameter("say with --data which data set the split is of")
    dataset = _compared(load(data, root), audit)
    split = _read(dataset, file, lists)
    if protocol is not None:
        split = replace(split, protocol=protocol)
    if sum(bool(split.parts[part]) for part in PARTS) < 2:
        raise DataError(f"{split.name} has tracks in one part or none: there is nothing to compare. Give two or more.")
    proof = prove(split, dataset)
    if format == "json":
        typer.echo(json.dumps(proof.to_dict(), indent=1, ensure_ascii=False))
    else:
        typer.echo(render_proof(split, proof, dataset))
    if proof.refused:
        messages.error(f"refused under protocol {split.protocol}: the parts share what it does not allow")
        raise typer.Exit(1)


def render_proof(split: Split, proof: Proof, dataset: Dataset) -> str:
    """A proof as text: sizes, shared tracks, copies, recordings and artists, and what is refused."""
    from genrekit.data.parts import PARTS

    sizes = ", ".join(f"{part} {len(split.parts[part])}" for part in PARTS)
    fold = f"fold {split.fold}" if split.n_folds == 1 else f"fold {split.fold} of 0 to {split.n_folds - 1}"
    title = f"{split.name}, {fold}, protocol {split.protocol}"
    lines = [f"{title}{': CONTAMINATED' if split.contaminated else ''}", f"{split.unit}s: {sizes}"]
    lines += [f"note: {note}" for note in split.notes]
    rows: list[tuple[str, ...]] = [("genre", *PARTS)]
    counts = {part: Counter(dataset.track(track).genre for track in split.tracks(part)) for part in PARTS}
    for part in PARTS:
        absent = [genre for genre in dataset.genres if not counts[part][genre]]
        if counts[part] and absent:
            lines.append(f"note: the {part} part has no track of {', '.join(absent)}; training refuses such a split")
    rows += [(genre, *(str(counts[part][genre]) for part in PARTS)) for genre in dataset.genres]
    lines += ["", columns(rows), ""]
    rows = [("shared by", "what", "how many", "tracks concerned in the second")]
    for shared in proof.shared:
        concerned = f"{shared.n_second} of {shared.n_second_total}"
        rows.append((f"{shared.first} / {shared.second}", shared.relation, str(shared.n_shared), concerned))
    share = 100 * proof.n_test_touched / proof.n_test if proof.n_test else 0.0
    lines += [
        columns(rows),
        "",
        f"{proof.n_test_touched} of {proof.n_test} test tracks ({share:.1f} %) share something with "
        "training or validation",
        _artists(proof),
    ]
    lines += [f"refused: {reason}" for reason in proof.refused]
    return "\n".join(lines)


def _artists(proof: Proof) -> str:
    if proof.n_unknown_artists == proof.n_tracks:
        return (
            f"warning: nothing is known of artists: each of the {proof.n_tracks} tracks counts as an artist of its "
            "own, and artists may be in several parts unseen"
        )
    return (
        f"{proof.crossing['artist']} artists are in more than one part; "
        f"{proof.n_unknown_artists} tracks have no known artist"
    )


def _require_split_place(output: Path, name: str, fold: int) -> None:
    """Refuse a place that holds anything but a split of this kind and fold, which may be the very one: that stays."""
    from genrekit.data.splits.split import read_split
    from genrekit.errors import DataError, PlaceError
    from genrekit.output_places import require_place

    require_place(output, "the split")
    if not output.is_file():
        return
    try:
        there = read_split(output)
    except DataError as error:
        raise PlaceError(f"{output} exists, and is something else; give another name") from error
    if there.fold != fold or not there.name.startswith(name):
        raise PlaceError(f"{output} exists, and is fold {there.fold} of {there.name}; give another name")


def _read(dataset: Dataset, file: Path | None, lists: dict[Part, Path]) -> Split:
    from genrekit.data.splits.split_files import read_lists, read_split_file

    return read_lists(dataset, lists) if file is None else read_split_file(dataset, file)


def _compared(dataset: Dataset, audit: Path | None) -> Dataset:
    """The data set with its pairs of one recording: those that an audit found, or as they are compared now."""
    from genrekit.data.checks.audit_file import with_audited_recordings

    return compared(dataset) if audit is None else with_audited_recordings(dataset, audit)

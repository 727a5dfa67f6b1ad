"""What `split.json` of a run folder holds, made without a data set."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genrekit.data.parts import PARTS
from genrekit.data.splits.leakage import Proof
from genrekit.data.splits.split import Split

TRACKS = {"train": ("blues.00000",), "valid": ("blues.00001",), "test": ("blues.00002",)}


def split_values(
    *,
    proof: Mapping[str, Any] | None = None,
    parts: Mapping[str, Sequence[str]] | None = None,
    protocol: str = "P2",
    unit: str = "track",
    validation: str = "inner",
    **split: Any,
) -> dict[str, Any]:
    """The JSON values of a split; with `proof`, also of a proof that counts what is given, and finds nothing else."""
    members = {part: list((parts or TRACKS).get(part, ())) for part in PARTS}
    if unit == "excerpt" and parts is None:
        members = {part: [f"{track}@0" for track in tracks] for part, tracks in members.items()}
    if validation == "test":
        members["valid"] = members["test"]
    made = Split(
        name=split.pop("name", "random_folds"),
        protocol=protocol,
        unit=unit,
        parts={part: tuple(of_part) for part, of_part in members.items()},
        validation=validation,
        **split,
    )
    values = made.to_dict()
    if proof is not None:
        nothing = Proof(made.hash, made.protocol, (), 1, 0, dict.fromkeys(("track", "artist"), 0), 3, 0, ())
        values["proof"] = {**nothing.to_dict(), **proof}
    return values


def write_split(folder: Path, **given: Any) -> None:
    """Write `split.json` of a run folder, as `split_values` makes it."""
    (folder / "split.json").write_text(json.dumps(split_values(**given)))

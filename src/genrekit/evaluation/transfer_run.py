"""What a transfer leaves for evaluation: a folder as of a run, with the proof of what the two collections share."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from genrekit.data.dataset import Dataset
from genrekit.data.splits.across import Heard, across, losses
from genrekit.data.splits.leakage import require_proof
from genrekit.errors import RunError
from genrekit.evaluation.run_folder import RunFolder
from genrekit.evaluation.transfer import Transfer
from genrekit.whole_file import written_whole

__all__ = ["write_transfer"]


def write_transfer(scored: Transfer, folder: Path, *, there: Dataset, asked: Dataset, heard: Heard) -> RunFolder:
    """Write predictions.parquet and split.json: of what is scored, proved, with all that a reader must know as notes.

    Parameters
    ----------
    scored : of `asked`
    folder : that exists
    there : the collection, or the part of it, that was to be asked about
    asked : what of it was, of `unheard`
    heard : what the model heard; where that is not known there is no proof, and the notes say so

    Raises
    ------
    LeakError : what is scored shares more with what was heard than P5 allows; nothing is written
    RunError, DataError : a file cannot be written
    """
    tracks = frozenset(scored.predictions.track.tolist())
    of_scores = replace(asked, tracks=tuple(track for track in asked.tracks if track.track_id in tracks))
    split, both = across(heard.tracks if heard.is_known else (), of_scores)
    notes = (*scored.notes(), *heard.notes(asked), *losses(there, asked, scored.predictions.genres))
    values: dict[str, Any] = replace(split, notes=(*notes, *split.notes)).to_dict()
    if heard.is_known:
        values["proof"] = require_proof(split, both).to_dict()
    made = RunFolder(folder)
    scored.predictions.write_parquet(made.predictions_path)
    try:
        with written_whole(made.split_path) as partial:
            partial.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise RunError(f"Cannot write {made.split_path}: {error.strerror or error}.") from error
    return made

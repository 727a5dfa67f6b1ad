"""Sentences of the model card on what was measured: agreement of audio with the archive, robustness, errors.

A result counts for the runs that it names, by the SHA-256 of their weights: what was measured on others is not said of
these.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genrekit.data.gtzan_facts import gtzan_facts

__all__ = ["agreement_text", "errors_text", "robustness_text"]

N_TRACKS = 999  # GTZAN without the one that cannot be decoded
NOT_MEASURED = "has not been measured on this model"


def agreement_text(path: Path, runs: Mapping[str, str]) -> str:
    """What `benchmarks/archive_agreement.py` wrote to `path`, as a sentence, if it is of these runs."""
    found = _read(path, runs)
    if found is None:
        return f"Whether recordings get the decisions that the archive's log-mels of them get {NOT_MEASURED}."
    return (
        f"From audio ({found['n_recordings']} recordings in Ogg Vorbis, each by the model that did not train on it) "
        f"{_percent(found['same'])} of the decisions are those from the archive; the accuracy is "
        f"{_percent(found['accuracy_audio'])} from audio, {_percent(found['accuracy_archive'])} from the archive "
        "(these recordings are mostly of the six easier genres)."
    )


def robustness_text(path: Path, runs: Mapping[str, str]) -> str:
    """What `genrekit analyse robustness` wrote to `path`, as a sentence, if it is of these runs."""
    found = _read(path, runs)
    if found is None:
        return f"How sturdy it is {NOT_MEASURED}."
    unchanged, *changed = found["conditions"]
    changed.sort(key=lambda condition: condition["difference"])
    costly = [condition for condition in changed if condition["difference"] < -0.03]
    cheap = changed[len(costly) :]
    costs = ", ".join(f"{-100 * condition['difference']:.1f} ({condition['title']})" for condition in costly)
    rest = f"at most {max(0.0, -100 * cheap[0]['difference']):.1f} to each of {len(cheap)} other changes"
    return (
        f"Of {_percent(unchanged['accuracy'])} from audio (report A's folds, {found['n_tracks']} recordings) it loses, "
        f"in points, {costs + ', and ' if costs else ''}{rest}: filters, level, mp3, noise, tempo, pitch, a later "
        "start (`results/default_model/robustness`)."
    )


def errors_text(path: Path, *, shown: int = 6) -> str:
    """What `genrekit analyse labels` wrote to `path`: how many errors, how many in faulty tracks, and the surest."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    faulty = {track for track, fact in gtzan_facts().items() if fact.filtered is None}
    n_faulty = sum(row["track"] in faulty for row in rows)
    surest = "; ".join(f"{row['artist']}, {row['title']} ({row['label']}: {row['answer']})" for row in rows[:shown])
    return (
        f"{len(rows)} of {N_TRACKS} tracks are taken for another genre by the models of P3 and P4 that did not train "
        f"on them; {n_faulty} of these are among the {len(faulty)} that the fault-filtered split leaves out as "
        f"repeated, distorted or mislabelled. Many of the surest errors are disputable labels: {surest}. All of them: "
        f"`results/default_model/{path.name}`."
    )


def _read(path: Path, runs: Mapping[str, str]) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found if found.get("runs") == dict(runs) else None


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"

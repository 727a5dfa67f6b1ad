"""Sentences of the model card on what was measured: agreement of audio with the archive, robustness, errors, and what
was aimed at.

A result counts for the runs that it names by the SHA-256 of their weights, or for the recipe that it names by its hash:
what was measured on others is not said of these. Each sentence takes what was measured, or None.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genrekit.data.sets.gtzan_facts import gtzan_facts

__all__ = [
    "agreement_text",
    "aims_table",
    "band_edge_text",
    "confusions_text",
    "errors_text",
    "measured",
    "robustness_text",
    "short_table",
    "short_text",
    "unknown_music_text",
]

N_TRACKS = 999  # GTZAN without the one that cannot be decoded
NOT_MEASURED = "has not been measured on this model"
SCORES_OF_THE_EMBEDDING = {
    "relative_mahalanobis": "relative Mahalanobis distance",
    "nearest_neighbours": "nearest neighbours",
}
SHORT_S = (1.0, 2.0, 5.0, 10.0)  # durations that are told beside the longest
TABLE_S = (0.5, *SHORT_S)  # likewise, in a table
N_COSTLY = 3  # changes that are shown in the table
# What the project set itself for this model; no change of `genrekit analyse robustness` was to cost more than "loss".
AIMS = {
    "p3": 0.78,
    "p3_one_network": 0.75,
    "random_folds": 0.925,
    "p4": 0.65,
    "calibration_error": 0.05,
    "loss": 0.03,
    "auroc": 0.9,
}


def measured(path: Path, **of: object) -> dict[str, Any] | None:
    """What stands in the JSON file at `path`, if it is there and of these: `runs` or `recipe`, as it names them."""
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found if all(found.get(name) == value for name, value in of.items()) else None


def agreement_text(found: Mapping[str, Any] | None) -> str:
    """What `benchmarks/archive_agreement.py` wrote, as a sentence."""
    if found is None:
        return f"Whether recordings get the decisions that the archive's log-mels of them get {NOT_MEASURED}."
    return (
        f"From audio ({found['n_recordings']} recordings in Ogg Vorbis, each by the model that did not train on it) "
        f"{_percent(found['same'])} of the decisions are those from the archive; the accuracy is "
        f"{_percent(found['accuracy_audio'])} from audio, {_percent(found['accuracy_archive'])} from the archive "
        "(these recordings are mostly of the six easier genres)."
    )


def robustness_text(found: Mapping[str, Any] | None) -> str:
    """What `genrekit analyse robustness` wrote, as a sentence."""
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


def short_text(found: Mapping[str, Any] | None) -> str:
    """What `benchmarks/short_recordings.py` wrote, as a sentence."""
    if found is None:
        return f"How much it knows of short recordings {NOT_MEASURED}."
    *rows, whole = (one for one in found["durations"] if one["seconds"] in SHORT_S or one is found["durations"][-1])

    def told(row: Mapping[str, float]) -> str:
        answers = f"{_whole(row['answered'])} get an answer, {_whole(row['right_of_answered'])} of these right"
        return f"of {row['seconds']:g} s {_whole(row['right'])} are right ({answers})"

    return (
        f"The shorter a recording, the less it tells. From audio ({found['n_recordings']} recordings, mostly of the "
        f"six easier genres, each by the model of P4 that did not know its artist): {'; '.join(map(told, rows))}; of "
        f"all {whole['seconds']:g} s {_whole(whole['right'])}. Shorter than the window, it is repeated to fill it."
    )


def short_table(found: Mapping[str, Any] | None) -> str:
    """The same as a table in Markdown."""
    if found is None:
        return f"How much it knows of short recordings {NOT_MEASURED}."
    *rows, whole = found["durations"]
    keys = ("right", "confidence", "answered", "right_of_answered")
    lines = [
        f"| {one['seconds']:g}{', all' if one is whole else ''} | {' | '.join(_whole(one[key]) for key in keys)} |"
        for one in (*(row for row in rows if row["seconds"] in TABLE_S), whole)
    ]
    header = ["| seconds | right | mean confidence | get an answer | of which right |", "|---|---|---|---|---|"]
    return "\n".join([*header, *lines])


def band_edge_text(found: Mapping[str, Any] | None) -> str:
    """Why the model hears nothing up there, and by what `genrekit analyse robustness` wrote, how many decisions a
    low-pass at 10 kHz changes."""
    if found is None:
        return f"What frequencies above 10 kHz decide {NOT_MEASURED}."
    changed = next(one["changed"] for one in found["conditions"] if one["name"] == "low_pass_10_khz")
    return (
        "Where the sound of GTZAN's files ends above 9 kHz tells where they are from, and so something of their genre "
        "(`docs/research/leaks.md`). This model hears nothing above 8.9 kHz: a score that leans on where files end is "
        f"not what other music gets. A low-pass at 10 kHz changes {_percent(changed)} of its decisions."
    )


def errors_text(path: Path, *, shown: int = 6) -> str:
    """What `genrekit analyse labels` wrote to `path`: how many errors, made by how many models, how many in faulty
    tracks, and the surest."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    faulty = {track for track, fact in gtzan_facts().items() if fact.filtered is None}
    n_faulty = sum(row["track"] in faulty for row in rows)
    n_always = sum(row["n_wrong"] == row["n_decisions"] for row in rows)
    surest = "; ".join(f"{row['artist']}, {row['title']} ({row['label']}: {row['answer']})" for row in rows[:shown])
    return (
        f"{len(rows)} of {N_TRACKS} tracks are taken for another genre by the mean of the models of P3 and P4 that "
        f"did not train on them (three seeds of each), {n_always} of them by every one of these models; {n_faulty} are "
        f"among the {len(faulty)} that the fault-filtered split leaves out as repeated, distorted or mislabelled. Many "
        f"of the surest errors are disputable labels: {surest}. All of them, with how many models erred: "
        f"`results/default_model/{path.name}`."
    )


def confusions_text(found: Sequence[tuple[str, str, float]], *, shown: int = 6) -> str:
    """The most frequent of `default_model_scores.confusions`, as a sentence."""
    listed = ", ".join(f"{genre} for {answer} ({n:.0f})" for genre, answer, n in found[:shown])
    return f"Most often taken for another genre under P4, in tracks of 100, mean of the seeds: {listed}."


def unknown_music_text(found: Mapping[str, Any] | None) -> str:
    """What `scripts/unknown_music.py` wrote, as a sentence."""
    if found is None:
        return f"How well it tells music of other genres {NOT_MEASURED}."
    auroc, genres = found["mean_auroc"], found["genres"]
    missed = 1 - sum(one["unknown_not_answered"]["confidence"] for one in genres) / len(genres)
    others = [f"{auroc[name]:.2f} by {title}" for name, title in SCORES_OF_THE_EMBEDDING.items() if name in auroc]
    rest = f" ({', '.join(found['not_run'])} were not left out yet)" if found["not_run"] else ""
    return (
        f"Music of a genre that it was never taught mostly gets the name of another: models trained without one of "
        f"{len(genres)} genres{rest} are hardly less sure of it than of the others by new artists (area under the ROC "
        f"curve {auroc['confidence']:.2f}); where 90 % of the known get an answer, so does {_percent(missed)} of the "
        f"unknown. Scores of the embedding tell them better, but not well ({', '.join(others)}), and are not in the "
        "model."
    )


def aims_table(
    values: Mapping[str, float], robustness: Mapping[str, Any] | None, unknown_music: Mapping[str, Any] | None
) -> str:
    """What was aimed at beside what was reached, as a table in Markdown; what was not measured has no row.

    Parameters
    ----------
    values : accuracies by group, `calibration_error_p3`, `calibration_error_held_out` (P4) and `negatives_auroc`
    robustness, unknown_music : as for `robustness_text` and `unknown_music_text`
    """
    conditions = robustness["conditions"][1:] if robustness else ()
    costly = sorted(conditions, key=lambda one: one["difference"])[:N_COSTLY]
    rows = [
        _aim("P3, what is bundled", values["p3"], AIMS["p3"]),
        _aim("P3, one network: the same", values["p3"], AIMS["p3_one_network"]),
        _aim("P2, ten folds", values["random_folds"], AIMS["random_folds"]),
        _aim("P4", values["p4"], AIMS["p4"]),
        _aim("calibration error on P3", values["calibration_error_p3"], AIMS["calibration_error"], most=True),
        _aim("calibration error on P4", values["calibration_error_held_out"], AIMS["calibration_error"], most=True),
        *(_aim(f"loss by {one['title']}", -one["difference"], AIMS["loss"], most=True) for one in costly),
        _aim("telling what is no music: area under the ROC curve", values["negatives_auroc"], AIMS["auroc"]),
    ]
    if unknown_music:
        auroc = unknown_music["mean_auroc"]["confidence"]
        rows.append(_aim("telling music of other genres: likewise", auroc, AIMS["auroc"]))
    return "\n".join(["| what | aim | reached | |", "|---|---|---|---|", *rows])


def _aim(what: str, reached: float, aim: float, *, most: bool = False) -> str:
    short = reached - aim if most else aim - reached
    bound = "at most" if most else "at least"
    is_share = "error" not in what and "ROC" not in what and "likewise" not in what
    shown = _percent if is_share else "{:.3f}".format
    missing = "met" if short <= 0 else f"missed by {100 * short:.1f} points" if is_share else f"missed by {short:.3f}"
    return f"| {what} | {bound} {shown(aim)} | {shown(reached)} | {missing} |"


def _whole(share: float) -> str:
    """Of some hundred recordings: a point more or less is chance."""
    return f"{100 * share:.0f} %"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"

"""The model card of a run for people, in Markdown: what it was trained on, how good it is, how sure, what it is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from genrekit.evaluation.view_names import view_name

if TYPE_CHECKING:
    from genrekit.export.calibration import Calibration
    from genrekit.models import WeightsHeader

__all__ = ["run_card_text"]

NOT_SCORED = "Not scored: `genrekit evaluate RUN` before the export writes it here."
NEEDED = {"calibration", "fusion", "n_tracks", "notes", "part", "protocol", "views"}


def run_card_text(
    name: str,
    header: WeightsHeader,
    *,
    trained_on: Mapping[str, Any],
    scores: Mapping[str, Any] | None,
    calibration: Calibration,
) -> str:
    """The text of a card, of nothing but what the run says of itself.

    Parameters
    ----------
    name : of the model
    trained_on : as `ModelCard.trained_on`
    scores : as a report card's scores.json has them; None if the run was not scored
    calibration : that the file has; "calibrated_on" in `trained_on` says by what, and without it there is none
    """
    sections = (
        f"# {name}",
        f"A {header.model.name} network on windows of {header.window_s:g} s at {header.features.sr} Hz"
        f"{_training(trained_on)}. It gives one of {len(header.genres)} genres: {', '.join(header.genres)}.",
        "## How good it is",
        *(_accuracy(scores) if scores and scores.keys() >= NEEDED else [NOT_SCORED]),
        "## How sure it is",
        _calibration(calibration, trained_on),
        "## What it is not",
        "Music of other genres mostly gets the name of one of these, and confidence says little about it.",
    )
    return "\n\n".join(sections) + "\n"


def _training(trained_on: Mapping[str, Any]) -> str:
    dataset, split = trained_on.get("dataset"), trained_on.get("name")
    if dataset is None:
        return ""
    return f", trained on {dataset}" + (f" ({split}, fold {trained_on.get('fold', 0)})" if split else "")


def _accuracy(scores: Mapping[str, Any]) -> list[str]:
    named = view_name(scores["fusion"])
    view = next(view for view in scores["views"] if view["name"] == named)
    interval = view.get("intervals", {}).get("accuracy")
    about = f" (95 % interval {100 * interval['low']:.1f} to {100 * interval['high']:.1f})" if interval else ""
    error = scores["calibration"]["expected_calibration_error"]
    return [
        f"Accuracy per track {100 * view['accuracy']:.1f} %{about} on {scores['n_tracks']} tracks of the "
        f"{scores['part']} part, under protocol {scores['protocol']}; expected calibration error {100 * error:.1f} % "
        "before any calibration of this file. What to know of it:",
        "\n".join(f"- {note}" for note in scores["notes"]),
    ]


def _calibration(calibration: Calibration, trained_on: Mapping[str, Any]) -> str:
    if (part := trained_on.get("calibrated_on")) is None:
        return 'Not calibrated: confidence is the network\'s own, mostly too high, and no answer is "unknown".'
    source = f" of `{trained_on['calibrated_by']}`" if "calibrated_by" in trained_on else ""
    return (
        f"Calibrated on the {part} part{source}: temperature {calibration.window_temperature:.3f} for windows and "
        f"{calibration.file_temperature:.3f} for files; below a confidence of {calibration.unknown_threshold:.3f} the "
        'answer is "unknown".'
    )

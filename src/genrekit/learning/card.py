"""What a learnt model file says of itself: genres, songs, score, and where its embedding comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genrekit.inference.model_file import ModelCard, ModelFile
from genrekit.learning.cross_validation import CrossValidated

__all__ = ["make_card"]


def make_card(
    name: str,
    *,
    base: ModelFile,
    base_sha256: str,
    counts: Mapping[str, int],
    cross_validated: CrossValidated,
    strength: float,
    unknown_threshold: float,
    negatives_unknown: float | None,
    share_answered: float,
) -> ModelCard:
    """The card of a model `name` on the embedding of `base`; the figures are those of `Learned`."""
    interval = cross_validated.accuracy_interval
    evaluation: dict[str, Any] = {
        "cross_validation": {
            "accuracy": cross_validated.scores.accuracy,
            "low": interval.low,
            "high": interval.high,
            "unit": interval.unit,
            "songs_without_artist": cross_validated.n_without_artist,
            "n_folds": cross_validated.n_folds,
            "confusion": cross_validated.scores.confusion.tolist(),
            "genres_of_one_artist": list(cross_validated.not_grouped),
        },
        "calibration": {
            "calibration_error": cross_validated.calibration_error,
            "share_answered": share_answered,
            "negatives_unknown": negatives_unknown,
        },
    }
    return ModelCard(
        name=name,
        genres=tuple(counts),
        sr=base.card.sr,
        window_s=base.card.window_s,
        hop_s=base.card.hop_s,
        short_hop_s=base.card.short_hop_s,
        file_temperature=cross_validated.temperature,
        unknown_threshold=unknown_threshold,
        features=base.card.features,
        model={"name": "learned", "strength": strength, "embedding_of": dict(base.card.model)},
        trained_on={
            "dataset": cross_validated.predictions.dataset,
            "songs": dict(counts),
            "base": base.card.name,
            "base_sha256": base_sha256,
            "base_datasets": list(base.card.datasets),
        },
        evaluation=evaluation,
        text=_text(name, base, counts, cross_validated),
    )


def _text(name: str, base: ModelFile, counts: Mapping[str, int], checked: CrossValidated) -> str:
    interval = checked.accuracy_interval
    songs = "\n".join(
        f"| {genre} | {count} | {'-' if row.recall is None else f'{100 * row.recall:.0f} %'} |"
        for (genre, count), row in zip(counts.items(), checked.scores.per_genre(), strict=True)
    )
    unknown = f"no artist is known for {checked.n_without_artist} of them, so that songs of one may be on both sides; "
    return (
        f"# {name}\n\nOwn genres, learnt by `genrekit learn` on the embedding of {base.card.name}: a regularised "
        f"logistic regression.\n\n| genre | songs | recall |\n|---|---|---|\n{songs}\n\n"
        f"Accuracy {100 * checked.scores.accuracy:.1f} % in {checked.n_folds}-fold cross-validation (95 % interval "
        f"over {checked.units}: {100 * interval.low:.1f} to {100 * interval.high:.1f}); "
        f"{unknown if checked.n_without_artist else ''}"
        f"expected calibration error {100 * checked.calibration_error:.1f} % (that of a perfectly calibrated model on "
        f"so few songs: up to {100 * checked.error_if_calibrated.high:.1f}). "
        "It holds for songs like these, and is too good if the base model was trained on them.\n\n"
        f"## The base model\n\n{base.card.text}\n"
    )

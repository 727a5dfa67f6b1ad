"""A trained network over a part of a split: the table of predictions."""

from __future__ import annotations

import numpy as np
import torch

from genrekit.data.parts import Part
from genrekit.evaluation.predictions import Predictions
from genrekit.models import GenreNetwork
from genrekit.training.batches import EvaluationBatches, evaluation_batch_size
from genrekit.training.preparation import Prepared

__all__ = ["evaluation_batches", "predict"]


def evaluation_batches(prepared: Prepared, part: Part) -> EvaluationBatches:
    """All excerpts of a part of the split, in batches that are small enough for float32."""
    recipe = prepared.recipe
    batch_size = evaluation_batch_size(recipe.front_end, recipe.excerpts.window_s)
    window_steps = prepared.source.steps(recipe.excerpts.window_s)
    return EvaluationBatches(prepared.source, prepared.tables[part], window_steps, batch_size)


def predict(network: GenreNetwork, prepared: Prepared, part: Part) -> Predictions:
    """The table of predictions of a part of the split, one row an excerpt; float32 throughout."""
    table, dataset = prepared.tables[part], prepared.dataset
    network = network.to(prepared.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    with torch.no_grad():
        logits = [network(batch.features.float()) for batch in evaluation_batches(prepared, part)]
    p = torch.cat(logits).double().softmax(1).float().cpu().numpy()
    tracks = [dataset.tracks[row] for row in table.rows.tolist()]
    n = len(tracks)
    return Predictions(
        genres=dataset.genres,
        track=np.array([track.track_id for track in tracks]),
        start_s=np.array(table.start_s),
        part=np.full(n, part),
        fold=np.full(n, prepared.split.fold),
        seed=np.full(n, prepared.recipe.seed),
        label=table.labels.cpu().numpy(),
        probabilities=p,
        protocol=prepared.split.protocol,
        contaminated=prepared.split.contaminated,
        recipe=prepared.recipe.name,
        dataset=dataset.name,
        artist=np.array([track.artist or "" for track in tracks]),
    )

"""Sounds that are no music, for the threshold of "unknown"; nobody has to supply them."""

from __future__ import annotations

from functools import partial

import numpy as np

from genrekit.errors import AudioError, DataError
from genrekit.inference.embedding import Embedding
from genrekit.learning.embedder import Embedder

__all__ = ["embed_negatives"]

SEED = 0
COUNT = 24


def embed_negatives(embedder: Embedder) -> tuple[Embedding, ...]:
    """Embeddings of about 25 sounds of half a minute: speech, noise, crackle, tones, beeps.

    Without the program espeak-ng there is no speech among them. Silence is left out, as `classify` tells it by itself.
    """
    from genrekit.data.preparation.negatives import FAMILIES, SR

    found = []
    for number, (family, (make, share)) in enumerate(FAMILIES.items()):
        for k in range(max(1, round(COUNT * share))):
            rng = np.random.default_rng((SEED, number, k))
            try:
                found.append(embedder.embed_named(f"negative {family} {SEED} {k}", partial(make, rng), sr=SR))
            except DataError:  # no espeak-ng
                break
            except AudioError:
                continue
    return tuple(found)

"""Analyses of stored results: figures for papers with their numbers beside them, PCA, embeddings, and robustness.

A `draw_...` function turns values into a `Picture`, and `write_picture` writes it as SVG, PNG, CSV and JSON. Matplotlib
is imported when something is drawn. Robustness is at home here, since it applies runs, as embeddings do, and
evaluation needs no models.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genrekit.analysis.beside_published import OwnFigure, draw_beside_published, table_beside_published
    from genrekit.analysis.conditions import CONDITIONS, Condition, choose_conditions
    from genrekit.analysis.confusion import draw_confusion
    from genrekit.analysis.curves import find_curves, group_curves
    from genrekit.analysis.curves_figure import draw_curves
    from genrekit.analysis.embedding import Embedding, draw_embedding, embed_test_part
    from genrekit.analysis.feature_pca import draw_feature_pca, load_table
    from genrekit.analysis.fold_metrics import draw_folds, fold_metrics
    from genrekit.analysis.pca import Pca, fit_pca
    from genrekit.analysis.picture import Picture, write_picture
    from genrekit.analysis.reliability import draw_reliability
    from genrekit.analysis.robustness import choose_tracks, run_robustness
    from genrekit.analysis.robustness_figure import draw_robustness
    from genrekit.analysis.robustness_result import Robustness, score_robustness
    from genrekit.analysis.stored import Scored, group_runs, read_scored

__all__ = [
    "CONDITIONS",
    "Condition",
    "Embedding",
    "OwnFigure",
    "Pca",
    "Picture",
    "Robustness",
    "Scored",
    "choose_conditions",
    "choose_tracks",
    "draw_beside_published",
    "draw_confusion",
    "draw_curves",
    "draw_embedding",
    "draw_feature_pca",
    "draw_folds",
    "draw_reliability",
    "draw_robustness",
    "embed_test_part",
    "find_curves",
    "fit_pca",
    "fold_metrics",
    "group_curves",
    "group_runs",
    "load_table",
    "read_scored",
    "run_robustness",
    "score_robustness",
    "table_beside_published",
    "write_picture",
]

# Where each name is from; imported when it is asked for, so that a picture of predictions needs no PyTorch.
_HOMES = {
    "conditions": ("CONDITIONS", "Condition", "choose_conditions"),
    "beside_published": ("OwnFigure", "draw_beside_published", "table_beside_published"),
    "confusion": ("draw_confusion",),
    "curves": ("find_curves", "group_curves"),
    "curves_figure": ("draw_curves",),
    "embedding": ("Embedding", "draw_embedding", "embed_test_part"),
    "feature_pca": ("draw_feature_pca", "load_table"),
    "fold_metrics": ("draw_folds", "fold_metrics"),
    "pca": ("Pca", "fit_pca"),
    "picture": ("Picture", "write_picture"),
    "reliability": ("draw_reliability",),
    "robustness": ("choose_tracks", "run_robustness"),
    "robustness_figure": ("draw_robustness",),
    "robustness_result": ("Robustness", "score_robustness"),
    "stored": ("Scored", "group_runs", "read_scored"),
}


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

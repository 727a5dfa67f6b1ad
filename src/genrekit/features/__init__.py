"""Front ends: what is computed from a waveform (`FeatureSpec`), in NumPy for use and in PyTorch for training, equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genrekit.features.spec import (
    ARCHIVE_LOG_MEL,
    ARCHIVE_LOG_MEL_9_KHZ,
    ARCHIVE_LOG_MEL_10_KHZ,
    FEATURES,
    GTZAN_TABLE_10S,
    HANDCRAFTED,
    MEL_B,
    MEL_B_RENDERED,
    POWER_SPECTROGRAM_A,
    WAVEFORM,
    FeatureSpec,
    named_features,
)
from genrekit.features.table_columns import GTZAN_10S_NAMES, HANDCRAFTED_NAMES
from genrekit.lazy_names import lazy_names

if TYPE_CHECKING:
    from genrekit.features.handcrafted import HandcraftedFeatures, compute_handcrafted
    from genrekit.features.numpy_frontend import compute
    from genrekit.features.onnx_frontend import ExportableFrontEnd
    from genrekit.features.torch_frontend import FrontEnd

__all__ = [
    "ARCHIVE_LOG_MEL",
    "ARCHIVE_LOG_MEL_9_KHZ",
    "ARCHIVE_LOG_MEL_10_KHZ",
    "FEATURES",
    "GTZAN_10S_NAMES",
    "GTZAN_TABLE_10S",
    "HANDCRAFTED",
    "HANDCRAFTED_NAMES",
    "MEL_B",
    "MEL_B_RENDERED",
    "POWER_SPECTROGRAM_A",
    "WAVEFORM",
    "ExportableFrontEnd",
    "FeatureSpec",
    "FrontEnd",
    "HandcraftedFeatures",
    "compute",
    "compute_handcrafted",
    "named_features",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "handcrafted": ("HandcraftedFeatures", "compute_handcrafted"),
            "numpy_frontend": ("compute",),
            "onnx_frontend": ("ExportableFrontEnd",),
            "torch_frontend": ("FrontEnd",),
        },
    )

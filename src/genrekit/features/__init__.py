"""Front ends: what is computed from a waveform (`FeatureSpec`), in NumPy for use and in PyTorch for training, equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

_LAZY = {
    "compute": "numpy_frontend",
    "FrontEnd": "torch_frontend",
    "ExportableFrontEnd": "onnx_frontend",
    "HandcraftedFeatures": "handcrafted",
    "compute_handcrafted": "handcrafted",
}


if not TYPE_CHECKING:  # which would take any name for one that is there

    def __getattr__(name: str) -> Any:
        if name in _LAZY:
            import importlib

            return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

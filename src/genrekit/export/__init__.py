"""From a trained network to one ONNX file: front end, network and calibration in one graph, the card as metadata."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genrekit.export.calibration import Calibration, fit_calibration, fit_short_temperatures
    from genrekit.export.onnx_export import export_onnx

__all__ = ["Calibration", "export_onnx", "fit_calibration", "fit_short_temperatures"]

_HOME = {
    "Calibration": "calibration",
    "fit_calibration": "calibration",
    "fit_short_temperatures": "calibration",
    "export_onnx": "onnx_export",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

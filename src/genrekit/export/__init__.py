"""From a trained network to one ONNX file: front end, network and calibration in one graph, the card as metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genrekit.lazy_names import lazy_names

if TYPE_CHECKING:
    from genrekit.export.from_run import ExportedRun, export_run

__all__ = ["ExportedRun", "export_run"]

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "from_run": ("ExportedRun", "export_run"),
        },
    )

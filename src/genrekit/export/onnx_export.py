"""One ONNX file from a network: waveform in, calibrated probabilities and embedding out, checked before it is kept."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from genrekit.errors import ModelFileError, RecipeError
from genrekit.features import ExportableFrontEnd, FrontEnd
from genrekit.inference.model_file import EMBEDDING, INPUT, PROBABILITIES, ModelCard, ModelFile, open_session
from genrekit.models import GenreNetwork, WeightsHeader
from genrekit.whole_file import written_whole

__all__ = ["MAX_BYTES", "TOLERANCE", "ExportGraph", "export_onnx"]

MAX_BYTES = 6_000_000
# Greatest difference of a probability between the file and the network as it was trained.
TOLERANCE = 1e-3
OPSET = 18
CHECK_SEED = 0
CHECK_LEVELS = (1.0, 0.1, 0.001)


class ExportGraph(nn.Module):
    """What is exported: waveform [batch, window_samples] -> probabilities [batch, n_genres], embedding [batch, d].

    Parameters
    ----------
    front_end : waveform -> features
    network : features -> logits
    window_temperature : > 0, divides the logits
    """

    def __init__(self, front_end: nn.Module, network: GenreNetwork, window_temperature: float) -> None:
        super().__init__()
        self.front_end, self.network, self.window_temperature = front_end, network, window_temperature

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor]:
        features = self.network.forward_features(self.front_end(waveform))
        logits = self.network.forward_head(features)
        embedding = features.reshape(features.shape[0], -1)
        return torch.softmax(logits / self.window_temperature, dim=1), embedding


def export_onnx(
    network: GenreNetwork,
    header: WeightsHeader,
    *,
    card: ModelCard,
    path: str | os.PathLike[str],
    window_temperature: float = 1.0,
    max_bytes: int | None = MAX_BYTES,
) -> ModelFile:
    """Write `network` with its front end as one ONNX file, and check it against PyTorch before it takes its name.

    Weights stay float32 and inside the file. The check runs noise at three levels through ONNX Runtime, and through the
    front end and the network as they were trained: all probabilities must agree within `TOLERANCE`, for batches of
    different sizes.

    Parameters
    ----------
    network, header : as `load_weights` gives them
    card : what the file says of itself; its genres, sample rate and window must be the header's
    path : written whole or not at all
    window_temperature : > 0, of `Calibration`
    max_bytes : largest file that is accepted, by default what a bundled model may have; None for any size

    Raises
    ------
    RecipeError : if card and header disagree, or the front end cannot be exported
    ModelFileError : if the file differs from the network, is larger than `max_bytes`, or cannot be written
    """
    path = Path(path)
    _require_agreement(card, header)
    network = network.eval()
    graph = ExportGraph(ExportableFrontEnd(header.features, card.window_samples), network, window_temperature).eval()
    model = _to_onnx(graph, card)
    data = model.SerializeToString()
    if max_bytes is not None and len(data) > max_bytes:
        raise ModelFileError(f"{path}: the model has {len(data):,} bytes; at most {max_bytes:,} were expected")
    reference = ExportGraph(FrontEnd(header.features), network, window_temperature).eval()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as partial:
            partial.write_bytes(data)
            _check_against_torch(partial, card, reference)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot write the model: {error.strerror or error}") from error
    return ModelFile.read(path)


def _require_agreement(card: ModelCard, header: WeightsHeader) -> None:
    for name, given, expected in (
        ("genres", card.genres, header.genres),
        ("sr", card.sr, header.features.sr),
        ("window_s", card.window_s, header.window_s),
    ):
        if given != expected:
            raise RecipeError(f"the model card's {name} is {given}; the weights were trained with {expected}")


def _to_onnx(graph: ExportGraph, card: ModelCard) -> onnx.ModelProto:
    example = torch.zeros(2, card.window_samples)
    with _quiet():
        program = torch.onnx.export(
            graph,
            (example,),
            input_names=[INPUT],
            output_names=[PROBABILITIES, EMBEDDING],
            dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise ModelFileError("PyTorch's ONNX exporter returned nothing; report this with its version")
    model = program.model_proto
    # Traces of the source code, which would name the folders of the machine that made the file.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    del model.graph.metadata_props[:]
    for value in (*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        del value.metadata_props[:]
    onnx.helper.set_model_props(model, card.to_metadata())
    model.producer_name, model.producer_version = "genrekit", ""
    onnx.checker.check_model(model)
    return model


def _check_against_torch(path: Path, card: ModelCard, reference: ExportGraph) -> None:
    session = open_session(path, n_threads=1)
    ModelFile.of_session(path, session)
    generator = np.random.default_rng(CHECK_SEED)
    for n_windows in (1, len(CHECK_LEVELS)):
        noise = generator.standard_normal((n_windows, card.window_samples)) * np.array(CHECK_LEVELS)[:n_windows, None]
        waveform = np.clip(noise, -1, 1).astype(np.float32)
        (given,) = session.run([PROBABILITIES], {INPUT: waveform})
        with torch.inference_mode():
            expected = reference(torch.from_numpy(waveform))[0].numpy()
        difference = float(np.abs(given - expected).max())
        if not difference <= TOLERANCE:  # NaN is no agreement
            raise ModelFileError(
                f"the exported model differs from the network by {difference:.2g} in a probability, with {n_windows} "
                f"windows; at most {TOLERANCE:g} was expected; it was not kept"
            )


@contextmanager
def _quiet() -> Iterator[None]:
    # The exporter logs every step of its optimiser, and warns of its own internals, which nobody here can act on.
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

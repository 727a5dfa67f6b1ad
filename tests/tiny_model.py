"""A real, tiny model file: it hears how bright a sound is, and calls it bass, mid or treble.

The share of energy in the sample-to-sample difference, r = mean(diff(x)^2) / (4 mean(x^2)), is 0 for a low tone, 0.5 at
a quarter of the sample rate (and for white noise), and 1 at half of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from genrekit.inference import ModelCard

GENRES = ("bass", "mid", "treble")
SR = 8000


def tiny_card(**changes: object) -> ModelCard:
    values: dict[str, object] = {
        "name": "tiny",
        "genres": GENRES,
        "sr": SR,
        "window_s": 1.0,
        "hop_s": 0.5,
        "unknown_threshold": 0.6,
        "trained_on": {"dataset": "none"},
        "evaluation": {"P2": {"accuracy": 0.5}},
        "text": "# tiny\n\nFor tests.",
    }
    return ModelCard(**{**values, **changes})  # type: ignore[arg-type]


def write_tiny_model(path: Path, card: ModelCard | None = None, metadata: dict[str, str] | None = None) -> Path:
    """Write the model; `metadata` replaces the card's own, to make faulty files."""
    card = card or tiny_card()
    constants = {
        "from_second": [1],
        "from_first": [0],
        "to_end": [np.iinfo(np.int64).max],
        "to_last": [-1],
        "time": [1],
    }
    initializers = [numpy_helper.from_array(np.array(value, np.int64), name) for name, value in constants.items()]
    for name, value in {
        "four": [4.0],
        "tiny": [1e-9],
        "sharpness": [-40.0],
        "centres": [[0.0, 0.5, 1.0]],
    }.items():
        initializers.append(numpy_helper.from_array(np.array(value, np.float32), name))
    nodes = [
        helper.make_node("Slice", ["waveform", "from_second", "to_end", "time"], ["later"]),
        helper.make_node("Slice", ["waveform", "from_first", "to_last", "time"], ["sooner"]),
        helper.make_node("Sub", ["later", "sooner"], ["difference"]),
        helper.make_node("Mul", ["difference", "difference"], ["difference_power"]),
        helper.make_node("Mul", ["waveform", "waveform"], ["power"]),
        helper.make_node("ReduceMean", ["difference_power"], ["high"], axes=[1], keepdims=1),
        helper.make_node("ReduceMean", ["power"], ["all"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["all", "four"], ["all_four"]),
        helper.make_node("Add", ["all_four", "tiny"], ["total"]),
        helper.make_node("Div", ["high", "total"], ["embedding"]),
        helper.make_node("Sub", ["embedding", "centres"], ["distance"]),
        helper.make_node("Mul", ["distance", "distance"], ["squared"]),
        helper.make_node("Mul", ["squared", "sharpness"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, ["batch", card.window_samples])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(GENRES)]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 1]),
        ],
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    helper.set_model_props(model, card.to_metadata() if metadata is None else metadata)
    path.write_bytes(model.SerializeToString())
    return path

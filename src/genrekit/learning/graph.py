"""The base model's graph with another last layer: all up to the embedding stays, what comes after is replaced."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from genrekit.errors import ModelFileError
from genrekit.inference.model_file import EMBEDDING, INPUT, PROBABILITIES, ModelCard, ModelFile, open_session
from genrekit.learning.head import Head
from genrekit.whole_file import written_whole

__all__ = ["TOLERANCE", "replace_head"]

# Greatest difference of a probability between the file and the fitted classifier.
TOLERANCE = 1e-4
CHECK_LEVELS = (1.0, 0.1, 0.001)
PREFIX = "learned"


def replace_head(base: str | os.PathLike[str], head: Head, *, card: ModelCard, path: Path) -> ModelFile:
    """Write `base` with `head` on its embedding, and compare it with `head` before it takes its name.

    Parameters
    ----------
    base : a model file
    head : for its embedding; one column a genre of `card`
    card : what the new file says of itself
    path : written whole or not at all

    Raises
    ------
    ModelFileError : if the graph is not one that this can change, the file differs from `head`, or cannot be written
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load(os.fspath(base))
    graph = model.graph
    maker = {output: node for node in graph.node for output in node.output}
    needed: set[str] = set()
    waiting = [EMBEDDING]
    while waiting:
        name = waiting.pop()
        if name in maker and name not in needed:
            waiting += [given for given in maker[name].input if given]
        needed.add(name)
    if PROBABILITIES in needed:
        raise ModelFileError(f"{base}: its embedding follows its probabilities; give a model that genrekit made")
    kept = [node for node in graph.node if needed & set(node.output)]
    # A base that was itself learnt has these names already, but after its embedding, so that they are gone.
    names = {part: f"{PREFIX}.{part}" for part in ("weights", "bias", "logits")}
    initializers = [one for one in graph.initializer if one.name in needed]
    del graph.node[:], graph.initializer[:], graph.output[:]
    graph.node.extend(kept)
    graph.initializer.extend(initializers)
    graph.initializer.append(numpy_helper.from_array(head.weights, names["weights"]))
    graph.initializer.append(numpy_helper.from_array(head.bias, names["bias"]))
    graph.node.append(
        helper.make_node("Gemm", [EMBEDDING, names["weights"], names["bias"]], [names["logits"]], name="learned_gemm")
    )
    graph.node.append(helper.make_node("Softmax", [names["logits"]], [PROBABILITIES], name="learned_softmax", axis=1))
    for name, width in ((PROBABILITIES, head.weights.shape[1]), (EMBEDDING, head.weights.shape[0])):
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width]))
    stale = [value for value in graph.value_info if value.name not in needed]
    for value in stale:
        graph.value_info.remove(value)
    helper.set_model_props(model, card.to_metadata())
    onnx.checker.check_model(model)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path) as partial:
            partial.write_bytes(model.SerializeToString())
            _check_against(partial, head, card)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot write the model: {error.strerror or error}") from error
    return ModelFile.read(path)


def _check_against(path: Path, head: Head, card: ModelCard) -> None:
    session = open_session(path, n_threads=1)
    ModelFile.of_session(path, session)
    noise = np.random.default_rng(0).standard_normal((len(CHECK_LEVELS), card.window_samples))
    waveform = np.clip(noise * np.array(CHECK_LEVELS)[:, None], -1, 1).astype(np.float32)
    given, embedding = session.run([PROBABILITIES, EMBEDDING], {INPUT: waveform})
    difference = float(np.abs(given - head.probabilities(embedding)).max())
    if not difference <= TOLERANCE:  # NaN is no agreement
        raise ModelFileError(
            f"the written model differs from the classifier by {difference:.2g} in a probability; at most "
            f"{TOLERANCE:g} was expected; it was not kept"
        )

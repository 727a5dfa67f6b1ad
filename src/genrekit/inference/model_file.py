"""The model file: one ONNX file whose metadata says how to use it, read strictly.

The graph takes `waveform` float32 [batch, window_samples] and gives `probabilities` [batch, n_genres] and `embedding`
[batch, d]. The metadata key `genrekit` holds the fields of `ModelCard` as JSON, the key `card` its text.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from genrekit.errors import ModelFileError, NoSuchModelError
from genrekit.inference.result import UNKNOWN
from genrekit.suggestion import unknown_name

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["FORMAT", "ModelCard", "ModelFile", "open_session"]

FORMAT = 1
METADATA_KEY = "genrekit"
CARD_KEY = "card"
INPUT = "waveform"
PROBABILITIES = "probabilities"
EMBEDDING = "embedding"

# A recording up to here has few windows.
SHORT_S = 60.0

FATAL = 4  # ONNX Runtime's log level; what goes wrong is raised, and nothing else may reach standard error


@dataclass(frozen=True)
class ModelCard:
    """What a model file says of itself.

    Attributes
    ----------
    name : short name of the model, printed with every result
    genres : label of each probability, in order; at least two, each once, of printable characters, none "unknown"
    sr : sample rate of the waveform, in Hz
    window_s : seconds that the network sees at once
    hop_s : seconds from one window to the next, at most window_s
    short_hop_s : the same in recordings of at most `SHORT_S`, where each window weighs much and more cost little;
        `hop_s` is a whole multiple of it. None: `hop_s`
    file_temperature : above 0; a file's probabilities are softmax(log(mean over windows) / file_temperature)
    short_temperatures : pairs (seconds, factor), seconds rising: a recording of so many seconds has its temperature
        multiplied by the factor, since it tells less than a long one; see `temperature_of_s`. Empty: all have the same
    unknown_threshold : 0..1; a file whose best probability is below it is "unknown"
    features, model : the front end and the network, as their specifications' dictionaries
    trained_on : the data that the weights were learnt from
    evaluation : how well it does, each figure with its protocol
    text : the model card for people, in Markdown

    Raises
    ------
    ModelFileError : if a value is outside its range
    """

    name: str
    genres: tuple[str, ...]
    sr: int
    window_s: float
    hop_s: float
    file_temperature: float = 1.0
    unknown_threshold: float = 0.0
    features: Mapping[str, Any] = field(default_factory=dict)
    model: Mapping[str, Any] = field(default_factory=dict)
    trained_on: Mapping[str, Any] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    text: str = field(default="", repr=False)
    short_hop_s: float | None = None
    short_temperatures: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        _require(bool(self.name.strip()), "name", self.name, "a name")
        fit = len(self.genres) >= 2 and len(set(self.genres)) == len(self.genres) and all(self.genres)
        _require(
            fit and UNKNOWN not in self.genres, "genres", self.genres, "two or more names, each once, no 'unknown'"
        )
        # They are shown on terminals and written into tags.
        _require(all(map(str.isprintable, self.genres)), "genres", self.genres, "names of printable characters")
        _require(self.sr > 0, "sr", self.sr, "a positive number of samples per second")
        _require(0 < self.window_s < math.inf, "window_s", self.window_s, "a positive number of seconds")
        _require(0 < self.hop_s <= self.window_s, "hop_s", self.hop_s, f"more than 0, at most window_s {self.window_s}")
        if self.short_hop_s is not None:
            ratio = self.hop_s / self.short_hop_s if self.short_hop_s > 0 else 0.0
            whole = ratio >= 1 and abs(ratio - round(ratio)) < 1e-6
            _require(whole, "short_hop_s", self.short_hop_s, f"a whole part of hop_s {self.hop_s}")
        _require(0 < self.file_temperature < math.inf, "file_temperature", self.file_temperature, "a positive number")
        _require(0 <= self.unknown_threshold <= 1, "unknown_threshold", self.unknown_threshold, "a number from 0 to 1")
        seconds = [pair[0] for pair in self.short_temperatures if len(pair) == 2]
        fit = len(seconds) == len(self.short_temperatures) and seconds == sorted(set(seconds))
        fit = fit and all(0 < x < math.inf for x in chain(*self.short_temperatures))
        _require(fit, "short_temperatures", self.short_temperatures, "pairs of positive numbers, the first rising")

    @property
    def datasets(self) -> tuple[str, ...]:
        """Data sets that were learnt from, those of a base model too; empty if the card names none."""
        # An exported run names its data set with its scores, and a learnt model those that its base names.
        own = self.trained_on.get("dataset") or self.evaluation.get("dataset")
        base = self.trained_on.get("base_datasets")
        names = (own, *base) if isinstance(base, list | tuple) else (own,)
        return tuple(dict.fromkeys(name for name in names if isinstance(name, str) and name))

    @property
    def window_samples(self) -> int:
        """Samples of one window, the second dimension of the graph's input."""
        return round(self.window_s * self.sr)

    @property
    def hop_samples(self) -> int:
        """Samples from the start of one window to the start of the next, at least 1."""
        return max(1, round(self.hop_s * self.sr))

    def hop_of_s(self, duration_s: float) -> float:
        """Seconds from one window to the next in a recording of this length."""
        return self.short_hop_s if self.short_hop_s is not None and duration_s <= SHORT_S else self.hop_s

    def temperature_of_s(self, duration_s: float) -> float:
        """The temperature of a recording of this length.

        Between two pairs of `short_temperatures` the factor is interpolated, seconds and factor both as logarithms;
        before the first pair and behind the last it is theirs.
        """
        if not self.short_temperatures:
            return self.file_temperature
        seconds, factors = np.log(self.short_temperatures).T
        return self.file_temperature * math.exp(float(np.interp(math.log(max(duration_s, 1e-9)), seconds, factors)))

    def to_metadata(self) -> dict[str, str]:
        """The ONNX metadata that `from_metadata` reads."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "text"}
        for name in _OPTIONAL_TYPES:
            if not values[name]:
                del values[name]
        values["genres"] = list(self.genres)
        return {METADATA_KEY: json.dumps({"format": FORMAT, **values}, sort_keys=True), CARD_KEY: self.text}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> ModelCard:
        """The card in an ONNX file's metadata.

        Raises
        ------
        ModelFileError : if it is missing or not JSON, of a newer format, lacks a key, has an unknown one, or one of the
            wrong type or range
        """
        if METADATA_KEY not in metadata:
            raise ModelFileError(
                f"an ONNX file without genrekit's metadata ({METADATA_KEY!r}); give a model that `genrekit export` made"
            )
        try:
            values = json.loads(metadata[METADATA_KEY])
        except ValueError as error:
            raise ModelFileError(f"its metadata is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise ModelFileError(f"its metadata is {type(values).__name__}; expected a JSON object")
        _check_format(values.pop("format", None))
        known = _TYPES | _OPTIONAL_TYPES
        for key in values:
            if key not in known:
                raise ModelFileError(f"its metadata has an unknown key {unknown_name(key, known)}")
        missing = [key for key in _TYPES if key not in values]
        if missing:
            raise ModelFileError(f"its metadata lacks {', '.join(missing)}")
        for key, value in values.items():
            types, expected = known[key]
            _require(isinstance(value, types) and not isinstance(value, bool), key, value, expected)
        genres, pairs = values.pop("genres"), values.pop("short_temperatures", [])
        _require(all(isinstance(genre, str) for genre in genres), "genres", genres, "a list of names")
        _require(all(_is_pair(pair) for pair in pairs), "short_temperatures", pairs, "a list of pairs of numbers")
        short = tuple((float(seconds), float(factor)) for seconds, factor in pairs)
        return cls(genres=tuple(genres), text=metadata.get(CARD_KEY, ""), short_temperatures=short, **values)


@dataclass(frozen=True)
class ModelFile:
    """A model file that was opened and found whole.

    Attributes
    ----------
    path : where it lies
    size_bytes : its size
    card : what it says of itself
    """

    path: Path
    size_bytes: int
    card: ModelCard = field(repr=False)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> ModelFile:
        """Open `path`, check its metadata and its graph, and let go of it.

        Raises
        ------
        ModelFileError : if it is missing, not ONNX, without genrekit's metadata, or its graph does not fit them
        """
        return cls.of_session(path, open_session(path, n_threads=1))

    @classmethod
    def of_session(cls, path: str | os.PathLike[str], session: onnxruntime.InferenceSession) -> ModelFile:
        """The same for a file that is open already."""
        try:
            card = ModelCard.from_metadata(session.get_modelmeta().custom_metadata_map)
            _check_graph(session, card)
        except ModelFileError as error:
            raise ModelFileError(f"{path}: {error}") from error
        return cls(Path(path), Path(path).stat().st_size, card)


def open_session(path: str | os.PathLike[str], *, n_threads: int) -> onnxruntime.InferenceSession:
    """An ONNX Runtime session on `path`, on the CPU.

    Parameters
    ----------
    path : an ONNX file
    n_threads : threads that one run may use, at least 1. Runs may come from several threads at once.

    Raises
    ------
    NoSuchModelError : if there is no such file
    ModelFileError : if it cannot be read, or is not one that ONNX Runtime can load
    """
    _silence_onnxruntime()
    import onnxruntime

    path = Path(path)
    if not path.is_file():
        raise NoSuchModelError(f"{path}: {'a folder, not a model file' if path.is_dir() else 'no such model file'}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    options.log_severity_level = FATAL
    # Spinning threads would take the cores that decode the next windows.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    # ONNX Runtime's exceptions have no common base of their own; whatever it raises here, it cannot use the file.
    except Exception as error:
        reason = str(error).rsplit(": ", 1)[-1].strip()
        raise ModelFileError(
            f"{path}: not an ONNX model that ONNX Runtime {onnxruntime.__version__} loads, or a damaged one ({reason})"
        ) from error


def _silence_onnxruntime() -> None:
    # From version 1.29 on, its wheels send usage data to their maker and keep an identifier of the machine in the
    # user's cache folder. Only this variable, set before the import, stops all of it; the call stops most of it where
    # the host program has imported ONNX Runtime already.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    onnxruntime.disable_telemetry_events()


_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "name": (str, "text"),
    "genres": (list, "a list of names"),
    "sr": (int, "a whole number"),
    "window_s": ((int, float), "a number"),
    "hop_s": ((int, float), "a number"),
    "file_temperature": ((int, float), "a number"),
    "unknown_threshold": ((int, float), "a number"),
    "features": (dict, "an object"),
    "model": (dict, "an object"),
    "trained_on": (dict, "an object"),
    "evaluation": (dict, "an object"),
}

_OPTIONAL_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "short_hop_s": ((int, float), "a number"),
    "short_temperatures": (list, "a list of pairs"),
}


def _is_pair(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(x, int | float) and not isinstance(x, bool) for x in value)
    )


def _require(fits: bool, key: str, value: object, expected: str) -> None:
    if not fits:
        raise ModelFileError(f"its metadata has {key} {value!r}; expected {expected}")


def _check_format(given: object) -> None:
    if isinstance(given, int) and not isinstance(given, bool) and given > FORMAT:
        raise ModelFileError(
            f"made by a newer genrekit (format {given}; this version reads format {FORMAT}): upgrade genrekit"
        )
    _require(given == FORMAT and not isinstance(given, bool), "format", given, str(FORMAT))


def _check_graph(session: onnxruntime.InferenceSession, card: ModelCard) -> None:
    inputs = [(node.name, node.type, node.shape[1:]) for node in session.get_inputs()]
    expected = [(INPUT, "tensor(float)", [card.window_samples])]
    if inputs != expected:
        raise ModelFileError(f"its graph takes {inputs}; its metadata say {expected}")
    shapes = {node.name: node.shape for node in session.get_outputs()}
    for name in (PROBABILITIES, EMBEDDING):
        if name not in shapes:
            raise ModelFileError(f"its graph gives {', '.join(shapes)}; expected an output named {name!r}")
    if shapes[PROBABILITIES][1:] != [len(card.genres)]:
        raise ModelFileError(
            f"its graph gives probabilities of shape {shapes[PROBABILITIES]}; its card names {len(card.genres)} genres"
        )

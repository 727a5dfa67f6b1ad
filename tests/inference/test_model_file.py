from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_model import GENRES, tiny_card, write_tiny_model

from genrekit.errors import ModelFileError
from genrekit.inference import ModelCard, ModelFile

numbers = st.floats(0.01, 100)
genre_names = st.text(min_size=1).filter(lambda name: name != "unknown" and name.isprintable())


@given(
    st.lists(
        st.text(min_size=1).filter(lambda name: name != "unknown" and name.isprintable()),
        min_size=2,
        max_size=6,
        unique=True,
    ),
    numbers,
    numbers,
    st.floats(0, 1),
    st.dictionaries(st.text(), st.integers() | st.text() | st.booleans()),
)
def test_a_card_comes_back_from_its_metadata(
    genres: list[str], window_s: float, temperature: float, threshold: float, free: dict[str, Any]
) -> None:
    card = tiny_card(
        genres=tuple(genres),
        window_s=window_s,
        hop_s=window_s / 3,
        file_temperature=temperature,
        unknown_threshold=threshold,
        trained_on=free,
        text="# ü\n",
    )
    assert ModelCard.from_metadata(card.to_metadata()) == card


@given(st.dictionaries(numbers, numbers, max_size=4))
def test_what_short_recordings_get_comes_back_too(factors: dict[float, float]) -> None:
    card = tiny_card(short_temperatures=tuple(sorted(factors.items())))
    assert ("short_temperatures" in card.to_metadata()["genrekit"]) == bool(factors)
    assert ModelCard.from_metadata(card.to_metadata()) == card


@pytest.mark.parametrize(
    ("duration_s", "factor"), [(0.0, 4.0), (0.5, 4.0), (1.0, 4.0), (2.0, 2.0), (4.0, 1.0), (20.0, 0.25), (600.0, 0.25)]
)
def test_the_temperature_of_a_short_recording(duration_s: float, factor: float) -> None:
    card = tiny_card(file_temperature=0.8, short_temperatures=((1.0, 4.0), (4.0, 1.0), (16.0, 0.25)))
    assert card.temperature_of_s(duration_s) == pytest.approx(0.8 * factor)
    assert tiny_card(file_temperature=0.8).temperature_of_s(duration_s) == 0.8


@pytest.mark.parametrize("pairs", [((),), ((1.0,),), ((1.0, 2.0, 3.0),)])
def test_what_is_no_pair_is_refused_in_the_making(pairs: tuple) -> None:
    with pytest.raises(ModelFileError, match="pairs of positive numbers"):
        tiny_card(short_temperatures=pairs)


def test_reading_a_file(tiny_model_path: Path) -> None:
    model_file = ModelFile.read(tiny_model_path)
    assert model_file.card == tiny_card()
    assert model_file.path == tiny_model_path
    assert model_file.size_bytes == tiny_model_path.stat().st_size
    assert (model_file.card.window_samples, model_file.card.hop_samples) == (8000, 4000)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v.update(format=2), "newer genrekit (format 2"),
        (lambda v: v.update(format=0), "format 0"),
        (lambda v: v.update(format=True), "format True"),
        (lambda v: v.pop("format"), "format None"),
        (lambda v: v.pop("hop_s"), "lacks hop_s"),
        (lambda v: v.update(window=3), "did you mean 'window_s'"),
        (lambda v: v.update(sr="22050"), "sr '22050'; expected a whole number"),
        (lambda v: v.update(sr=0), "sr 0"),
        (lambda v: v.update(sr=True), "sr True"),
        (lambda v: v.update(hop_s=2.0), "hop_s 2.0; expected more than 0, at most window_s 1.0"),
        (lambda v: v.update(file_temperature=0), "file_temperature 0"),
        (lambda v: v.update(file_temperature=float("nan")), "file_temperature nan"),
        (lambda v: v.update(unknown_threshold=1.5), "unknown_threshold 1.5"),
        (lambda v: v.update(genres=["a", "a", "b"]), "each once"),
        (lambda v: v.update(genres=["a", "unknown", "b"]), "no 'unknown'"),
        (lambda v: v.update(genres=["a", 2, "b"]), "a list of names"),
        (lambda v: v.update(genres=["a", "b\x1b[2J", "c"]), "names of printable characters"),
        (lambda v: v.update(genres=["a", "b"]), "names 2 genres"),
        (lambda v: v.update(window_s=2.0), "its graph takes"),
        (lambda v: v.update(trained_on="GTZAN"), "trained_on 'GTZAN'; expected an object"),
        (lambda v: v.update(name=" "), "name ' '"),
        (lambda v: v.update(short_temperatures=1.5), "short_temperatures 1.5; expected a list of pairs"),
        (
            lambda v: v.update(short_temperatures=[1, 2]),
            "short_temperatures [1, 2]; expected a list of pairs of numbers",
        ),
        (lambda v: v.update(short_temperatures=[[1, 2, 3]]), "expected a list of pairs of numbers"),
        (lambda v: v.update(short_temperatures=[[1, "2"]]), "expected a list of pairs of numbers"),
        (lambda v: v.update(short_temperatures=[[2, 1], [1, 1]]), "pairs of positive numbers, the first rising"),
        (lambda v: v.update(short_temperatures=[[1, 1], [1, 2]]), "pairs of positive numbers, the first rising"),
        (lambda v: v.update(short_temperatures=[[0, 1]]), "pairs of positive numbers, the first rising"),
        (lambda v: v.update(short_temperatures=[[1, float("inf")]]), "pairs of positive numbers, the first rising"),
    ],
)
def test_a_faulty_card_says_what_is_wrong(change: Callable[[dict], Any], said: str, tmp_path: Path) -> None:
    metadata = tiny_card().to_metadata()
    values = json.loads(metadata["genrekit"])
    change(values)
    metadata["genrekit"] = json.dumps(values)
    path = write_tiny_model(tmp_path / "x.onnx", metadata=metadata)
    with pytest.raises(ModelFileError) as caught:
        ModelFile.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({}, "without genrekit's metadata"),
        ({"genrekit": "{"}, "not JSON"),
        ({"genrekit": "[]"}, "expected a JSON object"),
    ],
)
def test_metadata_that_are_not_ours(metadata: dict[str, str], said: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=said):
        ModelFile.read(write_tiny_model(tmp_path / "x.onnx", metadata=metadata))


def test_a_damaged_file_says_so_in_one_line(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path / "x.onnx")
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ModelFileError, match="not an ONNX model that ONNX Runtime"):
        ModelFile.read(path)


def test_a_genre_more_than_the_graph_has(tmp_path: Path) -> None:
    card = tiny_card(genres=(*GENRES, "noise"))
    with pytest.raises(ModelFileError, match="names 4 genres"):
        ModelFile.read(write_tiny_model(tmp_path / "x.onnx", metadata=card.to_metadata()))

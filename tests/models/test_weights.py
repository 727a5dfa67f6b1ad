from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

from genrekit.errors import ModelFileError, RecipeError  # noqa: E402
from genrekit.features import ARCHIVE_LOG_MEL  # noqa: E402
from genrekit.models import GenreNetwork, ModelSpec, create_model  # noqa: E402
from genrekit.models.weights import WeightsHeader, load_weights, save_weights  # noqa: E402

SPEC = ModelSpec("se_cnn", 3, 128, None, {"pooling": "gap"})
HEADER = WeightsHeader(("blues", "jazz", "metal"), SPEC, ARCHIVE_LOG_MEL, 3.0)


@pytest.fixture
def network() -> GenreNetwork:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return create_model(SPEC).eval()


@pytest.fixture
def saved(network: GenreNetwork, tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    save_weights(path, network, HEADER)
    return path


def rewrite(path: Path, *, tensors: dict[str, torch.Tensor] | None = None, metadata: dict[str, str] | None) -> None:
    """Write the file again with other tensors or metadata."""
    tensors = safetensors_torch.load_file(path) if tensors is None else tensors
    safetensors_torch.save_file(tensors, path, metadata=metadata)


def test_the_same_network_makes_the_same_bytes(network: GenreNetwork, saved: Path, tmp_path: Path) -> None:
    save_weights(tmp_path / "again.safetensors", network, HEADER)
    assert (tmp_path / "again.safetensors").read_bytes() == saved.read_bytes()


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no such weights file"):
        load_weights(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize("content", [b"", b"no weights at all", b"\x80\x04pickled", bytes(1000)])
def test_not_safetensors(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match="not a safetensors weights file"):
        load_weights(path)


def test_truncated(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-100])
    with pytest.raises(ModelFileError, match="damaged"):
        load_weights(saved)


def test_without_header(saved: Path) -> None:
    rewrite(saved, metadata=None)
    with pytest.raises(ModelFileError, match="without genrekit's header"):
        load_weights(saved)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format is 2; this version reads format 1"),
        ({"genres": ["blues"]}, "1 genres for a model of 3 classes"),
        ({"genres": "abc"}, "not a list of names"),
        ({"genres": ["blues", "blues", "jazz"]}, "a genre occurs twice"),
        ({"window_s": "3"}, "window_s is '3'"),
        ({"window_s": 0}, "window_s is 0"),
        ({"colour": "blue"}, "unknown key 'colour'"),
        ({"model": SPEC.to_dict() | {"name": "se_cn"}}, "did you mean 'se_cnn'"),
        ({"model": SPEC.to_dict() | {"n_bins": 64}}, "gives 128 bins; the model takes 64"),
        ({"features": {"kind": "log_mel"}}, "feature spec: missing"),
        ({"features": 3}, "feature spec: expected a mapping"),
    ],
)
def test_header_that_does_not_fit(saved: Path, change: dict[str, object], message: str) -> None:
    rewrite(saved, metadata={"genrekit": json.dumps(HEADER.to_dict() | change)})
    with pytest.raises(ModelFileError, match=message):
        load_weights(saved)


@pytest.mark.parametrize("text", ["{", "[]", "null"])
def test_header_that_is_no_mapping(saved: Path, text: str) -> None:
    rewrite(saved, metadata={"genrekit": text})
    with pytest.raises(ModelFileError, match="the header cannot be used"):
        load_weights(saved)


def test_missing_part_of_the_header(saved: Path) -> None:
    values = HEADER.to_dict()
    del values["genres"]
    rewrite(saved, metadata={"genrekit": json.dumps(values)})
    with pytest.raises(ModelFileError, match="missing genres"):
        load_weights(saved)


def test_other_shapes_and_other_names(saved: Path) -> None:
    tensors = safetensors_torch.load_file(saved)
    metadata = {"genrekit": json.dumps(HEADER.to_dict())}
    rewrite(saved, tensors=tensors | {"classifier.weight": torch.zeros(4, 128)}, metadata=metadata)
    with pytest.raises(ModelFileError, match=r"classifier.weight has shape \[4, 128\]; .* expects \[3, 128\]"):
        load_weights(saved)
    tensors["classifier.wait"] = tensors.pop("classifier.weight")
    rewrite(saved, tensors=tensors, metadata=metadata)
    with pytest.raises(ModelFileError, match=r"missing: classifier.weight; unknown: classifier.wait"):
        load_weights(saved)


def test_header_of_another_network_is_not_saved(network: GenreNetwork, tmp_path: Path) -> None:
    other = dataclasses.replace(HEADER, model=dataclasses.replace(SPEC, options={}, n_columns=39))
    with pytest.raises(RecipeError, match="the header describes"):
        save_weights(tmp_path / "weights.safetensors", network, other)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_nothing_and_keeps_what_was_there(network: GenreNetwork, tmp_path: Path) -> None:
    blocked = tmp_path / "folder"
    blocked.mkdir()
    with pytest.raises(ModelFileError, match="cannot write the weights"):
        save_weights(blocked, network, HEADER)
    assert list(tmp_path.iterdir()) == [blocked]

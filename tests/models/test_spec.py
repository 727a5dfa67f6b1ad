from __future__ import annotations

import json

import pytest

from genrekit.errors import RecipeError
from genrekit.models import MODELS, ModelSpec, network_class


def test_survives_json() -> None:
    spec = ModelSpec("se_cnn", 10, 513, None, {"pooling": "gap"})
    assert ModelSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_class": 3}, "did you mean 'n_classes'"),
        ({"n_classes": 0}, "n_classes is 0"),
        ({"n_bins": -1}, "n_bins is -1"),
        ({"n_columns": 0}, "n_columns is 0"),
        ({"n_columns": "64"}, "expected a whole number or none"),
        ({"options": ["gap"]}, "options is"),
    ],
)
def test_reads_strictly(change: dict[str, object], message: str) -> None:
    values = ModelSpec("se_cnn", 10, 513, 130).to_dict() | change
    with pytest.raises(RecipeError, match=message):
        ModelSpec.from_dict(values)


def test_unknown_model_suggests_the_nearest() -> None:
    with pytest.raises(RecipeError, match=r"unknown model 'secnn' \(did you mean 'se_cnn'"):
        network_class("secnn")


@pytest.mark.parametrize("name", MODELS)
def test_every_line_of_the_table_is_a_network_whose_options_have_defaults(name: str) -> None:
    pytest.importorskip("torch")
    from genrekit.models import GenreNetwork

    network = network_class(name)
    assert issubclass(network, GenreNetwork)
    network.options_type()

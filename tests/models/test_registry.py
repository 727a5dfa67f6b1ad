"""Networks of one's own, by module and class; what those of the table must do is in test_contract.py."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from genrekit.errors import RecipeError  # noqa: E402
from genrekit.models import ModelSpec, create_model, network_class  # noqa: E402
from genrekit.models.weights import WeightsHeader, load_weights, save_weights  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs" / "research" / "extending.md"


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The module that the page on extending shows, where Python finds it."""
    code = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert code is not None
    (tmp_path / "my_networks.py").write_text(code[1], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "my_networks"
    sys.modules.pop("my_networks", None)


def test_a_network_of_ones_own_is_made_saved_and_loaded(own_module: str, tmp_path: Path) -> None:
    from genrekit.features import ARCHIVE_LOG_MEL

    spec = ModelSpec(f"{own_module}:BandMeans", 3, ARCHIVE_LOG_MEL.n_bins, None, {"units": 8})
    network = create_model(spec).eval()
    x = torch.rand(4, spec.n_bins, 20)
    assert network(x).shape == (4, 3) and network.forward_features(x).shape == (4, 8)
    header = WeightsHeader(("a", "b", "c"), spec, ARCHIVE_LOG_MEL, 3.0)
    save_weights(tmp_path / "weights.safetensors", network, header)
    loaded, _ = load_weights(tmp_path / "weights.safetensors")
    torch.testing.assert_close(loaded.eval()(x), network(x))
    with pytest.raises(RecipeError, match=r"unit.*did you mean 'units'"):
        create_model(ModelSpec(f"{own_module}:BandMeans", 3, 16, None, {"unit": 8}))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:Net", "cannot be imported: No module named 'no_such_module'; run where Python finds"),
        ("my_networks:BandMean", "has no attribute 'BandMean'"),
        ("my_networks:", "cannot be imported"),
        (":BandMeans", "cannot be imported: Empty module name"),
        ("my_networks:BandMeansOptions", "is no network: expected a subclass of genrekit.models.GenreNetwork"),
        ("os:system", "is no network"),
        ("band_means", "unknown model 'band_means'.*or give module:Class of your own"),
    ],
)
def test_what_is_no_network_is_told(own_module: str, name: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        network_class(name)

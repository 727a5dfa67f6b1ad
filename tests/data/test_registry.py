from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from genrekit.data import DATASETS, dataset_info, load_dataset
from genrekit.data.registry import recordings_of
from genrekit.errors import DataError, NoSuchDataError

PAGE = Path(__file__).parents[2] / "docs" / "research" / "extending.md"


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_data_set_says_what_it_is(name: str, tmp_path: Path) -> None:
    info = dataset_info(name)
    assert info.name == name
    assert info.summary and info.contents
    if name.startswith("gtzan"):
        assert "Sturm" in info.citation and "Tzanetakis" in info.citation
        assert "Research use only" in info.licence
        assert info.n_tracks and len(info.genres) in (6, 10)
    if name.startswith(("fma", "jamendo")):
        assert info.citation and info.source and "CC BY" in info.licence
        assert bool(info.n_tracks) == (not name.startswith("fma") or "gtzan" not in name)
    with pytest.raises(DataError):
        load_dataset(name, tmp_path)


@pytest.mark.parametrize("name", list(DATASETS))
def test_a_data_set_without_audio_names_the_one_with_its_recordings(name: str) -> None:
    made_of = {"gtzan_archive": "gtzan", "gtzan_table": "gtzan"}
    assert recordings_of(name) == made_of.get(name, name)


def test_unknown_names_and_roots(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no data set 'gtzna' \(did you mean 'gtzan'"):
        load_dataset("gtzna", tmp_path)
    with pytest.raises(DataError, match=r"not said where .*: give --root\. It is <genre>/blues"):
        load_dataset("gtzan", None)
    with pytest.raises(DataError, match="There is no folder"):
        load_dataset("gtzan", tmp_path / "none")
    with pytest.raises(DataError, match="no data set"):
        dataset_info("none")
    with pytest.raises(DataError, match="no data set"):
        recordings_of("none")


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The module that the page on extending shows, where Python finds it."""
    listings = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (code,) = [listing for listing in listings if "Dataset" in listing]
    (tmp_path / "code").mkdir()
    code += "\n\ndef load_none(root):\n    return [root]\n"
    (tmp_path / "code" / "my_data.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "code"))
    yield "my_data"
    sys.modules.pop("my_data", None)


def test_a_data_set_of_ones_own_is_a_function_in_a_module(own_module: str, tmp_path: Path) -> None:
    (tmp_path / "one.wav").write_bytes(b"RIFF")
    (tmp_path / "labels.csv").write_text("file,genre,artist\ntwo.wav,waltz,\none.wav,tango,Ann\n")
    dataset = load_dataset(f"{own_module}:load_listed", tmp_path)
    assert [(track.track_id, track.genre, track.artist) for track in dataset.tracks] == [("one.wav", "tango", "Ann")]
    assert [fault.track_id for fault in dataset.faults] == ["two.wav"]
    info = dataset_info(f"{own_module}:load_listed")
    assert info.name == recordings_of(info.name) == "my_data:load_listed"
    with pytest.raises(NoSuchDataError, match="not said where data set 'my_data:load_listed' lies"):
        load_dataset(f"{own_module}:load_listed", None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_such_module:load", "cannot be imported: No module named 'no_such_module'; run where Python finds"),
        ("my_data:load", "has no attribute 'load'"),
        ("my_data:csv", "is a module; expected a function"),
        ("my_data:load_none", "gave a list; expected a genrekit.data.Dataset"),
        ("C:\\music", "no data set .*or give module:function of your own"),
    ],
)
def test_what_is_no_data_set_of_ones_own_is_told(own_module: str, name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        load_dataset(name, tmp_path)

from __future__ import annotations

from pathlib import Path

import pytest

from genrekit.data import DATASETS, dataset_info, load_dataset
from genrekit.data.registry import recordings_of
from genrekit.errors import DataError


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

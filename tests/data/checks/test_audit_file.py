from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from genrekit.audio import AudioWarning
from genrekit.data import Dataset, Track
from genrekit.data.checks.audit import Audit, audit
from genrekit.data.checks.audit_file import read_audit, with_audited_recordings
from genrekit.data.feature_table import FeatureTable
from genrekit.data.splits.leakage import require_proof
from genrekit.data.splits.split import Split
from genrekit.errors import DataError, LeakError


@pytest.fixture
def songs(tune: Callable, write_wav: Callable) -> Dataset:
    """Three songs, of which two are one recording, as only an ear can tell."""
    y = tune(1, 12.0)
    parts = {"a": y, "a_quiet": 0.3 * y, "b": tune(2, 12.0)}
    return Dataset(
        "songs", ("g",), tuple(Track(name, "g", write_wav(f"{name}.wav", part)) for name, part in parts.items())
    )


@pytest.fixture
def stored(songs: Dataset, tmp_path: Path) -> Path:
    """The songs' audit as a file."""
    path = tmp_path / "audit.json"
    path.write_text(audit(songs, n_jobs=1).to_json())
    return path


def changed(path: Path, **values: object) -> Path:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    return path


def test_what_an_audit_found_keeps_a_recording_out_of_two_parts(songs: Dataset, stored: Path) -> None:
    assert read_audit(stored, songs) == (("a", "a_quiet"),)
    audited = with_audited_recordings(songs, stored)
    assert audited.same_recordings == (("a", "a_quiet"),)
    split = Split("mine", "P4", "track", {"train": ("a",), "valid": ("b",), "test": ("a_quiet",)})
    with pytest.raises(LeakError, match="recording"):
        require_proof(split, audited)


def test_what_is_known_already_is_kept(songs: Dataset, stored: Path) -> None:
    known = replace(songs, same_recordings=(("a", "b"),))
    assert with_audited_recordings(known, stored).same_recordings == (("a", "b"), ("a", "a_quiet"))


def test_an_audit_of_anything_else_is_refused(songs: Dataset, stored: Path) -> None:
    with pytest.raises(DataError, match="audit of 3 tracks of 'songs'; the data set is 'mine' with 3 tracks"):
        read_audit(stored, replace(songs, name="mine"))
    with pytest.raises(DataError, match="audit of 3 tracks of 'songs'; the data set is 'songs' with 2 tracks"):
        read_audit(stored, replace(songs, tracks=songs.tracks[:2]))
    other = replace(songs, tracks=(*songs.tracks[:2], replace(songs.tracks[2], track_id="c")))
    with pytest.raises(DataError, match="other tracks or other files of 'songs'"):
        read_audit(stored, other)
    path = songs.tracks[2].path
    assert path is not None
    os.utime(path, ns=(0, 0))
    with pytest.raises(DataError, match="some were renamed or changed since"):
        with_audited_recordings(songs, stored)


@pytest.mark.parametrize("text", ["[]", "{", "{}", '{"matches": [{"first": "a"}]}', '{"matches": 1}'])
def test_what_is_no_audit_is_refused(text: str, songs: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "audit.json"
    path.write_text(text)
    with pytest.raises(DataError, match="is not the JSON of an audit"):
        read_audit(path, songs)
    with pytest.raises(DataError, match="is not the JSON of an audit"):
        read_audit(tmp_path / "none.json", songs)


def test_an_audit_that_does_not_say_of_which_files_is_refused(songs: Dataset, stored: Path) -> None:
    with pytest.raises(DataError, match="other tracks or other files"):
        read_audit(changed(stored, identity=None), songs)


def test_what_a_tables_numbers_tell_is_added(tmp_path: Path) -> None:
    ids = ("a", "b", "c")
    table = FeatureTable(("x",), ids, np.zeros(3), 3.0, np.array([[1.0], [1.0], [2.0]]), ("g",) * 3)
    dataset = Dataset("songs", ("g",), tuple(Track(name, "g") for name in ids), table=table)
    found: Audit = audit(dataset)
    assert found.matches == ()
    (tmp_path / "audit.json").write_text(found.to_json())
    changed(tmp_path / "audit.json", matches=[{"first": "b", "second": "c"}])
    with pytest.warns(AudioWarning, match="table of features"):
        audited = with_audited_recordings(dataset, tmp_path / "audit.json")
    assert audited.same_recordings == (("a", "b"), ("b", "c"))

from __future__ import annotations

import numpy as np
import pytest

from genrekit.data import PARTS
from genrekit.errors import UsageError
from genrekit.training import preparation
from genrekit.training.preparation import prepare


def test_a_left_out_genre_is_in_no_part_and_rows_of_the_archive_stay_with_their_tracks(make_recipe):
    recipe = make_recipe()
    whole = prepare(recipe)
    left = prepare(make_recipe(data={**recipe.data.model_dump(), "left_out": ["classical"]}))
    assert left.dataset.genres == ("blues", "metal")
    assert not [track for part in PARTS for track in left.split.tracks(part) if track.startswith("classical")]
    row = left.dataset.index["metal.00003"]
    same = whole.dataset.archive.levels[whole.dataset.index["metal.00003"]]
    assert np.array_equal(left.dataset.archive.levels[row], same)
    assert make_recipe(data={**recipe.data.model_dump(), "left_out": ["classical"]}).hash != recipe.hash


def test_that_many_tracks_are_missing_is_on_record(make_recipe, archive_path):
    whole = prepare(make_recipe())
    assert whole.proof.n_tracks_missing == 0
    others = ["country", "disco", "hiphop", "jazz", "pop", "reggae", "rock"]
    few = prepare(make_recipe(data={"dataset": "gtzan_archive", "root": str(archive_path), "left_out": others}))
    assert few.proof.n_tracks_missing == 3 * 100 - len(few.dataset)


def test_a_split_may_be_a_table_of_ones_own(make_recipe, tmp_path):
    made = prepare(make_recipe()).split
    rows = [f"{track},{part}" for part in PARTS for track in made.tracks(part)]
    (tmp_path / "mine.csv").write_text("\n".join(["track,part", *rows]) + "\n")
    mine = prepare(make_recipe(split={"file": str(tmp_path / "mine.csv")})).split
    assert mine.name == "mine" and {part: set(mine.tracks(part)) for part in PARTS} == {
        part: set(made.tracks(part)) for part in PARTS
    }


def test_what_is_prepared_shows_itself_in_a_line(make_recipe):
    prepared = prepare(make_recipe())
    assert repr(prepared).startswith(f"<Prepared small on cpu: {prepared.split!r}, train ")
    assert repr(prepared).endswith(f" excerpts, {prepared.proof!r}>")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"model": {"name": "res_cn"}}, "unknown model 'res_cn' \\(did you mean 'res_cnn'"),
        ({"model": {"name": "res_cnn", "options": {"widht": 3}}}, "unknown key 'widht' \\(did you mean 'width'"),
        ({"split": {"name": "random_fold"}}, "no split 'random_fold' \\(did you mean 'random_folds'"),
        ({"split": {"name": "random_folds", "fold": 10}}, "folds 0 to 9; fold 10 was asked for"),
        ({"split": {"file": "none.json"}}, "no file none.json; a split file is expected"),
    ],
)
def test_names_that_mean_nothing_are_refused_before_recordings_are_compared(changes, problem, make_recipe, monkeypatch):
    monkeypatch.setattr(preparation, "with_same_recordings", lambda *_, **__: pytest.fail("was compared"))
    with pytest.raises(UsageError, match=problem):
        prepare(make_recipe(**changes))

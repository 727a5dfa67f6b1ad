from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch")
from genrekit.analysis.embedding import draw_embedding, embed_test_part
from genrekit.analysis.embedding_figure import draw_plane, load_plane
from genrekit.analysis.picture import write_picture
from genrekit.errors import DataError, RunError
from genrekit.evaluation.readings import load_readings
from genrekit.evaluation.runs import find_runs

COMMAND = "genrekit analyse embedding"


@pytest.fixture
def embedding(own_runs, trained):
    return embed_test_part(find_runs(own_runs)[0].folder, data_root=trained.music, command=COMMAND)


def test_it_holds_the_test_part_and_nothing_else(own_runs, embedding) -> None:
    rows = find_runs(own_runs)[0].predictions.select(part="test")
    assert sorted(zip(embedding.track, embedding.start_s, strict=True)) == sorted(
        zip(rows.track, rows.start_s, strict=True)
    )
    assert embedding.values.shape == (len(rows), embedding.values.shape[1])
    assert "test part of fold 0 of 0 to 9 only" in embedding.caption
    assert "n = 4 tracks, 12 excerpts" in embedding.caption


@pytest.mark.parametrize(("n_artists", "promise"), [(0, ", but no artist is known"), (2, ";")])
def test_of_tracks_without_artists_it_promises_no_new_ones(embedding, n_artists: int, promise: str) -> None:
    assert embedding.n_artists == 0
    strict = dataclasses.replace(embedding, protocol="P4", n_artists=n_artists)
    assert f"P4, strictly artist-disjoint{promise}" in strict.caption


def test_its_head_gives_the_stored_predictions(own_runs, embedding) -> None:
    import torch

    from genrekit.models import load_weights

    run = find_runs(own_runs)[0]
    network, _ = load_weights(run.folder / "weights.safetensors")
    with torch.no_grad():
        p = network.eval().forward_head(torch.from_numpy(embedding.values)).softmax(1).numpy()
    rows = run.predictions.select(part="test")
    order = np.lexsort((rows.start_s, rows.track))
    ours = np.lexsort((embedding.start_s, embedding.track))
    assert p[ours] == pytest.approx(rows.probabilities[order], abs=1e-4)


def test_it_is_a_reading_once(own_runs, trained) -> None:
    run = find_runs(own_runs)[0].folder
    for _ in range(2):
        embed_test_part(run, data_root=trained.music, command=COMMAND)
    assert [reading.command for reading in load_readings(run, part="test")] == [COMMAND]


@pytest.mark.parametrize("columns", [1, 2])
def test_pictures_hold_the_numbers(embedding, table_of, columns: int) -> None:
    picture, genres = draw_embedding(embedding, columns=columns)
    rows = table_of(picture)
    tracks, labels, means = embedding.per_track()
    by_unit = {unit: [row for row in rows if row["unit"] == unit] for unit in ("excerpt", "track")}
    assert (len(by_unit["excerpt"]), len(by_unit["track"])) == (12, 4)
    for row, track in zip(by_unit["track"], tracks, strict=True):
        points = [float(r["component_1"]) for r in by_unit["excerpt"] if r["track"] == track]
        assert float(row["component_1"]) == pytest.approx(np.mean(points))
        assert row["genre"] == track.split("/")[0]
    assert means.shape == (4, embedding.values.shape[1]) and labels.tolist() == [0, 0, 1, 1]
    assert {row["genre"] for row in table_of(genres)} == {"bright", "dark"}


@pytest.mark.parametrize("contaminated", [False, True])
def test_the_stored_numbers_give_the_same_pictures_without_weights(embedding, tmp_path, contaminated: bool) -> None:
    embedding = dataclasses.replace(embedding, contaminated=contaminated)
    fresh, again = tmp_path / "fresh", tmp_path / "again"
    for picture in draw_embedding(embedding):
        write_picture(picture, fresh, dpi=80)
    for picture in draw_plane(load_plane(fresh)):
        assert picture.contaminated is contaminated
        write_picture(picture, again, dpi=80)
    files = sorted(path.name for path in fresh.iterdir())
    assert len(files) == 8
    for name in files:
        assert (again / name).read_bytes() == (fresh / name).read_bytes(), name


def test_numbers_that_are_none_of_an_embedding_are_refused(tmp_path) -> None:
    with pytest.raises(DataError, match="no numbers of an embedding"):
        load_plane(tmp_path)
    (tmp_path / "embedding.json").write_text('{"genres": ["a"], "provenance": "p", "contaminated": false}')
    (tmp_path / "embedding.csv").write_text("unit,track,start_s,genre,component_1,component_2\ntrack,t,,b,0,0\n")
    with pytest.raises(DataError, match="no numbers of an embedding"):
        load_plane(tmp_path)


def test_the_legend_leaves_the_mark_of_contamination_free(embedding) -> None:
    figure = draw_embedding(dataclasses.replace(embedding, contaminated=True))[0].figure
    figure.draw_without_rendering()
    names = [text.get_window_extent() for text in figure.legends[0].get_texts()]
    assert max(name.y1 for name in names) < figure._suptitle.get_window_extent().y0


def test_other_data_are_refused_before_the_reading(own_runs, trained, tmp_path) -> None:
    import shutil
    from pathlib import Path

    music = Path(shutil.copytree(trained.music, tmp_path / "music"))
    (music / "dark" / "19.flac").unlink()
    run = find_runs(own_runs)[0].folder
    with pytest.raises(RunError, match="not those of the run"):
        embed_test_part(run, data_root=music, command=COMMAND)
    assert load_readings(run) == ()
    (run / "run.json").unlink()
    with pytest.raises(RunError, match="not finished"):
        embed_test_part(run, data_root=music, command=COMMAND)

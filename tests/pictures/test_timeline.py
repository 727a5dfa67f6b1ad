from __future__ import annotations

import os
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soundfile
from tiny_model import tiny_card, write_tiny_model

from genrekit.pictures.spectrogram import SPEC, picture_spectrogram
from genrekit.pictures.timeline import GenreTimeline, TimelineReader

pytest.importorskip("matplotlib")

import matplotlib.image

from genrekit.pictures.drawing import draw_timeline, write_timeline


@pytest.fixture
def low_then_high(tmp_path: Path) -> Path:
    t = np.arange(8000 * 50) / 8000
    soundfile.write(tmp_path / "a $ong.wav", 0.5 * np.sin(2 * np.pi * np.where(t < 30, 100, 3500) * t), 8000)
    return tmp_path / "a $ong.wav"


def test_probabilities_change_where_the_sound_does(low_then_high: Path, tiny_model_path: Path) -> None:
    timeline = TimelineReader(tiny_model_path).read(low_then_high)
    assert timeline.edges_s[0] == 0 and timeline.edges_s[-1] == pytest.approx(50)
    np.testing.assert_allclose(timeline.probabilities.sum(axis=1), 1)
    best = np.array(timeline.genres)[timeline.probabilities.argmax(axis=1)]
    middle = (timeline.edges_s[:-1] + timeline.edges_s[1:]) / 2
    assert set(best[middle < 29]) == {"bass"} and set(best[middle > 31]) == {"treble"}


def test_the_model_is_opened_once(low_then_high: Path, tiny_model_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, session = [], onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *a, **k: opened.append(session(*a, **k)) or opened[-1])
    TimelineReader(tiny_model_path).read(low_then_high)
    assert len(opened) == 1


def test_a_picture_has_the_numbers_of_the_file(tmp_path: Path) -> None:
    y = 0.5 * np.sin(2 * np.pi * 1250 * np.arange(8000 * 4) / 8000)
    soundfile.write(tmp_path / "even.wav", y, 8000)
    timeline = TimelineReader(write_tiny_model(tmp_path / "cold.onnx", tiny_card(file_temperature=0.5))).read(
        tmp_path / "even.wav"
    )
    np.testing.assert_allclose(timeline.probabilities.max(axis=1), timeline.confidence, atol=1e-3)
    assert 0.85 < timeline.confidence < 0.95  # 0.75 before the temperature
    figure = draw_timeline(picture_spectrogram(tmp_path / "even.wav"), timeline, title="even")
    assert figure.axes[1].get_legend().get_title().get_text() == "mean over time"


def test_the_genres_that_are_shown_differ_in_colour_however_many_a_model_knows() -> None:
    genres = tuple(f"g{k:02}" for k in range(18))
    probabilities = np.zeros((1, 18))
    probabilities[0, ::2] = 1 / 9  # with genres in turn, the first and the ninth of these had one colour
    timeline = GenreTimeline(genres, np.array([0.0, 1.0]), probabilities, "g00", 1 / 9, ())
    figure = draw_timeline(np.zeros((SPEC.n_bins, 4)), timeline, title="many")
    legend = figure.axes[1].get_legend()
    assert sorted(text.get_text() for text in legend.get_texts())[:2] == ["g00: 11 %", "g02: 11 %"]
    colours = {tuple(patch.get_facecolor()) for patch in legend.get_patches()}
    assert len(colours) == len(legend.get_patches()) == 10


def test_silence_is_dark(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(3 * SPEC.sr), SPEC.sr)
    assert (picture_spectrogram(tmp_path / "silent.wav", max_columns=50) == -80).all()


@pytest.mark.parametrize("max_columns", [50, 333, 5000])
def test_the_spectrogram_changes_at_the_same_share_of_its_width(low_then_high: Path, max_columns: int) -> None:
    grid = picture_spectrogram(low_then_high, max_columns=max_columns)
    assert grid.shape[0] == SPEC.n_bins and grid.shape[1] <= 2 * max_columns
    assert grid.max() == 0 and grid.min() >= -80
    high = grid[SPEC.n_bins // 2 :].max(axis=0) > grid[: SPEC.n_bins // 4].max(axis=0)
    assert np.flatnonzero(high)[0] / grid.shape[1] == pytest.approx(0.6, abs=0.03)
    assert high[np.flatnonzero(high)[0] + 2 :].all()


def test_the_command_draws_each_file_and_tells_what_failed(
    low_then_high: Path, tiny_model_path: Path, tmp_path: Path, genrekit_cli: Callable[..., object]
) -> None:
    (tmp_path / "broken.mp3").write_bytes(b"no music" * 100)
    arguments = ("picture", low_then_high, tmp_path / "broken.mp3", "-m", tiny_model_path, "-o", tmp_path / "out")
    finished = genrekit_cli(*arguments, "--format", "svg")
    assert finished.code == 1
    assert "broken.mp3" in finished.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a $ong.wav.svg"]
    first = (tmp_path / "out" / "a $ong.wav.svg").read_bytes()
    assert ET.fromstring(first).tag.endswith("svg")
    again = genrekit_cli(*arguments, "--format", "svg")
    assert again.code == 1 and "there is a picture" in again.err
    assert (tmp_path / "out" / "a $ong.wav.svg").read_bytes() == first
    (tmp_path / "out" / "a $ong.wav.svg").unlink()
    genrekit_cli(*arguments, "--format", "svg")
    assert (tmp_path / "out" / "a $ong.wav.svg").read_bytes() == first


def test_a_place_that_is_no_folder_is_wrong_usage(
    tiny_model_path: Path, write_tone: Callable[..., Path], genrekit_cli: Callable[..., object]
) -> None:
    song = write_tone("a.wav")
    before = song.read_bytes()
    finished = genrekit_cli("picture", song, "-m", tiny_model_path, "-o", song)
    assert finished.code == 2 and "is no folder" in finished.err and song.read_bytes() == before


def test_a_hidden_file_is_left_out_and_told(
    tiny_model_path: Path, tmp_path: Path, write_tone: Callable[..., Path], genrekit_cli: Callable[..., object]
) -> None:
    write_tone("music/a.wav")
    hidden = write_tone("music/.b.wav")
    finished = genrekit_cli("picture", tmp_path / "music", "-m", tiny_model_path, "-o", tmp_path / "out")
    assert finished.code == 0 and [path.name for path in (tmp_path / "out").iterdir()] == ["a.wav.png"]
    assert f"left out 1 hidden file, {hidden}; name it to have it drawn\n" in finished.err


def test_whatever_fails_with_one_file_the_others_are_drawn(
    low_then_high: Path,
    tiny_model_path: Path,
    tmp_path: Path,
    genrekit_cli: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read(reader: TimelineReader, path: str) -> object:
        if "odd" in path:
            raise ZeroDivisionError("a decoder's fault")
        return whole(reader, path)

    whole = TimelineReader.read
    monkeypatch.setattr(TimelineReader, "read", read)
    (tmp_path / "odd.wav").write_bytes(low_then_high.read_bytes())
    long = tmp_path / ("n" * 250 + ".wav")  # so long that a picture cannot be named by it
    long.write_bytes(low_then_high.read_bytes())
    names = [tmp_path / "odd.wav", tmp_path / "missing.wav", long, low_then_high]
    listed = b"\n".join(str(path).encode() for path in names)
    finished = genrekit_cli("picture", "-", "-m", tiny_model_path, "-o", tmp_path / "out", "-f", "svg", stdin=listed)
    assert finished.code == 1
    assert f"error: {tmp_path / 'odd.wav'}: unexpected ZeroDivisionError: a decoder's fault\n" in finished.err
    assert "missing.wav: " in finished.err and "nnn.wav.svg: cannot write the picture" in finished.err
    assert "Warning" not in finished.err  # of Matplotlib, which cannot lay out so long a title
    assert "genrekit: 3 of 4 could not be drawn; the others are done\n" in finished.err
    assert "Traceback" not in finished.err
    assert finished.out == f"{tmp_path / 'out' / 'a $ong.wav.svg'}\n"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a $ong.wav.svg"]

    finished = genrekit_cli("picture", tmp_path / "odd.wav", "-m", tiny_model_path, "-o", tmp_path / "out", "--debug")
    assert "Traceback" in finished.err and "in read" in finished.err


@pytest.mark.filterwarnings("error")
def test_a_long_title_leaves_the_plots_their_room(low_then_high: Path, tiny_model_path: Path, tmp_path: Path) -> None:
    timeline, spectrogram = TimelineReader(tiny_model_path).read(low_then_high), picture_spectrogram(low_then_high)
    write_timeline(tmp_path / "a.png", spectrogram, timeline, title="W" * 120 + "end")
    assert matplotlib.image.imread(tmp_path / "a.png").std() > 0.1


def test_songs_of_one_name_get_pictures_of_two(
    low_then_high: Path, tiny_model_path: Path, tmp_path: Path, genrekit_cli: Callable[..., object]
) -> None:
    other = tmp_path / "other" / low_then_high.name.upper()
    other.parent.mkdir()
    other.write_bytes(low_then_high.read_bytes())
    finished = genrekit_cli("picture", low_then_high, other, "-m", tiny_model_path, "-o", tmp_path / "out", "-f", "svg")
    assert finished.code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["A $ONG.WAV-2.svg", "a $ong.wav.svg"]
    (tmp_path / "out" / "A $ONG.WAV-2.svg").unlink()
    genrekit_cli("picture", low_then_high, other, "-m", tiny_model_path, "-o", tmp_path / "out", "-f", "svg")
    assert (tmp_path / "out" / "A $ONG.WAV-2.svg").is_file()


def test_a_pipe_is_refused_and_the_others_are_drawn(
    low_then_high: Path, tiny_model_path: Path, tmp_path: Path, genrekit_program: list[str]
) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as stream:
        stream.write(b"no music")
    command = [*genrekit_program, "picture", f"/dev/fd/{reader}", low_then_high, "-m", tiny_model_path]
    finished = subprocess.run(
        [*command, "-o", tmp_path / "out", "-f", "svg"], capture_output=True, text=True, pass_fds=[reader], timeout=60
    )
    os.close(reader)
    assert finished.returncode == 1
    assert f"/dev/fd/{reader}: is a pipe, which can be read once only" in finished.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a $ong.wav.svg"]


def test_an_empty_list_is_wrong_usage(
    tiny_model_path: Path, tmp_path: Path, genrekit_cli: Callable[..., object]
) -> None:
    assert genrekit_cli("picture", "-", "-m", tiny_model_path, "-o", tmp_path / "out").code == 2

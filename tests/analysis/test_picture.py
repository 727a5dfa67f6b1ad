from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from genrekit.analysis.confusion import draw_confusion
from genrekit.analysis.picture import Picture, write_picture
from genrekit.analysis.stored import read_scored
from genrekit.analysis.style import new_figure, paper_style, width_in
from genrekit.errors import GenrekitError
from genrekit.evaluation.runs import find_runs


def draw(columns: int = 1, caption: str = "A caption; n = 3 tracks.") -> Picture:
    with paper_style():
        figure = new_figure(columns=columns, height_in=2.0, caption=caption)
        figure.add_subplot().plot([1, 2, 3], [1.5, float("nan"), 2.0], label="line")
    rows = [(1, 1.5), (2, float("nan")), (3, None)]
    return Picture("small", figure, caption, False, ("x", "y"), rows, {"answer": 42})


def test_every_number_lies_beside_the_picture(tmp_path: Path) -> None:
    paths = write_picture(draw(), tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["small.svg", "small.png", "small.csv", "small.json"]
    assert paths[2].read_text() == "x,y\n1,1.5\n2,\n3,\n"
    facts = json.loads(paths[3].read_text())
    assert facts["answer"] == 42 and facts["table"] == "small.csv" and facts["contaminated"] is False
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == sorted(p.name for p in paths)


def test_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    formats = ("svg", "png", "pdf")
    one = write_picture(draw(), tmp_path / "one", formats=formats)
    two = write_picture(draw(), tmp_path / "two", formats=formats)
    for first, second in zip(one, two, strict=True):
        assert first.read_bytes() == second.read_bytes(), first.name
    assert b"<dc:date>" not in one[0].read_bytes()


@pytest.mark.parametrize(("columns", "inches"), [(1, 3.5), (2, 7.16)])
def test_a_picture_is_as_wide_as_the_columns_of_a_paper(tmp_path: Path, columns: int, inches: float) -> None:
    png = write_picture(draw(columns), tmp_path, dpi=300)[1].read_bytes()
    width, _ = struct.unpack(">II", png[16:24])
    assert width == round(300 * inches)
    assert width_in(columns) == inches


def test_a_matplotlibrc_of_the_user_changes_nothing_and_is_given_back(tmp_path: Path) -> None:
    import matplotlib

    plain = write_picture(draw(), tmp_path / "plain")[0].read_bytes()
    with matplotlib.rc_context({"font.size": 30, "axes.grid": False, "svg.fonttype": "none"}):
        changed = write_picture(draw(), tmp_path / "changed")[0].read_bytes()
        assert matplotlib.rcParams["font.size"] == 30
    assert changed == plain


def test_drawing_needs_no_pyplot(tmp_path: Path) -> None:
    import subprocess
    import sys

    script = (
        "import sys; from genrekit.analysis.style import new_figure, paper_style\n"
        "from genrekit.analysis.picture import Picture, write_picture\n"
        "with paper_style(): figure = new_figure(columns=1, height_in=1, caption='c')\n"
        f"write_picture(Picture('p', figure, 'c', False, ('x',), [(1,)]), {str(tmp_path)!r})\n"
        "assert 'matplotlib.pyplot' not in sys.modules and 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_wrong_wishes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GenrekitError, match="1201 dpi"):
        write_picture(draw(), tmp_path, dpi=1201)
    with pytest.raises(GenrekitError, match="3 columns"):
        width_in(3)  # type: ignore[arg-type]
    (tmp_path / "file").write_text("")
    with pytest.raises(GenrekitError, match="Cannot write the picture"):
        write_picture(draw(), tmp_path / "file" / "below")


def test_the_word_contaminated_is_drawn(tmp_path: Path, write_run) -> None:
    clean = read_scored(find_runs(write_run(tmp_path / "clean")), command="test")
    dirty = read_scored(find_runs(write_run(tmp_path / "dirty", protocol="P1")), command="test")
    for scored, expected in ((clean, False), (dirty, True)):
        picture = draw_confusion(scored)
        assert picture.contaminated is expected
        assert ("CONTAMINATED" in picture.figure.get_suptitle()) is expected

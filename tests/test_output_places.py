from __future__ import annotations

import os
from pathlib import Path

import pytest

from genrekit.errors import PlaceError
from genrekit.output_places import require_earlier, require_folder, require_new, require_place, require_shared_folder


def test_a_place_that_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "there.txt").write_text("old")
    (tmp_path / "link").symlink_to("there.txt")
    require_place(tmp_path / "new.txt", "it")
    require_place(tmp_path / "there.txt", "it")
    require_place(tmp_path / "link", "it")
    require_new(tmp_path / "new.txt", "it")
    require_folder(tmp_path, "it")
    require_folder(tmp_path / "a" / "b", "it")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "there.txt"]


def test_a_pipe_is_a_place(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    require_new(tmp_path / "pipe", "it")
    require_earlier(tmp_path / "pipe", beginning="x")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("none/a.txt", "there is no folder"),
        ("file/a.txt", "file is no folder"),
        ("folder", "it is a folder"),
        ("a" * 300, "name too long"),
        ("/proc/a.txt", "may not be written to"),
    ],
)
def test_a_file_that_cannot_be_written_is_told(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(PlaceError, match=f"(?i)cannot write the split to .*{reason}") as caught:
        require_place(tmp_path / name, "the split")
    assert "Errno" not in str(caught.value)


@pytest.mark.parametrize("name", ["file", "file/below", "/proc/a/b", "/proc"])
def test_a_folder_that_cannot_be_written_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PlaceError, match="cannot write the pictures into") as caught:
        require_folder(tmp_path / name, "the pictures")
    assert "Errno" not in str(caught.value)


@pytest.mark.parametrize("name", ["file", "file/below", "/proc/a/b", "/proc", "a" * 300])
def test_a_folder_that_others_fill_and_cannot_be_written_is_told(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PlaceError, match=r"cannot keep runs in .*give another --runs") as caught:
        require_shared_folder(tmp_path / name, "runs", option="--runs")
    assert "Errno" not in str(caught.value)


def test_a_folder_that_others_fill_is_not_made_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: pytest.fail("it was made"))
    monkeypatch.setattr(Path, "rmdir", lambda *_: pytest.fail("it was removed"))
    require_shared_folder(tmp_path, "runs", option="--runs")
    monkeypatch.chdir(tmp_path)
    require_shared_folder(Path("a/b"), "runs", option="--runs")


def test_only_an_earlier_file_of_its_kind_may_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    require_earlier(path, beginning="# ", mark="by genrekit")
    for text in ("", "# A page by genrekit"):
        path.write_text(text)
        require_earlier(path, beginning="# ", mark="by genrekit")
    for text in ("# A page", "A page by genrekit", "#"):
        path.write_text(text)
        with pytest.raises(PlaceError, match="is something else"):
            require_earlier(path, beginning="# ", mark="by genrekit")

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from audio.permissions import as_nobody, open_the_way_to
from genrekit.audio import AUDIO_SUFFIXES, display_name, find_audio, open_audio
from genrekit.errors import AudioError


def tree(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def found(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in find_audio([root])]


def test_suffixes_are_lower_case_with_a_dot() -> None:
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in AUDIO_SUFFIXES)
    issue = ".wav .au .aiff .flac .mp3 .ogg .opus .m4a .aac .alac .wma .webm .mka .wv .ape .caf .w64 .mp4"
    assert AUDIO_SUFFIXES.issuperset(issue.split())


def test_folders_are_walked_in_sorted_order(tmp_path: Path) -> None:
    tree(tmp_path, "b.mp3", "a/2.flac", "a/10.wav", "a/x/y/z.OGG", "c/cover.jpg", "c/song.M4A", "B.wav", "notes.txt")
    assert found(tmp_path) == ["B.wav", "a/10.wav", "a/2.flac", "a/x/y/z.OGG", "b.mp3", "c/song.M4A"]


def test_given_files_come_as_they_are_in_the_order_given(tmp_path: Path) -> None:
    tree(tmp_path, "z.xyz", "a.mp3", ".hidden.mp3", "folder/b.mp3")
    given = [tmp_path / "z.xyz", tmp_path / "gone.mp3", tmp_path / ".hidden.mp3", tmp_path / "folder", "a\0b"]
    expected = [*given[:3], tmp_path / "folder" / "b.mp3", Path("a\0b")]
    assert list(find_audio(given)) == expected
    assert list(find_audio(str(tmp_path / "a.mp3"))) == [tmp_path / "a.mp3"]
    assert list(find_audio(tmp_path / "folder")) == [tmp_path / "folder" / "b.mp3"]


def test_hidden_files_are_left_out(tmp_path: Path) -> None:
    tree(tmp_path, "a.mp3", "._a.mp3", ".b.mp3", ".git/c.mp3", "sub/._d.mp3", "sub/d.mp3")
    assert found(tmp_path) == ["a.mp3", "sub/d.mp3"]
    tree(tmp_path, ".music/e.mp3")
    assert found(tmp_path / ".music") == ["e.mp3"]


def test_hidden_files_that_may_be_audio_are_told(tmp_path: Path) -> None:
    tree(tmp_path, "a.mp3", "._a.mp3", ".b.mp3", ".DS_Store", ".mp3", "sub/.c.FLAC", "sub/._c.FLAC", ".git/d.mp3")
    (tmp_path / ".folder.mp3").mkdir()
    (tmp_path / ".gone.mp3").symlink_to("nowhere")
    hidden: list[Path] = []
    assert list(find_audio(tmp_path, on_hidden=hidden.append)) == [tmp_path / "a.mp3"]
    assert hidden == [tmp_path / ".b.mp3", tmp_path / "sub" / ".c.FLAC"]


def test_directory_loops_end(tmp_path: Path) -> None:
    tree(tmp_path, "music/a.mp3", "music/sub/b.mp3")
    (tmp_path / "music" / "sub" / "up").symlink_to(tmp_path / "music")
    (tmp_path / "music" / "self").symlink_to(".")
    assert found(tmp_path / "music") == ["a.mp3", "sub/b.mp3"]


def test_links_are_followed_once(tmp_path: Path) -> None:
    tree(tmp_path, "other/c.mp3", "music/a.mp3")
    (tmp_path / "music" / "l1").symlink_to(tmp_path / "other")
    (tmp_path / "music" / "l2").symlink_to(tmp_path / "other")
    (tmp_path / "music" / "file.mp3").symlink_to(tmp_path / "other" / "c.mp3")
    assert found(tmp_path / "music") == ["a.mp3", "file.mp3", "l1/c.mp3"]


def test_broken_links_are_yielded_so_that_opening_names_them(tmp_path: Path) -> None:
    tree(tmp_path, "a.mp3")
    (tmp_path / "gone.mp3").symlink_to("nowhere.mp3")
    (tmp_path / "gone-folder").symlink_to("nowhere")
    (tmp_path / "gone.txt").symlink_to("nowhere.txt")
    (tmp_path / "loop.mp3").symlink_to("loop.mp3")
    assert found(tmp_path) == ["a.mp3", "gone-folder", "gone.mp3", "loop.mp3"]
    with pytest.raises(AudioError, match=r"gone\.mp3: is a broken link to nowhere\.mp3"):
        open_audio(tmp_path / "gone.mp3", sr=22_050)


def test_folder_without_audio_is_yielded_itself(tmp_path: Path) -> None:
    tree(tmp_path, "empty/deep/notes.txt", "full/a.mp3")
    assert list(find_audio([tmp_path / "empty", tmp_path / "full"])) == [
        tmp_path / "empty",
        tmp_path / "full" / "a.mp3",
    ]
    with pytest.raises(AudioError, match="is a folder without any audio file"):
        open_audio(tmp_path / "empty", sr=22_050)


def test_folder_that_may_not_be_read_is_yielded(tmp_path: Path) -> None:
    tree(tmp_path, "music/a.mp3", "music/locked/b.mp3", "music/z.mp3")
    open_the_way_to(tmp_path)
    locked = tmp_path / "music" / "locked"
    locked.chmod(0)
    try:
        with as_nobody():
            names = found(tmp_path / "music")
            with pytest.raises(AudioError, match="locked: is a folder that cannot be read: permission denied"):
                open_audio(locked, sr=22_050)
    finally:
        locked.chmod(0o755)
    assert names == ["a.mp3", "locked", "z.mp3"]


def test_pipes_and_folders_with_audio_names(tmp_path: Path) -> None:
    tree(tmp_path, "album.mp3/a.mp3")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.mp3")
    assert found(tmp_path) == ["album.mp3/a.mp3"]


def test_odd_names(tmp_path: Path) -> None:
    tree(tmp_path, "new\nline.mp3", "🎸.mp3", " .mp3", "-rf.mp3")
    os.close(os.open(os.fsencode(tmp_path) + b"/\xff.mp3", os.O_CREAT | os.O_WRONLY))
    assert sorted(found(tmp_path)) == sorted(["new\nline.mp3", "🎸.mp3", " .mp3", "-rf.mp3", "\udcff.mp3"])


@pytest.mark.slow
def test_folders_deeper_than_the_recursion_limit(tmp_path: Path) -> None:
    depth = sys.getrecursionlimit() + 100
    was = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(depth):
            Path("d").mkdir()
            os.chdir("d")
        Path("a.mp3").touch()
        assert [path.name for path in find_audio(tmp_path)] == ["a.mp3"]
    finally:
        # Taken down here: pytest's own cleaning is recursive.
        Path("a.mp3").unlink(missing_ok=True)
        while Path.cwd() != tmp_path:
            os.chdir("..")
            Path("d").rmdir()
        os.chdir(was)


def test_paths_are_read_lazily(tmp_path: Path) -> None:
    tree(tmp_path, "a.mp3")

    def names():
        yield tmp_path / "a.mp3"
        raise AssertionError("read too far")

    assert next(find_audio(names())) == tmp_path / "a.mp3"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain name.mp3", "plain name.mp3"),
        ("naïve 🎸.mp3", "naïve 🎸.mp3"),
        ("a\nb\t\x1b[31m.mp3", "a\\nb\\t\\x1b[31m.mp3"),
        ("\udcff.mp3", "\\udcff.mp3"),
        ("", "''"),
    ],
)
def test_display_name_is_one_printable_line(name: str, shown: str) -> None:
    assert display_name(name) == shown
    assert display_name(name).isprintable()

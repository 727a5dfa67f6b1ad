"""Downloads from a real server on this machine: whole, broken off, moved away, and archives with traps."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import soundfile

from genrekit.data.sets.download import download, unpack
from genrekit.errors import DataError

BODY = bytes(range(256)) * 20_000


class Server(ThreadingHTTPServer):
    """Gives `body` at any path but /gone, and breaks off after `break_after` bytes of an answer."""

    body = BODY
    break_after: int | None = None
    knows_ranges = True
    version: dict[str, str]
    keeps_to_if_range = True
    tells_its_size = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []
        self.version = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.ranges.append(wanted)
        if self.path == "/gone":
            self.send_error(404)
            return
        asked_for = self.headers.get("If-Range")
        if asked_for and self.server.keeps_to_if_range and asked_for not in self.server.version.values():
            wanted = None
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.knows_ranges else 0
        if start >= len(self.server.body):
            self.send_response(416)
            if self.server.tells_its_size:
                self.send_header("Content-Range", f"bytes */{len(self.server.body)}")
            self.send_header("Content-Length", "0")
            self._end_with_version()
            return
        rest = self.server.body[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self._end_with_version()
        self.wfile.write(rest[: self.server.break_after])

    def _end_with_version(self) -> None:
        for header in self.server.version.items():
            self.send_header(*header)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_a_whole_file(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    download(f"{server.url}/a.bin", tmp_path / "new" / "a.bin", progress=lambda *step: seen.append(step))
    assert (tmp_path / "new" / "a.bin").read_bytes() == BODY
    assert seen[-1] == (len(BODY), len(BODY))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.bin"]


def test_what_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"here")
    download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert server.ranges == []


def test_a_broken_download_goes_on(server: Server, tmp_path: Path) -> None:
    server.break_after = 1_500_000
    with pytest.raises(DataError, match="Start the same command again"):
        download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert not (tmp_path / "a.bin").exists()
    kept = (tmp_path / "a.bin.part").stat().st_size
    assert 0 < kept <= 1_500_000
    server.break_after = None
    download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert server.ranges == [None, f"bytes={kept}-"]


MONDAY, TUESDAY = "Mon, 05 Jan 2026 00:00:00 GMT", "Tue, 06 Jan 2026 00:00:00 GMT"


@pytest.mark.parametrize("keeps_to_if_range", [True, False])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"ETag": '"one"', "Last-Modified": MONDAY}, {"ETag": '"two"', "Last-Modified": MONDAY}),
        ({"Last-Modified": MONDAY}, {"Last-Modified": TUESDAY}),
        ({"ETag": 'W/"one"', "Last-Modified": MONDAY}, {"ETag": 'W/"one"', "Last-Modified": TUESDAY}),
    ],
)
def test_a_file_that_changed_meanwhile_is_begun_anew(
    old: dict[str, str], new: dict[str, str], keeps_to_if_range: bool, server: Server, tmp_path: Path
) -> None:
    server.version, server.break_after, server.keeps_to_if_range = old, 1_500_000, keeps_to_if_range
    with pytest.raises(DataError):
        download(f"{server.url}/a.bin", tmp_path / "a.bin")
    server.version, server.break_after, server.body = new, None, BODY[::-1]
    download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY[::-1]
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_the_same_version_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    server.version, server.break_after = {"ETag": '"one"'}, 1_500_000
    with pytest.raises(DataError):
        download(f"{server.url}/a.bin", tmp_path / "a.bin")
    kept = (tmp_path / "a.bin.part").stat().st_size
    server.break_after = None
    download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert server.ranges == [None, f"bytes={kept}-"]


@pytest.mark.parametrize(("version", "n_requests"), [("", 1), ('\n"one"', 1), ('\n"two"', 2)])
def test_a_part_that_is_all_of_it_is_not_fetched_again(
    version: str, n_requests: int, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "a.bin.part").write_bytes(BODY)
    (tmp_path / "a.bin.part.url").write_text(f"{server.url}/a.bin{version}")
    server.version, server.tells_its_size, server.keeps_to_if_range = {"ETag": '"one"'}, True, False
    download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert len(server.ranges) == n_requests
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_server_without_ranges_begins_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").write_bytes(b"of another time")
    (tmp_path / "a.bin.part.url").write_text(f"{server.url}/a.bin")
    server.knows_ranges = False
    download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_kept_part_that_is_too_long_is_dropped(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").write_bytes(BODY + b"more")
    (tmp_path / "a.bin.part.url").write_text(f"{server.url}/a.bin")
    download(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert server.ranges == [f"bytes={len(BODY) + 4}-", None]


def test_what_is_kept_of_another_address_is_not_gone_on_with(server: Server, tmp_path: Path) -> None:
    server.break_after = 1_500_000
    with pytest.raises(DataError):
        download(f"{server.url}/old/a.bin", tmp_path / "a.bin")
    kept = (tmp_path / "a.bin.part").read_bytes()
    with pytest.raises(DataError, match="404"):
        download(f"{server.url}/gone", tmp_path / "a.bin")
    assert (tmp_path / "a.bin.part").read_bytes() == kept
    server.break_after, server.body = None, BODY[::-1]
    download(f"{server.url}/new/a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY[::-1]
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


@pytest.mark.parametrize(
    ("url", "message"),
    [("{}/gone", "404"), ("http://127.0.0.1:9/a", "could not be fetched"), ("no address", "address")],
)
def test_what_cannot_be_fetched(url: str, message: str, server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        download(url.format(server.url), tmp_path / "a.bin")
    assert list(tmp_path.iterdir()) == []


def test_a_python_that_cannot_unpack_is_told_before_anything_is_fetched(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(tarfile, "data_filter")
    with pytest.raises(DataError, match="cannot unpack archives safely"):
        download(f"{server.url}/a", tmp_path / "a.bin")
    assert list(tmp_path.iterdir()) == []


def tar_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def zip_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as bundle:
        for name, content in members.items():
            bundle.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_unpacking(pack: Callable[[dict[str, bytes]], bytes], tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(pack({"genres/a.txt": b"a", "genres/b/c.txt": b"c"}))
    for _ in range(2):
        assert unpack(tmp_path / "archive", tmp_path / "out") == 2
        assert (tmp_path / "out" / "genres" / "b" / "c.txt").read_bytes() == b"c"


@pytest.mark.parametrize("pack", [tar_of, zip_of])
@pytest.mark.parametrize("name", ["../outside.txt", "a/../../outside.txt"])
def test_nothing_lands_outside(pack: Callable[[dict[str, bytes]], bytes], name: str, tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(pack({name: b"x"}))
    with pytest.raises(DataError, match="not to be trusted"):
        unpack(tmp_path / "archive", tmp_path / "out")
    assert not list(tmp_path.rglob("outside.txt"))


@pytest.mark.parametrize("content", [b"", b"no archive", tar_of({"a": BODY})[:2000]])
def test_damaged_archives(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(content)
    with pytest.raises(DataError, match="Delete it and download it again"):
        unpack(tmp_path / "archive", tmp_path / "out")


MEMBERS = {f"{k}.bin": np.random.default_rng(k).bytes(50_000) for k in range(4)}


def tar_as(compression: str) -> bytes:
    plain = gzip.decompress(tar_of(MEMBERS))
    return {"": bytes, "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}[compression](plain)


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_a_tar_archive_that_is_damaged_inside_or_cut_leaves_nothing(compression: str, tmp_path: Path) -> None:
    whole = tar_as(compression)
    member = 512 + 50_176
    # A plain one has checksums of headers only.
    place = len(whole) // 2 if compression else 2 * member
    damaged = whole[:place] + bytes(range(200, 240)) + whole[place + 40 :]
    for content in (damaged, whole[: 2 * member], whole[:-9000] if compression else whole[:70_000]):
        (tmp_path / "archive").write_bytes(content)
        with pytest.raises(DataError, match="Delete it and download it again"):
            unpack(tmp_path / "archive", tmp_path / "out")
        assert not (tmp_path / "out").exists()
    (tmp_path / "archive").write_bytes(whole)
    assert unpack(tmp_path / "archive", tmp_path / "out") == 4


def test_a_damaged_member_of_a_zip_archive_is_not_kept(tmp_path: Path) -> None:
    whole = zip_of(MEMBERS)
    damage = bytearray(whole)
    damage[60_000] ^= 255
    (tmp_path / "archive").write_bytes(damage)
    with pytest.raises(DataError, match="Delete it and download it again"):
        unpack(tmp_path / "archive", tmp_path / "out")
    (tmp_path / "archive").write_bytes(whole)
    assert unpack(tmp_path / "archive", tmp_path / "out") == 4
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == MEMBERS


def test_from_the_command_line(server: Server, genrekit_cli: Callable, tmp_path: Path) -> None:
    audio = io.BytesIO()
    soundfile.write(audio, np.zeros(22_050), 22_050, format="WAV")
    server.body = tar_of({f"genres/blues/blues.{k:05d}.wav": audio.getvalue() for k in range(3)})
    arguments = ("data", "download", "gtzan", "--root", tmp_path, "--url", f"{server.url}/genres.tar.gz")
    refused = genrekit_cli(*arguments, stdin=b"n\n")
    assert refused.code == 1
    assert "Research use only" in refused.err
    assert not list(tmp_path.iterdir())
    done = genrekit_cli(*arguments, "--yes")
    assert done.code == 0
    assert "3 tracks" in done.err
    assert "997 missing" in done.err or "996 missing" in done.err
    assert (tmp_path / "genres" / "blues" / "blues.00002.wav").is_file()
    nothing = genrekit_cli("data", "download", "folder", "--root", tmp_path)
    assert nothing.code == 1
    assert "cannot be fetched" in nothing.err

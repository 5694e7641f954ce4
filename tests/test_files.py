"""The folder of outputs: whole files or none, and only when something changed."""

import errno
import gzip
import hashlib
import itertools
import os
import resource
import signal
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path

import brotli
import pytest

from aggregator.errors import PublishError
from aggregator.publish.compress import SUFFIXES, compressed
from aggregator.publish.files import Folder
from aggregator.web.text import fingerprint
from tests.forked import Forked


def left_over(root: Path) -> list[str]:
    return sorted(found.name for found in root.rglob("*") if found.name.endswith("aggregator-tmp"))


def test_a_file_is_written_and_only_a_change_is_written_again(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.put("atom.xml", b"one")
    os.utime(tmp_path / "atom.xml", ns=(1, 1))
    inode = (tmp_path / "atom.xml").stat().st_ino
    assert not folder.put("atom.xml", b"one")
    assert ((tmp_path / "atom.xml").stat().st_mtime_ns, (tmp_path / "atom.xml").stat().st_ino) == (1, inode)
    assert folder.put("atom.xml", b"two")
    assert (tmp_path / "atom.xml").read_bytes() == b"two"
    assert (tmp_path / "atom.xml").stat().st_mtime_ns != 1
    assert left_over(tmp_path) == []


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    assert Folder(tmp_path / "public").put("news/de/atom.xml", b"x")
    assert (tmp_path / "public/news/de/atom.xml").read_bytes() == b"x"


def test_an_open_file_stays_whole_for_who_reads_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("atom.xml", b"old")
    with (tmp_path / "atom.xml").open("rb") as reading:
        folder.put("atom.xml", b"new and longer")
        assert reading.read() == b"old"


def test_permissions_that_an_operator_gave_are_kept(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("atom.xml", b"1")
    (tmp_path / "atom.xml").chmod(0o640)
    folder.put("atom.xml", b"2")
    assert (tmp_path / "atom.xml").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "path", ["", ".", "..", "/etc/passwd", "../atom.xml", "a/../../b", "a/..", "a\x00b", "a\\..\\b", ".1-2.aggregator-tmp"]
)
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    folder = Folder(tmp_path / "public")
    for act in (lambda: folder.put(path, b"x"), lambda: folder.remove(path, "")):
        with pytest.raises(PublishError):
            act()
    assert not list(tmp_path.rglob("*"))


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "public", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "atom.xml").write_bytes(b"theirs")
    (root / "folder").symlink_to(outside)
    (root / "atom.xml").symlink_to(outside / "atom.xml")
    (root / "dangling.xml").symlink_to(tmp_path / "nowhere")
    folder = Folder(root)
    for path in ("folder/atom.xml", "atom.xml", "dangling.xml"):
        with pytest.raises(PublishError, match="symbolic link"):
            folder.put(path, b"ours")
        assert not folder.remove(path, fingerprint(b"theirs"))
    assert (outside / "atom.xml").read_bytes() == b"theirs"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["outside", "public"]


def test_a_root_that_is_a_link_itself_is_the_operators_choice(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "public").symlink_to(tmp_path / "real")
    assert Folder(tmp_path / "public").put("atom.xml", b"x")
    assert (tmp_path / "real/atom.xml").read_bytes() == b"x"


def test_a_folder_in_the_way_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "atom.xml").mkdir()
    with pytest.raises(PublishError, match="is a folder"):
        Folder(tmp_path).put("atom.xml", b"x")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PublishError, match="cannot be written"):
        Folder(tmp_path).put("file/atom.xml", b"x")


def test_only_what_we_wrote_is_removed(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for path in ("atom.xml", "planet/atom.xml"):
        folder.put(path, b"x")
        assert not folder.remove(path, fingerprint(b"y"))
        assert folder.remove(path, fingerprint(b"x"))
        assert not folder.remove(path, fingerprint(b"x"))
    assert [found.name for found in tmp_path.iterdir()] == ["planet"]
    assert not folder.remove("planet", fingerprint(b"x"))
    (tmp_path / "never").write_bytes(b"")
    assert not folder.remove("never/was.xml", fingerprint(b"x"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may remove anything")
def test_a_file_that_cannot_be_removed_is_said_so(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("atom.xml", b"x")
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PublishError, match="cannot be removed"):
            folder.remove("atom.xml", fingerprint(b"x"))
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_keeps_the_last_good_file_and_leaves_nothing(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.put("atom.xml", b"good")
    limits, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))  # the kernel then refuses to write more, as a full disk does
    try:
        with pytest.raises(PublishError, match=f"cannot be written: {os.strerror(errno.EFBIG)}; the last good file stays"):
            folder.put("atom.xml", b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert (tmp_path / "atom.xml").read_bytes() == b"good"
    assert left_over(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write into read-only folders")
    folder = Folder(tmp_path)
    folder.put("atom.xml", b"good")
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(PublishError, match="the last good file stays"):
            folder.put("atom.xml", b"new")
    finally:
        tmp_path.chmod(0o755)
    assert (tmp_path / "atom.xml").read_bytes() == b"good"


def test_what_a_crash_left_is_removed_at_the_next_start_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    ours = [tmp_path / ".12-345.aggregator-tmp", tmp_path / "sub/.1-2.aggregator-tmp"]
    theirs = [tmp_path / "x.tmp", tmp_path / ".hidden", tmp_path / "note.aggregator-tmp", tmp_path / ".a-b.aggregator-tmp"]
    for found in (*ours, *theirs):
        found.write_bytes(b"?")
    folder = Folder(tmp_path)
    assert not ours[0].exists()
    folder.put("sub/atom.xml", b"x")
    assert not ours[1].exists()
    assert all(found.exists() for found in theirs)


def test_a_writer_that_lives_keeps_its_temporary_file(tmp_path: Path) -> None:
    held = tmp_path / ".1-2.aggregator-tmp"
    script = f"import fcntl,sys; f = open({str(held)!r}, 'wb'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "held\n"
        Folder(tmp_path)
        assert held.exists()
        writer.communicate("")
    Folder(tmp_path)
    assert not held.exists()


def writes(line: Connection, root: Path) -> None:
    """Work of a `Forked`: write one file again and again."""
    folder = Folder(root)
    line.send("go")
    for number in itertools.count():
        folder.put("atom.xml", str(number % 10).encode() * 50_000)


def test_a_killed_writer_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    Folder(tmp_path).put("atom.xml", b"0" * 50_000)
    for _ in range(3):
        with Forked(writes, tmp_path) as writer:
            assert writer.line.recv() == "go"
            before = (tmp_path / "atom.xml").stat().st_mtime_ns
            while (tmp_path / "atom.xml").stat().st_mtime_ns == before:
                pass
            writer.kill()
        body = (tmp_path / "atom.xml").read_bytes()
        assert len(body) == 50_000
        assert len(set(body)) == 1
    Folder(tmp_path)
    assert left_over(tmp_path) == []


def test_several_writers_at_once_do_not_meet(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    failures: list[BaseException] = []

    def write(name: int) -> None:
        try:
            for number in range(20):
                folder.put("atom.xml", f"{name}-{number}".encode() * 100)
        except PublishError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert left_over(tmp_path) == []


# ── compressed copies ──────────────────────────────────────────────────────────────────────────────────────────────────

OLD, NEW = b"one entry after the other " * 40, b"another entry after the other " * 40


def packed(root: Path) -> dict[str, bytes]:
    readers = {".gz": gzip.decompress, ".br": brotli.decompress}
    return {path.name: readers[path.suffix](path.read_bytes()) for path in sorted(root.iterdir()) if path.suffix in readers}


def test_beside_each_file_stand_compressed_copies_which_change_only_with_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path, codings=SUFFIXES)
    assert folder.put("atom.xml", OLD)
    assert packed(tmp_path) == {"atom.xml.br": OLD, "atom.xml.gz": OLD}
    assert len({path.stat().st_mtime_ns for path in tmp_path.iterdir()}) == 1, "known by the time of their file"
    before = {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    assert not folder.put("atom.xml", OLD)
    assert not Folder(tmp_path, codings=SUFFIXES).put("atom.xml", OLD)
    assert {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in tmp_path.iterdir()} == before
    assert folder.put("atom.xml", NEW)
    assert packed(tmp_path) == {"atom.xml.br": NEW, "atom.xml.gz": NEW}
    assert folder.put("atom.xml", b"short")
    assert [path.name for path in tmp_path.iterdir()] == ["atom.xml"]


def test_copies_that_are_missing_or_of_other_bytes_come_back_without_touching_the_file(tmp_path: Path) -> None:
    folder = Folder(tmp_path, codings=SUFFIXES)
    folder.put("atom.xml", OLD)
    inode = (tmp_path / "atom.xml").stat().st_ino
    (tmp_path / "atom.xml.br").unlink()
    (tmp_path / "atom.xml.gz").write_bytes(b"of an earlier version")
    assert not folder.put("atom.xml", OLD)
    assert packed(tmp_path) == {"atom.xml.br": OLD, "atom.xml.gz": OLD}
    assert (tmp_path / "atom.xml").stat().st_ino == inode


def test_copies_go_with_their_file_and_when_they_are_not_wanted_any_more(tmp_path: Path) -> None:
    folder = Folder(tmp_path, codings=SUFFIXES)
    folder.put("atom.xml", OLD)
    assert folder.remove("atom.xml", fingerprint(OLD))
    assert list(tmp_path.iterdir()) == []
    folder.put("atom.xml", OLD)
    (tmp_path / "atom.xml").chmod(0o640)
    folder.put("atom.xml", NEW)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o640}, "what an operator keeps from others stays so"
    (tmp_path / "other.xml.gz").write_bytes(b"theirs")
    assert not Folder(tmp_path).put("atom.xml", NEW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["atom.xml", "other.xml.gz"]


def test_the_same_bytes_are_compressed_to_the_same_bytes() -> None:
    assert [hashlib.sha256(compressed(coding, OLD) or b"").hexdigest() for coding in SUFFIXES] == [
        hashlib.sha256(compressed(coding, bytes(OLD)) or b"").hexdigest() for coding in SUFFIXES
    ]
    assert (compressed("gzip", OLD) or b"")[4:8] == bytes(4), "no time stands in it"
    assert compressed("br", b"short") is None

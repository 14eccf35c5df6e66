"""The one secret of the data folder: whole and on the disk before anything is sealed by it, whatever an earlier start left."""

import os
from pathlib import Path
from threading import Barrier, Thread

import pytest

from idp import master_key
from idp.config import UnsafeConfiguration

THREADS = 6


def test_it_stays(tmp_path: Path) -> None:
    key = master_key.load_or_create(tmp_path)
    assert len(key) == master_key.BYTES
    assert master_key.load_or_create(tmp_path) == key
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0


def test_what_a_start_left_that_was_cut_off_is_in_nobodys_way(tmp_path: Path) -> None:
    """In a container each start has the same process id."""
    (tmp_path / f"{master_key.NAME}.{os.getpid()}").touch()
    assert len(master_key.load_or_create(tmp_path)) == master_key.BYTES


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_copy_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """It opens every signing key of the database."""
    master_key.load_or_create(tmp_path)
    (tmp_path / master_key.NAME).chmod(mode)
    with pytest.raises(UnsafeConfiguration, match="chmod 600"):
        master_key.load_or_create(tmp_path)


def test_of_several_first_starts_all_have_the_same(tmp_path: Path) -> None:
    start, found = Barrier(THREADS), list[bytes]()

    def one() -> None:
        start.wait()
        found.append(master_key.load_or_create(tmp_path))

    threads = [Thread(target=one) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [found[0]] * THREADS


def test_it_is_on_the_disk_before_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file before it has its name, and the name before anybody has the key."""
    done, flush, link = list[str](), os.fsync, os.link

    def fsync(descriptor: int) -> None:
        done.append("folder" if os.path.samestat(os.fstat(descriptor), tmp_path.stat()) else "file")
        flush(descriptor)

    def named(source: Path, target: Path) -> None:
        done.append("name")
        link(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", named)
    master_key.load_or_create(tmp_path)
    assert done == ["file", "name", "folder"]

"""What changes while a desk is open: files that come into a folder, and the trust bundle that somebody replaces.

Spec: certs/bundle.py `update` (a bundle that takes another one's place follows on it, and is no older); attack X5-14.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from certs import bundle as bundles
from certs.errors import CertsError
from verifier.tools.folder import looked_at
from verifier.verifier import Verifier

Stamp = tuple[int, int, int]


class Arrivals:
    """Asked again and again: which files are there that were not, and are whole by the look of it.

    A camera or a network writes a file bit by bit; one that has not changed from one look to the next is taken for whole.
    """

    def __init__(self, folder: Path, *, there_already: bool = False) -> None:
        """`there_already`: what lies there at the beginning is new too. Raises OSError."""
        self._folder = folder
        self._seen = {} if there_already else _stamps(folder)
        self._last: dict[Path, Stamp] = {}

    def look(self) -> list[Path]:
        """Raises OSError where the folder is gone."""
        now = _stamps(self._folder)
        self._seen = {
            path: stamp for path, stamp in self._seen.items() if path in now
        }  # removed: new, if it comes again
        fresh = {path: stamp for path, stamp in now.items() if self._seen.get(path) != stamp}
        whole = sorted(path for path, stamp in fresh.items() if self._last.get(path) == stamp)
        self._last = fresh
        self._seen |= {path: fresh[path] for path in whole}
        return whole


def _stamps(folder: Path) -> dict[Path, Stamp]:
    found = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            path = Path(entry.path)
            stamp = stamp_of(path) if looked_at(path) else None
            if stamp is not None and path.is_file():
                found[path] = stamp
    return found


def stamp_of(path: Path) -> Stamp | None:
    """By which a file is told from the one that was there before; None where there is none."""
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_ino, told.st_size, told.st_mtime_ns


class News(NamedTuple):
    """A bundle was replaced: its number, or the code by which it was refused and the one in hand stays."""

    sequence: int | None
    code: str | None = None


class Trust:
    """The verifier by the bundle in a file, which follows when the file is replaced."""

    def __init__(self, path: Path, verifier: Verifier) -> None:
        self.verifier = verifier
        self._path = path
        self._stamp = stamp_of(path)

    def look(self, clock: Callable[[], float]) -> News | None:
        """None where nothing changed. What does not follow on the bundle in hand is told, and not used."""
        stamp = stamp_of(self._path)
        if stamp is None or stamp == self._stamp:
            return None
        self._stamp = stamp
        held = self.verifier.bundle
        try:
            data = self._path.read_bytes()
            if data == held.raw:
                return None
            fresh = bundles.update(held, data, now=int(clock()))
        except CertsError as error:
            return News(None, error.code)
        except OSError:
            return News(None, "status_unavailable")
        self.verifier = Verifier(fresh, clock)
        return News(fresh.sequence)

"""The rows that were not accepted, as a file to mend and to import again: why, and then the row as it came.

It holds people's data as the operator's own file does, so nobody else may read it (mode 0600). While rows are still coming it has
another name; a process that dies leaves no half of it under its own, and the next one begins it anew.
"""

import csv
import fcntl
import filecmp
import json
import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, TextIO

from certs.catalogue import Fault
from idp.registries.importing.columns import REASONS, Layout, reasons
from idp.registries.importing.formulas import guard, unguard
from idp.registries.importing.sheet import REPLACED, Row


class InUse(Exception):
    """Another import writes this file at the moment."""


class Rejects:
    """One file; `aside` is where another one of its name was moved."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path, self.rows = path, 0
        self.aside: Path | None = None
        self._layout = layout
        self._partial = path.with_name(f"{path.name}.part")
        self._file = _locked(self._partial)
        self._kept = [place for place, name in enumerate(layout.columns) if name not in REASONS]
        self._write = csv.writer(self._file)
        self._write.writerow([*REASONS, *(guard(_text(layout.columns[place])) for place in self._kept)])

    def add(self, row: Row, faults: Sequence[Fault]) -> None:
        self.rows += 1
        cells = row.cells
        if len(cells) >= len(self._layout.columns):
            # What runs over the last column stays at the end; of a row that is too short all is kept where it stood.
            cells = (*(cells[place] for place in self._kept), *cells[len(self._layout.columns) :])
        texts = (_text(cell) for cell in cells)
        if self._layout.mended:
            texts = (unguard(text) for text in texts)
        self._write.writerow([guard(text) for text in (*reasons(row, faults), *texts)])

    def close(self) -> None:
        """Under its own name now; or gone, when no row was refused."""
        self._file.flush()
        os.fsync(self._file.fileno())
        if not self.rows:
            self._partial.unlink(missing_ok=True)
        else:
            if self.path.exists() and not filecmp.cmp(self.path, self._partial, shallow=False):
                self.aside = _free(self.path)
                self.path.rename(self.aside)
            self._partial.replace(self.path)
        self._file.close()


def _locked(path: Path) -> TextIO:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
    except BlockingIOError:
        os.close(descriptor)
        raise InUse from None
    except BaseException:
        os.close(descriptor)
        raise
    # With a byte order mark, by which a spreadsheet knows the encoding.
    return os.fdopen(descriptor, "w", encoding="utf-8-sig", errors="backslashreplace", newline="")


def _free(path: Path) -> Path:
    """Somebody may be mending the old one: it is kept."""
    return next(free for number in count(1) if not (free := path.with_name(f"{path.name}.{number}")).exists())


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    text = json.dumps(cell, ensure_ascii=False) if isinstance(cell, list | dict) else str(cell)
    return text.replace("\0", REPLACED)

"""The staff file: the accounts of a counter as JSON, readable by its owner alone, written whole or not at all.

It is read again whenever it was replaced, so that a command counts at the next request of a counter that runs. What cannot be
read admits nobody.
"""

import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from certs.encoding import json_decode
from certs.errors import CertsError
from verifier.snapshot import replace
from verifier.staff.model import MOST, Account, StaffError, account

LIMIT = 1024 * 1024  # bytes
VERSION = 1
Accounts = Mapping[str, Account]


class StaffFile:
    """Threads share it. Processes meet in the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known: tuple[object, Accounts] | None = None
        self._seen = False

    def accounts(self) -> Accounts | None:
        """By name; None where there never was a file. Raises StaffError, also where one was there and is gone."""
        with self._lock:
            try:
                found = self._path.stat()
            except FileNotFoundError:
                if self._seen:
                    raise StaffError(f"{self._path} is gone") from None
                return None
            except OSError as error:
                raise StaffError(f"{self._path} cannot be read: {error.strerror}") from error
            self._seen = True
            mark = (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_mode)
            if self._known is None or self._known[0] != mark:
                self._known = mark, read(self._path)
            return self._known[1]

    def change(self, rule: Callable[[Accounts], Account]) -> Account:
        """Put in the account that the rule makes of those that are there. Two changes at once follow one another."""
        with _alone(self._path):
            accounts = read(self._path) if self._path.exists() else {}
            changed = rule(accounts)
            _write(self._path, {**accounts, changed.name: changed})
        return changed


def read(path: Path) -> Accounts:
    """Raises StaffError: not there, readable by others, cut off, or of another shape."""
    try:
        with path.open("rb") as file:
            mode, data = os.fstat(file.fileno()).st_mode, file.read(LIMIT + 1)
    except OSError as error:
        raise StaffError(f"{path} cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise StaffError(f"{path} may be read by others: chmod 600 {path}")
    try:
        value: Any = json_decode(data, limit=LIMIT)
    except CertsError as error:
        raise StaffError(f"{path} is no staff file: it is cut off or damaged") from error
    if not isinstance(value, dict) or value.keys() != {"version", "staff"} or value["version"] != VERSION:
        raise StaffError(f"{path} is no staff file of this version")
    if not isinstance(value["staff"], list) or len(value["staff"]) > MOST:
        raise StaffError(f"{path}: it has no list of at most {MOST} accounts")
    try:
        found = [account(each) for each in value["staff"]]
    except StaffError as error:
        raise StaffError(f"{path}: {error}") from error
    if len({each.name for each in found}) < len(found):
        raise StaffError(f"{path} has two accounts of one name")
    return MappingProxyType({each.name: each for each in found})


def _write(path: Path, accounts: Accounts) -> None:
    if len(accounts) > MOST:
        raise StaffError(f"a counter has at most {MOST} accounts")
    listed = [accounts[name].to_json() for name in sorted(accounts)]
    text = json.dumps({"version": VERSION, "staff": listed}, ensure_ascii=False, indent=1)
    replace(path, text.encode() + b"\n")


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Beside the file, since the file itself is replaced."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StaffError(f"{path}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    except OSError as error:
        raise StaffError(f"{path}: {error.strerror}") from error
    finally:
        os.close(descriptor)

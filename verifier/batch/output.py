"""What has been written of an output, so that a process may die at any moment and no row is lost or doubled.

Lines go into `OUT.part`; now and then they are forced to disk, and only then a point is noted in `OUT.part.json`, whole or not at
all: how many rows these bytes are, and where the input goes on. Whoever begins anew cuts off what lies behind the point. When all
rows are there, the file gets its own name. Nobody else may read them (mode 0600): claims are people's data.
"""

import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from certs.catalogue import Text
from verifier.batch.sheet import Place

VERSION = 1
POINT_LIMIT = 1024 * 1024  # bytes

_DAMAGED = Text(
    "Tệp làm dở {part} không dùng tiếp được; làm lại từ đầu với --restart.",
    "What was begun in {part} cannot be gone on with; begin anew with --restart.",
)
_IN_USE = Text("Một lần chạy khác đang ghi {part}.", "Another run is writing {part} at this moment.")


class Refused(Exception):
    """This output cannot be written as asked; `reason` says why, and what to do."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


@dataclass(slots=True)
class Point:
    """How far an output is: the last row, where the input goes on, how many bytes that is, and what the rows came to."""

    place: Place
    length: int
    outcomes: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    complete: bool = False


class Output:
    """The output of one task, and it alone writes there as long as it is open."""

    def __init__(self, path: Path, task: Mapping[str, str], start: Place, *, restart: bool = False) -> None:
        """`task` says what is asked of which input: what was begun for another one is not gone on with."""
        self.path, self.part, self.noted = path, *parts_of(path)
        self._task = dict(task)
        self._file = _locked(self.part)
        try:
            found = None if restart else self._found()
            self.point = found or Point(start, 0)
            if found is None:
                self._note()  # a part without a point is somebody else's
            self._file.truncate(self.point.length)
            self._file.seek(self.point.length)
        except BaseException:
            self._file.close()
            raise

    def write(self, lines: bytes) -> None:
        self._file.write(lines)

    def keep(self) -> None:
        """First the lines, then the point that counts them."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self.point.length = self._file.tell()
        self._note()

    def lines(self) -> Iterator[bytes]:
        """What was written, from the beginning."""
        with self.part.open("rb") as file:
            yield from file

    def finish(self, made: Path | None = None) -> None:
        """Under its own name now; or what was `made` of it. The point goes last: by it a run that died here is known to be done."""
        if os.path.lexists(self.path):
            raise Refused(_there(self.path))
        (made or self.part).rename(self.path)
        _settle(self.path.parent)
        self.part.unlink(missing_ok=True)
        self.noted.unlink()

    def close(self) -> None:
        self._file.close()

    def _note(self) -> None:
        point = self.point
        held = {
            "version": VERSION,
            "task": self._task,
            "row": point.place.row,
            "at": point.place.at,
            "length": point.length,
            "outcomes": point.outcomes,
            "codes": point.codes,
            "complete": point.complete,
        }
        draft = self.noted.with_name(f"{self.noted.name}.new")  # we alone write it: the part is locked
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(json.dumps(held).encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.noted)
        _settle(self.noted.parent)

    def _found(self) -> Point | None:
        held, size = noted(self.noted), os.fstat(self._file.fileno()).st_size
        if held is None:
            if size:
                raise Refused(_of(_DAMAGED, self.part))
            return None
        point, task = held
        for name, text in _DIFFERENT.items():
            if task.get(name) != self._task.get(name):
                raise Refused(_of(text, self.part))
        if task != self._task or size < point.length:
            raise Refused(_of(_DAMAGED, self.part))
        return point


_ANEW = Text("; làm lại từ đầu với --restart.", "; begin anew with --restart.")
_DIFFERENT = {
    "input": Text(
        "Tệp đầu vào đã đổi từ khi {part} được bắt đầu" + _ANEW.vi,
        "The input has changed since {part} was begun" + _ANEW.en,
    ),
    "trust": Text(
        "{part} được bắt đầu với chứng thư gốc khác" + _ANEW.vi, "{part} was begun with another root" + _ANEW.en
    ),
    "policy": Text(
        "{part} được bắt đầu với yêu cầu kiểm tra khác" + _ANEW.vi, "{part} was begun with another policy" + _ANEW.en
    ),
    "columns": Text(
        "{part} được bắt đầu với các cột khác" + _ANEW.vi, "{part} was begun with other columns" + _ANEW.en
    ),
}


def parts_of(path: Path) -> tuple[Path, Path]:
    """Where the lines go while there are more to come, and where the point is noted."""
    return path.with_name(f"{path.name}.part"), path.with_name(f"{path.name}.part.json")


def settled(path: Path, task: Mapping[str, str], made: Path | None = None) -> Point | None:
    """Where the output is there already: what it came to, if a run of this very task died after it had given it its name.

    Raises Refused where it is there for another reason: nothing is ever written over.
    """
    if not os.path.lexists(path):
        return None
    part, point_file = parts_of(path)
    held = noted(point_file)
    if held is None or not held[0].complete or held[1] != dict(task) or (made or part).exists():
        raise Refused(_there(path))
    part.unlink(missing_ok=True)
    point_file.unlink()
    return held[0]


def noted(path: Path) -> tuple[Point, Mapping[str, Any]] | None:
    """The point and its task; None where none is noted. Raises Refused where what is noted is no point."""
    try:
        with path.open("rb") as file:
            held = json.loads(file.read(POINT_LIMIT))
        if held["version"] != VERSION:
            raise ValueError("another version")
        place = Place(int(held["row"]), int(held["at"]))
        counts = Counter(held["outcomes"]), Counter(held["codes"])
        return Point(place, int(held["length"]), *counts, held["complete"] is True), dict(held["task"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(_of(_DAMAGED, path)) from error


def _there(path: Path) -> Text:
    return Text(
        f"{path} đã có; chọn tên khác hoặc xoá tệp ấy trước.",
        f"{path} is there already; choose another name, or remove it first.",
    )


def _of(text: Text, path: Path) -> Text:
    return Text(text.vi.format(part=path), text.en.format(part=path))


def _settle(folder: Path) -> None:
    """A new name must survive too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.fchmod(descriptor, 0o600)
        same = path.exists() and os.path.samestat(os.fstat(descriptor), path.stat())
    except BlockingIOError:
        os.close(descriptor)
        raise Refused(_of(_IN_USE, path)) from None
    except BaseException:
        os.close(descriptor)
        raise
    if not same:  # it got its own name between our opening and locking
        os.close(descriptor)
        raise Refused(_of(_IN_USE, path))
    return os.fdopen(descriptor, "r+b")

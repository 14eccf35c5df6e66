"""The trust bundle on disk: fetched over HTTP or carried on a stick, checked before it is kept, replaced whole, never rolled back.

Spec: certs/bundle.py (what a bundle is, and what an update must satisfy), certs/delta.py (what changed since the one that is
held); RFC 9110 §13.1.2 (If-None-Match); attacks X5-14, ST-02.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from certs import bundle as bundles
from certs import delta
from certs.bundle import Bundle
from certs.catalogue import Text
from certs.errors import CertsError
from certs.fetch import BUNDLE_LIMIT, Fetcher, FetchError

MEDIA_TYPE = "application/cose"


class Outcome(StrEnum):
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"  # something came, and must not be used
    UNREACHABLE = "unreachable"  # nothing came


SENTENCES = {
    Outcome.UPDATED: Text("Đã cập nhật dữ liệu tin cậy.", "Trust data was updated."),
    Outcome.UNCHANGED: Text("Dữ liệu tin cậy đã là bản mới nhất.", "Trust data is the latest already."),
    Outcome.REFUSED: Text(
        "Bản mới của dữ liệu tin cậy không hợp lệ nên bị từ chối; vẫn dùng bản đang có. Hãy báo bộ phận kỹ thuật.",
        "The new trust data does not hold and was refused; the data in hand stays in use. Tell your technical team.",
    ),
    Outcome.UNREACHABLE: Text(
        "Không kết nối được để cập nhật; vẫn dùng bản đang có.",
        "No connection for an update; the data in hand stays in use.",
    ),
}
WRITTEN = Text("Đã ghi vào tệp.", "Written to the file.")
FIRST_SENTENCES = {  # of a first fetch: nothing is in hand that could stay in use
    Outcome.REFUSED: Text(
        "Dữ liệu tin cậy nhận được không hợp lệ nên không được lưu. Kiểm tra địa chỉ và số SHA-256 của chứng thư gốc.",
        "The trust data that came does not hold and was not kept. Check the address and the root's SHA-256.",
    ),
    Outcome.UNREACHABLE: Text(
        "Không kết nối được; chưa có dữ liệu tin cậy nào. Kiểm tra địa chỉ rồi thử lại.",
        "No connection; there is no trust data yet. Check the address and try again.",
    ),
}


@dataclass(frozen=True, slots=True)
class Refresh:
    """How an attempt to update ended. `bundle` is what is in hand now: the new one, else the last good one, else None."""

    outcome: Outcome
    bundle: Bundle | None
    code: str | None = None
    detail: str = ""

    @property
    def sentence(self) -> Text:
        sentences = SENTENCES if self.bundle else {**SENTENCES, **FIRST_SENTENCES}
        return sentences[self.outcome]


def load(path: Path, *, now: int, root_sha256: str | None = None) -> Bundle:
    """The bundle kept in a file. Raises OSError or CertsError."""
    return bundles.kept(path.read_bytes(), now=now, root_sha256=root_sha256)


def fetch(fetcher: Fetcher, url: str, path: Path, *, root_sha256: str, now: int) -> Refresh:
    """The first fetch: what comes must stand on the root with this SHA-256 fingerprint (hex).

    Where the file holds a bundle of that root already, it is a `refresh`: fetching again must not undo what was learnt.
    """
    held = _held(path, root_sha256=root_sha256, now=now)
    if held is not None:
        return refresh(fetcher, url, path, held, now=now)
    received = _receive(fetcher, url)
    if isinstance(received, Refresh):
        return received
    return take_first(received, path, root_sha256=root_sha256, now=now)


def take_first(data: bytes, path: Path, *, root_sha256: str, now: int) -> Refresh:
    """Where nothing is held yet: what came, from wherever, must stand on this root."""
    try:
        fresh = bundles.first(data, now=now, root_sha256=root_sha256)
        fresh.statuses.check_contents()
    except CertsError as error:
        return Refresh(Outcome.REFUSED, None, error.code, error.detail)
    replace(path, fresh.raw)
    return Refresh(Outcome.UPDATED, fresh)


def _held(path: Path, *, root_sha256: str, now: int) -> Bundle | None:
    try:
        return load(path, now=now, root_sha256=root_sha256)
    except (OSError, CertsError):
        return None


def refresh(fetcher: Fetcher, url: str, path: Path, held: Bundle, *, now: int) -> Refresh:
    """A later fetch: what comes must follow on the bundle in hand, and be no older. On any failure that one stays.

    Asked for is what changed since. Where that does not lead from what is held (two providers that both call theirs number 7),
    the whole bundle decides.
    """
    received = _receive(fetcher, since(url, held.sequence), held)
    if isinstance(received, Refresh):
        return received
    result = take(received, path, held, now=now)
    if result.outcome is not Outcome.REFUSED or not delta.is_delta(received):
        return result
    whole = _receive(fetcher, url, held)
    return whole if isinstance(whole, Refresh) else take(whole, path, held, now=now)


def take(data: bytes, path: Path, held: Bundle, *, now: int) -> Refresh:
    """A bundle, or what changed since the one in hand, from wherever it came. It must follow on that one."""
    result = _followed(data, held, now=now)
    if result.outcome is Outcome.UPDATED and result.bundle is not None:
        replace(path, result.bundle.raw)
    return result


def read_again(path: Path, held: Bundle, *, now: int) -> Refresh:
    """Where somebody else keeps the file: what lies there now must follow on the bundle in hand too. Raises OSError."""
    return _followed(path.read_bytes(), held, now=now)


def _followed(data: bytes, held: Bundle, *, now: int) -> Refresh:
    if data == held.raw:
        return Refresh(Outcome.UNCHANGED, held)
    follow = delta.update if delta.is_delta(data) else bundles.update
    try:
        fresh = follow(held, data, now=now)
    except CertsError as error:
        return Refresh(Outcome.REFUSED, held, error.code, error.detail)
    return Refresh(Outcome.UNCHANGED if fresh.raw == held.raw else Outcome.UPDATED, fresh)


def since(url: str, sequence: int) -> str:
    """Where the publisher of `url` tells what changed since the bundle of that number; one that does not, ignores it."""
    return f"{url}{'&' if '?' in url else '?'}from={sequence}"


def download(fetcher: Fetcher, url: str, path: Path) -> Refresh:
    """What is there, as it is, to be carried to a counter that has no network; that one checks it when it takes it."""
    received = _receive(fetcher, url)
    if isinstance(received, Refresh):
        return received
    replace(path, received)
    return Refresh(Outcome.UPDATED, None)


def replace(path: Path, data: bytes) -> None:
    """Write the file whole or not at all: after a crash it is the old one or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename itself must survive too
    finally:
        os.close(folder)


def _receive(fetcher: Fetcher, url: str, held: Bundle | None = None) -> bytes | Refresh:
    """The bytes, or how it ended without. Who holds the newest already is told so, and sent nothing."""
    etag = None if held is None else f'"{hashlib.sha256(held.raw).hexdigest()[:32]}"'  # `certs/qr.md` §9.3
    try:
        response = fetcher.get(url, accept=MEDIA_TYPE, etag=etag, size_limit=BUNDLE_LIMIT)
    except FetchError as error:
        return Refresh(Outcome.UNREACHABLE, held, "status_unavailable", str(error))
    if response.status == 304 and held is not None:
        return Refresh(Outcome.UNCHANGED, held)
    if response.status != 200:
        return Refresh(Outcome.UNREACHABLE, held, "status_unavailable", f"answered {response.status}")
    return response.body

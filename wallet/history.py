"""A citizen's own history: what was received, shown, removed, refused, approved. Names of claims, never values.

Spec: Personal Data Protection Law 91/2025/QH15 (the person may know what was shared); the kinds are a closed list.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from certs.catalogue import CATALOGUE, Text
from wallet.approval import Asking
from wallet.model import Document, Entry


class Kind(StrEnum):
    RECEIVED = "received"
    REFUSED = "refused"
    SHOWN = "shown"
    REMOVED = "removed"
    ENROLLED = "enrolled"
    FORGOTTEN = "forgotten"
    APPROVED = "approved"
    DENIED = "denied"
    MISMATCHED = "mismatched"


WORDS: Mapping[str, Text] = MappingProxyType(
    {
        Kind.RECEIVED: Text("Đã nhận", "Received"),
        Kind.REFUSED: Text("Đã từ chối nhận", "Refused"),
        Kind.SHOWN: Text("Đã xuất trình", "Shown"),
        Kind.REMOVED: Text("Đã gỡ bỏ", "Removed"),
        Kind.ENROLLED: Text("Đã đăng ký điện thoại này", "This phone enrolled"),
        Kind.FORGOTTEN: Text("Đã quên điện thoại này", "This phone forgotten"),
        Kind.APPROVED: Text("Đã xác nhận đăng nhập", "Sign-in approved"),
        Kind.DENIED: Text("Đã từ chối đăng nhập", "Sign-in not approved"),
        Kind.MISMATCHED: Text("Đã chặn đăng nhập: số không khớp", "Sign-in stopped: the number did not match"),
    }
)


def received(document: Document, *, now: int) -> Entry:
    views = [copy.view for copy in document.copies if copy.view]
    formats = list(dict.fromkeys(copy.format for copy in document.copies))
    what = {"type": document.type, "views": views, "formats": formats, "from": document.credential_issuer}
    return Entry(now, Kind.RECEIVED, what)


def refused(credential_issuer: str, code: str, *, now: int) -> Entry:
    return Entry(now, Kind.REFUSED, {"from": credential_issuer, "code": code})


def shown(document: Document, view: str, *, now: int) -> Entry:
    claims = list(CATALOGUE[document.type].view(view).fields)
    return Entry(now, Kind.SHOWN, {"type": document.type, "views": [view], "claims": claims})


def removed(document: Document, *, now: int) -> Entry:
    return Entry(now, Kind.REMOVED, {"type": document.type})


def enrolled(name: str, *, now: int) -> Entry:
    return Entry(now, Kind.ENROLLED, {"device": name})


def forgotten(*, now: int) -> Entry:
    return Entry(now, Kind.FORGOTTEN)


def answered(kind: Kind, asking: Asking, *, now: int) -> Entry:
    """Who asked; not from where, which is nobody's business later."""
    return Entry(now, kind, {"client": {"vi": asking.client.vi, "en": asking.client.en}, "from": asking.host})

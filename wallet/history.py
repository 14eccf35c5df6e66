"""A citizen's own history: what was received, shown, presented, refused, removed, approved. Names of claims, never values.

Spec: Personal Data Protection Law 91/2025/QH15 (the person may know what was shared); the kinds are a closed list.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from certs.catalogue import CATALOGUE, Text
from wallet.approval import Asking
from wallet.model import Document, Entry


class Kind(StrEnum):
    RECEIVED = "received"
    PROMISED = "promised"
    REFUSED = "refused"
    FAILED = "failed"
    SHOWN = "shown"
    PRESENTED = "presented"
    REMOVED = "removed"
    ENROLLED = "enrolled"
    FORGOTTEN = "forgotten"
    APPROVED = "approved"
    DENIED = "denied"
    MISMATCHED = "mismatched"
    EXPORTED = "exported"
    RESTORED = "restored"


WORDS: Mapping[str, Text] = MappingProxyType(
    {
        Kind.RECEIVED: Text("Đã nhận", "Received"),
        Kind.PROMISED: Text("Đang chờ cấp", "Waiting to be issued"),
        Kind.REFUSED: Text("Đã từ chối nhận", "Refused"),
        Kind.FAILED: Text("Không thành công", "Failed"),
        Kind.SHOWN: Text("Đã xuất trình", "Shown"),
        Kind.PRESENTED: Text("Đã gửi", "Presented"),
        Kind.REMOVED: Text("Đã gỡ bỏ", "Removed"),
        Kind.ENROLLED: Text("Đã đăng ký điện thoại này", "This phone enrolled"),
        Kind.FORGOTTEN: Text("Đã quên điện thoại này", "This phone forgotten"),
        Kind.APPROVED: Text("Đã xác nhận đăng nhập", "Sign-in approved"),
        Kind.DENIED: Text("Đã từ chối đăng nhập", "Sign-in not approved"),
        Kind.MISMATCHED: Text("Đã chặn đăng nhập: số không khớp", "Sign-in stopped: the number did not match"),
        Kind.EXPORTED: Text("Đã lưu ra tệp", "Saved to a file"),
        Kind.RESTORED: Text("Đã khôi phục", "Restored"),
    }
)

_NOT_PRESENTED = Text("Đã từ chối gửi", "Not presented")
_REFUSED_FOR_YOU = Text("Ví đã từ chối trả lời thay bạn", "The wallet refused to answer for you")


def word_of(entry: Entry) -> Text | None:
    """None for a kind that another version of the wallet wrote."""
    if entry.kind == Kind.REFUSED and "to" in entry.details:
        return _REFUSED_FOR_YOU if "code" in entry.details else _NOT_PRESENTED
    return WORDS.get(entry.kind)


def received(document: Document, *, now: int) -> Entry:
    views = list(dict.fromkeys(copy.view for copy in document.copies if copy.view))
    formats = list(dict.fromkeys(copy.format for copy in document.copies))
    what = {"type": document.type, "views": views, "formats": formats, "from": document.credential_issuer}
    return Entry(now, Kind.RECEIVED, what)


def promised(type_: str, credential_issuer: str, *, now: int) -> Entry:
    return Entry(now, Kind.PROMISED, {"type": type_, "from": credential_issuer})


def waits_no_longer(type_: str, *, now: int) -> Entry:
    return Entry(now, Kind.REMOVED, {"type": type_})


_FAILURES = frozenset(
    {
        "issuer_unreachable",
        "issuer_refused",
        "issuer_denied",
        "reader_unreachable",
        "trust_unavailable",
        "clock_wrong",
        "promise_gone",
        "right_expired",
    }
)


def refused(credential_issuer: str, code: str, *, now: int) -> Entry:
    """What the wallet did not take; or, where the issuer or the network gave nothing, what failed."""
    kind = Kind.FAILED if code in _FAILURES else Kind.REFUSED
    return Entry(now, kind, {"from": credential_issuer, "code": code})


def shown(
    document: Document,
    view: str,
    *,
    now: int,
    audience: str | None = None,
    verifier: Text | None = None,
    organisation: str = "",
) -> Entry:
    """By a QR; where somebody asked for it, to whom."""
    claims = list(CATALOGUE[document.type].view(view).fields)
    to = {} if audience is None else _asker(audience, verifier, organisation)
    return Entry(now, Kind.SHOWN, {"type": document.type, "views": [view], "claims": claims, **to})


def presented(
    type_: str,
    claims: Iterable[str],
    *,
    format: str,
    audience: str,
    now: int,
    verifier: Text | None = None,
    organisation: str = "",
) -> Entry:
    """To whom, by the name and the organisation that the trust list has for them, where it has one."""
    told = {"type": type_, "claims": list(claims), "formats": [format]}
    return Entry(now, Kind.PRESENTED, {**told, **_asker(audience, verifier, organisation)})


def declined(
    audience: str,
    *,
    now: int,
    verifier: Text | None = None,
    organisation: str = "",
    asked: Iterable[str] = (),
    code: str = "",
) -> Entry:
    """A verifier was given nothing: by the person, or by the wallet for them, where there is a code. `asked`: for which facts it
    asked, as `type.field`. Who asked is empty where nobody knows."""
    names, why = list(asked), {"code": code} if code else {}
    return Entry(
        now, Kind.REFUSED, {**_asker(audience, verifier, organisation), **({"asked": names} if names else {}), **why}
    )


def unheard(place: str, code: str, *, now: int) -> Entry:
    """A request of somebody that the wallet does not know, or could not reach: from where."""
    if code in _FAILURES:
        return Entry(now, Kind.FAILED, {"from": place, "code": code})
    return Entry(now, Kind.REFUSED, {"to": "", "from": place, "code": code})


def asked_for(entry: Entry) -> tuple[Text, ...]:
    """Of a request that was not answered: each kind of document with the facts of it, by their labels."""
    named: dict[str, list[Text]] = {}
    for each in entry.details.get("asked") or ():
        type_, _, field = str(each).partition(".")
        if type_ in CATALOGUE:
            named.setdefault(type_, []).extend(one.label for one in CATALOGUE[type_].fields if one.name == field)
    return tuple(_with(CATALOGUE[type_].title, labels) for type_, labels in named.items())


def _with(title: Text, labels: Iterable[Text]) -> Text:
    vi, en = (", ".join(each.of(language) for each in labels) for language in ("vi", "en"))
    return Text(f"{title.vi}: {vi}", f"{title.en}: {en}") if vi else title


def failed(audience: str, code: str, *, now: int, verifier: Text | None = None, organisation: str = "") -> Entry:
    """A verifier was to get something, and whether it did is not known."""
    return Entry(now, Kind.FAILED, {**_asker(audience, verifier, organisation), "code": code})


def _asker(audience: str, verifier: Text | None, organisation: str) -> dict[str, Any]:
    name = {} if verifier is None else {"verifier": {"vi": verifier.vi, "en": verifier.en}}
    return {"to": audience, **name, **({"organisation": organisation} if organisation else {})}


def exported(what: str, *, now: int) -> Entry:
    return Entry(now, Kind.EXPORTED, {"what": what})


def restored(*, lines: int, documents: int, now: int) -> Entry:
    return Entry(now, Kind.RESTORED, {"lines": lines, "documents": documents})


def shown_offline(
    type_: str, view: str, *, at: int, audience: str | None = None, verifier: Text | None = None, organisation: str = ""
) -> Entry:
    """As the phone told it afterwards: the server was not there, and the document may have been replaced since."""
    claims = list(CATALOGUE[type_].view(view).fields)
    to = {} if audience is None else _asker(audience, verifier, organisation)
    return Entry(at, Kind.SHOWN, {"type": type_, "views": [view], "claims": claims, "offline": True, **to})


def removed(document: Document, *, now: int) -> Entry:
    return Entry(now, Kind.REMOVED, {"type": document.type})


def enrolled(name: str, *, now: int) -> Entry:
    return Entry(now, Kind.ENROLLED, {"device": name})


def forgotten(*, now: int) -> Entry:
    return Entry(now, Kind.FORGOTTEN)


def answered(kind: Kind, asking: Asking, *, now: int) -> Entry:
    """Who asked; not from where, which is nobody's business later."""
    return Entry(now, kind, {"client": {"vi": asking.client.vi, "en": asking.client.en}, "from": asking.host})

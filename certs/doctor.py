"""What of everything that is signed ends when, and what breaks then: read from files, said in a sentence, sorted by date.

Spec: none but our own; what ends is what `certs/x509.py`, `crl.py`, `trust.py`, `status.py` and `bundle.py` refuse.

Nothing is trusted here and nothing is changed: a file that cannot be read is told as broken, with the reason.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs import bundle, crl, desk, trust
from certs.catalogue import Text
from certs.errors import CertsError, NotValidNow
from certs.profiles import DAY, PROFILES
from certs.rotation import PLANS, ROOT_PLAN, dates, is_root, usage_of
from certs.x509 import Usage

ENDINGS = (".pem", ".der", ".crl", ".jwt", ".cbor")
FILE_LIMIT = 64 * 1024 * 1024

_BREAKS_USAGE = {
    Usage.DOCUMENT_SIGNER: Text(
        "Giấy tờ do chứng thư này ký không còn được chấp nhận.", "Documents that it signed are no longer accepted."
    ),
    Usage.STATUS_SIGNER: Text(
        "Không đọc được trạng thái giấy tờ: kết luận thành “chưa xác định được”.",
        "The state of documents cannot be read: verdicts become “cannot tell yet”.",
    ),
    Usage.TRUST_LIST_SIGNER: Text(
        "Danh sách tin cậy do chứng thư này ký bị từ chối: bên kiểm tra không cập nhật được.",
        "Trust lists that it signed are refused: verifiers can no longer update.",
    ),
    Usage.BUNDLE_SIGNER: Text(
        "Gói ngoại tuyến do chứng thư này ký bị từ chối: bên kiểm tra không cập nhật được.",
        "Bundles that it signed are refused: verifiers can no longer update.",
    ),
    Usage.READER: Text("Ví từ chối câu hỏi của bên này.", "Wallets refuse what it asks."),
}
_BREAKS_ROOT = Text(
    "Mọi giấy tờ, danh sách và gói bên dưới bị từ chối; bên kiểm tra chưa biết gốc mới phải được cấp số SHA-256 mới.",
    "Every document, list and bundle below it is refused; verifiers that do not know its next key need the new SHA-256.",
)
_BREAKS_HANDOVER = Text(
    "Bên kiểm tra chỉ biết gốc cũ phải được cấp số SHA-256 của gốc mới.",
    "Verifiers that know only the root before need the SHA-256 of the next one.",
)
_BREAKS_SERVER = Text(
    "Trình duyệt và các bên không kết nối được nữa.", "Browsers and the other roles no longer connect."
)
_BREAKS_OTHER = Text("Không rõ: chứng thư không thuộc hệ thống này.", "Not known: it is no certificate of this scheme.")
_NOTHING = Text("Không hỏng gì: đã có chứng thư kế tiếp ký thay.", "Nothing: the one after it signs already.")
_BREAKS = {
    "trust_list": Text(
        "Bên kiểm tra từ chối gói có danh sách này: không cập nhật được nữa.",
        "Verifiers refuse a bundle with this list: they can no longer update.",
    ),
    "crl": Text(
        "Không biết chứng thư nào đã bị thu hồi: kết luận thành “chưa xác định được”.",
        "Whether a signer was revoked is not known: verdicts become “cannot tell yet”.",
    ),
    "bundle": Text(
        "Ai chỉ có gói này thì không kiểm tra được nữa cho đến khi cập nhật.",
        "Whoever has only this bundle can check nothing until they refresh.",
    ),
    "status_list": Text(
        "Không biết giấy tờ trong danh sách còn hiệu lực không: kết luận thành “chưa xác định được”.",
        "Whether documents of this list still hold is not known: verdicts become “cannot tell yet”.",
    ),
}
_KINDS = {
    "root": Text("chứng thư gốc", "root"),
    "handover": Text("gốc cũ giới thiệu gốc mới", "root handing over"),
    "server": Text("máy chủ https", "https server"),
    "other": Text("chứng thư khác", "other certificate"),
    "trust_list": Text("danh sách tin cậy", "trust list"),
    "crl": Text("danh sách thu hồi", "revocation list"),
    "bundle": Text("gói ngoại tuyến", "offline bundle"),
    "status_list": Text("danh sách trạng thái", "status list"),
    "broken": Text("hỏng", "broken"),
    **{usage.name.lower(): profile.title for usage, profile in PROFILES.items()},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that ends. Times are Unix seconds; `act_by` is when its successor has to sign; both None for what is broken."""

    kind: str
    name: str
    breaks: Text
    where: tuple[str, ...]
    since: int | None = None
    act_by: int | None = None
    ends: int | None = None
    harmless: bool = False  # it ends as it should: nobody signs with it any more

    @property
    def title(self) -> Text:
        return _KINDS[self.kind]

    @property
    def when(self) -> int:
        """The date that counts: when something has to be done, else when it ends; what is broken comes before all."""
        ends = self.ends or 0
        return ends if self.act_by is None or self.harmless else min(self.act_by, ends)

    def due(self, *, now: int, days: int) -> bool:
        """Broken, over, or to be acted on within so many days."""
        return not self.harmless and self.when <= now + days * DAY


def examine(paths: Iterable[Path], *, now: int) -> tuple[Item, ...]:
    """Everything found in these files and folders, what comes first first; each certificate once, wherever it lies."""
    files = list(_files(paths))
    roots = [each for path in files for each in _certificates(path) if is_root(each)]
    found: dict[tuple[str, str, int | None], Item] = {}
    for path in files:
        for item in _of_file(path, roots, now):
            place = (item.kind, item.name, item.ends)
            known = found.get(place)
            found[place] = item if known is None else _merged(known, item)
    return tuple(sorted(found.values(), key=lambda item: (item.when, item.kind, item.name)))


def _merged(known: Item, more: Item) -> Item:
    where = known.where if set(more.where) <= set(known.where) else (*known.where, *more.where)
    first = more if known.harmless < more.harmless else known  # a copy elsewhere does not make a former one sign again
    return replace(first, where=where)


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.suffix in ENDINGS and each.is_file())
        else:
            yield path


def _certificates(path: Path) -> Iterator[x509.Certificate]:
    """Those of a file that is one. Keys are passed over, and what cannot be read is told by `_of_file`."""
    try:
        if _head(path).startswith((b"-----BEGIN CERTIFICATE", b"\x30")) and path.suffix != ".crl":
            yield desk.read(path)
    except (OSError, ValueError, CertsError):
        return


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(64)


def _of_file(path: Path, roots: list[x509.Certificate], now: int) -> Iterator[Item]:
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise ValueError("too large")
        head = _head(path)
        if b"PRIVATE KEY-----" in head or b"EC PARAMETERS" in head:
            return
        yield from _read(path, head, roots, now)
    except (OSError, ValueError, OverflowError, UnsupportedAlgorithm, CertsError) as error:
        text = Text(f"Không đọc được: {error}", f"It cannot be read: {error}")
        yield Item(kind="broken", name=path.name, breaks=text, where=(str(path),))


def _read(path: Path, head: bytes, roots: list[x509.Certificate], now: int) -> Iterator[Item]:
    if path.suffix == ".crl":
        yield _crl(path, roots, now)
    elif path.parent.name in ("trust-lists", "trust-list-deltas"):
        return  # of the past, or a way from it: what counts is the list that is published
    elif path.suffix == ".jwt":
        yield _trust_list(path, roots, now)
    elif head.startswith((b"-----BEGIN", b"\x30")):
        following = path.with_name(f"{path.stem}{desk.NEXT}{path.suffix}").exists()
        yield _certificate(desk.read(path), str(path), former=desk.FORMER in path.name, following=following)
    else:
        yield from _bundle(path, now)


def _certificate(certificate: x509.Certificate, where: str, *, former: bool = False, following: bool = False) -> Item:
    """`following`: the next one is made and known, and takes over by itself."""
    kind, breaks, plan = "other", _BREAKS_OTHER, None
    usage = usage_of(certificate)
    if usage is not None:
        kind, breaks, plan = usage.name.lower(), _BREAKS_USAGE[usage], PLANS[usage]
    elif _serves(certificate):
        kind, breaks = "server", _BREAKS_SERVER
    elif is_root(certificate):
        kind, breaks, plan = "root", _BREAKS_ROOT, ROOT_PLAN
    handover = kind == "root" and _is_handover(certificate)
    common = [str(each.value) for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    when = None if plan is None or handover else dates(certificate, plan)
    return Item(
        kind="handover" if handover else kind,
        name=f"{common[0] if common else '?'} ·{certificate.serial_number & 0xFFFF:04x}",
        breaks=_BREAKS_HANDOVER if handover else _NOTHING if former else breaks,
        where=(where,),
        since=int(certificate.not_valid_before_utc.timestamp()),
        act_by=None if when is None else when.latest if following else when.takes_over,
        ends=int(certificate.not_valid_after_utc.timestamp()),
        harmless=former or handover,
    )


def _is_handover(certificate: x509.Certificate) -> bool:
    """A root's next key that the root before certified: not signed by itself."""
    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature):
        return True
    return False


def _serves(certificate: x509.Certificate) -> bool:
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.SERVER_AUTH in purposes


def _crl(path: Path, roots: list[x509.Certificate], now: int) -> Item:
    held = crl.read(path.read_bytes(), roots, now=now)
    return Item(
        kind="crl",
        name=f"#{held.number}",
        breaks=_BREAKS["crl"],
        where=(str(path),),
        since=held.issued,
        ends=held.next_update,
    )


def _trust_list(path: Path, roots: list[x509.Certificate], now: int) -> Item:
    token = path.read_text("ascii")
    try:
        held = trust.read(token, roots, now=now)
    except NotValidNow:  # its signer has ended: what it says is still told
        held = trust.read(token, roots, now=min(now, max(_ended(token), 0)))
    return _list_item(held, str(path))


def _ended(token: str) -> int:
    return int(trust.signer_of(token).not_valid_after_utc.timestamp())


def _list_item(held: trust.TrustList, where: str) -> Item:
    return Item(
        kind="trust_list",
        name=f"#{held.sequence}",
        breaks=_BREAKS["trust_list"],
        where=(where,),
        since=held.issued,
        ends=held.next_update,
    )


def _bundle(path: Path, now: int) -> Iterator[Item]:
    held = bundle.read(path.read_bytes(), now=now)
    where = f"{path} #{held.sequence}"
    for part in held.parts():
        if part.kind == "root":
            continue
        name = part.name if part.kind == "status_list" else f"#{part.name}"
        if part.kind == "crl":
            name = f"#{next(each.number for each in held.trust.crls if each.issued == part.issued)}"
        yield Item(
            kind=part.kind,
            name=name,
            breaks=_BREAKS[part.kind],
            where=(where,),
            since=part.issued,
            ends=part.until,
        )
    listed = {each for one in held.trust.list.services for each in one.certificates}
    readers = {each for one in held.trust.list.readers for each in one.certificates}
    for certificate in (*held.trust.anchors, *listed, *readers):
        yield _certificate(certificate, where)

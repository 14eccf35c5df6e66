"""The offline bundle: anchors, trust list, status lists and, where there are any, revocation lists of certificates, in one
signed file with a sequence number.

Spec: none but our own (`certs/qr.md` §Bundle); a COSE_Sign1 (RFC 9052) with x5chain (RFC 9360) over deterministic CBOR.

What makes a bundle trusted is where it came from:
 - `read` of a file that the operator put there: its own anchors, or only the pinned root when a fingerprint is given;
 - `kept` of a file that was checked when it came: the same, and also where the clock stands before it;
 - `first` from anywhere: the pinned root, and it must still be good today;
 - `update` from the network: the anchors of the bundle already held (as TUF does it), never its own.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import cbor, cose, crl, status, trust
from certs.crl import NO_CRLS, Crls
from certs.encoding import TIME_LIMIT
from certs.errors import Malformed, NotValidNow, Unsupported, Untrusted
from certs.keys import Signer
from certs.status import StatusLists
from certs.trust import TrustStore
from certs.x509 import Usage, check_path, introduced, load, public_key, taken_back

TYP = "application/vn-bundle+cose"
SEQUENCE, ISSUED, EXPIRES, ANCHORS, TRUST_LIST, STATUS_LISTS, CRLS = 1, 2, 3, 4, 5, 6, 7
CLOCK_SKEW = 300  # seconds that the publisher's clock may be ahead of ours


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that an offline verdict rests on. Times are Unix seconds."""

    sequence: int
    issued: int
    expires: int
    trust: TrustStore
    statuses: StatusLists
    raw: bytes = field(repr=False)

    def parts(self) -> tuple["Part", ...]:
        """Of what it is made, and until when each is good. What ends with which part stands in `certs/qr.md` §9."""
        names = [(each.subject.rfc4514_string(), each) for each in self.trust.anchors]
        roots = [
            Part("root", name, int(each.not_valid_before_utc.timestamp()), int(each.not_valid_after_utc.timestamp()))
            for name, each in names
        ]
        by_id = {crl.authority_id(each): name for name, each in names}
        crls = [
            Part("crl", by_id.get(each.issuer, each.issuer.hex()), each.issued, each.next_update)
            for each in self.trust.crls
        ]
        lists = [
            Part("status_list", each.uri, each.known, min(each.expires, each.known + each.ttl))
            for each in self.statuses
        ]
        listed = self.trust.list
        trusted = Part("trust_list", str(listed.sequence), listed.issued, listed.next_update)
        return (Part("bundle", str(self.sequence), self.issued, self.expires), *roots, trusted, *crls, *lists)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bundle that has an end of its own: of which kind, which one, since when and until when it is good."""

    kind: str
    name: str
    issued: int
    until: int


def build(
    *,
    sequence: int,
    now: int,
    lifetime: int,
    anchors: Iterable[x509.Certificate],
    trust_list: str,
    status_lists: Mapping[str, bytes],
    signer: Signer,
    chain: Sequence[x509.Certificate],
    crls: Sequence[bytes] = (),
) -> bytes:
    """Sign a bundle; `status_lists` maps URI to status list CWT, `chain` is the bundle signer's, `crls` are DER, one an
    anchor. Without any, the bundle has no place for them, as before there were any."""
    payload: dict[int, Any] = {
        SEQUENCE: sequence,
        ISSUED: now,
        EXPIRES: now + lifetime,
        ANCHORS: [anchor.public_bytes(Encoding.DER) for anchor in anchors],
        TRUST_LIST: trust_list,
        STATUS_LISTS: dict(status_lists),
        **({CRLS: list(crls)} if crls else {}),
    }
    certificates = [certificate.public_bytes(Encoding.DER) for certificate in chain]
    x5chain = certificates[0] if len(certificates) == 1 else certificates
    return cose.sign(cbor.encode(payload), signer, header={cose.TYP: TYP, cose.X5CHAIN: x5chain})


def read(data: bytes, *, now: int, root_sha256: str | None = None) -> Bundle:
    """A bundle from the operator's own disk, or a first one from the network with the root's pinned fingerprint.

    `root_sha256` is the hex SHA-256 of the root certificate in DER. The path is checked at the bundle's own time: a file
    that was good when it came stays readable offline; how old it is, every verdict tells.
    """
    return _read(*_open(data), data, now=now, root_sha256=root_sha256)


def kept(data: bytes, *, now: int, root_sha256: str | None = None) -> Bundle:
    """The bundle that somebody holds, read again; as `read`. One from the future says that this machine's clock is wrong: what
    rests on it is told as such (`clock_is_behind`), and no older one takes its place for that. Raises CertsError."""
    message, payload = _open(data)
    return _read(message, payload, data, now=max(now, payload[ISSUED]), root_sha256=root_sha256)


def clock_is_behind(held: Bundle, *, now: int) -> bool:
    """Whether this machine's clock stands before the time at which its own trust data was signed: then it is wrong."""
    return now < held.issued - CLOCK_SKEW


def first(data: bytes, *, now: int, root_sha256: str) -> Bundle:
    """A bundle for whoever holds none: under the pinned root, and good now. An old one says the time of its own making, and
    so could whoever has the key of a signer that has ended or was revoked since. Raises CertsError."""
    message, payload = _open(data)
    new = _verified(message, payload, data, anchors=_pinned(payload, root_sha256), at=now, now=now)
    if min(new.expires, new.trust.list.next_update) <= now:
        raise NotValidNow("expired", "bundle, or its trust list")
    return new


def update(held: Bundle, data: bytes, *, now: int) -> Bundle:
    """The bundle that takes the place of `held`. Raises CertsError, and then `held` stays.

    1. signed under an anchor that we hold already, by nobody whom a list revokes that we hold or that comes
    2. not expired, not from the future
    3. sequence not lower; an equal one is the same bundle  4. no part of it older than what we hold
    """
    message, payload = _open(data)
    new = _verified(message, payload, data, anchors=held.trust.anchors, at=now, now=now, held=held.trust.crls)  # 1
    if new.expires <= now:  # 2
        raise NotValidNow("expired", "bundle")
    if new.sequence < held.sequence or (new.sequence == held.sequence and new.raw != held.raw):  # 3
        raise NotValidNow("presentation_replayed", f"bundle {new.sequence} after {held.sequence}")
    trust.check_successor(held.trust.list, new.trust.list, now=now)  # 4
    held.statuses.check_successors(new.statuses)
    held.trust.crls.check_successors(new.trust.crls, new.trust.anchors)
    return new


def _read(message: cose.Sign1, payload: Mapping[int, Any], data: bytes, *, now: int, root_sha256: str | None) -> Bundle:
    anchors = _anchors(payload) if root_sha256 is None else _pinned(payload, root_sha256)
    return _verified(message, payload, data, anchors=anchors, at=min(now, payload[ISSUED]), now=now)


def fingerprint(certificate: x509.Certificate) -> str:
    """Hex SHA-256 of the DER, as an operator compares it by eye."""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def open_parts(data: bytes) -> tuple[cose.Sign1, dict[int, Any]]:
    """The message and its payload, of the right shape; nothing of it is believed yet."""
    return _open(data)


def _open(data: bytes) -> tuple[cose.Sign1, dict[int, Any]]:
    message = cose.parse(data, cbor.BUNDLE)
    cose.expect_typ(message, TYP)
    payload = cbor.decode(message.payload, cbor.BUNDLE)
    kinds = {SEQUENCE: int, ISSUED: int, EXPIRES: int, ANCHORS: list, TRUST_LIST: str, STATUS_LISTS: dict}
    if not isinstance(payload, dict) or set(payload) - {CRLS} != set(kinds):
        raise Malformed("malformed", "bundle")
    if not all(type(payload[key]) is kind for key, kind in kinds.items()) or payload[SEQUENCE] < 1:
        raise Malformed("malformed", "bundle")
    if not all(0 <= payload[key] < TIME_LIMIT for key in (ISSUED, EXPIRES)):
        raise Malformed("malformed", "times of the bundle")
    lists = payload[STATUS_LISTS]
    if not all(isinstance(uri, str) and isinstance(token, bytes) for uri, token in lists.items()):
        raise Malformed("malformed", "status lists of the bundle")
    return message, payload


def _anchors(payload: Mapping[int, Any]) -> list[x509.Certificate]:
    ders = payload[ANCHORS]
    if not 1 <= len(ders) <= 8 or not all(isinstance(der, bytes) for der in ders):
        raise Malformed("malformed", "anchors")
    anchors = [load(der) for der in ders]
    if any(public_key(anchor).alg != "ES256" for anchor in anchors):
        raise Unsupported("alg_not_allowed", "roots are on P-256")
    return anchors


def _pinned(payload: Mapping[int, Any], root_sha256: str) -> list[x509.Certificate]:
    anchors = [anchor for anchor in _anchors(payload) if fingerprint(anchor) == root_sha256.lower()]
    if not anchors:
        raise Untrusted("issuer_untrusted", "the pinned root is not in this bundle")
    return anchors


def _crls(payload: Mapping[int, Any], anchors: Sequence[x509.Certificate], *, now: int) -> Crls:
    """At most one list an anchor. A list binds only what its own authority certified: it needs no bundle to be believed."""
    if CRLS not in payload:
        return NO_CRLS
    ders = payload[CRLS]
    if not isinstance(ders, list) or not 1 <= len(ders) <= len(anchors):
        raise Malformed("malformed", "revocation lists of the bundle")
    if not all(isinstance(der, bytes) for der in ders):
        raise Malformed("malformed", "revocation lists of the bundle")
    lists = [crl.read(der, anchors, now=now) for der in ders]
    if len({each.issuer for each in lists}) != len(lists):
        raise Malformed("duplicate_key", "two revocation lists of one authority")
    return Crls(lists)


def _verified(
    message: cose.Sign1,
    payload: Mapping[int, Any],
    data: bytes,
    *,
    anchors: Sequence[x509.Certificate],
    at: int,
    now: int,
    held: Crls = NO_CRLS,
) -> Bundle:
    if payload[ISSUED] > now + CLOCK_SKEW:
        raise NotValidNow("issued_in_future", "bundle")
    chain = [load(der) for der in cose.chain(message)]
    own = _anchors(payload)
    crls = _crls(payload, own, now=at)
    both = Crls((*held, *crls))
    anchors, own = ([each for each in some if not taken_back(each, own, both)] for some in (anchors, own))
    believed = introduced(anchors, own, now=at, crls=both)  # a root that we hold may hand over to its next key
    check_path(chain[0], chain[1:], believed, usage=Usage.BUNDLE_SIGNER, now=at, crls=both)
    cose.verify(message, public_key(chain[0]))
    # From here on the bundle's own anchors count: whoever may sign bundles may introduce the next root (rotation).
    trust_list = trust.read(payload[TRUST_LIST], own, now=at, crls=crls)
    lists = status.hold(payload[STATUS_LISTS], anchors=own, now=at, resolved=payload[ISSUED], crls=crls)
    store = TrustStore(own, trust_list, crls)
    return Bundle(payload[SEQUENCE], payload[ISSUED], payload[EXPIRES], store, lists, data)

"""The signed list of who may issue which document and who may ask for what; and the store of what a verifier trusts.

Spec: ETSI TS 119 602 v1.1.1 (list of trusted entities, JSON), signed as a compact JWS with x5c (JAdES baseline B shape).

Nothing here reads a clock, a file or a socket: bytes in, a list or a refusal out. Reading a list:
 1. JWS whose signer's path ends at an anchor and whose certificate is a trust-list signer
 2. the shape of TS 119 602: scheme information, then entities with services (`certs/lote.py`)
 3. each service: one document type to issue, or one purpose to ask for, its certificates, when it was granted and withdrawn
 4. replacing a held list: the sequence number may not fall, and equal numbers mean equal lists (no rollback)
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs import jose
from certs.catalogue import CATALOGUE, Text
from certs.crl import NO_CRLS, Crls
from certs.encoding import json_decode
from certs.errors import Malformed, NotValidNow, Unsupported, Untrusted
from certs.keys import PublicKey, Signer
from certs.lote import Reader, Right, Service, TrustList, from_json, to_json
from certs.x509 import Path, Usage, check_path, find_path, key_id, load, public_key

__all__ = ["Reader", "Right", "Service", "TrustList", "TrustStore", "TrustedSigner", "check_successor", "read", "sign"]
TYP = "lote+jwt"
LIST_LIMIT = 4 * 1024 * 1024
_CLOCK_SKEW = 300  # seconds that the publisher's clock may be ahead of ours


def sign(trust_list: TrustList, signer: Signer, chain: Sequence[x509.Certificate]) -> str:
    """The compact JWS of the list; `chain` is the signer's certificate and any intermediate."""
    return sign_json(to_json(trust_list), signer, chain, typ=TYP)


def sign_json(content: Mapping[str, Any], signer: Signer, chain: Sequence[x509.Certificate], *, typ: str) -> str:
    x5c = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in chain]
    return jose.sign(content, signer, typ=typ, headers={"x5c": x5c, "kid": None})


def read(token: str, anchors: Iterable[x509.Certificate], *, now: int, crls: Crls = NO_CRLS) -> TrustList:
    """A list whose signature, path and shape hold at `now`. Raises CertsError."""
    payload = read_json(token, anchors, typ=TYP, now=now, crls=crls)  # 1
    try:
        trust_list = from_json(json_decode(payload, limit=LIST_LIMIT), token)  # 2, 3
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Malformed("malformed", f"trust list: {type(error).__name__}") from error
    if trust_list.issued > now + _CLOCK_SKEW:
        raise NotValidNow("issued_in_future", "trust list")
    return trust_list


def read_json(token: str, anchors: Iterable[x509.Certificate], *, typ: str, now: int, crls: Crls) -> bytes:
    """What the operator of the trust scheme signed under that type, and nobody else. Raises CertsError."""
    parsed = jose.parse(token)
    chain = _x5c(parsed.header)
    check_path(chain[0], chain[1:], anchors, usage=Usage.TRUST_LIST_SIGNER, now=now, crls=crls)
    return jose.verify_parsed(parsed, lambda _: public_key(chain[0]), typ=typ).payload


def signer_of(token: str) -> x509.Certificate:
    """Who says that they signed it: nothing is checked. Raises CertsError."""
    return _x5c(jose.parse(token).header)[0]


def check_successor(held: TrustList, new: TrustList, *, now: int) -> None:
    """4. Raises NotValidNow when `new` may not take the place of `held`."""
    same = new.services == held.services and new.readers == held.readers
    if new.sequence < held.sequence or (new.sequence == held.sequence and not same):
        raise NotValidNow("presentation_replayed", f"trust list {new.sequence} after {held.sequence}")
    if new.next_update <= now:
        raise NotValidNow("expired", "trust list")


@dataclass(frozen=True, slots=True)
class TrustedSigner:
    """A certificate on the list, its key made once, and what it may issue."""

    certificate: x509.Certificate
    fingerprint: bytes
    key: PublicKey
    authority: str
    name: Text
    services: tuple[Service, ...]


class TrustStore:
    """Anchors, one trust list and revocation lists, indexed for verification. Immutable but for its cache of paths."""

    def __init__(self, anchors: Iterable[x509.Certificate], trust_list: TrustList, crls: Crls = NO_CRLS) -> None:
        self.anchors = tuple(anchors)
        self.list = trust_list
        self.crls = crls
        oldest = min((each.issued for each in crls), default=None)
        # Since when each piece of it is known, in Unix seconds; of the revocation lists the oldest.
        self.known_as_of = {"trust_list": trust_list.issued} | ({} if oldest is None else {"crl": oldest})
        self._signers = _by_key_id(trust_list.services)
        self._listed: dict[bytes, tuple[TrustedSigner, ...]] = {}
        for signer in (each for signers in self._signers.values() for each in signers):
            self._listed[signer.fingerprint] = (*self._listed.get(signer.fingerprint, ()), signer)
        self._paths: dict[bytes, Path] = {}
        self._readers: dict[x509.Certificate, tuple[Reader, ...]] = {}
        for reader in trust_list.readers:
            for certificate in reader.certificates:
                self._readers[certificate] = (*self._readers.get(certificate, ()), reader)

    def signers(self, kid: bytes) -> tuple[TrustedSigner, ...]:
        """Every signer of that key id: eight bytes may collide, so the caller tries each. Raises Untrusted."""
        found = self._signers.get(kid)
        if not found:
            raise Untrusted("key_not_found", f"no signer {kid.hex()}")
        return found

    def listed(self, certificate: bytes) -> tuple[TrustedSigner, ...]:
        """Whoever may issue with this certificate (DER), which need not be parsed again. Raises Untrusted."""
        found = self._listed.get(hashlib.sha256(certificate).digest())
        if not found:
            raise Untrusted("issuer_untrusted", "the certificate is not on the trust list")
        return found

    def check_path(self, signer: TrustedSigner, *, now: int, signed: int | None = None) -> None:
        """The path of a signer at `now`, for a document that says it was signed at `signed`. A path found once is only
        re-checked in time and for revocation: its bytes cannot change. Unavailable is raised only where all else holds."""
        path = self._paths.get(signer.fingerprint)
        if path is None or not path.valid_from <= now <= path.valid_until:  # by another root there may be one
            usage = Usage.DOCUMENT_SIGNER
            path = find_path(signer.certificate, (), self.anchors, usage=usage, now=now, crls=self.crls)
            self._paths[signer.fingerprint] = path
        path.check_time(now)
        path.check_revoked(now=now, signed=signed)

    def check_issuer(self, signer: TrustedSigner, *, authority: str, document: str, at: int) -> None:
        """May this authority issue this type at that time? Raises Untrusted."""
        if authority != signer.authority:
            raise Untrusted("issuer_untrusted", "iss is not the signer's authority")
        for service in signer.services:
            if service.document == document and service.covers(at):
                return
        raise Untrusted("issuer_untrusted", f"{authority} may not issue {document} at that date")

    def readers(self, certificate: x509.Certificate, *, at: int) -> tuple[Reader, ...]:
        """Who asks with this certificate, once for each purpose that holds at that time. The path is looked at as well.
        Raises Untrusted for whoever may not ask at all, and whatever a path that does not hold raises."""
        listed = self._readers.get(certificate)
        if not listed:
            raise Untrusted("issuer_untrusted", "the reader is not on the trust list")
        check_path(certificate, (), self.anchors, usage=Usage.READER, now=at, crls=self.crls)
        granted = tuple(reader for reader in listed if reader.covers(at))
        if not granted:
            raise Untrusted("issuer_untrusted", f"{listed[0].organisation} may not ask at that date")
        return granted

    def check_reader(
        self, certificate: x509.Certificate, document: str, claims: Iterable[str], *, at: int
    ) -> tuple[Reader, ...]:
        """The purposes for which this reader may ask for all of these claims together: a citizen is shown them.

        1. listed, its path holds, and a purpose of its runs at that time: `readers`
        2. one and the same purpose allows each claim, by itself or by a view; it never adds purposes up: policy_refused
        """
        wanted = frozenset(claims)
        granted = self.readers(certificate, at=at)  # 1
        allowed = tuple(reader for reader in granted if wanted <= askable(reader, document))  # 2
        if not wanted or not allowed:
            raise Unsupported("policy_refused", f"{granted[0].organisation} may not ask for that of {document}")
        return allowed


def askable(reader: Reader, document: str) -> frozenset[str]:
    """The claims that one purpose allows. A view or a document that we do not know allows nothing."""
    kind, claims = CATALOGUE.get(document), set[str]()
    for right in reader.rights:
        if right.document == document and kind is not None:
            views = (view for view in kind.views if view.name in right.views)
            claims.update(right.claims, *(view.fields for view in views))
    return frozenset(claims)


_SHA256 = hashes.SHA256()


def _by_key_id(services: Iterable[Service]) -> Mapping[bytes, tuple[TrustedSigner, ...]]:
    grouped: dict[tuple[bytes, str], list[Service]] = {}
    certificates: dict[bytes, x509.Certificate] = {}
    for service in services:
        for certificate in service.certificates:
            der = certificate.public_bytes(Encoding.DER)
            certificates[der] = certificate
            grouped.setdefault((der, service.authority), []).append(service)
    signers: dict[bytes, tuple[TrustedSigner, ...]] = {}
    for (der, authority), offered in grouped.items():
        certificate = certificates[der]
        key, print_ = public_key(certificate), certificate.fingerprint(_SHA256)
        signer = TrustedSigner(certificate, print_, key, authority, offered[0].name, tuple(offered))
        signers[key_id(certificate)] = (*signers.get(key_id(certificate), ()), signer)
    return signers


def _x5c(header: Mapping[str, Any]) -> list[x509.Certificate]:
    x5c = header.get("x5c")
    if not isinstance(x5c, list) or not 1 <= len(x5c) <= 4 or not all(isinstance(item, str) for item in x5c):
        raise Untrusted("chain_invalid", "x5c")
    try:
        return [load(base64.b64decode(item, validate=True)) for item in x5c]  # RFC 7515 §4.1.6: base64, not base64url
    except ValueError as error:  # binascii.Error
        raise Untrusted("chain_invalid", "x5c") from error

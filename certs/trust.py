"""The signed list of who may issue which document, from when to when; and the store of what a verifier trusts.

Spec: ETSI TS 119 602 v1.1.1 (list of trusted entities, JSON), signed as a compact JWS with x5c (JAdES baseline B shape).

Nothing here reads a clock, a file or a socket: bytes in, a list or a refusal out. Reading a list:
 1. JWS whose signer's path ends at an anchor and whose certificate is a trust-list signer
 2. the shape of TS 119 602: scheme information, then entities with services
 3. each service: one document type, its certificates, and the times at which it was granted and withdrawn
 4. replacing a held list: the sequence number may not fall, and equal numbers mean equal lists (no rollback)
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs import jose
from certs.catalogue import Text
from certs.crl import NO_CRLS, Crls
from certs.encoding import json_decode, safe_text
from certs.errors import Malformed, NotValidNow, Untrusted
from certs.keys import PublicKey, Signer
from certs.x509 import Path, Usage, check_path, find_path, key_id, load, public_key

TYP = "lote+jwt"
LIST_LIMIT = 4 * 1024 * 1024
_LOTE_TYPE = "urn:vneid-reference:lote-type:document-issuers"
_SERVICE_TYPE = "urn:vneid-reference:svc-type:issuance:"
_GRANTED = "urn:vneid-reference:svc-status:granted"
_WITHDRAWN = "urn:vneid-reference:svc-status:withdrawn"
_CLOCK_SKEW = 300  # seconds that the publisher's clock may be ahead of ours


@dataclass(frozen=True, slots=True)
class Service:
    """That an authority may issue one document type with these certificates, from `since` until `until` (exclusive)."""

    authority: str
    name: Text
    document: str
    certificates: tuple[x509.Certificate, ...]
    since: int
    until: int | None = None

    def covers(self, at: int) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class TrustList:
    sequence: int
    issued: int
    next_update: int
    services: tuple[Service, ...]
    token: str = ""  # the signed form it came from


def sign(trust_list: TrustList, signer: Signer, chain: Sequence[x509.Certificate]) -> str:
    """The compact JWS of the list; `chain` is the signer's certificate and any intermediate."""
    x5c = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in chain]
    return jose.sign(_to_json(trust_list), signer, typ=TYP, headers={"x5c": x5c, "kid": None})


def read(token: str, anchors: Iterable[x509.Certificate], *, now: int, crls: Crls = NO_CRLS) -> TrustList:
    """A list whose signature, path and shape hold at `now`. Raises CertsError."""
    parsed = jose.parse(token)
    chain = _x5c(parsed.header)
    check_path(chain[0], chain[1:], anchors, usage=Usage.TRUST_LIST_SIGNER, now=now, crls=crls)  # 1
    jws = jose.verify_parsed(parsed, lambda _: public_key(chain[0]), typ=TYP)
    try:
        trust_list = _from_json(json_decode(jws.payload, limit=LIST_LIMIT), token)  # 2, 3
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Malformed("malformed", f"trust list: {type(error).__name__}") from error
    if trust_list.issued > now + _CLOCK_SKEW:
        raise NotValidNow("issued_in_future", "trust list")
    return trust_list


def check_successor(held: TrustList, new: TrustList, *, now: int) -> None:
    """4. Raises NotValidNow when `new` may not take the place of `held`."""
    if new.sequence < held.sequence or (new.sequence == held.sequence and new.services != held.services):
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
        self._signers = _by_key_id(trust_list.services)
        self._listed: dict[bytes, tuple[TrustedSigner, ...]] = {}
        for signer in (each for signers in self._signers.values() for each in signers):
            self._listed[signer.fingerprint] = (*self._listed.get(signer.fingerprint, ()), signer)
        self._paths: dict[bytes, Path] = {}

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
        if path is None:
            usage = Usage.DOCUMENT_SIGNER
            path = find_path(signer.certificate, (), self.anchors, usage=usage, now=now, crls=self.crls)
            self._paths[signer.fingerprint] = path
        path.check_time(now)
        path.check_revoked(now=now, signed=signed)

    def check_issuer(self, signer: TrustedSigner, *, authority: str, document: str, at: int) -> None:
        """May this authority issue this type at that time? Raises Untrusted."""
        if authority != signer.authority:
            raise Untrusted("issuer_untrusted", "iss is not the signer's authority")
        if not any(service.document == document and service.covers(at) for service in signer.services):
            raise Untrusted("issuer_untrusted", f"{authority} may not issue {document} at that date")


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


# --- the JSON of TS 119 602 -------------------------------------------------------------------------------------------


def _to_json(trust_list: TrustList) -> dict[str, Any]:
    entities: dict[str, list[Service]] = {}
    for service in trust_list.services:
        entities.setdefault(service.authority, []).append(service)
    return {
        "LoTE": {
            "ListAndSchemeInformation": {
                "LoTEVersionIdentifier": 1,
                "LoTESequenceNumber": trust_list.sequence,
                "LoTEType": _LOTE_TYPE,
                "SchemeOperatorName": _strings(
                    Text("Danh sách tin cậy (mô phỏng)", "Trust list operator (simulation)")
                ),
                "SchemeTerritory": "VN",
                "ListIssueDateTime": _time(trust_list.issued),
                "NextUpdate": _time(trust_list.next_update),
            },
            "TrustedEntitiesList": [
                {
                    "TrustedEntityInformation": {
                        "TEName": _strings(services[0].name),
                        "TETradeName": [{"lang": "en", "value": authority}],
                    },
                    "TrustedEntityServices": [_service_to_json(service) for service in services],
                }
                for authority, services in entities.items()
            ],
        }
    }


def _service_to_json(service: Service) -> dict[str, Any]:
    """A service that ended is *withdrawn* since its end, and its history tells since when it was *granted*."""
    granted = {"ServiceStatus": _GRANTED, "StatusStartingTime": _time(service.since)}
    now = granted
    if service.until is not None:
        now = {"ServiceStatus": _WITHDRAWN, "StatusStartingTime": _time(service.until)}
    values = [
        {"val": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}
        for certificate in service.certificates
    ]
    information = {
        "ServiceTypeIdentifier": _SERVICE_TYPE + service.document,
        "ServiceName": [{"lang": "en", "value": service.document}],
        "ServiceDigitalIdentity": {"X509Certificates": values},
        **now,
    }
    if service.until is None:
        return {"ServiceInformation": information}
    return {"ServiceInformation": information, "ServiceHistory": [granted]}


def _from_json(value: Any, token: str) -> TrustList:
    lote = value["LoTE"]
    scheme = lote["ListAndSchemeInformation"]
    if scheme["LoTEVersionIdentifier"] != 1 or scheme["LoTEType"] != _LOTE_TYPE:
        raise Malformed("type_mismatch", "kind of trust list")
    sequence = scheme["LoTESequenceNumber"]
    if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < 1:
        raise Malformed("malformed", "sequence number")
    services = tuple(
        _service_from_json(entity["TrustedEntityInformation"], service)
        for entity in lote["TrustedEntitiesList"]
        for service in entity["TrustedEntityServices"]
    )
    return TrustList(sequence, _seconds(scheme["ListIssueDateTime"]), _seconds(scheme["NextUpdate"]), services, token)


def _service_from_json(entity: Any, service: Any) -> Service:
    information = service["ServiceInformation"]
    status, starts = information["ServiceStatus"], _seconds(information["StatusStartingTime"])
    since, until = starts, None
    if status == _WITHDRAWN:
        (granted,) = service["ServiceHistory"]
        since, until = _seconds(granted["StatusStartingTime"]), starts
    elif status != _GRANTED:
        raise Malformed("malformed", "service status")
    identifier = information["ServiceTypeIdentifier"]
    if not identifier.startswith(_SERVICE_TYPE):
        raise Malformed("malformed", "service type")
    names = {name["lang"]: safe_text(name["value"]) for name in entity["TEName"]}  # a verdict shows them
    certificates = tuple(
        load(base64.b64decode(item["val"], validate=True))
        for item in information["ServiceDigitalIdentity"]["X509Certificates"]
    )
    authority = str(entity["TETradeName"][0]["value"])
    return Service(
        authority, Text(names["vi"], names["en"]), identifier.removeprefix(_SERVICE_TYPE), certificates, since, until
    )


def _x5c(header: Mapping[str, Any]) -> list[x509.Certificate]:
    x5c = header.get("x5c")
    if not isinstance(x5c, list) or not 1 <= len(x5c) <= 4 or not all(isinstance(item, str) for item in x5c):
        raise Untrusted("chain_invalid", "x5c")
    try:
        return [load(base64.b64decode(item, validate=True)) for item in x5c]  # RFC 7515 §4.1.6: base64, not base64url
    except ValueError as error:  # binascii.Error
        raise Untrusted("chain_invalid", "x5c") from error


def _strings(text: Text) -> list[dict[str, str]]:
    return [{"lang": "vi", "value": text.vi}, {"lang": "en", "value": text.en}]


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())

"""The small nation that the published vectors speak of: fixed keys, fixed times, and messages that no issuer would make.

Spec: RFC 6979 (deterministic ECDSA), so that every run gives the same bytes; RFC 9052 §4.4.

The keys are published with the vectors: nothing outside a test may ever trust them.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from certs import bundle, cbor, cose, proof, status, trust
from certs.authority import DAY, Authority
from certs.catalogue import AUTHORITIES, document_type
from certs.encoding import b64url_encode
from certs.formats import cwt
from certs.keys import MemorySigner
from certs.status import Status, StatusList
from certs.trust import Service, TrustList
from certs.x509 import Usage, key_id

NOW = 1_790_000_000  # 2026-09-21T14:13:20Z
HANDOVER = 1_740_787_200  # 2025-03-01: driving licences pass from transport to public security
URI = "https://idp.example/status-lists/1"
AUDIENCE, CHALLENGE = "https://counter.bank.example", bytes(range(16))
REVOKED, SUSPENDED, LOCKED = 2, 3, 4  # indexes in the list

LICENCE: Mapping[str, Any] = {
    "personal_identification_number": "999203001234",
    "full_name": "Nguyễn Thị Thuỳ Dương",
    "birth_date": "2003-05-09",
    "nationality": "Việt Nam",
    "residence": "12 Ngõ Huế, Phường Cửa Nam, Thành phố Hà Nội",
    "age_over_18": True,
    "licence_number": "012345678901",
    "classes": [
        {"class": "A1", "issued": "2021-06-01", "expires": None},
        {"class": "B", "issued": "2025-03-10", "expires": "2035-03-10"},
    ],
    "points": 12,
    "issued_on": "2025-03-10",
}
HEALTH: Mapping[str, Any] = {
    "full_name": "Y-Bhik Êban",
    "birth_date": "1958",
    "sex": "male",
    "blood_group": None,
    "allergies": ["Penicillin"],
    "conditions": [],
    "vaccinations": ["Sởi", "Uốn ván"],
}


class _PublishedSigner(MemorySigner):
    """A key that anybody can compute from its name, with signatures that anybody can repeat (RFC 6979)."""

    __slots__ = ()

    def sign(self, message: bytes) -> bytes:
        key = self.crypto()
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError("published keys are on P-256")
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def signer(name: str) -> MemorySigner:
    """The private number is SHA-256 of the name, which stays below the order of P-256 for every name used here."""
    number = int.from_bytes(hashlib.sha256(f"vneid-reference vectors: {name}".encode()).digest(), "big")
    return _PublishedSigner(ec.derive_private_key(number, ec.SECP256R1()), "ES256")


def private_jwk(key: MemorySigner) -> dict[str, str]:
    private = key.crypto()
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise TypeError("published keys are on P-256")
    return {**key.public.bare_jwk(), "d": b64url_encode(private.private_numbers().private_value.to_bytes(32, "big"))}


class Desk(NamedTuple):
    """Somebody with a key and the certificate for it."""

    signer: MemorySigner
    certificate: x509.Certificate

    @property
    def kid(self) -> bytes:
        return key_id(self.certificate)


class Nation:
    """Root, signers, trust list, status list and bundle of the vectors."""

    def __init__(self) -> None:
        self.root = Authority.create("Vectors root", now=NOW - 1000 * DAY, key=signer("root"), serial=1)
        self.holder = signer("holder")
        self.stranger = signer("stranger")
        issuers = {name: self._desk(name, number) for number, name in enumerate(AUTHORITIES, start=2)}
        self.issuers: Mapping[str, Desk] = issuers
        self.expired = self._desk("expired signer", 20, ends=NOW - DAY)
        self.misused = self._desk("misused signer", 21, usage=Usage.STATUS_SIGNER)
        self._list_desk = self._desk("trust list", 22, usage=Usage.TRUST_LIST_SIGNER)
        self._status_desk = self._desk("status", 23, usage=Usage.STATUS_SIGNER)
        self._bundle_desk = self._desk("bundle", 24, usage=Usage.BUNDLE_SIGNER)
        self.statuses = StatusList(
            URI,
            2,
            status.pack(64, {REVOKED: Status.INVALID, SUSPENDED: Status.SUSPENDED, LOCKED: Status.HOLDER_LOCKED}),
            NOW - 600,
            NOW + 7 * DAY,
            DAY,
        )
        self.services = (
            self._service("transport", "driving_licence", until=HANDOVER),
            self._service("public-security", "driving_licence", since=HANDOVER),
            self._service("public-security", "citizen_identity"),
            self._service("health", "health_record", self.expired, self.misused),
            self._service("tax", "tax_registration"),
        )
        self.data = self._bundle()
        self.bundle = bundle.read(self.data, now=NOW)

    def _desk(
        self, name: str, serial: int, *, usage: Usage = Usage.DOCUMENT_SIGNER, ends: int = NOW + 365 * DAY
    ) -> Desk:
        key = signer(name)
        starts = NOW - 900 * DAY
        certificate = self.root.issue(
            name, key.public, usage, now=NOW, starts=starts, days=(ends - starts) // DAY, serial=serial
        )
        return Desk(key, certificate)

    def _service(
        self, authority: str, document: str, *more: Desk, since: int = NOW - 900 * DAY, until: int | None = None
    ) -> Service:
        certificates = tuple(desk.certificate for desk in (self.issuers[authority], *more))
        return Service(authority, AUTHORITIES[authority].name, document, certificates, since, until)

    def _bundle(self) -> bytes:
        trust_list = TrustList(1, NOW - 600, NOW + 30 * DAY, self.services)
        return bundle.build(
            sequence=1,
            now=NOW - 600,
            lifetime=30 * DAY,
            anchors=[self.root.certificate],
            trust_list=trust.sign(trust_list, self._list_desk.signer, [self._list_desk.certificate]),
            status_lists={
                URI: status.sign_cwt(self.statuses, self._status_desk.signer, [self._status_desk.certificate])
            },
            signer=self._bundle_desk.signer,
            chain=[self._bundle_desk.certificate],
        )

    def issue(
        self,
        document: str = "driving_licence",
        view: str = "licence",
        record: Mapping[str, Any] = LICENCE,
        *,
        authority: str = "public-security",
        desk: Desk | None = None,
        issued: int = NOW - 3600,
        expires: int = NOW + 29 * DAY,
        index: int = 7,
        uri: str = URI,
    ) -> bytes:
        by = desk or self.issuers[authority]
        return cwt.issue(
            document=document_type(document),
            view=view,
            record=record,
            issuer=authority,
            signer=by.signer,
            kid=by.kid,
            holder=self.holder.public,
            status_uri=uri,
            status_index=index,
            now=issued,
            expires=expires,
        )

    def issue_printed(self, *, index: int = 12) -> bytes:
        """The licence for paper, good for a year."""
        by = self.issuers["public-security"]
        return cwt.issue_printed(
            document=document_type("driving_licence"),
            view="licence",
            record=LICENCE,
            issuer="public-security",
            signer=by.signer,
            kid=by.kid,
            status_uri=URI,
            status_index=index,
            now=NOW - 3600,
            expires=NOW + 364 * DAY,
        )

    def show(self, credential: bytes, *, at: int = NOW - 5, **proof_of: Any) -> bytes:
        return proof.holder_proof(credential, self.holder, now=at, **proof_of)


# --- making what no issuer would make ---------------------------------------------------------------------------------


def altered(nation: Nation, claims: Mapping[int, Any] | None = None, header: Mapping[int, Any] | None = None) -> bytes:
    """The licence with other claims or headers, signed by the real issuer; None takes a claim or a field away."""
    desk = nation.issuers["public-security"]
    whole: dict[int, Any] = {**cbor.decode(cose.parse(nation.issue()).payload), **(claims or {})}
    whole[cwt.DOCUMENT] = _kept(whole[cwt.DOCUMENT])
    protected = cbor.encode({cose.ALG: -7, cose.KID: desk.kid, cose.TYP: cwt.TYP, **(header or {})})
    return _signed(protected, cbor.encode(_kept(whole)), desk.signer)


def shown(nation: Nation, *, claims: Mapping[int, Any] | None = None, kcwt: Any = None) -> bytes:
    """A presentation with other claims, or with something else in the credential's place."""
    inside = cbor.decode(nation.issue()) if kcwt is None else kcwt
    protected = cbor.encode({cose.ALG: -7, cose.KCWT: inside, cose.TYP: proof.HOLDER_PROOF_TYP})
    return _signed(protected, cbor.encode(claims or {6: NOW}), nation.holder)


def _signed(protected: bytes, payload: bytes, by: MemorySigner) -> bytes:
    signature = by.sign(cbor.encode(["Signature1", protected, b"", payload]))  # RFC 9052 §4.4
    return sign1(protected, {}, payload, signature)


def sign1(*parts: Any) -> bytes:
    return cbor.encode(cbor.Tag(cose.SIGN1, list(parts)))


def _kept(values: Mapping[int, Any]) -> dict[int, Any]:
    return {key: value for key, value in values.items() if value is not None}

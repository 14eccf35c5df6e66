"""Who asks in the vectors of the challenge: a bank with two purposes, a clinic, and some that should not be believed.

Spec: `certs/challenge.md`; RFC 6979 (deterministic ECDSA), so that every run gives the same bytes.
"""

from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import cbor, challenge, cose, trust
from certs.authority import DAY, Authority
from certs.catalogue import Text
from certs.challenge import CNONCE, EXP, IAT, ISS, PURPOSE, WANTED, Challenge
from certs.encoding import base45_encode
from certs.keys import MemorySigner
from certs.trust import Reader, Right, TrustList, TrustStore
from certs.vectors.nation import CHALLENGE, NOW, Desk, Nation, sign1, signer
from certs.x509 import Usage

OPENING, LENDING = Text("Mở tài khoản", "Opening an account"), Text("Cho vay mua xe", "A loan for a vehicle")
BANK, CLINIC = Text("Ngân hàng Vectơ", "Vectors Bank"), Text("Phòng khám Vectơ", "Vectors Clinic")
AGE = ("driving_licence", "age_over_18")
IDENTITY = ("citizen_identity", "identity")
PLAIN = Challenge(
    audience="bank",
    purpose=OPENING.vi,
    wanted=challenge.wanted(AGE),
    challenge=CHALLENGE,
    issued=NOW - 10,
    expires=NOW + 110,
)


class Readers:
    """Their certificates, the trust list, and what they sign."""

    def __init__(self) -> None:
        nation = Nation()
        self.root = nation.root
        self.bank = _desk(self.root, "reader bank", 40)
        self.clinic = _desk(self.root, "reader clinic", 41)
        self.unlisted = _desk(self.root, "reader unlisted", 42)
        self.expired = _desk(self.root, "reader expired", 43, ends=NOW - DAY)
        self.coming = _desk(self.root, "reader coming", 44, starts=NOW + DAY)
        self.signer = _desk(self.root, "document signer", 45, usage=Usage.DOCUMENT_SIGNER)
        self.former = _desk(self.root, "reader former", 46)
        self.foreign = _desk(
            Authority.create("Other root", now=NOW - DAY, key=signer("other root"), serial=47), "x", 48
        )
        self.list_desk = _desk(self.root, "trust list", 22, usage=Usage.TRUST_LIST_SIGNER)
        held = (self.bank, self.expired, self.coming, self.signer, self.foreign)
        age, who = (
            Right("driving_licence", ("age_over_18",)),
            Right("citizen_identity", (), ("full_name", "birth_date")),
        )
        licence = Right("driving_licence", ("licence",))
        self.list = TrustList(
            1,
            NOW - 600,
            NOW + 30 * DAY,
            nation.services,
            readers=(
                _reader("bank", BANK, OPENING, (age, who, Right("citizen_identity", ("identity",))), *held),
                _reader("bank", BANK, LENDING, (licence,), *held),
                _reader("clinic", CLINIC, OPENING, (Right("health_record", ("insurance",)),), self.clinic),
                _reader("shop", BANK, OPENING, (age,), self.former, until=NOW - DAY),
            ),
        )
        self.trust = TrustStore([self.root.certificate], self.list)

    @property
    def token(self) -> str:
        return trust.sign(self.list, self.list_desk.signer, [self.list_desk.certificate])

    def asks(self, desk: Desk | None = None, **changes: Any) -> str:
        """The plain question with these changes, by this desk."""
        by = desk or self.bank
        values = {name: getattr(PLAIN, name) for name in PLAIN.__dataclass_fields__}
        return challenge.sign(Challenge(**{**values, **changes}), by.signer, by.certificate)

    def misshapen(
        self,
        claims: Mapping[int, Any] | None = None,
        header: Mapping[int, Any] | None = None,
        *,
        by: Desk | None = None,
    ) -> str:
        """What nothing of ours would sign; None takes a claim or a header away."""
        desk = by or self.bank
        _, plain = challenge.parse(self.asks(desk))
        held = {ISS: plain.audience, EXP: plain.expires, IAT: plain.issued, CNONCE: CHALLENGE, PURPOSE: plain.purpose}
        payload = _kept({**held, WANTED: [[2, [2]]], **(claims or {})})
        named = {cose.ALG: -7, cose.TYP: challenge.TYP, cose.X5CHAIN: der(desk.certificate), **(header or {})}
        return _signed(cbor.encode(_kept(named)), cbor.encode(payload), desk.signer)


def _reader(
    organisation: str, name: Text, purpose: Text, rights: tuple[Right, ...], *desks: Desk, until: int | None = None
) -> Reader:
    return Reader(
        organisation=organisation,
        name=name,
        purpose=purpose,
        rights=rights,
        certificates=tuple(desk.certificate for desk in desks),
        since=NOW - 900 * DAY,
        until=until,
    )


def _desk(
    root: Authority,
    name: str,
    serial: int,
    *,
    usage: Usage = Usage.READER,
    starts: int = NOW - 100 * DAY,
    ends: int = NOW + 365 * DAY,
) -> Desk:
    key, hosts = signer(name), ("bank.example",) if usage is Usage.READER else ()
    days = (ends - starts) // DAY
    certificate = root.issue(name, key.public, usage, now=NOW, starts=starts, days=days, serial=serial, hosts=hosts)
    return Desk(key, certificate)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _signed(protected: bytes, payload: bytes, by: MemorySigner) -> str:
    signature = by.sign(cbor.encode(["Signature1", protected, b"", payload]))  # RFC 9052 §4.4
    return challenge.PREFIX + base45_encode(sign1(protected, {}, payload, signature))


def _kept(values: Mapping[int, Any]) -> dict[int, Any]:
    return {key: value for key, value in values.items() if value is not None}

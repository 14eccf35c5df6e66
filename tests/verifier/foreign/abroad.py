"""A country and a clinic abroad, in memory: keys of their own, certificates and cards signed with them, and mistakes on purpose."""

import json
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certs import cbor
from certs.encoding import b64url_encode, base45_encode
from certs.keys import COSE_ALGORITHMS, MemorySigner
from tests.world import DAY, NOW
from verifier.foreign import Foreign, dcc, shc
from verifier.foreign.anchors import FILE

NAME = {"fn": "Müller", "fnt": "MUELLER", "gn": "Zoë", "gnt": "ZOE"}
VACCINATION = {"tg": "840539006", "vp": "1119349007", "dn": 2, "sd": 2, "dt": "2026-01-10", "co": "AT", "is": "Health"}
TEST = {
    "tg": "840539006",
    "tt": "LP6464-4",
    "sc": "2026-03-01T09:00:00Z",
    "tr": "260415000",
    "co": "AT",
    "is": "Health",
}
RECOVERY = {"tg": "840539006", "fr": "2026-01-01", "co": "AT", "is": "Health", "df": "2026-01-12", "du": "2026-07-01"}
ENTRIES = {"v": VACCINATION, "t": TEST, "r": RECOVERY}
URL = "https://clinic.example/cards"


class Country:
    """A document signer of a country, with the certificate for its key."""

    def __init__(self, code: str = "AT", *, alg: str = "ES256", uses: tuple[str, ...] = (), days: int = 365) -> None:
        self.code = code
        self.signer = MemorySigner.generate(alg)
        self.certificate = certificate(self.signer, code, uses=uses, days=days)

    @property
    def anchor(self) -> dcc.Signer:
        return dcc.Signer(self.certificate)

    def claims(self, member: str = "v", **changes: Any) -> dict[int, Any]:
        health = {"ver": "1.3.0", "nam": NAME, "dob": "1998-02-26", member: [ENTRIES[member]], **changes}
        return {1: self.code, 4: NOW + 90 * DAY, 6: NOW - DAY, -260: {1: health}}

    def sign(
        self,
        payload: bytes,
        *,
        protected: Mapping[int, Any] | None = None,
        unprotected: Mapping[int, Any] | None = None,
        tags: tuple[int, ...] = (18,),
    ) -> bytes:
        alg = COSE_ALGORITHMS[self.signer.public.alg]
        header = cbor.encode({1: alg, 4: self.anchor.kid} if protected is None else protected)
        signature = self.signer.sign(cbor.encode(["Signature1", header, b"", payload]))
        item: Any = [header, dict(unprotected or {}), payload, signature]
        for tag in tags:
            item = cbor.Tag(tag, item)
        return cbor.encode(item)

    def certify(self, member: str = "v", **changes: Any) -> str:
        return text_of(self.sign(cbor.encode(self.claims(member, **changes))))


def text_of(message: bytes) -> str:
    return "HC1:" + base45_encode(zlib.compress(message))


def certificate(signer: MemorySigner, country: str, *, uses: tuple[str, ...] = (), days: int = 365) -> x509.Certificate:
    key = signer.crypto()
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    name = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, country), x509.NameAttribute(NameOID.COMMON_NAME, "DSC")]
    )
    made = datetime.fromtimestamp(NOW - 30 * DAY, UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(made)
        .not_valid_after(made + timedelta(days=days))
    )
    if uses:
        named = x509.ExtendedKeyUsage([x509.ObjectIdentifier(use) for use in uses])
        builder = builder.add_extension(named, critical=False)
    return builder.sign(key, hashes.SHA256())


class Clinic:
    """An issuer of SMART Health Cards."""

    def __init__(self, url: str = URL, *, crl_version: int | None = None) -> None:
        self.url = url
        made = MemorySigner.generate()
        self.signer = MemorySigner(made.crypto(), "ES256", made.public.thumbprint())
        self.jwks = {"keys": [self.signer.public.jwk()]}
        if crl_version is not None:
            self.jwks["keys"][0]["crlVersion"] = crl_version  # type: ignore[assignment]

    def issuer(self, *revocations: Mapping[str, Any]) -> shc.Issuer:
        return shc.Issuer(self.url, self.jwks, revocations)

    def revocations(self, *rids: str, version: int = 1) -> dict[str, Any]:
        return {"kid": self.signer.public.kid, "method": "rid", "ctr": version, "rids": list(rids)}

    def claims(self, **changes: Any) -> dict[str, Any]:
        patient = {
            "resourceType": "Patient",
            "name": [{"family": "Anyperson", "given": ["Zoë", "B."]}],
            "birthDate": "1951-01-20",
        }
        dose = {"resourceType": "Immunization", "status": "completed", "occurrenceDateTime": "2026-01-01"}
        resources = [{"fullUrl": f"resource:{n}", "resource": each} for n, each in enumerate((patient, dose))]
        types = ["https://smarthealth.cards#health-card", "https://smarthealth.cards#immunization"]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": resources}
        credential = {"type": types, "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": bundle}}
        return {"iss": self.url, "nbf": NOW - DAY, "vc": {**credential, **changes.pop("vc", {})}, **changes}

    def sign(self, payload: bytes, *, header: Mapping[str, Any] | None = None) -> str:
        """The JWS over these very bytes, as digits."""
        named = {"zip": "DEF", "alg": "ES256", "kid": self.signer.public.kid} if header is None else header
        signed = b64url_encode(json.dumps(named).encode()) + "." + b64url_encode(payload)
        return digits_of(signed + "." + b64url_encode(self.signer.sign(signed.encode())))

    def card(self, **changes: Any) -> str:
        return self.sign(deflated(json_of(self.claims(**changes))))


def json_of(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def deflated(data: bytes, wbits: int = -15) -> bytes:
    made = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return made.compress(data) + made.flush()


def digits_of(token: str) -> str:
    return "shc:/" + "".join(f"{ord(character) - 45:02}" for character in token)


def door(*anchors: dcc.Anchors | shc.Anchors, now: int = NOW) -> Foreign:
    return Foreign(anchors, clock=lambda: now)


def of(*countries: Country) -> dcc.Anchors:
    return dcc.Anchors(tuple(country.anchor for country in countries))


def at(*clinics: Clinic) -> shc.Anchors:
    return shc.Anchors(tuple(clinic.issuer() for clinic in clinics))


def code(foreign: Foreign, text: str, *accept: str) -> str | None:
    """Why it was not accepted; None where it was."""
    return foreign.inspect(text, accept=accept or tuple(each.framework.value for each in foreign.anchors)).code


def folder_of(
    folder: Path, *, signers: tuple[Country, ...] = (), clinics: tuple[Clinic, ...] = (), more: str = ""
) -> Path:
    """Anchors as an operator keeps them."""
    folder.mkdir(exist_ok=True)
    for each in signers:
        (folder / f"{each.code}.pem").write_bytes(each.certificate.public_bytes(Encoding.PEM))
    lines = [more, f"signers = {json.dumps([f'{each.code}.pem' for each in signers])}"]
    for number, clinic in enumerate(clinics):
        (folder / f"{number}.json").write_text(json.dumps(clinic.jwks))
        lines += [f'[issuers."{clinic.url}"]', f'keys = "{number}.json"']
    (folder / FILE).write_text("\n".join(lines))
    return folder

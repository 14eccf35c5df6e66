"""The published vectors of our QR, as one JSON document: `python -m certs vectors` prints it.

Spec: `certs/qr.md` §Vectors. Every run gives the same bytes, as long as zlib does.
"""

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import bundle, cbor, cose, qr
from certs.catalogue import AUTHORITIES
from certs.encoding import b64url_encode, base45_encode
from certs.formats import cwt
from certs.vectors.examples import Example, accepted, refused
from certs.vectors.nation import AUDIENCE, CHALLENGE, NOW, Nation, private_jwk, signer
from certs.x509 import key_id

_BASE45 = (b"", b"\0", b"\xff", b"AB", b"\xff\xff", b"Hello!!", b"ietf!", bytes(range(0, 256, 17)))


def document() -> dict[str, Any]:
    """The whole published file."""
    nation = Nation()
    return {
        "specification": "certs/qr.md, version 1",
        "warning": "Every private key in here is published. Never trust one outside a test.",
        "keys": {name: private_jwk(signer(name)) for name in ("root", "holder", "stranger", *AUTHORITIES)},
        "trust": _trust(nation),
        "base45": [[data.hex(), base45_encode(data)] for data in _BASE45],
        "holder_proof": _composition(nation),
        "accepted": [_told(example) | {"result": _result(nation, example)} for example in accepted(nation)],
        "refused": [_told(example) | _refusal(example) for example in refused(nation)],
    }


def _told(example: Example) -> dict[str, Any]:
    expected: dict[str, Any] = {"holder_proof": example.expected.holder_proof, "printed": example.expected.printed}
    expected["audience"] = example.expected.audience
    expected["challenge"] = _hex(example.expected.challenge)
    return {"id": example.id, "about": example.about, "text": example.text, "now": example.now, "expected": expected}


def _refusal(example: Example) -> dict[str, Any]:
    undetermined = example.code in ("status_unavailable", "status_stale")
    outcome = "undetermined" if undetermined else "rejected"
    return {"outcome": outcome, "step": int(example.step or 0), "code": example.code}


def _result(nation: Nation, example: Example) -> dict[str, Any]:
    held = nation.bundle
    verified = cwt.verify(
        qr.from_text(example.text), trust=held.trust, statuses=held.statuses, now=example.now, expected=example.expected
    )
    names = ("document", "view", "issuer", "issued", "expires", "holder_bound", "printed", "audience", "presented_at")
    return {
        **{name: getattr(verified, name) for name in names},
        "challenge": _hex(verified.challenge),
        "status_as_of": verified.status_as_of,
        "trust_as_of": verified.trust_as_of,
        "claims": dict(verified.claims),
    }


def _composition(nation: Nation) -> dict[str, Any]:
    """The holder's half, step by step; with RFC 6979 the signature too is always this one."""
    credential = nation.issue()
    message = cose.parse(nation.show(credential, audience=AUDIENCE, challenge=CHALLENGE))
    return {
        "credential": credential.hex(),
        "now": NOW - 5,
        "audience": AUDIENCE,
        "challenge": CHALLENGE.hex(),
        "protected": message.protected.hex(),
        "payload": message.payload.hex(),
        "to_be_signed": cbor.encode(["Signature1", message.protected, b"", message.payload]).hex(),
        "signature": message.signature.hex(),
        "text": qr.to_text(cbor.encode(message.item())),
    }


def _trust(nation: Nation) -> dict[str, Any]:
    """The bundle, and the same once more unpacked, for a verifier that begins without X.509 and zlib."""
    return {
        "root_sha256": bundle.fingerprint(nation.root.certificate),
        "root": _der(nation.root.certificate),
        "bundle": b64url_encode(nation.data),
        "services": [
            {
                "authority": service.authority,
                "document": service.document,
                "since": service.since,
                "until": service.until,
                "signers": [_signer(certificate) for certificate in service.certificates],
            }
            for service in nation.services
        ],
        "status_lists": [
            {
                "uri": nation.statuses.uri,
                "bits": nation.statuses.bits,
                "bytes": nation.statuses.data.hex(),
                "issued": nation.statuses.issued,
                "expires": nation.statuses.expires,
                "ttl": nation.statuses.ttl,
            }
        ],
    }


def _signer(certificate: x509.Certificate) -> dict[str, Any]:
    return {"kid": key_id(certificate).hex(), "certificate": _der(certificate)}


def _der(certificate: x509.Certificate) -> str:
    return b64url_encode(certificate.public_bytes(Encoding.DER))


def _hex(data: bytes | None) -> str | None:
    return None if data is None else data.hex()

"""The offline check against raw OpenSSL: how much of the time of a verdict is the signatures themselves.

*Raw* is `cryptography`'s verify with key objects and DER signatures ready: the least that anybody pays who calls OpenSSL.
"""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from certs import cbor, cose, qr
from certs.formats import cwt
from certs.keys import MemorySigner, PublicKey
from tests.bench.tables import table
from tests.bench.timing import Operation, microseconds
from tests.world import NOW, World
from verifier.policy.single import Policy
from verifier.verifier import Verifier

PRINTED = Policy(require_holder_proof=False)

TWO, ONE = "two raw verifications", "one raw verification"
# name: what it is compared with
ROWS = {
    "QR text → verdict, both signatures": TWO,
    "two raw verifications, the holder's key made from its compressed point": TWO,
    "CWT → claims (COSE, signature, strict CBOR)": ONE,
    "QR text of a print → verdict, issuer's signature alone": ONE,
    "what a wallet checks before it keeps a credential": ONE,
}


def report() -> str:
    taken = microseconds(_operations())
    rows = [[name, f"{taken[name]:.0f}", f"{taken[against] / taken[name]:.2f}"] for name, against in ROWS.items()]
    raw = [[name, f"{taken[name]:.0f}", "1.00"] for name in (TWO, ONE)]
    parts = [[f"part: {name}", f"{taken[name]:.1f}", ""] for name in taken if name not in (*ROWS, TWO, ONE)]
    return table(["offline check, a driving licence", "µs", "share of raw"], [*raw, *rows, *parts])


def _operations() -> dict[str, Operation]:
    world = World()
    opened = world.open_bundle()
    verifier = Verifier(opened, clock=lambda: NOW)
    credential = world.issue()
    text, printed = world.present(credential), world.printed(credential)
    outer, inner = cose.parse(qr.from_text(text)), cose.parse(credential)
    issuer, holder = world.issuers["public-security"].signer, world.holder
    raw_inner, raw_outer = _raw(inner, issuer), _raw(outer, holder)
    cose_key = holder.public.cose()
    point = bytes([2 + cose_key[-3]]) + cose_key[-2]
    signature, message = _der(outer.signature), _signed(outer)

    def fresh() -> None:
        raw_inner()
        ec.EllipticCurvePublicKey.from_encoded_point(_P256, point).verify(signature, message, _SCHEME)

    def claims() -> cbor.Value:
        parsed = cose.parse(credential)
        cose.verify(parsed, issuer.public)
        return cbor.decode(parsed.payload)

    return {
        TWO: lambda: (raw_inner(), raw_outer()),
        ONE: raw_inner,
        **dict(
            zip(
                ROWS,
                (
                    lambda: verifier.verify(text),
                    fresh,
                    claims,
                    lambda: verifier.verify(printed, policy=PRINTED),
                    lambda: cwt.verify_issued(credential, trust=opened.trust, now=NOW),
                ),
                strict=True,
            )
        ),
        "base45": lambda: qr.from_text(text),
        "presentation: COSE, CBOR, header": lambda: cose.parse(qr.from_text(text)),
        "claims: CBOR": lambda: cbor.decode(inner.payload),
        "holder's key from its compressed point": lambda: PublicKey.from_cose(cose_key),
    }


_P256, _SCHEME = ec.SECP256R1(), ec.ECDSA(hashes.SHA256())


def _raw(message: cose.Sign1, signer: MemorySigner) -> Operation:
    key, signature, signed = signer.public.crypto(), _der(message.signature), _signed(message)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return lambda: key.verify(signature, signed, _SCHEME)


def _der(signature: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))


def _signed(message: cose.Sign1) -> bytes:
    return cbor.encode(["Signature1", message.protected, b"", message.payload])  # RFC 9052 §4.4

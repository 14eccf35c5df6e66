"""Credential formats against bare signatures and against other libraries: verify, issue, base45.

A share is the CPU time of as many bare verifications (by `cryptography`, keys and DER signatures ready) over the CPU time of
the whole check. Each of ours goes round eight credentials of eight holders, so that nothing of a holder can be remembered;
what an issuer's have in common may be, as at any counter. Libraries of others work on one of them, in processes of their own
that are asked in the same turns.
"""

import json
import subprocess
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass
from itertools import cycle
from subprocess import PIPE
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certs import cbor, cose, jose
from certs.encoding import base45_decode, base45_encode
from certs.formats import Expected, mdoc, sd_jwt
from certs.formats.elements import ISO_NAMESPACE
from certs.jose import KeySet
from certs.keys import MemorySigner
from certs.x509 import key_id
from tests import peers
from tests.bench.tables import table
from tests.certs.formats import mdocs, sd_jwts
from tests.world import DAY, RECORDS, World
from verifier.verifier import Verifier

SAMPLES, BATCH, TURNS = 8, 32, 60  # a batch is long, as its first operations find every cache cold
CLAIMS = ("full_name", "birth_date", "licence_number")
ELEMENTS = {mdocs.OURS: ["full_name", "licence_number"], ISO_NAMESPACE: ["age_over_18"]}
TYP = "bench+jwt"
RAW, RAW_SIGN, NODE = "raw verification", "raw signature", "node crypto"

Batch = Callable[[int], float]  # so many times, in CPU seconds


@dataclass(frozen=True)
class Row:
    """What is shown as: its name, as many bare operations as it is compared with, and of which kind."""

    name: str
    by: str
    signatures: int = 1
    against: str = RAW


ROWS = (
    Row("CWT → claims", "ours"),
    Row("CWT → claims", "cwt"),
    Row("COSE_Sign1 alone", "pycose"),
    Row("JWS → claims, times and issuer", "ours"),
    Row("SD-JWT VC with key binding → verdict", "ours", 2),
    Row("SD-JWT with key binding", "sd-jwt", 2),
    Row("SD-JWT with key binding", "@sd-jwt/core", 2, NODE),
    Row("mdoc, both signatures → verdict", "ours", 2),
    Row("mdoc, issuer's signature alone", "pymdoccbor", 1),
    Row("mdoc, both signatures", "@auth0/mdl", 2, NODE),
    Row("QR text → verdict, both signatures", "ours", 2),
    Row("issue a CWT", "ours", 1, RAW_SIGN),
    Row("issue an SD-JWT VC", "ours", 1, RAW_SIGN),
    Row("issue an mdoc", "ours", 1, RAW_SIGN),
    Row("issue all three of a record", "ours", 3, RAW_SIGN),
    Row("base45 of 800 characters: encode", "ours", 0),
    Row("base45 of 800 characters: encode", "base45 encode", 0),
    Row("base45 of 800 characters: decode", "ours", 0),
    Row("base45 of 800 characters: decode", "base45 decode", 0),
)


def report(_: Namespace) -> str:
    world = World(now=int(time.time()))  # the others ask their own clock
    with _peers(world) as theirs:
        taken = _seconds({name: _batch(operation) for name, operation in _ours(world).items()} | theirs)
    rows = []
    for row in ROWS:
        spent = taken[row.name if row.by == "ours" else row.by]
        share = f"{row.signatures * taken[row.against] / spent:.2f}" if row.signatures else ""
        rows.append([row.name, row.by, f"{spent * 1e6:.0f}", share])
    raw = [
        [name, by, f"{taken[name] * 1e6:.0f}", "1.00"]
        for name, by in ((RAW, "cryptography"), (RAW_SIGN, "cryptography"))
    ]
    raw.append([RAW, NODE, f"{taken[NODE] * 1e6:.0f}", "1.00"])
    return table(["a driving licence, CPU time", "by", "µs", "share of raw"], [*raw, *rows])


def _seconds(batches: Mapping[str, Batch]) -> dict[str, float]:
    """The least of many turns, in which all take part: a slow spell of the machine meets them alike."""
    for batch in batches.values():
        batch(50)
    best = dict.fromkeys(batches, float("inf"))
    for _ in range(TURNS):
        for name, batch in batches.items():
            best[name] = min(best[name], batch(BATCH) / BATCH)
    return best


def _batch(operation: Callable[[], object]) -> Batch:
    def batch(count: int) -> float:
        began = time.process_time()
        for _ in range(count):
            operation()
        return time.process_time() - began

    return batch


# --- ours -------------------------------------------------------------------------------------------------------------


def _round(samples: list[Any], operation: Callable[[Any], object]) -> Callable[[], object]:
    following = cycle(samples).__next__
    return lambda: operation(following())


def _ours(world: World) -> dict[str, Callable[[], object]]:
    held, now = world.open_bundle(), world.now
    verifier = Verifier(held, clock=lambda: now)
    desk = world.issuers["public-security"]
    holders = [MemorySigner.generate() for _ in range(SAMPLES)]
    credentials = [world.issue(holder=holder) for holder in holders]
    texts = [world.present(each, signer=holder) for each, holder in zip(credentials, holders, strict=True)]
    tokens = [_jws(world, number) for number in range(SAMPLES)]
    keys = KeySet((desk.signer.public,))
    text = base45_encode(bytes(range(256)) * 2 + bytes(21))  # 800 characters
    plain = base45_decode(text)
    bound = {"trust": held.trust, "statuses": held.statuses, "now": now}

    def claims(credential: bytes) -> cbor.Value:
        parsed = cose.parse(credential)
        cose.verify(parsed, desk.signer.public)
        return cbor.decode(parsed.payload)

    return {
        RAW: _round([_raw(each, desk.signer) for each in credentials], lambda verify: verify()),
        RAW_SIGN: lambda: desk.signer.crypto().sign(credentials[0], _SCHEME),
        "CWT → claims": _round(credentials, claims),
        "JWS → claims, times and issuer": _round(
            tokens, lambda token: jose.verify_jwt(token, keys, typ=TYP, issuer="bench", audience=None, now=now)
        ),
        "SD-JWT VC with key binding → verdict": _round(
            [_sd_jwt(world, holder) for holder in holders],
            lambda shown: sd_jwt.verify(shown, expected=sd_jwts.ASKED, **bound),
        ),
        "mdoc, both signatures → verdict": _round(
            [_mdoc(world, holder) for holder in holders],
            lambda shown: mdoc.verify(shown, transcript=mdocs.TRANSCRIPT, expected=Expected(), **bound),
        ),
        "QR text → verdict, both signatures": _round(texts, verifier.verify),
        **_issuing(world),
        "base45 of 800 characters: encode": lambda: base45_encode(plain),
        "base45 of 800 characters: decode": lambda: base45_decode(text),
    }


def _issuing(world: World) -> dict[str, Callable[[], object]]:
    def one_cwt() -> object:
        return world.issue(index=0)

    def one_sd_jwt() -> object:
        return sd_jwts.issue(world=world, issued=world.now, expires=world.now + DAY)

    def one_mdoc() -> object:
        return mdocs.issued(world)

    return {
        "issue a CWT": one_cwt,
        "issue an SD-JWT VC": one_sd_jwt,
        "issue an mdoc": one_mdoc,
        "issue all three of a record": lambda: (one_cwt(), one_sd_jwt(), one_mdoc()),
    }


_SCHEME = ec.ECDSA(hashes.SHA256())


def _raw(credential: bytes, signer: MemorySigner) -> Callable[[], object]:
    message, key = cose.parse(credential), signer.public.crypto()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    r, s = (int.from_bytes(part, "big") for part in (message.signature[:32], message.signature[32:]))
    signature = encode_dss_signature(r, s)
    signed = cbor.encode(["Signature1", message.protected, b"", message.payload])  # RFC 9052 §4.4
    return lambda: key.verify(signature, signed, _SCHEME)


def _jws(world: World, number: int) -> str:
    claims = {
        "iss": "bench",
        "sub": str(number),
        "iat": world.now,
        "exp": world.now + DAY,
        **RECORDS["driving_licence"],
    }
    return jose.sign(claims, world.issuers["public-security"].signer, typ=TYP)


def _sd_jwt(world: World, holder: MemorySigner) -> str:
    credential = sd_jwts.issue(world=world, holder=holder, issued=world.now - 60, expires=world.now + DAY)
    return sd_jwts.present(credential, CLAIMS, signer=holder, at=world.now)


def _mdoc(world: World, holder: MemorySigner) -> bytes:
    theirs = copy(world)
    theirs.holder = holder
    return mdocs.presented(theirs, mdocs.issued(theirs), ELEMENTS)


# --- of others --------------------------------------------------------------------------------------------------------


def _samples(world: World) -> dict[str, Any]:
    desk = world.issuers["public-security"]
    public, credential = desk.signer.public, world.issue()
    numbers = public.crypto().public_numbers()
    parsed = cose.parse(credential)
    return {
        "cwt": credential.hex(),
        "sd_jwt": _sd_jwt(world, world.holder),
        "mdoc": _mdoc(world, world.holder).hex(),
        "base45": base45_encode(bytes(range(256)) * 2 + bytes(21)),
        "audience": sd_jwts.AUDIENCE,
        "nonce": sd_jwts.NONCE,
        "transcript": cbor.embedded(mdocs.TRANSCRIPT.encoded).hex(),
        "root": world.root.certificate.public_bytes(Encoding.PEM).decode(),
        "issuer": public.bare_jwk(),
        "issuer_pem": public.crypto().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        "issuer_x": numbers.x.to_bytes(32, "big").hex(),
        "issuer_y": numbers.y.to_bytes(32, "big").hex(),
        "kid": key_id(desk.certificate).hex(),
        "raw_signed": cbor.encode(["Signature1", parsed.protected, b"", parsed.payload]).hex(),
        "raw_signature": parsed.signature.hex(),
    }


@contextmanager
def _peers(world: World) -> Iterator[dict[str, Batch]]:
    """What asks each of them, by its name."""
    commands = {
        ("cwt", "pycose", "sd-jwt", "pymdoccbor", "base45 encode", "base45 decode"): [
            peers.python(),
            peers.SCRIPTS / "speed.py",
        ],
        (NODE, "@sd-jwt/core", "@auth0/mdl"): [peers.NODE, peers.NODE_SCRIPTS / "speed.mjs"],
    }
    with ExitStack() as stack:
        asking: dict[str, Batch] = {}
        for names, command in commands.items():
            process = stack.enter_context(
                subprocess.Popen(command, cwd=command[1].parent, stdin=PIPE, stdout=PIPE, text=True, bufsize=1)
            )
            print(json.dumps(_samples(world)), file=process.stdin)
            asking |= {name: _asking(process, name) for name in names}
        yield asking


def _asking(process: subprocess.Popen[str], name: str) -> Batch:
    def batch(count: int) -> float:
        print(json.dumps([name, count]), file=process.stdin)
        assert process.stdout is not None
        return float(process.stdout.readline())

    return batch

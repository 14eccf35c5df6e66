"""Harnesses of the documents of other frameworks and of the plain code of a card: as in `harnesses.py`."""

from collections.abc import Sequence
from random import Random
from typing import Any

from certs import cbor
from certs.encoding import base45_decode, base45_encode, inflate
from certs.errors import Malformed
from tests.fuzz.driver import Harness
from tests.fuzz.harnesses import BEARER, HELD, as_text, changed_json, inside
from tests.fuzz.mutation import changed, changed_cbor, changed_parts
from tests.verifier.foreign.abroad import Clinic, Country, at, deflated, door, json_of, of, text_of
from tests.world import DAY, NOW, PID
from verifier import Verifier
from verifier.foreign import Verified, card
from verifier.result import Rejected, Verdict

COUNTRY, CLINIC = Country(), Clinic()
FOREIGN = door(of(COUNTRY), at(CLINIC))


def _foreign(data: bytes) -> Verified:
    report = FOREIGN.inspect(as_text(data), accept=("eu_dcc", "shc"))
    assert report.code != "internal", "an error of ours"
    if report.verified is None:
        raise Rejected(report.code or "", report.checks[0].step)
    return report.verified


def dcc_() -> Harness:
    def decode(data: bytes) -> bytes:
        return inflate(base45_decode(as_text(data[4:])), limit=1 << 20)

    def encode(message: bytes) -> bytes:
        return text_of(message).encode()

    def stream(data: bytes, chance: Random, others: Sequence[bytes]) -> bytes:
        """The compressed stream is another."""
        return b"HC1:" + base45_encode(changed(base45_decode(as_text(data[4:])), chance, others)).encode()

    inner = inside(decode, encode, changed, changed_cbor)
    seeds = tuple(COUNTRY.certify(member).encode() for member in "vtr")
    return Harness("dcc", seeds, _foreign, (changed, stream, inner, inner), (Verdict,))


def signed_dcc() -> Harness:
    def read(payload: bytes) -> Verified:
        return _foreign(text_of(COUNTRY.sign(payload)).encode())

    return Harness("signed-dcc", (cbor.encode(COUNTRY.claims()),), read, (changed_cbor, changed), (Verdict,), _plain)


def shc_() -> Harness:
    def decode(data: bytes) -> bytes:
        return bytes(45 + int(data[at : at + 2]) for at in range(5, len(data), 2))

    def encode(token: bytes) -> bytes:
        return b"shc:/" + b"".join(b"%02d" % (byte - 45) for byte in token if 45 <= byte < 145)

    seeds = (CLINIC.card().encode(), CLINIC.card(exp=NOW + DAY).encode())
    return Harness("shc", seeds, _foreign, (changed, inside(decode, encode, changed_parts, changed_parts)), (Verdict,))


def signed_shc() -> Harness:
    def read(payload: bytes) -> Verified:
        return _foreign(CLINIC.sign(deflated(payload)).encode())

    return Harness("signed-shc", (json_of(CLINIC.claims()),), read, (changed_json, changed), (Verdict,), _plain)


def _plain(_data: bytes, verified: Verified) -> None:
    assert verified.kinds and verified.issued <= NOW + 300 and (verified.expires is None or verified.expires > NOW)
    assert verified.holder_bound is False


def card_() -> Harness:
    seed = f"{PID}|012345678|Nguyễn Thị Thuỳ Dương|09052003|Nữ|12 Ngõ Huế, Hà Nội|10032025||||".encode()
    verifier = Verifier(HELD, clock=lambda: NOW)

    def read(data: bytes) -> Any:
        if card.is_card(as_text(data)):
            assert verifier.inspect(as_text(data), policy=BEARER).code == "unsigned"
        return card.read(as_text(data))

    return Harness("card", (seed,), read, (changed,), (Malformed,), lambda data, _: None)

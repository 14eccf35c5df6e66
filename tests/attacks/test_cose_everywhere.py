"""Groups CB and QR on each thing of ours that is COSE or comes as a code, besides the credential of `test_cbor_cose.py`.

What each signer really signed, so that no wrong signature hides what is tested: the printed credential, the holder's proof, the security
object and the device's signature of an mdoc, the status list, the bundle.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from certs import bundle, cbor, cose, qr, status
from certs.cbor import Tag
from certs.errors import CertsError
from certs.formats import device_auth
from certs.formats.mso import LIMITS
from certs.keys import MemorySigner
from tests.attacks.test_mdoc import GOOD, WORLD
from tests.certs.formats.mdocs import TRANSCRIPT, document_of, edited, verified
from tests.world import NOW, URI
from verifier import Policy, Rejected, Verifier

HELD = WORLD.open_bundle()
PAPER = Policy(require_holder_proof=False, accept_printed=True)


@dataclass(frozen=True)
class Carrier:
    """A COSE_Sign1: its four parts, who signs it, what is signed where the payload is elsewhere, how it travels and is read."""

    parts: list[Any]
    signer: MemorySigner
    build: Callable[[Any], bytes]
    read: Callable[[bytes], object]
    detached: bytes | None = None
    tagged: bool = True

    def of(self, **changes: Any) -> bytes:
        """The same with other parts, signed again unless a signature is given."""
        protected, unprotected, payload, signature = self.parts
        protected, unprotected = changes.get("protected", protected), changes.get("unprotected", unprotected)
        signed = payload if self.detached is None else self.detached
        signature = self.signer.sign(cbor.encode(["Signature1", protected, b"", signed]))
        parts = [protected, unprotected, changes.get("payload", payload), changes.get("signature", signature)]
        tag = changes.get("tag", cose.SIGN1 if self.tagged else None)
        return self.build(parts if tag is None else Tag(tag, parts))

    def header(self, **changes: Any) -> bytes:
        """The protected header with other entries, by `_1=…`; None leaves one out."""
        header = cbor.decode(self.parts[0], cbor.BUNDLE)
        for name, value in changes.items():
            header[int(name[1:])] = value
            if value is None:
                del header[int(name[1:])]
        return cbor.encode(header)


def _text(data: bytes) -> str:
    return qr.to_text(data)


def _shown(text: str) -> list[Any]:
    return list(cbor.decode(qr.from_text(text)).value)


def _verdict(policy: Policy) -> Callable[[bytes], object]:
    verifier = Verifier(HELD, clock=lambda: NOW)
    return lambda data: verifier.verify(_text(data), policy=policy)


def _in_mdoc(place: str) -> Callable[[Any], bytes]:
    def build(item: Any) -> bytes:
        def change(value: Any) -> None:
            document = document_of(value)
            if place == "issuerAuth":
                document["issuerSigned"]["issuerAuth"] = item
            else:
                document["deviceSigned"]["deviceAuth"]["deviceSignature"] = item

        return edited(GOOD, change)

    return build


def _carriers() -> dict[str, Carrier]:
    desk = WORLD.issuers["public-security"]
    whole = document_of(cbor.decode(GOOD, LIMITS))
    device = whole["deviceSigned"]["deviceAuth"]["deviceSignature"]
    authenticated = device_auth.to_sign(whole["docType"], TRANSCRIPT)
    read_list = lambda data: status.read_cwt(data, uri=URI, anchors=[WORLD.root.certificate], now=NOW)
    read_bundle = lambda data: bundle.read(data, now=NOW, root_sha256=WORLD.root_sha256)
    plain = lambda item: cbor.encode(item)
    mdoc = lambda data: verified(WORLD, data)
    listed = cbor.decode(WORLD.status_list(), cbor.BUNDLE).value
    bundled = cbor.decode(WORLD.bundle(), cbor.BUNDLE).value
    return {
        "printed": Carrier(_shown(WORLD.paper()), desk.signer, plain, _verdict(PAPER)),
        "holder proof": Carrier(_shown(WORLD.present()), WORLD.holder, plain, _verdict(Policy())),
        "issuerAuth": Carrier(
            whole["issuerSigned"]["issuerAuth"], desk.signer, _in_mdoc("issuerAuth"), mdoc, tagged=False
        ),
        "deviceSignature": Carrier(device, WORLD.holder, _in_mdoc("device"), mdoc, authenticated, tagged=False),
        "status list": Carrier(listed, WORLD.status_desk.signer, plain, read_list),
        "bundle": Carrier(bundled, WORLD.bundle_desk.signer, plain, read_bundle),
    }


CARRIERS = _carriers()
EACH = pytest.mark.parametrize("name", CARRIERS)


def code(name: str, data: bytes) -> str:
    with pytest.raises((CertsError, Rejected)) as caught:
        CARRIERS[name].read(data)
    return caught.value.code


@EACH
def test_signed_again_it_is_good(name: str) -> None:
    CARRIERS[name].read(CARRIERS[name].of())


@EACH
def test_CB_02_something_behind_it(name: str) -> None:
    carrier = CARRIERS[name]
    assert code(name, carrier.of() + b"\0") == "trailing_data"
    assert code(name, carrier.of(protected=carrier.parts[0] + b"\0")) == "trailing_data"


@EACH
@pytest.mark.parametrize("tag", [98, 17, 16, 96, 97, 61])
def test_CB_12_another_kind_of_message(name: str, tag: int) -> None:
    assert code(name, CARRIERS[name].of(tag=tag)) in ("malformed", "type_mismatch")


@EACH
def test_CB_12_with_a_tag_where_none_is_and_without_where_one_is(name: str) -> None:
    carrier = CARRIERS[name]
    assert code(name, carrier.of(tag=None if carrier.tagged else 18)) in ("malformed", "type_mismatch")


@EACH
def test_CB_13_the_algorithm_outside_the_signature(name: str) -> None:
    carrier = CARRIERS[name]
    beside = {**carrier.parts[1], 1: -7}
    assert code(name, carrier.of(unprotected=beside)) in ("malformed", "holder_binding_invalid")
    outside = carrier.of(unprotected=beside, protected=carrier.header(_1=None))
    assert code(name, outside) in ("malformed", "alg_not_allowed", "holder_binding_invalid")


@EACH
@pytest.mark.parametrize("alg", [5, -35, -36, -8, -37, -257, 0, "ES256", b"\x26", True])
def test_CB_14_another_algorithm(name: str, alg: Any) -> None:
    carrier = CARRIERS[name]
    expected = {"alg_not_allowed", "status_signature_invalid", "holder_binding_invalid", "malformed"}
    assert code(name, carrier.of(protected=carrier.header(_1=alg))) in expected


@EACH
def test_CB_16_a_critical_header(name: str) -> None:
    carrier = CARRIERS[name]
    for value in ([99], [1], []):
        found = code(name, carrier.of(protected=carrier.header(_2=value)))
        assert found in ("crit_unknown", "malformed")


@EACH
def test_CB_17_a_payload_that_is_where_it_should_not_be(name: str) -> None:
    carrier = CARRIERS[name]
    wrong = None if carrier.detached is None else b"\xa0"
    assert code(name, carrier.of(payload=wrong)) == "malformed"


@EACH
def test_CB_18_a_signature_of_another_shape(name: str) -> None:
    carrier = CARRIERS[name]
    r, s = (int.from_bytes(carrier.parts[3][at : at + 32], "big") for at in (0, 32))
    good = carrier.parts[3]
    for shape in (good[:-1], good + b"\0", encode_dss_signature(r, s), b"", bytes(64), good[::-1]):
        found = code(name, carrier.of(signature=shape))
        assert found in ("signature_invalid", "status_signature_invalid", "holder_binding_invalid")


@EACH
@pytest.mark.parametrize("shape", [[], [b"", {}, b""], {}, b"", 1, None, [1, 2, 3, 4], [b"", [], b"", b""]], ids=repr)
def test_CB_12_shapes_that_are_no_message(name: str, shape: Any) -> None:
    carrier = CARRIERS[name]
    item = Tag(18, shape) if carrier.tagged else shape
    assert code(name, carrier.build(item)) in ("malformed", "type_mismatch", "claims_missing", "holder_binding_missing")


# --- the decoder with the limits of the mdoc, whose issuers need not sort their keys -------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("a201000100", "duplicate_key"),  # CB-01
        ("a3020001000200", "duplicate_key"),
        ("a2616100616100", "duplicate_key"),
        ("a20100180100", "malformed"),
        ("a0f6", "trailing_data"),  # CB-02
        ("81" * 17 + "00", "limit_exceeded"),  # CB-03
        ("d818" * 17 + "00", "limit_exceeded"),
        ("5bffffffffffffffff00", "malformed"),  # CB-04
        ("bbffffffffffffffff00", "limit_exceeded"),
        ("bfff", "malformed"),  # CB-05
        ("9fff", "malformed"),
        ("7fff", "malformed"),
        ("1817", "malformed"),  # CB-06
        ("fb3ff0000000000000", "malformed"),
        ("b94e20" + "00", "limit_exceeded"),  # CB-07
        ("d81c80", "malformed"),  # CB-08
        ("d9010080", "malformed"),
        ("c249010000000000000000", "malformed"),  # CB-09
        ("c4821a3b9aca0001", "malformed"),
        ("c11b7fffffffffffffff", "malformed"),  # CB-10
        ("62c328", "malformed"),  # CB-11
    ],
)
def test_CB_01_CB_02_CB_03_CB_04_CB_05_CB_06_CB_07_CB_08_CB_09_CB_10_CB_11_with_the_limits_of_an_mdoc(
    data: str, expected: str
) -> None:
    with pytest.raises(CertsError) as caught:
        cbor.decode(bytes.fromhex(data), LIMITS)
    assert caught.value.code == expected


# --- printed codes: what is tested of shown ones in test_qr.py --------------------------------------------------------------

PRINTED = WORLD.paper()


def printed(text: str) -> str | None:
    return Verifier(HELD, clock=lambda: NOW).inspect(text, policy=PAPER).code


def test_QR_01_QR_02_QR_03_QR_04_QR_05_of_a_printed_code() -> None:
    body = PRINTED.removeprefix("VN1:")
    assert printed(PRINTED) is None
    assert {printed(prefix + body) for prefix in ("HC1:", "vn1:", "VN2:", "shc:/", "")} == {"prefix_unknown"}
    assert printed("VN1:" + PRINTED) in ("encoding_invalid", "malformed", "type_mismatch", "trailing_data")
    assert printed("VN1:" + body.lower()) == printed("VN1:" + body[:-3] + ":::") == "encoding_invalid"
    assert {printed(PRINTED + end) for end in ("\n", "AA", "000", "\ufeff")} <= {"encoding_invalid", "trailing_data"}
    assert printed(" " + PRINTED) == "prefix_unknown"

"""COSE_Sign1: only what is signed is ever read.

Source: RFC 9052 §4.4 (Sig_structure); the vectors of the COSE working group run in `tests/vectors`.
"""

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import cbor, cose
from certs.cbor import Tag
from certs.errors import CertsError
from certs.keys import COSE_ALGORITHMS, MemorySigner
from tests.certs.refusals import refused

SIGNER = MemorySigner.generate()
HEADER = {cose.KID: b"12345678", cose.TYP: "vn1+cwt"}
GOOD = cose.sign(b"payload", SIGNER, header=HEADER)


@pytest.mark.parametrize("alg", COSE_ALGORITHMS)
def test_what_is_signed_verifies_with_its_own_key_only(alg: str) -> None:
    signer = MemorySigner.generate(alg)
    message = cose.parse(cose.sign(b"payload", signer, header=HEADER))
    cose.verify(message, signer.public)
    assert message.header == {cose.ALG: COSE_ALGORITHMS[alg], **HEADER}
    with refused("signature_invalid"):
        cose.verify(message, MemorySigner.generate(alg).public)
    for other in set(COSE_ALGORITHMS) - {alg}:
        with refused("alg_not_allowed"):
            cose.verify(message, MemorySigner.generate(other).public)


@given(st.binary(max_size=700), st.binary(max_size=300))
def test_the_signature_covers_the_sig_structure_of_the_rfc(payload: bytes, extra: bytes) -> None:
    signer = MemorySigner.generate("EdDSA")
    tagged = cbor2.loads(cose.sign(payload, signer, header={99: extra}))
    protected, unprotected, carried, signature = tagged.value
    assert (tagged.tag, unprotected, carried) == (18, {}, payload)
    signer.public.verify(signature, cbor2.dumps(["Signature1", protected, b"", payload]))


@given(st.binary(max_size=400))
def test_we_verify_what_another_encoder_made(payload: bytes) -> None:
    protected = cbor2.dumps({1: -7, 4: b"kid"})
    signature = SIGNER.sign(cbor2.dumps(["Signature1", protected, b"", payload]))
    message = cose.parse(cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature])))
    cose.verify(message, SIGNER.public)
    assert cose.kid(message) == b"kid"


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_one_changed_byte_is_a_refusal(at: int, change: int) -> None:
    changed = bytearray(GOOD)
    changed[at] ^= change
    with pytest.raises(CertsError):
        cose.verify(cose.parse(bytes(changed)), SIGNER.public)


def test_a_message_becomes_the_same_bytes_again() -> None:
    assert cbor.encode(cose.parse(GOOD).item()) == GOOD


PROTECTED, _, PAYLOAD, SIGNATURE = cbor.decode(GOOD).value


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ([PROTECTED, {}, PAYLOAD, SIGNATURE], "type_mismatch"),
        (5, "type_mismatch"),
        (Tag(18, {}), "malformed"),
        (Tag(18, []), "malformed"),
        (Tag(18, [PROTECTED, {}, PAYLOAD]), "malformed"),
        (Tag(18, [PROTECTED, {}, PAYLOAD, SIGNATURE, b""]), "malformed"),
        (Tag(18, [PROTECTED, {}, None, SIGNATURE]), "malformed"),
        (Tag(18, [PROTECTED, {}, "text", SIGNATURE]), "malformed"),
        (Tag(18, [{1: -7}, {}, PAYLOAD, SIGNATURE]), "malformed"),
        (Tag(18, [PROTECTED, {}, PAYLOAD, None]), "malformed"),
        (Tag(18, [PROTECTED, {4: b"kid"}, PAYLOAD, SIGNATURE]), "malformed"),
        (Tag(18, [PROTECTED, [], PAYLOAD, SIGNATURE]), "malformed"),
        (Tag(18, [PROTECTED, None, PAYLOAD, SIGNATURE]), "malformed"),
        (Tag(18, [b"\x80", {}, PAYLOAD, SIGNATURE]), "malformed"),
        (Tag(18, [b"\xa1\x01", {}, PAYLOAD, SIGNATURE]), "malformed"),
        (Tag(18, [PROTECTED + b"\0", {}, PAYLOAD, SIGNATURE]), "trailing_data"),
        (Tag(18, [b"\xa2\x01\x26\x01\x26", {}, PAYLOAD, SIGNATURE]), "duplicate_key"),
        (Tag(18, [cbor.encode({1: -7, 2: [1]}), {}, PAYLOAD, SIGNATURE]), "crit_unknown"),
    ],
)
def test_another_shape_is_refused(item: Any, code: str) -> None:
    with refused(code):
        cose.parse(cbor.encode(item))


@pytest.mark.parametrize("alg", [None, "ES256", 5, -35, -36, -8, -9, True, 0, [-7]])
def test_the_algorithm_is_the_one_of_the_key(alg: Any) -> None:
    header = cbor.encode({1: alg} if alg is not None else {})
    message = cose.parse(cbor.encode(Tag(18, [header, {}, PAYLOAD, SIGNATURE])))
    with refused("alg_not_allowed"):
        cose.verify(message, SIGNER.public)


def test_type_kid_and_chain_come_from_the_protected_header() -> None:
    message = cose.parse(GOOD)
    cose.expect_typ(message, "vn1+cwt")
    with refused("type_mismatch"):
        cose.expect_typ(message, "application/statuslist+cwt")
    assert cose.kid(message) == b"12345678"
    bare = cose.parse(cose.sign(b"", SIGNER, header={}))
    for look in (cose.kid, cose.chain):
        with pytest.raises(CertsError):
            look(bare)


@pytest.mark.parametrize("kid", [b"", b"x" * 65, "12345678", 5, None])
def test_a_kid_that_is_none_names_nobody(kid: Any) -> None:
    with refused("key_not_found"):
        cose.kid(cose.parse(cose.sign(b"", SIGNER, header={cose.KID: kid})))


@pytest.mark.parametrize(("chain", "length"), [(b"der", 1), ([b"a", b"b"], 2), ([b"x"] * 4, 4)])
def test_a_chain_is_one_certificate_or_an_array(chain: Any, length: int) -> None:
    assert len(cose.chain(cose.parse(cose.sign(b"", SIGNER, header={cose.X5CHAIN: chain})))) == length


@pytest.mark.parametrize("chain", [[], [b"x"] * 5, ["x"], "x", 5, [b"x", None], {}])
def test_a_chain_that_is_none_is_refused(chain: Any) -> None:
    with refused("chain_invalid"):
        cose.chain(cose.parse(cose.sign(b"", SIGNER, header={cose.X5CHAIN: chain})))


def test_a_header_is_read_once_and_never_changed() -> None:
    """What two messages have in common may be the same object: nobody can change it under the other."""
    signer = MemorySigner.generate()
    first, second = (cose.parse(cose.sign(payload, signer, header={cose.KID: b"k"})) for payload in (b"1", b"2"))
    assert first.header == second.header and first.payload != second.payload
    with pytest.raises(TypeError):
        first.header[cose.ALG] = -8  # type: ignore[index]


def test_a_header_read_under_wider_limits_is_not_taken_under_narrower_ones() -> None:
    deep = cbor.encode({cose.ALG: -7, 99: [[[[1]]]]})
    wide, narrow = cbor.CREDENTIAL, cbor.CREDENTIAL._replace(depth=3)
    assert cose.protected_header(deep, wide)[99] == [[[[1]]]]
    with pytest.raises(CertsError):
        cose.protected_header(deep, narrow)

"""The page's modules and `certs` pass the same vectors: same bytes where bytes are fixed, each other's signatures where not.

Spec: RFC 9285, RFC 4648 §5, RFC 8949 §4.2.1, RFC 9052 §4.4, RFC 7638, OpenID4VCI 1.0 Appendix F.1, `certs/qr.md`.
"""

import pytest

from certs import cbor, cose, jose, proof
from certs.encoding import b64url_decode, b64url_encode, base45_decode, base45_encode, json_decode
from certs.errors import Malformed
from certs.keys import PublicKey
from tests.wallet import vectors

SIGNATURE_BYTES = 64


def test_base45_both_ways() -> None:
    given = [bytes.fromhex(each) for each in vectors.BYTES]
    assert vectors.answers()["base45"] == [base45_encode(each) for each in given]
    assert vectors.answers()["base45_back"] == vectors.BYTES


def test_base45_refuses_what_python_refuses() -> None:
    assert vectors.answers()["base45_refused"] == [True] * len(vectors.BASE45_BAD)
    for text in vectors.BASE45_BAD:
        with pytest.raises(Malformed):
            base45_decode(text)


def test_base64url_both_ways() -> None:
    given = [bytes.fromhex(each) for each in vectors.BYTES]
    assert vectors.answers()["base64url"] == [b64url_encode(each) for each in given]
    assert vectors.answers()["base64url_back"] == vectors.BYTES


def test_base64url_refuses_what_python_refuses() -> None:
    assert vectors.answers()["base64url_refused"] == [True] * len(vectors.BASE64URL_BAD)
    for text in vectors.BASE64URL_BAD:
        with pytest.raises(Malformed):
            b64url_decode(text)


@pytest.mark.parametrize("number", range(len(vectors.CBOR)))
def test_cbor_is_the_same_bytes(number: int) -> None:
    assert vectors.answers()["cbor"][number] == cbor.encode(vectors.CBOR[number]).hex()


def test_what_is_not_one_item_is_never_embedded() -> None:
    assert vectors.answers()["item_refused"] == [True] * len(vectors.ITEM_BAD)
    assert vectors.answers()["presentations_refused"] == [True] * len(vectors.questions()["presentations_bad"])


def test_the_structure_that_cose_signs_is_the_same() -> None:
    signed = cbor.encode(["Signature1", bytes.fromhex("a10126"), b"", bytes.fromhex("a1061a6ade0000")])
    assert vectors.answers()["to_be_signed"] == signed.hex()


@pytest.mark.parametrize("number", range(len(vectors.PRESENTATIONS)))
def test_a_presentation_made_in_the_browser_is_the_one_made_in_python(number: int) -> None:
    ours = vectors.presented(**vectors.PRESENTATIONS[number])
    theirs = bytes.fromhex(vectors.answers()["presentations"][number]["bytes"])
    assert theirs[:-SIGNATURE_BYTES] == ours[:-SIGNATURE_BYTES]  # all but the signature, which is never twice the same
    assert len(theirs) == len(ours)
    presentation = proof.parse_presentation(cose.parse(theirs))
    proof.check_holder_proof(presentation, vectors.HOLDER.public, now=vectors.NOW)
    assert presentation.audience == vectors.PRESENTATIONS[number]["audience"]
    assert vectors.answers()["presentations"][number]["text"] == "VN1:" + base45_encode(theirs)


def test_a_presentation_of_the_browser_holds_for_its_key_only() -> None:
    theirs = bytes.fromhex(vectors.answers()["presentations"][0]["bytes"])
    presentation = proof.parse_presentation(cose.parse(theirs))
    with pytest.raises(Exception, match="holder_binding_invalid"):
        proof.check_holder_proof(presentation, vectors.ISSUER.public, now=vectors.NOW)


def test_a_key_proof_of_the_browser_is_taken_by_an_issuer() -> None:
    proven = vectors.answers()["key_proof"]
    checked = proof.verify_key_proof(proven, audience="https://idp.example", now=vectors.NOW)
    assert (checked.key, checked.nonce) == (vectors.HOLDER.public, "n-0S6_WzA2Mj")


def test_both_key_proofs_say_the_same() -> None:
    ours = jose.parse(
        proof.key_proof(vectors.HOLDER, audience="https://idp.example", nonce="n-0S6_WzA2Mj", now=vectors.NOW)
    )
    theirs = jose.parse(vectors.answers()["key_proof"])
    assert theirs.header == ours.header
    assert json_decode(theirs.payload) == json_decode(ours.payload)


def test_a_key_of_the_browser_is_named_by_its_thumbprint_and_cannot_leave() -> None:
    made = vectors.answers()["made"]
    assert vectors.answers()["thumbprint"] == vectors.HOLDER.public.thumbprint()
    assert PublicKey.from_jwk(made["jwk"]).thumbprint() == made["thumbprint"]
    assert made["extractable"] is False

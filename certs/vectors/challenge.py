"""The published vectors of the verifier's challenge, as one JSON document: `python -m certs vectors challenge` prints it.

Spec: `certs/challenge.md` §Vectors. Signatures are deterministic (RFC 6979), so every run gives the same bytes.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from certs import cbor, challenge, cose
from certs.challenge import CNONCE, EXP, IAT, PURPOSE, WANTED
from certs.encoding import b64url_encode, base45_encode
from certs.vectors.nation import CHALLENGE, NOW, Desk, private_jwk, sign1, signer
from certs.vectors.readers import AGE, IDENTITY, LENDING, OPENING, PLAIN, Readers, der


class Example(NamedTuple):
    """One text, and what a wallet says of it at that time; without `code` it goes on."""

    id: str
    about: str
    text: str
    code: str | None = None
    now: int = NOW


def document() -> dict[str, Any]:
    """The whole published file."""
    readers = Readers()
    names = ("bank", "clinic")
    return {
        "specification": "certs/challenge.md, version 1",
        "warning": "Every private key in here is published. Never trust one outside a test.",
        "keys": {name: private_jwk(getattr(readers, name).signer) for name in names},
        "trust": {
            "root": b64url_encode(der(readers.root.certificate)),
            "trust_list": readers.token,
            "certificates": {name: b64url_encode(der(getattr(readers, name).certificate)) for name in names},
        },
        "challenge": _composition(readers),
        "accepted": [_told(each) | {"result": _result(readers, each)} for each in accepted(readers)],
        "refused": [_told(each) | {"code": each.code} for each in refused(readers)],
    }


def _told(example: Example) -> dict[str, Any]:
    return {"id": example.id, "about": example.about, "text": example.text, "now": example.now}


def _result(readers: Readers, example: Example) -> dict[str, Any]:
    return challenge.verify(example.text, readers.trust, now=example.now).to_json()


def _composition(readers: Readers) -> dict[str, Any]:
    """The reader's half, step by step; with RFC 6979 the signature too is always this one."""
    text = readers.asks()
    message, _ = challenge.parse(text)
    return {
        "protected": message.protected.hex(),
        "payload": message.payload.hex(),
        "to_be_signed": cbor.encode(["Signature1", message.protected, b"", message.payload]).hex(),
        "signature": message.signature.hex(),
        "text": text,
    }


def accepted(readers: Readers) -> Iterator[Example]:
    several = challenge.wanted(IDENTITY, AGE)
    for name, about, text, now in (
        ("age", "a bank asks whether somebody is 18 or over", readers.asks(), NOW),
        ("either", "one of two kinds of documents", readers.asks(wanted=several), NOW),
        (
            "loan",
            "the same bank, to its other purpose",
            readers.asks(purpose=LENDING.vi, wanted=challenge.wanted(("driving_licence", "licence"))),
            NOW,
        ),
        ("longest", "five minutes", readers.asks(issued=NOW, expires=NOW + 300), NOW),
        ("last-second", "ended 59 s ago by a clock 60 s ahead", readers.asks(), PLAIN.expires + 59),
        ("fast-clock", "made by a clock 60 s ahead", readers.asks(issued=NOW + 60, expires=NOW + 90), NOW),
    ):
        yield Example(name, about, text, now=now)


def refused(readers: Readers) -> Iterator[Example]:
    for name, about, text, code in (*_bounds(readers), *_cose(readers), *_claims(readers), *_trust(readers)):
        yield Example(name, about, text, code)
    yield Example("ended", "60 s past its end", readers.asks(), "expired", PLAIN.expires + 60)
    yield Example("too-early", "made by a clock 61 s ahead", readers.asks(), "issued_in_future", PLAIN.issued - 61)


def _bounds(readers: Readers) -> Iterator[tuple[str, str, str, str]]:
    good = readers.asks()
    body = good.removeprefix(challenge.PREFIX)
    yield "a-document", "the prefix of a document", "VN1:" + body, "prefix_unknown"
    yield "blank-before", "a blank before the prefix", " " + good, "prefix_unknown"
    yield "lower-case", "lower case is not base45", challenge.PREFIX + body.lower(), "encoding_invalid"
    yield "line-end", "a line end after the text", good + "\n", "encoding_invalid"
    yield "too-long", "4,297 characters", challenge.PREFIX + "0" * (challenge.TEXT_LIMIT - 4), "oversize"
    message, _ = challenge.parse(good)
    whole = cbor.encode(message.item())
    for name, about, data, code in (
        ("empty", "nothing after the prefix", b"", "malformed"),
        ("cut-off", "the last byte is missing", whole[:-1], "malformed"),
        ("trailing", "one more byte", whole + b"\0", "trailing_data"),
        ("no-tag", "COSE_Sign1 without tag 18", whole[1:], "type_mismatch"),
        ("long-tag", "the tag in two bytes, where one is enough", b"\xd8\x12" + whole[1:], "malformed"),
        ("six-deep", "six arrays in each other", b"\x81" * 6 + b"\0", "limit_exceeded"),
        ("17-entries", "an array of 17 entries", b"\x91" + bytes(17), "limit_exceeded"),
        ("float", "a floating-point number", b"\xf9\x3c\0", "malformed"),
    ):
        yield name, about, challenge.PREFIX + base45_encode(data), code


def _cose(readers: Readers) -> Iterator[tuple[str, str, str, str]]:
    message, _ = challenge.parse(readers.asks())
    unsigned = sign1(message.protected, {4: b"x"}, message.payload, message.signature)
    yield "unprotected", "a header that nobody signed", challenge.PREFIX + base45_encode(unsigned), "malformed"
    flipped = message.signature[:-1] + bytes([message.signature[-1] ^ 1])
    changed = sign1(message.protected, {}, message.payload, flipped)
    yield "signature", "one bit of the signature", challenge.PREFIX + base45_encode(changed), "signature_invalid"
    other = message.payload.replace(CHALLENGE, bytes(16))
    moved = sign1(message.protected, {}, other, message.signature)
    yield "another-challenge", "other random bytes", challenge.PREFIX + base45_encode(moved), "signature_invalid"
    chain = [der(readers.bank.certificate), der(readers.root.certificate)]
    for name, about, header, code in (
        ("other-type", "signed as something else", {cose.TYP: "vn1-kb+cwt"}, "type_mismatch"),
        ("more-header", "a header that the profile lacks", {cose.KID: b"x"}, "malformed"),
        ("no-certificate", "no certificate", {cose.X5CHAIN: None}, "malformed"),
        ("chain", "two certificates", {cose.X5CHAIN: chain}, "malformed"),
        ("crit", "a critical header", {cose.CRIT: [99], 99: 1}, "crit_unknown"),
        ("other-alg", "ES384 of a P-256 key", {cose.ALG: -35}, "alg_not_allowed"),
    ):
        yield name, about, readers.misshapen(header=header), code


def _claims(readers: Readers) -> Iterator[tuple[str, str, str, str]]:
    for name, about, claims, code in (
        ("more-claims", "a claim that the profile lacks", {3: "bank"}, "malformed"),
        ("no-purpose", "no purpose", {PURPOSE: None}, "malformed"),
        ("empty-purpose", "a purpose of no characters", {PURPOSE: ""}, "malformed"),
        ("bidi", "a purpose with a direction override", {PURPOSE: "Mở\u202e tài khoản"}, "text_unsafe"),
        (
            "decomposed",
            "a purpose not in normal form C",
            {PURPOSE: "Mo\u031b\u0309 ta\u0300i khoa\u0309n"},
            "text_unsafe",
        ),
        ("challenge-15", "a challenge of 15 bytes", {CNONCE: bytes(15)}, "malformed"),
        ("challenge-17", "a challenge of 17 bytes", {CNONCE: bytes(17)}, "malformed"),
        ("ends-before", "exp not after iat", {EXP: NOW - 10}, "malformed"),
        ("lives-301", "301 seconds", {EXP: NOW + 291}, "malformed"),
        ("time-as-text", "iat as text", {IAT: str(NOW)}, "malformed"),
        ("nothing-wanted", "no kind of document", {WANTED: []}, "malformed"),
        ("no-view", "a kind without a view", {WANTED: [[2, []]]}, "malformed"),
        ("unordered", "views not in rising order", {WANTED: [[1, [2, 1]]]}, "malformed"),
        ("twice", "a kind named twice", {WANTED: [[2, [2]], [2, [2]]]}, "malformed"),
        ("unknown-kind", "document type 99", {WANTED: [[99, [1]]]}, "type_mismatch"),
        ("unknown-view", "view 9", {WANTED: [[2, [9]]]}, "type_mismatch"),
        ("online-only", "a view that no code shows", {WANTED: [[3, [6]]]}, "type_mismatch"),
    ):
        yield name, about, readers.misshapen(claims), code


def _trust(readers: Readers) -> Iterator[tuple[str, str, str, str]]:
    licence = challenge.wanted(("driving_licence", "licence"))
    both = challenge.wanted(AGE, ("driving_licence", "licence"))
    health = challenge.wanted(("health_record", "insurance"))
    yield "unlisted", "a reader that is not on the list", readers.asks(readers.unlisted), "issuer_untrusted"
    yield "former", "a right that has ended", readers.asks(readers.former, audience="shop"), "issuer_untrusted"
    yield "expired-reader", "a certificate that has ended", readers.asks(readers.expired), "cert_expired"
    yield "coming-reader", "a certificate of tomorrow", readers.asks(readers.coming), "cert_not_yet_valid"
    yield "not-a-reader", "listed, but made to sign documents", readers.asks(readers.signer), "cert_usage"
    yield "another-root", "listed, but under another root", readers.asks(readers.foreign), "issuer_untrusted"
    forged = Desk(signer("nobody"), readers.bank.certificate)
    yield "another-key", "the bank's certificate, somebody else's key", readers.asks(forged), "signature_invalid"
    yield "lying-name", "a clinic that says it is the bank", readers.asks(readers.clinic), "issuer_untrusted"
    yield "lying-purpose", "a purpose that the list does not have", readers.asks(purpose="Tặng quà"), "policy_refused"
    yield "english-purpose", "the purpose in English", readers.asks(purpose=OPENING.en), "policy_refused"
    yield "over-asks", "a view of the other purpose", readers.asks(wanted=licence), "policy_refused"
    yield "over-asks-too", "the same beside one that is allowed", readers.asks(wanted=both), "policy_refused"
    yield "others-right", "what another reader may ask", readers.asks(wanted=health), "policy_refused"

"""The examples of the published vectors: QR texts that a verifier accepts, and those it refuses, in the order of the checks.

Spec: `certs/qr.md`; each refusal names the step and the code that a conforming verifier gives.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from certs import cbor, cose, proof, qr, status
from certs.authority import DAY
from certs.formats import Expected, Step, cwt
from certs.vectors.nation import (
    AUDIENCE,
    CHALLENGE,
    HANDOVER,
    HEALTH,
    LOCKED,
    NOW,
    REVOKED,
    SUSPENDED,
    URI,
    Desk,
    Nation,
    altered,
    shown,
    sign1,
)

_BOTH = Expected(audience=AUDIENCE, challenge=CHALLENGE)
_PAPER = {cose.TYP: cwt.PRINTED_TYP}
_HEALTH: dict[str, Any] = {"document": "health_record", "view": "summary", "record": HEALTH, "authority": "health"}


class Example(NamedTuple):
    """One text, and what a verifier that expects this says at that time; without `code` it accepts."""

    id: str
    about: str
    text: str
    step: Step | None = None
    code: str | None = None
    now: int = NOW
    expected: Expected = Expected()


def accepted(nation: Nation) -> Iterator[Example]:
    licence = nation.issue()
    named = nation.show(licence, audience=AUDIENCE, challenge=CHALLENGE)
    age = nation.issue(view="age_over_18", index=9)
    full = nation.issue(view="full", index=10)
    health = nation.issue(**_HEALTH, index=11)
    former = nation.issue(authority="transport", issued=HANDOVER - 1, index=8)
    for name, about, data, expected in (
        ("licence", "a driving licence, shown to anybody", nation.show(licence), Expected()),
        ("licence-for-a-counter", "for one audience, answering its challenge", named, _BOTH),
        ("age", "one claim: 18 or over", nation.show(age), Expected()),
        ("full", "every field of the licence", nation.show(full), Expected()),
        ("health", "a year of birth, an optional claim left out, an empty list", nation.show(health), Expected()),
        ("former-issuer", "issued by transport the second before its right ended", nation.show(former), Expected()),
        ("oldest", "shown 90 s ago: 60 s, and a clock 30 s wrong", nation.show(licence, at=NOW - 90), Expected()),
        ("fast-clock", "shown by a clock 30 s ahead", nation.show(licence, at=NOW + 30), Expected()),
        ("alone", "no holder proof, where the policy does without", licence, Expected(holder_proof=False)),
        ("printed", "made for paper, where the policy takes that", nation.issue_printed(), Expected(printed=True)),
        (
            "printed-too",
            "made for paper, where anything is taken",
            nation.issue_printed(),
            Expected(holder_proof=False),
        ),
    ):
        yield Example(name, about, qr.to_text(data), expected=expected)


def refused(nation: Nation) -> Iterator[Example]:
    yield from _bounds(nation)
    for name, about, data, code in (*_cbor(nation), *_cose(nation), *_proofs(nation)):
        yield Example(name, about, qr.to_text(data), Step.FORMAT, code)
    for name, about, change, code in (*_claims(nation), *_fields(nation)):
        yield Example(name, about, qr.to_text(nation.show(altered(nation, change))), Step.FORMAT, code)
    for name, about, credential, step, code in (*_signatures(nation), *_issuers(nation)):
        yield Example(name, about, qr.to_text(nation.show(credential)), step, code)
    yield from _status(nation)
    for name, about, data, expected, code in _holder(nation):
        yield Example(name, about, qr.to_text(data), Step.HOLDER_PROOF, code, expected=expected)


def _bounds(nation: Nation) -> Iterator[Example]:
    good = qr.to_text(nation.show(nation.issue()))
    body = good.removeprefix(qr.PREFIX)
    for name, about, text, code in (
        ("no-prefix", "without VN1:", body, "prefix_unknown"),
        ("other-prefix", "another scheme's prefix", "HC1:" + body, "prefix_unknown"),
        ("blank-before", "a blank before the prefix", " " + good, "prefix_unknown"),
        ("lower-case", "lower case is not base45", qr.PREFIX + body.lower(), "encoding_invalid"),
        ("line-end", "a line end after the text", good + "\n", "encoding_invalid"),
        ("length-3n+1", "a length that no bytes give", qr.PREFIX + "0", "encoding_invalid"),
        ("value-65536", "three characters above 65,535", qr.PREFIX + "GGW", "encoding_invalid"),
        ("value-256", "two last characters above 255", qr.PREFIX + "V5", "encoding_invalid"),
        ("too-long", "4,297 characters", qr.PREFIX + "0" * (qr.TEXT_LIMIT - 3), "oversize"),
    ):
        yield Example(name, about, text, Step.BOUNDS, code)


def _cbor(nation: Nation) -> Iterator[tuple[str, str, bytes, str]]:
    whole = nation.show(nation.issue())
    parts = whole[1:]  # without the tag
    yield "empty", "nothing after the prefix", b"", "malformed"
    yield "cut-off", "the last byte is missing", whole[:-1], "malformed"
    yield "trailing", "one more byte", whole + b"\0", "trailing_data"
    yield "indefinite", "an array of indefinite length", b"\xd2\x9f" + parts[1:] + b"\xff", "malformed"
    yield "long-tag", "the tag in two bytes, where one is enough", b"\xd8\x12" + parts, "malformed"
    yield "no-tag", "COSE_Sign1 without tag 18", parts, "type_mismatch"
    yield "cwt-tag", "tag 61 around it", b"\xd8\x3d" + whole, "malformed"
    yield "nine-deep", "nine arrays in each other", b"\x81" * 9 + b"\0", "limit_exceeded"
    yield "65-entries", "an array of 65 entries", b"\x98\x41" + bytes(65), "limit_exceeded"
    yield "float", "a floating-point number", b"\xf9\x3c\0", "malformed"


def _cose(nation: Nation) -> Iterator[tuple[str, str, bytes, str]]:
    protected, _, payload, signature = cbor.decode(nation.issue()).value
    yield "detached", "payload nil", sign1(protected, {}, None, signature), "malformed"
    yield "unprotected", "a header that nobody signed", sign1(protected, {4: b"x"}, payload, signature), "malformed"
    yield "key-twice", "a header given twice", sign1(b"\xa2\1\x26\1\x26", {}, payload, signature), "duplicate_key"
    yield "key-order", "headers not in rising order", sign1(b"\xa2\4\x41k\1\x26", {}, payload, signature), "malformed"
    yield "crit", "a critical header", altered(nation, header={2: [99], 99: 1}), "crit_unknown"
    yield "other-type", "signed as something else", altered(nation, header={16: "statuslist+cwt"}), "type_mismatch"
    yield "print-with-a-key", "a bound credential that says it is printed", altered(nation, header=_PAPER), "malformed"
    yield "more-header", "a header that the profile lacks", altered(nation, header={3: 0}), "malformed"


def _proofs(nation: Nation) -> Iterator[tuple[str, str, bytes, str]]:
    credential = nation.issue()
    twice = cbor.decode(nation.show(credential))
    yield "kcwt-in-bytes", "the credential as a byte string", shown(nation, kcwt=credential), "type_mismatch"
    yield "shown-twice", "a holder proof inside a holder proof", shown(nation, kcwt=twice), "type_mismatch"
    yield (
        "proof-with-exp",
        "the holder's claims are a closed set",
        shown(nation, claims={6: NOW, 4: NOW + 9}),
        "malformed",
    )
    paper = cbor.decode(nation.issue_printed())
    yield "proof-of-a-print", "a printed code inside a holder proof", shown(nation, kcwt=paper), "type_mismatch"
    yield "challenge-65", "a challenge of 65 bytes", shown(nation, claims={6: NOW, 39: bytes(65)}), "malformed"


def _claims(nation: Nation) -> Iterator[tuple[str, str, dict[int, Any], str]]:
    key = cbor.decode(cose.parse(nation.issue()).payload)[cwt.CNF][1]
    negative = {"status_list": {"idx": -1, "uri": URI}}
    yield "no-expiry", "exp is missing", {4: None}, "malformed"
    yield "expiry-as-text", "exp as text", {4: str(NOW)}, "malformed"
    yield "ends-before-it-starts", "exp not after iat", {4: NOW - 3600}, "malformed"
    yield "more-claims", "a claim that the profile lacks", {2: "sub"}, "malformed"
    yield "private-key", "the holder's private key in cnf", {8: {1: {**key, -4: bytes(32)}}}, "malformed"
    yield "off-curve", "a holder key that is no point of P-256", {8: {1: {**key, -3: bytes(32)}}}, "malformed"
    yield "negative-index", "a negative status index", {status.STATUS: negative}, "malformed"
    yield "no-key", "no cnf: only a printed code is bound to nobody, and says so", {8: None}, "malformed"


def _fields(nation: Nation) -> Iterator[tuple[str, str, dict[int, Any], str]]:
    document = cbor.decode(cose.parse(nation.issue()).payload)[cwt.DOCUMENT]
    for name, about, key, value, code in (
        ("unknown-document", "document type 99", 1, 99, "type_mismatch"),
        ("unknown-view", "view 9", 2, 9, "type_mismatch"),
        ("field-missing", "no name", 4, None, "claims_missing"),
        ("field-beyond", "a field that the view does not have", 8, "Hà Nội", "malformed"),
        ("pid-13-digits", "a number of 13 digits", 3, 10**12, "malformed"),
        ("month-13", "a month that is none", 5, "2003-13", "malformed"),
        ("year-1849", "a day before 1850", 5, -43831, "malformed"),
        ("decomposed", "a name not in normal form C", 4, "Du\u031bo\u031bng", "text_unsafe"),
        ("bidi", "a name with a direction override", 4, "Dương\u202e", "text_unsafe"),
        ("cyrillic", "a name with a Cyrillic letter", 4, "Dươ\u043fg", "text_unsafe"),
    ):
        yield name, about, {cwt.DOCUMENT: {**document, key: value}}, code


def _signatures(nation: Nation) -> Iterator[tuple[str, str, bytes, Step, str]]:
    message = cose.parse(nation.issue())
    flipped = message.signature[:-1] + bytes([message.signature[-1] ^ 1])
    renamed = message.payload.replace("Dương".encode(), "Dưông".encode())
    stranger = Desk(nation.stranger, nation.issuers["public-security"].certificate)
    for name, about, credential, code in (
        ("unknown-kid", "a key id on no list", altered(nation, header={4: bytes(8)}), "key_not_found"),
        ("es384", "the header names ES384", altered(nation, header={1: -35}), "alg_not_allowed"),
        ("one-bit", "one bit of the signature", _with(message, signature=flipped), "signature_invalid"),
        ("63-bytes", "a signature of 63 bytes", _with(message, signature=flipped[:63]), "signature_invalid"),
        ("renamed", "another name under the signature", _with(message, payload=renamed), "signature_invalid"),
        ("stranger", "another key under a known id", nation.issue(desk=stranger), "signature_invalid"),
    ):
        yield name, about, credential, Step.ISSUER_SIGNATURE, code


def _with(message: cose.Sign1, *, payload: bytes | None = None, signature: bytes | None = None) -> bytes:
    return sign1(message.protected, {}, payload or message.payload, signature or message.signature)


def _issuers(nation: Nation) -> Iterator[tuple[str, str, bytes, Step, str]]:
    path, trusted, valid = Step.CERTIFICATE_PATH, Step.TRUST_LIST, Step.VALIDITY
    expired, misused = (nation.issue(**_HEALTH, desk=desk) for desk in (nation.expired, nation.misused))
    early, late = nation.issue(issued=HANDOVER - 1), nation.issue(authority="transport")
    other = nation.issue(**{**_HEALTH, "authority": "tax"})
    named = altered(nation, {1: "health"})
    yield "expired-signer", "the signer's certificate ended", expired, path, "cert_expired"
    yield "misused-signer", "a status signer's certificate", misused, path, "cert_usage"
    yield "after-handover", "transport, after its right ended", late, trusted, "issuer_untrusted"
    yield "before-handover", "public security, before its right began", early, trusted, "issuer_untrusted"
    yield "other-office", "a health record signed by the tax office", other, trusted, "issuer_untrusted"
    yield "other-name", "iss names another authority", named, trusted, "issuer_untrusted"
    yield "from-the-future", "issued 61 s from now", nation.issue(issued=NOW + 61), valid, "issued_in_future"
    yield "expired", "expired this second", nation.issue(expires=NOW), valid, "expired"


def _status(nation: Nation) -> Iterator[Example]:
    for name, about, index, uri, later, code in (
        ("revoked", "status 1", REVOKED, URI, 0, "revoked"),
        ("suspended", "status 2", SUSPENDED, URI, 0, "suspended"),
        ("holder-locked", "status 3", LOCKED, URI, 0, "holder_locked"),
        ("index-64", "an index beyond the list", 64, URI, 0, "status_index_out_of_range"),
        ("other-list", "a list that the verifier lacks", 7, URI + "2", 0, "status_unavailable"),
        ("old-list", "the list is older than its ttl", 7, URI, DAY, "status_stale"),
    ):
        data = nation.show(nation.issue(index=index, uri=uri), at=NOW + later)
        yield Example(name, about, qr.to_text(data), Step.STATUS, code, NOW + later)
    paper, taken = qr.to_text(nation.issue_printed(index=REVOKED)), Expected(printed=True)
    yield Example("print-taken-back", "a printed code, status 1", paper, Step.STATUS, "revoked", expected=taken)


def _holder(nation: Nation) -> Iterator[tuple[str, str, bytes, Expected, str]]:
    credential, nobody = nation.issue(), Expected()
    forged = proof.holder_proof(credential, nation.stranger, now=NOW - 5)
    bare, named = nation.show(credential), nation.show(credential, audience=AUDIENCE, challenge=CHALLENGE)
    stale, future = (nation.show(credential, at=at) for at in (NOW - 91, NOW + 31))
    elsewhere, again = Expected(audience="x", challenge=CHALLENGE), Expected(audience=AUDIENCE, challenge=b"x")
    yield "no-proof", "the credential alone", credential, nobody, "holder_binding_missing"
    yield "a-print", "a printed code, where a proof is wanted", nation.issue_printed(), nobody, "holder_binding_missing"
    yield (
        "no-proof-no-print",
        "a credential alone is no print",
        credential,
        Expected(printed=True),
        "holder_binding_missing",
    )
    yield "forged-proof", "shown by a key that it is not bound to", forged, nobody, "holder_binding_invalid"
    yield "stale", "shown 91 s ago", stale, nobody, "presentation_stale"
    yield "future", "shown 31 s from now", future, nobody, "issued_in_future"
    yield "other-audience", "made for another", named, elsewhere, "audience_mismatch"
    yield "somebody's", "made for one, seen by another who names nobody", named, nobody, "audience_mismatch"
    yield "anybody's", "made for nobody, seen by one who wants to be named", bare, _BOTH, "audience_mismatch"
    yield "other-challenge", "answers another challenge", named, again, "nonce_mismatch"
    yield "no-challenge", "answers no challenge", bare, Expected(challenge=CHALLENGE), "nonce_mismatch"

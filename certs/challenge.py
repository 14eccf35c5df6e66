"""The verifier's challenge: a QR by which somebody asks face to face, signed, so that a wallet can tell its person who asks.

Spec: `certs/challenge.md`; RFC 9052 §4.2 (COSE_Sign1), RFC 9360 (x5chain), RFC 9596 (typ), RFC 8392 (CWT claims).

Reading one, in this order; the first check that fails gives the code (section 5 of the specification):
 1. text: length, prefix, base45
 2. form: CBOR, COSE_Sign1, `typ`, headers and claims as stated and no other, every number in its bounds, safe text
 3. reader: the certificate that came along is a reader's on the trust list                               (issuer_untrusted)
 4. its path leads to an anchor, made for readers, holds now and is not revoked
 5. the signature is its key's
 6. `iss` is the name that the trust list has for it, and a purpose of its runs now                       (issuer_untrusted)
 7. `purpose` is one of these, and it alone allows every view that is asked for                             (policy_refused)
 8. it is not from the future, and has not ended                                                (issued_in_future, expired)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import cbor, cose
from certs.catalogue import CATALOGUE, DocumentType, View
from certs.cbor import Limits, Value
from certs.cose import Sign1
from certs.encoding import TIME_LIMIT, base45_decode, base45_encode, safe_text
from certs.errors import Malformed, NotValidNow, Unsupported, Untrusted
from certs.keys import Signer
from certs.trust import Reader, TrustStore, askable
from certs.x509 import public_key

PREFIX = "VN1Q:"
TYP = "vn1-challenge+cwt"
TEXT_LIMIT = 4296  # characters of alphanumeric mode in version 40-L, as in `certs/qr.py`
CHALLENGE_BYTES = 16
LIFETIME = 300  # seconds from `iat` to `exp`, at most: one question to one person
SKEW = 60  # seconds that the two clocks may differ: a phone without a network may have no better one
WANTED_LIMIT = 16  # kinds of documents, and views of one
NAME_LIMIT, PURPOSE_LIMIT = 64, 256  # characters

ISS, EXP, IAT, CNONCE, PURPOSE, WANTED = 1, 4, 6, 39, -65539, -65540
_CLAIMS = frozenset({ISS, EXP, IAT, CNONCE, PURPOSE, WANTED})
_HEADER = frozenset({cose.ALG, cose.TYP, cose.X5CHAIN})
_LIMITS = Limits(size=4096, depth=5, entries=WANTED_LIMIT, tags=frozenset({cose.SIGN1}))
_BY_CODE = {kind.code: kind for kind in CATALOGUE.values()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Views of one kind of document, by their names. Any one of them answers."""

    document: str
    views: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What is asked. One view of one document answers it; all that is named are alternatives.

    audience   the reader's name in the trust list (`Reader.organisation`): for whom the answer is made
    purpose    the Vietnamese text of one of its purposes there, to the letter
    issued, expires   Unix seconds
    """

    audience: str
    purpose: str
    wanted: tuple[Wanted, ...]
    challenge: bytes
    issued: int
    expires: int

    def takes(self, document: str, view: str) -> bool:
        return any(each.document == document and view in each.views for each in self.wanted)


@dataclass(frozen=True, slots=True)
class Asked:
    """A challenge that holds, and who asks by it, to which purpose, as the trust list says."""

    challenge: Challenge
    reader: Reader

    def to_json(self) -> dict[str, Any]:
        question, reader = self.challenge, self.reader
        return {
            "audience": question.audience,
            "challenge": question.challenge.hex(),
            "issued": question.issued,
            "expires": question.expires,
            "wanted": [{"document": each.document, "views": list(each.views)} for each in question.wanted],
            "name": {"vi": reader.name.vi, "en": reader.name.en},
            "purpose": {"vi": reader.purpose.vi, "en": reader.purpose.en},
        }


# --- the reader's half ------------------------------------------------------------------------------------------------


def sign(question: Challenge, signer: Signer, certificate: x509.Certificate) -> str:
    """The text of the QR. Raises Malformed for what no wallet would read."""
    payload: dict[int, Value] = {
        ISS: question.audience,
        EXP: question.expires,
        IAT: question.issued,
        CNONCE: question.challenge,
        PURPOSE: question.purpose,
        WANTED: _numbers(question.wanted),
    }
    encoded = cbor.encode(payload)
    if _question(cbor.decode(encoded, _LIMITS)) != question:
        raise Malformed("malformed", "kinds and views are named once, in the order of their numbers")
    header = {cose.TYP: TYP, cose.X5CHAIN: certificate.public_bytes(Encoding.DER)}
    text = PREFIX + base45_encode(cose.sign(encoded, signer, header=header))
    if len(text) > TEXT_LIMIT:
        raise Malformed("oversize", f"{len(text)} characters do not fit a QR")
    return text


def wanted(*views: tuple[str, str]) -> tuple[Wanted, ...]:
    """Pairs of document and view, in the one order that has a form. Raises Malformed for one that no QR shows."""
    found: dict[int, dict[int, str]] = {}
    for document, name in views:
        kind = CATALOGUE.get(document)
        view = next((each for each in kind.views if each.name == name), None) if kind else None
        if kind is None or view is None or not view.qr:
            raise Malformed("type_mismatch", f"{document}.{name}")
        found.setdefault(kind.code, {})[view.code] = name
    return tuple(
        Wanted(_BY_CODE[code].name, tuple(named for _, named in sorted(each.items())))
        for code, each in sorted(found.items())
    )


def _numbers(asked: Iterable[Wanted]) -> list[Value]:
    try:
        kinds = [(CATALOGUE[each.document], each.views) for each in asked]
        return [[kind.code, [kind.view(name).code for name in views]] for kind, views in kinds]
    except KeyError as error:
        raise Malformed("type_mismatch", f"{error}") from error


# --- the holder's half ------------------------------------------------------------------------------------------------


def is_challenge(text: str) -> bool:
    return text.startswith(PREFIX)


def verify(text: str, trust: TrustStore, *, now: int) -> Asked:
    """Who asks for what, when all of it holds. Raises CertsError."""
    message, question = parse(text)  # 1, 2
    certificate = _listed(_certificate(message), trust)  # 3
    readers = trust.readers(certificate, at=now)  # 4, and the purposes that run now
    cose.verify(message, public_key(certificate))  # 5
    named = [reader for reader in readers if reader.organisation == question.audience]
    if not named:  # 6
        raise Untrusted("issuer_untrusted", "iss is not the reader's name")
    asking = [reader for reader in named if reader.purpose.vi == question.purpose and _allows(reader, question)]
    if not asking:  # 7
        raise Unsupported("policy_refused", f"{question.audience} may not ask for that")
    if question.issued > now + SKEW:  # 8
        raise NotValidNow("issued_in_future", "challenge")
    if question.expires + SKEW <= now:
        raise NotValidNow("expired", "challenge")
    return Asked(question, asking[0])


def _listed(der: bytes, trust: TrustStore) -> x509.Certificate:
    """By its bytes: a certificate of somebody unknown is never even read."""
    for certificate in (each for reader in trust.list.readers for each in reader.certificates):
        if certificate.public_bytes(Encoding.DER) == der:
            return certificate
    raise Untrusted("issuer_untrusted", "the reader is not on the trust list")


def parse(text: str) -> tuple[Sign1, Challenge]:
    """Steps 1 and 2: a challenge that proves nothing yet. Raises Malformed or Unsupported."""
    if len(text) > TEXT_LIMIT:
        raise Malformed("oversize", f"{len(text)} characters")
    if not text.startswith(PREFIX):
        raise Malformed("prefix_unknown", "not VN1Q:")
    message = cose.parse(base45_decode(text[len(PREFIX) :]), _LIMITS)
    cose.expect_typ(message, TYP)
    if set(message.header) != _HEADER:
        raise Malformed("malformed", "header of the challenge")
    _certificate(message)
    return message, _question(cbor.decode(message.payload, _LIMITS))


def _certificate(message: Sign1) -> bytes:
    value = message.header[cose.X5CHAIN]
    if not isinstance(value, bytes):  # a reader's certificate hangs on the root (`certs/profiles.py`)
        raise Malformed("malformed", "x5chain is one certificate")
    return value


def _question(claims: Value) -> Challenge:
    if not isinstance(claims, dict) or set(claims) != _CLAIMS:
        raise Malformed("malformed", "claims of the challenge")
    issued, expires, challenge = claims[IAT], claims[EXP], claims[CNONCE]
    if not _is_number(issued) or not _is_number(expires) or not issued < expires <= issued + LIFETIME:
        raise Malformed("malformed", "times of the challenge")
    if not isinstance(challenge, bytes) or len(challenge) != CHALLENGE_BYTES:
        raise Malformed("malformed", "cnonce of the challenge")
    return Challenge(
        audience=_text(claims[ISS], NAME_LIMIT),
        purpose=_text(claims[PURPOSE], PURPOSE_LIMIT),
        wanted=_wanted(claims[WANTED]),
        challenge=challenge,
        issued=issued,
        expires=expires,
    )


def _text(value: Value, limit: int) -> str:
    if not isinstance(value, str) or not value:
        raise Malformed("malformed", "text of the challenge")
    return safe_text(value, limit=limit)


def _wanted(value: Value) -> tuple[Wanted, ...]:
    """Rising numbers: each kind and view once, in one order."""
    pairs = [_pair(each) for each in _rising(value)]
    if not _rises([code for code, _ in pairs]):
        raise Malformed("malformed", "kinds are not in rising order")
    return tuple(_known(code, views) for code, views in pairs)


def _pair(value: Value) -> tuple[int, list[int]]:
    if not isinstance(value, list) or len(value) != 2 or not _is_number(value[0]):
        raise Malformed("malformed", "what is wanted")
    views = _rising(value[1])
    if not all(_is_number(each) for each in views) or not _rises(views):
        raise Malformed("malformed", "views are not in rising order")
    return value[0], views


def _rising(value: Value) -> list[Value]:
    if not isinstance(value, list) or not value:
        raise Malformed("malformed", "nothing is wanted")
    return value


def _rises(numbers: list[int]) -> bool:
    return all(before < after for before, after in pairwise(numbers))


def _known(code: int, views: list[int]) -> Wanted:
    kind = _BY_CODE.get(code)
    found = {view.code: view for view in kind.views if view.qr} if kind else {}
    if kind is None or not found.keys() >= set(views):
        raise Malformed("type_mismatch", "a kind or view that is not in the registry")
    return Wanted(kind.name, tuple(found[each].name for each in views))


def _is_number(value: Value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < TIME_LIMIT


# --- what a reader may ask --------------------------------------------------------------------------------------------


def views_for(reader: Reader) -> tuple[tuple[DocumentType, View], ...]:
    """The views that a challenge to this purpose may name, in the order of the registry."""
    return tuple(
        (kind, view)
        for _, kind in sorted(_BY_CODE.items())
        for view in kind.views
        if view.qr and _covers(reader, kind, view)
    )


def _allows(reader: Reader, question: Challenge) -> bool:
    """Alternatives count too: who may not learn something may not ask whether somebody has it either."""
    kinds = ((CATALOGUE[each.document], each.views) for each in question.wanted)
    return all(_covers(reader, kind, kind.view(name)) for kind, views in kinds for name in views)


def _covers(reader: Reader, kind: DocumentType, view: View) -> bool:
    return askable(reader, kind.name) >= set(view.fields)

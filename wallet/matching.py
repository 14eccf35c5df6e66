"""Which of a person's documents answer a reader's query, what of them would leave, and what the reader would not learn.

Spec: OpenID4VP 1.0 §6.4 (selecting claims and credentials), §7 (claims path pointer).
"""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from certs import jose, query
from certs.catalogue import DocumentType, Field, Kind, Text
from certs.encoding import b64url_encode
from certs.errors import CertsError
from certs.formats import device_response, disclosures, mdoc, sd_jwt
from certs.formats.elements import doc_type, namespace
from certs.formats.reader_auth import fields_of
from certs.formats.sd_jwt_contents import payload_of
from certs.formats.type_metadata import NEVER_HIDDEN, type_of
from certs.query import Credential, Held, Match, Query, answerable
from certs.status import StatusLists
from certs.x509 import load
from wallet import words
from wallet.errors import WalletError
from wallet.model import Copy, Document
from wallet.present import ADULT, BIRTH_DATE
from wallet.present import type_of as kind_of
from wallet.state import Standing, state_of
from wallet.words import Fact

_SHOWABLE = (Standing.VALID, Standing.EXPIRING, Standing.UNKNOWN)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_OF_NOBODY: Mapping[str, Text] = {
    "issuing_country": Text("Nước cấp", "Issuing country"),
    "issuing_authority": Text("Cơ quan cấp", "Issuing authority"),
    "un_distinguishing_sign": Text("Ký hiệu quốc gia", "Distinguishing sign"),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that answers one credential query. `copy` stands for all of its format: they tell the same."""

    asked: Credential
    document: Document
    copy: Copy
    match: Match
    held: Held

    @property
    def kind(self) -> DocumentType:
        return kind_of(self.document)

    @property
    def fields(self) -> tuple[str, ...]:
        """The catalogue's fields that leave."""
        found: list[str] = []
        for place in self.match.places:
            found.extend(fields_of(self.kind, *map(str, place)) if self.held.format == mdoc.NAME else [str(place[0])])
        return tuple(name for name in dict.fromkeys(found) if name not in NEVER_HIDDEN)


Candidates = Mapping[str, tuple[Candidate, ...]]


def whole(document: Document, format_: str) -> tuple[Copy, ...]:
    """The copies of which parts can be shown, in the order in which they are used."""
    return tuple(copy for copy in document.copies if copy.format == format_ and not copy.view)


def candidates(asked: Query, documents: Sequence[Document], statuses: StatusLists | None, *, now: int) -> Candidates:
    """For each credential query the documents that answer it, newest first. What is expired, revoked, suspended or locked would
    be refused by the reader, and stays."""
    held: dict[tuple[str, str], tuple[Document, Copy, Held]] = {}
    formats = {each.format for each in asked.credentials}
    for document in documents:
        for format_ in sorted(formats):
            for copy in whole(document, format_)[:1]:
                if state_of(copy, statuses, now=now).standing in _SHOWABLE:
                    held[document.document_id, format_] = (document, copy, held_of(copy))
    return {
        each.id: tuple(
            Candidate(each, document, copy, match, told)
            for document, copy, told in held.values()
            if (match := query.match(each, told)) is not None
        )
        for each in asked.credentials
    }


def held_of(copy: Copy) -> Held:
    """A kept copy as a query sees it. It was verified when it was kept."""
    if copy.format == mdoc.NAME:
        contents = mdoc.peek(copy.credential)
        chain = device_response.parse(copy.credential, response=False).issuer_signed.chain
        return Held(mdoc.NAME, doc_type(contents.document), contents.elements, _authorities(chain))
    token = disclosures.parse(copy.credential.decode("ascii"))
    parsed = jose.parse(token.jwt)
    revealed = disclosures.reveal(payload_of(parsed.payload), token.disclosures)
    document = sd_jwt.peek(copy.credential.decode("ascii")).document
    return Held(
        sd_jwt.NAME,
        type_of(document),
        revealed.claims,
        _authorities(map(base64.b64decode, parsed.header.get("x5c", ()))),
    )


def _authorities(chain: Iterable[bytes]) -> frozenset[str]:
    """OpenID4VP 1.0 §6.1.1.1."""
    found = set()
    for der in chain:
        try:
            told = load(der).extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        except (CertsError, x509.ExtensionNotFound):
            continue
        if told is not None:
            found.add(b64url_encode(told))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person chose: for each credential set the place of an option (None: not to be sent), and of several documents
    that fit one query which of them."""

    options: tuple[int | None, ...]
    documents: Mapping[str, tuple[str, ...]]


def chosen(query: Query, fitting: Candidates, choice: Choice) -> tuple[Candidate, ...]:
    """The documents that go out: of every required set an option, of optional ones those that the person added (§6.4.2); of
    several that fit the one that was chosen, or the newest. Raises WalletError."""
    possible = answerable(query, lambda id_: bool(fitting[id_]))
    if len(choice.options) != len(query.sets):
        raise WalletError("nothing_fits", "not one choice for each set")
    ids: list[str] = []
    for asked, options, place in zip(query.sets, possible, choice.options, strict=True):
        if place is None and not asked.required:
            continue
        if place is None or not 0 <= place < len(asked.options) or asked.options[place] not in options:
            raise WalletError("nothing_fits", "an option that cannot be met")
        ids.extend(asked.options[place])
    if not ids:
        raise WalletError("nothing_fits", "nothing was chosen")
    return tuple(each for id_ in dict.fromkeys(ids) for each in _of(fitting[id_], choice.documents.get(id_, ())))


def least(query: Query, fitting: Candidates) -> Choice:
    """The verifier's first choice of what can be met, and nothing that is optional."""
    possible = answerable(query, lambda id_: bool(fitting[id_]))
    places = (
        asked.options.index(options[0]) if asked.required and options else None
        for asked, options in zip(query.sets, possible, strict=True)
    )
    return Choice(tuple(places), {})


def _of(fitting: Sequence[Candidate], wanted: Sequence[str]) -> tuple[Candidate, ...]:
    found = tuple(each for each in fitting if each.document.document_id in wanted) if wanted else tuple(fitting[:1])
    if len(found) != max(1, len(set(wanted))) or (len(found) > 1 and not found[0].asked.multiple):
        raise WalletError("nothing_fits", "documents that do not fit, or too many")
    return found


# --- in words ---------------------------------------------------------------------------------------------------------


def leaving(candidate: Candidate) -> tuple[Fact, ...]:
    """What the reader would learn, with the very values, in the order in which it asked."""
    if candidate.held.format == mdoc.NAME:
        return tuple(_element(candidate, str(space), str(name)) for space, name in candidate.match.places)
    told = _told(candidate)
    names = dict.fromkeys((*(str(place[0]) for place in candidate.match.places), *told))
    return tuple(_claim(candidate, name, told[name]) for name in names if name not in NEVER_HIDDEN)


def _told(candidate: Candidate) -> Mapping[str, Any]:
    """The claims as the reader would see them: what the issuer did not hide apart goes out with what it stands in."""
    selection = sd_jwt.select(candidate.copy.credential.decode("ascii"), candidate.match.places)
    token = disclosures.parse(selection)
    return disclosures.reveal(payload_of(jose.parse(token.jwt).payload), token.disclosures).claims


def staying(candidate: Candidate) -> tuple[Field, ...]:
    """What the document has and the reader would not learn; what follows from what it learns is not among it."""
    told = {*candidate.fields, *(ADULT if BIRTH_DATE in candidate.fields else ())}
    has = candidate.held.claims
    own = has.get(namespace(candidate.kind), {}) if candidate.held.format == mdoc.NAME else has
    return tuple(field for field in candidate.kind.fields if field.name not in told and own.get(field.name) is not None)


def _claim(candidate: Candidate, name: str, told: Any) -> Fact:
    """A claim whole, or what of it goes out."""
    if told == candidate.held.claims[name] or name not in {field.name for field in candidate.kind.fields}:
        return _fact(candidate.kind, name, told)
    field, parts = candidate.kind.field(name), _plain(told)
    sensitive = field.sensitive or candidate.kind.sensitive
    return Fact(field.label, Text(f"một phần: {parts}", f"a part: {parts}"), sensitive, number=False)


def _element(candidate: Candidate, space: str, name: str) -> Fact:
    kind, value = candidate.kind, candidate.held.claims[space][name]
    told = b64url_encode(value) if isinstance(value, bytes) else value
    if space == namespace(kind) and name in {field.name for field in kind.fields}:
        return _fact(kind, name, told)
    if name in _OF_NOBODY:
        return Fact(_OF_NOBODY[name], Text(_plain(value), _plain(value)), sensitive=False, number=False)
    made_of = [field for field in kind.fields if field.name in fields_of(kind, space, name)]
    sensitive = kind.sensitive or not made_of or any(field.sensitive for field in made_of)
    if len(made_of) == 1 and made_of[0].kind is Kind.PORTRAIT:
        return _fact(kind, made_of[0].name, told)
    label = Text(
        ", ".join(field.label.vi for field in made_of) or name, ", ".join(field.label.en for field in made_of) or name
    )
    own, said = candidate.held.claims.get(namespace(kind), {}), _plain(value)
    if any(own.get(field.name) == value for field in made_of):
        return Fact(label, Text.same(said), sensitive, number=False)
    return Fact(label, Text(f"theo mẫu ISO: {said}", f"in ISO's form: {said}"), sensitive, number=False)


def _fact(kind: DocumentType, name: str, value: Any) -> Fact:
    known = words.facts(kind, {name: value})
    if not known:
        return Fact(Text.same(name), Text(_plain(value), _plain(value)), sensitive=True, number=False)
    (fact,) = known
    return Fact(
        fact.label, fact.value, fact.sensitive or kind.sensitive, fact.number, rows=fact.rows, picture=fact.picture
    )


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, Mapping):
        return ", ".join(_plain(each) for each in value.values() if each is not None)
    if isinstance(value, list | tuple):
        return "; ".join(map(_plain, value))
    if isinstance(value, bytes):
        return "…"
    text = str(value)
    return words.date(text) if _DATE.fullmatch(text) else text

"""What a query asks for in the words of the catalogue, and whether one purpose on the trust list allows all of it.

Spec: `certs/trust.py` (rights of readers); OpenID4VP 1.0 §15.6 (over-asking is seen before a person is asked).

All parts of a query count, also alternatives that would not be sent: who may not learn something may not ask whether somebody
has it either. A kind of document that the catalogue does not have is passed over, since nobody holds one.
"""

from collections.abc import Iterable, Sequence

from certs.catalogue import DocumentType, Text
from certs.errors import Malformed
from certs.formats.elements import BY_DOC_TYPE
from certs.formats.reader_auth import fields_of
from certs.formats.type_metadata import NEVER_HIDDEN, document_of
from certs.query import MDOC, SD_JWT, Claim, Credential, Query
from certs.trust import Reader, askable

_UNKNOWN = Text("thông tin mà ví không biết", "something that the wallet does not know")


def kinds(asked: Credential) -> tuple[DocumentType, ...]:
    """The kinds of documents that would do."""
    found = []
    for type_ in asked.types:
        try:
            found.append(document_of(type_) if asked.format == SD_JWT else BY_DOC_TYPE[type_])
        except (Malformed, KeyError):
            continue
    return tuple(dict.fromkeys(found))


def fields(asked: Credential, claims: Iterable[Claim], kind: DocumentType) -> tuple[str, ...]:
    """The catalogue's names of what these claims tell; a name that it does not have where they are none of ours."""
    found: list[str] = []
    for claim in claims:
        first, rest = str(claim.path[0]), claim.path[1:]
        if asked.format == MDOC:
            found.extend(fields_of(kind, first, str(rest[0])))
        elif first not in NEVER_HIDDEN:  # who issued it and until when is told by every credential
            found.append(first)
    return tuple(dict.fromkeys(found))


def names(query: Query) -> tuple[str, ...]:
    """All that it asks for, as `type.field` of the catalogue; a kind of document alone where it asks for no fact of it."""
    found: list[str] = []
    for asked in query.credentials:
        for kind in kinds(asked):
            known = {field.name for field in kind.fields}
            found += [f"{kind.name}.{each}" for each in fields(asked, asked.claims, kind) if each in known] or [
                kind.name
            ]
    return tuple(dict.fromkeys(found))


def entitled(query: Query, readers: Sequence[Reader]) -> tuple[tuple[Reader, ...], Text]:
    """The purposes that allow the whole query; where none does, a sentence on what goes beyond the one that comes closest.
    Purposes are never added up."""
    wanted = [
        (kind, frozenset(fields(asked, asked.claims, kind))) for asked in query.credentials for kind in kinds(asked)
    ]
    excess = [[(kind, each) for kind, names in wanted for each in _beyond(reader, kind, names)] for reader in readers]
    allowed = tuple(reader for reader, over in zip(readers, excess, strict=True) if not over)
    closest = min(excess, key=len, default=[])
    return allowed, Text("", "") if allowed else _sentence(closest)


def _beyond(reader: Reader, kind: DocumentType, names: frozenset[str]) -> tuple[str, ...]:
    """Without a claim it is still asked whether the person has such a document."""
    if not any(right.document == kind.name for right in reader.rights):
        return tuple(sorted(names)) or ("",)
    return tuple(sorted(names - askable(reader, kind.name)))


def _sentence(over: Iterable[tuple[DocumentType, str]]) -> Text:
    labels: dict[DocumentType, list[Text]] = {}
    for kind, name in over:
        known = {field.name: field.label for field in kind.fields}
        labels.setdefault(kind, []).extend([known.get(name, _UNKNOWN)] if name else [])
    told = [_of(kind, tuple(dict.fromkeys(names))) for kind, names in labels.items()]
    vi, en = "; ".join(each.vi for each in told), "; ".join(each.en for each in told)
    return Text(f"Danh sách tin cậy không cho họ hỏi: {vi}.", f"The trust list does not allow them to ask for: {en}.")


def _of(kind: DocumentType, names: Sequence[Text]) -> Text:
    if not names:
        return kind.title
    vi, en = ", ".join(each.vi for each in names), ", ".join(each.en for each in names)
    return Text(f"{kind.title.vi} ({vi})", f"{kind.title.en} ({en})")

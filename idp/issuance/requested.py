"""What a wallet asks for by scope, in the person's own documents: which one each scope means, and what stands against it.

Spec: OpenID4VCI 1.0 §5.1.2 (each scope by itself), §15.1 (consent: which credentials, about what)
"""

from collections.abc import Iterable
from dataclasses import dataclass

from certs.catalogue import DocumentType, Field, Text
from idp.issuance.configurations import Configuration, by_document
from idp.issuance.entitlement import Refusal, as_of, refusal
from idp.issuance.offer import choose
from idp.login.standing import Holder, today
from idp.model import Document
from idp.ports import Ports

_NOTHING = Refusal(
    "nothing_in_it",
    Text(
        vi="Giấy tờ của bạn không có thông tin được hỏi, chẳng hạn ảnh chân dung.",
        en="Your document does not have what is asked for, such as a portrait.",
    ),
)


@dataclass(frozen=True, slots=True)
class Requested:
    """One document, and what of it is asked for. `obstacle` says why it cannot be issued now."""

    kind: DocumentType
    configurations: tuple[Configuration, ...]
    document: Document | None
    obstacle: Refusal | None

    @property
    def fields(self) -> tuple[Field, ...]:
        """What goes into the wallet with all of it together, in the order of the catalogue."""
        told = {field.name for each in self.configurations for field in each.fields}
        return tuple(field for field in self.kind.fields if field.name in told)

    @property
    def whole(self) -> bool:
        """The document itself is asked for, not only views of it: the wallet can then show any part."""
        return any(each.view is None for each in self.configurations)


def requested(ports: Ports, who: Holder, scopes: Iterable[str], *, now: int) -> tuple[Requested, ...]:
    """In the order asked; without a question to the registers where no document is asked for."""
    wanted = by_document(scopes)
    held = ports.documents.of_person(who.person.person_id) if wanted else ()
    return tuple(_one(who, kind, asked, choose(held, kind.name), now) for kind, asked in wanted)


def nothing_to_issue(ports: Ports, who: Holder, scopes: Iterable[str], *, now: int) -> bool:
    """True when documents are asked for and none of them can be issued: then the person is told why, not the wallet."""
    wanted = requested(ports, who, scopes, now=now)
    return bool(wanted) and all(one.obstacle for one in wanted)


def _one(
    who: Holder, kind: DocumentType, asked: tuple[Configuration, ...], document: Document | None, now: int
) -> Requested:
    obstacle = refusal(who=who, document=document, kind=kind, now=now)
    if document is not None and obstacle is None:
        record = as_of(document, kind, who.person, day=today(now))
        asked = tuple(each for each in asked if each.fits(record))
        obstacle = None if asked else _NOTHING
    return Requested(kind, asked, document, obstacle)

"""What a wallet asks for by scope, in the person's own documents: which one each scope means, and what stands against it.

Spec: OpenID4VCI 1.0 §5.1.2 (each scope by itself), §15.1 (consent: which credentials, about what)
"""

from collections.abc import Iterable
from dataclasses import dataclass

from certs.catalogue import DocumentType, Field, View
from idp.issuance.entitlement import Refusal, refusal
from idp.issuance.metadata import CREDENTIAL_SCOPES, find
from idp.issuance.offer import choose
from idp.login.standing import Holder
from idp.model import Document
from idp.ports import Ports


@dataclass(frozen=True, slots=True)
class Requested:
    """One document, with the views asked for. `obstacle` says why it cannot be issued now."""

    kind: DocumentType
    views: tuple[View, ...]
    document: Document | None
    obstacle: Refusal | None

    @property
    def fields(self) -> tuple[Field, ...]:
        """What the signed views tell together, in the order of the catalogue."""
        told = {name for view in self.views for name in view.fields}
        return tuple(field for field in self.kind.fields if field.name in told)


def configurations(scopes: Iterable[str]) -> tuple[str, ...]:
    return tuple(CREDENTIAL_SCOPES[scope] for scope in scopes if scope in CREDENTIAL_SCOPES)


def views_by_kind(scopes: Iterable[str]) -> tuple[tuple[DocumentType, tuple[View, ...]], ...]:
    """In the order asked."""
    kinds: dict[str, DocumentType] = {}
    views: dict[str, list[View]] = {}
    for kind, view in filter(None, map(find, configurations(scopes))):
        kinds[kind.name] = kind
        views.setdefault(kind.name, []).append(view)
    return tuple((kind, tuple(views[name])) for name, kind in kinds.items())


def requested(ports: Ports, who: Holder, scopes: Iterable[str], *, now: int) -> tuple[Requested, ...]:
    """In the order asked; without a question to the registers where no document is asked for."""
    wanted = views_by_kind(scopes)
    held = ports.documents.of_person(who.person.person_id) if wanted else ()
    return tuple(_one(who, kind, views, choose(held, kind.name), now) for kind, views in wanted)


def nothing_to_issue(ports: Ports, who: Holder, scopes: Iterable[str], *, now: int) -> bool:
    """True when documents are asked for and none of them can be issued: then the person is told why, not the wallet."""
    wanted = requested(ports, who, scopes, now=now)
    return bool(wanted) and all(one.obstacle for one in wanted)


def _one(who: Holder, kind: DocumentType, views: tuple[View, ...], document: Document | None, now: int) -> Requested:
    return Requested(kind, views, document, refusal(who=who, document=document, kind=kind, now=now))

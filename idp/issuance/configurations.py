"""What can be asked for: each view that fits a QR, and each document whole in the two formats of which a holder shows parts.

Spec: OpenID for Verifiable Credential Issuance 1.0 §5.1.2 (`scope`), §12.2.4 (credential configurations), Appendix A.2 (mdoc),
A.3 (SD-JWT VC)

    id                  format       what is signed
    <type>.<view>       vn1_cwt      one named view of the document, as `certs/qr.md` has it
    <type>.sd_jwt       dc+sd-jwt    all of it, each claim disclosed or not
    <type>.mdoc         mso_mdoc     all of it, each element shown or not
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from certs.catalogue import CATALOGUE, DocumentType, Field, Text, View
from certs.formats import cwt, mdoc, sd_jwt
from idp.model import Grant

SCOPE_PREFIX = "credential:"  # tells them from the scopes of OpenID Connect (§5.1.2: not to be taken for another)


class Format(StrEnum):
    QR = cwt.NAME
    SD_JWT = sd_jwt.NAME
    MDOC = mdoc.NAME


_WHOLE: Mapping[Format, tuple[str, Text]] = MappingProxyType(
    {
        Format.SD_JWT: ("sd_jwt", Text("Toàn bộ, trình từng phần (SD-JWT VC)", "Whole, shown in parts (SD-JWT VC)")),
        Format.MDOC: ("mdoc", Text("Toàn bộ, trình từng phần (mdoc)", "Whole, shown in parts (mdoc)")),
    }
)
_WHOLE_ABOUT = Text(
    "Ví giữ mọi thông tin của giấy tờ; mỗi lần trình, bạn chọn phần nào được cho biết.",
    "The wallet holds everything on the document; each time it is shown, you choose which parts are told.",
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """`view` is what is signed for a QR; None: the whole document."""

    document: DocumentType
    format: Format
    view: View | None = None

    @property
    def id(self) -> str:
        return f"{self.document.name}.{self.view.name if self.view else _WHOLE[self.format][0]}"

    @property
    def scope(self) -> str:
        return SCOPE_PREFIX + self.id

    @property
    def fields(self) -> tuple[Field, ...]:
        """What whoever holds it can tell, in the order of the catalogue; for a view, in the order of the view."""
        if self.view is None:
            return self.document.fields
        return tuple(self.document.field(name) for name in self.view.fields)

    def fits(self, record: Mapping[str, Any]) -> bool:
        """Whether the record has what this view is for: one with a portrait is not signed without."""
        return self.view is None or all(record.get(name) is not None for name in self.view.needs)

    @property
    def title(self) -> Text:
        return self.view.title if self.view else _WHOLE[self.format][1]

    @property
    def about(self) -> Text:
        return self.view.about if self.view else _WHOLE_ABOUT


def of(document: DocumentType) -> tuple[Configuration, ...]:
    """The views in the order of the catalogue, then the document whole."""
    views = [Configuration(document, Format.QR, view) for view in document.views if view.qr]
    return (*views, *(Configuration(document, each) for each in _WHOLE))


def _all() -> Mapping[str, Configuration]:
    known: dict[str, Configuration] = {}
    for configuration in (each for document in CATALOGUE.values() for each in of(document)):
        if known.setdefault(configuration.id, configuration) is not configuration:
            raise ValueError(f"two credential configurations are called {configuration.id}")
    return MappingProxyType(known)


CONFIGURATIONS = _all()
# By scope, the configuration that it asks for.
CREDENTIAL_SCOPES: Mapping[str, str] = MappingProxyType({each.scope: name for name, each in CONFIGURATIONS.items()})


def find(identifier: str) -> Configuration | None:
    return CONFIGURATIONS.get(identifier)


def configuration_ids(document: DocumentType) -> tuple[str, ...]:
    return tuple(each.id for each in of(document))


def asked_for(scopes: Iterable[str]) -> tuple[Configuration, ...]:
    """In the order asked."""
    return tuple(CONFIGURATIONS[CREDENTIAL_SCOPES[scope]] for scope in scopes if scope in CREDENTIAL_SCOPES)


def allowed(grant: Grant) -> tuple[Configuration, ...]:
    """By offer, or by what was asked for."""
    offered = grant.details.get("configuration_ids")
    if not offered:
        return asked_for(grant.scopes)
    return tuple(CONFIGURATIONS[each] for each in offered if each in CONFIGURATIONS)


def by_document(scopes: Iterable[str]) -> tuple[tuple[DocumentType, tuple[Configuration, ...]], ...]:
    """The same, for each document together."""
    grouped: dict[str, list[Configuration]] = {}
    for configuration in asked_for(scopes):
        grouped.setdefault(configuration.document.name, []).append(configuration)
    return tuple((together[0].document, tuple(together)) for together in grouped.values())

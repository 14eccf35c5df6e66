"""What a trust list says, and its JSON: who may issue which document, and who may ask for what to which purpose.

Spec: ETSI TS 119 602 v1.1.1 §6 (list of trusted entities: scheme information, entities, services, their extensions).

Entities are organisations. An issuing service is one document type; an asking one is one purpose, and what may be asked for
stands in an extension of its own. A list without readers has the same JSON as before there were any.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.catalogue import Text
from certs.encoding import safe_text
from certs.errors import Malformed
from certs.x509 import load

_LOTE_TYPE = "urn:vneid-reference:lote-type:document-issuers"
_ISSUANCE = "urn:vneid-reference:svc-type:issuance:"
_PRESENTATION = "urn:vneid-reference:svc-type:presentation"
_GRANTED = "urn:vneid-reference:svc-status:granted"
_WITHDRAWN = "urn:vneid-reference:svc-status:withdrawn"
RIGHTS_LIMIT = 64  # of one purpose; each names at most so many views and claims


@dataclass(frozen=True, slots=True)
class Service:
    """That an authority may issue one document type with these certificates, from `since` until `until` (exclusive)."""

    authority: str
    name: Text
    document: str
    certificates: tuple[x509.Certificate, ...]
    since: int
    until: int | None = None

    def covers(self, at: int) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Right:
    """Of one document type: whole views, and single claims beside them. What is not named may not be asked for."""

    document: str
    views: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """That an organisation may ask, to one purpose, for these things, from `since` until `until` (exclusive)."""

    organisation: str
    name: Text
    purpose: Text  # the citizen reads it before they agree
    rights: tuple[Right, ...]
    certificates: tuple[x509.Certificate, ...]
    since: int
    until: int | None = None
    contact: str = ""  # `mailto:` where people ask for their data to be deleted
    website: str = ""

    def covers(self, at: int) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class TrustList:
    sequence: int
    issued: int
    next_update: int
    services: tuple[Service, ...]
    token: str = ""  # the signed form it came from
    readers: tuple[Reader, ...] = ()


def to_json(trust_list: TrustList) -> dict[str, Any]:
    entities: dict[str, tuple[Text, list[dict[str, Any]]]] = {}
    reached: dict[str, dict[str, Any]] = {}
    for service in trust_list.services:
        entities.setdefault(service.authority, (service.name, []))[1].append(_issuing(service))
    for reader in trust_list.readers:
        entities.setdefault(reader.organisation, (reader.name, []))[1].append(_asking(reader))
        reached.setdefault(reader.organisation, {}).update(_reached(reader))
    return {
        "LoTE": {
            "ListAndSchemeInformation": {
                "LoTEVersionIdentifier": 1,
                "LoTESequenceNumber": trust_list.sequence,
                "LoTEType": _LOTE_TYPE,
                "SchemeOperatorName": _strings(
                    Text("Danh sách tin cậy (mô phỏng)", "Trust list operator (simulation)")
                ),
                "SchemeTerritory": "VN",
                "ListIssueDateTime": _time(trust_list.issued),
                "NextUpdate": _time(trust_list.next_update),
            },
            "TrustedEntitiesList": [
                {
                    "TrustedEntityInformation": {
                        "TEName": _strings(name),
                        "TETradeName": [{"lang": "en", "value": identifier}],
                        **reached.get(identifier, {}),
                    },
                    "TrustedEntityServices": services,
                }
                for identifier, (name, services) in entities.items()
            ],
        }
    }


def _reached(reader: Reader) -> dict[str, Any]:
    """How an organisation is reached; a list in which none says so has the same JSON as before."""
    contact = {"TEAddress": {"TEElectronicAddress": [{"lang": "en", "uriValue": reader.contact}]}}
    website = {"TEInformationURI": [{"lang": "en", "uriValue": reader.website}]}
    return (contact if reader.contact else {}) | (website if reader.website else {})


def _issuing(service: Service) -> dict[str, Any]:
    names = [{"lang": "en", "value": service.document}]
    return _service(_ISSUANCE + service.document, names, service, {})


def _asking(reader: Reader) -> dict[str, Any]:
    rights = [
        {"document": right.document, "views": list(right.views), "claims": list(right.claims)}
        for right in reader.rights
    ]
    extensions = {"ServiceInformationExtensions": [{"PermittedQueries": rights}]}
    return _service(_PRESENTATION, _strings(reader.purpose), reader, extensions)


def _service(
    kind: str, names: list[dict[str, str]], granted: Service | Reader, extensions: dict[str, Any]
) -> dict[str, Any]:
    """A service that ended is *withdrawn* since its end, and its history tells since when it was *granted*."""
    began = {"ServiceStatus": _GRANTED, "StatusStartingTime": _time(granted.since)}
    now = began
    if granted.until is not None:
        now = {"ServiceStatus": _WITHDRAWN, "StatusStartingTime": _time(granted.until)}
    values = [
        {"val": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}
        for certificate in granted.certificates
    ]
    information = {
        "ServiceTypeIdentifier": kind,
        "ServiceName": names,
        "ServiceDigitalIdentity": {"X509Certificates": values},
        **now,
        **extensions,
    }
    if granted.until is None:
        return {"ServiceInformation": information}
    return {"ServiceInformation": information, "ServiceHistory": [began]}


def from_json(value: Any, token: str) -> TrustList:
    """Raises Malformed, or what a wrong shape raises by itself: KeyError, TypeError, ValueError, AttributeError, IndexError."""
    lote = value["LoTE"]
    scheme = lote["ListAndSchemeInformation"]
    if scheme["LoTEVersionIdentifier"] != 1 or scheme["LoTEType"] != _LOTE_TYPE:
        raise Malformed("type_mismatch", "kind of trust list")
    sequence = scheme["LoTESequenceNumber"]
    if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < 1:
        raise Malformed("malformed", "sequence number")
    found = [
        _service_from_json(entity["TrustedEntityInformation"], service)
        for entity in lote["TrustedEntitiesList"]
        for service in entity["TrustedEntityServices"]
    ]
    return TrustList(
        sequence,
        _seconds(scheme["ListIssueDateTime"]),
        _seconds(scheme["NextUpdate"]),
        tuple(one for one in found if isinstance(one, Service)),
        token,
        tuple(one for one in found if isinstance(one, Reader)),
    )


def _service_from_json(entity: Any, service: Any) -> Service | Reader:
    information = service["ServiceInformation"]
    since, until = _granted(information, service)
    kind = information["ServiceTypeIdentifier"]
    name, identifier = _text(entity["TEName"]), str(entity["TETradeName"][0]["value"])
    certificates = tuple(
        load(base64.b64decode(item["val"], validate=True))
        for item in information["ServiceDigitalIdentity"]["X509Certificates"]
    )
    if kind == _PRESENTATION:
        (extension,) = information["ServiceInformationExtensions"]
        return Reader(
            organisation=identifier,
            name=name,
            purpose=_text(information["ServiceName"]),
            rights=_rights(extension["PermittedQueries"]),
            certificates=certificates,
            since=since,
            until=until,
            contact=_contact(entity),
            website=_website(entity),
        )
    if not kind.startswith(_ISSUANCE):
        raise Malformed("malformed", "service type")
    return Service(identifier, name, kind.removeprefix(_ISSUANCE), certificates, since, until)


def _contact(entity: Any) -> str:
    """An address for mail and nothing else: it becomes a link that citizens follow."""
    if "TEAddress" not in entity:
        return ""
    address = str(entity["TEAddress"]["TEElectronicAddress"][0]["uriValue"])
    if re.fullmatch(r"mailto:[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,200}", address, re.ASCII) is None:
        raise Malformed("malformed", "contact of a reader")
    return address


def _website(entity: Any) -> str:
    if "TEInformationURI" not in entity:
        return ""
    address = str(entity["TEInformationURI"][0]["uriValue"])
    if re.fullmatch(r"https://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?(/[!-~]{0,500})?", address, re.ASCII) is None:
        raise Malformed("malformed", "website of a reader")
    return address


def _granted(information: Any, service: Any) -> tuple[int, int | None]:
    status, starts = information["ServiceStatus"], _seconds(information["StatusStartingTime"])
    if status == _GRANTED:
        return starts, None
    if status != _WITHDRAWN:
        raise Malformed("malformed", "service status")
    (granted,) = service["ServiceHistory"]
    return _seconds(granted["StatusStartingTime"]), starts


def _rights(value: Any) -> tuple[Right, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= RIGHTS_LIMIT:
        raise Malformed("malformed", "rights of a reader")
    rights = tuple(Right(_word(each["document"]), _words(each["views"]), _words(each["claims"])) for each in value)
    if not all(right.views or right.claims for right in rights):
        raise Malformed("malformed", "a right to nothing")
    return rights


def _words(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > RIGHTS_LIMIT:
        raise Malformed("malformed", "rights of a reader")
    return tuple(_word(each) for each in value)


def _word(value: Any) -> str:
    if not isinstance(value, str) or not safe_text(value):
        raise Malformed("malformed", "rights of a reader")
    return value


def _text(values: Any) -> Text:
    names: Mapping[str, str] = {name["lang"]: safe_text(name["value"]) for name in values}  # people are shown them
    return Text(names["vi"], names["en"])


def _strings(text: Text) -> list[dict[str, str]]:
    return [{"lang": "vi", "value": text.vi}, {"lang": "en", "value": text.en}]


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())

"""The envelope of an mdoc: what a holder shows, a DeviceResponse of one document, or the IssuerSigned that a wallet keeps.

Spec: ISO/IEC 18013-5:2021 §8.3.2.1.2.2 (DeviceResponse, Document), OpenID4VP 1.0 Annex B.2.6.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from certs import cbor
from certs.cbor import Value
from certs.errors import Malformed
from certs.formats import device_auth, mso
from certs.formats.device_auth import DeviceSigned
from certs.formats.mso import LIMITS, IssuerSigned, SecurityObject, filled, mapping, name_of

_VERSION = "1.0"


@dataclass(frozen=True, slots=True)
class Shown:
    """One document of a response, or a credential alone, parsed as far as it may be before its signature is known."""

    doc_type: str
    issuer_signed: IssuerSigned
    security: SecurityObject
    device: DeviceSigned | None


def build(credential: bytes, elements: Mapping[str, Iterable[str]], sign: Callable[[str], dict[str, Value]]) -> bytes:
    """A response with these elements of a credential; `sign` makes DeviceSigned for its document type. Raises ValueError."""
    shown = parse(credential, response=False)
    chosen: dict[str, tuple[bytes, ...]] = {}
    for space, names in elements.items():
        held = {mso.parse_item(item).name: item for item in shown.issuer_signed.items.get(space, ())}
        wanted = tuple(dict.fromkeys(names))
        if not wanted or not held.keys() >= set(wanted):
            raise ValueError(f"the credential has not all of these in {space}")
        chosen[space] = tuple(held[name] for name in wanted)
    document = {
        "docType": shown.doc_type,
        "issuerSigned": shown.issuer_signed.value(chosen),
        "deviceSigned": sign(shown.doc_type),
    }
    return cbor.encode({"version": _VERSION, "documents": [document], "status": 0})


def parse(data: bytes, *, response: bool | None = None) -> Shown:
    """2. A DeviceResponse, or with `response` False an IssuerSigned alone; None takes either. Raises CertsError."""
    value = cbor.decode(data, LIMITS)
    if response is None:
        response = isinstance(value, dict) and "version" in value
    if not response:
        issued = mso.from_value(value)
        security = mso.security_object(issued)
        return Shown(security.doc_type, issued, security, None)
    parts = mapping(value, {"version", "status"}, {"documents", "documentErrors"}, "DeviceResponse")
    if parts["version"] != _VERSION or type(parts["status"]) is not int or parts["status"] != 0:
        raise Malformed("malformed", "version or status of the response")
    if not parts.get("documents") or "documentErrors" in parts:
        raise Malformed("claims_missing", "a document was not returned")
    documents = filled(parts["documents"])
    if len(documents) != 1:  # each is verified apart, so that no two persons make one
        raise Malformed("limit_exceeded", f"{len(documents)} documents in one response")
    document = mapping(documents[0], {"docType", "issuerSigned"}, {"deviceSigned", "errors"}, "document")
    issued = mso.from_value(document["issuerSigned"])
    device = device_auth.from_value(document["deviceSigned"]) if "deviceSigned" in document else None
    return Shown(name_of(document["docType"]), issued, mso.security_object(issued), device)

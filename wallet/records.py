"""The wallet's values as bytes, for the vault: written by us, sealed by us, and read by us only.

Spec: none; JSON inside a sealed value. A value of a shape that we do not know means another version wrote it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from certs.catalogue import Text
from certs.encoding import b64url_decode, b64url_encode, json_decode, json_encode
from certs.jwe import EncryptionKey
from certs.keys import MemorySigner
from wallet import dpop
from wallet.approval import Asking
from wallet.authorization import Asked
from wallet.device import Enrolment, Walk
from wallet.encrypted import Encryption
from wallet.errors import WalletError
from wallet.formats import QR
from wallet.issuer import Access, Place
from wallet.login import Pending
from wallet.model import Awaited, Copy, Document, Person, Session, Told, ToProve
from wallet.receive import Receipt
from wallet.waiting import Part, Waiting


def write_document(document: Document) -> bytes:
    return json_encode(
        {
            "document_id": document.document_id,
            "type": document.type,
            "credential_issuer": document.credential_issuer,
            "received_at": document.received_at,
            "renewal": document.renewal,
            "notifications": list(document.notifications),
            "copies": [
                {
                    "view": copy.view,
                    "thumbprint": copy.thumbprint,
                    "issued": copy.issued,
                    "expires": copy.expires,
                    "issuer": copy.issuer,
                    "credential": b64url_encode(copy.credential),
                    "format": copy.format,
                    "configuration": copy.configuration,
                }
                for copy in document.copies
            ],
        }
    )


def read_document(data: bytes) -> Document:
    with _known_shape():
        fields = json_decode(data)
        copies = tuple(_copy(each, fields["type"]) for each in fields["copies"])
        return Document(**{**fields, "copies": copies, "notifications": tuple(fields.get("notifications", ()))})


def _copy(fields: dict[str, Any], type_: str) -> Copy:
    """What was kept when there was one format does not name it. It stays as it lies until the document is received anew."""
    then = {"format": QR, "configuration": f"{type_}.{fields['view']}"}
    return Copy(**{**then, **fields, "credential": b64url_decode(fields["credential"])})


def write_awaited(awaited: Awaited) -> bytes:
    return json_encode(asdict(awaited))


def read_awaited(data: bytes) -> Awaited:
    with _known_shape():
        fields = json_decode(data)
        return Awaited(**{**fields, "configurations": tuple(fields["configurations"])})


def write_session(session: Session) -> bytes:
    person = session.person
    return json_encode(
        {
            "person": {"pid": person.pid, "name": person.name, "birth_date": person.birth_date},
            "csrf": session.csrf,
            "signed_in_at": session.signed_in_at,
            "expires": session.expires,
            "told": list(asdict(session.told).values()),
        }
    )


def read_session(data: bytes) -> Session:
    with _known_shape():
        fields = json_decode(data)
        told = Told(*fields.get("told", (None, 0, 0)))  # one of before we asked: the word about a person ends it
        return Session(**{**fields, "person": Person(**fields["person"]), "told": told})


def write_receipt(receipt: Receipt) -> bytes:
    return json_encode(
        {
            "audience": receipt.audience,
            "place": _write_place(receipt.place),
            "access": _write_access(receipt.access),
            "to_prove": [list(asdict(each).values()) for each in receipt.to_prove],
            "expires": receipt.expires,
            "renewal": receipt.renewal,
        }
    )


def read_receipt(data: bytes) -> Receipt:
    with _known_shape():
        fields = json_decode(data)
        if "place" not in fields:
            return _receipt_of_before(fields)
        return Receipt(
            audience=fields["audience"],
            place=_read_place(fields["place"]),
            access=_read_access(fields["access"]),
            to_prove=tuple(ToProve(*each) for each in fields["to_prove"]),
            expires=fields["expires"],
            renewal=fields["renewal"],
        )


def _receipt_of_before(fields: dict[str, Any]) -> Receipt:
    """Begun a moment ago by an earlier version: in clear, with nothing to tell."""
    to_prove = tuple(ToProve(*(each if len(each) > 4 else [*each, QR])) for each in fields["to_prove"])
    access = _read_access({name: fields.get(name) for name in ("token", "identifiers", "key")})
    place = Place(fields["credential_endpoint"])
    return Receipt(fields["audience"], place, access, to_prove, fields["expires"], fields.get("renewal"))


def _write_place(place: Place) -> dict[str, Any]:
    told = {name: getattr(place, name) for name in ("credential", "deferred", "notification")}
    by = place.encryption
    return {**told, "encryption": by and [by.to.jwk(), by.enc, by.answer_alg, by.answer_enc]}


def _read_place(fields: dict[str, Any]) -> Place:
    by = fields["encryption"]
    encryption = None if by is None else Encryption(EncryptionKey.from_jwk(by[0]), *by[1:])
    return Place(**{**fields, "encryption": encryption})


def _write_access(access: Access) -> dict[str, Any]:
    key = None if access.key is None else access.key.pem().decode()
    return {"token": access.token, "identifiers": dict(access.identifiers), "renewal": access.renewal, "key": key}


def _read_access(fields: dict[str, Any]) -> Access:
    pem = fields["key"]
    key = None if pem is None else MemorySigner.from_pem(pem.encode(), dpop.ALGORITHM)
    return Access(**{**fields, "key": key})


def write_waiting(waiting: Waiting) -> bytes:
    return json_encode(
        {
            "waiting_id": waiting.waiting_id,
            "type": waiting.type,
            "credential_issuer": waiting.credential_issuer,
            "asked_at": waiting.asked_at,
            "again_at": waiting.again_at,
            "pid": waiting.pid,
            "access": _write_access(waiting.access),
            "parts": [
                {
                    **asdict(each),
                    "wanted": list(asdict(each.wanted).values()),
                    "credentials": list(map(b64url_encode, each.credentials)),
                }
                for each in waiting.parts
            ],
        }
    )


def read_waiting(data: bytes) -> Waiting:
    with _known_shape():
        fields = json_decode(data)
        parts, access = tuple(map(_part, fields["parts"])), _read_access(fields["access"])
        return Waiting(**{**fields, "access": access, "parts": parts})


def _part(fields: dict[str, Any]) -> Part:
    wanted, thumbprints = ToProve(*fields["wanted"]), tuple(fields["thumbprints"])
    credentials = tuple(map(b64url_decode, fields["credentials"]))
    return Part(**{**fields, "wanted": wanted, "thumbprints": thumbprints, "credentials": credentials})


def write_pending(pending: Pending) -> bytes:
    return json_encode(
        {
            "state": pending.state,
            "nonce": pending.nonce,
            "verifier": pending.verifier,
            "next": pending.next,
            "anew": pending.anew,
        }
    )


def read_pending(data: bytes) -> Pending:
    with _known_shape():
        return Pending(**json_decode(data))


def write_asked(asked: Asked) -> bytes:
    return json_encode({"verifier": asked.verifier, "configurations": list(asked.configurations)})


def read_asked(data: bytes) -> Asked:
    with _known_shape():
        fields = json_decode(data)
        return Asked(fields["verifier"], tuple(fields["configurations"]))


def write_walk(walk: Walk) -> bytes:
    return json_encode({"verifier": walk.verifier, "acr_values": list(walk.acr_values)})


def read_walk(data: bytes) -> Walk:
    with _known_shape():
        fields = json_decode(data)
        return Walk(fields["verifier"], tuple(fields["acr_values"]))


def write_enrolment(enrolment: Enrolment) -> bytes:
    return json_encode(
        {"token": enrolment.token, "acr_values": list(enrolment.acr_values), "expires": enrolment.expires}
    )


def read_enrolment(data: bytes) -> Enrolment:
    with _known_shape():
        fields = json_decode(data)
        return Enrolment(**{**fields, "acr_values": tuple(fields["acr_values"])})


def write_asking(request: str, asking: Asking) -> bytes:
    return json_encode({"request": request, "asking": asdict(asking)})


def read_asking(data: bytes) -> tuple[str, Asking]:
    with _known_shape():
        value = json_decode(data)
        fields = value["asking"]
        texts = {name: Text(**fields[name]) for name in ("client", "purpose")}
        lists = {"asks_for": tuple(Text(**each) for each in fields["asks_for"]), "numbers": tuple(fields["numbers"])}
        return value["request"], Asking(**{**fields, **texts, **lists})


@contextmanager
def _known_shape() -> Iterator[None]:
    """Turns a missing or surplus member into a clear refusal."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise WalletError("vault_unreadable", "a record of a shape that we do not know") from error

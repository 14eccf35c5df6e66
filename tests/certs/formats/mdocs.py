"""Mdocs of the tests' nation: good ones, and ones that their authority signed although they are not as they should be."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from certs import cbor, cose
from certs.catalogue import DocumentType, document_type
from certs.cbor import Tag
from certs.errors import CertsError
from certs.formats import Expected, Step, Trail, Verified, mdoc
from certs.formats.elements import ISO_NAMESPACE, namespace
from certs.formats.mso import LIMITS, digest
from certs.formats.session_transcript import SessionTranscript, redirect
from certs.keys import MemorySigner
from tests.world import DAY, NOW, RECORDS, URI, Desk, World

LICENCE = document_type("driving_licence")
OURS = namespace(LICENCE)
TRANSCRIPT = redirect(
    client_id="x509_san_dns:bank.example",
    nonce="exc7gBkxjx1rdc9udRrveKvSsJIq80avlXeLHhGwqtA",
    response_uri="https://bank.example/response",
    thumbprint=None,
)
NAME_AND_AGE = {OURS: ["full_name"], ISO_NAMESPACE: ["age_over_18"]}
GONE = object()  # leave this member out


def issued(
    world: World,
    kind: str = "driving_licence",
    record: Mapping[str, Any] | None = None,
    *,
    authority: str | None = None,
    desk: Desk | None = None,
    index: int = 0,
    at: int | None = None,
    days: int = 30,
    uri: str = URI,
    portrait: bytes | None = None,
    **more: Any,
) -> bytes:
    document = document_type(kind)
    at = world.now - 60 if at is None else at
    named = authority or document.issuer_on(datetime.fromtimestamp(at, UTC).date()) or document.issuers[-1].authority
    by = desk or world.issuers[named]
    return mdoc.issue(
        document=document,
        record=RECORDS[kind] if record is None else record,
        issuer=named,
        signer=by.signer,
        chain=[by.certificate],
        holder=world.holder.public,
        status_uri=uri,
        status_index=index,
        now=at,
        expires=at + days * DAY,
        portrait=portrait,
        **more,
    )


def presented(
    world: World,
    credential: bytes | None = None,
    elements: Mapping[str, Any] = NAME_AND_AGE,
    *,
    signer: MemorySigner | None = None,
    transcript: SessionTranscript = TRANSCRIPT,
) -> bytes:
    credential = issued(world) if credential is None else credential
    return mdoc.present(credential, elements, signer=signer or world.holder, transcript=transcript)


def verified(
    world: World,
    data: bytes,
    *,
    now: int = NOW,
    transcript: SessionTranscript = TRANSCRIPT,
    trail: Trail | None = None,
    reader_key: Any = None,
    only: Any = None,
    **expected: Any,
) -> Verified:
    held = world.open_bundle()
    return mdoc.verify(
        data,
        transcript=transcript,
        trust=held.trust,
        statuses=held.statuses,
        now=now,
        expected=Expected(**expected),
        reader_key=reader_key,
        only=only,
        trail=trail,
    )


def refusal(world: World, data: bytes, **how: Any) -> tuple[str, Step]:
    """Code and step of the refusal; the steps before it were taken one after the other, none left out."""
    trail = Trail()
    try:
        verified(world, data, trail=trail, **how)
    except CertsError as error:
        assert trail.steps == list(Step)[1 : trail.steps[-1]]
        return error.code, trail.steps[-1]
    raise AssertionError("accepted")


def whole(document: DocumentType, record: Mapping[str, Any]) -> dict[str, list[str]]:
    """Every field of a record, in our namespace."""
    return {namespace(document): [field.name for field in document.fields if record.get(field.name) is not None]}


# --- taking one apart -------------------------------------------------------------------------------------------------


def changed(value: dict[Any, Any], changes: Mapping[Any, Any]) -> dict[Any, Any]:
    return {key: part for key, part in {**value, **changes}.items() if part is not GONE}


def edited(data: bytes, edit: Callable[[Any], Any]) -> bytes:
    """The same bytes after `edit` changed the decoded value in place, or returned another."""
    value = cbor.decode(data, LIMITS)
    other = edit(value)
    return cbor.encode(value if other is None else other)


def document_of(value: Any) -> Any:
    return value["documents"][0]


def with_item(data: bytes, edit: Callable[[dict[str, Any]], Any], *, space: str = OURS, place: int = 0) -> bytes:
    """A response whose one element is another, while what the issuer signed stays."""

    def change(value: Any) -> None:
        items = document_of(value)["issuerSigned"]["nameSpaces"][space]
        items[place] = Tag(24, edited(items[place].value, edit))

    return edited(data, change)


def resigned(
    world: World,
    credential: bytes,
    changes: Mapping[str, Any] | Callable[[dict[str, Any]], Any],
    *,
    desk: Desk | None = None,
    protected: Mapping[Any, Any] | None = None,
    unprotected: Mapping[Any, Any] | None = None,
) -> bytes:
    """The credential under another security object, or other headers, that its real authority signed."""
    by = desk or world.issuers["public-security"]
    value = cbor.decode(credential, LIMITS)
    _, beside, payload, _ = value["issuerAuth"]
    security = cbor.decode(cbor.decode(payload, LIMITS).value, LIMITS)
    security = changes(security) or security if callable(changes) else changed(security, changes)
    raw = cbor.encode({cose.ALG: -7} if protected is None else dict(protected))
    payload = cbor.embedded(cbor.encode(security))
    signature = by.signer.sign(cbor.encode(["Signature1", raw, b"", payload]))
    value["issuerAuth"] = [raw, beside if unprotected is None else dict(unprotected), payload, signature]
    return cbor.encode(value)


def with_elements(world: World, elements: Mapping[str, Mapping[str, Any]], **security: Any) -> bytes:
    """A licence whose elements are exactly these, salted and signed as an issuer would."""
    items = {
        space: [
            cbor.encode(
                {
                    "digestID": number,
                    "random": bytes([number]) * 32,
                    "elementIdentifier": name,
                    "elementValue": value,
                }
            )
            for number, (name, value) in enumerate(named.items())
        ]
        for space, named in elements.items()
    }
    return with_items(world, items, **security)


def with_items(world: World, items: Mapping[str, list[bytes]], **security: Any) -> bytes:
    """The same of encoded elements; their place is their digest id."""
    from_items = {space: dict(enumerate(map(digest, listed))) for space, listed in items.items()}
    credential = resigned(world, issued(world), {"valueDigests": from_items, **security})

    def change(value: Any) -> None:
        value["nameSpaces"] = {space: [Tag(24, item) for item in listed] for space, listed in items.items()}

    return edited(credential, change)

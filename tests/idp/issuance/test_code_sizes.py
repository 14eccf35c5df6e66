"""How large the codes are: of the reference record, the persona `minh-anh`, and of every view that goes into a code.

Measured as a phone shows them, with a status list's place and an address of realistic length; a version is at level M.
"""

from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import islice

import pytest

from certs import qr
from certs.catalogue import CATALOGUE, DocumentType, View
from certs.formats import cwt
from certs.keys import MemorySigner
from idp.issuance.entitlement import as_of
from idp.model import Document, Person
from idp.registries import records, synthetic
from idp.registries.personas import persona
from idp.registries.portraits import SMALL_BYTES, small

TODAY = date(2026, 9, 21)
NOW = 1_790_000_000
SEED = 2026
LARGEST = 25  # what a phone of today reads from a screen at arm's length, and from paper
AUTHORITY, HOLDER = MemorySigner.generate(), MemorySigner.generate()
VIEWS = [(kind, view) for kind in CATALOGUE.values() for view in kind.views if view.qr]
AUDIENCE, CHALLENGE = "https://counter.bank.example", bytes(16)


def coded(kind: DocumentType, view: str, document: Document, person: Person) -> bytes:
    """A credential as the provider signs it for this person."""
    return cwt.issue(
        document=kind,
        view=view,
        record=as_of(document, kind, person, day=TODAY),
        issuer=kind.issuers[-1].authority,
        signer=AUTHORITY,
        kid=bytes(8),
        holder=HOLDER.public,
        status_uri=f"https://idp.vneid-reference.example/status-lists/{3000 + kind.code}",
        status_index=1_048_575,
        now=NOW,
        expires=NOW + kind.credential_days * 86_400,
    )


def shown(credential: bytes) -> bytes:
    return cwt.present(credential, HOLDER, now=NOW)


def version(presentation: bytes) -> int:
    return qr.version(qr.to_text(presentation))


def held(person: Person) -> dict[str, Document]:
    return {document.type: document for document in records.documents(person, seed=SEED, today=TODAY)}


REFERENCE = persona("minh-anh").person


@pytest.mark.parametrize(
    ("kind", "view", "size", "largest"),
    [
        ("driving_licence", "licence", 530, 18),
        ("driving_licence", "age_over_18", 530, 15),
        ("citizen_identity", "identity", 640, 20),
        ("citizen_identity", "age_over_18", 530, 15),
        ("health_record", "summary", 640, 20),
        ("citizen_identity", "portrait", 900, 25),
        ("driving_licence", "portrait", 900, 25),
    ],
)
def test_the_reference_record(kind: str, view: str, size: int, largest: int) -> None:
    """With its holder proof; and where a counter shows its name and a challenge, no more than one version above."""
    credential = coded(CATALOGUE[kind], view, held(REFERENCE)[kind], REFERENCE)
    assert len(shown(credential)) <= size and version(shown(credential)) <= largest
    asked = cwt.present(credential, HOLDER, now=NOW, audience=AUDIENCE, challenge=CHALLENGE)
    assert version(asked) <= min(largest + 1, LARGEST)


@cache
def nation() -> tuple[tuple[Person, dict[str, Document]], ...]:
    return tuple((person, held(person)) for person in islice(people(), 400))


def people() -> Iterator[Person]:
    return synthetic.current_people(SEED, 400, TODAY)


@pytest.mark.parametrize(("kind", "view"), VIEWS, ids=[f"{kind.name}.{view.name}" for kind, view in VIEWS])
def test_every_view_for_a_code_fits_one(kind: DocumentType, view: View) -> None:
    """Of generated people, and not of a handful; the longest decides."""
    codes = [
        shown(coded(kind, view.name, documents[kind.name], person))
        for person, documents in nation()
        if kind.name in documents
    ]
    assert len(codes) >= (3 if kind.name == "organisation_certificate" else 20)
    assert version(max(codes, key=len)) <= LARGEST


def test_every_face_fits_and_no_two_are_alike() -> None:
    faces = {person.person_id: small(person) for person, _ in nation()}
    assert max(map(len, faces.values())) <= SMALL_BYTES
    assert len(set(faces.values())) == len(faces)
    assert all(face.startswith(b"RIFF") and face[8:12] == b"WEBP" for face in faces.values())

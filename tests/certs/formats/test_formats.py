"""The shape of every format: the steps in their order, and `Verified` that nobody else can make."""

from typing import Any

import pytest

from certs.catalogue import Text
from certs.formats import Expected, Step, Trail, Verified, cwt, mdoc, sd_jwt
from tests.certs.formats import mdocs, sd_jwts
from tests.certs.refusals import refused
from tests.world import DAY, World

FIELDS: dict[str, Any] = {
    "document": "driving_licence",
    "view": "licence",
    "claims": {},
    "issuer": "public-security",
    "issuer_name": Text("a", "b"),
    "issued": 1,
    "expires": 2,
    "holder_bound": True,
    "holder_thumbprint": None,
    "audience": None,
    "challenge": None,
    "presented_at": 1,
    "status_as_of": 1,
    "trust_as_of": 1,
}


@pytest.mark.parametrize("seal", [None, object(), True, "seal"])
def test_nobody_makes_a_verified_by_hand(seal: object) -> None:
    with pytest.raises(TypeError):
        Verified(**FIELDS, seal=seal)
    with pytest.raises(TypeError):
        Verified(**FIELDS)


def test_the_steps_are_the_published_nine() -> None:
    assert [(int(step), step.name) for step in Step] == [
        (1, "BOUNDS"),
        (2, "FORMAT"),
        (3, "ISSUER_SIGNATURE"),
        (4, "CERTIFICATE_PATH"),
        (5, "TRUST_LIST"),
        (6, "VALIDITY"),
        (7, "STATUS"),
        (8, "HOLDER_PROOF"),
        (9, "POLICY"),
    ]


def test_a_trail_remembers_what_was_begun() -> None:
    trail = Trail()
    trail.begin(Step.FORMAT)
    trail.begin(Step.STATUS)
    assert trail.steps == [Step.FORMAT, Step.STATUS]


@pytest.mark.parametrize("ends", [(1 << 37) + 1, 250_000_000_000])
def test_no_document_ends_when_no_calendar_can_say_it(ends: int) -> None:
    """In each format: what is accepted is shown to people, with its end in their own time zone."""
    world = World()
    qr_code = world.issue(days=(ends - world.now) // DAY + 1)
    online = sd_jwts.issue(world=world, expires=ends)
    document = mdocs.issued(world, days=(ends - world.now) // DAY + 1)
    held, taken = world.open_bundle(), Expected(holder_proof=False)
    how: dict[str, Any] = {"trust": held.trust, "statuses": held.statuses, "now": world.now, "expected": taken}
    for verify in (
        lambda: cwt.verify(qr_code, **how),
        lambda: sd_jwt.verify(online, **how),
        lambda: mdoc.verify(document, transcript=None, **how),
    ):
        with refused("malformed"):
            verify()

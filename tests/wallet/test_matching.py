"""What a consent page tells is what leaves: of a claim that the issuer hid as a whole, a part cannot be shown alone.

Spec: OpenID4VP 1.0 §15.1 (consent); RFC 9901 §4.2.6 (what is not hidden apart goes out with what it stands in).
"""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from certs.formats import sd_jwt
from certs.formats.type_metadata import type_of
from certs.keys import MemorySigner
from certs.query import parse
from tests.certs.samples import BOOK
from tests.wallet.issuer import whole
from tests.world import RECORDS, World
from wallet import matching
from wallet.answering import Presentation
from wallet.matching import Candidate
from wallet.model import Copy, Document
from wallet.present import type_of as kind_of

VISIT = BOOK["visits"][0]


def asked_of(world: World, record: Mapping[str, Any], *paths: list[Any]) -> Candidate:
    """What a health book answers to these paths."""
    holder, issued = MemorySigner.generate(), world.now - 60
    token = whole(world, "health_record", "sd_jwt", holder=holder, record=record)
    copy = Copy(
        view="",
        thumbprint=holder.public.thumbprint(),
        issued=issued,
        expires=world.now + 9_000,
        issuer="health",
        credential=token,
        format="dc+sd-jwt",
        configuration="health_record.sd_jwt",
    )
    document = Document("d-1", "health_record", "https://issuer.example", issued, (copy,))
    meta = {"vct_values": [type_of(kind_of(document))]}
    asked = {"id": "book", "format": "dc+sd-jwt", "meta": meta, "claims": [{"path": path} for path in paths]}
    found = matching.candidates(parse({"credentials": [asked]}), (document,), None, now=world.now)
    return found["book"][0]


def goes_out(candidate: Candidate) -> Mapping[str, Any]:
    made = Presentation("book", candidate.copy, candidate.match.places)
    return sd_jwt.peek(sd_jwt.select(made.copy.credential.decode(), made.places)).claims


@pytest.mark.parametrize("visits", [1, 40])
def test_of_a_row_that_is_hidden_as_a_whole_all_is_told(world: World, visits: int) -> None:
    """In a long book rows are not hidden in parts (`certs.formats.sd_jwt`): who asks for where gets why as well."""
    record = {**RECORDS["health_record"], **BOOK, "visits": [VISIT] * visits}
    candidate = asked_of(world, record, ["visits", 0, "facility"])
    out = json.dumps(goes_out(candidate), ensure_ascii=False)
    (fact,) = matching.leaving(candidate)
    assert VISIT["facility"] in fact.value.vi and VISIT["facility"] in out
    assert (VISIT["reason"] in out) is (visits == 40)
    assert (VISIT["reason"] in fact.value.vi) is (visits == 40)

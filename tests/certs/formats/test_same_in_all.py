"""One record says the same in every format: CWT for QR, SD-JWT VC and mdoc, for every kind of the catalogue."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from certs.catalogue import CATALOGUE, DocumentType, Text, View
from certs.formats import cwt, mdoc, sd_jwt
from tests.certs.formats.mdocs import issued, presented, verified, whole
from tests.certs.formats.sd_jwts import BUNDLE, STANDING, issue, present, verify
from tests.certs.records import records
from tests.certs.samples import BOOK, PORTRAIT, for_view
from tests.world import NOW, RECORDS

each = pytest.mark.parametrize("document", CATALOGUE.values(), ids=CATALOGUE)


def everything(document: DocumentType) -> View:
    needed = ("portrait",) if any(field.name == "portrait" for field in document.fields) else ()
    return View("", 0, Text("", ""), Text("", ""), tuple(field.name for field in document.fields), needs=needed)


@each
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_the_same_record_says_the_same_in_all_three(document: DocumentType, data: st.DataObject) -> None:
    record = data.draw(records(document, everything(document)))
    told = {name: value for name, value in record.items() if value is not None}

    kept = sd_jwt.verify_issued(issue(document.name, record), trust=BUNDLE.trust, now=NOW)
    held = mdoc.peek(issued(STANDING, document.name, record))
    assert kept.claims == held.claims == told

    for view in document.views:
        names = [name for name in view.fields if name in told]
        wanted = {name: told[name] for name in names}
        if view.qr:
            credential = STANDING.issue(document.name, view.name, record)
            assert cwt.verify_issued(credential, trust=BUNDLE.trust, now=NOW).claims == wanted


@each
def test_every_view_is_told_alike_wherever_it_is_shown(document: DocumentType) -> None:
    """Shown and verified: the same claims under the same view, in codes and online."""
    fields = {field.name for field in document.fields}
    more = {name: value for name, value in BOOK.items() if name in fields}
    for view in document.views:
        record: dict[str, Any] = {**for_view(RECORDS[document.name], view), **more}
        names = [name for name in view.fields if record.get(name) is not None]
        online = verify(present(issue(document.name, record), names))
        near = verified(
            STANDING,
            presented(
                STANDING,
                issued(STANDING, document.name, record),
                {
                    space: [name for name in listed if name in names]
                    for space, listed in whole(document, record).items()
                },
            ),
        )
        assert online.claims == near.claims == {name: record[name] for name in names}
        assert online.view == near.view
        assert document.view(online.view).fields == view.fields or set(names) >= set(
            document.needed(document.view(online.view))
        )
        if view.qr:
            shown = cwt.verify_issued(STANDING.issue(document.name, view.name, record), trust=BUNDLE.trust, now=NOW)
            assert shown.claims == online.claims


def test_a_portrait_is_one_picture_in_three_forms() -> None:
    for kind in ("citizen_identity", "driving_licence"):
        record = {**RECORDS[kind], "portrait": PORTRAIT}
        for claims in (
            cwt.verify_issued(STANDING.issue(kind, "portrait", record), trust=BUNDLE.trust, now=NOW).claims,
            verify(present(issue(kind, record), ["portrait"])).claims,
            mdoc.peek(issued(STANDING, kind, record)).claims,
        ):
            assert claims["portrait"] == PORTRAIT
    shown = presented(STANDING, issued(STANDING, "driving_licence", record), {"org.iso.18013.5.1": ["portrait"]})
    assert verified(STANDING, shown).claims == {"portrait": PORTRAIT}  # ISO's word for it is ours too


def test_a_long_book_is_disclosed_row_by_row_and_a_longer_one_not_issued() -> None:
    visit = BOOK["visits"][0]
    record = {**RECORDS["health_record"], **BOOK, "visits": [visit] * 40}
    credential = issue("health_record", record)
    assert sd_jwt.verify_issued(credential, trust=BUNDLE.trust, now=NOW).claims["visits"] == [visit] * 40
    one = verify(present(credential, [("visits", 3)]))
    assert one.claims == {"visits": [visit]} and one.partial == ("visits",)
    many = {**record, **{name: [row] * 40 for name, rows in BOOK.items() if isinstance(rows, list) for row in rows}}
    with pytest.raises(ValueError, match="more than one credential"):
        issue("health_record", many)

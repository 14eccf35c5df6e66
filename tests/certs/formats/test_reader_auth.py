"""A reader asks face to face: who it is, what it may ask for, and what an unverified one gets."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import cbor
from certs.cbor import Tag
from certs.errors import CertsError
from certs.formats import mdoc, reader_auth
from certs.formats.elements import ISO_NAMESPACE
from certs.formats.mso import LIMITS
from certs.trust import TrustStore
from tests.certs import samples
from tests.certs.formats.mdocs import OURS, issued, verified
from tests.certs.formats.readers import MDL, STORE, TRANSCRIPT, WANTED, WORLD, asked, one, request
from tests.world import DAY, NOW, RECORDS


def test_a_listed_reader_that_signs_for_this_conversation_is_verified() -> None:
    told = one(request(WANTED))
    assert told.verified and told.code is None
    assert [purpose.purpose.en for purpose in told.purposes] == ["Opening an account"]
    assert reader_auth.allowed(told) == {OURS: ("portrait", "full_name"), ISO_NAMESPACE: ("birth_date",)}
    assert told.elements[OURS] == {"full_name": True, "portrait": False}  # what it will keep


def test_what_is_allowed_can_be_shown() -> None:
    credential = issued(WORLD, record={**RECORDS["driving_licence"], "portrait": samples.PORTRAIT})
    allowed = reader_auth.allowed(one(request(WANTED)))
    shown = mdoc.present(credential, allowed, signer=WORLD.holder, transcript=TRANSCRIPT)
    told = verified(WORLD, shown, transcript=TRANSCRIPT)
    assert set(told.claims) == {"full_name", "birth_date", "portrait"}


def test_who_does_not_say_who_it_is_gets_nothing_sensitive() -> None:
    told = one(reader_auth.request(MDL, WANTED, transcript=TRANSCRIPT))
    assert (told.verified, told.code) == (False, "key_not_found")
    assert reader_auth.allowed(told) == {OURS: ("full_name",), ISO_NAMESPACE: ("birth_date",)}


def test_a_reader_that_asks_for_more_than_it_may_is_as_if_unverified() -> None:
    told = one(request({OURS: {"full_name": False, "points": False}}))
    assert (told.verified, told.code) == (False, "policy_refused")
    told = one(request({OURS: {"nothing_we_know": False}}))
    assert told.code == "policy_refused" and reader_auth.allowed(told) == {}
    told = one(request({"org.iso.18013.5.1.XX": {"full_name": False}}))
    assert told.code == "policy_refused" and reader_auth.allowed(told) == {}


def test_elements_of_iso_stand_for_the_fields_that_they_are_made_of() -> None:
    assert one(request({ISO_NAMESPACE: {"family_name": False, "given_name": False, "issuing_country": False}})).verified
    assert one(request({ISO_NAMESPACE: {"driving_privileges": False}})).code == "policy_refused"
    assert one(request({ISO_NAMESPACE: {"resident_address": False}})).code == "policy_refused"


def test_a_document_that_is_none_of_ours_and_a_sensitive_one() -> None:
    told = one(reader_auth.request("org.example.ticket", {"a": {"b": False}}, transcript=TRANSCRIPT))
    assert told.document is None and reader_auth.allowed(told) == {}
    health = "vn.vneid-reference.health_record.1"
    told = one(reader_auth.request(health, {health: {"full_name": False}}, transcript=TRANSCRIPT))
    assert told.document is not None and reader_auth.allowed(told) == {}


def test_several_documents_are_asked_each_for_itself() -> None:
    value = cbor.decode(request(WANTED), LIMITS)
    unsigned = cbor.decode(reader_auth.request(MDL, WANTED, transcript=TRANSCRIPT), LIMITS)
    value["docRequests"] += unsigned["docRequests"]
    assert [each.verified for each in asked(cbor.encode(value))] == [True, False]


def test_each_change_of_the_list_counts_at_its_time() -> None:
    bank = replace(STORE.list.readers[0], until=NOW)
    ended = TrustStore(STORE.anchors, replace(STORE.list, readers=(bank,)))
    assert one(request(WANTED), trust=ended).code == "issuer_untrusted"
    assert one(request(WANTED), now=NOW + 400 * DAY).code == "cert_expired"


@pytest.mark.parametrize(
    "change",
    [
        lambda value: {**value, "version": "2.0"},
        lambda value: {**value, "more": 1},
        lambda value: {**value, "docRequests": []},
        lambda value: {**value, "docRequests": [{}]},
        lambda value: {**value, "docRequests": [{"itemsRequest": Tag(24, b"\xa0")}]},
        lambda value: {**value, "docRequests": [{"itemsRequest": b"\xa0"}]},
        lambda _: [],
        lambda _: _items({"docType": MDL, "nameSpaces": {}}),
        lambda _: _items({"docType": MDL, "nameSpaces": {OURS: {}}}),
        lambda _: _items({"docType": MDL, "nameSpaces": {OURS: {"full_name": 1}}}),
        lambda _: _items({"docType": MDL, "nameSpaces": {OURS: {"họ tên": True}}}),
        lambda _: _items({"docType": "", "nameSpaces": {OURS: {"full_name": True}}}),
    ],
)
def test_what_is_no_request_is_refused(change: Any) -> None:
    try:
        asked(cbor.encode(change(cbor.decode(request(WANTED), LIMITS))))
    except CertsError as error:
        assert error.code in ("malformed", "claims_missing")
    else:
        raise AssertionError("accepted")


def _items(items: dict[str, Any]) -> dict[str, Any]:
    return {"version": "1.0", "docRequests": [{"itemsRequest": Tag(24, cbor.encode(items))}]}


@given(st.binary(max_size=60), st.integers(0, 400))
def test_hostile_bytes_are_refused_with_a_code(noise: bytes, place: int) -> None:
    good = request(WANTED)
    for data in (noise, good[: place % len(good)] + noise + good[place % len(good) + len(noise) :]):
        try:
            for each in asked(data):
                assert each.verified is (each.code is None)
        except CertsError:
            pass

"""What changed between two bundles: what it makes is the newer one byte for byte, and only of the very one it was made for."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import bundle, cbor, cose, delta
from certs.bundle import Bundle
from certs.errors import CertsError
from certs.keys import MemorySigner
from certs.status import Status
from certs.x509 import Usage
from tests.certs.refusals import refused
from tests.world import DAY, NOW, URI, Desk, World

STANDING = World()
OTHER = URI + "001"


def lists(*uris: str, **changes: Any) -> dict[str, bytes]:
    return {uri: STANDING.status_list(uri=uri, **changes) for uri in uris}


KEPT = lists(URI, OTHER)  # signed once: what does not change is the same bytes
TRUST = STANDING.trust_list()
FIRST = STANDING.bundle(sequence=4, status_lists=KEPT, trust_list=TRUST)


def between(base: bytes, raw: bytes, desk: Desk | None = None) -> bytes:
    by = desk or STANDING.bundle_desk
    return delta.build(delta.manifest(base), raw, signer=by.signer, chain=[by.certificate])


def held(raw: bytes = FIRST) -> Bundle:
    return bundle.read(raw, now=NOW)


def changed() -> bytes:
    states, STANDING.states = STANDING.states, {5: Status.INVALID}
    try:
        return STANDING.bundle(sequence=5, status_lists={**KEPT, URI: STANDING.status_list(uri=URI)})
    finally:
        STANDING.states = states


def test_what_it_makes_is_the_newer_bundle() -> None:
    raw = changed()
    data = between(FIRST, raw)
    new = delta.update(held(), data, now=NOW)
    assert new.raw == raw and new.sequence == 5
    assert delta.is_delta(data) and not delta.is_delta(raw)
    with refused("revoked"):
        new.statuses.check(URI, 5, now=NOW)
    carried = cbor.decode(cose.parse(data, cbor.BUNDLE).payload, cbor.BUNDLE)
    assert list(carried[delta.LISTS]) == [URI]  # and nothing of what did not change
    assert bundle.SEQUENCE in carried[delta.MEMBERS] and bundle.ANCHORS not in carried[delta.MEMBERS]


@settings(max_examples=40, deadline=None)
@given(
    before=st.sets(st.integers(0, 5), min_size=0),
    after=st.sets(st.integers(0, 5), min_size=0),
    touched=st.sets(st.integers(0, 5)),
    crl=st.tuples(st.booleans(), st.booleans()),
    trust=st.booleans(),
)
def test_from_any_bundle_to_any_newer_one(
    before: set[int], after: set[int], touched: set[int], crl: tuple[bool, bool], trust: bool
) -> None:
    """Lists come and go and change, revocation lists come, the trust list is signed again."""
    had, has = crl[0], crl[0] or crl[1]
    listed = TRUST
    base = STANDING.bundle(
        sequence=1, trust_list=listed, status_lists={name(n): SHARDS[n] for n in before}, crls=CRLS if had else ()
    )
    raw = STANDING.bundle(
        sequence=2,
        trust_list=STANDING.trust_list() if trust else listed,
        status_lists={name(n): AGAIN[n] if n in touched else SHARDS[n] for n in after},
        crls=CRLS if has else (),
    )
    assert delta.update(held(base), between(base, raw), now=NOW).raw == raw


def name(number: int) -> str:
    return f"{URI}00{number}"


SHARDS = [STANDING.status_list(uri=name(number)) for number in range(6)]
AGAIN = [STANDING.status_list(uri=name(number), issued=NOW + 1) for number in range(6)]
CRLS = (STANDING.root.sign_crl((), number=1, now=NOW),)


def test_a_delta_of_no_change_but_the_time() -> None:
    raw = STANDING.bundle(sequence=5, status_lists=KEPT, trust_list=TRUST)
    data = between(FIRST, raw)
    assert len(data) < 2500 < len(raw)
    assert delta.update(held(), data, now=NOW).raw == raw


def test_it_leads_from_the_very_bundle_that_is_held() -> None:
    data = between(FIRST, changed())
    for sequence in (3, 5, 6):
        with refused("presentation_replayed"):
            delta.update(held(STANDING.bundle(sequence=sequence, status_lists=KEPT)), data, now=NOW)
    same_number = STANDING.bundle(sequence=4, status_lists=lists(URI))
    with refused("digest_mismatch"):
        delta.update(held(same_number), data, now=NOW)


def test_it_never_leads_back() -> None:
    third = STANDING.bundle(sequence=3, status_lists=KEPT)
    with refused("malformed"):
        delta.update(held(), between(FIRST, third), now=NOW)
    with refused("presentation_replayed"):  # what was good once is no way back
        second = delta.update(held(), between(FIRST, changed()), now=NOW)
        delta.update(second, between(FIRST, changed()), now=NOW)


def test_a_list_in_it_that_goes_back_is_refused() -> None:
    raw = STANDING.bundle(sequence=5, status_lists={**KEPT, URI: STANDING.status_list(issued=NOW - 60)})
    with refused("status_stale"):
        delta.update(held(), between(FIRST, raw), now=NOW)


def test_a_delta_is_no_bundle_and_has_no_delta() -> None:
    data = between(FIRST, changed())
    with refused("type_mismatch"):
        bundle.read(data, now=NOW)
    with refused("type_mismatch"):
        bundle.update(held(), data, now=NOW)
    with refused("type_mismatch"):
        delta.update(held(), FIRST, now=NOW)
    with refused("type_mismatch"):
        delta.manifest(data)
    with refused("type_mismatch"):
        between(FIRST, data)


def test_only_a_bundle_signer_under_our_root_signs_one() -> None:
    raw = changed()
    for desk in (STANDING.list_desk, STANDING.status_desk, STANDING.issuers["health"]):
        with refused("cert_usage"):
            delta.update(held(), between(FIRST, raw, desk), now=NOW)
    with refused("chain_invalid"):
        delta.update(held(), between(FIRST, raw, World().bundle_desk), now=NOW)
    with refused("signature_invalid"):
        delta.update(
            held(), between(FIRST, raw, Desk(MemorySigner.generate(), STANDING.bundle_desk.certificate)), now=NOW
        )
    expired = STANDING.desk("bundle", Usage.BUNDLE_SIGNER, starts=-400, days=399)
    with refused("cert_expired"):
        delta.update(held(), between(FIRST, raw, expired), now=NOW)


def forged(**changes: Any) -> bytes:
    """Well signed, and something in it changed; None takes a member away."""
    message = cose.parse(between(FIRST, changed()), cbor.BUNDLE)
    content = cbor.decode(message.payload, cbor.BUNDLE)
    for key, value in changes.items():
        content[int(key[1:])] = value
    kept = {key: value for key, value in content.items() if value is not None}
    header = {cose.TYP: delta.TYP, cose.X5CHAIN: message.header[cose.X5CHAIN]}
    return cose.sign(cbor.encode(kept), STANDING.bundle_desk.signer, header=header)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        *(({f"_{key}": None}, "malformed") for key in range(1, 11)),
        *(({f"_{key}": wrong}, "malformed") for key in range(1, 11) for wrong in (True, "x", [[]])),
        ({"_11": 0}, "malformed"),
        ({"_3": 3}, "malformed"),
        ({"_7": {bundle.STATUS_LISTS: {}}}, "malformed"),
        ({"_8": [bundle.STATUS_LISTS]}, "malformed"),
        ({"_10": [5]}, "malformed"),
        ({"_2": bytes(32)}, "digest_mismatch"),
        ({"_4": bytes(32)}, "digest_mismatch"),
        ({"_4": b""}, "digest_mismatch"),
        ({"_5": b""}, "digest_mismatch"),
        ({"_6": bytes(64)}, "digest_mismatch"),
        ({"_7": {}}, "digest_mismatch"),
        ({"_8": [bundle.TRUST_LIST]}, "digest_mismatch"),
        ({"_9": {}}, "digest_mismatch"),  # a list that changed is left out
        ({"_9": {URI: b"x"}}, "digest_mismatch"),
        ({"_10": [OTHER]}, "digest_mismatch"),  # one that is held is taken away
    ],
)
def test_one_of_another_shape_or_of_other_contents_is_refused(changes: dict[str, Any], code: str) -> None:
    with refused(code):
        delta.update(held(), forged(**changes), now=NOW)


def test_no_changed_or_missing_byte_passes() -> None:
    data = between(FIRST, changed())
    before = held()
    for at in range(0, len(data), 11):
        bad = bytearray(data)
        bad[at] ^= 0x10
        for wrong in (bytes(bad), data[:at]):
            with pytest.raises(CertsError):
                delta.update(before, wrong, now=NOW)


def test_a_delta_past_the_end_of_what_it_makes() -> None:
    raw = STANDING.bundle(sequence=5, status_lists=KEPT, lifetime=DAY)
    data = between(FIRST, raw)
    assert delta.update(held(), data, now=NOW + DAY - 1).raw == raw
    with refused("expired"):
        delta.update(held(), data, now=NOW + DAY)


@pytest.mark.parametrize("header", [{1: -7, 2: [99]}, {}, {16: delta.TYP}])
def test_whatever_comes_is_a_delta_or_none(header: dict[int, Any]) -> None:
    message = cbor.encode(cbor.Tag(18, [cbor.encode(header), {}, b"", b""]))
    assert delta.is_delta(message) is (header == {16: delta.TYP})

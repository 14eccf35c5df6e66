"""A nation's lists in the hands of a verifier: announced sizes, unpacked when asked, known since they were resolved."""

import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import bundle, cbor, cose, status
from certs.status import StatusList, StatusLists, pack
from tests.certs.refusals import refused
from tests.world import DAY, NOW, URI, World

STANDING = World()
DESK = STANDING.status_desk
ANCHORS = (STANDING.root.certificate,)
SIZE = 4096


def shard(number: int = 0, entries: dict[int, int] | None = None, **changes: Any) -> StatusList:
    data = pack(SIZE, {3: 1, 4: 2, 5: 3} if entries is None else entries)
    values = {"uri": f"{URI}{number}", "bits": 2, "data": data, "issued": NOW, "expires": NOW + 2 * DAY, "ttl": DAY}
    return StatusList(**{**values, "size": SIZE, **changes})


def signed(one: StatusList) -> bytes:
    return status.sign_cwt(one, DESK.signer, [DESK.certificate])


def token(size: object, lst: bytes, number: int = 0) -> bytes:
    """Well signed, whatever it announces."""
    claims = {
        2: f"{URI}{number}",
        4: NOW + 2 * DAY,
        6: NOW,
        65533: {"bits": 2, "lst": lst},
        65534: DAY,
        status.SIZE: size,
    }
    chain = cose.parse(signed(shard()), cbor.BUNDLE).header[cose.X5CHAIN]
    return cose.sign(cbor.encode(claims), DESK.signer, header={cose.TYP: status.CWT_TYP, cose.X5CHAIN: chain})


def held(*tokens: bytes, resolved: int = NOW) -> StatusLists:
    named = {f"{URI}{number}": one for number, one in enumerate(tokens)}
    return status.hold(named, anchors=ANCHORS, now=NOW, resolved=resolved)


def read(data: bytes) -> StatusList:
    return status.read_cwt(data, uri=f"{URI}0", anchors=ANCHORS, now=NOW)


def test_size_and_aggregation_come_back_in_both_forms() -> None:
    one = shard(aggregation="https://idp.example/status-lists")
    as_cwt = read(signed(one))
    jwt = status.sign_jwt(one, DESK.signer, [DESK.certificate])
    as_jwt = status.read_jwt(jwt, uri=one.uri, anchors=ANCHORS, now=NOW)
    for back in (as_cwt, as_jwt):
        assert (back.size, len(back), back.data, back.aggregation) == (SIZE, SIZE, one.data, one.aggregation)
        assert back.get(4) == 2


def test_what_was_packed_before_is_signed_as_it_is() -> None:
    one = shard()
    ready = shard(data=b"", packed=status.deflate(one.data))
    assert read(signed(ready)).data == one.data


@given(st.dictionaries(st.integers(0, SIZE - 1), st.integers(0, 3), max_size=20))
def test_unpacked_when_asked_it_says_what_the_whole_list_says(entries: dict[int, int]) -> None:
    lists = held(signed(shard(entries=entries)))
    (only,) = lists
    assert only.data is None
    codes = {1: "revoked", 2: "suspended", 3: "holder_locked"}
    for index in {0, SIZE - 1, *entries}:
        if code := codes.get(entries.get(index, 0)):
            with refused(code):
                lists.check(only.uri, index, now=NOW)
        else:
            assert lists.check(only.uri, index, now=NOW) == NOW
    assert only.data is not None


@pytest.mark.parametrize("index", [SIZE, SIZE + 1, -1, 1 << 63])
def test_an_index_beyond_what_is_announced(index: int) -> None:
    lists = held(signed(shard()))
    with refused("status_index_out_of_range"):
        lists.check(f"{URI}0", index, now=NOW)
    assert next(iter(lists)).data is None  # it need not be unpacked for that


@pytest.mark.parametrize("size", [0, -4, 3, True, "4096", b"x", [], {}])
def test_a_size_that_is_none(size: object) -> None:
    with refused("malformed"):
        read(token(size, zlib.compress(bytes(SIZE // 4))))


def test_a_size_beyond_what_is_ever_unpacked() -> None:
    with refused("limit_exceeded"):
        held(token(status.INFLATED_LIMIT * 4 + 4, zlib.compress(bytes(8))))


SMALLER = token(SIZE - 4, zlib.compress(bytes(SIZE // 4)))  # announced smaller than it is
LARGER = token(SIZE + 4, zlib.compress(bytes(SIZE // 4)))
BOMB = token(SIZE, zlib.compress(bytes(1 << 24), 9))
CUT = token(SIZE, zlib.compress(bytes(range(256)) * 4)[:-3])
MORE = token(SIZE, zlib.compress(bytes(SIZE // 4)) + b"x")
WRONG = {"limit_exceeded": (SMALLER, BOMB), "malformed": (LARGER, CUT), "trailing_data": (MORE,)}


@pytest.mark.parametrize(("code", "data"), [(code, data) for code, several in WRONG.items() for data in several])
def test_a_stream_that_is_not_what_is_announced(code: str, data: bytes) -> None:
    with refused(code):
        read(data)
    lists = held(data)  # in a bundle on one's own disk it is found when it is asked for, and then nothing is known
    with refused("status_unavailable"):
        lists.check(f"{URI}0", 0, now=NOW)
    with refused(code):
        lists.check_contents()
    with refused(code):
        StatusLists().check_successors(lists)


def test_a_bundle_with_such_a_list_takes_nobody_s_place() -> None:
    before = STANDING.open_bundle(sequence=1, status_lists={f"{URI}0": signed(shard())})
    for data in (SMALLER, LARGER, BOMB):
        newer = STANDING.bundle(sequence=2, status_lists={f"{URI}0": data})
        with refused(
            "status_index_out_of_range" if data is SMALLER else "malformed" if data is LARGER else "limit_exceeded"
        ):
            bundle.update(before, newer, now=NOW)


def test_a_shard_does_not_shrink() -> None:
    smaller = shard(data=pack(SIZE // 2, {}), size=SIZE // 2)
    with refused("status_index_out_of_range"):
        held(signed(shard())).check_successors(held(signed(smaller)))
    held(signed(smaller)).check_successors(held(signed(shard())))  # §13.4: it may grow


def test_only_so_many_stay_unpacked() -> None:
    """And which they are changes no answer."""
    tokens = [signed(shard(number, {number: 1})) for number in range(6)]
    lists = StatusLists(held(*tokens), inflated=2 * SIZE // 4)
    for number in (0, 1, 2, 3, 4, 5, 0, 5, 3):
        with refused("revoked"):
            lists.check(f"{URI}{number}", number, now=NOW)
        assert lists.check(f"{URI}{number}", number + 1, now=NOW)
        assert sum(one.data is not None for one in lists) <= 2
    one = StatusLists(held(*tokens), inflated=0)
    assert one.check(f"{URI}0", 1, now=NOW) and one.check(f"{URI}1", 0, now=NOW)


def test_a_list_is_known_since_it_was_resolved() -> None:
    """§13.7: `ttl` counts from when the list was fetched; a bundle says when that was. Its `exp` is its own."""
    data = signed(shard(issued=NOW - DAY, expires=NOW + DAY // 2))
    lists = held(data, resolved=NOW)
    assert lists.check(f"{URI}0", 0, now=NOW + DAY // 2 - 1) == NOW
    assert lists.check(f"{URI}0", 0, now=NOW + 60, max_age=60) == NOW
    with refused("status_stale"):
        lists.check(f"{URI}0", 0, now=NOW + 61, max_age=60)
    with refused("status_stale"):
        lists.check(f"{URI}0", 0, now=NOW + DAY // 2)
    assert held(data, resolved=0).check(f"{URI}0", 0, now=NOW) == NOW - DAY


def test_one_bad_signature_among_many() -> None:
    stranger = World().status_desk
    bad = status.sign_cwt(shard(1), stranger.signer, [stranger.certificate])
    with refused("status_signature_invalid"):
        held(signed(shard()), bad)
    crossed = status.sign_cwt(
        shard(1), stranger.signer, [DESK.certificate]
    )  # the path was found good for the one before
    with refused("status_signature_invalid"):
        held(signed(shard()), crossed)

"""Token Status List: packing, both token forms, look-up. The draft's own vectors run in `tests/vectors`."""

import zlib
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs import cbor, cose, jose, status
from certs.encoding import b64url_encode
from certs.errors import CertsError
from certs.keys import MemorySigner
from certs.status import Status, StatusList, StatusLists, pack
from certs.x509 import Usage
from tests.certs.refusals import refused
from tests.world import DAY, NOW, World

STANDING = World()
ROOT = (STANDING.root.certificate,)
DESK = STANDING.status_desk
URI = "https://idp.example/status-lists/1"
LIST = StatusList(URI, 2, pack(64, {3: 1, 4: 2, 5: 3}), NOW, NOW + DAY, 3600)


# --- packing ----------------------------------------------------------------------------------------------------------


@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_every_entry_is_found_where_it_was_put(bits: int, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 200))
    entries = data.draw(st.dictionaries(st.integers(0, size - 1), st.integers(0, (1 << bits) - 1)))
    packed = StatusList(URI, bits, pack(size, entries, bits), NOW, NOW, 0)
    assert size <= len(packed) < size + 8
    assert [packed.get(index) for index in range(size)] == [entries.get(index, 0) for index in range(size)]


@given(st.sampled_from([1, 2, 4, 8]), st.lists(st.integers(0, 255), min_size=1, max_size=40))
def test_entries_fill_a_byte_from_its_least_significant_bit(bits: int, content: list[int]) -> None:
    """§4.1 as arithmetic: the whole array is one little-endian number."""
    packed = StatusList(URI, bits, bytes(content), NOW, NOW, 0)
    number = int.from_bytes(bytes(content), "little")
    assert [packed.get(index) for index in range(len(packed))] == [
        number >> (index * bits) & ((1 << bits) - 1) for index in range(len(content) * 8 // bits)
    ]


@pytest.mark.parametrize("index", [-1, 64, 65, 1 << 63, 1 << 64])
def test_an_index_outside_the_list_is_refused(index: int) -> None:
    with refused("status_index_out_of_range"):
        LIST.get(index)


@pytest.mark.parametrize("entries", [{64: 1}, {-1: 1}, {0: 4}, {0: -1}])
def test_what_does_not_fit_is_not_packed(entries: dict[int, int]) -> None:
    with pytest.raises(ValueError):
        pack(64, entries)


# --- both token forms -------------------------------------------------------------------------------------------------


def signed(value: StatusList = LIST, signer: MemorySigner = DESK.signer) -> tuple[bytes, str]:
    return status.sign_cwt(value, signer, [DESK.certificate]), status.sign_jwt(value, signer, [DESK.certificate])


def read_both(
    tokens: tuple[bytes, str], *, uri: str = URI, anchors: Any = ROOT, now: int = NOW
) -> list[StatusList | str]:
    results: list[StatusList | str] = []
    for read, token in ((status.read_cwt, tokens[0]), (status.read_jwt, tokens[1])):
        try:
            results.append(read(token, uri=uri, anchors=anchors, now=now))  # type: ignore[arg-type]
        except CertsError as error:
            results.append(error.code)
    return results


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_list_survives_both_of_its_forms(bits: int) -> None:
    value = replace(LIST, bits=bits)
    cwt, jwt = signed(value)
    assert read_both((cwt, jwt)) == [replace(value, token=cwt), replace(value, token=jwt.encode())]


def test_a_list_is_what_the_draft_says_to_another_reader() -> None:
    """§5.2: claims 2, 4, 6, 65533 and 65534; `lst` is a zlib stream."""
    message = cbor2.loads(signed()[0])
    assert message.tag == 18
    header, claims = cbor2.loads(message.value[0]), cbor2.loads(message.value[2])
    assert (header[1], header[16], set(header)) == (-7, "application/statuslist+cwt", {1, 16, 33})
    assert {key: claims[key] for key in (2, 4, 6, 65534)} == {2: URI, 4: NOW + DAY, 6: NOW, 65534: 3600}
    assert claims[65533]["bits"] == 2
    assert zlib.decompress(claims[65533]["lst"]) == LIST.data


def test_another_root_another_key_another_usage() -> None:
    stranger = World()
    for tokens, anchors in (
        (signed(signer=MemorySigner.generate()), ROOT),
        (signed(), (stranger.root.certificate,)),
        (signed(), ()),
    ):
        assert read_both(tokens, anchors=anchors) == ["status_signature_invalid"] * 2
    for desk in (STANDING.list_desk, STANDING.issuers["health"]):
        cwt = status.sign_cwt(LIST, desk.signer, [desk.certificate])
        jwt = status.sign_jwt(LIST, desk.signer, [desk.certificate])
        assert read_both((cwt, jwt)) == ["status_signature_invalid"] * 2


def test_a_list_under_another_address_is_refused() -> None:
    assert read_both(signed(), uri=URI + "0") == ["status_signature_invalid"] * 2


def test_times_of_the_list_and_of_its_signer() -> None:
    assert read_both(signed(replace(LIST, issued=NOW + 301))) == ["issued_in_future"] * 2
    assert not isinstance(read_both(signed(replace(LIST, issued=NOW + 300)))[0], str)
    assert read_both(signed(), now=NOW + 800 * DAY) == ["cert_expired"] * 2
    late = STANDING.desk("late", Usage.STATUS_SIGNER, starts=5)
    tokens = (
        status.sign_cwt(LIST, late.signer, [late.certificate]),
        status.sign_jwt(LIST, late.signer, [late.certificate]),
    )
    assert read_both(tokens) == ["cert_not_yet_valid"] * 2


def forged(**changes: Any) -> tuple[bytes, str]:
    """Both forms, well signed, with other claims; None takes a claim away."""
    packed = zlib.compress(LIST.data)
    base = {"sub": URI, "exp": NOW + DAY, "iat": NOW, "ttl": 60, "bits": 2, "lst": packed, **changes}
    numbers = {"sub": 2, "exp": 4, "iat": 6, "ttl": 65534}
    cwt = {numbers[name]: base[name] for name in numbers if base[name] is not None}
    jwt: dict[str, Any] = {name: base[name] for name in numbers if base[name] is not None}
    lists = {name: base[name] for name in ("bits", "lst") if base[name] is not None}
    cwt[65533] = lists
    jwt["status_list"] = {**lists, "lst": b64url_encode(lists["lst"])} if isinstance(lists.get("lst"), bytes) else lists
    header = cose.parse(signed()[0]).header
    x5c = jose.parse(signed()[1]).header["x5c"]
    return (
        cose.sign(cbor.encode(cwt), DESK.signer, header={16: status.CWT_TYP, 33: header[33]}),
        jose.sign(jwt, DESK.signer, typ=status.JWT_TYP, headers={"x5c": x5c, "kid": None}),
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        *(({"bits": bits}, "malformed") for bits in (0, 3, 5, 16, -1, "2", None, True)),
        *(
            ({"lst": lst}, code)
            for lst, code in ((None, "malformed"), (5, "malformed"), (b"plain", "malformed"), ([], "malformed"))
        ),
        ({"lst": zlib.compress(b"x")[:-1]}, "malformed"),
        ({"lst": zlib.compress(b"x") + b"x"}, "trailing_data"),
        *(({name: None}, "malformed") for name in ("exp", "iat", "ttl")),
        *(({name: value}, "malformed") for name in ("exp", "iat", "ttl") for value in (-1, "1", True)),
        ({"sub": None}, "status_signature_invalid"),
        ({"sub": 5}, "status_signature_invalid"),
    ],
)
def test_a_list_of_another_shape_is_refused(changes: dict[str, Any], code: str) -> None:
    assert read_both(forged(**changes)) == [code, code]


def test_a_list_that_inflates_without_end_is_refused() -> None:
    bomb = zlib.compress(bytes(status.INFLATED_LIMIT + 1), 9)
    with refused("limit_exceeded"):
        status.read_cwt(forged(lst=bomb)[0], uri=URI, anchors=ROOT, now=NOW)
    with refused("limit_exceeded"):
        status.read_jwt(forged(lst=bomb)[1], uri=URI, anchors=ROOT, now=NOW)


def test_one_form_does_not_pass_for_the_other() -> None:
    cwt, jwt = signed()
    with refused("type_mismatch"):
        header = cose.parse(cwt).header
        other = cose.sign(cose.parse(cwt).payload, DESK.signer, header={16: "vn1+cwt", 33: header[33]})
        status.read_cwt(other, uri=URI, anchors=ROOT, now=NOW)
    with refused("type_mismatch"):
        parsed = jose.parse(jwt)
        other_jwt = jose.sign(parsed.payload, DESK.signer, typ="lote+jwt", headers={"x5c": parsed.header["x5c"]})
        status.read_jwt(other_jwt, uri=URI, anchors=ROOT, now=NOW)
    with refused("malformed"):
        status.read_jwt(cwt.hex(), uri=URI, anchors=ROOT, now=NOW)
    with refused("trailing_data"):  # "e" is the head of a text of five letters
        status.read_cwt(jwt.encode(), uri=URI, anchors=ROOT, now=NOW)


# --- look-up ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "code"), [(3, "revoked"), (4, "suspended"), (5, "holder_locked"), (64, "status_index_out_of_range")]
)
def test_each_status_has_its_refusal(index: int, code: str) -> None:
    with refused(code):
        StatusLists([LIST]).check(URI, index, now=NOW)


def test_a_value_beyond_the_four_is_revoked() -> None:
    wide = replace(LIST, bits=8, data=bytes([0, 4, 255]))
    assert StatusLists([wide]).check(URI, 0, now=NOW) == NOW
    for index in (1, 2):
        with refused("revoked"):
            StatusLists([wide]).check(URI, index, now=NOW)


def test_a_list_is_fresh_for_its_own_time_or_for_the_policy_s() -> None:
    lists = StatusLists([LIST])
    assert lists.check(URI, 0, now=NOW + 3600) == NOW
    with refused("status_stale"):
        lists.check(URI, 0, now=NOW + 3601)
    assert lists.check(URI, 0, now=NOW + 3601, max_age=4000) == NOW
    with refused("status_stale"):
        lists.check(URI, 0, now=NOW + 61, max_age=60)
    with refused("status_stale"):  # no policy outlives `exp`
        lists.check(URI, 0, now=NOW + DAY, max_age=10 * DAY)
    with refused("status_stale"):  # and what is stale does not even say "revoked"
        lists.check(URI, 3, now=NOW + DAY)


def test_a_list_that_nobody_holds_is_unavailable() -> None:
    with refused("status_unavailable"):
        StatusLists().check(URI, 0, now=NOW)
    with refused("status_unavailable"):
        StatusLists([LIST]).check(URI + "/", 0, now=NOW)


def test_lists_go_forward_only() -> None:
    held = StatusLists([LIST])
    held.check_successors(StatusLists([LIST]))
    held.check_successors(StatusLists([replace(LIST, issued=NOW + 1, data=LIST.data + b"\0")]))
    held.check_successors(StatusLists([replace(LIST, uri=URI + "2", issued=NOW - 5, data=b"\0")]))
    with refused("status_stale"):
        held.check_successors(StatusLists([replace(LIST, issued=NOW - 1)]))
    with refused("status_index_out_of_range"):
        held.check_successors(StatusLists([replace(LIST, data=LIST.data[:-1])]))
    assert [item.uri for item in held] == [URI]


def test_the_four_states_have_the_numbers_of_the_draft() -> None:
    assert [int(state) for state in (Status.VALID, Status.INVALID, Status.SUSPENDED, Status.HOLDER_LOCKED)] == [
        0,
        1,
        2,
        3,
    ]

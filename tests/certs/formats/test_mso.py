"""The shapes of the issuer's half of an mdoc, one wrong part at a time; and what is kept of the bytes that came."""

import hashlib
from typing import Any

import pytest

from certs import cbor
from certs.cbor import Tag
from certs.errors import CertsError
from certs.formats import mdoc, mso
from certs.formats.mso import LIMITS
from certs.keys import MemorySigner
from tests.certs.formats.mdocs import OURS, changed, issued
from tests.certs.refusals import refused
from tests.world import World

WORLD = World()
CREDENTIAL = cbor.decode(issued(WORLD), LIMITS)
PROTECTED, BESIDE, PAYLOAD, SIGNATURE = CREDENTIAL["issuerAuth"]


@pytest.mark.parametrize(
    "auth",
    [
        [PROTECTED, BESIDE, None, SIGNATURE],  # detached
        [PROTECTED, BESIDE, 5, SIGNATURE],
        [PROTECTED, BESIDE, PAYLOAD],
        [PROTECTED, BESIDE, PAYLOAD, SIGNATURE, b""],
        [PROTECTED, [], PAYLOAD, SIGNATURE],
        [PROTECTED, BESIDE, PAYLOAD, None],
        [5, BESIDE, PAYLOAD, SIGNATURE],
        [b"\x80", BESIDE, PAYLOAD, SIGNATURE],
        [b"", BESIDE, PAYLOAD, SIGNATURE],
        [PROTECTED, BESIDE, b"\xa0", SIGNATURE],  # not under tag 24
        [PROTECTED, BESIDE, cbor.encode(Tag(24, {})), SIGNATURE],
        [PROTECTED, BESIDE, cbor.encode(Tag(1004, b"\xa0")), SIGNATURE],
        [PROTECTED, BESIDE, PAYLOAD + b"\x00", SIGNATURE],
        {},
        None,
    ],
)
def test_an_issuer_auth_out_of_form(auth: Any) -> None:
    with pytest.raises(CertsError) as caught:
        mdoc.peek(cbor.encode({**CREDENTIAL, "issuerAuth": auth}))
    assert caught.value.code in ("malformed", "trailing_data")


@pytest.mark.parametrize(
    "spaces",
    [[], {OURS: []}, {OURS: {}}, {OURS: [b"x"]}, {OURS: [Tag(24, "x")]}, {OURS: [Tag(1004, b"x")]}, {5: [Tag(24, b"\xa0")]}],
)  # fmt: skip
def test_namespaces_out_of_form(spaces: Any) -> None:
    with refused("malformed"):
        mdoc.peek(cbor.encode({**CREDENTIAL, "nameSpaces": spaces}))


def test_tagged_as_a_cose_message_it_is_another_form() -> None:
    with refused("malformed"):
        mdoc.peek(cbor.encode({**CREDENTIAL, "issuerAuth": Tag(18, CREDENTIAL["issuerAuth"])}))


def test_the_digest_is_of_the_bytes_with_their_tag() -> None:
    data = CREDENTIAL["nameSpaces"][OURS][0].value
    whole = cbor.encode(CREDENTIAL["nameSpaces"][OURS][0])
    assert whole == cbor.embedded(data) and whole[:2] == b"\xd8\x18"
    assert mso.digest(data) == hashlib.sha256(whole).digest()


def test_what_was_parsed_is_given_back_byte_for_byte() -> None:
    signed = mso.from_value(CREDENTIAL)
    assert cbor.encode(signed.value(signed.items)) == cbor.encode(CREDENTIAL)


@pytest.mark.parametrize("change", [{"digestID": -1}, {"digestID": True}, {"digestID": "0"}, {"elementIdentifier": 5},
                                    {"elementIdentifier": "x" * 129}, {"more": 1}])  # fmt: skip
def test_an_item_out_of_form(change: dict[str, Any]) -> None:
    good = cbor.decode(CREDENTIAL["nameSpaces"][OURS][0].value, LIMITS)
    with refused("malformed"):
        mso.parse_item(cbor.encode(changed(good, change)))


def test_only_keys_on_p256_are_bound() -> None:
    world = World(holder=MemorySigner.generate("EdDSA"))
    with refused("alg_not_allowed"):
        issued(world)

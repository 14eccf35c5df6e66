"""The offline bundle: where it came from is what it is trusted for, and it only ever goes forward."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import bundle, cbor, cose
from certs.authority import Authority
from certs.bundle import Bundle
from certs.crl import Reason
from certs.errors import CertsError
from certs.keys import MemorySigner
from certs.x509 import Usage
from tests.certs.refusals import refused
from tests.world import DAY, NOW, URI, Desk, World
from verifier import Verifier

STANDING = World()


def forged(**changes: Any) -> bytes:
    """A bundle, well signed, whose payload was changed; keys 1 to 6, None takes one away."""
    message = cose.parse(STANDING.bundle(), cbor.BUNDLE)
    payload = cbor.decode(message.payload, cbor.BUNDLE)
    for name, value in changes.items():
        payload[int(name[1:])] = value
    kept = {key: value for key, value in payload.items() if value is not None}
    header = {16: bundle.TYP, 33: message.header[33]}
    return cose.sign(cbor.encode(kept), STANDING.bundle_desk.signer, header=header)


def test_a_bundle_carries_everything_a_verdict_rests_on() -> None:
    data = STANDING.bundle(sequence=3)
    held = bundle.read(data, now=NOW)
    assert (held.sequence, held.issued, held.expires, held.raw) == (3, NOW, NOW + 30 * DAY, data)
    assert held.trust.anchors == (STANDING.root.certificate,)
    assert len(held.trust.list.services) == len(STANDING.services())
    assert [item.uri for item in held.statuses] == [URI]


def test_a_pinned_root_must_be_in_it_and_have_signed_it() -> None:
    data = STANDING.bundle()
    bundle.read(data, now=NOW, root_sha256=STANDING.root_sha256)
    bundle.read(data, now=NOW, root_sha256=STANDING.root_sha256.upper())
    for pin in ("0" * 64, "", STANDING.root_sha256[:-1]):
        with refused("issuer_untrusted"):
            bundle.read(data, now=NOW, root_sha256=pin)
    stranger = World()
    both = stranger.bundle(anchors=(stranger.root.certificate, STANDING.root.certificate))
    with refused("chain_invalid"):  # our root is in it, and did not sign the signer
        bundle.read(both, now=NOW, root_sha256=STANDING.root_sha256)


def test_only_a_bundle_signer_signs_a_bundle() -> None:
    for desk in (STANDING.list_desk, STANDING.status_desk, STANDING.issuers["health"]):
        with refused("cert_usage"):
            STANDING.open_bundle(desk=desk)
    with refused("signature_invalid"):
        STANDING.open_bundle(desk=Desk(MemorySigner.generate(), STANDING.bundle_desk.certificate))


def test_a_bundle_on_disk_stays_readable_and_says_how_old_it_is() -> None:
    held = bundle.read(STANDING.bundle(), now=NOW + 1000 * DAY)
    assert held.issued == NOW


def test_a_bundle_from_the_future_is_refused() -> None:
    data = STANDING.bundle()
    bundle.read(data, now=NOW - 300)
    with refused("issued_in_future"):
        bundle.read(data, now=NOW - 301)


def test_a_bundle_that_is_held_is_read_again_whatever_the_clock_says() -> None:
    """A clock that stands before it is wrong; the bundle is not, and everything in it is checked as before."""
    data = STANDING.bundle()
    for now in (0, NOW - 301, NOW, NOW + 1000 * DAY):
        held = bundle.kept(data, now=now, root_sha256=STANDING.root_sha256)
        assert held.raw == data and bundle.clock_is_behind(held, now=now) == (now < NOW - 300)
    for bad in (STANDING.bundle(trust_list=World().trust_list()), data[:-1], World().bundle()):
        with pytest.raises(CertsError):
            bundle.kept(bad, now=0, root_sha256=STANDING.root_sha256)


def test_every_part_of_a_bundle_is_checked() -> None:
    stranger = World()
    with refused("chain_invalid"):
        STANDING.open_bundle(trust_list=stranger.trust_list())
    with refused("status_signature_invalid"):
        STANDING.open_bundle(status_lists={URI: stranger.status_list()})
    with refused("status_signature_invalid"):  # a list filed under another address
        STANDING.open_bundle(status_lists={URI + "2": STANDING.status_list()})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        *(({f"_{key}": None}, "malformed") for key in range(1, 7)),
        *(({f"_{key}": "x"}, "malformed") for key in (1, 2, 3, 4, 6)),
        *(({f"_{key}": True}, "malformed") for key in (1, 2, 3)),
        *(({"_1": number}, "malformed") for number in (0, -1)),
        *(({"_4": anchors}, "malformed") for anchors in ([], [5], [b"x"], ["x"], [b""] * 9)),
        *(({"_5": token}, "malformed") for token in (b"", "", "a.b")),
        *(({"_6": lists}, "malformed") for lists in ([], {5: b""}, {URI: "x"}, {URI: None}, {URI: b""})),
        ({"_7": 1}, "malformed"),
        ({"_2": NOW + 301}, "issued_in_future"),
        *(({name: when}, "malformed") for name in ("_2", "_3") for when in (-1, -(1 << 63), 1 << 37, 1 << 63)),
    ],
)
def test_a_bundle_of_another_shape_is_refused(changes: dict[str, Any], code: str) -> None:
    with refused(code):
        bundle.read(forged(**changes), now=NOW)


def test_what_is_no_bundle_is_refused() -> None:
    data = STANDING.bundle()
    for bad in (b"", b"x", data[:-1], data + b"\0", b"VN1:", STANDING.issue(), STANDING.status_list()):
        with pytest.raises(CertsError):
            bundle.read(bad, now=NOW)
    with refused("type_mismatch"):
        bundle.read(STANDING.status_list(), now=NOW)


def test_no_changed_byte_of_a_bundle_passes() -> None:
    data = STANDING.bundle()
    for at in range(0, len(data), 7):
        changed = bytearray(data)
        changed[at] ^= 0x10
        with pytest.raises(CertsError):
            bundle.read(bytes(changed), now=NOW, root_sha256=STANDING.root_sha256)


# --- taking the place of a held bundle --------------------------------------------------------------------------------


def next_one(world: World, held: Bundle, **changes: Any) -> Bundle:
    return bundle.update(held, world.bundle(**changes), now=world.now)


def test_a_newer_bundle_takes_the_place_of_an_older_one(world: World) -> None:
    held = world.open_bundle(sequence=1)
    world.now += DAY
    new = next_one(world, held, sequence=2)
    assert (new.sequence, new.issued) == (2, NOW + DAY)
    assert bundle.update(new, new.raw, now=world.now).raw == new.raw  # the same again is no change


def test_a_bundle_never_goes_back(world: World) -> None:
    held = world.open_bundle(sequence=2)
    world.now += 10
    with refused("presentation_replayed"):
        next_one(world, held, sequence=1)
    with refused("presentation_replayed"):  # another content under the same number
        next_one(world, held, sequence=2)


def test_no_part_of_a_newer_bundle_may_be_older(world: World) -> None:
    old_list, old_statuses = world.trust_list(), world.status_list()
    world.now += 10
    world.list_sequence = 5
    held = world.open_bundle(sequence=1)
    with refused("presentation_replayed"):
        next_one(world, held, sequence=2, trust_list=old_list)
    with refused("status_stale"):
        next_one(world, held, sequence=2, status_lists={URI: old_statuses})
    with refused("status_index_out_of_range"):
        next_one(world, held, sequence=2, status_lists={URI: world.status_list(size=64)})


def test_an_expired_bundle_replaces_nothing(world: World) -> None:
    held = world.open_bundle(sequence=1)
    late = world.bundle(sequence=2, lifetime=DAY)
    with refused("expired"):
        bundle.update(held, late, now=NOW + DAY)


def test_a_bundle_whose_signer_expired_replaces_nothing(world: World) -> None:
    held = world.open_bundle(sequence=1)
    short = world.desk("short", Usage.BUNDLE_SIGNER, starts=-1, days=2)
    data = world.bundle(sequence=2, desk=short)
    bundle.update(held, data, now=NOW + DAY - 1)
    with refused("cert_expired"):
        bundle.update(held, data, now=NOW + 2 * DAY)
    assert bundle.read(data, now=NOW + 2 * DAY).sequence == 2  # on one's own disk it stays readable


def test_an_update_is_signed_under_an_anchor_already_held(world: World) -> None:
    held = world.open_bundle(sequence=1)
    stranger = World()
    for anchors in ((stranger.root.certificate,), (stranger.root.certificate, world.root.certificate)):
        with refused("chain_invalid"):
            bundle.update(held, stranger.bundle(sequence=2, anchors=anchors), now=NOW)


def test_the_root_is_rotated_by_a_bundle_of_the_old_one(world: World) -> None:
    """Old alone → old and new → new alone; after that, what only the old one signed is refused."""
    first = world.open_bundle(sequence=1)
    old = world.root.certificate
    old_desk = world.bundle_desk
    new_root = Authority.create("New root", now=NOW - DAY)
    both = (old, new_root.certificate)
    second = bundle.update(first, world.bundle(sequence=2, anchors=both), now=NOW)
    assert second.trust.anchors == both

    world.root = new_root
    world.issuers = {name: world.desk(name, Usage.DOCUMENT_SIGNER, starts=0) for name in world.issuers}
    world.list_desk = world.desk("trust list", Usage.TRUST_LIST_SIGNER, starts=0)
    world.status_desk = world.desk("status", Usage.STATUS_SIGNER, starts=0)
    world.bundle_desk = world.desk("bundle", Usage.BUNDLE_SIGNER, starts=0)
    world.list_sequence = 2
    world.now += 10
    third_data = world.bundle(sequence=3)
    third = bundle.update(second, third_data, now=world.now)
    assert third.trust.anchors == (new_root.certificate,)
    with refused("issuer_untrusted"):  # who slept through the overlap must be given the new root by hand
        bundle.update(first, third_data, now=world.now)
    with refused("issuer_untrusted"):
        bundle.update(third, world.bundle(sequence=4, anchors=both, desk=old_desk), now=world.now)


def test_a_root_whose_introduction_was_revoked_is_believed_no_more(world: World) -> None:
    """A signer below it is still on the trust list; only who introduced its root has taken that back."""
    old, new = world.root, Authority.create("Test root", now=NOW - DAY)
    handover = new.introduce(old.certificate, now=NOW - DAY)
    world.list_desk = world.desk("list", Usage.TRUST_LIST_SIGNER, root=new, starts=-1)
    world.status_desk = world.desk("status", Usage.STATUS_SIGNER, root=new, starts=-1)
    world.bundle_desk = world.desk("bundle", Usage.BUNDLE_SIGNER, root=new, starts=-1)
    entry = new.revoke(handover, reason=Reason.key_compromise, now=NOW)
    text, anchors = world.present(), (new.certificate, handover)
    for revoked, code in (((), None), ((entry,), "chain_invalid")):
        lists = (new.sign_crl(revoked, number=1, now=NOW),)
        held = bundle.read(world.bundle(anchors=anchors, crls=lists), now=NOW)
        assert (handover in held.trust.anchors) is (code is None) and held.parts()
        assert Verifier(held, clock=lambda: NOW).inspect(text).code == code


def test_a_first_bundle_is_good_today(world: World) -> None:
    """What lies on a disk may be old; what comes from elsewhere could be made by anybody who has the key of a former signer."""
    data, root = world.bundle(lifetime=DAY), world.root_sha256
    assert bundle.first(data, now=NOW + DAY - 1, root_sha256=root).sequence == 1
    with refused("expired"):
        bundle.first(data, now=NOW + DAY, root_sha256=root)
    world.bundle_desk = world.desk("ended", Usage.BUNDLE_SIGNER, starts=-1, days=2)
    late = world.bundle(lifetime=300 * DAY)
    assert bundle.read(late, now=NOW + 3 * DAY, root_sha256=root)
    with refused("cert_expired"):
        bundle.first(late, now=NOW + 3 * DAY, root_sha256=root)


def test_a_root_with_a_key_that_nobody_knows_is_refused() -> None:
    der = STANDING.root.certificate.public_bytes(Encoding.DER)
    odd = der.replace(bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030177"))
    for _7 in (None, [STANDING.root.sign_crl((), number=1, now=NOW)]):
        with refused("alg_not_allowed"):
            bundle.read(forged(_4=[odd, der], _7=_7), now=NOW, root_sha256=STANDING.root_sha256)

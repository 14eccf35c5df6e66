"""What a verdict may still say when one part of the trust data has ended: the table of `certs/qr.md` §9.1, line by line."""

import pytest

from certs.bundle import Bundle
from certs.errors import CertsError
from certs.trust import TrustList, sign
from tests.world import DAY, URI, World
from verifier import Outcome, Report, Verifier
from verifier.tools.display import Screen, report


def look(world: World, held: Bundle, later: int) -> Report:
    """A fresh document shown `later`."""
    at = world.now + later
    text = world.present(world.issue(issued=at - 60), at=at)
    return Verifier(held, clock=lambda: at).inspect(text)


def lasting(world: World, **changes: object) -> Bundle:
    """Whose status list outlasts everything else."""
    lists = {URI: world.status_list(ttl=400 * DAY, expires=world.now + 400 * DAY)}
    return world.open_bundle(**{"status_lists": lists, **changes})


def test_the_bundle_itself(world: World) -> None:
    held = lasting(world, lifetime=DAY)
    assert look(world, held, DAY - 1).trust.ended == ()
    after = look(world, held, DAY)
    assert (after.outcome, after.code, after.trust.ended) == (Outcome.UNDETERMINED, "status_stale", ("bundle",))
    told = report(after, Screen("en", False))
    assert "Past its end" in told and "The whole bundle" in told
    assert after.to_json()["trust"]["ended"] == ["bundle"]


def test_the_trust_list(world: World) -> None:
    listed = TrustList(1, world.now, world.now + DAY, world.services())
    token = sign(listed, world.list_desk.signer, [world.list_desk.certificate])
    held = lasting(world, trust_list=token)
    after = look(world, held, DAY)
    assert (after.outcome, after.trust.ended) == (Outcome.ACCEPTED, ("trust_list",))
    assert "Trust list" in report(after, Screen("en", False))


@pytest.mark.parametrize(("ttl", "lasts"), [(DAY, 7 * DAY), (7 * DAY, DAY)])
def test_a_status_list(world: World, ttl: int, lasts: int) -> None:
    held = world.open_bundle(status_lists={URI: world.status_list(ttl=ttl, expires=world.now + lasts)})
    (part,) = (part for part in held.parts() if part.kind == "status_list")
    assert part.until == world.now + DAY
    assert look(world, held, DAY - 1).outcome is Outcome.ACCEPTED
    after = look(world, held, DAY + 1)
    assert (after.outcome, after.code) == (Outcome.UNDETERMINED, "status_stale")


def test_a_revocation_list(world: World) -> None:
    held = lasting(world, crls=(world.root.sign_crl((), number=1, now=world.now, days=1),))
    assert look(world, held, DAY - 1).outcome is Outcome.ACCEPTED
    after = look(world, held, DAY)
    assert (after.outcome, after.code) == (Outcome.UNDETERMINED, "status_stale")


def test_a_root(world: World) -> None:
    held = lasting(world)
    (part,) = (part for part in held.parts() if part.kind == "root")
    with pytest.raises(CertsError) as caught:
        held.trust.check_path(held.trust.signers(next(iter(held.trust._signers)))[0], now=part.until + 1)
    assert caught.value.code == "cert_expired"

"""The bundle over HTTP and on disk: only what stands on the root, only forward, whole or not at all."""

import hashlib
import os
import random
import threading
from pathlib import Path

import pytest

from certs import bundle as bundles
from certs import cbor, delta
from certs.authority import Authority
from certs.fetch import Fetcher
from certs.status import Status, StatusList, sign_cwt
from certs.x509 import Usage
from tests.site import Answer, Asked, Site
from tests.world import DAY, URI, World
from verifier import Verifier, snapshot
from verifier.keeper import Keeper, Source, pause
from verifier.snapshot import Outcome, Refresh


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "bundle.cbor"


def publish(site: Site, data: bytes) -> str:
    site.pages["/bundle"] = Answer(data, headers={"Content-Type": "application/cose"})
    return site.url + "/bundle"


def first(world: World, site: Site, fetcher: Fetcher, path: Path, data: bytes | None = None, root: str = "") -> Refresh:
    url = publish(site, data or world.bundle())
    return snapshot.fetch(fetcher, url, path, root_sha256=root or world.root_sha256, now=world.now)


def test_the_first_fetch_needs_the_pinned_root(world: World, site: Site, fetcher: Fetcher, path: Path) -> None:
    result = first(world, site, fetcher, path, root="00" * 32)
    assert (result.outcome, result.code, result.bundle) == (Outcome.REFUSED, "issuer_untrusted", None)
    assert not path.exists()
    result = first(world, site, fetcher, path, root=world.root_sha256.upper())
    assert result.outcome is Outcome.UPDATED and result.bundle is not None
    assert path.read_bytes() == result.bundle.raw
    assert Verifier.from_bundle(path, root_sha256=world.root_sha256, clock=lambda: world.now).verify(world.present())


def test_fetching_again_does_not_go_back(world: World, site: Site, fetcher: Fetcher, path: Path) -> None:
    newer, older = world.bundle(sequence=5), world.bundle(sequence=4)
    first(world, site, fetcher, path, newer)
    again = first(world, site, fetcher, path, older)
    assert (again.outcome, again.code) == (Outcome.REFUSED, "presentation_replayed")
    assert path.read_bytes() == newer
    other = World()  # the same file for another nation: its root is pinned, so it is a first fetch
    moved = first(world, site, fetcher, path, other.bundle(), root=other.root_sha256)
    assert moved.outcome is Outcome.UPDATED


def test_another_nations_bundle_is_refused_at_first(world: World, site: Site, fetcher: Fetcher, path: Path) -> None:
    other = World()
    result = first(world, site, fetcher, path, other.bundle())
    assert (result.outcome, result.code) == (Outcome.REFUSED, "issuer_untrusted")
    both = (world.root.certificate, other.root.certificate)
    result = first(world, site, fetcher, path, other.bundle(anchors=both))
    assert result.outcome is Outcome.REFUSED  # it names our root, but nobody under it signed


def test_an_update_takes_the_place_and_changes_the_verdict(
    world: World, site: Site, fetcher: Fetcher, path: Path
) -> None:
    held = first(world, site, fetcher, path).bundle
    assert held is not None
    text = world.present(world.issue(index=3))
    world.set_state(3, Status.SUSPENDED)
    url = publish(site, world.bundle(sequence=2))
    result = snapshot.refresh(fetcher, url, path, held, now=world.now)
    assert result.outcome is Outcome.UPDATED and result.bundle is not None
    assert Verifier(result.bundle, clock=lambda: world.now).inspect(text).code == "suspended"
    again = snapshot.refresh(fetcher, url, path, result.bundle, now=world.now)
    assert again.outcome is Outcome.UNCHANGED


def wrong_bundles(world: World) -> dict[str, tuple[bytes, str]]:
    stranger = World()
    expired_desk = world.desk("bundle", Usage.BUNDLE_SIGNER, starts=-400, days=399)
    return {
        "rollback": (world.bundle(sequence=4), "presentation_replayed"),
        "the same number, another content": (world.bundle(sequence=5, status_lists={}), "presentation_replayed"),
        "another nation under the same name": (stranger.bundle(sequence=6), "chain_invalid"),
        "another purpose": (world.bundle(sequence=6, desk=world.status_desk), "cert_usage"),
        "an expired signer": (world.bundle(sequence=6, desk=expired_desk), "cert_expired"),
        "past its end": (world.bundle(sequence=6, lifetime=-1), "expired"),
        "a foreign status list": (
            world.bundle(sequence=6, status_lists={URI: stranger.status_list()}),
            "status_signature_invalid",
        ),
        "a foreign trust list": (world.bundle(sequence=6, trust_list=stranger.trust_list()), "chain_invalid"),
        "cut off": (world.bundle(sequence=6)[:-5], "malformed"),
        "something behind it": (world.bundle(sequence=6) + b"\x00", "trailing_data"),
        "a page": (b"<!doctype html><p>Log in to the hotel network", "malformed"),
        "nothing": (b"", "malformed"),
    }


NAMES = list(wrong_bundles(World()))


@pytest.mark.parametrize("name", NAMES)
def test_what_must_not_take_the_place(world: World, site: Site, fetcher: Fetcher, path: Path, name: str) -> None:
    held = first(world, site, fetcher, path, world.bundle(sequence=5)).bundle
    assert held is not None
    data, code = wrong_bundles(world)[name]
    result = snapshot.refresh(fetcher, publish(site, data), path, held, now=world.now)
    assert (result.outcome, result.code) == (Outcome.REFUSED, code)
    assert result.bundle is held and path.read_bytes() == held.raw


# --- what changed since -------------------------------------------------------------------------------------------------


class Publishing:
    """A site that tells what changed since the bundle that it is asked for, if it knows that one."""

    def __init__(self, world: World, site: Site) -> None:
        self.world, self.site = world, site
        self.known: dict[int, bytes] = {}
        self.newest = b""
        site.pages["/bundle"] = self.answer

    def publish(self, data: bytes) -> str:
        self.newest = data
        self.known[bundles.open_parts(data)[1][bundles.SEQUENCE]] = data
        return self.site.url + "/bundle"

    def answer(self, asked: Asked) -> Answer:
        etag = f'"{hashlib.sha256(self.newest).hexdigest()[:32]}"'
        if asked.headers.get("if-none-match") == etag:
            return Answer(b"", 304, {"ETag": etag})
        base = self.known.get(int(asked.query.removeprefix("from=") or 0))
        return Answer(self.newest if base is None else self.since(base))

    def since(self, base: bytes) -> bytes:
        by = self.world.bundle_desk
        return delta.build(delta.manifest(base), self.newest, signer=by.signer, chain=[by.certificate])


@pytest.fixture
def publishing(world: World, site: Site) -> Publishing:
    return Publishing(world, site)


def begin(publishing: Publishing, fetcher: Fetcher, path: Path) -> tuple[bundles.Bundle, str]:
    world = publishing.world
    url = publishing.publish(world.bundle(sequence=1))
    held = snapshot.fetch(fetcher, url, path, root_sha256=world.root_sha256, now=world.now).bundle
    assert held is not None
    return held, url


def test_only_what_changed_is_fetched(publishing: Publishing, world: World, fetcher: Fetcher, path: Path) -> None:
    held, url = begin(publishing, fetcher, path)
    assert snapshot.refresh(fetcher, url, path, held, now=world.now).outcome is Outcome.UNCHANGED
    assert publishing.site.asked[-1].query == "from=1"
    world.set_state(3, Status.SUSPENDED)
    newer = world.bundle(sequence=2)
    publishing.publish(newer)
    result = snapshot.refresh(fetcher, url, path, held, now=world.now)
    assert result.outcome is Outcome.UPDATED and result.bundle is not None and result.bundle.raw == newer
    assert path.read_bytes() == newer  # what lies on the disk is a whole bundle
    assert len(publishing.site.asked) == 3


def test_a_delta_that_does_not_lead_from_here_is_followed_by_the_whole(
    publishing: Publishing, world: World, fetcher: Fetcher, path: Path
) -> None:
    held, url = begin(publishing, fetcher, path)
    publishing.known[1] = world.bundle(sequence=1, status_lists={})  # another bundle of that number
    newer = world.bundle(sequence=2)
    publishing.newest = newer
    result = snapshot.refresh(fetcher, url, path, held, now=world.now)
    assert result.outcome is Outcome.UPDATED and path.read_bytes() == newer
    assert [asked.query for asked in publishing.site.asked[-2:]] == ["from=1", ""]


@pytest.mark.parametrize("damage", ["cut", "flipped", "stranger", "rolled back", "of a delta"])
def test_X5_14_a_bad_delta_leaves_what_is_held(
    world: World, site: Site, fetcher: Fetcher, path: Path, damage: str
) -> None:
    publishing = Publishing(world, site)
    held, url = begin(publishing, fetcher, path)
    publishing.publish(world.bundle(sequence=2))
    good = publishing.since(held.raw)
    by = (stranger := World()).bundle_desk
    newer = stranger.bundle(sequence=4)
    second = snapshot.take(good, path, held, now=world.now).bundle
    assert second is not None
    bad = {
        "cut": good[:-7],
        "flipped": good[:-1] + bytes([good[-1] ^ 1]),
        "stranger": delta.build(delta.manifest(held.raw), newer, signer=by.signer, chain=[by.certificate]),
        "rolled back": good,
        "of a delta": good + good,
    }[damage]
    before = second if damage == "rolled back" else held
    snapshot.replace(path, before.raw)
    site.pages["/bundle"] = lambda asked: Answer(bad if asked.query else b"and nothing else is there either")
    result = snapshot.refresh(fetcher, url, path, before, now=world.now)
    assert result.outcome is Outcome.REFUSED and result.bundle is before
    assert path.read_bytes() == before.raw


# --- on a stick ---------------------------------------------------------------------------------------------------------


def test_what_comes_on_a_stick_is_checked_as_if_it_were_fetched(world: World, path: Path) -> None:
    first_one, second, third = (world.bundle(sequence=number) for number in (1, 2, 3))
    by = world.bundle_desk
    taken = snapshot.take_first(first_one, path, root_sha256=world.root_sha256, now=world.now)
    assert taken.outcome is Outcome.UPDATED and taken.bundle is not None
    refused = snapshot.take_first(World().bundle(), path, root_sha256=world.root_sha256, now=world.now)
    assert (refused.outcome, refused.code) == (Outcome.REFUSED, "issuer_untrusted") and path.read_bytes() == first_one
    patch = delta.build(delta.manifest(first_one), second, signer=by.signer, chain=[by.certificate])
    after = snapshot.take(patch, path, taken.bundle, now=world.now)
    assert after.bundle is not None and path.read_bytes() == second
    assert snapshot.take(patch, path, after.bundle, now=world.now).code == "presentation_replayed"
    assert snapshot.take(first_one, path, after.bundle, now=world.now).code == "presentation_replayed"
    assert snapshot.take(second, path, after.bundle, now=world.now).outcome is Outcome.UNCHANGED
    assert snapshot.take(third, path, after.bundle, now=world.now).outcome is Outcome.UPDATED


def test_a_first_bundle_whose_lists_do_not_hold_what_they_announce_is_not_kept(world: World, path: Path) -> None:
    desk, now = world.status_desk, world.now
    listed = StatusList(URI, 2, bytes(16), now, now + DAY, DAY, size=128)
    bad = sign_cwt(listed, desk.signer, [desk.certificate])
    result = snapshot.take_first(world.bundle(status_lists={URI: bad}), path, root_sha256=world.root_sha256, now=now)
    assert (result.outcome, result.code) == (Outcome.REFUSED, "malformed") and not path.exists()


def test_a_new_root_is_introduced_by_the_old_one(world: World, site: Site, fetcher: Fetcher, path: Path) -> None:
    """Attack X5-15: in the overlap both count; the next bundle may stand on the new one alone."""
    held = first(world, site, fetcher, path).bundle
    assert held is not None
    old, new = world.root, Authority.create("Next root", now=world.now - DAY)
    overlap = world.bundle(sequence=2, anchors=(old.certificate, new.certificate))
    result = snapshot.refresh(fetcher, publish(site, overlap), path, held, now=world.now)
    assert result.outcome is Outcome.UPDATED and result.bundle is not None
    world.root = new
    world.__post_init__()
    world.root = new
    for name in ("list_desk", "status_desk", "bundle_desk"):
        desk = getattr(world, name)
        setattr(world, name, world.desk("next", desk_usage(name), root=new, starts=-1))
        assert desk is not getattr(world, name)
    world.list_sequence = 2
    world.issuers = {name: world.desk(name, Usage.DOCUMENT_SIGNER, root=new, starts=-1) for name in world.issuers}
    later = snapshot.refresh(fetcher, publish(site, world.bundle(sequence=3)), path, result.bundle, now=world.now)
    assert later.outcome is Outcome.UPDATED and later.bundle is not None
    assert Verifier(later.bundle, clock=lambda: world.now).verify(world.present())
    jump = snapshot.refresh(fetcher, publish(site, world.bundle(sequence=9)), path, held, now=world.now)
    assert (jump.outcome, jump.code) == (Outcome.REFUSED, "issuer_untrusted")  # without the overlap it is a stranger


def desk_usage(name: str) -> Usage:
    return {
        "list_desk": Usage.TRUST_LIST_SIGNER,
        "status_desk": Usage.STATUS_SIGNER,
        "bundle_desk": Usage.BUNDLE_SIGNER,
    }[name]


def test_a_write_that_fails_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot.replace(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        snapshot.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in path.parent.iterdir()] == ["bundle.cbor"]  # no half file is left behind


# --- the keeper -------------------------------------------------------------------------------------------------------


def keeper(world: World, site: Site, fetcher: Fetcher, path: Path, root: str | None = "") -> Keeper:
    pinned = world.root_sha256 if root == "" else root
    return Keeper(Source(path, site.url + "/bundle", pinned), fetcher, clock=lambda: world.now)


def test_a_keeper_begins_from_nothing_and_survives_a_restart(
    world: World, site: Site, fetcher: Fetcher, path: Path
) -> None:
    fresh = keeper(world, site, fetcher, path)
    assert fresh.verifier is None
    assert fresh.refresh().outcome is Outcome.UNREACHABLE and fresh.verifier is None
    publish(site, world.bundle())
    assert fresh.refresh().outcome is Outcome.UPDATED
    assert fresh.verifier is not None and fresh.verifier.verify(world.present())
    site.pages.clear()
    again = keeper(world, site, fetcher, path)
    assert again.refresh().outcome is Outcome.UNREACHABLE
    assert again.verifier is not None and again.verifier.verify(world.present())


def test_a_keeper_without_a_root_does_not_trust_the_first_who_comes(
    world: World, site: Site, fetcher: Fetcher, path: Path
) -> None:
    publish(site, world.bundle())
    fresh = keeper(world, site, fetcher, path, root=None)
    assert fresh.refresh().outcome is Outcome.REFUSED and fresh.verifier is None and site.asked == []


@pytest.mark.parametrize("damage", [b"", b"not a bundle", None], ids=["empty", "rubbish", "foreign"])
def test_a_keeper_does_not_use_a_damaged_file(
    world: World, site: Site, fetcher: Fetcher, path: Path, damage: bytes | None
) -> None:
    snapshot.replace(path, World().bundle() if damage is None else damage)
    fresh = keeper(world, site, fetcher, path)
    assert fresh.verifier is None
    publish(site, world.bundle())
    assert fresh.refresh().outcome is Outcome.UPDATED and fresh.verifier is not None


def test_a_keeper_goes_on_when_it_cannot_write(
    world: World, site: Site, fetcher: Fetcher, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(site, world.bundle())
    kept = keeper(world, site, fetcher, path)
    kept.refresh()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    publish(site, world.bundle(sequence=2))
    monkeypatch.setattr(os, "fsync", full)
    result = kept.refresh()
    assert result.outcome is Outcome.REFUSED and kept.verifier is not None and kept.verifier.bundle.sequence == 1


def test_a_keeper_refreshes_at_once_and_by_itself(world: World, site: Site, fetcher: Fetcher, path: Path) -> None:
    publish(site, world.bundle())
    kept = keeper(world, site, fetcher, path)
    thread = kept.start(3600)
    try:
        for _ in range(200):
            thread.join(0.01)
            if kept.verifier:
                break
        assert kept.verifier is not None and bundles.fingerprint(world.root.certificate) == world.root_sha256
    finally:
        kept.stop()
        thread.join(5)
    assert not thread.is_alive()


def test_a_keeper_outlives_whatever_comes(world: World, site: Site, fetcher: Fetcher, path: Path) -> None:
    """With a critical header that nobody knows: the thread that refreshes must not end with it."""
    publish(site, world.bundle())
    kept = keeper(world, site, fetcher, path)
    assert kept.refresh().outcome is Outcome.UPDATED
    publish(site, cbor.encode(cbor.Tag(18, [cbor.encode({1: -7, 2: [99]}), {}, b"", b""])))
    result = kept.refresh()
    assert (result.outcome, result.code) == (Outcome.REFUSED, "crit_unknown")
    publish(site, world.bundle(sequence=2))
    assert kept.refresh().outcome is Outcome.UPDATED


def test_a_first_bundle_of_a_signer_that_has_ended_is_not_kept(world: World, path: Path) -> None:
    data = world.bundle(lifetime=DAY)
    result = snapshot.take_first(data, path, root_sha256=world.root_sha256, now=world.now + DAY)
    assert (result.outcome, result.code) == (Outcome.REFUSED, "expired") and not path.exists()


def test_a_keeper_takes_up_what_was_brought_beside_it_and_does_not_write_over_it(
    world: World, site: Site, fetcher: Fetcher, path: Path
) -> None:
    publish(site, world.bundle(sequence=1))
    kept = keeper(world, site, fetcher, path)
    kept.refresh()
    brought = world.bundle(sequence=9)
    snapshot.replace(path, brought)
    publish(site, world.bundle(sequence=5))
    result = kept.refresh()
    assert (result.outcome, result.code) == (Outcome.REFUSED, "presentation_replayed")
    assert kept.verifier is not None and kept.verifier.bundle.sequence == 9 and path.read_bytes() == brought
    snapshot.replace(path, World().bundle(sequence=10))  # another nation's
    site.pages.clear()
    assert kept.refresh().outcome is Outcome.UNREACHABLE and kept.verifier.bundle.sequence == 9
    path.unlink()
    assert kept.refresh().outcome is Outcome.UNREACHABLE and kept.verifier.bundle.sequence == 9


def test_ST_02_a_clock_that_was_set_back_makes_nobody_take_an_older_bundle(
    world: World, site: Site, fetcher: Fetcher, path: Path
) -> None:
    """With a flat battery it is 1970, or a year ago, when the machine starts; and on the network somebody has the bundle of then."""
    earlier = world.now - DAY
    held, now = world.bundle(sequence=5), world.now
    snapshot.replace(path, held)
    world.now = earlier
    publish(site, world.bundle(sequence=4))
    for back in (earlier, earlier - 300 * DAY, 0):
        started = Keeper(Source(path, site.url + "/bundle", world.root_sha256), fetcher, clock=lambda back=back: back)
        assert started.refresh().outcome is Outcome.REFUSED and path.read_bytes() == held
        assert started.verifier is not None and started.verifier.bundle.sequence == 5
        told = started.verifier.inspect(world.present(at=now))
        assert told.code == "clock_unreliable" and not told.accepted
    world.now = now


# --- when it asks -------------------------------------------------------------------------------------------------------


def test_pauses_are_never_longer_than_was_asked_for_and_double_up_to_that() -> None:
    assert [pause(3600, failures=0, draw=draw) for draw in (0.0, 0.5)] == [3600, 3240]
    assert [pause(60, failures=each, draw=0.0) for each in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pause(60, failures=3, draw=0.5) == 3.0 and pause(60, failures=100_000, draw=0.0) == 60
    latest = 1 - 2**-53
    assert all(pause(5, failures=each, draw=latest) > 0 for each in range(50))


def test_a_thousand_counters_do_not_come_in_one_second() -> None:
    dice = random.Random(8)
    for failures in (0, 13):
        seconds = [int(pause(3600, failures=failures, draw=dice.random())) for _ in range(1000)]
        assert max(seconds.count(each) for each in set(seconds)) < 20


def test_a_keeper_keeps_its_own_hours(world: World, site: Site, fetcher: Fetcher, path: Path) -> None:
    """Unreachable, then there: it asks soon again, and then as often as it was told; after `stop` never."""
    kept = Keeper(Source(path, site.url + "/bundle", world.root_sha256), fetcher, lambda: world.now, draw=lambda: 0.0)
    waited: list[float] = []

    class Waits(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout or 0)
            if len(waited) == 3:
                publish(site, world.bundle())
            return len(waited) == 6

    kept._stop = Waits()
    heard: list[Refresh] = []
    kept.run(60, heard.append)
    assert waited == [1, 2, 4, 60, 60, 60]
    assert [each.outcome.value for each in heard] == ["unreachable"] * 3 + ["updated"] + ["unchanged"] * 2
    asked = len(site.asked)
    kept.stop()
    kept.run(60)
    assert len(site.asked) == asked
    with pytest.raises(ValueError, match="every"):
        kept.run(0)

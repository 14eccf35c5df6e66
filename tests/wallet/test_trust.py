"""Whom the wallet believes: the pinned root only, the newest bundle, and the last good one while the network is away."""

from pathlib import Path

import pytest

from certs.fetch import FetchError, Response
from tests.wallet.issuer import ISSUER, IssuerDesk
from tests.world import DAY, World
from wallet.errors import WalletError
from wallet.trust import REFRESH_SECONDS, TrustKeeper


def keeper(desk: IssuerDesk, folder: Path, *, root: str | None = None) -> TrustKeeper:
    root_sha256 = desk.world.root_sha256 if root is None else root
    return TrustKeeper(web=desk, url=f"{ISSUER}/bundle", path=folder / "bundle.cbor", root_sha256=root_sha256)


def fetched(desk: IssuerDesk) -> int:
    return [path for _, path, _ in desk.asked].count("/bundle")


def test_a_bundle_is_fetched_kept_and_asked_for_again_only_later(desk: IssuerDesk, tmp_path: Path) -> None:
    trust, now = keeper(desk, tmp_path), desk.world.now
    first = trust.current(now=now)
    assert trust.current(now=now + REFRESH_SECONDS - 1) is first and fetched(desk) == 1
    desk.world.sequence, desk.world.list_sequence = 2, 2
    desk.world.now = now + REFRESH_SECONDS
    assert trust.current(now=desk.world.now).sequence == 2
    assert (tmp_path / "bundle.cbor").read_bytes() == trust.current(now=desk.world.now).raw


def test_without_a_network_the_kept_bundle_serves_until_it_expires(desk: IssuerDesk, tmp_path: Path) -> None:
    now = desk.world.now
    keeper(desk, tmp_path).current(now=now)
    desk.changes["/bundle"] = FetchError("unreachable")
    restarted = keeper(desk, tmp_path)
    assert restarted.current(now=now + 29 * DAY).sequence == 1
    with pytest.raises(WalletError, match="trust_unavailable"):
        restarted.current(now=now + 30 * DAY)


def test_states_are_as_old_as_the_last_answer_that_was_believed(desk: IssuerDesk, tmp_path: Path) -> None:
    trust, now = keeper(desk, tmp_path), desk.world.now
    trust.current(now=now)
    assert trust.as_of(now=now) == now
    for answer in (FetchError("unreachable"), Response(200, {}, b"rubbish")):
        desk.changes["/bundle"] = answer
        now += REFRESH_SECONDS
        trust.current(now=now)
    assert trust.as_of(now=now) == now - 2 * REFRESH_SECONDS
    restarted = keeper(desk, tmp_path)
    assert restarted.current(now=now).issued == restarted.as_of(now=now)


@pytest.mark.parametrize("answer", [FetchError("unreachable"), Response(503, {}, b""), Response(200, {}, b"rubbish")])
def test_without_any_bundle_it_says_so(desk: IssuerDesk, tmp_path: Path, answer: object) -> None:
    desk.changes["/bundle"] = answer
    with pytest.raises(WalletError, match="trust_unavailable"):
        keeper(desk, tmp_path).current(now=desk.world.now)
    assert not (tmp_path / "bundle.cbor").exists()


def test_an_older_bundle_changes_nothing(desk: IssuerDesk, tmp_path: Path) -> None:
    now = desk.world.now
    old = desk.world.bundle()
    desk.world.sequence, desk.world.list_sequence = 2, 2
    trust = keeper(desk, tmp_path)
    assert trust.current(now=now).sequence == 2
    desk.changes["/bundle"] = Response(200, {}, old)
    assert trust.current(now=now + REFRESH_SECONDS).sequence == 2
    assert keeper(desk, tmp_path).current(now=now + 2 * REFRESH_SECONDS).sequence == 2  # after a restart too


def test_a_bundle_under_another_root_is_refused(desk: IssuerDesk, tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="trust_unavailable"):
        keeper(desk, tmp_path, root=World().root_sha256).current(now=desk.world.now)


def test_a_kept_bundle_of_another_root_is_set_aside(desk: IssuerDesk, tmp_path: Path) -> None:
    (tmp_path / "bundle.cbor").write_bytes(World().bundle(sequence=9))
    assert keeper(desk, tmp_path).current(now=desk.world.now).sequence == 1


def test_ST_02_a_clock_that_was_set_back_does_not_bring_an_older_bundle_back(desk: IssuerDesk, tmp_path: Path) -> None:
    now, kept = desk.world.now, tmp_path / "bundle.cbor"
    desk.world.now = now - DAY
    older = desk.world.bundle()
    desk.world.now = now
    kept.write_bytes(newer := desk.world.bundle(sequence=2))
    desk.changes["/bundle"] = Response(200, {}, older)
    for back in (now - DAY, now - 300 * DAY):
        with pytest.raises(WalletError, match="clock_wrong"):
            keeper(desk, tmp_path).current(now=back)
        assert kept.read_bytes() == newer
    assert keeper(desk, tmp_path).current(now=now).sequence == 2

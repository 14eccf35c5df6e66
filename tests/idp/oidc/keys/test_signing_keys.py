"""The rules of the provider's signing keys, by a clock that is moved by hand: states, schedule, rotation, removal."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from idp.login import session
from idp.model import SigningKey
from idp.oidc import backchannel, id_token
from idp.oidc.keys import signing_keys
from idp.oidc.keys.signing_keys import (
    ALGORITHMS,
    CACHED,
    DAY,
    PREPARED_AHEAD,
    PUBLISHED_AFTER,
    READ_EVERY,
    ROTATED_EVERY,
    SEEN_BY_ALL,
    Refused,
    State,
)
from idp.oidc.profiles import PROFILES

NOW = 1_772_438_400


def key(kid: str, alg: str = "ES256", **changed: int | None) -> SigningKey:
    return SigningKey(kid, alg, {}, **{"prepared_at": NOW, **changed}, private="sealed")  # type: ignore[arg-type]


FIRST = key("first", active_from=NOW)


def after(keys: Iterable[SigningKey], changed: Iterable[SigningKey]) -> tuple[SigningKey, ...]:
    return tuple({each.kid: each for each in (*keys, *changed)}.values())


@pytest.mark.parametrize(
    ("held", "at", "expected"),
    [
        (key("a"), NOW, State.PREPARED),
        (key("a"), NOW + 1000 * DAY, State.PREPARED),  # not by the time: somebody has to decide it
        (key("a", active_from=NOW + 5), NOW, State.ACTIVE),  # a process whose clock is behind agrees
        (key("a", active_from=NOW), NOW + 1000 * DAY, State.ACTIVE),
        (key("a", active_from=NOW, retired_at=NOW + 9), NOW, State.RETIRED),
        (key("a", active_from=NOW, retired_at=NOW), NOW + PUBLISHED_AFTER - 1, State.RETIRED),
        (key("a", active_from=NOW, retired_at=NOW), NOW + PUBLISHED_AFTER, State.WITHDRAWN),
        (key("a", removed_at=NOW + 9), NOW, State.REMOVED),
        (key("a", active_from=NOW, removed_at=NOW), NOW, State.REMOVED),
        (key("a", active_from=NOW, retired_at=NOW, removed_at=NOW), NOW, State.REMOVED),
    ],
)
def test_states(held: SigningKey, at: int, expected: State) -> None:
    assert signing_keys.state(held, now=at) is expected
    assert (held in signing_keys.published([held], now=at)) == (expected in signing_keys.PUBLISHED)
    assert (signing_keys.signing([held]) == {"ES256": held}) == (expected is State.ACTIVE)
    assert (signing_keys.prepared([held]) == {"ES256": held}) == (expected is State.PREPARED)


def test_a_retired_key_is_published_while_anything_that_it_signed_is_of_use() -> None:
    lives = [
        id_token.LIFETIME,
        backchannel.LIFETIME,
        *(each.lifetimes.own_token for each in PROFILES.values()),
        *(each.lifetimes.access_token for each in PROFILES.values()),
        *(each.lifetimes.issuance_token for each in PROFILES.values()),
        *(end for end, _ in session.ENDS.values()),  # so long an ID token comes back as a hint
    ]
    assert max(lives) + READ_EVERY + CACHED < PUBLISHED_AFTER
    assert CACHED < SEEN_BY_ALL < PREPARED_AHEAD < ROTATED_EVERY
    assert READ_EVERY < 30


def test_a_year_by_the_schedule() -> None:
    """Every day the keeper looks: one key signs always, each is published for a week before it does, and gone after two days."""
    keys: tuple[SigningKey, ...] = (FIRST,)
    signed_by: dict[str, list[int]] = {}
    shown: dict[str, list[int]] = {}
    for day in range(365):
        now = NOW + day * DAY
        for alg in signing_keys.to_prepare(keys, now=now):
            keys = (*keys, key(f"made on day {day}", alg, prepared_at=now))
        for alg in signing_keys.to_rotate(keys, now=now):
            keys = after(keys, signing_keys.rotated(keys, alg, now=now))
        assert signing_keys.to_prepare(keys, now=now) == signing_keys.to_rotate(keys, now=now) == ()
        signed_by.setdefault(signing_keys.signing(keys)["ES256"].kid, []).append(day)
        for each in signing_keys.published(keys, now=now):
            shown.setdefault(each.kid, []).append(day)
    assert {kid: (days[0], days[-1]) for kid, days in signed_by.items()} == {
        "first": (0, 89),
        "made on day 83": (90, 179),
        "made on day 173": (180, 269),
        "made on day 263": (270, 359),
        "made on day 353": (360, 364),
    }
    assert (shown["first"][0], shown["first"][-1]) == (0, 91)
    assert (shown["made on day 83"][0], shown["made on day 83"][-1]) == (83, 181)


def test_a_keeper_that_was_away_prepares_first_and_waits() -> None:
    late = NOW + 3 * ROTATED_EVERY
    assert signing_keys.to_prepare([FIRST], now=late) == ("ES256",)
    keys = (FIRST, key("next", prepared_at=late))
    assert signing_keys.to_rotate(keys, now=late + PREPARED_AHEAD - 1) == ()
    assert signing_keys.to_rotate(keys, now=late + PREPARED_AHEAD) == ("ES256",)


def test_each_algorithm_has_keys_of_its_own() -> None:
    keys = (FIRST, key("rsa", "RS256", active_from=NOW + DAY), key("next", "RS256"))
    assert signing_keys.missing(keys) == tuple(alg for alg in ALGORITHMS if alg not in ("ES256", "RS256"))
    assert signing_keys.to_prepare(keys, now=NOW + ROTATED_EVERY) == ("ES256",)
    assert signing_keys.to_rotate(keys, now=NOW + ROTATED_EVERY + DAY) == ("RS256",)
    with pytest.raises(Refused, match="prepare --alg ES256"):
        signing_keys.rotated(keys, "ES256", now=NOW + ROTATED_EVERY)


def test_rotation_by_command() -> None:
    keys = (FIRST, key("next", prepared_at=NOW + 100))
    with pytest.raises(Refused, match="24 hours after"):
        signing_keys.rotated(keys, "ES256", now=NOW + 100 + SEEN_BY_ALL - 1)
    now = NOW + 100 + SEEN_BY_ALL
    before, following = signing_keys.rotated(keys, "ES256", now=now)  # in the order that the database admits
    assert (before.kid, before.retired_at, before.private) == ("first", now, None)
    assert (following.kid, following.active_from, following.private) == ("next", now, "sealed")


NEXT = key("next")
RETIRED = key("old", active_from=NOW, retired_at=NOW + DAY)
FRESH = key("fresh", prepared_at=NOW + DAY)


@pytest.mark.parametrize(
    ("which", "emergency", "expected"),
    [
        ("next", False, {"next": State.REMOVED}),
        ("next", True, {"next": State.REMOVED}),
        ("first", False, "this key signs"),
        ("first", True, {"first": State.REMOVED, "next": State.ACTIVE}),  # the one that all know already
        ("old", False, "still in use"),
        ("old", True, {"old": State.REMOVED}),
        ("gone", False, "removed already"),
        ("gone", True, "removed already"),
    ],
)
def test_removal(which: str, emergency: bool, expected: dict[str, State] | str) -> None:
    keys = (FIRST, NEXT, RETIRED, key("gone", removed_at=NOW))
    held = {each.kid: each for each in keys}[which]
    now = NOW + DAY
    if isinstance(expected, str):
        with pytest.raises(Refused, match=expected):
            signing_keys.without(keys, held, now=now, emergency=emergency, fresh=FRESH)
        return
    changed = signing_keys.without(keys, held, now=now, emergency=emergency, fresh=FRESH)
    assert {each.kid: signing_keys.state(each, now=now) for each in changed} == expected
    assert changed[0].kid == which
    assert changed[0].private is None


def test_where_none_is_prepared_a_fresh_key_signs_at_once() -> None:
    gone, fresh = signing_keys.without((FIRST,), FIRST, now=NOW + DAY, emergency=True, fresh=FRESH)
    assert (gone.kid, fresh) == ("first", replace(FRESH, active_from=NOW + DAY))
    with pytest.raises(Refused, match="no key is there"):
        signing_keys.without((FIRST,), FIRST, now=NOW + DAY, emergency=True, fresh=None)


def test_what_is_withdrawn_may_be_removed_for_order() -> None:
    later = NOW + DAY + PUBLISHED_AFTER
    (gone,) = signing_keys.without((FIRST, RETIRED), RETIRED, now=later, emergency=False, fresh=None)
    assert signing_keys.state(gone, now=later) is State.REMOVED

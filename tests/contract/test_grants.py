"""Grants and their tokens: rotation has one winner, and a replaced token that comes back ends the family."""

import pytest

from idp.model import Token
from idp.ports import Storage
from idp.storage.errors import Conflict
from tests.contract.rows import ACCESS, ACCOUNT, GRANT, NOW, REFRESH, another, with_account, with_grant


def successors(number: int) -> list[Token]:
    return [
        Token(f"refresh-{number}", "grant-1", "refresh", NOW + 600, number),
        Token(f"access-{number}", "grant-1", "access", NOW + 300, number),
    ]


def test_a_token_leads_to_its_grant(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_grant(ports)
    with storage.reading() as ports:
        assert ports.grants.live("access-1", "access", now=NOW) == (GRANT, ACCESS)
        assert ports.grants.live("refresh-1", "refresh", now=NOW) == (GRANT, REFRESH)
        assert ports.grants.live("access-1", "refresh", now=NOW) is None
        assert ports.grants.live("refresh-1", "access", now=NOW) is None
        assert ports.grants.live("unknown", "access", now=NOW) is None


def test_a_token_ends_with_itself_or_with_its_grant(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        ports.grants.open(another(GRANT, expires=NOW + 200), [REFRESH, another(ACCESS, expires=NOW + 100)])
    with storage.reading() as ports:
        assert ports.grants.live("access-1", "access", now=NOW + 99)
        assert ports.grants.live("access-1", "access", now=NOW + 100) is None
        assert ports.grants.live("refresh-1", "refresh", now=NOW + 199)
        assert ports.grants.live("refresh-1", "refresh", now=NOW + 200) is None


def test_those_of_a_person_that_are_open(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        for name, changed in {
            "b": {},
            "a": {},
            "other": {"purpose": "other"},
            "over": {"expires": NOW},
            "shut": {},
        }.items():
            ports.grants.open(another(GRANT, grant_id=name, opened_at=NOW - ord(name[0]), **changed), [])
        ports.grants.close_family("shut", now=NOW)
    with storage.reading() as ports:
        open_ = ports.grants.of_account("account-1", GRANT.purpose, now=NOW)
        assert [one.grant_id for one in open_] == ["b", "a"]
        assert ports.grants.of_account("account-2", GRANT.purpose, now=NOW) == ()


def test_rotation(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_grant(ports)
        assert ports.grants.rotate("refresh-1", successors(2), now=NOW) == GRANT
    with storage.transaction() as ports:
        assert ports.grants.rotate("refresh-2", successors(3), now=NOW) == GRANT
        live = ports.grants.live("refresh-3", "refresh", now=NOW)
        assert live is not None and live[1].generation == 3
        # Access tokens given before live their time out.
        assert ports.grants.live("access-1", "access", now=NOW)


def test_a_token_may_do_less_than_its_grant(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_grant(ports)
        narrow = Token("access-2", "grant-1", "access", NOW + 300, 2, ("openid",))
        assert ports.grants.rotate("refresh-1", [successors(2)[0], narrow], now=NOW) == GRANT
    with storage.reading() as ports:
        assert ports.grants.live("access-2", "access", now=NOW) == (GRANT, narrow)
        wide = ports.grants.live("refresh-2", "refresh", now=NOW)
        assert wide is not None and wide[1].scopes is None


def test_a_token_may_be_for_other_resources(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_grant(ports)
        bound = Token("access-2", "grant-1", "access", NOW + 300, 2, audience=("https://api.example.vn", "urn:x:y"))
        assert ports.grants.rotate("refresh-1", [successors(2)[0], bound], now=NOW) == GRANT
    with storage.reading() as ports:
        assert ports.grants.live("access-2", "access", now=NOW) == (GRANT, bound)


def test_a_token_may_be_bound_to_a_key(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_grant(ports)
        bound = Token("access-2", "grant-1", "access", NOW + 300, 2, jkt="k" * 43)
        refresh = another(successors(2)[0], jkt="k" * 43)
        assert ports.grants.rotate("refresh-1", [refresh, bound], now=NOW) == GRANT
    with storage.reading() as ports:
        assert ports.grants.live("access-2", "access", now=NOW) == (GRANT, bound)
        assert ports.grants.live("refresh-2", "refresh", now=NOW) == (GRANT, refresh)


def test_tokens_are_added_to_a_family_that_goes_on(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_grant(ports)
        ports.grants.add("grant-1", [Token("access-2", "grant-1", "access", NOW + 300)])
    with storage.transaction() as ports:
        live = ports.grants.live("refresh-1", "refresh", now=NOW)
        assert live is not None and not live[1].replaced
        assert ports.grants.live("access-2", "access", now=NOW)
        ports.grants.close_family("grant-1", now=NOW)
        ports.grants.add("grant-1", [Token("access-3", "grant-1", "access", NOW + 300)])
    with storage.reading() as ports:
        assert not any(ports.grants.live(f"access-{number}", "access", now=NOW) for number in (1, 2, 3))
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.grants.add("grant-1", [Token("access-4", "grant-2", "access", NOW + 300)])


def test_a_replaced_refresh_token_may_be_spared(storage: Storage) -> None:
    """Whoever asks to be told what it was decides what becomes of the family; there is one winner all the same."""
    with storage.transaction() as ports:
        with_grant(ports)
        assert ports.grants.rotate("refresh-1", successors(2), now=NOW, spares=True) == GRANT
    with storage.transaction() as ports:
        assert ports.grants.rotate("refresh-1", successors(9), now=NOW, spares=True) is None
        assert ports.grants.live("refresh-9", "refresh", now=NOW) is None
        before, after = (ports.grants.live(f"refresh-{n}", "refresh", now=NOW) for n in (1, 2))
        assert before is not None and before[1].replaced
        assert after is not None and not after[1].replaced
        assert ports.grants.close_family("grant-1", now=NOW)


def test_a_replaced_refresh_token_closes_its_family(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_grant(ports)
        ports.grants.rotate("refresh-1", successors(2), now=NOW)
    with storage.transaction() as ports:
        # Still found, so that a rule can see whose it is before it lets the family be closed.
        assert ports.grants.live("refresh-1", "refresh", now=NOW)
        assert ports.grants.rotate("refresh-1", successors(9), now=NOW) is None
    with storage.transaction() as ports:
        for token, kind in (("refresh-1", "refresh"), ("refresh-2", "refresh"), ("access-2", "access")):
            assert ports.grants.live(token, kind, now=NOW) is None
        assert ports.grants.live("refresh-9", "refresh", now=NOW) is None
        assert ports.grants.rotate("refresh-2", successors(3), now=NOW) is None
        assert not ports.grants.close_family("grant-1", now=NOW)


@pytest.mark.parametrize("token", ["unknown", "access-1"])
def test_nothing_but_a_refresh_token_rotates(storage: Storage, token: str) -> None:
    with storage.transaction() as ports:
        with_grant(ports)
        assert ports.grants.rotate(token, successors(2), now=NOW) is None
        assert ports.grants.live("refresh-1", "refresh", now=NOW)


@pytest.mark.parametrize(("of_token", "of_grant"), [(0, 60), (60, 0)])
def test_an_expired_refresh_token_does_not_rotate(storage: Storage, of_token: int, of_grant: int) -> None:
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        ports.grants.open(another(GRANT, expires=NOW + of_grant), [another(REFRESH, expires=NOW + of_token)])
        assert ports.grants.rotate("refresh-1", successors(2), now=NOW) is None
        assert ports.grants.close_family("grant-1", now=NOW)  # it was not closed by that


def test_a_family_is_closed_once(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_grant(ports)
        assert ports.grants.close_family("grant-1", now=NOW)
        assert not ports.grants.close_family("grant-1", now=NOW)
        assert not ports.grants.close_family("unknown", now=NOW)
        assert ports.grants.live("access-1", "access", now=NOW) is None
        assert ports.grants.rotate("refresh-1", successors(2), now=NOW) is None


def test_an_account_s_grants_are_closed_together_or_by_client(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_account(ports)
        ports.accounts.add(another(ACCOUNT, account_id="account-2", person_id="person-2", phone="+84900000002"))
        for number, (account, client) in enumerate(
            [("account-1", "bank"), ("account-1", "wallet"), ("account-1", "wallet"), ("account-2", "wallet")]
        ):
            grant = another(GRANT, grant_id=f"g{number}", account_id=account, client_id=client)
            ports.grants.open(grant, [Token(f"t{number}", f"g{number}", "access", NOW + 60)])
        assert ports.grants.close_account("account-1", now=NOW, client_id="wallet") == 2
        assert ports.grants.live("t0", "access", now=NOW)
        assert ports.grants.close_account("account-1", now=NOW) == 1
        assert ports.grants.close_account("account-1", now=NOW) == 0
        assert ports.grants.live("t3", "access", now=NOW)


def test_a_grant_needs_its_account(storage: Storage) -> None:
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.grants.open(GRANT, [])


def test_a_token_of_another_grant_is_refused(storage: Storage) -> None:
    with pytest.raises(Conflict), storage.transaction() as ports:
        with_account(ports)
        ports.grants.open(GRANT, [another(ACCESS, grant_id="grant-2")])


def test_a_token_is_given_once(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_grant(ports)
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.grants.rotate("refresh-1", [another(ACCESS, generation=1)], now=NOW)
    with storage.transaction() as ports:
        assert ports.grants.rotate("refresh-1", successors(2), now=NOW) == GRANT  # that failure used nothing up

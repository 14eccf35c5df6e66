"""Accounts, clients, consents, sessions."""

import pytest

from certs.catalogue import Text
from idp.model import AccountState, Consent
from idp.ports import Storage
from idp.storage.errors import Conflict
from tests.contract.rows import ACCESS, ACCOUNT, CLIENT, GRANT, NOW, SESSION, another, with_grant


def test_an_account_is_found_by_each_of_its_names(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
    with storage.reading() as ports:
        assert ports.accounts.get("account-1") == ACCOUNT
        assert ports.accounts.by_person("person-1") == ACCOUNT
        assert ports.accounts.by_phone("+84912345678") == ACCOUNT
        assert ports.accounts.get("person-1") is None
        assert ports.accounts.by_person("account-1") is None
        assert ports.accounts.by_phone("0912345678") is None


@pytest.mark.parametrize("same", ["account_id", "person_id", "phone"])
def test_two_accounts_share_nothing(storage: Storage, same: str) -> None:
    other = another(ACCOUNT, account_id="account-2", person_id="person-2", phone="+84900000002")
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.accounts.add(another(other, **{same: getattr(ACCOUNT, same)}))
    with storage.transaction() as ports:
        ports.accounts.add(other)


def test_an_account_s_state_and_password_change(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        assert ports.accounts.set_state("account-1", AccountState.LOCKED)
        assert ports.accounts.set_password("account-1", "new")
        assert not ports.accounts.set_state("unknown", AccountState.LOCKED)
        assert not ports.accounts.set_password("unknown", "new")
    with storage.reading() as ports:
        changed = another(ACCOUNT, state=AccountState.LOCKED, password_hash="new")
        assert ports.accounts.get("account-1") == changed


def test_clients(storage: Storage) -> None:
    wallet = another(CLIENT, client_id="a-wallet", secret_hash=None, entitled_to_pid=False, name=Text("Ví", "Wallet"))
    with storage.transaction() as ports:
        ports.clients.add(CLIENT)
        ports.clients.add(wallet)
    with storage.reading() as ports:
        assert ports.clients.get("bank") == CLIENT
        assert ports.clients.get("BANK") is None
        assert ports.clients.all() == (wallet, CLIENT)
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.clients.add(CLIENT)


def test_a_client_is_replaced_whole(storage: Storage) -> None:
    other = another(CLIENT, scopes=("openid",), metadata={"jwks": {"keys": [{"kty": "EC"}]}}, profile="baseline")
    with storage.transaction() as ports:
        assert not ports.clients.replace(other)
        ports.clients.add(CLIENT)
        assert ports.clients.replace(other)
    with storage.reading() as ports:
        assert ports.clients.all() == (other,)


def test_with_a_client_ends_all_that_hangs_on_it_and_nothing_else(storage: Storage) -> None:
    other, far = another(CLIENT, client_id="shop"), NOW + 10**6
    with storage.transaction() as ports:
        with_grant(ports)
        for client in (CLIENT, other):
            ports.clients.add(client)
            ports.consents.record(Consent("account-1", client.client_id, ("openid",), NOW))
        theirs = another(GRANT, grant_id="grant-2", client_id="shop")
        ports.grants.open(theirs, [another(ACCESS, token_hash="access-2", grant_id="grant-2")])
        for number in (1, 2):
            ports.sessions.add(another(SESSION, session_hash=f"session-{number}", sid=f"sid-{number}"))
            assert all(ports.sessions.reach(f"sid-{number}", one, subject="a name") for one in ("bank", "shop"))
        assert ports.sessions.end("session-1")
    with storage.transaction() as ports:
        assert ports.clients.remove("bank")
        assert not ports.clients.remove("bank")
        assert ports.clients.get("bank") is None
    with storage.transaction() as ports:
        assert ports.clients.all() == (other,)
        assert [one.client_id for one in ports.consents.of_account("account-1")] == ["shop"]
        assert ports.grants.live("access-1", "access", now=NOW) is None
        assert ports.grants.rotate("refresh-1", [], now=NOW) is None
        assert ports.grants.live("access-2", "access", now=NOW) is not None
        assert ports.sessions.end("session-2")
        told = ports.logouts.claim(now=far, until=far + 30, limit=50)
        assert [one.client_id for one in told] == ["shop", "shop"]


def test_a_removal_that_is_taken_back_changes_nothing(storage: Storage) -> None:
    with storage.transaction() as ports:
        with_grant(ports)
        ports.clients.add(CLIENT)
        ports.consents.record(Consent("account-1", "bank", ("openid",), NOW))
    with pytest.raises(RuntimeError), storage.transaction() as ports:
        assert ports.clients.remove("bank")
        raise RuntimeError
    with storage.reading() as ports:
        assert ports.clients.get("bank") == CLIENT
        assert ports.consents.get("account-1", "bank") is not None
        assert ports.grants.live("access-1", "access", now=NOW) is not None


def test_consents(storage: Storage) -> None:
    first = Consent("account-1", "bank", ("openid",), NOW)
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        ports.clients.add(CLIENT)
        assert ports.consents.get("account-1", "bank") is None
        ports.consents.record(first)
        assert ports.consents.get("account-1", "bank") == first
        wider = another(first, scopes=("openid", "profile"), given_at=NOW + 1)
        ports.consents.record(wider)
        assert ports.consents.get("account-1", "bank") == wider
        assert ports.consents.withdraw("account-1", "bank")
        assert not ports.consents.withdraw("account-1", "bank")
        ports.consents.record(first)
        assert (ports.consents.withdraw_all("shop"), ports.consents.withdraw_all("bank")) == (0, 1)
        assert ports.consents.get("account-1", "bank") is None
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.consents.record(another(first, client_id="nobody"))


def test_a_telephone_is_one_account_s(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        ports.accounts.add(another(ACCOUNT, account_id="account-2", person_id="person-2", phone="+84912345679"))
        assert ports.accounts.set_phone("account-1", ACCOUNT.phone)
        assert ports.accounts.set_phone("account-1", "+84900000001")
        assert not ports.accounts.set_phone("nobody", "+84900000002")
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.accounts.set_phone("account-1", "+84912345679")
    with storage.reading() as ports:
        found = ports.accounts.by_phone("+84900000001")
        assert found is not None and found.account_id == "account-1"


def test_sessions(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        ports.sessions.add(SESSION)
        ports.sessions.add(another(SESSION, session_hash="session-2", sid="sid-2"))
        ports.sessions.add(another(SESSION, session_hash="session-3", sid="sid-3"))
        assert ports.sessions.find("session-1", now=NOW + 599) == SESSION
        assert ports.sessions.find("session-1", now=NOW + 600) is None
        assert ports.sessions.find("unknown", now=NOW) is None
        assert ports.sessions.end("session-1")
        assert not ports.sessions.end("session-1")
        assert ports.sessions.find("session-1", now=NOW) is None
        assert ports.sessions.end_account("account-1") == 2
        assert ports.sessions.find("session-2", now=NOW) is None
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.sessions.add(another(SESSION, account_id="nobody"))

"""Staff and their roles; the register of clients in pages; what was done to one of them."""

import pytest

from certs.catalogue import Text
from idp.model import ClientOrder, ClientQuestion, Consent, Event, Member, Role
from idp.ports import Storage
from idp.storage.errors import Conflict
from tests.contract.rows import ACCOUNT, CLIENT, NOW, another

OFFICER = Member("account-1", Role.CLIENTS, NOW, "command line")
NAMES = ["An", "Binh", "Binh", "Chi", "Dung"]
MANY = tuple(
    another(CLIENT, client_id=f"c{n}", name=Text(name, name), profile=("agency", "bank")[n % 2])
    for n, name in enumerate(NAMES)
)


def test_a_role_is_granted_once_and_withdrawn_once(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        assert not ports.staff.holds("account-1", Role.CLIENTS)
        assert ports.staff.grant(OFFICER)
        assert not ports.staff.grant(another(OFFICER, since=NOW + 1))
        assert ports.staff.all() == (OFFICER,)
        assert ports.staff.holds("account-1", Role.CLIENTS, to_the_end=True)
        assert not ports.staff.holds("account-2", Role.CLIENTS)
    with storage.transaction() as ports:
        assert ports.staff.withdraw("account-1", Role.CLIENTS)
        assert not ports.staff.withdraw("account-1", Role.CLIENTS)
        assert not ports.staff.holds("account-1", Role.CLIENTS, to_the_end=True)
        assert ports.staff.all() == ()


def test_no_role_without_an_account(storage: Storage) -> None:
    with pytest.raises(Conflict), storage.transaction() as ports:
        ports.staff.grant(OFFICER)


@pytest.mark.parametrize("order", ClientOrder)
@pytest.mark.parametrize("descending", [False, True])
def test_clients_in_pages(storage: Storage, order: ClientOrder, descending: bool) -> None:
    """Each exactly once, however they are sorted, though names and profiles are alike."""
    of = {
        ClientOrder.NAME: lambda one: one.name.vi,
        ClientOrder.CLIENT_ID: lambda one: one.client_id,
        ClientOrder.PROFILE: lambda one: one.profile,
    }[order]
    with storage.transaction() as ports:
        for one in MANY:
            ports.clients.add(one)
    asked, seen = ClientQuestion(order, descending), []
    with storage.reading() as ports:
        while page := ports.clients.listed(asked, limit=2):
            seen += page
            asked = another(asked, after=(of(page[-1]), page[-1].client_id))
    by_id = sorted(MANY, key=lambda one: one.client_id)
    assert seen == sorted(by_id, key=of, reverse=descending)


def test_clients_of_one_kind(storage: Storage) -> None:
    native = another(CLIENT, client_id="n", application_type="native", profile="baseline")
    with storage.transaction() as ports:
        for one in (*MANY, native):
            ports.clients.add(one)
    with storage.reading() as ports:
        banks = ports.clients.listed(ClientQuestion(profile="bank"), limit=10)
        assert [one.client_id for one in banks] == ["c1", "c3"]
        assert ports.clients.listed(ClientQuestion(application_type="native"), limit=10) == (native,)
        assert ports.clients.listed(ClientQuestion(profile="bank", application_type="native"), limit=10) == ()
        assert ports.clients.listed(ClientQuestion(client_id="n"), limit=10) == (native,)


def test_a_client_is_held_as_it_is_kept(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.clients.hold("bank") is None
        ports.clients.add(CLIENT)
        assert ports.clients.hold("bank") == CLIENT


def test_how_many_allowed_a_client(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.accounts.add(ACCOUNT)
        ports.clients.add(CLIENT)
        assert ports.consents.count("bank") == 0
        ports.consents.record(Consent("account-1", "bank", ("openid",), NOW))
        assert (ports.consents.count("bank"), ports.consents.count("other")) == (1, 0)


def test_what_was_done_to_a_client(storage: Storage) -> None:
    told = [Event(NOW + n, kind, client_id="bank") for n, kind in enumerate(["client_added", "client_changed"])]
    with storage.transaction() as ports:
        ports.journal.append(told[0])
        ports.journal.append(Event(NOW, "signed_in", client_id="bank"))
        ports.journal.append(Event(NOW, "client_added", client_id="other"))
        ports.journal.append(told[1])
        assert [one.event for one in ports.journal.of_client("bank", limit=9)] == told[::-1]
    with storage.reading() as ports:
        assert [one.event for one in ports.journal.of_client("bank", limit=1)] == [told[1]]
        assert ports.journal.of_client("nobody", limit=9) == ()

"""Group UN at the provider: two spellings are one name or two, and never by accident; UN-08 and UN-09."""

import pytest

from idp.accounts import phones
from idp.storage.errors import Conflict
from tests.attacks import answers
from tests.world_idp import PEOPLE, State, account, client, person

PHONE = "+84912345678"  # of PEOPLE's first


@pytest.mark.parametrize("twin", ["BANK", "Bank", "ban\u212a", "\uff42ank", "ba\u0149k", "bank ", "b\u00e1nk"])
def test_un_08_a_client_of_another_case_is_another_client(state: State, twin: str) -> None:
    assert twin != "bank"
    with state.storage.reading() as ports:
        assert ports.clients.get("bank") is not None
        assert ports.clients.get(twin) is None
    answers.page(state.browser().ask(client_id=twin))


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("\u0111", "\u0110"),
        ("\u0131", "i"),
        ("\u0131", "I"),
        ("\u0130", "i"),
        ("stra\u00dfe", "strasse"),
        ("\u1ed9", "o"),
    ],
)
def test_un_08_names_that_fold_together_stay_apart(state: State, name: str, twin: str) -> None:
    state.put(clients=(client(name),))
    with state.storage.reading() as ports:
        assert ports.clients.get(twin) is None
    state.put(clients=(client(twin),))  # both may be: they are two
    with state.storage.reading() as ports:
        found = ports.clients.get(name), ports.clients.get(twin)
    assert [one.client_id for one in found if one] == [name, twin]


@pytest.mark.parametrize("typed", ["0912345678", "0912 345 678", "+84 912.345.678", "84-912-345-678", "0084912345678"])
def test_un_09_a_phone_number_spelled_otherwise_is_the_same_name(state: State, typed: str) -> None:
    written = phones.normalise(typed)
    assert written == PHONE
    with state.storage.transaction() as ports:
        ports.population.add([person("p-twin", pid="999203009999")])
    with pytest.raises(Conflict), state.storage.transaction() as ports:
        ports.accounts.add(account("a-twin", "p-twin", phone=written))
    with state.storage.reading() as ports:
        owner = ports.accounts.by_phone(PHONE)
    assert owner == PEOPLE[0][1]
    assert state.browser().code(identifier=typed)


@pytest.mark.parametrize("typed", ["\uff10912345678", "\u0660912345678", "09123\u200b45678", "0912345678\u0301"])
def test_un_09_digits_of_another_kind_are_no_phone_number(typed: str) -> None:
    assert phones.normalise(typed) is None

"""The provider's word that a session is over: taken once, believed from the moment it is taken, forgotten when nothing is left of it."""

from certs.logout_token import LONGEST, LoggedOut
from tests.wallet.storage.test_contract import together
from wallet import ended
from wallet.model import SESSION_SECONDS, Person, Session, Told
from wallet.ports import Storage
from wallet.vault import Vault

NOW = 1_772_438_400
VAULT = Vault(b"k" * 32)
ME = "999203001234"


def over(storage: Storage, told: Told, *, now: int = NOW) -> bool:
    session = Session(Person(ME), "csrf", NOW, NOW + SESSION_SECONDS, told)
    with storage.reading() as ports:
        return ended.is_over(ports, VAULT, session, now=now)


def note(storage: Storage, jti: str, *, sid: str | None = None, issued: int = NOW, now: int = NOW) -> bool:
    return ended.note(storage, VAULT, LoggedOut(sid, None if sid else ME, jti, issued), now=now)


def test_of_many_at_once_one_is_taken(storage: Storage) -> None:
    taken: list[bool] = []
    together(4, lambda _: taken.append(note(storage, "jti", sid="s-1")))
    assert sorted(taken) == [False, False, False, True]
    assert over(storage, Told("s-1", NOW, NOW)) and not over(storage, Told("s-2", NOW, NOW))
    assert not over(storage, Told(None, NOW, NOW))


def test_two_words_about_one_session_or_person(storage: Storage) -> None:
    together(4, lambda n: note(storage, f"jti-{n}", sid="s-1"))
    together(4, lambda n: note(storage, f"other-{n}", issued=NOW + n))
    assert over(storage, Told("s-1", NOW, NOW))
    assert over(storage, Told("s-2", NOW + 3, NOW)) and not over(
        storage, Told("s-2", NOW + 4, NOW)
    )  # the youngest counts


def test_it_is_kept_until_no_session_is_left(storage: Storage) -> None:
    note(storage, "a", sid="s-1")
    note(storage, "b")
    told, later = Told("s-1", NOW, NOW), NOW + SESSION_SECONDS
    assert over(storage, told, now=later)
    with storage.transaction() as ports:
        ports.ephemeral.sweep(now=later + LONGEST)
    assert not over(storage, told, now=later + LONGEST)

"""People who change how they sign in while the provider is killed under them, each with one deed and an account of its own.

A deed is laid out up to its last form, so that the kill meets the change itself. Either what was before it holds, or what it
leads to, whole, and then with its one line in the journal. What was acknowledged holds. Sent again after the start, the form
has the effect that it did not have yet, and never a second one.
"""

import random
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import urlsplit

import httpx

from idp.accounts import personal_id, registration
from idp.login import interaction, session, totp
from idp.login.acr import Factor, level_of
from idp.login.interaction import Interaction
from idp.model import Account, Person
from idp.nation import Nation
from idp.oidc.secrets import new_secret
from idp.ports import Ports, Storage
from idp.registries.synthetic import somebody
from tests.browser import Page
from tests.idp.web.codes import secret_on
from tests.soak.deeds import SIGNING_IN

NEW_PASSWORD = "một câu dài dễ nhớ"
LIVING_THERE = 500_000  # the demonstration's people come before them
TODAY = date(2026, 3, 2)
PEOPLE = 2  # at once
TWO = frozenset({Factor.PASSWORD, Factor.SHORT_MESSAGE})
SENT_AGAIN = 6  # of what was acknowledged, after each round; of the rest all

Look = Callable[[Ports], tuple[object, ...]]
Form = dict[str, str]


@dataclass
class Deed:
    """The last form of a change, and how its state is told. `event` is the kind of its line in the journal."""

    what: str
    event: str
    account_id: str
    old: tuple[object, ...]
    new: tuple[object, ...]
    look: Look
    path: str
    form: Callable[[], Form]
    cookies: Form
    leads_to: str
    address: str
    hashes: bool = False  # a password
    once: bool = True  # sent a second time it is refused; otherwise it is answered alike, without effect
    acknowledged: bool = False
    cookie: str | None = None  # the session that the answer gave
    status: str = ""  # of the last answer

    def send(self, client: httpx.Client) -> bool:
        """Whether it was answered as done."""
        answer = client.post(self.path, data=self.form(), headers=_headers(self.cookies, self.address))
        self.cookie = client.cookies.get("idp_session") or self.cookie
        client.cookies.clear()
        led = urlsplit(answer.headers.get("Location", "")).path
        self.status = f"{answer.status_code} {led}"
        return answer.status_code == 303 and led.startswith(self.leads_to)

    def found(self, ports: Ports, *, now: int) -> tuple[bool, str]:
        """Has it taken place? And what does not hold, if anything."""
        seen, lines = self.look(ports), len(ports.journal.read(account_id=self.account_id, kind=self.event))
        done = seen == self.new
        if seen not in (self.old, self.new):
            return done, f"{self.what}: half of it, {seen}"
        if lines != int(done):
            return (
                done,
                f"{self.what}: {lines} lines of {self.event} where it {'took' if done else 'did not take'} place",
            )
        if self.acknowledged and not done:
            return done, f"{self.what}: lost"
        if self.acknowledged and self.cookie and ports.sessions.find(session.hashed(self.cookie), now=now) is None:
            return done, f"{self.what}: its session was lost"
        return done, ""


@dataclass(frozen=True)
class Someone:
    """A new account in a browser of its own; `cookies` are that browser's."""

    person: Person
    account: Account
    address: str
    cookies: Form


@dataclass
class Residents:
    here: Nation
    storage: Storage  # of the harness: lays out accounts, sessions and steps, and reads what came of them
    places: Iterator[int] = field(default_factory=lambda: count(LIVING_THERE))
    deeds: list[Deed] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    _turn: Lock = field(default_factory=Lock)
    _hashing: Lock = field(
        default_factory=Lock
    )  # one of them at a time: with those who sign in, the pool has no more places

    def start(self, stop: Event) -> list[Thread]:
        threads = [Thread(target=self._until_cut, args=(stop,)) for _ in range(PEOPLE)]
        for thread in threads:
            thread.start()
        return threads

    def _until_cut(self, stop: Event) -> None:
        kinds = [self.step_up, self.enrol, self.change, self.recover, self.register, self.end]
        try:
            with self._client() as client:
                while not stop.is_set():
                    deed = random.choice(kinds)(client)
                    with self._hashing if deed.hashes else nullcontext():
                        self.deeds.append(deed)
                        if not deed.send(client):
                            raise AssertionError(f"{deed.what} was refused: {deed.status}")
                        deed.acknowledged = True
        except httpx.HTTPError:
            return  # the provider is gone
        except Exception as error:  # noqa: BLE001 - shown by the test, which runs in another thread
            self.wrong.append(f"{type(error).__name__}: {error}")

    # --- after the start ----------------------------------------------------------------------------------------------

    def faults(self) -> Iterator[str]:
        yield from self.wrong
        found = [fault for deed in self.deeds if (fault := self._found(deed)[1])]
        if found:
            yield from found
            return
        told = [deed for deed in self.deeds if deed.acknowledged]
        cut = [deed for deed in self.deeds if not deed.acknowledged]
        with self._client() as client:
            for deed in [*cut, *random.sample(told, min(len(told), SENT_AGAIN))]:
                yield from self._again(deed, client)

    def _again(self, deed: Deed, client: httpx.Client) -> Iterator[str]:
        for _ in range(2):
            done, won = self._found(deed)[0], deed.send(client)
            if won == (done and deed.once):
                yield f"{deed.what}: {'a second time' if won else 'refused, and had not taken place'}"
            deed.acknowledged = True
            if fault := self._found(deed)[1]:
                yield f"{fault}, sent again"

    def _found(self, deed: Deed) -> tuple[bool, str]:
        with self.storage.reading() as ports:
            return deed.found(ports, now=int(time.time()))

    # --- what they do -------------------------------------------------------------------------------------------------

    def step_up(self, client: httpx.Client) -> Deed:
        """A code by short message raises the session, under a new id."""
        one = self._account()
        cookie, sid = self._session(one, frozenset({Factor.PASSWORD}))
        step = self._step(
            one, Interaction(browser="", next="/account", least=2, account_id=one.account.account_id, adds=True)
        )
        cookies = {**one.cookies, "idp_session": cookie}
        page = self._open(client, f"/login/{step}/code/message", one, cookies)
        path = self._sent(client, page.url, _fields(page, "send"), one, cookies)
        page = self._open(client, path, one, cookies)
        fields = {**_fields(page, "confirm"), "code": self._code(one.account.phone)}
        old = session.hashed(cookie)

        def look(ports: Ports) -> tuple[object, ...]:
            held = ports.sessions.of_account(one.account.account_id, now=int(time.time()))
            return tuple((each.sid, level_of(each.acr), each.session_hash == old) for each in held)

        return self._deed(
            one, "step-up", "level_raised", ((sid, 1, True),), ((sid, 2, False),), look,
            path=path, form=lambda: fields, cookies=cookies, leads_to="/account",
        )  # fmt: skip

    def enrol(self, client: httpx.Client) -> Deed:
        """An authenticator app; whoever holds the account hears of it."""
        one = self._account()
        cookies = {**one.cookies, "idp_session": self._session(one, TWO)[0]}
        page = self._open(client, "/account/security/totp", one, cookies)
        fields, secret = _fields(page, "add"), secret_on(page.response)  # type: ignore[arg-type]

        def form() -> Form:
            return {**fields, "code": totp.code(secret, int(time.time()) // totp.STEP_SECONDS)}

        def look(ports: Ports) -> tuple[object, ...]:
            held = ports.authenticators.of_account(one.account.account_id)
            return len(totp.held(held)), self._messages(ports, one)

        return self._deed(
            one, "app", "authenticator_added", (0, 0), (1, 1), look,
            path="/account/security/totp", form=form, cookies=cookies, leads_to="/account/security",
        )  # fmt: skip

    def change(self, client: httpx.Client) -> Deed:
        """A new password ends the other session."""
        one = self._account()
        cookies = {**one.cookies, "idp_session": self._session(one, TWO)[0]}
        self._session(one, TWO)
        page = self._open(client, "/account/password", one, cookies)
        typed = {"current": SIGNING_IN[0].password, "new": NEW_PASSWORD, "again": NEW_PASSWORD}
        fields = {**_fields(page, "set-password"), **typed}
        return self._deed(
            one, "password", "password_changed", (True, 2, 0), (False, 1, 1), self._password_of(one),
            path="/account/password", form=lambda: fields, cookies=cookies, leads_to="/account/password/changed", hashes=True,
        )  # fmt: skip

    def recover(self, client: httpx.Client) -> Deed:
        """The last step of a recovery, after the proofs: a new password ends every session."""
        one = self._account()
        self._session(one, TWO)
        about = interaction.to_recover(
            Interaction(browser=""), one.account.account_id, replaces=session.hashed(one.account.password_hash)
        )
        proofs = [Factor.SOFTWARE_KEY.value, Factor.USER_VERIFIED.value]
        path = f"/recover/{self._step(one, interaction.with_proof(about, proofs))}"
        page = self._open(client, path, one, one.cookies)
        fields = {**_fields(page, "set-password"), "new": NEW_PASSWORD, "again": NEW_PASSWORD}
        return self._deed(
            one, "recovery", "recovered", (True, 1, 0), (False, 0, 1), self._password_of(one),
            path=path, form=lambda: fields, cookies=one.cookies, leads_to="/recovered", hashes=True,
        )  # fmt: skip

    def register(self, client: httpx.Client) -> Deed:
        """An account of level 1; up to its password."""
        person, place = self._newcomer()
        phone, cookies, address = _phone(place), {"idp_browser": new_secret()}, _address(place)
        born = date.fromisoformat(person.birth_date)
        typed = {"pid": person.pid, "name": person.name, "birth_date": f"{born:%d/%m/%Y}", "phone": phone}
        with self.storage.transaction() as ports:
            ports.population.add([person])
        someone = Someone(person, Account("", "", 1, phone, None, "", created_at=0), address, cookies)
        path = "/register"
        for typed_here in (typed, None):
            page = self._open(client, path, someone, cookies)
            fields = {
                **_fields(page, "continue" if typed_here else "confirm"),
                **(typed_here or {"code": self._code(phone)}),
            }
            path = self._sent(client, path, fields, someone, cookies)
        page = self._open(client, path, someone, cookies)
        last = {**_fields(page, "set-password"), "new": NEW_PASSWORD, "again": NEW_PASSWORD}
        with self.storage.reading() as ports:
            kept = ports.ephemeral.read(registration.PURPOSE, path.rpartition("/")[2], now=int(time.time()))
        assert kept is not None
        someone = replace(someone, account=replace(someone.account, account_id=str(kept["account_id"])))

        def look(ports: Ports) -> tuple[object, ...]:
            held = ports.accounts.by_person(person.person_id)
            return held.account_id if held else None, self._messages(ports, someone)

        return self._deed(
            someone, "registration", "registered", (None, 1), (kept["account_id"], 2), look,
            path=path, form=lambda: last, cookies=cookies, leads_to="/registered/yes", hashes=True,
        )  # fmt: skip

    def end(self, client: httpx.Client) -> Deed:
        """One of two sessions, chosen in the list."""
        one = self._account()
        cookie, here = self._session(one, TWO)
        other, cookies = self._session(one, TWO)[1], {**one.cookies, "idp_session": cookie}
        page = self._open(client, "/account/sessions", one, cookies)
        (form,) = (form for form in page.forms if ("sid", other) in form.fields)

        def look(ports: Ports) -> tuple[object, ...]:
            return tuple(
                sorted(each.sid for each in ports.sessions.of_account(one.account.account_id, now=int(time.time())))
            )

        return self._deed(
            one, "session", "session_ended", tuple(sorted((here, other))), (here,), look, once=False,
            path="/account/sessions/end", form=lambda: dict(form.fields), cookies=cookies, leads_to="/account/sessions",
        )  # fmt: skip

    # --- what it takes ------------------------------------------------------------------------------------------------

    def _deed(
        self,
        one: Someone,
        what: str,
        event: str,
        old: tuple[object, ...],
        new: tuple[object, ...],
        look: Look,
        **more: Any,
    ) -> Deed:
        return Deed(what, event, one.account.account_id, old, new, look, address=one.address, **more)

    def _newcomer(self) -> tuple[Person, int]:
        """A grown-up of the synthetic nation whom nobody registered yet."""
        while True:
            with self._turn:
                place = next(self.places)
            person = somebody(2026, place, TODAY)
            able = person.deceased_on is None and not person.locked and "1950" <= person.birth_date[:4] <= "2005"
            if able and len(person.birth_date) == 10 and personal_id.is_valid(person.pid, year=2026, simulation=True):
                return replace(person, phone=None, email=None), place

    def _account(self) -> Someone:
        person, place = self._newcomer()
        with self.storage.transaction() as ports:
            like = ports.accounts.by_person(SIGNING_IN[0].person.person_id)
            assert like is not None
            account = Account(
                secrets.token_hex(16),
                person.person_id,
                2,
                _phone(place),
                None,
                like.password_hash,
                created_at=int(time.time()),
            )
            ports.population.add([person])
            ports.accounts.add(account)
        return Someone(person, account, _address(place), {"idp_browser": new_secret()})

    def _session(self, one: Someone, factors: frozenset[Factor]) -> tuple[str, str]:
        with self.storage.transaction() as ports:
            cookie, begun = session.begin(
                ports,
                one.account.account_id,
                factors=factors,
                replaces=None,
                new_secret=new_secret,
                now=int(time.time()),
            )
        return cookie, begun.sid

    def _step(self, one: Someone, pending: Interaction) -> str:
        theirs = replace(pending, browser=interaction.browser_hash(one.cookies["idp_browser"]))
        with self.storage.transaction() as ports:
            return interaction.begin(ports, theirs, new_secret=new_secret, now=int(time.time()))

    def _password_of(self, one: Someone) -> Look:
        def look(ports: Ports) -> tuple[object, ...]:
            account = ports.accounts.get(one.account.account_id)
            held = ports.sessions.of_account(one.account.account_id, now=int(time.time()))
            same = account is not None and account.password_hash == one.account.password_hash
            return same, len(held), self._messages(ports, one)

        return look

    def _messages(self, ports: Ports, one: Someone) -> int:
        return len(ports.messages.recent(now=int(time.time()), phone=one.account.phone))

    def _code(self, phone: str) -> str:
        with self.storage.reading() as ports:
            newest = ports.messages.recent(now=int(time.time()), phone=phone)[0]
        return newest.text.en.rpartition("#")[2]

    def _open(self, client: httpx.Client, path: str, one: Someone, cookies: Form) -> Page:
        answer = client.get(path, headers=_headers(cookies, one.address))
        client.cookies.clear()
        if answer.status_code != 200:
            raise AssertionError(f"{answer.status_code} at {path.partition('?')[0]}")
        return Page(answer)

    def _sent(self, client: httpx.Client, path: str, fields: Form, one: Someone, cookies: Form) -> str:
        answer = client.post(path, data=fields, headers=_headers(cookies, one.address))
        client.cookies.clear()
        if answer.status_code != 303:
            raise AssertionError(f"{answer.status_code} for a form at {urlsplit(path).path}: {sorted(fields)}")
        return answer.headers["Location"]

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.here.issuer, trust_env=False, timeout=20)


def _fields(page: Page, button: str) -> Form:
    return dict(page.form(button).fields)


def _headers(cookies: Form, address: str) -> Form:
    """From an address of their own: so many together are held up by no limit of one address."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "X-Forwarded-For": address}


def _address(place: int) -> str:
    return f"10.{place >> 16 & 255}.{place >> 8 & 255}.{place & 255}"


def _phone(place: int) -> str:
    return f"+8497{place:07}"

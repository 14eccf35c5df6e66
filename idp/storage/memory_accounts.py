"""Accounts, clients and consents in memory."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from idp.model import Account, AccountState, Client, ClientOrder, ClientQuestion, Consent, Standing
from idp.storage.memory_registers import MemoryDocuments, MemoryPopulation
from idp.storage.memory_rows import Rows, Undo, require


class MemoryAccounts:
    def __init__(self, undo: Undo) -> None:
        self._rows: Rows[str, Account] = Rows(undo)

    def add(self, account: Account) -> None:
        require(account.level in (1, 2), "an account of no known level")
        require(self.by_person(account.person_id) is None, "a second account of one person")
        require(self.by_phone(account.phone) is None, "a second account of one telephone")
        self._rows.add(account.account_id, account)

    def get(self, account_id: str) -> Account | None:
        return self._rows.get(account_id)

    def by_person(self, person_id: str) -> Account | None:
        return next((account for account in self._rows.values() if account.person_id == person_id), None)

    def by_phone(self, phone: str) -> Account | None:
        return next((account for account in self._rows.values() if account.phone == phone), None)

    def set_state(self, account_id: str, state: AccountState) -> bool:
        return self._change(account_id, state=state)

    def set_password(self, account_id: str, password_hash: str, *, replaces: str | None = None) -> bool:
        account = self._rows.get(account_id)
        if account is None or replaces not in (None, account.password_hash):
            return False
        return self._change(account_id, password_hash=password_hash)

    def set_level(self, account_id: str, level: int) -> bool:
        require(level in (1, 2), "an account of no known level")
        return self._change(account_id, level=level)

    def set_email(self, account_id: str, email: str | None) -> bool:
        return self._change(account_id, email=email)

    def set_phone(self, account_id: str, phone: str) -> bool:
        other = self.by_phone(phone)
        require(other is None or other.account_id == account_id, "a second account of one telephone")
        return self._change(account_id, phone=phone)

    def _change(self, account_id: str, **changes: Any) -> bool:
        account = self._rows.get(account_id)
        if account is not None:
            self._rows.put(account_id, replace(account, **changes))
        return account is not None


class MemoryStandings:
    def __init__(self, accounts: MemoryAccounts, population: MemoryPopulation, documents: MemoryDocuments) -> None:
        self._accounts = accounts
        self._population = population
        self._documents = documents

    def read(self, account_id: str, *, card: str) -> Standing | None:
        account = self._accounts.get(account_id)
        if account is None:
            return None
        person = self._population.get(account.person_id)
        held = self._documents.of_person(account.person_id) if person else ()
        return Standing(account, person, tuple(document for document in held if document.type == card))


class MemoryClients:
    def __init__(self, undo: Undo) -> None:
        self._rows: Rows[str, Client] = Rows(undo)
        self.forgetting: list[Callable[[str], object]] = []  # what else ends with a client, by the tables that hold it

    def add(self, client: Client) -> None:
        self._rows.add(client.client_id, client)

    def replace(self, client: Client) -> bool:
        if self._rows.get(client.client_id) is None:
            return False
        self._rows.put(client.client_id, client)
        return True

    def remove(self, client_id: str) -> bool:
        if client_id in self._rows:
            for forget in self.forgetting:
                forget(client_id)
        return self._rows.remove(client_id)

    def get(self, client_id: str) -> Client | None:
        return self._rows.get(client_id)

    def all(self) -> tuple[Client, ...]:
        return tuple(sorted(self._rows.values(), key=lambda client: client.client_id))

    def hold(self, client_id: str) -> Client | None:
        return self.get(client_id)  # transactions exclude one another

    def listed(self, asked: ClientQuestion, *, limit: int) -> tuple[Client, ...]:
        def key(client: Client) -> str:
            match asked.order:
                case ClientOrder.NAME:
                    return client.name.vi
                case ClientOrder.CLIENT_ID:
                    return client.client_id
                case ClientOrder.PROFILE:
                    return client.profile

        wanted = [
            client
            for client in self.all()
            if asked.profile in (None, client.profile)
            and asked.application_type in (None, client.application_type)
            and asked.client_id in (None, client.client_id)
        ]
        wanted.sort(key=key, reverse=asked.descending)  # stable both ways: of equals the ids go on rising
        if asked.after is not None:
            last, last_id = asked.after
            wanted = [
                client
                for client in wanted
                if (key(client) < last if asked.descending else key(client) > last)
                or (key(client) == last and client.client_id > last_id)
            ]
        return tuple(wanted[:limit])


class MemoryConsents:
    def __init__(self, undo: Undo, accounts: MemoryAccounts, clients: MemoryClients) -> None:
        self._accounts = accounts
        self._clients = clients
        self._rows: Rows[tuple[str, str], Consent] = Rows(undo)
        clients.forgetting.append(self.withdraw_all)

    def get(self, account_id: str, client_id: str) -> Consent | None:
        return self._rows.get((account_id, client_id))

    def hold(self, account_id: str, client_id: str, *, to_change: bool = False) -> Consent | None:
        return self.get(account_id, client_id)  # transactions exclude one another

    def record(self, consent: Consent) -> None:
        require(self._accounts.get(consent.account_id) is not None, "a consent of no account")
        require(self._clients.get(consent.client_id) is not None, "a consent to no client")
        self._rows.put((consent.account_id, consent.client_id), consent)

    def narrow(self, account_id: str, client_id: str, *, drop: Iterable[str]) -> Consent | None:
        held, dropped = self._rows.get((account_id, client_id)), set(drop)
        if held is None or not dropped & set(held.scopes):
            return None
        left = replace(held, scopes=tuple(scope for scope in held.scopes if scope not in dropped))
        self._rows.put((account_id, client_id), left)
        return left

    def of_account(self, account_id: str) -> tuple[Consent, ...]:
        theirs = [consent for consent in self._rows.values() if consent.account_id == account_id]
        return tuple(sorted(theirs, key=lambda consent: (-consent.given_at, consent.client_id)))

    def withdraw(self, account_id: str, client_id: str) -> bool:
        return self._rows.remove((account_id, client_id))

    def count(self, client_id: str) -> int:
        return sum(key[1] == client_id for key, _ in self._rows.items())

    def withdraw_all(self, client_id: str) -> int:
        theirs = [key for key, _ in self._rows.items() if key[1] == client_id]
        return sum(self._rows.remove(key) for key in theirs)

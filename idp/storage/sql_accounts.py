"""Accounts, clients and consents in SQL."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import String, bindparam, delete, func, insert, select, update

from certs.catalogue import Text
from idp.model import Account, AccountState, Client, ClientQuestion, Consent
from idp.storage import sql_client_list
from idp.storage.statements import Insert, Upsert, Work
from idp.storage.tables import accounts as a
from idp.storage.tables import clients as c
from idp.storage.tables import consents as k
from idp.storage.tables import grants as g
from idp.storage.tables import logouts, registrations
from idp.storage.tables import session_clients as reached

_ID = bindparam("id_is", type_=String)
_ADD_ACCOUNT = insert(a)
_ACCOUNT = select(a).where(a.c.account_id == _ID)
_BY_PERSON = select(a).where(a.c.person_id == _ID)
_BY_PHONE = select(a).where(a.c.phone == _ID)
_SET_STATE = update(a).where(a.c.account_id == _ID).values(state=bindparam("to"))
_SET_PASSWORD = update(a).where(a.c.account_id == _ID).values(password_hash=bindparam("to"))
_REPLACE_PASSWORD = _SET_PASSWORD.where(a.c.password_hash == bindparam("from"))
_SET_LEVEL = update(a).where(a.c.account_id == _ID).values(level=bindparam("to"))
_SET_PHONE = update(a).where(a.c.account_id == _ID).values(phone=bindparam("to"))
_SET_EMAIL = update(a).where(a.c.account_id == _ID).values(email=bindparam("to"))


def _account(row: Any | None) -> Account | None:
    return None if row is None else account_of(row)


def account_of(row: Any) -> Account:
    """`row` has the columns of the table, by name."""
    return Account(
        account_id=row.account_id,
        person_id=row.person_id,
        level=row.level,
        phone=row.phone,
        email=row.email,
        password_hash=row.password_hash,
        state=AccountState(row.state),
        created_at=row.created_at,
    )


class SqlAccounts:
    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, account: Account) -> None:
        self._work.run(
            _ADD_ACCOUNT,
            account_id=account.account_id,
            person_id=account.person_id,
            level=account.level,
            phone=account.phone,
            email=account.email,
            password_hash=account.password_hash,
            state=account.state.value,
            created_at=account.created_at,
        )

    def get(self, account_id: str) -> Account | None:
        return _account(self._work.run(_ACCOUNT, id_is=account_id).first())

    def by_person(self, person_id: str) -> Account | None:
        return _account(self._work.run(_BY_PERSON, id_is=person_id).first())

    def by_phone(self, phone: str) -> Account | None:
        return _account(self._work.run(_BY_PHONE, id_is=phone).first())

    def set_state(self, account_id: str, state: AccountState) -> bool:
        return self._work.run(_SET_STATE, id_is=account_id, to=state.value).rowcount == 1

    def set_password(self, account_id: str, password_hash: str, *, replaces: str | None = None) -> bool:
        if replaces is None:
            return self._work.run(_SET_PASSWORD, id_is=account_id, to=password_hash).rowcount == 1
        values = {"id_is": account_id, "to": password_hash, "from": replaces}
        return self._work.run(_REPLACE_PASSWORD, values).rowcount == 1

    def set_level(self, account_id: str, level: int) -> bool:
        return self._work.run(_SET_LEVEL, id_is=account_id, to=level).rowcount == 1

    def set_email(self, account_id: str, email: str | None) -> bool:
        return self._work.run(_SET_EMAIL, id_is=account_id, to=email).rowcount == 1

    def set_phone(self, account_id: str, phone: str) -> bool:
        return self._work.run(_SET_PHONE, id_is=account_id, to=phone).rowcount == 1


_ADD_CLIENT = insert(c)
_REPLACE_CLIENT = (
    update(c)
    .where(c.c.client_id == _ID)
    .values({column: bindparam(column.name, type_=column.type) for column in c.c if not column.primary_key})
)
_CLIENT = select(c).where(c.c.client_id == _ID)
_HOLD_CLIENT = _CLIENT.with_for_update()
# Who gives a consent at this moment holds the row: what is removed below is then all there is.
_CLIENT_ALONE = select(c.c.client_id).where(c.c.client_id == _ID).with_for_update()
_FORGET_CLIENT = (
    # The moment is the journal's to say.
    update(g).where(g.c.client_id == _ID, g.c.closed_at.is_(None)).values(closed_at=0),
    delete(k).where(k.c.client_id == _ID),
    delete(reached).where(reached.c.client_id == _ID),
    delete(registrations).where(registrations.c.client_id == _ID),
    delete(logouts).where(logouts.c.client_id == _ID),
)
_REMOVE_CLIENT = delete(c).where(c.c.client_id == _ID)
_CLIENTS = select(c).order_by(c.c.client_id)


def _client(row: Any) -> Client:
    return Client(
        client_id=row.client_id,
        name=Text(vi=row.name_vi, en=row.name_en),
        purpose=Text(vi=row.purpose_vi, en=row.purpose_en),
        redirect_uris=tuple(row.redirect_uris),
        scopes=tuple(row.scopes),
        profile=row.profile,
        token_endpoint_auth_method=row.token_endpoint_auth_method,
        secret_hash=row.secret_hash,
        id_token_signed_response_alg=row.id_token_signed_response_alg,
        application_type=row.application_type,
        entitled_to_pid=row.entitled_to_pid,
        metadata=row.metadata,
        secret_sealed=row.secret_sealed,
    )


def _columns(client: Client) -> dict[str, Any]:
    """All but the key."""
    return {
        "name_vi": client.name.vi,
        "name_en": client.name.en,
        "purpose_vi": client.purpose.vi,
        "purpose_en": client.purpose.en,
        "redirect_uris": list(client.redirect_uris),
        "scopes": list(client.scopes),
        "profile": client.profile,
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "secret_hash": client.secret_hash,
        "id_token_signed_response_alg": client.id_token_signed_response_alg,
        "application_type": client.application_type,
        "entitled_to_pid": client.entitled_to_pid,
        "metadata": dict(client.metadata),
        "secret_sealed": client.secret_sealed,
    }


class SqlClients:
    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, client: Client) -> None:
        self._work.run(_ADD_CLIENT, client_id=client.client_id, **_columns(client))

    def replace(self, client: Client) -> bool:
        return self._work.run(_REPLACE_CLIENT, id_is=client.client_id, **_columns(client)).rowcount == 1

    def remove(self, client_id: str) -> bool:
        if self._work.run(_CLIENT_ALONE, id_is=client_id).first() is None:
            return False
        for statement in (*_FORGET_CLIENT, _REMOVE_CLIENT):
            self._work.run(statement, id_is=client_id)
        return True

    def get(self, client_id: str) -> Client | None:
        row = self._work.run(_CLIENT, id_is=client_id).first()
        return None if row is None else _client(row)

    def hold(self, client_id: str) -> Client | None:
        row = self._work.run(_HOLD_CLIENT, id_is=client_id).first()
        return None if row is None else _client(row)

    def all(self) -> tuple[Client, ...]:
        return tuple(_client(row) for row in self._work.run(_CLIENTS))

    def listed(self, asked: ClientQuestion, *, limit: int) -> tuple[Client, ...]:
        return tuple(_client(row) for row in self._work.run(*sql_client_list.statement(asked, limit)))


_WHO = bindparam("account_is", type_=String)
_WHOM = bindparam("client_is", type_=String)
_CONSENT = select(k).where(k.c.account_id == _WHO, k.c.client_id == _WHOM)
_HOLD_CONSENT = _CONSENT.with_for_update(read=True)
_HOLD_CONSENT_ALONE = _CONSENT.with_for_update()
_OWN_CONSENT = _CONSENT.with_for_update()
_CONSENTS = select(k).where(k.c.account_id == _WHO).order_by(k.c.given_at.desc(), k.c.client_id)
_NARROW = (
    update(k)
    .where(k.c.account_id == _WHO, k.c.client_id == _WHOM)
    .values(scopes=bindparam("left", type_=k.c.scopes.type))
)
_COUNT = select(func.count()).select_from(k).where(k.c.client_id == _WHOM)
_WITHDRAW = delete(k).where(k.c.account_id == _WHO, k.c.client_id == _WHOM)
_WITHDRAW_ALL = delete(k).where(k.c.client_id == _WHOM)


def _upsert_consent(insert: Insert) -> Any:
    row = insert(k)
    return row.on_conflict_do_update(
        index_elements=[k.c.account_id, k.c.client_id],
        set_={"scopes": row.excluded.scopes, "given_at": row.excluded.given_at},
    )


_RECORD = Upsert(_upsert_consent)


def _consent(row: Any | None) -> Consent | None:
    return None if row is None else Consent(row.account_id, row.client_id, tuple(row.scopes), row.given_at)


class SqlConsents:
    def __init__(self, work: Work) -> None:
        self._work = work

    def get(self, account_id: str, client_id: str) -> Consent | None:
        return _consent(self._work.run(_CONSENT, account_is=account_id, client_is=client_id).first())

    def hold(self, account_id: str, client_id: str, *, to_change: bool = False) -> Consent | None:
        held = _HOLD_CONSENT_ALONE if to_change else _HOLD_CONSENT
        return _consent(self._work.run(held, account_is=account_id, client_is=client_id).first())

    def record(self, consent: Consent) -> None:
        self._work.run(
            _RECORD,
            account_id=consent.account_id,
            client_id=consent.client_id,
            scopes=list(consent.scopes),
            given_at=consent.given_at,
        )

    def narrow(self, account_id: str, client_id: str, *, drop: Iterable[str]) -> Consent | None:
        who, dropped = {"account_is": account_id, "client_is": client_id}, set(drop)
        held = _consent(self._work.run(_OWN_CONSENT, who).first())  # ours alone from here to the transaction's end
        if held is None or not dropped & set(held.scopes):
            return None
        left = tuple(scope for scope in held.scopes if scope not in dropped)
        self._work.run(_NARROW, {**who, "left": list(left)})
        return replace(held, scopes=left)

    def of_account(self, account_id: str) -> tuple[Consent, ...]:
        found = (_consent(row) for row in self._work.run(_CONSENTS, account_is=account_id))
        return tuple(consent for consent in found if consent is not None)

    def withdraw(self, account_id: str, client_id: str) -> bool:
        return self._work.run(_WITHDRAW, account_is=account_id, client_is=client_id).rowcount == 1

    def withdraw_all(self, client_id: str) -> int:
        return self._work.run(_WITHDRAW_ALL, client_is=client_id).rowcount

    def count(self, client_id: str) -> int:
        return int(self._work.run(_COUNT, client_is=client_id).scalar_one())

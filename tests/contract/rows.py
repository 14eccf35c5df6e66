"""Rows that the contract tests write: plain, and different only where a test says so."""

from dataclasses import replace
from typing import Any

from certs.catalogue import Text
from idp.model import (
    Account,
    Address,
    Client,
    Document,
    Grant,
    IssuedCredential,
    Person,
    Session,
    Token,
)
from idp.ports import Ports

NOW = 1_780_000_000

ACCOUNT = Account("account-1", "person-1", 2, "+84912345678", "minh.anh@example.vn", "$argon2id$…", created_at=NOW)
CLIENT = Client(
    client_id="bank",
    name=Text("Ngân hàng Mẫu", "Sample Bank"),
    purpose=Text("Mở tài khoản", "Open an account"),
    redirect_uris=("https://bank.example/callback", "https://bank.example/other"),
    scopes=("openid", "profile"),
    profile="bank",
    secret_hash="ab" * 32,
)
SESSION = Session("session-1", "account-1", "sid-1", NOW, "LoA1", ("pwd",), NOW + 600, NOW + 600, NOW)
GRANT = Grant("grant-1", "account-1", "bank", ("openid", "profile"), "openid", NOW, NOW + 3600, {"acr": "LoA1"})
REFRESH = Token("refresh-1", "grant-1", "refresh", NOW + 600)
ACCESS = Token("access-1", "grant-1", "access", NOW + 300)
PERSON = Person(
    person_id="person-1",
    pid="999196000346",
    name="Nguyễn Thị Minh Anh",
    birth_date="1996-04-12",
    sex="female",
    nationality="VN",
    residence=Address("Số 5, ngõ 12", "Phường Ngọc Hà", "Hà Nội"),
    place_of_birth="Hà Nội",
    phone="+84912345678",
    email="minh.anh@example.vn",
)
DOCUMENT = Document("document-1", "person-1", "driving_licence", {"points": 12, "classes": [{"class": "B"}]})
ISSUED = IssuedCredential("credential-1", "document-1", "licence", "thumb", 1, 7, NOW, NOW + 86400)


def another(value: Any, **changes: Any) -> Any:
    """The same row but for what is said."""
    return replace(value, **changes)


def drawn(ports: Ports, number: int) -> int:
    """An index of a small list, though drawing gives up where most are given."""
    while (index := ports.statuses.draw(number)) is None:
        pass
    return index


def with_account(ports: Ports) -> None:
    ports.accounts.add(ACCOUNT)


def with_grant(ports: Ports) -> None:
    ports.accounts.add(ACCOUNT)
    ports.grants.open(GRANT, [REFRESH, ACCESS])

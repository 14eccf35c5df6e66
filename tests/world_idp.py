"""A small state for tests: the real application on a real database, three clients, a few people, a browser that walks.

The clock stands still and is moved by hand. Storage is chosen by a URL, so that the same tests run on another database.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from certs.catalogue import Text
from certs.jose import KeySet, verify_jwt
from certs.keys import MemorySigner
from idp.app import create_app
from idp.config import Config
from idp.login.password import hash_password
from idp.model import Account, Address, Client, Event, Person
from idp.oidc.context import Admits
from idp.ports import Ports, Storage
from idp.storage.tables import db
from idp.web.context import Web

NOW = 1_772_438_400  # 2026-03-02 15:00 in Viet Nam
ISSUER = "http://localhost:5000"
CALLBACK = "https://bank.example.vn/callback"
SECRET = "b" * 43
PASSWORD = "mật khẩu của Dương"
VERIFIER = "v" * 43
STATE = "state-of-the-client"
NONCE = "nonce-of-the-client"


@cache
def _hash() -> str:
    return hash_password(PASSWORD)


def person(person_id: str = "p-duong", **changed: Any) -> Person:
    known = Person(
        person_id=person_id,
        pid="999203001234",
        name="Nguyễn Thị Thuỳ Dương",
        birth_date="2003-05-09",
        sex="female",
        nationality="VN",
        residence=Address("12 Ngõ Huế", "Phường Cửa Nam", "Thành phố Hà Nội"),
        place_of_birth="Hà Nội",
        phone="+84912345678",
        email="duong@example.vn",
    )
    return replace(known, **changed)


def account(account_id: str = "a-duong", person_id: str = "p-duong", **changed: Any) -> Account:
    known = Account(account_id, person_id, 2, "+84912345678", "duong@example.vn", _hash(), created_at=NOW - 86_400)
    return replace(known, **changed)


def client(client_id: str = "bank", **changed: Any) -> Client:
    known = Client(
        client_id=client_id,
        name=Text("Ngân hàng Sen", "Lotus Bank"),
        purpose=Text("Mở tài khoản cho bạn", "To open an account for you"),
        redirect_uris=(CALLBACK,),
        scopes=("openid", "profile", "email", "phone", "address", "vneid"),
        secret_hash=hashlib.sha256(SECRET.encode()).hexdigest(),
        id_token_signed_response_alg="ES256",
    )
    return replace(known, **changed)


PEOPLE = (
    (person(), account()),
    (
        person("p-lam", pid="999090000111", name="Trần Lâm", birth_date="1990", sex="male", phone="+84987000111"),
        account("a-lam", "p-lam", phone="+84987000111", email=None, level=1),
    ),
    (
        person("p-locked", pid="999090000222", name="Lê Khoá", birth_date="1990-02-02", sex="male", locked=True),
        account("a-locked", "p-locked", phone="+84987000222"),
    ),
    (
        person("p-gone", pid="999040000333", name="Phạm Cụ", birth_date="1940-02-02", deceased_on="2025-12-01"),
        account("a-gone", "p-gone", phone="+84987000333"),
    ),
)

CLIENTS = (
    client(),
    client(
        "shop",
        name=Text("Cửa hàng Mây", "Cloud Shop"),
        redirect_uris=("https://shop.example.vn/cb", "https://shop.example.vn/cb2?a=b"),
        scopes=("openid", "profile", "vneid"),
        profile="baseline",
        token_endpoint_auth_method="client_secret_post",
        id_token_signed_response_alg="RS256",
        entitled_to_pid=False,
    ),
    client(
        "phone",
        name=Text("Ứng dụng trên máy", "Native application"),
        redirect_uris=("http://127.0.0.1/cb", "vn.example.app:/cb"),
        token_endpoint_auth_method="none",
        secret_hash=None,
        application_type="native",
    ),
)


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def basic(client_id: str = "bank", secret: str = SECRET) -> dict[str, str]:
    pair = f"{quote(client_id, safe='')}:{quote(secret, safe='')}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


class LocalClient(FlaskClient):
    """Speaks to the provider by its own name unless a test says otherwise."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if args and isinstance(args[0], str):
            kwargs.setdefault("base_url", ISSUER)
        return super().open(*args, **kwargs)


@dataclass
class State:
    """The running provider, seen from outside by `browser()` and from inside by `web` and `journal()`."""

    app: Flask
    clock: list[int]
    web: Web = field(init=False)

    def __post_init__(self) -> None:
        self.web = self.app.extensions["vneid"]
        self.app.test_client_class = LocalClient

    def close(self) -> None:
        with self.app.app_context():
            db.engine.dispose()

    @property
    def storage(self) -> Storage:
        return self.web.storage

    def browser(self) -> "Browser":
        return Browser(self.app.test_client())

    def wait(self, seconds: int) -> None:
        self.clock[0] += seconds

    def journal(self, kind: str | None = None) -> tuple[Event, ...]:
        with self.storage.reading() as ports:
            return ports.journal.read(kind=kind)

    def put(self, *, clients: tuple[Client, ...] = ()) -> None:
        with self.storage.transaction() as ports:
            for one in clients:
                ports.clients.add(one)

    def token(
        self, form: dict[str, str] | list[tuple[str, str]] | bytes, headers: dict[str, str] | None = None, **more: Any
    ) -> TestResponse:
        data = form if isinstance(form, bytes) else urlencode(form)
        path = more.pop("path", "/token")
        sent = {"content_type": "application/x-www-form-urlencoded", **more}
        return self.app.test_client().post(path, data=data, headers=basic() if headers is None else headers, **sent)

    def redeem(self, code: str, headers: dict[str, str] | None = None, **changed: str | None) -> TestResponse:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        sent = {name: value for name, value in {**form, **changed}.items() if value is not None}
        return self.token(sent, headers)

    def userinfo(self, token: str) -> TestResponse:
        return self.app.test_client().get("/userinfo", headers={"Authorization": f"Bearer {token}"})

    def id_token(self, token: str, audience: str = "bank") -> dict[str, Any]:
        keys = KeySet.from_jwks(self.app.test_client().get("/jwks").get_json())
        return dict(verify_jwt(token, keys, typ="JWT", issuer=ISSUER, audience=audience, now=self.clock[0]))


def build(folder: Path, database_url: str | None = None) -> State:
    """A state with its people and clients."""
    state = reopen(folder, database_url)
    with state.storage.transaction() as ports:
        populate(ports)
    return state


def reopen(
    folder: Path,
    database_url: str | None = None,
    *,
    redis_url: str | None = None,
    registration: Admits = Admits.TOKENS,
) -> State:
    clock = [NOW]
    config = Config(
        issuer=ISSUER,
        data=folder,
        database_url=database_url or f"sqlite:///{folder / 'idp.sqlite'}",
        simulation=True,
        publish_every=0,
        redis_url=redis_url,
        registration=registration,
        wallet_url="http://localhost:5001",
        verifier_url="http://localhost:5002",
    )
    return State(create_app(config, clock=lambda: clock[0], new_key=first_key), clock)


@cache
def first_key(alg: str) -> MemorySigner:
    """Every provider of a test run begins with the same keys: a pair of RSA takes a quarter of a second."""
    return MemorySigner.generate(alg)


def populate(ports: Ports) -> None:
    ports.population.add([who for who, _ in PEOPLE])
    for _, held in PEOPLE:
        ports.accounts.add(held)
    for one in CLIENTS:
        ports.clients.add(one)


def query(**changed: str | None) -> dict[str, str]:
    """A right authorization request of the bank; a name set to None is left out."""
    asked: dict[str, str | None] = {
        "client_id": "bank",
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "state": STATE,
        "nonce": NONCE,
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
        **changed,
    }
    return {name: value for name, value in asked.items() if value is not None}


def answer_of(response: TestResponse) -> dict[str, str]:
    """What a redirect carries to the client."""
    assert response.status_code == 303, (response.status_code, response.text)
    return dict(parse_qsl(urlsplit(response.headers["Location"]).query))


class Browser:
    """A person's browser: keeps cookies, fills forms by the ids of their fields, presses buttons."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def ask(self, **changed: str | None) -> TestResponse:
        """Open the authorization endpoint with a right request, but for what is changed."""
        return self.ask_pairs(list(query(**changed).items()))

    def ask_pairs(self, pairs: list[tuple[str, str]]) -> TestResponse:
        return self.get("/authorize?" + urlencode(pairs))

    def submit(self, page: TestResponse, *, action: str | None = None, **fields: str | list[str]) -> TestResponse:
        """Send the page's form with its hidden fields and these."""
        form = re.search(r'<main.*?<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', page.text, re.DOTALL)
        assert form is not None, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[2]))
        return self.client.post(action or form[1], data={**hidden, **fields})

    def sign_in(
        self, asked: TestResponse, *, identifier: str = "999203001234", password: str = PASSWORD
    ) -> TestResponse:
        """From the redirect to the log-in page through the form."""
        page = self.get(asked.headers["Location"])
        assert page.status_code == 200, page.text
        return self.submit(page, identifier=identifier, password=password)

    def decide(self, after: TestResponse, decision: str = "share") -> TestResponse:
        page = self.get(after.headers["Location"])
        assert page.status_code == 200, page.text
        return self.submit(page, decision=decision)

    def code(self, **changed: str | None) -> str:
        """The whole walk: log-in (as `identifier`) and consent where they are asked."""
        identifier = changed.pop("identifier", None) or "999203001234"
        response = self.ask(**changed)
        if response.headers["Location"].startswith("/login/"):
            response = self.sign_in(response, identifier=identifier)
        if response.headers["Location"].startswith("/consent/"):
            response = self.decide(response)
        return answer_of(response)["code"]

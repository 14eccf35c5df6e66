"""The wallet's session ends when the state says so: a lost phone is locked at the provider, and signed out here; what is not believed.

Spec: OpenID Connect Back-Channel Logout 1.0 §2.4 to §2.8
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from certs import jose
from certs.encoding import b64url_encode, json_encode
from certs.keys import MemorySigner
from idp import housekeeping
from idp.issuance import wallets
from idp.login import session
from idp.login.acr import acr
from idp.model import Grant
from idp.oidc.family import ISSUANCE_PURPOSE
from tests.idp.conftest import made, made_on_server, state
from tests.idp.oidc.test_backchannel import carry
from tests.idp.web.test_account_wallets import lock
from tests.site import Answer, Asked, Site
from tests.wallet.citizen import URL, Citizen, register, wallet_app
from tests.wallet.issuer import ISSUER, IssuerDesk
from tests.world_idp import NOW, Browser, State
from wallet.login import KEYS_PAUSE

__all__ = ["made", "made_on_server", "state"]

pytestmark = pytest.mark.parametrize("state", ["sqlite"], indirect=True)  # the wallet's verbs: tests/wallet/storage
PATH = "/backchannel-logout"
EVENTS = {"http://schemas.openid.net/event/backchannel-logout": {}}


class AtHome(Citizen):
    """In a browser that is signed in at the provider."""

    here: Browser

    def answer(self, **_: str) -> dict[str, str]:
        parts = urlsplit(self.get("/sign-in").headers["Location"])
        back = self.here.get(f"{parts.path}?{parts.query}").headers["Location"]
        return dict(parse_qsl(urlsplit(back).query))


@pytest.fixture
def phone(state: State, desk: IssuerDesk, tmp_path: Path) -> Citizen:
    register(state)
    return Citizen(wallet_app(desk, state, tmp_path / "wallet", clock=lambda: state.clock[0]), state)


@pytest.fixture
def served(state: State, phone: Citizen) -> Iterator[Site]:
    """The wallet's address of the back channel on a real port, registered for it at the provider."""

    def told(asked: Asked) -> Answer:
        form = {"data": asked.body, "content_type": asked.headers["content-type"]}
        answer = phone.app.test_client().post(PATH, base_url=URL, **form)
        return Answer(answer.data, answer.status_code)

    with Site() as site:
        site.pages[PATH] = told
        with state.storage.transaction() as ports:
            known = ports.clients.get("wallet")
            assert known is not None
            ports.clients.replace(replace(known, metadata={"backchannel_logout_uri": site.url + PATH}))
        yield site


def signed_in(citizen: Citizen) -> bool:
    return citizen.get("/history").status_code == 200


def promised(state: State) -> str:
    """The right to fetch that a wallet in the phone's browser got and waits with: the name of that wallet."""
    details = {"browser": "Chrome, Android", "acr": "LoA2", "amr": ["pwd"], "auth_time": NOW, "sid": "s"}
    scopes = ("credential:driving_licence.licence",)
    grant = Grant("g-1", "a-duong", "wallet", scopes, ISSUANCE_PURPOSE, NOW, NOW + 86_400, details)
    with state.storage.transaction() as ports:
        ports.grants.open(grant, [])
    return wallets.of(grant)[0]


def at_home(state: State) -> Browser:
    """The same person in another browser, at the level that the page of wallets asks for."""
    browser = state.browser()
    browser.sign_in(browser.get("/account"))
    cookie = browser.client.get_cookie("idp_session")
    assert cookie is not None
    with state.storage.transaction() as ports:
        here = session.current(ports, cookie.value, now=state.clock[0])
        assert here is not None
        higher = replace(here.session, acr=acr(2), amr=("pwd", "otp", "mfa"))
        ports.sessions.replace(here.session.session_hash, higher)
    return browser


@pytest.mark.parametrize("hours", [0, 8], ids=["at once", "after its session there ran out"])
def test_a_lost_phone_that_is_locked_is_signed_out_of_the_wallet(
    state: State, phone: Citizen, served: Site, hours: int
) -> None:
    wallet = promised(state)
    phone.sign_in()
    state.wait(hours * 3600)
    housekeeping.sweep(state.storage, now=state.clock[0])
    home = at_home(state)
    other = AtHome(phone.app, state)  # in the wallet by the session that locks
    other.here = home
    other.sign_in()
    assert signed_in(phone) and signed_in(other)
    lock(home, wallet)
    carry(state)
    assert not signed_in(phone) and signed_in(other)
    assert len(served.asked) == 1
    phone.sign_in()  # who finds it again, and can
    assert signed_in(phone)


def test_signing_out_everywhere_reaches_the_wallet(state: State, phone: Citizen, served: Site) -> None:
    phone.sign_in()
    home = at_home(state)
    home.submit(home.get("/account/sessions"), action="/account/sessions/end-others")
    carry(state)
    assert not signed_in(phone)


# --- what is believed -------------------------------------------------------------------------------------------------


def sid_of(state: State) -> str:
    with state.storage.reading() as ports:
        return ports.sessions.of_account("a-duong", now=state.clock[0])[0].sid


def token(state: State, *, typ: str = "logout+jwt", key: MemorySigner | None = None, **changed: Any) -> str:
    said = {
        "iss": ISSUER,
        "sub": "999203001234",
        "aud": "wallet",
        "iat": state.clock[0],
        "exp": state.clock[0] + 120,
        "jti": secrets.token_urlsafe(8),
        "sid": sid_of(state),
        "events": EVENTS,
        **changed,
    }
    claims = {name: value for name, value in said.items() if value is not None}
    return jose.sign(claims, key or state.web.oidc.signers["ES256"], typ=typ)


def tell(phone: Citizen, *tokens: str) -> int:
    client = phone.app.test_client()  # no cookie
    return client.post(PATH, base_url=URL, data={"logout_token": list(tokens)}).status_code


@pytest.mark.parametrize("changed", [{}, {"sub": None}, {"sid": None}], ids=["both", "session", "person"])
def test_it_ends_what_the_token_means(state: State, phone: Citizen, changed: dict[str, None]) -> None:
    phone.sign_in()
    assert tell(phone, token(state, **changed)) == 200
    assert not signed_in(phone)


@pytest.mark.parametrize(
    "changed", [{"sid": "another"}, {"sid": None, "sub": "999090000111"}, {"sid": None, "iat": NOW - 1}]
)
def test_other_sessions_stay(state: State, phone: Citizen, changed: dict[str, Any]) -> None:
    """Another session, another person, and a word that is older than the sign-in."""
    phone.sign_in()
    assert tell(phone, token(state, **changed)) == 200
    assert signed_in(phone)


@pytest.mark.parametrize("whose", ["sid", "person"])
def test_a_sign_in_that_was_under_way_is_over_too(state: State, phone: Citizen, whose: str) -> None:
    answer = phone.answer()
    assert tell(phone, token(state, **({"sid": None} if whose == "person" else {}))) == 200
    phone.come_back(answer)
    assert not signed_in(phone)
    state.wait(1)
    phone.sign_in()
    assert signed_in(phone)


def unsigned(state: State) -> str:
    _, body, _ = token(state).split(".")
    return f"{b64url_encode(json_encode({'alg': 'none', 'typ': 'logout+jwt'}))}.{body}."


WRONG: dict[str, Callable[[State], str]] = {
    "unsigned": unsigned,
    "another key of this name": lambda state: token(
        state, key=MemorySigner.generate("ES256", kid=state.web.oidc.signers["ES256"].public.kid)
    ),
    "an ID token": lambda state: token(state, typ="JWT"),
    "for another": lambda state: token(state, aud="bank"),
    "of another": lambda state: token(state, iss="https://evil.example"),
    "nonce": lambda state: token(state, nonce="n"),
    "no event": lambda state: token(state, events=None),
    "expired": lambda state: token(state, iat=NOW - 300, exp=NOW - 100),
    "nobody": lambda state: token(state, sid=None, sub=None),
    "no token": lambda _: "x",
    "too long": lambda _: "x" * 9000,
}


def test_what_is_not_believed(state: State, phone: Citizen) -> None:
    phone.sign_in()
    right = token(state, sid="another")
    for name, wrong in WRONG.items():
        assert tell(phone, wrong(state)) == 400, name
    assert tell(phone, right, token(state)) == 400 and tell(phone) == 400
    assert tell(phone, right) == 200 and tell(phone, right) == 400  # once
    assert signed_in(phone)


def test_a_provider_that_is_away_is_not_asked_for_its_keys_by_every_stranger(
    state: State, phone: Citizen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each asking holds a thread until it fails: a flood of anything at all would leave none for the citizens."""
    asked: list[str] = []

    def away(_: httpx.WSGITransport, request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.ConnectError("away", request=request)

    phone.sign_in()
    with monkeypatch.context() as cut:
        cut.setattr(httpx.WSGITransport, "handle_request", away)
        assert {tell(phone, "x") for _ in range(9)} == {503} and len(asked) == 1
    state.wait(KEYS_PAUSE)
    assert tell(phone, token(state)) == 200  # as the provider tries again
    assert not signed_in(phone)

"""Signing in at the real provider, and what the wallet does not believe.

Spec: OpenID Connect Core 1.0 §3.1.3.7, §5.3.2; RFC 7636; RFC 9207; attacks of the client's side (CO, SE groups).
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from certs.encoding import b64url_decode, b64url_encode, json_decode, json_encode
from tests.idp.conftest import made, made_on_server, state
from tests.wallet.citizen import URL, Citizen, register, wallet_app
from tests.wallet.issuer import ISSUER, IssuerDesk
from tests.world_idp import NOW, SECRET, State
from wallet.errors import WalletError
from wallet.login import Pending, SignIn, read_answer

__all__ = ["made", "made_on_server", "state"]

Change = Callable[[str, dict[str, Any]], dict[str, Any]]


@pytest.fixture
def citizen(state: State, desk: IssuerDesk, tmp_path: Path) -> Citizen:
    register(state)
    return Citizen(wallet_app(desk, state, tmp_path / "wallet"), state)


def test_a_citizen_signs_in_and_out(citizen: Citizen) -> None:
    assert "Đăng nhập để mở ví" in citizen.get("/").text
    assert citizen.sign_in().headers["Location"] == "/app"
    assert citizen.get("/").headers["Location"] == "/app"
    assert "Quản lý giấy tờ" in citizen.get("/documents").text
    csrf = citizen.csrf()
    assert citizen.post("/sign-out", data={"csrf": csrf}).headers["Location"] == "/"
    assert "Đăng nhập để mở ví" in citizen.get("/").text


def test_the_request_is_as_it_must_be(citizen: Citizen) -> None:
    address = urlsplit(citizen.get("/sign-in?lang=en").headers["Location"])
    asked = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert asked.pop("code_challenge") and asked.pop("state") and asked.pop("nonce")
    assert asked == {
        "response_type": "code",
        "client_id": "wallet",
        "redirect_uri": f"{URL}/callback",
        "scope": "openid profile vneid",
        "code_challenge_method": "S256",
        "ui_locales": "en",
    }


def test_cookies_are_for_this_site_and_not_for_scripts(citizen: Citizen) -> None:
    citizen.sign_in()
    cookie = citizen.client.get_cookie("wallet_session")
    assert cookie is not None and cookie.http_only and cookie.same_site == "Lax" and cookie.path == "/"
    assert citizen.client.get_cookie("wallet_sign_in") is None


def test_each_sign_in_gives_a_new_session_and_ends_the_old(citizen: Citizen) -> None:
    citizen.sign_in()
    old = citizen.client.get_cookie("wallet_session")
    assert old is not None
    citizen.sign_in()
    citizen.client.set_cookie("wallet_session", old.value)
    assert "Đăng nhập để mở ví" in citizen.get("/").text


def test_one_comes_back_to_the_page_that_one_wanted(citizen: Citizen) -> None:
    wanted = citizen.get("/receive?credential_offer_uri=http%3A%2F%2Flocalhost%3A5000%2Fcredential-offers%2F1")
    path = wanted.headers["Location"]
    assert wanted.status_code == 303 and path.startswith("/sign-in?next=")
    back = citizen.sign_in(path=path).headers["Location"]
    assert back == "/receive?credential_offer_uri=http%3A%2F%2Flocalhost%3A5000%2Fcredential-offers%2F1"


@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example", r"/\evil.example", "/a\nb", "javascript:x"])
def test_nobody_is_sent_elsewhere_after_signing_in(citizen: Citizen, evil: str) -> None:
    asked = citizen.get("/sign-in", query_string={"next": evil})
    assert asked.status_code == 303
    cookie = citizen.client.get_cookie("wallet_sign_in")
    assert cookie is not None
    rooms = citizen.app.extensions["wallet"]
    assert rooms.wallet.recall(cookie.value, now=rooms.clock()).next == "/app"


# --- answers that are not of this sign-in ---------------------------------------------------------------------------


def failed(citizen: Citizen, answer: dict[str, str]) -> str:
    response = citizen.come_back(answer)
    assert response.status_code in {400, 503}, response.text
    assert "wallet_session" not in response.headers.get("Set-Cookie", "")
    assert "Đăng nhập để mở ví" in citizen.get("/").text
    return response.text


def test_a_wrong_state_is_refused(citizen: Citizen) -> None:
    failed(citizen, {**citizen.answer(), "state": "another"})


def test_an_answer_without_iss_or_of_another_provider_is_refused(citizen: Citizen) -> None:
    for iss in ("", "http://localhost:5002", ISSUER + "/"):
        failed(citizen, {**citizen.answer(), "iss": iss})


def test_an_answer_is_taken_once(citizen: Citizen) -> None:
    answer = citizen.answer()
    assert citizen.come_back(answer).status_code == 303
    citizen.client.delete_cookie("wallet_session")
    failed(citizen, answer)


def test_an_answer_in_another_browser_is_refused(citizen: Citizen) -> None:
    answer = citizen.answer()
    failed(Citizen(citizen.app, citizen.provider), answer)


def test_an_answer_to_another_browsers_sign_in_is_refused(citizen: Citizen) -> None:
    """Login fixation: an attacker's own answer, brought into a victim's sign-in."""
    attacker = Citizen(citizen.app, citizen.provider)
    answer = attacker.answer(identifier="999090000111")
    citizen.get("/sign-in")
    failed(citizen, answer)


def test_a_refusal_at_the_provider_is_told_as_one(citizen: Citizen) -> None:
    asked = citizen.get("/sign-in")
    state = parse_qs(urlsplit(asked.headers["Location"]).query)["state"][0]
    page = failed(citizen, {"error": "access_denied", "state": state, "iss": ISSUER})
    assert "không đồng ý" in page and "access_denied" not in page


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(WalletError, match="sign_in_failed"):
        read_answer({"code": ["a", "b"], "state": ["s"]})


# --- a provider that lies, or somebody between ------------------------------------------------------------------------


class Between(httpx.BaseTransport):
    """Carries requests to the real provider and changes its answers."""

    def __init__(self, provider: State, change: Change) -> None:
        self._real = httpx.WSGITransport(app=provider.app)
        self._change = change
        self.sent: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.sent.append(request)
        answer = self._real.handle_request(request)
        assert isinstance(answer.stream, httpx.SyncByteStream)
        body = json.loads(b"".join(answer.stream))
        return httpx.Response(answer.status_code, json=self._change(request.url.path, body), request=request)


def complete(provider: State, change: Change, *, now: int = NOW, secret: str = SECRET) -> tuple[Any, Between]:
    """A whole sign-in through `Between`."""
    between = Between(provider, change)
    sign_in = SignIn(
        issuer=ISSUER,
        client_id="wallet",
        client_secret=secret,
        redirect_uri=f"{URL}/callback",
        algorithm="ES256",
        transport=between,
    )
    address, pending = sign_in.begin(next_page="/", language="vi")
    parts = urlsplit(address)
    browser = provider.browser()
    response = browser.decide(browser.sign_in(browser.get(f"{parts.path}?{parts.query}")))
    answer = read_answer(parse_qs(urlsplit(response.headers["Location"]).query))
    return sign_in.complete(pending, answer, now=now)[0], between


def unchanged(_: str, body: dict[str, Any]) -> dict[str, Any]:
    return body


def test_what_is_learnt_of_the_person(state: State) -> None:
    register(state)
    person, between = complete(state, unchanged)
    assert (person.pid, person.name, person.birth_date) == ("999203001234", "Nguyễn Thị Thuỳ Dương", "2003-05-09")
    token = next(request for request in between.sent if request.url.path == "/token")
    form = parse_qs(token.content.decode())
    assert form["redirect_uri"] == [f"{URL}/callback"] and len(form["code_verifier"][0]) == 43
    assert token.headers["Authorization"].startswith("Basic ") and "client_secret" not in form


def _retold(token: str, *, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """The same ID token with other words under the old signature."""
    first, payload, signature = token.split(".")
    headers = {**json_decode(b64url_decode(first)), **(header or {})}
    told = {**json_decode(b64url_decode(payload)), **claims}
    return ".".join((b64url_encode(json_encode(headers)), b64url_encode(json_encode(told)), signature))


def on(path: str, **members: Any) -> Change:
    def change(at: str, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, **members} if at == path else body

    return change


def id_token(retell: Callable[[str], str]) -> Change:
    def change(at: str, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "id_token": retell(body["id_token"])} if at == "/token" else body

    return change


DISCOVERY = "/.well-known/openid-configuration"
LIES: dict[str, Change] = {
    "metadata of another issuer": on(DISCOVERY, issuer="http://localhost:5002"),
    "metadata that promises no iss": on(DISCOVERY, authorization_response_iss_parameter_supported=False),
    "metadata without keys": on(DISCOVERY, jwks_uri=None),
    "no published keys": on("/jwks", keys=[]),
    "published keys that are none": on("/jwks", keys="x"),
    "claims under an old signature": id_token(lambda token: _retold(token, sub="999090000111")),
    "alg none": id_token(lambda token: _retold(token, header={"alg": "none"}).rpartition(".")[0] + "."),
    "alg HS256": id_token(lambda token: _retold(token, header={"alg": "HS256"})),
    "no ID token": on("/token", id_token=None),
    "an ID token that is none": on("/token", id_token="x.y.z"),
    "userinfo of another person": on("/userinfo", sub="999090000111"),
    "another access token than at_hash says": on("/token", access_token="x" * 43),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_not_believed(state: State, lie: str) -> None:
    register(state)
    with pytest.raises(WalletError) as caught:
        complete(state, LIES[lie])
    assert caught.value.code in {"sign_in_failed", "issuer_unreachable"}


@pytest.mark.parametrize("now", [NOW + 3600, NOW - 3600])
def test_an_id_token_of_another_time_is_refused(state: State, now: int) -> None:
    register(state)
    with pytest.raises(WalletError, match="sign_in_failed"):
        complete(state, unchanged, now=now)


def test_an_id_token_of_another_sign_in_is_refused(state: State) -> None:
    """The nonce binds the token to this browser's sign-in."""
    register(state)
    kept: list[dict[str, Any]] = []

    def replay(at: str, body: dict[str, Any]) -> dict[str, Any]:
        if at != "/token":
            return body
        kept.append(body)
        return kept[0]

    person, between = complete(state, replay)
    assert person.pid
    sign_in = SignIn(
        issuer=ISSUER,
        client_id="wallet",
        client_secret=SECRET,
        redirect_uri=f"{URL}/callback",
        algorithm="ES256",
        transport=between,
    )
    browser = state.browser()
    address, pending = sign_in.begin(next_page="/", language="vi")
    parts = urlsplit(address)
    response = browser.sign_in(browser.get(f"{parts.path}?{parts.query}"))
    if "/consent/" in response.headers["Location"]:
        response = browser.decide(response)
    answer = read_answer(parse_qs(urlsplit(response.headers["Location"]).query))
    with pytest.raises(WalletError, match="sign_in_failed"):
        sign_in.complete(pending, answer, now=NOW)


def test_a_wrong_secret_is_a_failed_sign_in(state: State) -> None:
    register(state)
    with pytest.raises(WalletError, match="sign_in_failed"):
        complete(state, unchanged, secret="w" * 43)


def test_an_unreachable_provider_is_told_as_such() -> None:
    def dead(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    sign_in = SignIn(
        issuer=ISSUER,
        client_id="wallet",
        client_secret=SECRET,
        redirect_uri=f"{URL}/callback",
        algorithm="ES256",
        transport=httpx.MockTransport(dead),
    )
    with pytest.raises(WalletError, match="issuer_unreachable"):
        sign_in.begin(next_page="/", language="vi")
    with pytest.raises(WalletError, match="issuer_unreachable"):
        sign_in.complete(Pending("s", "n", "v", "/"), {"state": "s", "iss": ISSUER, "code": "c"}, now=NOW)

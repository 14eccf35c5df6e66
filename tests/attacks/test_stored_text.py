"""Group SQ: text that a database might trip over, in every string that a stranger can send; SQ-01 and SQ-04 to SQ-06."""

import json
from urllib.parse import quote, urlencode

import pytest

from idp.storage.errors import Unstorable
from tests.world_idp import CALLBACK, PASSWORD, SECRET, VERIFIER, State, answer_of, basic, query

# What a form can carry: as it stands between `name=` and the next `&`.
NUL, SURROGATE, BEYOND_64_BITS = "a%00b", "%ED%A0%80", "9" * 30
QUOTED = quote("'; DROP TABLE accounts; -- \\ % _ \" $1 :x {}")
ENCODED = {"quotes": QUOTED, "nul": NUL, "surrogate": SURROGATE, "number": BEYOND_64_BITS}
FORM = "application/x-www-form-urlencoded"

REDEMPTION = {
    "grant_type": "authorization_code",
    "code": "c" * 43,
    "redirect_uri": CALLBACK,
    "code_verifier": VERIFIER,
    "client_id": "bank",
    "client_secret": SECRET,
    "refresh_token": "r" * 43,
    "pre-authorized_code": "p" * 43,
    "tx_code": "123456",
    "scope": "openid",
}


def replaced(parameters: dict[str, str], name: str, encoded: str) -> str:
    others = {known: value for known, value in parameters.items() if known != name}
    return f"{urlencode(others)}&{name}={encoded}"


def unharmed(state: State) -> None:
    """Everything works as before: tables, rows, the whole walk."""
    assert state.redeem(state.browser().code()).status_code == 200


@pytest.mark.parametrize("encoded", ENCODED.values(), ids=ENCODED)
def test_sq_in_each_parameter_of_an_authorization_request(state: State, encoded: str) -> None:
    for name in [*query(), "login_hint", "prompt", "max_age", "acr_values", "ui_locales", "request_uri", "x"]:
        answer = state.browser().get("/authorize?" + replaced(query(), name, encoded))
        assert answer.status_code in (200, 303, 400), (name, answer.status_code)
    unharmed(state)


@pytest.mark.parametrize("encoded", ENCODED.values(), ids=ENCODED)
@pytest.mark.parametrize(
    "grant", ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:pre-authorized_code"]
)
def test_sq_in_each_parameter_of_a_token_request(state: State, grant: str, encoded: str) -> None:
    asked = {**REDEMPTION, "grant_type": grant}
    for name in [*asked, "x"]:
        for headers in (None, basic()):
            sent = {known: value for known, value in asked.items() if not (headers and known.startswith("client_"))}
            answer = state.token(replaced(sent, name, encoded).encode(), headers)
            assert answer.status_code in (400, 401), (name, answer.status_code)
    unharmed(state)


@pytest.mark.parametrize("encoded", ENCODED.values(), ids=ENCODED)
def test_sq_in_the_log_in_form(state: State, encoded: str) -> None:
    browser = state.browser()
    page = browser.get(browser.ask().headers["Location"])
    action = page.text.split('<form method="post" action="')[1].split('"')[0]
    token = page.text.split('name="form_token" value="')[1].split('"')[0]
    right = {"identifier": "999203001234", "password": PASSWORD, "form_token": token}
    for name in right:
        answer = browser.client.post(action, data=replaced(right, name, encoded), content_type=FORM)
        assert answer.status_code in (400, 403, 422), (name, answer.status_code)
    assert browser.submit(page, identifier="999203001234", password=PASSWORD).status_code == 303


@pytest.mark.parametrize("value", ["a\0b", "a'b", "é", "a\x7fb", "9" * 400])
def test_sq_in_headers_and_cookies(state: State, value: str) -> None:
    client = state.app.test_client()
    for name in ("idp_session", "idp_browser", "idp_lang"):
        client.set_cookie(name, value, domain="localhost")
    assert client.get("/").status_code == 200
    assert client.get("/userinfo", headers={"Authorization": f"Bearer {quote(value)}"}).status_code == 401
    answer = state.token(REDEMPTION, basic(client_id=value, secret=value))
    assert answer.status_code in (400, 401)


@pytest.mark.parametrize("path", ["/login/", "/consent/", "/credential-offers/", "/status-lists/", "/documents/"])
@pytest.mark.parametrize("encoded", ENCODED.values(), ids=ENCODED)
def test_sq_in_paths(state: State, path: str, encoded: str) -> None:
    wanted = (
        (400, 404, 405, 503) if path == "/status-lists/" else (400, 404, 405)
    )  # 503: this state has no keys to sign lists
    assert state.browser().get(path + encoded).status_code in wanted
    assert state.browser().get(f"{path}{encoded}/offer").status_code in (303, 400, 404, 405)


def test_sq_05_sq_06_in_json(state: State) -> None:
    for text in ('"\\ud800"', '"a\\u0000b"', "9" * 400, "1e400", '"\'; --"'):
        for name in ("credential_configuration_id", "proofs", "x"):
            body = f'{{"{name}": {text}}}'.encode()
            answer = state.app.test_client().post("/credential", data=body, content_type="application/json")
            assert answer.status_code in (400, 401), (text, answer.status_code)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_sq_04_sq_05_what_reaches_storage_is_refused_there_and_answered_400(state: State, text: str) -> None:
    """The last line of defence: whatever page forgets to look, a text that no row can hold is the sender's fault."""

    @state.app.get("/forgetful")
    def forgetful() -> str:
        with state.storage.transaction() as ports:
            ports.accounts.set_password("a-duong", text)
        return "kept"

    answer = state.browser().get("/forgetful")
    on_postgresql = "postgresql" in state.app.config["SQLALCHEMY_DATABASE_URI"]
    if text == "a\0b" and not on_postgresql:
        assert answer.text == "kept"  # SQLite holds a NUL, as any other letter
    else:
        assert answer.status_code == 400
        with pytest.raises(Unstorable), state.storage.transaction() as ports:
            ports.accounts.set_password("a-duong", text)
    assert json.dumps(text)  # and it is text that JSON can name


def test_sq_01_a_name_with_every_sign_comes_back(state: State) -> None:
    strange = "O'Brien; -- % _ \\ \" {} $1 :x ă"
    with state.storage.transaction() as ports:
        person = ports.population.get("p-duong")
        assert person is not None
        ports.population.update(type(person)(**{**_fields(person), "name": strange}))
    got = state.redeem(state.browser().code())
    assert state.userinfo(got.get_json()["access_token"]).get_json()["name"] == strange
    assert answer_of(state.browser().ask(scope=strange))["error"] == "invalid_scope"


def _fields(person: object) -> dict[str, object]:
    return {name: getattr(person, name) for name in person.__dataclass_fields__}  # type: ignore[attr-defined]

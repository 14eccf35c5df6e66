"""ID tokens and userinfo as a relying party meets them."""

import base64
import hashlib
from urllib.parse import urlencode

import pytest

from certs.errors import CertsError
from certs.jose import KeySet, verify_jwt
from tests.attacks import answers
from tests.world_idp import ISSUER, NONCE, NOW, SECRET, State, basic

SHOP = {"client_id": "shop", "redirect_uri": "https://shop.example.vn/cb"}


def tokens(state: State, **asked: str | None) -> dict[str, str]:
    got = state.redeem(state.browser().code(**asked))
    assert got.status_code == 200, got.text
    answers.headers(got)
    return dict(got.get_json())


def test_id_token(state: State) -> None:
    got = tokens(state)
    claims = state.id_token(got["id_token"])
    half = hashlib.sha256(got["access_token"].encode()).digest()[:16]
    jti, sid = claims.pop("jti"), claims.pop("sid")
    assert claims == {
        "iss": ISSUER,
        "sub": "999203001234",
        "aud": "bank",
        "exp": NOW + 600,
        "iat": NOW,
        "auth_time": NOW,
        "nonce": NONCE,
        "acr": "LoA1",
        "amr": ["pwd"],
        "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
    }
    assert len(jti) >= 22
    assert len(sid) >= 22


def test_auth_time_is_of_the_log_in_not_of_the_token(state: State) -> None:
    browser = state.browser()
    browser.code()
    state.wait(300)
    claims = state.id_token(state.redeem(browser.code()).get_json()["id_token"])
    assert (claims["auth_time"], claims["iat"]) == (NOW, NOW + 300)


def test_rs256_for_a_client_that_named_no_other(state: State) -> None:
    code = state.browser().code(**SHOP)
    got = state.redeem(code, headers={}, client_secret=SECRET, **SHOP).get_json()
    keys = KeySet.from_jwks(state.app.test_client().get("/jwks").get_json())
    claims = verify_jwt(got["id_token"], keys, typ="JWT", issuer=ISSUER, audience="shop", now=NOW)
    assert claims["sub"] != "999203001234"
    assert base64.urlsafe_b64decode(got["id_token"].split(".")[0] + "==").find(b'"RS256"') > 0


def test_id_token_is_for_one_audience_and_time(state: State) -> None:
    token = tokens(state)["id_token"]
    with pytest.raises(CertsError):
        state.id_token(token, audience="shop")
    state.wait(601)
    with pytest.raises(CertsError):
        state.id_token(token)


def test_userinfo_by_header_and_by_form(state: State) -> None:
    access = tokens(state)["access_token"]
    by_header = state.userinfo(access)
    by_form = state.app.test_client().post("/userinfo", data={"access_token": access})
    assert by_header.get_json() == by_form.get_json()
    assert by_header.get_json()["name"] == "Nguyễn Thị Thuỳ Dương"
    answers.headers(by_header)
    assert {event.kind for event in state.journal()} >= {"tokens_given", "claims_released"}


def test_userinfo_tells_what_the_consent_page_showed(state: State) -> None:
    browser = state.browser()
    page = browser.get(browser.sign_in(browser.ask(scope="openid profile phone")).headers["Location"])
    for value in ("Nguyễn Thị Thuỳ Dương", "09/05/2003", "Nữ", "+84 912 345 678", "999 203 001 234"):
        assert value in page.text
    for value in ("duong@example.vn", "Ngõ Huế"):
        assert value not in page.text


@pytest.mark.parametrize("header", [None, "Basic abc", "bearerabc"])
def test_userinfo_without_token(state: State, header: str | None) -> None:
    response = state.app.test_client().get("/userinfo", headers={"Authorization": header} if header else {})
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == f'Bearer realm="{ISSUER}"'  # RFC 6750 §3.1: no error named
    answers.one_event(state, "access_refused", resource="userinfo")


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 600, "a\0b", "ạ"])
def test_userinfo_with_a_wrong_token(state: State, token: str) -> None:
    header = f"Bearer {token}".encode().decode("latin-1")
    response = state.app.test_client().get("/userinfo", headers={"Authorization": header})
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert token not in response.text or token == "x"


def test_id_11_token_in_the_address(state: State) -> None:
    access = tokens(state)["access_token"]
    for headers in ({}, {"Authorization": f"Bearer {access}"}):
        response = state.app.test_client().get(f"/userinfo?access_token={access}", headers=headers)
        assert response.status_code == 400
        assert 'error="invalid_request"' in response.headers["WWW-Authenticate"]


def test_id_11_token_sent_twice(state: State) -> None:
    access = tokens(state)["access_token"]
    client = state.app.test_client()
    form = "application/x-www-form-urlencoded"
    both = client.post("/userinfo", data={"access_token": access}, headers={"Authorization": f"Bearer {access}"})
    twice = client.post("/userinfo", data=urlencode([("access_token", access)] * 2), content_type=form)
    assert (both.status_code, twice.status_code) == (400, 400)


def test_id_12_expired_token(state: State) -> None:
    access = tokens(state)["access_token"]
    state.wait(599)
    assert state.userinfo(access).status_code == 200
    state.wait(1)
    assert state.userinfo(access).status_code == 401


def test_token_of_another_purpose_opens_nothing(state: State) -> None:
    access = tokens(state)["access_token"]
    with state.storage.transaction() as ports:
        live = ports.grants.live(hashlib.sha256(access.encode()).hexdigest(), "access", now=NOW)
        assert live is not None
        grant, token = live
        # With the very scope that userinfo asks for: the purpose alone must be what refuses it.
        issuing = type(grant)("g2", grant.account_id, "bank", ("openid",), "issuance", NOW, NOW + 600, {})
        ports.grants.open(issuing, [type(token)(hashlib.sha256(b"other").hexdigest(), "g2", "access", NOW + 600)])
    response = state.userinfo("other")
    assert response.status_code == 403
    assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


def test_a_code_is_bound_to_its_nonce_or_none(state: State) -> None:
    assert "nonce" not in state.id_token(tokens(state, nonce=None)["id_token"])


def test_secrets_are_stored_by_hash_alone(state: State) -> None:
    browser = state.browser()
    code = browser.code()
    got = state.redeem(code).get_json()
    cookie = browser.client.get_cookie("idp_session")
    assert cookie is not None
    folder = state.web.config.data
    stored = b"".join(path.read_bytes() for path in folder.glob("idp.sqlite*"))
    for secret in (code, got["access_token"], cookie.value):
        assert secret.encode() not in stored


def test_basic_is_the_banks_only_method(state: State) -> None:
    assert basic()["Authorization"].startswith("Basic ")
    code = state.browser().code()
    answers.token(state.redeem(code, headers={}, client_id="bank", client_secret=SECRET), "invalid_client")
    assert state.redeem(code).status_code == 200  # an unauthenticated caller could not use it up

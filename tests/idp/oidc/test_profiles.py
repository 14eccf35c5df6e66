"""The table of profiles, the rows that no other file tests cell by cell: who is told the personal number, and lifetimes.

The other rows: methods and algorithms of secrets in `clients/test_dynamic_registration`, forms of tokens in
`clients/test_token_forms_metadata`, bound tokens and nonces in `test_dpop`, the authorization request in `tests/attacks`.
"""

from dataclasses import asdict, fields, replace
from typing import Any

import pytest

from idp.issuance import pre_authorized
from idp.model import Client, Token
from idp.oidc import client_token, family
from idp.oidc import dpop as rules
from idp.oidc.clients import client_changes, registration
from idp.oidc.clients.client_changes import Change
from idp.oidc.clients.registration import RegistrationError
from idp.oidc.profiles import PROFILES, Lifetimes
from idp.oidc.secrets import token_hash
from tests.attacks import answers
from tests.idp.oidc.clients.test_token_forms_metadata import JWKS
from tests.idp.oidc.proofs import Holder, pushed_code, signed, strict, strict_redeem
from tests.idp.oidc.registering import TOKEN, offer, post, refused
from tests.world_idp import State, answer_of, basic, client, query

only_once = pytest.mark.parametrize("state", ["sqlite"], indirect=True)  # what is stored differs by no profile
each_profile = pytest.mark.parametrize("profile", PROFILES)

IS_TOLD = {"baseline": False, "agency": True, "bank": True}
LIVES = {
    "baseline": (60, 60, 600, 300, 600, 90),
    "agency": (60, 60, 600, 300, 600, 90),
    "bank": (60, 30, 300, 300, 300, 30),
}


# --- who is told the personal number ----------------------------------------------------------------------------------


def made(profile: str, *, entitled: bool) -> Client:
    return registration.client(
        {
            "client_name": "Sen",
            "purpose": "Mở tài khoản",
            "redirect_uris": ["https://sen.example/cb"],
            "token_endpoint_auth_method": "private_key_jwt",
            "id_token_signed_response_alg": "ES256",
            "jwks": JWKS,
        },
        client_id="new",
        secret_hash=None,
        profile=profile,
        entitled_to_pid=entitled,
        simulation=False,
    )


@each_profile
def test_who_may_be_told_the_personal_number(profile: str) -> None:
    assert PROFILES[profile].entitlement is IS_TOLD[profile]
    assert made(profile, entitled=False).entitled_to_pid is False
    if IS_TOLD[profile]:
        assert made(profile, entitled=True).entitled_to_pid is True
    else:
        with pytest.raises(RegistrationError) as refusal:
            made(profile, entitled=True)
        assert refusal.value.text == "clients of this profile are not told the personal number"


@each_profile
def test_who_changes_to_a_profile_keeps_the_number_only_where_it_is_told(profile: str) -> None:
    before = made("agency", entitled=True)
    if IS_TOLD[profile]:
        assert client_changes.changed(before, Change(members={}, profile=profile), simulation=False).entitled_to_pid
    else:
        for members in ({}, {"client_name": "Mây"}):
            with pytest.raises(RegistrationError):
                client_changes.changed(before, Change(members=members, profile=profile), simulation=False)
        both = Change(members={}, profile=profile, entitled_to_pid=False)
        assert client_changes.changed(before, both, simulation=False).profile == profile
    there = made(profile, entitled=False)
    if not IS_TOLD[profile]:
        with pytest.raises(RegistrationError):
            client_changes.changed(there, Change(members={}, entitled_to_pid=True), simulation=False)


@only_once
@each_profile
def test_who_registers_itself_is_told_it_only_where_its_profile_is(state: State, profile: str) -> None:
    offer(state, profile=profile, entitled_to_pid=True)
    answer = post(state, TOKEN, token_endpoint_auth_method="private_key_jwt", jwks=JWKS)
    if IS_TOLD[profile]:
        assert answer.status_code == 201, answer.text
    else:
        refused(answer)


# --- lifetimes --------------------------------------------------------------------------------------------------------


@each_profile
def test_the_lifetimes_of_each_profile(profile: str) -> None:
    row = PROFILES[profile].lifetimes
    names = tuple(each.name for each in fields(Lifetimes))
    assert names == ("request_uri", "code", "access_token", "issuance_token", "own_token", "offline")
    assert tuple(asdict(row).values()) == (*LIVES[profile][:5], LIVES[profile][5] * 86_400)
    assert row.code <= 60  # FAPI 2.0 Security Profile §5.3.2.1 (11)
    assert 30 < row.request_uri < 600  # §5.3.2.2 (12), note 2
    assert all(asdict(PROFILES["bank"].lifetimes)[name] <= asdict(row)[name] for name in names)
    assert row.issuance_token >= pre_authorized.TOKEN_LIFETIME


def nonce(state: State) -> str:
    return rules.nonce(state.web.oidc, now=state.clock[0])


@pytest.fixture
def holder(state: State, profile: str) -> Holder:
    known = strict(profile=profile)
    more = {"grant_types": ["authorization_code", "refresh_token", "client_credentials"]}
    asks = replace(known, scopes=(*known.scopes, "offline_access"), metadata={**known.metadata, **more})
    state.put(clients=(asks,))
    return Holder(state)


def begun(state: State, holder: Holder, **changed: str) -> dict[str, Any]:
    code = pushed_code(state, holder.proof("/par", nonce=nonce(state)), **changed)
    answer = strict_redeem(state, code, holder.proof(nonce=nonce(state)))
    assert answer.status_code == 200, answer.text
    got: dict[str, Any] = answer.get_json()
    return got


@only_once
@each_profile
def test_a_pushed_request_waits_as_long_as_its_profile_says(state: State, profile: str, holder: Holder) -> None:
    for waited in (LIVES[profile][0] - 1, LIVES[profile][0]):
        sent = signed(state, query(client_id="strict"), holder.proof("/par", nonce=nonce(state)), path="/par")
        assert sent.get_json()["expires_in"] == LIVES[profile][0]
        state.wait(waited)
        asked = {"client_id": "strict", "request_uri": sent.get_json()["request_uri"]}
        came = state.browser().get("/authorize", query_string=asked)
        assert (came.status_code == 303) is (waited < LIVES[profile][0])


@only_once
@each_profile
def test_a_code_lives_as_long_as_its_profile_says(state: State, profile: str, holder: Holder) -> None:
    for waited in (LIVES[profile][1] - 1, LIVES[profile][1]):
        code = pushed_code(state, holder.proof("/par", nonce=nonce(state)))
        state.wait(waited)
        answer = strict_redeem(state, code, holder.proof(nonce=nonce(state)))
        assert (answer.status_code == 200) is (waited < LIVES[profile][1]), answer.text


@only_once
@each_profile
def test_an_access_token_lives_as_long_as_its_profile_says(state: State, profile: str, holder: Holder) -> None:
    given, life = begun(state, holder), LIVES[profile][2]
    assert given["expires_in"] == life
    for waited, status in ((life - 1, 200), (1, 401)):
        state.wait(waited)
        sent = holder.proof("/userinfo", "GET", access_token=given["access_token"], nonce=nonce(state))
        assert holder.userinfo(given["access_token"], sent).status_code == status


@only_once
@each_profile
def test_a_family_ends_when_its_profile_says(state: State, profile: str, holder: Holder) -> None:
    given = begun(state, holder, scope="openid offline_access")
    state.wait(LIVES[profile][5] * 86_400 - 1)

    def refresh(token: str) -> Any:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return signed(state, form, holder.proof(nonce=nonce(state)))

    last = refresh(given["refresh_token"]).get_json()
    assert last["expires_in"] == 1
    state.wait(1)
    answers.token(refresh(last["refresh_token"]), "invalid_grant")


@only_once
@each_profile
def test_a_client_s_own_token_lives_as_long_as_its_profile_says(state: State, profile: str, holder: Holder) -> None:
    answer = signed(state, {"grant_type": "client_credentials"}, holder.proof(nonce=nonce(state)))
    given, life = answer.get_json(), LIVES[profile][4]
    assert given["expires_in"] == life, answer.text
    with state.storage.reading() as ports:
        now = state.clock[0]
        assert client_token.find(ports, given["access_token"], now=now + life - 1) is not None
        assert client_token.find(ports, given["access_token"], now=now + life) is None


@each_profile
def test_a_token_that_fetches_documents_lives_as_long_as_its_profile_says(profile: str) -> None:
    one = client(profile=profile)
    assert family.access_lifetime(one, family.ISSUANCE_PURPOSE) == LIVES[profile][3]
    assert family.lifetime(one, ("openid", "credential:driving_licence.licence")) == LIVES[profile][3]
    assert family.lifetime(one, ("openid",)) == LIVES[profile][2]


@only_once
def test_the_consent_page_says_how_long(state: State) -> None:
    """By the asker's own profile."""
    state.put(clients=(replace(strict(), scopes=("openid", "profile", "offline_access")),))
    person = Holder(state)
    sent = signed(
        state,
        query(client_id="strict", scope="openid profile offline_access"),
        person.proof("/par", nonce=nonce(state)),
        path="/par",
    )
    browser = state.browser()
    asked = {"client_id": "strict", "request_uri": sent.get_json()["request_uri"]}
    page = browser.get(browser.sign_in(browser.get("/authorize", query_string=asked)).headers["Location"])
    assert "30 ngày" in page.text and "90 ngày" not in page.text


# --- a profile that came later ----------------------------------------------------------------------------------------


def test_an_unbound_refresh_token_brings_no_bearer_token_once_keys_are_demanded(state: State) -> None:
    """It was given while no key was asked for; the client's secret alone then no longer gets anything by it."""
    now, scopes = state.clock[0], ("openid", "profile", "offline_access")
    state.put(clients=(replace(strict(profile="agency"), scopes=scopes), client("night", scopes=scopes)))
    state.browser().code(client_id="night", scope=" ".join(scopes))
    plain = signed(state, query(client_id="strict", scope=" ".join(scopes)), {}, path="/par").get_json()["request_uri"]
    browser = state.browser()
    done = browser.sign_in(browser.get("/authorize", query_string={"client_id": "strict", "request_uri": plain}))
    first = strict_redeem(state, answer_of(browser.decide(done))["code"], {}).get_json()
    assert first["token_type"] == "Bearer"
    given = state.redeem(state.browser().code(client_id="night", scope=" ".join(scopes)), basic("night")).get_json()
    with state.storage.transaction() as ports:
        ports.clients.replace(replace(strict(profile="bank"), scopes=scopes))
        ports.clients.replace(client("night", scopes=scopes, metadata={"dpop_bound_access_tokens": True}))
    state.wait(10)  # until every process has seen it
    holder, form = Holder(state), {"grant_type": "refresh_token"}
    answers.token(signed(state, {**form, "refresh_token": first["refresh_token"]}, {}), "invalid_request")
    answers.token(state.token({**form, "refresh_token": given["refresh_token"]}, basic("night")), "invalid_request")
    bound = signed(state, {**form, "refresh_token": first["refresh_token"]}, holder.proof(nonce=nonce(state)))
    assert bound.get_json()["token_type"] == "DPoP"
    with state.storage.reading() as ports:
        live = ports.grants.live(token_hash(bound.get_json()["access_token"]), "access", now=now + 20)
        assert live is not None and isinstance(live[1], Token) and live[1].jkt == holder.jkt
    answers.token(signed(state, {**form, "refresh_token": bound.get_json()["refresh_token"]}, {}), "invalid_request")

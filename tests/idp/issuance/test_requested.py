"""Documents asked for by scope: what may be asked together, what the citizen is shown, what the token then allows.

Spec: OpenID4VCI 1.0 §5.1.2, §6, §8.2, §15.1; attacks IS-04, IS-07.
"""

import json
from dataclasses import replace
from typing import Any

import pytest

from certs.catalogue import CATALOGUE
from certs.formats import cwt
from certs.keys import MemorySigner
from idp.issuance import documents, status, wallets
from idp.issuance.configurations import CREDENTIAL_SCOPES, SCOPE_PREFIX
from idp.issuance.entitlement import as_of
from idp.issuance.metadata import issuer_metadata
from idp.login.session import SignedIn
from idp.login.standing import holder, today
from idp.model import Client, Document, DocumentState, Grant, IssuedCredential, Token
from idp.oidc.clients import registration
from idp.oidc.clients.registration import RegistrationError
from idp.oidc.secrets import token_hash
from idp.ports import Storage
from tests.attacks import answers
from tests.idp.conftest import made, made_on_server, state
from tests.idp.issuance.office import LICENCE, NOW, Office
from tests.world_idp import CALLBACK, State, answer_of, basic, client, person

__all__ = ["made", "made_on_server", "state"]
SCOPE = "credential:driving_licence.licence credential:driving_licence.age_over_18 offline_access"
NOW_DAY = today(NOW)
RECORD = {**LICENCE, "full_name": "Nguyễn Thị Thuỳ Dương", "birth_date": "2003-05-09"}


@pytest.fixture
def wallet(state: State) -> Client:
    """A wallet that may ask for documents; Dương has a licence."""
    asker = client("wallet", scopes=("openid", "profile", "offline_access", *CREDENTIAL_SCOPES))
    state.put(clients=(asker,))
    give(state.storage)
    return asker


def give(storage: Storage, **changed: Any) -> None:
    with storage.transaction() as ports:
        ports.documents.add([replace(Document("d-licence", "p-duong", "driving_licence", RECORD), **changed)])


def test_every_configuration_has_its_scope() -> None:
    configurations = issuer_metadata("https://id.example.vn")["credential_configurations_supported"]
    assert {one["scope"]: name for name, one in configurations.items()} == dict(CREDENTIAL_SCOPES)


def test_the_server_tells_of_it(state: State) -> None:
    told = state.app.test_client().get("/.well-known/oauth-authorization-server").get_json()
    assert set(CREDENTIAL_SCOPES) < set(told["scopes_supported"])
    assert {"authorization_code", "refresh_token"} <= set(told["grant_types_supported"])
    assert told["revocation_endpoint"].endswith("/revoke")
    assert told["revocation_endpoint_auth_methods_supported"] == told["token_endpoint_auth_methods_supported"]


@pytest.mark.parametrize(
    "scope",
    [
        "openid credential:driving_licence.licence",  # another consent, another request
        "credential:driving_licence",
        "credential:passport.full",
        "offline_access",
        "profile",
        "",
    ],
)
def test_what_is_no_request(state: State, wallet: Client, scope: str) -> None:
    answers.redirect(state.browser().ask(client_id="wallet", scope=scope), "invalid_scope")


def test_a_client_asks_only_for_what_it_is_registered_for(state: State, wallet: Client) -> None:
    answers.redirect(state.browser().ask(scope=SCOPE), "invalid_scope")


def test_consent_names_the_documents_and_what_is_in_them(state: State, wallet: Client) -> None:
    browser = state.browser()
    page = browser.get(browser.sign_in(browser.ask(client_id="wallet", scope=SCOPE)).headers["Location"])
    for words in ("Giấy phép lái xe", "Đủ 18 tuổi", "Nguyễn Thị Thuỳ Dương", "09/05/2003", "B (01/03/2021", "90 ngày"):
        assert words in page.text, words
    assert "790 211 234 567" in page.text
    assert "bank.example.vn" in page.text  # where the wallet is
    english = browser.get(page.request.path + "?lang=en")
    assert "Put into this wallet?" in english.text and "Driving licence" in english.text


def test_only_the_views_asked_for_are_told(state: State, wallet: Client) -> None:
    browser = state.browser()
    asked = browser.ask(client_id="wallet", scope="credential:driving_licence.age_over_18")
    page = browser.get(browser.sign_in(asked).headers["Location"])
    assert "Đủ 18 tuổi" in page.text and "09/05/2003" not in page.text and 'id="offline"' not in page.text


@pytest.mark.parametrize("format_", ["sd_jwt", "mdoc"])
def test_who_is_asked_for_the_whole_document_is_told_everything_in_it(
    state: State, wallet: Client, format_: str
) -> None:
    browser = state.browser()
    asked = browser.ask(client_id="wallet", scope=f"credential:driving_licence.{format_}")
    page = browser.get(browser.sign_in(asked).headers["Location"])
    assert 'id="whole-driving_licence"' in page.text and "Toàn bộ, trình từng phần" in page.text
    for field in CATALOGUE["driving_licence"].fields:
        assert field.label.vi in page.text, field.name
    answer_of(browser.submit(page, decision="share"))
    (given,) = state.journal("consent_given")
    names = {f"driving_licence.{field.name}" for field in CATALOGUE["driving_licence"].fields}
    assert set(given.details["claims"]) == names
    consents = browser.get("/consents").text
    assert "Toàn bộ, trình từng phần" in consents
    view = browser.ask(client_id="wallet", scope="credential:driving_licence.licence")
    assert view.headers["Location"].startswith("/consent/")  # a view is another thing


def test_views_alone_are_not_the_whole_document(state: State, wallet: Client) -> None:
    browser = state.browser()
    page = browser.get(browser.sign_in(browser.ask(client_id="wallet", scope=SCOPE)).headers["Location"])
    assert "whole-driving_licence" not in page.text and "Nơi cư trú" not in page.text


def test_tokens_and_journal(state: State, wallet: Client) -> None:
    code = state.browser().code(client_id="wallet", scope=SCOPE)
    got = state.redeem(code, headers=basic("wallet")).get_json()
    assert set(got) == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert got["scope"] == SCOPE and got["expires_in"] == 300
    refused = state.userinfo(got["access_token"])
    assert refused.status_code == 403  # it says nothing about the person
    (given,) = state.journal("consent_given")
    assert "driving_licence.full_name" in given.details["claims"]
    assert "Dương" not in repr(given)


def test_a_token_for_the_person_opens_no_documents(state: State, wallet: Client) -> None:
    token = state.redeem(state.browser().code()).get_json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert state.app.test_client().post("/credential", json={}, headers=headers).status_code == 403


def test_allowed_once_it_is_not_asked_again(state: State, wallet: Client) -> None:
    browser = state.browser()
    browser.code(client_id="wallet", scope=SCOPE)
    assert "code" in answer_of(browser.ask(client_id="wallet", scope=SCOPE))
    more = browser.ask(client_id="wallet", scope="credential:driving_licence.full")
    assert more.headers["Location"].startswith("/consent/")


@pytest.mark.parametrize("before", [True, False])
def test_what_cannot_be_issued_is_told_to_the_person(state: State, wallet: Client, before: bool) -> None:
    browser = state.browser()
    if before:
        browser.code(client_id="wallet", scope=SCOPE)
    with state.storage.transaction() as ports:
        ports.documents.set_state("d-licence", DocumentState.SUSPENDED)
    asked = browser.ask(client_id="wallet", scope=SCOPE)
    if not before:
        asked = browser.sign_in(asked)
    page = browser.get(asked.headers["Location"])
    assert "tạm đình chỉ" in page.text and 'value="share"' not in page.text
    assert "Dương" not in page.text.split("data-document")[1]
    answers.page(browser.submit(page, decision="share"))
    page = browser.get(browser.ask(client_id="wallet", scope=SCOPE).headers["Location"])
    answers.redirect(browser.submit(page, decision="do-not-share"), "access_denied")


def test_silently_there_is_no_page_for_it(state: State, wallet: Client) -> None:
    browser = state.browser()
    browser.code(client_id="wallet", scope=SCOPE)
    assert "code" in answer_of(browser.ask(client_id="wallet", scope=SCOPE, prompt="none"))
    with state.storage.transaction() as ports:
        ports.documents.set_state("d-licence", DocumentState.REVOKED)
    answers.redirect(browser.ask(client_id="wallet", scope=SCOPE, prompt="none"), "consent_required")


def test_a_document_that_one_does_not_have(state: State, wallet: Client) -> None:
    browser = state.browser()
    asked = browser.ask(client_id="wallet", scope="credential:health_record.summary")
    page = browser.get(browser.sign_in(asked).headers["Location"])
    assert "Bạn không có giấy tờ này" in page.text and 'value="share"' not in page.text


def test_the_page_of_consents_names_it(state: State, wallet: Client) -> None:
    browser = state.browser()
    browser.code(client_id="wallet", scope=SCOPE)
    page = browser.get("/consents").text
    assert "Giấy phép lái xe" in page and "Đủ 18 tuổi" in page and "Cả khi bạn không có mặt" in page


def test_registration_knows_the_scopes() -> None:
    metadata = {"client_name": "Ví", "purpose": "Giữ giấy tờ", "redirect_uris": [CALLBACK], "scope": SCOPE}
    more = {"grant_types": ["authorization_code", "refresh_token"]}
    fixed: dict[str, Any] = {"client_id": "w", "secret_hash": "0" * 64, "profile": "agency"}
    made_of = registration.client({**metadata, **more}, **fixed, entitled_to_pid=True, simulation=False)
    assert made_of.scopes == tuple(SCOPE.split())
    with pytest.raises(RegistrationError):
        registration.client(
            {**metadata, "scope": "credential:passport.full"}, **fixed, entitled_to_pid=True, simulation=False
        )


# --- the credential endpoint ------------------------------------------------------------------------------------------


def granted(office: Office, *scopes: str, narrowed: tuple[str, ...] | None = None) -> str:
    """A token as the authorization code flow leaves it."""
    with office.storage.transaction() as ports:
        grant = Grant(
            "g1", "account-1", "wallet", tuple(SCOPE_PREFIX + each for each in scopes), "issuance", NOW, NOW + 300
        )
        ports.grants.open(grant, [Token(token_hash("t1"), "g1", "access", NOW + 300, 0, narrowed)])
    return "t1"


def test_the_scopes_of_the_token_decide(office: Office) -> None:
    token = granted(office, "driving_licence.licence", "health_record.summary")
    key = MemorySigner.generate()
    assert (
        cwt.peek(office.receive(key, "driving_licence.licence", token)).holder.thumbprint() == key.public.thumbprint()
    )
    office.receive(MemorySigner.generate(), "health_record.summary", token)
    refused = office.ask(token, office.request(office.proof(), configuration="driving_licence.full"))
    assert refused.status == 403 and json.loads(refused.body)["error"] == "insufficient_scope"


def test_a_narrowed_token_opens_less_than_its_grant(office: Office) -> None:
    only = (SCOPE_PREFIX + "health_record.summary",)
    token = granted(office, "driving_licence.licence", "health_record.summary", narrowed=only)
    office.receive(MemorySigner.generate(), "health_record.summary", token)
    assert office.ask(token, office.request(office.proof(), configuration="driving_licence.licence")).status == 403


def test_is_07_the_registers_of_this_moment(office: Office) -> None:
    token = granted(office, "driving_licence.licence")
    with office.storage.transaction() as ports:
        documents.suspend(ports, document_id="licence-1", by="test", now=NOW)
    refused = office.ask(token, office.request(office.proof()))
    assert refused.status == 400 and json.loads(refused.body)["error"] == "credential_request_denied"
    with office.storage.transaction() as ports:  # a new one was issued meanwhile
        ports.documents.add([Document("licence-1b", "person-1", "driving_licence", LICENCE)])
    office.receive(MemorySigner.generate(), "driving_licence.licence", token)


def test_a_token_does_not_mint_without_end(office: Office) -> None:
    token = granted(office, "driving_licence.licence")
    for _ in range(5):
        office.receive(MemorySigner.generate(), "driving_licence.licence", token)
    refused = office.ask(token, office.request(office.proof()))
    assert json.loads(refused.body)["error"] == "credential_request_denied"


# --- ages and locks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "adult"),
    [
        ("2008-09-21", True),
        ("2008-09-22", False),
        ("2008", False),
        ("2007", True),
        ("2008-08", True),
        ("2008-09", False),
    ],
)
def test_an_age_is_of_the_day_of_issue(office: Office, born: str, adult: bool) -> None:
    """The record says what held when it was written; the signature says what holds today (21 September 2026)."""
    office.change_person(birth_date=born)
    credential = office.receive(MemorySigner.generate(), "driving_licence.age_over_18")
    assert cwt.peek(credential).claims == {"age_over_18": adult}


def test_a_record_without_an_age_stays_as_it_is() -> None:
    tax = Document("d", "p", "tax_registration", {"tax_code": "1"})
    assert as_of(tax, CATALOGUE["tax_registration"], person(), day=NOW_DAY) == tax.record


def test_a_lock_ends_sessions_tokens_and_documents(state: State, wallet: Client) -> None:
    browser = state.browser()
    tokens = state.redeem(browser.code(client_id="wallet", scope=SCOPE), headers=basic("wallet")).get_json()
    change = {"person_id": "p-duong", "by": "test", "now": state.clock[0]}
    with state.storage.transaction() as ports:
        assert documents.set_lock(ports, locked=True, **change) == 0  # nothing was issued yet
        refused = documents.set_lock(ports, locked=True, **change)
        assert not isinstance(refused, int) and refused.code == "locked_already"
    with state.storage.transaction() as ports:
        assert documents.set_lock(ports, locked=False, **change) == 0
        assert ports.population.get("p-duong") == person()
    # What was open before does not come back.
    assert browser.ask().headers["Location"].startswith("/login/")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    answers.token(state.token(form, basic("wallet")), "invalid_grant")
    kinds = [event.kind for event in reversed(state.journal())]
    assert [kind for kind in kinds if "lock" in kind] == [
        "person_locked",
        "documents_locked",
        "person_unlocked",
        "documents_unlocked",
    ]


def sessions(state: State) -> set[str]:
    with state.storage.reading() as ports:
        return {one.sid for one in ports.sessions.of_account("a-duong", now=state.clock[0])}


def test_a_code_on_its_way_to_a_lost_phone_opens_nothing_after_the_lock(state: State, wallet: Client) -> None:
    """Who has the phone has the code that its browser was just given: it would fetch the same documents for three months."""
    phone, home = state.browser(), state.browser()
    kept = state.redeem(phone.code(client_id="wallet", scope=SCOPE), headers=basic("wallet"))
    assert kept.status_code == 200
    on_its_way = answer_of(phone.ask(client_id="wallet", scope=SCOPE))["code"]
    lost = sessions(state)
    home.sign_in(home.ask())
    with state.storage.transaction() as ports:
        place = status.allocate(ports.statuses, CATALOGUE["driving_licence"].code)
        copy = IssuedCredential("c-1", "d-licence", "licence", "print", *place, NOW, NOW + 90, "wallet", "lost", "")
        ports.documents.record_issue(copy)
    with state.storage.transaction() as ports:
        who = holder(ports, "a-duong", now=state.clock[0])
        (here,) = [one for one in ports.sessions.of_account("a-duong", now=state.clock[0]) if one.sid not in lost]
        assert who is not None
        done = wallets.lock(ports, SignedIn(here, who), "lost", now=state.clock[0], simulation=True)
        assert isinstance(done, wallets.Locked)
    answers.token(state.redeem(on_its_way, headers=basic("wallet")), "invalid_grant")
    at_home = answer_of(home.ask(client_id="wallet", scope=SCOPE))["code"]  # who asked for the lock goes on
    assert state.redeem(at_home, headers=basic("wallet")).status_code == 200

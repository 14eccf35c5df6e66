"""The device endpoint: who may add a phone, which key, which passcode; and that its person hears of it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from werkzeug.test import TestResponse

from certs import device
from certs.keys import MemorySigner
from idp.login import passcode
from idp.login.devices import MOST, DeviceRefused
from idp.model import AuthenticatorKind, Grant, Token
from idp.oidc.secrets import new_secret, token_hash
from tests.phone import PASSCODE, Phone, waiting
from tests.world_idp import ISSUER, State, answer_of, client


def token(state: State, *, acr: str = "LoA2", scopes: tuple[str, ...] = ("openid", "device"), **more: Any) -> str:
    """An access token of the wallet, as a log-in at this level leads to."""
    value, grant_id, now = new_secret(), new_secret(), state.clock[0]
    given = {"account_id": "a-duong", "purpose": "openid", **more}
    details = {"acr": acr, "amr": ["otp", "pwd"], "auth_time": now}
    grant = Grant(
        grant_id=grant_id, client_id="bank", scopes=scopes, opened_at=now, expires=now + 600, details=details, **given
    )
    with state.storage.transaction() as ports:
        ports.grants.open(grant, [Token(token_hash(value), grant_id, "access", now + 600)])
    return value


def nonce(state: State) -> str:
    return str(state.app.test_client().post("/nonce").get_json()["c_nonce"])


def body(state: State, signer: MemorySigner, **changed: str) -> dict[str, str]:
    proof = device.sign_enrolment(signer, audience=ISSUER, nonce=nonce(state), now=state.clock[0])
    return {"proof": proof, "name": "  Máy của  Dương ", "passcode": PASSCODE, **changed}


def enrol(state: State, content: object, access: str | None = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {access or token(state)}"}
    return state.app.test_client().post("/devices", json=content, headers=headers)


def refused(answer: TestResponse, status: int, error: str) -> None:
    assert (answer.status_code, answer.get_json()["error"]) == (status, error), answer.text


def held(state: State) -> list[str]:
    with state.storage.reading() as ports:
        return [one.name for one in ports.authenticators.of_account("a-duong") if one.kind is AuthenticatorKind.DEVICE]


def test_a_phone_is_enrolled_and_then_signs_in(state: State) -> None:
    phone = Phone(state)
    answer = enrol(state, body(state, phone.signer))
    assert (answer.status_code, answer.get_json()) == (201, {"device_id": phone.thumbprint, "name": "Máy của Dương"})
    screen = waiting(state)
    code = screen.code
    phone.look(code)
    assert phone.approve(code, screen.number).get_json()["outcome"] == "approved"
    assert screen.go_on().status_code == 303


def test_its_person_hears_of_it(state: State) -> None:
    enrol(state, body(state, MemorySigner.generate()))
    added = [event.details for event in state.journal("authenticator_added")]
    assert {"kind": "device", "name": "Máy của Dương"} in added
    with state.storage.reading() as ports:
        (message,) = ports.messages.recent(now=state.clock[0], phone="+84912345678")
    assert "xóa nó ngay" in message.text.vi


@pytest.mark.parametrize(
    ("given", "status", "error"),
    [
        ({"scopes": ("openid",)}, 403, "insufficient_scope"),
        ({"purpose": "issuance"}, 403, "insufficient_scope"),
        ({"account_id": "a-locked"}, 401, "invalid_token"),
    ],
)
def test_a_token_that_does_not_allow_it(state: State, given: dict[str, Any], status: int, error: str) -> None:
    refused(enrol(state, body(state, MemorySigner.generate()), token(state, **given)), status, error)
    assert not held(state)


def test_a_refreshed_token_adds_no_phone(state: State) -> None:
    """A wallet may act for its person for ninety days, and not make itself a way to sign in as them."""
    access = token(state)
    with state.storage.transaction() as ports:
        found = ports.grants.live(token_hash(access), "access", now=state.clock[0])
        assert found is not None
        later, value = replace(found[0], grant_id=new_secret(), expires=state.clock[0] + 90 * 86_400), new_secret()
        ports.grants.open(later, [Token(token_hash(value), later.grant_id, "access", state.clock[0] + 7200)])
    state.wait(3600)
    refused(enrol(state, body(state, MemorySigner.generate()), value), 401, "invalid_token")
    assert not held(state)


def test_a_log_in_that_was_too_weak_is_told_what_would_do(state: State) -> None:
    answer = enrol(state, body(state, MemorySigner.generate()), token(state, acr="LoA1"))
    refused(answer, 401, "insufficient_user_authentication")
    assert 'acr_values="LoA2' in answer.headers["WWW-Authenticate"]  # RFC 9470 §3
    assert not held(state)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"name": ""}, "invalid_request"),
        ({"name": "x" * 65}, "invalid_request"),
        ({"name": "Máy\u202eyám"}, "invalid_request"),
        ({"passcode": "12345"}, "passcode_refused"),
        ({"passcode": "123456"}, "passcode_refused"),
        ({"passcode": "090503"}, "passcode_refused"),  # her birthday
        ({"proof": "a.b.c"}, "invalid_proof"),
        ({"more": "x"}, "invalid_request"),
    ],
)
def test_what_is_refused_leaves_nothing(state: State, changed: dict[str, str], error: str) -> None:
    refused(enrol(state, body(state, MemorySigner.generate(), **changed)), 400, error)
    assert not held(state)
    with state.storage.reading() as ports:
        assert passcode.of(ports, "a-duong") is None


def test_the_reason_of_a_refused_passcode_is_told(state: State) -> None:
    assert enrol(state, body(state, MemorySigner.generate(), passcode="090503")).get_json()["reason"] == "birth_date"


def test_a_nonce_is_good_once_and_a_published_key_never(state: State) -> None:
    signer = MemorySigner.generate()
    sent = body(state, signer)
    assert enrol(state, sent).status_code == 201
    refused(enrol(state, sent), 400, "invalid_nonce")
    foreign = device.sign_enrolment(signer, audience=ISSUER, nonce="n" * 43, now=state.clock[0])
    refused(enrol(state, {**sent, "proof": foreign}), 400, "invalid_nonce")
    from_elsewhere = device.sign_enrolment(
        signer, audience="https://other.example", nonce=nonce(state), now=state.clock[0]
    )
    refused(enrol(state, {**sent, "proof": from_elsewhere}), 400, "invalid_proof")


def test_the_same_key_again_changes_nothing_and_another_account_s_is_refused(state: State) -> None:
    signer = MemorySigner.generate()
    enrol(state, body(state, signer))
    again = enrol(state, body(state, signer, name="Máy khác"))
    assert (again.status_code, again.get_json()["name"]) == (201, "Máy của Dương")
    assert held(state) == ["Máy của Dương"]
    other = token(state, account_id="a-lam")
    refused(enrol(state, body(state, signer), other), 409, "device_known")


def test_a_second_phone_has_the_same_passcode(state: State) -> None:
    enrol(state, body(state, MemorySigner.generate()))
    refused(enrol(state, body(state, MemorySigner.generate(), passcode="904162")), 403, "passcode_wrong")
    assert enrol(state, body(state, MemorySigner.generate())).status_code == 201
    assert len(held(state)) == 2


def test_guessing_the_passcode_by_enrolling_is_counted(state: State) -> None:
    enrol(state, body(state, MemorySigner.generate()))
    statuses = [enrol(state, body(state, MemorySigner.generate(), passcode="904162")).status_code for _ in range(7)]
    assert statuses == [403] * 6 + [429]
    limited = enrol(state, body(state, MemorySigner.generate()))
    refused(limited, 429, "too_many_tries")
    assert int(limited.headers["Retry-After"]) > 0


def test_few_phones_even_if_many_ask_at_once(state: State) -> None:
    for number in range(MOST):
        assert enrol(state, body(state, MemorySigner.generate())).status_code == 201, number
    refused(enrol(state, body(state, MemorySigner.generate())), 409, "too_many_devices")
    for _ in range(5):  # one place is free, and four want it
        with state.storage.transaction() as ports:
            of_her = ports.authenticators.of_account("a-duong")
            last = next(one for one in of_her if one.kind is AuthenticatorKind.DEVICE)
            ports.authenticators.remove("a-duong", last.authenticator_id)
        start = Barrier(4)

        def race(_: int, start: Barrier = start) -> bool:
            start.wait()
            try:
                Phone(state).enrolled()
            except DeviceRefused:
                return False
            return True

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(race, range(4))) == [False, False, False, True]
        assert len(held(state)) == MOST


def test_the_scope_is_asked_for_in_words_and_not_given_to_everybody(state: State) -> None:
    browser = state.browser()
    assert answer_of(browser.ask(scope="openid device"))["error"] == "invalid_scope"
    state.put(clients=(client("wallet", scopes=("openid", "device")),))
    consent = browser.sign_in(browser.ask(client_id="wallet", scope="openid device"))
    page = browser.get(consent.headers["Location"])
    assert "Bên này muốn dùng thiết bị của bạn để xác nhận đăng nhập" in page.text
    browser.submit(page, decision="share")
    assert "Được thêm thiết bị để xác nhận đăng nhập" in browser.get("/consents").text

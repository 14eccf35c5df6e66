"""Device authorization (RFC 8628): codes, pages, pace, one decision, one use."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from certs.catalogue import Text
from idp.oidc import device_flow
from idp.oidc.device_authorization import FLOOD
from tests.attacks import answers
from tests.idp.devices import GRANT, allow, begin, poll, signed_in, television, type_code
from tests.world_idp import ISSUER, NOW, State, basic, client


@pytest.fixture(autouse=True)
def televisions(state: State) -> None:
    named = {"name": Text("Truyền hình Sao", "Star Television"), "purpose": Text("Xem phim", "To watch films")}
    state.put(clients=(television(**named), television("radio")))


def test_a_whole_walk(state: State) -> None:
    answer = begin(state)
    answers.headers(answer)
    begun = answer.get_json()
    code = begun["user_code"]
    assert re.fullmatch(f"[{device_flow.ALPHABET}]{{4}}-[{device_flow.ALPHABET}]{{4}}", code)
    assert {name: begun[name] for name in set(begun) - {"device_code", "user_code"}} == {
        "verification_uri": f"{ISSUER}/device",
        "verification_uri_complete": f"{ISSUER}/device/{code}",
        "expires_in": 600,
        "interval": 5,
    }
    answers.token(poll(state, begun["device_code"]), "authorization_pending")
    done = allow(signed_in(state), code)
    assert done.headers["Location"] == f"{ISSUER}/device/done?result=approved"
    state.wait(5)
    got = poll(state, begun["device_code"])
    assert got.status_code == 200, got.text
    tokens = got.get_json()
    claims = state.id_token(tokens["id_token"], "tv")
    assert (claims["sub"], claims["auth_time"]) == ("999203001234", NOW) and "nonce" not in claims
    assert state.userinfo(tokens["access_token"]).get_json()["name"] == "Nguyễn Thị Thuỳ Dương"
    for kind in ("device_authorization", "device_approved", "consent_given"):
        answers.one_event(state, kind)
    state.wait(5)
    answers.token(poll(state, begun["device_code"]), "invalid_grant")  # one use
    assert type_code(signed_in(state), code).status_code == 422


def test_the_pages_say_who_asks_for_what(state: State) -> None:
    begun = begin(state, scope="openid profile offline_access").get_json()
    browser = state.browser()
    to_log_in = browser.get(begun["verification_uri_complete"].removeprefix(ISSUER))
    page = browser.get(browser.sign_in(to_log_in).headers["Location"])  # back to the address with the code
    assert f'value="{begun["user_code"]}"' in page.text and 'id="device-qr"' in page.text
    confirm = browser.submit(page, user_code=begun["user_code"])
    for text in ("Truyền hình Sao", "Xem phim", begun["user_code"], "Ngày, tháng, năm sinh", 'id="offline"'):
        assert text in confirm.text
    assert "Nguyễn Thị Thuỳ Dương" not in confirm.text
    consent = browser.get(browser.submit(confirm, decision="continue").headers["Location"])
    for text in ("Truyền hình Sao", begun["user_code"], "thiết bị đang hiện mã", "Nguyễn Thị Thuỳ Dương", "90 ngày"):
        assert text in consent.text
    english = browser.get("/device?lang=en")
    assert "Let another device sign in" in english.text
    done = browser.submit(consent, decision="share")
    assert "Xong." in browser.get(done.headers["Location"].removeprefix(ISSUER) + "&lang=vi").text


def test_consent_is_asked_each_time(state: State) -> None:
    browser = signed_in(state)
    for _ in range(2):
        begun = begin(state).get_json()
        after = browser.submit(type_code(browser, begun["user_code"]), decision="continue")
        assert after.headers["Location"].startswith("/consent/")
        assert browser.decide(after).headers["Location"].endswith("result=approved")


def test_the_complete_address_is_drawn_for_devices_that_cannot(state: State) -> None:
    code = begin(state).get_json()["user_code"]
    for shown in (code, "BCDF-GHJK"):  # it does not tell which one there is
        drawn = state.app.test_client().get(f"/device/{shown}/qr")
        assert (drawn.status_code, drawn.mimetype) == (200, "image/svg+xml")
    assert state.app.test_client().get("/device/x/qr").status_code == 404


@pytest.mark.parametrize("form", ["{code}", "{small}", " {bare} ", "{spaced}", "{dashed}"])
def test_codes_as_people_type_them(state: State, form: str) -> None:
    code = begin(state).get_json()["user_code"]
    bare = code.replace("-", "")
    typed = form.format(code=code, small=code.lower(), bare=bare, spaced=" ".join(bare), dashed=code.replace("-", "–"))
    assert 'id="continue"' in type_code(signed_in(state), typed).text


def test_denied_on_either_page(state: State) -> None:
    browser = signed_in(state)
    first, second = begin(state).get_json(), begin(state).get_json()
    stopped = browser.submit(type_code(browser, first["user_code"]), decision="stop")
    assert "không được cho phép" in browser.get(stopped.headers["Location"]).text
    answers.one_event(state, "device_denied")
    refused = allow(browser, second["user_code"], "do-not-share")
    assert "error=access_denied" in refused.headers["Location"]
    assert "không được cho phép" in browser.get(refused.headers["Location"].removeprefix(ISSUER)).text
    for begun in (first, second):
        answers.token(poll(state, begun["device_code"]), "access_denied")
        state.wait(5)
        answers.token(poll(state, begun["device_code"]), "invalid_grant")


def test_expired(state: State) -> None:
    begun, browser = begin(state).get_json(), signed_in(state)
    confirm = type_code(browser, begun["user_code"])
    consent = browser.get(browser.submit(confirm, decision="continue").headers["Location"])
    state.wait(device_flow.LIFETIME)
    answers.token(poll(state, begun["device_code"]), "expired_token")
    assert "error=expired_token" in browser.submit(consent, decision="share").headers["Location"]
    assert type_code(browser, begun["user_code"]).status_code == 422
    state.wait(device_flow.REMEMBERED)
    answers.token(poll(state, begun["device_code"]), "invalid_grant")


def test_one_decision(state: State) -> None:
    """Two people typed the code; the first to decide has decided."""
    begun = begin(state).get_json()
    first, second = signed_in(state), signed_in(state, identifier="999090000111")
    pages = [
        browser.get(browser.submit(type_code(browser, begun["user_code"]), decision="continue").headers["Location"])
        for browser in (first, second)
    ]
    assert second.submit(pages[1], decision="share").headers["Location"].endswith("result=approved")
    assert "error=expired_token" in first.submit(pages[0], decision="share").headers["Location"]
    tokens = poll(state, begun["device_code"]).get_json()
    assert state.id_token(tokens["id_token"], "tv")["sub"] == "999090000111"


def test_one_use_by_polls_at_once(state: State) -> None:
    begun = begin(state).get_json()
    allow(signed_in(state), begun["user_code"])
    with ThreadPoolExecutor(4) as pool:
        polls = list(pool.map(lambda _: poll(state, begun["device_code"]), range(8)))
    assert [one.status_code for one in polls].count(200) == 1
    assert {one.get_json().get("error") for one in polls} <= {
        None,
        "slow_down",
        "invalid_grant",
        "temporarily_unavailable",
    }


def test_it_is_the_clients_own(state: State) -> None:
    begun = begin(state).get_json()
    allow(signed_in(state), begun["user_code"])
    answers.token(poll(state, begun["device_code"], "radio"), "invalid_grant")
    answers.token(poll(state, begun["user_code"]), "invalid_grant")
    answers.token(poll(state, "x" * 5_000), "invalid_grant")
    answers.token(state.token({"grant_type": GRANT, "client_id": "tv"}, {}), "invalid_request")
    answers.token(state.token({"grant_type": GRANT, "device_code": begun["device_code"]}, {}), "invalid_client")
    assert poll(state, begun["device_code"]).status_code == 200


def test_who_may_not_begin(state: State) -> None:
    state.put(clients=(television("strict", profile="bank"),))
    answers.token(begin(state, "phone"), "unauthorized_client")
    answers.token(begin(state, "strict"), "unauthorized_client")
    answers.token(begin(state, "nobody"), "invalid_client")
    answers.token(state.token({"scope": "openid"}, {}, path="/device_authorization"), "invalid_client")
    answers.token(state.token({"scope": "openid"}, path="/device_authorization"), "unauthorized_client")


@pytest.mark.parametrize("scope", ["", "profile", "openid device", "openid vneid", "openid driving_licence"])
def test_scopes_that_a_device_may_not_have(state: State, scope: str) -> None:
    state.put(clients=(television("greedy", scopes=("openid", "profile", "device")),))
    if scope != "openid driving_licence":
        answers.token(begin(state, "greedy", scope), "invalid_scope")
    else:  # unknown: ignored, as everywhere
        assert begin(state, "greedy", scope).status_code == 200


def test_a_confidential_client_proves_itself_each_time(state: State) -> None:
    state.put(clients=(client("box", metadata={"grant_types": [GRANT]}),))
    answers.token(begin(state, "box"), "invalid_client")
    begun = state.token({"scope": "openid"}, basic("box"), path="/device_authorization").get_json()
    allow(signed_in(state), begun["user_code"])
    form = {"grant_type": GRANT, "device_code": begun["device_code"]}
    answers.token(state.token({**form, "client_id": "box"}, {}), "invalid_client")
    assert state.token(form, basic("box")).status_code == 200


def test_floods_are_stopped(state: State) -> None:
    with state.storage.transaction() as ports:
        for _ in range(601):
            ports.attempts.count(FLOOD, "tv\n127.0.0.1", now=state.clock[0])
    answers.token(begin(state), "temporarily_unavailable", 429)
    assert begin(state, "radio").status_code == 200
    elsewhere = {"path": "/device_authorization", "environ_overrides": {"REMOTE_ADDR": "198.51.100.9"}}
    asked = state.token({"client_id": "tv", "scope": "openid"}, {}, **elsewhere)
    assert asked.status_code == 200  # a stranger does not put out everybody's television


def test_it_is_announced(state: State) -> None:
    metadata = state.app.test_client().get("/.well-known/openid-configuration").get_json()
    assert metadata["device_authorization_endpoint"] == f"{ISSUER}/device_authorization"
    assert GRANT in metadata["grant_types_supported"]

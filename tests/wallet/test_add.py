"""Adding a document without an offer and refreshing it: who is sent where, what may come back, what stays when it fails.

Spec: OpenID4VCI 1.0 §5.1.2, §14.5; RFC 7636; RFC 9207; RFC 7009.
"""

import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from certs.encoding import b64url_encode
from certs.fetch import FetchError, Response
from tests.idp.conftest import made, made_on_server, state
from tests.wallet.citizen import URL, Citizen, register, wallet_app
from tests.wallet.issuer import CODE, ISSUER, IssuerDesk
from tests.world_idp import State

__all__ = ["made", "made_on_server", "state"]


@pytest.fixture
def citizen(state: State, desk: IssuerDesk, tmp_path: Path) -> Citizen:
    register(state)
    citizen = Citizen(wallet_app(desk, state, tmp_path / "wallet"), state)
    citizen.sign_in()
    return citizen


def asked(citizen: Citizen, path: str = "/add/driving_licence", **form: str) -> dict[str, str]:
    """What the wallet sends to the authorization endpoint."""
    response = citizen.post(path, data={"csrf": citizen.csrf(), **form})
    assert response.status_code == 303, response.text
    address, _, query = response.headers["Location"].partition("?")
    assert address == f"{ISSUER}/authorize"
    return dict(parse_qsl(query))


def back(citizen: Citizen, state: str, **changed: str) -> TestResponse:
    return citizen.get("/add/callback", query_string={"code": CODE, "state": state, "iss": ISSUER, **changed})


def begun(page: TestResponse) -> dict[str, Any]:
    assert page.status_code == 200, page.text
    found = re.search(r'data-begun="([^"]+)"', page.text)
    assert found is not None, page.text
    loaded: dict[str, Any] = json.loads(html.unescape(found[1]))
    return loaded


def finish(citizen: Citizen, arrived: TestResponse, *, now: int) -> TestResponse:
    assert arrived.status_code == 303, arrived.text
    receipt = begun(citizen.get(arrived.headers["Location"]))
    return citizen.call("/receive/complete", {"receipt": receipt["receipt"], "proofs": citizen.prove(receipt, now=now)})


def add(citizen: Citizen, desk: IssuerDesk) -> str:
    done = finish(citizen, back(citizen, asked(citizen)["state"]), now=desk.world.now)
    assert done.status_code == 200, done.text
    location: str = done.json["documents"][0]["location"]  # type: ignore[index]
    return location


def refresh(citizen: Citizen, location: str) -> TestResponse:
    return citizen.post(f"{location}/refresh", data={"csrf": citizen.csrf()})


def test_the_page_lists_what_the_issuer_has(citizen: Citizen, desk: IssuerDesk) -> None:
    page = citizen.get("/add").text
    for kind in ("driving_licence", "health_record", "citizen_identity", "health_insurance_card", "tax_registration"):
        assert f'id="add-{kind}"' in page
    assert "Đủ 18 tuổi" in page and "Dữ liệu nhạy cảm" in page
    english = citizen.get("/add?lang=en").text
    assert "Driving licence" in english and "Which document" in english
    location = add(citizen, desk)
    held = citizen.get("/add").text
    assert 'id="add-driving_licence"' not in held and location in held


def test_what_cannot_be_asked_for_is_not_listed(citizen: Citizen, desk: IssuerDesk) -> None:
    metadata = desk.metadata()
    for name, one in metadata["credential_configurations_supported"].items():
        if name.startswith("driving_licence"):
            one["scope"] = "openid offline_access"  # not one scope, but a way to get others
        else:
            del one["scope"]
    desk.changes["/.well-known/openid-credential-issuer"] = metadata
    assert 'id="no-choices"' in citizen.get("/add").text
    assert citizen.post("/add/driving_licence", data={"csrf": citizen.csrf()}).status_code == 400


def test_the_issuer_cannot_be_reached(citizen: Citizen, desk: IssuerDesk) -> None:
    desk.changes["/.well-known/openid-credential-issuer"] = FetchError("unreachable", "x")
    page = citizen.get("/add")
    assert page.status_code == 503 and "Chưa liên lạc được với cơ quan cấp" in page.text


def test_what_is_asked(citizen: Citizen) -> None:
    sent = asked(citizen)
    assert sent["response_type"] == "code" and sent["client_id"] == "wallet"
    assert sent["redirect_uri"] == f"{URL}/add/callback"
    assert sent["scope"].split() == [
        "credential:driving_licence.licence",
        "credential:driving_licence.age_over_18",
        "credential:driving_licence.full",
        "credential:driving_licence.sd_jwt",
        "credential:driving_licence.mdoc",
        "offline_access",
    ]
    assert sent["code_challenge_method"] == "S256" and len(sent["code_challenge"]) == 43
    assert len(sent["state"]) == 43 and sent["state"] != asked(citizen)["state"]
    assert "issuer_state" not in sent


def test_no_offline_access_where_the_server_has_none(citizen: Citizen, desk: IssuerDesk) -> None:
    desk.changes["/.well-known/oauth-authorization-server"] = {**desk.server_metadata(), "scopes_supported": ["openid"]}
    assert "offline_access" not in asked(citizen)["scope"]


def test_the_code_is_traded_with_its_verifier(citizen: Citizen, desk: IssuerDesk) -> None:
    sent = asked(citizen)
    assert back(citizen, sent["state"]).status_code == 303
    (form,) = [form for method, path, form in desk.asked if (method, path) == ("POST", "/token")]
    assert form["redirect_uri"] == f"{URL}/add/callback"
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert b64url_encode(digest) == sent["code_challenge"]
    assert form["headers"]["Authorization"].startswith("Basic ")


def test_a_document_is_received(citizen: Citizen, desk: IssuerDesk) -> None:
    location = add(citizen, desk)
    page = citizen.get(location).text
    for words in ("Cơ quan Công an", "Ký ngày", "Cho biết:", "Không cho biết:", "Họ, chữ đệm và tên", 'id="refresh"'):
        assert words in page
    assert "dùng được đến" in citizen.get("/documents").text


def test_an_answer_counts_once(citizen: Citizen) -> None:
    sent = asked(citizen)
    assert back(citizen, sent["state"]).status_code == 303
    again = back(citizen, sent["state"])
    assert again.status_code == 400 and "đã xong hoặc đã quá hạn" in again.text


@pytest.mark.parametrize("wrong", ["", "x", "A" * 43])
def test_an_answer_that_nobody_asked_for(citizen: Citizen, desk: IssuerDesk, wrong: str) -> None:
    asked(citizen)
    assert back(citizen, wrong).status_code == 400
    assert not [path for _, path, _ in desk.asked if path == "/token"]


def test_an_answer_to_somebody_elses_request(citizen: Citizen, desk: IssuerDesk) -> None:
    """Nobody can be made to take what another began, nor take it from them."""
    other = Citizen(citizen.app, citizen.provider)
    other.sign_in(identifier="999090000111")
    sent = asked(citizen)
    assert back(other, sent["state"]).status_code == 400
    assert not [path for _, path, _ in desk.asked if path == "/token"]
    assert back(citizen, sent["state"]).status_code == 303


def test_an_arriving_page_is_its_persons(citizen: Citizen) -> None:
    other = Citizen(citizen.app, citizen.provider)
    other.sign_in(identifier="999090000111")
    arrived = back(citizen, asked(citizen)["state"]).headers["Location"]
    assert other.get(arrived).status_code == 400
    assert citizen.get(arrived).status_code == 200


def test_an_answer_of_another_server(citizen: Citizen, desk: IssuerDesk) -> None:
    for iss in ("http://localhost:5999", ""):
        assert back(citizen, asked(citizen)["state"], iss=iss).status_code == 400
    assert not [path for _, path, _ in desk.asked if path == "/token"]


def test_declined(citizen: Citizen, desk: IssuerDesk) -> None:
    sent = asked(citizen)
    response = citizen.get(
        "/add/callback", query_string={"error": "access_denied", "state": sent["state"], "iss": ISSUER}
    )
    assert response.status_code == 400 and "chưa được đưa vào ví" in response.text


def test_a_code_that_is_not_taken(citizen: Citizen) -> None:
    assert back(citizen, asked(citizen)["state"], code="another").status_code == 400


def test_a_parameter_twice(citizen: Citizen) -> None:
    sent = asked(citizen)
    query = urlencode([("code", CODE), ("code", "x"), ("state", sent["state"]), ("iss", ISSUER)])
    assert citizen.get(f"/add/callback?{query}").status_code == 400


def test_too_late(citizen: Citizen, desk: IssuerDesk) -> None:
    sent = asked(citizen)
    desk.world.now += 1_801
    assert back(citizen, sent["state"]).status_code == 400


def test_without_a_session_no_code_is_carried_along(citizen: Citizen) -> None:
    sent = asked(citizen)
    stranger = Citizen(citizen.app, citizen.provider)
    response = back(stranger, sent["state"])
    assert response.status_code == 400 and CODE not in response.headers.get("Location", "")


@pytest.mark.parametrize("path", ["/add/driving_licence", "/receive/ask"])
def test_only_our_own_pages_ask(citizen: Citizen, path: str) -> None:
    assert citizen.post(path, data={"csrf": "x"}).status_code == 403
    assert citizen.get(path).status_code in (404, 405, 400)
    stranger = Citizen(citizen.app, citizen.provider)
    assert stranger.post(path, data={"csrf": "x"}).status_code == 401


def test_an_unknown_kind(citizen: Citizen) -> None:
    for kind in ("passport", "driving_licence.licence"):
        assert citizen.post(f"/add/{kind}", data={"csrf": citizen.csrf()}).status_code == 404


@pytest.mark.parametrize("path", ["/add", "/documents"])
def test_forms_may_end_at_the_issuer_only_where_they_do(citizen: Citizen, path: str) -> None:
    policy = citizen.get(path).headers["Content-Security-Policy"]
    assert policy.endswith(f"form-action 'self' {ISSUER}" if path == "/add" else "form-action 'self'")


def test_an_offer_without_a_code_leads_to_the_issuer(citizen: Citizen) -> None:
    offer = {
        "credential_issuer": ISSUER,
        "credential_configuration_ids": ["driving_licence.licence"],
        "grants": {"authorization_code": {"issuer_state": "their-state"}},
    }
    link = "openid-credential-offer://?" + urlencode({"credential_offer": json.dumps(offer)})
    page = citizen.get("/receive", query_string={"credential_offer": json.dumps(offer)})
    assert 'id="ask-form"' in page.text and "receive-page.js" not in page.text and "tx_code" not in page.text
    assert page.headers["Content-Security-Policy"].endswith(ISSUER)
    sent = asked(citizen, "/receive/ask", offer=link)
    assert sent["issuer_state"] == "their-state"
    assert sent["scope"] == "credential:driving_licence.licence offline_access"
    begin = citizen.begin(link, "")
    assert begin.status_code == 400 and (begin.json or {})["error"] == "offer_unsupported"


# --- refreshing -------------------------------------------------------------------------------------------------------


def test_refresh_replaces_the_document(citizen: Citizen, desk: IssuerDesk) -> None:
    location = add(citizen, desk)
    arrived = refresh(citizen, location)
    done = finish(citizen, arrived, now=desk.world.now)
    assert (done.json or {})["documents"][0]["location"] == location, "what was open before still finds it"
    assert desk.renewals == ["renewal-0", "renewal-1"] and desk.revoked == []
    finish(citizen, refresh(citizen, location), now=desk.world.now)
    assert desk.renewals[-1] == "renewal-2"  # each time with the one that replaced the last


def test_a_failed_refresh_keeps_the_document_and_its_new_token(citizen: Citizen, desk: IssuerDesk) -> None:
    location = add(citizen, desk)
    desk.changes["/credential"] = Response(400, {}, b'{"error": "credential_request_denied"}')
    failed = finish(citizen, refresh(citizen, location), now=desk.world.now)
    assert failed.status_code == 400 and (failed.json or {})["error"] == "issuer_denied"
    assert "tạm đình chỉ" in (failed.json or {})["message"]
    assert citizen.get(location).status_code == 200
    desk.changes.clear()
    assert finish(citizen, refresh(citizen, location), now=desk.world.now).status_code == 200


def test_a_refresh_token_that_is_good_no_more(citizen: Citizen, desk: IssuerDesk) -> None:
    location = add(citizen, desk)
    desk.renewals.clear()
    response = refresh(citizen, location)
    assert response.headers["Location"].startswith(f"{ISSUER}/authorize?")
    tries = len([path for _, path, _ in desk.asked if path == "/token"])
    refresh(citizen, location)
    assert len([path for _, path, _ in desk.asked if path == "/token"]) == tries  # it was forgotten


def test_a_document_from_an_offer_is_refreshed_by_asking(citizen: Citizen, desk: IssuerDesk) -> None:
    done = citizen.receive(desk.link, now=desk.world.now)
    location = (done.json or {})["documents"][0]["location"]
    sent = refresh(citizen, location).headers["Location"]
    state = dict(parse_qsl(urlsplit(sent).query))["state"]
    done = finish(citizen, back(citizen, state), now=desk.world.now)
    assert [each["location"] for each in (done.json or {})["documents"]] == [location]
    assert citizen.get("/documents").text.count('data-type="driving_licence"') == 1


def test_asking_anew_gives_the_old_token_back(citizen: Citizen, desk: IssuerDesk) -> None:
    add(citizen, desk)
    add(citizen, desk)
    assert desk.revoked == ["renewal-0"]


def test_removing_gives_the_token_back_and_does_not_need_the_issuer(citizen: Citizen, desk: IssuerDesk) -> None:
    location = add(citizen, desk)
    citizen.post(f"{location}/remove", data={"csrf": citizen.csrf()})
    assert desk.revoked == ["renewal-0"]
    location = add(citizen, desk)
    desk.changes["/.well-known/openid-credential-issuer"] = FetchError("unreachable", "x")
    assert citizen.post(f"{location}/remove", data={"csrf": citizen.csrf()}).status_code == 303


def test_nobody_refreshes_anothers_document(citizen: Citizen, desk: IssuerDesk) -> None:
    location = add(citizen, desk)
    other = Citizen(citizen.app, citizen.provider)
    other.sign_in(identifier="999090000111")
    assert refresh(other, location).status_code == 404
    assert citizen.post(f"{location}/refresh", data={"csrf": other.csrf()}).status_code == 403
    assert desk.renewals == ["renewal-0"]


def test_the_refresh_token_is_never_shown(citizen: Citizen, desk: IssuerDesk, tmp_path: Path) -> None:
    location = add(citizen, desk)
    for path in ("/documents", location, "/history"):
        assert "renewal-0" not in citizen.get(path).text
    stored = b"".join(path.read_bytes() for path in (tmp_path / "wallet").glob("wallet.sqlite*"))
    assert b"renewal-0" not in stored and b"the-access-token" not in stored


def test_expiring_is_told_on_the_card(citizen: Citizen, desk: IssuerDesk) -> None:
    location = add(citizen, desk)
    desk.world.now += 25 * 86_400
    desk.world.sequence += 1
    desk.world.list_sequence += 1
    assert "Hết hạn sau 5 ngày" in citizen.sign_in_again(now=desk.world.now).get("/documents").text
    assert "Expires in 5 days" in citizen.get(f"{location}?lang=en").text
    desk.world.now += 6 * 86_400
    assert "Đã hết hạn, hãy cập nhật" in citizen.sign_in_again(now=desk.world.now).get("/documents?lang=vi").text

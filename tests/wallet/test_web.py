"""The wallet's pages and calls, as a browser meets them: receive, details, remove, one home; and who may not.

Spec: OpenID4VCI 1.0 §8; W3C CSP 3; attacks SE (session, CSRF) and UN-05 from the wallet's side.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.idp.conftest import made, made_on_server, state
from tests.wallet.citizen import Citizen, register, wallet_app
from tests.wallet.issuer import ISSUER, TX_CODE, IssuerDesk
from tests.world import PID
from tests.world_idp import State
from wallet.receive import COPIES

__all__ = ["made", "made_on_server", "state"]


@pytest.fixture
def citizen(state: State, desk: IssuerDesk, tmp_path: Path) -> Citizen:
    register(state)
    citizen = Citizen(wallet_app(desk, state, tmp_path / "wallet"), state)
    citizen.sign_in()
    return citizen


@pytest.fixture
def licence(citizen: Citizen, desk: IssuerDesk) -> str:
    """The address of a licence just received."""
    answer = citizen.receive(desk.link, now=desk.world.now)
    assert answer.status_code == 200, answer.text
    location: str = answer.json["documents"][0]["location"]  # type: ignore[index]
    return location


def test_the_receive_page_says_who_offers_what(citizen: Citizen, desk: IssuerDesk) -> None:
    page = citizen.get("/receive", query_string={"credential_offer_uri": f"{ISSUER}/credential-offers/1"})
    assert page.status_code == 200
    for words in ("Cơ quan cấp", ISSUER, "Giấy phép lái xe", "Đủ 18 tuổi", "Mã đang hiển thị", "cần JavaScript"):
        assert words in page.text
    assert not [path for _, path, _ in desk.asked if path == "/token"]
    english = citizen.get("/receive", query_string={"credential_offer": _by_value(), "lang": "en"})
    assert "The issuer" in english.text and "Driving licence" in english.text and "Transaction code" not in english.text


def _by_value() -> str:
    grants = {"urn:ietf:params:oauth:grant-type:pre-authorized_code": {"pre-authorized_code": "the-code"}}
    configurations = ["driving_licence.licence"]
    offer = {"credential_issuer": ISSUER, "credential_configuration_ids": configurations, "grants": grants}
    return json.dumps(offer)


def test_a_pasted_link_opens_the_same_page_and_a_wrong_one_says_what_to_do(citizen: Citizen, desk: IssuerDesk) -> None:
    csrf = citizen.csrf()
    assert "receive-form" in citizen.post("/receive", data={"csrf": csrf, "offer": desk.link}).text
    wrong = citizen.post("/receive", data={"csrf": csrf, "offer": "<script>alert(1)</script>"})
    assert wrong.status_code == 400 and 'href="#offer"' in wrong.text and "aria-invalid" in wrong.text
    assert "<script>alert" not in wrong.text
    assert citizen.get("/receive").status_code == 200


def test_a_licence_is_received_and_stands_on_the_home_page(citizen: Citizen, licence: str) -> None:
    home = citizen.get("/documents").text
    assert licence in home and "Còn hiệu lực" in home and 'data-type="driving_licence"' in home
    page = citizen.get(licence).text
    for words in ("Họ, chữ đệm và tên", "Nguyễn Thị Thuỳ Dương", "999\u202f203\u202f001\u202f234", "09/05/2003"):
        assert words in page
    assert "Đã nhận" in citizen.get("/history").text


def of_each(configurations: Iterable[str]) -> list[str]:
    return [each for each in configurations for _ in range(COPIES)]


def test_the_calls_answer_what_they_promise(citizen: Citizen, desk: IssuerDesk) -> None:
    begun = citizen.begin(desk.link, "123 456")  # people type codes in groups
    assert begun.status_code == 200 and begun.json is not None
    assert set(begun.json) == {"receipt", "audience", "proofs"} and begun.json["audience"] == ISSUER
    assert [each["configuration"] for each in begun.json["proofs"]] == of_each(desk.configurations)
    proofs = citizen.prove(begun.json, now=desk.world.now)
    body = {"receipt": begun.json["receipt"], "proofs": proofs}
    answer = citizen.call("/receive/complete", body)
    assert answer.status_code == 200 and answer.json is not None
    (document,) = answer.json["documents"]
    assert document["type"] == "driving_licence" and document["views"] == ["licence", "age_over_18", "full"]
    assert document["location"] == f"/documents/{document['id']}"
    again = citizen.call("/receive/complete", body)
    assert again.status_code == 400 and again.json is not None and again.json["error"] == "receipt_unknown"


def test_begin_takes_a_form_too(citizen: Citizen, desk: IssuerDesk) -> None:
    form = {"csrf": citizen.csrf(), "offer": desk.link, "tx_code": TX_CODE}
    answer = citizen.post("/receive/begin", data=form)
    assert answer.status_code == 200 and answer.json is not None and len(answer.json["proofs"]) == 3 * COPIES


def test_a_receipt_is_good_for_its_person_only(citizen: Citizen, desk: IssuerDesk) -> None:
    begun = citizen.begin(desk.link).json or {}
    proofs = citizen.prove(begun, now=desk.world.now)
    other = Citizen(citizen.app, citizen.provider)
    other.sign_in(identifier="999090000111")
    stolen = other.call("/receive/complete", {"receipt": begun["receipt"], "proofs": proofs})
    assert stolen.status_code == 400 and (stolen.json or {})["error"] == "receipt_unknown"
    mine = citizen.call("/receive/complete", {"receipt": begun["receipt"], "proofs": proofs})
    assert mine.status_code == 200


def test_a_receipt_does_not_wait_for_ever(citizen: Citizen, desk: IssuerDesk) -> None:
    begun = citizen.begin(desk.link).json or {}
    desk.world.now += 301
    proofs = citizen.prove(begun, now=desk.world.now)
    late = citizen.call("/receive/complete", {"receipt": begun["receipt"], "proofs": proofs})
    assert (late.json or {})["error"] == "receipt_unknown"


def test_another_persons_licence_is_refused_and_written_down(citizen: Citizen, desk: IssuerDesk) -> None:
    other = Citizen(citizen.app, citizen.provider)
    other.sign_in(identifier="999090000111")
    answer = other.receive(desk.link, now=desk.world.now)
    assert answer.status_code == 400 and (answer.json or {})["error"] == "not_about_me"
    assert "empty" in other.get("/documents").text
    assert "Đã từ chối nhận" in other.get("/history").text
    assert PID not in answer.text


def test_a_wrong_transaction_code_is_told_in_words(citizen: Citizen, desk: IssuerDesk) -> None:
    answer = citizen.receive(desk.link, now=desk.world.now, tx_code="000000").json or {}
    assert answer["error"] == "transaction_code_wrong" and "Mã giao dịch không đúng" in answer["message"]
    assert re.fullmatch(r"[0-9A-F]{8}", answer["reference"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/receive/begin", []),
        ("/receive/begin", {"tx_code": "1"}),
        ("/receive/begin", {"offer": 7}),
        ("/receive/complete", {"receipt": "x"}),
        ("/receive/complete", {"receipt": "x", "proofs": [1]}),
        ("/receive/complete", {"receipt": "x", "proofs": [{"configuration": "a", "proof": "b"}] * 2}),
        ("/receive/complete", {"receipt": ["x"], "proofs": []}),
        ("/scan", {}),
        ("/scan", {"text": 5}),
        ("/scan", ["https://example.org"]),
    ],
)
def test_malformed_calls_are_refused(citizen: Citizen, path: str, body: object) -> None:
    answer = citizen.call(path, body)
    assert answer.status_code in {400, 404}, answer.text
    assert set(answer.json or {}) == {"error", "message", "reference"}


# --- the list and the details ----------------------------------------------------------------------------------------


def test_a_document_leads_into_the_app_which_shows_it(citizen: Citizen, licence: str) -> None:
    page, id_ = citizen.get(licence).text, licence.rpartition("/")[2]
    shown = re.findall(r'href="/app#/show/([^"]+)"', page)
    assert shown == [id_, *(f"{id_}/{view}" for view in ("licence", "age_over_18", "full"))]
    for path in (f"{licence}/show", f"{licence}/credentials", "/challenged", "/qr"):
        assert citizen.get(path).status_code == 404  # there is one way to show


def test_each_page_leads_home_and_home_is_the_app(citizen: Citizen, licence: str) -> None:
    assert citizen.get("/").headers["Location"] == "/app"
    for path in ("/documents", licence, "/add", "/receive", "/device", "/backup", "/history"):
        assert '<a class="back" href="/app" id="back">' in citizen.get(path).text, path
    assert citizen.get("/scan").headers["Location"] == "/app#/scan"
    assert 'href="/documents"' in citizen.get("/app").text  # for a browser without a script


def test_a_suspended_document_is_seen_as_such(citizen: Citizen, licence: str, desk: IssuerDesk) -> None:
    desk.world.states.update({index: 2 for index in range(3)})
    desk.world.sequence, desk.world.list_sequence = 2, 2
    desk.world.now += 60
    assert "Đang tạm đình chỉ" in citizen.get("/documents").text
    assert "Đang tạm đình chỉ" in citizen.get(licence).text


def test_pages_open_without_any_bundle(citizen: Citizen, licence: str, desk: IssuerDesk, tmp_path: Path) -> None:
    desk.world.now += 31 * 86_400  # the bundle has expired, and no newer one comes
    desk.changes["/bundle"] = {}
    citizen.client.delete_cookie("wallet_session")
    citizen.provider.wait(31 * 86_400)
    citizen.sign_in()
    assert "Đã hết hạn" in citizen.get("/documents").text


def test_a_document_is_removed_after_asking(citizen: Citizen, licence: str) -> None:
    assert "?" in citizen.get(f"{licence}/remove").text
    assert citizen.post(f"{licence}/remove", data={"csrf": citizen.csrf()}).headers["Location"] == "/app"
    assert citizen.get(licence).status_code == 404
    assert "empty" in citizen.get("/documents").text


# --- who may not ---------------------------------------------------------------------------------------------------


def test_nobody_sees_anothers_documents(citizen: Citizen, licence: str) -> None:
    other = Citizen(citizen.app, citizen.provider)
    other.sign_in(identifier="999090000111")
    for path in ("", "/remove"):
        assert other.get(licence + path).status_code == 404
    assert other.post(f"{licence}/remove", data={"csrf": other.csrf()}).status_code == 404
    assert citizen.get(licence).status_code == 200


def test_without_signing_in_pages_lead_there_and_calls_say_so(citizen: Citizen, licence: str) -> None:
    stranger = Citizen(citizen.app, citizen.provider)
    for path in ("/documents", "/receive", licence, f"{licence}/remove", "/history"):
        response = stranger.get(path)
        assert response.status_code == 303 and response.headers["Location"].startswith("/sign-in?next=%2F")
    for path in ("/receive/begin", "/receive/complete", "/scan"):
        answer = stranger.call(path, {}, csrf="x")
        assert answer.status_code == 401 and (answer.json or {})["error"] == "sign_in_needed"


def test_a_form_of_another_site_changes_nothing(citizen: Citizen, licence: str, desk: IssuerDesk) -> None:
    right = citizen.csrf()
    for csrf in ("", "x", right[:-1], right + "x"):
        for path in ("/receive/begin", "/receive/complete", "/scan", "/sign-out", f"{licence}/remove"):
            assert citizen.call(path, {}, csrf=csrf).status_code == 403
        assert citizen.post("/receive", data={"csrf": csrf, "offer": desk.link}).status_code == 403
    cross = {"X-CSRF-Token": right, "Sec-Fetch-Site": "cross-site"}
    assert citizen.post("/scan", json={"text": "VN1:00"}, headers=cross).status_code == 403
    assert citizen.get(licence).status_code == 200


def test_a_token_of_another_session_is_refused(citizen: Citizen) -> None:
    other = Citizen(citizen.app, citizen.provider)
    other.sign_in(identifier="999090000111")
    assert citizen.call("/scan", {"text": "VN1:00"}, csrf=other.csrf()).status_code == 403


@pytest.mark.parametrize("path", ["/", "/receive", "/history", "/nowhere", "/static/base.css", "/colours.css"])
def test_every_answer_is_guarded(citizen: Citizen, path: str) -> None:
    with citizen.get(path) as response:
        headers = response.headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer" and headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cache-Control"] == ("no-cache" if path.endswith(".css") else "no-store")


def test_pages_hold_no_inline_script_or_style(citizen: Citizen, licence: str, desk: IssuerDesk) -> None:
    offered = citizen.get("/receive", query_string={"credential_offer_uri": f"{ISSUER}/credential-offers/1"})
    pages = [offered, *(citizen.get(path) for path in ("/documents", "/app", "/receive", licence, "/history"))]
    for page in pages:
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text), page.request.path


def test_the_wallet_answers_to_its_own_name_only(citizen: Citizen) -> None:
    assert citizen.client.get("/", base_url="http://evil.example:5001").status_code == 421
    assert citizen.client.get("/", base_url="http://localhost:5002").status_code == 421


def test_the_language_stays(citizen: Citizen) -> None:
    assert '<html lang="vi">' in citizen.get("/documents").text
    assert '<html lang="en">' in citizen.get("/documents?lang=en").text
    assert '<html lang="en">' in citizen.get("/receive").text
    assert 'href="/receive?lang=vi"' in citizen.get("/receive").text
    assert '<html lang="vi">' in citizen.get("/documents?lang=vi", headers={"Accept-Language": "en"}).text

"""What a scanned code or a pasted link is worth: ours, an offer, or refused with a plain sentence.

Spec: OpenID4VCI 1.0 §4.1; attacks QL-07, HD-07.
"""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from certs.device import new_id
from tests.idp.conftest import made
from tests.wallet.citizen import URL, Citizen, register, wallet_app
from tests.wallet.issuer import ISSUER, IssuerDesk
from tests.wallet.provider import state
from tests.world_idp import State
from wallet.errors import WalletError
from wallet.scan import Approval, OfferLink, ReaderLink, understand

__all__ = ["made", "state"]

CODE = "AAECAwQFBgcICQoLDA0ODw"
PHONE = f"{ISSUER}/phone/{CODE}"
REFERENCE = "credential_offer_uri=" + quote(f"{ISSUER}/credential-offers/1", safe="")


def offer_of(issuer: str) -> str:
    offer = {
        "credential_issuer": issuer,
        "credential_configuration_ids": ["driving_licence.licence"],
        "grants": {"urn:ietf:params:oauth:grant-type:pre-authorized_code": {"pre-authorized_code": "x"}},
    }
    return "credential_offer=" + quote(json.dumps(offer), safe="")


def understood(text: str) -> Approval | OfferLink | ReaderLink:
    return understand(text, issuer=ISSUER, wallet=URL)


def refused(text: str) -> str:
    with pytest.raises(WalletError) as caught:
        understood(text)
    return caught.value.code


@pytest.mark.parametrize("head", ["openid4vp://?", "haip-vp://?", f"{URL}/present?"])
def test_a_reader_that_asks(head: str) -> None:
    """Who it is is found out when the link is opened: here it is looked at only for its form."""
    link = f"{head}client_id=x509_hash%3Aa&request_uri=https%3A%2F%2Fbank.example%2F1"
    assert understood(link) == ReaderLink(link)
    assert refused(link.replace("://", ":/").replace(URL, "http://localhost:5009")) in (
        "prefix_unknown",
        "issuer_untrusted",
    )


def test_the_code_of_a_sign_in_page() -> None:
    assert understood(PHONE) == Approval(CODE)
    assert understood(f"  {PHONE}\n") == Approval(CODE)
    assert understood(f"{ISSUER}/phone/{new_id()}")


@pytest.mark.parametrize("query", [REFERENCE, offer_of(ISSUER)])
@pytest.mark.parametrize("head", ["openid-credential-offer://?", f"{URL}/receive?"])
def test_an_offer(head: str, query: str) -> None:
    found = understood(head + query)
    assert isinstance(found, OfferLink) and found.page == f"/receive?{query}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # another host, however much it looks like ours
        (f"http://evil.example/phone/{CODE}", "issuer_untrusted"),
        (f"https://localhost:5000/phone/{CODE}", "issuer_untrusted"),
        (f"http://localhost:50000/phone/{CODE}", "issuer_untrusted"),
        (f"http://localhost.evil.example:5000/phone/{CODE}", "issuer_untrusted"),
        (f"http://localhost:5002/phone/{CODE}", "issuer_untrusted"),
        (f"openid-credential-offer://?{offer_of('https://evil.example')}", "issuer_untrusted"),
        ("openid-credential-offer://?credential_offer_uri=https%3A%2F%2Fevil.example%2Fx", "issuer_untrusted"),
        ("https://example.org/a-poster-on-the-wall", "issuer_untrusted"),
        # another scheme, or another page of our own
        (f"vneid://localhost:5000/phone/{CODE}", "prefix_unknown"),
        (f"javascript:alert('{PHONE}')", "prefix_unknown"),
        (f"ftp://localhost:5000/phone/{CODE}", "prefix_unknown"),
        (f"http://localhost:5000.evil.example/phone/{CODE}", "prefix_unknown"),
        (f"http://user@localhost:5000/phone/{CODE}", "prefix_unknown"),
        (f"HTTP://LOCALHOST:5000/phone/{CODE}", "prefix_unknown"),
        (f"{ISSUER}/authorize?client_id=bank", "prefix_unknown"),
        (f"{URL}/approve?request={CODE}", "prefix_unknown"),
        ("VN1:6BF", "prefix_unknown"),
        (CODE, "prefix_unknown"),
        ("", "prefix_unknown"),
        # ours, and not an id
        (f"{PHONE}?next=//evil.example", "prefix_unknown"),
        (f"{PHONE}/../../authorize", "prefix_unknown"),
        (f"{PHONE}#x", "prefix_unknown"),
        (f"{PHONE}A", "prefix_unknown"),
        (PHONE[:-1], "prefix_unknown"),
        (f"{ISSUER}/phone/", "prefix_unknown"),
        (f"{ISSUER}/phone/{'ạ' * 22}", "prefix_unknown"),
        (f"{ISSUER}/phone/" + "A" * 9000, "prefix_unknown"),
        ("openid-credential-offer://?x=y", "offer_malformed"),
    ],
)
def test_ql_07_a_code_of_somebody_else_is_refused(text: str, code: str) -> None:
    assert refused(text) == code


@given(st.text(max_size=200))
def test_any_text_is_understood_or_refused(text: str) -> None:
    for candidate in (text, f"{ISSUER}/phone/{text}", f"http://{text}", f"openid-credential-offer://?{text}"):
        try:
            assert not isinstance(understood(candidate), Approval) or candidate.strip().startswith(f"{ISSUER}/phone/")
        except WalletError as error:
            assert error.code in {"prefix_unknown", "issuer_untrusted", "offer_malformed", "offer_unsupported"}


# --- the call ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def citizen(state: State, desk: IssuerDesk, tmp_path: Path) -> Citizen:
    register(state)
    citizen = Citizen(wallet_app(desk, state, tmp_path / "wallet"), state)
    citizen.sign_in()
    return citizen


def send(citizen: Citizen, text: str) -> TestResponse:
    return citizen.call("/scan", {"text": text})


def test_a_code_leads_on(citizen: Citizen) -> None:
    location = send(citizen, f" {PHONE} ").get_json()["location"]
    assert location.startswith("/approve/")
    page = citizen.get(location).text
    assert f'data-request="{CODE}"' in page and "cần JavaScript" in page
    assert send(citizen, f"openid-credential-offer://?{REFERENCE}").get_json() == {"location": f"/receive?{REFERENCE}"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://evil.example/phone/x", "issuer_untrusted"),
        ("VN1:6BF", "prefix_unknown"),
        ("VN1Q:6BF", "prefix_unknown"),  # the phone answers a counter by itself, and asks nobody
        ("<script>alert(1)</script>", "prefix_unknown"),
        ("", "prefix_unknown"),
    ],
)
def test_ql_07_the_answer_says_what_to_do(citizen: Citizen, text: str, code: str) -> None:
    answer = send(citizen, text)
    assert (answer.status_code, answer.get_json()["error"]) == (400, code)
    assert answer.get_json()["message"] and "evil.example" not in answer.text and "<script>" not in answer.text


def test_hd_07_no_page_but_the_backup_takes_files(citizen: Citizen) -> None:
    csrf = citizen.csrf()
    for path in ("/scan", "/receive", "/device/begin", "/approve/view"):
        answer = citizen.post(path, data={"csrf": csrf, "text": PHONE}, content_type="multipart/form-data")
        assert answer.status_code == 415


def test_who_may_not(citizen: Citizen) -> None:
    stranger = Citizen(citizen.app, citizen.provider)
    assert stranger.call("/scan", {"text": PHONE}, csrf="x").status_code == 401
    assert citizen.call("/scan", {"text": PHONE}, csrf="x").status_code == 403
    page = send(citizen, PHONE).get_json()["location"]
    other = Citizen(citizen.app, citizen.provider)
    other.sign_in(identifier="999090000111")
    assert other.get(page).status_code == 404  # who has scanned goes on, nobody else


def test_the_camera_is_for_the_app_alone(citizen: Citizen) -> None:
    assert "camera=(self)" in citizen.get("/app").headers["Permissions-Policy"]
    assert "camera=()" in citizen.get("/documents").headers["Permissions-Policy"]

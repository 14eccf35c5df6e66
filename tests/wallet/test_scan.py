"""What a scanned code or a pasted link is worth: ours, an offer, or refused with a plain sentence.

Spec: OpenID4VCI 1.0 §4.1; attacks QL-07, QR-09 to QR-11, HD-07.
"""

import json
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from certs import qr
from certs.device import new_id
from tests.idp.conftest import made
from tests.pictures import picture_of, png_claiming
from tests.wallet.citizen import URL, Citizen, register, wallet_app
from tests.wallet.issuer import ISSUER, IssuerDesk
from tests.wallet.provider import state
from tests.world_idp import State
from wallet.errors import WalletError
from wallet.scan import Approval, OfferLink, ReaderLink, only, read_picture, understand

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


def test_qr_11_of_several_codes_none_is_chosen() -> None:
    assert only((PHONE,)) == PHONE and only((PHONE, PHONE)) == PHONE
    for texts, code in (((), "no_code"), ((PHONE, "x"), "several_codes")):
        with pytest.raises(WalletError, match=code):
            only(texts)


def test_pictures() -> None:
    assert read_picture(picture_of(PHONE)) == (PHONE,)
    for data, code in ((b"GIF89a", "picture_unreadable"), (png_claiming(60_000, 60_000), "picture_too_large")):
        with pytest.raises(WalletError, match=code):
            read_picture(data)


# --- the page ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def citizen(state: State, desk: IssuerDesk, tmp_path: Path) -> Citizen:
    register(state)
    citizen = Citizen(wallet_app(desk, state, tmp_path / "wallet"), state)
    citizen.sign_in()
    return citizen


def send(citizen: Citizen, path: str = "/scan", *, picture: bytes | None = None, **fields: str) -> TestResponse:
    """As a browser writes it; the test client's own writer would leave a file open."""
    body = b""
    for name, value in {"csrf": citizen.csrf(), **fields}.items():
        body += f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    if picture is not None:
        body += b'--x\r\nContent-Disposition: form-data; name="picture"; filename="code.png"\r\n'
        body += b"Content-Type: image/png\r\n\r\n" + picture + b"\r\n"
    headers = {"Accept": "application/json"} if path != "/scan" else {}
    return citizen.post(path, data=body + b"--x--\r\n", content_type="multipart/form-data; boundary=x", headers=headers)


def test_a_picture_leads_on(citizen: Citizen) -> None:
    to_approve = send(citizen, picture=picture_of(PHONE))
    assert to_approve.status_code == 303 and to_approve.headers["Location"].startswith("/approve/")
    page = citizen.get(to_approve.headers["Location"]).text
    assert f'data-request="{CODE}"' in page and "cần JavaScript" in page
    to_receive = send(citizen, picture=picture_of(f"openid-credential-offer://?{REFERENCE}"))
    assert to_receive.headers["Location"] == f"/receive?{REFERENCE}"


def test_a_pasted_link_leads_on(citizen: Citizen) -> None:
    assert send(citizen, text=f" {PHONE} ").status_code == 303


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (("https://evil.example/phone/x",), "issuer_untrusted"),
        (("VN1:6BF",), "prefix_unknown"),
        ((PHONE, "https://example.org/x"), "several_codes"),
        ((), "no_code"),
    ],
)
def test_ql_07_the_page_says_what_to_do(citizen: Citizen, texts: tuple[str, ...], code: str) -> None:
    answer = send(citizen, picture=picture_of(*texts)) if texts else send(citizen)
    assert answer.status_code == 422
    assert f'data-code="{code}"' in answer.text and 'href="#picture"' in answer.text and "aria-invalid" in answer.text
    assert "evil.example" not in answer.text


def test_what_was_pasted_stays_in_the_form(citizen: Citizen) -> None:
    answer = send(citizen, text="<script>alert(1)</script>")
    assert answer.status_code == 422 and "&lt;script&gt;" in answer.text and "<script>alert" not in answer.text
    assert 'href="#text"' in answer.text


def test_frames_of_the_camera(citizen: Citizen) -> None:
    nothing = send(citizen, "/scan/frame", picture=png_of_nothing())
    assert nothing.get_json() == {"location": None}
    found = send(citizen, "/scan/frame", picture=picture_of(PHONE)).get_json()
    assert found["location"].startswith("/approve/")
    assert send(citizen, "/scan/frame", text=PHONE).get_json()["location"].startswith("/approve/")
    foreign = send(citizen, "/scan/frame", picture=picture_of("https://evil.example/phone/x"))
    assert foreign.status_code == 400 and foreign.get_json()["error"] == "issuer_untrusted"


def png_of_nothing() -> bytes:
    return png_claiming(8, 8, b"\x00\xff" * 8)


def test_qr_10_limits_of_a_picture(citizen: Citizen) -> None:
    """One byte more than the form may have is refused before it is read; other pages take no files at all."""
    assert send(citizen, picture=b"\x89PNG" + b"x" * (qr.PICTURE_BYTES - 4)).status_code == 422
    assert send(citizen, picture=b"x" * (qr.PICTURE_BYTES + 70_000)).status_code == 413
    csrf = citizen.csrf()
    for path in ("/receive", "/device/begin", "/approve/view"):
        answer = citizen.post(path, data={"csrf": csrf, "offer": "x"}, content_type="multipart/form-data")
        assert answer.status_code == 415


def test_who_may_not(citizen: Citizen) -> None:
    stranger = Citizen(citizen.app, citizen.provider)
    assert stranger.get("/scan").headers["Location"].startswith("/sign-in?next=%2Fscan")
    assert citizen.post("/scan", data={"csrf": "x", "text": PHONE}).status_code == 403
    page = send(citizen, text=PHONE).headers["Location"]
    other = Citizen(citizen.app, citizen.provider)
    other.sign_in(identifier="999090000111")
    assert other.get(page).status_code == 404  # who has scanned goes on, nobody else


def test_the_camera_is_for_this_page_alone(citizen: Citizen) -> None:
    assert "camera=(self)" in citizen.get("/scan").headers["Permissions-Policy"]
    assert "camera=()" in citizen.get("/").headers["Permissions-Policy"]
    english = citizen.get("/scan?lang=en").text
    assert "Scan a QR code" in english and 'id="camera"' in english

"""Approving at the real provider: what the phone shows, what each answer leads to, and what the wallet will not do.

Spec: RFC 10027 §6.1; `certs/device.py`; attacks QL-01, QL-02, QL-04, QL-06, QL-08, QL-11 from the wallet's side.
"""

from pathlib import Path
from typing import Any

import pytest

from certs.device import new_id
from certs.fetch import FetchError
from tests.idp.conftest import made
from tests.phone import Screen, waiting
from tests.wallet.issuer import ISSUER
from tests.wallet.provider import PASSCODE, Provider, Telephone, state, wallet_of
from tests.world_idp import State
from wallet.approval import Holder, Outcome
from wallet.errors import WalletError

__all__ = ["made", "state"]

LAM = "999090000111"
SAID: dict[str, Any] = {
    "client": {"vi": "Ngân hàng Sen", "en": "Lotus Bank"},
    "host": "bank.example.vn",
    "purpose": {"vi": "Mở tài khoản", "en": "To open an account"},
    "asks_for": [{"vi": "Họ và tên", "en": "Name"}],
    "place": "127.0.0.0/24",
    "device": "Chrome, Linux",
    "asked_at": 1,
    "expires": 4_000_000_000,
    "same_device": False,
    "numbers": ["17", "47", "82"],
}


@pytest.fixture
def made_wallet(state: State, tmp_path: Path) -> tuple[Telephone, Provider]:
    app, web = wallet_of(state, tmp_path / "wallet")
    phone = Telephone(app, state)
    phone.sign_in()
    return phone, web


@pytest.fixture
def newcomer(made_wallet: tuple[Telephone, Provider]) -> Telephone:
    """For whom the provider says what a test puts in its mouth: enrolled or not is all the same."""
    return made_wallet[0]


@pytest.fixture
def phone(made_wallet: tuple[Telephone, Provider]) -> Telephone:
    return made_wallet[0].enrol()


@pytest.fixture
def web(made_wallet: tuple[Telephone, Provider]) -> Provider:
    return made_wallet[1]


def seen(phone: Telephone, code: str) -> dict[str, Any]:
    answer = phone.look(code)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.get_json()
    return told


def wrong(screen: Screen, told: dict[str, Any]) -> str:
    return next(str(each) for each in told["numbers"] if each != screen.number)


def signed_in(screen: Screen) -> bool:
    """Whether the asking browser gets in, after all that the button of its page can do."""
    if 'id="go-on"' in screen.refresh().text:
        screen.go_on()
    return screen.browser.client.get_cookie("idp_session") is not None


def here(screen: Screen) -> str:
    """The request of the log-in page's link to the app in its own browser."""
    location = screen.browser.get(f"{screen.path.rpartition('/')[0]}/here").headers["Location"]
    assert location.startswith("http://localhost:5001/approve?request=")
    return str(location).partition("=")[2]


def test_the_phone_shows_who_asks_for_what_from_where(phone: Telephone, state: State) -> None:
    told = seen(phone, waiting(state).code)
    assert (told["client"], told["host"], told["purpose"]) == (
        "Ngân hàng Sen",
        "bank.example.vn",
        "Mở tài khoản cho bạn",
    )
    assert "Họ, chữ đệm và tên" in told["asks_for"] and told["asked_at"] == "02/03/2026 15:00"
    assert told["place"] == "127.0.0.0/24" and told["device"] == "" and len(set(told["numbers"])) == 3


def test_an_approval_signs_the_other_screen_in(phone: Telephone, state: State) -> None:
    screen = waiting(state)
    code = screen.code
    told = seen(phone, code)
    answer = phone.approve(code, told["asking"], screen.number)
    assert answer.get_json() == {"approved": True, "location": None}
    assert signed_in(screen)
    history = phone.get("/history").text
    assert "Đã xác nhận đăng nhập" in history and "Ngân hàng Sen" in history and "bank.example.vn" in history
    assert "999203001234" not in history and "Chrome" not in history


def test_a_denial_ends_it(phone: Telephone, state: State) -> None:
    screen = waiting(state)
    code = screen.code
    told, number = seen(phone, code), screen.number
    assert phone.deny(code, told["asking"]).get_json() == {"approved": False, "location": None}
    assert not signed_in(screen)
    assert "Đã từ chối đăng nhập" in phone.get("/history").text
    late = phone.approve(code, told["asking"], number)
    assert late.status_code == 404 and late.get_json()["error"] == "approval_gone"


def test_a_wrong_number_ends_it(phone: Telephone, state: State) -> None:
    screen = waiting(state)
    code = screen.code
    told, number = seen(phone, code), screen.number
    answer = phone.approve(code, told["asking"], wrong(screen, told))
    assert answer.status_code == 403 and answer.get_json()["error"] == "number_mismatch"
    assert "không ai được đăng nhập" in answer.get_json()["message"]
    assert not signed_in(screen)
    assert phone.approve(code, told["asking"], number).status_code != 200
    assert phone.get("/history").text.count("số không khớp") == 1


def test_a_wrong_passcode_may_be_typed_again_but_not_for_ever(phone: Telephone, state: State) -> None:
    screen = waiting(state)
    code = screen.code
    asking = seen(phone, code)["asking"]
    first = phone.approve(code, asking, screen.number, passcode="111222")
    assert first.get_json()["error"] == "passcode_wrong" and "Còn 2 lần thử" in first.get_json()["message"]
    assert phone.approve(code, asking, screen.number, passcode="111222").get_json()["error"] == "passcode_wrong"
    last = phone.approve(code, asking, screen.number, passcode="111222")
    assert last.get_json()["error"] in {"passcode_spent", "too_many_tries"}
    assert not signed_in(screen)
    assert "Đã xác nhận đăng nhập" not in phone.get("/history").text


def test_the_same_answer_sent_twice_counts_once(phone: Telephone, web: Provider, state: State) -> None:
    screen = waiting(state)
    code = screen.code
    asking = seen(phone, code)["asking"]
    body = {**phone.decision(code, asking, screen.number), "passcode": PASSCODE}
    web.changes["/approvals/decision"] = FetchError("too_slow", "x")
    assert phone.call("/approve/decision", body).status_code == 503
    del web.changes["/approvals/decision"]
    answers = [phone.call("/approve/decision", body).get_json() for _ in range(3)]
    assert answers == [{"approved": True, "location": None}] * 3
    assert phone.get("/history").text.count("Đã xác nhận đăng nhập") == 1


def test_an_approval_signed_for_another_asking_is_refused(phone: Telephone, state: State) -> None:
    one, two = waiting(state), waiting(state)
    first, second = one.code, two.code
    asking = seen(phone, first)["asking"]
    seen(phone, second)
    body = {**phone.decision(second, asking, one.number), "passcode": PASSCODE}
    answer = phone.call("/approve/decision", body)
    assert answer.status_code == 400 and answer.get_json()["error"] == "signature_refused"
    assert not signed_in(one) and not signed_in(two)


def test_a_code_that_is_too_old(phone: Telephone, state: State) -> None:
    code = waiting(state).code
    state.wait(61)
    answer = phone.look(code)
    assert answer.status_code == 404 and "Hãy quét mã mới" in answer.get_json()["message"]
    assert phone.look(new_id()).get_json()["error"] == "approval_gone"


def test_a_phone_that_is_not_enrolled_any_more(phone: Telephone, state: State) -> None:
    with state.storage.transaction() as ports:
        for each in ports.authenticators.of_account("a-duong"):
            ports.authenticators.remove("a-duong", each.authenticator_id)
    answer = phone.look(waiting(state).code)
    assert answer.get_json()["error"] == "device_unknown" and "đăng ký lại" in answer.get_json()["message"]


# --- on the same device, and by links ----------------------------------------------------------------------------------


def test_on_the_same_device_the_browser_goes_on_by_itself(phone: Telephone, state: State) -> None:
    screen = waiting(state)
    request = here(screen)
    assert phone.get(f"/approve?request={request}").status_code == 200
    told = phone.look(request, request=request).get_json()
    assert told["numbers"] == []
    location = phone.approve(request, told["asking"], None).get_json()["location"]
    assert location.startswith(f"{ISSUER}/login/")
    elsewhere = state.browser().get(location.removeprefix(ISSUER))
    assert elsewhere.status_code == 404  # who was sent the link has nothing of it, nor has who sent it
    returned = screen.browser.get(location.removeprefix(ISSUER))
    assert returned.headers["Location"].startswith("/consent/")


def test_no_link_leads_into_the_sign_in_of_another_screen(phone: Telephone, state: State) -> None:
    """RFC 10027 §6.1: a link in a message is how strangers are signed in. Only who scans goes on."""
    code = waiting(state).code
    assert phone.get(f"/approve?request={code}").status_code == 200  # the page says so when it has asked
    answer = phone.look(code, request=code)
    assert answer.status_code == 400 and answer.get_json()["error"] == "approval_by_link"
    assert "numbers" not in answer.get_json()
    other_way = phone.look(here(waiting(state)))
    assert other_way.get_json()["error"] == "approval_by_scan"


@pytest.mark.parametrize("request_id", ["", "x", "A" * 21, "A" * 23, "../" * 8, "A" * 21 + "%2F"])
def test_what_is_no_id_is_no_page(phone: Telephone, request_id: str) -> None:
    assert phone.get(f"/approve?request={request_id}").status_code == 400


def test_who_scanned_goes_on_and_nobody_else(phone: Telephone, state: State) -> None:
    other = Telephone(phone.app, state)
    other.sign_in(identifier=LAM)
    screen = waiting(state)
    code = screen.code
    scanned = phone.scanned(code)
    assert other.get(f"/approve/{scanned}").status_code == 404
    assert other.look(code, scanned=scanned).get_json()["error"] == "approval_gone"
    told = phone.look(code, scanned=scanned).get_json()
    body = {**phone.decision(code, told["asking"], screen.number), "passcode": PASSCODE}
    assert other.call("/approve/decision", body).get_json()["error"] == "approval_gone"
    assert phone.call("/approve/decision", body).status_code == 200


# --- what the provider says is checked where a person looks at it -------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"numbers": ["17", "47"]},
        {"numbers": ["17", "17", "47"]},
        {"numbers": ["17", "47", "8"]},
        {"numbers": ["17", "47", 82]},
        {"numbers": "174782"},
        {"same_device": True},
        {"same_device": "no"},
        {"host": "bank.example.vn/phone"},
        {"host": "bánk.example"},
        {"client": {"vi": "Ngân hàng \u202enes", "en": "x"}},
        {"client": {"vi": "x" * 121, "en": "x"}},
        {"client": "Bank"},
        {"purpose": {"vi": "x"}},
        {"asks_for": [{"vi": "x", "en": "x"}] * 41},
        {"asks_for": None},
        {"place": None},
        {"device": "x\n"},
        {"asked_at": "now"},
        {"expires": True},
    ],
)
def test_what_could_deceive_is_not_shown(newcomer: Telephone, web: Provider, changed: dict[str, Any]) -> None:
    web.answers("/approvals/view", 200, {**SAID, **changed})
    answer = newcomer.look(new_id())
    assert answer.status_code == 400 and answer.get_json()["error"] == "issuer_refused"


def test_what_is_right_is_shown_in_the_persons_language(newcomer: Telephone, web: Provider) -> None:
    web.answers("/approvals/view", 200, SAID)
    newcomer.get("/?lang=en")
    told = seen(newcomer, new_id())
    assert (told["client"], told["asks_for"], told["numbers"]) == ("Lotus Bank", ["Name"], ["17", "47", "82"])


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        f"{ISSUER}.evil.example/",
        f"{ISSUER}@evil.example/",
        f"{ISSUER}",
        f"{ISSUER}/\\evil.example",
        f"{ISSUER}/ x",
        f"{ISSUER}/" + "x" * 2048,
        "javascript:alert(1)",
        5,
    ],
)
def test_the_browser_is_sent_to_the_provider_alone(newcomer: Telephone, web: Provider, address: object) -> None:
    web.answers("/approvals/view", 200, SAID)
    web.answers("/approvals/decision", 200, {"outcome": "approved", "redirect_to": address})
    code = new_id()
    answer = newcomer.approve(code, seen(newcomer, code)["asking"], "17")
    assert answer.status_code == 400 and answer.get_json()["error"] == "issuer_untrusted"


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (429, {"error": "too_many_tries"}, "too_many_tries"),
        (403, {"error": "passcode_wrong"}, "passcode_wrong"),
        (403, {"error": "passcode_wrong", "tries_left": 0}, "passcode_spent"),
        (404, {"error": "not_found"}, "approval_gone"),
        (400, {"error": "invalid_proof"}, "signature_refused"),
        (400, {"error": "something new"}, "issuer_refused"),
        (503, {"error": "busy"}, "issuer_unreachable"),
        (200, {"outcome": "denied"}, "issuer_refused"),
        (200, {}, "issuer_refused"),
    ],
)
def test_each_refusal_has_a_sentence(
    newcomer: Telephone, web: Provider, status: int, content: dict[str, Any], code: str
) -> None:
    web.answers("/approvals/view", 200, SAID)
    web.answers("/approvals/decision", status, content)
    request = new_id()
    answer = newcomer.approve(request, seen(newcomer, request)["asking"], "17")
    assert answer.get_json()["error"] == code and "{}" not in answer.get_json()["message"]
    assert "Ngân hàng Sen" not in newcomer.get("/history").text


@pytest.mark.parametrize("passcode", ["", "12345", "1234567", "12345a"])
def test_a_passcode_of_another_form_is_not_sent(newcomer: Telephone, web: Provider, passcode: str) -> None:
    web.answers("/approvals/view", 200, SAID)
    request = new_id()
    answer = newcomer.approve(request, seen(newcomer, request)["asking"], "17", passcode=passcode)
    assert answer.get_json()["error"] == "passcode_form"
    assert "/approvals/decision" not in [path for path, _ in web.asked]


# --- the holder in Python ----------------------------------------------------------------------------------------------


def test_a_holder_whose_key_signs_here(phone: Telephone, web: Provider, state: State) -> None:
    holder, now = Holder(phone.signer, ISSUER, web), state.clock[0]
    screen = waiting(state)
    code = screen.code
    assert screen.number in holder.view(code, scanned=True, now=now).numbers
    assert holder.approve(code, number=screen.number, passcode=PASSCODE, now=now) == Outcome(approved=True)
    assert signed_in(screen)
    other = waiting(state)
    code = other.code
    holder.view(code, scanned=True, now=now)
    assert holder.deny(code, now=now) == Outcome(approved=False)
    with pytest.raises(WalletError, match="approval_gone"):
        holder.view(code, scanned=True, now=now)

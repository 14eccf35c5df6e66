"""Enrolling a phone at the real provider: who may, how strongly signed in, what is kept, and what each refusal says.

Spec: RFC 9470 §3, §4; RFC 6749 §4.1; RFC 7636; RFC 9207; OpenID Connect Core 1.0 §5.3; `certs/device.py`.
"""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from certs.fetch import FetchError
from idp.model import AuthenticatorKind
from tests.idp.conftest import made
from tests.wallet.citizen import URL
from tests.wallet.issuer import ISSUER
from tests.wallet.provider import NAME, PASSCODE, Provider, Telephone, state, wallet_of
from tests.world_idp import State

__all__ = ["made", "state"]

LAM = "999090000111"


@pytest.fixture
def made_wallet(state: State, tmp_path: Path) -> tuple[Telephone, Provider]:
    app, web = wallet_of(state, tmp_path / "wallet")
    phone = Telephone(app, state)
    phone.sign_in()
    return phone, web


@pytest.fixture
def phone(made_wallet: tuple[Telephone, Provider]) -> Telephone:
    return made_wallet[0]


@pytest.fixture
def web(made_wallet: tuple[Telephone, Provider]) -> Provider:
    return made_wallet[1]


def devices(state: State, account: str = "a-duong") -> list[tuple[str | None, str]]:
    with state.storage.reading() as ports:
        held = ports.authenticators.of_account(account)
    return [(each.key, each.name) for each in held if each.kind is AuthenticatorKind.DEVICE]


def test_what_is_asked_of_the_provider(phone: Telephone) -> None:
    address = urlsplit(phone.away())
    asked = dict(parse_qsl(address.query))
    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{ISSUER}/authorize"
    assert asked["scope"] == "openid device" and asked["acr_values"] == "LoA2"
    assert asked["redirect_uri"] == f"{URL}/device/callback"
    assert asked["code_challenge_method"] == "S256" and len(asked["state"]) == 43


def test_a_phone_is_enrolled(phone: Telephone, state: State) -> None:
    answer = phone.name(phone.enrolment())
    assert answer.status_code == 200 and answer.get_json() == {"name": NAME}
    assert devices(state) == [(phone.signer.public.thumbprint(), NAME)]
    history = phone.get("/history").text
    assert "Đã đăng ký điện thoại này" in history and NAME in history
    assert PASSCODE not in history and "999203001234" not in history


def test_the_right_is_used_up_by_success_alone(phone: Telephone, state: State) -> None:
    enrolment = phone.enrolment()
    weak = phone.name(enrolment, passcode="123456")
    assert weak.status_code == 400 and weak.get_json()["error"] == "passcode_weak"
    assert "quá dễ đoán" in weak.get_json()["message"] and devices(state) == []
    assert phone.name(enrolment).status_code == 200
    assert phone.name(enrolment).get_json()["error"] == "enrolment_unknown"
    assert phone.get(f"/device/new/{enrolment}").status_code == 404


def test_an_answer_that_was_lost_does_no_harm(phone: Telephone, web: Provider, state: State) -> None:
    """The provider may have taken it: the same key once more is the same phone."""
    enrolment = phone.enrolment()
    assert phone.name(enrolment).status_code == 200
    again = phone.enrolment()
    web.changes["/devices"] = FetchError("too_slow", "x")
    lost = phone.name(again)
    assert lost.status_code == 503 and lost.get_json()["error"] == "issuer_unreachable"
    del web.changes["/devices"]
    assert phone.name(again).status_code == 200
    assert len(devices(state)) == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": "   "}, "device_name_needed"),
        ({"name": "x" * 65}, "device_name_needed"),
        ({"passcode": "12345"}, "passcode_form"),
        ({"passcode": "12345a"}, "passcode_form"),
        ({"passcode": "١٢٣٤٥٦"}, "passcode_form"),
    ],
)
def test_what_cannot_be_sent_is_not_sent(phone: Telephone, web: Provider, given: dict[str, str], code: str) -> None:
    answer = phone.name(phone.enrolment(), **given)
    assert answer.status_code == 400 and answer.get_json()["error"] == code
    assert "/devices" not in [path for path, _ in web.asked]


def test_another_passcode_than_the_accounts(phone: Telephone) -> None:
    phone.enrol()
    second = Telephone(phone.app, phone.provider)
    second.sign_in()
    answer = second.name(second.enrolment(), passcode="730518")
    assert answer.status_code == 403 and answer.get_json()["error"] == "passcode_other"
    assert second.name(second.enrolment()).status_code == 200


# --- the level (RFC 9470) ----------------------------------------------------------------------------------------------


def test_who_goes_on_without_the_level_is_told_so(phone: Telephone, state: State) -> None:
    answer = phone.name(phone.enrolment(waive=True))
    assert answer.status_code == 400 and answer.get_json()["error"] == "level_unreachable"
    assert "xác thực thêm một bước" in answer.get_json()["message"] and devices(state) == []


def test_a_challenge_leads_to_the_provider_again(phone: Telephone, web: Provider, state: State) -> None:
    challenge = 'Bearer realm="x", error="insufficient_user_authentication", acr_values="LoA3 LoA4"'
    enrolment = phone.enrolment()
    web.answers("/devices", 401, {"error": "insufficient_user_authentication"}, www_authenticate=challenge)
    answer = phone.name(enrolment)
    told = answer.get_json()
    assert answer.status_code == 401 and told["error"] == "level_needed"
    assert dict(parse_qsl(urlsplit(told["location"]).query))["acr_values"] == "LoA3 LoA4"
    back = phone.get("/device/callback", query_string=phone.granted(told["location"], waive=True))
    again = phone.name(back.headers["Location"].rpartition("/")[2])  # the person came back without it
    assert again.get_json()["error"] == "level_unreachable" and devices(state) == []


def test_a_challenge_that_was_met_already_ends_there(phone: Telephone, web: Provider) -> None:
    """No loop: the same demand a second time is not walked after."""
    web.answers(
        "/devices",
        401,
        {"error": "insufficient_user_authentication"},
        www_authenticate='Bearer error="insufficient_user_authentication", acr_values="LoA2 LoA3 LoA4"',
    )
    assert phone.name(phone.enrolment()).get_json()["error"] == "level_unreachable"


@pytest.mark.parametrize(
    ("status", "content", "code"),
    [
        (401, {"error": "invalid_token"}, "enrolment_unknown"),
        (409, {"error": "too_many_devices"}, "devices_full"),
        (409, {"error": "device_known"}, "device_refused"),
        (400, {"error": "invalid_proof"}, "signature_refused"),
        (400, {"error": "something new"}, "device_refused"),
        (201, {"device_id": 5}, "device_refused"),
        (500, {}, "issuer_unreachable"),
    ],
)
def test_each_refusal_has_a_sentence(
    phone: Telephone, web: Provider, status: int, content: dict[str, object], code: str
) -> None:
    web.answers("/devices", status, content)
    answer = phone.name(phone.enrolment())
    assert answer.get_json()["error"] == code and answer.get_json()["message"]
    assert "{}" not in answer.get_json()["message"]


def test_too_many_tries_says_how_long(phone: Telephone, web: Provider) -> None:
    web.answers("/devices", 429, {"error": "too_many_tries"}, retry_after="150")
    answer = phone.name(phone.enrolment())
    assert answer.status_code == 429 and "Hãy đợi 3 phút" in answer.get_json()["message"]


# --- who may not -------------------------------------------------------------------------------------------------------


def test_the_account_at_the_provider_must_be_the_wallets_person(phone: Telephone, state: State) -> None:
    """A key that lies in one person's wallet never signs for another's account."""
    answer = phone.get("/device/callback", query_string=phone.granted(phone.away(), identifier=LAM))
    assert answer.status_code == 400 and "của người khác" in answer.text
    assert devices(state) == devices(state, "a-lam") == []


def test_a_right_belongs_to_one_person_and_a_walk_is_walked_once(phone: Telephone) -> None:
    other = Telephone(phone.app, phone.provider)
    other.sign_in(identifier=LAM)
    stolen = phone.granted(phone.away())
    assert other.get("/device/callback", query_string=stolen).status_code == 404
    back = phone.get("/device/callback", query_string=stolen)
    assert back.status_code == 303
    assert phone.get("/device/callback", query_string=stolen).status_code == 404
    enrolment = back.headers["Location"].rpartition("/")[2]
    assert other.get(f"/device/new/{enrolment}").status_code == 404
    assert other.name(enrolment).get_json()["error"] == "enrolment_unknown"


def test_an_answer_of_another_server_or_a_refusal_gives_nothing(phone: Telephone) -> None:
    right = phone.granted(phone.away())
    wrong = phone.get("/device/callback", query_string={**right, "iss": "https://evil.example"})
    assert wrong.status_code == 400
    given = {"state": dict(parse_qsl(urlsplit(phone.away()).query))["state"], "iss": ISSUER, "error": "access_denied"}
    refused = phone.get("/device/callback", query_string=given)
    assert refused.status_code == 400 and "Điện thoại chưa được đăng ký" in refused.text


def test_a_right_does_not_wait_for_ever(phone: Telephone, state: State) -> None:
    enrolment = phone.enrolment()
    state.wait(601)
    assert phone.name(enrolment).get_json()["error"] == "enrolment_unknown"


def test_strangers_and_other_sites(phone: Telephone) -> None:
    stranger = Telephone(phone.app, phone.provider)
    assert stranger.get("/device").headers["Location"].startswith("/sign-in?next=%2Fdevice")
    assert stranger.get("/device/callback?code=x&state=y").status_code == 404
    for path in ("/device/nonce", "/device/enrol", "/device/forgotten", "/approve/view", "/approve/decision"):
        assert stranger.call(path, {}, csrf="x").status_code == 401
        assert phone.call(path, {}, csrf="x").status_code == 403
    assert phone.post("/device/begin", data={"csrf": "x"}).status_code == 403


@pytest.mark.parametrize(
    "body", [[], {}, {"enrolment": 5}, {"enrolment": "x", "name": "x", "passcode": 1, "proof": ""}]
)
def test_malformed_calls_are_refused(phone: Telephone, body: object) -> None:
    answer = phone.call("/device/enrol", body)
    assert answer.status_code == 400 and answer.get_json()["error"] == "request_malformed"


# --- the pages ---------------------------------------------------------------------------------------------------------


def test_the_pages_speak_both_languages_and_need_a_script(phone: Telephone) -> None:
    page = phone.get("/device").text
    assert "Dùng điện thoại này để đăng nhập" in page and "cần JavaScript" in page
    new = phone.get(f"/device/new/{phone.enrolment()}?lang=en").text
    assert "6-digit passcode" in new and "needs JavaScript" in new


def test_forgetting_is_written_down(phone: Telephone) -> None:
    assert phone.call("/device/forgotten", {}).status_code == 200
    assert "Đã quên điện thoại này" in phone.get("/history").text


def test_each_person_has_keys_of_their_own(phone: Telephone) -> None:
    """What the page's script files a key under: one name for a person, whatever the session."""
    owners = []
    for identifier in ("999203001234", "999203001234", LAM):
        one = Telephone(phone.app, phone.provider)
        one.sign_in(identifier=identifier)
        owners.append(one.get("/device").text.partition('data-owner="')[2].partition('"')[0])
    assert owners[0] == owners[1] != owners[2] and all(len(each) == 64 for each in owners)

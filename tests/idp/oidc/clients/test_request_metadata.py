"""What a client registered for its requests: it counts where a request says nothing, on each way that a request can come."""

from typing import Any

import pytest

from certs.jose import sign
from certs.keys import MemorySigner
from idp.oidc.clients import registration
from idp.oidc.clients.registration import RegistrationError
from tests.world_idp import CALLBACK, ISSUER, State, answer_of, basic, client, query

KEY = MemorySigner.generate("ES256", kid="one")
METADATA = {"client_name": "Ngân hàng", "purpose": "Mở tài khoản", "redirect_uris": [CALLBACK]}


def registered(**members: object) -> Any:
    known: dict[str, Any] = {"secret_hash": "0" * 64, "profile": "agency", "entitled_to_pid": True, "simulation": False}
    return registration.client({**METADATA, **members}, client_id="new", **known)


def test_it_is_kept() -> None:
    members = {"default_max_age": 300, "require_auth_time": True, "default_acr_values": ["LoA2", "LoA1"]}
    assert members.items() <= registered(**members).metadata.items()


@pytest.mark.parametrize(
    "member",
    [
        {"default_max_age": -1},
        {"default_max_age": "60"},
        {"default_max_age": True},
        {"default_max_age": 2**31},
        {"require_auth_time": 1},
        {"default_acr_values": "LoA1"},
        {"default_acr_values": [1]},
        {"default_acr_values": ["LoA1 LoA2"]},
        {"default_acr_values": [""]},
        {"default_acr_values": ["LoA1"] * 21},
    ],
)
def test_refused(member: dict[str, object]) -> None:
    with pytest.raises(RegistrationError) as caught:
        registered(**member)
    assert caught.value.code == "invalid_client_metadata"


@pytest.fixture
def strict(state: State) -> State:
    members = {"default_max_age": 100, "default_acr_values": ["LoA4"], "jwks": {"keys": [KEY.public.jwk()]}}
    state.put(clients=(client("strict", metadata=members), client("plain")))
    return state


def ways(state: State, **changed: str | None) -> list[list[tuple[str, str]]]:
    """The same request in the address, pushed, and signed."""
    sent = query(client_id="strict", **changed)
    pushed = state.token(sent, basic("strict"), path="/par").get_json()["request_uri"]
    inside = sign({**sent, "iss": "strict", "aud": ISSUER}, KEY, typ="oauth-authz-req+jwt")
    name = ("client_id", "strict")
    signed = [("request", inside), ("response_type", "code"), ("scope", "openid")]
    return [list(sent.items()), [name, ("request_uri", pushed)], [name, *signed]]


@pytest.mark.parametrize("state", ["sqlite"], indirect=True)
def test_default_max_age(strict: State) -> None:
    browser = strict.browser()
    browser.code(client_id="strict", acr_values="LoA1")
    strict.wait(101)
    for sent in ways(strict, acr_values="LoA1"):
        assert browser.ask_pairs(sent).headers["Location"].startswith("/login/")
    for sent in ways(strict, acr_values="LoA1", max_age="200"):  # the request itself counts for more
        assert "code" in answer_of(browser.ask_pairs(sent))
    silent = answer_of(browser.ask(client_id="strict", acr_values="LoA1", prompt="none"))
    assert silent["error"] == "login_required"
    browser.code(client_id="plain")
    assert "code" in answer_of(browser.ask(client_id="plain"))


@pytest.mark.parametrize("state", ["sqlite"], indirect=True)
def test_default_acr_values(strict: State) -> None:
    """A wish for what can be reached by one step more; a wish of the request itself counts for more."""
    browser = strict.browser()
    browser.code(client_id="strict", acr_values="LoA1")
    for sent in ways(strict, prompt="none"):
        assert answer_of(browser.ask_pairs(sent))["error"] == "interaction_required"
    for changed in ({"acr_values": "LoA1"}, {"claims": '{"id_token": {"acr": null}}'}):
        for sent in ways(strict, prompt="none", **changed):
            assert "code" in answer_of(browser.ask_pairs(sent))


@pytest.mark.parametrize("state", ["sqlite"], indirect=True)
def test_require_auth_time(state: State) -> None:
    state.put(clients=(client("timed", metadata={"require_auth_time": True}), client("untimed")))
    browser = state.browser()
    for name in ("timed", "untimed"):  # it is in every ID token
        tokens = state.redeem(browser.code(client_id=name), basic(name)).get_json()
        assert state.id_token(tokens["id_token"], name)["auth_time"] == state.clock[0]

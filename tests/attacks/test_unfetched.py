"""Group SS at the provider: no address that a client or a request names is ever fetched or followed; SS-05, SS-06, SS-08."""

from collections.abc import Iterator

import httpcore
import pytest

from idp.oidc import registration
from idp.oidc.registration import RegistrationError
from tests.attacks import answers
from tests.world_idp import CALLBACK, State

INSIDE = "http://169.254.169.254/latest"


@pytest.fixture(autouse=True)
def no_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever would connect has already lost."""

    def connect(self: object, host: str, *rest: object, **more: object) -> None:
        raise AssertionError(f"connected to {host}")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    yield


def refused(member: str, uri: str) -> bool:
    metadata = {"client_name": "Sen", "purpose": "x", "redirect_uris": [CALLBACK]}
    known = {"secret_hash": "0" * 64, "profile": "agency", "entitled_to_pid": False, "simulation": False}
    assert registration.client(metadata, client_id="x", **known)  # type: ignore[arg-type]
    with pytest.raises(RegistrationError) as caught:
        registration.client({**metadata, member: uri}, client_id="x", **known)  # type: ignore[arg-type]
    return caught.value.code == "invalid_client_metadata"


@pytest.mark.parametrize("uri", [INSIDE, "https://evil.example/", "file:///etc/passwd"])
@pytest.mark.parametrize("member", ["logo_uri", "policy_uri", "tos_uri"])
def test_ss_05_what_a_client_would_have_shown(member: str, uri: str) -> None:
    assert refused(member, uri)


@pytest.mark.parametrize("uri", [INSIDE, "https://evil.example/"])
@pytest.mark.parametrize("member", ["sector_identifier_uri", "request_uris", "jwks_uri"])
def test_ss_06_what_a_client_would_have_fetched(member: str, uri: str) -> None:
    assert refused(member, uri)


@pytest.mark.parametrize("uri", [INSIDE, "https://evil.example/request.jwt", "file:///etc/passwd"])
def test_ss_06_a_request_by_reference(state: State, uri: str) -> None:
    answers.redirect(state.browser().ask(request_uri=uri), "request_uri_not_supported")


@pytest.mark.parametrize("name", ["host", "post_logout_redirect_uri", "redirect_uri", "next", "issuer"])
@pytest.mark.parametrize("value", ["evil.example", "https://evil.example/", "//evil.example", INSIDE])
def test_ss_08_sign_out_leads_to_our_own_first_page(state: State, name: str, value: str) -> None:
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"))
    page = browser.get("/sign-out", query_string={name: value})
    assert page.status_code == 200
    assert "evil.example" not in page.text and "169.254" not in page.text
    left = browser.submit(page, **{name: value})
    assert (left.status_code, left.headers["Location"]) == (303, "/")

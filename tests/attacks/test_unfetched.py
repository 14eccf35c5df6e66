"""Group SS at the provider: no address that a client or a request names is ever fetched or followed; SS-06, SS-08.

What a client registers by address, and what of it is fetched: test_registration.py.
"""

from collections.abc import Iterator

import httpcore
import pytest

from tests.attacks import answers
from tests.world_idp import State

INSIDE = "http://169.254.169.254/latest"


@pytest.fixture(autouse=True)
def no_connection(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever would connect has already lost."""

    def connect(self: object, host: str, *rest: object, **more: object) -> None:
        raise AssertionError(f"connected to {host}")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    yield


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

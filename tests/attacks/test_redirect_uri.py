"""Near misses of a registered redirect URI: attacks RU-01 to RU-18. Each is an error page and leads nowhere."""

import pytest

from idp.oidc.clients import registration
from idp.oidc.clients.registration import RegistrationError
from tests.attacks import answers
from tests.world_idp import CALLBACK, State, client


def refused(state: State, uri: str | None, **changed: str | None) -> None:
    response = state.browser().ask(redirect_uri=uri, **changed)
    answers.page(response, reflected=(uri or "", "evil", CALLBACK))
    assert "<form" not in response.text
    answers.one_event(state, "authorization_refused", error="invalid_request")


def test_ru_01_not_registered(state: State) -> None:
    refused(state, "https://evil.example/cb")


@pytest.mark.parametrize(
    "uri",
    [
        f"{CALLBACK}/x",
        f"{CALLBACK}?a=b",
        f"{CALLBACK}/",
        CALLBACK.replace(".vn/", ".vn./"),
        CALLBACK.replace(".vn/", ".vn:443/"),
        f" {CALLBACK}",
        f"{CALLBACK} ",
    ],
)
def test_ru_02_registered_and_more(state: State, uri: str) -> None:
    refused(state, uri)


@pytest.mark.parametrize(
    "uri",
    [CALLBACK.replace("bank", "Bank"), CALLBACK.replace("callback", "Callback"), CALLBACK.replace("https", "HTTPS")],
)
def test_ru_03_other_case(state: State, uri: str) -> None:
    refused(state, uri)


@pytest.mark.parametrize("uri", [f"{CALLBACK}#x", f"{CALLBACK}#", f"{CALLBACK}%23x"])
def test_ru_04_fragment(state: State, uri: str) -> None:
    refused(state, uri)
    not_registered(uri)


def test_ru_05_dot_is_a_dot(state: State) -> None:
    refused(state, "https://bankXexample.vn/callback")


@pytest.mark.parametrize(
    "uri", ["https://bank.example.vn@evil.example/callback", "https://a@b@evil.example", "http://127.0.0.1:x@evil/"]
)
def test_ru_06_user_in_the_address(state: State, uri: str) -> None:
    refused(state, uri)
    not_registered(uri)


@pytest.mark.parametrize(
    "path", ["/callback/../evil", "/callback/..;/", "/%2e%2e/callback", "/callback\\", "//callback", "/./callback"]
)
def test_ru_07_path_tricks(state: State, path: str) -> None:
    refused(state, f"https://bank.example.vn{path}")
    not_registered(f"https://bank.example.vn{path}")


@pytest.mark.parametrize("application_type", ["web", "native"])
@pytest.mark.parametrize(
    "host",
    ["", "evil.example\\.bank.vn", "evil.example;.bank.vn", "b%61nk.vn", "bank.vn:", "bank.vn'", "*.bank.vn", "a..vn"],
)
def test_ru_07_hosts_that_browsers_read_otherwise(host: str, application_type: str) -> None:
    """`https:///evil.example` leads to evil.example, and so does what a backslash follows: neither is the host that we see."""
    not_registered(f"https://{host}/evil.example", application_type=application_type)


@pytest.mark.parametrize("host", ["xn--bnk-5na.example.vn", "bánk.example.vn", "bank．example.vn", "bаnk.example.vn"])
def test_ru_08_look_alike_hosts(state: State, host: str) -> None:
    refused(state, f"https://{host}/callback")


@pytest.mark.parametrize("uri", ["http://127.0.0.1:49152/cb", "http://127.0.0.1/cb"])
def test_ru_09_native_loopback_with_another_port(state: State, uri: str) -> None:
    asked = state.browser().ask(client_id="phone", redirect_uri=uri, scope="openid")
    assert asked.headers["Location"].startswith("/login/")


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:49152/cb",
        "http://127.0.0.2:49152/cb",
        "https://127.0.0.1:49152/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:49152x/cb",
        "http://127.0.0.1:４９/cb",
        "http://[::1]:49152/cb",  # registered with 127.0.0.1 only
        "http://127.0.0.1:1@evil.example/cb",
        "http://127.1:49152/cb",
    ],
)
def test_ru_09_native_loopback_only_so_far(state: State, uri: str) -> None:
    refused(state, uri, client_id="phone")


def test_ru_09_a_web_client_has_no_loopback_rule(state: State) -> None:
    state.put(clients=(client("local", redirect_uris=("http://127.0.0.1:5001/cb",)),))
    refused(state, "http://127.0.0.1:49152/cb", client_id="local")


@pytest.mark.parametrize(
    "uri", ["http://127.0.0.1:49152/other", "http://127.0.0.1:49152/cb?x=1", "http://127.0.0.1:49152"]
)
def test_ru_10_native_loopback_with_another_path(state: State, uri: str) -> None:
    refused(state, uri, client_id="phone")


@pytest.mark.parametrize("client_id", ["bank", "shop"])
def test_ru_11_left_out(state: State, client_id: str) -> None:
    refused(state, None, client_id=client_id)


def test_ru_12_wrong_response_type_leads_nowhere(state: State) -> None:
    refused(state, "https://evil.example/cb", response_type="token")


def test_ru_13_missing_openid_leads_nowhere(state: State) -> None:
    refused(state, "https://evil.example/cb", scope="profile")


@pytest.mark.parametrize("mode", ["form_post", "form_post.jwt"])
def test_ru_14_form_post_leads_nowhere(state: State, mode: str) -> None:
    refused(state, "https://evil.example/cb", response_mode=mode)


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)",
        "data:text/html,evil",
        "file:///etc/evil",
        "vbscript:evil",
        "https:evil",
        "about:evil",
        "ftp://evil.example/",
    ],
)
@pytest.mark.parametrize("application_type", ["web", "native"])
def test_ru_15_schemes_that_are_no_address(state: State, uri: str, application_type: str) -> None:
    refused(state, uri, client_id="phone" if application_type == "native" else "bank")
    not_registered(uri, application_type=application_type)


def test_ru_16_token_request_names_another(state: State) -> None:
    code = state.browser().code()
    answers.token(state.redeem(code, redirect_uri=f"{CALLBACK}/x"), "invalid_grant")
    answers.one_event(state, "token_refused", reason="redirect_uri differs from the request")
    answers.token(state.redeem(code), "invalid_grant")  # used up


def test_ru_16_token_request_leaves_it_out(state: State) -> None:
    answers.token(state.redeem(state.browser().code(), redirect_uri=None), "invalid_grant")


def test_ru_17_percent_encoding_differs(state: State) -> None:
    refused(state, "https://bank.example.vn%2Fcallback")


def test_ru_18_ten_kibibytes(state: State) -> None:
    refused(state, f"{CALLBACK}?{'x' * 10_240}")


def test_repeated_redirect_uri(state: State) -> None:
    response = state.browser().ask_pairs([*answers_query(), ("redirect_uri", "https://evil.example/")])
    answers.page(response, reflected=("evil",))


def test_registered_query_is_kept(state: State) -> None:
    uri = "https://shop.example.vn/cb2?a=b"
    asked = state.browser().ask(client_id="shop", redirect_uri=uri, response_type="token")
    answers.redirect(asked, "unsupported_response_type", to=uri)


def answers_query() -> list[tuple[str, str]]:
    from_world = {"client_id": "bank", "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
    return list(from_world.items())


def not_registered(uri: str, *, application_type: str = "web") -> None:
    metadata = {
        "client_name": "Ngân hàng",
        "purpose": "Mở tài khoản",
        "redirect_uris": [uri],
        "application_type": application_type,
    }
    with pytest.raises(RegistrationError) as caught:
        registration.client(
            metadata,
            client_id="new",
            secret_hash="0" * 64,
            profile="agency",
            entitled_to_pid=True,
            simulation=False,
        )
    assert caught.value.code == "invalid_redirect_uri"

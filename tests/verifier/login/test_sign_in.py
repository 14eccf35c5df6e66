"""Signing in: what is sent, what is believed, and every way in which an answer is not."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from certs.encoding import b64url_encode
from certs.fetch import Fetcher
from certs.keys import MemorySigner
from tests.site import Answer, Site
from tests.verifier.provider import CLIENT, PERSON, SECRET, Provider, unsigned
from verifier.login import PENDING_FOR, PROVIDER_FOR, Client, Pending, SignedIn, SignIn, SignInFailed

NOW = 1_800_000_000
CALLBACK = "http://localhost:5002/callback"


def us(provider: Provider | str, **changed: Any) -> Client:
    issuer = provider if isinstance(provider, str) else provider.issuer
    known: dict[str, Any] = {"issuer": issuer, "client_id": CLIENT, "secret": SECRET, "redirect_uri": CALLBACK}
    return Client(**{**known, **changed})


@pytest.fixture
def provider(site: Site) -> Provider:
    return Provider(site, NOW)


@pytest.fixture
def sign_in(provider: Provider, fetcher: Fetcher) -> SignIn:
    return SignIn(us(provider), fetcher)


def go(provider: Provider, sign_in: SignIn, now: int = NOW) -> SignedIn:
    url, pending = sign_in.begin(now=now)
    return sign_in.complete(provider.authorize(url), pending, now=now)


def failure(provider: Provider, sign_in: SignIn) -> str:
    with pytest.raises(SignInFailed) as caught:
        go(provider, sign_in)
    assert caught.value.reason.vi and caught.value.reason.en
    return caught.value.code


def test_a_person_signs_in(provider: Provider, sign_in: SignIn) -> None:
    person = go(provider, sign_in)
    assert (person.subject, person.acr, person.amr, person.auth_time) == (PERSON["sub"], "LoA2", ("pwd",), NOW - 5)
    assert person.claims == PERSON
    assert PERSON["name"] not in repr(person)


def test_the_request(provider: Provider, sign_in: SignIn) -> None:
    url, pending = sign_in.begin(now=NOW, acr_values="LoA3")
    sent = dict(parse_qsl(urlsplit(url).query))
    challenge = b64url_encode(hashlib.sha256(pending.code_verifier.encode()).digest())
    assert sent == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "acr_values": "LoA3",
    }
    assert min(map(len, (pending.state, pending.nonce, pending.code_verifier))) >= 43
    assert sign_in.begin(now=NOW)[1] != pending
    assert repr(pending).count("=") == 1  # only the time is told


def test_where_several_people_use_one_browser(provider: Provider, sign_in: SignIn) -> None:
    """Asked to authenticate anew, the person did so before: somebody else's session, and `prompt` was dropped on the way."""
    url, pending = sign_in.begin(now=NOW, prompt="login")
    assert dict(parse_qsl(urlsplit(url).query))["prompt"] == "login"
    assert sign_in.complete(provider.authorize(url), pending, now=NOW).auth_time == NOW - 5
    for auth_time in (NOW - 31, None):
        provider.claims = {"auth_time": auth_time}
        url, pending = sign_in.begin(now=NOW, prompt="login")
        with pytest.raises(SignInFailed, match="authentication_old"):
            sign_in.complete(provider.authorize(url), pending, now=NOW)
    url, pending = sign_in.begin(now=NOW)
    assert sign_in.complete(provider.authorize(url), pending, now=NOW).auth_time is None


def test_the_exchange_of_the_code(provider: Provider, sign_in: SignIn) -> None:
    url, pending = sign_in.begin(now=NOW)
    sign_in.complete(provider.authorize(url), pending, now=NOW)
    assert provider.token_request == {
        "grant_type": "authorization_code",
        "code": "the-code",
        "redirect_uri": CALLBACK,
        "code_verifier": pending.code_verifier,
    }
    assert base64.b64decode(provider.authorization.removeprefix("Basic ")).decode().startswith(CLIENT + ":")
    asked = [request for request in provider.site.asked if request.path == "/userinfo"]
    assert [request.headers["authorization"] for request in asked] == ["Bearer at"]


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_both_algorithms_that_we_take(site: Site, fetcher: Fetcher, alg: str) -> None:
    provider = Provider(site, NOW, key=MemorySigner.generate(alg))
    assert go(provider, SignIn(us(provider), fetcher)).subject


@pytest.mark.parametrize("alg", ["ES384", "PS256", "EdDSA"])
def test_no_other_algorithm(site: Site, fetcher: Fetcher, alg: str) -> None:
    provider = Provider(site, NOW, key=MemorySigner.generate(alg))
    sign_in = SignIn(us(provider), fetcher)
    assert failure(provider, sign_in) == "alg_not_allowed"


# --- the answer at the front ------------------------------------------------------------------------------------------


def test_an_answer_to_nothing(provider: Provider, sign_in: SignIn) -> None:
    url, pending = sign_in.begin(now=NOW)
    back = provider.authorize(url)
    for held, now in ((None, NOW), (pending, NOW + PENDING_FOR + 1)):
        with pytest.raises(SignInFailed) as caught:
            sign_in.complete(back, held, now=now)
        assert caught.value.code == "not_pending"
    assert provider.token_request == {}


@pytest.mark.parametrize("state", ["", "other", "Đ"])
def test_another_state(provider: Provider, sign_in: SignIn, state: str) -> None:
    provider.answer = {"state": state}
    assert failure(provider, sign_in) == "state_mismatch"
    assert provider.token_request == {}


@pytest.mark.parametrize("issuer", ["", "https://evil.example", "http://127.0.0.1"])
def test_mix_up_another_issuer_in_the_answer(provider: Provider, sign_in: SignIn, issuer: str) -> None:
    """RFC 9207 §2.4: the code of one provider is never carried to another."""
    provider.answer = {"iss": issuer}
    assert failure(provider, sign_in) == "issuer_untrusted"
    assert provider.token_request == {}


def test_the_person_does_not_agree(provider: Provider, sign_in: SignIn) -> None:
    provider.answer = {"code": "", "error": "access_denied"}
    assert failure(provider, sign_in) == "denied"
    provider.answer = {"code": "", "error": "server_error"}
    assert failure(provider, sign_in) == "refused"
    provider.answer = {"code": ""}
    assert failure(provider, sign_in) == "refused"
    assert provider.token_request == {}


# --- the token --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"azp": "shop"}, "audience_mismatch"),
        ({"sub": None}, "token_invalid"),
        ({"sub": 7}, "token_invalid"),
        ({"sub": "999203009999"}, "claim_conflict"),
        ({"exp": None}, "token_invalid"),
        ({"exp": "tomorrow"}, "token_invalid"),
        ({"iat": None}, "token_invalid"),
        ({"auth_time": "now"}, "token_invalid"),
        ({"auth_time": NOW + 31}, "issued_in_future"),  # else it would be recent for ever
        ({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}, "token_invalid"),
        ({"amr": "pwd"}, "token_invalid"),
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_sign_in(
    provider: Provider, sign_in: SignIn, claims: dict[str, object], code: str
) -> None:
    """The others have names in the catalogue: `tests/attacks/test_relying_party.py`."""
    provider.claims = claims
    assert failure(provider, sign_in) == code


def test_a_token_of_another_key(provider: Provider, sign_in: SignIn) -> None:
    provider.signer = MemorySigner.generate("ES256", kid=provider.key.public.kid)
    assert failure(provider, sign_in) == "signature_invalid"


def test_a_token_without_signature(provider: Provider, sign_in: SignIn) -> None:
    url, pending = sign_in.begin(now=NOW)
    claims = {
        "iss": provider.issuer, "sub": PERSON["sub"], "aud": CLIENT, "iat": NOW, "exp": NOW + 60, "nonce": pending.nonce
    }  # fmt: skip
    provider.token = {"id_token": unsigned(claims)}
    with pytest.raises(SignInFailed) as caught:
        sign_in.complete(provider.authorize(url), pending, now=NOW)
    assert caught.value.code == "alg_not_allowed"


@pytest.mark.parametrize("token", ["", "a.b.c", "....", "Đ", None, 7])
def test_a_token_that_is_none(provider: Provider, sign_in: SignIn, token: object) -> None:
    provider.token = {"id_token": token}
    assert failure(provider, sign_in) == "token_invalid"


def test_user_info_of_somebody_else(provider: Provider, sign_in: SignIn) -> None:
    provider.claims = {"sub": PERSON["sub"]}
    provider.person = {**PERSON, "sub": "999203009999"}
    assert failure(provider, sign_in) == "claim_conflict"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(b'{"error":"invalid_grant"}', 400, {"Content-Type": "application/json"}), "refused"),
        (Answer(b"<h1>Bad gateway</h1>", 502), "refused"),
        (Answer(b"<h1>Welcome</h1>", 200), "token_invalid"),
        (Answer(b"[]", 200, {"Content-Type": "application/json"}), "token_invalid"),
        (Answer(b"", 302, {"Location": "http://169.254.169.254/"}), "token_invalid"),
    ],
    ids=["invalid_grant", "502", "a page", "a list", "redirect"],
)
def test_the_token_endpoint_answers_otherwise(provider: Provider, sign_in: SignIn, answer: Answer, code: str) -> None:
    provider.token_answer = answer
    assert failure(provider, sign_in) in (code, "token_invalid", "refused")
    assert [request.path for request in provider.site.asked][-1] == "/token"


# --- the provider's own pages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ({"issuer": "https://evil.example"}, "issuer_untrusted"),
        ({"issuer": None}, "issuer_untrusted"),
        ({"code_challenge_methods_supported": ["S512"]}, "provider_invalid"),
        ({"jwks_uri": "https://10.0.0.1/jwks"}, "provider_unreachable"),
        ({"jwks_uri": "file:///etc/passwd"}, "provider_unreachable"),
    ],
    ids=str,
)
def test_metadata_that_is_not_to_be_used(
    provider: Provider, sign_in: SignIn, metadata: dict[str, object], code: str
) -> None:
    provider.metadata = metadata
    with pytest.raises(SignInFailed) as caught:
        sign_in.begin(now=NOW)
    assert caught.value.code == code


def test_a_provider_that_is_away(fetcher: Fetcher) -> None:
    away = SignIn(us("http://127.0.0.1:1"), fetcher)
    with pytest.raises(SignInFailed) as caught:
        away.begin(now=NOW)
    assert caught.value.code == "provider_unreachable"


def test_metadata_is_read_again_after_a_while_and_not_before(provider: Provider, sign_in: SignIn) -> None:
    for now in (NOW, NOW + 10, NOW + PROVIDER_FOR + 1):
        sign_in.begin(now=now)
    paths = [request.path for request in provider.site.asked]
    assert paths.count("/.well-known/openid-configuration") == paths.count("/jwks") == 2


@pytest.mark.parametrize(("status", "code"), [(500, "provider_unreachable"), (429, "busy"), (503, "busy")])
@pytest.mark.parametrize("page", ["/.well-known/openid-configuration", "/jwks"])
def test_where_newer_keys_cannot_be_had_the_older_are_not_good_for_longer(
    provider: Provider, sign_in: SignIn, page: str, status: int, code: str
) -> None:
    url, pending = sign_in.begin(now=NOW)
    back, good = provider.authorize(url), provider.site.pages[page]
    provider.site.pages[page] = Answer(b"", status)
    for _ in range(2):
        with pytest.raises(SignInFailed) as caught:
            sign_in.complete(back, pending, now=NOW + PROVIDER_FOR + 1)
        assert caught.value.code == code
    provider.site.pages[page] = good
    provider.now = NOW + PROVIDER_FOR + 1
    assert sign_in.complete(back, pending, now=NOW + PROVIDER_FOR + 1).subject


def test_a_key_that_is_new_is_looked_for_once(provider: Provider, sign_in: SignIn) -> None:
    """The provider rotates its key between our reading it and its signing."""
    go(provider, sign_in)
    provider.key = MemorySigner.generate("ES256")
    assert go(provider, sign_in).subject == PERSON["sub"]
    assert [request.path for request in provider.site.asked].count("/jwks") == 2


def test_what_is_secret_is_not_told() -> None:
    client = us("https://id.example")
    pending = Pending("the-state", "the-nonce", "the-verifier", NOW)
    assert SECRET not in repr(client) and "the-" not in repr(pending)

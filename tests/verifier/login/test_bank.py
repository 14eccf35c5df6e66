"""The profile `bank`: what is sent, what a provider must offer, and that nothing less is taken."""

from collections.abc import Mapping
from typing import Any

import pytest

from certs.fetch import Fetcher
from certs.keys import MemorySigner
from tests.site import Answer, Site
from tests.verifier.bank_provider import BankProvider
from tests.verifier.login.test_sign_in import NOW, us
from tests.verifier.provider import PERSON
from verifier.login import Client, SignedIn, SignIn, SignInFailed


@pytest.fixture
def provider(site: Site) -> BankProvider:
    return BankProvider(site, NOW)


def bank(provider: BankProvider, fetcher: Fetcher, **changed: Any) -> SignIn:
    return SignIn(us(provider, secret=None, key=provider.client_key, profile="bank", **changed), fetcher)


def go(provider: BankProvider, sign_in: SignIn) -> SignedIn:
    url, pending = sign_in.begin(now=NOW)
    return sign_in.complete(provider.authorize(url), pending, now=NOW)


def failure(provider: BankProvider, sign_in: SignIn) -> str:
    with pytest.raises(SignInFailed) as caught:
        go(provider, sign_in)
    return caught.value.code


def test_pushed_signed_for_and_bound(provider: BankProvider, fetcher: Fetcher) -> None:
    """The provider of this test checks each assertion, each proof, its nonce, and that all are of one use."""
    sign_in = bank(provider, fetcher)
    person = go(provider, sign_in)
    assert person.claims == PERSON
    assert person.tokens and person.tokens.key and person.tokens.key.public.thumbprint() == provider.jkt
    assert provider.refused == ["token"]  # the nonce of that refusal serves for all that follow
    assert provider.request["code_challenge_method"] == "S256" and "client_secret" not in provider.token_request
    again = go(provider, sign_in)
    assert again.tokens and again.tokens.key != person.tokens.key  # each sign-in has one of its own
    assert provider.refused == ["token"]
    provider.nonce = "nonce-2"
    assert sign_in.userinfo(again, now=NOW) == PERSON
    assert provider.refused == ["token", "userinfo"]


def test_a_nonce_that_changes_with_every_answer_ends(provider: BankProvider, fetcher: Fetcher) -> None:
    class Restless(str):
        def __ne__(self, other: object) -> bool:
            return True

    provider.nonce = Restless("nonce")
    assert failure(provider, bank(provider, fetcher)) == "refused"
    assert provider.refused == ["token", "token"]


@pytest.mark.parametrize("asked", ["us", "provider"])
def test_requests_are_signed_where_one_side_wants_that(provider: BankProvider, fetcher: Fetcher, asked: str) -> None:
    if asked == "provider":
        provider.metadata = {"require_signed_request_object": True}
    assert go(provider, bank(provider, fetcher, signs_requests=asked == "us")).subject
    assert provider.pushed[0]["iss"] == "bank" and provider.pushed[0]["jti"]


@pytest.mark.parametrize(
    "metadata",
    [
        {"pushed_authorization_request_endpoint": None},
        {"authorization_response_iss_parameter_supported": False},
        {"dpop_signing_alg_values_supported": []},
        {"dpop_signing_alg_values_supported": ["RS256"]},
    ],
    ids=str,
)
def test_a_provider_that_offers_less(provider: BankProvider, fetcher: Fetcher, metadata: dict[str, object]) -> None:
    provider.metadata = metadata
    assert failure(provider, bank(provider, fetcher)) == "provider_invalid"


def test_a_token_that_is_not_bound(provider: BankProvider, fetcher: Fetcher) -> None:
    """RFC 9449 §5: as if there were none."""
    provider.token = {"token_type": "Bearer"}
    assert failure(provider, bank(provider, fetcher)) == "token_invalid"


def test_a_provider_that_signs_otherwise(provider: BankProvider, fetcher: Fetcher) -> None:
    provider.key = MemorySigner.generate("RS256")
    assert failure(provider, bank(provider, fetcher)) == "alg_not_allowed"
    provider.key = MemorySigner.generate("PS256")
    assert go(provider, bank(provider, fetcher)).subject


def test_requests_are_pushed_with_a_secret_too(provider: BankProvider, fetcher: Fetcher) -> None:
    """Wherever the provider takes that: no request in the history of a browser."""
    provider._caller = lambda asked: dict(_pairs(asked.body))  # type: ignore[method-assign]
    url, _ = SignIn(us(provider), fetcher).begin(now=NOW)
    assert "request_uri=urn" in url and "state" not in url and provider.pushed[0]["state"]
    provider.metadata = {"require_signed_request_object": True}
    with pytest.raises(SignInFailed, match="provider_invalid"):
        SignIn(us(provider), fetcher).begin(now=NOW)


def test_where_pushed_requests_are_too_many(provider: BankProvider, fetcher: Fetcher) -> None:
    """Strangers can begin sign-ins, so they can bring this about: nobody is then sent with a request in the clear."""
    for status, body in ((429, b"{}"), (429, b"slow down"), (503, b"")):
        provider.site.pages["/par"] = Answer(body, status)
        for sign_in in (SignIn(us(provider), fetcher), bank(provider, fetcher)):
            with pytest.raises(SignInFailed) as caught:
                sign_in.begin(now=NOW)
            assert caught.value.code == "busy"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(b'{"error":"invalid_request"}', 400, {"Content-Type": "application/json"}), "refused"),
        (Answer(b'{"error":"server_error"}', 500), "refused"),
        (Answer(b'{"request_uri":"urn:x","expires_in":60}', 200), "refused"),  # RFC 9126 §2.2: 201
        (Answer(b"{}", 201), "token_invalid"),
        (Answer(b"<html>", 201), "token_invalid"),
        (Answer(b"", 302, {"Location": "http://localhost:1/par"}), "token_invalid"),
    ],
)
def test_a_push_that_fails_is_no_reason_to_ask_otherwise(
    provider: BankProvider, fetcher: Fetcher, answer: Answer, code: str
) -> None:
    provider.site.pages["/par"] = answer
    with pytest.raises(SignInFailed) as caught:
        SignIn(us(provider), fetcher).begin(now=NOW)
    assert caught.value.code == code


def _pairs(body: bytes) -> list[list[str]]:
    return [pair.split("=", 1) for pair in body.decode().split("&")]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({}, None),
        ({"aud": ["bank"]}, None),
        ({"iss": "https://evil.example"}, "issuer_untrusted"),
        ({"iss": None}, "issuer_untrusted"),
        ({"aud": "shop"}, "audience_mismatch"),
        ({"aud": ["bank", "shop"]}, "audience_mismatch"),
        ({"sub": "999203009999"}, "claim_conflict"),
    ],
    ids=str,
)
def test_user_info_that_is_signed(
    provider: BankProvider, fetcher: Fetcher, said: dict[str, object], code: str | None
) -> None:
    provider.signs_userinfo = said
    if code is None:
        assert go(provider, bank(provider, fetcher)).claims == PERSON
    else:
        assert failure(provider, bank(provider, fetcher)) == code


def test_user_info_of_another_signature(provider: BankProvider, fetcher: Fetcher) -> None:
    sign_in = bank(provider, fetcher)
    person = go(provider, sign_in)
    provider.signs_userinfo = {}
    provider.signer = MemorySigner.generate("ES256", kid=provider.key.public.kid)
    with pytest.raises(SignInFailed, match="signature_invalid"):
        sign_in.userinfo(person, now=NOW)


def test_a_refresh(provider: BankProvider, fetcher: Fetcher) -> None:
    """The same key, the new refresh token, the same person; what they proved stays."""
    sign_in = bank(provider, fetcher, scope="openid profile offline_access")
    with pytest.raises(SignInFailed, match="login_required"):
        sign_in.refresh(go(provider, sign_in), now=NOW)
    provider.token = {"refresh_token": "rt-1"}
    person = go(provider, sign_in)
    provider.token, provider.person = {"refresh_token": "rt-2"}, {**PERSON, "email": "moi@example.vn"}
    provider.request["nonce"] = ""
    again = sign_in.refresh(person, now=NOW)
    assert provider.token_request["refresh_token"] == "rt-1"
    assert again.tokens and person.tokens and again.tokens.refresh == "rt-2" and again.tokens.key is person.tokens.key
    assert (again.claims["email"], again.acr, again.auth_time) == ("moi@example.vn", person.acr, person.auth_time)
    for changed in ({"sub": "999203009999"}, {"auth_time": NOW}):  # OpenID Connect Core 1.0 §12.2
        provider.claims = changed
        with pytest.raises(SignInFailed, match="claim_conflict"):
            sign_in.refresh(again, now=NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"secret": "s", "key": MemorySigner.generate()},
        {"secret": None},
        {"profile": "bank"},
        {"profile": "strict"},
        {"signs_requests": True},
        {"secret": None, "key": MemorySigner.generate("ES384")},
        {"scope": "profile"},
    ],
    ids=lambda changed: " ".join(changed),
)
def test_settings_that_do_not_go_together(changed: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError):
        us("https://id.example", **changed)
    assert isinstance(us("https://id.example"), Client)

"""4.7 and 4.8 of the catalogue, the relying party's half: mix-up, injected codes, replayed and substituted tokens, forged logouts.

Each is tried at the library's pages (`verifier/login/site.py`), as a browser or a stranger would.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from certs import jose
from certs.encoding import b64url_encode, json_encode
from certs.fetch import Fetcher
from certs.keys import MemorySigner
from tests.site import Site as WebSite
from tests.verifier.login.test_sign_in import us
from tests.verifier.login.test_site import NOW, OWN, Visitor, location
from tests.verifier.provider import CLIENT, PERSON, Provider, unsigned
from verifier.login import SignIn
from verifier.login.answers import Asked
from verifier.login.kept import Memory
from verifier.login.site import BACK, BEGIN, CALLBACK, FRONT, OUT, Site
from verifier.login.step_up import LEEWAY

EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Shop(Visitor):
    """A browser at the shop, and what the shop said of its failures."""

    failures: list[str] = field(default_factory=list)

    def __init__(self, provider: Provider, fetcher: Fetcher) -> None:
        def page(failure: Any) -> str:
            self.failures.append(failure.code)
            return ""

        client = us(provider, redirect_uri=f"{OWN}/login/callback", after_logout=f"{OWN}/")
        super().__init__(Site(sign_in=SignIn(client, fetcher), kept=Memory(), url=OWN, page=page), provider)
        self.failures = []

    def refused(self, code: str, **said: Any) -> None:
        """With these claims in the ID token nobody is signed in, for this reason."""
        self.provider.claims = said
        assert self.sign_in().status == 400
        assert self.failures.pop() == code
        assert self.person is None

    def another(self) -> Visitor:
        return Visitor(self.site, self.provider)


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(simulation=True)
    yield fetcher
    fetcher.close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    with WebSite() as site:
        yield Provider(site, NOW)


@pytest.fixture
def shop(provider: Provider, fetcher: Fetcher) -> Shop:
    return Shop(provider, fetcher)


# --- 4.7 the ID token -------------------------------------------------------------------------------------------------


def test_id_01_issuer(shop: Shop, provider: Provider) -> None:
    for issuer in ("https://evil.example", None, "", [provider.issuer], provider.issuer + "/", provider.issuer.upper()):
        shop.refused("issuer_untrusted", iss=issuer)


def test_id_02_audience(shop: Shop) -> None:
    for said in (
        {"aud": "wallet"},
        {"aud": ["wallet", "shop"]},
        {"aud": [CLIENT, "shop"]},
        {"aud": [CLIENT, "shop"], "azp": "shop"},
        {"azp": "shop"},
        {"aud": None},
        {"aud": []},
    ):
        shop.refused("audience_mismatch", **said)


def test_id_03_nonce(shop: Shop, provider: Provider) -> None:
    """One that another sign-in had is what an injected code brings along."""
    shop.sign_in()
    shop.cookies.clear()
    for nonce in (None, "", "of another sign-in", provider.request["nonce"], ["n"]):
        shop.refused("nonce_mismatch", nonce=nonce)


def test_id_04_times(shop: Shop) -> None:
    shop.refused("expired", exp=NOW - LEEWAY)
    shop.refused("issued_in_future", iat=NOW + LEEWAY + 1)
    shop.refused("issued_in_future", iat=NOW + 61)
    shop.provider.claims = {"exp": NOW - LEEWAY + 1, "iat": NOW + LEEWAY}
    assert shop.sign_in().status == 303


def test_id_05_another_kind_of_token(shop: Shop, provider: Provider) -> None:
    """Signed by the provider's key, with the very claims of an ID token: its type is what tells them apart."""
    for typ in ("at+jwt", "application/at+jwt", "logout+jwt", "kb+jwt", "dc+sd-jwt", "oauth-authz-req+jwt"):
        url = location(shop.ask("GET", BEGIN))
        back = provider.authorize(url)
        claims = {"iss": provider.issuer, "sub": PERSON["sub"], "aud": CLIENT, "iat": NOW, "exp": NOW + 60}
        signed = jose.sign(claims | {"nonce": provider.request["nonce"]}, provider.key, typ=typ)
        provider.token = {"id_token": signed}
        assert shop.ask("GET", CALLBACK, **back).status == 400
        assert shop.failures.pop() == "type_mismatch" and shop.person is None


def test_id_06_algorithm(shop: Shop, provider: Provider, fetcher: Fetcher) -> None:
    url = location(shop.ask("GET", BEGIN))
    back = provider.authorize(url)
    claims = {"iss": provider.issuer, "sub": PERSON["sub"], "aud": CLIENT, "iat": NOW, "exp": NOW + 60}
    claims |= {"nonce": provider.request["nonce"], "at_hash": "x", "c_hash": "x"}
    provider.token = {"id_token": unsigned(claims)}
    assert shop.ask("GET", CALLBACK, **back).status == 400
    provider.token = {}
    assert shop.failures.pop() == "alg_not_allowed"
    for alg in ("ES384", "PS256", "EdDSA"):  # each in the published keys
        provider.key = MemorySigner.generate(alg)
        Shop(provider, fetcher).refused("alg_not_allowed", at_hash="x")


def test_id_07_user_info_of_somebody_else(shop: Shop, provider: Provider) -> None:
    provider.person = {**PERSON, "sub": "999203009999"}
    for told in (PERSON["sub"], f"{PERSON['sub']} "):
        shop.refused("claim_conflict", sub=told)


def test_id_08_metadata_of_another_issuer(provider: Provider, fetcher: Fetcher) -> None:
    for issuer in (provider.issuer + "/", provider.issuer.upper(), provider.issuer.replace("http", "https"), None):
        provider.metadata = {"issuer": issuer}
        shop = Shop(provider, fetcher)
        assert shop.ask("GET", BEGIN).status == 400 and shop.failures == ["issuer_untrusted"]


def test_id_09_mix_up(shop: Shop, provider: Provider) -> None:
    """RFC 9207 §2.4: the code of one provider is never carried to another, nor one that comes from nobody."""
    for issuer in ("", "https://evil.example", provider.issuer + "/", "http://127.0.0.1"):
        provider.answer = {"iss": issuer}
        assert shop.sign_in().status == 400
        assert shop.failures.pop() == "issuer_untrusted"
    assert provider.token_request == {} and shop.person is None
    provider.answer = {"iss": "https://evil.example"}
    provider.metadata = {"authorization_response_iss_parameter_supported": False}
    shop.site.sign_in._provider = None
    assert shop.sign_in().status == 400  # also where it need not have said so


# --- 4.9 the browser --------------------------------------------------------------------------------------------------


def test_se_01_a_session_that_somebody_set_before(shop: Shop) -> None:
    shop.cookies["__Host-login-session"] = "x" * 43
    shop.sign_in()
    first = shop.cookies["__Host-login-session"]
    assert first != "x" * 43 and len(first) == 43
    away = shop.open("LoA3")
    shop.provider.claims = {"acr": "LoA3"}
    shop.back(location(away))  # type: ignore[arg-type]
    assert shop.person and shop.person.acr == "LoA3" and shop.cookies["__Host-login-session"] != first
    shop.cookies["__Host-login-session"] = first
    assert shop.person is None


def test_se_02_an_answer_for_another_browser(shop: Shop, provider: Provider) -> None:
    """The attacker's own code and state, in a link: whoever follows it would work in the attacker's account."""
    attacker = shop.another()
    back = provider.authorize(location(attacker.ask("GET", BEGIN)))
    shop.ask("GET", BEGIN)
    for visitor in (shop, shop.another()):
        assert visitor.ask("GET", CALLBACK, **back).status == 400 and visitor.person is None
    assert shop.failures == ["not_pending", "not_pending"] and provider.token_request == {}
    assert attacker.ask("GET", CALLBACK, **back).status == 303


def test_an_answer_counts_once(shop: Shop, provider: Provider) -> None:
    """State and code of an address in a history, a log or a `Referer`."""
    back = provider.authorize(location(shop.ask("GET", BEGIN)))
    assert shop.ask("GET", CALLBACK, **back).status == 303
    assert shop.ask("GET", CALLBACK, **back).status == 400 and shop.failures == ["not_pending"]
    for changed in ({"state": "other"}, {"state": ""}):
        shop.ask("GET", BEGIN)
        assert shop.ask("GET", CALLBACK, **{**back, **changed}).status == 400


def test_a_parameter_that_comes_twice(shop: Shop, provider: Provider) -> None:
    back = provider.authorize(location(shop.ask("GET", BEGIN)))
    from_two = [*back.items(), ("code", "another-code")]
    answer = shop.site.answer(Asked("GET", CALLBACK, from_two, (), shop.cookies), now=NOW)
    assert answer.status == 400 and provider.token_request == {}


@pytest.mark.parametrize(
    "after",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "\n//evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "evil",
        "",
        "/" + "a" * 5000,
        "/\r\nSet-Cookie: a=b",
        "///evil.example",
        "https:evil.example",
    ],
)
def test_an_open_redirect(shop: Shop, after: str) -> None:
    """RFC 9700 §4.11.1: nobody is sent on to where an address says."""
    to = location(shop.sign_in(next=after))
    parts = urlsplit(to)
    assert not parts.scheme and not parts.netloc and to.startswith("/") and not to.startswith(("//", "/\\"))
    assert to.isprintable() and " " not in to
    assert shop.person


def test_se_03_nobody_is_signed_out_by_another_page(shop: Shop) -> None:
    shop.sign_in()
    for headers in (
        {},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": OWN + ".evil.example"},
        {"sec-fetch-site": "cross-site", "origin": OWN},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ):
        assert shop.ask("POST", OUT, headers).status == 403 and shop.person
    assert shop.ask("POST", OUT, {"sec-fetch-site": "same-origin", "origin": "null"}).status == 303
    assert shop.person is None


# --- 4.8 logout -------------------------------------------------------------------------------------------------------


def logout(provider: Provider, *, typ: str = "logout+jwt", key: MemorySigner | None = None, **changed: Any) -> str:
    said = {
        "iss": provider.issuer,
        "sub": PERSON["sub"],
        "aud": CLIENT,
        "iat": NOW,
        "exp": NOW + 120,
        "jti": secrets.token_urlsafe(8),
        "sid": "sid-1",
        "events": {EVENT: {}},
        **changed,
    }
    return jose.sign({name: value for name, value in said.items() if value is not None}, key or provider.key, typ=typ)


WRONG: dict[str, Callable[[Provider], str]] = {
    "nonce": lambda provider: logout(provider, nonce="n"),
    "no events": lambda provider: logout(provider, events=None),
    "another event": lambda provider: logout(provider, events={"https://example.vn/event": {}}),
    "for another": lambda provider: logout(provider, aud="shop"),
    "of another": lambda provider: logout(provider, iss="https://evil.example"),
    "unsigned": lambda provider: unsigned({"iss": provider.issuer, "aud": CLIENT, "sid": "sid-1", "jti": "1"}),
    "another key of this name": lambda provider: logout(
        provider, key=MemorySigner.generate("ES256", kid=provider.key.public.kid)
    ),
    "an ID token": lambda provider: logout(provider, typ="JWT"),
    "expired": lambda provider: logout(provider, iat=NOW - 300, exp=NOW - 100),
    "nobody": lambda provider: logout(provider, sid=None, sub=None),
    "no name of its own": lambda provider: logout(provider, jti=None),
    "no token": lambda _: "x",
    "too long": lambda _: "x" * 9000,
}


def test_lo_05_a_logout_token_that_is_not_believed(shop: Shop, provider: Provider) -> None:
    provider.claims = {"sid": "sid-1"}
    shop.sign_in()
    stranger = shop.another()
    for name, wrong in WRONG.items():
        answer = stranger.ask("POST", BACK, form=[("logout_token", wrong(provider))])
        assert (answer.status, answer.body) == (400, b'{"error": "invalid_request"}'), name
        assert shop.person, name
    right = logout(provider)
    assert stranger.ask("POST", BACK, form=[("logout_token", right)] * 2).status == 400 and shop.person
    assert stranger.ask("POST", BACK, form=[("logout_token", right)]).status == 200 and shop.person is None
    shop.sign_in()
    assert stranger.ask("POST", BACK, form=[("logout_token", right)]).status == 400 and shop.person  # replayed
    for changed in ({"sid": "sid-2"}, {"sub": "999090000111"}):
        sent = logout(provider, **changed)
        assert stranger.ask("POST", BACK, form=[("logout_token", sent)]).status == 200 and shop.person
    assert stranger.ask("POST", BACK, form=[("logout_token", logout(provider, sid=None))]).status == 200
    assert shop.person is None


def test_lo_05_strangers_cannot_make_us_ask_again_and_again(shop: Shop, provider: Provider) -> None:
    shop.sign_in()
    asked = len(provider.site.asked)
    head = b64url_encode(json_encode({"alg": "ES256", "kid": "unknown", "typ": "logout+jwt"}))
    token = f"{head}.{b64url_encode(json_encode({'iss': provider.issuer}))}.{'A' * 86}"
    for _ in range(20):
        assert shop.another().ask("POST", BACK, form=[("logout_token", token)]).status == 400
    assert len(provider.site.asked) == asked


def test_lo_08_a_cookie_that_somebody_kept(shop: Shop) -> None:
    shop.sign_in()
    kept = dict(shop.cookies)
    shop.ask("POST", OUT, {"origin": OWN})
    shop.cookies = kept
    assert shop.person is None


def test_lo_09_a_frame_with_a_foreign_sid(shop: Shop, provider: Provider) -> None:
    provider.claims = {"sid": "sid-1"}
    shop.sign_in()
    for wrong in (
        {},
        {"sid": "sid-1"},
        {"iss": provider.issuer},
        {"iss": provider.issuer, "sid": "sid-2"},
        {"iss": "https://evil.example", "sid": "sid-1"},
        {"iss": provider.issuer, "sid": ""},
    ):
        assert shop.ask("GET", FRONT, **wrong).status == 200 and shop.person
        assert shop.another().ask("GET", FRONT, **wrong).status == 200 and shop.person
    answer = shop.ask("GET", FRONT, iss=provider.issuer, sid="sid-1")
    assert shop.person is None
    assert ("Content-Security-Policy" in dict(answer.headers)) and f"frame-ancestors {provider.issuer}" in dict(
        answer.headers
    )["Content-Security-Policy"]
    shop.sign_in()
    # Browsers keep our cookie from the provider's frame: the session's name, which nobody guesses, is enough.
    shop.another().ask("GET", FRONT, iss=provider.issuer, sid="sid-1")
    assert shop.person is None

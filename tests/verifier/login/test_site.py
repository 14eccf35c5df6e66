"""The pages of a sign-in as values: cookies, tabs, where people come back to, what no page is, and the ways out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from certs import jose
from certs.fetch import Fetcher
from certs.keys import MemorySigner
from tests.site import Site as WebSite
from tests.verifier.login.test_sign_in import us
from tests.verifier.provider import PERSON, Provider
from verifier.login import SignedIn, SignIn, SignInFailed, Tokens
from verifier.login.answers import Answer, Asked
from verifier.login.kept import Memory
from verifier.login.kept_file import KeptFile
from verifier.login.opened import open_site
from verifier.login.site import BACK, BEGIN, CALLBACK, FRONT, KEYS, OUT, Site, local
from verifier.login.written import pending_of, pending_text, session_of, session_text

NOW = 1_800_000_000
OWN = "https://shop.example.vn"


class Visitor:
    """A browser at the site: keeps its cookies."""

    def __init__(self, site: Site, provider: Provider) -> None:
        self.site, self.provider = site, provider
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, page: str, headers: Mapping[str, str] = {}, form: Any = (), **query: str) -> Answer:
        asked = Asked(method, page, tuple(query.items()), form, self.cookies, headers)
        return self.keep(self.site.answer(asked, now=NOW))

    def open(self, level: str, here: str = "/account", **more: Any) -> SignedIn | Answer:
        asked = Asked(more.pop("method", "GET"), cookies=self.cookies, headers=more.pop("headers", {}))
        found = self.site.admit(asked, level, here=here, now=NOW, **more)
        return self.keep(found) if isinstance(found, Answer) else found

    def back(self, url: str) -> Answer:
        return self.ask("GET", CALLBACK, **self.provider.authorize(url))

    def sign_in(self, **query: str) -> Answer:
        return self.back(location(self.ask("GET", BEGIN, **query)))

    def keep(self, answer: Answer) -> Answer:
        if answer.cookie is not None:
            self.cookies[answer.cookie.name] = answer.cookie.value
        return answer

    @property
    def person(self) -> SignedIn | None:
        return self.site.person(self.cookies, now=NOW)


def location(answer: Answer) -> str:
    assert answer.status == 303, answer
    return dict(answer.headers)["Location"]


@pytest.fixture
def provider(site: WebSite) -> Provider:
    return Provider(site, NOW, claims={"sid": "sid-1"}, metadata={"end_session_endpoint": f"{site.url}/logout"})


@pytest.fixture(params=["memory", "file"])
def shop(request: pytest.FixtureRequest, provider: Provider, fetcher: Fetcher, tmp_path: Path) -> Site:
    kept = Memory() if request.param == "memory" else KeptFile(tmp_path / "kept.sqlite")
    client = us(provider, redirect_uri=f"{OWN}/login/callback", after_logout=f"{OWN}/")
    return Site(sign_in=SignIn(client, fetcher), kept=kept, url=OWN)


@pytest.fixture
def visitor(shop: Site, provider: Provider) -> Visitor:
    return Visitor(shop, provider)


def test_in_and_back_to_the_page(visitor: Visitor) -> None:
    away = visitor.open("LoA2", here="/transfer?to=Hoà&amount=5")
    assert isinstance(away, Answer) and visitor.person is None
    assert location(visitor.back(location(away))) == "/transfer?to=Ho%C3%A0&amount=5"
    found = visitor.open("LoA2")
    assert isinstance(found, SignedIn) and found.claims == PERSON and found == visitor.person
    assert isinstance(visitor.open("LoA2", within=60), SignedIn)


def test_cookies_are_this_hosts_alone(visitor: Visitor) -> None:
    begun, done = visitor.ask("GET", BEGIN), visitor.sign_in()
    for answer, name in ((begun, "begun"), (done, "session")):
        (cookie,) = [value for header, value in answer.all_headers if header == "Set-Cookie"]
        assert cookie.startswith(f"__Host-login-{name}=") and "Domain" not in cookie
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert ("Cache-Control", "no-store") in answer.headers


def test_more_is_asked_of_the_same_person_alone(visitor: Visitor, provider: Provider) -> None:
    visitor.sign_in()
    away = visitor.open("LoA3", here="/vault")
    assert isinstance(away, Answer)
    provider.claims |= {"acr": "LoA3", "sub": "999203009999"}
    refused = visitor.back(location(away))
    assert refused.status == 403 and visitor.person and visitor.person.acr == "LoA2"
    del provider.claims["sub"]
    away = visitor.open("LoA3", here="/vault")
    assert isinstance(away, Answer) and location(visitor.back(location(away))) == "/vault"
    assert isinstance(visitor.open("LoA4"), Answer) and isinstance(visitor.open("LoA3"), SignedIn)


def test_two_tabs_at_once(visitor: Visitor, provider: Provider) -> None:
    one, two = (location(visitor.ask("GET", BEGIN, next=path)) for path in ("/one", "/two"))
    for url, path in ((two, "/two"), (one, "/one")):
        assert location(visitor.back(url)) == path
        assert visitor.person


@pytest.mark.parametrize(
    "request_",
    [
        {"method": "POST"},
        {"headers": {"sec-fetch-mode": "cors"}},
        {"headers": {"sec-fetch-mode": "no-cors"}},
    ],
    ids=["a form", "a script", "a picture"],
)
def test_what_is_no_page_is_not_sent_elsewhere(visitor: Visitor, request_: dict[str, Any]) -> None:
    refused = visitor.open("LoA1", **request_)
    assert isinstance(refused, Answer) and refused.status == 401 and refused.cookie is None
    assert "Hãy đăng nhập".encode() in refused.body and b'href="/login"' in refused.body
    visitor.sign_in()
    assert isinstance(visitor.open("LoA1", **request_), SignedIn)


def test_each_page_has_its_method(visitor: Visitor) -> None:
    for page in (BEGIN, CALLBACK, OUT, BACK, FRONT, KEYS):
        methods = ("POST",) if page in (OUT, BACK) else ("GET", "HEAD")
        for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
            assert (visitor.ask(method, page).status != 405) == (method in methods), (method, page)


def test_a_failure_says_what_to_do_in_both_languages(visitor: Visitor, provider: Provider) -> None:
    provider.answer = {"code": "", "error": "access_denied"}
    page = visitor.sign_in()
    assert page.status == 403 and visitor.person is None
    assert "Bạn đã chọn không chia sẻ".encode() in page.body and b"You chose not to share" in page.body
    assert any(name == "Content-Security-Policy" and "default-src 'none'" in value for name, value in page.headers)


def test_a_provider_that_is_away(fetcher: Fetcher, provider: Provider) -> None:
    client = us("http://127.0.0.1:1", redirect_uri=f"{OWN}/login/callback")
    own_page: list[SignInFailed] = []

    def page(failure: SignInFailed) -> str:
        own_page.append(failure)
        return "<p>our own"

    site = Site(sign_in=SignIn(client, fetcher), kept=Memory(), url=OWN, page=page)
    visitor = Visitor(site, provider)
    for answer in (visitor.ask("GET", BEGIN), visitor.open("LoA1")):
        assert isinstance(answer, Answer) and (answer.status, answer.body) == (503, b"<p>our own")
    assert own_page[0].code == "provider_unreachable"


def test_where_too_many_sign_ins_are_under_way_nobody_elses_is_given_up(fetcher: Fetcher, provider: Provider) -> None:
    client = us(provider.issuer, redirect_uri=f"{OWN}/login/callback")
    site = Site(sign_in=SignIn(client, fetcher), kept=Memory(at_most=1), url=OWN)
    first, stranger = Visitor(site, provider), Visitor(site, provider)
    begun = first.ask("GET", BEGIN)
    told = stranger.ask("GET", BEGIN)
    assert (begun.status, told.status) == (303, 503) and b"Too many people are signing in" in told.body
    back = provider.authorize(dict(begun.headers)["Location"])
    assert first.ask("GET", CALLBACK, **back).status == 303


def test_out_here_and_at_the_provider(visitor: Visitor, provider: Provider) -> None:
    visitor.sign_in()
    cookies = dict(visitor.cookies)
    to = location(visitor.ask("POST", OUT, {"sec-fetch-site": "same-origin"}))
    sent = dict(parse_qsl(urlsplit(to).query))
    assert to.startswith(f"{provider.issuer}/logout?") and sent["post_logout_redirect_uri"] == f"{OWN}/"
    assert sent["id_token_hint"].count(".") == 2
    visitor.cookies = cookies  # LO-08: a cookie that somebody kept opens nothing
    assert visitor.person is None
    assert location(visitor.ask("POST", OUT, {"origin": OWN})) == "/"


def test_out_where_the_provider_cannot_be_reached(visitor: Visitor, provider: Provider) -> None:
    visitor.sign_in()
    provider.metadata["end_session_endpoint"] = None
    visitor.site.sign_in._provider = None
    assert location(visitor.ask("POST", OUT, {"origin": OWN})) == "/"
    assert visitor.person is None


def test_our_key_is_told_to_whoever_registers_us(provider: Provider, fetcher: Fetcher, tmp_path: Path) -> None:
    key = MemorySigner.generate()
    (tmp_path / "client.pem").write_bytes(key.pem())
    known: dict[str, Any] = {"issuer": "https://id.example.vn", "client_id": "shop", "url": OWN}
    site = open_site(**known, key=tmp_path / "client.pem")
    published = Visitor(site, provider).ask("GET", KEYS).body
    (told,) = jose.KeySet.from_jwks(json.loads(published)).keys
    assert told == key.public and b'"d"' not in published
    with pytest.raises(ValueError, match="openssl genpkey"):
        open_site(**known, key=tmp_path / "none.pem")


@pytest.mark.parametrize(
    "url", ["http://shop.example.vn", "https://shop.example.vn/path", "shop.example.vn", "ftp://localhost", ""]
)
def test_an_address_that_is_not_safe(url: str) -> None:
    with pytest.raises(ValueError, match="https://HOST"):
        open_site(issuer="https://id.example.vn", client_id="shop", secret="s", url=url)


def test_what_is_kept_comes_back_as_it_was() -> None:
    key = MemorySigner.generate()
    person = SignedIn("s", "LoA2", ("pwd", "otp"), NOW, {"name": "Thuỳ", "address": {"x": [1, None]}}, "sid", "ey")
    with_key = SignedIn("s", None, (), None, {}, tokens=Tokens("at", "rt", NOW, key))
    for one in (person, with_key):
        kept, until = session_of(session_text(one, NOW))
        assert until == NOW and (kept.tokens is None) == (one.tokens is None)
        assert session_text(kept, NOW) == session_text(one, NOW)
    back = session_of(session_text(with_key, NOW))[0].tokens
    assert back and back.key and back.key.public == key.public


def test_a_sign_in_under_way_comes_back_as_it_was(provider: Provider, fetcher: Fetcher) -> None:
    _, pending = SignIn(us(provider), fetcher).begin(now=NOW)
    assert pending_of(pending_text(pending, "/x")) == (pending, "/x")


def test_new_claims_are_kept_until_the_same_end(visitor: Visitor, shop: Site) -> None:
    visitor.sign_in()
    person = visitor.person
    assert person
    newer = SignedIn(person.subject, person.acr, person.amr, person.auth_time, {"name": "Mới"}, person.sid)
    shop.keep(visitor.cookies, newer, now=NOW + 100)
    assert visitor.person and visitor.person.claims == {"name": "Mới"}
    assert shop.person(visitor.cookies, now=NOW + shop.lasts) is None
    shop.keep({}, newer, now=NOW)
    assert shop.person({}, now=NOW) is None


def test_paths_of_our_own_stay() -> None:
    for path in ("/", "/a/b?c=d&e=%20", "/~x;y=1", "/tài-khoản"):
        assert local(path, "/home").startswith("/") and local(path, "/home") != "/home"


class Ended(Memory):
    """The provider's logout comes while new claims are on their way."""

    ended = True

    def get(self, kind: str, key: str, *, now: int) -> str | None:
        text = super().get(kind, key, now=now)
        if self.ended:
            self.end(sid="sid-1", subject=None)
        return text


def test_who_signed_out_meanwhile_is_not_signed_in_again(provider: Provider, fetcher: Fetcher) -> None:
    kept = Ended()
    kept.ended = False
    client = us(provider, redirect_uri=f"{OWN}/login/callback")
    visitor = Visitor(Site(sign_in=SignIn(client, fetcher), kept=kept, url=OWN), provider)
    visitor.sign_in()
    person = visitor.person
    assert person
    kept.ended = True
    visitor.site.keep(visitor.cookies, person, now=NOW)
    assert visitor.person is None


def test_the_way_back_from_a_failure_stays_here(provider: Provider, fetcher: Fetcher) -> None:
    provider.metadata = {"issuer": "https://other.example"}
    site = Site(sign_in=SignIn(us(provider), fetcher), kept=Memory(), url=OWN)
    answer = site.admit(Asked("GET"), "LoA1", here="//other.example/x", now=NOW)
    assert isinstance(answer, Answer) and answer.status == 400 and b"other.example" not in answer.body
    answer = site.admit(Asked("GET"), "LoA1", here="/mine?x=1", now=NOW)
    assert isinstance(answer, Answer) and b'href="/mine?x=1"' in answer.body


def test_a_path_that_becomes_long_is_not_kept() -> None:
    """A letter of three bytes is nine characters of an address, and strangers have a hundred thousand sign-ins under way."""
    assert local("/" + "ạ" * 2_000, "/home") == "/home"

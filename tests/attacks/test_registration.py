"""Applications that register themselves, and what we then fetch from them: attacks CA-17, CA-19, SS-01 to SS-10, XS-01, and what
befell others, each under its own name (attacks.md, section 2)."""

import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpcore
import pytest
from werkzeug.test import TestResponse

from certs.encoding import b64url_encode
from certs.fetch import Fetcher, Response
from certs.jose import sign
from certs.keys import MemorySigner
from idp.oidc.assertion import TYPE
from idp.oidc.client_auth import WRONG
from idp.oidc.clients import registration, remote
from idp.oidc.clients.registration import RegistrationError
from idp.oidc.clients.remote import AT_ONCE, FRESH, MOST, PAUSE, STALE, Remote
from idp.oidc.context import Admits
from tests.attacks import answers
from tests.certs.servers import raw, serving
from tests.idp.oidc.registering import Site, as_sent, at, own, post, refused, registered
from tests.world_idp import CALLBACK, ISSUER, SECRET, State, answer_of, basic, build, client, query, reopen

KEY = MemorySigner.generate("ES256", kid="one")
URLS = (
    "jwks_uri",
    "sector_identifier_uri",
    "request_uris",
    "initiate_login_uri",
    "logo_uri",
    "policy_uri",
    "client_uri",
)
SCHEMES = (
    *(
        "file:///etc/passwd",
        "ftp://sen.example/",
        "gopher://sen.example/",
        "data:application/json,{}",
        "javascript:alert(1)",
    ),
    *(
        "http://sen.example/jwks",
        "//sen.example/",
        "sen.example",
        "https:///x",
        "https://a@sen.example/",
        "https://sen.example/#\n",
    ),
)
INSIDE = (
    *(
        "127.0.0.1",
        "[::1]",
        "0.0.0.0",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.1.1",
        "172.16.0.1",
        "[fc00::1]",
        "100.64.0.1",
    ),
    *("[::ffff:10.0.0.1]", "2130706433", "0177.0.0.1", "0x7f.1", "localhost"),
)


@pytest.fixture
def open_state(tmp_path: Path) -> Iterator[State]:
    build(tmp_path).close()
    state = reopen(tmp_path, registration=Admits.EVERYBODY)
    yield state
    state.close()


@pytest.fixture
def no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever would connect has already lost."""

    def connect(self: object, host: str, *rest: object, **more: object) -> None:
        raise AssertionError(f"connected to {host}")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)


def sent(member: str, url: str) -> dict[str, Any]:
    return {member: [url] if member == "request_uris" else url}


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize("url", SCHEMES)
@pytest.mark.parametrize("member", URLS)
def test_ss_01_xs_01_addresses_that_are_none_of_the_web(open_state: State, member: str, url: str) -> None:
    """Also PyJWT CVE-2026-48522: a JWKS client that followed `file:`, `ftp:` and `data:`."""
    refused(post(open_state, **sent(member, url)))
    told = registered(open_state)
    refused(own(open_state, told, "PUT", json=as_sent(told, **sent(member, url))))


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize("host", INSIDE)
def test_ss_02_ss_06_hosts_inside(host: str) -> None:
    """Outside of a simulation, where there is no loopback either: what registration lets through, the guard does not."""
    outside = Remote(Fetcher(simulation=False), lambda: 0.0)
    url = f"https://{host}/x"
    outside.refresh(url)
    assert outside.keys(url, kid=None)[0] == ()
    assert outside.read(url) is None


@pytest.mark.parametrize("location", ["http://127.0.0.1:1/", "file:///etc/passwd", "http://169.254.169.254/latest/"])
def test_ss_04_keycloak_cve_2026_4366_redirects_of_what_a_client_registered(open_state: State, location: str) -> None:
    site = Site(status="302 Found", headers=f"Location: {location}\r\n")
    with serving(site.talk) as server:
        refused(post(open_state, sector_identifier_uri=at(server)))
        told = registered(open_state, request_uris=[at(server)], jwks={"keys": [KEY.public.jwk()]})
        asked = open_state.browser().ask(
            client_id=told["client_id"], redirect_uri="https://sen.example/cb", request_uri=at(server)
        )
        assert answer_of(asked)["error"] == "invalid_request_uri"
        assert site.served == 2


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize("member", ["logo_uri", "policy_uri", "tos_uri", "client_uri", "initiate_login_uri"])
def test_ss_05_mitreid_cve_2021_26715_what_a_client_shows_is_never_fetched(open_state: State, member: str) -> None:
    told = registered(open_state, **{member: "https://169.254.169.254/latest/meta-data"})
    browser = open_state.browser()
    asked = browser.ask(client_id=told["client_id"], redirect_uri="https://sen.example/cb", scope="openid")
    page = browser.get(browser.sign_in(asked).headers["Location"])
    assert page.status_code == 200 and "169.254" not in page.text


@pytest.mark.usefixtures("no_connection")
def test_ss_06_jwks_uri_and_request_uris_are_not_fetched_at_registration(open_state: State) -> None:
    registered(
        open_state,
        jwks_uri="https://inside.example/jwks",
        request_uris=["https://inside.example/r"],
        token_endpoint_auth_method="private_key_jwt",
    )


@pytest.mark.parametrize("member", ["jwks_uri", "sector_identifier_uri", "request_uris"])
def test_ss_09_another_port(member: str) -> None:
    def made(url: str, *, simulation: bool) -> object:
        good = {"client_name": "Sen", "purpose": "x", "redirect_uris": [CALLBACK], **sent(member, url)}
        return registration.client(
            good, client_id="x", secret_hash="0" * 64, profile="baseline", entitled_to_pid=False, simulation=simulation
        )

    for port in (8443, 22, 80, 6379):
        with pytest.raises(RegistrationError):
            made(f"https://sen.example:{port}/x", simulation=False)
        assert made(f"https://sen.example:{port}/x", simulation=True)
    assert made("https://sen.example:443/x", simulation=False)


# --- keys at an address of the client --------------------------------------------------------------------------------


def signer(state: State, jwks_uri: str, name: str = "signer", **more: Any) -> None:
    shape = {"token_endpoint_auth_method": "private_key_jwt", "secret_hash": None, "profile": "baseline"}
    state.put(clients=(client(name, **shape, metadata={"jwks_uri": jwks_uri, **more}),))


def assertion(state: State, key: MemorySigner = KEY, name: str = "signer", *, jti: str = "j", **headers: Any) -> str:
    now = state.clock[0]
    claims = {"iss": name, "sub": name, "aud": ISSUER, "jti": jti, "exp": now + 60, "iat": now}
    return sign(claims, key, typ="JWT", headers=headers)


def send(state: State, signed: str) -> TestResponse:
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK}
    return state.token({**form, "client_assertion": signed, "client_assertion_type": TYPE}, {})


def taken(response: TestResponse) -> None:
    answers.token(response, "invalid_grant")  # as far as a right caller gets with a code that is none


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hands(state: State) -> Hands:
    clock = Hands()
    state.web.oidc.remote._clock = clock
    return clock


def test_ca_17_an_unknown_kid_asks_once_a_minute(state: State, hands: Hands) -> None:
    site, new = Site(), MemorySigner.generate("ES256", kid="two")
    site.say({"keys": [KEY.public.jwk()]})
    with serving(site.talk) as server:
        signer(state, at(server))
        taken(send(state, assertion(state)))
        taken(send(state, assertion(state, jti="k")))
        assert site.served == 1
        site.say({"keys": [KEY.public.jwk(), new.public.jwk()]})
        for n in range(5):
            answers.token(send(state, assertion(state, new, jti=f"n{n}")), "invalid_client")
        assert site.served == 1  # within the minute of the first
        hands.now += PAUSE
        taken(send(state, assertion(state, new, jti="m")))
        for n in range(5):
            answers.token(send(state, assertion(state, kid=f"random-{n}", jti=f"r{n}")), "invalid_client")
        assert site.served == 2
        taken(send(state, assertion(state, jti="l")))


def test_ss_10_a_thousand_unknown_kids_are_one_fetch() -> None:
    """Also PyJWT CVE-2026-48524: one fetch for each unknown kid."""
    site, hands = Site(), Hands()
    site.say({"keys": [KEY.public.jwk()]})
    with serving(site.talk) as server:
        ours = Remote(Fetcher(simulation=True), hands)
        for n in range(1_000):
            _, due = ours.keys(at(server), kid=f"random-{n}")
            if due:
                ours.refresh(at(server))
        assert site.served == 1
        hands.now += PAUSE
        assert ours.keys(at(server), kid="one") == ((KEY.public.jwk(),), False)
        assert ours.keys(at(server), kid="random")[1]


BAD = (
    b"",
    b"{",
    b"[]",
    b'{"keys":{}}',
    b'{"keys":[1]}' * 2,
    b'{"keys":[],"keys":[{"kid":"one"}]}',
    b"\xff",
    json.dumps({"keys": [KEY.public.jwk()] * (remote.MAX_KEYS + 1)}).encode(),
    b'{"keys":["' + b"x" * 300_000 + b'"]}',
    json.dumps({"keys": [KEY.public.jwk()], "x": "x" * remote.MAX_SET}).encode(),
)


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_ss_07_ss_10_pyjwt_cve_2026_48524_a_failed_fetch_keeps_the_last_good_keys(bad: bytes) -> None:
    site, hands = Site(), Hands()
    site.say({"keys": [KEY.public.jwk()]})
    with serving(site.talk) as server:
        ours, url = Remote(Fetcher(simulation=True), hands), at(server)
        ours.refresh(url)
        site.body = bad
        for n in range(1, 4):
            hands.now += FRESH
            assert ours.keys(url, kid="one") == ((KEY.public.jwk(),), True)
            ours.refresh(url)
            assert ours.keys(url, kid="one") == ((KEY.public.jwk(),), False)  # not asked again at once
            assert site.served == 1 + n
        hands.now += STALE
        assert ours.keys(url, kid="one") == ((), True)  # a key that its owner took back does not live for ever


def test_ss_07_who_takes_all_its_keys_back_is_believed(state: State, hands: Hands) -> None:
    """A stolen key would have stayed good for a day where there was no other to put in its place."""
    site = Site()
    site.say({"keys": [KEY.public.jwk()]})
    with serving(site.talk) as server:
        signer(state, at(server))
        taken(send(state, assertion(state)))
        site.say({"keys": []})
        hands.now += FRESH
        answers.token(send(state, assertion(state, jti="k")), "invalid_client")
        site.say({"keys": [KEY.public.jwk()]})
        hands.now += PAUSE
        taken(send(state, assertion(state, jti="l")))


def test_ss_07_a_host_that_does_not_answer_keeps_no_more_than_its_share() -> None:
    """Strangers make us ask it: else they would fill every connection and every worker with waiting for it."""
    begun, over = threading.Semaphore(0), threading.Event()

    class Web:
        def get(self, url: str, *, accept: str = "") -> Response:
            if "slow" in url:
                begun.release()
                over.wait(10)
            return Response(200, {}, b"x")

    ours = Remote(Web(), lambda: 0.0)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [pool.submit(ours.read, f"https://slow.example/{n}") for n in range(AT_ONCE)]
        for _ in waiting:
            begun.acquire()
        assert ours.read("https://slow.example/") is None
        assert not begun.acquire(blocking=False)
        assert ours.read("https://other.example/") == b"x"
        over.set()
        assert [one.result() for one in waiting] == [b"x"] * AT_ONCE
    assert ours.read("https://slow.example/") == b"x"
    assert not ours._reading


@pytest.mark.parametrize(
    "site",
    [
        Site(status="500 Oops"),
        Site(status="304 Not Modified"),
        Site(kind="text/html"),
        Site(headers="Content-Encoding: gzip\r\n"),
    ],
)
def test_ss_07_other_answers_are_no_keys(site: Site) -> None:
    site.say({"keys": [KEY.public.jwk()]})
    with serving(site.talk) as server:
        ours = Remote(Fetcher(simulation=True), lambda: 0.0)
        ours.refresh(at(server))
        assert ours.keys(at(server), kid="one") == ((), False)


def test_ss_07_keys_that_drip_are_cut_off_and_nobody_waits_for_them_twice(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("certs.fetch.TIME_LIMIT", 0.5)
    with serving(raw(b"HTTP/1.1 200 OK\r\n", *[b"x"] * 100, pause=0.1)) as server:
        signer(state, at(server))
        for n in range(20):
            answers.token(send(state, assertion(state, jti=f"d{n}")), "invalid_client")
        assert len(server.requests) == 1
        assert state.browser().ask().status_code == 303  # and meanwhile nothing was held


def test_no_transaction_is_open_while_we_fetch(state: State) -> None:
    """On SQLite a transaction that writes is the only one: a page that is served from it could not answer."""
    site = Site()
    site.say({"keys": [KEY.public.jwk()]})
    wrote: list[bool] = []

    def talk(connection: socket.socket) -> None:
        with state.storage.transaction() as ports:
            wrote.append(ports.ephemeral.once("test", "x", expires=state.clock[0] + 60))
        site.talk(connection)

    with serving(talk) as server:
        signer(state, at(server))
        taken(send(state, assertion(state)))
    assert wrote == [True]


def test_ca_18_keys_that_are_of_no_use(state: State, hands: Hands) -> None:
    site, weak = Site(), {**MemorySigner.generate("RS256", kid="weak").public.jwk(), "n": "sXch"}
    with serving(site.talk) as server:
        signer(state, at(server))
        twin = MemorySigner.generate("ES256", kid="one").public.jwk()
        for keys in (
            [KEY.public.jwk(), twin],
            [{**KEY.public.jwk(), "use": "enc"}],
            [weak],
            [None],
            [{"kid": ["one"]}],
        ):
            site.say({"keys": keys})
            answers.token(send(state, assertion(state)), "invalid_client")
            hands.now += FRESH
        site.say({"keys": [weak, "x", KEY.public.jwk()]})
        taken(send(state, assertion(state)))


def test_the_cache_is_bounded() -> None:
    class Web:
        def get(self, url: str, *, accept: str = "") -> Response:
            return Response(200, {"content-type": "application/json"}, json.dumps({"keys": [{"kid": url}]}).encode())

    ours = Remote(Web(), lambda: 0.0)
    for n in range(2 * MOST):
        ours.refresh(f"https://{n}.example/")
        assert ours.keys(f"https://{n}.example/", kid=None)[0]
    assert len(ours._known) == MOST


# --- secrets ---------------------------------------------------------------------------------------------------------


def test_ca_19_many_wrong_secrets(state: State) -> None:
    most, all_ = WRONG.steps[0][0], 130
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK}
    seen: dict[str, list[int]] = {"bank": [], "nobody": []}
    for n in range(all_):
        for name, statuses in seen.items():
            statuses.append(state.token(form, basic(name, f"{n}" * 43)).status_code)
    for statuses in seen.values():  # known or not: the same
        assert statuses == [401] * (most + 1) + [429] * (all_ - 1 - most)
    last = state.token(form, basic("bank", "x"))
    assert int(last.headers["Retry-After"]) > 0
    taken(state.token(form, basic("bank", SECRET)))  # a stranger locks nobody out
    taken(state.token({**form, "client_id": "shop", "client_secret": SECRET}, {}))
    state.wait(WRONG.kept)
    assert state.token(form, basic("bank", "x")).status_code == 401


# --- client_secret_jwt ------------------------------------------------------------------------------------------------


def mac(alg: str, secret: str, claims: dict[str, Any], **header: Any) -> str:
    head = json.dumps({"alg": alg, "typ": "JWT", **header}).encode()
    signed = f"{b64url_encode(head)}.{b64url_encode(json.dumps(claims).encode())}"
    digest = hmac.digest(secret.encode(), signed.encode(), {"HS384": "sha384", "HS512": "sha512"}.get(alg, "sha256"))
    return f"{signed}.{b64url_encode(digest)}"


@pytest.fixture
def keyed(open_state: State) -> dict[str, Any]:
    return registered(open_state, token_endpoint_auth_method="client_secret_jwt")


def claims(state: State, name: str, **changed: Any) -> dict[str, Any]:
    now = state.clock[0]
    return {"iss": name, "sub": name, "aud": ISSUER, "jti": "j", "exp": now + 60, "iat": now, **changed}


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_a_secret_is_proven_and_not_sent(open_state: State, keyed: dict[str, Any], alg: str) -> None:
    name, secret = keyed["client_id"], keyed["client_secret"]
    code = open_state.browser().code(client_id=name, redirect_uri="https://sen.example/cb")
    proof = {"client_assertion": mac(alg, secret, claims(open_state, name)), "client_assertion_type": TYPE}
    tokens = open_state.redeem(code, {}, redirect_uri="https://sen.example/cb", **proof)
    assert tokens.status_code == 200, tokens.text
    answers.token(send(open_state, proof["client_assertion"]), "invalid_client")  # CA-01: once


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://other.example"},
        {"exp": 0},
        {"jti": None},
        {"iss": "bank"},
        {"sub": "bank"},
    ],
)
def test_what_holds_for_signed_assertions_holds_for_keyed_ones(
    open_state: State, keyed: dict[str, Any], changed: dict[str, Any]
) -> None:
    told = claims(open_state, keyed["client_id"], **changed)
    answers.token(send(open_state, mac("HS256", keyed["client_secret"], told)), "invalid_client")


def test_ca_09_no_key_passes_for_a_secret_nor_a_secret_for_a_key(open_state: State, keyed: dict[str, Any]) -> None:
    name, secret = keyed["client_id"], keyed["client_secret"]
    good = claims(open_state, name)
    jwk = KEY.public.jwk()
    wrong = [
        mac("HS256", "", good),
        mac("HS256", secret[:-1], good),
        mac("HS256", SECRET, good),
        mac("none", secret, good),
        mac("ES256", secret, good),
        mac("hs256", secret, good),
        mac("HS256", secret, good, typ="at+jwt"),
        mac("HS256", secret, good, crit=["x"], x=1),
        sign(good, KEY, typ="JWT"),
        sign(good, KEY, typ="JWT", headers={"jwk": jwk}),
    ]
    for one in wrong:
        answers.token(send(open_state, one), "invalid_client")
    signer(open_state, "https://unused.example/", jwks_unused=1)
    open_state.put(
        clients=(
            client(
                "inline",
                token_endpoint_auth_method="private_key_jwt",
                secret_hash=None,
                profile="baseline",
                metadata={"jwks": {"keys": [jwk]}},
            ),
        )
    )
    for key in (json.dumps(jwk), json.dumps({"keys": [jwk]}), jwk["x"], ""):
        answers.token(send(open_state, mac("HS256", key, claims(open_state, "inline"))), "invalid_client")
    assert own(open_state, keyed).status_code == 200


def test_a_sealed_secret_of_another_client_does_not_open(open_state: State, keyed: dict[str, Any]) -> None:
    other = registered(open_state, token_endpoint_auth_method="client_secret_jwt")
    with open_state.storage.transaction() as ports:
        one, two = (ports.clients.hold(each["client_id"]) for each in (keyed, other))
        assert one is not None and two is not None
        ports.clients.replace(replace(two, secret_sealed=one.secret_sealed))
    for secret in (keyed["client_secret"], other["client_secret"]):
        told = claims(open_state, other["client_id"])
        answers.token(send(open_state, mac("HS256", secret, told)), "invalid_client")


# --- requests by reference ---------------------------------------------------------------------------------------------


def referring(state: State, *urls: str, profile: str = "baseline", **more: Any) -> None:
    shape = {"profile": profile, "metadata": {"jwks": {"keys": [KEY.public.jwk()]}, "request_uris": list(urls), **more}}
    state.put(clients=(client("refers", **shape),))


def by_reference(state: State, url: str, **more: str | None) -> TestResponse:
    return state.browser().ask(client_id="refers", request_uri=url, **more)


def an_object(key: MemorySigner = KEY, **changed: Any) -> bytes:
    """As OpenID Connect's dynamic profile sends it: without times and without a type."""
    inside = {**query(client_id="refers", state="inside"), **changed}
    return sign(inside, key, typ="", headers={"typ": None}).encode()


def test_a_request_by_reference(state: State) -> None:
    site = Site(kind="application/oauth-authz-req+jwt", body=an_object(prompt="none"))
    with serving(site.talk) as server:
        hashed = at(server, "/r#") + b64url_encode(hashlib.sha256(site.body).digest())
        referring(state, at(server), hashed)
        for url in (at(server), hashed):
            answers.redirect(by_reference(state, url), "login_required", state="inside")
        assert [b"#" in one for one in server.requests] == [False, False]


def test_rs256_without_times_or_type_is_taken_of_a_baseline_client(state: State) -> None:
    key = MemorySigner.generate("RS256", kid="rsa")
    site = Site(body=an_object(key, prompt="none"))
    with serving(site.talk) as server:
        referring(state, at(server), jwks={"keys": [key.public.jwk()]})
        answers.redirect(by_reference(state, at(server)), "login_required", state="inside")


def test_with_keys_at_an_address_too(state: State) -> None:
    site, keys = Site(body=an_object(prompt="none")), Site()
    keys.say({"keys": [KEY.public.jwk()]})
    with serving(site.talk) as server, serving(keys.talk) as other:
        metadata = {"jwks_uri": at(other), "request_uris": [at(server)]}
        state.put(clients=(client("refers", profile="baseline", metadata=metadata),))
        answers.redirect(by_reference(state, at(server)), "login_required", state="inside")
        assert (site.served, keys.served) == (1, 1)


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize("more", ["?x", "#x", "/..", "@evil.example/", "", ".evil.example/"])
def test_ss_06_keycloak_cve_2026_4874_a_reference_that_was_not_registered(state: State, more: str) -> None:
    referring(state, "https://sen.example/r")
    urls = (
        ["https://sen.example/r" + more] if more else ["https://sen.example/", "http://169.254.169.254/", "file:///x"]
    )
    for url in urls:
        answers.redirect(by_reference(state, url), "invalid_request_uri")


@pytest.mark.usefixtures("no_connection")
@pytest.mark.parametrize("profile", ["agency", "bank"])
def test_ss_06_other_profiles_refer_to_nothing(state: State, profile: str) -> None:
    referring(state, "https://sen.example/r", profile=profile)
    answers.redirect(by_reference(state, "https://sen.example/r"), "request_uri_not_supported")


def test_references_that_lead_to_nothing_good(state: State) -> None:
    site = Site()
    with serving(site.talk) as server:
        wrong_hash = at(server, "/#") + "A" * 43
        referring(state, at(server), wrong_hash)
        for body, error in (
            (b"", "invalid_request_object"),
            (b"\xff", "invalid_request_uri"),
            (b"x" * 20_000, "invalid_request_uri"),
            (an_object(MemorySigner.generate("ES256", kid="one")), "invalid_request_object"),
            (b"eyJhbGciOiJub25lIn0.e30.", "invalid_request_object"),
            (an_object(request_uri="https://x.example/"), "invalid_request_object"),
            (an_object(request="x"), "invalid_request_object"),
            (an_object(client_id="bank"), "invalid_request_object"),
        ):
            site.body = body
            answers.redirect(by_reference(state, at(server)), error)
        site.body, site.status = an_object(prompt="none"), "404 Not Found"
        answers.redirect(by_reference(state, at(server)), "invalid_request_uri")
        site.status = "200 OK"
        answers.redirect(by_reference(state, wrong_hash), "invalid_request_uri")
        site.body = b"x"
        answers.page(by_reference(state, at(server), redirect_uri="https://evil.example/cb"), 400)


def test_ss_08_keycloak_cve_2026_1180_no_address_comes_from_a_request(state: State) -> None:
    """A client may not hand in keys, or where they are, with what it asks."""
    with serving(Site().talk) as server:
        for name in ("jwks_uri", "jku", "x5u", "sector_identifier_uri", "backchannel_logout_uri"):
            assert state.browser().ask(**{name: at(server)}).status_code == 303
            taken(send_basic(state, **{name: at(server)}))
        assert server.requests == []


def send_basic(state: State, **more: str) -> TestResponse:
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK, **more}
    return state.token(form, basic())


def test_mitreid_cve_2021_27582_nothing_is_assigned_that_was_not_asked_for(open_state: State) -> None:
    more = {
        "client_id": "bank",
        "client_secret": "mine",
        "profile": "bank",
        "entitled_to_pid": True,
        "secret_hash": "0" * 64,
    }
    told = registered(open_state, **more, scopes=["vneid"], metadata={"a": 1}, registration_access_token="mine")
    assert told["client_id"] != "bank" and told["client_secret"] != "mine"
    assert told["registration_access_token"] != "mine"
    with open_state.storage.reading() as ports:
        kept = ports.clients.get(told["client_id"])
    assert kept is not None
    assert (kept.profile, kept.entitled_to_pid, "vneid" in kept.scopes) == ("baseline", False, False)


def test_esignet_2365_what_is_registered_is_enforced(open_state: State) -> None:
    """There `pkce_required` was stored and never looked at."""
    told = registered(open_state, require_pushed_authorization_requests=True, token_endpoint_auth_signing_alg="ES256")
    asked = open_state.browser().ask(client_id=told["client_id"], redirect_uri="https://sen.example/cb")
    assert answer_of(asked)["error"] == "invalid_request"
    keyed = registered(
        open_state, token_endpoint_auth_method="client_secret_jwt", token_endpoint_auth_signing_alg="HS512"
    )
    told = claims(open_state, keyed["client_id"])
    answers.token(send(open_state, mac("HS256", keyed["client_secret"], told)), "invalid_client")
    taken(send(open_state, mac("HS512", keyed["client_secret"], told)))

"""Headers, hosts, lengths, caches and paths over the wire: attacks HD-01 to HD-10, SE-05, SE-06, SE-13, SE-15, AR-24.

All three roles, as nginx of Debian shows them in front (`front`) and as granian answers behind it. What the server refuses
by itself has an empty body; whatever has a body carries the security headers.
"""

import json
import re
import socket
import time

import pytest

from certs import dpop
from certs.keys import MemorySigner
from tests.proxy import ROLES, Answer, House, exchange

EVIL = "evil.example"
PATHS = {"idp": "/token", "wallet": "/receive", "verifier": "/check"}
PAGES = {
    "idp": ("/", "/authorize", "/sign-in", "/documents", "/userinfo"),
    "wallet": ("/", "/receive", "/sign-in", "/history"),
    "verifier": ("/", "/check", "/trust", "/customer", "/sign-in"),
}
FORM = "Content-Type: application/x-www-form-urlencoded"

each_role = pytest.mark.parametrize("role", ROLES)
each_door = pytest.mark.parametrize("front", [True, False], ids=["nginx", "granian"])


def secured(answer: Answer) -> None:
    """One of each, never two that a browser could choose between."""
    assert answer["x-frame-options"] == "DENY"
    assert answer["x-content-type-options"] == "nosniff"
    assert answer["referrer-policy"] == "no-referrer"
    assert answer["cross-origin-opener-policy"] == "same-origin"
    assert answer["strict-transport-security"].startswith("max-age=")
    csp = answer["content-security-policy"]
    assert "unsafe" not in csp and "frame-ancestors 'none'" in csp
    assert b"Traceback" not in answer.body


def refused(answer: Answer, *statuses: int) -> None:
    assert answer.status in statuses, (answer.status, answer.body[:200])
    assert "location" not in dict(answer.headers)
    if answer.body:
        secured(answer)
        assert answer["cache-control"] == "no-store"


def raw(house: House, role: str, *lines: str, body: bytes = b"", path: str | None = None) -> bytes:
    first = f"POST {path or PATHS[role]} HTTP/1.1"
    return "\r\n".join([first, f"Host: {house.own(role).decode()}", *lines, "", ""]).encode() + body


# --- HD-01 ------------------------------------------------------------------------------------------------------------


@each_door
@pytest.mark.parametrize(
    "split", ["%0d%0aX-Injected:%20yes", "%0aX-Injected:%20yes", "%0d%0a%0d%0a<html>", "%E5%98%8A"]
)
def test_hd_01_line_ends_in_parameters_split_no_header(house: House, front: bool, split: str) -> None:
    tries = [
        ("idp", f"/authorize?client_id=bank&response_type=token&state={split}"),
        ("idp", f"/authorize?client_id={split}&redirect_uri=https://x/{split}"),
        ("idp", f"/?lang={split}"),
        ("wallet", f"/sign-in?next=/{split}"),
        ("wallet", f"/documents/{split}"),
        ("wallet", f"/receive?credential_offer_uri={split}"),
        ("verifier", f"/callback?state={split}&code={split}"),
        ("verifier", f"/check?documents={split}&lang={split}"),
    ]
    for role, path in tries:
        answer = house.ask(role, path, front=front)
        assert not answer.all("x-injected"), (role, path)
        assert not answer.body.startswith(b"<html>"), (role, path)
        assert answer.status in (200, 303, 400, 404, 422), (role, path, answer.status)


@each_door
def test_hd_01_line_ends_in_the_state_of_a_right_client_do_not_come_back(house: House, front: bool) -> None:
    redirect = f"https%3A%2F%2F{house.own('verifier').decode()}%2Fcallback"
    state = "a%0d%0aX-Injected:%20yes"
    path = f"/authorize?client_id=bank&redirect_uri={redirect}&response_type=token&state={state}"
    answer = house.ask("idp", path, front=front)
    assert answer.status == 303
    assert "error=invalid_request" in answer["location"] and "Injected" not in answer["location"]
    assert not answer.all("x-injected")


@each_door
def test_hd_01_line_ends_in_a_file_name(house: House, front: bool) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a\r\nX-Injected: yes.png"\r\n'
        b"Content-Type: image/png\r\n\r\nno picture\r\n--x--\r\n"
    )
    kind = "Content-Type: multipart/form-data; boundary=x"
    answer = house.ask("verifier", "/check", kind, "Accept: application/json", front=front, method="POST", body=body)
    refused(answer, 400, 422)
    assert not answer.all("x-injected")


# --- HD-02, SE-15, AR-24 ----------------------------------------------------------------------------------------------

FORGED = (
    f"X-Forwarded-Host: {EVIL}",
    f"X-Forwarded-Server: {EVIL}",
    f"X-Original-Host: {EVIL}",
    f"X-Host: {EVIL}",
    f"Forwarded: for=1.2.3.4;host={EVIL};proto=http",
    "X-Forwarded-Port: 81",
    "X-Forwarded-Prefix: /evil.example",
    f"X-Original-URL: /{EVIL}",
    f"X-Rewrite-URL: /{EVIL}",
)


@each_door
@each_role
def test_hd_02_forged_names_change_nothing(house: House, role: str, front: bool) -> None:
    for path in (*PAGES[role], "/.well-known/openid-configuration", "/.well-known/openid-credential-issuer"):
        plain, forged = (house.ask(role, path, *headers, front=front) for headers in ((), FORGED))
        assert forged.status == plain.status, path
        assert EVIL not in forged.body.decode("utf-8", "replace") + repr(forged.headers)


@each_door
def test_hd_02_links_come_from_configuration(house: House, front: bool) -> None:
    metadata = json.loads(house.ask("idp", "/.well-known/openid-configuration", *FORGED, front=front).body)
    issuer = f"https://{house.own('idp').decode()}"
    assert metadata["issuer"] == issuer
    assert all(value.startswith(issuer) for name, value in metadata.items() if name.endswith(("_endpoint", "_uri")))
    to_provider = house.ask("verifier", "/sign-in", *FORGED, front=front)["location"]
    assert to_provider.startswith(f"{issuer}/authorize?")
    assert (
        "request_uri=urn%3Aietf%3Aparams%3A" in to_provider
    )  # pushed, and taken: with a return to the registered address alone


@pytest.mark.parametrize("name", ["X-Forwarded-Proto", "X_Forwarded_Proto", "x_forwarded-proto"])
def test_hd_02_the_proxy_alone_says_which_scheme(house: House, name: str) -> None:
    """Behind the proxy `_` and `-` in a name are one: what nginx lets through of either would be believed."""
    assert house.ask("idp", "/", f"{name}: http").status == 200
    refused(_plain(house, "GET", "/", f"{name}: https"), 400)


@each_door
@each_role
@pytest.mark.parametrize(
    "host", [EVIL, "localhost", "127.0.0.1", "localhost:1", "localhost.", "[::1]", "a b", "localhost:5000@evil.example"]
)
def test_se_15_unknown_host(house: House, role: str, front: bool, host: str) -> None:
    answer = house.ask(role, "/", host=host, front=front)
    refused(answer, 421, 400)
    assert EVIL.encode() not in answer.body


@each_door
@each_role
def test_se_15_no_host_two_hosts_and_a_whole_address(house: House, role: str, front: bool) -> None:
    own, proto = house.own(role), b"X-Forwarded-Proto: https\r\nConnection: close\r\n"
    for head in (
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nHost: evil.example\r\nHost: " + own + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: " + own + b"\r\nHost: evil.example\r\n",
        b"GET / HTTP/1.1\r\nHost:\r\n",
    ):
        refused(house.send(role, head + proto + b"\r\n", front=front), 421, 400)
    whole = b"GET https://evil.example/ HTTP/1.1\r\nHost: " + own + b"\r\n" + proto + b"\r\n"
    answer = house.send(role, whole, front=front)
    assert answer.status in (200, 400, 421) and EVIL.encode() not in answer.body


def _plain(house: House, method: str, path: str, *headers: str) -> Answer:
    """nginx's door without TLS, by the provider's right name."""
    head = [f"{method} {path} HTTP/1.1", f"Host: {house.own('idp').decode()}", "Connection: close", *headers]
    head += ["Content-Length: 0", FORM] if method == "POST" else []
    with socket.create_connection(("127.0.0.1", house.plain), timeout=3) as stream:
        return exchange(stream, "\r\n".join([*head, "", ""]).encode())


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("forged", [(), ("X-Forwarded-Proto: https",), ("Forwarded: proto=https",)])
def test_ar_24_authorization_over_plain_http(house: House, method: str, forged: tuple[str, ...]) -> None:
    answer = _plain(house, method, "/authorize?client_id=bank&response_type=code", *forged)
    refused(answer, 400)
    assert not answer.all("set-cookie")


# --- HD-03, HD-04 -----------------------------------------------------------------------------------------------------


@each_door
@each_role
@pytest.mark.parametrize(
    "value", ["a", "", "1.2.3.4", "127.0.0.1", "::1", ", ,", "<img src=x>", "1.2.3.4, a" * 1024, "\xff"]
)
def test_hd_03_hd_04_a_claimed_address_skips_nothing(house: House, role: str, front: bool, value: str) -> None:
    """The same answer as without it, or none; a form that needs its token still needs it."""
    sent = [f"X-Forwarded-For: {value}", f"X-Real-IP: {value}", f"Client-IP: {value}"]
    answer = house.ask(role, "/", *sent, front=front)
    if len(value) < 4096:
        assert answer.status == 200
    else:
        assert answer.status in (200, 400, 431)
    path = {"idp": "/sign-out", "wallet": "/sign-out", "verifier": "/customer/close"}[role]
    refused(house.ask(role, path, FORM, *sent, front=front, method="POST", body=b"a=b"), 400, 401, 403, 431)


# --- HD-05, HD-06, HD-07 ----------------------------------------------------------------------------------------------


@each_door
@each_role
def test_hd_05_too_many_or_too_long_headers(house: House, role: str, front: bool) -> None:
    refused(house.ask(role, "/", *(f"X-{number}: a" for number in range(200)), front=front), 431)
    refused(house.ask(role, "/", "X-Long: " + "a" * 65_536, front=front), 431, 400)
    refused(house.ask(role, "/?" + "a" * 65_536, front=front), 414, 431)
    assert house.ask(role, "/", front=front).status == 200


@each_role
def test_hd_06_two_lengths_at_the_proxy(house: House, role: str) -> None:
    for lines in (
        ("Content-Length: 4", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 4"),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: identity, chunked",),
        ("Transfer-Encoding: chunked", "Transfer-Encoding: x"),
        ("Transfer-Encoding : chunked",),
        ("Content-Length: 4", "Content-Length: 5"),
        ("Content-Length: 4", "Content-Length: 4"),
        ("Content-Length: +4",),
        ("Content-Length: 4, 4",),
        ("Content-Length: -1",),
    ):
        answer = house.send(role, raw(house, role, FORM, *lines, body=b"0\r\n\r\n"), front=True)
        refused(answer, 400, 501)
        assert answer.closed, lines


@each_role
@pytest.mark.parametrize(
    "lines",
    [
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked, identity",),
        ("Content-Length: 4", "Content-Length: 5"),
        ("Content-Length: +4",),
        ("Content-Length: 4, 4",),
        ("Content-Length: -1",),
    ],
)
def test_hd_06_two_lengths_at_the_server(house: House, role: str, lines: tuple[str, ...]) -> None:
    answer = house.send(role, raw(house, role, FORM, *lines, body=b"0\r\n\r\n"), front=False)
    refused(answer, 400)
    assert answer.closed


@each_role
@pytest.mark.parametrize(
    "lines", [("Content-Length: 4", "Transfer-Encoding: chunked"), ("Transfer-Encoding: chunked",)]
)
def test_hd_06_pieces_at_the_server_smuggle_nothing(house: House, role: str, lines: tuple[str, ...]) -> None:
    """granian drops the length and takes the pieces (RFC 9112 §6.3), so the roles take no pieces; the connection ends."""
    before = house.logs().count("\n")
    hidden = b"GET /smuggled-request HTTP/1.1\r\nHost: " + house.own(role) + b"\r\nX-Forwarded-Proto: https\r\n\r\n"
    sent = (FORM, "X-Forwarded-Proto: https", *lines)
    answer = house.send(role, raw(house, role, *sent, body=b"1\r\na\r\n0\r\n\r\n" + hidden), front=False)
    refused(answer, 411)
    if len(lines) == 2:
        assert answer.closed
        time.sleep(0.2)
        asked = [json.loads(line) for line in house.logs().splitlines()[before:]]
        assert not [line for line in asked if line["event"] == "request" and line["status"] == 404]


@each_role
def test_hd_06_a_body_that_is_cut_off_is_not_read(house: House, role: str) -> None:
    """granian hands on what came before the connection ended, as if it were whole."""
    lines = (FORM, "X-Forwarded-Proto: https", "Content-Length: 100")
    with socket.create_connection(("127.0.0.1", house.behind[role]), timeout=3) as stream:
        stream.sendall(raw(house, role, *lines, body=b"grant_type=some"))
        stream.shutdown(socket.SHUT_WR)
        received = stream.recv(65_536)
    assert not received or received.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413")), received[:200]


@each_door
@each_role
def test_hd_07_a_gigabyte_is_not_read(house: House, role: str, front: bool) -> None:
    """The answer comes though next to nothing was sent."""
    proto = () if front else ("X-Forwarded-Proto: https",)
    for kind in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json"):
        lines = (f"Content-Type: {kind}", *proto, "Content-Length: 1073741824")
        answer = house.send(role, raw(house, role, *lines, body=b"--x"), front=front)
        refused(answer, 413, 415, 401)
    assert house.ask(role, "/", front=front).status == 200


@each_door
@each_role
def test_hd_07_without_a_length_it_is_refused(house: House, role: str, front: bool) -> None:
    """Cut off at the limit, what came would read as if it were whole."""
    proto = () if front else ("X-Forwarded-Proto: https",)
    body = b"10\r\ngrant_type=some&\r\n" + (b"10000\r\n" + b"a" * 65_536 + b"\r\n") * 240 + b"0\r\n\r\n"  # 15 MB
    answer = house.send(role, raw(house, role, FORM, *proto, "Transfer-Encoding: chunked", body=body), front=front)
    refused(answer, 413 if front else 411)


@each_role
def test_hd_07_the_proxy_puts_pieces_together(house: House, role: str) -> None:
    """A client that sends in pieces is served where a proxy is in front; what is too long for the role stays so."""
    path = {"idp": "/token", "wallet": "/receive", "verifier": "/refresh"}[role]
    for body, statuses in (
        (b"3\r\na=b\r\n0\r\n\r\n", (400, 401)),
        ((b"10000\r\n" + b"a" * 65_536 + b"\r\n") * 240 + b"0\r\n\r\n", (413,)),
    ):
        sent = raw(house, role, FORM, "Transfer-Encoding: chunked", body=body, path=path)
        refused(house.send(role, sent, front=True), *statuses)


@each_door
def test_hd_07_forms_take_no_files(house: House, front: bool) -> None:
    kind, body = "Content-Type: multipart/form-data; boundary=x", b"--x--\r\n"
    for role, path in (
        ("idp", "/token"),
        ("idp", "/sign-out"),
        ("wallet", "/receive"),
        ("wallet", "/sign-out"),
        ("verifier", "/refresh"),
        ("verifier", "/customer/close"),
    ):
        answer = house.ask(role, path, kind, front=front, method="POST", body=body)
        refused(answer, 415)


@each_door
def test_hd_07_many_parts(house: House, front: bool) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    body = part * 100_000 + b"--x--\r\n"
    kind = "Content-Type: multipart/form-data; boundary=x"
    refused(house.ask("verifier", "/check", kind, front=front, method="POST", body=body), 413)


# --- HD-08, HD-09 -----------------------------------------------------------------------------------------------------

PUBLIC = (
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-credential-issuer",
    "/jwks",
    "/status-lists/1",
    "/trust-list",
    "/bundle",
)


@pytest.mark.parametrize("origin", [f"https://{EVIL}", "null", "https://localhost"])
@each_role
def test_hd_08_no_foreign_origin_is_let_in(house: House, role: str, origin: str) -> None:
    paths = (*PAGES[role], PATHS[role], "/nonce", "/credential")
    for method in ("GET", "OPTIONS", "POST"):
        for path in paths:
            asked = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization")
            answer = house.ask(role, path, f"Origin: {origin}", *asked, method=method)
            assert not [name for name, _ in answer.headers if name.startswith("access-control-")], (method, path)


@each_door
def test_hd_08_what_is_public_is_so_for_all_and_without_cookies(house: House, front: bool) -> None:
    for path in PUBLIC:
        answer = house.ask("idp", path, f"Origin: https://{EVIL}", front=front)
        assert answer.all("access-control-allow-origin") in ([], ["*"]), path
        assert not answer.all("access-control-allow-credentials")


@each_door
def test_hd_09_what_is_published_may_be_kept(house: House, front: bool) -> None:
    for path in PUBLIC:
        answer = house.ask("idp", path, front=front)
        assert answer.status == 200, path
        assert answer["cache-control"].startswith("public"), path
        assert not answer.all("set-cookie"), path
        again = house.ask("idp", path, f"If-None-Match: {answer['etag']}", front=front)
        assert (again.status, again.body) == (304, b""), path


@each_door
@each_role
def test_hd_09_all_else_is_never_stored(house: House, role: str, front: bool) -> None:
    for path in (*PAGES[role], PATHS[role], "/nowhere", "/jwks/x", "/callback", "/broken/x"):
        for method in ("GET", "POST", "PUT"):
            answer = house.ask(role, path, front=front, method=method)
            assert answer["cache-control"] == "no-store", (method, path)


# --- HD-10 ------------------------------------------------------------------------------------------------------------


@each_door
@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/.well-known/%6fpenid-configuration", (200,)),
        ("/.well-known%2fopenid-configuration", (200, 404)),
        ("/.well-known/openid-configuration/", (404,)),
        ("/.WELL-KNOWN/openid-configuration", (404,)),
        ("//token", (404, 405)),
        ("/token/", (404,)),
        ("/tok%65n", (405,)),
        ("/token%00", (400, 404)),
        ("/token;a=b", (404,)),
        ("/%74oken%20", (404,)),
        ("/ｔｏｋｅｎ", (400, 404)),
        ("/t%C0%AFoken", (400, 404)),
        ("/static/../app.py", (400, 404)),
        ("/static/%2e%2e/app.py", (400, 404)),
        ("/static/..%2fapp.py", (400, 404)),
        ("/static/..%5capp.py", (400, 404)),
        ("/static//etc/passwd", (400, 404)),
        ("/static/%2fetc/passwd", (400, 404)),
    ],
)
def test_hd_10_other_spellings_of_paths(house: House, front: bool, path: str, statuses: tuple[int, ...]) -> None:
    answer = house.ask("idp", path, front=front)
    assert answer.status in statuses, answer.status
    assert "location" not in dict(answer.headers)
    if answer.status == 200:
        assert answer.body == house.ask("idp", "/.well-known/openid-configuration", front=front).body
    assert b"import " not in answer.body and b"root:" not in answer.body


@each_door
@pytest.mark.parametrize(
    "path", ["/documents", "//documents", "/%64ocuments", "/documents%2f", "/./documents", "/x/../documents"]
)
def test_hd_10_no_spelling_goes_around_the_log_in(house: House, front: bool, path: str) -> None:
    answer = house.ask("idp", path, front=front)
    assert answer.status in (303, 400, 404), answer.status
    if answer.status == 303:
        assert answer["location"].startswith("/login/")


# --- SE-05, SE-06, SE-13 ----------------------------------------------------------------------------------------------


@each_door
@each_role
def test_se_05_cookie_flags(house: House, role: str, front: bool) -> None:
    cookies = [
        cookie
        for path in (*PAGES[role], "/?lang=en")
        for cookie in house.ask(role, path, "Accept: text/html", front=front).all("set-cookie")
    ]
    assert {cookie.partition("=")[0].removeprefix(f"__Host-{role}_") for cookie in cookies} >= {"lang"}
    assert len({cookie.partition("=")[0] for cookie in cookies}) >= 2, cookies
    for cookie in cookies:
        name, flags = cookie.partition("=")[0], {flag.strip().lower() for flag in cookie.split(";")[1:]}
        assert name.startswith(f"__Host-{role}_"), cookie
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags, cookie
        assert not any(flag.startswith("domain") for flag in flags)


@each_door
@each_role
@pytest.mark.parametrize(
    "value",
    [
        "{session}=a; {session}=b",
        "{session}=" + "a" * 16_384,
        "; ".join(f"{{session}}={number:043d}" for number in range(200)),
        "; ".join(f"c{number}={number}" for number in range(200)),
        "{session}=\x80\xff; =; ;;; a",
        '{session}="; Path=/; Domain=.example',
        "{session}",
    ],
)
def test_se_06_se_09_cookies_that_are_none(house: House, role: str, front: bool, value: str) -> None:
    """As a stranger's; or the request is refused. Never a fault."""
    cookie = "Cookie: " + value.format(session=f"__Host-{role}_session")
    for path in PAGES[role]:
        answer = house.ask(role, path, cookie, front=front)
        bare = house.ask(role, path, front=front)
        assert answer.status in (bare.status, 400, 431), (path, answer.status)


@each_door
@each_role
def test_se_13_security_headers_on_every_status(house: House, role: str, front: bool) -> None:
    login = "/documents" if role == "idp" else "/sign-in"
    answers = {
        200: house.ask(role, "/", front=front),
        303: house.ask(role, login, "Accept: text/html", front=front),
        400: house.ask(role, {"idp": "/authorize", "wallet": "/callback", "verifier": "/callback"}[role], front=front),
        404: house.ask(role, "/nowhere", front=front),
        405: house.ask(role, "/", front=front, method="PUT"),
        413: house.send(
            role, raw(house, role, FORM, "X-Forwarded-Proto: https", "Content-Length: 1073741824"), front=front
        ),
        415: house.ask(
            role,
            {"idp": "/token", "wallet": "/receive", "verifier": "/refresh"}[role],
            "Content-Type: multipart/form-data; boundary=x",
            front=front,
            method="POST",
            body=b"--x--\r\n",
        ),
        421: house.ask(role, "/", host=EVIL, front=front),
        500: house.ask(role, "/broken/x", front=front),
    }
    for status, answer in answers.items():
        assert answer.status == status, (status, answer.status, answer.body[:200])
        secured(answer)
    static = house.ask(role, "/static/base.css", front=front)
    assert static.status == 200
    secured(static)
    assert re.fullmatch(r"text/css; charset=utf-8", static["content-type"])
    assert b"khong-ai" not in answers[500].body and b"RuntimeError" not in answers[500].body
    assert "Allow".lower() in dict(answers[405].headers)


# --- DP-09 ------------------------------------------------------------------------------------------------------------


@each_door
def test_dp_09_two_proofs_arrive_as_two(house: House, front: bool) -> None:
    """Each alone holds, and comes as far as the code that is missing: neither proxy nor server chooses one of two."""
    signer, at = MemorySigner.generate(), f"https://{house.own('idp').decode()}/token"
    body = b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code"

    def ask(*jtis: str) -> str:
        proofs = [dpop.make(signer, htm="POST", htu=at, jti=jti + str(front), now=int(time.time())) for jti in jtis]
        sent = (f"DPoP: {proof}" for proof in proofs)
        answer = house.ask("idp", "/token", FORM, *sent, front=front, method="POST", body=body)
        return str(json.loads(answer.body)["error"])

    assert ask("1") == ask("2") == "invalid_request"
    assert ask("3", "4") == "invalid_dpop_proof"

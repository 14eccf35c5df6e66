"""Everything that people and programs do at the served roles, behind nginx and TLS; then the roles' logs are searched.

Attacks OP-35: no token, code, secret, citizen number, in no line, whatever went well or wrong.
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from certs import qr
from certs.keys import MemorySigner
from certs.proof import key_proof
from tests import faulty, leaks, smoke
from tests.browser import Browser
from tests.proxy import House
from tests.smoke import Run

VERIFIER = "v" * 20 + "A1" * 15
PLAIN = re.compile(
    r"[a-z_ ]{0,40}|\d{1,5}|(?:true|false|null)|https?://localhost:\d+[\w/.-]*"
)  # says nothing about anyone


@dataclass
class Witness:
    """What went over the wire, seen from the browser: cookies, fields, members, parameters."""

    seen: set[str] = field(default_factory=set)

    def request(self, request: httpx.Request) -> None:
        self._add(value for _, value in parse_qsl(request.url.query.decode()))
        self._add(pair.partition("=")[2] for pair in request.headers.get("cookie", "").split("; "))
        self._add([request.headers.get("authorization", "").partition(" ")[2]])
        if request.method != "POST":  # a redirect carries the former one's headers on, without its body
            return
        kind = request.headers.get("content-type", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            self._add(value for _, value in parse_qsl(request.content.decode()))
        elif kind.startswith("application/json"):
            self._members(json.loads(request.content))

    def response(self, response: httpx.Response) -> None:
        response.read()
        self._add(value for _, value in parse_qsl(urlsplit(response.headers.get("location", "")).query))
        self._add(cookie.partition("=")[2].partition(";")[0] for cookie in response.headers.get_list("set-cookie"))
        if response.headers.get("content-type", "").startswith("application/json"):
            self._members(response.json())
        elif response.headers.get("content-type", "").startswith("text/html"):
            self._add(re.findall(r'data-code="(\d{6})"|name="(?:form_token|csrf)" value="([^"]+)"', response.text))

    def _members(self, value: Any) -> None:
        if isinstance(value, dict):
            for name, one in value.items():
                if name not in ("reference", "error_id"):  # these are told so that they can be found in the log
                    self._members(one)
        elif isinstance(value, list):
            for one in value:
                self._members(one)
        elif isinstance(value, str):
            self._add([value])

    def _add(self, values: Any) -> None:
        for value in values:
            for one in value if isinstance(value, tuple) else (value,):
                if one and len(one) >= 6 and not PLAIN.fullmatch(one):
                    self.seen.add(one)


@dataclass
class Told:
    witness: Witness
    error_ids: list[str]
    log: str


@pytest.fixture(scope="module")
def told(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The main job, and what goes wrong around it; the logs from its first line on."""
    folder: Path = house.nation.folder
    run = Run(folder.parent, True)
    run.urls = {"idp": house.nation.issuer, "wallet": house.nation.wallet, "verifier": house.nation.verifier}
    run.urls["ca_bundle"] = str(folder / "tls" / "ca.pem")
    run.persona = json.loads((folder / "personas.json").read_text("utf-8"))[0]
    before, witness, ids = house.logs(), Witness(), []
    with Browser(ca_bundle=run.ca_bundle) as browser:
        browser.client.event_hooks = {"request": [witness.request], "response": [witness.response]}
        _wrong_passwords(run, browser)
        smoke.walk(run, browser)
        _code_flow_by_hand(run, browser, (folder / "verifier" / "client_secret").read_text().strip())
        _refusals(run, browser)
        ids = _faults(run, browser)
        _sign_out(run, browser)
    for line in (folder / "personas.json", folder / "wallet" / "client_secret", folder / "verifier" / "client_secret"):
        text = line.read_text("utf-8")
        witness._members(json.loads(text)) if text.startswith("[") else witness._add([text.strip()])
    time.sleep(0.3)
    after = house.logs()
    log = "\n".join(line for line in after.splitlines() if line not in set(before.splitlines()))
    yield Told(witness, ids, log)


def _wrong_passwords(run: Run, browser: Browser) -> None:
    page = browser.open(f"{run.urls['idp']}/sign-in")
    for identifier, password in (
        (run.persona["pid"], "not-the-password-1"),
        ("999196009999", "not-the-password-2"),
        (run.persona["phone"], "not-the-password-3"),
        (run.persona["password"], run.persona["pid"]),  # the fields mixed up
    ):
        page = browser.submit(page, "sign-in", identifier=identifier, password=password)
        assert page.status == 422 and "sign-in" in page


def _code_flow_by_hand(run: Run, browser: Browser, secret: str) -> None:
    """As the bank's server does it, so that its tokens are seen here: used twice, altered, used elsewhere."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    callback = f"{run.urls['verifier']}/callback"
    asked = {
        "client_id": "bank",
        "response_type": "code",
        "redirect_uri": callback,
        "scope": "openid profile vneid",
        "state": "state-0123456789-ABC",
        "nonce": "nonce-0123456789-ABC",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    client = browser.client
    answer = client.get(f"{run.urls['idp']}/authorize?{urlencode(asked)}", follow_redirects=False)
    assert answer.headers["location"].startswith(callback), answer.headers["location"]  # consent was given before
    code = dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": callback, "code_verifier": VERIFIER}
    token = f"{run.urls['idp']}/token"
    assert client.post(token, data=form, auth=("bank", secret + "x")).status_code == 401
    got = client.post(token, data=form, auth=("bank", secret))
    assert got.status_code == 200, got.text
    bearer = {"Authorization": f"Bearer {got.json()['access_token']}"}
    assert client.get(f"{run.urls['idp']}/userinfo", headers=bearer).status_code == 200
    assert client.post(token, data=form, auth=("bank", secret)).status_code == 400  # the code a second time
    assert client.get(f"{run.urls['idp']}/userinfo", headers=bearer).status_code == 401  # which ended its tokens
    proof = key_proof(MemorySigner.generate(), audience=run.urls["idp"], nonce="n" * 43, now=int(time.time()))
    body = {"credential_configuration_id": "driving_licence.licence", "proofs": {"jwt": [proof]}}
    assert client.post(f"{run.urls['idp']}/credential", json=body, headers=bearer).status_code >= 400


def _refusals(run: Run, browser: Browser) -> None:
    """Secrets where none belong: in paths, queries, methods, headers and bodies of what is refused."""
    pid, client = run.persona["pid"], browser.client
    code = qr.to_text(bytes(range(200)))
    for role in ("idp", "wallet", "verifier"):
        url = run.urls[role]
        for path in (
            f"/{pid}",
            f"/x?pid={pid}&code=Zz9{'q' * 40}",
            f"/callback?error={pid}&state={pid}",
            f"/documents/{pid}",
        ):
            client.get(url + path)
        client.request(pid, f"{url}/")
        client.put(f"{url}/?pid={pid}", content=pid)
        client.get(url, headers={"User-Agent": pid, "Referer": f"{url}/?code={pid}", "Accept-Language": pid})
        client.post(f"{url}/check", data={"text": code, "pid": pid}, headers={"Accept": "application/json"})
        client.post(f"{url}/token", data={"grant_type": pid, "code": pid, "code_verifier": VERIFIER})
        client.post(
            f"{url}/receive", data={"offer": f"openid-credential-offer://?credential_offer_uri=https://x/{pid}"}
        )
        client.get(f"{url}/receive", params={"credential_offer_uri": f"https://evil.example/offer/{pid}"})
        client.get(f"{url}/authorize", params={"client_id": pid, "redirect_uri": f"https://evil.example/{pid}"})
        client.get(f"{url}/userinfo", headers={"Authorization": f"Bearer {pid}.{VERIFIER}"})


def _faults(run: Run, browser: Browser) -> list[str]:
    """The ids that the error pages show."""
    found = []
    for role in ("idp", "wallet", "verifier"):
        page = browser.open(f"{run.urls[role]}/broken/{run.persona['pid']}?code={VERIFIER}")
        assert page.status == 500
        found.append(page["error-reference" if role == "wallet" else "error-id"].text.strip())
    return found


def _sign_out(run: Run, browser: Browser) -> None:
    page = browser.open(f"{run.urls['idp']}/sign-out")
    browser.submit(page, page.forms[-1].id or next(iter(page.forms[-1].buttons)))


# --- what the log says, and what it does not --------------------------------------------------------------------------


def test_op_35_no_log_holds_what_was_seen(told: Told) -> None:
    assert len(told.witness.seen) > 100, "the witness saw next to nothing"
    lines = "\n".join(leaks.unescaped(told.log))
    assert leaks.found(lines, {*told.witness.seen, faulty.SECRET, VERIFIER}) == []


def test_each_line_says_when_who_and_what(told: Told) -> None:
    lines = [json.loads(line) for line in told.log.splitlines()]
    assert {line["role"] for line in lines} == {"idp", "wallet", "verifier"}
    for line in lines:
        assert {"time", "level", "role", "logger", "event"} <= set(line), line
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) > 100
    for line in requests:
        assert {"request", "method", "status", "ms"} <= set(line), line
        assert line["method"] in ("GET", "POST", "PUT", "other")
    assert {line["status"] for line in requests} >= {200, 303, 400, 401, 404, 405, 500}


def test_the_id_on_an_error_page_leads_to_its_cause(told: Told) -> None:
    assert len(set(told.error_ids)) == 3
    for identifier in told.error_ids:
        about = [json.loads(line) for line in told.log.splitlines() if identifier in line]
        assert {line["event"] for line in about} == {"error_page", "request"}
        (cause,) = (line for line in about if line["event"] == "error_page")
        assert cause["status"] == 500 and cause["cause"] == "RuntimeError" and cause["route"] == "/broken/<path:rest>"
        assert cause["exception"][0]["at"][-1].endswith(" broken")


def test_a_personal_number_leaves_three_digits_at_most(told: Told) -> None:
    masked = re.findall(r"\*+\d*", told.log)
    assert all(re.fullmatch(r"\*{9}\d{3}", one) for one in masked)

"""Signing out in one place signs out in the others, in a real Chromium: told by the provider itself, and by frames.

Spec: OpenID Connect RP-Initiated Logout 1.0, Back-Channel Logout 1.0, Front-Channel Logout 1.0
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page

from idp.registries.personas import PERSONAS
from tests import smoke
from tests.chromium import tab_to
from tests.citizen import Citizen
from tests.site import Answer, Site
from tests.smoke import ROOT

COOKIE = "desk=somebody"
PERSONA = next(persona for persona in PERSONAS if persona.key == "anne-marie")


def citizen(nation: smoke.Run, browser: Browser, language: str = "vi", *, scripts: bool = True) -> Citizen:
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale=language, java_script_enabled=scripts)
    return Citizen(nation, context.new_page(), language, {"pid": PERSONA.pid, "password": PERSONA.password})


def log_in(page: Page, after: str) -> None:
    page.wait_for_selector("#identifier")
    page.fill("#identifier", PERSONA.pid)
    page.fill("#password", PERSONA.password)
    page.click("#sign-in")
    page.wait_for_selector(f"#share, {after}")
    if page.locator("#share").count():
        page.click("#share")
    page.wait_for_selector(after)


def at_the_bank(at: Citizen) -> None:
    at.go("/sign-in", "verifier")
    log_in(at.page, "#customer-facts")


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_signing_out_at_the_provider_signs_out_at_the_bank(nation: smoke.Run, browser: Browser) -> None:
    at = citizen(nation, browser)
    at_the_bank(at)
    elsewhere = at.page.context.new_page()
    elsewhere.goto(nation.urls["idp"] + "/sign-out")
    elsewhere.click("main #sign-out")

    def forgotten() -> bool:
        at.page.reload()
        return at.page.locator("#customer-facts").count() == 0

    until(forgotten)
    assert PERSONA.person.name not in at.page.content()


def test_who_leaves_the_counter_is_signed_out_at_the_provider(nation: smoke.Run, browser: Browser) -> None:
    at = citizen(nation, browser, "en")
    at_the_bank(at)
    at.look("customer")
    tab_to(at.page, "sign-out")
    at.page.keyboard.press("Enter")
    at.page.wait_for_url(nation.urls["verifier"] + "/")
    at.page.goto(nation.urls["idp"] + "/documents")
    at.page.wait_for_selector("#identifier")
    at.go("/logout")
    at.page.wait_for_selector("#signed-out")
    at.look("signed-out")
    assert at.wrong == {}


@dataclass(frozen=True)
class Desk:
    """A relying party that hears of it in frames. It knows its people by a cookie of its own, as most do: SameSite=Lax."""

    site: Site
    url: str
    client_id: str

    def paths(self) -> list[str]:
        return [one.path for one in self.site.asked if one.path != "/favicon.ico"]


@pytest.fixture(scope="module", params=["localhost", "127.0.0.1"])
def desk(nation: smoke.Run, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """Of the provider's own site, which ports do not tell apart; and of another one."""
    with Site() as site:
        url = site.url.replace("127.0.0.1", request.param)
        html = {"Content-Type": "text/html"}
        known = {**html, "Set-Cookie": f"{COOKIE}; HttpOnly; SameSite=Lax; Path=/"}
        for path, headers in (("/callback", known), ("/after", html)):
            page = f'<!doctype html><title>.</title><p id="here">{path}</p>'.encode()
            site.pages[path] = Answer(page, headers=headers)
        site.pages["/front"] = Answer(b"<!doctype html><title>.</title>", headers=html)
        command = ["client", "add", "Quầy thử", "--redirect-uri", url + "/callback", "--profile", "baseline"]
        command += ["--post-logout-redirect-uri", url + "/after", "--frontchannel-logout-uri", url + "/front"]
        run = [sys.executable, "-m", "idp", *command, "--data", str(nation.data), "--json"]
        added = subprocess.run(run, cwd=ROOT, capture_output=True, check=True, timeout=60)
        yield Desk(site, url, json.loads(added.stdout)[0]["client_id"])


def test_frames_of_relying_parties_and_on(nation: smoke.Run, browser: Browser, desk: Desk) -> None:
    """A frame of the same site brings the cookie by which the relying party ends its session. One of another site does not:
    browsers keep such cookies back, and such parties are told from server to server (Back-Channel Logout 1.0)."""
    same_site = scripts = "localhost" in desk.url  # and the page does its work without scripts too
    at = citizen(nation, browser, "en" if scripts else "vi", scripts=scripts)
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    asked = {
        "client_id": desk.client_id,
        "redirect_uri": desk.url + "/callback",
        "response_type": "code",
        "scope": "openid",
        "state": "s",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    at.page.goto(f"{nation.urls['idp']}/authorize?{urlencode(asked)}")
    log_in(at.page, "#here")
    out = {"client_id": desk.client_id, "post_logout_redirect_uri": desk.url + "/after", "state": "x"}
    at.page.goto(f"{nation.urls['idp']}/logout?{urlencode(out)}")
    if scripts:
        at.look("logout")
    tab_to(at.page, "sign-out")
    at.page.keyboard.press("Enter")
    if not scripts:
        at.page.wait_for_selector("#signed-out")
        until(lambda: "/front" in desk.paths())
        at.page.click("#go-on")
    at.page.wait_for_url(desk.url + "/after?state=x")
    assert desk.paths() == ["/callback", "/front", "/after"]
    (front,) = (one for one in desk.site.asked if one.path == "/front")
    assert (COOKIE in front.headers.get("cookie", "")) is same_site
    at.page.goto(nation.urls["idp"] + "/documents")
    at.page.wait_for_selector("#identifier")
    assert at.wrong == {}

"""Relying parties that are not ours, in JavaScript: each scenario a Node process; the person's browser is walked here."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from idp.model import Client
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage
from tests import smoke
from tests.browser import Browser, Page
from tests.peers import NODE
from tests.smoke import Run

FOLDER = Path(__file__).parent.parent / "node"
CALLBACK = "https://client.example.vn/callback"  # nobody listens there: the test itself brings the address back
AFTER = "https://client.example.vn/after"
FORM = "application/x-www-form-urlencoded"
STEPS = 12  # pages on the way at most


@contextmanager
def served(folder: Path, *clients: Client) -> Iterator[Run]:
    run = Run(folder)
    with smoke.demonstration(run):
        add(run, *clients)
        yield run


def add(run: Run, *clients: Client) -> None:
    engine = open_engine(f"sqlite:///{run.data / 'idp' / 'idp.sqlite'}")
    with SqlStorage(engine).transaction() as ports:
        for client in clients:
            ports.clients.add(client)
    engine.dispose()


def play(
    run: Run, script: str, scenario: str, settings: Mapping[str, Any], *, changed: tuple[str, str] = ("", "")
) -> Any:
    """What the client learnt. `changed`: in the address that it gets back, this pattern by that text. AssertionError with its
    own words when the client refuses something."""
    told = json.dumps({"issuer": run.urls["idp"], "redirect_uri": CALLBACK, **settings, "scenario": scenario})
    node = subprocess.Popen(
        [NODE, FOLDER / script, told],
        cwd=FOLDER,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert node.stdin and node.stdout and node.stderr
    try:
        with Browser() as browser:
            browser.client.event_hooks = {"response": [_stop_at_the_client]}
            for line in node.stdout:
                said = json.loads(line)
                if "learnt" in said:
                    return said["learnt"]
                came = _walk(run, browser, said["visit"], until=said.get("until"), posted=said.get("posted", False))
                if changed[0]:
                    came["url"] = re.sub(*changed, came["url"])
                print(json.dumps(came), file=node.stdin, flush=True)
        raise AssertionError(node.stderr.read())
    finally:
        node.kill()
        node.communicate()


def _walk(run: Run, browser: Browser, url: str, *, until: str | None, posted: bool) -> dict[str, Any]:
    """The person's part: log-in, another factor, consent; where their browser came to in the end, and with which form."""
    try:
        page = _post(browser, url) if posted else browser.open(url)
        for _ in range(STEPS):
            if until and until in page.url:
                return {"url": page.url}
            answer = next((form for form in page.forms if not form.action.startswith(run.urls["idp"])), None)
            if answer is not None:
                return {"url": answer.action, "form": dict(answer.fields)}
            page = _step(run, browser, page)
    except _AtTheClient as arrived:
        return {"url": str(arrived)}
    raise AssertionError(f"the browser never came back to the client: {page.url}")


def _post(browser: Browser, url: str) -> Page:
    """The parameters of this address as a form (OpenID Connect Core 1.0 §3.1.2.1)."""
    address, _, query = url.partition("?")
    return Page(browser.client.post(address, content=query, headers={"Content-Type": FORM}))


def _step(run: Run, browser: Browser, page: Page) -> Page:
    if "sign-in" in page and "password" in page:
        return browser.submit(page, "sign-in", identifier=run.persona["pid"], password=run.persona["password"])
    if urlsplit(page.url).path.endswith("/more"):
        (way,) = [each.action for each in page.forms if each.action.endswith("/code")] or [f"{page.url[:-5]}/code"]
        return browser.open(way)
    if "code" in page and "confirm" in page:
        inbox = browser.open(f"{run.urls['idp']}/simulation/messages")
        code = re.search(r"@localhost #(\d{6})", inbox.response.text)
        assert code, "no code in the inbox"
        return browser.submit(page, "confirm", code=code[1])
    for button in ("send", "next", "continue", "share", "sign-out"):
        if button in page:
            return browser.submit(page, button)
    raise AssertionError(f"nothing to do on {page.url} ({page.status}): {', '.join(page.ids)}")


class _AtTheClient(Exception):
    """The address of the redirect."""


def _stop_at_the_client(response: httpx.Response) -> None:
    location = response.headers.get("Location", "")
    if location.startswith((CALLBACK, AFTER)):
        raise _AtTheClient(location)

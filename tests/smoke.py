"""The whole main job from outside, in one line: start the demonstration, sign in, receive, show, check, revoke, stop.

`python -m tests.smoke` (with `--tls` over https) exits 0 and prints `smoke: ok · start … · log-in … · QR … · check …` with its own figures, or names
the step that failed and exits 1. It speaks to the three roles over HTTP and by QR pictures only.
"""

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from certs import qr
from certs.encoding import b64url_decode
from certs.keys import MemorySigner
from certs.proof import holder_proof, key_proof
from tests.browser import Browser, Page
from verifier.verifier import Verifier

ROOT = Path(__file__).parent.parent
START_SECONDS = 30.0
CHECKS = 300  # verdicts that are timed; the middle one is told
QR_LIMIT = 19


@dataclass
class Run:
    """One run: where everything is, and what was measured."""

    folder: Path
    tls: bool = False
    urls: dict[str, str] = field(default_factory=dict)
    persona: dict[str, Any] = field(default_factory=dict)
    step: str = "before the first step"
    start: float = 0.0
    log_in: float = 0.0
    version: int = 0
    check: float = 0.0

    @property
    def data(self) -> Path:
        return self.folder / "nation"

    @property
    def bundle(self) -> Path:
        return self.data / "verifier" / "bundle.cbor"

    @property
    def ca_bundle(self) -> str | None:
        return self.urls.get("ca_bundle")

    def line(self) -> str:
        return (
            f"smoke: ok{' · https' if self.tls else ''} · start {self.start:.1f} s · log-in {self.log_in * 1e3:.0f} ms · "
            f"QR v{self.version} · check {self.check * 1e6:.0f} µs"
        )


def main(*, tls: bool = False) -> int:
    with tempfile.TemporaryDirectory(prefix="smoke-") as folder:
        run = Run(Path(folder), tls)
        try:
            with demonstration(run):
                play(run)
        except Exception as error:  # noqa: BLE001 - whatever it was, the step that it ended is what a person needs
            print(f"smoke: failed at: {run.step}\n{type(error).__name__}: {error}", file=sys.stderr)
            print(_logs(run), file=sys.stderr)
            return 1
        print(run.line())
        return 0


def play(run: Run) -> None:
    with Browser(ca_bundle=run.ca_bundle) as browser:
        walk(run, browser)


def walk(run: Run, browser: Browser) -> None:
    sign_in_at_the_bank(run, browser)
    run.step = "sign in at the wallet"
    home = browser.open(f"{run.urls['wallet']}/sign-in")
    if home.url.startswith(run.urls["idp"]):  # signed in already; the wallet asks for its own consent
        home = browser.submit(home, "share")
    _expect(home.url.startswith(run.urls["wallet"]), f"not back at the wallet but at {home.url}")
    licence = receive(run, browser, "driving_licence", "licence")
    receive(run, browser, "health_record", "summary")
    run.step = "show the licence"
    text = qr.to_text(holder_proof(licence[0], licence[1], now=int(time.time())))
    run.version = qr.version(text)
    _expect(run.version <= QR_LIMIT, f"the QR is of version {run.version}")
    picture = run.folder / "licence.png"
    picture.write_bytes(qr.draw_png(text))
    check_everywhere(run, browser, picture, "accepted", "")
    run.step = "measure the check"
    run.check = _measure(run.bundle, text)
    document = "driving_licence"
    for verb, outcome, code in (
        ("suspend", "rejected", "suspended"),
        ("reinstate", "accepted", ""),
        ("revoke", "rejected", "revoked"),
    ):
        authority(run, verb, document)
        refresh(run, browser)
        check_everywhere(run, browser, picture, outcome, code)


def sign_in_at_the_bank(run: Run, browser: Browser) -> None:
    run.step = "open the bank counter"
    page = browser.click(browser.open(run.urls["verifier"]), "go-sign-in")
    run.step = "log in at the provider"
    began = time.perf_counter()
    page = browser.submit(page, "sign-in", identifier=run.persona["pid"], password=run.persona["password"])
    run.log_in = time.perf_counter() - began
    run.step = "consent to the bank"
    page = browser.submit(page, "share")
    run.step = "the bank knows the customer"
    _expect(page["subject"].text.strip() == run.persona["pid"], "sub is not the personal identification number")
    run.step = "the next customer is asked who they are"
    page = browser.submit(page, "close")
    page = browser.click(page, "go-sign-in")
    _expect("identifier" in page, f"the counter took the last customer for the next one, at {page.url}")


def receive(run: Run, browser: Browser, kind: str, view: str) -> tuple[bytes, MemorySigner]:
    """Offer and receive one document with keys of our own; returns one view's credential and the key it is bound to."""
    run.step = f"offer: {kind}"
    page = browser.submit(browser.open(f"{run.urls['idp']}/documents"), f"offer-{kind}")
    code, link = page["transaction-code"].attributes["data-code"], page["open-wallet"].attributes["href"]
    run.step = f"receive: {kind}"
    page = browser.open(link)
    offered = dict(page.form("receive-form").fields)["offer"]
    receipt = _call(run, browser, page, "/receive/begin", {"offer": offered, "tx_code": code})
    proofs, keys = [], {}
    for each in receipt["proofs"]:
        made = MemorySigner.generate()
        keys[made.public.thumbprint()] = made
        proof = key_proof(made, audience=receipt["audience"], nonce=each["nonce"], now=int(time.time()))
        proofs.append({"configuration": each["configuration"], "proof": proof})
    done = _call(run, browser, page, "/receive/complete", {"receipt": receipt["receipt"], "proofs": proofs})
    (document,) = done["documents"]
    _expect(document["type"] == kind, f"received {document['type']}")
    credential = next(each for each in carried(run, browser, document["id"]) if each["view"] == view)
    _expect(credential["thumbprint"] in keys, "the credential is bound to another key")
    _expect({"dc+sd-jwt", "mso_mdoc"} <= document["formats"].keys(), f"received as {document['formats']}")
    return b64url_decode(credential["credential"]), keys[credential["thumbprint"]]


def carried(run: Run, browser: Browser, document: str) -> list[dict[str, str]]:
    """The copies of a document that a phone carries to show it."""
    told = browser.client.get(f"{run.urls['wallet']}/app/documents", headers={"Accept": "application/json"}).json()
    (held,) = [each for each in told["documents"] if each["id"] == document]
    copies: list[dict[str, str]] = held["copies"]
    return copies


def check_everywhere(run: Run, browser: Browser, picture: Path, outcome: str, code: str) -> None:
    """The same picture, uploaded at the counter and given to the command without a network."""
    wanted = code or outcome
    run.step = f"upload at the counter: {wanted}"
    form = browser.open(f"{run.urls['verifier']}/check")
    files = {"picture": ("licence.png", picture.read_bytes(), "image/png")}
    verdict = browser.submit(form, "check-form", files)["verdict"].attributes
    found = (verdict["data-outcome"], verdict["data-code"])
    _expect(found == (outcome, code), f"the counter says {found}")
    run.step = f"check offline by command: {wanted}"
    command = [sys.executable, "-m", "verifier", "check", str(picture), "--bundle", str(run.bundle), "--json"]
    done = subprocess.run(
        [*_without_network(), *command], cwd=ROOT, check=False, capture_output=True, text=True, timeout=30
    )
    _expect(done.returncode == (0 if outcome == "accepted" else 1), f"exit {done.returncode}: {done.stderr.strip()}")
    report = json.loads(done.stdout)
    found = (report["outcome"], report["code"] or "")
    _expect(found == (outcome, code), f"the command says {found}")


def authority(run: Run, verb: str, kind: str) -> None:
    run.step = f"the authority: {verb}"
    listed = json.loads(_idp(run, "document", "list", str(run.persona["pid"]), "--json"))
    (document,) = [row["id"] for row in listed if row["type"] == kind]
    changed = json.loads(_idp(run, "document", verb, document, "--json"))
    _expect(changed[0]["credentials"] >= 1, "no credential was reached")


def refresh(run: Run, browser: Browser) -> None:
    run.step = "refresh the verifier's trust data"
    page = browser.submit(browser.open(f"{run.urls['verifier']}/trust"), "refresh-form")
    outcome = page["refresh-result"].attributes["data-outcome"]
    _expect(outcome in ("updated", "unchanged"), f"the refresh was {outcome}")


# --- the demonstration ------------------------------------------------------------------------------------------------


@contextmanager
def demonstration(run: Run) -> Iterator[None]:
    """Started as a person would, on free ports; ended by SIGTERM, and then nothing of it may be left."""
    run.step = "start the demonstration"
    ready, output = run.folder / "ready.json", run.folder / "demo.log"
    command = [sys.executable, "-m", "idp", "demo", "--data", str(run.data), "--ready-file", str(ready)]
    command += ["--tls"] if run.tls else []
    for name, port in zip(("idp", "wallet", "verifier"), free_ports(3), strict=True):
        command += [f"--{name}-port", str(port)]
    began = time.perf_counter()
    with output.open("wb") as log:
        demo = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    try:
        while not ready.exists():
            _expect(demo.poll() is None, f"it ended by itself: {output.read_text()}")
            _expect(time.perf_counter() - began < START_SECONDS, "it is not ready")
            time.sleep(0.02)
        run.start = time.perf_counter() - began
        run.urls = json.loads(ready.read_text())
        run.persona = json.loads((run.data / "personas.json").read_text())[0]
        yield
        run.step = "stop the demonstration"
        demo.send_signal(signal.SIGTERM)
        _expect(demo.wait(timeout=20) == 0, f"it ended with {demo.returncode}: {output.read_text()}")
        _expect(all(_is_free(int(url.rpartition(":")[2])) for url in _addresses(run.urls)), "a role outlived it")
    finally:
        if demo.poll() is None:
            demo.send_signal(signal.SIGTERM)
            demo.wait(timeout=20)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _addresses(urls: Mapping[str, Any]) -> list[str]:
    return [str(urls[name]) for name in ("idp", "wallet", "verifier")]


def _idp(run: Run, *arguments: str) -> str:
    command = [sys.executable, "-m", "idp", *arguments, "--data", str(run.data)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=30)
    _expect(done.returncode == 0, f"exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def _call(run: Run, browser: Browser, page: Page, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What the wallet's script sends."""
    headers = {"X-CSRF-Token": page.metas["csrf"], "Accept": "application/json"}
    answer = browser.client.post(f"{run.urls['wallet']}{path}", json=body, headers=headers)
    _expect(answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}")
    found: dict[str, Any] = answer.json()
    return found


def _measure(bundle: Path, text: str) -> float:
    verifier = Verifier.from_bundle(bundle)
    seconds = []
    for _ in range(CHECKS):
        began = time.perf_counter()
        verifier.verify(text)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def _without_network() -> list[str]:
    """A prefix that cuts a command's network off, where this machine can; the bundle on disk is all it has anyway."""
    tool = shutil.which("unshare")
    for options in (["--net"], ["--map-root-user", "--net"]):
        if tool and subprocess.run([tool, *options, "true"], check=False, capture_output=True).returncode == 0:
            return [tool, *options]
    return []


def _logs(run: Run) -> str:
    logs = [*sorted((run.data / "logs").glob("*.log")), run.folder / "demo.log"]
    tails = ((log.name, log.read_text("utf-8", "replace").splitlines()[-12:]) for log in logs if log.exists())
    return os.linesep.join(f"--- {name}{os.linesep}" + os.linesep.join(lines) for name, lines in tails if lines)


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


if __name__ == "__main__":
    raise SystemExit(main(tls="--tls" in sys.argv[1:]))

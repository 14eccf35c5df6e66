"""What people do at the provider while it is killed under them, and what each of them was told before.

Only what was acknowledged is noted, at the moment when the answer is there; of what was asked and never answered, that it was
asked. A connection that breaks ends the deed: the person notes nothing more.
"""

import random
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from certs.keys import MemorySigner
from certs.proof import key_proof
from idp.issuance import offer
from idp.login import attempts
from idp.login.attempts import Secret
from idp.nation import Nation
from idp.ports import Storage
from idp.registries.personas import PERSONAS, Persona
from tests.idp.issuance.office import placed
from tests.world_idp import VERIFIER, basic, challenge

CLIENT = "bank"
KIND = "driving_licence"
FORMATS = ("driving_licence.licence", "driving_licence.sd_jwt", "driving_licence.mdoc")
MOST = 3  # copies at once
LOG_INS_OF_A_BROWSER = 6  # then a new one: most sign-ins need no password, and are quick enough to be cut anywhere
FORM = re.compile(r'<main.*?<form method="post" action="([^"]+)"[^>]*>(.*?)</form>', re.DOTALL)
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Held:
    """A credential that somebody has, and what it took to get it."""

    document_id: str
    thumbprint: str
    number: int
    index: int
    nonce: str


@dataclass
class Noted:
    """What the people of one round were told."""

    sessions: list[str] = field(default_factory=list)
    given: set[str] = field(default_factory=set)  # codes
    tried: set[str] = field(default_factory=set)  # sent to the token endpoint; perhaps in vain
    redeemed: set[str] = field(default_factory=set)
    tokens: list[str] = field(default_factory=list)
    credentials: list[Held] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # an answer that nobody should get

    @property
    def acknowledged(self) -> int:
        return len(self.sessions) + len(self.given) + len(self.redeemed) + len(self.credentials)


@dataclass(frozen=True, slots=True)
class Crowd:
    here: Nation
    storage: Storage  # of the harness: to make offers and to find who is who
    noted: Noted
    stop: Event

    def let_in(self) -> None:
        """A try that a kill cut off stays counted, as it must; but here nobody is to wait for it in the next round."""
        with self.storage.transaction() as ports:
            for one in SIGNING_IN:
                account = ports.accounts.by_person(one.person.person_id)
                assert account is not None
                attempts.forget(ports, account.account_id, Secret.PASSWORD, names=(one.pid,))

    def start(self) -> list[Thread]:
        self.let_in()
        jobs: list[Callable[[], None]] = [self._citizen, self._citizen, self._wallet]
        threads = [Thread(target=self._until_cut, args=(job,)) for job in jobs]
        for thread in threads:
            thread.start()
        return threads

    def _until_cut(self, job: Callable[[], None]) -> None:
        try:
            while not self.stop.is_set():
                job()
        except httpx.HTTPError:
            return  # the provider is gone
        except Exception as error:  # noqa: BLE001 - shown by the test, which runs in another thread
            self.noted.wrong.append(f"{type(error).__name__}: {error}")

    # --- signing in -------------------------------------------------------------------------------------------------

    def _citizen(self) -> None:
        one = random.choice(SIGNING_IN)
        with httpx.Client(base_url=self.here.issuer, trust_env=False, timeout=20) as browser:
            for _ in range(LOG_INS_OF_A_BROWSER):
                if self.stop.is_set():
                    return
                self._redeem(browser, self._code(browser, one))

    def _code(self, browser: httpx.Client, one: Persona) -> str:
        answer = browser.get("/authorize?" + urlencode(self._request()))
        while not answer.headers.get("Location", "").startswith(self.here.verifier):
            if answer.status_code == 429 and not self.stop.wait(float(answer.headers["Retry-After"])):
                # Tries that a kill cut off stay counted for the address too, on which all of this crowd sits.
                answer = browser.get("/authorize?" + urlencode(self._request()))
                continue
            if answer.status_code == 429:
                raise httpx.HTTPError("stopped while it was told to wait")
            if answer.status_code != 303:
                raise AssertionError(f"{answer.status_code} at {answer.request.url.path}")
            page = browser.get(answer.headers["Location"])
            login = page.request.url.path.startswith("/login/")
            filled = {"identifier": one.pid, "password": one.password} if login else {"decision": "share"}
            form = FORM.search(page.text)
            if form is None:
                raise AssertionError(f"{page.status_code} without a form at {page.request.url.path}")
            answer = browser.post(form[1], data={**dict(HIDDEN.findall(form[2])), **filled})
            if login and answer.status_code == 303:
                self.noted.sessions.append(browser.cookies["idp_session"])
        code = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["code"]
        self.noted.given.add(code)
        return code

    def _request(self) -> dict[str, str]:
        return {
            "client_id": CLIENT,
            "response_type": "code",
            "redirect_uri": self._callback,
            "scope": "openid",
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
            "code_challenge": challenge(),
            "code_challenge_method": "S256",
        }

    @property
    def _callback(self) -> str:
        return f"{self.here.verifier}/callback"

    def _redeem(self, browser: httpx.Client, code: str) -> None:
        if random.random() < 0.2:
            return  # kept for after the crash
        self.noted.tried.add(code)
        answer = self.redeem(browser, code)
        if answer.status_code != 200:
            raise AssertionError(f"{answer.status_code} for a fresh code: {answer.text}")
        self.noted.redeemed.add(code)
        self.noted.tokens.append(answer.json()["access_token"])

    def redeem(self, browser: httpx.Client, code: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._callback}
        secret = self.here.secret_file(CLIENT).read_text("ascii")
        return browser.post("/token", data={**form, "code_verifier": VERIFIER}, headers=basic(CLIENT, secret))

    # --- receiving --------------------------------------------------------------------------------------------------

    def _wallet(self) -> None:
        one, configuration, now = random.choice(RECEIVING), random.choice(FORMATS), int(time.time())
        keys = [MemorySigner.generate() for _ in range(random.randint(1, MOST))]
        with self.storage.transaction() as ports:
            account = ports.accounts.by_person(one.person.person_id)
            assert account is not None
            made = offer.create(ports, account_id=account.account_id, kind=KIND, now=now)
        if not isinstance(made, offer.Offer):
            return  # suspended just now
        with httpx.Client(base_url=self.here.issuer, trust_env=False, timeout=20) as wallet:
            form = {"pre-authorized_code": offer.code_of(made.offer_id), "tx_code": made.tx_code}
            answer = wallet.post("/token", data={"grant_type": offer.GRANT_TYPE, **form})
            token = answer.json()["access_token"]
            nonce = wallet.post("/nonce").json()["c_nonce"]
            proofs = [key_proof(key, audience=self.here.issuer, nonce=nonce, now=int(time.time())) for key in keys]
            asked = {"credential_configuration_id": configuration, "proofs": {"jwt": proofs}}
            answer = wallet.post("/credential", json=asked, headers={"Authorization": f"Bearer {token}"})
            if answer.status_code == 400 and answer.json()["error"] == "credential_request_denied":
                return  # suspended since the offer
            copies = [each["credential"] for each in answer.json()["credentials"]]
        with self.storage.reading() as ports:
            (document_id,) = (
                held.document_id for held in ports.documents.of_person(one.person.person_id) if held.type == KIND
            )
        for key, copy in zip(keys, copies, strict=True):
            held = Held(document_id, key.public.thumbprint(), *placed(configuration, copy), nonce)
            self.noted.credentials.append(held)


# With a licence and an account of level 2.
SIGNING_IN = RECEIVING = tuple(one for one in PERSONAS if one.key in ("minh-anh", "van-binh"))

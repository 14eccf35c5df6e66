"""A phone for tests: a key of its own, enrolled with the provider, that looks at who asks and decides."""

import re
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from certs import device
from certs.device import new_id
from certs.keys import MemorySigner
from idp.login import approval, devices, passcode
from idp.login.approval import Asking
from idp.login.standing import holder
from tests.world_idp import Browser, State

PASSCODE = "730518"


@dataclass
class Phone:
    state: State
    account_id: str = "a-duong"
    signer: MemorySigner = field(default_factory=MemorySigner.generate)

    @property
    def thumbprint(self) -> str:
        return self.signer.public.thumbprint()

    @property
    def issuer(self) -> str:
        return self.state.web.config.issuer

    def enrolled(self, *, typed: str = PASSCODE) -> "Phone":
        """As the device endpoint would leave it; the passcode is the first phone's."""
        now, storage = self.state.clock[0], self.state.storage
        with storage.reading() as ports:
            hashed = None if passcode.of(ports, self.account_id) else passcode.hash_passcode(typed)
        with storage.transaction() as ports:
            who = holder(ports, self.account_id, now=now)
            assert who is not None
            devices.enrol(
                ports,
                who,
                self.signer.public,
                name="Máy của tôi",
                passcode_hash=hashed,
                new_secret=self.state.web.oidc.new_secret,
                simulation=True,
                now=now,
            )
        return self

    def post(self, path: str, content: dict[str, Any]) -> TestResponse:
        return self.state.app.test_client().post(path, json=content, base_url=self.issuer)

    def look_proof(self, request: str, **changed: Any) -> str:
        given = {"audience": self.issuer, "request": request, "jti": new_id(), "now": self.state.clock[0], **changed}
        return device.sign_view(self.signer, **given)

    def look(self, request: str, **changed: Any) -> TestResponse:
        return self.post("/approvals/view", {"request": request, "proof": self.look_proof(request, **changed)})

    def decision(self, request: str, number: str | None, *, approve: bool = True, **changed: Any) -> dict[str, str]:
        """The body of a decision. The passcode goes with an approval."""
        typed = changed.pop("passcode", PASSCODE)
        given = {"audience": self.issuer, "request": request, "jti": new_id(), "now": self.state.clock[0], **changed}
        proof = device.sign_decision(self.signer, approve=approve, number=number, **given)
        return {"request": request, "proof": proof, **({"passcode": typed} if approve else {})}

    def approve(self, request: str, number: str | None, **changed: Any) -> TestResponse:
        return self.post("/approvals/decision", self.decision(request, number, **changed))

    def deny(self, request: str) -> TestResponse:
        return self.post("/approvals/decision", self.decision(request, None, approve=False))


@dataclass
class Screen:
    """The page that waits for a phone, in one browser."""

    state: State
    browser: Browser
    path: str
    page: TestResponse

    @property
    def number(self) -> str:
        found = re.search(r'id="number">(\d\d)<', self.page.text)
        assert found, self.page.text
        return found[1]

    @property
    def asking(self) -> Asking:
        _, _, interaction_id, _, asking_id = self.path.split("/")
        with self.state.storage.reading() as ports:
            found = approval.standing(ports, asking_id, interaction_id, now=self.state.clock[0]).asking
        assert found is not None
        return found

    @property
    def code(self) -> str:
        """What a phone reads in the QR now."""
        self.refresh()
        with self.state.storage.transaction() as ports:
            return approval.code(ports, self.asking, now=self.state.clock[0])

    def refresh(self) -> TestResponse:
        self.page = self.browser.get(self.path)
        return self.page

    def poll(self, browser: Browser | None = None, turn: str = "") -> TestResponse:
        return (browser or self.browser).get(f"{self.path}/state?turn={turn}")

    def go_on(self) -> TestResponse:
        """The button, as it stands on the page now."""
        return self.browser.submit(self.refresh())


def waiting(state: State, browser: Browser | None = None, *, at: str | None = None) -> Screen:
    """A browser at the page that waits; `at` is the address of a log-in, otherwise the bank asks for one."""
    browser = browser or state.browser()
    begun = browser.get(f"{at or browser.ask().headers['Location']}/phone")
    path = begun.headers["Location"]
    return Screen(state, browser, path, browser.get(path))

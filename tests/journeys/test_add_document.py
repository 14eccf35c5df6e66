"""Documents without an offer, over real HTTP: the wallet asks, the citizen agrees at the issuer, the wallet refreshes later.

Spec: OpenID4VCI 1.0 §3.4, §5.1.2, §14.5. The browser's half is played with software keys, as in `tests.smoke`.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from certs import qr
from certs.encoding import b64url_decode
from certs.keys import MemorySigner
from certs.proof import holder_proof, key_proof
from tests import smoke
from tests.browser import Browser, Page
from tests.idp.commands import asked
from verifier.verifier import Verifier


@dataclass
class Journey:
    run: smoke.Run
    browser: Browser

    def open(self, path: str) -> Page:
        return self.browser.open(f"{self.run.urls['wallet']}{path}")

    def arrive(self, page: Page) -> tuple[str, dict[str, tuple[bytes, MemorySigner]]]:
        """What the script of the arriving page does: the new document's address, and by view its credential and key."""
        begun = json.loads(page["receive-form"].attributes["data-begun"])
        proofs, keys = [], {}
        for each in begun["proofs"]:
            key = MemorySigner.generate()
            keys[key.public.thumbprint()] = key
            proof = key_proof(key, audience=begun["audience"], nonce=each["nonce"], now=int(time.time()))
            proofs.append({"configuration": each["configuration"], "proof": proof})
        done = smoke._call(
            self.run, self.browser, page, "/receive/complete", {"receipt": begun["receipt"], "proofs": proofs}
        )
        (document,) = done["documents"]
        return document["location"], {
            each["view"]: (b64url_decode(each["credential"]), keys[each["thumbprint"]])
            for each in smoke.carried(self.run, self.browser, document["id"])
        }

    def add(self, kind: str) -> tuple[str, dict[str, tuple[bytes, MemorySigner]]]:
        page = self.browser.submit(self.open("/add"), f"add-{kind}")
        if page.url.startswith(self.run.urls["idp"]):
            page = self.browser.submit(page, "share")
        return self.arrive(page)

    def idp(self, *arguments: str) -> Any:
        done = asked.idp(*arguments, "--json", data=self.run.data)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def document(self, kind: str) -> str:
        (found,) = [row["id"] for row in self.idp("document", "list", self.run.persona["pid"]) if row["type"] == kind]
        return str(found)

    def journal(self, kind: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.idp("journal", "--kind", kind)
        return found

    def accepted(self, held: tuple[bytes, MemorySigner]) -> bool:
        verifier = Verifier.from_bundle(self.run.bundle)
        return verifier.verify(qr.to_text(holder_proof(held[0], held[1], now=int(time.time())))).holder_bound


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    run = smoke.Run(Path(tmp_path_factory.mktemp("add")))
    with smoke.demonstration(run), Browser() as browser:
        page = browser.open(f"{run.urls['wallet']}/sign-in")
        page = browser.submit(page, "sign-in", identifier=run.persona["pid"], password=run.persona["password"])
        browser.submit(page, "share")
        yield Journey(run, browser)


def test_the_citizen_agrees_to_the_very_document(journey: Journey) -> None:
    page = journey.open("/add")
    assert "choice-driving_licence" in page and "choice-tax_registration" in page
    page = journey.browser.submit(page, "add-driving_licence")
    assert page.url.startswith(f"{journey.run.urls['idp']}/consent/")  # signed in there already: no second log-in
    shown = page.response.text
    for words in ("Giấy phép lái xe", journey.run.persona["name"], "Ví giấy tờ", "Được ký riêng", "90 ngày"):
        assert words in shown
    location, views = journey.arrive(journey.browser.submit(page, "share"))
    assert set(views) == {"licence", "age_over_18", "full", "portrait"}
    assert journey.accepted(views["licence"])
    assert location in journey.open("/documents").response.text


def test_who_declines_comes_back_with_nothing(journey: Journey) -> None:
    page = journey.browser.submit(journey.open("/add"), "add-tax_registration")
    back = journey.browser.submit(page, "do-not-share")
    assert back.url.startswith(journey.run.urls["wallet"]) and back.status == 400
    assert "chưa được đưa vào ví" in back.response.text
    assert "add-tax_registration" in journey.open("/add")


def test_refresh_by_the_refresh_token(journey: Journey) -> None:
    location, old = journey.add("health_insurance_card")
    before = len(journey.journal("code_given"))
    page = journey.browser.submit(journey.open(location), "refresh")
    assert page.url.startswith(f"{journey.run.urls['wallet']}/add/arriving/")
    fresh, new = journey.arrive(page)
    assert len(journey.journal("code_given")) == before  # the person was asked nothing
    assert journey.journal("tokens_refreshed")
    assert (
        fresh == location and journey.open("/documents").response.text.count(location) == 1
    )  # one in place of the other
    assert {key.public.thumbprint() for _, key in new.values()}.isdisjoint(
        key.public.thumbprint() for _, key in old.values()
    )
    again, _ = journey.arrive(journey.browser.submit(journey.open(fresh), "refresh"))  # with the token that replaced it
    assert journey.open(again).status == 200


def test_refresh_of_a_suspended_document_says_why_and_works_again_later(journey: Journey) -> None:
    location, _ = journey.add("health_record")
    document = journey.document("health_record")
    journey.idp("document", "suspend", document)
    page = journey.browser.submit(journey.open(location), "refresh")
    begun = json.loads(page["receive-form"].attributes["data-begun"])
    proofs = [
        {
            "configuration": each["configuration"],
            "proof": key_proof(
                MemorySigner.generate(), audience=begun["audience"], nonce=each["nonce"], now=int(time.time())
            ),
        }
        for each in begun["proofs"]
    ]
    headers = {"X-CSRF-Token": page.metas["csrf"], "Accept": "application/json"}
    refused = journey.browser.client.post(
        f"{journey.run.urls['wallet']}/receive/complete",
        json={"receipt": begun["receipt"], "proofs": proofs},
        headers=headers,
    )
    assert refused.status_code == 400 and refused.json()["error"] == "issuer_denied"
    assert journey.open(location).status == 200  # the old one stays
    journey.idp("document", "reinstate", document)
    journey.arrive(journey.browser.submit(journey.open(location), "refresh"))


def test_after_withdrawal_the_wallet_asks_again(journey: Journey) -> None:
    """The consent taken back ends the wallet's refresh tokens; the button then leads to the issuer's page."""
    location, _ = journey.add("citizen_identity")
    consents = journey.browser.open(f"{journey.run.urls['idp']}/consents")
    assert "Căn cước" in consents.response.text
    journey.browser.submit(consents, "withdraw-wallet")
    page = journey.browser.submit(journey.open(location), "refresh")
    assert page.url.startswith(f"{journey.run.urls['idp']}/consent/")
    fresh, views = journey.arrive(journey.browser.submit(page, "share"))
    assert fresh == location and journey.accepted(views["identity"])


def test_a_removed_document_gives_its_token_back(journey: Journey) -> None:
    location, _ = journey.add("tax_registration")
    before = len(journey.journal("tokens_revoked"))
    journey.browser.submit(journey.open(f"{location}/remove"), "remove")
    assert len(journey.journal("tokens_revoked")) == before + 1


def test_a_lock_by_the_authority_ends_everything(journey: Journey) -> None:
    (locked,) = journey.idp("person", "lock", journey.run.persona["pid"])
    assert locked["state"] == "locked" and locked["credentials"] > 0
    assert journey.browser.open(f"{journey.run.urls['idp']}/documents").url.startswith(
        f"{journey.run.urls['idp']}/login/"
    )
    (unlocked,) = journey.idp("person", "unlock", journey.run.persona["pid"])
    assert unlocked["credentials"] == locked["credentials"]

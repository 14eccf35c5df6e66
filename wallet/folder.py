"""A wallet in a folder: one person, software keys, no pages. For the command line, kiosks and tests.

Spec: OpenID4VCI 1.0, holder's half, as `wallet.receive` has it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wallet import issuer as issuers
from wallet import receive
from wallet.errors import WalletError
from wallet.formats import glance
from wallet.keys import SoftwareKey, SoftwareKeys
from wallet.model import Document, Person
from wallet.offer import resolve
from wallet.present import choose, qr_text
from wallet.trust import TrustKeeper
from wallet.wallet import Wallet

OWNER = "folder"  # whoever has the folder


@dataclass(frozen=True, slots=True)
class FolderWallet:
    wallet: Wallet
    keys: SoftwareKeys
    trust: TrustKeeper
    issuer: str
    clock: Callable[[], int]

    def receive(self, link: str, *, transaction_code: str | None, pid: str | None = None) -> tuple[Document, ...]:
        """Take what an offer holds. `pid` says whose it must be; else it must be of the person of what is here already."""
        now, web = self.clock(), self.wallet.web
        offer = resolve(link, web=web, issuers=(self.issuer,))
        person = self._person(pid)
        issuer = issuers.discover(offer, web=web)
        receipt = receive.begin(offer, issuer, transaction_code=transaction_code, web=web, now=now)
        made: list[SoftwareKey] = []
        documents: tuple[Document, ...] = ()
        try:
            proofs: dict[str, list[str]] = {}
            for each in receipt.proofs:
                made.append(self.keys.make())
                proof = made[-1].key_proof(audience=receipt.audience, nonce=each.nonce, now=now)
                proofs.setdefault(each.configuration, []).append(proof)
            trust = self.trust.current(now=now).trust
            received = receive.complete(receipt, proofs, person=person, trust=trust, web=web, now=now)
            self.wallet.keep(OWNER, received, now=now)
            documents = received
        finally:  # keys of copies that did not come, or are not kept
            kept = {copy.thumbprint for document in documents for copy in document.copies}
            for key in made:
                if key.public.thumbprint() not in kept:
                    self.keys.forget(key.public.thumbprint())
        return documents

    def documents(self) -> tuple[Document, ...]:
        return self.wallet.documents(OWNER)

    def find(self, name: str) -> Document:
        """By id, by the beginning of an id, or by type where there is one of it."""
        found = [each for each in self.documents() if each.type == name or each.document_id.startswith(name)]
        if len(found) != 1 or not name:
            raise WalletError("document_unknown", f"{len(found)} documents")
        return found[0]

    def qr_text(
        self, name: str, *, view: str | None = None, audience: str | None = None, challenge: bytes | None = None
    ) -> str:
        """A fresh QR text, and a line in the history."""
        document, now = self.find(name), self.clock()
        copy = choose(document, view)
        text = qr_text(copy, self.keys.find(copy.thumbprint), now=now, audience=audience, challenge=challenge)
        self.wallet.note_shown(OWNER, document, copy.view, now=now)
        return text

    def _person(self, pid: str | None) -> Person | None:
        for document in self.documents():
            for copy in document.copies:
                held = glance(copy.format, copy.credential).claims.get("personal_identification_number")
                if held is not None and pid not in {None, held}:
                    raise WalletError("not_about_me", "this folder holds another person's documents")
                pid = pid or held
        return Person(pid) if pid else None


def key_folder(home: Path) -> Path:
    return home / "keys"

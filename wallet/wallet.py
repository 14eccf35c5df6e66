"""The wallet: what a citizen can do with documents, over storage and vault. Everything it stores, it seals first.

Spec: none; receiving is `wallet.receive`, showing `wallet.present`, both of which know no storage.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from certs.trust import TrustStore
from wallet import ended, history, records
from wallet.authorization import ASKED_SECONDS, Asked
from wallet.chain import Checked, check
from wallet.credential import Happened, tell
from wallet.errors import WalletError
from wallet.login import PENDING_SECONDS, Pending
from wallet.model import SESSION_SECONDS, Awaited, Copy, Document, Entry, Linked, Person, SealedDocument, Session, Told
from wallet.ports import Ports, Storage, Web
from wallet.receive import Completed, Receipt, complete, distinguished, superseded
from wallet.vault import Vault
from wallet.waiting import Waiting

TOLD_SECONDS = 90 * 86_400  # how long a phone may take to hear that its lines of history have arrived
_PENDING, _SESSION, _ASKED, _RECEIPT, _TOLD = "pending", "session", "asked", "receipt", "shown offline"
USED = "used copy"


@dataclass(frozen=True, slots=True)
class Wallet:
    storage: Storage
    vault: Vault
    web: Web

    # --- signing in ---------------------------------------------------------------------------------------------------

    def remember(self, pending: Pending, *, now: int) -> str:
        """Keep what a browser must bring back; returns the value of its cookie."""
        value = secrets.token_urlsafe(32)
        with self.storage.transaction() as ports:
            ports.ephemeral.sweep(now=now)
            self.put_sealed(ports, _PENDING, value, records.write_pending(pending), expires=now + PENDING_SECONDS)
        return value

    def recall(self, value: str, *, now: int) -> Pending:
        """Once: an authorization response is never taken twice."""
        with self.storage.transaction() as ports:
            sealed = ports.ephemeral.take(_PENDING, value, now=now)
        if sealed is None:
            raise WalletError("sign_in_failed", "no sign-in under way in this browser")
        return records.read_pending(self.open_sealed(_PENDING, value, sealed))

    def open_session(self, person: Person, *, now: int, told: Told | None = None) -> str:
        """Returns the value of the browser's cookie."""
        value = secrets.token_urlsafe(32)
        session = Session(person, secrets.token_urlsafe(32), now, now + SESSION_SECONDS, told or Told(None, now, now))
        with self.storage.transaction() as ports:
            self.put_sealed(ports, _SESSION, value, records.write_session(session), expires=session.expires)
        return value

    def session(self, value: str, *, now: int) -> Session | None:
        with self.storage.reading() as ports:
            sealed = ports.ephemeral.read(_SESSION, value, now=now)
            session = None if sealed is None else records.read_session(self.open_sealed(_SESSION, value, sealed))
            return None if session is None or ended.is_over(ports, self.vault, session, now=now) else session

    def end_session(self, value: str, *, now: int) -> None:
        with self.storage.transaction() as ports:
            ports.ephemeral.take(_SESSION, value, now=now)

    # --- asking the issuer --------------------------------------------------------------------------------------------

    def remember_asked(self, state: str, asked: Asked, person: Person, *, now: int) -> None:
        """Keep what is needed when this person comes back from the issuer with this `state`."""
        name = f"{self.vault.owner_of(person.pid)}:{state}"
        with self.storage.transaction() as ports:
            ports.ephemeral.sweep(now=now)
            self.put_sealed(ports, _ASKED, name, records.write_asked(asked), expires=now + ASKED_SECONDS)

    def recall_asked(self, state: str, person: Person, *, now: int) -> Asked:
        """Once, and by the person who asked: nobody can be led into the wallet of another."""
        name = f"{self.vault.owner_of(person.pid)}:{state}"
        with self.storage.transaction() as ports:
            sealed = ports.ephemeral.take(_ASKED, name, now=now)
        if sealed is None:
            raise WalletError("asking_unknown", "unknown, used, expired, or somebody else's")
        return records.read_asked(self.open_sealed(_ASKED, name, sealed))

    def note_renewal(self, owner: str, document: Document, renewal: str | None) -> None:
        """The refresh token was replaced, or is good no more: kept first of all, unless another tab fetched copies meanwhile."""
        with self.storage.transaction() as ports:
            ports.documents.alone(owner)
            found = ports.documents.get(owner, document.document_id)
            if found is not None and self._unseal(found) == document:
                ports.documents.reseal(self._seal(owner, replace(document, renewal=renewal)))

    # --- receiving ----------------------------------------------------------------------------------------------------

    def hold(self, receipt: Receipt, person: Person) -> str:
        """Keep a receipt until its proofs come; returns its id. It belongs to this person only."""
        value, owner = secrets.token_urlsafe(32), self.vault.owner_of(person.pid)
        with self.storage.transaction() as ports:
            data = records.write_receipt(receipt)
            self.put_sealed(ports, _RECEIPT, f"{owner}:{value}", data, expires=receipt.expires)
        return value

    def held_receipt(self, value: str, person: Person, *, now: int) -> Receipt:
        """A receipt that waits for its proofs, for the page that makes them."""
        name = f"{self.vault.owner_of(person.pid)}:{value}"
        with self.storage.reading() as ports:
            sealed = ports.ephemeral.read(_RECEIPT, name, now=now)
        if sealed is None:
            raise WalletError("asking_unknown", "unknown, used, expired, or somebody else's")
        return records.read_receipt(self.open_sealed(_RECEIPT, name, sealed))

    def finish(
        self, value: str, proofs: Mapping[str, Sequence[str]], person: Person, *, trust: TrustStore, now: int
    ) -> Completed:
        """Take the receipt (once), fetch, verify, keep. A refusal is written to the history, and nothing else is kept."""
        owner = self.vault.owner_of(person.pid)
        name = f"{owner}:{value}"
        with self.storage.transaction() as ports:
            sealed = ports.ephemeral.take(_RECEIPT, name, now=now)
        if sealed is None:
            raise WalletError("receipt_unknown", "unknown, used, expired, or somebody else's")
        receipt = records.read_receipt(self.open_sealed(_RECEIPT, name, sealed))
        try:
            completed = complete(receipt, proofs, person=person, trust=trust, web=self.web, now=now)
        except WalletError as error:
            with self.storage.transaction() as ports:
                ports.history.append(owner, history.refused(receipt.audience, error.code, now=now))
            raise
        return self.keep(owner, completed, receipt, now=now)

    # --- documents ----------------------------------------------------------------------------------------------------

    def keep(self, owner: str, completed: Completed, receipt: Receipt, *, now: int) -> Completed:
        """Keep what came and what was promised, and tell the issuer whether it is kept. Returns it as it is kept."""
        what = Happened.FAILED
        try:
            with self.storage.transaction() as ports:
                kept = self.keep_in(ports, owner, completed.documents, now=now)
                for each in completed.waiting:
                    ports.promised.keep(self.seal_waiting(owner, each))
                    ports.history.append(owner, history.promised(each.type, each.credential_issuer, now=now))
            what = Happened.ACCEPTED
        finally:  # also where there is no place left
            names = [name for document in completed.documents for name in document.notifications]
            tell(receipt.place, receipt.access, names, what, web=self.web, now=now)
        return replace(completed, documents=kept)

    def keep_in(self, ports: Ports, owner: str, documents: tuple[Document, ...], *, now: int) -> tuple[Document, ...]:
        """New documents in place of the earlier ones that they replace, and of those that a backup named. They keep the name of
        the newest that they replace: copies are fetched often, and a page that was open before still finds its document."""
        ports.documents.alone(owner)
        held, awaited = self.documents_in(ports, owner), self.awaited_in(ports, owner)
        kept = []
        for document in documents:
            names = [old.document_id for old in superseded(held, document)] or [document.document_id]
            for name in names:
                ports.documents.remove(owner, name)
            document = replace(document, document_id=names[0])
            for each in (each for each in awaited if is_of(each, document)):
                ports.awaited.remove(owner, awaited_id(owner, each))
            ports.documents.keep(self._seal(owner, document))
            ports.history.append(owner, history.received(document, now=now))
            kept.append(document)
        return tuple(kept)

    def documents(self, owner: str) -> tuple[Document, ...]:
        """Newest first."""
        with self.storage.reading() as ports:
            return self.documents_in(ports, owner)

    def document(self, owner: str, document_id: str) -> Document:
        """Raises WalletError for one that this owner does not have."""
        with self.storage.reading() as ports:
            return self._document(ports, owner, document_id)

    def remove(self, owner: str, document_id: str, *, now: int) -> Document:
        with self.storage.transaction() as ports:
            document = self._document(ports, owner, document_id)
            ports.documents.remove(owner, document_id)
            ports.history.append(owner, history.removed(document, now=now))
        return document

    def use_copy(self, owner: str, copies: Iterable[Copy], line: Entry, *, now: int) -> Copy:
        """The first of these copies that nobody was shown yet, and the line about it: both, or neither. Of two who ask at once
        each gets another one. Raises WalletError when there is none."""
        with self.storage.transaction() as ports:
            for copy in copies:
                name = f"{owner}:{copy.thumbprint}"
                if copy.expires > now and ports.ephemeral.once(USED, name, expires=copy.expires):
                    ports.history.append(owner, line)
                    return copy
        raise WalletError("copies_used_up", "each was shown once, or has expired")

    def unused(self, owner: str, copies: Iterable[Copy], *, now: int) -> tuple[Copy, ...]:
        """Of these, the copies that are still good for a presentation."""
        with self.storage.reading() as ports:
            return tuple(
                copy
                for copy in copies
                if copy.expires > now and ports.ephemeral.read(USED, f"{owner}:{copy.thumbprint}", now=now) is None
            )

    def note_shown_offline(self, owner: str, name: str, line: Entry, *, now: int) -> None:
        """`name` is the phone's for it: told again, because an answer was lost, the history has it once."""
        with self.storage.transaction() as ports:
            if ports.ephemeral.once(_TOLD, f"{owner}:{name}", expires=now + TOLD_SECONDS):
                ports.history.append(owner, line)

    def history(self, owner: str) -> tuple[Entry, ...]:
        with self.storage.reading() as ports:
            return ports.history.read(owner)

    def chain(self, owner: str) -> tuple[tuple[Linked, ...], Checked]:
        """The whole history, oldest first, and whether its chain holds."""
        with self.storage.reading() as ports:
            lines, head = ports.history.chain(owner)
        return lines, check(lines, head)

    def note(self, owner: str, line: Entry) -> None:
        with self.storage.transaction() as ports:
            ports.history.append(owner, line)

    # --- what a backup named ------------------------------------------------------------------------------------------

    def awaited(self, owner: str) -> tuple[Awaited, ...]:
        with self.storage.reading() as ports:
            return self.awaited_in(ports, owner)

    def awaited_in(self, ports: Ports, owner: str) -> tuple[Awaited, ...]:
        return tuple(
            records.read_awaited(self.vault.open(each.sealed, owner=owner, name=f"awaited/{each.document_id}"))
            for each in ports.awaited.of(owner)
        )

    def awaited_document(self, owner: str, id_: str) -> Awaited:
        """By its id in storage. Raises WalletError for one that this owner does not await."""
        found = next((each for each in self.awaited(owner) if awaited_id(owner, each) == id_), None)
        if found is None:
            raise WalletError("document_unknown", "not among what this owner awaits")
        return found

    def note_awaited_renewal(self, owner: str, awaited: Awaited, renewal: str | None, *, now: int) -> None:
        with self.storage.transaction() as ports:
            ports.awaited.reseal(self.seal_awaited(owner, replace(awaited, renewal=renewal), now=now))

    def forget_awaited(self, owner: str, awaited: Awaited) -> None:
        with self.storage.transaction() as ports:
            ports.awaited.remove(owner, awaited_id(owner, awaited))

    def seal_awaited(self, owner: str, awaited: Awaited, *, now: int) -> SealedDocument:
        id_ = awaited_id(owner, awaited)
        sealed = self.vault.seal(records.write_awaited(awaited), owner=owner, name=f"awaited/{id_}")
        return SealedDocument(id_, owner, now, sealed)

    # --- sealing ------------------------------------------------------------------------------------------------------

    def put_sealed(self, ports: Ports, purpose: str, value: str, data: bytes, *, expires: int) -> None:
        sealed = self.vault.seal(data, owner="", name=f"{purpose}/{value}")
        ports.ephemeral.put(purpose, value, sealed, expires=expires)

    def open_sealed(self, purpose: str, value: str, sealed: bytes) -> bytes:
        return self.vault.open(sealed, owner="", name=f"{purpose}/{value}")

    def _seal(self, owner: str, document: Document) -> SealedDocument:
        data = records.write_document(document)
        sealed = self.vault.seal(data, owner=owner, name=f"document/{document.document_id}")
        return SealedDocument(document.document_id, owner, document.received_at, sealed)

    def seal_waiting(self, owner: str, waiting: Waiting) -> SealedDocument:
        id_ = waiting.waiting_id
        sealed = self.vault.seal(records.write_waiting(waiting), owner=owner, name=f"promised/{id_}")
        return SealedDocument(id_, owner, waiting.asked_at, sealed)

    def _unseal(self, found: SealedDocument) -> Document:
        name = f"document/{found.document_id}"
        return records.read_document(self.vault.open(found.sealed, owner=found.owner, name=name))

    def documents_in(self, ports: Ports, owner: str) -> tuple[Document, ...]:
        return tuple(map(self._unseal, ports.documents.of(owner)))

    def _document(self, ports: Ports, owner: str, document_id: str) -> Document:
        found = ports.documents.get(owner, document_id)
        if found is None:
            raise WalletError("document_unknown", "not among this owner's documents")
        return self._unseal(found)


def awaited_id(owner: str, awaited: Awaited) -> str:
    """Under which it lies in storage: a backup of somebody else can name a document of mine, and touches nothing of mine."""
    return hashlib.sha256(f"{owner}\0{awaited.document_id}".encode()).hexdigest()


def is_of(awaited: Awaited, document: Document) -> bool:
    """Whether this document is what was awaited."""
    same = (awaited.type, awaited.credential_issuer) == (document.type, document.credential_issuer)
    return same and awaited.about == distinguished(document)

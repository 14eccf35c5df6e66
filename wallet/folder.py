"""A wallet with software keys in a folder, without pages: one person's, or one citizen's of many. For the command line, kiosks,
servers and tests.

Spec: OpenID4VCI 1.0, holder's half, as `wallet.receive` has it; SD-JWT VC and mdoc go out as `wallet.present` makes them.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from certs.catalogue import CATALOGUE
from certs.challenge import Asked
from wallet import authorization, challenged, history, promises, receive, restoring
from wallet import issuer as issuers
from wallet.authorization import ClientCredentials
from wallet.errors import WalletError
from wallet.formats import QR, glance
from wallet.issuer import Issuer
from wallet.keys import SoftwareKey, SoftwareKeys
from wallet.model import Copy, Document, Entry, Person
from wallet.offer import resolve
from wallet.present import choose, for_qr, presentation, qr_text, type_of
from wallet.receive import Completed, Receipt
from wallet.restoring import Contents, Restored
from wallet.trust import TrustKeeper
from wallet.waiting import Waiting
from wallet.wallet import Wallet

OWNER = "folder"  # whoever has the folder


def silent(_: str) -> None:
    """Tells nobody how far it is."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A QR text, and how many copies of its view are still unused."""

    text: str
    unused: int


@dataclass(frozen=True, slots=True)
class FolderWallet:
    """Of whoever has the folder; or, on a server, of the citizen with this `pid`, who is then the `owner` of the rows."""

    wallet: Wallet
    keys: SoftwareKeys
    trust: TrustKeeper
    issuer: str
    clock: Callable[[], int]
    owner: str = OWNER
    pid: str | None = None
    simulation: bool = False  # readers may then be on this very machine

    def receive(self, link: str, *, transaction_code: str | None, pid: str | None = None) -> tuple[Document, ...]:
        """The documents that an offer gives at once."""
        return self.take(link, transaction_code=transaction_code, pid=pid).documents

    def take(
        self, link: str, *, transaction_code: str | None, pid: str | None = None, tell: Callable[[str], None] = silent
    ) -> Completed:
        """Take what an offer holds. `pid` says whose it must be; else it must be of the person of what is here already."""
        now, web = self.clock(), self.wallet.web
        tell("asking the issuer what it offers")
        offer = resolve(link, web=web, issuers=(self.issuer,))
        person = self._person(pid)
        issuer = issuers.discover(offer, web=web)
        receipt = receive.begin(offer, issuer, transaction_code=transaction_code, web=web, now=now)
        return self.complete(receipt, person, tell=tell, now=now)

    def ask(
        self,
        wanted: str,
        client: ClientCredentials,
        come_back: Callable[[str, str], Mapping[str, str]],
        *,
        pid: str | None = None,
        tell: Callable[[str], None] = silent,
    ) -> Completed:
        """Ask for a kind of document, or for what an offer names, by signing in at the issuer: `come_back` gets the address for
        the person's browser and its `state`, and returns what the browser brought."""
        person, web = self._person(pid), self.wallet.web
        tell("asking the issuer what it has")
        issuer, state = self._issuer_of(wanted)
        begun = authorization.begin(issuer, client, language="vi", issuer_state=state, push=web)
        answer = come_back(begun[0], begun[1])
        now = self.clock()
        access = authorization.complete(begun[2], answer, issuer, client, web=web, now=now)
        done = self.complete(
            receive.prepare(issuer, access, web=web, now=now), person, tell=tell, now=now, client=client
        )
        if access.renewal is not None and not done.waiting:  # of use with one key alone, which is forgotten now
            with suppress(WalletError):
                authorization.give_back(access.renewal, issuer, client, web=web)
        return done

    def _issuer_of(self, wanted: str) -> tuple[Issuer, str | None]:
        web = self.wallet.web
        if wanted not in CATALOGUE:
            offer = resolve(wanted, web=web, issuers=(self.issuer,))
            return issuers.discover(offer, web=web), offer.issuer_state
        issuer = issuers.look_up(self.issuer, web=web)
        mine = tuple(each for each in issuer.configurations if each.type.name == wanted and each.scope is not None)
        return replace(issuer, configurations=mine), None

    def complete(
        self,
        receipt: Receipt,
        person: Person | None,
        *,
        tell: Callable[[str], None] = silent,
        now: int,
        client: ClientCredentials | None = None,
    ) -> Completed:
        """Keys, proofs, what the issuer gives for them, checked and kept. A client without a secret keeps its refresh token with
        what it waits for, and with no document."""
        tell(f"making {len(receipt.proofs)} keys")
        made: list[SoftwareKey] = []
        completed = Completed(())
        try:
            proofs: dict[str, list[str]] = {}
            for each in receipt.proofs:
                made.append(self.keys.make())
                proof = made[-1].key_proof(audience=receipt.audience, nonce=each.nonce, now=now)
                proofs.setdefault(each.configuration, []).append(proof)
            tell("fetching and checking")
            trust = self.trust.current(now=now).trust
            received = receive.complete(receipt, proofs, person=person, trust=trust, web=self.wallet.web, now=now)
            if client is not None and client.secret is None:
                received = replace(
                    received, documents=tuple(replace(each, renewal=None) for each in received.documents)
                )
            before = self.documents()
            completed = self.wallet.keep(self.owner, received, receipt, now=now)
            self._forget_replaced(before)
        finally:  # keys of copies that did not come, or are not kept
            kept = {copy.thumbprint for document in completed.documents for copy in document.copies}
            kept.update(each for waiting in completed.waiting for each in waiting.thumbprints)
            self._forget({key.public.thumbprint() for key in made} - kept)
        return completed

    def waiting(self) -> tuple[Waiting, ...]:
        """What the issuer has promised and not given yet."""
        return promises.all_of(self.wallet, self.owner)

    def ask_again(self, waiting: Waiting, *, client: ClientCredentials | None = None) -> Document | Waiting:
        """Whether the issuer gives it now. Keys of what will not come go."""
        now, before = self.clock(), self.documents()
        trust, person = self.trust.current(now=now).trust, self._person(waiting.pid)
        try:
            return promises.ask(
                self.wallet, self.owner, waiting.waiting_id, person=person, trust=trust, client=client, now=now
            )
        finally:
            self._forget_replaced(before)
            held = {
                each for still in self.waiting() for each in still.thumbprints
            }  # first: it may become a document now
            held.update(copy.thumbprint for document in self.documents() for copy in document.copies)
            self._forget(set(waiting.thumbprints) - held)

    def documents(self) -> tuple[Document, ...]:
        return self.wallet.documents(self.owner)

    def find(self, name: str) -> Document:
        """By id, by the beginning of an id, or by type where there is one of it."""
        found = [each for each in self.documents() if each.type == name or each.document_id.startswith(name)]
        if len(found) != 1 or not name:
            raise WalletError("document_unknown", f"{len(found)} documents")
        return found[0]

    def qr_text(self, name: str, *, view: str | None = None) -> str:
        return self.show(name, view=view).text

    def show(
        self, name: str, *, view: str | None = None, audience: str | None = None, challenge: bytes | None = None
    ) -> Shown:
        """A fresh QR text, and a line in the history."""
        document, now = self.find(name), self.clock()
        chosen = choose(document, view).view
        line = history.shown(document, chosen, now=now, audience=audience)
        return self._show(document, chosen, line, audience=audience, challenge=challenge, now=now)

    def answer(self, text: str, *, name: str | None = None, view: str | None = None) -> tuple[Shown, Asked]:
        """The QR text that answers a verifier's challenge, and who asked. `name` and `view` choose among what would do."""
        now = self.clock()
        asked = challenged.read(text, self.trust.current(now=now).trust, now=now)
        held = self.documents() if name is None else (self.find(name),)
        fitting = [(each, copy) for each, copy in challenged.answering(asked, held) if view in (None, copy.view)]
        if not fitting:
            raise WalletError("nothing_fits", "no document here answers")
        (document, first), question = fitting[0], asked.challenge
        line = history.shown(document, first.view, now=now, **challenged.named(asked))
        return self._show(
            document, first.view, line, audience=question.audience, challenge=question.challenge, now=now
        ), asked

    def _show(
        self, document: Document, view: str, line: Entry, *, audience: str | None, challenge: bytes | None, now: int
    ) -> Shown:
        """Copies of the view run down in order; when none is left, the last one is used again: who must show it can."""
        copies = self._with_keys(each for each in for_qr(document) if each.view == view)
        try:
            copy = self.wallet.use_copy(self.owner, copies, line, now=now)
        except WalletError:
            self.wallet.note(self.owner, line)
            copy = copies[-1]
        key = self.keys.find(copy.thumbprint)
        text = qr_text(copy, key, now=now, audience=audience, challenge=challenge)
        return Shown(text, self.unused(document, QR, view))

    def present(
        self,
        name: str,
        *,
        format: str,
        claims: Iterable[str],
        audience: str,
        nonce: str,
        response_uri: str | None = None,
    ) -> bytes:
        """An SD-JWT VC presentation or an mdoc DeviceResponse that tells these claims to this verifier; each whole copy goes out
        once. OpenID4VP's requests and answers are `wallet.requests` and `wallet.answering`: this makes what lies in them."""
        document, now, told = self.find(name), self.clock(), tuple(dict.fromkeys(claims))
        type_ = type_of(document)
        copies = tuple(each for each in document.copies if each.format == format and not each.view)
        if not copies:
            raise WalletError("format_missing", format)
        if not told or not set(told) <= told_by(copies[0]) & {field.name for field in type_.fields}:
            raise WalletError("claims_unknown", "not among the claims of this document")
        line = history.presented(type_.name, told, format=format, audience=audience, now=now)
        copy = self.wallet.use_copy(self.owner, self._with_keys(copies), line, now=now)
        signer, to = self.keys.find(copy.thumbprint).signer, response_uri or audience
        return presentation(type_, copy, signer, told, audience=audience, nonce=nonce, response_uri=to, now=now)

    def unused(self, document: Document, format: str, view: str = "") -> int:
        """How many copies of this view, or of the whole in this format, nobody was shown yet."""
        copies = [each for each in document.copies if (each.format, each.view) == (format, view)]
        return len(self.wallet.unused(self.owner, copies, now=self.clock()))

    def back_up(self) -> Contents:
        person = self._person(self.pid)
        return restoring.gather(self.wallet, self.owner, pid=person.pid if person else None, now=self.clock())

    def restore(self, contents: Contents) -> Restored:
        """Where nothing here tells whose wallet it is, it becomes the backup's."""
        person = self._person(self.pid)
        pid = person.pid if person and contents.pid else contents.pid
        return restoring.restore(self.wallet, self.owner, contents, pid=pid, now=self.clock())

    def _with_keys(self, copies: Iterable[Copy]) -> list[Copy]:
        mine = [each for each in copies if self.keys.has(each.thumbprint)]
        if not mine:
            raise WalletError("key_elsewhere", "no key file of any copy")
        return mine

    def _forget_replaced(self, before: tuple[Document, ...]) -> None:
        """Keys of copies that are no longer held sign nothing any more."""
        held = {copy.thumbprint for document in self.documents() for copy in document.copies}
        self._forget({copy.thumbprint for document in before for copy in document.copies} - held)

    def _forget(self, thumbprints: Iterable[str]) -> None:
        for each in thumbprints:
            self.keys.forget(each)

    def _person(self, pid: str | None) -> Person | None:
        pid = pid or self.pid
        for document in self.documents():
            for copy in document.copies:
                held = glance(copy.format, copy.credential).claims.get("personal_identification_number")
                if held is not None and pid not in {None, held}:
                    raise WalletError("not_about_me", "this folder holds another person's documents")
                pid = pid or held
        return Person(pid) if pid else None


def told_by(copy: Copy) -> set[str]:
    """The names of the claims in a copy."""
    return set(glance(copy.format, copy.credential).claims)


def key_folder(home: Path, owner: str = OWNER) -> Path:
    """Keys of one citizen of many in a folder of their own."""
    return home / "keys" if owner == OWNER else home / "keys" / owner

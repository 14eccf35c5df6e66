"""A reader's question from opening to answer: what the wallet keeps, sealed and per owner, between the steps, and its history.

Spec: OpenID4VP 1.0 §8, §14.1 (replay); the rules stand in `wallet.requests`, `wallet.matching` and `wallet.answering`.

Whatever leaves is written down first: the history may tell of an answer that did not arrive, and never misses one that did.
An answer uses up the question and its copies in the same transaction, so that of two tabs one answers.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from certs.encoding import json_decode, json_encode
from certs.errors import CertsError
from certs.status import StatusLists
from certs.trust import Reader, TrustStore
from wallet import answering, history, matching
from wallet.answering import Presentation
from wallet.entitlement import names
from wallet.errors import WalletError
from wallet.keys import SoftwareKeys
from wallet.matching import Candidate, Candidates, Choice, chosen, least
from wallet.model import Entry
from wallet.ports import Ports
from wallet.requests import Refused, Request, fetch, place_of, read, read_link
from wallet.wallet import USED, Wallet

QUESTION_SECONDS = 600  # to read a consent page, and to fetch a document first
SIGNING_SECONDS = 120  # a browser needs one
REMEMBERED_SECONDS = 90 * 86_400  # how long a nonce that was answered is known
REFUSED_SECONDS = 86_400  # in which a link that is opened again is no news
_QUESTION, _SIGNING, _ANSWERED, _REFUSED = "reader's question", "answer to be signed", "answered", "refused link"


@dataclass(frozen=True, slots=True)
class Question:
    """A request that somebody opened. `here`: by a link in this browser, to which the reader's page wants it back."""

    request: Request
    here: bool
    opened_at: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of a question: `location` is where the reader wants its holder to go on."""

    request: Request
    location: str | None
    sent: bool


Agree = Callable[[Question, tuple[Candidate, ...]], bool]


@dataclass(frozen=True, slots=True)
class Presenter:
    wallet: Wallet
    simulation: bool

    def open(self, link: str, owner: str, *, here: bool, trust: TrustStore, now: int) -> str:
        """Fetch and check a request; returns the id under which it waits. A refusal is told to a reader that is known."""
        found, wallet_nonce = read_link(link), secrets.token_urlsafe(32)
        try:
            token = found.value or fetch(found, wallet_nonce, web=self.wallet.web)
            sent = wallet_nonce if found.by_post else None
            kept = {"token": token, "client_id": found.client_id, "wallet_nonce": sent, "here": here, "at": now}
            request = self._read(kept, trust)
        except Refused as error:
            self._tell(error)
            line = _declined(error.reader, found.client_id, error.asked, code=error.code, now=now)
            self._note_opened(owner, line, f"{owner}:{link}" if here else None, now=now)
            raise
        except WalletError as error:
            line = history.unheard(place_of(found), error.code, now=now)
            self._note_opened(owner, line, f"{owner}:" if here else None, now=now)
            raise
        value = secrets.token_urlsafe(32)
        with self.wallet.storage.transaction() as ports:
            ports.ephemeral.sweep(now=now)
            if ports.ephemeral.read(_ANSWERED, _nonce(owner, request), now=now) is not None:
                raise WalletError("reader_repeats", "nonce")
            name = f"{owner}:{value}"
            self.wallet.put_sealed(ports, _QUESTION, name, json_encode(kept), expires=now + QUESTION_SECONDS)
        return value

    def question(self, value: str, owner: str, *, trust: TrustStore, now: int) -> Question:
        """What waits under this id for this owner, checked by the trust list as it is now."""
        kept = self._kept(_QUESTION, value, owner, now=now)
        return Question(self._read(kept, trust), kept["here"], kept["at"])

    def fitting(self, question: Question, owner: str, statuses: StatusLists | None, *, now: int) -> Candidates:
        documents = self.wallet.documents(owner)
        return matching.candidates(question.request.query, documents, statuses, now=now)

    def prepare(
        self,
        value: str,
        choice: Choice,
        owner: str,
        *,
        trust: TrustStore,
        statuses: StatusLists | None,
        now: int,
    ) -> tuple[str, list[dict[str, Any]]]:
        """The id of an answer to be signed, and what each of its keys has to sign."""
        question = self.question(value, owner, trust=trust, now=now)
        taken: set[str] = set()
        answers, wanted = [], []
        for each in chosen(question.request.query, self.fitting(question, owner, statuses, now=now), choice):
            copies = matching.whole(each.document, each.held.format)
            free = [copy for copy in self.wallet.unused(owner, copies, now=now) if copy.thumbprint not in taken]
            if not free:
                raise WalletError("copies_used_up", each.document.type)
            taken.add(free[0].thumbprint)
            answers.append([each.asked.id, each.document.document_id, free[0].thumbprint])
            made = Presentation(each.asked.id, free[0], each.match.places)
            wanted.append(answering.to_sign(made, question.request, now=now))
        signing = secrets.token_urlsafe(32)
        with self.wallet.storage.transaction() as ports:
            data = json_encode({"question": value, "answers": answers})
            name = f"{owner}:{signing}"
            self.wallet.put_sealed(ports, _SIGNING, name, data, expires=now + SIGNING_SECONDS)
        return signing, wanted

    def send(
        self,
        signing: str,
        proofs: Sequence[str],
        owner: str,
        *,
        trust: TrustStore,
        statuses: StatusLists | None,
        now: int,
    ) -> str | None:
        """Once. Returns the address to which the reader wants the browser back."""
        kept = self._kept(_SIGNING, signing, owner, now=now)
        question = self.question(kept["question"], owner, trust=trust, now=now)
        fitting = self.fitting(question, owner, statuses, now=now)
        picked = [self._picked(fitting, *answer) for answer in kept["answers"]]
        if len(proofs) != len(picked):
            raise WalletError("proof_invalid", f"{len(proofs)} signatures for {len(picked)} presentations")
        made = [
            (each.query, answering.signed(each, question.request, proof, now=now))
            for (_, each), proof in zip(picked, proofs, strict=True)
        ]
        form = answering.envelope(question.request, answering.vp_token(made))
        self._use_up(kept["question"], question.request, picked, owner, now=now)
        reply = question.request.reply
        try:
            return answering.send(reply, form, web=self.wallet.web, simulation=self.simulation)
        except WalletError as error:
            reader = question.request.reader
            self.wallet.note(
                owner,
                history.failed(
                    question.request.client_id,
                    error.code,
                    now=now,
                    verifier=reader.name,
                    organisation=reader.organisation,
                ),
            )
            raise

    def answer(
        self,
        link: str,
        owner: str,
        keys: SoftwareKeys,
        choice: Choice | None = None,
        *,
        agree: Agree = lambda question, going: True,
        trust: TrustStore,
        statuses: StatusLists | None,
        now: int,
    ) -> Answered:
        """All steps at once, where the keys are at hand: a kiosk, a command. Without `choice` the first option of each required
        set, and nothing that need not be sent. `agree` is asked with what would leave; without it nobody is."""
        value = self.open(link, owner, here=False, trust=trust, now=now)
        question = self.question(value, owner, trust=trust, now=now)
        fitting = self.fitting(question, owner, statuses, now=now)
        chosen_ = choice or least(question.request.query, fitting)
        if not agree(question, chosen(question.request.query, fitting, chosen_)):
            return Answered(question.request, self.decline(value, owner, trust=trust, now=now), sent=False)
        signing, wanted = self.prepare(value, chosen_, owner, trust=trust, statuses=statuses, now=now)
        proofs = [answering.sign(each, keys.find(each["thumbprint"]).signer) for each in wanted]
        location = self.send(signing, proofs, owner, trust=trust, statuses=statuses, now=now)
        return Answered(question.request, location, sent=True)

    def decline(self, value: str, owner: str, *, trust: TrustStore, now: int) -> str | None:
        """The reader learns that it gets nothing, and not why (§15.9). Once; an answer that does not arrive is no matter."""
        question = self.question(value, owner, trust=trust, now=now)
        request = question.request
        with self.wallet.storage.transaction() as ports:
            self._take(ports, value, request, owner, now=now)
            line = _declined(request.reader, request.client_id, names(request.query), now=now)
            ports.history.append(owner, line)
        form = answering.refusal(request.reply, "access_denied", "nothing is shared")
        try:
            return answering.send(request.reply, form, web=self.wallet.web, simulation=self.simulation)
        except WalletError:
            return None

    def _note_opened(self, owner: str, line: Entry, once: str | None, *, now: int) -> None:
        """A code that the person scanned is a line each time. A link that a page of anybody opened for them is one a day: by a
        reader of the list, for each link; by strangers, for all of them."""
        with self.wallet.storage.transaction() as ports:
            ports.ephemeral.sweep(now=now)
            if once is None or ports.ephemeral.once(_REFUSED, once, expires=now + REFUSED_SECONDS):
                ports.history.append(owner, line)

    # --- steps --------------------------------------------------------------------------------------------------------

    def _read(self, kept: Mapping[str, Any], trust: TrustStore) -> Request:
        return read(
            kept["token"],
            client_id=kept["client_id"],
            wallet_nonce=kept["wallet_nonce"],
            trust=trust,
            simulation=self.simulation,
            now=kept["at"],
        )

    def _tell(self, error: Refused) -> None:
        """What is wrong with a request says nothing of the person who opened it."""
        form = answering.refusal(error.reply, error.error, error.detail)
        try:
            answering.send(error.reply, form, web=self.wallet.web, simulation=self.simulation)
        except WalletError:
            return

    def _picked(
        self, fitting: Candidates, query: str, document_id: str, thumbprint: str
    ) -> tuple[Candidate, Presentation]:
        for each in fitting.get(query, ()):
            for copy in matching.whole(each.document, each.held.format):
                if (each.document.document_id, copy.thumbprint) == (document_id, thumbprint):
                    return each, Presentation(query, copy, each.match.places)
        raise WalletError("answering_gone", "the document was replaced or removed in between")

    def _use_up(
        self,
        value: str,
        request: Request,
        picked: Iterable[tuple[Candidate, Presentation]],
        owner: str,
        *,
        now: int,
    ) -> None:
        reader = request.reader
        with self.wallet.storage.transaction() as ports:
            self._take(ports, value, request, owner, now=now)
            for candidate, made in picked:
                if not ports.ephemeral.once(USED, f"{owner}:{made.copy.thumbprint}", expires=made.copy.expires):
                    raise WalletError("answering_gone", "another tab used this copy")
                line = history.presented(
                    candidate.document.type,
                    candidate.fields,
                    format=made.copy.format,
                    audience=request.client_id,
                    now=now,
                    verifier=reader.name,
                    organisation=reader.organisation,
                )
                ports.history.append(owner, line)

    def _take(self, ports: Ports, value: str, request: Request, owner: str, *, now: int) -> None:
        """The question, and its nonce for good: a reader that asks with it again is not answered."""
        if ports.ephemeral.take(_QUESTION, f"{owner}:{value}", now=now) is None:
            raise WalletError("answering_gone", "answered, or expired")
        if not ports.ephemeral.once(_ANSWERED, _nonce(owner, request), expires=now + REMEMBERED_SECONDS):
            raise WalletError("reader_repeats", "nonce")

    def _kept(self, purpose: str, value: str, owner: str, *, now: int) -> dict[str, Any]:
        name = f"{owner}:{value}"
        with self.wallet.storage.reading() as ports:
            sealed = ports.ephemeral.read(purpose, name, now=now)
        if sealed is None:
            raise WalletError("answering_gone", "unknown, used, expired, or somebody else's")
        try:
            found: dict[str, Any] = json_decode(self.wallet.open_sealed(purpose, name, sealed))
            return found
        except CertsError as error:
            raise WalletError("vault_unreadable", str(error)) from error


def _declined(reader: Reader, client_id: str, asked: Iterable[str], *, now: int, code: str = "") -> Entry:
    organisation = reader.organisation
    return history.declined(client_id, now=now, verifier=reader.name, organisation=organisation, asked=asked, code=code)


def _nonce(owner: str, request: Request) -> str:
    return f"{owner}:{request.client_id}:{request.nonce}"

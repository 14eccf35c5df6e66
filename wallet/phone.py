"""This phone as a way to sign in: what the wallet keeps, sealed and per person, between the steps; and the lines of history.

Spec: none; the rules stand in `wallet.device` and `wallet.approval`. The key itself lies in the browser, never here.
"""

import secrets
from dataclasses import dataclass

from wallet import approval, device, history, records
from wallet.approval import Asking, Outcome
from wallet.authorization import ASKED_SECONDS
from wallet.device import Enrolled, Enrolment, LevelNeeded, Walk
from wallet.errors import WalletError
from wallet.history import Kind
from wallet.model import Entry, Person
from wallet.wallet import Wallet

_WALK, _ENROLMENT = "device walk", "device enrolment"
_SCANNED, _ASKING, _UNANSWERED = "scanned", "asking", "unanswered"
SCANNED_SECONDS = 300  # as long as an asking lives at the provider: the page may be loaded again
SLOW_SECONDS = 60  # an answer given in time may take as long to go through


@dataclass(frozen=True, slots=True)
class Phone:
    wallet: Wallet
    issuer: str

    # --- enrolling ----------------------------------------------------------------------------------------------------

    def remember(self, state: str, walk: Walk, person: Person, *, now: int) -> None:
        self._lay(_WALK, state, person, records.write_walk(walk), expires=now + ASKED_SECONDS, now=now)

    def recall(self, state: str, person: Person, *, now: int) -> Walk:
        """Once, and by the person who went: nobody can be led into the phone of another."""
        return records.read_walk(self._take(_WALK, state, person, unknown="enrolment_unknown", now=now))

    def hold(self, enrolment: Enrolment, person: Person, *, now: int) -> str:
        """Keep the right to enrol; returns its id."""
        value = secrets.token_urlsafe(32)
        data = records.write_enrolment(enrolment)
        self._lay(_ENROLMENT, value, person, data, expires=enrolment.expires, now=now)
        return value

    def held(self, value: str, person: Person, *, now: int) -> Enrolment:
        return records.read_enrolment(self._read(_ENROLMENT, value, person, unknown="enrolment_unknown", now=now))

    def enrol(
        self, value: str, person: Person, *, proof: str, name: str, passcode: str, now: int
    ) -> Enrolled | LevelNeeded:
        """The right is used up by success alone: a passcode that the provider refuses may be typed anew."""
        held = self.held(value, person, now=now)
        done = device.enrol(held, issuer=self.issuer, proof=proof, name=name, passcode=passcode, web=self.wallet.web)
        if isinstance(done, Enrolled):
            self._end(_ENROLMENT, value, person, history.enrolled(done.name, now=now), now=now)
        return done

    def note_forgotten(self, person: Person, *, now: int) -> None:
        with self.wallet.storage.transaction() as ports:
            ports.history.append(self._owner(person), history.forgotten(now=now))

    # --- approving ----------------------------------------------------------------------------------------------------

    def scanned(self, request: str, person: Person, *, now: int) -> str:
        """Remember that this person's wallet read the code itself; no link that somebody else made does that."""
        value = secrets.token_urlsafe(32)
        self._lay(_SCANNED, value, person, request.encode("ascii"), expires=now + SCANNED_SECONDS, now=now)
        return value

    def request_of(self, scanned: str, person: Person, *, now: int) -> str:
        return self._read(_SCANNED, scanned, person, unknown="approval_gone", now=now).decode("ascii")

    def view(self, request: str, person: Person, *, proof: str, scanned: bool, now: int) -> tuple[str, Asking]:
        """What is asked, and an id for the answer to it: each look has its own."""
        asking = approval.view(self.issuer, request, proof, scanned=scanned, web=self.wallet.web)
        value = secrets.token_urlsafe(32)
        self._lay(_ASKING, value, person, records.write_asking(request, asking), expires=asking.expires, now=now)
        self._lay(_UNANSWERED, value, person, b"", expires=asking.expires + SLOW_SECONDS, now=now)
        return value, asking

    def decide(self, value: str, person: Person, *, proof: str, passcode: str | None, now: int) -> Outcome:
        """An answer that the network lost may be sent again as it was: the provider counts it once, and so does history."""
        request, asking = records.read_asking(self._read(_ASKING, value, person, unknown="approval_gone", now=now))
        kind = Kind.DENIED if passcode is None else Kind.APPROVED
        try:
            outcome = approval.decide(self.issuer, request, proof, passcode=passcode, web=self.wallet.web)
        except WalletError as error:
            if error.code == "number_mismatch":
                self._end(_UNANSWERED, value, person, history.answered(Kind.MISMATCHED, asking, now=now), now=now)
            raise
        self._end(_UNANSWERED, value, person, history.answered(kind, asking, now=now), now=now)
        return outcome

    # --- sealed, per person -------------------------------------------------------------------------------------------

    def _owner(self, person: Person) -> str:
        return self.wallet.vault.owner_of(person.pid)

    def _lay(self, purpose: str, value: str, person: Person, data: bytes, *, expires: int, now: int) -> None:
        with self.wallet.storage.transaction() as ports:
            ports.ephemeral.sweep(now=now)
            self.wallet.put_sealed(ports, purpose, f"{self._owner(person)}:{value}", data, expires=expires)

    def _read(self, purpose: str, value: str, person: Person, *, unknown: str, now: int) -> bytes:
        name = f"{self._owner(person)}:{value}"
        with self.wallet.storage.reading() as ports:
            return self._opened(purpose, name, ports.ephemeral.read(purpose, name, now=now), unknown)

    def _take(self, purpose: str, value: str, person: Person, *, unknown: str, now: int) -> bytes:
        name = f"{self._owner(person)}:{value}"
        with self.wallet.storage.transaction() as ports:
            sealed = ports.ephemeral.take(purpose, name, now=now)
        return self._opened(purpose, name, sealed, unknown)

    def _opened(self, purpose: str, name: str, sealed: bytes | None, unknown: str) -> bytes:
        if sealed is None:
            raise WalletError(unknown, "unknown, used, expired, or somebody else's")
        return self.wallet.open_sealed(purpose, name, sealed)

    def _end(self, purpose: str, value: str, person: Person, line: Entry, *, now: int) -> None:
        """Use it up and write the line: both, or neither; the second of two writes nothing."""
        owner = self._owner(person)
        with self.wallet.storage.transaction() as ports:
            if ports.ephemeral.take(purpose, f"{owner}:{value}", now=now) is not None:
                ports.history.append(owner, line)

"""Ask face to face: a challenge as a QR signed with our reader certificate, and the answer to it, taken once.

Spec: `certs/challenge.md` (the challenge, §6: what is checked of an answer), `certs/qr.md` §5 (the answer). No network on either side.

    asker = Asker.load("reader.pem", "reader.der")
    (opening, *_) = purposes(asker, verifier.bundle.trust, now=now)
    question = ask(asker, verifier.bundle.trust, purpose=opening.purpose.vi, views=(("driving_licence", "licence"),), now=now)
    print(question.text)                                          # shown as a QR
    licence = verify_answer(text, question, verifier=verifier, once=MemoryOnce())   # what the phone showed
"""

import logging
import secrets
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509

from certs import challenge
from certs.challenge import CHALLENGE_BYTES, Challenge
from certs.encoding import b64url_encode
from certs.errors import Unsupported
from certs.formats import Step, Verified
from certs.keys import FileSigner, Signer
from certs.log import event
from certs.trust import Reader, TrustStore
from certs.x509 import load
from verifier.once import Once
from verifier.policy.single import DEFAULT, Policy
from verifier.reasons import REASONS
from verifier.result import Check, CheckOutcome, Outcome, Rejected, Report
from verifier.verifier import Verifier

log = logging.getLogger(__name__)
LIFETIME = 180  # seconds to take the phone out, read, choose and agree; at most `certs.challenge.LIFETIME`
GRACE = 60  # seconds after the end in which an answer that was begun in time may still be shown
MARGIN = 300  # seconds longer that an answer is remembered: the guard has a clock of its own


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the reader's key, and the certificate that the trust list has for it."""

    signer: Signer
    certificate: x509.Certificate

    @classmethod
    def load(cls, key: str | Path, certificate: str | Path) -> "Asker":
        """From files: the key as PEM, the certificate as DER. Raises OSError, ValueError or CertsError."""
        return cls(FileSigner.load(Path(key), "ES256"), load(Path(certificate).read_bytes()))


@dataclass(frozen=True, slots=True)
class Question:
    """One question to one person. `text` is what the QR says; keep the rest until it was answered or has ended."""

    text: str
    challenge: Challenge
    reader: Reader

    @property
    def name(self) -> str:
        """What it is kept under."""
        return b64url_encode(self.challenge.challenge)

    def over(self, *, now: int) -> bool:
        """Whether no answer is taken any more."""
        return now >= self.challenge.expires + GRACE


def purposes(asker: Asker, trust: TrustStore, *, now: int) -> tuple[Reader, ...]:
    """What we may ask for, one entry a purpose, by the trust list; of each see `certs.challenge.views_for`. Raises CertsError."""
    return trust.readers(asker.certificate, at=now)


def ask(
    asker: Asker,
    trust: TrustStore,
    *,
    purpose: str,
    views: tuple[tuple[str, str], ...],
    now: int,
    lifetime: int = LIFETIME,
    random: bytes | None = None,
) -> Question:
    """A new question: any one of `views` (document, view) answers it. `purpose` is the Vietnamese text of one of `purposes`.

    It is read as a wallet reads it before anybody sees it: what no wallet would answer raises CertsError here.
    """
    readers = [each for each in purposes(asker, trust, now=now) if each.purpose.vi == purpose]
    if not readers:
        raise Unsupported("policy_refused", "no such purpose")
    question = Challenge(
        audience=readers[0].organisation,
        purpose=purpose,
        wanted=challenge.wanted(*views),
        challenge=secrets.token_bytes(CHALLENGE_BYTES) if random is None else random,
        issued=now,
        expires=now + lifetime,
    )
    text = challenge.sign(question, asker.signer, asker.certificate)
    return Question(text, question, challenge.verify(text, trust, now=now).reader)


def policy(question: Question, base: Policy = DEFAULT) -> Policy:
    """What an answer must be beyond `base`: one of the views, shown by its holder, for us, upon this very challenge."""
    asked = question.challenge
    return replace(
        base,
        documents=tuple(f"{each.document}.{view}" for each in asked.wanted for view in each.views),
        require_holder_proof=True,
        accept_printed=False,
        audience=asked.audience,
        challenge=asked.challenge,
    )


def verify_answer(text: str, question: Question, *, verifier: Verifier, once: Once, base: Policy = DEFAULT) -> Verified:
    """The document that answers, or `Rejected`, or `Undetermined`.

    1. everything that `Verifier.verify` checks, with `policy(question)`
    2. the question has not ended                                            (presentation_stale)
    3. nobody answered it before; what was refused does not count            (presentation_replayed)
    """
    verified = verifier.verify(text, policy=policy(question, base))  # 1
    refusal = _refusal(question, once, now=int(verifier.clock()))
    if refusal is not None:
        raise Rejected(*refusal)
    return verified


def inspect_answer(text: str, question: Question, *, verifier: Verifier, once: Once, base: Policy = DEFAULT) -> Report:
    """The same, as a value with every check."""
    report = verifier.inspect(text, policy=policy(question, base))
    refusal = _refusal(question, once, now=int(verifier.clock())) if report.accepted else None
    return report if refusal is None else _rejected(report, *refusal)


def _refusal(question: Question, once: Once, *, now: int) -> tuple[str, Step] | None:
    if question.over(now=now):  # 2
        return "presentation_stale", Step.HOLDER_PROOF
    try:
        key, ends = b"challenge:" + question.challenge.challenge, question.challenge.expires + GRACE + MARGIN
        first = once.once(key, expires=ends)  # 3
    except Exception as error:  # noqa: BLE001 — a guard that cannot tell is no yes, whatever ails it
        event(log, logging.ERROR, "replay_guard_failed", error=error)
        return "internal", Step.HOLDER_PROOF
    return None if first is True else ("presentation_replayed", Step.HOLDER_PROOF)


def _rejected(report: Report, code: str, step: Step) -> Report:
    checks = tuple(Check(step, CheckOutcome.FAILED, code) if each.step is step else each for each in report.checks)
    said = REASONS[code]
    no = replace(report, outcome=Outcome.REJECTED, checks=checks, verified=None)
    return replace(no, code=code, reason=said.sentence, advice=said.advice)

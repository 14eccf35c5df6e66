"""The verifier: a document, the trust data of a signed bundle and a policy in; a verdict out. It opens no socket.

A document is the text of a QR code, shown or printed; or an SD-JWT VC; or an mdoc, as base64url (see `verifier/presented.py`).

Spec: certs/qr.md (text, presentation), RFC 8392 (CWT), RFC 9052 §4.4 (COSE_Sign1), RFC 9901 (SD-JWT), ISO/IEC 18013-5 §9
(mdoc), RFC 5280 §6 (path), draft-ietf-oauth-status-list (status). Reason codes: `verifier/reasons.py`.

    verifier = Verifier.from_bundle("bundle.cbor")
    try:
        licence = verifier.verify(text, policy=Policy(documents=("driving_licence",)))
    except Rejected as no:
        print(no.reason.vi, no.advice.vi)
    except Undetermined as open_question:
        print(open_question.reason.vi)
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from certs import bundle as bundles
from certs.bundle import Bundle
from certs.errors import CertsError, Unavailable
from certs.formats import Step, Trail, Verified
from certs.log import event
from certs.status import StatusLists
from certs.trust import TrustedSigner, TrustStore
from verifier.policy import (
    DEFAULT,
    Policy,
    Unknown,
    asks_nothing,
    bundle_is_stale,
    clock_is_behind,
    document_refusal,
)
from verifier.presented import Conversation, Form, form_of
from verifier.presented import verify as verify_presented
from verifier.result import (
    Check,
    CheckOutcome,
    Outcome,
    Rejected,
    Report,
    TrustAge,
    Undetermined,
    Verdict,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks documents against one bundle. Immutable, so that one may be shared by threads and replaced whole."""

    bundle: Bundle
    clock: Callable[[], float] = time.time

    @classmethod
    def from_bundle(
        cls, path: str | Path, *, root_sha256: str | None = None, clock: Callable[[], float] = time.time
    ) -> "Verifier":
        """Read the bundle kept in a file.

        `root_sha256` is the SHA-256 fingerprint (hex) of the root certificate that the bundle must stand on; without it
        the file itself is what is trusted, which suits a file that `snapshot` wrote after its own check.
        Raises OSError when the file cannot be read, CertsError when it is no sound bundle.
        """
        data = Path(path).read_bytes()
        return cls(bundles.read(data, now=int(clock()), root_sha256=root_sha256), clock)

    def verify(self, text: str, *, policy: Policy = DEFAULT, conversation: Conversation | None = None) -> Verified:
        """The verified document, or `Rejected`, or `Undetermined`; nothing else is ever raised, whatever the text.

        `conversation` is the one in which an mdoc was asked for; nothing else needs it.

        In order to accept a text, each of these must hold, and the first that does not is the reason given:

        1. Bounds: it is of a form that we know, no longer than that form may be, and cleanly encoded.
        2. Format: it is a presentation or a credential of the published form, with no byte too many.
        3. Issuer signature: the key of a signer on the trust list signed exactly these bytes, or their digests.
        4. Certificate path: that signer's certificate leads to the root, valid now, made for signing documents.
        5. Trust list: this authority might issue this kind of document on the day on which it did.
        6. Validity: it was not issued in the future, and has not ended.
        7. Status: its place in the authority's status list says valid, and the list is recent enough.
        8. Holder proof: the key that the issuer named signed this presentation, just now, for us if we asked. A printed
           code has none to give: it is taken where the policy says so, and the result says that it is printed.
        9. Policy: it is a kind and view of document that is taken here, and says what is asked of it.

        What cannot be known (a status list that is missing or old, trust data past its end, a clock that is wrong) does
        not end the checks: a later *no* is final, and only without one the answer is *cannot tell yet*.
        """
        return self._run(text, policy, conversation, _Journey(), int(self.clock()))

    def inspect(self, text: str, *, policy: Policy = DEFAULT, conversation: Conversation | None = None) -> Report:
        """The same, as a value with every check; never raises."""
        journey, now = _Journey(), int(self.clock())
        form = form_of(text).value if isinstance(text, str) else None
        try:
            verified = self._run(text, policy, conversation, journey, now)
        except Verdict as verdict:
            outcome = Outcome.UNDETERMINED if isinstance(verdict, Undetermined) else Outcome.REJECTED
            checks = journey.checks(policy, refused=verdict if outcome is Outcome.REJECTED else None)
            told = verdict.code, verdict.reason, verdict.advice
            return Report(outcome, checks, None, *told, self.trust_age(now=now), form)
        trust = self.trust_age(now=now, status_as_of=verified.status_as_of)
        checks = journey.checks(policy, holder_bound=verified.holder_bound)
        return Report(Outcome.ACCEPTED, checks, verified, None, None, None, trust, form)

    def trust_age(self, *, now: int | None = None, status_as_of: int | None = None) -> TrustAge:
        """How old the trust data in hand is."""
        at = int(self.clock()) if now is None else now
        bundle = self.bundle
        ends = (("bundle", bundle.expires), ("trust_list", bundle.trust.list.next_update))
        ended = tuple([part for part, end in ends if end <= at])
        return TrustAge(at, bundle.sequence, bundle.issued, bundle.expires, status_as_of, ended)

    def _run(
        self, text: str, policy: Policy, conversation: Conversation | None, journey: "_Journey", now: int
    ) -> Verified:
        try:
            return self._decide(text, policy, conversation, journey, now)
        except Verdict:
            raise
        except (
            Unavailable
        ) as error:  # where nobody noted it and went on: what is known so far is no yes, and no no either
            rejects = policy.meaning_of(error.code) is Unknown.REJECT
            journey.unknown(journey.last, error.code)
            raise (Rejected if rejects else Undetermined)(error.code, journey.last, error.detail) from error
        except CertsError as error:
            raise Rejected(error.code, journey.last, error.detail) from error
        except Exception as error:
            # Whatever went wrong in here is our fault, and never a yes. The text itself stays out of the log.
            event(log, logging.ERROR, "verification_failed", step=int(journey.last), error=error)
            raise Rejected("internal", journey.last, type(error).__name__) from error

    def _decide(
        self, text: str, policy: Policy, conversation: Conversation | None, journey: "_Journey", now: int
    ) -> Verified:
        if not isinstance(text, str):
            raise Rejected("encoding_invalid", Step.BOUNDS, "not a text")
        verified = verify_presented(  # 1 to 8
            text,
            trust=_AskedTrust(self.bundle.trust, journey),
            statuses=_Asked(self.bundle.statuses, journey),
            now=now,
            policy=policy,
            conversation=conversation,
            trail=journey.trail,
        )
        journey.trail.begin(Step.POLICY)  # 9
        refusal = document_refusal(verified, policy, chosen=form_of(text) is not Form.QR)
        if refusal is not None:
            raise Rejected(refusal, Step.POLICY)
        if clock_is_behind(self.bundle, now=now):
            journey.unknown(Step.VALIDITY, "clock_unreliable")
        if bundle_is_stale(self.bundle, policy, now=now):
            journey.unknown(Step.TRUST_LIST, "status_stale")
        open_questions = sorted(journey.unknowns.items())
        for step, code in open_questions:
            if policy.meaning_of(code) is Unknown.REJECT:
                raise Rejected(code, step)
        for step, code in open_questions:
            raise Undetermined(code, step)
        return verified


class _Journey:
    """How far one verification came: the steps begun, and the questions among them that could not be answered."""

    def __init__(self) -> None:
        self.trail = Trail()
        self.unknowns: dict[Step, str] = {}

    @property
    def last(self) -> Step:
        return self.trail.steps[-1] if self.trail.steps else Step.BOUNDS

    def unknown(self, step: Step, code: str) -> None:
        self.unknowns.setdefault(step, code)

    def checks(self, policy: Policy, *, refused: Verdict | None = None, holder_bound: bool = True) -> tuple[Check, ...]:
        return tuple(self._check(step, policy, refused, holder_bound) for step in Step)

    def _check(self, step: Step, policy: Policy, refused: Verdict | None, holder_bound: bool) -> Check:
        if refused is not None and step == refused.step:
            return Check(step, CheckOutcome.FAILED, refused.code)
        if step in self.unknowns:
            return Check(step, CheckOutcome.UNKNOWN, self.unknowns[step])
        not_asked = (step is Step.POLICY and asks_nothing(policy)) or (step is Step.HOLDER_PROOF and not holder_bound)
        if step not in self.trail.steps or not_asked:
            return Check(step, CheckOutcome.SKIPPED)
        return Check(step, CheckOutcome.PASSED)


class _Asked(StatusLists):
    """The bundle's status lists, for one verification: an answer that cannot be had is noted, and the checks go on."""

    def __init__(self, lists: StatusLists, journey: _Journey) -> None:
        super().__init__()
        self._held = lists
        self._journey = journey

    def check(self, uri: str, index: int, *, now: int, max_age: int | None = None) -> int:
        try:
            return self._held.check(uri, index, now=now, max_age=max_age)
        except Unavailable as error:
            self._journey.unknown(Step.STATUS, error.code)
            return 0  # never seen: whoever notes an unknown gets no Verified


class _AskedTrust(TrustStore):
    """The bundle's trust, for one verification, likewise: a signer's revocation list that is missing or old is noted."""

    def __init__(self, held: TrustStore, journey: _Journey) -> None:
        vars(self).update(vars(held))  # the index and the cache of paths stay those that were made once
        self._journey = journey

    def check_path(self, signer: TrustedSigner, *, now: int, signed: int | None = None) -> None:
        try:
            super().check_path(signer, now=now, signed=signed)
        except Unavailable as error:  # the last of its checks
            self._journey.unknown(Step.CERTIFICATE_PATH, error.code)

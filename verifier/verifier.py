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

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from certs import bundle as bundles
from certs.bundle import Bundle
from certs.formats import Verified
from verifier.joint import JointReport, JointRuling, rule_all
from verifier.once import Once
from verifier.policy.composed import AllOf, Demand, OneDocument
from verifier.policy.faults import PolicyError
from verifier.policy.single import DEFAULT
from verifier.presented import Conversation, Form, form_of
from verifier.result import Outcome, Report, TrustAge, Undetermined
from verifier.ruling import Ruling, rule
from verifier.together import Together
from verifier.used import use_up


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
        return cls(bundles.kept(data, now=int(clock()), root_sha256=root_sha256), clock)

    def verify(
        self,
        text: str,
        *,
        policy: OneDocument = DEFAULT,
        conversation: Conversation | None = None,
        once: Once | None = None,
    ) -> Verified:
        """The verified document, or `Rejected`, or `Undetermined`; nothing else is ever raised, whatever the text.

        `policy` may be `AnyOf` several. `conversation` is the one in which an mdoc was asked for; nothing else needs it. `once` is
        the guard by which each presentation is accepted once (`verifier.once`); PolicyError for a policy that asks for one-time
        use where no guard is given: that is the caller's mistake, whatever the text.

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
           Last, with a guard: nobody showed this presentation here before. What was refused is not used up.

        What cannot be known (a status list that is missing or old, trust data past its end, a clock that is wrong) does
        not end the checks: a later *no* is final, and only without one the answer is *cannot tell yet*.
        """
        ruling = self._rule_once(text, policy, conversation, once, int(self.clock()))
        if ruling.verified is None:
            raise ruling.verdict or AssertionError("neither a document nor a verdict")
        return ruling.verified

    def inspect(
        self,
        text: str,
        *,
        policy: OneDocument = DEFAULT,
        conversation: Conversation | None = None,
        once: Once | None = None,
    ) -> Report:
        """The same, as a value with every check. Raises PolicyError where a guard is missing, and else nothing."""
        now = int(self.clock())
        return self._report(text, self._rule_once(text, policy, conversation, once, now), now)

    def verify_all(
        self,
        texts: Sequence[str],
        *,
        policy: AllOf,
        conversation: Conversation | None = None,
        once: Once | None = None,
    ) -> Together:
        """Several documents of one person, in any order, or `Rejected`, or `Undetermined`; nothing else is raised.

        Each text is verified as `verify` does it and must meet a part of `policy` of its own; then all must be of one person
        (`verifier.together`). One conversation serves all mdocs of an answer. With a guard all are used up, at the end.
        """
        ruling = self._rule_all(texts, policy, conversation, once, int(self.clock()))
        if ruling.together is None:
            raise ruling.verdict or AssertionError("neither documents nor a verdict")
        return ruling.together

    def inspect_all(
        self,
        texts: Sequence[str],
        *,
        policy: AllOf,
        conversation: Conversation | None = None,
        once: Once | None = None,
    ) -> JointReport:
        """The same, as a value with every check of each text. Raises PolicyError where a guard is missing, and else nothing."""
        now = int(self.clock())
        ruling = self._rule_all(texts, policy, conversation, once, now)
        reports = tuple(self._report(text, each, now) for text, each in zip(texts, ruling.rulings, strict=False))
        verdict = ruling.verdict
        if verdict is None:
            return JointReport(Outcome.ACCEPTED, reports, ruling.together)
        outcome = Outcome.UNDETERMINED if isinstance(verdict, Undetermined) else Outcome.REJECTED
        return JointReport(outcome, reports, None, verdict.code, verdict.fields)

    def trust_age(self, *, now: int | None = None, status_as_of: int | None = None) -> TrustAge:
        """How old the trust data in hand is."""
        at = int(self.clock()) if now is None else now
        bundle, known = self.bundle, self.bundle.trust.known_as_of
        ends = (("bundle", bundle.expires), ("trust_list", bundle.trust.list.next_update))
        ended = tuple([part for part, end in ends if end <= at])
        lists = known["trust_list"], known.get("crl")
        return TrustAge(at, bundle.sequence, bundle.issued, bundle.expires, status_as_of, ended, *lists)

    def _rule_once(
        self, text: str, policy: OneDocument, conversation: Conversation | None, once: Once | None, now: int
    ) -> Ruling:
        if isinstance(policy, AllOf):
            raise PolicyError("AllOf asks for several documents: verify_all")
        _check_guard(policy, once)
        ruling = rule(text, policy, bundle=self.bundle, conversation=conversation, now=now)
        return ruling if once is None else use_up(ruling, once, form=_form(text))

    def _rule_all(
        self, texts: Sequence[str], policy: AllOf, conversation: Conversation | None, once: Once | None, now: int
    ) -> JointRuling:
        _check_guard(policy, once)
        ruling = rule_all(
            texts, policy, lambda text, part: rule(text, part, bundle=self.bundle, conversation=conversation, now=now)
        )
        if ruling.together is None:
            return ruling
        if once is None:
            return ruling
        used = tuple(use_up(each, once, form=_form(text)) for text, each in zip(texts, ruling.rulings, strict=True))
        refused = next((each.verdict for each in used if each.verdict is not None), None)
        return JointRuling(used, ruling.together if refused is None else None, refused)

    def _report(self, text: str, ruling: Ruling, now: int) -> Report:
        form = _form(text).value if isinstance(text, str) else None
        verdict, verified = ruling.verdict, ruling.verified
        if verdict is None and verified is not None:
            trust = self.trust_age(now=now, status_as_of=verified.status_as_of)
            checks = ruling.journey.checks(
                ruling.policy, holder_bound=verified.holder_bound, taken_once=ruling.taken_once
            )
            return Report(Outcome.ACCEPTED, checks, verified, None, None, None, trust, form)
        if verdict is None:
            raise AssertionError("neither a document nor a verdict")
        refused = verdict if ruling.outcome is Outcome.REJECTED else None
        checks = ruling.journey.checks(ruling.policy, refused=refused)
        told = verdict.code, verdict.reason, verdict.advice
        return Report(ruling.outcome, checks, None, *told, self.trust_age(now=now), form, verdict.fields)


def _form(text: str) -> Form:
    return form_of(text) if isinstance(text, str) else Form.QR


def _check_guard(policy: Demand, once: Once | None) -> None:
    if once is None and policy.one_time:
        raise PolicyError("one_time: give a guard, verify(…, once=MemoryOnce()); see verifier.once")

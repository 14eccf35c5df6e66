"""Using a presentation up: the last thing that is done before a document is accepted, so that a refused one stays unused.

Spec: attacks QR-13, KB-04; certs/qr.md §7 (one use). The guard is `verifier.once.Once`.

How long it is remembered: as long as somebody could still accept it, and somewhat longer, since machines that share a guard may
differ in their clocks. An mdoc does not say when it was shown: it is remembered until the document itself has ended.
"""

import logging

from certs.formats import Step, Verified
from certs.log import event
from verifier.once import Once
from verifier.policy.single import Policy
from verifier.presented import Form
from verifier.result import Rejected
from verifier.ruling import Ruling

log = logging.getLogger(__name__)

MARGIN = 300  # seconds
PURPOSE = b"presentation:"


def use_up(ruling: Ruling, once: Once, *, form: Form) -> Ruling:
    """The same, or a refusal: `presentation_replayed` for whoever is not the first, `internal` where the guard does not know.

    What nobody's key signed (a print, a copy, where the policy takes them) has nothing that is new each time, and is not asked.
    """
    verified = ruling.verified
    if verified is None or verified.presentation_id is None:
        return ruling
    try:
        first = once.once(PURPOSE + verified.presentation_id, expires=_forgotten(verified, ruling.policy, form))
    except Exception as error:  # noqa: BLE001 — a guard that cannot tell is no yes, whatever ails it
        event(log, logging.ERROR, "replay_guard_failed", error=error)
        return _refused(ruling, Rejected("internal", Step.POLICY, f"replay guard: {type(error).__name__}"))
    if first is True:
        return ruling._replace(taken_once=True)
    return _refused(ruling, Rejected("presentation_replayed", Step.POLICY))


def _forgotten(verified: Verified, policy: Policy, form: Form) -> int:
    if verified.presented_at is None:
        return verified.expires
    fresh = policy.fresh_for + policy.skew
    if form is not Form.QR:
        fresh = policy.online_fresh_for + policy.online_skew
    return verified.presented_at + fresh + MARGIN


def _refused(ruling: Ruling, verdict: Rejected) -> Ruling:
    return ruling._replace(verified=None, verdict=verdict)

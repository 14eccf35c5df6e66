"""Check Vietnamese electronic documents, shown as QR codes or sent online, against a signed trust bundle. A simulation.

    from verifier import Policy, Rejected, Undetermined, Verifier

    verifier = Verifier.from_bundle("bundle.cbor")
    licence = verifier.verify(text, policy=Policy(documents=("driving_licence",)))
    print(licence.claims["full_name"])

`verify` returns a `Verified` or raises `Rejected` or `Undetermined`; `inspect` never raises, and returns a `Report` with each check.
`DEFAULT` is the policy that is meant where none is given: any genuine document, shown by its holder. `ADULT` asks for a proof of
being 18 or over. `REASONS` are all codes that a verdict can have, each with its sentences. Times are Unix seconds.

Ready policies lie in `verifier.policy.ready`, what a policy may ask in `verifier.policy.predicates`; one in a file is read by
`verifier.policy.file`; guards against replay are in `verifier.once` and `verifier.storage`, a form that asks nobody twice in
`verifier.policy.own_form`. `verifier.keeper` renews the bundle in the background, on a schedule (`docs/offline.md`).

The sign-in (`verifier.login`) and the counter (`verifier.app`) need the extra `verifier`; nothing else does.
"""

from verifier.joint import JointReport
from verifier.once import MemoryOnce, Once
from verifier.policy.composed import AllOf, AnyOf, Link, change
from verifier.policy.faults import PolicyError
from verifier.policy.single import ADULT, DEFAULT, Policy, Unknown
from verifier.presented import Conversation, Form
from verifier.reasons import REASONS, Reason
from verifier.result import (
    Check,
    CheckOutcome,
    Outcome,
    Rejected,
    Report,
    Step,
    TrustAge,
    Undetermined,
    Verified,
)
from verifier.together import Together
from verifier.verifier import Verifier

__all__ = [
    "ADULT",
    "DEFAULT",
    "REASONS",
    "AllOf",
    "AnyOf",
    "Check",
    "CheckOutcome",
    "Conversation",
    "Form",
    "JointReport",
    "Link",
    "MemoryOnce",
    "Once",
    "Outcome",
    "Policy",
    "PolicyError",
    "Reason",
    "Rejected",
    "Report",
    "Step",
    "Together",
    "TrustAge",
    "Undetermined",
    "Unknown",
    "Verified",
    "Verifier",
    "change",
]

"""Check Vietnamese electronic documents, shown as QR codes or sent online, against a signed trust bundle. A simulation.

    from verifier import Policy, Rejected, Undetermined, Verifier

    verifier = Verifier.from_bundle("bundle.cbor")
    licence = verifier.verify(text, policy=Policy(documents=("driving_licence",)))
    print(licence.claims["full_name"])

The sign-in (`verifier.login`) and the counter (`verifier.app`) need the extra `verifier`; nothing else does.
"""

from verifier.policy import ADULT, DEFAULT, Policy, Unknown
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
from verifier.verifier import Verifier

__all__ = [
    "ADULT",
    "DEFAULT",
    "REASONS",
    "Check",
    "CheckOutcome",
    "Conversation",
    "Form",
    "Outcome",
    "Policy",
    "Reason",
    "Rejected",
    "Report",
    "Step",
    "TrustAge",
    "Undetermined",
    "Unknown",
    "Verified",
    "Verifier",
]

"""Verdicts as values: what was verified, or why not, and every check on the way.

Spec: the order of the steps is that of `certs.formats.Step`; the codes are those of `verifier/reasons.py`.

    Verdict            (never raised itself)
    ├── Rejected       no: something is wrong, or not wanted here
    └── Undetermined   cannot tell yet: something could not be known now
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from certs.catalogue import Text
from certs.encoding import b64url_encode
from certs.formats import Step, Verified
from verifier.reasons import REASONS, Reason

__all__ = [
    "REASONS",
    "STEP_NAMES",
    "Check",
    "CheckOutcome",
    "Outcome",
    "Reason",
    "Rejected",
    "Report",
    "Step",
    "TrustAge",
    "Undetermined",
    "Verdict",
    "Verified",
]

STEP_NAMES: Mapping[Step, Text] = MappingProxyType(
    {
        Step.BOUNDS: Text("Mã đọc được trọn vẹn", "The code was read whole"),
        Step.FORMAT: Text("Đúng cấu trúc giấy tờ", "It is built as a document"),
        Step.ISSUER_SIGNATURE: Text("Chữ ký của cơ quan cấp", "Signature of the issuing authority"),
        Step.CERTIFICATE_PATH: Text("Giấy chứng nhận của cơ quan cấp", "Certificate of the issuing authority"),
        Step.TRUST_LIST: Text("Cơ quan có quyền cấp loại này", "The authority may issue this kind"),
        Step.VALIDITY: Text("Còn thời hạn", "Within its dates"),
        Step.STATUS: Text("Chưa bị thu hồi hay tạm dừng", "Not withdrawn or suspended"),
        Step.HOLDER_PROOF: Text("Người xuất trình là chủ giấy tờ", "Shown by its holder, just now"),
        Step.POLICY: Text("Đáp ứng điều quầy này cần", "Meets what this counter asks"),
    }
)


class Verdict(Exception):
    """Base of the two answers that are not yes. `code`, `step`, `reason` and `fields` may be shown; `detail` is for the log.

    `fields` names the facts that it is about, where it is about facts of the document; never what they say.
    """

    def __init__(self, code: str, step: Step, detail: str = "", fields: tuple[str, ...] = ()) -> None:
        super().__init__(f"{code} (step {int(step)}, {step.name.lower()})")
        self.code = code
        self.step = step
        self.detail = detail
        self.fields = fields

    @property
    def reason(self) -> Text:
        """What happened, in both languages."""
        return REASONS[self.code].sentence

    @property
    def advice(self) -> Text:
        """What to do next, in both languages."""
        return REASONS[self.code].advice


class Rejected(Verdict):
    """No: the document is not accepted.

    `code` is one of `REASONS`, `step` the check that it failed; `reason` says what happened and `advice` what to do, each a text
    with `.vi` and `.en`. `fields` names the facts that it is about, never what they say; `detail` is for the log alone.
    """


class Undetermined(Verdict):
    """Cannot tell yet: nothing is wrong with what could be checked, but not all could be checked. Never to be taken for a yes.

    The same members as `Rejected`; `code` is `status_unavailable`, `status_stale` or `clock_unreliable`, unless the policy makes a
    no of it. Newer trust data, or the right time, decides it.
    """


class Outcome(StrEnum):
    """What a check came to. `undetermined`: nothing was found wrong, and not all of it can be known now; never a yes."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNDETERMINED = "undetermined"


class CheckOutcome(StrEnum):
    """How one step went. After the step that failed, all are `skipped`."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"  # not asked by the policy, or not reached
    UNKNOWN = "unknown"  # asked, and could not be answered now


@dataclass(frozen=True, slots=True)
class Check:
    """One step of the verification and how it went; `code` says why, when it did not pass."""

    step: Step
    outcome: CheckOutcome
    code: str | None = None

    @property
    def name(self) -> Text:
        """What the step is called before people, in both languages."""
        return STEP_NAMES[self.step]


@dataclass(frozen=True, slots=True)
class TrustAge:
    """How old the trust data was when it was used. All times are Unix seconds; `ages` and `seconds` are seconds.

    `status_as_of` is when the status list was signed by which the document was judged; None where none was looked at.
    """

    checked_at: int
    bundle_sequence: int
    bundle_issued: int
    bundle_expires: int
    status_as_of: int | None = None
    # What of it had passed its end: `bundle`, `trust_list`. The last still counts, so people must be told; the other parts refuse
    # or leave open by themselves what rests on them (`certs/qr.md` §9.1).
    ended: tuple[str, ...] = ()
    trust_list_as_of: int | None = None
    crl_as_of: int | None = None  # the oldest of the revocation lists; None: there is none

    @property
    def seconds(self) -> int:
        """Age of the bundle at the time of the check."""
        return max(0, self.checked_at - self.bundle_issued)

    @property
    def ages(self) -> Mapping[str, int]:
        """Age of each piece in seconds: `bundle`, `trust_list`, and where there is one `crl` and `status_list`."""
        pieces = {
            "bundle": self.bundle_issued,
            "trust_list": self.trust_list_as_of,
            "crl": self.crl_as_of,
            "status_list": self.status_as_of,
        }
        return {name: max(0, self.checked_at - known) for name, known in pieces.items() if known is not None}

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values; times stay Unix seconds."""
        return {
            "checked_at": self.checked_at,
            "age_seconds": self.seconds,
            "ages": dict(self.ages),
            "bundle_sequence": self.bundle_sequence,
            "ended": list(self.ended),
            "bundle_issued": self.bundle_issued,
            "bundle_expires": self.bundle_expires,
            "trust_list_as_of": self.trust_list_as_of,
            "crl_as_of": self.crl_as_of,
            "status_as_of": self.status_as_of,
        }


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about one check: its nine steps in order, and what came of them.

    `verified` is there only when the outcome is accepted; else `code` is one of `REASONS`, and `reason` and `advice` are its
    sentences. `trust` is None where there was no trust data at all.
    """

    outcome: Outcome
    checks: tuple[Check, ...]
    verified: Verified | None
    code: str | None
    reason: Text | None
    advice: Text | None
    trust: TrustAge | None
    form: str | None = None  # what was checked: a QR code, an SD-JWT VC, an mdoc (see `verifier.presented.Form`)
    fields: tuple[str, ...] = ()  # the facts that a refusal is about: names, never values

    @property
    def accepted(self) -> bool:
        """The only yes there is: neither a no nor what stays open."""
        return self.outcome is Outcome.ACCEPTED

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON values; texts in both languages."""
        return {
            "outcome": self.outcome.value,
            "format": self.form,
            "code": self.code,
            "fields": list(self.fields),
            "reason": _text(self.reason),
            "advice": _text(self.advice),
            "checks": [
                {
                    "step": int(check.step),
                    "name": check.step.name.lower(),
                    "outcome": check.outcome.value,
                    "code": check.code,
                }
                for check in self.checks
            ],
            "verified": None if self.verified is None else _verified(self.verified),
            "trust": None if self.trust is None else self.trust.to_json(),
        }


def _text(text: Text | None) -> dict[str, str] | None:
    return None if text is None else {"vi": text.vi, "en": text.en}


def _verified(verified: Verified) -> dict[str, Any]:
    return {
        "document": verified.document,
        "view": verified.view,
        "claims": dict(verified.claims),
        "partial": list(verified.partial),
        "issuer": verified.issuer,
        "issuer_name": _text(verified.issuer_name),
        "level": verified.level,
        "issued": verified.issued,
        "expires": verified.expires,
        "holder_bound": verified.holder_bound,
        "printed": verified.printed,
        "audience": verified.audience,
        "challenge": None if verified.challenge is None else b64url_encode(verified.challenge),
        "presented_at": verified.presented_at,
        "status_as_of": verified.status_as_of,
        "trust_as_of": verified.trust_as_of,
    }

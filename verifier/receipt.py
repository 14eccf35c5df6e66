"""A receipt of one check, for the file: what was asked, what the verdict was and what it rests on. Nothing that a person is told by.

Spec: Law on Personal Data Protection 91/2025/QH15 (no more than is needed). `presentation` lets whoever holds the very presentation
show that it is the one that was checked here: a hash of the id of what the holder signed, from which nothing can be read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from certs.catalogue import Text
from certs.formats import Verified
from verifier import facts, foreign
from verifier.foreign import told
from verifier.result import Report

_DOMAIN = b"receipt of a check\0"
_PROOFS = {
    "holder": Text("Ví của chủ giấy tờ đã ký", "Signed by its holder's wallet"),
    "printed": Text("Mã in: không chứng minh ai là chủ", "Printed: no proof of who its holder is"),
    "none": Text("Không chứng minh ai là chủ", "No proof of who its holder is"),
}
_PIECES = {
    "bundle": Text("Dữ liệu tin cậy", "Trust data"),
    "trust_list": Text("Danh sách tin cậy", "Trust list"),
    "crl": Text("Danh sách chứng thư thu hồi", "Revocation list"),
    "status_list": Text("Tình trạng giấy tờ", "State of the document"),
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """`number` names it at this counter, `asked` is what was insisted on, `at` when (Unix seconds)."""

    number: str
    counter: str
    at: int
    asked: Text
    report: Report | foreign.Report

    @property
    def presentation(self) -> str | None:
        """SHA-256 (hex) over the presentation's id; None where nothing was accepted, or nobody signed."""
        verified = self.report.verified
        named = verified.presentation_id if isinstance(verified, Verified) else None
        return sha256(_DOMAIN + named).hexdigest() if named else None

    @property
    def proof(self) -> str | None:
        """What showed who the holder is: `holder`, `printed`, `none`; None where nothing was accepted."""
        verified = self.report.verified
        if verified is None:
            return None
        if verified.holder_bound:
            return "holder"
        return "printed" if isinstance(verified, Verified) and verified.printed else "none"

    def rows(self) -> Iterator[tuple[Text, Text]]:
        """As people read it, line by line. Of what was refused nothing is said but why: its contents were never established."""
        report, verified = self.report, self.report.verified
        yield Text("Số biên nhận", "Receipt number"), Text.same(self.number)
        yield Text("Quầy", "Counter"), Text.same(self.counter)
        yield Text("Thời điểm (giờ Việt Nam)", "Time (of Viet Nam)"), Text.same(facts.moment(self.at))
        yield Text("Yêu cầu của quầy", "Asked for"), self.asked
        if report.reason is not None:
            yield Text("Lý do", "Reason"), report.reason
            yield Text("Mã lý do", "Reason code"), Text.same(report.code or "")
        if verified is not None and self.proof is not None:
            yield Text("Giấy tờ", "Document"), _title(verified)
            yield Text("Cơ quan cấp", "Issued by"), _issuer(verified)
            yield Text("Người xuất trình", "Holder"), _PROOFS[self.proof]
        if isinstance(verified, foreign.Verified) and verified.trust_as_of is not None:
            yield (
                Text("Khóa của nơi cấp, có từ", "Keys of the issuer, as of"),
                Text.same(facts.moment(verified.trust_as_of)),
            )
        if isinstance(report, Report) and report.trust is not None:
            yield Text("Dữ liệu tin cậy, bản số", "Trust data, issue"), Text.same(str(report.trust.bundle_sequence))
            for piece, age in report.trust.ages.items():
                yield _PIECES[piece], Text.same(facts.moment(report.trust.checked_at - age))
        if self.presentation:
            yield (
                Text("Dấu của lần xuất trình (SHA-256)", "Mark of the presentation (SHA-256)"),
                Text.same(self.presentation),
            )

    def to_text(self, language: str) -> str:
        """For a file: one line a row."""
        word = facts.VERDICTS[self.report.outcome]
        title = Text("BIÊN NHẬN KIỂM TRA GIẤY TỜ", "RECEIPT OF A DOCUMENT CHECK").of(language)
        rows = "".join(f"{label.of(language)}: {value.of(language)}\n" for label, value in self.rows())
        return f"{title}\n{word.of(language)}\n\n{rows}\n{NOTHING_PERSONAL.of(language)}\n"

    def to_json(self) -> dict[str, Any]:
        """A foreign document is named by its first kind, and has no view."""
        report, verified = self.report, self.report.verified
        ours = report if isinstance(report, Report) else None
        return {
            "receipt": self.number,
            "counter": self.counter,
            "checked_at": self.at,
            "asked": {"vi": self.asked.vi, "en": self.asked.en},
            "outcome": report.outcome.value,
            "code": report.code,
            "fields": list(ours.fields) if ours else [],
            "format": report.form if isinstance(report, Report) else report.framework,
            "document": _kind(verified) if verified else None,
            "view": verified.view if isinstance(verified, Verified) else None,
            "issuer": verified.issuer if verified else None,
            "proof": self.proof,
            "presentation_sha256": self.presentation,
            "trust": ours.trust.to_json() if ours and ours.trust else None,
        }


NOTHING_PERSONAL = Text(
    "Biên nhận không chứa thông tin nào của khách.", "This receipt holds nothing that the document says of its holder."
)


def _title(verified: Verified | foreign.Verified) -> Text:
    return told.title(verified) if isinstance(verified, foreign.Verified) else facts.title(verified)


def _issuer(verified: Verified | foreign.Verified) -> Text:
    return Text.same(verified.issuer) if isinstance(verified, foreign.Verified) else verified.issuer_name


def _kind(verified: Verified | foreign.Verified) -> str:
    if isinstance(verified, Verified):
        return verified.document
    return next(iter(verified.kinds), verified.framework.value)

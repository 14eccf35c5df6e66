"""Foreign documents at the counter: which wishes they may answer, and what to do about one that is not taken here.

None is bound to whoever shows it. So one is accepted where the clerk chose its kind by name, or takes copies of any kind; a clerk
who takes only what customers show in their own wallet is told that this is no such thing.
"""

import time
from dataclasses import replace

from certs.catalogue import Text
from verifier import facts, foreign
from verifier.foreign.anchors import framework_of
from verifier.foreign.shc import is_part
from verifier.foreign.told import TITLES
from verifier.reasons import REASONS
from verifier.result import CheckOutcome, Outcome, Step
from verifier.web.frame import counter
from verifier.web.verdicts import Judged
from verifier.web.wishes import Wish

NO_PROOF = "holder_binding_missing"
_PARTS = Text(
    "Đây là một trong nhiều mã của cùng một thẻ. Cách chia này đã bị bỏ từ năm 2022 và không được nhận: đề nghị khách xin nơi cấp một thẻ chỉ có một mã.",
    "This is one of several codes of one card. Cards in parts were given up in 2022 and are not taken: ask the customer for a card in one code, from its issuer.",
)
_SHOWN_ELSEWHERE = Text(
    "Quầy đang cần một giấy tờ nước ngoài. Đề nghị khách đưa mã của nó, hoặc chọn lại loại giấy tờ rồi quét lại.",
    "You asked for a foreign document. Ask the customer for its code, or choose another kind and scan again.",
)


def concerns(text: str, wish: Wish) -> bool:
    """Whether the foreign door judges it: its kind was chosen, or any kind was and it is one of which anchors are here."""
    door = counter().foreign
    if door is None:
        return False
    return wish.foreign or (not wish.documents and framework_of(text) in door.frameworks)


def inspect(text: str, wish: Wish) -> foreign.Report:
    door = counter().foreign
    if door is None:
        raise LookupError("no anchors")
    report = door.inspect(text, wish.documents)
    return report if wish.foreign or wish.proof or not report.accepted else _unbound(report)


def judged(text: str, wish: Wish) -> Judged:
    report = inspect(text, wish)
    found = Judged(report, wish.told, int(time.time()))
    if report.code == NO_PROOF:
        return replace(found, advice=advice(text))
    if is_part(text):
        return replace(found, advice=_PARTS)
    if wish.foreign and framework_of(text) != wish.documents:
        return replace(found, asked=wish.title, shown=guess(text), advice=_SHOWN_ELSEWHERE)
    return found


def advice(text: str) -> Text | None:
    """What to do about a foreign document that was not taken; None where it is none."""
    framework, door = framework_of(text), counter().foreign
    if framework is None:
        return None
    title = TITLES[framework]
    if door is None or framework not in door.frameworks:
        return Text(
            f"Đây là giấy tờ nước ngoài ({title.vi}). Quầy này không có khóa của nơi cấp, nên không kiểm tra được. Đề nghị khách đưa giấy tờ khác.",
            f"This is a foreign document ({title.en}). This counter has no keys of its issuers, so it cannot be checked here. Ask for another document.",
        )
    return Text(
        f"Đây là giấy tờ nước ngoài ({title.vi}), không gắn với người xuất trình. Nếu quầy nhận, chọn loại này trong danh sách rồi quét lại.",
        f"This is a foreign document ({title.en}), not bound to whoever shows it. If your counter takes it, choose it in the list and scan again.",
    )


def guess(text: str) -> Text:
    """What a code says of itself, UNVERIFIED, as `facts.guess`."""
    framework = framework_of(text)
    return facts.guess(text) if framework is None else TITLES[framework]


def _unbound(report: foreign.Report) -> foreign.Report:
    checks = tuple(
        replace(each, outcome=CheckOutcome.FAILED, code=NO_PROOF) if each.step is Step.HOLDER_PROOF else each
        for each in report.checks
    )
    reason = REASONS[NO_PROOF]
    return replace(
        report,
        outcome=Outcome.REJECTED,
        checks=checks,
        verified=None,
        code=NO_PROOF,
        reason=reason.sentence,
        advice=reason.advice,
    )

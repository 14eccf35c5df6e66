"""The verdict on a terminal: aligned, in colour only where somebody looks, every fact under its official name."""

from dataclasses import dataclass

from certs.bundle import Bundle, fingerprint
from certs.catalogue import Text
from certs.formats import Verified
from verifier import facts
from verifier.reasons import Reason
from verifier.result import CheckOutcome, Outcome, Report, TrustAge

WORDS = {
    Outcome.ACCEPTED: ("✓", facts.VERDICTS[Outcome.ACCEPTED], "32"),
    Outcome.REJECTED: ("✕", facts.VERDICTS[Outcome.REJECTED], "31"),
    Outcome.UNDETERMINED: ("?", facts.VERDICTS[Outcome.UNDETERMINED], "33"),
}
_CHECKS = {
    CheckOutcome.PASSED: ("✓", Text("đạt", "passed"), "32"),
    CheckOutcome.FAILED: ("✕", Text("không đạt", "failed"), "31"),
    CheckOutcome.UNKNOWN: ("?", Text("chưa biết", "not known"), "33"),
    CheckOutcome.SKIPPED: ("–", Text("không xét", "not looked at"), "2"),
}
_CHECKS_TITLE = Text("Các bước kiểm tra", "Checks")
_TRUST_TITLE = Text("Dữ liệu tin cậy", "Trust data")


@dataclass(frozen=True, slots=True)
class Screen:
    """How to write: in which language, and whether in colour."""

    language: str
    colour: bool

    def of(self, text: Text) -> str:
        return text.of(self.language)

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text


def report(result: Report, screen: Screen) -> str:
    """A whole report, ready to print."""
    sign, word, colour = WORDS[result.outcome]
    lines = [screen.paint(f"{sign} {screen.of(word)}", f"1;{colour}"), ""]
    if result.verified is not None:
        lines += _document(result.verified, screen)
    else:
        lines += [f"  {screen.of(text)}" for text in (result.reason, result.advice) if text is not None]
        about = f": {', '.join(result.fields)}" if result.fields else ""
        lines += [f"  ({result.code}{about})"]
    lines += ["", f"  {screen.of(_CHECKS_TITLE)}"]
    names = [screen.of(check.name) for check in result.checks]
    width = max(map(len, names), default=0)
    for check, name in zip(result.checks, names, strict=True):
        mark, state, shade = _CHECKS[check.outcome]
        told = screen.of(state) + (f": {check.code}" if check.code else "")
        lines.append(f"  {int(check.step)} {screen.paint(mark, shade)} {name:<{width}}  {screen.paint(told, shade)}")
    if result.trust is not None:
        lines += ["", *_trust(result.trust, screen)]
    return "\n".join(lines)


def reason(entry: Reason, screen: Screen) -> str:
    """One reason code explained, in both languages."""
    outcome = Outcome.UNDETERMINED if entry.undetermined else Outcome.REJECTED
    sign, word, colour = WORDS[outcome]
    head = f"{screen.paint(entry.code, '1')}  {screen.paint(f'{sign} {word.vi} · {word.en}', colour)}"
    pairs = (("vi", entry.sentence.vi, entry.advice.vi), ("en", entry.sentence.en, entry.advice.en))
    return "\n".join([head, *(f"  {tag}  {sentence}\n      → {advice}" for tag, sentence, advice in pairs)])


def bundle(held: Bundle, screen: Screen, *, now: int) -> str:
    """What a bundle holds and how old it is."""
    rows = [
        (Text("Bản số", "Issue"), str(held.sequence)),
        (Text("Phát hành", "Issued"), f"{facts.moment(held.issued)} ({screen.of(facts.age(now - held.issued))})"),
        (Text("Dùng được đến", "Good until"), facts.moment(held.expires)),
        *((Text("Gốc SHA-256", "Root SHA-256"), fingerprint(anchor)) for anchor in held.trust.anchors),
        (Text("Danh sách tin cậy", "Trust list"), f"#{held.trust.list.sequence}"),
        *((Text("  " + s.document, "  " + s.document), screen.of(s.name)) for s in held.trust.list.services),
        *_ends(held, now),
    ]
    return "\n".join(_table([(screen.of(label), value) for label, value in rows], indent=0))


PARTS = {
    "bundle": Text("Cả gói", "The whole bundle"),
    "root": Text("Chứng thư gốc", "Root"),
    "trust_list": Text("Danh sách tin cậy", "Trust list"),
    "crl": Text("Danh sách thu hồi", "Revocation list"),
    "status_list": Text("Danh sách tình trạng", "Status lists"),
}


def _ends(held: Bundle, now: int) -> list[tuple[Text, str]]:
    """Until when each part is good; of many lists of one kind, how many and the first end."""
    rows = []
    for kind, label in PARTS.items():
        parts = [part for part in held.parts() if part.kind == kind]
        if parts:
            first = min(parts, key=lambda part: part.until)
            over = " ✗" if first.until <= now else ""
            named = f"{first.name}: " if kind in ("root", "crl", "trust_list") else ""
            many = f"{len(parts)} × … " if len(parts) > 1 else ""
            rows.append(
                (Text(f"  {label.vi} đến", f"  {label.en} until"), f"{many}{named}{facts.moment(first.until)}{over}")
            )
    return rows


def _document(verified: Verified, screen: Screen) -> list[str]:
    name = facts.person(verified)
    lines = [f"  {screen.paint(name, '1')}"] if name else []
    lines += [f"  {screen.of(facts.title(verified))}", ""]
    rows = [(screen.of(fact.label), screen.of(fact.value)) for fact in facts.facts(verified)]
    rows.append((screen.of(Text("Cơ quan cấp", "Issued by")), screen.of(verified.issuer_name)))
    rows.append((screen.of(Text("Bản này có hạn đến", "This copy ends")), facts.moment(verified.expires)))
    anybody = screen.of(Text("bất kỳ ai (không chỉ định)", "anybody (no audience named)"))
    rows.append((screen.of(Text("Tạo cho", "Made for")), verified.audience or anybody))
    picture = facts.portrait(verified)
    if picture:
        seen = Text(
            f"có, {len(picture.data)} byte (xem: --portrait TỆP)",
            f"{len(picture.data)} bytes (see it: --portrait FILE)",
        )
        rows.append((screen.of(Text("Ảnh chân dung", "Portrait")), screen.of(seen)))
    for warning in facts.cautions(verified):
        rows.append((screen.of(Text("Lưu ý", "Note")), screen.paint(screen.of(warning), "33")))
    return lines + _table(rows)


def _trust(trust: TrustAge, screen: Screen) -> list[str]:
    issued = f"#{trust.bundle_sequence}, {screen.of(facts.age(trust.seconds))} ({facts.moment(trust.bundle_issued)})"
    rows = [(screen.of(_TRUST_TITLE), issued)]
    if trust.ended:
        over = ", ".join(screen.of(PARTS[part]) for part in trust.ended)
        rows.append((screen.of(Text("Đã quá hạn", "Past its end")), screen.paint(over, "33")))
    if trust.status_as_of is not None:
        rows.append((screen.of(Text("Tình trạng biết đến", "State known as of")), facts.moment(trust.status_as_of)))
    return _table(rows)


def _table(rows: list[tuple[str, str]], *, indent: int = 2) -> list[str]:
    width = max(len(label) for label, _ in rows)
    return [f"{' ' * indent}{label:<{width}}  {value}" for label, value in rows]

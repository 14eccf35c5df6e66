"""Several documents judged together, on a terminal: one verdict for all of them, then each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from certs.catalogue import Text
from verifier.joint import JointReport
from verifier.policy.composed import Link
from verifier.tools.display import WORDS, Screen, report
from verifier.tools.display_many import Judged, shown, table

_LINKS: Mapping[Link, Text] = {
    Link.NUMBER: Text("cùng số định danh cá nhân", "the same personal identification number"),
    Link.NAME_AND_BIRTH: Text("cùng họ tên và ngày sinh", "the same name and date of birth"),
    Link.HOLDER_KEY: Text("cùng một khoá trong ví", "the same key in the wallet"),
}
_ONE_PERSON = Text("{} giấy tờ của cùng một người: {}", "{} documents of one person: {}")


def joint(result: JointReport, names: Sequence[str], screen: Screen) -> str:
    """Of a refusal no fact of any document is shown, also of one that would be accepted alone."""
    sign, word, colour = WORDS[result.outcome]
    lines = [screen.paint(f"{sign} {screen.of(word)}", f"1;{colour}"), ""]
    if result.together is not None:
        links = ", ".join(screen.of(_LINKS[link]) for link in result.together.linked_by)
        lines.append(f"  {screen.of(_ONE_PERSON).format(len(result.together.documents), links)}")
        for name, each in zip(names, result.reports, strict=True):
            lines += ["", screen.paint(f"— {shown(name)}", "1"), report(each, screen)]
        return "\n".join(lines)
    lines += [f"  {screen.of(text)}" for text in (result.reason, result.advice) if text is not None]
    about = f": {', '.join(result.fields)}" if result.fields else ""
    lines.append(f"  ({result.code}{about})")
    rows = [Judged(name, replace(each, verified=None)) for name, each in zip(names, result.reports, strict=False)]
    return "\n".join([*lines, *(["", table(rows, screen)] if rows else [])])

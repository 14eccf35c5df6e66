"""`present REQUEST`: who asks, for what, and what would leave, on the terminal; and the answer once its holder agrees.

Spec: OpenID4VP 1.0 §5, §8, §15.1 (consent); the rules stand in `wallet.presenting`.
"""

import argparse
import sys
from urllib.parse import urlsplit

from wallet import matching, words
from wallet.commands.terminal import DONE, REFUSED, say, show_json
from wallet.config import ConfigError
from wallet.folder import FolderWallet
from wallet.matching import Candidate
from wallet.presenting import Presenter, Question


def answer(folder: FolderWallet, options: argparse.Namespace) -> int:
    """Of several ways to answer the verifier's first one; nothing that need not be sent."""
    if not options.yes and not sys.stdin.isatty():
        raise ConfigError("there is no terminal to ask on; --yes agrees to whatever the request asks")
    now = folder.clock()
    held = folder.trust.current(now=now)
    going: list[Candidate] = []

    def agree(question: Question, leaving: tuple[Candidate, ...]) -> bool:
        going.extend(leaving)
        say("\n".join(_consent(question, leaving, listed=words.day(held.trust.list.issued))))
        return options.yes or _yes()

    done = Presenter(folder.wallet, folder.simulation).answer(
        options.document,
        folder.owner,
        folder.keys,
        agree=agree,
        trust=held.trust,
        statuses=held.statuses,
        now=now,
    )
    if options.json:
        claims = {each.asked.id: list(each.fields) for each in going} if done.sent else {}
        show_json(
            {"sent": done.sent, "reader": done.request.reader.organisation, "claims": claims, "go_to": done.location}
        )
    elif done.sent:
        print(f"sent to {done.request.reader.name.en}")
    else:
        print(f"nothing was sent; {done.request.reader.name.en} was told that you declined")
    if done.location and not options.json:
        say(f"they want you to go on at {done.location}")
    return DONE if done.sent else REFUSED


def _yes() -> bool:
    say("")
    print("Share this? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _consent(question: Question, leaving: tuple[Candidate, ...], *, listed: str) -> list[str]:
    request = question.request
    reader, host = request.reader, urlsplit(request.reply.address).netloc
    purposes = "; ".join(each.purpose.en for each in request.purposes)
    lines = [
        f"Who asks    {reader.name.en} ({reader.organisation}), at {host}",
        f"What for    {purposes}",
        f"            name and purpose are those of the trust list of {listed}",
    ]
    if any(claim.retain for each in request.query.credentials for claim in each.claims):
        lines.append("Note        they say that they will keep what they get")
    for each in leaving:
        lines += ["", *_document(each)]
    return lines


def _document(candidate: Candidate) -> list[str]:
    facts, staying = matching.leaving(candidate), matching.staying(candidate)
    lines = [f"{candidate.kind.title.en}"]
    if not facts:
        lines.append("  only proves that you have this document; nothing of its content is sent")
    width = max((len(fact.label.en) for fact in facts), default=0)
    for fact in facts:
        mark = "  ! sensitive" if fact.sensitive else ""
        lines.append(f"  sends  {fact.label.en.ljust(width)}  {fact.value.en}{mark}")
    if staying:
        lines.append(f"  keeps  {', '.join(field.label.en for field in staying)}")
    return lines

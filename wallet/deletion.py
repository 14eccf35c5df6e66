"""Ask a verifier to delete what it was shown: a prepared letter, and how to reach them. The person sends it, the wallet does not.

Spec: Personal Data Protection Law 91/2025/QH15 (deletion at the person's request); RFC 6068 (mailto). It says what was shown
when, by the names of the facts: the letter holds no value that the verifier might not have.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from certs.catalogue import CATALOGUE, Text
from certs.trust import Reader
from wallet import words
from wallet.errors import WalletError
from wallet.history import Kind
from wallet.model import Entry, Linked

ASKABLE = frozenset({Kind.PRESENTED, Kind.SHOWN, Kind.FAILED})  # after which a verifier may hold something
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+", re.ASCII)
_SAN_DNS = "x509_san_dns:"


@dataclass(frozen=True, slots=True)
class Letter:
    verifier: Text
    contact: str  # `mailto:…` as the trust list has it, or empty
    website: str  # of the trust list, else of the name under which it asked, or empty
    subject: Text
    body: Text

    def mailto(self, language: str) -> str:
        """A link that opens the person's own mail program, with all that is prepared; empty where no address is known."""
        if not self.contact:
            return ""
        body = self.body.of(language).replace("\n", "\r\n")  # RFC 6068 §5
        return f"{self.contact}?subject={quote(self.subject.of(language), safe='')}&body={quote(body, safe='')}"


def can_ask(entry: Entry) -> bool:
    """Whether the line names somebody who may hold something."""
    return entry.kind in ASKABLE and isinstance(entry.details.get("to"), str)


def prepare(line: Linked, readers: Iterable[Reader]) -> Letter:
    """The letter about one line of the history. Raises WalletError for a line that names no verifier."""
    entry = line.entry
    if not can_ask(entry):
        raise WalletError("line_unknown", "names no verifier")
    to, organisation = str(entry.details["to"]), entry.details.get("organisation")
    listed = next((each for each in readers if each.organisation == organisation), None)
    verifier = listed.name if listed else _named(entry.details, to)
    website = (listed.website if listed else "") or _website(to)
    subject = Text("Yêu cầu xóa dữ liệu cá nhân", "Request to delete personal data")
    return Letter(verifier, listed.contact if listed else "", website, subject, _body(line, verifier, to))


def _named(details: Mapping[str, object], to: str) -> Text:
    name = details.get("verifier")
    if isinstance(name, Mapping) and all(isinstance(name.get(each), str) for each in ("vi", "en")):
        return Text(name["vi"], name["en"])
    return Text.same(to)


def _website(to: str) -> str:
    """A host that a certificate gave it, or the address that the presentation was for; nothing else becomes a link."""
    host = to.removeprefix(_SAN_DNS) if to.startswith(_SAN_DNS) else ""
    if to.startswith("https://"):
        try:
            host = urlsplit(to).hostname or ""
        except ValueError:
            host = ""
    return f"https://{host}/" if _HOST.fullmatch(host) else ""


def _body(line: Linked, verifier: Text, to: str) -> Text:
    when, facts = words.moment(line.entry.at), _facts(line.entry)
    reference = f"{line.place}-{line.link.hex()[:16]}"
    vi = f"""Kính gửi {verifier.vi},

Ngày {when} (giờ Việt Nam), tôi đã xuất trình cho quý vị ({to}):
{facts.vi}

Theo Luật Bảo vệ dữ liệu cá nhân số 91/2025/QH15, tôi yêu cầu quý vị xóa các dữ liệu này, trừ phần mà luật buộc quý vị lưu giữ; với phần đó, xin cho tôi biết căn cứ và thời hạn.

Xin xác nhận với tôi khi đã thực hiện.

Dòng trong lịch sử ví của tôi: {reference}
Họ và tên: ........"""
    en = f"""To {verifier.en},

On {when} (Vietnam time) I showed you ({to}):
{facts.en}

Under the Personal Data Protection Law 91/2025/QH15 I ask you to delete these data, except what a law obliges you to keep; for that, please tell me on what ground and for how long.

Please confirm to me when it is done.

Line of my wallet's history: {reference}
Full name: ........"""
    return Text(vi, en)


def _facts(entry: Entry) -> Text:
    """By their official labels, one on a line; a name that the catalogue does not have stands as it is."""
    type_ = CATALOGUE.get(str(entry.details.get("type", "")))
    names = [str(each) for each in entry.details.get("claims") or ()]
    if type_ is None:
        listed = "\n".join(f"- {name}" for name in names) or "-"
        return Text.same(listed)
    labels = {field.name: field.label for field in type_.fields}
    told = [labels.get(name, Text.same(name)) for name in names]

    def written(language: str) -> str:
        return "\n".join([f"{type_.title.of(language)}:", *(f"- {each.of(language)}" for each in told)])

    return Text(written("vi"), written("en"))

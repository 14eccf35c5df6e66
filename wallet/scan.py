"""What a code or a pasted link asks of this wallet: to approve a log-in, receive an offer, answer a reader; or it is refused.

Spec: OpenID4VCI 1.0 §4.1 (offers); attacks QL-07. A counter's code is answered by the phone or the command (`certs/challenge.md`).

A text is one of ours when it begins with our provider's address, letter by letter; addresses are taken apart only to say
why another text is refused:
 1. it is too long, or of a form that this wallet does not know                                      (prefix_unknown)
 2. it belongs to somebody else's web address                                                        (issuer_untrusted)
"""

import re
from dataclasses import dataclass

from wallet.errors import WalletError
from wallet.offer import LINK_LIMIT, ByReference, origin, read_link

OFFER_LINK = "openid-credential-offer://"
READER_LINKS = ("openid4vp://", "haip-vp://")  # OpenID4VP 1.0 §13.1.2, OpenID4VC HAIP 1.0 §5
REQUEST = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)  # 128 bits in base64url


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody signs in elsewhere; this wallet is asked to approve it."""

    request: str


@dataclass(frozen=True, slots=True)
class OfferLink:
    """An issuer offers documents. What it is worth is found out by the page that it leads to."""

    link: str

    @property
    def page(self) -> str:
        return f"/receive?{self.link.partition('?')[2]}"


@dataclass(frozen=True, slots=True)
class ReaderLink:
    """Somebody asks for documents. Who it is, and whether it may, is found out when the link is opened."""

    link: str


def understand(text: str, *, issuer: str, wallet: str) -> Approval | OfferLink | ReaderLink:
    """`issuer` is the provider that this wallet belongs to, `wallet` its own address. Raises WalletError."""
    text = text.strip()  # what pasting adds at both ends
    if text.startswith((*READER_LINKS, f"{wallet}/present?")):
        return ReaderLink(text)
    if len(text) > LINK_LIMIT:  # 1
        raise WalletError("prefix_unknown", "too long")
    head = f"{issuer}/phone/"
    if text.startswith(head):
        return Approval(read_request(text.removeprefix(head)))
    if text.startswith((OFFER_LINK, f"{wallet}/receive?")):
        return _offer(text, issuer)
    if _is_elsewhere(text, {origin(issuer), origin(wallet)}):  # 2
        raise WalletError("issuer_untrusted", "a web address of somebody else")
    raise WalletError("prefix_unknown", "no form that we know")


def read_request(text: str) -> str:
    """The id of an asking, as the provider makes them: nothing else becomes part of what is signed."""
    if not REQUEST.fullmatch(text):
        raise WalletError("prefix_unknown", "not the id of an asking")
    return text


def _offer(text: str, issuer: str) -> OfferLink:
    found = read_link(text)
    offered = origin(found.uri) if isinstance(found, ByReference) else origin(found.credential_issuer)
    if offered != origin(issuer):
        raise WalletError("issuer_untrusted", "an offer of somebody else")
    return OfferLink(text)


def _is_elsewhere(text: str, ours: set[tuple[str, str, int | None]]) -> bool:
    try:
        return origin(text) not in ours
    except WalletError:
        return False

"""A verifier's challenge, from the holder's side: who asks face to face, and which copies here would answer.

Spec: `certs/challenge.md` §5; the bytes and their checks are `certs/challenge.py`. The phone does the same without a network
(`web/static/js/app/challenge.js`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from certs import challenge
from certs.catalogue import Text
from certs.challenge import Asked
from certs.errors import CertsError, Malformed, Unavailable
from certs.trust import TrustStore
from wallet.errors import WalletError
from wallet.model import Copy, Document
from wallet.present import for_qr

_ALL = Text("Danh sách tin cậy không cho họ hỏi điều đó.", "The trust list does not allow them to ask for that.")


def read(text: str, trust: TrustStore, *, now: int) -> Asked:
    """Who asks, if all of it holds. Raises WalletError: what is not answered is refused as a whole."""
    try:
        return challenge.verify(text, trust, now=now)
    except Malformed as error:
        raise WalletError("reader_malformed", str(error)) from error
    except Unavailable as error:
        raise WalletError("trust_unavailable", str(error)) from error
    except CertsError as error:
        if error.code == "policy_refused":
            raise WalletError("reader_overasks", str(error), fill=_ALL) from error
        over = error.code in ("expired", "issued_in_future")
        raise WalletError("challenge_over" if over else "reader_untrusted", str(error)) from error


def answering(asked: Asked, documents: Iterable[Document]) -> tuple[tuple[Document, Copy], ...]:
    """The views of documents that would answer, one copy of each, in the order in which they are held."""
    found: dict[tuple[str, str], tuple[Document, Copy]] = {}
    for document in documents:
        for copy in for_qr(document):
            if asked.challenge.takes(document.type, copy.view):
                found.setdefault((document.document_id, copy.view), (document, copy))
    return tuple(found.values())


def named(asked: Asked) -> Mapping[str, Any]:
    """For a line of the history: to whom, by the name on the trust list."""
    reader = asked.reader
    return {"audience": reader.organisation, "verifier": reader.name, "organisation": reader.organisation}

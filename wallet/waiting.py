"""A document that an issuer has promised: what of it has come, what is still to come, and asking for it again.

Spec: OpenID4VCI 1.0 §9 (deferred issuance)
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from wallet.credential import Arrived, Promise, ask_again
from wallet.errors import WalletError
from wallet.issuer import Access, Place
from wallet.model import ToProve
from wallet.ports import Web

RETRY = 300  # seconds, after an answer that did not come


@dataclass(frozen=True, slots=True)
class Part:
    """Copies of one configuration for these keys: here already, or promised as a transaction."""

    wanted: ToProve
    thumbprints: tuple[str, ...]
    credentials: tuple[bytes, ...] = field(default=(), repr=False)  # checked once, and again when all are here
    transaction: str | None = field(default=None, repr=False)
    interval: int = 0
    notification: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Waiting:
    waiting_id: str
    type: str
    credential_issuer: str
    asked_at: int
    again_at: int  # not before this second
    parts: tuple[Part, ...]
    access: Access = field(repr=False)
    pid: str | None = field(default=None, repr=False)  # whose it must be, where that was known

    @property
    def thumbprints(self) -> tuple[str, ...]:
        """Of the keys that wait with it."""
        return tuple(each for part in self.parts for each in part.thumbprints)


def asked_again(waiting: Waiting, place: Place, access: Access, *, web: Web, now: int) -> Iterator[Waiting]:
    """After each answer, how it stands: what has come is worth keeping before the next question. Of what the issuer denies
    nothing is left. Raises WalletError, `right_expired` where the access token is no longer good."""
    for part in waiting.parts:
        if part.transaction is None:
            continue
        try:
            answer = ask_again(
                place, access, part.transaction, part.wanted.format, len(part.thumbprints), web=web, now=now
            )
        except WalletError as error:
            if error.code != "issuer_denied":
                raise
            waiting = replace(waiting, parts=tuple(each for each in waiting.parts if each is not part))
        else:
            new = _answered(part, answer)
            waiting = replace(waiting, parts=tuple(new if each is part else each for each in waiting.parts))
        yield waiting
        if not waiting.parts:
            raise WalletError("issuer_denied", "nothing of all that was promised")


def _answered(part: Part, answer: Arrived | Promise) -> Part:
    if isinstance(answer, Promise):
        return replace(part, interval=answer.interval)
    return replace(part, credentials=answer.credentials, transaction=None, notification=answer.notification)


def is_here(waiting: Waiting) -> bool:
    """Nothing of it is still to come."""
    return bool(waiting.parts) and all(each.transaction is None for each in waiting.parts)


def put_off(waiting: Waiting, *, now: int) -> Waiting:
    """Until every part may be asked for again."""
    return replace(
        waiting, again_at=now + max([each.interval for each in waiting.parts if each.transaction] or [RETRY])
    )

"""A counter asks by its code, as the command and a kiosk hear it: who asks is told by the list, what does not hold is refused.

Source: `certs/challenge.md` §5; `wallet/challenged.py`. The phone's half is `test_challenge_js.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from certs.challenge import Asked, Challenge, sign, wanted
from certs.trust import Right
from certs.x509 import Usage
from tests.wallet.issuer import TX_CODE, IssuerDesk
from tests.wallet.reader import NAME, PURPOSE, listed
from tests.world import PID, Desk
from wallet import challenged
from wallet.errors import WalletError
from wallet.folder import FolderWallet

RIGHTS = (Right("driving_licence", ("licence", "age_over_18")), Right("tax_registration", ("registration",)))


class Counter:
    """A bank of the nation and its questions."""

    def __init__(self, desk: IssuerDesk) -> None:
        self.world = desk.world
        self.bank: Desk = desk.world.desk("bank", Usage.READER)
        desk.world.readers = (listed(self.bank, rights=RIGHTS),)
        desk.world.sequence = desk.world.list_sequence = 2
        desk.world.now += 60

    def asks(self, *views: tuple[str, str], by: Desk | None = None, **changes: Any) -> str:
        at = self.world.now
        plain = Challenge(
            audience="bank",
            purpose=PURPOSE.vi,
            wanted=wanted(*(views or (("driving_licence", "licence"),))),
            challenge=bytes(range(16)),
            issued=at,
            expires=at + 120,
        )
        desk = by or self.bank
        return sign(replace(plain, **changes), desk.signer, desk.certificate)


@pytest.fixture
def counter(desk: IssuerDesk) -> Counter:
    return Counter(desk)


def read(counter: Counter, question: str) -> Asked:
    return challenged.read(question, counter.world.open_bundle().trust, now=counter.world.now)


def test_who_asks_is_told_by_the_list_and_the_views_that_answer_once_each(
    counter: Counter, folder: FolderWallet, desk: IssuerDesk
) -> None:
    folder.receive(desk.link, transaction_code=TX_CODE, pid=PID)
    asked = read(counter, counter.asks(("driving_licence", "licence"), ("driving_licence", "age_over_18")))
    assert (asked.reader.name, asked.reader.purpose) == (NAME, PURPOSE)
    assert challenged.named(asked) == {"audience": "bank", "verifier": NAME, "organisation": "bank"}
    held = challenged.answering(asked, folder.documents())
    assert [copy.view for _, copy in held] == ["licence", "age_over_18"]
    other = read(counter, counter.asks(("tax_registration", "registration")))
    assert challenged.answering(other, folder.documents()) == ()


REFUSED: tuple[tuple[Callable[[Counter], str], str], ...] = (
    (lambda counter: counter.asks(("driving_licence", "full")), "reader_overasks"),
    (lambda counter: counter.asks(audience="police"), "reader_untrusted"),
    (lambda counter: counter.asks(by=counter.world.desk("other", Usage.READER)), "reader_untrusted"),
    (lambda counter: counter.asks()[:-3], "reader_malformed"),
    (lambda counter: counter.asks(issued=counter.world.now - 400, expires=counter.world.now - 200), "challenge_over"),
    (lambda counter: counter.asks(issued=counter.world.now + 200, expires=counter.world.now + 300), "challenge_over"),
    (lambda counter: "", "reader_malformed"),
)


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_does_not_hold_is_not_answered(counter: Counter, number: int) -> None:
    asked, code = REFUSED[number]
    with pytest.raises(WalletError) as caught:
        read(counter, asked(counter))
    assert caught.value.code == code

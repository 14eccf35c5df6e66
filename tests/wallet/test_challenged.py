"""A counter asks by its code and the wallet's pages answer: who asks is told by the list, what does not hold is refused, nothing is kept.

Source: `certs/challenge.md` §5; `wallet/challenged.py`, `wallet/web/challenged.py`.
"""

from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from certs.challenge import Challenge, sign, wanted
from certs.encoding import b64url_encode
from certs.trust import Right
from certs.x509 import Usage
from tests.idp.conftest import made, made_on_server, state
from tests.wallet.citizen import Citizen, register, wallet_app
from tests.wallet.issuer import IssuerDesk
from tests.wallet.reader import NAME, PURPOSE, listed
from tests.world import Desk
from tests.world_idp import State
from wallet import scan
from wallet.scan import CounterCode

__all__ = ["made", "made_on_server", "state"]
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
def citizen(state: State, desk: IssuerDesk, tmp_path: Path) -> Citizen:
    register(state)
    citizen = Citizen(wallet_app(desk, state, tmp_path / "wallet"), state)
    citizen.sign_in()
    assert citizen.receive(desk.link, now=desk.world.now).status_code == 200
    return citizen


@pytest.fixture
def counter(citizen: Citizen, desk: IssuerDesk) -> Counter:
    return Counter(desk)


def opened(citizen: Citizen, question: str) -> tuple[int, str]:
    answer = citizen.client.get("/challenged", base_url=citizen_url(citizen), query_string={"question": question})
    return answer.status_code, unescape(answer.text)


def citizen_url(citizen: Citizen) -> str:
    return str(citizen.app.extensions["wallet"].config.url)


def test_who_asks_and_what_would_leave_is_told(citizen: Citizen, counter: Counter) -> None:
    views = ("driving_licence", "licence"), ("driving_licence", "age_over_18")
    status, page = opened(citizen, counter.asks(*views))
    assert status == 200 and NAME.vi in page and PURPOSE.vi in page
    assert page.count('data-view="') == 2 and "Giữ lại trong ví" in page
    status, page = opened(citizen, counter.asks(("tax_registration", "registration")))
    assert status == 200 and 'id="missing"' in page and 'id="agree"' not in page


def test_the_answering_page_is_bound_to_the_question(citizen: Citizen, counter: Counter) -> None:
    question = counter.asks()
    document = citizen.get("/app/documents", headers={"Accept": "application/json"}).json["documents"][0]["id"]  # type: ignore[index]
    shown = {"view": "licence", "question": question}
    page = citizen.client.get(f"/documents/{document}/show", base_url=citizen_url(citizen), query_string=shown)
    assert f'data-audience="bank" data-challenge="{b64url_encode(bytes(range(16)))}"' in page.text
    assert NAME.vi in page.text and 'id="choose-view"' not in page.text
    other = citizen.client.get(
        f"/documents/{document}/show", base_url=citizen_url(citizen), query_string={**shown, "view": "full"}
    )
    assert other.status_code == 400 and "data-challenge" not in other.text  # not what was asked for
    plain = citizen.get(f"/documents/{document}/show")
    assert "data-challenge" not in plain.text


REFUSED: tuple[tuple[Callable[[Counter], str], str], ...] = (
    (lambda counter: counter.asks(("driving_licence", "full")), "nhiều hơn mức được phép"),
    (lambda counter: counter.asks(audience="police"), "Không biết chắc ai đang hỏi"),
    (lambda counter: counter.asks(by=counter.world.desk("other", Usage.READER)), "Không biết chắc ai đang hỏi"),
    (lambda counter: counter.asks()[:-3], "không đọc được"),
    (lambda counter: counter.asks(issued=counter.world.now - 400, expires=counter.world.now - 200), "đã hết hạn"),
    (lambda counter: counter.asks(issued=counter.world.now + 200, expires=counter.world.now + 300), "giờ chưa tới"),
    (lambda counter: "", "không đọc được"),
)


def test_what_does_not_hold_is_not_answered(citizen: Citizen, counter: Counter) -> None:
    for asked, said in REFUSED:
        status, page = opened(citizen, asked(counter))
        assert status >= 400 and said in page and 'id="agree"' not in page, said


def test_a_scanned_code_leads_there_whatever_it_ends_with(citizen: Citizen, counter: Counter) -> None:
    question = counter.asks()
    known = {"issuer": "https://idp.example", "wallet": "https://wallet.example"}
    assert scan.understand(f"{question}\r\n", **known) == CounterCode(question)
    assert scan.understand("VN1Q:A0 ", **known) == CounterCode("VN1Q:A0 ")  # a blank is a letter of base45
    found = citizen.client.post(
        "/scan/frame",
        base_url=citizen_url(citizen),
        data={"text": question},
        headers={"X-CSRF-Token": citizen.csrf()},
        content_type="multipart/form-data",
    )
    assert found.json["location"].startswith("/challenged?question=VN1Q")  # type: ignore[index]

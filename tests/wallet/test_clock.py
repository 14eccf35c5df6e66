"""A clock that is wrong, of the phone, of the wallet or of both: nothing is kept, and the person is told to check the clock.

Spec: OpenID4VCI 1.0 Appendix F.4 (`iat` of a proof), §8.3.1.2 (`invalid_proof`); RFC 9110 §6.6.1 (Date)
"""

from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from certs.fetch import Response
from tests.idp.conftest import made
from tests.wallet.citizen import Citizen, register, wallet_app
from tests.wallet.issuer import LICENCE, TX_CODE, WHOLE, IssuerDesk, whole
from tests.wallet.provider import state
from tests.world import PID, World
from tests.world_idp import State
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.history import Kind

__all__ = ["made", "state"]
HOUR = 3600


class DatedDesk(IssuerDesk):
    """It says what time it is, as servers do."""

    def post(self, url: str, **sent: Any) -> Response:
        answer = super().post(url, **sent)
        return replace(answer, headers={**answer.headers, "date": formatdate(self.world.now, usegmt=True)})


@pytest.fixture
def desk(world: World) -> IssuerDesk:
    return DatedDesk(world, configurations=(*LICENCE, *WHOLE))


def failed(folder: FolderWallet, code: str) -> None:
    with pytest.raises(WalletError) as caught:
        folder.receive(desk_link(folder), transaction_code=TX_CODE, pid=PID)
    assert caught.value.code == code, caught.value
    assert folder.documents() == () and not list(folder.keys._folder.glob("*.pem"))


def desk_link(folder: FolderWallet) -> str:
    desk = folder.wallet.web
    assert isinstance(desk, IssuerDesk)
    return desk.link


@pytest.mark.parametrize("off", [HOUR, -HOUR])
@pytest.mark.parametrize("known", [True, False])
def test_a_phone_and_wallet_whose_clock_is_wrong(folder: FolderWallet, desk: IssuerDesk, off: int, known: bool) -> None:
    """The issuer refuses the proofs, and its answer tells its time; or the trust list is of the future."""
    if known:
        folder.trust.current(now=desk.world.now)
    wrong = replace(folder, clock=lambda: desk.world.now + off)
    failed(wrong, "clock_wrong")
    failures = [line for line in folder.wallet.history(folder.owner) if line.kind == Kind.FAILED]
    assert all(line.details["code"] == "clock_wrong" for line in failures)


def test_a_proof_that_is_refused_for_another_reason_is_no_matter_of_clocks(
    folder: FolderWallet, desk: IssuerDesk
) -> None:
    dated = {"date": formatdate(desk.world.now, usegmt=True)}
    for headers in (dated, {}, {"date": "yesterday"}):
        desk.redeemed = False
        desk.changes["/credential"] = Response(400, headers, b'{"error":"invalid_proof"}')
        failed(folder, "issuer_refused")


@pytest.mark.parametrize("configuration", [LICENCE[0], *WHOLE])
def test_a_document_that_is_signed_in_the_future_is_a_matter_of_clocks(
    folder: FolderWallet, desk: IssuerDesk, configuration: str
) -> None:
    view, later = configuration.partition(".")[2], desk.world.now + HOUR

    def sign(kind: str, asked: str, holder: Any) -> bytes:
        if asked in ("sd_jwt", "mdoc"):
            return whole(desk.world, kind, asked, holder=holder, issued=later if asked == view else desk.world.now)
        return desk.world.issue(kind, asked, holder=holder, issued=later if asked == view else None)

    desk.sign = sign
    failed(folder, "clock_wrong")


@pytest.mark.parametrize("off", [HOUR, -HOUR])
def test_a_browser_whose_clock_is_wrong_is_told_before_the_issuer_is_asked(
    state: State, desk: IssuerDesk, tmp_path: Path, off: int
) -> None:
    register(state)
    citizen = Citizen(wallet_app(desk, state, tmp_path / "wallet"), state)
    citizen.sign_in()
    answer = citizen.receive(desk.link, now=desk.world.now + off)
    told = answer.get_json()
    assert (answer.status_code, told["error"]) == (400, "clock_wrong") and "ngày giờ" in told["message"]
    assert not [path for _, path, _ in desk.asked if path == "/credential"]

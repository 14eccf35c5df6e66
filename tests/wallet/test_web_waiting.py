"""What an issuer has promised, on the wallet's pages: seen on the first page, asked for in time, given up; nobody else's."""

from pathlib import Path

import pytest

from tests.idp.conftest import made, made_on_server, state
from tests.wallet.citizen import Citizen, register, wallet_app
from tests.wallet.issuer import LICENCE
from tests.wallet.later import LaterDesk
from tests.wallet.test_add import asked, back, begun
from tests.world import World
from tests.world_idp import State

__all__ = ["made", "made_on_server", "state"]


@pytest.fixture
def desk(world: World) -> LaterDesk:
    return LaterDesk(world, held=frozenset(LICENCE))


@pytest.fixture
def citizen(state: State, desk: LaterDesk, tmp_path: Path) -> Citizen:
    register(state)
    citizen = Citizen(wallet_app(desk, state, tmp_path / "wallet"), state)
    citizen.sign_in()
    return citizen


def promised(citizen: Citizen, desk: LaterDesk) -> str:
    answer = citizen.receive(desk.link, now=desk.world.now)
    assert answer.status_code == 200, answer.text
    told = answer.get_json()
    assert told["documents"] == []
    (waiting,) = told["waiting"]
    assert waiting["again_at"] == desk.world.now + 600 and waiting["type"] == "driving_licence"
    return str(waiting["id"])


def ask(citizen: Citizen, waiting: str) -> tuple[int, str]:
    answer = citizen.post(f"/waiting/{waiting}/ask", data={"csrf": citizen.csrf()})
    return answer.status_code, answer.headers.get("Location", answer.text)


def test_it_is_seen_and_asked_for_in_time(citizen: Citizen, desk: LaterDesk) -> None:
    waiting, now = promised(citizen, desk), desk.world.now
    (carried,) = citizen.get("/app/documents", headers={"Accept": "application/json"}).get_json()["waiting"]
    assert (carried["id"], carried["type"], carried["asked"], carried["again"]) == (
        waiting,
        "driving_licence",
        now,
        now + 600,
    )
    assert set(carried["prints"]) == citizen.keys.keys()  # the phone forgets them with it
    assert carried["title"]["en"] == "Driving licence" and "Không chờ nữa" in citizen.get(f"/waiting/{waiting}").text
    page = citizen.get("/documents").text
    assert "Đang chờ cấp" in page and "Không chờ nữa" in page and "Hỏi cơ quan cấp" not in page
    status, text = ask(citizen, waiting)
    assert status == 400 and "Chưa đến lúc hỏi lại." in text and desk.polled == []
    desk.world.now += 600
    assert "Hỏi cơ quan cấp" in citizen.get("/documents").text
    assert ask(citizen, waiting) == (303, f"/waiting/{waiting}")
    assert "Hỏi cơ quan cấp" not in citizen.get("/documents").text and len(desk.polled) == 3
    desk.world.now += 600
    desk.ready = True
    status, location = ask(citizen, waiting)
    assert status == 303 and location.startswith("/documents/")
    assert citizen.sign_in_again(now=desk.world.now).get(location).status_code == 200  # to read it wants a recent proof
    assert "Đang chờ cấp" not in citizen.get("/documents").text
    assert "Đang chờ cấp" in citizen.get("/history").text


def test_the_access_token_is_renewed_where_there_is_a_refresh_token(citizen: Citizen, desk: LaterDesk) -> None:
    desk.configurations = LICENCE
    sent = asked(citizen)
    arrived = back(citizen, sent["state"])
    desk.held = frozenset(each.removeprefix("credential:") for each in sent["scope"].split() if ":" in each)
    receipt = begun(citizen.get(arrived.headers["Location"]))
    proofs = citizen.prove(receipt, now=desk.world.now)
    done = citizen.call("/receive/complete", {"receipt": receipt["receipt"], "proofs": proofs}).get_json()
    (waiting,) = done["waiting"]
    desk.world.now += 600
    desk.ready, desk.tokens_good = True, False
    status, text = ask(citizen, waiting["id"])
    assert status == 400 and "hết hạn" in text
    assert desk.renewals == ["renewal-0", "renewal-1"], "it was tried once"
    assert "Đang chờ cấp" not in citizen.get("/documents").text


def test_waiting_no_longer_is_asked_first(citizen: Citizen, desk: LaterDesk) -> None:
    waiting = promised(citizen, desk)
    path = f"/waiting/{waiting}/forget"
    assert "Không chờ nữa" in citizen.get(path).text
    assert citizen.post(path).status_code == 403, "without the form's token"
    assert citizen.post(path, data={"csrf": citizen.csrf()}).status_code == 303
    assert "Đang chờ cấp" not in citizen.get("/documents").text
    assert citizen.get(path).status_code == 404 and ask(citizen, waiting)[0] == 404


def test_nobody_else_sees_asks_or_ends_it(citizen: Citizen, desk: LaterDesk) -> None:
    waiting = promised(citizen, desk)
    desk.world.now += 600
    desk.ready = True
    other = Citizen(citizen.app, citizen.provider)
    other.sign_in(identifier="999090000111")
    assert "Đang chờ cấp" not in other.get("/documents").text
    assert ask(other, waiting)[0] == 404 and other.get(f"/waiting/{waiting}").status_code == 404
    assert other.get(f"/waiting/{waiting}/forget").status_code == 404
    assert other.post(f"/waiting/{waiting}/forget", data={"csrf": other.csrf()}).status_code == 404
    assert desk.polled == []
    assert Citizen(citizen.app, citizen.provider).get(f"/waiting/{waiting}/forget").status_code == 303, "sign in first"
    assert ask(citizen, waiting)[0] == 303


def test_what_is_removed_is_told(citizen: Citizen, desk: LaterDesk) -> None:
    """The issuer hears from who has an access token: by the refresh token, which goes afterwards."""
    desk.held, desk.configurations = frozenset(), LICENCE
    sent = asked(citizen)
    arrived = back(citizen, sent["state"])
    receipt = begun(citizen.get(arrived.headers["Location"]))
    proofs = citizen.prove(receipt, now=desk.world.now)
    done = citizen.call("/receive/complete", {"receipt": receipt["receipt"], "proofs": proofs}).get_json()
    before = len(desk.told)
    assert before and {event for _, event in desk.told} == {"credential_accepted"}
    assert citizen.post(f"{done['documents'][0]['location']}/remove", data={"csrf": citizen.csrf()}).status_code == 303
    assert {event for _, event in desk.told[before:]} == {"credential_deleted"} and len(desk.told) == 2 * before
    assert desk.revoked == ["renewal-1"], "the one that is good now"


def test_while_one_is_promised_no_other_is_asked_for_by_itself(citizen: Citizen, desk: LaterDesk) -> None:
    """A telephone refills at each meeting with the network: an officer must not get a request each time."""
    desk.held, desk.configurations = frozenset(), LICENCE
    sent = asked(citizen)
    receipt = begun(citizen.get(back(citizen, sent["state"]).headers["Location"]))
    proofs = citizen.prove(receipt, now=desk.world.now)
    done = citizen.call("/receive/complete", {"receipt": receipt["receipt"], "proofs": proofs}).get_json()
    (document,) = done["documents"]
    desk.held = frozenset(each["configuration"] for each in receipt["proofs"])
    first = citizen.call("/app/refill", {"document": document["id"]}).get_json()
    proofs = citizen.prove(first, now=desk.world.now)
    told = citizen.call("/receive/complete", {"receipt": first["receipt"], "proofs": proofs}).get_json()
    assert told["documents"] == [] and len(told["waiting"]) == 1
    again = citizen.call("/app/refill", {"document": document["id"]})
    assert (again.status_code, again.get_json()["error"]) == (400, "too_early")
    assert citizen.get(document["location"]).status_code == 200, "what is held stays until the new one is here"

"""The wallet's pages with documents in three formats: one card, views to show as before, and what else is held."""

import json
from pathlib import Path

import pytest

from tests.idp.conftest import made, made_on_server, state
from tests.wallet.citizen import Citizen, register, wallet_app
from tests.wallet.issuer import LICENCE, WHOLE, IssuerDesk
from tests.world import World
from tests.world_idp import State
from wallet.issuer import NONCE_LIMIT
from wallet.offer import CONFIGURATIONS_LIMIT
from wallet.receive import COPIES
from wallet.web.frame import BODY_LIMIT

__all__ = ["made", "made_on_server", "state"]


@pytest.fixture
def desk(world: World) -> IssuerDesk:
    return IssuerDesk(world, configurations=(*LICENCE, *WHOLE))


@pytest.fixture
def citizen(state: State, desk: IssuerDesk, tmp_path: Path) -> Citizen:
    register(state)
    citizen = Citizen(wallet_app(desk, state, tmp_path / "wallet"), state)
    citizen.sign_in()
    return citizen


def test_a_browser_receives_every_format_and_sees_one_card(citizen: Citizen, desk: IssuerDesk) -> None:
    offered = citizen.get(
        "/receive", query_string={"credential_offer_uri": "http://localhost:5000/credential-offers/1"}
    )
    assert "SD-JWT VC, mdoc" in offered.text and "Gồm 3 cách xuất trình riêng" in offered.text
    begun = citizen.begin(desk.link).get_json()
    named = [each["configuration"] for each in begun["proofs"]]
    assert named == [each for each in (*LICENCE, *WHOLE) for _ in range(COPIES)]
    proofs = citizen.prove(begun, now=desk.world.now)
    done = citizen.call("/receive/complete", {"receipt": begun["receipt"], "proofs": proofs})
    assert done.status_code == 200, done.text
    (document,) = done.get_json()["documents"]
    assert document["views"] == ["licence", "age_over_18", "full"]
    assert document["formats"] == {"vn1_cwt": 3 * COPIES, "dc+sd-jwt": COPIES, "mso_mdoc": COPIES}
    home = citizen.get("/documents").text
    assert home.count('data-type="driving_licence"') == 1
    details = citizen.get(document["location"]).text
    assert details.count('<li class="card">') == 3 and 'id="whole"' in details
    assert f"SD-JWT VC: {COPIES} bản" in details and f"mdoc: {COPIES} bản" in details
    assert "12 Ngõ" in details or "Nơi cư trú" in details  # what only the whole document tells is among the details
    english = citizen.get(document["location"] + "?lang=en").text
    assert f"mdoc: {COPIES} copies that cannot be linked" in english


@pytest.mark.parametrize("state", ["sqlite"], indirect=True)
def test_the_most_that_an_offer_may_hold_fits_one_call(citizen: Citizen, desk: IssuerDesk) -> None:
    kinds = ("driving_licence", "citizen_identity", "health_record", "tax_registration")
    known = [each for each in desk.metadata()["credential_configurations_supported"] if each.startswith(kinds)]
    desk.configurations = tuple(known[:CONFIGURATIONS_LIMIT])
    begun = citizen.begin(desk.link).get_json()
    proofs = citizen.prove(begun, now=desk.world.now)
    assert len(desk.configurations) == CONFIGURATIONS_LIMIT and len(proofs) == CONFIGURATIONS_LIMIT * COPIES
    body = {"receipt": begun["receipt"], "proofs": proofs}
    done = citizen.call("/receive/complete", body)
    assert done.status_code == 200, done.text
    longest = NONCE_LIMIT * 4 // 3  # of an issuer's nonce, in base64url
    assert len(json.dumps(body)) + longest * len(proofs) < BODY_LIMIT


def test_a_document_that_fits_no_code_is_shown_without_a_button(citizen: Citizen, desk: IssuerDesk) -> None:
    desk.configurations = WHOLE
    (document,) = citizen.receive(desk.link, now=desk.world.now).get_json()["documents"]
    details = citizen.get(document["location"]).text
    assert 'id="show"' not in details and 'id="whole"' in details
    assert citizen.get("/documents").status_code == 200


@pytest.mark.parametrize("change", ["fewer", "more", "moved"])
def test_proofs_are_one_for_each_copy(citizen: Citizen, desk: IssuerDesk, change: str) -> None:
    begun = citizen.begin(desk.link).get_json()
    proofs = citizen.prove(begun, now=desk.world.now)
    if change == "fewer":
        proofs = proofs[:-1]
    elif change == "more":
        proofs = [*proofs, proofs[-1]]
    else:
        proofs[-1]["configuration"] = WHOLE[0]
    refused = citizen.call("/receive/complete", {"receipt": begun["receipt"], "proofs": proofs})
    assert refused.status_code == 400 and refused.get_json()["error"] == "proof_invalid"
    assert not [path for _, path, _ in desk.asked if path == "/credential"]

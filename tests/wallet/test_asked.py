"""A reader asks, and a citizen answers at the wallet's pages: from the link to what the reader can verify, and to the refusals.

Spec: OpenID4VP 1.0 §6.4, §8, §14.1, Annex B.2.6, B.3.6; attacks VP-01, VP-02, VP-06, VP-08, KB-04, MD groups from the holder's side.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from werkzeug.test import TestResponse

from certs import jose
from certs.encoding import b64url_decode, b64url_encode, json_encode
from certs.fetch import FetchError, Response
from certs.formats import Expected, Verified, mdoc, sd_jwt
from certs.formats.elements import ISO_NAMESPACE
from certs.formats.session_transcript import SessionTranscript, redirect
from certs.keys import MemorySigner
from certs.status import Status
from tests.idp.conftest import made, made_on_server, state
from tests.wallet.citizen import Citizen, register, wallet_app
from tests.wallet.issuer import IssuerDesk, whole
from tests.wallet.reader import (
    ANSWER,
    BACK,
    HOST,
    MAY,
    MDOC,
    NAME,
    NONCE,
    REQUEST,
    SD_JWT,
    VCT,
    ReaderDesk,
    at_the_wallet,
    listed,
    query,
    sign_in,
)
from tests.world import PID, RECORDS, World
from tests.world_idp import State
from wallet.answering import sign
from wallet.reader_metadata import Encryption
from wallet.receive import COPIES

__all__ = ["made", "made_on_server", "state"]

LICENCE = ("driving_licence.age_over_18", "driving_licence.sd_jwt", "driving_licence.mdoc")
HEALTH = ("health_record.sd_jwt",)
OURS = f"{ISO_NAMESPACE}.VN"


@pytest.fixture
def desk(world: World) -> IssuerDesk:
    return IssuerDesk(world, configurations=LICENCE)


@pytest.fixture
def reader(world: World, desk: IssuerDesk) -> ReaderDesk:
    return ReaderDesk(world, desk)


@pytest.fixture
def citizen(reader: ReaderDesk, tmp_path: Path) -> Citizen:
    return at_the_wallet(reader, tmp_path / "wallet")


@pytest.fixture
def holder(citizen: Citizen, desk: IssuerDesk) -> Citizen:
    """A citizen with a licence in three formats."""
    receive(citizen, desk, *LICENCE)
    return citizen


def receive(citizen: Citizen, desk: IssuerDesk, *configurations: str) -> str:
    desk.configurations, desk.redeemed = configurations, False
    done = citizen.receive(desk.link, now=desk.world.now)
    assert done.status_code == 200, done.text
    return str(done.get_json()["documents"][0]["id"])


def opened(citizen: Citizen, reader: ReaderDesk, **more: str) -> str:
    """By the link of the reader's page in this browser; the path of the consent page."""
    response = citizen.get(
        "/present"
        + urlsplit(reader.link(scheme="https://x/present", **more))._replace(scheme="", netloc="", path="").geturl()
    )
    assert response.status_code == 303, response.text
    return str(response.headers["Location"])


def prepared(citizen: Citizen, path: str, *, options: list[Any] | None = None, **documents: list[str]) -> TestResponse:
    body = {"options": [0] if options is None else options, "documents": documents}
    return citizen.call(f"{path}/prepare", body)


def proofs_of(citizen: Citizen, wanted: list[dict[str, Any]]) -> list[str]:
    return [sign(each, citizen.keys[each["thumbprint"]]) for each in wanted]


def sent(citizen: Citizen, path: str, ready: TestResponse, proofs: list[str] | None = None) -> TestResponse:
    assert ready.status_code == 200, ready.text
    told = ready.get_json()
    made_ = proofs_of(citizen, told["wanted"]) if proofs is None else proofs
    return citizen.call(f"{path}/send", {"signing": told["signing"], "proofs": made_})


def answered(citizen: Citizen, reader: ReaderDesk, **how: Any) -> dict[str, Any]:
    path = opened(citizen, reader)
    done = sent(citizen, path, prepared(citizen, path, **how))
    assert done.status_code == 200, done.text
    return reader.opened()


def verified_sd_jwt(reader: ReaderDesk, presentation: str) -> Verified:
    bundle = reader.world.open_bundle()
    expected = Expected(audience=reader.client_id, challenge=NONCE.encode())
    return sd_jwt.verify(
        presentation, trust=bundle.trust, statuses=bundle.statuses, now=reader.world.now, expected=expected
    )


def verified_mdoc(reader: ReaderDesk, presentation: str, transcript: SessionTranscript | None = None) -> Verified:
    bundle = reader.world.open_bundle()
    thumbprint = Encryption(reader.key.public, "A256GCM").thumbprint if reader.encrypted else None
    own = redirect(client_id=reader.client_id, nonce=NONCE, response_uri=ANSWER, thumbprint=thumbprint)
    return mdoc.verify(
        b64url_decode(presentation),
        transcript=transcript or own,
        trust=bundle.trust,
        statuses=bundle.statuses,
        now=reader.world.now,
        expected=Expected(),
    )


# --- the good way -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("prefix", [0, 1])
def test_both_formats_arrive_with_what_was_asked_for_and_no_more(
    holder: Citizen, reader: ReaderDesk, encrypted: bool, prefix: int
) -> None:
    reader.asks, reader.encrypted, reader.prefix = query(SD_JWT, MDOC), encrypted, prefix
    answer = answered(holder, reader)
    assert answer["state"] == "state-1" and set(answer["vp_token"]) == {"licence", "mdl"}
    assert ("response" in reader.answers[-1]) is encrypted
    (first,), (second,) = answer["vp_token"]["licence"], answer["vp_token"]["mdl"]
    told = verified_sd_jwt(reader, first)
    assert told.claims == {"full_name": "Nguyễn Thị Thuỳ Dương", "classes": [{"class": "A1"}]}
    assert told.partial == ("classes",) and told.audience == reader.client_id
    shown = verified_mdoc(reader, second)
    assert shown.elements == {ISO_NAMESPACE: {"family_name": "Nguyen"}, OURS: {"full_name": "Nguyễn Thị Thuỳ Dương"}}
    assert shown.holder_thumbprint != told.holder_thumbprint


def test_who_fetched_it_by_post_said_its_nonce(holder: Citizen, reader: ReaderDesk) -> None:
    path = opened(holder, reader, request_uri_method="post")
    assert sent(holder, path, prepared(holder, path)).get_json() == {"location": BACK}
    assert reader.fetched[0] is not None and len(reader.fetched) == 1, "asked for once, whatever page was loaded"


def test_the_page_says_who_asks_what_for_what_leaves_and_what_stays(holder: Citizen, reader: ReaderDesk) -> None:
    path = opened(holder, reader)
    vi, en = holder.get(path).text, holder.get(path + "?lang=en").text
    assert NAME.vi in vi and NAME.en in en and "Opening an account" in en
    assert 'id="host">bank.example<' in en and "trust list (simulation)" in en
    assert "Nguyễn Thị Thuỳ Dương" in en and "một phần: A1" in vi
    leaving, staying = re.search(r'<dl class="facts leaving">(.*?)</dl>', en, re.DOTALL), en.partition("Kept back")[2]
    assert leaving is not None and "2003" not in leaving[1] and "Full name" in leaving[1]
    assert "Date of birth" in staying and "Full name" not in staying
    assert 'id="sensitive"' not in en and 'id="retained"' not in en and "{}" not in en


def test_sensitive_and_retained_claims_are_marked(citizen: Citizen, desk: IssuerDesk, reader: ReaderDesk) -> None:
    receive(citizen, desk, *HEALTH)
    meta = {"vct_values": [VCT.replace("driving_licence", "health_record")]}
    claims = [{"path": ["blood_group"]}, {"path": ["allergies", None]}]
    reader.asks = query({"id": "health", "format": "dc+sd-jwt", "meta": meta, "claims": claims})
    page = citizen.get(opened(citizen, reader) + "?lang=en").text
    assert 'id="sensitive"' in page and page.count('class="state-word sensitive"') == 2
    reader.asks = query({**MDOC, "claims": [{"path": [OURS, "full_name"], "intent_to_retain": True}]})
    receive(citizen, desk, *LICENCE)
    assert 'id="retained"' in citizen.get(opened(citizen, reader)).text


def test_each_presentation_uses_another_copy_until_there_is_none(holder: Citizen, reader: ReaderDesk) -> None:
    seen = []
    for number in range(COPIES):
        reader.changes["nonce"] = f"{NONCE}-{number}"
        presentation = answered(holder, reader)["vp_token"]["licence"][0]
        seen.append(sd_jwt.peek(presentation).holder.thumbprint())
    assert len(set(seen)) == COPIES
    (told,) = holder.get("/app/documents").get_json()["documents"]
    fresh = [each["fresh"] for each in told["whole"]]
    assert fresh[0] == 0, "so that the phone fetches more"
    reader.changes["nonce"] = f"{NONCE}-last"
    path = opened(holder, reader)
    none = prepared(holder, path)
    assert none.status_code == 400 and none.get_json()["error"] == "copies_used_up"


def test_one_document_for_two_questions_goes_out_in_two_copies(holder: Citizen, reader: ReaderDesk) -> None:
    reader.asks = query(SD_JWT, {**SD_JWT, "id": "again", "claims": [{"path": ["birth_date"]}]})
    token = answered(holder, reader)["vp_token"]
    assert len({sd_jwt.peek(one).holder.thumbprint() for (one,) in token.values()}) == 2


def test_the_history_names_claims_and_never_values(holder: Citizen, reader: ReaderDesk) -> None:
    answered(holder, reader)
    page = holder.get("/history?lang=en").text
    assert "Presented" in page and "Full name" in page and "Thuỳ Dương" not in page and PID not in page


# --- choices ----------------------------------------------------------------------------------------------------------


def test_the_first_set_of_claims_is_chosen_and_no_birthday_is_sent(holder: Citizen, reader: ReaderDesk) -> None:
    claims = [{"id": "age", "path": ["age_over_18"], "values": [True]}, {"id": "born", "path": ["birth_date"]}]
    reader.asks = query({**SD_JWT, "claims": claims, "claim_sets": [["age"], ["born"]]})
    (presentation,) = answered(holder, reader)["vp_token"]["licence"]
    assert verified_sd_jwt(reader, presentation).claims == {"age_over_18": True}


def test_alternatives_are_the_citizens_choice_and_optional_parts_stay_unless_added(
    holder: Citizen, reader: ReaderDesk
) -> None:
    extra = {**SD_JWT, "id": "extra", "claims": [{"path": ["licence_number"]}]}
    sets = [{"options": [["licence"], ["mdl"]]}, {"options": [["extra"]], "required": False}]
    reader.asks = query(SD_JWT, MDOC, extra, credential_sets=sets)
    page = holder.get(opened(holder, reader)).text
    assert page.count('name="set-0"') == 2 and page.count('type="checkbox" name="set-1"') == 1
    assert set(answered(holder, reader, options=[1, None])["vp_token"]) == {"mdl"}
    reader.changes["nonce"] = NONCE + "-2"
    assert set(answered(holder, reader, options=[0, 0])["vp_token"]) == {"licence", "extra"}
    reader.changes["nonce"] = NONCE + "-3"
    path = opened(holder, reader)
    for wrong in ([None, None], [2, None], [-1, None], [0], [0, 1], [0, 0, 0]):
        assert prepared(holder, path, options=wrong).get_json()["error"] == "nothing_fits"
    several: tuple[Any, ...] = (
        {"options": "0", "documents": {}},
        {"options": [0.5], "documents": {}},
        {"options": [0]},
        [],
    )
    for garbage in several:
        assert holder.call(f"{path}/prepare", garbage).get_json()["error"] == "request_malformed"


def test_of_several_documents_one_is_chosen_and_more_only_where_asked(
    citizen: Citizen, desk: IssuerDesk, reader: ReaderDesk
) -> None:
    kind = "vehicle_registration"
    reader.world.readers = (listed(reader.desk, rights=(*MAY, *_right(kind, "plate"))),)
    asked = {"id": "car", "format": "dc+sd-jwt", "meta": {"vct_values": [VCT.replace("driving_licence", kind)]}}
    reader.asks = query({**asked, "claims": [{"path": ["plate"]}]})
    first = receive(citizen, desk, f"{kind}.sd_jwt")
    desk.sign = lambda type_, view, holder: _other_car(reader.world, type_, view, holder)
    second = receive(citizen, desk, f"{kind}.sd_jwt")
    path = opened(citizen, reader)
    page = citizen.get(path).text
    assert page.count('type="radio" name="document-car"') == 2
    assert prepared(citizen, path, car=[first, second]).get_json()["error"] == "nothing_fits"
    assert prepared(citizen, path, car=["somebody-elses"]).get_json()["error"] == "nothing_fits"
    assert sent(citizen, path, prepared(citizen, path, car=[first])).status_code == 200
    assert len(reader.opened()["vp_token"]["car"]) == 1
    reader.asks = query({**asked, "multiple": True, "claims": [{"path": ["plate"]}]})
    reader.changes["nonce"] = NONCE + "-2"
    path = opened(citizen, reader)
    assert citizen.get(path).text.count('type="checkbox" name="document-car"') == 2
    for nothing in (
        {},
        {"car": []},
    ):  # every box unticked, or a second one came since the page was drawn: none is picked silently
        assert prepared(citizen, path, **nothing).get_json()["error"] == "nothing_fits"
    assert sent(citizen, path, prepared(citizen, path, car=[first, second])).status_code == 200
    plates = {sd_jwt.peek(one).claims["plate"] for one in reader.opened()["vp_token"]["car"]}
    assert len(plates) == 2


def _right(kind: str, *claims: str) -> tuple[Any, ...]:
    return (type(MAY[0])(kind, (), claims),)


def _other_car(world: World, type_: str, view: str, holder: MemorySigner) -> bytes:
    record = {**RECORDS[type_], "plate": "30G99999"}
    return whole(world, type_, view, holder=holder, record=record)


def test_without_a_document_the_page_says_which_and_the_reader_learns_nothing(
    citizen: Citizen, reader: ReaderDesk
) -> None:
    path = opened(citizen, reader)
    page = citizen.get(path + "?lang=en").text
    assert 'id="missing"' in page and "Driving licence" in page and 'id="share"' not in page
    assert reader.answers == []
    assert prepared(citizen, path).get_json()["error"] == "nothing_fits"


@pytest.mark.parametrize("standing", [Status.INVALID, Status.SUSPENDED])
def test_a_revoked_document_is_not_offered(holder: Citizen, reader: ReaderDesk, standing: Status) -> None:
    for index in range(reader.world.next_index + 1):
        reader.world.set_state(index, standing)
    reader.world.sequence += 1
    (holder.app.extensions["wallet"].trust)._asked_at = 0
    assert 'id="missing"' in holder.get(opened(holder, reader)).text


# --- no -------------------------------------------------------------------------------------------------------------


def test_who_declines_tells_the_reader_so_and_no_more(holder: Citizen, reader: ReaderDesk) -> None:
    path = opened(holder, reader)
    done = holder.post(f"{path}/decline", data={"csrf": holder.csrf()})
    assert (done.status_code, done.headers["Location"]) == (303, BACK)
    assert reader.answers == [{"error": "access_denied", "error_description": "nothing is shared", "state": "state-1"}]
    assert holder.get(path).status_code == 404
    assert NAME.en in holder.get("/history?lang=en").text


def test_a_page_lets_its_form_end_at_the_reader_and_nowhere_else(holder: Citizen, reader: ReaderDesk) -> None:
    page = holder.get(opened(holder, reader))
    assert page.headers["Content-Security-Policy"].endswith(f"form-action 'self' {HOST}")


def test_vp_09_a_way_back_to_somebody_else_is_not_taken(holder: Citizen, reader: ReaderDesk) -> None:
    for address in ("https://evil.example/", "javascript:alert(1)", "http://bank.example/", "//bank.example", 1, None):
        reader.answer = Response(200, {}, json_encode({"redirect_uri": address}))
        reader.changes["nonce"] = f"{NONCE}-{len(reader.answers)}"
        path = opened(holder, reader)
        done = holder.post(f"{path}/decline", data={"csrf": holder.csrf()})
        assert done.status_code == 200 and "evil" not in done.text and 'id="to-reader"' not in done.text
    reader.changes["nonce"] = f"{NONCE}-last"
    path = opened(holder, reader)
    assert sent(holder, path, prepared(holder, path)).get_json() == {"location": None}


def test_a_scanned_question_leads_back_by_a_link_alone(holder: Citizen, reader: ReaderDesk) -> None:
    scanned = holder.call("/scan", {"text": reader.link()}).get_json()["location"]
    page = holder.get(scanned).text
    assert 'data-here=""' in page and 'data-here="yes"' in holder.get(opened(holder, reader)).text
    done = holder.post(f"{scanned}/decline", data={"csrf": holder.csrf()})
    assert done.status_code == 200 and f'href="{BACK}"' in done.text


def test_a_scanned_question_that_is_no_good_is_refused_and_written_down(holder: Citizen, reader: ReaderDesk) -> None:
    reader.world.readers = ()
    reader.world.sequence = reader.world.list_sequence = 2
    holder.app.extensions["wallet"].trust._asked_at = 0
    link = reader.link(scheme="haip-vp://")
    for _ in range(2):  # each time the person's own act
        scanned = holder.call("/scan", {"text": link})
        assert (scanned.status_code, scanned.get_json()["error"]) == (403, "reader_untrusted")
    assert refusals(holder) == 2


def test_a_question_by_value(holder: Citizen, reader: ReaderDesk) -> None:
    link = reader.by_value()
    page = holder.get("/present?" + link.partition("?")[2])
    assert page.status_code == 303 and reader.fetched == []


# --- a reader that means no good --------------------------------------------------------------------------------------


def refused(citizen: Citizen, reader: ReaderDesk, status: int, **more: str) -> str:
    response = citizen.get("/present?" + reader.link(**more).partition("?")[2])
    assert response.status_code == status, response.text
    return response.text


def refusals(citizen: Citizen) -> int:
    return citizen.get("/history?lang=en").text.count("The wallet refused to answer for you")


def test_a_link_that_is_opened_again_is_no_second_line(holder: Citizen, reader: ReaderDesk) -> None:
    reader.asks = query({**SD_JWT, "claims": [{"path": ["points"]}]})
    for _ in range(3):
        refused(holder, reader, 403)
    history = holder.get("/history?lang=en").text
    assert refusals(holder) == 1 and NAME.en in history and "Asked for: Driving licence: " in history


def test_links_of_strangers_do_not_fill_the_history(holder: Citizen, reader: ReaderDesk) -> None:
    """Any page can open them for whoever is signed in: one line a day says that somebody did."""
    reader.changes["response_uri"] = "https://evil.example/answers"
    for number in range(5):
        reader.changes["nonce"] = f"{NONCE}-{number}"
        refused(holder, reader, 403, lang="vi" if number % 2 else "en")
    assert refusals(holder) == 1


def test_over_asking_is_refused_before_the_citizen_is_asked(holder: Citizen, reader: ReaderDesk) -> None:
    reader.asks = query({**SD_JWT, "claims": [{"path": ["points"]}]})
    page = refused(holder, reader, 403, lang="en")
    assert "wants more than it may" in page and "Test bank" in page and "oints" in page and "Share" not in page
    assert reader.answers[0]["error"] == "invalid_request" and "12" not in reader.answers[0].values()
    history = holder.get("/history?lang=en").text
    assert NAME.en in history


def test_a_stranger_is_told_nothing_and_the_history_has_where_it_came_from(holder: Citizen, reader: ReaderDesk) -> None:
    reader.changes["response_uri"] = "https://evil.example/answers"
    refused(holder, reader, 403)
    assert reader.answers == []
    assert "bank.example" in holder.get("/history").text and NAME.vi not in holder.get("/history").text


def test_vp_01_kb_04_a_nonce_that_was_answered_is_not_answered_again(holder: Citizen, reader: ReaderDesk) -> None:
    early = opened(holder, reader)  # two tabs, one question
    answered(holder, reader)
    assert "reader_repeats" in sent(holder, early, prepared(holder, early)).text
    assert len(reader.answers) == 1
    refused(holder, reader, 400)
    other = ReaderDesk(reader.world, reader.issuer)  # another reader may draw the same
    reader.world.readers = (listed(reader.desk), listed(other.desk))
    reader.desk = other.desk
    reader.world.sequence = reader.world.list_sequence = 2
    holder.app.extensions["wallet"].trust._asked_at = 0
    assert opened(holder, reader)


def test_vp_01_an_answer_is_sent_once(holder: Citizen, reader: ReaderDesk) -> None:
    path = opened(holder, reader)
    ready = prepared(holder, path)
    assert sent(holder, path, ready).status_code == 200
    again = sent(holder, path, ready)
    assert again.status_code == 404 and again.get_json()["error"] == "answering_gone"
    assert holder.post(f"{path}/decline", data={"csrf": holder.csrf()}).status_code == 404
    assert len(reader.answers) == 1


@pytest.mark.parametrize("change", ["key", "aud", "nonce", "sd_hash", "iat", "typ", "device", "fewer", "more", "none"])
def test_kb_02_kb_03_kb_04_kb_05_kb_06_kb_08_what_the_browser_signed_wrongly_does_not_leave(
    holder: Citizen, reader: ReaderDesk, change: str
) -> None:
    reader.asks = query(SD_JWT, MDOC)
    path = opened(holder, reader)
    ready = prepared(holder, path)
    wanted = ready.get_json()["wanted"]
    right = proofs_of(holder, wanted)
    key, binding = holder.keys[wanted[0]["thumbprint"]], wanted[0]["binding"]
    wrong = {
        "key": [sign(wanted[0], MemorySigner.generate()), right[1]],
        "aud": [sign({"binding": {**binding, "aud": "x509_san_dns:evil.example"}}, key), right[1]],
        "nonce": [sign({"binding": {**binding, "nonce": "another-nonce-of-somebody"}}, key), right[1]],
        "sd_hash": [sign({"binding": {**binding, "sd_hash": binding["nonce"]}}, key), right[1]],
        "iat": [sign({"binding": {**binding, "iat": binding["iat"] - 400}}, key), right[1]],
        "typ": [jose.sign(binding, key, typ="jwt", headers={"kid": None}), right[1]],
        "device": [right[0], b64url_encode(bytes(64))],
        "fewer": right[:1],
        "more": [*right, right[0]],
        "none": ["", ""],
    }[change]
    refusal = sent(holder, path, ready, wrong)
    assert refusal.status_code == 400 and refusal.get_json()["error"] == "proof_invalid", refusal.text
    assert reader.answers == []
    assert sent(holder, path, ready, right).status_code == 200  # nothing was used up


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response(400, {}, b'{"error": "invalid_request"}'), "answer_refused"),
        (Response(302, {"location": "https://evil.example"}, b""), "answer_refused"),
        (FetchError("too_slow", ""), "answer_unsent"),
    ],
)
def test_an_answer_that_is_not_taken_stands_in_the_history_as_that(
    holder: Citizen, reader: ReaderDesk, answer: Any, code: str
) -> None:
    reader.answer = answer
    path = opened(holder, reader)
    done = sent(holder, path, prepared(holder, path))
    assert done.status_code == 400 and done.get_json()["error"] == code
    history = holder.get("/history?lang=en").text
    assert history.count('<li class="card">') == 3 and "Failed" in history and "Presented" in history


@pytest.mark.parametrize("body", [b"", b"not JSON", b"[]"])
def test_what_a_reader_says_after_it_took_the_answer_takes_nothing_back(
    holder: Citizen, reader: ReaderDesk, body: bytes
) -> None:
    reader.answer = Response(200, {}, body)
    path = opened(holder, reader)
    assert sent(holder, path, prepared(holder, path)).get_json() == {"location": None}


def test_a_reader_that_is_withdrawn_while_the_page_is_open_gets_nothing(holder: Citizen, reader: ReaderDesk) -> None:
    path = opened(holder, reader)
    ready = prepared(holder, path)
    reader.world.readers = (listed(reader.desk, until=reader.world.now - 1),)
    reader.world.sequence = reader.world.list_sequence = 2
    holder.app.extensions["wallet"].trust._asked_at = 0
    assert sent(holder, path, ready).status_code == 403 and reader.answers == []


def test_an_mdoc_made_for_one_reader_holds_for_no_other(holder: Citizen, reader: ReaderDesk) -> None:
    reader.asks = query(MDOC)
    (presentation,) = answered(holder, reader)["vp_token"]["mdl"]
    for client_id, nonce, address in (
        ("x509_san_dns:evil.example", NONCE, ANSWER),
        (reader.client_id, "another-nonce-of-somebody", ANSWER),
        (reader.client_id, NONCE, "https://evil.example/answers"),
    ):
        other = redirect(client_id=client_id, nonce=nonce, response_uri=address, thumbprint=None)
        with pytest.raises(Exception, match="holder_binding_invalid"):
            verified_mdoc(reader, presentation, other)


# --- whose it is ------------------------------------------------------------------------------------------------------


def test_a_question_belongs_to_who_opened_it(holder: Citizen, reader: ReaderDesk) -> None:
    path = opened(holder, reader)
    other = Citizen(holder.app, holder.provider)
    assert other.get(path).status_code == 303  # to the sign-in
    sign_in(other, "999203005678")
    assert other.get(path).status_code == 404
    assert other.call(f"{path}/prepare", {"options": [0], "documents": {}}).status_code == 404
    assert other.post(f"{path}/decline", data={"csrf": other.csrf()}).status_code == 404
    assert holder.get(path).status_code == 200


def test_who_is_not_signed_in_signs_in_first_and_no_address_is_called(
    state: State, reader: ReaderDesk, tmp_path: Path
) -> None:
    register(state)
    stranger = Citizen(wallet_app(reader.issuer, state, tmp_path / "wallet", web=reader), state)
    asked = stranger.get("/present?" + reader.link().partition("?")[2])
    assert asked.status_code == 303 and asked.headers["Location"].startswith("/sign-in?next=%2Fpresent%3F")
    assert reader.fetched == []
    location = stranger.sign_in(path=asked.headers["Location"]).headers["Location"]
    assert location.startswith("/present?client_id=") and REQUEST.rpartition("/")[2] in location
    assert stranger.get(location).status_code == 303 and len(reader.fetched) == 1


@pytest.mark.parametrize("call", ["prepare", "send", "decline"])
def test_calls_of_another_site_are_refused(holder: Citizen, reader: ReaderDesk, call: str) -> None:
    path = opened(holder, reader)
    assert holder.call(f"{path}/{call}", {}, csrf="wrong").status_code == 403
    forged = holder.post(
        f"{path}/{call}", json={}, headers={"X-CSRF-Token": holder.csrf(), "Sec-Fetch-Site": "cross-site"}
    )
    assert forged.status_code == 403 and reader.answers == []


def test_after_ten_minutes_the_question_is_over(holder: Citizen, reader: ReaderDesk) -> None:
    path = opened(holder, reader)
    reader.world.now += 601
    assert holder.get(path).status_code == 404


def test_names_in_a_request_are_shown_as_text(holder: Citizen, reader: ReaderDesk) -> None:
    claims = [{"path": ["<script>alert(1)</script>"]}]
    reader.asks = query({**SD_JWT, "claims": claims})
    assert "<script>alert" not in refused(holder, reader, 403)
    reader.asks, reader.changes = query(SD_JWT), {"state": "<script>alert(1)</script>"}
    assert "<script>alert" not in refused(holder, reader, 400)

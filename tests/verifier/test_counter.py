"""The counter's pages through its WSGI door: verdicts, uploads, language, forms, headers, sign-in."""

import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from certs import cbor, trust
from certs.encoding import b64url_encode
from certs.status import Status
from tests.certs.formats import mdocs, sd_jwts
from tests.pictures import picture_of, png_claiming
from tests.site import Answer, Site
from tests.verifier.foreign.abroad import Clinic, Country, folder_of, text_of
from tests.verifier.provider import CLIENT, PERSON, SECRET, Provider
from tests.world import DAY, RECORDS, World
from verifier.app import create_app
from verifier.config import Config, ConfigError, from_environment
from verifier.web.shelf import Shelf

AUSTRIA, CLINIC = Country(days=4000), Clinic()


class OwnName(FlaskClient):
    """Speaks to the counter by its own name unless a test says otherwise."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if args and isinstance(args[0], str):
            kwargs.setdefault("base_url", self.application.extensions["counter"].config.url)
        return super().open(*args, **kwargs)


@pytest.fixture
def world() -> World:
    return World(now=int(time.time()))


@pytest.fixture
def make(world: World, site: Site, tmp_path: Path) -> Callable[..., FlaskClient]:
    def make(**changes: object) -> FlaskClient:
        settings: dict[str, object] = {
            "url": "http://localhost:5002",
            "issuer": site.url,
            "bundle": tmp_path / "bundle.cbor",
            "client_id": CLIENT,
            "client_secret": SECRET,
            "session_key": b"k" * 32,
            "root_sha256": world.root_sha256,
            "refresh_seconds": 0,
            "simulation": True,
            **changes,
        }
        app = create_app(Config(**settings))  # type: ignore[arg-type]
        app.test_client_class = OwnName
        made.append(app)
        return app.test_client()

    made: list[object] = []
    yield make
    for app in made:
        app.extensions["counter"].keeper._fetcher.close()  # type: ignore[attr-defined]


@pytest.fixture
def client(world: World, make: Callable[..., FlaskClient], tmp_path: Path) -> FlaskClient:
    world.write_bundle(tmp_path / "bundle.cbor")
    return make()


def token(client: FlaskClient, page: str = "/check") -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(page).text)
    assert found
    return found[1]


def check(client: FlaskClient, follow: bool = True, **fields: object) -> TestResponse:
    data = {"form_token": token(client), **fields}
    return client.post("/check", data=data, content_type="multipart/form-data", follow_redirects=follow)


def upload(data: bytes, name: str = "code.png") -> tuple[io.BytesIO, str]:
    return io.BytesIO(data), name


def verdict(response: TestResponse) -> tuple[str, str]:
    found = re.search(r'data-outcome="(\w*)" data-code="(\w*)"', response.text)
    assert found, response.text
    return found[1], found[2]


# --- the verdict ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_accepted_from_a_picture(world: World, client: FlaskClient, kind: str) -> None:
    page = check(client, picture=upload(picture_of(world.present(), kind=kind)))
    assert (page.status_code, verdict(page)) == (200, ("accepted", ""))
    for words in ("Chấp nhận", "Nguyễn Thị Thuỳ Dương", "999 203 001 234", "Dữ liệu tin cậy: ", "Vì sao?"):
        assert words in page.text
    assert re.search(r'id="next" href="/check" autofocus', page.text)


def test_rejected_and_undetermined_from_text(world: World, client: FlaskClient) -> None:
    page = check(client, text=world.printed() + "\r\n")
    assert verdict(page) == ("rejected", "holder_binding_missing")
    assert "Từ chối" in page.text and "Nguyễn" not in page.text
    page = check(client, text=world.present(world.issue(uri="http://localhost:5000/x")))
    assert verdict(page) == ("undetermined", "status_unavailable")
    assert "Chưa xác định được" in page.text and "Nguyễn" not in page.text


def test_a_printed_code(world: World, client: FlaskClient) -> None:
    """Refused with what to do where prints are not taken; else accepted, with what it does not prove."""
    page = check(client, text=world.paper())
    assert verdict(page) == ("rejected", "holder_binding_missing")
    assert "Đây là mã in trên giấy" in page.text and "Nguyễn" not in page.text
    assert "Đây là mã in trên giấy" not in check(client, text=world.printed(), proof="printed").text
    for proof in ("printed", "none"):
        page = check(client, text=world.paper(), proof=proof)
        assert verdict(page) == ("accepted", "")
        assert 'data-printed="yes"' in page.text and "ai cũng có thể giữ một bản sao" in page.text
    page = check(client, picture=upload(picture_of(world.paper("citizen_identity", "portrait"))), proof="printed")
    assert re.search(r'<img class="portrait" id="portrait" src="data:image/webp;base64,UklGR', page.text)
    assert "So người trước mặt với ảnh" in page.text
    assert "data-printed" not in check(client, text=world.present(), proof="printed").text
    assert check(client, text=world.paper(), proof="anything").status_code == 400


def test_several_codes_keep_what_the_clerk_takes(world: World, client: FlaskClient) -> None:
    page = check(client, picture=upload(picture_of(world.paper(), world.present())), proof="printed")
    assert page.text.count('name="proof" value="printed"') == 2
    answer = scan(client, text=world.paper(), proof="printed")
    assert verdict(client.get(answer.json["location"])) == ("accepted", "")


def test_a_file_that_came_online(world: World, client: FlaskClient) -> None:
    """The clerk asked nothing online, so nothing proves the holder; whether it is genuine can be told all the same."""
    shown = mdocs.presented(world)
    text = sd_jwts.issue(world=world, issued=world.now - 60, expires=world.now + DAY)
    for given in (upload(shown, "shown.mdoc"), upload(b64url_encode(shown).encode(), "a.txt"), upload(text.encode())):
        data = given[0].getvalue()
        assert verdict(check(client, picture=given)) == ("rejected", "holder_binding_missing")
        page = check(client, picture=upload(data), proof="none")
        assert verdict(page) == ("accepted", "") and "Không chứng minh người đưa ra là chủ giấy tờ" in page.text
    page = check(client, picture=upload(shown), proof="none", documents="health_record")
    assert verdict(page) == ("rejected", "policy_refused") and "Giấy phép lái xe" in page.text


def test_a_machine_tells_what_it_asked_online(world: World, client: FlaskClient) -> None:
    shown = b64url_encode(mdocs.presented(world))
    asked = {"text": shown, "transcript": b64url_encode(mdocs.TRANSCRIPT.encoded)}
    headers = {"Accept": "application/json"}
    told = client.post("/check", json=asked, headers=headers).json
    assert (told["outcome"], told["format"], told["verified"]["holder_bound"]) == ("accepted", "mso_mdoc", True)
    assert client.post("/check", json={"text": shown}, headers=headers).json["code"] == "holder_binding_missing"
    assert client.post("/check", json={**asked, "transcript": "!"}, headers=headers).status_code == 400
    assert client.post("/check", json={**asked, "nonce": 5}, headers=headers).status_code == 400


def test_the_verdict_has_an_address_that_keeps_its_place(world: World, client: FlaskClient) -> None:
    answer = check(client, follow=False, text=world.present())
    assert answer.status_code == 303
    place = answer.headers["Location"]
    english = client.get(place + "?lang=en")
    assert "Accepted" in english.text and 'lang="en"' in english.text
    assert "Accepted" in client.get(place).text  # the choice is kept
    assert client.application.test_client().get(place).status_code == 303  # not for another browser
    assert client.get("/verdict/guessed").status_code == 303


def test_what_the_clerk_insists_on(world: World, client: FlaskClient) -> None:
    adult = world.present(world.issue("driving_licence", "age_over_18"))
    assert verdict(check(client, text=adult, documents="age_over_18"))[0] == "accepted"
    assert verdict(check(client, text=adult, documents="driving_licence"))[0] == "accepted"
    assert verdict(check(client, text=adult, documents="health_record")) == ("rejected", "policy_refused")
    assert verdict(check(client, text=world.present(), documents="age_over_18")) == ("rejected", "policy_refused")
    assert check(client, text=adult, documents="passport").status_code == 400


def test_the_first_page_leads_to_the_provider(client: FlaskClient, site: Site) -> None:
    page = client.get("/").text
    assert f'id="provider" href="{site.url}"' in page and "5001" not in page


def test_a_refusal_says_what_was_asked_and_what_was_shown(world: World, client: FlaskClient) -> None:
    page = check(client, text=world.present(), documents="tax_registration")
    assert re.findall(r'id="(asked|shown)">([^<]+)<', page.text) == [
        ("asked", "Đăng ký thuế"),
        ("shown", "Giấy phép lái xe"),
    ]
    english = client.get(page.request.path + "?lang=en").text
    assert re.findall(r"<dt>(Asked|Shown)</dt><dd[^>]*>([^<]+)<", english) == [
        ("Asked", "Tax registration"),
        ("Shown", "Driving licence"),
    ]


def test_a_minor_is_no_adult(world: World, client: FlaskClient) -> None:
    child = {**RECORDS["driving_licence"], "age_over_18": False}
    young = world.present(world.issue("driving_licence", "age_over_18", child))
    assert verdict(check(client, text=young, documents="age_over_18")) == ("rejected", "policy_refused")
    assert 'id="asked"' not in check(client, text=young, documents="age_over_18").text  # it is the right document
    page = check(client, text=young)
    assert verdict(page)[0] == "accepted" and 'id="minor"' in page.text


def test_two_codes_in_one_picture_wait_for_a_choice(world: World, client: FlaskClient) -> None:
    good, bad = world.present(), world.printed()
    page = check(client, picture=upload(picture_of(good, bad)), documents="driving_licence")
    assert page.status_code == 200 and 'id="code-2"' in page.text and "data-outcome" not in page.text
    assert page.text.count('value="driving_licence"') == 2
    place = page.request.path
    assert 'id="code-2"' in client.get(place + "?lang=en").text  # it can be read again, in the other language too
    assert client.application.test_client().get(place).status_code == 303  # not in another browser
    assert client.get(place.replace("choose", "verdict")).status_code == 303  # a choice is no verdict


# --- policies by name -------------------------------------------------------------------------------------------------


def test_a_ready_policy_is_a_choice(world: World, client: FlaskClient) -> None:
    """It says itself what it takes; the facts that it asks for come first."""
    stop = "policy:traffic.stop"
    page = client.get("/check").text
    assert f'value="{stop}"' in page and 'value="policy:age.18"' not in page  # that one is among the kinds
    page = check(client, text=world.present(), documents=stop).text
    assert re.findall(r"<dt>([^<]+)</dt>", page.split('id="matters"')[1].split("</dl>")[0]) == [
        "Ngày, tháng, năm sinh",
        "Số giấy phép lái xe",
        "Hạng xe",
    ]
    assert verdict(check(client, text=world.printed(), documents=stop, proof="none"))[0] == "rejected"
    for name, code in (("clinic.reception", "policy_refused"), ("bank.face_to_face", "policy_refused")):
        page = check(client, text=world.present(), documents=f"policy:{name}")
        assert verdict(page) == ("rejected", code) and 'id="asked"' in page.text
    record = {**RECORDS["driving_licence"], "points": 0}
    empty = check(client, text=world.present(world.issue(record=record)), documents=stop)
    assert verdict(empty) == ("rejected", "policy_refused") and "Điểm" in empty.text.split('id="about"')[1][:200]
    assert check(client, text=world.present(), documents="policy:nobody").status_code == 400
    answer = client.post("/check", json={"text": world.present(), "documents": stop}, headers=JSON)
    assert answer.json["outcome"] == "accepted"


def test_a_policy_that_takes_each_once(world: World, client: FlaskClient) -> None:
    text = world.present(world.issue("citizen_identity", "identity"))
    for outcome in (("accepted", ""), ("rejected", "presentation_replayed")):
        assert verdict(check(client, text=text, documents="policy:bank.open_account")) == outcome
    for _ in range(2):
        assert verdict(check(client, text=text, documents="citizen_identity"))[0] == "accepted"


def test_what_was_used_up_stays_so_after_a_restart_and_nothing_of_a_person_is_on_the_disk(
    world: World, make: Callable[..., FlaskClient], tmp_path: Path
) -> None:
    """QR-13."""
    world.write_bundle(tmp_path / "bundle.cbor")
    kept = tmp_path / "kept"
    kept.mkdir()
    named = {"once": kept / "once.sqlite", "lock": kept / "counter.lock"}
    text = world.present(world.issue("citizen_identity", "identity"))
    page = check(make(**named), text=text, documents="policy:bank.open_account")
    assert verdict(page) == ("accepted", "") and "999 203 001 234" in page.text
    again = check(make(**named), text=text, documents="policy:bank.open_account")
    assert verdict(again) == ("rejected", "presentation_replayed")
    written = b"".join(path.read_bytes() for path in kept.iterdir())
    assert written and not [each for each in PERSONAL if each.encode() in written]


def test_a_counter_is_one_process(make: Callable[..., FlaskClient], tmp_path: Path) -> None:
    """Verdicts and open questions lie in the memory of one: a second one would answer that it knows nothing of them."""
    lock = tmp_path / "counter.lock"
    make(lock=lock)
    make(lock=lock)
    other = (
        f"from pathlib import Path; from verifier.storage.alone import Alone; Alone(Path({str(lock)!r}), patience=0)"
    )
    told = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=False)
    assert told.returncode == 1 and "one process with many threads" in told.stderr


def test_policies_of_the_house(world: World, make: Callable[..., FlaskClient], tmp_path: Path) -> None:
    world.write_bundle(tmp_path / "bundle.cbor")
    house = tmp_path / "policies"
    house.mkdir()
    (house / "rental.toml").write_text('documents = ["driving_licence"]\nasks = ["points"]\n', "utf-8")
    (house / "both.toml").write_text('[[all_of]]\ndocuments = ["driving_licence"]\n[[all_of]]\n', "utf-8")
    client = make(policies=house)
    page = client.get("/check").text
    assert '<option value="policy:rental">rental</option>' in page
    assert "policy:both" not in page  # several documents: one code cannot answer it
    assert verdict(check(client, text=world.present(), documents="policy:rental"))[0] == "accepted"
    adult = world.present(world.issue("driving_licence", "age_over_18"))
    page = check(client, text=adult, documents="policy:rental")
    assert verdict(page) == ("rejected", "claims_missing") and 'id="about"' in page.text
    (house / "rental.toml").write_text("documents = 7", "utf-8")
    with pytest.raises(ConfigError, match=r"rental\.toml"):
        make(policies=house)


# --- receipts ---------------------------------------------------------------------------------------------------------

PERSONAL = ("Nguyễn", "Thuỳ", "999 203", "999203", "09/05/2003", "2003-05-09", "A1 (")


def receipts(client: FlaskClient, page: TestResponse) -> tuple[TestResponse, TestResponse, TestResponse]:
    found = re.search(r'id="receipt" href="([^"]+)"', page.text)
    assert found
    return client.get(found[1]), client.get(f"{found[1]}.txt"), client.get(f"{found[1]}.json")


def test_a_receipt_says_what_was_checked_and_nothing_of_the_person(world: World, client: FlaskClient) -> None:
    page, text, told = receipts(client, check(client, text=world.present(), documents="policy:traffic.stop"))
    for answer in (page, text, told):
        assert answer.status_code == 200 and not [each for each in PERSONAL if each in answer.text]
    receipt = told.json
    stated = {name: receipt[name] for name in ("outcome", "code", "document", "view", "proof", "format")}
    assert stated == {
        "outcome": "accepted",
        "code": None,
        "document": "driving_licence",
        "view": "licence",
        "proof": "holder",
        "format": "vn1_cwt",
    }
    assert "traffic.stop" in receipt["asked"]["vi"] and len(receipt["presentation_sha256"]) == 64
    assert receipt["trust"]["bundle_sequence"] == 1 and abs(receipt["checked_at"] - world.now) < 60
    for written in (receipt["receipt"], receipt["presentation_sha256"], "Giấy phép lái xe", "traffic.stop"):
        assert written in page.text and written in text.text
    assert text.headers["Content-Disposition"] == f'attachment; filename="receipt-{receipt["receipt"]}.txt"'
    assert text.headers["Cache-Control"] == "no-store" and text.mimetype == "text/plain"
    assert "RECEIPT" in client.get(f"{text.request.path}?lang=en").text
    assert 'lang="en"' in client.get(page.request.path).text
    assert client.get(page.request.path).text.count(receipt["receipt"]) == 1  # the same each time


def test_a_receipt_of_a_refusal_says_nothing_of_the_document(world: World, client: FlaskClient) -> None:
    told = receipts(client, check(client, text=world.printed()))[2].json
    assert (told["outcome"], told["code"]) == ("rejected", "holder_binding_missing")
    assert [told[name] for name in ("document", "view", "issuer", "proof", "presentation_sha256")] == [None] * 5
    told = receipts(client, check(client, text=world.paper(), proof="printed"))[2].json
    assert (told["proof"], told["presentation_sha256"]) == ("printed", None)


def test_receipts_are_for_the_browser_that_checked(world: World, client: FlaskClient) -> None:
    page, text, told = receipts(client, check(client, text=world.present()))
    other = client.application.test_client()
    assert other.get(page.request.path).status_code == 303
    assert [other.get(each.request.path).status_code for each in (text, told)] == [404, 404]
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "camera=()" in page.headers["Permissions-Policy"]


# --- what nobody signed -----------------------------------------------------------------------------------------------


def test_the_plain_code_of_a_card_is_data_entry_and_never_proof(client: FlaskClient) -> None:
    card = "999203001234||Nguyễn Thị Thuỳ Dương|09052003|Nữ|Số 1 Đường Hoa Sen <b>|01012022"
    for proof in ("", "none"):
        page = check(client, text=card, proof=proof)
        assert verdict(page) == ("rejected", "unsigned") and "không phải bằng chứng" in page.text
        assert 'id="person"' not in page.text and "&lt;b&gt;" in page.text
        entry = page.text.split('id="unsigned-card"')[1]
        assert "không ai ký" in entry and "999 203 001 234" in entry and "09/05/2003" in entry
        assert not [each for each in PERSONAL if each in receipts(client, page)[1].text]
    broken = check(client, text=card.replace("Nữ", "?"))
    assert verdict(broken) == ("rejected", "unsigned") and "unsigned-card" not in broken.text


# --- documents of others ----------------------------------------------------------------------------------------------


@pytest.fixture
def abroad(world: World, make: Callable[..., FlaskClient], tmp_path: Path) -> FlaskClient:
    world.write_bundle(tmp_path / "bundle.cbor")
    anchors = folder_of(tmp_path / "abroad", signers=(AUSTRIA,), clinics=(CLINIC,), more="as_of = 2026-01-05")
    return make(foreign=anchors)


def dose() -> str:
    now = int(time.time())
    return text_of(AUSTRIA.sign(cbor.encode({**AUSTRIA.claims(), 4: now + 600, 6: now - 60})))


def test_a_foreign_document_is_told_as_one(abroad: FlaskClient) -> None:
    page = check(abroad, text=dose(), documents="eu_dcc")
    assert verdict(page) == ("accepted", "")
    for words in ("Chứng nhận COVID của EU", "Müller Zoë", "26/02/1998", "2/2, 10/01/2026", "AT", "05/01/2026"):
        assert words in page.text
    assert "Giấy tờ nước ngoài" in page.text and "Không gắn với người xuất trình" in page.text
    receipt, as_text, as_json = receipts(abroad, page)
    assert "Müller" not in receipt.text + as_text.text + as_json.text and "Chứng nhận COVID của EU" in receipt.text
    assert (as_json.json or {})["document"] == "eu_dcc.vaccination"
    page = check(abroad, picture=upload(picture_of(CLINIC.card(nbf=int(time.time()) - 60))), documents="shc")
    assert verdict(page) == ("accepted", "") and "Thẻ sức khỏe SMART" in page.text and CLINIC.url in page.text
    told = abroad.post("/check", json={"text": dose(), "documents": "eu_dcc"}, headers={"Accept": "application/json"})
    assert (told.json or {})["verified"]["holder_bound"] is False


def test_a_foreign_document_answers_no_other_wish(world: World, abroad: FlaskClient) -> None:
    for fields, expected, words in (
        ({}, ("rejected", "holder_binding_missing"), "chọn loại này trong danh sách"),
        ({"proof": "none"}, ("accepted", ""), "Müller"),
        (
            {"documents": "driving_licence", "proof": "none"},
            ("rejected", "prefix_unknown"),
            "Đây là giấy tờ nước ngoài",
        ),
        ({"documents": "shc"}, ("rejected", "policy_refused"), "Thẻ sức khỏe SMART"),
        ({"documents": "policy:bank.face_to_face"}, ("rejected", "prefix_unknown"), "giấy tờ nước ngoài"),
    ):
        page = check(abroad, text=dose(), **fields)
        assert verdict(page) == expected and words in page.text
        assert ("Müller" in page.text) == (expected[0] == "accepted")
    page = check(abroad, text=world.present(), documents="eu_dcc")
    assert verdict(page) == ("rejected", "prefix_unknown") and 'id="shown">Giấy phép lái xe' in page.text
    part = CLINIC.card().replace("shc:/", "shc:/1/2/")
    page = check(abroad, text=part, documents="shc")
    assert verdict(page) == ("rejected", "malformed") and "một trong nhiều mã" in page.text
    assert page.text.count("Chứng nhận COVID của EU") == 0
    both = check(abroad, picture=upload(picture_of(dose(), world.present())))
    assert "Chứng nhận COVID của EU" in both.text and "Giấy phép lái xe" in both.text  # a choice between two


def test_a_counter_without_anchors_says_so(client: FlaskClient) -> None:
    for text in (dose(), CLINIC.card()):
        page = check(client, text=text, proof="none")
        assert verdict(page) == ("rejected", "prefix_unknown") and "không có khóa của nơi cấp" in page.text
    assert 'value="eu_dcc"' not in client.get("/check").text
    assert check(client, text=dose(), documents="eu_dcc").status_code == 400


# --- the camera's frames ----------------------------------------------------------------------------------------------


def scan(client: FlaskClient, **fields: object) -> TestResponse:
    data = {"form_token": token(client), **fields}
    return client.post("/scan", data=data, content_type="multipart/form-data", headers=JSON)


def test_a_frame_with_a_code_leads_to_its_verdict(world: World, client: FlaskClient) -> None:
    answer = scan(client, picture=upload(picture_of(world.present(), kind="JPEG")))
    assert answer.status_code == 200
    assert verdict(client.get(answer.json["location"]))[0] == "accepted"


def test_a_frame_without_a_code_leads_nowhere(client: FlaskClient) -> None:
    for data in (png_claiming(8, 8, b"\x00\xff" * 8), png_claiming(30_000, 30_000), b"not a picture", b""):
        assert scan(client, picture=upload(data)).json == {"location": None}


def test_texts_that_the_browser_read(world: World, client: FlaskClient) -> None:
    good = world.present()
    answer = scan(client, text=good, documents="health_record")
    assert verdict(client.get(answer.json["location"])) == ("rejected", "policy_refused")
    answer = scan(client, text=[good, world.printed()])
    page = client.get(answer.json["location"])
    assert 'id="code-2"' in page.text and "data-outcome" not in page.text
    assert scan(client, text=good, documents="passport").status_code == 400


def test_a_frame_comes_from_our_own_page_only(world: World, client: FlaskClient) -> None:
    text, kept = world.present(), token(client)
    for data in ({}, {"form_token": "guess"}):
        assert client.post("/scan", data={**data, "text": text}, headers=JSON).status_code == 400
    foreign = {"Sec-Fetch-Site": "cross-site", **JSON}
    assert client.post("/scan", data={"form_token": kept, "text": text}, headers=foreign).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"text": "\r\n"},
        {"picture": upload(b"", "")},
        {"picture": upload(b"GIF89a" + bytes(64), "code.gif")},
        {"picture": upload(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "code.svg")},
        {"picture": upload(b"VN1:ABC", "code.png")},
        {"picture": upload(png_claiming(30_000, 30_000))},
        {"picture": upload(png_claiming(8, 8, b"\x00\xff" * 8))},
    ],
    ids=["nothing", "a line end", "no file", "gif", "svg", "text as png", "bomb", "no code"],
)
def test_nothing_to_check_is_told_on_the_form(client: FlaskClient, fields: dict[str, object]) -> None:
    page = check(client, **fields)
    assert page.status_code == 422 and 'id="error-summary"' in page.text and "<title>Lỗi:" in page.text


def test_an_upload_above_the_limit(client: FlaskClient) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
    body = head + bytes(17 * 1024 * 1024) + b"\r\n--x--\r\n"
    page = client.post("/check", data=body, content_type="multipart/form-data; boundary=x")
    assert page.status_code == 413 and "12 MB" in page.text


@pytest.mark.parametrize(("text", "code"), [("Đ" * 1024 * 1024, "oversize"), ("VN1:" + "0" * 1024 * 1024, "oversize")])
def test_a_mebibyte_of_text_gets_a_verdict(client: FlaskClient, text: str, code: str) -> None:
    told = client.post("/check", json={"text": text}, headers=JSON)  # longer than any document, and dear to take apart
    assert told.status_code == 413 and "512 KB" in told.json["reason"]["vi"]
    body = f'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n{text}\r\n--x--\r\n'.encode()
    answer = client.post("/check", data=body, content_type="multipart/form-data; boundary=x", headers=JSON)
    assert answer.json["code"] == code


# --- for machines -----------------------------------------------------------------------------------------------------

JSON = {"Accept": "application/json"}


def test_json_in_json_out(world: World, client: FlaskClient) -> None:
    answer = client.post("/check", json={"text": world.present()}, headers=JSON)
    assert answer.json["outcome"] == "accepted" and answer.json["verified"]["document"] == "driving_licence"
    assert "Set-Cookie" not in answer.headers
    answer = client.post("/check", json={"text": world.present(), "documents": "health_record"}, headers=JSON)
    assert (answer.status_code, answer.json["code"]) == (200, "policy_refused")


def test_json_out_of_an_upload(world: World, client: FlaskClient) -> None:
    answer = client.post("/check", data={"picture": upload(picture_of(world.present()))}, headers=JSON)
    assert answer.json["outcome"] == "accepted"
    both = picture_of(world.present(), world.present())
    answer = client.post("/check", data={"picture": upload(both)}, headers=JSON)
    assert (answer.status_code, answer.json["codes"]) == (422, 2)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"text": 7}', "application/json", 400),
        (b'{"text": "VN1:", "documents": ["x"]}', "application/json", 400),
        (b'{"text": "VN1:", "documents": "x"}', "application/json", 400),
        (b"VN1:", "text/plain", 415),
        (b"", "application/x-www-form-urlencoded", 422),
    ],
)
def test_json_that_is_wrong(client: FlaskClient, body: bytes, kind: str, status: int) -> None:
    answer = client.post("/check", data=body, content_type=kind, headers=JSON)
    assert answer.status_code == status and set(answer.json) >= {"error", "reason"}


# --- trust data -------------------------------------------------------------------------------------------------------


def test_refresh_changes_the_verdict(world: World, client: FlaskClient, site: Site) -> None:
    text = world.present(world.issue(index=9))
    assert verdict(check(client, text=text))[0] == "accepted"
    world.set_state(9, Status.SUSPENDED)
    site.pages["/bundle"] = Answer(world.bundle(sequence=2))
    page = client.post("/refresh", data={"form_token": token(client, "/trust")}, follow_redirects=True)
    assert 'data-outcome="updated"' in page.text and '<dd class="number" id="sequence">2</dd>' in page.text
    assert 'data-outcome="updated"' not in client.get("/trust").text  # told once
    assert verdict(check(client, text=text)) == ("rejected", "suspended")
    world.set_state(9, Status.VALID)
    site.pages["/bundle"] = Answer(world.bundle(sequence=3))
    assert client.post("/refresh", headers=JSON).json["outcome"] == "updated"
    assert verdict(check(client, text=text))[0] == "accepted"
    site.pages["/bundle"] = Answer(world.bundle(sequence=2))
    assert client.post("/refresh", headers=JSON).json == {"outcome": "refused", "code": "presentation_replayed"}


def test_a_counter_without_trust_data_says_so_and_never_yes(world: World, make: Callable[..., FlaskClient]) -> None:
    client = make()
    assert "chưa có" in client.get("/").text
    assert verdict(check(client, text=world.present())) == ("undetermined", "status_unavailable")
    assert client.get("/trust").status_code == 200


def test_pages_tell_how_old_the_trust_data_is_and_that_a_refresh_failed(
    world: World, client: FlaskClient, site: Site
) -> None:
    assert client.get("/standing").json == {"line": "bản số 1, vừa xong", "note": ""}
    site.pages["/bundle"] = Answer(b"", status=503)
    client.post("/refresh", headers=JSON)
    note = client.get("/standing").json["note"]
    assert "không kết nối được" in note and "Vẫn kiểm tra bằng dữ liệu đang có" in note
    assert note in client.get("/check").text and 'id="refresh-failed"' in client.get("/trust").text
    assert verdict(check(client, text=world.present()))[0] == "accepted"  # the provider is not needed for that
    site.pages["/bundle"] = Answer(world.bundle(sequence=2))
    client.post("/refresh", headers=JSON)
    assert client.get("/standing?lang=en").json == {"line": "issue 2, just now", "note": ""}


# --- every page -------------------------------------------------------------------------------------------------------

PAGES = ["/", "/check", "/trust", "/customer", "/nowhere"]


@pytest.mark.parametrize("page", PAGES)
def test_headers_and_frame(client: FlaskClient, page: str) -> None:
    answer = client.get(page)
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Frame-Options"] == "DENY" and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer" and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Mô phỏng" in answer.text and " style=" not in answer.text
    scripts = re.findall(r"<script.*?</script>", answer.text)
    if page == "/check":  # the camera's page alone runs a script, from a file of ours, and alone may open the camera
        assert scripts == ['<script type="module" src="/static/js/check-page.js"></script>']
        assert "script-src 'self';" in policy and "camera=(self)" in answer.headers["Permissions-Policy"]
    else:
        assert "camera=()" in answer.headers["Permissions-Policy"]
        kept = page == "/"  # has the browser keep the page for when the counter is away
        assert scripts == (['<script type="module" src="/static/js/kept.js"></script>'] if kept else [])
        assert ("script-src 'self';" if kept else "script-src 'none';") in policy
    assert 'id="trust-age"' in answer.text and 'class="verifier' in answer.text


@pytest.mark.parametrize("page", PAGES)
def test_two_languages(client: FlaskClient, page: str) -> None:
    assert 'lang="vi"' in client.get(page).text.split("<head>")[0]
    english = client.get(page, headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert 'lang="en"' in english.text.split("<head>")[0] and "Bank counter" in english.text
    assert client.get(page + "?lang=zz").text.startswith('<!doctype html>\n<html lang="vi">')
    assert client.get(page + "?lang=en").headers["Set-Cookie"].startswith("verifier_lang=en;")


@pytest.mark.parametrize("path", ["/check", "/refresh", "/customer/close"])
def test_forms_of_others_are_refused(client: FlaskClient, path: str) -> None:
    kept = token(client)
    for data in ({}, {"form_token": ""}, {"form_token": "guess"}, {"form_token": kept + "x"}):
        assert client.post(path, data={**data, "text": "VN1:"}).status_code == 400
    foreign = client.post(path, data={"form_token": kept}, headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status_code == 400


def test_methods_and_unknown_pages(client: FlaskClient) -> None:
    assert client.get("/refresh").status_code == 405 and "POST" in client.get("/refresh").headers["Allow"]
    assert client.get("/verdict/").status_code == 404
    answer = client.get("/nowhere", headers=JSON)
    assert (answer.status_code, answer.json["error"]) == (404, "http_404")


def test_cookies(world: World, make: Callable[..., FlaskClient]) -> None:
    cookie = make().get("/check").headers["Set-Cookie"]
    assert cookie.startswith("verifier_session=") and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    safe = make(url="https://localhost:5002")
    answer = safe.get("/check?lang=en", base_url="https://localhost:5002")
    cookies = answer.headers.getlist("Set-Cookie")
    assert sorted(cookie.split("=")[0] for cookie in cookies) == ["__Host-verifier_lang", "__Host-verifier_session"]
    assert all("Secure" in cookie and "Path=/" in cookie and "Domain" not in cookie for cookie in cookies)
    assert "Strict-Transport-Security" in answer.headers


# --- sign-in ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def provider(site: Site) -> Provider:
    return Provider(site, int(time.time()))


def test_a_customer_signs_in_and_is_forgotten(client: FlaskClient, provider: Provider) -> None:
    away = client.get("/sign-in")
    assert away.status_code == 303 and away.headers["Location"].startswith(provider.issuer + "/authorize?")
    back = provider.authorize(away.headers["Location"])
    page = client.get("/callback", query_string=back, follow_redirects=True)
    for words in (str(PERSON["name"]), "999 203 001 234", "09/05/2003", "Mức 2 (xác minh trực tiếp)", "LoA2"):
        assert words in page.text
    assert client.get("/callback", query_string=back).status_code == 400  # an answer is used once
    assert str(PERSON["name"]) not in client.application.test_client().get("/customer").text
    client.post("/customer/close", data={"form_token": token(client)})
    assert str(PERSON["name"]) not in client.get("/customer").text


def test_an_answer_in_another_browser(client: FlaskClient, provider: Provider) -> None:
    """Login CSRF: the answer of an attacker's sign-in, sent through the clerk's browser."""
    back = provider.authorize(client.get("/sign-in").headers["Location"])
    assert client.application.test_client().get("/callback", query_string=back).status_code == 400


def test_an_answer_that_says_a_thing_twice(client: FlaskClient, provider: Provider) -> None:
    back = provider.authorize(client.get("/sign-in").headers["Location"])
    assert client.get("/callback", query_string=[*back.items(), ("code", "another")]).status_code == 400
    assert client.get("/callback", query_string=back).status_code == 303  # what is pending was not used up


def test_a_customer_adds_what_is_missing(client: FlaskClient, provider: Provider) -> None:
    provider.claims["acr"] = "LoA1"
    back = provider.authorize(client.get("/sign-in").headers["Location"])
    page = client.get("/callback", query_string=back, follow_redirects=True)
    assert "stronger-LoA2" in page.text and "stronger-LoA3" in page.text
    away = client.get("/customer/stronger/LoA2")
    back = provider.authorize(away.headers["Location"])
    assert json.loads(provider.request["claims"]) == {
        "id_token": {"acr": {"essential": True, "values": ["LoA2", "LoA3", "LoA4"]}}
    }
    assert "prompt" not in provider.request  # the missing factor only
    provider.claims["acr"] = "LoA2"
    page = client.get("/callback", query_string=back, follow_redirects=True)
    assert 'id="acr">LoA2' in page.text and "stronger-LoA2" not in page.text


@pytest.mark.parametrize(
    ("claims", "answer"),
    [
        ({"acr": "LoA1"}, {}),
        ({"acr": None}, {}),
        ({"acr": "LoA9"}, {}),
        ({}, {"code": "", "error": "unmet_authentication_requirements"}),
    ],
)
def test_a_level_that_was_not_reached_is_not_taken(
    client: FlaskClient, provider: Provider, claims: dict[str, str | None], answer: dict[str, str]
) -> None:
    back = provider.authorize(client.get("/sign-in").headers["Location"])
    client.get("/callback", query_string=back)
    provider.claims, provider.answer = dict(claims), answer
    back = provider.authorize(client.get("/customer/stronger/LoA3").headers["Location"])
    page = client.get("/callback", query_string=back)
    assert page.status_code == 400 and "chưa xác thực đủ mạnh" in page.text
    assert str(PERSON["name"]) in client.get("/customer").text  # as they were before


def test_another_person_adds_nothing(client: FlaskClient, provider: Provider) -> None:
    client.get("/callback", query_string=provider.authorize(client.get("/sign-in").headers["Location"]))
    provider.claims["sub"] = provider.person["sub"] = "999203009999"
    back = provider.authorize(client.get("/customer/stronger/LoA3").headers["Location"])
    provider.claims["acr"] = "LoA3"
    page = client.get("/callback", query_string=back)
    assert page.status_code == 400 and "không phải là khách đang ở quầy" in page.text


@pytest.mark.parametrize("level", ["LoA1", "LoA4", "gold"])
def test_levels_that_no_button_asks_for(client: FlaskClient, provider: Provider, level: str) -> None:
    client.get("/callback", query_string=provider.authorize(client.get("/sign-in").headers["Location"]))
    assert client.get(f"/customer/stronger/{level}").status_code == 404
    assert client.application.test_client().get("/customer/stronger/LoA2").status_code == 404  # nobody is here


def test_a_customer_who_does_not_agree(client: FlaskClient, provider: Provider) -> None:
    provider.answer = {"code": "", "error": "access_denied"}
    page = client.get("/callback", query_string=provider.authorize(client.get("/sign-in").headers["Location"]))
    assert page.status_code == 400 and "không đồng ý" in page.text and "access_denied" not in page.text


def test_markup_in_an_answer_is_not_written(client: FlaskClient, provider: Provider) -> None:
    provider.person["name"] = "<script>alert(1)</script>"
    back = provider.authorize(client.get("/sign-in").headers["Location"])
    page = client.get("/callback", query_string=back, follow_redirects=True)
    assert "&lt;script&gt;" in page.text and "<script>" not in page.text


def test_a_provider_that_is_away(make: Callable[..., FlaskClient]) -> None:
    page = make(issuer="http://127.0.0.1:1").get("/sign-in")
    assert page.status_code == 502 and 'id="error-id"' in page.text


def test_a_counter_without_a_secret_checks_and_does_not_sign_in(make: Callable[..., FlaskClient]) -> None:
    client = make(client_secret=None)
    assert client.get("/sign-in").status_code == 404 and "go-sign-in" not in client.get("/").text


def test_a_file_that_is_not_there_yet_is_not_remembered_as_missing(client: FlaskClient) -> None:
    assert client.get("/static/none.css").headers["Cache-Control"] == "no-store"
    assert "max-age" in client.get("/static/base.css", buffered=True).headers["Cache-Control"]


# --- settings ---------------------------------------------------------------------------------------------------------


def test_settings(tmp_path: Path) -> None:
    env = {"VERIFIER_DATA": str(tmp_path / "v"), "VERIFIER_SIMULATION": "1"}
    first, again = from_environment(env), from_environment(env)
    assert first.session_key == again.session_key and len(first.session_key) == 32
    assert (tmp_path / "v" / "session.key").stat().st_mode & 0o077 == 0
    for cut in (b"", first.session_key[:-1]):  # killed before it was written
        (tmp_path / "cut").mkdir(exist_ok=True)
        (tmp_path / "cut" / "session.key").write_bytes(cut)
        with pytest.raises(ConfigError, match="cut off"):
            from_environment({**env, "VERIFIER_DATA": str(tmp_path / "cut")})
    assert (first.url, first.issuer, first.client_id) == ("http://localhost:5002", "http://localhost:5000", "bank")
    assert first.bundle == tmp_path / "v" / "bundle.cbor" and first.client_secret is None
    (tmp_path / "v" / "client_secret").write_text("abc\n")
    assert from_environment(env).client_secret == "abc" and "abc" not in repr(from_environment(env))


@pytest.mark.parametrize(
    "env", [{}, {"VERIFIER_SIMULATION": "0"}, {"VERIFIER_SIMULATION": "1", "VERIFIER_REFRESH": "-1"}]
)
def test_unsafe_settings_do_not_start(tmp_path: Path, env: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        from_environment({"VERIFIER_DATA": str(tmp_path), **env})


# --- faults -----------------------------------------------------------------------------------------------------------


def test_our_own_failure_is_a_page_with_an_id_and_no_detail(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the detail")

    monkeypatch.setattr("verifier.web.check.inspect", broken)
    page = check(client, text="VN1:ABC")
    found = re.search(r'id="error-id">(\w+)<', page.text)
    assert page.status_code == 500 and found and found[1] in caplog.text
    assert "the detail" not in page.text and "RuntimeError" not in page.text
    assert "the detail" in caplog.text


def test_the_shelf_forgets_in_time_and_stays_small() -> None:
    shelf = Shelf(keep_for=10, at_most=3)
    for number in range(5):
        shelf.put("desk", str(number), number, now=0)
    assert [shelf.get("desk", str(number), now=9) for number in range(5)] == [None, None, 2, 3, 4]
    assert shelf.get("other", "4", now=9) is None and shelf.get("desk", "4", now=10) is None
    assert shelf.take("desk", "3", now=9) == 3 and shelf.take("desk", "3", now=9) is None
    shelf.put("desk", "new", 7, now=20)
    assert shelf.get("desk", "2", now=5) is None  # what had ended made room


def test_trust_data_past_its_end_is_told(world: World, make: Callable[..., FlaskClient], tmp_path: Path) -> None:
    """`certs/qr.md` §9.1: a document is judged by a trust list that has ended as before, and whoever reads it must be told."""
    listed = trust.TrustList(1, world.now - 2 * DAY, world.now - DAY, world.services())
    token_ = trust.sign(listed, world.list_desk.signer, [world.list_desk.certificate])
    world.write_bundle(tmp_path / "bundle.cbor", trust_list=token_)
    client = make()
    page = check(client, text=world.present())
    assert verdict(page) == ("accepted", "") and 'id="ended"' in page.text
    assert "Danh sách tin cậy đã quá hạn" in page.text
    assert "Danh sách tin cậy đã quá hạn" in client.get("/trust").text
    world.write_bundle(tmp_path / "bundle.cbor")
    fresh = make()
    assert 'id="ended"' not in check(fresh, text=world.present()).text + fresh.get("/trust").text


def test_a_choice_keeps_no_more_than_codes_hold(client: FlaskClient) -> None:
    """Strangers may have ten thousand of them kept at once: what is longer than any code is cut, and so refused."""
    answer = scan(client, text=["VN1:" + "A" * 100_000, "VN1:" + "B" * 100_000])
    name = answer.json["location"].rpartition("/")[2]
    (kept,) = [
        value for (_, key), (_, value) in client.application.extensions["counter"].shelf._entries.items() if key == name
    ]
    assert len(kept.texts) == 2 and max(map(len, kept.texts)) <= 7_090

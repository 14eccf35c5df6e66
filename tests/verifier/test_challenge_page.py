"""The counter asks by its code: what it offers to ask, the question's page, answers by text and picture, one use, no browser's but one."""

import io
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from certs import challenge, qr
from certs.catalogue import Text
from certs.proof import holder_proof
from certs.trust import Reader, Right
from certs.x509 import Usage
from tests.pictures import picture_of
from tests.world import DAY, World
from verifier.app import create_app
from verifier.config import Config

URL = "http://localhost:5002"
PURPOSE = Text("Mở tài khoản", "Opening an account")


@pytest.fixture
def world() -> World:
    return World(now=int(time.time()))


@pytest.fixture
def client(world: World, tmp_path: Path) -> Iterator[FlaskClient]:
    desk = world.desk("bank", Usage.READER)
    age, licence = "age_over_18", ("licence", "age_over_18")
    world.readers = (
        Reader(
            organisation="bank",
            name=Text("Ngân hàng Thử", "Trial Bank"),
            purpose=PURPOSE,
            rights=(Right("driving_licence", licence), Right("citizen_identity", (age,))),
            certificates=(desk.certificate,),
            since=world.now - DAY,
        ),
    )
    world.write_bundle(tmp_path / "bundle.cbor")
    (tmp_path / "reader.pem").touch(0o600)
    (tmp_path / "reader.pem").write_bytes(desk.signer.pem())
    (tmp_path / "reader.der").write_bytes(desk.certificate.public_bytes(Encoding.DER))
    app = create_app(
        Config(
            url=URL,
            issuer="http://localhost:5000",
            bundle=tmp_path / "bundle.cbor",
            client_secret=None,
            session_key=b"k" * 32,
            root_sha256=world.root_sha256,
            refresh_seconds=0,
            simulation=True,
            reader_key=tmp_path / "reader.pem",
            reader_certificate=tmp_path / "reader.der",
        )
    )
    yield app.test_client()
    app.extensions["counter"].keeper._fetcher.close()


def get(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, base_url=URL)


def post(client: FlaskClient, path: str, page: str | None = None, **fields: object) -> TestResponse:
    found = re.search(r'name="form_token" value="([^"]+)"', get(client, page or path).text)
    assert found
    data = {"form_token": found[1], **fields}
    return client.post(path, base_url=URL, data=data, content_type="multipart/form-data")


def asks(client: FlaskClient, wanted: str = "driving_licence.licence", purpose: str = PURPOSE.vi) -> str:
    """The address of a new question."""
    found = re.search(r'name="form_token" value="([^"]+)"', get(client, "/ask").text)
    assert found
    form = {"form_token": found[1], "wanted": f"{wanted}@{purpose}"}
    answer = client.post("/ask", base_url=URL, data=form)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def answered(
    client: FlaskClient, world: World, page: str, *, kind: str = "driving_licence", view: str = "licence"
) -> str:
    """What a wallet shows that read the code on the page."""
    found = re.search(r'id="text-of-code">([^<]+)<', get(client, page).text)
    assert found
    asked = challenge.verify(found[1].replace("&#43;", "+"), world.open_bundle().trust, now=world.now).challenge
    credential = world.issue(kind, view)
    return qr.to_text(
        holder_proof(credential, world.holder, now=int(time.time()), audience=asked.audience, challenge=asked.challenge)
    )


def verdict(client: FlaskClient, location: str) -> tuple[str, str]:
    found = re.search(r'data-outcome="(\w*)" data-code="(\w*)"', get(client, location).text)
    assert found
    return found[1], found[2]


def test_only_what_the_trust_list_allows_is_offered(client: FlaskClient) -> None:
    page = get(client, "/ask").text
    values = re.findall(r'<option value="([^"@]+)@Mở tài khoản"', page)
    assert values == [
        "age_over_18",
        "citizen_identity.age_over_18",
        "driving_licence.licence",
        "driving_licence.age_over_18",
    ]
    assert "/ask" in get(client, "/").text


def test_a_question_is_answered_by_text_once(client: FlaskClient, world: World) -> None:
    page = asks(client)
    shown = get(client, page)
    assert "Ngân hàng Thử" in shown.text and "Mở tài khoản" in shown.text and 'id="left"' in shown.text
    assert get(client, f"{page}.svg").mimetype == "image/svg+xml"
    text = answered(client, world, page)
    first = post(client, page, text=text + "\n")
    assert first.status_code == 303
    assert verdict(client, first.headers["Location"]) == ("accepted", "")
    assert "bank" in get(client, first.headers["Location"]).text
    again = post(client, page, text=text)
    assert verdict(client, again.headers["Location"]) == ("rejected", "presentation_replayed")


def test_the_camera_answers_past_the_counters_own_code(client: FlaskClient, world: World) -> None:
    page = asks(client, "age_over_18")
    text = answered(client, world, page, kind="citizen_identity", view="age_over_18")
    own = re.search(r'id="text-of-code">([^<]+)<', get(client, page).text)
    assert own
    alone = post(client, f"{page}/scan", page, text=own[1])
    assert alone.json == {"location": None}
    found = post(client, f"{page}/scan", page, picture=(io.BytesIO(picture_of(text)), "frame.png"))
    assert verdict(client, found.json["location"]) == ("accepted", "")  # type: ignore[index]


def test_what_cannot_be_an_answer_is_told_on_the_page(client: FlaskClient, world: World) -> None:
    page = asks(client)
    one, two = (answered(client, world, page) for _ in range(2))
    picture = (io.BytesIO(picture_of(one, two)), "two.png")
    for fields, said in (({"text": ""}, "Chọn một ảnh"), ({"picture": picture}, "nhiều mã giấy tờ")):
        answer = post(client, page, **fields)
        assert answer.status_code == 422 and said in answer.text
    assert verdict(client, post(client, page, text=one).headers["Location"]) == ("accepted", "")


def test_another_browser_neither_sees_nor_answers_it(client: FlaskClient) -> None:
    page = asks(client)
    other = client.application.test_client()
    assert get(other, page).status_code == 404 and get(other, f"{page}.svg").status_code == 404
    assert post(other, page, "/ask", text="VN1:0").status_code == 404
    assert get(client, page).status_code == 200


@pytest.mark.parametrize("wanted", ["", "driving_licence.full@Mở tài khoản", "driving_licence.licence@Tặng quà", "x@"])
def test_more_than_is_allowed_is_never_asked(client: FlaskClient, wanted: str) -> None:
    found = re.search(r'name="form_token" value="([^"]+)"', get(client, "/ask").text)
    assert found
    answer = client.post("/ask", base_url=URL, data={"form_token": found[1], "wanted": wanted})
    assert answer.status_code == 422 and "error-summary" in answer.text
    assert client.post("/ask", base_url=URL, data={"wanted": wanted}).status_code == 400  # no form of ours


def test_a_counter_without_a_reader_key_does_not_offer_it(client: FlaskClient, tmp_path: Path) -> None:
    (tmp_path / "reader.pem").unlink()
    assert get(client, "/ask").status_code == 404
    assert 'href="/ask"' not in get(client, "/").text


def test_web_assembly_may_run_in_the_worker_alone(client: FlaskClient) -> None:
    page = asks(client)
    for path, allowed in (
        ("/static/js/code-worker.js", True),
        (page, False),
        ("/check", False),
        ("/static/js/reader.js", False),
    ):
        answer = get(client, path)
        policy = answer.headers["Content-Security-Policy"]
        assert ("wasm-unsafe-eval" in policy) is allowed and "'unsafe-eval'" not in policy, path
        answer.close()
    assert "camera=(self)" in get(client, page).headers["Permissions-Policy"]

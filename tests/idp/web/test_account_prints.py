"""The citizen's prints: made as a file, listed, taken back; asked for as everything is that leaves the State."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.test import TestResponse

from certs import qr
from certs.authority import Authority
from certs.formats import cwt
from certs.keys import FileSigner
from certs.status import Status
from certs.x509 import Usage
from idp.issuance import signers
from idp.model import Document
from idp.web.account_prints import HOME
from tests.attacks import answers
from tests.idp.issuance.office import LICENCE
from tests.idp.web.test_account import leveled, signed_in, text_of
from tests.world_idp import NOW, Browser, State, build

DOCUMENT = Document("d-licence", "p-duong", "driving_licence", LICENCE, valid_until="2031-03-01")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """The state of the tests with a key that signs licences."""
    folder = tmp_path / "signers"
    folder.mkdir(mode=0o700)
    key = FileSigner.load_or_create(signers.key_path(folder, "public-security"), signers.ALGORITHM)
    certificate = Authority.create("Test root", now=NOW - 3600).issue(
        "public-security", key.public, Usage.DOCUMENT_SIGNER, now=NOW - 3600
    )
    signers.certificate_path(folder, "public-security").write_bytes(certificate.public_bytes(Encoding.DER))
    made = build(tmp_path)
    with made.storage.transaction() as ports:
        ports.documents.add([DOCUMENT])
    yield made
    made.close()


def ask(browser: Browser, what: str = "d-licence.licence", kind: str = "png") -> TestResponse:
    return browser.submit(browser.get(HOME), action=HOME, **{"what": what, "as": kind})


def take_back(browser: Browser) -> TestResponse:
    """By the first button of the list."""
    page = browser.get(HOME)
    found = re.search(r'<form method="post" action="([^"]+/take-back)">(.*?)</form>', page.text, re.DOTALL)
    assert found, page.text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[2]))
    return browser.client.post(found[1], data=hidden)


def test_it_asks_for_the_second_level(state: State) -> None:
    assert state.browser().get(HOME).headers["Location"].startswith("/login/")
    browser = signed_in(state)
    assert browser.get(HOME).headers["Location"].endswith("/more")
    refused = browser.client.post(HOME, data={"what": "d-licence.licence", "as": "png"})
    assert refused.status_code in (303, 403)  # no form of ours
    assert not state.journal("document_printed")


def test_a_print_is_a_file_and_stands_in_the_list(state: State) -> None:
    browser = leveled(state)
    page = browser.get(HOME)
    assert 'id="no-prints"' in page.text and "Giấy phép lái xe – Đủ 18 tuổi" in page.text
    answer = ask(browser)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    answers.headers(answer)
    number = re.search(r'filename="driving_licence-licence-([0-9A-F]{8})\.png"', answer.headers["Content-Disposition"])
    assert number and "999203001234" not in answer.headers["Content-Disposition"]
    (text,) = qr.read_picture(answer.data)
    assert cwt.peek(qr.from_text(text)).printed
    page = browser.get(HOME)
    assert f"{number[1][:4]} {number[1][4:]}" in page.text and "Có hiệu lực" in page.text
    (event,) = state.journal("document_printed")
    assert (event.account_id, event.details["view"]) == ("a-duong", "licence")
    assert "Một giấy tờ được in ra" in browser.get("/account/notices").text


@pytest.mark.parametrize("kind", ["pdf-a4", "pdf-a6"])
def test_as_a_page(state: State, kind: str) -> None:
    answer = ask(leveled(state), kind=kind)
    assert answer.mimetype == "application/pdf" and answer.data.startswith(b"%PDF-")


def test_taking_it_back(state: State) -> None:
    browser = leveled(state)
    (text,) = qr.read_picture(ask(browser).data)
    contents = cwt.peek(qr.from_text(text))
    place = int(contents.status_uri.rpartition("/")[2]), contents.status_index
    assert take_back(browser).headers["Location"].endswith(HOME)
    with state.storage.reading() as ports:
        assert ports.statuses.look_up(*place) is Status.INVALID
    page = browser.get(HOME)
    assert "Đã hủy" in page.text and "/take-back" not in page.text
    assert len(state.journal("print_taken_back")) == 1
    gone = browser.client.post(f"{HOME}/{'0' * 32}/take-back", data={"a": "b"})
    assert gone.status_code == 403  # without the form's token


@pytest.mark.parametrize(
    ("what", "kind", "status"),
    [
        ("d-licence.nothing", "png", 409),
        ("d-other.licence", "png", 409),
        ("licence", "png", 422),
        ("d-licence.licence", "svg", 422),
    ],
)
def test_what_is_refused(state: State, what: str, kind: str, status: int) -> None:
    with state.storage.transaction() as ports:
        ports.documents.add([Document("d-other", "p-locked", "driving_licence", LICENCE)])
    answer = ask(leveled(state), what, kind)
    assert answer.status_code == status and text_of(answer, "refusal")
    assert not state.journal("document_printed")


def test_a_form_that_is_not_ours_prints_nothing(state: State) -> None:
    browser = leveled(state)
    answer = browser.client.post(HOME, data={"what": "d-licence.licence", "as": "png"})
    assert answer.status_code == 403 and not state.journal("document_printed")


def test_who_has_nothing_to_print_is_told(state: State) -> None:
    with state.storage.transaction() as ports:
        ports.documents.set_record("d-licence", LICENCE, valid_until="2020-01-01")
    page = leveled(state).get(HOME)
    assert 'id="nothing-to-print"' in page.text and 'id="print-form"' not in page.text


def test_without_the_key_the_page_says_so(tmp_path: Path) -> None:
    state = build(tmp_path)
    with state.storage.transaction() as ports:
        ports.documents.add([DOCUMENT])
    answer = ask(leveled(state))
    assert answer.status_code == 503 and "thử lại sau ít phút" in answer.text
    assert not state.journal("print_intended")
    state.close()

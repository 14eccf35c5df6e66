"""The pages that list documents, for somebody who has all eleven kinds; and what they say after a change in the registers."""

import html
import re
from dataclasses import replace
from datetime import date
from random import Random

import pytest

from certs.catalogue import CATALOGUE
from idp.model import Document, IssuedCredential
from idp.registries import changes
from idp.registries.changes import By
from idp.registries.families import Family
from idp.registries.records import SOURCES
from idp.registries.social_insurance import cover
from idp.registries.source import Subject
from tests.attacks import answers
from tests.idp.web.test_account import signed_in, text_of
from tests.world_idp import NOW, State, person

TODAY = date(2026, 3, 2)
SPOUSE = person("p-lam", pid="999090000111", name="Trần Lâm", birth_date="1990", sex="male")


def everything() -> dict[str, Document]:
    """One document of each kind, as the registers make them: asked until each has answered."""
    one = person()
    family = Family(spouse=SPOUSE, married_on=date(2023, 5, 5))
    found: dict[str, Document] = {}
    for throw in range(200):
        dice = Random(throw)
        subject = Subject(one, 22, family, cover(dice, 22, TODAY))
        for source in SOURCES:
            for made in source.records(subject, dice, today=TODAY):
                if len(str(made.record)) > len(str(found[made.type].record) if made.type in found else ""):
                    found[made.type] = made
    assert set(found) == set(CATALOGUE)
    return found


@pytest.fixture
def holder(state: State) -> State:
    with state.storage.transaction() as ports:
        ports.documents.add(everything().values())
    return state


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("path", ["/account", "/documents", "/account/data", "/account/export"])
def test_pages_cope_with_all_kinds(holder: State, path: str, language: str) -> None:
    browser = signed_in(holder)
    page = browser.get(f"{path}?lang={language}")
    if page.status_code == 303:  # the export asks for more than a password
        return
    answers.headers(page)
    text = html.unescape(page.text)
    if path in ("/documents", "/account/data"):
        for kind in CATALOGUE.values():
            assert kind.title.of(language) in text, kind.name
    seen = re.sub(r"<[^>]+>", " ", text)
    assert not re.search(r"\b(None|business_household|limited_liability|outpatient|\{'|\[\{)", seen)


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_each_kind_can_be_offered(holder: State, kind: str) -> None:
    browser = signed_in(holder)
    page = browser.get("/documents").text
    form = re.search(rf'action="/documents/{kind}/offer".*?</form>', page, re.DOTALL)
    assert form is not None, page
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0]))
    offered = browser.client.post(f"/documents/{kind}/offer", data=hidden)
    assert offered.status_code == 303, offered.text
    shown = browser.get(offered.headers["Location"])
    assert shown.status_code == 200 and CATALOGUE[kind].title.vi in html.unescape(shown.text)


def test_a_change_is_a_notice_and_asks_to_fetch_again(holder: State) -> None:
    browser = signed_in(holder)
    card = everything()["citizen_identity"]
    _record(holder, card, "old", NOW - 60)
    assert "attention-fetch-again" not in browser.get("/account").text
    with holder.storage.transaction() as ports:
        changes.rename(ports, person_id="p-duong", name="Nguyễn Thị Dương", by=By("officer", NOW, simulation=True))
    told = text_of(browser.get("/account"), "attention-fetch-again")
    assert "Căn cước điện tử" in told and "Đăng ký thuế" not in told  # of the others there is no copy
    notices = html.unescape(browser.get("/account/notices").text)
    assert "Họ tên của bạn được đổi" in notices and "Giấy tờ được ghi lại; bản trong ví cần lấy lại" in notices
    assert 'data-kind="documents_reissued"' in browser.get("/account/notices?group=documents").text
    assert 'data-kind="documents_reissued"' not in browser.get("/account/notices?group=sharing").text
    _record(holder, card, "new", NOW + 1)
    assert "attention-fetch-again" not in browser.get("/account").text


def _record(state: State, card: Document, name: str, at: int) -> None:
    """A copy of the card in a wallet."""
    with state.storage.transaction() as ports:
        ports.statuses.add(1, kind=1, size=64)
        index = ports.statuses.draw(1)
        assert index is not None
        ports.documents.record_issue(
            IssuedCredential(name, card.document_id, "identity", name, 1, index, at, NOW + 86_400)
        )


def test_two_vehicles_are_told_apart_and_each_can_be_fetched_and_printed(holder: State) -> None:
    first = everything()["vehicle_registration"]
    second = replace(first, document_id=f"{first.document_id}2", record={**first.record, "plate": "10A-222.22"})
    with holder.storage.transaction() as ports:
        ports.documents.add([second])
    browser = signed_in(holder)
    page = browser.get("/documents")
    ids = re.findall(r'id="([^"]+)"', page.text)
    assert len(ids) == len(set(ids)) and {"offer-vehicle_registration", "offer-vehicle_registration-2"} <= set(ids)
    assert str(first.record["plate"]) in page.text and "10A-222.22" in page.text
    form = page.text[page.text.index('id="offer-vehicle_registration-2"') :]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[: form.index("</form>")]))
    answer = browser.client.post("/documents/vehicle_registration/offer", data=hidden)
    assert answer.status_code == 303
    assert holder.journal("offer_made")[0].details["document_id"] == hidden["document"] == second.document_id

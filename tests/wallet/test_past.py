"""The pages of history, deletion, backup and restore, as a browser meets them."""

import io
import json
import re
import sqlite3
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from certs.catalogue import Text
from tests.idp.conftest import made
from tests.wallet.citizen import Citizen, register, wallet_app
from tests.wallet.issuer import TX_CODE, IssuerDesk
from tests.wallet.provider import state
from tests.world_idp import State
from wallet import backup, chain, ledger, restoring
from wallet.history import presented
from wallet.model import Entry
from wallet.web import frame

__all__ = ["made", "state"]
PASSPHRASE = "sông lúa đèn cầu vượt"


@pytest.fixture
def citizen(state: State, desk: IssuerDesk, tmp_path: Path) -> Citizen:
    register(state)
    citizen = Citizen(wallet_app(desk, state, tmp_path / "wallet"), state)
    citizen.sign_in()
    assert citizen.receive(desk.link, now=desk.world.now).status_code == 200
    return citizen


def rooms(citizen: Citizen) -> tuple[object, str]:
    found = citizen.app.extensions["wallet"]
    with citizen.app.app_context():
        return found.wallet, found.wallet.vault.owner_of("999203001234")


def note(citizen: Citizen, entry: Entry) -> None:
    wallet, owner = rooms(citizen)
    with citizen.app.app_context():
        wallet.note(owner, entry)  # type: ignore[attr-defined]


def form(citizen: Citizen, path: str, **fields: object):  # type: ignore[no-untyped-def]
    return citizen.post(path, data={"csrf": citizen.csrf(), **fields})


def test_the_history_says_whether_it_is_whole_and_goes_out_as_a_file(citizen: Citizen, tmp_path: Path) -> None:
    page = citizen.get("/history").text
    assert "Nguyên vẹn" in page and "1 dòng" in page
    answer = form(citizen, "/history/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="wallet-history.json"'
    lines = ledger.read(answer.data)
    assert chain.check(lines, chain.Head(2, lines[-1].link)) == chain.Checked(2)
    assert lines[-1].link.hex()[:16] in citizen.get("/history").text
    assert b"Thu" not in answer.data and b"999203001234" not in answer.data
    with sqlite3.connect(tmp_path / "wallet" / "wallet.sqlite") as connection:
        connection.execute("update history set at = 5 where place = 1")
    connection.close()
    english = citizen.get("/history?lang=en").text
    assert "Not intact" in english and "From line 1 on" in english


def test_a_verifier_is_asked_to_delete(citizen: Citizen) -> None:
    who = {"verifier": Text("Ngân hàng <b>Sen</b>", "Lotus"), "audience": "x509_san_dns:bank.example"}
    note(citizen, presented("driving_licence", ["full_name"], format="dc+sd-jwt", now=9, **who))  # type: ignore[arg-type]
    page = citizen.get("/history").text
    assert "/history/2/deletion" in page and "Ngân hàng &lt;b&gt;Sen" in page
    letter = citizen.get("/history/2/deletion").text
    assert (
        "không có địa chỉ thư" in letter and 'href="https://bank.example/"' in letter and "Họ, chữ đệm và tên" in letter
    )
    for place in (1, 3, 10**9):
        assert citizen.get(f"/history/{place}/deletion").status_code == 400
    assert citizen.app.test_client().get("/history/2/deletion", base_url="http://localhost:5001").status_code == 303


def test_lines_that_another_version_wrote_break_no_page(citizen: Citizen) -> None:
    strange = {
        "type": "gone",
        "claims": ["x"],
        "views": "licence",
        "formats": 3,
        "client": {"vi": 1},
        "device": ["a"],
        "to": 5,
    }
    note(citizen, Entry(1, "later", strange))
    note(citizen, Entry(1, "shown", {"type": "driving_licence", "views": ["gone"], "claims": ["gone"]}))
    assert citizen.get("/history").status_code == 200 and citizen.get("/history?lang=en").status_code == 200
    assert citizen.get("/app/documents").status_code == 200


def test_a_backup_goes_out_comes_back_and_leads_to_the_issuer(citizen: Citizen, desk: IssuerDesk) -> None:
    short = form(citizen, "/backup/new", passphrase="short", again="short")
    assert short.status_code == 422 and 'href="#passphrase"' in short.text and 'value="short"' not in short.text
    differ = form(citizen, "/backup/new", passphrase=PASSPHRASE, again=PASSPHRASE + "x")
    assert differ.status_code == 422 and 'href="#again"' in differ.text and PASSPHRASE not in differ.text
    answer = form(citizen, "/backup/new", passphrase=PASSPHRASE, again=PASSPHRASE)
    assert answer.headers["Content-Disposition"].endswith('"wallet-backup.vnwb"')
    contents = restoring.read(backup.open_(answer.data, PASSPHRASE))
    assert contents.pid == "999203001234" and len(contents.documents) == 1

    home = citizen.get("/documents").text
    document = re.search(r"/documents/[A-Za-z0-9_-]+", home)
    assert document is not None and "/backup" in home
    form(citizen, f"{document[0]}/remove")
    wrong = _restore(citizen, answer.data, "another passphrase")
    assert (
        wrong.status_code == 422
        and 'data-code="backup_unopened"' in wrong.text
        and "another passphrase" not in wrong.text
    )
    assert 'data-code="backup_missing"' in form(citizen, "/backup/restore", passphrase=PASSPHRASE).text
    assert 'data-code="backup_malformed"' in _restore(citizen, b"not a backup at all" * 9, PASSPHRASE).text
    done = _restore(citizen, answer.data, PASSPHRASE)
    assert done.status_code == 303 and done.headers["Location"] == "/backup?done=1"
    page = citizen.get("/backup").text
    assert "Giấy phép lái xe" in page and 'id="awaited"' in citizen.get("/documents").text
    (again,) = re.findall(r"/backup/awaited/[0-9a-f]{64}/receive", page)
    to_issuer = form(citizen, again)
    assert to_issuer.status_code == 303 and to_issuer.headers["Location"].startswith("http://localhost:5000/authorize?")
    desk.redeemed = False
    assert citizen.receive(desk.link, now=desk.world.now, tx_code=TX_CODE).status_code == 200
    assert (
        "/receive" not in citizen.get("/backup").text
        and citizen.post(again, data={"csrf": citizen.csrf()}).status_code == 404
    )


def test_passphrases_are_not_tried_without_end(citizen: Citizen) -> None:
    for _ in range(backup.TRIES):
        assert 'data-code="backup_malformed"' in _restore(citizen, b"not a backup at all" * 9, PASSPHRASE).text
    spent = _restore(citizen, b"not a backup at all" * 9, PASSPHRASE)
    assert spent.status_code == 429 and 'data-code="too_many_tries"' in spent.text and "phút" in spent.text
    assert form(citizen, "/backup/new", passphrase=PASSPHRASE, again=PASSPHRASE).status_code == 429


def test_what_leaves_or_goes_for_good_wants_a_recent_proof(citizen: Citizen, desk: IssuerDesk) -> None:
    """Who finds an open phone sees which documents there are, reads none and takes nothing along: the provider asks who they are."""
    found = re.search(r"/documents/[A-Za-z0-9_-]+", citizen.get("/documents").text)
    assert found is not None
    csrf, remove = citizen.csrf(), f"{found[0]}/remove"
    desk.world.now += frame.RECENT_SECONDS + 1
    citizen.provider.clock[0] = desk.world.now
    assert citizen.get("/documents").status_code == 200
    for page in (found[0], "/backup/new", remove, "/present/some-question"):
        away = citizen.get(page)
        assert away.status_code == 303 and away.headers["Location"] == f"/sign-in?anew=1&next={quote(page, safe='')}"
    assert "prompt=login" in citizen.get(away.headers["Location"]).headers["Location"]
    desk.world.now += frame.RECENT_SECONDS
    citizen.provider.clock[0] = desk.world.now
    for page in ("/backup/new", remove, "/present/some-question/send"):  # a page that was opened in time, and long ago
        assert citizen.post(page, data={"csrf": csrf, "passphrase": PASSPHRASE, "again": PASSPHRASE}).status_code == 403
    assert citizen.sign_in(path=f"/sign-in?anew=1&next={remove}").headers["Location"] == remove
    assert citizen.get(remove).status_code == 200


def test_an_old_proof_is_not_taken_for_a_recent_one(citizen: Citizen) -> None:
    """The browser dropped `prompt` on the way: the provider answered with the sign-in that it knew."""
    address = urlsplit(citizen.get("/sign-in?anew=1").headers["Location"])
    asked = [pair for pair in parse_qsl(address.query) if pair[0] != "prompt"]
    browser = citizen.provider.browser()
    back = browser.sign_in(browser.get(f"{address.path}?{urlencode(asked)}"))
    citizen.provider.clock[0] += 600  # a consent that was thought about; the proof is of before
    pending = citizen.client.get_cookie("wallet_sign_in")
    assert pending is not None
    with citizen.app.app_context():
        at = citizen.app.extensions["wallet"]
        known = at.wallet.recall(pending.value, now=at.clock())
        late = replace(known, anew=citizen.provider.clock[0])
        citizen.client.set_cookie("wallet_sign_in", at.wallet.remember(late, now=at.clock()), domain="localhost")
    if back.headers["Location"].startswith("/consent/"):
        back = browser.decide(back)
    refused = citizen.come_back(dict(parse_qsl(urlsplit(back.headers["Location"]).query)))
    assert refused.status_code == 400 and "wallet_session" not in refused.headers.get("Set-Cookie", "")


def test_what_a_backup_names_leads_nowhere_else(citizen: Citizen, desk: IssuerDesk) -> None:
    """An issuer that this wallet does not know, a refresh token that is spent, a document that is no longer wanted."""
    wallet, owner = rooms(citizen)
    with citizen.app.app_context():
        made = restoring.gather(wallet, owner, pid="999203001234", now=1)  # type: ignore[arg-type]
        (licence,) = made.documents
        elsewhere = {"document_id": "a", "about": "x", "credential_issuer": "http://169.254.169.254"}
        spent = {"document_id": "b", "about": "y", "renewal": "spent"}
        good = {"document_id": "c", "about": "z", "renewal": "good"}
        named = tuple(replace(licence, **each) for each in (elsewhere, spent, good))
        restoring.restore(wallet, owner, restoring.Contents(1, made.pid, named, ()), pid=made.pid, now=1)  # type: ignore[arg-type]
    desk.renewals.append("good")
    links = re.findall(r"/backup/awaited/[0-9a-f]{64}/receive", citizen.get("/backup").text)
    answers = sorted((form(citizen, link) for link in links), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [303, 303, 400]
    asked, renewed = sorted((answer.headers["Location"] for answer in answers[:2]), reverse=True)
    assert asked.startswith("http://localhost:5000/authorize?")  # good no more: the person is asked
    assert renewed.startswith("/add/arriving/") and desk.renewals == ["good", "renewal-1"]
    assert form(citizen, links[0].replace("/receive", "/forget")).status_code == 303
    assert len(re.findall("/receive", citizen.get("/backup").text)) == 2
    assert citizen.post(links[1].replace("/receive", "/forget"), data={"csrf": "x"}).status_code == 403


def test_a_backup_of_another_person_changes_nothing(citizen: Citizen) -> None:
    foreign = restoring.write(restoring.Contents(1, "999090000111", (), ()))
    before = json.dumps(citizen.get("/history").text)
    answer = _restore(citizen, backup.seal(foreign, PASSPHRASE, cost=backup.Cost(14, 8, 1)), PASSPHRASE)
    assert answer.status_code == 422 and 'data-code="backup_of_another"' in answer.text
    assert json.dumps(citizen.get("/history").text) == before


def _restore(citizen: Citizen, data: bytes, passphrase: str):  # type: ignore[no-untyped-def]
    file = (io.BytesIO(data), "../../etc/passwd")
    return form(citizen, "/backup/restore", passphrase=passphrase, file=file)

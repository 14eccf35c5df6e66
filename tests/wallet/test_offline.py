"""What the offline wallet fetches while there is a network: its shell, its worker, its documents; and what it tells afterwards.

Spec: W3C Service Workers; W3C Web App Manifest; attacks SE (session, CSRF) from the wallet's side.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from certs.x509 import Usage
from tests.idp.conftest import made, made_on_server, state
from tests.wallet.citizen import URL, Citizen, register, wallet_app
from tests.wallet.issuer import IssuerDesk
from tests.wallet.reader import listed as listed_reader
from tests.wallet.test_add import add
from tests.world import PID
from tests.world_idp import State

__all__ = ["made", "made_on_server", "state"]
LINE = {"id": "e3c1b0a2-7a55-4b3e-9a53-0f4f6f0d9f10", "type": "driving_licence", "view": "licence"}


@pytest.fixture
def stranger(state: State, desk: IssuerDesk, tmp_path: Path) -> Citizen:
    register(state)
    return Citizen(wallet_app(desk, state, tmp_path / "wallet"), state)


@pytest.fixture
def citizen(stranger: Citizen, desk: IssuerDesk) -> Citizen:
    stranger.sign_in()
    assert stranger.receive(desk.link, now=desk.world.now).status_code == 200
    return stranger


def told(citizen: Citizen) -> dict[str, Any]:
    answer = citizen.get("/app/documents", headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_nobody_reads_it_as_a_page(citizen: Citizen) -> None:
    """The phone that lies unlocked on a table: the app asks for its passcode, and so must its address."""
    answer = citizen.client.get("/app/documents", base_url=URL, headers={"Sec-Fetch-Mode": "navigate"})
    assert answer.status_code == 400 and "full_name" not in answer.text


def worker(citizen: Citizen) -> dict[str, Any]:
    answer = citizen.get("/service-worker.js")
    assert answer.mimetype == "text/javascript"
    found = re.match(r"const \{ files: FILES, version: VERSION, scanner: SCANNER \} = (\{.*\});\n", answer.text)
    assert found is not None
    listed: dict[str, Any] = json.loads(found[1])
    return listed


def served(citizen: Citizen, path: str) -> tuple[int, str | None, bytes]:
    """Status, how long it may be kept, and content."""
    answer = citizen.get(path)
    found = (answer.status_code, answer.headers["Cache-Control"], answer.data)
    answer.close()
    return found


def test_every_file_that_the_worker_keeps_is_there_and_of_nobody(stranger: Citizen, citizen: Citizen) -> None:
    listed = worker(stranger)
    assert listed["files"][0] == "/app" and len(listed["files"]) == len(set(listed["files"]))
    somebody, nobody = citizen, Citizen(stranger.app, stranger.provider)
    for path in listed["files"]:
        status, kept, content = served(nobody, path)
        assert (status, kept) == (200, "no-cache"), path
        assert served(somebody, path)[2] == content, path


def test_the_reader_of_codes_is_kept_apart_and_alone_may_run_web_assembly(stranger: Citizen) -> None:
    listed = worker(stranger)
    scanner = listed["scanner"]["files"]
    assert "/static/js/code-worker.js" in scanner and set(scanner).isdisjoint(listed["files"])
    for path in (*scanner, *listed["files"]):
        answer = stranger.get(path)
        allowed = "wasm-unsafe-eval" in answer.headers["Content-Security-Policy"]
        assert (answer.status_code, allowed) == (200, path == "/static/js/code-worker.js"), path
        answer.close()
    assert "camera=(self)" in stranger.get("/app").headers["Permissions-Policy"]


def test_who_may_ask_comes_along(citizen: Citizen, desk: IssuerDesk) -> None:
    reader = desk.world.desk("bank", Usage.READER)
    desk.world.readers = (listed_reader(reader),)
    desk.world.sequence = desk.world.list_sequence = 2
    desk.world.now += 60
    asking = told(citizen)["asking"]
    (bank,) = asking["readers"]
    assert (bank["organisation"], bank["name"]["vi"]) == ("bank", "Ngân hàng Thử nghiệm")
    assert asking["issued"] == desk.world.now
    (certificate,) = bank["certificates"]
    assert certificate["key"] == reader.signer.public.bare_jwk()
    line = {**LINE, "at": desk.world.now, "to": "bank"}
    other = {**LINE, "id": "another-line-0123456789", "at": desk.world.now, "to": "shop"}
    citizen.call("/app/shown", {"shown": [line, other]})
    to_shop, to_bank, *_ = told(citizen)["history"]
    asked = ["driving_licence.licence", "driving_licence.age_over_18"]
    refused = {"id": "a-no-0123456789-0123456789", "declined": True, "at": desk.world.now, "to": "bank", "asked": asked}
    assert citizen.call("/app/shown", {"shown": [refused]}).json == {"told": [refused["id"]]}
    no = told(citizen)["history"][0]
    assert (no["word"]["en"], no["to"], "claims" in no) == ("Not presented", to_bank["to"], False)
    (about,) = no["asked"]  # by the names of facts, each once
    assert about["en"].startswith("Driving licence: ") and about["en"].count("Aged 18 or over") == 1
    forged = {"id": "a-no-of-nobody-0123456789", "declined": "signature_invalid", "at": desk.world.now, "asked": asked}
    assert citizen.call("/app/shown", {"shown": [forged]}).json == {"told": [forged["id"]]}
    of_nobody = told(citizen)["history"][0]
    assert of_nobody["word"]["en"] == "The wallet refused to answer for you" and "to" not in of_nobody
    assert to_bank["to"] == {"vi": "Ngân hàng Thử nghiệm", "en": "Test bank"}  # by the name on the list
    assert "to" not in to_shop


def test_every_module_that_the_shell_imports_is_kept(stranger: Citizen) -> None:
    files = set(worker(stranger)["files"])
    for path in [each for each in files if each.endswith(".js") and "/vendor/" not in each]:
        for found in re.findall(r'^import .*? from "([^"]+)";$', served(stranger, path)[2].decode(), re.MULTILINE):
            wanted = (Path(path).parent / found).as_posix()
            parts: list[str] = []
            for part in wanted.split("/"):
                parts = parts[:-1] if part == ".." else [*parts, part]
            assert "/".join(parts) in files, f"{path} imports {found}"


def test_the_manifest_starts_at_the_shell_and_names_icons_that_are_there(stranger: Citizen) -> None:
    manifest = stranger.get("/app.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    assert (manifest.json["start_url"], manifest.json["scope"]) == ("/app", "/")  # type: ignore[index]
    for icon in manifest.json["icons"]:  # type: ignore[index]
        picture = served(stranger, icon["src"])[2]
        width = int.from_bytes(picture[16:20])
        assert picture[:4] == b"\x89PNG" and icon["sizes"] == f"{width}x{width}"
    assert "manifest-src 'self'" in stranger.get("/app").headers["Content-Security-Policy"]


def test_documents_come_to_the_signed_in_browser_alone(stranger: Citizen) -> None:
    answer = stranger.get("/app/documents", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_document_comes_with_all_that_its_person_needs_offline(citizen: Citizen, desk: IssuerDesk) -> None:
    given = told(citizen)
    (licence,) = given["documents"]
    assert given["now"] == desk.world.now and given["csrf"] == citizen.csrf()
    assert (given["waiting"], given["awaited"], given["language"]) == ([], 0, "vi")
    assert (licence["type"], licence["state"]["standing"]) == ("driving_licence", "valid")
    assert licence["title"] == {"vi": "Giấy phép lái xe", "en": "Driving licence"}
    shown = {view["name"]: view for view in licence["views"]}
    assert {one["name"] for one in shown["age_over_18"]["tells"]}.isdisjoint({"full_name", "address"})
    assert {copy["thumbprint"] for copy in licence["copies"]} <= citizen.keys.keys()
    named = {copy["view"]: copy["name"] for copy in licence["copies"]}
    assert named["licence"] and named["age_over_18"] is None
    assert PID in "".join(fact["value"]["vi"] for fact in licence["facts"]).replace("\u202f", "")
    assert licence["renewable"] is False and given["history"][0]["type"] == licence["title"]


def test_what_was_shown_offline_counts_once_however_often_it_is_told(citizen: Citizen, desk: IssuerDesk) -> None:
    line = {**LINE, "at": desk.world.now - 3600}
    for _ in range(2):  # the answer may be lost
        answer = citizen.call("/app/shown", {"shown": [line]})
        assert answer.json == {"told": [LINE["id"]]}
    entries = told(citizen)["history"]
    assert [entry["at"] for entry in entries] == [line["at"], desk.world.now]
    assert entries[0]["word"]["vi"] == "Đã xuất trình" and entries[0]["claims"]


def test_a_phone_whose_clock_is_ahead_shows_nothing_in_the_future(citizen: Citizen, desk: IssuerDesk) -> None:
    citizen.call("/app/shown", {"shown": [{**LINE, "at": desk.world.now + 99_999}]})
    assert told(citizen)["history"][0]["at"] == desk.world.now


def test_a_line_of_another_form_is_refused_with_all_of_its_call(citizen: Citizen) -> None:
    wrong: list[object] = [
        {**LINE, "at": "1"},
        {**LINE, "at": True},
        {**LINE, "at": -1},
        {**LINE, "at": 1, "id": "short"},
        {**LINE, "at": 1, "id": "x" * 65},
        {**LINE, "at": 1, "type": "passport"},
        {**LINE, "at": 1, "type": ["driving_licence"]},
        {**LINE, "at": 1, "view": "everything"},
        {**LINE, "at": 1, "view": ["licence"]},
        {**LINE, "at": 1, "to": 1},
        {**LINE, "at": 1, "to": "x" * 65},
        {**LINE, "at": 1, "to": "\ud800"},  # no text: nothing can write it down
        {**LINE, "at": 1, "to": "bank", "declined": True},  # shown, or refused: not both
        {"id": LINE["id"], "at": 1, "declined": True},
        {"id": LINE["id"], "at": 1, "to": "bank", "declined": 1},
        {"id": LINE["id"], "at": 1, "to": "bank", "declined": "No!"},
        {"id": LINE["id"], "at": 1, "to": "bank", "declined": True, "asked": "driving_licence.licence"},
        {"id": LINE["id"], "at": 1, "to": "bank", "declined": True, "asked": ["driving_licence.everything"]},
        {"id": LINE["id"], "at": 1, "to": "bank", "declined": True, "asked": [["driving_licence"]]},
        {"id": LINE["id"], "at": 1, "to": "bank", "declined": True, "asked": ["driving_licence.licence"] * 65},
        "line",
    ]
    csrf = citizen.csrf()
    for body in (
        *({"shown": [{**LINE, "at": 1}, line]} for line in wrong),
        {"shown": [LINE | {"at": 1}] * 201},
        {},
        [],
    ):
        answer = citizen.call("/app/shown", body, csrf=csrf)
        assert (answer.status_code, answer.json["error"]) == (400, "request_malformed"), body  # type: ignore[index]
    assert len(told(citizen)["history"]) == 1


def test_nothing_is_told_or_refilled_by_another_site(citizen: Citizen) -> None:
    for path, body in (("/app/shown", {"shown": []}), ("/app/refill", {"document": "x"})):
        assert citizen.call(path, body, csrf="x" * 43).status_code == 403
        headers = {"X-CSRF-Token": citizen.csrf(), "Sec-Fetch-Site": "cross-site"}
        assert citizen.client.post(path, base_url=URL, json=body, headers=headers).status_code == 403


def test_what_the_person_must_be_asked_for_is_not_refilled(citizen: Citizen) -> None:
    (licence,) = told(citizen)["documents"]
    refused = citizen.call("/app/refill", {"document": licence["id"]})
    assert (refused.status_code, refused.json["error"]) == (400, "issuer_denied")  # type: ignore[index]
    assert citizen.call("/app/refill", {"document": "unknown"}).status_code == 404
    assert citizen.call("/app/refill", {"document": 1}).status_code == 400


def test_a_refill_brings_new_copies_in_place_of_the_old_ones(citizen: Citizen, desk: IssuerDesk) -> None:
    add(citizen, desk)
    (before,) = told(citizen)["documents"]
    assert before["renewable"] is True
    for _ in range(2):  # each time with the token that replaced the last
        begun = citizen.call("/app/refill", {"document": told(citizen)["documents"][0]["id"]}).json or {}
        proofs = citizen.prove(begun, now=desk.world.now)
        done = citizen.call("/receive/complete", {"receipt": begun["receipt"], "proofs": proofs})
        assert done.status_code == 200, done.text
    (after,) = told(citizen)["documents"]
    assert after["id"] == before["id"] and after["facts"] == before["facts"]
    prints = [{copy["thumbprint"] for copy in each["copies"]} for each in (before, after)]
    assert prints[0].isdisjoint(prints[1]) and prints[1] <= citizen.keys.keys()

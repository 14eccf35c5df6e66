"""A new device in a real Chromium: a backup goes out, comes back, and the issuer issues the document anew, for new keys.

Spec: `wallet/backup.md`; WCAG 2.2 AA.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests import smoke
from tests.chromium import Troubles, flaws, launched
from tests.walk import Walk
from wallet import backup, chain, ledger, restoring

PASSPHRASE = "sông lúa đèn cầu vượt"


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright, launched(playwright) as browser:
        page = browser.new_context(viewport={"width": 360, "height": 760}, locale="vi").new_page()
        page.set_default_timeout(10_000)
        yield page


def test_a_backup_leads_to_new_documents(nation: smoke.Run, page: Page, tmp_path: Path) -> None:
    wrong: dict[str, Any] = {}
    troubles = Troubles()

    def look(name: str) -> None:
        wrong.update(flaws(page, name))

    at = Walk(page, nation.urls, nation.persona, lambda name: None)
    at.sign_in()
    at.go("wallet", "/add")
    at.click("#add-driving_licence")
    at.click("#share")
    page.wait_for_url(nation.urls["wallet"] + "/documents/*")
    first = page.url
    troubles.watch(page)

    at.go("wallet", "/backup/new")
    look("backup-new")
    page.fill("#passphrase", "short one")
    page.fill("#again", "short one")
    at.click("#save")
    page.wait_for_selector("#error-summary")
    troubles.expect("/backup/new")
    look("backup-new-refused")
    page.fill("#passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    file = tmp_path / "kept.vnwb"
    with page.expect_download() as download:
        at.click("#save")
    download.value.save_as(file)
    contents = restoring.read(backup.open_(file.read_bytes(), PASSPHRASE))
    assert contents.pid == nation.persona["pid"] and "driving_licence" in {each.type for each in contents.documents}

    page.goto(f"{first}/remove")
    at.click("#remove")
    at.go("wallet", "/backup/restore")
    look("backup-restore")
    page.set_input_files("#file", file)
    page.fill("#passphrase", PASSPHRASE)
    at.click("#restore")
    page.wait_for_selector("#restored")
    look("backup-restored")
    page.locator("#awaited button", has_text="Nhận lại").first.click()
    page.wait_for_url(nation.urls["wallet"] + "/documents/*")
    assert page.url != first

    at.go("wallet", "/history")
    look("history")
    with page.expect_download() as download:
        at.click("#export")
    download.value.save_as(tmp_path / "history.json")
    lines = ledger.read((tmp_path / "history.json").read_bytes())
    assert chain.check(lines, chain.Head(len(lines), lines[-1].link)).broken_at is None
    assert [line.entry.kind for line in lines][-4:] == ["removed", "restored", "received", "exported"]
    assert troubles.seen == []
    assert not wrong, json.dumps(wrong, indent=1, ensure_ascii=False)

"""A citizen at a real browser: goes to pages, types by the keyboard, reads the simulated inbox, and looks at what they see."""

from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import Page

from tests import smoke
from tests.chromium import Troubles, axe, overflows, tab_to, until


@dataclass
class Citizen:
    nation: smoke.Run
    page: Page
    language: str
    persona: dict[str, Any]
    wrong: dict[str, object] = field(default_factory=dict)  # what was found by looking, by the page's name
    troubles: Troubles = field(default_factory=Troubles)

    def __post_init__(self) -> None:
        self.troubles.watch(self.page)
        self.page.set_default_timeout(10_000)

    def go(self, path: str, role: str = "idp") -> None:
        self.page.goto(self.nation.urls[role] + path)

    def look(self, name: str) -> None:
        """Not too wide, and nothing that axe-core finds: by night in Vietnamese, by day in English."""
        assert self.page.evaluate("document.documentElement.lang") == self.language
        scheme: Literal["light", "dark"] = "dark" if self.language == "vi" else "light"
        if wide := overflows(self.page):
            self.wrong[f"{name}, wide"] = wide
        self.page.emulate_media(color_scheme=scheme)
        if found := axe(self.page):
            self.wrong[f"{name}, {scheme}"] = found
        self.page.emulate_media(color_scheme="light")

    def type(self, **fields: str) -> None:
        """By the keyboard alone; Enter sends the form."""
        for id_, text in fields.items():
            tab_to(self.page, id_)
            self.page.keyboard.press("ControlOrMeta+A")
            self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def press(self, id_: str) -> None:
        """By the keyboard alone."""
        tab_to(self.page, id_)
        self.page.keyboard.press("Enter")

    def code_in_the_inbox(self) -> str:
        """Of the newest message, which the inbox shows in another tab."""
        inbox = self.page.context.new_page()
        inbox.goto(self.nation.urls["idp"] + "/simulation/messages")
        code = str(
            until(inbox, r"document.querySelector('article.message')?.innerText.match(/@localhost #(\d{6})/)?.[1]")
        )
        inbox.close()
        return code

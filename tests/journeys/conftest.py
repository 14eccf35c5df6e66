"""A demonstration and a real browser for each file of journeys: what one of them changes, no other sees."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests import smoke
from tests.chromium import launched


@pytest.fixture(scope="module")
def nation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[smoke.Run]:
    run = smoke.Run(tmp_path_factory.mktemp("served"))
    with smoke.demonstration(run):
        yield run


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser

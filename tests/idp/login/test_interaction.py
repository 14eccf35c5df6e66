"""A step of a log-in ends once, and by the browser that began it alone, whoever has read it before."""

import pytest

from idp.login import interaction
from idp.login.interaction import Interaction
from idp.oidc.secrets import new_secret
from idp.storage.memory import MemoryStorage

MINE, THEIRS = "m" * 43, "t" * 43


@pytest.mark.parametrize("read_before", [False, True])
def test_it_ends_once_and_by_its_browser(read_before: bool) -> None:
    with MemoryStorage().transaction() as ports:
        pending = Interaction(browser=interaction.browser_hash(MINE), proofs=("otp",))
        step = interaction.begin(ports, pending, new_secret=new_secret, now=0)
        found = interaction.find(ports, step, browser=MINE, now=0) if read_before else None
        for other in (THEIRS, None):
            assert interaction.finish(ports, step, browser=other, now=0, found=found) is None
        assert interaction.finish(ports, step, browser=MINE, now=0, found=found) == pending
        assert interaction.finish(ports, step, browser=MINE, now=0, found=found) is None

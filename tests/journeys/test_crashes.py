"""OP-01, OP-03: the real provider is killed at random moments of sign-in, issuance and suspension; nothing promised is lost.

So are step-up, an added authenticator app, a new password, recovery, registration, the end of a session, and the journal's seal.

Fifty rounds, on SQLite and PostgreSQL; a thousand by `make soak`.
"""

from pathlib import Path

from idp.storage import place
from tests.soak.crashes import Crash
from tests.soak.deeds import Held
from tests.soak.killed import killed_at_any_moment
from tests.soak.nations import crashing
from tests.soak.residents import Deed


def test_op_01_killed_at_any_moment(tmp_path: Path) -> None:
    """On SQLite; on PostgreSQL beside it, in a file that another process takes."""
    killed_at_any_moment("sqlite", tmp_path)


def test_the_check_finds_what_is_lost(tmp_path: Path) -> None:
    with crashing("sqlite", tmp_path) as crash:
        report = crash.run(0, seed=0)
        assert not report.faults
        lost = Crash(crash.here, crash.database, credentials=[Held("document", "thumbprint", 1, 2, "nonce")])
        assert "lost" in lost.run(0, seed=0).faults[0]
        twice = Crash(crash.here, crash.database, credentials=[Held("d", "t", 1, 2, "n"), Held("e", "u", 1, 2, "m")])
        assert "given twice" in twice.run(0, seed=0).faults[0]
        with place.opened(crash.database) as storage, storage.reading() as ports:

            def told(seen: str, *, acknowledged: bool) -> str:
                to = Deed(
                    "change", "password_changed", "nobody", ("old",), ("new",), lambda _: (seen,),
                    path="/", form=dict, cookies={}, leads_to="/", address="", acknowledged=acknowledged,
                )  # fmt: skip
                return to.found(ports, now=0)[1]

            assert told("old", acknowledged=False) == ""
            assert "lost" in told("old", acknowledged=True)
            assert "half" in told("neither", acknowledged=False)
            assert "0 lines" in told("new", acknowledged=False)  # of it the journal knows nothing

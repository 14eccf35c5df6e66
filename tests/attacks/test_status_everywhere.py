"""Groups ST and X5-11 on each form of document: what was withdrawn is refused, and what cannot be known is no yes.

`test_status_lists.py` and `test_revocation_lists.py` have the lists themselves.
"""

from typing import Any

import pytest

from certs import cbor
from certs.crl import Reason, Revocation
from certs.formats.mso import LIMITS
from certs.status import Status
from tests.certs.formats import mdocs, sd_jwts
from tests.shown import FORMS, Shown, show
from tests.world import DAY, URI, World
from verifier import Outcome, Report, Unknown, Verifier

PAPER: dict[str, Any] = {"require_holder_proof": False, "accept_printed": True}
EACH = pytest.mark.parametrize("form", (*FORMS, "printed"))
INDEX = 0


@pytest.fixture
def world() -> World:
    return World()


def look(world: World, form: str, later: int = 0, policy: dict[str, Any] | None = None, **bundle: Any) -> Report:
    verifier = Verifier(world.open_bundle(**bundle), clock=lambda: world.now + later)
    if form == "printed":
        world.next_index = INDEX
        return Shown("vn1_cwt", world.paper()).inspect(verifier, **{**PAPER, **(policy or {})})
    return show(world, form, at=world.now + later, index=INDEX, days=60).inspect(verifier, **(policy or {}))


@EACH
@pytest.mark.parametrize(
    ("state", "code"),
    [(Status.INVALID, "revoked"), (Status.SUSPENDED, "suspended"), (Status.HOLDER_LOCKED, "holder_locked")],
)
def test_ST_01_withdrawn(world: World, form: str, state: Status, code: str) -> None:
    world.set_state(INDEX + 1, state)
    assert look(world, form).outcome is Outcome.ACCEPTED  # the neighbour's
    world.set_state(INDEX, state)
    told = look(world, form)
    assert (told.outcome, told.code, told.verified) == (Outcome.REJECTED, code, None)


@EACH
@pytest.mark.parametrize(("ttl", "life", "later"), [(DAY, 7 * DAY, DAY + 1), (30 * DAY, DAY, DAY)])
def test_ST_03_a_list_past_its_end_or_its_ttl(world: World, form: str, ttl: int, life: int, later: int) -> None:
    lists = {URI: world.status_list(ttl=ttl, expires=world.now + life)}
    told = look(world, form, later, status_lists=lists)
    assert (told.outcome, told.code) == (Outcome.UNDETERMINED, "status_stale")
    hard = look(world, form, later, {"status_stale": Unknown.REJECT}, status_lists=lists)
    assert (hard.outcome, hard.code) == (Outcome.REJECTED, "status_stale")


@EACH
def test_ST_06_an_index_beyond_the_list(world: World, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.attacks.test_status_everywhere.INDEX", 4096)
    told = look(world, form)
    assert (told.outcome, told.code) == (Outcome.REJECTED, "status_index_out_of_range")


@EACH
def test_ST_09_ST_15_a_list_that_is_not_there_is_not_fetched(
    world: World, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("connected"))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("resolved"))
    elsewhere = URI + "9"
    told = look(world, form, status_lists={elsewhere: world.status_list(uri=elsewhere)})
    assert (told.outcome, told.code) == (Outcome.UNDETERMINED, "status_unavailable")
    hard = look(world, form, policy={"status_unavailable": Unknown.REJECT}, status_lists={})
    assert (hard.outcome, hard.code) == (Outcome.REJECTED, "status_unavailable")


@pytest.mark.parametrize("index", [-1, -(2**63), 1.5, "5", True, None, 2**64])
def test_ST_06_an_index_that_is_none_in_json(index: object) -> None:
    """Signed by the real authority; whatever it is, it is no place in a list."""
    text = sd_jwts.bound(sd_jwts.signed({"status": {"status_list": {"idx": index, "uri": URI}}}))
    world = sd_jwts.STANDING
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)
    asked = {"audience": sd_jwts.AUDIENCE, "challenge": sd_jwts.NONCE.encode()}
    told = Shown("vn1_cwt", text).inspect(verifier, **asked)
    assert told.outcome is Outcome.REJECTED and told.code in ("malformed", "status_index_out_of_range")


@pytest.mark.parametrize("index", [-1, "5", True, None, 2**63])
def test_ST_06_an_index_that_is_none_in_an_mdoc(world: World, index: object) -> None:
    good = mdocs.issued(world)
    other = mdocs.resigned(world, good, {"status": {"status_list": {"idx": index, "uri": URI}}})
    signed = cbor.decode(other, LIMITS)["issuerAuth"]

    def swap(value: Any) -> None:
        mdocs.document_of(value)["issuerSigned"]["issuerAuth"] = signed

    code, _ = mdocs.refusal(world, mdocs.edited(mdocs.presented(world, good), swap))
    assert code in ("malformed", "status_index_out_of_range")


# --- the signer's certificate ---------------------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize(
    ("reason", "earlier", "code"),
    [
        (Reason.key_compromise, 0, "cert_revoked"),
        (Reason.unspecified, 0, "cert_revoked"),
        (Reason.superseded, 3600, "cert_revoked"),  # revoked before this document was signed
        (Reason.superseded, 0, None),  # signed before: it stands
    ],
)
def test_X5_11_a_signer_that_was_taken_back(
    world: World, form: str, reason: Reason, earlier: int, code: str | None
) -> None:
    signer = world.issuers["public-security"].certificate
    entry = Revocation(serial=signer.serial_number, revoked=world.now - earlier, reason=reason)
    told = look(world, form, crls=(world.root.sign_crl((entry,), number=1, now=world.now),))
    assert told.code == code and told.accepted == (code is None)


@EACH
def test_X5_11_an_old_revocation_list_leaves_it_open_and_refuses_whom_it_names(world: World, form: str) -> None:
    month = {URI: world.status_list(ttl=30 * DAY, expires=world.now + 30 * DAY)}
    old = world.root.sign_crl((), number=1, now=world.now, days=1)
    told = look(world, form, 2 * DAY, status_lists=month, crls=(old,))
    assert (told.outcome, told.code) == (Outcome.UNDETERMINED, "status_stale")
    signer = world.issuers["public-security"].certificate
    entry = Revocation(serial=signer.serial_number, revoked=world.now - DAY, reason=Reason.key_compromise)
    named = world.root.sign_crl((entry,), number=1, now=world.now, days=1)
    assert look(world, form, 2 * DAY, status_lists=month, crls=(named,)).code == "cert_revoked"

"""Thirty days without a network, by moving the clock: what each verdict says at each age, of each form, at the end of each part.

The tables of `docs/offline.md` are worked out here, and held against that page line by line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from certs import trust
from certs.authority import CRL_DAYS, Authority
from certs.bundle import Bundle, update
from certs.trust import TrustList
from certs.x509 import Usage
from idp.issuance import status
from idp.issuance.publication import BUNDLE_LIFETIME
from idp.scheme import TRUST_LIST_DAYS
from tests.shown import FORMS, Shown, show
from tests.world import DAY, NOW, URI, World
from verifier import Report, Unknown, Verifier

PAGE = Path(__file__).parents[2] / "docs/offline.md"
PRINTED = "printed"
ALL_FORMS = (*FORMS, PRINTED)
PAPER = {"require_holder_proof": False, "accept_printed": True}
LONG, END = 400, 10  # days: everything else lasts so long, and the part that is looked at so long
SECOND = 1 / DAY


@dataclass(frozen=True)
class Ends:
    """For how many days each thing is good."""

    bundle: float = LONG
    trust_list: float = LONG
    crl: float | None = None
    status_exp: float = LONG
    status_ttl: float = LONG
    issuer: float = LONG
    root: float = LONG
    credential: int = LONG


@cache
def nation(ends: Ends) -> tuple[World, Bundle]:
    world = World()
    if ends.root != LONG:
        world.root = Authority.create("Ending root", now=NOW - 400 * DAY, days=400 + int(ends.root))
        world.list_desk = world.desk("trust list", Usage.TRUST_LIST_SIGNER)
        world.status_desk = world.desk("status", Usage.STATUS_SIGNER)
        world.bundle_desk = world.desk("bundle", Usage.BUNDLE_SIGNER)
    signer = world.desk("documents", Usage.DOCUMENT_SIGNER, starts=-30, days=30 + int(ends.issuer))
    world.issuers = dict.fromkeys(world.issuers, signer)
    lists = {URI: world.status_list(ttl=seconds(ends.status_ttl), expires=NOW + seconds(ends.status_exp))}
    listed = TrustList(1, NOW, NOW + seconds(ends.trust_list), world.services())
    crls = () if ends.crl is None else (world.root.sign_crl((), number=1, now=NOW, days=int(ends.crl)),)
    token = trust.sign(listed, world.list_desk.signer, [world.list_desk.certificate])
    held = world.open_bundle(lifetime=seconds(ends.bundle), trust_list=token, status_lists=lists, crls=crls)
    return world, held


def seconds(days: float) -> int:
    return round(days * DAY)


def report(ends: Ends, form: str, age: float, **policy: Any) -> Report:
    """What is told of a document that is shown at that age of the trust data, in days."""
    world, held = nation(ends)
    at = NOW + seconds(age)
    verifier = Verifier(held, clock=lambda: at)
    if form == PRINTED:
        return Shown("vn1_cwt", world.paper(days=ends.credential)).inspect(verifier, **PAPER, **policy)
    shown = show(world, form, at=at, days=ends.credential)
    return shown.inspect(verifier, **policy)


def said(told: Report) -> str:
    """The verdict in a word, and whether the result tells that a part has ended."""
    if told.accepted:
        ended = ", ".join(told.trust.ended) if told.trust else ""
        return f"accepted; told: `{ended}` has ended" if ended else "accepted"
    return f"{told.outcome.value}: `{told.code}`"


OK, STALE, STALE_NO = "accepted", "undetermined: `status_stale`", "rejected: `status_stale`"
EXPIRED, CERTIFICATE = "rejected: `expired`", "rejected: `cert_expired`"
LISTED = "accepted; told: `trust_list` has ended"
HARD = {"status_stale": Unknown.REJECT}

# Each part with its end after ten days: what is said in the last second before, at the end, and a second later; and at the end with
# the policy that takes no open question.
PARTS: dict[str, tuple[Ends, str, str, str, str]] = {
    "bundle": (Ends(bundle=END), OK, STALE, STALE, STALE_NO),
    "trust list": (Ends(trust_list=END), OK, LISTED, LISTED, LISTED),
    "revocation list": (Ends(crl=END), OK, STALE, STALE, STALE_NO),
    "status list, exp": (Ends(status_exp=END), OK, STALE, STALE, STALE_NO),
    "status list, ttl": (Ends(status_ttl=END), OK, OK, STALE, STALE_NO),
    "issuer's certificate": (Ends(issuer=END), OK, OK, CERTIFICATE, CERTIFICATE),
    "root": (Ends(root=END), OK, OK, CERTIFICATE, CERTIFICATE),
    "document": (Ends(credential=END), OK, EXPIRED, EXPIRED, EXPIRED),
}
AGES = (END - SECOND, END, END + SECOND)


@pytest.mark.parametrize("part", PARTS)
def test_at_the_end_of_each_part(part: str) -> None:
    ends, *wanted, hard = PARTS[part]
    for form in ALL_FORMS:
        shift = -60 / DAY if part == "document" and form in ("vn1_cwt", "mso_mdoc") else 0  # issued a minute ago
        found = [said(report(ends, form, age + shift)) for age in AGES]
        assert found == wanted, form
        assert said(report(ends, form, 30)) == wanted[2], form
        assert said(report(ends, form, 30, **HARD)) == hard, form
        assert said(report(ends, form, 0)) == OK, form


def test_no_policy_revives_what_has_ended() -> None:
    """An age that a policy takes is a bound beside each end, never in its place; but for `ttl`, which it may widen up to `exp`."""
    patient = {"max_bundle_age": 999 * DAY, "max_status_age": 999 * DAY, "max_trust_list_age": 999 * DAY}
    for part, (ends, _, _, after, _) in PARTS.items():
        for form in ALL_FORMS:
            wanted = OK if part == "status list, ttl" else after
            assert said(report(ends, form, END + SECOND, **patient)) == wanted, (part, form)


@pytest.mark.parametrize("part", ["bundle", "trust_list", "status"])
@pytest.mark.parametrize("form", ALL_FORMS)
def test_an_age_that_a_policy_takes(form: str, part: str) -> None:
    strict: dict[str, Any] = {f"max_{part}_age": 7 * DAY}
    found = [said(report(Ends(), form, age, **strict)) for age in (7, 7 + SECOND, 30)]
    assert found == [OK, STALE, STALE]
    assert said(report(Ends(), form, 30, **strict, **HARD)) == STALE_NO
    assert said(report(Ends(), form, 30)) == OK


@pytest.mark.parametrize("form", ALL_FORMS)
def test_the_clock_behind(form: str) -> None:
    """Five minutes are two clocks that differ; more is a clock that is wrong, and then there is no yes and no blame."""
    for minutes, wanted in ((0, OK), (1, OK), (6, "undetermined: `clock_unreliable`")):
        world, held = nation(Ends())
        early = NOW - minutes * 60
        text = Shown("vn1_cwt", world.paper()) if form == PRINTED else show(world, form, at=early)
        policy = PAPER if form == PRINTED else {}
        assert said(text.inspect(Verifier(held, clock=lambda early=early: early), **policy)) == wanted, minutes
    for days in (1, 100, 800):
        assert said(report(Ends(), form, -days)) == "undetermined: `clock_unreliable`", days
        no = report(Ends(), form, -days, clock_unreliable=Unknown.REJECT)
        assert said(no) == "rejected: `clock_unreliable`", days


@pytest.mark.parametrize("form", ALL_FORMS)
def test_each_verdict_tells_how_old_each_piece_is(form: str) -> None:
    told = report(Ends(crl=LONG), form, 29)
    assert told.trust is not None and set(told.trust.ages.values()) == {29 * DAY}
    assert set(told.trust.ages) == {"bundle", "trust_list", "status_list", "crl"}


def test_the_network_comes_back_after_everything_had_ended() -> None:
    """Forty days late: what is held answers nothing any more, and still introduces what comes."""
    world, held = nation(Ends(bundle=7, trust_list=30, crl=30, status_exp=2, status_ttl=1))
    later = NOW + 40 * DAY
    old, world.now = world.now, later
    try:
        crls = (world.root.sign_crl((), number=2, now=later),)
        token = trust.sign(
            TrustList(2, later, later + 30 * DAY, world.services()),
            world.list_desk.signer,
            [world.list_desk.certificate],
        )
        fresh = update(held, world.bundle(sequence=2, trust_list=token, crls=crls), now=later)
        for form in FORMS:
            assert said(show(world, form).inspect(Verifier(fresh, clock=lambda: later))) == OK
    finally:
        world.now = old


# --- the page -----------------------------------------------------------------------------------------------------------

# What the reference provider publishes: a day of `ttl` and two of `exp`, a week, a month, three months.
PROVIDER = Ends(
    bundle=BUNDLE_LIFETIME / DAY,
    trust_list=TRUST_LIST_DAYS,
    crl=CRL_DAYS,
    status_exp=status.LIFETIME / DAY,
    status_ttl=status.TTL / DAY,
)
MONTH = Ends(bundle=31, trust_list=30, crl=CRL_DAYS, status_exp=31, status_ttl=31)
POLICIES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "`max_status_age` 2 days": {"max_status_age": 2 * DAY},
    "`max_bundle_age` 3 days": {"max_bundle_age": 3 * DAY},
    "`status_stale` REJECT": HARD,
}
TABLES = {"The reference provider": (PROVIDER, (0, 1, 2, 7, 30)), "A month": (MONTH, (0, 2, 3, 29, 30, 31))}


def table(ends: Ends, ages: Iterable[float]) -> list[str]:
    """A line for each age, a column for each policy; at that many days and a second. Every form must say the same."""
    lines = ["| days | " + " | ".join(POLICIES) + " |", "| ---: |" + " --- |" * len(POLICIES)]
    for age in ages:
        cells = []
        for policy in POLICIES.values():
            (cell,) = {said(report(ends, form, age + (SECOND if age else 0), **policy)) for form in ALL_FORMS}
            cells.append(cell)
        lines.append(f"| {age:g} | " + " | ".join(cells) + " |")
    return lines


@pytest.mark.parametrize("name", TABLES)
def test_the_page_says_what_is_so(name: str) -> None:
    written = PAGE.read_text("utf-8")
    assert "\n".join(table(*TABLES[name])) in written

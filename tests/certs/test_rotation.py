"""When one key gives way to the next: dates, order of steps, the files of a desk, and roots that introduce each other."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509

from certs import crl, desk, roots, rotation
from certs.authority import Authority
from certs.catalogue import CATALOGUE, Text
from certs.crl import Reason
from certs.desk import FORMER, NEXT, Certify, Desk, advance, open_desk
from certs.keys import MemorySigner, PublicKey
from certs.lote import Service, TrustList
from certs.profiles import DAY, SIGNER_DAYS
from certs.rotation import PLANS, ROOT_PLAN, Generations, Plan, Step, dates, due, is_root, relist, usage_of
from certs.x509 import Usage, check_path, introduced
from tests.certs.refusals import refused

NOW = 1_790_000_000
ROOT = Authority.create("Root", now=NOW - 3000 * DAY, days=7000)
PLAN = PLANS[Usage.DOCUMENT_SIGNER]


def certificate(starts: int, days: int = SIGNER_DAYS) -> x509.Certificate:
    return ROOT.issue(
        "health", MemorySigner.generate().public, Usage.DOCUMENT_SIGNER, now=starts, starts=starts, days=days
    )


FIRST = certificate(NOW)
WHEN = dates(FIRST, PLAN)


# --- dates ------------------------------------------------------------------------------------------------------------


def test_what_a_signer_signs_ends_before_it_does() -> None:
    longest = max(max(kind.credential_days, kind.printed_days) for kind in CATALOGUE.values())
    assert WHEN.ends - WHEN.latest == longest * DAY
    assert NOW < WHEN.made_known < WHEN.takes_over < WHEN.latest < WHEN.ends
    assert WHEN.takes_over - WHEN.made_known == 30 * DAY


@pytest.mark.parametrize("days", [1, 7, 30, 365])
def test_a_shorter_life_keeps_the_proportions(days: int) -> None:
    when = dates(certificate(NOW, days), PLAN)
    assert NOW < when.made_known < when.takes_over < when.latest < when.ends == NOW + days * DAY


def test_every_usage_has_a_plan_in_which_each_step_has_room() -> None:
    assert set(PLANS) == set(Usage)
    for plan in (*PLANS.values(), ROOT_PLAN):
        assert plan.life > 2 * (plan.ahead + rotation.MARGIN) + plan.outlives / 2
        assert plan.ahead >= 30


@pytest.mark.parametrize(
    ("seconds", "step"),
    [
        (0, None),
        (WHEN.made_known - NOW - 1, None),
        (WHEN.made_known - NOW, Step.PREPARE),
        (WHEN.ends - NOW + 900 * DAY, Step.PREPARE),
    ],
)
def test_the_next_one_is_made_ahead(seconds: int, step: Step | None) -> None:
    assert due(Generations(FIRST), PLAN, now=NOW + seconds) is step


def test_the_next_one_signs_when_it_has_been_known_for_long_enough() -> None:
    on_time = Generations(FIRST, certificate(WHEN.made_known - rotation.BACKDATED))
    assert due(on_time, PLAN, now=WHEN.takes_over - 1) is None
    assert due(on_time, PLAN, now=WHEN.takes_over) is Step.SWITCH
    late = Generations(FIRST, certificate(WHEN.takes_over - DAY - rotation.BACKDATED))
    assert due(late, PLAN, now=WHEN.takes_over + DAY) is None  # known for two days only, and there is time
    assert due(late, PLAN, now=WHEN.latest - 1) is None
    assert due(late, PLAN, now=WHEN.latest) is Step.SWITCH  # what the old one signed now could outlive it


def test_a_former_one_stays_until_it_ends() -> None:
    held = Generations(certificate(WHEN.ends - 10 * DAY), None, (FIRST,))
    assert due(held, PLAN, now=WHEN.ends) is None
    assert due(held, PLAN, now=WHEN.ends + 1) is Step.RETIRE


def test_what_a_certificate_is_for() -> None:
    assert usage_of(FIRST) is Usage.DOCUMENT_SIGNER and usage_of(ROOT.certificate) is None
    assert is_root(ROOT.certificate) and not is_root(FIRST)


def test_a_list_gains_the_next_and_loses_what_ended() -> None:
    following, other, ended = certificate(NOW), certificate(NOW), certificate(NOW - 2000 * DAY)
    service = Service("health", Text("a", "a"), "health_record", (ended, FIRST), 0)
    untouched = replace(service, authority="tax", certificates=(other,))
    held = TrustList(7, NOW - DAY, NOW + DAY, (service, untouched))
    new = relist(held, [Generations(FIRST, following)], sequence=8, now=NOW, days=30)
    assert new.services == (replace(service, certificates=(FIRST, following)), untouched)
    assert (new.sequence, new.issued, new.next_update) == (8, NOW, NOW + 30 * DAY)


# --- the files of a desk ----------------------------------------------------------------------------------------------


def certify_at(now: int) -> Certify:
    return lambda public: ROOT.issue("health", public, Usage.DOCUMENT_SIGNER, now=now)


SHORT = Plan(SIGNER_DAYS, 100)


def test_a_desk_goes_through_its_generations(tmp_path: Path) -> None:
    one = Desk(tmp_path, "health")
    open_desk(one, certify_at(NOW))
    first = one.generations().current
    open_desk(one, certify_at(NOW))  # nothing to do
    assert one.generations() == Generations(first)
    when = dates(first, SHORT)
    assert advance(one, SHORT, certify_at(when.made_known), now=when.made_known) == (Step.PREPARE,)
    following = one.generations().following
    assert one.generations() == Generations(first, following) and one.signer().public == key_of(first)
    assert advance(one, SHORT, certify_at(NOW), now=when.takes_over + 2 * DAY) == (Step.SWITCH,)
    assert following is not None
    assert one.generations() == Generations(following, None, (first,)) and one.signer().public == key_of(following)
    assert not list(tmp_path.glob(f"*{NEXT}*")) and not list(tmp_path.glob(f"*{FORMER}*.key"))
    assert one.key().stat().st_mode & 0o077 == 0


def test_what_was_left_for_years_is_done_at_once(tmp_path: Path) -> None:
    one = Desk(tmp_path, "health")
    open_desk(one, certify_at(NOW))
    first = one.generations().current
    later = NOW + 3 * SIGNER_DAYS * DAY
    assert advance(one, SHORT, certify_at(later), now=later) == (Step.PREPARE, Step.SWITCH, Step.RETIRE)
    assert one.generations().current != first and advance(one, SHORT, certify_at(later), now=later) == ()


def test_certificates_that_have_ended_already_are_not_made_for_ever(tmp_path: Path) -> None:
    one = Desk(tmp_path, "health")
    open_desk(one, certify_at(NOW))
    with pytest.raises(ValueError, match="ended already"):
        advance(one, SHORT, certify_at(NOW), now=NOW + 3 * SIGNER_DAYS * DAY)


def key_of(certificate: x509.Certificate) -> PublicKey:
    return PublicKey.from_crypto(certificate.public_key())


def test_a_desk_without_anybody_and_one_of_nonsense_say_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Desk(tmp_path, "health").generations()
    (tmp_path / "health.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    with pytest.raises(ValueError, match=r"health\.pem is no certificate"):
        Desk(tmp_path, "health").generations()
    (tmp_path / "health.pem").write_bytes(b"0\x03")
    with refused("malformed"):
        Desk(tmp_path, "health").generations()


# --- roots ------------------------------------------------------------------------------------------------------------


def test_a_root_introduces_its_next_before_that_signs(tmp_path: Path) -> None:
    root = Desk(tmp_path, "root")
    roots.open_root(root, "The root", now=NOW)
    first = root.generations().current
    when = dates(first, ROOT_PLAN)
    assert roots.advance_root(root, now=NOW) == () and roots.anchors(root) == (first,)
    assert roots.advance_root(root, now=when.made_known) == (Step.PREPARE,)
    following, (handover,) = root.generations().following, root.handovers()
    assert following is not None and following.subject == first.subject
    assert introduced((first,), (handover,), now=when.made_known) == (first, handover)
    assert roots.authority(root).certificate == first
    assert roots.advance_root(root, now=when.takes_over + DAY) == (Step.SWITCH,)
    assert roots.authority(root).certificate == following
    assert roots.advance_root(root, now=when.takes_over + DAY) == () and len(root.handovers()) == 2
    old_leaf = Authority(first, root.signer(f"{FORMER}{first.serial_number:x}")).issue(
        "x", MemorySigner.generate().public, Usage.BUNDLE_SIGNER, now=when.takes_over - DAY
    )
    back = introduced((following,), roots.anchors(root), now=when.takes_over + DAY)
    check_path(old_leaf, (), back, usage=Usage.BUNDLE_SIGNER, now=when.takes_over + DAY)
    leaf = roots.authority(root).issue(
        "x", MemorySigner.generate().public, Usage.BUNDLE_SIGNER, now=when.takes_over + DAY
    )
    anchors = introduced((first,), roots.anchors(root), now=when.takes_over + DAY)
    check_path(leaf, (), anchors, usage=Usage.BUNDLE_SIGNER, now=when.takes_over + DAY)
    assert roots.advance_root(root, now=when.ends + 1) == (Step.RETIRE,)
    assert roots.anchors(root) == (following,)


def test_every_root_signs_its_list_until_it_ends(tmp_path: Path) -> None:
    root, folder = Desk(tmp_path, "root"), tmp_path / "crls"
    roots.open_root(root, "The root", now=NOW)
    first = root.generations().current
    leaf = roots.authority(root).issue("x", MemorySigner.generate().public, Usage.BUNDLE_SIGNER, now=NOW)
    entry = roots.authority(root).revoke(leaf, reason=Reason.key_compromise, now=NOW)
    (path,) = roots.renew_crls(root, folder, now=NOW, more=(entry,))
    assert roots.renew_crls(root, folder, now=NOW + 44 * DAY) == ()
    assert roots.renew_crls(root, folder, now=NOW + 46 * DAY) == (path,)
    later = dates(first, ROOT_PLAN).takes_over + 31 * DAY
    roots.advance_root(root, now=later - 40 * DAY)
    roots.advance_root(root, now=later)
    made = roots.renew_crls(root, folder, now=later)
    assert len(made) == 2 and path in made
    lists = [crl.read(each.read_bytes(), root.generations().published, now=later) for each in made]
    assert {serial for each in lists for serial in each.revocations} == {leaf.serial_number}  # carried on
    ends = int(first.not_valid_after_utc.timestamp()) + 1
    roots.advance_root(root, now=ends)
    roots.renew_crls(root, folder, now=ends)
    assert [each.name for each in folder.iterdir()] == [roots.crl_path(folder, root.generations().current).name]


def test_a_root_that_ended_introduces_nobody(tmp_path: Path) -> None:
    root = Desk(tmp_path, "root")
    roots.open_root(root, "The root", now=NOW)
    later = NOW + 5000 * DAY
    assert roots.advance_root(root, now=later) == (Step.PREPARE, Step.SWITCH, Step.RETIRE)
    assert root.handovers() == () and len(roots.anchors(root)) == 1


def test_a_damaged_key_stops_the_renewal(tmp_path: Path) -> None:
    root = Desk(tmp_path, "root")
    roots.open_root(root, "The root", now=NOW)
    desk.write(root.key(), b"nonsense", secret=True)
    with pytest.raises(ValueError, match="PEM"):
        roots.renew_crls(root, tmp_path / "crls", now=NOW)


def test_a_root_that_was_withdrawn_is_introduced_no_more(tmp_path: Path) -> None:
    """By hand its certificate was taken out of the folder; what the next one said of it must not keep it believed."""
    root = Desk(tmp_path, "root")
    roots.open_root(root, "The root", now=NOW)
    first = root.generations().current
    when = dates(first, ROOT_PLAN)
    roots.advance_root(root, now=when.made_known)
    roots.advance_root(root, now=when.takes_over + DAY)
    keys = [key_of(each) for each in roots.anchors(root)]
    assert keys.count(key_of(first)) == 2
    root.certificate(f"{FORMER}{first.serial_number:x}").unlink()
    assert {key_of(each) for each in roots.anchors(root)} == {key_of(root.generations().current)}
    roots.advance_root(root, now=when.takes_over + 2 * DAY)
    assert {key_of(each) for each in root.handovers()} == {key_of(root.generations().current)}

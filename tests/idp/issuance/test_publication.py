import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import bundle as bundles
from certs import delta
from certs.authority import Authority
from certs.errors import Revoked
from certs.formats import cwt
from certs.keys import MemorySigner
from certs.status import Status, read_cwt, read_jwt
from idp.issuance import documents, status
from idp.issuance.publication import BUNDLE_RENEWED, REMEMBERED, STATUS_CWT, STATUS_JWT, Published, Publisher
from idp.issuance.signers import STATUS, Signers
from idp.storage import place
from tests.idp.issuance.office import ISSUER, NOW, Office, build


def _bundle(office: Office, publisher: Publisher | None = None) -> bundles.Bundle:
    raw = (publisher or office.publisher).bundle(now=office.now).body
    return bundles.read(raw, now=office.now, root_sha256=bundles.fingerprint(office.root))


def _another_process(office: Office, step: int = 0) -> Publisher:
    files = office.publisher._files
    return Publisher(office.storage, issuer=ISSUER, signers=office.signers, root=office.root, files=files, step=step)


def test_the_bundle_holds_lists_that_change_with_the_documents(office: Office) -> None:
    contents = cwt.peek(office.receive(MemorySigner.generate()))
    held = _bundle(office)
    assert held.sequence == 1
    assert held.statuses.check(contents.status_uri, contents.status_index, now=NOW) <= NOW
    with office.storage.transaction() as ports:
        documents.suspend(ports, document_id="licence-1", by="test", now=NOW)
    after = bundles.update(held, office.publisher.bundle(now=NOW).body, now=NOW)
    assert after.sequence == 2
    with pytest.raises(Revoked, match="suspended"):
        after.statuses.check(contents.status_uri, contents.status_index, now=NOW)


def test_the_same_bytes_until_something_changes_or_time_passes(office: Office) -> None:
    first = office.publisher.bundle(now=NOW)
    assert office.publisher.bundle(now=NOW + BUNDLE_RENEWED - 1) == first
    assert first.body == office.publisher.bundle(now=NOW + 1).body
    renewed = office.publisher.bundle(now=NOW + BUNDLE_RENEWED)
    assert renewed.body != first.body


def test_two_processes_publish_one_bundle(office: Office) -> None:
    other = _another_process(office)
    held = _bundle(office)
    assert other.bundle(now=NOW).body == held.raw
    with office.storage.transaction() as ports:
        documents.revoke(ports, document_id="licence-1", by="test", now=NOW)
    office.receive(MemorySigner.generate(), token=office.token("driving_licence", "account-3"))
    seen = [held]
    for publisher in (other, office.publisher, other, office.publisher):
        seen.append(bundles.update(seen[-1], publisher.bundle(now=NOW).body, now=NOW))  # no rollback, in any order
    assert len({bundle.raw for bundle in seen[1:]}) == 1


def test_st_14_revoked_before_the_crash_is_published_after_the_restart(tmp_path: Path) -> None:
    """The register and the list are written in one transaction; to publish is only to sign what is written."""
    url = f"sqlite:///{tmp_path}/idp.sqlite"
    with place.opened(url) as storage:
        office = build(tmp_path, storage)
        contents = cwt.peek(office.receive(MemorySigner.generate()))
        held = _bundle(office)
        with storage.transaction() as ports:
            documents.revoke(ports, document_id="licence-1", by="test", now=NOW)
    with place.opened(url) as storage:  # nobody asked for a bundle between the revocation and the end
        after = bundles.update(held, _another_process(replace(office, storage=storage)).bundle(now=NOW).body, now=NOW)
    with pytest.raises(Revoked, match="revoked"):
        after.statuses.check(contents.status_uri, contents.status_index, now=NOW)


def test_threads_agree_on_one_bundle(office: Office) -> None:
    publishers = [_another_process(office) for _ in range(4)]
    seen: list[bytes] = []
    threads = [
        threading.Thread(target=lambda publisher=publisher: seen.append(publisher.bundle(now=NOW).body))
        for publisher in publishers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4 and len(set(seen)) == 1


def test_a_status_list_is_signed_again_only_when_due(office: Office) -> None:
    first = office.publisher.status_list(2, STATUS_CWT, now=NOW)
    assert office.publisher.status_list(2, STATUS_CWT, now=NOW + 1) == first
    assert office.publisher.status_list(2, STATUS_CWT, now=NOW + 120) != first


def test_an_unknown_list(office: Office) -> None:
    with pytest.raises(KeyError):
        office.publisher.status_list(99, STATUS_CWT, now=NOW)


# --- a change shows within the step -----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 60, 300])
@pytest.mark.parametrize("act", [documents.suspend, documents.revoke, "lock"])
def test_a_change_shows_after_the_step_at_the_latest(office: Office, step: int, act: Any) -> None:
    publisher = _another_process(office, step=step)
    contents = cwt.peek(office.receive(MemorySigner.generate()))
    number, index = int(contents.status_uri.rpartition("/")[2]), contents.status_index

    def seen(now: int) -> tuple[int, ...]:
        """In the list as CWT, as JWT, and in the bundle."""
        anchors = (office.root,)
        as_cwt = read_cwt(
            publisher.status_list(number, STATUS_CWT, now=now).body, uri=contents.status_uri, anchors=anchors, now=now
        )
        text = publisher.status_list(number, STATUS_JWT, now=now).body.decode()
        as_jwt = read_jwt(text, uri=contents.status_uri, anchors=anchors, now=now)
        held = bundles.read(publisher.bundle(now=now).body, now=now)
        (listed,) = (one.whole() for one in held.statuses if one.uri == contents.status_uri)
        return as_cwt.get(index), as_jwt.get(index), listed.get(index)

    assert seen(NOW) == (0, 0, 0)
    with office.storage.transaction() as ports:
        if act == "lock":
            documents.set_lock(ports, person_id="person-1", locked=True, by="test", now=NOW)
        else:
            act(ports, document_id="licence-1", by="test", now=NOW)
    told = {documents.suspend: Status.SUSPENDED, documents.revoke: Status.INVALID, "lock": Status.HOLDER_LOCKED}[act]
    assert seen(NOW + step) == (told, told, told)


def test_within_the_step_nothing_is_signed_anew(office: Office) -> None:
    publisher = _another_process(office, step=60)
    at = NOW - NOW % 60
    first = publisher.bundle(now=at), publisher.status_list(2, STATUS_CWT, now=at).body
    contents = cwt.peek(office.receive(MemorySigner.generate()))
    with office.storage.transaction() as ports:
        documents.suspend(ports, document_id="licence-1", by="test", now=NOW)
    assert (publisher.bundle(now=at + 59), publisher.status_list(2, STATUS_CWT, now=at + 59).body) == first
    assert _another_process(office, step=60).bundle(now=at + 59) == first[0]  # nor by another process
    assert publisher.bundle(now=at + 60) != first[0]
    assert [publisher.status_list(2, STATUS_CWT, now=at + n).max_age for n in (60, 61, 119)] == [60, 59, 1]
    assert contents.status_uri.endswith("/2")


# --- what does not change is not signed again, so that what changed is small ------------------------------------------


def _tokens(raw: bytes) -> dict[str, bytes]:
    return {one.uri: one.token for one in bundles.read(raw, now=NOW + 10**6).statuses}


def test_a_list_that_does_not_change_stays_as_it_was_signed_for_hours(office: Office) -> None:
    first = _tokens(office.publisher.bundle(now=NOW).body)
    later = _tokens(office.publisher.bundle(now=NOW + 5 * 3600).body)
    assert later == first
    office.receive(MemorySigner.generate())
    with office.storage.transaction() as ports:
        documents.suspend(ports, document_id="licence-1", by="test", now=NOW)
    changed = _tokens(_another_process(office).bundle(now=NOW + 5 * 3600).body)
    assert {uri for uri in changed if changed[uri] != first[uri]} == {f"{ISSUER}/status-lists/2"}


def test_each_list_is_signed_again_at_its_own_time_and_long_before_it_ends(office: Office) -> None:
    seen = [_tokens(office.publisher.bundle(now=NOW + hour * 3600).body) for hour in range(15)]
    times = {uri: min(hour for hour in range(15) if seen[hour][uri] != seen[0][uri]) for uri in seen[0]}
    assert all(6 <= hour <= 13 for hour in times.values()) and len(set(times.values())) > 3
    held = bundles.read(office.publisher.bundle(now=NOW + 14 * 3600).body, now=NOW + 14 * 3600)
    ends = {part.until for part in held.parts() if part.kind == "status_list"}
    assert min(ends) >= NOW + (14 + 24) * 3600  # a day offline, whichever bundle was taken along


def test_lists_are_signed_again_when_their_signer_is_another(office: Office) -> None:
    first = _tokens(office.publisher.bundle(now=NOW).body)
    other = build(office.folder / "other")
    signers = Signers({**office.signers.held, STATUS: other.signers.of(STATUS)})
    publisher = Publisher(
        office.storage, issuer=ISSUER, signers=signers, root=office.root, files=office.publisher._files
    )
    _, payload = bundles.open_parts(publisher.bundle(now=NOW).body)
    assert not set(payload[bundles.STATUS_LISTS].values()) & set(first.values())


def test_what_changed_since_each_bundle_makes_the_newest(office: Office) -> None:
    held = [_bundle(office)]
    for turn in range(4):
        office.now += 1
        with office.storage.transaction() as ports:
            act = documents.suspend if turn % 2 == 0 else documents.reinstate
            act(ports, document_id="health-1", by="test", now=NOW)
            status.allocate(ports.statuses, 2, size=4)
        if turn == 1:
            office.receive(MemorySigner.generate())
        if turn > 1:
            with office.storage.transaction() as ports:
                documents.set_lock(ports, person_id="person-1", locked=turn == 2, by="test", now=NOW)
        held.append(bundles.update(held[-1], office.publisher.bundle(now=office.now).body, now=office.now))
    newest = held[-1]
    for publisher in (office.publisher, _another_process(office)):
        for base in held[:-1]:
            if base.sequence == newest.sequence:
                continue
            made = publisher.delta(base.sequence, now=office.now)
            assert delta.is_delta(made.body) and len(made.body) < len(newest.raw) / 2
            assert delta.update(base, made.body, now=office.now).raw == newest.raw
        for unknown in (0, newest.sequence, newest.sequence + 1, 10**17):
            assert publisher.delta(unknown, now=office.now).body == newest.raw


def test_bundles_are_remembered_for_a_week(office: Office) -> None:
    first = _bundle(office).sequence
    office.publisher.bundle(now=NOW + REMEMBERED)
    assert delta.is_delta(office.publisher.delta(first, now=NOW + REMEMBERED).body)
    office.publisher.bundle(now=NOW + REMEMBERED + BUNDLE_RENEWED)
    assert not delta.is_delta(office.publisher.delta(first, now=NOW + REMEMBERED + BUNDLE_RENEWED).body)


# --- revocation lists of certificates ---------------------------------------------------------------------------------


def test_revocation_lists_are_in_the_bundle_as_soon_as_they_lie_there(office: Office) -> None:
    held = _bundle(office)
    assert not list(held.trust.crls)
    listed = office.authority.sign_crl((), number=1, now=NOW)
    folder = office.folder / "crls"
    folder.mkdir()
    (folder / "root.crl").write_bytes(listed)
    (folder / "root.crl.0a1b2c3d").write_bytes(b"a part of one that is being written")
    after = bundles.update(held, office.publisher.bundle(now=NOW).body, now=NOW)
    assert [each.der for each in after.trust.crls] == [listed]
    assert office.publisher.crl("root") == Published("application/pkix-crl", listed, 60)
    assert {part.kind for part in after.parts()} == {"bundle", "root", "trust_list", "crl", "status_list"}
    for name in ("other", "../root", "root.crl"):
        with pytest.raises(KeyError):
            office.publisher.crl(name)
    (folder / "root.crl").write_bytes(office.authority.sign_crl((), number=2, now=NOW))
    newer = delta.update(after, office.publisher.delta(after.sequence, now=NOW).body, now=NOW)
    assert [each.number for each in newer.trust.crls] == [2]


def test_roots_that_lie_there_are_introduced(office: Office) -> None:
    held = _bundle(office)
    folder = office.folder / "anchors"
    folder.mkdir()
    (folder / "root.der").write_bytes(office.root.public_bytes(Encoding.DER))  # the one we have already
    second = Authority.create("Next root", now=NOW - 86400)
    (folder / "next.der").write_bytes(second.certificate.public_bytes(Encoding.DER))
    after = bundles.update(held, office.publisher.bundle(now=NOW).body, now=NOW)
    assert after.trust.anchors == (office.root, second.certificate)

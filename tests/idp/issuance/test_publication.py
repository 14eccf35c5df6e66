import threading
from dataclasses import replace
from pathlib import Path

import pytest

from certs import bundle as bundles
from certs.errors import Revoked
from certs.formats import cwt
from certs.keys import MemorySigner
from idp.issuance import documents
from idp.issuance.publication import BUNDLE_RENEWED, STATUS_CWT, Publisher
from idp.storage import place
from tests.idp.issuance.office import ISSUER, NOW, Office, build


def _bundle(office: Office, publisher: Publisher | None = None) -> bundles.Bundle:
    raw = (publisher or office.publisher).bundle(now=office.now).body
    return bundles.read(raw, now=office.now, root_sha256=bundles.fingerprint(office.root))


def _another_process(office: Office) -> Publisher:
    path = office.publisher._trust_list
    return Publisher(office.storage, issuer=ISSUER, signers=office.signers, root=office.root, trust_list=path)


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

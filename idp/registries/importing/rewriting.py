"""A file's record takes the place of the register's: as any change there, it ends the copies that were signed before.

Whoever settles the batch holds the people to change them, so nobody signs, suspends or revokes beside it.
"""

from collections.abc import Sequence

from certs.status import Status
from idp.issuance.documents import publish
from idp.model import Document, Event
from idp.ports import Ports
from idp.registries.changes import REISSUED, By, announce


def rewrite(ports: Ports, changed: Sequence[Document], *, by: By) -> None:
    """All statuses at once: lists are always written in one order, and two changes never wait in a ring."""
    for document in changed:
        ports.documents.set_record(document.document_id, document.record, valid_until=document.valid_until)
    ids = [document.document_id for document in changed]
    reached = publish(ports, ((document_id, Status.INVALID) for document_id in ids))
    details = {"documents": ids, "credentials": reached, "by": by.name}
    ports.journal.append(Event(by.now, "documents_rewritten", details=details))
    announce(ports, changed, "documents_reissued", REISSUED, by)

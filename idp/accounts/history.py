"""What the journal has about one account, for its person: who was told what, and what was done to the account.

Spec: Decree 69/2024/NĐ-CP Art. 17(2), 28(4) (5 years at least); Law on Personal Data Protection 91/2025/QH15 (right to know)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from idp.model import Recorded
from idp.ports import Ports

YEAR = 365 * 86_400
KEPT = 5 * YEAR  # shown; nothing is removed then either

# By these the person's data left the State for somebody.
RELEASES = ("claims_released", "tokens_given", "tokens_refreshed", "credential_issued")

SECURITY = (
    "registered",
    "new_device_signed_in",
    "authenticator_added",
    "authenticator_removed",
    "authenticator_renamed",
    "authenticator_copied",
    "password_changed",
    "recovered",
    "approval_denied",
    "account_level_set",
    "session_ended",
    "attempts_limited",
    "attempts_forgotten",
    "code_reuse",
    "refresh_reuse",
    "person_locked",
    "person_unlocked",
    "data_exported",
    "staff_granted",
    "staff_withdrawn",
)
SHARING = ("consent_given", "consent_denied", "consent_narrowed", "consent_withdrawn", "tokens_revoked")
DOCUMENTS = (
    "person_renamed",
    "person_moved",
    "person_corrected",
    "person_renumbered",
    "licence_points_deducted",
    "licence_points_restored",
    "documents_reissued",
    "documents_suspended",
    "documents_ended",
    "document_printed",
    "print_taken_back",
    "wallet_locked",
)
SIGN_INS = ("signed_in", "level_raised", "signed_out")
REFUSED = ("sign_in_refused",)
COUNTED = 200  # of refused sign-ins, the newest ones: more is told as "more than"


@dataclass(frozen=True, slots=True)
class Page:
    """`older` is the number that the next page begins below; None at the end."""

    rows: tuple[Recorded, ...]
    older: int | None


def page(
    ports: Ports,
    account_id: str,
    kinds: tuple[str, ...],
    *,
    size: int,
    since: int,
    before: int | None = None,
    client_id: str | None = None,
) -> Page:
    """Newest first, back to the time `since`. Numbers rise with time, so the first row that is too old is the end."""
    found = ports.journal.history(account_id, kinds=kinds, limit=size + 1, before=before, client_id=client_id)
    rows = tuple(one for one in found[:size] if one.event.at >= since)
    more = len(rows) == size and len(found) > size and found[size].event.at >= since
    return Page(rows, rows[-1].event_id if more else None)


def refused(ports: Ports, account_id: str, *, since: int) -> int:
    """How often a sign-in was refused; COUNTED stands for that many or more."""
    found = ports.journal.history(account_id, kinds=REFUSED, limit=COUNTED)
    return sum(one.event.at >= since for one in found)


def alike(rows: Sequence[Recorded], day: Callable[[int], str]) -> tuple[tuple[Recorded, ...], ...]:
    """Rows that follow one another and say the same, on one day, as one: an application may ask every minute."""
    groups: list[list[Recorded]] = []
    for one in rows:
        if groups and _says(groups[-1][0], day) == _says(one, day):
            groups[-1].append(one)
        else:
            groups.append([one])
    return tuple(map(tuple, groups))


def _says(one: Recorded, day: Callable[[int], str]) -> tuple[object, ...]:
    event = one.event
    what = {
        name: value
        for name, value in event.details.items()
        if name not in ("generation", "credential_id", "credential_ids")
    }
    return event.kind, event.client_id, day(event.at), repr(sorted(what.items()))

"""Taking a consent back, the whole of it or a part: at once, and what was opened on its strength ends with it.

Spec: Law on Personal Data Protection 91/2025/QH15 (withdrawn as easily as given); OWASP ASVS 5.0 V10.4.9; attacks.md CN-06
"""

from collections.abc import Iterable

from idp.model import Event
from idp.ports import Ports


def withdraw(ports: Ports, account_id: str, client_id: str, *, now: int) -> bool:
    """False: there was none."""
    if not ports.consents.withdraw(account_id, client_id):
        return False
    closed = ports.grants.close_account(account_id, now=now, client_id=client_id)
    ports.journal.append(Event(now, "consent_withdrawn", account_id, client_id, {"grants": closed}))
    return True


def narrow(ports: Ports, account_id: str, client_id: str, *, drop: Iterable[str], now: int) -> bool:
    """Take these scopes out. False: none of them was allowed.

    Every grant of this client ends, also one that never had these scopes: it is opened anew, without a question, when the
    client next asks for what is left.
    """
    dropped = sorted(set(drop))
    left = ports.consents.narrow(account_id, client_id, drop=dropped)
    if left is None:
        return False
    closed = ports.grants.close_account(account_id, now=now, client_id=client_id)
    details = {"dropped": dropped, "scopes": list(left.scopes), "grants": closed}
    ports.journal.append(Event(now, "consent_narrowed", account_id, client_id, details))
    return True

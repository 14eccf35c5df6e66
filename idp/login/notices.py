"""A short message to the telephone of an account: something was changed that its person must hear of.

Spec: NIST SP 800-63B-4 §4.6 (notifications)

There is no network of short messages behind this: in a simulation a page shows them, and elsewhere none is sent. The text
goes nowhere else; the journal has the event that it tells of.
"""

from certs.catalogue import Text
from idp.model import Account, Message
from idp.ports import Ports

KEPT_SECONDS = 24 * 3600  # in the inbox of a simulation


def tell(ports: Ports, account: Account, text: Text, *, now: int, simulation: bool) -> None:
    """Within the transaction of what it tells of: there is no message about what did not happen."""
    if simulation:
        ports.messages.add(Message(account.phone, text, now, now + KEPT_SECONDS))

"""Sessions of this wallet that are over because the provider says so: its word is kept until all that it can mean has run out.

Spec: OpenID Connect Back-Channel Logout 1.0 §2.6, §2.7

    of a session   whatever was signed in by it is over
    of a person    whatever was signed in by an ID token that is not younger than the word, both by the provider's clock

What is kept is the word and not a list of sessions: one that opens a moment later, by a sign-in that was under way, is over too.
"""

from certs.logout_token import LONGEST, LoggedOut
from wallet.model import SESSION_SECONDS, Session
from wallet.ports import Ports, Storage
from wallet.vault import Vault

_TOKEN, _SID, _PERSON = "logout token", "ended session", "ended person"


def note(storage: Storage, vault: Vault, over: LoggedOut, *, now: int) -> bool:
    """False: this very token was taken before (§2.6). Of any number at once one is taken."""
    until = now + SESSION_SECONDS + LONGEST  # also a sign-in under way has run out by then
    with storage.transaction() as ports:
        ports.ephemeral.sweep(now=now)
        if not ports.ephemeral.once(_TOKEN, over.jti, expires=now + 2 * LONGEST):
            return False
        if over.sid is not None:
            ports.ephemeral.once(_SID, over.sid, expires=until)
        elif over.subject is not None:
            _note_person(ports, vault.owner_of(over.subject), over.issued, until=until, now=now)
    return True


def _note_person(ports: Ports, owner: str, issued: int, *, until: int, now: int) -> None:
    """The younger word of two stays, whichever comes first."""
    ports.documents.alone(owner)
    before = ports.ephemeral.take(_PERSON, owner, now=now)
    issued = max(issued, int(before or 0))
    ports.ephemeral.put(_PERSON, owner, str(issued).encode(), expires=until)  # a time: there is nothing to seal


def is_over(ports: Ports, vault: Vault, session: Session, *, now: int) -> bool:
    told = session.told
    if told.sid is not None and ports.ephemeral.read(_SID, told.sid, now=now) is not None:
        return True
    word = ports.ephemeral.read(_PERSON, vault.owner_of(session.person.pid), now=now)
    return word is not None and told.issued <= int(word)

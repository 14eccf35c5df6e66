"""Logging out at the wish of a relying party, and whom a session reached: each of them is told when it ends.

Spec: OpenID Connect RP-Initiated Logout 1.0 §2, §3, §4, §6; Front-Channel Logout 1.0 §2, §3; Back-Channel Logout 1.0 §2.3

    hint          session        address        what happens
    its person's  there          right          over at once, on to the address
    its person's  there          none           over at once, our own page
    none, other   there          right, none    the person is asked; then as above
    genuine       none           right          on to the address
    none          none           right          our own page, with a link
    any           any            wrong          the person is asked where there is a session; our own page, no address

Wrong is also a request that cannot be relied on: a hint that is no ID token of ours or another client's, an unknown client.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from idp.login.session import SignedIn
from idp.model import Client, Ended
from idp.oidc import id_token_hint
from idp.oidc.claims import subject
from idp.oidc.context import Context
from idp.oidc.request import Parameters
from idp.ports import Ports

POST_LOGOUT, BACK, FRONT = "post_logout_redirect_uris", "backchannel_logout_uri", "frontchannel_logout_uri"
SESSION_REQUIRED = "frontchannel_logout_session_required"

MAX_STATE = 512  # characters, as in an authorization request

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._~%-]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request after its checks. `fault`: why it leads nowhere but to our own page."""

    client_id: str | None = None
    address: str | None = None  # one that the client registered
    state: str | None = None
    subject: str | None = field(default=None, repr=False)  # of a genuine hint
    locales: tuple[str, ...] = ()
    fault: str | None = None

    def payload(self) -> Mapping[str, Any]:
        return {**asdict(self), "locales": list(self.locales)}

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Asked":
        return cls(**{**payload, "locales": tuple(payload["locales"])})


def read(sent: Parameters, ports: Ports, context: Context) -> Asked:
    """Nothing of the request is believed but what we gave out or was registered.

    1. each parameter once, without control characters; `state` not too long
    2. the hint is an ID token of ours, if an old one (§2; §4: it may have expired)
    3. it is of the client that the request names (§2)
    4. the client is registered
    5. the address is, character for character, one that it registered (§3)
    """
    locales = tuple((sent.get("ui_locales") or "").split())
    hint, named, address = sent.get("id_token_hint"), sent.get("client_id"), sent.get("post_logout_redirect_uri")
    claims = id_token_hint.read(hint, context) if hint is not None else {}
    client_id = named or _audience(claims or {})
    client = ports.clients.get(client_id) if client_id and client_id.isprintable() else None
    fault = None
    if sent.repeated() or any(_CONTROL.search(part) for pair in sent.pairs for part in pair):  # 1
        fault = "a parameter was sent more than once, or holds a control character"
    elif len(sent.get("state") or "") > MAX_STATE:
        fault = "state is too long"
    elif claims is None:  # 2
        fault = "id_token_hint is no ID token of ours"
    elif claims and named and named != _audience(claims):  # 3
        fault = "id_token_hint was given to another client"
    elif client_id and client is None:  # 4
        fault = "the client is not known here"
    elif address is not None and (client is None or address not in addresses(client)):  # 5
        fault = "post_logout_redirect_uri is not one that the client registered"
    if fault is not None:
        return Asked(client_id=client.client_id if client else None, locales=locales, fault=fault)
    held = str(claims["sub"]) if claims else None
    known = client.client_id if client else None
    return Asked(client_id=known, address=address, state=sent.get("state"), subject=held, locales=locales)


def _audience(claims: Mapping[str, Any]) -> str | None:
    audience = claims.get("aud")
    return audience if isinstance(audience, str) else None


def addresses(client: Client) -> tuple[str, ...]:
    return tuple(client.metadata.get(POST_LOGOUT, ()))


def proven(asked: Asked, signed_in: SignedIn, ports: Ports, context: Context) -> bool:
    """A hint of the very person who is signed in: then nobody has to be asked (§2)."""
    client = ports.clients.get(asked.client_id) if asked.client_id else None
    if asked.fault is not None or asked.subject is None or client is None:
        return False
    return asked.subject == subject(client, signed_in.holder.person, key=context.subject_key)


def location(asked: Asked, ports: Ports) -> str | None:
    """Where the browser goes on to: looked up again, since it may be some minutes later."""
    client = ports.clients.get(asked.client_id) if asked.client_id else None
    if asked.fault is not None or client is None or asked.address not in addresses(client):
        return None
    return asked.address if asked.state is None else _with(asked.address, state=asked.state)  # §3


def note(client_id: str, signed_in: SignedIn, ports: Ports, context: Context) -> bool:
    """That the session reached this client, if it wants to hear of its end. False: the session has ended meanwhile."""
    client = ports.clients.get(client_id)
    if client is None or not (client.metadata.get(BACK) or client.metadata.get(FRONT)):
        return True
    name = subject(client, signed_in.holder.person, key=context.subject_key)
    return ports.sessions.reach(signed_in.session.sid, client_id, subject=name)


def frames(ended: Ended | None, ports: Ports, context: Context) -> tuple[str, ...]:
    """The pages of relying parties that end a session there when a browser loads them (Front-Channel Logout §2, §3)."""
    found = []
    for reached in ended.reached if ended else ():
        client = ports.clients.get(reached.client_id)
        uri = client.metadata.get(FRONT) if client else None
        if client is None or uri is None:
            continue
        named = client.metadata.get(SESSION_REQUIRED) is True and ended is not None
        found.append(_with(uri, iss=context.issuer, sid=ended.sid) if named and ended else uri)
    return tuple(found)


def frame_sources(uris: tuple[str, ...]) -> str:
    """For the page's policy: these very pages, or their site where a path could be read as more than a path."""
    sources = []
    for parts in map(urlsplit, uris):
        path = parts.path if _PLAIN_PATH.fullmatch(parts.path) and not parts.path.endswith("/") else ""
        sources.append(f"{parts.scheme}://{parts.netloc}{path}")
    return " ".join(dict.fromkeys(sources))


def _with(uri: str, **more: str) -> str:
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(more, quote_via=quote)}"

"""For which resources a token is asked, and whether this client may have it for them.

Spec: RFC 8707 §2 (several, as one parameter sent several times), §2.1, §2.2 (no more than was granted), §3 (`invalid_target`)

Only what a client registered, and our own. Who asks for none gets a token that our own resources take and nobody else.

A resource of somebody else is allowed, kept and taken back as a scope of its own, `resource:URI`, as single claims are
(`idp.oidc.claims_request`): from a client it is unknown, and to a client it is not told.
"""

from collections.abc import Iterable

from idp.model import Client
from idp.oidc.clients.token_metadata import MAX_RESOURCES, is_resource
from idp.oidc.context import Context
from idp.oidc.errors import TokenError
from idp.oidc.request import Parameters

PARAMETER = "resource"
BY_URI = "resource:"


def asked(sent: Parameters, client: Client, context: Context) -> tuple[str, ...]:
    """Each once, in the order sent. Raises TokenError."""
    found = tuple(dict.fromkeys(value for value in sent.all(PARAMETER) if value))
    if len(found) > MAX_RESOURCES or not all(is_resource(uri) for uri in found):
        raise TokenError("invalid_target", "a resource is no absolute URI without a fragment")  # RFC 8707 §2
    if not {_same(uri, context) for uri in found} <= {*client.metadata.get("resources", ()), context.issuer}:
        raise TokenError("invalid_target", "a resource is not one of this client's")
    return tuple(dict.fromkeys(_same(uri, context) for uri in found))


def audience(sent: Parameters, allowed: Iterable[str], client: Client, context: Context) -> tuple[str, ...] | None:
    """Of a token of a grant: what is asked for now, if that was granted; all of it where nothing is asked. Raises TokenError."""
    wanted, held = asked(sent, client, context), tuple(allowed) or (context.issuer,)
    if not set(wanted) <= set(held):
        raise TokenError("invalid_target", "a resource was not granted")  # RFC 8707 §2.2
    return granted(wanted or held, context)


def granted(uris: tuple[str, ...], context: Context) -> tuple[str, ...] | None:
    """As tokens have it: None is for our own resources alone."""
    return None if uris in ((), (context.issuer,)) else uris


def scopes(uris: Iterable[str], context: Context) -> tuple[str, ...]:
    """The scopes that stand for them in a consent. Our own needs none: what is read there is what other scopes say."""
    return tuple(BY_URI + uri for uri in uris if uri != context.issuer)


def of_scopes(allowed: Iterable[str]) -> tuple[str, ...]:
    return tuple(scope.removeprefix(BY_URI) for scope in allowed if scope.startswith(BY_URI))


def _same(uri: str, context: Context) -> str:
    """Our own resources go by the issuer's name, with a slash behind it or without."""
    return context.issuer if uri.rstrip("/") == context.issuer.rstrip("/") else uri

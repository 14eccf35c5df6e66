"""What the two endpoints that hand out copies do alike: who asks, what a refusal leaves behind, a signing key that is away.

Spec: OpenID for Verifiable Credential Issuance 1.0 §8.3.1, §9.3; RFC 6750 §3
"""

from collections.abc import Callable

from idp.issuance.credential_request import Refused, error_response
from idp.issuance.signers import SigningUnavailable
from idp.model import Event, Grant, Token
from idp.oidc import bearer
from idp.oidc.context import Context
from idp.oidc.errors import BearerError
from idp.oidc.family import ISSUANCE_PURPOSE
from idp.oidc.request import Request, Response
from idp.ports import Ports, Storage


def answered(
    storage: Storage,
    request: Request,
    give: Callable[[Ports, Grant, Token], Response],
    *,
    resource: str,
    context: Context,
    now: int,
) -> Response:
    """The answer of `give` to who holds a token for issuance. What it refused is committed with its line in the journal."""
    try:
        with storage.transaction() as ports:
            grant: Grant | None = None
            try:
                grant, token = bearer.access(request, ports, context, purpose=ISSUANCE_PURPOSE, now=now)
                return give(ports, grant, token)
            except BearerError as error:
                return bearer.refusal(error, request, ports, context, now=now, resource=resource)
            except Refused as refused:
                _journal_refusal(ports, grant, refused.error, refused.reason, now)
                return refused.response
    except SigningUnavailable as unavailable:  # rolled back: nothing is used up, no index, no record
        with storage.transaction() as ports:
            _journal_refusal(ports, None, "temporarily_unavailable", f"signing_unavailable {unavailable}", now)
        description = "The signing key is not available; try again later."
        return error_response(503, "temporarily_unavailable", description, (("Retry-After", "30"),))


def _journal_refusal(ports: Ports, grant: Grant | None, error: str, reason: str, now: int) -> None:
    account_id, client_id = (grant.account_id, grant.client_id) if grant else (None, None)
    ports.journal.append(Event(now, "credential_refused", account_id, client_id, {"error": error, "code": reason}))

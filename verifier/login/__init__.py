"""Sign people in at the identity provider: OpenID Connect for a relying party in Python, on Authlib's client.

    from verifier.login.flask import Login            # or .django, .fastapi: an application in four lines

    from verifier.login import Client, SignIn         # or the protocol alone, for any other framework
    sign_in = SignIn(Client(issuer=…, client_id=…, redirect_uri=…, secret=…), Fetcher(simulation=False))
    url, pending = sign_in.begin(now=now)             # keep `pending` for this browser, send the person to `url`
    person = sign_in.complete(params, pending, now=now)   # on the callback; raises SignInFailed, with what to do

Needs the extra `verifier`; the doors to frameworks need theirs beside it.
"""

from certs.logout_token import LoggedOut, LogoutRefused
from verifier.login.begin import PENDING_FOR, Pending
from verifier.login.client import AGENCY, BANK, SCOPE, Client
from verifier.login.failures import FAILURES, SignInFailed
from verifier.login.person import SignedIn, Tokens
from verifier.login.provider import PROVIDER_FOR
from verifier.login.sign_in import SignIn
from verifier.login.step_up import LEVELS, Need, need_level, need_of

__all__ = [
    "AGENCY",
    "BANK",
    "FAILURES",
    "LEVELS",
    "PENDING_FOR",
    "PROVIDER_FOR",
    "SCOPE",
    "Client",
    "LoggedOut",
    "LogoutRefused",
    "Need",
    "Pending",
    "SignIn",
    "SignInFailed",
    "SignedIn",
    "Tokens",
    "need_level",
    "need_of",
]

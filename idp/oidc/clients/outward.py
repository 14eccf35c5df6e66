"""Answer a request that may need something of its client's: run, fetch what was missing, run again.

Spec: attacks SS-06 (one guarded client); no transaction waits for a stranger
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from idp.oidc.clients.remote import Needed
from idp.oidc.context import Context

T = TypeVar("T")
MOST = 3  # things that one request may need: a request object, and then the keys that it was signed with


def answered(context: Context, run: Callable[[Context], T]) -> T:
    """`run` opens and ends its own transaction, and may be called several times."""
    for _ in range(MOST):
        try:
            return run(context)
        except Needed as needed:
            context = met(context, needed)
    return run(context)


def met(context: Context, needed: Needed) -> Context:
    if needed.keys:
        context.remote.refresh(needed.url)
    found = None if needed.keys else context.remote.read(needed.url)
    return replace(context, fetched={**context.fetched, needed.url: found})

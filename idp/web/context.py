"""What every page of the provider is given: settings, storage, the protocol's context, the clock."""

from collections.abc import Callable
from dataclasses import dataclass, field

from idp.config import Config
from idp.oidc.context import Context
from idp.ports import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    config: Config
    storage: Storage
    oidc: Context
    clock: Callable[[], int]  # Unix seconds; the only clock
    seal_key: bytes = field(repr=False)  # form tokens are a keyed hash under it

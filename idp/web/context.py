"""What every page of the provider is given: settings, storage, the protocol's context, the clock."""

from collections.abc import Callable
from dataclasses import dataclass, field

from idp.config import Config
from idp.login.face import Faces
from idp.login.sealed import Sealer
from idp.oidc.context import Context
from idp.oidc.keys.key_view import KeyView
from idp.ports import Storage


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    config: Config
    storage: Storage
    oidc: Context
    keys: KeyView  # those of `oidc`; read anew before each request that is due
    clock: Callable[[], int]  # Unix seconds; the only clock
    seal_key: bytes = field(repr=False)  # form tokens are a keyed hash under it
    sealer: Sealer  # for secrets that must be read again
    code_key: bytes = field(repr=False)  # one-time codes are kept as a keyed hash under it
    faces: Faces | None = None  # none outside of a simulation

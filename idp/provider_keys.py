"""The provider's signing keys at a start: those that are there, those of an earlier version's files, those that are made now.

Whatever this is interrupted by, the next start goes on: a file goes only after its key is committed to the database.
"""

from collections.abc import Callable
from pathlib import Path

from certs.keys import FileSigner, MemorySigner
from idp import master_key
from idp.login.sealed import Sealer
from idp.oidc.keys import key_changes
from idp.oidc.keys.key_safe import SealedSafe
from idp.oidc.keys.key_view import KeyView
from idp.ports import Storage

FORMER = ("ES256", "RS256")  # in files `oidc-es256.pem`, `oidc-rs256.pem`


def safe(master: bytes, generate: Callable[[str], MemorySigner] = MemorySigner.generate) -> SealedSafe:
    return SealedSafe(Sealer(master_key.derive(master, "signing keys")), generate)


def opened(
    storage: Storage, safe: SealedSafe, folder: Path, *, clock: Callable[[], int], steady: Callable[[], float]
) -> KeyView:
    """What this process signs with from now on. Raises Unusable where the database's keys do not open."""
    now = clock()
    for alg in FORMER:
        _bring_along(storage, safe, folder / f"oidc-{alg.lower()}.pem", alg, now=now)
    key_changes.ensure(storage, safe, now=now)
    view = KeyView(storage, safe, clock=clock, steady=steady)
    view["ES256"]  # All are sealed alike: of a wrong `master.key` the operator hears now, and not at the first log-in.
    return view


def _bring_along(storage: Storage, safe: SealedSafe, path: Path, alg: str, *, now: int) -> None:
    try:
        since, signer = int(path.stat().st_mtime), FileSigner.load(path, alg)
    except FileNotFoundError:
        return
    key_changes.bring_along(storage, safe, signer, alg, since=since, now=now)
    path.unlink(missing_ok=True)

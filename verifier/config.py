"""The counter's settings, read once from the environment; nothing else reads it.

VERIFIER_URL                 where people reach the counter            http://localhost:5002
VERIFIER_ISSUER              the identity provider                     http://localhost:5000
VERIFIER_DATA                folder of what the counter keeps          instance/verifier
VERIFIER_BUNDLE              the trust bundle                          <data>/bundle.cbor
VERIFIER_ROOT_SHA256         fingerprint (hex) of the root that the bundle must stand on
VERIFIER_CLIENT_ID           our name at the provider                  bank
VERIFIER_CLIENT_SECRET_FILE  our secret there                          <data>/client_secret
VERIFIER_REFRESH             seconds between refreshes; 0: never       60
VERIFIER_SIMULATION          1: http to this very machine is allowed
VERIFIER_CA_BUNDLE           a file of TLS roots instead of the system's
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    url: str
    issuer: str
    bundle: Path
    client_secret: str | None = field(repr=False)
    session_key: bytes = field(repr=False)
    client_id: str = "bank"
    root_sha256: str | None = None
    refresh_seconds: int = 60
    simulation: bool = False
    ca_bundle: str | None = None

    @property
    def secure(self) -> bool:
        """Whether the counter is reached over https, so that its cookies must be too."""
        return self.url.startswith("https://")

    @property
    def bundle_url(self) -> str:
        return self.issuer.rstrip("/") + "/bundle"


class ConfigError(Exception):
    """A setting is missing or unsafe; the text says which and how to set it."""


def from_environment(environ: Mapping[str, str] | None = None) -> Config:
    """Read the settings. Raises ConfigError rather than start unsafely."""
    env = os.environ if environ is None else environ
    data = Path(env.get("VERIFIER_DATA", "instance/verifier"))
    url = env.get("VERIFIER_URL", "http://localhost:5002").rstrip("/")
    simulation = env.get("VERIFIER_SIMULATION") == "1"
    if not simulation and not url.startswith("https://"):
        raise ConfigError("VERIFIER_URL must be https, or set VERIFIER_SIMULATION=1 for a simulation on this machine")
    refresh = env.get("VERIFIER_REFRESH", "60")
    if not refresh.isdecimal():
        raise ConfigError("VERIFIER_REFRESH must be a number of seconds")
    return Config(
        url=url,
        issuer=env.get("VERIFIER_ISSUER", "http://localhost:5000"),
        bundle=Path(env.get("VERIFIER_BUNDLE", data / "bundle.cbor")),
        client_id=env.get("VERIFIER_CLIENT_ID", "bank"),
        client_secret=_secret(Path(env.get("VERIFIER_CLIENT_SECRET_FILE", data / "client_secret"))),
        root_sha256=env.get("VERIFIER_ROOT_SHA256") or None,
        refresh_seconds=int(refresh),
        simulation=simulation,
        ca_bundle=env.get("VERIFIER_CA_BUNDLE") or None,
        session_key=_session_key(data / "session.key"),
    )


def _secret(path: Path) -> str | None:
    """The client secret; without one the counter still checks documents, and says that it cannot sign people in."""
    return path.read_text("utf-8").strip() if path.is_file() else None


def _session_key(path: Path) -> bytes:
    """The key that signs our cookies, made at the first start, readable by us alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(32)
        file.write(key)
        return key

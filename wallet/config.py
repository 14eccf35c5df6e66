"""The wallet's settings: the only place that reads the environment.

Spec: none. Refuses to start on what would be unsafe: plain http outside of a simulation, no pinned root, no secret.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

CLIENT_ID = "wallet"
SIGN_IN_ALGORITHM = "ES256"  # of the ID token, as this client is registered
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ConfigError(Exception):
    """What is missing or unsafe, in one line for the operator."""


@dataclass(frozen=True, slots=True)
class Config:
    url: str  # where citizens reach this wallet
    issuer: str  # the identity provider and credential issuer
    data: Path
    client_secret: str = field(repr=False)
    root_sha256: str  # the pinned root of the nation's trust
    client_id: str = CLIENT_ID
    database_url: str = ""  # default: wallet.sqlite in `data`
    simulation: bool = False
    ca_bundle: str | None = None

    def __post_init__(self) -> None:
        for url in (self.url, self.issuer):
            parts = urlsplit(url)
            loopback = self.simulation and parts.scheme == "http" and parts.hostname in _LOOPBACK
            if not (parts.scheme == "https" and parts.hostname) and not loopback:
                raise ConfigError(f"{url!r} must be https (http only on this machine, in a simulation)")
            if url.endswith("/") or parts.query or parts.fragment:
                raise ConfigError(f"{url!r} must not end in '/' or carry a query")
        if not re.fullmatch(r"[0-9a-f]{64}", self.root_sha256):
            raise ConfigError("the root's fingerprint must be 64 hexadecimal digits")
        if not self.client_secret:
            raise ConfigError("the client secret is empty")

    @property
    def secure(self) -> bool:
        return self.url.startswith("https://")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{(self.data / 'wallet.sqlite').resolve()}"


def from_environment(environment: Mapping[str, str] = os.environ) -> Config:
    """WALLET_URL, WALLET_ISSUER, WALLET_DATA, WALLET_CLIENT_SECRET_FILE, WALLET_ROOT_SHA256 are needed; WALLET_CLIENT_ID,
    WALLET_DATABASE_URL, WALLET_SIMULATION=1, WALLET_CA_BUNDLE may be given."""

    def need(name: str) -> str:
        if not environment.get(name):
            raise ConfigError(f"{name} is not set")
        return environment[name]

    secret = Path(need("WALLET_CLIENT_SECRET_FILE"))
    try:
        client_secret = secret.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ConfigError(f"WALLET_CLIENT_SECRET_FILE cannot be read: {error.strerror}") from error
    return Config(
        url=need("WALLET_URL"),
        issuer=need("WALLET_ISSUER"),
        data=Path(need("WALLET_DATA")),
        client_secret=client_secret,
        root_sha256=need("WALLET_ROOT_SHA256").lower(),
        client_id=environment.get("WALLET_CLIENT_ID", CLIENT_ID),
        database_url=environment.get("WALLET_DATABASE_URL", ""),
        simulation=environment.get("WALLET_SIMULATION") == "1",
        ca_bundle=environment.get("WALLET_CA_BUNDLE") or None,
    )


@dataclass(frozen=True, slots=True)
class HomeDefaults:
    """Defaults of the command line; each has an option of its own."""

    issuer: str | None
    root_sha256: str | None
    simulation: bool
    ca_bundle: str | None
    database_url: str | None = None  # of a server of many citizens; never remembered: it may hold a password


def home_defaults(environment: Mapping[str, str] = os.environ) -> HomeDefaults:
    return HomeDefaults(
        issuer=environment.get("WALLET_ISSUER"),
        root_sha256=environment.get("WALLET_ROOT_SHA256"),
        simulation=environment.get("WALLET_SIMULATION") == "1",
        ca_bundle=environment.get("WALLET_CA_BUNDLE") or None,
        database_url=environment.get("WALLET_DATABASE_URL") or None,
    )

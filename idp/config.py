"""The provider's settings: few, checked at start, read from the environment here and nowhere else.

An unsafe combination is refused, not warned about: the state's provider speaks https, or runs as a simulation on loopback.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from certs.pkcs11 import Token
from idp.issuance.signers import NAMES as SIGNERS
from idp.oidc.context import Admits

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_DATABASES = ("sqlite:", "postgresql:", "postgresql+psycopg:")
_TOKEN_SETTINGS = ("IDP_PKCS11_MODULE", "IDP_PKCS11_TOKEN", "IDP_PKCS11_PIN_FILE")
_CACHES = ("redis:", "rediss:", "unix:")


class UnsafeConfiguration(ValueError):
    """The provider does not start with these settings; the text says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    issuer: str  # our public name, exactly as relying parties know it; no slash at the end
    data: Path  # keys and, by default, the database
    database_url: str = field(repr=False)  # may hold a password
    simulation: bool
    redis_url: str | None = field(default=None, repr=False)  # spares the database some questions; nothing rests on it
    trusted_proxies: int = 0  # how many proxies in front of us set X-Forwarded-For and X-Forwarded-Proto
    wallet_url: str | None = None  # where approvals on the same device lead, and newcomers
    verifier_url: str | None = None
    publish_every: int = (
        60  # seconds: how long a change of a status may wait before verifiers can see it; 0: not at all
    )
    tokens: Mapping[str, Token] = field(default_factory=dict)  # whose key lies in a token, by name of the signer
    ca_bundle: str | None = None  # a file of TLS roots instead of the system's, for what we ask others
    registration: Admits = Admits.TOKENS  # who may register an application without the state's staff
    personas: Path | None = None  # a file with the demonstration's people, shown to newcomers; in a simulation alone

    def __post_init__(self) -> None:
        parts = urlsplit(self.issuer)
        host = parts.hostname or ""
        if parts.scheme not in ("https", "http") or not host or self.issuer != parts.geturl():
            raise UnsafeConfiguration("IDP_ISSUER must be an address like https://id.example.vn")
        if parts.path or parts.query or parts.fragment or "@" in parts.netloc:  # OpenID Connect Discovery 1.0 §3
            raise UnsafeConfiguration("IDP_ISSUER must have no path, query, fragment or user")
        if parts.scheme == "http" and not (self.simulation and host in _LOOPBACK):
            raise UnsafeConfiguration("IDP_ISSUER must be https; http is for localhost with IDP_SIMULATION=1 alone")
        if self.registration is Admits.EVERYBODY and not self.simulation:
            raise UnsafeConfiguration(
                "IDP_REGISTRATION=open lets everybody register applications; it is for simulations alone"
            )
        if self.personas is not None and not self.simulation:
            raise UnsafeConfiguration("IDP_PERSONAS shows passwords; it is for simulations alone")
        if not self.database_url.startswith(_DATABASES):
            raise UnsafeConfiguration("DATABASE_URL must begin with sqlite:/// or postgresql+psycopg://")
        if self.redis_url is not None and not self.redis_url.startswith(_CACHES):
            raise UnsafeConfiguration("REDIS_URL must begin with redis://, rediss:// or unix://")
        if not 0 <= self.publish_every <= 300:
            raise UnsafeConfiguration("IDP_PUBLISH_EVERY must be between 0 and 300 seconds")
        if not 0 <= self.trusted_proxies <= 3:
            raise UnsafeConfiguration("IDP_TRUSTED_PROXIES must be between 0 and 3")

    @property
    def netloc(self) -> str:
        return urlsplit(self.issuer).netloc

    @property
    def https(self) -> bool:
        return self.issuer.startswith("https:")


def from_environment(environ: Mapping[str, str] = os.environ) -> Config:
    if "IDP_ISSUER" not in environ or "IDP_DATA" not in environ:
        raise UnsafeConfiguration("IDP_ISSUER and IDP_DATA must be set; `make demo` sets them")
    data = Path(environ["IDP_DATA"]).absolute()
    proxies, every = environ.get("IDP_TRUSTED_PROXIES", "0"), environ.get("IDP_PUBLISH_EVERY", "60")
    return Config(
        issuer=environ["IDP_ISSUER"],
        data=data,
        database_url=database_url(data, environ),
        redis_url=redis_url(environ),
        simulation=environ.get("IDP_SIMULATION") == "1",
        trusted_proxies=int(proxies) if proxies.isdecimal() else -1,
        publish_every=int(every) if every.isdecimal() else -1,
        wallet_url=environ.get("IDP_WALLET_URL"),
        verifier_url=environ.get("IDP_VERIFIER_URL"),
        tokens=_tokens(environ),
        ca_bundle=environ.get("IDP_CA_BUNDLE") or None,
        registration=_admits(environ.get("IDP_REGISTRATION") or Admits.TOKENS),
        personas=Path(environ["IDP_PERSONAS"]) if environ.get("IDP_PERSONAS") else None,
    )


def _admits(named: str) -> Admits:
    try:
        return Admits(named)
    except ValueError:
        raise UnsafeConfiguration(f"IDP_REGISTRATION is one of: {', '.join(Admits)}") from None


def _tokens(environ: Mapping[str, str]) -> Mapping[str, Token]:
    """IDP_PKCS11_KEYS names the signers (authorities, status, bundle) whose key is in the token, with spaces in between."""
    names = environ.get("IDP_PKCS11_KEYS", "").split()
    if not names:
        return {}
    missing = [name for name in _TOKEN_SETTINGS if not environ.get(name)]
    if missing:
        raise UnsafeConfiguration(f"IDP_PKCS11_KEYS needs {' and '.join(missing)}")
    unknown = sorted(set(names) - set(SIGNERS))
    if unknown:
        raise UnsafeConfiguration(f"IDP_PKCS11_KEYS names {', '.join(unknown)}; known are {', '.join(SIGNERS)}")
    module, label, pin_file = (environ[name] for name in _TOKEN_SETTINGS)
    return dict.fromkeys(names, Token(module=Path(module), label=label, pin_file=Path(pin_file)))


def database_url(data: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Where the provider's rows are: a file beside its keys, unless a server is named."""
    return environ.get("IDP_DATABASE_URL") or environ.get("DATABASE_URL") or f"sqlite:///{data / 'idp.sqlite'}"


def redis_url(environ: Mapping[str, str] = os.environ) -> str | None:
    return environ.get("IDP_REDIS_URL") or environ.get("REDIS_URL") or None


def for_child(settings: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment of a role that the demonstration starts: ours, but for what would change how it is served.

    The names of the provider's servers may hold passwords: they go to the provider alone, among its `settings`.
    """
    ours = ("IDP_", "WALLET_", "VERIFIER_", "GRANIAN_", "DATABASE_URL", "REDIS_URL")
    return {name: value for name, value in environ.items() if not name.startswith(ours)} | dict(settings)

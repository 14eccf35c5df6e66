"""The counter's settings, read once from the environment; nothing else reads it.

VERIFIER_URL                 where people reach the counter            http://localhost:5002
VERIFIER_ISSUER              the identity provider                     http://localhost:5000
VERIFIER_DATA                folder of what the counter keeps          instance/verifier
VERIFIER_BUNDLE              the trust bundle                          <data>/bundle.cbor
VERIFIER_ROOT_SHA256         fingerprint (hex) of the root that the bundle must stand on
VERIFIER_CLIENT_ID           our name at the provider                  bank
VERIFIER_CLIENT_SECRET_FILE  our secret there                          <data>/client_secret
VERIFIER_READER_KEY          with what we sign that we ask (PEM)       <data>/reader.pem
VERIFIER_READER_CERTIFICATE  its certificate on the trust list (DER)   <data>/reader.der
VERIFIER_WALLET              web address of the wallet that opens on this device; none: an openid4vp:// link
VERIFIER_POLICIES            folder of policies (NAME.toml)            none: the ready ones alone
VERIFIER_FOREIGN             folder of anchors of foreign documents    none: none of them is taken
VERIFIER_ONCE                file of what was used up                  <data>/once.sqlite
VERIFIER_STAFF               accounts of those who work here           <data>/staff.json, by `python -m verifier staff`
VERIFIER_REFRESH             seconds between refreshes; 0: never       60
VERIFIER_SIMULATION          1: http to this very machine is allowed
VERIFIER_CA_BUNDLE           a file of TLS roots instead of the system's

And of the service (`python -m verifier serve` sets them), which has policies, anchors and what was used up by the same settings:

VERIFIER_BUNDLE_URL          where newer trust data comes from         none: the file is read again when it was replaced
VERIFIER_TOKENS              its bearer tokens, one a line             <data>/tokens
"""

import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from verifier.foreign.anchors import AnchorsError, Door, from_folder
from verifier.policy import file as policy_file
from verifier.policy.composed import Demand
from verifier.policy.faults import PolicyError
from verifier.policy.ready import READY
from verifier.staff.file import StaffFile
from verifier.staff.model import StaffError

LOOPBACK = ("localhost", "127.0.0.1", "::1")
KEY_LENGTH = 32  # bytes


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
    reader_key: Path | None = None
    reader_certificate: Path | None = None
    wallet: str | None = None
    policies: Path | None = None
    foreign: Path | None = None
    once: Path | None = None  # None: what was used up is known until the process ends
    staff: Path | None = None  # what else is known of them lies beside it
    lock: Path | None = None  # held by the one process that serves this counter; None: nobody looks

    @property
    def secure(self) -> bool:
        """Whether the counter is reached over https, so that its cookies must be too."""
        return self.url.startswith("https://")

    @property
    def open_to_all(self) -> bool:
        """Whether it may run without accounts: a simulation that only this very machine reaches."""
        return self.simulation and urlsplit(self.url).hostname in LOOPBACK

    @property
    def bundle_url(self) -> str:
        return self.issuer.rstrip("/") + "/bundle"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceConfig:
    """Of the verifier as JSON. Its tokens are always needed: who may ask may try documents of other people."""

    url: str
    bundle: Path
    tokens: Path
    once: Path
    bundle_url: str | None = None
    root_sha256: str | None = None
    policies: Path | None = None
    foreign: Path | None = None
    refresh_seconds: int = 60
    simulation: bool = False
    ca_bundle: str | None = None


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
    return Config(
        url=url,
        issuer=env.get("VERIFIER_ISSUER", "http://localhost:5000"),
        bundle=Path(env.get("VERIFIER_BUNDLE", data / "bundle.cbor")),
        client_id=env.get("VERIFIER_CLIENT_ID", "bank"),
        client_secret=_secret(Path(env.get("VERIFIER_CLIENT_SECRET_FILE", data / "client_secret"))),
        root_sha256=env.get("VERIFIER_ROOT_SHA256") or None,
        refresh_seconds=_seconds(env),
        simulation=simulation,
        ca_bundle=env.get("VERIFIER_CA_BUNDLE") or None,
        session_key=_session_key(data / "session.key"),
        reader_key=Path(env.get("VERIFIER_READER_KEY", data / "reader.pem")),
        wallet=(env.get("VERIFIER_WALLET") or "").rstrip("/") or None,
        reader_certificate=Path(env.get("VERIFIER_READER_CERTIFICATE", data / "reader.der")),
        staff=staff_file(env),
        lock=data / "counter.lock",
        once=Path(env.get("VERIFIER_ONCE", data / "once.sqlite")),
        policies=_folder(env, "VERIFIER_POLICIES"),
        foreign=_folder(env, "VERIFIER_FOREIGN"),
    )


def staff_file(environ: Mapping[str, str] | None = None) -> Path:
    """Where the accounts stand, for the counter and for the commands beside it."""
    env = os.environ if environ is None else environ
    return Path(env.get("VERIFIER_STAFF", Path(env.get("VERIFIER_DATA", "instance/verifier")) / "staff.json"))


def check_staff(config: Config, staff: StaffFile | None) -> None:
    """Raises ConfigError: the file cannot be read, or nobody could sign in at a counter that others reach."""
    try:
        accounts = staff.accounts() if staff else None
    except StaffError as error:
        raise ConfigError(f"VERIFIER_STAFF: {error}") from error
    able = accounts and any(not each.disabled for each in accounts.values())
    if not able and (accounts is not None or not config.open_to_all):
        add = f"python -m verifier staff add NAME --title PERSON --role supervisor --staff {config.staff or 'FILE'}"
        raise ConfigError(f"VERIFIER_STAFF: nobody has an account here, so nobody could use the counter: {add}")


def for_child(settings: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that is to be started with these settings."""
    return {**os.environ, **settings}


def service_from_environment(environ: Mapping[str, str] | None = None) -> ServiceConfig:
    """The same for the service. Raises ConfigError."""
    env = os.environ if environ is None else environ
    data = Path(env.get("VERIFIER_DATA", "instance/verifier"))
    url = env.get("VERIFIER_URL", "http://localhost:5003").rstrip("/")
    named = urlsplit(url)
    if named.scheme != "https" and (named.scheme != "http" or named.hostname not in LOOPBACK):
        raise ConfigError("VERIFIER_URL must be https; plain http is for this very machine alone")
    return ServiceConfig(
        url=url,
        bundle=Path(env.get("VERIFIER_BUNDLE", data / "bundle.cbor")),
        tokens=Path(env.get("VERIFIER_TOKENS", data / "tokens")),
        once=Path(env.get("VERIFIER_ONCE", data / "once.sqlite")),
        bundle_url=env.get("VERIFIER_BUNDLE_URL") or None,
        root_sha256=env.get("VERIFIER_ROOT_SHA256") or None,
        policies=_folder(env, "VERIFIER_POLICIES"),
        foreign=_folder(env, "VERIFIER_FOREIGN"),
        refresh_seconds=_seconds(env),
        simulation=env.get("VERIFIER_SIMULATION") == "1",
        ca_bundle=env.get("VERIFIER_CA_BUNDLE") or None,
    )


def policies(folder: Path | None) -> Mapping[str, Demand]:
    """The ready ones, and those of a folder by their file's name. Raises ConfigError."""
    found = dict(READY)
    for path in sorted(folder.glob("*.toml")) if folder else ():
        if path.stem in READY:
            raise ConfigError(f"VERIFIER_POLICIES: {path.name} has the name of a ready policy; give it another")
        try:
            found[path.stem] = policy_file.load(path)
        except (OSError, PolicyError) as error:
            raise ConfigError(f"VERIFIER_POLICIES: {error}") from error
    return found


def anchors(folder: Path | None, clock: Callable[[], float] = time.time) -> Door | None:
    """Of foreign documents. Raises ConfigError."""
    try:
        return None if folder is None else from_folder(folder, clock=clock)
    except AnchorsError as error:
        raise ConfigError(f"VERIFIER_FOREIGN: {error}") from error


TOKEN_LENGTH = 32  # characters: what `serve` makes has 43


def tokens(path: Path) -> tuple[bytes, ...]:
    """SHA-256 of each token of the file. Raises ConfigError for none, a short one, or a file that others may read."""
    try:
        lines, mode = path.read_text("utf-8").split(), path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"VERIFIER_TOKENS: {path} cannot be read") from error
    if mode & 0o077:
        raise ConfigError(f"VERIFIER_TOKENS: {path} may be read by others: chmod 600 {path}")
    if not lines or min(map(len, lines)) < TOKEN_LENGTH:
        raise ConfigError(f"VERIFIER_TOKENS: {path} needs tokens of {TOKEN_LENGTH} characters and more, one a line")
    return tuple(sha256(line.encode()).digest() for line in lines)


def _folder(env: Mapping[str, str], name: str) -> Path | None:
    named = env.get(name)
    return Path(named) if named else None


def _seconds(env: Mapping[str, str]) -> int:
    refresh = env.get("VERIFIER_REFRESH", "60")
    if not (refresh.isascii() and refresh.isdecimal()):
        raise ConfigError("VERIFIER_REFRESH must be a number of seconds")
    return int(refresh)


def _secret(path: Path) -> str | None:
    """The client secret; without one the counter still checks documents, and says that it cannot sign people in."""
    return path.read_text("utf-8").strip() if path.is_file() else None


def _session_key(path: Path) -> bytes:
    """The key that signs our cookies, made at the first start, readable by us alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) < KEY_LENGTH:  # the process that made it was killed before it wrote, or is about to
            raise ConfigError(f"{path} is cut off: delete it and start again") from None
        return key
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(KEY_LENGTH)
        file.write(key)
        return key

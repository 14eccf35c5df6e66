"""A site from the settings that an application has: what the doors to the frameworks are opened with."""

from collections.abc import Callable
from pathlib import Path
from typing import NotRequired, Required, TypedDict, Unpack
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from certs.fetch import Fetcher
from certs.keys import MemorySigner, Signer
from verifier.login.client import AGENCY, SCOPE, Client
from verifier.login.failures import SignInFailed
from verifier.login.kept import Kept, Memory
from verifier.login.kept_file import KeptFile
from verifier.login.sign_in import SignIn
from verifier.login.site import CALLBACK, Site

_MAKE_ONE = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out client.pem"


class Settings(TypedDict):
    """`secret` or `key`; what is not required has the safe default."""

    issuer: Required[str]  # the provider's address, as its metadata has it
    client_id: Required[str]
    url: Required[str]  # where people reach the application: https, or http://localhost:… in a simulation
    secret: NotRequired[str]
    key: NotRequired[str | Path | Signer]  # a PEM file, or anything that signs
    profile: NotRequired[str]  # agency or bank
    scope: NotRequired[str]
    prefix: NotRequired[str]  # where the pages of the sign-in are: /login
    home: NotRequired[str]  # where people are after they signed out: /
    store: NotRequired[str | Path | Kept]  # a file, for several processes; without it, this process's memory
    lasts: NotRequired[int]  # seconds of a session: 3600
    ca_bundle: NotRequired[str]  # TLS roots instead of the system's
    page: NotRequired[Callable[[SignInFailed], str]]  # our own page of a failure, in HTML


def open_site(**settings: Unpack[Settings]) -> Site:
    """Reads the key, reaches nobody. Raises ValueError where a setting is missing or unsafe, with what to do."""
    url, prefix = settings["url"].rstrip("/"), settings.get("prefix", "/login")
    simulation = _simulated(url)
    home = settings.get("home", "/")
    client = Client(
        issuer=settings["issuer"],
        client_id=settings["client_id"],
        redirect_uri=f"{url}{prefix}{CALLBACK}",
        secret=settings.get("secret"),
        key=_signer(settings.get("key")),
        profile=settings.get("profile", AGENCY),
        scope=settings.get("scope", SCOPE),
        after_logout=f"{url}{home}",
    )
    store = settings.get("store")
    return Site(
        sign_in=SignIn(client, Fetcher(simulation=simulation, ca_bundle=settings.get("ca_bundle"))),
        kept=Memory() if store is None else KeptFile(store) if isinstance(store, str | Path) else store,
        url=url,
        prefix=prefix,
        home=home,
        lasts=settings.get("lasts", 3600),
        page=settings.get("page"),
    )


def _simulated(url: str) -> bool:
    """By http on this very machine: then the provider may be here too. Anywhere else https is needed."""
    parts = urlsplit(url)
    here = parts.hostname in ("localhost", "127.0.0.1")
    if (
        parts.path
        or parts.query
        or not parts.hostname
        or not (parts.scheme == "https" or (parts.scheme == "http" and here))
    ):
        raise ValueError("url is https://HOST of this application, or http://localhost:PORT in a simulation")
    return here


def _signer(key: str | Path | Signer | None) -> Signer | None:
    if not isinstance(key, str | Path):
        return key
    try:
        pem = Path(key).read_bytes()
        kind = load_pem_private_key(pem, password=None)
    except (OSError, ValueError) as error:
        raise ValueError(f"{key} is no private key that can be read. Make one: {_MAKE_ONE}") from error
    alg = (
        "PS256"
        if isinstance(kind, rsa.RSAPrivateKey)
        else "EdDSA"
        if isinstance(kind, ed25519.Ed25519PrivateKey)
        else "ES256"
    )
    return MemorySigner.from_pem(pem, alg)

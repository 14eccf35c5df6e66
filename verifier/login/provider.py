"""What the provider publishes about itself: its endpoints, its keys, and what it can do; read anew after a while.

Spec: OpenID Connect Discovery 1.0 §3, §4; RFC 8414 §2; RFC 9207 §3; RFC 9126 §5; RFC 9101 §10.5; RFC 9449 §5.1
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from certs.encoding import json_decode
from certs.errors import CertsError
from certs.fetch import Fetcher, FetchError
from verifier.login.client import BANK, Client
from verifier.login.failures import SignInFailed

PROVIDER_FOR = 300  # seconds after which metadata and keys are read again: a key that leaked is gone as soon
BUSY = (429, 503)  # too much to do: RFC 6585 §4, RFC 9110 §15.6.4
DPOP = "ES256"  # of the proofs that we make


@dataclass(frozen=True, slots=True)
class Provider:
    issuer: str
    authorization: str
    token: str
    userinfo: str
    keys: KeySet = field(repr=False)
    read_at: int
    answers_with_iss: bool
    pushed: str | None  # where requests are pushed
    must_push: bool
    must_sign: bool  # requests
    takes_proofs: bool  # DPoP
    end_session: str | None = None

    @property
    def origin(self) -> str:
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"


def discover(client: Client, fetcher: Fetcher, *, now: int) -> Provider:
    """Read the provider's metadata and keys. Raises SignInFailed `provider_unreachable`, `busy`, `provider_invalid`,
    `issuer_untrusted`."""
    metadata = _get_json(fetcher, client.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if metadata.get("issuer") != client.issuer:  # Discovery 1.0 §4.3: character for character
        raise SignInFailed("issuer_untrusted", "issuer of the metadata is another one")
    if "S256" not in _list(metadata, "code_challenge_methods_supported"):
        raise SignInFailed("provider_invalid", "no PKCE S256")
    try:
        provider = Provider(
            client.issuer,
            _address(metadata, "authorization_endpoint", client),
            str(metadata["token_endpoint"]),
            str(metadata["userinfo_endpoint"]),
            KeySet.import_key_set(_get_json(fetcher, str(metadata["jwks_uri"]))),  # type: ignore[arg-type]
            now,
            metadata.get("authorization_response_iss_parameter_supported") is True,
            text(metadata.get("pushed_authorization_request_endpoint")),
            metadata.get("require_pushed_authorization_requests") is True,
            metadata.get("require_signed_request_object") is True,
            DPOP in _list(metadata, "dpop_signing_alg_values_supported"),
            _address(metadata, "end_session_endpoint", client) if "end_session_endpoint" in metadata else None,
        )
    except (KeyError, JoseError, ValueError, TypeError) as error:
        raise SignInFailed("provider_invalid", f"metadata or keys: {error!r}") from error
    _check_offer(provider, client)
    return provider


def _check_offer(provider: Provider, client: Client) -> None:
    """Whoever changed the metadata on its way must not get less out of us."""
    missing = {
        "pushed requests": provider.must_push and provider.pushed is None,
        "a key of ours, to sign requests": provider.must_sign and client.key is None,
    }
    if client.profile == BANK:  # FAPI 2.0 Security Profile §5.3.2.1, §5.3.2.2
        missing |= {
            "pushed requests": provider.pushed is None,
            "iss in its answers": not provider.answers_with_iss,
            "DPoP": not provider.takes_proofs,
        }
    if lacking := [name for name, lacks in missing.items() if lacks]:
        raise SignInFailed("provider_invalid", f"lacking: {', '.join(lacking)}")


def _get_json(fetcher: Fetcher, url: str) -> dict[str, Any]:
    try:
        response = fetcher.get(url, accept="application/json")
        if response.status in BUSY:
            raise SignInFailed("busy", f"{url} answered {response.status}")
        if response.status != 200:
            raise SignInFailed("provider_unreachable", f"{url} answered {response.status}")
        value = json_decode(response.body)
    except (CertsError, FetchError) as error:
        raise SignInFailed("provider_unreachable", f"{url}: {error!r}") from error
    if not isinstance(value, dict):
        raise SignInFailed("provider_invalid", f"{url}: not an object")
    return value


def _address(metadata: Mapping[str, Any], name: str, client: Client) -> str:
    """Where a browser is sent; never of another scheme than the issuer's."""
    value = metadata[name]
    if not isinstance(value, str) or not value.startswith(f"{urlsplit(client.issuer).scheme}://"):
        raise ValueError(name)
    return value


def _list(metadata: Mapping[str, Any], name: str) -> list[Any]:
    value = metadata.get(name)
    return value if isinstance(value, list) else []


def text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

"""What the provider publishes about itself, as JSON."""

from typing import Any

from certs.encoding import json_decode
from certs.errors import CertsError
from certs.fetch import Fetcher, FetchError
from verifier.login_failures import INVALID, UNREACHABLE, SignInFailed


def get_json(fetcher: Fetcher, url: str) -> dict[str, Any]:
    """Raises SignInFailed `provider_unreachable` or `provider_invalid`."""
    try:
        response = fetcher.get(url, accept="application/json")
        if response.status != 200:
            raise SignInFailed("provider_unreachable", UNREACHABLE, f"{url} answered {response.status}")
        value = json_decode(response.body)
    except (CertsError, FetchError) as error:
        raise SignInFailed("provider_unreachable", UNREACHABLE, f"{url}: {error!r}") from error
    if not isinstance(value, dict):
        raise SignInFailed("provider_invalid", INVALID, f"{url}: not an object")
    return value

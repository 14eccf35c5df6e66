"""What each profile of clients requires: a table of requirement × profile, which the places named below enforce.

Spec: OpenID Connect Core 1.0 (baseline); RFC 9700 (agency); FAPI 2.0 Security Profile (bank)

    baseline   what OpenID Connect asks of every provider, with nothing insecure in it
    agency     the best current practice of OAuth: the default
    bank       towards FAPI 2.0: tokens bound to their sender are not there yet
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

BASIC, POST = "client_secret_basic", "client_secret_post"
PRIVATE_KEY_JWT = "private_key_jwt"
PUBLIC = "none"

FAPI_ALGORITHMS = ("ES256", "PS256", "EdDSA")  # FAPI 2.0 Security Profile §5.4.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    methods: tuple[str, ...]  # of client authentication: `registration`
    client_algorithms: tuple[str, ...]  # of what clients sign: `registration`, `client_keys`
    assertion_audience_token: bool  # an assertion may name the token endpoint: `assertion` (OIDC Core 1.0 §9)
    pkce: bool  # from confidential clients too; public ones always: `authorize.check_pkce`
    par: bool  # requests are pushed, always: `authorize.check_pushed`
    strict_request_object: bool  # has parties, times and its own type: `request_object` (FAPI 2.0 Message Signing §5.3)
    beside_request_object: bool  # parameters beside it count too: `request_object` (OIDC Core 1.0 §6.1)
    unknown_scopes: bool  # are ignored, as OpenID Connect asks; otherwise refused: `authorize.check_scope`
    device_flow: bool  # tokens for a device without a browser, begun by whom nobody sees: `device_authorization`
    loopback: bool  # a web client may have http://localhost, in a simulation: `registration`


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "baseline": Profile(
            methods=(BASIC, POST, PRIVATE_KEY_JWT, PUBLIC),
            client_algorithms=(*FAPI_ALGORITHMS, "RS256"),
            assertion_audience_token=True,
            pkce=False,
            par=False,
            strict_request_object=False,
            beside_request_object=True,
            unknown_scopes=True,
            device_flow=True,
            loopback=True,
        ),
        "agency": Profile(
            methods=(BASIC, POST, PRIVATE_KEY_JWT, PUBLIC),
            client_algorithms=(*FAPI_ALGORITHMS, "RS256"),
            assertion_audience_token=False,
            pkce=True,
            par=False,
            strict_request_object=False,
            beside_request_object=False,
            unknown_scopes=True,
            device_flow=True,
            loopback=True,
        ),
        "bank": Profile(
            methods=(PRIVATE_KEY_JWT,),
            client_algorithms=FAPI_ALGORITHMS,
            assertion_audience_token=False,
            pkce=True,
            par=True,
            strict_request_object=True,
            beside_request_object=False,
            unknown_scopes=False,
            device_flow=False,
            loopback=False,
        ),
    }
)

METHODS = tuple(dict.fromkeys(method for profile in PROFILES.values() for method in profile.methods))
CLIENT_ALGORITHMS = tuple(dict.fromkeys(alg for each in PROFILES.values() for alg in each.client_algorithms))

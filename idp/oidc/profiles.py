"""What each profile of clients requires: a table of requirement × profile, which the places named below enforce.

Spec: OpenID Connect Core 1.0 (baseline); RFC 9700 (agency); FAPI 2.0 Security Profile (bank)

    baseline   what OpenID Connect asks of every provider, with nothing insecure in it
    agency     the best current practice of OAuth: the default
    bank       towards FAPI 2.0
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from certs import jwe

BASIC, POST = "client_secret_basic", "client_secret_post"
PRIVATE_KEY_JWT = "private_key_jwt"
SECRET_JWT = "client_secret_jwt"  # noqa: S105 (a name, not a secret)
PUBLIC = "none"

FAPI_ALGORITHMS = ("ES256", "PS256", "EdDSA")  # FAPI 2.0 Security Profile §5.4.1
FAPI_SIGNING = ("ES256", "PS256", "Ed25519", "EdDSA")  # the same, with both names of the last (RFC 9864 §2.2)
# Keyed by the client's secret, and by nothing else that a client ever names: `assertion`.
SECRET_ALGORITHMS = ("HS256", "HS384", "HS512")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    methods: tuple[str, ...]  # of client authentication: `registration`
    client_algorithms: tuple[str, ...]  # of what clients sign: `registration`, `client_keys`
    signing_algorithms: tuple[str, ...]  # of what we sign for them, the default first: `token_forms_metadata`
    encryption_algorithms: tuple[str, ...]  # of what we encrypt to them: `token_forms_metadata`
    content_encryption: tuple[str, ...]  # the same: `token_forms_metadata`
    secret_algorithms: tuple[
        str, ...
    ]  # of what they key by their secret: `registration`, `assertion` (OIDC Core 1.0 §9)
    assertion_audience_token: bool  # an assertion may name the token endpoint: `assertion` (OIDC Core 1.0 §9)
    pkce: bool  # from confidential clients too; public ones always: `authorize.check_pkce`
    par: bool  # requests are pushed, always: `authorize.check_pushed`
    strict_request_object: bool  # has parties, times and its own type: `request_object` (FAPI 2.0 Message Signing §5.3)
    beside_request_object: bool  # parameters beside it count too: `request_object` (OIDC Core 1.0 §6.1)
    request_uri: bool  # a request object by a registered address: `request_object` (OIDC Core 1.0 §6.2)
    request_object_once: bool  # one that has a `jti` is good for one request: `request_object` (RFC 7519 §4.1.7)
    unknown_scopes: bool  # are ignored, as OpenID Connect asks; otherwise refused: `authorize.check_scope`
    device_flow: bool  # tokens for a device without a browser, begun by whom nobody sees: `device_authorization`
    loopback: bool  # a web client may have http://localhost, in a simulation: `registration`
    sender_constraint: bool  # every token is bound to a key of its client: `dpop.read` (FAPI 2.0 §5.3.2.1 (5))
    proof_nonce: bool  # each proof of a key holds a nonce of ours: `dpop.proven` (RFC 9449 §8, §9)


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        "baseline": Profile(
            methods=(BASIC, POST, SECRET_JWT, PRIVATE_KEY_JWT, PUBLIC),
            client_algorithms=(*FAPI_ALGORITHMS, "RS256"),
            signing_algorithms=("RS256", *FAPI_SIGNING),
            encryption_algorithms=jwe.ALGORITHMS,
            content_encryption=jwe.CONTENT,
            secret_algorithms=SECRET_ALGORITHMS,
            assertion_audience_token=True,
            pkce=False,
            par=False,
            strict_request_object=False,
            beside_request_object=True,
            request_uri=True,
            request_object_once=False,
            unknown_scopes=True,
            device_flow=True,
            loopback=True,
            sender_constraint=False,
            proof_nonce=False,
        ),
        "agency": Profile(
            methods=(BASIC, POST, PRIVATE_KEY_JWT, PUBLIC),
            client_algorithms=(*FAPI_ALGORITHMS, "RS256"),
            signing_algorithms=("RS256", *FAPI_SIGNING),
            encryption_algorithms=jwe.ALGORITHMS,
            content_encryption=jwe.CONTENT,
            secret_algorithms=(),
            assertion_audience_token=False,
            pkce=True,
            par=False,
            strict_request_object=False,
            beside_request_object=False,
            request_uri=False,
            request_object_once=False,
            unknown_scopes=True,
            device_flow=True,
            loopback=True,
            sender_constraint=False,
            proof_nonce=False,
        ),
        "bank": Profile(
            methods=(PRIVATE_KEY_JWT,),
            client_algorithms=FAPI_ALGORITHMS,
            signing_algorithms=FAPI_SIGNING,
            encryption_algorithms=jwe.ALGORITHMS,
            content_encryption=jwe.CONTENT,
            secret_algorithms=(),
            assertion_audience_token=False,
            pkce=True,
            par=True,
            strict_request_object=True,
            beside_request_object=False,
            request_uri=False,
            request_object_once=True,
            unknown_scopes=False,
            device_flow=False,
            loopback=False,
            sender_constraint=True,
            proof_nonce=True,
        ),
    }
)

METHODS = tuple(dict.fromkeys(method for profile in PROFILES.values() for method in profile.methods))
CLIENT_ALGORITHMS = tuple(dict.fromkeys(alg for each in PROFILES.values() for alg in each.client_algorithms))
ENCRYPTION_ALGORITHMS = tuple(dict.fromkeys(alg for each in PROFILES.values() for alg in each.encryption_algorithms))
CONTENT_ENCRYPTION = tuple(dict.fromkeys(enc for each in PROFILES.values() for enc in each.content_encryption))

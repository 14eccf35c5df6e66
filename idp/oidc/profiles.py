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

DAY = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """Seconds from when each is given."""

    request_uri: int  # until the browser comes with a pushed request: `par` (RFC 9126 §2.2)
    code: int  # `authorization` (RFC 6749 §4.1.2)
    access_token: int  # that reads facts about a person: `family`
    issuance_token: int  # that fetches documents: `family` (OpenID4VCI 1.0 §13.10)
    own_token: int  # of the client itself: `client_credentials`
    offline: int  # of a family with `offline_access`, however often it is refreshed: `family` (ASVS 10.4.8)


# A log-in's answer is fetched within seconds, by machines; a page that reads facts is open for minutes; and after three months
# a person is asked anew whether they still want it.
USUAL = Lifetimes(request_uri=60, code=60, access_token=600, issuance_token=300, own_token=600, offline=90 * DAY)
# FAPI 2.0 §5.3.2.1 (11): a code at most 60 s; §5.3.2.2 (12): a request_uri less than 600 s, and long enough for a person to open
# a link (note 2: often over 30 s); §6.1: short access tokens on long grants. What a server of a bank fetches, which stands on a
# good line, may be shorter still; and a bank knows its customers by a log-in of its own when a grant has run out.
SHORTEST = Lifetimes(request_uri=60, code=30, access_token=300, issuance_token=300, own_token=300, offline=30 * DAY)


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
    # Its `sub` may be the 12-digit number, where the state's staff says so: `registration`. State agencies, and banks, which must
    # know their customers; everybody else is told a name of a person that no other site is told (OIDC Core 1.0 §8.1).
    entitlement: bool
    lifetimes: Lifetimes


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
            entitlement=False,
            lifetimes=USUAL,
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
            entitlement=True,
            lifetimes=USUAL,
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
            entitlement=True,
            lifetimes=SHORTEST,
        ),
    }
)

METHODS = tuple(dict.fromkeys(method for profile in PROFILES.values() for method in profile.methods))
CLIENT_ALGORITHMS = tuple(dict.fromkeys(alg for each in PROFILES.values() for alg in each.client_algorithms))
ENCRYPTION_ALGORITHMS = tuple(dict.fromkeys(alg for each in PROFILES.values() for alg in each.encryption_algorithms))
CONTENT_ENCRYPTION = tuple(dict.fromkeys(enc for each in PROFILES.values() for enc in each.content_encryption))

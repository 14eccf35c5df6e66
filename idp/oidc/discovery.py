"""What the provider says about itself: made from what is switched on, so that nothing absent is promised.

Spec: OpenID Connect Discovery 1.0 §3, §4; RFC 8414 §2, §3; RFC 9207 §3; RFC 7009 §2; RFC 7662 §2; RFC 8628 §4; RFC 9449 §5.1; OpenID4VCI 1.0 §12.3;
Token Status List (draft-ietf-oauth-status-list-20) §9.1
"""

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata

from certs.dpop import ALGORITHMS as PROOF_ALGORITHMS
from idp.login import acr
from idp.oidc import claims, endpoints, id_token, locales, pkce, token_forms
from idp.oidc.authorization import PROMPTS
from idp.oidc.authorize import DISPLAYS, RESPONSE_MODES, RESPONSE_TYPES
from idp.oidc.clients.token_forms_metadata import SUBJECT_TYPES
from idp.oidc.context import Admits, Context
from idp.oidc.profiles import (
    CLIENT_ALGORITHMS,
    CONTENT_ENCRYPTION,
    ENCRYPTION_ALGORITHMS,
    METHODS,
    PROFILES,
    PUBLIC,
    SECRET_ALGORITHMS,
)
from idp.oidc.scopes import SCOPES

PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"


def metadata(context: Context) -> dict[str, Any]:
    """The one document of both well-known addresses; raises ValueError when it would not be valid."""
    document: dict[str, Any] = {
        "issuer": context.issuer,
        "authorization_endpoint": context.at(endpoints.AUTHORIZE),
        "token_endpoint": context.at(endpoints.TOKEN),
        "userinfo_endpoint": context.at(endpoints.USERINFO),
        "end_session_endpoint": context.at(endpoints.END_SESSION),
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "jwks_uri": context.at(endpoints.JWKS),
        "status_list_aggregation_endpoint": context.at(endpoints.STATUS_LISTS),
        "scopes_supported": list(SCOPES),
        "response_types_supported": list(RESPONSE_TYPES),
        "response_modes_supported": list(RESPONSE_MODES),
        "grant_types_supported": sorted(context.grants),
        "acr_values_supported": list(acr.reachable(context.factors)),
        "subject_types_supported": list(SUBJECT_TYPES),
        **_forms(context),
        **_for_clients(context),
        "claim_types_supported": ["normal"],
        "claims_supported": list(dict.fromkeys((*id_token.CLAIMS, *(claim.name for claim in claims.CLAIMS)))),
        "claims_parameter_supported": True,
        **_signed_requests(context),
        "prompt_values_supported": sorted(PROMPTS),
        "display_values_supported": list(DISPLAYS),
        "ui_locales_supported": list(locales.PAGES),
        "claims_locales_supported": list(locales.CLAIMS),
        "code_challenge_methods_supported": [pkce.METHOD],
        "authorization_response_iss_parameter_supported": True,
    }
    if context.admits is not Admits.NOBODY:
        document["registration_endpoint"] = context.at(endpoints.REGISTER_CLIENT)
    if PRE_AUTHORIZED in context.grants:
        document["pre-authorized_grant_anonymous_access_supported"] = True
    validate(document)
    return document


def _signed_requests(context: Context) -> dict[str, Any]:
    return {
        "request_parameter_supported": True,
        "request_object_signing_alg_values_supported": list(CLIENT_ALGORITHMS),
        "request_uri_parameter_supported": True,
        "require_request_uri_registration": True,
        "pushed_authorization_request_endpoint": context.at(endpoints.PAR),
    }


def _forms(context: Context) -> dict[str, Any]:
    """How what is about people may be signed and encrypted: whatever a profile allows and there is a key for."""
    allowed = dict.fromkeys(alg for profile in PROFILES.values() for alg in profile.signing_algorithms)
    signing = sorted(alg for alg in allowed if token_forms.can_sign(context.signers, alg))
    document: dict[str, Any] = {}
    for form in (token_forms.ID_TOKEN, token_forms.USERINFO):
        document[f"{form}_signing_alg_values_supported"] = signing
        document[f"{form}_encryption_alg_values_supported"] = list(ENCRYPTION_ALGORITHMS)
        document[f"{form}_encryption_enc_values_supported"] = list(CONTENT_ENCRYPTION)
    if to_us := context.encrypted_to():
        document["request_object_encryption_alg_values_supported"] = [key.alg for key in to_us]
        document["request_object_encryption_enc_values_supported"] = list(CONTENT_ENCRYPTION)
    return document


def _for_clients(context: Context) -> dict[str, Any]:
    """The endpoints to which clients prove who they are, and by what."""
    document: dict[str, Any] = {
        "revocation_endpoint": context.at(endpoints.REVOKE),
        "introspection_endpoint": context.at(endpoints.INTROSPECT),
        "device_authorization_endpoint": context.at(endpoints.DEVICE_AUTHORIZATION),
        "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": [method for method in METHODS if method != PUBLIC],
    }
    for name in ("token", "revocation", "introspection"):
        document.setdefault(f"{name}_endpoint_auth_methods_supported", list(METHODS))
        document[f"{name}_endpoint_auth_signing_alg_values_supported"] = [*CLIENT_ALGORITHMS, *SECRET_ALGORITHMS]
    return document


def jwks(context: Context) -> dict[str, Any]:
    """Without `alg` where it has two names: a client looks for the key by the one that it registered (RFC 9864 §2.2)."""
    keys = context.published().jwks()["keys"]
    ours = [{name: key[name] for name in key if (name, key[name]) != ("alg", "EdDSA")} for key in keys]
    return {"keys": [*ours, *(key.jwk() for key in context.encrypted_to())]}


def validate(document: Mapping[str, Any]) -> None:
    """By Authlib's rules. They admit https alone; `Config` has decided already where loopback http is allowed."""
    loopback = ("http://localhost", "http://127.0.0.1", "http://[::1]")
    as_https = {
        name: f"https://{value.removeprefix('http://')}"
        if isinstance(value, str) and value.startswith(loopback)
        else value
        for name, value in document.items()
    }
    OpenIDProviderMetadata(as_https).validate()
    AuthorizationServerMetadata(as_https).validate()

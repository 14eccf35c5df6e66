"""The claims of an ID token that holds: signed by the provider, for us, now, for this sign-in.

Spec: OpenID Connect Core 1.0 §3.1.3.7, §12.2; RFC 8725 §3.1, §3.11 (algorithm and type)

Read by Authlib and joserfc, which our provider does not sign with: one fault cannot hide on both sides.
"""

from collections.abc import Mapping
from typing import Any

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ClaimError,
    ExpiredTokenError,
    InvalidKeyIdError,
    JoseError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import KeySet

from verifier.login.client import Client
from verifier.login.failures import SignInFailed
from verifier.login.step_up import LEEWAY

TYPES = ("", "jwt", "application/jwt")  # an access token, a logout token or a credential has one of its own
_CODES = {"iss": "issuer_untrusted", "aud": "audience_mismatch", "azp": "audience_mismatch", "nonce": "nonce_mismatch"}


def decoded(token: object, keys: KeySet, algorithms: tuple[str, ...]) -> jwt.Token:
    """Of a token whose signature holds. Raises InvalidKeyIdError where its key is not known, SignInFailed otherwise."""
    if not isinstance(token, str):
        raise SignInFailed("token_invalid", "no token")
    try:
        return jwt.decode(token, keys, algorithms=list(algorithms))
    except InvalidKeyIdError:
        raise
    except UnsupportedAlgorithmError as error:
        raise SignInFailed("alg_not_allowed", "alg") from error
    except BadSignatureError as error:
        raise SignInFailed("signature_invalid", "signature") from error
    except (JoseError, ValueError, TypeError) as error:
        raise SignInFailed("token_invalid", type(error).__name__) from error


def checked(
    token: jwt.Token, client: Client, *, nonce: str | None, access_token: object, now: int
) -> Mapping[str, Any]:
    """Its claims. `nonce`: None where it came by a refresh. Raises SignInFailed."""
    if str(token.header.get("typ", "")).lower() not in TYPES:  # RFC 8725 §3.11
        raise SignInFailed("type_mismatch", "typ")
    claims = CodeIDToken(
        token.claims,
        token.header,
        options={
            "iss": {"essential": True, "value": client.issuer},
            "aud": {"essential": True, "value": client.client_id},
            "sub": {"essential": True},
        },
        params={"nonce": nonce, "client_id": client.client_id, "access_token": access_token},
    )
    _check_times(claims, now)
    try:
        claims.validate(now=now, leeway=LEEWAY)
    except ClaimError as error:
        code = "expired" if isinstance(error, ExpiredTokenError) else _CODES.get(error.claim, "token_invalid")
        raise SignInFailed(code, f"claim {error.claim}") from error
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignInFailed("token_invalid", type(error).__name__) from error
    if not isinstance(claims["sub"], str) or len(claims["sub"]) > 255:  # Core §2
        raise SignInFailed("token_invalid", "sub")
    return dict(claims)


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    """Whole seconds, so that no NaN compares; told apart, since what to do about a clock is another thing."""
    for name in ("iat", "exp", "auth_time"):
        if type(claims.get(name, 0)) is not int:
            raise SignInFailed("token_invalid", f"claim {name}")
    for name in ("iat", "auth_time"):  # an authentication that is still to come would be recent for ever
        if claims.get(name, 0) > now + LEEWAY:
            raise SignInFailed("issued_in_future", f"claim {name}")
    if "exp" in claims and claims["exp"] <= now - LEEWAY:
        raise SignInFailed("expired", "claim exp")

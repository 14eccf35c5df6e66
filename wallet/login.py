"""Sign the citizen in at the identity provider, with Authlib's client as an independent check on that provider.

Spec: OpenID Connect Core 1.0 §3.1 (code flow), §5.3 (userinfo); Discovery 1.0 §4.3; RFC 7636 (PKCE S256); RFC 9207 (`iss`);
Back-Channel Logout 1.0 §2.6.

The answer of the provider is believed after, in this order:
 1. `state` is the one of this browser                      2. `iss` is the provider that was asked       (RFC 9207 §2.4)
 3. no error; a code that the token endpoint takes with our secret and the PKCE verifier
 4. the ID token: signature by the published keys with the registered algorithm, `iss`, `aud`, `exp`, `iat`, `nonce`,
    `at_hash`                                                                                      (Core §3.1.3.7)
 5. userinfo is about the same `sub`                                                                  (Core §5.3.2)
 6. the person proved who they are since it was asked for, where it was: a browser could have dropped `prompt`
"""

import hmac
import secrets
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from authlib.integrations.base_client import OAuthError
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from certs.logout_token import MOST, LoggedOut, LogoutRefused, read
from wallet.errors import WalletError
from wallet.model import Person, Told

with warnings.catch_warnings():  # Authlib would rather have httpx2; its use of httpx is what `certs.fetch` guards
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import OAuth2Client

SCOPE = "openid profile vneid"
AUTHENTICATION = "client_secret_basic"
PENDING_SECONDS = 900  # a person may have to look for a phone while signing in
CLOCK_SKEW = 30  # seconds between the provider's clock and ours
KEYS_SECONDS = 60  # as long as the provider's keys are good for the tokens that anybody may send
KEYS_PAUSE = 2  # seconds between two askings for them: who sends such tokens has no thread of ours wait for a provider that is away
Transport = httpx.BaseTransport  # what carries requests: `certs.fetch` has the guarded one
_PARAMETERS = ("code", "state", "iss", "error")


@dataclass(frozen=True, slots=True)
class Pending:
    """What this browser has to bring back."""

    state: str
    nonce: str
    verifier: str = field(repr=False)
    next: str
    anew: int | None = None  # since when the person must have proved who they are, where that was asked for


class SignIn:
    """Holds how to reach the provider; the rest are values. `transport` is that of `certs.fetch`, in life."""

    def __init__(
        self,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        algorithm: str,
        transport: Transport,
    ) -> None:
        self._issuer, self._client_id, self._secret = issuer, client_id, client_secret
        self._redirect_uri, self._algorithm, self._transport = redirect_uri, algorithm, transport
        # The provider's keys, as strangers' tokens made us read them last; and when these made us ask last.
        self._known: tuple[int, KeySet] | None = None
        self._asked: int | None = None

    def begin(self, *, next_page: str, language: str, anew: int | None = None) -> tuple[str, Pending]:
        """The address to send the browser to, and what to remember until it comes back. `anew`: the time, where who is signed
        in at the provider has to prove it once more (Core §3.1.2.1)."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        pending = Pending(state, nonce, verifier, next_page, anew)
        with self._client() as client, _explained():
            address, _ = client.create_authorization_url(
                self._metadata(client)["authorization_endpoint"],
                state=pending.state,
                nonce=pending.nonce,
                code_verifier=pending.verifier,
                ui_locales=language,
                **({} if anew is None else {"prompt": "login"}),
            )
        return str(address), pending

    def complete(self, pending: Pending, answer: Mapping[str, str], *, now: int) -> tuple[Person, Told]:
        """Checks 1 to 6 of the module's list."""
        if not hmac.compare_digest(answer.get("state", "").encode(), pending.state.encode()):  # 1
            raise WalletError("sign_in_failed", "state")
        if answer.get("iss") != self._issuer:  # 2
            raise WalletError("sign_in_failed", "iss of the authorization response")
        if "error" in answer or not answer.get("code"):  # 3
            raise WalletError("sign_in_refused", "error in the authorization response")
        with self._client() as client, _explained():
            metadata = self._metadata(client)
            token = client.fetch_token(
                metadata["token_endpoint"],
                grant_type="authorization_code",
                code=answer["code"],
                redirect_uri=self._redirect_uri,
                code_verifier=pending.verifier,
            )
            claims = self._id_token(client, metadata, token, nonce=pending.nonce, now=now)  # 4
            told = self._get_json(client, metadata["userinfo_endpoint"], withhold_token=False)
            if told.get("sub") != claims["sub"]:  # 5
                raise WalletError("sign_in_failed", "userinfo of another person")
            by = Told(_text(claims, "sid"), int(claims["iat"]), int(claims.get("auth_time", 0)))
            if pending.anew is not None and by.authenticated < pending.anew - CLOCK_SKEW:  # 6
                raise WalletError("sign_in_failed", "auth_time")
        return Person(pid=str(claims["sub"]), name=_text(told, "name"), birth_date=_text(told, "birthdate")), by

    def logged_out(self, token: str, *, now: int) -> LoggedOut:
        """Whose session is over (Back-Channel Logout §2.6); its `jti` is the caller's to take once. Raises LogoutRefused, and
        WalletError where the provider's keys cannot be had."""
        if len(token) > MOST:
            raise LogoutRefused("too long")
        keys = self._keys_for_strangers(now=now)
        try:
            parsed = jwt.decode(token, keys, algorithms=[self._algorithm])
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise LogoutRefused(type(error).__name__) from error
        return read(
            parsed.header, parsed.claims, issuer=self._issuer, audience=self._client_id, leeway=CLOCK_SKEW, now=now
        )

    def _keys_for_strangers(self, *, now: int) -> KeySet:
        if self._known is not None and 0 <= now - self._known[0] < KEYS_SECONDS:
            return self._known[1]
        if self._asked is not None and 0 <= now - self._asked < KEYS_PAUSE:
            raise WalletError(
                "issuer_unreachable", "logout: its keys were asked for a moment ago"
            )  # it tries again, too
        self._asked = now
        with self._client() as client, _explained():
            keys = self._keys(client, self._metadata(client))
        self._known = now, keys
        return keys

    def _keys(self, client: OAuth2Client, metadata: Mapping[str, Any]) -> KeySet:
        return KeySet.import_key_set(_as_jwks(self._get_json(client, metadata["jwks_uri"], withhold_token=True)))

    def _id_token(
        self, client: OAuth2Client, metadata: Mapping[str, Any], token: Mapping[str, Any], *, nonce: str, now: int
    ) -> dict[str, Any]:
        # The algorithm is the registered one, whatever the token's header says (RFC 8725 §3.1).
        parsed = jwt.decode(str(token.get("id_token", "")), self._keys(client, metadata), algorithms=[self._algorithm])
        claims = CodeIDToken(
            parsed.claims,
            parsed.header,
            {
                "iss": {"essential": True, "value": self._issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": self._client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")},
        )
        claims.validate(now=now, leeway=CLOCK_SKEW)
        return dict(claims)

    def _metadata(self, client: OAuth2Client) -> dict[str, Any]:
        metadata = self._get_json(client, f"{self._issuer}/.well-known/openid-configuration", withhold_token=True)
        if metadata.get("issuer") != self._issuer:  # Discovery §4.3
            raise WalletError("sign_in_failed", "metadata of another issuer")
        needed = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
        if not all(isinstance(metadata.get(name), str) for name in needed):
            raise WalletError("sign_in_failed", "metadata lacks an endpoint")
        if not metadata.get("authorization_response_iss_parameter_supported"):  # RFC 9207 §3
            raise WalletError("sign_in_failed", "the provider does not name itself in its answers")
        return metadata

    @staticmethod
    def _get_json(client: OAuth2Client, url: str, *, withhold_token: bool) -> dict[str, Any]:
        response = client.request("GET", url, withhold_token=withhold_token, headers={"Accept": "application/json"})
        response.raise_for_status()
        value = response.json()
        if not isinstance(value, dict):
            raise WalletError("sign_in_failed", "answer is not an object")
        return value

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self._client_id,
            self._secret,
            token_endpoint_auth_method=AUTHENTICATION,
            redirect_uri=self._redirect_uri,
            scope=SCOPE,
            code_challenge_method="S256",
            transport=self._transport,
            trust_env=False,
        )


def read_answer(parameters: Mapping[str, list[str]]) -> dict[str, str]:
    """The parameters of an authorization response; one that comes twice is refused (RFC 6749 §3.1)."""
    if any(len(parameters.get(name, [])) > 1 for name in _PARAMETERS):
        raise WalletError("sign_in_failed", "parameter given twice")
    return {name: parameters[name][0] for name in _PARAMETERS if parameters.get(name)}


@contextmanager
def _explained() -> Iterator[None]:
    """Turns what Authlib, joserfc and the network raise into ours: the person sees one sentence, the log the reason."""
    try:
        yield
    except httpx.HTTPError as error:
        raise WalletError("issuer_unreachable", f"sign-in: {type(error).__name__} {error}") from error
    except OAuthError as error:
        raise WalletError("sign_in_failed", f"token endpoint: {error.error}") from error
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise WalletError("sign_in_failed", f"{type(error).__name__}: {error}") from error


def _as_jwks(value: Mapping[str, Any]) -> KeySetSerialization:
    keys = value.get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise WalletError("sign_in_failed", "published keys")
    return {"keys": keys}


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value else None

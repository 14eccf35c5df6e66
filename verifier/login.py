"""Sign a person in at the identity provider: authorization code with PKCE, through Authlib's client.

Spec: OpenID Connect Core 1.0 §3.1, §5.3; Discovery 1.0 §4; RFC 7636 (S256); RFC 9207 (`iss` in the response).

    sign_in = SignIn(Client(issuer, client_id, client_secret, redirect_uri), fetcher)
    url, pending = sign_in.begin(now=now)                     # keep `pending` for this browser, send the person to `url`
    person = sign_in.complete(params, pending, now=now)       # on the callback; raises SignInFailed, with what to do
"""

import hmac
import logging
import secrets
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from certs.encoding import json_decode, json_encode
from certs.errors import CertsError
from certs.fetch import Fetcher
from verifier import logout
from verifier.login_failures import ERRORS, INVALID, NOT_OURS, OTHER, REFUSED, TOO_LOW, UNREACHABLE, SignInFailed
from verifier.logout import LoggedOut, LogoutRefused
from verifier.published import get_json

with warnings.catch_warnings():
    # Authlib would rather have httpx2; httpx is what our own transport speaks.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import OAuth2Client, OAuthError

log = logging.getLogger(__name__)

ALGORITHMS = ("ES256", "RS256")
LEEWAY = 30  # seconds by which the provider's clock may differ from ours
PENDING_FOR = 600  # seconds that a person may take at the provider
PROVIDER_FOR = 600  # seconds after which the provider's metadata and keys are read again
KEYS_AT_MOST_EVERY = 60  # seconds, where strangers can make us look
SCOPE = "openid profile email phone address vneid"


@dataclass(frozen=True, slots=True)
class Client:
    """Who we are at the provider."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    scope: str = SCOPE
    after_logout: str | None = None  # where people come back to when they have signed out at the provider


@dataclass(frozen=True, slots=True)
class Provider:
    """What the provider publishes about itself, as read at a time."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    answers_with_iss: bool
    keys: KeySet = field(repr=False)
    read_at: int
    end_session_endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A sign-in under way in one browser; it is used once, and only there."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    started: int
    anew: bool = field(default=False, repr=False)  # the person had to authenticate for this very sign-in
    demand: tuple[str, ...] = field(default=(), repr=False)  # levels of which one had to be reached
    subject: str | None = field(default=None, repr=False)  # who it has to be


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who signed in: their subject, how they proved it, and the claims that they agreed to share."""

    subject: str
    acr: str | None
    amr: tuple[str, ...]
    auth_time: int | None
    claims: Mapping[str, Any] = field(repr=False)
    sid: str | None = None  # the session, as the provider names it to us
    id_token: str = field(default="", repr=False)  # the hint with which they sign out there


def discover(fetcher: Fetcher, issuer: str, *, now: int) -> Provider:
    """Read the provider's metadata and keys. Raises SignInFailed `provider_unreachable` or `provider_invalid`."""
    metadata = get_json(fetcher, issuer.rstrip("/") + "/.well-known/openid-configuration")
    if metadata.get("issuer") != issuer:  # OpenID Connect Discovery 1.0 §4.3
        raise SignInFailed("provider_invalid", INVALID, "issuer of the metadata is another one")
    if "S256" not in metadata.get("code_challenge_methods_supported", ()):
        raise SignInFailed("provider_invalid", INVALID, "no PKCE S256")
    try:
        return Provider(
            issuer,
            str(metadata["authorization_endpoint"]),
            str(metadata["token_endpoint"]),
            str(metadata["userinfo_endpoint"]),
            metadata.get("authorization_response_iss_parameter_supported") is True,
            KeySet.import_key_set(get_json(fetcher, str(metadata["jwks_uri"]))),  # type: ignore[arg-type]
            now,
            _text(metadata.get("end_session_endpoint")),
        )
    except (KeyError, JoseError, ValueError, TypeError) as error:
        raise SignInFailed("provider_invalid", INVALID, f"metadata or keys: {error!r}") from error


class SignIn:
    """The sign-in of one client at one provider. Holds the way to the network, and the provider's metadata for a while."""

    def __init__(self, client: Client, fetcher: Fetcher) -> None:
        self._client = client
        self._fetcher = fetcher
        self._provider: Provider | None = None

    def begin(
        self,
        *,
        now: int,
        acr_values: str | None = None,
        prompt: str | None = None,
        demand: tuple[str, ...] = (),
        same: SignedIn | None = None,
    ) -> tuple[str, Pending]:
        """The address to send the person to, and what to keep for their browser until they come back.

        `prompt="login"` asks for a new authentication, and then an older one is not taken: needed wherever several people
        use one browser, as at a counter (OpenID Connect Core §3.1.2.1).

        `acr_values` wishes for a level, best first. `demand` insists: nobody is signed in at any other level (§5.5.1.1).
        `same` is who signed in before and adds what is missing (RFC 9470 §5): another person is not taken.
        """
        provider = self._known(now)
        state, nonce, code_verifier = (secrets.token_urlsafe(size) for size in (32, 32, 48))
        subject = same.subject if same else None
        pending = Pending(state, nonce, code_verifier, now, prompt == "login", demand, subject)
        claims = json_encode({"id_token": {"acr": {"essential": True, "values": list(demand)}}}).decode()
        wishes = (("acr_values", acr_values), ("prompt", prompt), ("claims", claims if demand else None))
        extra = {name: value for name, value in wishes if value}
        with self._session() as session:
            url, _ = session.create_authorization_url(
                provider.authorization_endpoint,
                state=pending.state,
                nonce=pending.nonce,
                code_verifier=pending.code_verifier,
                **extra,
            )
        return str(url), pending

    def complete(self, params: Mapping[str, str], pending: Pending | None, *, now: int) -> SignedIn:
        """The person, after the provider sent them back with `params`.

        1. The answer belongs to a sign-in that began in this browser, not long ago (state).
        2. It comes from the provider that was asked (iss, RFC 9207 §2.4).
        3. It is not an error, and holds a code.
        4. The provider exchanges the code, for us and for our PKCE verifier.
        5. The id_token is signed by it, for us, now, for this sign-in, and after it where that was asked
           (OpenID Connect Core §3.1.3.7; the browser could have dropped `prompt`).
        6. It tells of a level that was demanded (§5.5.1.1), and of the person who signed in before, where that was asked.
        7. The user info speaks of the same person (§5.3.2).
        """
        if pending is None or now - pending.started > PENDING_FOR:
            raise SignInFailed("not_pending", NOT_OURS)
        if not hmac.compare_digest(params.get("state", "").encode(), pending.state.encode()):  # 1
            raise SignInFailed("state_mismatch", NOT_OURS)
        provider = self._known(now)
        if params.get("iss") != provider.issuer and ("iss" in params or provider.answers_with_iss):  # 2
            raise SignInFailed("issuer_mismatch", INVALID, "iss of the response is missing or another one")
        if "error" in params:  # 3
            code, reason = ERRORS.get(params["error"], ("refused", REFUSED))
            raise SignInFailed(code, reason, params["error"][:64])
        if not params.get("code"):
            raise SignInFailed("refused", REFUSED, "no code")
        identity, claims, id_token = self._redeem(provider, params["code"], pending, now)  # 4, 5
        if pending.demand and identity.get("acr") not in pending.demand:  # 6
            raise SignInFailed("level_too_low", TOO_LOW, "acr of the id_token")
        if pending.subject not in (None, identity["sub"]):
            raise SignInFailed("other_person", OTHER, "sub of the id_token")
        if not isinstance(claims, dict) or claims.get("sub") != identity["sub"]:  # 7
            raise SignInFailed("token_invalid", INVALID, "user info of another subject")
        return SignedIn(
            str(identity["sub"]),
            _text(identity.get("acr")),
            tuple(map(str, identity.get("amr") or ())),
            identity.get("auth_time"),
            claims,
            _text(identity.get("sid")),
            id_token,
        )

    def sign_out(self, person: SignedIn, *, now: int) -> str | None:
        """Where the person's browser signs out at the provider too; None where it offers no such place."""
        end, after = self._known(now).end_session_endpoint, self._client.after_logout
        if end is None or after is None:
            return None
        return logout.address(end, client_id=self._client.client_id, id_token=person.id_token, after=after)

    def logged_out(self, token: str, *, now: int) -> LoggedOut:
        """Whose session is over. Raises LogoutRefused."""
        try:
            decoded = self._decoded(token, now, every=KEYS_AT_MOST_EVERY)
        except (JoseError, ValueError, TypeError) as error:
            raise LogoutRefused(type(error).__name__) from error
        ours = {"issuer": self._client.issuer, "audience": self._client.client_id}
        return logout.read(decoded.header, decoded.claims, **ours, leeway=LEEWAY, now=now)

    def _redeem(self, provider: Provider, code: str, pending: Pending, now: int) -> tuple[CodeIDToken, Any, str]:
        """The claims of the id_token, the user info, and the id_token itself, as they came."""
        try:
            with self._session() as session:
                token = session.fetch_token(
                    provider.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=self._client.redirect_uri,
                    code_verifier=pending.code_verifier,
                )
                identity = self._identity(token, pending, now)
                answer = session.get(provider.userinfo_endpoint)
                answer.raise_for_status()
                return identity, json_decode(answer.content), str(token["id_token"])
        except OAuthError as error:
            raise SignInFailed("refused", REFUSED, f"token endpoint: {error.error}") from error
        except httpx.HTTPStatusError as error:
            raise SignInFailed("refused", REFUSED, f"provider answered {error.response.status_code}") from error
        except (httpx.HTTPError, CertsError) as error:
            raise SignInFailed("provider_unreachable", UNREACHABLE, repr(error)) from error
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise SignInFailed("token_invalid", INVALID, repr(error)) from error

    def _identity(self, token: Mapping[str, Any], pending: Pending, now: int) -> CodeIDToken:
        """The claims of a valid id_token."""
        decoded = self._decoded(token["id_token"], now)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": self._client.issuer},
                "aud": {"essential": True, "value": self._client.client_id},
                "sub": {"essential": True},
            },
            params={
                "nonce": pending.nonce,
                "client_id": self._client.client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(now=now, leeway=LEEWAY)
        if pending.anew and int(claims.get("auth_time") or 0) < pending.started - LEEWAY:
            raise SignInFailed("token_invalid", INVALID, "the authentication is older than this sign-in")
        return claims

    def _decoded(self, token: str, now: int, *, every: int = 0) -> jwt.Token:
        """Reads the provider's keys once more when it signed with a new one; `every`: where anybody may send a token."""
        try:
            return jwt.decode(token, self._known(now).keys, algorithms=ALGORITHMS)
        except InvalidKeyIdError:
            if now - self._known(now).read_at < every:
                raise
            self._provider = None
            return jwt.decode(token, self._known(now).keys, algorithms=ALGORITHMS)

    def _known(self, now: int) -> Provider:
        if self._provider is None or now - self._provider.read_at > PROVIDER_FOR:
            self._provider = discover(self._fetcher, self._client.issuer, now=now)
        return self._provider

    def _session(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self._client.client_id,
            client_secret=self._client.client_secret,
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 — the name of a method
            scope=self._client.scope,
            redirect_uri=self._client.redirect_uri,
            code_challenge_method="S256",
            transport=self._fetcher.transport(),
            trust_env=False,  # a proxy named in the environment would go around the guarded transport
            follow_redirects=False,
        )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

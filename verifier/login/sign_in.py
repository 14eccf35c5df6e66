"""The sign-in of one client at one provider, from the request to the logout; no framework, no clock, no cookie.

Spec: OpenID Connect Core 1.0 §3.1, §5.3, §12; RFC 9207; RFC 9470 §5; RP-Initiated, Back-Channel and Front-Channel Logout 1.0
"""

import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError

from certs.encoding import json_decode
from certs.errors import CertsError
from certs.fetch import Fetcher
from certs.logout_token import MOST, LoggedOut, LogoutRefused, read
from verifier.login.begin import PENDING_FOR, Pending, draw, parameters, way
from verifier.login.client import Client
from verifier.login.exchange import Exchange
from verifier.login.failures import ERRORS, SignInFailed
from verifier.login.id_token import TYPES, checked, decoded
from verifier.login.logout import address
from verifier.login.person import SignedIn, Tokens
from verifier.login.provider import PROVIDER_FOR, Provider, discover, text
from verifier.login.step_up import LEEWAY, Need, recent

KEYS_AT_MOST_EVERY = 60  # seconds, where strangers can make us look


class SignIn:
    """Holds the way to the network, and the provider's metadata and keys for a while. Safe to share between threads."""

    def __init__(self, client: Client, fetcher: Fetcher) -> None:
        self.client = client
        self._fetcher = fetcher
        self._exchange = Exchange(client, fetcher)
        self._provider: Provider | None = None

    def provider(self, *, now: int) -> Provider:
        """As it was read last. Raises SignInFailed `provider_unreachable`, `busy`, `provider_invalid`, `issuer_untrusted`:
        where newer keys cannot be had, older ones are not good for longer."""
        if self._provider is None or not 0 <= now - self._provider.read_at <= PROVIDER_FOR:
            self._provider = discover(self.client, self._fetcher, now=now)
        return self._provider

    def begin(
        self, *, now: int, acr_values: str | None = None, prompt: str | None = None, need: Need | None = None
    ) -> tuple[str, Pending]:
        """The address to send the person to, and what to keep for their browser until they come back.

        `prompt="login"` asks for a new authentication, and then an older one is not taken: needed wherever several people
        use one browser, as at a counter (OpenID Connect Core §3.1.2.1).

        `acr_values` wishes for a level, best first. `need` insists on what `need_level` says is missing (RFC 9470 §5).
        """
        provider = self.provider(now=now)
        pending = draw(self.client, need=need, anew=prompt == "login", now=now)
        asked = parameters(pending, self._exchange, {"acr_values": acr_values, "prompt": prompt})
        return way(asked, self.client, provider, self._exchange, now=now), pending

    def complete(self, params: Mapping[str, str], pending: Pending | None, *, now: int) -> SignedIn:
        """The person, after the provider sent them back with `params`.

        1. The answer belongs to a sign-in that began in this browser, not long ago (state).
        2. It comes from the provider that was asked (iss, RFC 9207 §2.4).
        3. It is not an error, and holds a code.
        4. The provider exchanges the code, for us, for our PKCE verifier and for the key that the tokens are bound to.
        5. The ID token is signed by it, for us, now, for this sign-in (OpenID Connect Core §3.1.3.7).
        6. It tells of an authentication as strong and as new as was asked for, and of the person who signed in before, where
           that was asked: the browser could have dropped it from the request (§5.5.1.1; RFC 9470 §5).
        7. The user info speaks of the same person (§5.3.2).
        """
        if pending is None or not 0 <= now - pending.started <= PENDING_FOR:
            raise SignInFailed("not_pending")
        if not hmac.compare_digest(params.get("state", "").encode(), pending.state.encode()):  # 1
            raise SignInFailed("state_mismatch")
        provider = self.provider(now=now)
        if params.get("iss") != provider.issuer and ("iss" in params or provider.answers_with_iss):  # 2
            raise SignInFailed("issuer_untrusted", "iss of the response is missing or another one")
        if "error" in params:  # 3
            raise SignInFailed(ERRORS.get(params["error"], "refused"), params["error"][:64])
        if not params.get("code"):
            raise SignInFailed("refused", "no code")
        token = self._exchange.token(  # 4
            provider,
            pending.key,
            now=now,
            grant_type="authorization_code",
            code=params["code"],
            redirect_uri=self.client.redirect_uri,
            code_verifier=pending.code_verifier,
        )
        identity = self._identity(token, nonce=pending.nonce, now=now)  # 5
        _check_need(identity, pending, now=now)  # 6
        tokens = _tokens(token, pending, now=now)
        return _person(identity, self._claims(tokens, identity["sub"], now=now), token["id_token"], tokens)  # 7

    def refresh(self, person: SignedIn, *, now: int) -> SignedIn:
        """The same person with new tokens and claims; what they proved stays as it was (§12.2).

        Of two that refresh at once, the provider takes the second for a thief and ends both: one at a time for a person.
        """
        held = person.tokens
        if held is None or held.refresh is None:
            raise SignInFailed("login_required", "no refresh token: the scope needs offline_access")
        token = self._exchange.token(
            self.provider(now=now), held.key, now=now, grant_type="refresh_token", refresh_token=held.refresh
        )
        access = text(token.get("access_token")) or ""
        expires, refresh = _expires(token, now=now), text(token.get("refresh_token"))
        tokens = replace(held, access=access, refresh=refresh or held.refresh, expires=expires)
        hint = person.id_token
        if "id_token" in token:
            identity, hint = self._identity(token, nonce=None, now=now), token["id_token"]
            if identity["sub"] != person.subject or identity.get("auth_time") != person.auth_time:  # §12.2
                raise SignInFailed("claim_conflict", "ID token of a refresh")
        return replace(person, claims=self._claims(tokens, person.subject, now=now), id_token=hint, tokens=tokens)

    def userinfo(self, person: SignedIn, *, now: int) -> Mapping[str, Any]:
        """The claims as they are now. Raises SignInFailed `refused` where the access token is over."""
        if person.tokens is None:
            raise SignInFailed("login_required", "no access token")
        return self._claims(person.tokens, person.subject, now=now)

    def sign_out(self, person: SignedIn, *, now: int) -> str | None:
        """Where the person's browser signs out at the provider too; None where it offers no such place."""
        end, after = self.provider(now=now).end_session, self.client.after_logout
        if end is None or after is None:
            return None
        return address(end, client_id=self.client.client_id, id_token=person.id_token, after=after)

    def logged_out(self, token: str, *, now: int) -> LoggedOut:
        """Whose session is over; its `jti` is the caller's to take once. Raises LogoutRefused."""
        if len(token) > MOST:
            raise LogoutRefused("too long")
        try:
            signed = self._decoded(token, now, every=KEYS_AT_MOST_EVERY)
        except SignInFailed as error:
            raise LogoutRefused(error.code) from error
        except InvalidKeyIdError as error:
            raise LogoutRefused("unknown key") from error
        ours = {"issuer": self.client.issuer, "audience": self.client.client_id}
        return read(signed.header, signed.claims, **ours, leeway=LEEWAY, now=now)

    def _identity(self, token: Mapping[str, Any], *, nonce: str | None, now: int) -> Mapping[str, Any]:
        try:
            signed = self._decoded(token.get("id_token"), now)
        except InvalidKeyIdError as error:
            raise SignInFailed("signature_invalid", "unknown key") from error
        return checked(signed, self.client, nonce=nonce, access_token=token.get("access_token"), now=now)

    def _claims(self, tokens: Tokens, subject: str, *, now: int) -> Mapping[str, Any]:
        provider = self.provider(now=now)
        kind, body = self._exchange.userinfo(provider, tokens.access, tokens.key, now=now)
        try:
            claims: Any = self._told(body, now) if kind == "application/jwt" else json_decode(body)
        except (CertsError, UnicodeDecodeError, InvalidKeyIdError) as error:
            raise SignInFailed("token_invalid", f"user info: {type(error).__name__}") from error
        if not isinstance(claims, dict) or claims.get("sub") != subject:  # §5.3.2
            raise SignInFailed("claim_conflict", "user info of another subject")
        return claims

    def _told(self, body: bytes, now: int) -> Mapping[str, Any]:
        """User info that the provider signed: by it, for us (§5.3.2, §5.3.4)."""
        signed = self._decoded(body.decode("ascii").strip(), now)
        if str(signed.header.get("typ", "")).lower() not in TYPES:
            raise SignInFailed("type_mismatch", "typ of user info")
        claims = dict(signed.claims)
        if claims.pop("iss", None) != self.client.issuer:
            raise SignInFailed("issuer_untrusted", "iss of user info")
        if claims.pop("aud", None) not in (self.client.client_id, [self.client.client_id]):
            raise SignInFailed("audience_mismatch", "aud of user info")
        return claims

    def _decoded(self, token: object, now: int, *, every: int = 0) -> jwt.Token:
        """Reads the provider's keys once more when it signed with a new one; `every`: where anybody may send a token."""
        provider = self.provider(now=now)
        try:
            return decoded(token, provider.keys, self.client.algorithms)
        except InvalidKeyIdError:
            if now - provider.read_at < every:
                raise
            self._provider = None
            return decoded(token, self.provider(now=now).keys, self.client.algorithms)


def _check_need(identity: Mapping[str, Any], pending: Pending, *, now: int) -> None:
    need, auth_time = pending.need, identity.get("auth_time")
    if need.levels and identity.get("acr") not in need.levels:
        raise SignInFailed("level_too_low", "acr of the ID token")
    if not recent(auth_time, need.within, now=now) or (pending.anew and (auth_time or 0) < pending.started - LEEWAY):
        raise SignInFailed("authentication_old", "auth_time of the ID token")
    if need.subject not in (None, identity["sub"]):
        raise SignInFailed("other_person", "sub of the ID token")


def _tokens(token: Mapping[str, Any], pending: Pending, *, now: int) -> Tokens:
    access = text(token.get("access_token"))
    if access is None:
        raise SignInFailed("token_invalid", "no access token")
    return Tokens(access, text(token.get("refresh_token")), _expires(token, now=now), pending.key)


def _expires(token: Mapping[str, Any], *, now: int) -> int | None:
    lasts = token.get("expires_in")
    return now + lasts if type(lasts) is int and 0 < lasts < 10**9 else None


def _person(identity: Mapping[str, Any], claims: Mapping[str, Any], hint: str, tokens: Tokens) -> SignedIn:
    return SignedIn(
        identity["sub"],
        text(identity.get("acr")),
        tuple(map(str, identity.get("amr") or ())),
        identity.get("auth_time"),
        claims,
        text(identity.get("sid")),
        hint,
        tokens,
    )

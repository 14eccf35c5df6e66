"""What we ask the provider ourselves, without a browser: push a request, redeem a code, refresh, read user info.

Spec: RFC 6749 §4.1.3, §6; RFC 7523 §3 (`private_key_jwt`); RFC 9126 §2; RFC 9449 §4.2, §5, §7.1, §8, §9 (proofs and their nonces)
"""

import secrets
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
from authlib.deprecate import AuthlibDeprecationWarning
from joserfc.errors import JoseError

from certs import dpop, jose
from certs.encoding import json_decode
from certs.errors import CertsError
from certs.fetch import Fetcher
from certs.keys import Signer
from verifier.login.client import Client
from verifier.login.failures import SignInFailed
from verifier.login.provider import BUSY, Provider

with warnings.catch_warnings():
    # Authlib would rather have httpx2; httpx is what our own transport speaks.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.httpx_client import OAuth2Client, OAuthError

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_FOR = 60  # seconds
BASIC, PRIVATE_KEY_JWT = "client_secret_basic", "private_key_jwt"


class Exchange:
    """Holds the way to the network, and the nonce that each server gave last for our proofs."""

    def __init__(self, client: Client, fetcher: Fetcher) -> None:
        self._client = client
        self._fetcher = fetcher
        self._nonces: dict[str, str] = {}

    def address(self, **parameters: str) -> str:
        """The parameters of a request, as Authlib's client makes them: a query with its question mark."""
        with self.session() as session:
            url, _ = session.create_authorization_url("", **parameters)
        return str(url)

    def push(self, provider: Provider, parameters: Mapping[str, str], *, now: int) -> str:
        """The name under which the browser comes with this request."""
        with _told(), self.session(provider, now) as session:
            answer = session.post(provider.pushed, data=dict(parameters), auth=session.client_auth(self._method))
            self._note(answer)
            told = _object(answer)
            if answer.status_code != 201:  # RFC 9126 §2.3
                raise OAuthError(str(told.get("error", ""))[:64])
            return str(told["request_uri"])

    def token(self, provider: Provider, key: Signer | None, *, now: int, **form: str) -> Mapping[str, Any]:
        """Of the token endpoint; bound to `key` where there is one (RFC 9449 §5)."""
        with _told(), self.session(provider, now) as session:
            session.register_compliance_hook("access_token_response", self._note)
            try:
                token: dict[str, Any] = self._fetched(session, provider, key, now, form)
            except OAuthError as error:
                if key is None or error.error != "use_dpop_nonce":  # §8
                    raise
                token = self._fetched(session, provider, key, now, form)
        kind = str(token.get("token_type", "")).lower()
        if kind != ("bearer" if key is None else "dpop"):  # RFC 9449 §5: what is not bound is not to be used
            raise SignInFailed("token_invalid", "token_type")
        return token

    def userinfo(self, provider: Provider, access: str, key: Signer | None, *, now: int) -> tuple[str, bytes]:
        """The type and the body of the answer."""
        with _told(), self.session(provider, now) as session:
            answer = self._got(session, provider.userinfo, access, key, now)
            if key is not None and answer.status_code == 401 and _wants_nonce(answer):  # §9
                answer = self._got(session, provider.userinfo, access, key, now)
            answer.raise_for_status()
            return answer.headers.get("content-type", "").partition(";")[0].strip().lower(), answer.content

    @contextmanager
    def session(self, provider: Provider | None = None, now: int = 0) -> Iterator[Any]:
        with OAuth2Client(
            client_id=self._client.client_id,
            client_secret=self._client.secret,
            token_endpoint_auth_method=self._method,
            scope=self._client.scope,
            redirect_uri=self._client.redirect_uri,
            code_challenge_method="S256",
            transport=self._fetcher.transport(),
            trust_env=False,  # a proxy named in the environment would go around the guarded transport
            follow_redirects=False,
        ) as session:
            if provider is not None and self._client.key is not None:
                # Ours, not Authlib's: the key may be one that never leaves its token (PKCS#11).
                session.register_client_auth_method((PRIVATE_KEY_JWT, self._asserting(provider, self._client.key, now)))
            yield session

    @property
    def _method(self) -> str:
        return BASIC if self._client.key is None else PRIVATE_KEY_JWT

    def _asserting(self, provider: Provider, key: Signer, now: int) -> Any:
        """Anew for each request: one is good once."""

        def asserting(_: Any, method: str, uri: str, headers: Any, body: bytes) -> tuple[str, Any, bytes]:
            us = self._client.client_id
            claims = {"iss": us, "sub": us, "aud": provider.issuer, "jti": secrets.token_urlsafe(16), "iat": now}
            assertion = jose.sign(claims | {"exp": now + ASSERTION_FOR}, key, typ="JWT")
            added = urlencode({"client_assertion_type": ASSERTION, "client_assertion": assertion})
            return uri, headers, body + b"&" + added.encode()

        return asserting

    def _fetched(self, session: Any, provider: Provider, key: Signer | None, now: int, form: Mapping[str, str]) -> Any:
        headers = {"Accept": "application/json", **self._proof(key, "POST", provider.token, now)}
        return session.fetch_token(provider.token, headers=headers, **form)

    def _got(self, session: Any, url: str, access: str, key: Signer | None, now: int) -> httpx.Response:
        scheme = "Bearer" if key is None else "DPoP"
        headers = {"Authorization": f"{scheme} {access}", "Accept": "application/json, application/jwt"}
        headers |= self._proof(key, "GET", url, now, access)
        return self._note(session.request("GET", url, headers=headers, withhold_token=True))

    def _proof(self, key: Signer | None, method: str, url: str, now: int, access: str | None = None) -> dict[str, str]:
        if key is None:
            return {}
        nonce, jti = self._nonces.get(urlsplit(url).netloc), secrets.token_urlsafe(16)
        proof = dpop.make(key, htm=method, htu=url, jti=jti, now=now, access_token=access, nonce=nonce)
        return {"DPoP": proof}

    def _note(self, answer: httpx.Response) -> httpx.Response:
        """The nonce for the next proof comes with any answer (RFC 9449 §8.2)."""
        nonce = answer.headers.get("dpop-nonce", "")
        if 0 < len(nonce) <= dpop.OPAQUE_LIMIT:
            self._nonces[answer.request.url.netloc.decode()] = nonce
        return answer


@contextmanager
def _told() -> Iterator[None]:
    """What Authlib, joserfc and the network raise, as ours."""
    try:
        yield
    except OAuthError as error:
        raise SignInFailed("refused", f"provider: {str(error.error)[:64]}") from error
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        raise SignInFailed("busy" if status in BUSY else "refused", f"provider answered {status}") from error
    except httpx.HTTPError as error:
        raise SignInFailed("provider_unreachable", repr(error)) from error
    except (JoseError, CertsError, ValueError, TypeError, KeyError) as error:
        raise SignInFailed("token_invalid", type(error).__name__) from error


def _object(answer: httpx.Response) -> dict[str, Any]:
    if answer.status_code >= 500 or answer.status_code in BUSY:  # RFC 9126 §2.3
        answer.raise_for_status()
    value = json_decode(answer.content)
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _wants_nonce(answer: httpx.Response) -> bool:
    return 'error="use_dpop_nonce"' in answer.headers.get("www-authenticate", "")

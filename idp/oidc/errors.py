"""The error tree of the OAuth endpoints: a stable code, a text for the caller, a detail for the operator's log.

Spec: RFC 6749 §4.1.2.1, §5.2; OpenID Connect Core 1.0 §3.1.2.6; RFC 6750 §3.1

    OAuthError
    ├── PageError             the client or its redirect URI cannot be trusted: shown to the person, never sent on
    ├── AuthorizationError    sent back to the client through the browser
    ├── TokenError            JSON
    ├── ClientError           JSON, the client did not prove who it is
    ├── BearerError           a protected resource refuses an access token
    └── RegistrationError     (in `registration.py`) a client's metadata is not acceptable

`text` is for developers and is plain ASCII (RFC 6749 §5.2). Neither text nor detail ever repeats what was sent.
"""


class OAuthError(Exception):
    status = 400

    def __init__(self, code: str, text: str, *, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.detail = detail or text

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


class PageError(OAuthError):
    pass


class AuthorizationError(OAuthError):
    pass


class TokenError(OAuthError):
    def __init__(
        self, code: str, text: str, *, detail: str = "", status: int = 400, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(code, text, detail=detail)
        self.status = status
        self.headers = headers


class ClientError(TokenError):
    """`invalid_client`: always 401, always with a challenge (RFC 6749 §5.2)."""

    def __init__(self, text: str, *, detail: str = "") -> None:
        super().__init__("invalid_client", text, detail=detail, status=401)


class BearerError(OAuthError):
    """`acr_values`: the levels of which one would do (RFC 9470 §3)."""

    def __init__(
        self,
        code: str,
        text: str,
        *,
        detail: str = "",
        status: int = 401,
        acr_values: tuple[str, ...] = (),
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(code, text, detail=detail)
        self.status = status
        self.acr_values = acr_values
        self.headers = headers

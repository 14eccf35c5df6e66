"""Who we are at the provider: the secret or the key that proves it, and the profile that we hold ourselves and the provider to.

Spec: RFC 9700 (agency); FAPI 2.0 Security Profile §5.3.3 (bank): key instead of secret, pushed requests, tokens bound to a key
"""

from dataclasses import dataclass, field

from certs.keys import Signer

AGENCY, BANK = "agency", "bank"
SCOPE = "openid profile"  # no more than who they are: the rest is asked for where it is needed
# Of ID tokens, logout tokens and signed user info. A bank takes no RS256 (FAPI 2.0 Security Profile §5.4.1).
_ALGORITHMS = {AGENCY: ("ES256", "RS256"), BANK: ("ES256", "PS256")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One registration at one provider. Either `secret` or `key`. Raises ValueError where these settings do not go together."""

    issuer: str
    client_id: str
    redirect_uri: str
    secret: str | None = field(default=None, repr=False)
    key: Signer | None = field(default=None, repr=False)
    profile: str = AGENCY
    scope: str = SCOPE  # with `offline_access` there are refresh tokens
    after_logout: str | None = None  # where people come back to when they have signed out at the provider
    signs_requests: bool = False  # also where the provider does not ask for it (RFC 9101)

    def __post_init__(self) -> None:
        if self.profile not in _ALGORITHMS:
            raise ValueError(f"profile is one of: {', '.join(_ALGORITHMS)}")
        if (self.secret is None) == (self.key is None):
            raise ValueError("give the secret of the client, or its key: one of the two")
        if self.key is None and (self.profile == BANK or self.signs_requests):
            raise ValueError("the profile bank and signed requests need a key, not a secret")
        if self.key is not None and self.key.public.alg not in ("ES256", "PS256", "EdDSA"):
            raise ValueError("the key is one for ES256, PS256 or EdDSA")
        if "openid" not in self.scope.split():
            raise ValueError("scope must hold openid")

    @property
    def algorithms(self) -> tuple[str, ...]:
        """With which the provider may sign what it tells us, by the profile."""
        return _ALGORITHMS[self.profile]

"""The provider's paths, named once: metadata and routes are both made of them."""

AUTHORIZE = "/authorize"
TOKEN = "/token"  # noqa: S105 (a path)
REVOKE = "/revoke"
USERINFO = "/userinfo"
JWKS = "/jwks"
OPENID_CONFIGURATION = "/.well-known/openid-configuration"
AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"

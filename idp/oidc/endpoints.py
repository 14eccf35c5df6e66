"""The provider's paths, named once: metadata and routes are both made of them."""

AUTHORIZE = "/authorize"
PAR = "/par"
TOKEN = "/token"  # noqa: S105 (a path)
REVOKE = "/revoke"
REGISTER_CLIENT = "/register-client"  # `/register` is the citizens' page
INTROSPECT = "/introspect"
DEVICE_AUTHORIZATION = "/device_authorization"
DEVICE = "/device"  # the page for its person
USERINFO = "/userinfo"
END_SESSION = "/logout"
JWKS = "/jwks"
STATUS_LISTS = "/status-lists"
OPENID_CONFIGURATION = "/.well-known/openid-configuration"
AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"

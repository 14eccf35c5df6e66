"""PyPI `idpyoidc`'s relying party: discovers, registers itself, sends its person out, and takes what comes back.

The library is as released. Two of its values are set from outside, where it would stumble over itself; each says why.

It says an address to visit, and reads the address at which the person came back; at the end, all that it learnt.
"""

import json
import os
import sys
from urllib.parse import parse_qsl, urlsplit

import requests
from cryptojwt import KeyJar
from idpyoidc.client.claims.oidc import Claims
from idpyoidc.client.defaults import DEFAULT_OIDC_SERVICES
from idpyoidc.client.rp_handler import RPHandler

os.environ["NO_PROXY"] = "*"
given = json.loads(sys.stdin.readline())
issuer = given["issuer"]
# It takes an answer to a registration for wrong that names other scopes than `openid` (RFC 7591 §3.2.1), unless told that it
# can do with them; there is no setting for that, and the whole text is compared.
Claims._supports["scopes_supported"] = ["openid", given["scope"]]
kind = {"RS": "RSA", "PS": "RSA", "ES": "EC"}[given["alg"][:2]]
keys = {"key_defs": [{"type": kind, "use": ["sig"], **({"crv": "P-256"} if kind == "EC" else {})}]}
PKCE = {"function": "idpyoidc.client.oauth2.add_on.pkce.add_support"}
config = {
    "issuer": issuer,
    "client_type": "oidc",
    "application_type": "web",
    "client_name": given["name"],
    "redirect_uris": [given["callback"]],
    "post_logout_redirect_uris": [given["after"]],
    "response_types_supported": ["code"],
    "response_modes_supported": ["query"],
    "grant_types_supported": ["authorization_code", "refresh_token"],
    "scopes_supported": given["scope"].split(),
    "subject_types_supported": [given["subject_type"]],
    "token_endpoint_auth_methods_supported": [given["method"]],
    "token_endpoint_auth_signing_alg_values_supported": [given["alg"]],
    "id_token_signing_alg_values_supported": [given["alg"]],
    "encrypt_id_token_supported": False,
    "key_conf": keys,
    "client_authn_methods": [given["method"], "bearer_header"],
    "add_ons": {"pkce": {**PKCE, "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"}}},
}
services = {**DEFAULT_OIDC_SERVICES, "end_session": {"class": "idpyoidc.client.oidc.end_session.EndSession"}}


def call(method, url, **more):
    """The library has no place for an initial access token (RFC 7591 §3): its transport is handed it for what it sends as JSON."""
    if more.get("headers", {}).get("Content-Type") == "application/json":
        more["headers"]["Authorization"] = f"Bearer {given['token']}"
    return requests.request(method, url, **more)


handler = RPHandler(
    base_url=given["callback"], client_configs={issuer: config}, services=services, keyjar=KeyJar(), httpc=call
)


def away(url):
    print(json.dumps({"visit": url}), flush=True)
    return dict(parse_qsl(urlsplit(sys.stdin.readline().strip()).query))


client = handler.init_client(issuer)
client.do_provider_info()
client.do_client_registration(request_args={"post_logout_redirect_uris": [given["after"]]})
# Its assertions would name nobody: it looks here, and writes what it was told elsewhere.
client.client_id = client.get_client_id()
context = client.get_context()
answer = away(client.init_authorization(req_args={"scope": given["scope"].split()}))
state = answer["state"]
done = client.finalize(answer)
refreshed = client.refresh_access_token(state)
left = away(client.logout(state)["url"])
print(
    json.dumps(
        {
            "registered": context.registration_response.to_dict(),
            "claims": done["id_token"].to_dict(),
            "header": done["id_token"].jws_header,
            "userinfo": done["userinfo"].to_dict(),
            "refreshed": sorted(refreshed.to_dict()),
            "left": sorted(left),
        }
    )
)

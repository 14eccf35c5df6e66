"""PyPI `Authlib`'s Flask client, unmodified, in a small application: sign in, look, refresh, sign out. It runs until its end is told.

It is told its settings in one line, says one line when it listens, and keeps of each browser what it was given.
"""

import json
import os
import sys

import flask
from authlib.integrations.flask_client import OAuth
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc.jwk import import_key
from werkzeug.serving import make_server

os.environ["NO_PROXY"] = "*"
given = json.loads(sys.stdin.readline())
app = flask.Flask(__name__)
app.secret_key = os.urandom(32)
kept: dict = {}  # too much for a cookie

oauth = OAuth(app)
oauth.register(
    "provider",
    client_id=given["client_id"],
    client_secret=import_key(given["key"], "EC") if "key" in given else given["secret"],
    server_metadata_url=given["issuer"] + "/.well-known/openid-configuration",
    client_kwargs={
        "scope": given["scope"],
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": given["method"],
    },
    client_auth_methods=[PrivateKeyJWT(alg="ES256")],
)


def back(name):
    return given["url"] + name


@app.get("/sign-in")
def sign_in():
    return oauth.provider.authorize_redirect(back("/callback"), **dict(flask.request.args))


@app.get("/callback")
def callback():
    token = oauth.provider.authorize_access_token()
    flask.session["name"] = name = os.urandom(8).hex()
    kept[name] = {"token": token}
    return flask.redirect("/me")


@app.get("/me")
def me():
    token = kept[flask.session["name"]]["token"]
    userinfo = oauth.provider.userinfo(token=token)
    return {"claims": token["userinfo"], "userinfo": userinfo, "scope": token["scope"], "access": token["access_token"]}


@app.get("/refresh")
def refresh():
    held = kept[flask.session["name"]]
    old = held["token"]
    new = oauth.provider.fetch_access_token(grant_type="refresh_token", refresh_token=old["refresh_token"])
    again = oauth.provider.parse_id_token(new, nonce=None)
    held["token"] = {**new, "userinfo": again}
    return flask.redirect("/me")


@app.get("/sign-out")
def sign_out():
    hint = kept.pop(flask.session["name"])["token"]["id_token"]
    return oauth.provider.logout_redirect(post_logout_redirect_uri=back("/signed-out"), id_token_hint=hint)


@app.get("/signed-out")
def signed_out():
    oauth.provider.validate_logout_response()
    flask.session.clear()
    return {"signed_in": False}


@app.errorhandler(Exception)
def trouble(error):
    return {"error": type(error).__name__, "text": str(error)}, 500


server = make_server("127.0.0.1", given["port"], app, threaded=True)
print("listens", flush=True)
server.serve_forever()

"""The provider as it is served, but for how often it reads its keys: so that many rotations fit into some seconds."""

import flask

from idp.app import create_app_from_environment
from idp.oidc.keys import signing_keys

READ_EVERY = 0.4  # seconds


def create() -> flask.Flask:
    signing_keys.READ_EVERY = READ_EVERY  # type: ignore[assignment]
    return create_app_from_environment()

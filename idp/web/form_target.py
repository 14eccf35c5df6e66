"""Where a form of the present page may end besides our own addresses; `idp.web.security` says it to the browser.

Spec: Content Security Policy Level 3 §6.4.1 (`form-action`)
"""

import re
from urllib.parse import urlsplit

import flask

_HOST_SOURCE = re.compile(r"[a-z0-9.-]+(?::\d+)?", re.ASCII)


def allow(uri: str) -> None:
    """A form on this page may end at `uri`: browsers hold `form-action` against the redirects that follow too."""
    parts = urlsplit(uri)
    exact = parts.scheme in ("https", "http") and _HOST_SOURCE.fullmatch(parts.netloc)
    flask.g.form_target = f"{parts.scheme}://{parts.netloc}" if exact else f"{parts.scheme}:"

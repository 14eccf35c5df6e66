"""The counter in a browser whose counter is away: a worker that shows one page then, and nothing else, and what that page needs.

Spec: W3C Service Workers §3.1 (scope), §7.1 step 8 (other bytes, another worker); W3C Web App Manifest.

    GET /service-worker.js      the worker, with the list of its files and their fingerprint
    GET /away                   in every language at once: nothing of a person, a clerk or a verdict is in it
    GET /counter.webmanifest    name, icons, where it starts

The worker keeps these files alone. While the counter answers, what a browser shows comes from the counter.
"""

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, json, jsonify, render_template, url_for

from verifier.web.frame import say

pages = Blueprint("offline", __name__)
_STATIC = Path(__file__).parent / "static"
_FILES = ("base.css", "role.css", "icon.svg", "js/away-page.js", "js/away.js")
_TONGUES = (("vi", lambda vi, _: vi), ("en", lambda _, en: en))


@pages.get("/away")
def away() -> str:
    return render_template("away_page.html", tongues=_TONGUES)


@pages.get("/service-worker.js")
def worker() -> Response:
    page = url_for("offline.away")
    names = [url_for("static", filename=name) for name in _FILES]
    told = {"page": page, "files": [page, *names], "version": _version(away())}
    script = (_STATIC / "js" / "service-worker.js").read_text("utf-8")
    body = f"const {{ page: PAGE, files: FILES, version: VERSION }} = {json.dumps(told)};\n{script}"
    return Response(body, mimetype="text/javascript")


@pages.get("/counter.webmanifest")
def manifest() -> Response:
    icons = url_for("static", filename="icons")
    response = jsonify(
        id="/",
        name=say("Quầy kiểm tra giấy tờ (mô phỏng)", "Document counter (simulation)"),
        short_name=say("Quầy", "Counter"),
        start_url="/check",
        scope="/",
        display="standalone",
        background_color="#f3f5f7",
        theme_color="#6a2c7c",
        icons=[
            {"src": f"{icons}/{purpose}-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for size, purpose in ((192, "any"), (512, "any"), (512, "maskable"))
        ],
    )
    response.mimetype = "application/manifest+json"
    return response


@cache
def _version(page: str) -> str:
    seen = hashlib.sha256(page.encode())
    for name in _FILES:
        seen.update(name.encode() + (_STATIC / name).read_bytes())
    return seen.hexdigest()[:16]

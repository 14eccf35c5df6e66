"""A counter with accounts, for tests: who works there, and how they sign in."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.verifier.test_counter import OwnName
from tests.world import World
from verifier.app import create_app
from verifier.config import Config
from verifier.staff import change
from verifier.staff.file import StaffFile
from verifier.staff.password import hashed

PASSWORD = "ba con vịt qua sông lúc sáu giờ"
WORKERS = {"mai": ("teller",), "tuan": ("supervisor",), "lan": ("auditor",)}
Make = Callable[..., FlaskClient]


@cache
def kept() -> str:
    """Its hash, made once: what is tested is not how long that takes."""
    return hashed(PASSWORD)


def staff_file(folder: Path) -> Path:
    """Mai the teller, Tuấn the supervisor, Lan the auditor."""
    path = folder / "staff.json"
    for name, roles in WORKERS.items():
        rule = change.added(name, f"Nguyễn Thị {name.title()}", roles, kept(), must_change=False, now=1_700_000_000)
        StaffFile(path).change(rule)
    return path


def counter(world: World, folder: Path, **changes: Any) -> FlaskClient:
    """In process, in a simulation on this machine, with the three."""
    world.write_bundle(folder / "bundle.cbor")
    settings: dict[str, Any] = {
        "url": "http://localhost:5002",
        "issuer": "http://localhost:5000",
        "bundle": folder / "bundle.cbor",
        "client_secret": None,
        "session_key": b"k" * 32,
        "root_sha256": world.root_sha256,
        "refresh_seconds": 0,
        "simulation": True,
        "staff": changes.pop("staff", None) or staff_file(folder),
        **changes,
    }
    app = create_app(Config(**settings))
    app.test_client_class = OwnName
    return app.test_client()


def form_token(client: FlaskClient, page: str = "/staff/sign-in") -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(page).text)
    assert found
    return found[1]


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD, **fields: str) -> TestResponse:
    data = {"form_token": form_token(client), "name": name, "password": password, **fields}
    return client.post("/staff/sign-in", data=data)


def signed_in(client: FlaskClient, name: str) -> FlaskClient:
    """In the place of whoever was there before."""
    if 'id="staff-sign-out"' in client.get("/trust").text:
        client.post("/staff/sign-out", data={"form_token": form_token(client, "/trust")})
    answer = sign_in(client, name)
    assert answer.status_code == 303, answer.text
    return client

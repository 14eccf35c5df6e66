"""Settings: what is missing or unsafe stops the start, in one line."""

from pathlib import Path

import httpx
import pytest

from tests.wallet.issuer import IssuerDesk
from wallet.app import create_app
from wallet.config import Config, ConfigError, from_environment

ROOT = "ab" * 32


def environment(folder: Path, **changed: str) -> dict[str, str]:
    secret = folder / "secret"
    secret.write_text("s" * 43 + "\n", "ascii")
    settings = {
        "WALLET_URL": "http://localhost:5001",
        "WALLET_ISSUER": "http://localhost:5000",
        "WALLET_DATA": str(folder),
        "WALLET_CLIENT_SECRET_FILE": str(secret),
        "WALLET_ROOT_SHA256": ROOT.upper(),
        "WALLET_SIMULATION": "1",
        **changed,
    }
    return {name: value for name, value in settings.items() if value}


def test_a_full_environment_is_read(tmp_path: Path) -> None:
    config = from_environment(environment(tmp_path))
    assert (config.client_secret, config.root_sha256, config.client_id) == ("s" * 43, ROOT, "wallet")
    assert config.database == f"sqlite:///{tmp_path}/wallet.sqlite" and not config.secure
    assert "s" * 43 not in repr(config)


@pytest.mark.parametrize(
    "changed",
    [
        *({name: ""} for name in environment(Path("/tmp"))),
        {"WALLET_URL": "http://wallet.example"},
        {"WALLET_ISSUER": "http://id.example"},
        {"WALLET_ISSUER": "http://localhost:5000/"},
        {"WALLET_URL": "localhost:5001"},
        {"WALLET_ROOT_SHA256": "abc"},
        {"WALLET_CLIENT_SECRET_FILE": "/nowhere/secret"},
    ],
    ids=str,
)
def test_what_is_missing_or_unsafe_is_refused(tmp_path: Path, changed: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        from_environment(environment(tmp_path, **changed))


def test_over_https_cookies_are_bound_to_the_host(tmp_path: Path, desk: IssuerDesk) -> None:
    config = Config("https://wallet.example", "https://id.example", tmp_path, "s" * 43, ROOT)
    metadata = {
        "issuer": "https://id.example",
        "authorization_response_iss_parameter_supported": True,
        **{
            name: f"https://id.example/{name}"
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
        },
    }
    provider = httpx.MockTransport(lambda request: httpx.Response(200, json=metadata))
    app = create_app(config, web=desk, transport=provider, clock=lambda: desk.world.now)
    response = app.test_client().get("/sign-in", base_url="https://wallet.example")
    cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-wallet_sign_in=")
    assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/")) and "Domain" not in cookie
    assert "max-age" in response.headers["Strict-Transport-Security"]

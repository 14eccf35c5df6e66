"""Settings that are unsafe stop the start, and say what to change."""

from pathlib import Path

import pytest

from idp.config import UnsafeConfiguration, from_environment

GOOD = {"IDP_ISSUER": "http://localhost:5000", "IDP_DATA": "/tmp/x", "IDP_SIMULATION": "1"}


def test_good_settings() -> None:
    made = from_environment(GOOD)
    assert made.database_url == "sqlite:////tmp/x/idp.sqlite"
    assert (made.netloc, made.https, made.data) == ("localhost:5000", False, Path("/tmp/x"))


@pytest.mark.parametrize(
    "changed",
    [
        {"IDP_SIMULATION": "0"},
        {"IDP_SIMULATION": "yes"},
        {"IDP_ISSUER": "http://id.example.vn"},
        {"IDP_ISSUER": "https://id.example.vn/"},
        {"IDP_ISSUER": "https://id.example.vn/path"},
        {"IDP_ISSUER": "https://user@id.example.vn"},
        {"IDP_ISSUER": "https://id.example.vn?x"},
        {"IDP_ISSUER": "ftp://id.example.vn"},
        {"IDP_ISSUER": "localhost:5000"},
        {"IDP_ISSUER": "HTTPS://id.example.vn"},
        {"IDP_TRUSTED_PROXIES": "many"},
        {"IDP_TRUSTED_PROXIES": "4"},
        {"IDP_ISSUER": "https://id.example.vn", "IDP_SIMULATION": "0", "IDP_PERSONAS": "x.json"},
    ],
)
def test_unsafe_settings(changed: dict[str, str]) -> None:
    with pytest.raises(UnsafeConfiguration, match="IDP_"):
        from_environment({**GOOD, **changed})


@pytest.mark.parametrize("missing", ["IDP_ISSUER", "IDP_DATA"])
def test_missing_settings(missing: str) -> None:
    with pytest.raises(UnsafeConfiguration, match="make demo"):
        from_environment({name: value for name, value in GOOD.items() if name != missing})


def test_a_database_password_is_not_shown() -> None:
    made = from_environment({**GOOD, "IDP_DATABASE_URL": "postgresql://u:geheim@db/x"})
    assert "geheim" not in repr(made)

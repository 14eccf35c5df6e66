"""Settings that are unsafe stop the start, and say what to change."""

from pathlib import Path

import pytest

from certs.pkcs11 import Token
from idp.config import UnsafeConfiguration, for_child, from_environment
from idp.oidc.context import Admits

GOOD = {"IDP_ISSUER": "http://localhost:5000", "IDP_DATA": "/tmp/x", "IDP_SIMULATION": "1"}
REAL = {"IDP_ISSUER": "https://id.example.vn", "IDP_SIMULATION": "0"}

TOKEN = {"IDP_PKCS11_MODULE": "/m.so", "IDP_PKCS11_TOKEN": "nation", "IDP_PKCS11_PIN_FILE": "/pin"}


def test_a_key_is_in_a_file_unless_the_settings_say_that_it_is_in_a_token() -> None:
    assert from_environment({**GOOD, **TOKEN}).tokens == {}
    made = from_environment({**GOOD, **TOKEN, "IDP_PKCS11_KEYS": "health status"}).tokens
    assert set(made) == {"health", "status"}
    assert made["health"] == Token(module=Path("/m.so"), label="nation", pin_file=Path("/pin"))


def test_what_changes_is_published_within_a_minute_or_five_at_the_most() -> None:
    assert from_environment(GOOD).publish_every == 60
    assert [from_environment({**GOOD, "IDP_PUBLISH_EVERY": text}).publish_every for text in ("0", "300")] == [0, 300]


def test_who_may_register_applications() -> None:
    assert from_environment(GOOD).registration is Admits.TOKENS
    named = {
        text: from_environment({**GOOD, "IDP_REGISTRATION": text}).registration for text in ("off", "token", "open")
    }
    assert list(named.values()) == [Admits.NOBODY, Admits.TOKENS, Admits.EVERYBODY]
    for wrong in ({"IDP_REGISTRATION": "yes"}, {**REAL, "IDP_REGISTRATION": "open"}):
        with pytest.raises(UnsafeConfiguration):
            from_environment({**GOOD, **wrong})


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
        {"IDP_PUBLISH_EVERY": "301"},
        {"IDP_PUBLISH_EVERY": "-1"},
        {"IDP_PUBLISH_EVERY": "soon"},
        {"IDP_ISSUER": "https://id.example.vn", "IDP_SIMULATION": "0", "IDP_PERSONAS": "x.json"},
        {"IDP_PKCS11_KEYS": "health"},
        {"IDP_PKCS11_KEYS": "health", "IDP_PKCS11_MODULE": "/m.so", "IDP_PKCS11_TOKEN": "nation"},
        {**TOKEN, "IDP_PKCS11_KEYS": "health nobody"},
    ],
)
def test_unsafe_settings(changed: dict[str, str]) -> None:
    with pytest.raises(UnsafeConfiguration, match="IDP_"):
        from_environment({**GOOD, **changed})


@pytest.mark.parametrize("missing", ["IDP_ISSUER", "IDP_DATA"])
def test_missing_settings(missing: str) -> None:
    with pytest.raises(UnsafeConfiguration, match="make demo"):
        from_environment({name: value for name, value in GOOD.items() if name != missing})


def test_one_setting_names_the_database() -> None:
    url = "postgresql+psycopg://u@db/x"
    assert from_environment({**GOOD, "DATABASE_URL": url}).database_url == url
    assert from_environment({**GOOD, "DATABASE_URL": "sqlite:////x", "IDP_DATABASE_URL": url}).database_url == url
    assert from_environment({**GOOD, "DATABASE_URL": ""}).database_url == "sqlite:////tmp/x/idp.sqlite"
    assert from_environment(GOOD).redis_url is None
    assert from_environment({**GOOD, "REDIS_URL": "redis://localhost/1"}).redis_url == "redis://localhost/1"


@pytest.mark.parametrize("changed", [{"DATABASE_URL": "mysql://x"}, {"REDIS_URL": "http://x"}])
def test_servers_that_are_none_of_ours(changed: dict[str, str]) -> None:
    with pytest.raises(UnsafeConfiguration, match=next(iter(changed))):
        from_environment({**GOOD, **changed})


def test_a_role_that_the_provider_starts_inherits_no_name_of_a_server() -> None:
    inherited = {"DATABASE_URL": "postgresql://u:geheim@db/x", "REDIS_URL": "redis://:geheim@r", "PATH": "/bin"}
    assert for_child({"WALLET_URL": "w"}, inherited) == {"PATH": "/bin", "WALLET_URL": "w"}


def test_a_database_password_is_not_shown() -> None:
    made = from_environment({**GOOD, "IDP_DATABASE_URL": "postgresql://u:geheim@db/x"})
    assert "geheim" not in repr(made)
    assert "geheim" not in repr(from_environment({**GOOD, "REDIS_URL": "redis://:geheim@r"}))

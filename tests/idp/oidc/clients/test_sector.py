"""Whose applications know a person by one name: sectors, and the names that were given before there were any."""

import hashlib
import hmac
from typing import Any

import pytest

from certs.encoding import b64url_encode
from idp.model import Client
from idp.oidc import claims
from idp.oidc.clients import registration, sector
from idp.oidc.clients.registration import RegistrationError
from tests.idp.oidc.clients.test_registration import GOOD
from tests.world_idp import client, person

KEY = b"k" * 32
ONE, TWO = "https://one.example.vn/cb", "https://two.example.vn/cb"
NAMED = "https://sector.example.vn/uris.json"


def register(
    *uris: str,
    name: str = "new",
    entitled: bool = False,
    previous: Client | None = None,
    native: bool = False,
    **more: Any,
) -> Client:
    kind = {"application_type": "native", "token_endpoint_auth_method": "none"} if native else {}
    return registration.client(
        {**GOOD, "redirect_uris": list(uris), **kind, **more},
        client_id=name,
        secret_hash=None if native else "0" * 64,
        profile="agency",
        entitled_to_pid=entitled,
        simulation=True,
        previous=previous,
    )


def sub(known: Client) -> str:
    return claims.subject(known, person(), key=KEY)


def hashed(site: str) -> str:
    return b64url_encode(hmac.new(KEY, f"{site}\np-duong".encode(), hashlib.sha256).digest())


def test_the_host_of_the_redirect_uris_whatever_their_port_and_order() -> None:
    ports = register("https://one.example.vn:8443/cb", ONE, "https://one.example.vn:9443/")
    assert sub(ports) == sub(register(ONE)) == hashed("one.example.vn")
    assert sub(register(TWO)) != sub(ports)


def test_a_named_sector_joins_sites() -> None:
    both = register(ONE, TWO, sector_identifier_uri=NAMED)
    assert sub(both) == sub(register(TWO, sector_identifier_uri=NAMED, name="other")) == hashed("sector.example.vn")


def test_redirect_uris_of_several_sites_need_a_sector() -> None:
    with pytest.raises(RegistrationError) as caught:
        register(ONE, TWO)
    assert caught.value.code == "invalid_client_metadata"
    assert "sector_identifier_uri" in caught.value.text
    with pytest.raises(RegistrationError):
        register(ONE, TWO, entitled=True, subject_type="pairwise")
    assert sub(register(ONE, TWO, entitled=True)) == "999203001234"  # there is no pairwise name in its ID tokens


@pytest.mark.parametrize("uri", ["com.example.app:/cb", "http://127.0.0.1/cb", "http://[::1]/cb"])
def test_what_is_nobodys_host_is_a_sector_of_its_own(uri: str) -> None:
    """Of the applications on a phone none knows a person by the name that another has."""
    one, other = register(uri, name="one", native=True), register(uri, name="other", native=True)
    assert sub(one) == hashed("one") != sub(other)


@pytest.mark.parametrize("uri", ["com.evil.app:/cb", "http://127.0.0.1/cb", "http://[::1]/cb"])
def test_who_adds_an_address_of_nobody_to_anothers_host_does_not_get_its_names(uri: str) -> None:
    """What arrives at the private scheme would bear the names that the host's own application knows people by."""
    for uris in ((ONE, uri), (uri, ONE)):
        with pytest.raises(RegistrationError, match="sector_identifier_uri"):
            register(*uris, native=True)
        with pytest.raises(RegistrationError):
            register(*uris, native=True, previous=register(ONE, native=True))
    # The file at the host's address has to list both.
    assert sub(register(uri, ONE, native=True, sector_identifier_uri=NAMED)) == hashed("sector.example.vn")
    before = client("old", entitled_to_pid=False, redirect_uris=(ONE, uri))
    assert sub(register(uri, ONE, native=True, name="old", previous=before)) == hashed("one.example.vn")


DEVICES = ["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]


@pytest.mark.parametrize("more", [{}, {"sector_identifier_uri": NAMED}])
def test_who_signs_people_in_on_devices_is_a_sector_of_its_own(more: dict[str, Any]) -> None:
    """Nothing is sent to its redirect URIs: they may be anybody's, and so may the file that lists them."""
    assert sub(register(ONE, grant_types=DEVICES, **more)) == hashed("new")
    assert sub(register(grant_types=DEVICES[1:], **more)) == hashed("new")
    with pytest.raises(RegistrationError):
        register(ONE, grant_types=DEVICES, previous=register(ONE, **more), **more)
    there = client("old", entitled_to_pid=False, redirect_uris=(ONE,), metadata={"grant_types": DEVICES})
    assert sub(register(ONE, name="old", grant_types=DEVICES, previous=there)) == hashed("one.example.vn")


@pytest.mark.parametrize(
    ("uris", "site"),
    [
        ((ONE,), "one.example.vn"),
        (("https://one.example.vn:8443/cb",), "one.example.vn:8443"),
        ((TWO, ONE), "two.example.vn"),
        (("com.example.app:/cb",), ""),
        (("http://127.0.0.1/cb",), "127.0.0.1"),
        ((), "old"),
    ],
)
def test_clients_that_were_there_before_keep_their_names(uris: tuple[str, ...], site: str) -> None:
    """Character for character what was hashed when there were no sectors: a changed name is a lost account."""
    old = client("old", entitled_to_pid=False, redirect_uris=uris)
    assert sub(old) == hashed(site)
    assert sector.of(old) == site


def test_a_client_that_changes_something_else_keeps_its_name() -> None:
    ported = "https://one.example.vn:8443/cb"
    old = client("old", entitled_to_pid=False, redirect_uris=(ported, "https://one.example.vn:9443/cb"))
    same = register("https://one.example.vn:9443/cb", ported, name="old", previous=old)
    assert sub(same) == sub(old)
    again = register(ported, "https://one.example.vn/new", name="old", previous=same)
    assert sub(again) == sub(old)
    several = client("several", entitled_to_pid=False, redirect_uris=(ONE, TWO))
    assert sub(register(TWO, ONE, name="several", previous=several)) == sub(several)


def test_a_client_that_moves_to_another_site_takes_no_name_along() -> None:
    """Else who once registered another's address would know its people by that one's names."""
    old = register(ONE)
    assert sub(register(TWO, previous=old)) == hashed("two.example.vn")
    assert sub(register(ONE, previous=old, sector_identifier_uri=NAMED)) == hashed("sector.example.vn")


def test_public_is_the_number_and_for_those_entitled_alone() -> None:
    assert (
        sub(register(ONE, entitled=True)) == sub(register(ONE, entitled=True, subject_type="public")) == "999203001234"
    )
    assert sub(register(ONE, entitled=True, subject_type="pairwise")) == hashed("one.example.vn")
    assert sub(register(ONE, subject_type="pairwise")) == sub(register(ONE)) == hashed("one.example.vn")
    for refused in ("public", "Public", ""):
        with pytest.raises(RegistrationError):
            register(ONE, subject_type=refused)


def test_nobody_chooses_a_sector_by_its_name() -> None:
    with pytest.raises(RegistrationError):
        register(ONE, sector="two.example.vn")

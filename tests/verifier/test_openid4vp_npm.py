"""A wallet that is not ours: npm `@openid4vc/openid4vp`, unmodified, reads our request over HTTP and answers it.

Spec: OpenID4VP 1.0 §5, §5.10, §8.2 (direct_post), §8.3.1 (direct_post.jwt); RFC 9101. The library checks the signature of the
request and that its certificate belongs to the client id, reads the query, and encrypts; the key binding is jose's.
"""

import time
from typing import Any

import pytest

from certs.formats import sd_jwt
from certs.x509 import Usage
from tests.certs.formats import sd_jwts
from tests.journeys.reader_site import Site, served
from tests.peers import ask
from tests.verifier.asking_online import NAME_AND_CLASSES
from tests.wallet.reader import listed
from tests.wallet.test_openid4vp_npm import private_jwk
from tests.world import Desk, World
from verifier import Verifier
from verifier.request import RelyingParty


@pytest.fixture
def world() -> World:
    return World(now=int(time.time()))  # the library has a clock of its own


def site_of(world: World, host: str | None) -> Site:
    desk = world.desk("bank", Usage.READER)
    certificate = world.root.issue("bank", desk.signer.public, Usage.READER, now=world.now, hosts=("localhost",))
    here = Desk(desk.signer, certificate)
    world.readers = (listed(here),)
    verifier = Verifier(world.open_bundle())
    return Site(RelyingParty(here.signer, here.certificate, host), lambda: verifier)


def answered(world: World, link: str, disclose: tuple[str, ...]) -> Any:
    credential = sd_jwts.issue(world=world, issued=world.now - 60, expires=world.now + 86_400)
    told = {
        "link": link,
        "query": "driving_licence",
        "selection": sd_jwt.select(credential, disclose),
        "holder": private_jwk(world.holder.pem()),
    }
    return ask("openid4vp_wallet.mjs", told)


@pytest.mark.parametrize(("host", "encrypted", "same_device"), [(None, True, True), ("localhost", False, False)])
def test_it_reads_our_request_and_answers(world: World, host: str | None, encrypted: bool, same_device: bool) -> None:
    with served(site_of(world, host)) as site:
        started = site.ask(NAME_AND_CLASSES.value, encrypted=encrypted, same_device=same_device)
        told = answered(world, started.link, ("full_name", "classes"))
        assert told.get("status") == 200, told
        assert told["prefix"] == ("x509_hash" if host is None else "x509_san_dns")
        assert told["asked"] == ["driving_licence", "driving_licence-mdoc"]
        presented = site.told(told["body"]["redirect_uri"] if same_device else "")
        assert presented.only.claims["full_name"] == "Nguyễn Thị Thuỳ Dương" and presented.only.holder_bound
        again = answered(world, started.link, ("full_name", "classes"))
        assert "404" in again["refused"]


def test_it_is_told_no_where_it_tells_more(world: World) -> None:
    with served(site_of(world, None)) as site:
        started = site.ask(NAME_AND_CLASSES.value, encrypted=True, same_device=False)
        told = answered(world, started.link, ("full_name", "classes", "points"))
        assert told["status"] == 400, told
        assert told["body"] == {"error": "invalid_request", "error_description": "policy_refused"}

"""The sector of a client: the site whose applications know a person by one name, and share it with nobody else.

Spec: OpenID Connect Core 1.0 §8.1; OpenID Connect Registration 1.0 §5

    `sector_identifier_uri`       its host
    otherwise                     the one host of all redirect URIs
    no host that is anybody's     the client itself: loopback addresses and private schemes belong to every application
    both                          needs a `sector_identifier_uri`: who registers another's host beside its own scheme is told
                                  people's names there, and never needs what arrives at that host
    the grant for devices         the client itself: what it is told does not pass a redirect URI, so that those prove nothing

Settled when the client registers, and kept with it where it is not the first redirect URI's host with its port. That was hashed
for every client once, and still is for those that were there already: a person's name at a site must not change under it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from certs.encoding import json_decode
from certs.errors import CertsError
from idp.model import Client
from idp.oidc.clients.remote import Needed
from idp.oidc.clients.token_metadata import DEVICE_CODE

KEPT_AS = "sector"  # ours, in `Client.metadata`; no member that a client may send
URI = "sector_identifier_uri"
MAX_FILE = 64 * 1024  # bytes of the list that stands there
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def of(client: Client) -> str:
    kept = client.metadata.get(KEPT_AS)
    if isinstance(kept, str):
        return kept
    return _first(client.redirect_uris, client.client_id)


def kept(site: str, redirect_uris: Sequence[str], client_id: str) -> Mapping[str, str]:
    """What `Client.metadata` holds of it."""
    return {} if site == _first(redirect_uris, client_id) else {KEPT_AS: site}


def chosen(
    metadata: Mapping[str, Any], *, client_id: str, pairwise: bool, previous: Client | None = None
) -> str | None:
    """None: it must register a `sector_identifier_uri`, since its redirect URIs are of several sites (§8.1), or is known by a
    site's names and begins with devices.

    A client that changes stays what it was while its sites stay the same; who moves to another site gets that one's names.
    """
    named, held, device = metadata.get(URI), _hosts(metadata["redirect_uris"]), _by_device(metadata)
    if previous is not None and (named, held) == (previous.metadata.get(URI), _hosts(previous.redirect_uris)):
        site = of(previous)
        begins = device and not _by_device(previous.metadata)
        return None if begins and pairwise and site != client_id else site
    if device:
        return client_id
    if named is not None:
        return urlsplit(str(named)).hostname
    if len(held) == 1:
        return next(iter(held)) or client_id
    return None if held and pairwise else client_id


def is_listed(client: Client, fetched: Mapping[str, bytes | None]) -> bool:
    """Registration §5: who owns the sector's host lists who belongs to it. `fetched`: what stands there now. Raises Needed."""
    url = client.metadata.get(URI)
    if url is None:
        return True
    if url not in fetched:
        raise Needed(url)
    found = fetched[url]
    try:
        listed = None if found is None else json_decode(found, limit=MAX_FILE)
    except CertsError:
        listed = None
    return isinstance(listed, list) and set(client.redirect_uris) <= {uri for uri in listed if type(uri) is str}


def _first(redirect_uris: Sequence[str], client_id: str) -> str:
    return urlsplit(redirect_uris[0]).netloc if redirect_uris else client_id


def _hosts(uris: Iterable[str]) -> frozenset[str]:
    """The empty text stands for every address that is nobody's."""
    hosts = (urlsplit(uri).hostname for uri in uris)
    return frozenset("" if host is None or host in _LOOPBACK else host for host in hosts)


def _by_device(metadata: Mapping[str, Any]) -> bool:
    return DEVICE_CODE in metadata.get("grant_types", ())

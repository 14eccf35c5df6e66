"""What a phone carries of the trust list, so that it can tell who asks without a network: readers, their keys, what each may ask.

Spec: `certs/challenge.md` §5 (the extract of a wallet); JSON for `web/static/js/app/challenge.js`, which does the rest.

A certificate whose path does not hold, or of which that is not known, is not in it: then the phone knows nobody by it.
"""

import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs.catalogue import CATALOGUE
from certs.challenge import views_for
from certs.encoding import b64url_encode
from certs.errors import CertsError
from certs.trust import Reader, TrustStore
from certs.x509 import Usage, check_path, public_key


def extract(trust: TrustStore, *, now: int) -> dict[str, Any]:
    """`issued` and `ends` are those of the list."""
    certificates = {each for reader in trust.list.readers for each in reader.certificates}
    known = {each: told for each in certificates if (told := _certificate(each, trust, now)) is not None}
    return {
        "issued": trust.list.issued,
        "ends": trust.list.next_update,
        "readers": [
            _reader(each, known) for each in trust.list.readers if not known.keys().isdisjoint(each.certificates)
        ],
        "kinds": [
            {
                "code": kind.code,
                "name": kind.name,
                "title": {"vi": kind.title.vi, "en": kind.title.en},
                "views": [
                    {"code": view.code, "name": view.name, "title": {"vi": view.title.vi, "en": view.title.en}}
                    for view in kind.views
                    if view.qr
                ],
            }
            for kind in CATALOGUE.values()
        ],
    }


def _reader(reader: Reader, known: dict[x509.Certificate, dict[str, Any]]) -> dict[str, Any]:
    views: dict[str, list[str]] = {}
    for kind, view in views_for(reader):
        views.setdefault(kind.name, []).append(view.name)
    return {
        "organisation": reader.organisation,
        "name": {"vi": reader.name.vi, "en": reader.name.en},
        "purpose": {"vi": reader.purpose.vi, "en": reader.purpose.en},
        "since": reader.since,
        "until": reader.until,
        "views": views,
        "certificates": [known[each] for each in reader.certificates if each in known],
    }


def _certificate(certificate: x509.Certificate, trust: TrustStore, now: int) -> dict[str, Any] | None:
    """One that is published ahead of its time is checked as of when it begins to hold."""
    at = max(now, int(certificate.not_valid_before_utc.timestamp()))
    try:
        path = check_path(certificate, (), trust.anchors, usage=Usage.READER, now=at, crls=trust.crls)
        key = public_key(certificate).bare_jwk()
    except CertsError:
        return None
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return {"sha256": b64url_encode(digest), "key": key, "from": path.valid_from, "until": path.valid_until}

"""SD-JWT VCs for tests: good ones, and ones that the real authority signed although they are not as they should be."""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from certs import jose
from certs.catalogue import document_type
from certs.encoding import b64url_decode, b64url_encode, json_decode, json_encode
from certs.formats import Expected, Trail, Verified, disclosures, key_binding, sd_jwt, type_metadata
from certs.formats.disclosures import Path
from certs.keys import MemorySigner
from tests.world import DAY, NOW, RECORDS, URI, World

STANDING = World()
BUNDLE = STANDING.open_bundle()
LICENCE = document_type("driving_licence")
AUDIENCE, NONCE = "https://bank.example", "n-0S6_WzA2Mj"
ASKED = Expected(audience=AUDIENCE, challenge=NONCE.encode(), proof_age=240, clock_skew=60)
UNBOUND = Expected(holder_proof=False)
SALT = "2GLC42sKQveCfGfryNRN9w"


def issue(
    kind: str = "driving_licence",
    record: Mapping[str, Any] | None = None,
    *,
    world: World = STANDING,
    authority: str | None = None,
    holder: MemorySigner | None = None,
    index: int = 0,
    uri: str = URI,
    issued: int = NOW - 60,
    expires: int = NOW + 30 * DAY,
    **more: Any,
) -> str:
    document = document_type(kind)
    named = authority or document.issuers[-1].authority
    desk = world.issuers[named]
    return sd_jwt.issue(
        document=document,
        record=RECORDS[kind] if record is None else record,
        issuer=named,
        signer=desk.signer,
        certificate=desk.certificate,
        holder=(holder or world.holder).public,
        status_uri=uri,
        status_index=index,
        now=issued,
        expires=expires,
        **more,
    )


def present(
    credential: str,
    disclose: Iterable[str | Path] = ("full_name",),
    *,
    signer: MemorySigner | None = None,
    audience: str = AUDIENCE,
    nonce: str = NONCE,
    at: int = NOW,
) -> str:
    return sd_jwt.present(
        credential, disclose=disclose, signer=signer or STANDING.holder, audience=audience, nonce=nonce, now=at
    )


def verify(
    text: str, *, world: World | None = None, now: int = NOW, expected: Expected = ASKED, trail: Trail | None = None
) -> Verified:
    held = world.open_bundle() if world else BUNDLE
    return sd_jwt.verify(text, trust=held.trust, statuses=held.statuses, now=now, expected=expected, trail=trail)


# --- by the real authority, and wrong ---------------------------------------------------------------------------------

DESK = STANDING.issuers["public-security"]
X5C = [base64.b64encode(DESK.certificate.public_bytes(Encoding.DER)).decode()]
GONE = object()  # leave this member out
PAYLOAD: dict[str, Any] = {
    "vct": type_metadata.type_of(LICENCE),
    "iss": "public-security",
    "iat": NOW - 60,
    "exp": NOW + DAY,
    "cnf": {"jwk": STANDING.holder.public.bare_jwk()},
    "status": {"status_list": {"idx": 7, "uri": URI}},
}


def disclosure(*content: Any) -> str:
    return b64url_encode(json_encode(list(content)))


def signed(
    payload: Mapping[str, Any] | None = None,
    hidden: Iterable[str] = (),
    *,
    header: Mapping[str, Any] | None = None,
    signer: MemorySigner | None = None,
) -> str:
    """A credential whose payload has these members besides what it needs, with these disclosures, just as they are."""
    claims = {name: value for name, value in {**PAYLOAD, **(payload or {})}.items() if value is not GONE}
    members = {"kid": None, "x5c": X5C, **(header or {})}
    jwt = jose.sign(claims, signer or DESK.signer, typ=sd_jwt.TYP, headers=members)
    return "~".join([jwt, *hidden, ""])


def concealing(hidden: Iterable[str], payload: Mapping[str, Any] | None = None, **more: Any) -> str:
    """A credential with the digests of these disclosures at its top, and the disclosures."""
    listed = list(hidden)
    return signed({"_sd": [disclosures.digest(each) for each in listed], **(payload or {})}, listed, **more)


def bound(text: str, signer: MemorySigner | None = None, *, at: int = NOW, **changes: Any) -> str:
    """Any SD-JWT with a key binding of the holder; `typ` and the claims of the binding as told."""
    claims = {"iat": at, "aud": AUDIENCE, "nonce": NONCE, "sd_hash": key_binding.sd_hash(text)}
    typ = changes.pop("typ", key_binding.TYP)
    whole = {name: value for name, value in {**claims, **changes}.items() if value is not GONE}
    return text + jose.sign(whole, signer or STANDING.holder, typ=typ, headers={"kid": None})


def payload_of(text: str) -> dict[str, Any]:
    payload = json_decode(b64url_decode(text.split(".")[1]))
    assert isinstance(payload, dict)
    return payload

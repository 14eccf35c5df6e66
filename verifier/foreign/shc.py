"""SMART Health Card: a JWS over a compressed FHIR bundle, as digits under `shc:/`, signed by an issuer whose keys one was given.

Spec: SMART Health Cards Framework 1.4 (issuer's keys, revocation, "Health Cards are Compact", "Health Cards as QR Codes"),
RFC 7515 (JWS), RFC 7638 (the key id is the thumbprint), RFC 1951 (raw DEFLATE).

Nothing is fetched: whoever trusts an issuer gives its JWK set, and its revocation lists where the keys announce them. One card in
several codes, which the framework gave up in December 2022, is refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from certs import jose
from certs.encoding import inflate, json_decode
from certs.errors import Malformed, NotValidNow, Revoked, Unavailable, Untrusted
from certs.formats import Step, Trail
from certs.jose import Unverified
from certs.keys import PublicKey
from verifier.foreign.model import SEAL, Framework, Verified, check_age, check_texts, seconds

PREFIX = "shc:/"
TEXT_LIMIT = len(PREFIX) + 7089  # digits of numeric mode in version 40-L
INFLATED_LIMIT = 64 * 1024
_PAIRS = re.compile(r"(?:[0-6][0-9]|7[0-7])+", re.ASCII)  # from `-` to `z`
_CHUNK = re.compile(r"[0-9]+/[0-9]+/", re.ASCII)
_TYPE = "https://smarthealth.cards#"
_CARD = f"{_TYPE}health-card"
_RID = re.compile(r"[A-Za-z0-9_-]{1,24}", re.ASCII)
_KEYS_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer by its URL, its JWK set, and its card revocation lists (JSON objects with `kid`, `ctr` and `rids`).

    Raises Malformed for what is no such thing, ValueError for a URL that no card can name.
    """

    url: str
    jwks: Mapping[str, Any] = field(repr=False)
    revocations: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    keys: Mapping[str, "Key"] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" or not parts.netloc or self.url.endswith("/"):
            raise ValueError("an issuer's URL is https and ends without a slash")
        read = sorted(map(_revocation_list, self.revocations), key=lambda each: each.version)
        lists = {each.kid: each for each in read}  # the newest of each key
        found = {key.public.kid: Key(key.public, key.version, lists.get(key.public.kid)) for key in _keys(self.jwks)}
        object.__setattr__(self, "keys", found)


@dataclass(frozen=True, slots=True)
class RevocationList:
    kid: str
    version: int
    revoked: Mapping[str, int | None]  # rid -> the cards that became valid before that second; None: all


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an issuer, the version of its revocation list that it announces (None: it keeps none), and the list in hand."""

    public: PublicKey
    version: int | None
    revocations: RevocationList | None = None

    def check_revoked(self, rid: str | None, valid_from: int) -> bool:
        """Whether it is known that the card is not revoked; False where nobody publishes that. Raises Revoked, Unavailable."""
        held = self.revocations
        if held is not None and rid is not None and rid in held.revoked:
            before = held.revoked[rid]
            if before is None or valid_from < before:
                raise Revoked("revoked", "rid")
        if self.version is not None:
            if held is None:
                raise Unavailable("status_unavailable", "no revocation list of this key")
            if held.version < self.version:
                raise Unavailable("status_stale", "an older revocation list than the key announces")
        return held is not None


@dataclass(frozen=True, slots=True)
class Anchors:
    """The issuers that are believed, when their keys were obtained and until when they are good (Unix seconds)."""

    issuers: tuple[Issuer, ...]
    as_of: int | None = None
    until: int | None = None

    framework = Framework.SMART_HEALTH_CARD
    prefix = PREFIX

    def check(self, text: str, *, now: int, trail: Trail) -> Verified:
        """Steps 1 to 7 of `verifier.foreign.Foreign.verify`. Raises CertsError."""
        if len(text) > TEXT_LIMIT:  # 1
            raise Malformed("oversize", f"{len(text)} characters")
        token = _token(text[len(PREFIX) :])
        trail.begin(Step.FORMAT)  # 2
        parsed = jose.parse(token)
        if parsed.header.get("zip") != "DEF":
            raise Malformed("malformed", "not compressed")
        trail.begin(Step.ISSUER_SIGNATURE)  # 3
        candidates = self._verified(parsed)
        trail.begin(Step.FORMAT)  # 2 again: nothing of the payload was looked at before
        claims = json_decode(inflate(parsed.payload, limit=INFLATED_LIMIT, raw=True))
        credential, kinds = _credential(claims)
        trail.begin(Step.TRUST_LIST)  # 5
        check_age(self.until, now)
        issuer = next((each for each in candidates if each.url == claims.get("iss")), None)
        if issuer is None:
            raise Untrusted("issuer_untrusted", "iss is not whose key signed")
        trail.begin(Step.VALIDITY)  # 6
        issued, expires = _times(claims, now)
        trail.begin(Step.STATUS)  # 7
        kid = parsed.header["kid"]
        asked = issuer.keys[kid].check_revoked(_rid(credential), issued)
        bundle = credential["credentialSubject"]["fhirBundle"]
        name, born = _patient(bundle)
        return Verified(
            framework=Framework.SMART_HEALTH_CARD,
            kinds=tuple(f"{Framework.SMART_HEALTH_CARD}.{kind}" for kind in kinds),
            claims=bundle,
            full_name=name,
            birth_date=born,
            issuer=issuer.url,
            signer=kid,
            issued=issued,
            expires=expires,
            status_as_of=self.as_of if asked else None,
            trust_as_of=self.as_of,
            seal=SEAL,
        )

    def _verified(self, parsed: Unverified) -> tuple[Issuer, ...]:
        """Whose key of that id signed it: a thumbprint is of one key, but two issuers may share that."""
        kid = parsed.header.get("kid")
        found = tuple(each for each in self.issuers if isinstance(kid, str) and kid in each.keys)

        def key(_header: Mapping[str, Any]) -> PublicKey:
            if not found or not isinstance(kid, str):
                raise Untrusted("key_not_found", "no key of this kid")
            return found[0].keys[kid].public

        jose.verify_parsed(parsed, key, typ=("", "JWT"))
        return found


def is_part(text: str) -> bool:
    """Whether it says of itself that it is one code of several of a card (`shc:/1/3/…`)."""
    return text.startswith(PREFIX) and _CHUNK.match(text, len(PREFIX)) is not None


def _token(digits: str) -> str:
    """Two digits a character, 45 less than its number."""
    if _CHUNK.match(digits):
        raise Malformed("malformed", "a part of several codes")
    if len(digits) % 2 or not _PAIRS.fullmatch(digits):
        raise Malformed("encoding_invalid", "not pairs of digits")
    return "".join([chr(45 + int(digits[at : at + 2])) for at in range(0, len(digits), 2)])


def _keys(jwks: Mapping[str, Any]) -> Iterator[Key]:
    """Those that may sign cards: P-256 for signatures, under their thumbprint. One may stand there once for each certificate."""
    members = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(members, list) or len(members) > _KEYS_LIMIT:
        raise Malformed("malformed", "JWK set")
    for member in members:
        if not isinstance(member, Mapping) or member.get("alg") != "ES256":
            continue
        public = PublicKey.from_jwk(member)
        version = member.get("crlVersion")
        if public.kid != public.thumbprint():
            raise Malformed("malformed", "kid is not the thumbprint of its key")
        if version is not None and type(version) is not int:
            raise Malformed("malformed", "crlVersion")
        yield Key(public, version)


def _revocation_list(content: Mapping[str, Any]) -> RevocationList:
    kid, version, rids = (content.get(name) for name in ("kid", "ctr", "rids"))
    if not isinstance(kid, str) or type(version) is not int or not isinstance(rids, list):
        raise Malformed("malformed", "card revocation list")
    revoked: dict[str, int | None] = {}
    for entry in rids:
        rid, dot, before = entry.partition(".") if isinstance(entry, str) else ("", "", "")
        if not _RID.fullmatch(rid) or (dot and not (before.isascii() and before.isdecimal() and len(before) <= 12)):
            raise Malformed("malformed", "rid of a card revocation list")
        earlier = revoked.get(rid, 0)
        revoked[rid] = None if not dot or earlier is None else max(int(before), earlier)
    return RevocationList(kid, version, revoked)


def _credential(claims: object) -> tuple[dict[str, Any], tuple[str, ...]]:
    if not isinstance(claims, dict):
        raise Malformed("malformed", "claims are not an object")
    check_texts(claims)
    credential = claims.get("vc")
    types = credential.get("type") if isinstance(credential, dict) else None
    if not isinstance(credential, dict) or not isinstance(types, list) or _CARD not in types:
        raise Malformed("type_mismatch", "not a health card")
    subject = credential.get("credentialSubject")
    if not isinstance(subject, dict) or not isinstance(subject.get("fhirBundle"), dict):
        raise Malformed("malformed", "no FHIR bundle")
    kinds = [each.removeprefix(_TYPE) for each in types if isinstance(each, str) and each.startswith(_TYPE)]
    return credential, tuple(dict.fromkeys(kinds))


def _times(claims: Mapping[str, Any], now: int) -> tuple[int, int | None]:
    valid_from = seconds(claims.get("nbf"))
    expires = None if claims.get("exp") is None else seconds(claims["exp"])
    if valid_from > now:
        raise NotValidNow("not_yet_valid", "nbf")
    if expires is not None and expires <= now:
        raise NotValidNow("expired", "exp")
    return valid_from, expires


def _rid(credential: Mapping[str, Any]) -> str | None:
    rid = credential.get("rid")
    if rid is not None and not (isinstance(rid, str) and _RID.fullmatch(rid)):
        raise Malformed("malformed", "rid")
    return rid


def _patient(bundle: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Name and date of birth of the one patient that the bundle is about; nothing where there is none, or two."""
    entries = bundle.get("entry")
    resources = (
        [each.get("resource") for each in entries if isinstance(each, dict)] if isinstance(entries, list) else []
    )
    patients = [each for each in resources if isinstance(each, dict) and each.get("resourceType") == "Patient"]
    if len(patients) != 1:
        return None, None
    names, born = patients[0].get("name"), patients[0].get("birthDate")
    name = names[0] if isinstance(names, list) and names and isinstance(names[0], dict) else {}
    given = name.get("given")
    parts = [name.get("family"), *(given if isinstance(given, list) else [])]
    full = " ".join(part for part in parts if isinstance(part, str) and part)
    return full or None, born if isinstance(born, str) else None

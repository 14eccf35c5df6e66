"""Selective disclosure: claims hidden behind salted digests, and what of them a holder chose to reveal.

Spec: RFC 9901 §4 (disclosures, digests, decoys), §7.1 step 3 (processing), §9.3 and §9.4 (salts); compact form only.

Nothing here knows a type of document or a signature. Processing a payload, each refusal with its code:
 a. each disclosure is JSON of two elements (array) or three (object), and none comes twice     (disclosure_invalid)
 b. `_sd_alg` is sha-256 and stands at the top, or nowhere                                      (alg_not_allowed)
 c. `_sd` holds digests; `...` stands alone in an element of an array, and nowhere else         (malformed)
 d. no digest comes twice, in the payload or in what it reveals                                 (digest_mismatch)
 e. a disclosure stands where its form belongs, under a name that is none of ours               (disclosure_invalid)
 f. it takes no other claim's place                                                             (claim_conflict)
 g. every disclosure has its digest                                                             (disclosure_invalid)
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from certs.encoding import b64url_decode, b64url_encode, json_decode, json_encode
from certs.errors import BadSignature, Malformed, Unsupported

SIZE_LIMIT = 256 * 1024  # characters of a whole SD-JWT; a portrait is its largest claim
DISCLOSURE_LIMIT = 200
DIGEST_LIMIT = 1000
DEPTH_LIMIT = 16  # levels of claims, through as many disclosures as it takes
SALT_BYTES = 16  # RFC 9901 §9.3
DECOY_BYTES = 32
ALG = "sha-256"
SD, ELEMENT, SD_ALG = "_sd", "...", "_sd_alg"
RESERVED = frozenset({SD, ELEMENT, SD_ALG})

Path = tuple[str | int | None, ...]  # member names, places in an array as issued; None: every element


@dataclass(frozen=True, slots=True)
class Hidden:
    """A claim's value, or an array's element, that the holder may keep to itself."""

    value: Any


@dataclass(frozen=True, slots=True)
class SdJwt:
    """The parts of an SD-JWT as it came; nothing of it is checked."""

    jwt: str
    disclosures: tuple[str, ...]
    key_binding: str | None

    @property
    def presented(self) -> str:
        """Everything up to the last tilde: what a key binding signs the digest of (§4.3.1)."""
        return "~".join((self.jwt, *self.disclosures, ""))


@dataclass(frozen=True, slots=True)
class Revealed:
    """A processed payload. `placed` tells where each disclosure belongs, `nodes` every path there is, and `withheld`
    the objects and arrays in which a digest stayed closed: a claim that is not shown, or a decoy."""

    claims: dict[str, Any]
    placed: Mapping[str, Path]
    nodes: tuple[Path, ...]
    withheld: frozenset[Path]


def digest(disclosure: str) -> str:
    """§4.2.3: over the characters as they are sent."""
    return b64url_encode(hashlib.sha256(disclosure.encode("ascii")).digest())


def parse(text: str) -> SdJwt:
    """§4: the JWT, the disclosures, and behind the last tilde the key binding or nothing."""
    if not isinstance(text, str):
        raise Malformed("malformed", "not a text")
    if len(text) > SIZE_LIMIT:
        raise Malformed("oversize", f"SD-JWT of {len(text)} characters")
    if text.count("~") > DISCLOSURE_LIMIT + 1:
        raise Malformed("limit_exceeded", "disclosures")
    jwt, *rest = text.split("~")
    if not rest or not jwt or not all(rest[:-1]) or not text.isascii():
        raise Malformed("malformed", "not an SD-JWT")
    return SdJwt(jwt, tuple(rest[:-1]), rest[-1] or None)


# --- the issuer hides -------------------------------------------------------------------------------------------------


def conceal(
    claims: Mapping[str, Any], *, random: Callable[[int], bytes], decoys: int = 0
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The payload in which a digest stands for each `Hidden`, and the disclosures; `decoys` digests of nothing beside them.

    Raises ValueError when a claim has a reserved name, or the randomness is short or repeats itself: nothing may be
    signed then, as a guessed salt tells the claim (§9.3) and a repeated one links two of them (§9.4).
    """
    salts: set[str] = set()
    disclosures: list[str] = []

    def hidden(*content: Any) -> str:
        drawn = random(SALT_BYTES)
        salt = b64url_encode(drawn)
        if len(drawn) < SALT_BYTES or salt in salts:
            raise ValueError("a salt is short, or came before")
        salts.add(salt)
        disclosures.append(b64url_encode(json_encode([salt, *content])))
        return digest(disclosures[-1])

    payload: dict[str, Any] = _concealed(claims, hidden)
    # §4.2.5: a decoy is the digest of randomness; sorted, the digests do not tell the order of the claims (§4.2.4.1).
    false = [b64url_encode(hashlib.sha256(random(DECOY_BYTES)).digest()) for _ in range(decoys)]
    if false:
        payload[SD] = sorted([*payload.get(SD, ()), *false])
    return ({**payload, SD_ALG: ALG} if disclosures or false else payload), tuple(disclosures)


def _concealed(value: Any, hidden: Callable[..., str]) -> Any:
    if isinstance(value, Mapping):
        if not RESERVED.isdisjoint(value):
            raise ValueError("a claim has a reserved name")
        shown = {name: _concealed(each, hidden) for name, each in value.items() if not isinstance(each, Hidden)}
        digests = [
            hidden(name, _concealed(each.value, hidden)) for name, each in value.items() if isinstance(each, Hidden)
        ]
        return {**shown, SD: sorted(digests)} if digests else shown
    if isinstance(value, list | tuple):
        return [
            {ELEMENT: hidden(_concealed(each.value, hidden))} if isinstance(each, Hidden) else _concealed(each, hidden)
            for each in value
        ]
    return value


# --- the holder chooses -----------------------------------------------------------------------------------------------


def choose(revealed: Revealed, wanted: Iterable[Path]) -> tuple[str, ...]:
    """The disclosures that show these paths: each whole, with all below it, and with the parents that it hangs on.

    Raises Malformed when there is no such claim: an answer that lacks what was meant must not go out unseen.
    """
    paths = tuple(wanted)
    for path in paths:
        if not any(len(node) == len(path) and along(path, node) for node in revealed.nodes):
            raise Malformed("claims_missing", "no such claim to disclose")
    return tuple(
        disclosure for disclosure, place in revealed.placed.items() if any(along(path, place) for path in paths)
    )


def along(path: Path, place: Path) -> bool:
    """Whether one of them leads to the other."""
    return all(
        isinstance(part, int) if step is None else type(step) is type(part) and step == part
        for step, part in zip(path, place, strict=False)
    )


# --- the verifier opens -----------------------------------------------------------------------------------------------


class _Opening:
    """One payload being opened: the disclosures not yet placed, and what was met so far."""

    __slots__ = ("met", "nodes", "placed", "waiting", "withheld")

    def __init__(self, waiting: dict[str, tuple[str, list[Any]]]) -> None:
        self.waiting = waiting
        self.met: set[str] = set()
        self.placed: dict[str, Path] = {}
        self.nodes: list[Path] = []
        self.withheld: set[Path] = set()

    def take(self, references: list[Any], form: int, within: Path) -> list[tuple[str, list[Any]]]:
        """What these digests stand for, each `form` elements long; those that stay closed are left out."""
        if set(map(type, references)) != {str}:
            raise Malformed("malformed", "digest")  # c
        known = len(self.met)
        self.met.update(references)
        if len(self.met) != known + len(references):
            raise BadSignature("digest_mismatch", "a digest comes twice")  # d
        if len(self.met) > DIGEST_LIMIT:
            raise Malformed("limit_exceeded", "digests")
        found = [self.waiting.pop(reference) for reference in references if reference in self.waiting]
        if len(found) < len(references):
            self.withheld.add(within)
        for _, content in found:
            if len(content) != form:
                raise BadSignature("disclosure_invalid", "element for property, or property for element")  # e
        return found


def reveal(payload: Mapping[str, Any], disclosures: Sequence[str]) -> Revealed:
    """§7.1 step 3. The payload is whatever was signed; its digests carry the signature on to the disclosures."""
    waiting: dict[str, tuple[str, list[Any]]] = {}
    for disclosure in disclosures:
        content = _decoded(disclosure)  # a
        if waiting.setdefault(digest(disclosure), (disclosure, content))[1] is not content:
            raise BadSignature("disclosure_invalid", "a disclosure comes twice")
    if payload.get(SD_ALG, ALG) != ALG:  # b
        raise Unsupported("alg_not_allowed", "_sd_alg")
    opening = _Opening(waiting)
    claims = _object({name: value for name, value in payload.items() if name != SD_ALG}, (), opening)
    if waiting:  # g
        raise BadSignature("disclosure_invalid", f"{len(waiting)} disclosures without a digest")
    return Revealed(claims, opening.placed, tuple(opening.nodes), frozenset(opening.withheld))


def _decoded(disclosure: str) -> list[Any]:
    """The salt, the name of an object's claim, and the value."""
    try:
        content = json_decode(b64url_decode(disclosure))
    except Malformed as error:
        if error.code == "limit_exceeded":
            raise
        raise BadSignature("disclosure_invalid", error.detail) from None
    if not isinstance(content, list) or len(content) not in (2, 3) or set(map(type, content[:-1])) != {str}:
        raise BadSignature("disclosure_invalid", "not salt, name and value")
    if len(content) == 3 and content[1] in RESERVED:
        raise BadSignature("disclosure_invalid", "reserved name")  # e
    return content


def _opened(value: Any, path: Path, opening: _Opening) -> Any:
    opening.nodes.append(path)
    if isinstance(value, dict):
        return _object(value, path, opening)
    return _array(value, path, opening) if isinstance(value, list) else value


def _object(value: dict[str, Any], path: Path, opening: _Opening) -> dict[str, Any]:
    if len(path) > DEPTH_LIMIT:
        raise Malformed("limit_exceeded", "levels of claims")
    if SD_ALG in value:
        raise Unsupported("alg_not_allowed", "_sd_alg below the top")  # b
    digests = value.get(SD, [])
    if ELEMENT in value or not isinstance(digests, list):
        raise Malformed("malformed", "_sd or ...")  # c
    claims = {name: _opened(each, (*path, name), opening) for name, each in value.items() if name != SD}
    for disclosure, (_, name, hidden) in opening.take(digests, 3, path) if digests else ():
        if name in claims:
            raise Malformed("claim_conflict", "a claim is there already")  # f
        opening.placed[disclosure] = (*path, name)
        claims[name] = _opened(hidden, (*path, name), opening)
    return claims


def _array(value: list[Any], path: Path, opening: _Opening) -> list[Any]:
    if len(path) > DEPTH_LIMIT:
        raise Malformed("limit_exceeded", "levels of claims")
    elements = []
    for place, each in enumerate(value):
        if isinstance(each, dict) and ELEMENT in each:
            if len(each) != 1:
                raise Malformed("malformed", "... beside other members")  # c
            found = opening.take([each[ELEMENT]], 2, path)
            if not found:
                opening.nodes.append((*path, place))
                continue
            ((disclosure, (_, each)),) = found
            opening.placed[disclosure] = (*path, place)
        elements.append(_opened(each, (*path, place), opening))
    return elements

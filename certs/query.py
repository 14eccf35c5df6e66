"""What a verifier asks for (DCQL), and which of the credentials that somebody holds answer it, with which claims and no more.

Spec: OpenID4VP 1.0 §6 (DCQL), §6.4 (selecting claims and credentials), §7 (claims path pointer), Annex B.2.3, B.3.5 (`meta`).

Both sides read a query alike: the wallet to choose, the verifier to see whether it got what it had asked for. A query is
somebody's text: everything in it is counted before it is walked, and what cannot be read refuses the whole (malformed,
limit_exceeded). Members that we do not know are passed over (§6), formats and authorities that we do not know match nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from certs.errors import Malformed

SD_JWT, MDOC = "dc+sd-jwt", "mso_mdoc"  # the formats whose `meta` we can read
AKI = "aki"  # RFC 5280 §4.2.1.1, base64url; the only kind of authority whose names stand in the credential itself

CREDENTIALS_LIMIT = 16  # a person reads the consent page
SETS_LIMIT = OPTIONS_LIMIT = 16
CLAIMS_LIMIT = 64  # our largest document has fewer fields
CLAIM_SETS_LIMIT = 32
PATH_LIMIT = 8
VALUES_LIMIT = 64
TEXT_LIMIT = 512  # characters of one name, type or value
SELECTED_LIMIT = 1_000  # elements that one path may select; our longest list has fewer rows

Path = tuple[str | int | None, ...]  # None: every element of an array
Place = tuple[str | int, ...]  # one of the elements that a path selects
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """§6.3. Without `values` any value will do."""

    path: Path
    id: str | None = None
    values: tuple[str | int | bool, ...] = ()
    retain: bool | None = None  # Annex B.2.4: `intent_to_retain`; None where the verifier says nothing of it


@dataclass(frozen=True, slots=True)
class Credential:
    """§6.1. `types` are the admitted types in the words of the format; empty where the format is none of ours. `wanted` are the
    alternatives in the verifier's order: each a set of claims, of which the first that can be met is sent."""

    id: str
    format: str
    types: tuple[str, ...]
    wanted: tuple[tuple[Claim, ...], ...]
    multiple: bool = False
    bound: bool = True  # `require_cryptographic_holder_binding`
    authorities: tuple[tuple[str, frozenset[str]], ...] = ()

    @property
    def claims(self) -> tuple[Claim, ...]:
        """All that any of the alternatives asks for."""
        return tuple(dict.fromkeys(claim for some in self.wanted for claim in some))


@dataclass(frozen=True, slots=True)
class CredentialSet:
    """§6.2: one of these combinations; not `required` ones are sent when the person adds them."""

    options: tuple[tuple[str, ...], ...]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """`sets` has one that asks for everything where the verifier named none (§6.4.2)."""

    credentials: tuple[Credential, ...]
    sets: tuple[CredentialSet, ...]

    def credential(self, id_: str) -> Credential:
        """Raises KeyError."""
        return {each.id: each for each in self.credentials}[id_]


@dataclass(frozen=True, slots=True)
class Held:
    """What a query may look at in a credential. `claims` are JSON values: of an SD-JWT its payload with everything disclosed, of
    an mdoc namespace → element → value. `authorities` are the key identifiers of who certified its signer, base64url."""

    format: str
    type: str
    claims: Mapping[str, Any] = field(repr=False)
    authorities: frozenset[str] = frozenset()
    bound: bool = True


@dataclass(frozen=True, slots=True)
class Match:
    """That a credential answers, by these claims; `places` are where in it they stand."""

    claims: tuple[Claim, ...]
    places: tuple[Place, ...]


# --- reading a query --------------------------------------------------------------------------------------------------


def parse(value: object) -> Query:
    """Raises Malformed."""
    members = _object(value, "dcql_query")
    credentials = tuple(map(_credential, _array(members.get("credentials"), CREDENTIALS_LIMIT, "credentials")))
    ids = tuple(each.id for each in credentials)
    if len(set(ids)) != len(ids):  # §6.1
        raise Malformed("malformed", "two credentials of one id")
    if "credential_sets" not in members:
        return Query(credentials, (CredentialSet((ids,)),))
    sets = _array(members["credential_sets"], SETS_LIMIT, "credential_sets")
    return Query(credentials, tuple(_set(each, frozenset(ids)) for each in sets))


def _credential(value: object) -> Credential:
    members = _object(value, "credential query")
    format_ = _text(members.get("format"), "format")
    claims = _claims(members.get("claims"), format_) if "claims" in members else None
    return Credential(
        id=_id(members.get("id")),
        format=format_,
        types=_types(format_, _object(members.get("meta"), "meta")),
        wanted=_wanted(claims, members),
        multiple=_flag(members, "multiple", default=False),
        bound=_flag(members, "require_cryptographic_holder_binding", default=True),
        authorities=_authorities(members),
    )


def _types(format_: str, meta: Mapping[str, Any]) -> tuple[str, ...]:
    """Annex B.2.3, B.3.5: both are required, so that nobody is asked for whatever there is."""
    if format_ == SD_JWT:
        return tuple(_text(each, "vct") for each in _array(meta.get("vct_values"), VALUES_LIMIT, "vct_values"))
    return (_text(meta.get("doctype_value"), "doctype_value"),) if format_ == MDOC else ()


def _claims(value: object, format_: str) -> tuple[Claim, ...]:
    claims = tuple(_claim(each, format_) for each in _array(value, CLAIMS_LIMIT, "claims"))
    ids = [claim.id for claim in claims if claim.id is not None]
    if len(set(ids)) != len(ids):  # §6.3
        raise Malformed("malformed", "two claims of one id")
    return claims


def _claim(value: object, format_: str) -> Claim:
    members = _object(value, "claim")
    path = tuple(_array(members.get("path"), PATH_LIMIT, "path"))
    for part in path:
        if isinstance(part, str):
            _text(part, "path")
        elif part is not None and (type(part) is not int or part < 0):
            raise Malformed("malformed", "path")
    if format_ == MDOC and (len(path) != 2 or not all(isinstance(part, str) for part in path)):  # §7.2
        raise Malformed("malformed", "path into an mdoc")
    values = tuple(_array(members["values"], VALUES_LIMIT, "values")) if "values" in members else ()
    for each in values:
        if type(each) not in (str, int, bool) or (isinstance(each, str) and len(each) > TEXT_LIMIT):
            raise Malformed("malformed", "values")
    retain = _flag(members, "intent_to_retain", default=False) if "intent_to_retain" in members else None
    return Claim(path, _id(members["id"]) if "id" in members else None, values, retain)


def _wanted(claims: tuple[Claim, ...] | None, members: Mapping[str, Any]) -> tuple[tuple[Claim, ...], ...]:
    """§6.4.1: no claims at all, all of them, or one of several sets."""
    if claims is None:
        if "claim_sets" in members:
            raise Malformed("malformed", "claim_sets without claims")
        return ((),)
    if "claim_sets" not in members:
        return (_apart(claims),)
    known = {claim.id: claim for claim in claims}
    if None in known:  # §6.3: each must be named then
        raise Malformed("malformed", "a claim without id beside claim_sets")
    sets = []
    for each in _array(members["claim_sets"], CLAIM_SETS_LIMIT, "claim_sets"):
        names = _array(each, CLAIMS_LIMIT, "claim set")
        if not all(isinstance(name, str) and name in known for name in names):
            raise Malformed("malformed", "claim set")
        sets.append(_apart(known[name] for name in names))
    return tuple(sets)


def _apart(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """§6.1: who points to one claim twice is heard once."""
    found: dict[Path, Claim] = {}
    for claim in claims:
        found.setdefault(claim.path, claim)
    return tuple(found.values())


def _authorities(members: Mapping[str, Any]) -> tuple[tuple[str, frozenset[str]], ...]:
    if "trusted_authorities" not in members:
        return ()
    found = []
    for each in _array(members["trusted_authorities"], OPTIONS_LIMIT, "trusted_authorities"):
        named = _object(each, "authority")
        values = _array(named.get("values"), VALUES_LIMIT, "values of an authority")
        found.append((_text(named.get("type"), "type"), frozenset(_text(one, "authority") for one in values)))
    return tuple(found)


def _set(value: object, ids: frozenset[str]) -> CredentialSet:
    members, options = _object(value, "credential set"), []
    for each in _array(members.get("options"), OPTIONS_LIMIT, "options"):
        option = _array(each, CREDENTIALS_LIMIT, "option")
        if not all(isinstance(id_, str) and id_ in ids for id_ in option) or len(set(option)) != len(option):
            raise Malformed("malformed", "option")
        options.append(tuple(option))
    return CredentialSet(tuple(options), _flag(members, "required", default=True))


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed("malformed", name)
    return value


def _array(value: object, limit: int, name: str) -> list[Any]:
    """Every array of a query has at least one element (§6)."""
    if not isinstance(value, list) or not 0 < len(value) <= limit:
        raise Malformed("limit_exceeded" if isinstance(value, list) and value else "malformed", name)
    return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise Malformed("malformed", name)
    if len(value) > TEXT_LIMIT:
        raise Malformed("limit_exceeded", name)
    return value


def _id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Malformed("malformed", "id")
    return value


def _flag(members: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = members.get(name, default)
    if not isinstance(value, bool):
        raise Malformed("malformed", name)
    return value


# --- answering it -----------------------------------------------------------------------------------------------------


def match(asked: Credential, held: Held) -> Match | None:
    """Whether this credential answers, by the first set of claims that it can meet (§6.4.1); None where it does not."""
    if held.format != asked.format or held.type not in asked.types or (asked.bound and not held.bound):
        return None
    if asked.authorities and not any(type_ == AKI and named & held.authorities for type_, named in asked.authorities):
        return None
    for claims in asked.wanted:
        found = [_answering(claim, held.claims) for claim in claims]
        if all(found):
            return Match(claims, tuple(dict.fromkeys(place for places in found for place in places)))
    return None


def answerable(query: Query, has: Callable[[str], bool]) -> tuple[tuple[tuple[str, ...], ...], ...]:
    """For each credential set, which of its options can be met; `has` tells whether a credential query has a match. Where a
    required set has none, nothing may be sent at all (§6.4.2)."""
    return tuple(tuple(option for option in each.options if all(map(has, option))) for each in query.sets)


def select(claims: Any, path: Path) -> tuple[tuple[Place, Any], ...]:
    """§7.1.1: the elements that a path leads to, each with its place; nothing where the path does not fit the data."""
    selected: list[tuple[Place, Any]] = [((), claims)]
    for part in path:
        step: list[tuple[Place, Any]] = []
        for place, value in selected:
            if isinstance(part, str):
                if not isinstance(value, Mapping):
                    return ()
                step.extend([((*place, part), value[part])] if part in value else [])
            elif not isinstance(value, list):
                return ()
            else:
                chosen = range(len(value)) if part is None else [part] if part < len(value) else []
                step.extend(((*place, at), value[at]) for at in chosen)
        if len(step) > SELECTED_LIMIT:
            return ()
        selected = step
    return tuple(selected)


def _answering(claim: Claim, claims: Mapping[str, Any]) -> Sequence[Place]:
    """§6.3: type and value match exactly, so that 1 is neither `true` nor "1"; what does not match is not there."""
    found = select(claims, claim.path)
    if not claim.values:
        return [place for place, _ in found]
    admitted = {(type(each), each) for each in claim.values}
    return [place for place, value in found if isinstance(value, str | int | bool) and (type(value), value) in admitted]

"""What is asked for online: documents, and of each no more than is needed; as the query that is sent (DCQL), and what must hold.

Spec: OpenID4VP 1.0 §6 (DCQL), §15.4.1 (no matching of values: a wallet's silence would tell them), §15.4.2 (strictly necessary
claims), Annex B.2.3, B.2.4, B.3.5.

    question = ask(Wanted(Policy(documents=("driving_licence",)), claims=("full_name", "classes")))
    question = ask(Policy(documents=("citizen_identity.age_over_18", "driving_licence.age_over_18")))  # either of them
    question = ask(AllOf((identity, AnyOf((card, record)))))                                          # two, of one person

A kind (`driving_licence`) asks for nothing but that there is a valid one, and for what the policy looks at; a view of it
(`driving_licence.licence`) for the fields of that view; `claims` for single ones beside. Each kind is asked for in both formats,
and the wallet sends one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from types import MappingProxyType
from typing import Any

from cryptography import x509

from certs import query as dcql
from certs.catalogue import CATALOGUE, DocumentType
from certs.errors import Unsupported
from certs.formats.elements import BY_DOC_TYPE, doc_type, namespace
from certs.formats.reader_auth import fields_of
from certs.formats.type_metadata import NEVER_HIDDEN, document_of, type_of
from certs.query import MDOC, SD_JWT, Credential, Query
from certs.trust import Reader, TrustStore, askable
from verifier.policy.composed import AllOf, AnyOf, Demand, Link, leaves
from verifier.policy.faults import PolicyError
from verifier.policy.predicates import Each, Either, Predicate, names
from verifier.policy.single import Policy

FORMATS = (SD_JWT, MDOC)
SPLIT_LIMIT = 4  # optional fields of a view; more of them are asked for together, or not at all
# By what several documents are told to be of one person (`verifier.together`); a link by keys needs no claim.
LINKED_BY = (Link.NUMBER, Link.NAME_AND_BIRTH)
_TELLS: Mapping[Link, frozenset[str]] = MappingProxyType(
    {
        Link.NUMBER: frozenset({"personal_identification_number"}),
        Link.NAME_AND_BIRTH: frozenset({"full_name", "birth_date"}),
        Link.HOLDER_KEY: frozenset(),
    }
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One document of a kind that the policy names; of several kinds, or alternatives, any.

    claims    fields beside those that the policy itself asks for; each must be there
    optional  the person may leave it out
    retain    we keep what we are told (told to the wallet where the format has a word for it: mdoc)
    """

    policy: Policy | AnyOf
    claims: tuple[str, ...] = ()
    formats: tuple[str, ...] = FORMATS
    optional: bool = False
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """`value` is the query as it is sent, `query` the same as it is read; `policies` say by the id of each credential query
    what must hold of the answer. Several documents of one answer must show by one of `linked_by` that they are of the same
    person; None where several people may answer together, and each document stands for itself. Several credential queries
    want as many documents (`verifier.together.twice`); `apart=False` where one may answer several of them, as §6.1 admits."""

    value: Mapping[str, Any]
    policies: Mapping[str, Policy]
    linked_by: tuple[Link, ...] | None = LINKED_BY
    apart: bool = True
    query: Query = field(init=False)

    def __post_init__(self) -> None:
        """Raises Malformed for what is no query, ValueError for what we could not check."""
        parsed = dcql.parse(dict(self.value))
        if {each.id for each in parsed.credentials} != set(self.policies):
            raise ValueError("each credential query needs its policy, and no other has one")
        for each in parsed.credentials:
            if each.format not in FORMATS or not each.bound or each.authorities:
                raise ValueError(f"{each.id}: a format of ours, bound to its holder; authorities are the trust list's")
        object.__setattr__(self, "query", parsed)


def ask(*wanted: Wanted | Demand, linked_by: tuple[Link, ...] | None = LINKED_BY) -> Question:
    """The question for all of these together; an `AllOf` stands alone, and says itself what links its documents. Raises
    ValueError for what cannot be asked."""
    if len(wanted) == 1 and isinstance(whole := wanted[0], AllOf):
        wanted, linked_by = whole.parts, whole.linked_by
    credentials: dict[str, dict[str, Any]] = {}
    policies: dict[str, Policy] = {}
    sets: list[dict[str, Any]] = []
    for each in map(_one, wanted):
        options = []
        for policy, kind, format_, made in _credentials(each):
            id_ = _free(f"{kind.name}{'-mdoc' if format_ == MDOC else ''}", credentials)
            credentials[id_] = {"id": id_, **made}
            policies[id_] = _policy_for(policy, kind)
            options.append([id_])
        sets.append({"options": options, **({"required": False} if each.optional else {})})
    if len(sets) > 1 and linked_by is not None and not _tells_who(credentials.values(), linked_by):
        raise ValueError(
            "to show that several documents are of one person, ask each for its number, or name and birth date"
        )
    alone = len(credentials) == len(sets) == 1 and "required" not in sets[0]
    value = {"credentials": list(credentials.values()), **({} if alone else {"credential_sets": sets})}
    return Question(MappingProxyType(value), MappingProxyType(policies), linked_by)


def _one(wanted: Wanted | Demand) -> Wanted:
    if isinstance(wanted, AllOf):
        raise PolicyError("an AllOf is a question of its own")
    return wanted if isinstance(wanted, Wanted) else Wanted(wanted)


def fields(asked: Credential) -> Mapping[str, frozenset[str]]:
    """The catalogue's fields that a credential query asks for, by the kinds of document that would do."""
    found = {}
    for type_ in asked.types:
        kind = document_of(type_) if asked.format == SD_JWT else BY_DOC_TYPE[type_]
        names: set[str] = set()
        for claim in asked.claims:
            first, *rest = map(str, claim.path)
            names.update(fields_of(kind, first, rest[0]) if asked.format == MDOC else (first,))
        found[kind.name] = frozenset(names) - set(NEVER_HIDDEN)
    return found


def purposes(question: Question, certificate: x509.Certificate, trust: TrustStore, *, at: int) -> tuple[Reader, ...]:
    """The purposes on the trust list for which who has this certificate may ask all of it: a citizen is shown the first.
    Raises Untrusted where it may not ask at all, Unsupported where no purpose covers the question. Purposes never add up."""
    wanted = [pair for each in question.query.credentials for pair in fields(each).items()]
    listed = trust.readers(certificate, at=at)
    allowed = tuple(reader for reader in listed if all(_covers(reader, kind, names) for kind, names in wanted))
    if not allowed:
        raise Unsupported("policy_refused", "no purpose on the trust list covers the question")
    return allowed


def _covers(reader: Reader, kind: str, names: frozenset[str]) -> bool:
    return any(right.document == kind for right in reader.rights) and names <= askable(reader, kind)


# --- parts of the query -----------------------------------------------------------------------------------------------


def _credentials(wanted: Wanted) -> list[tuple[Policy, DocumentType, str, dict[str, Any]]]:
    if not wanted.formats or not set(wanted.formats) <= set(FORMATS):
        raise ValueError("name the formats that would do")
    made = []
    for policy in leaves(wanted.policy):
        kinds = dict.fromkeys(name.partition(".")[0] for name in policy.documents)
        if not kinds:
            raise ValueError("name the kinds of document that would do")
        for kind in (CATALOGUE[name] for name in kinds):
            needed, extra = _names(kind, policy, wanted.claims)
            for format_ in wanted.formats:
                if needed or format_ == SD_JWT:  # an mdoc shows at least one element
                    made.append(
                        (policy, kind, format_, _credential(kind, format_, needed, extra, retain=wanted.retain))
                    )
    if not made:
        raise ValueError("an mdoc needs a claim to show")
    return made


def _names(kind: DocumentType, policy: Policy, claims: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields that must come, and those of the view that not every document of the kind has."""
    views = [view for view in kind.views if f"{kind.name}.{view.name}" in policy.documents]
    view = None if kind.name in policy.documents else min(views, key=lambda each: len(each.fields), default=None)
    known = {each.name for each in kind.fields}
    looked_at = [name for predicate in policy.requires for name in sorted(_needs(predicate, known))]
    needed = (*(kind.needed(view) if view else ()), *policy.asks, *dict(policy.claims), *looked_at, *claims)
    unknown = set(needed) - known
    if unknown or (view is None and kind.name not in policy.documents):
        raise ValueError(f"{kind.name} has no {', '.join(sorted(unknown)) or 'such view'}")
    asked = tuple(dict.fromkeys(needed))
    return asked, tuple(name for name in (view.fields if view else ()) if name not in asked)


def _needs(predicate: Predicate, known: set[str]) -> frozenset[str]:
    """What has to be told to answer it: of alternatives the first that this kind of document can answer, and no other."""
    match predicate:
        case Either(of):
            return next((_needs(each, known) for each in of if names(each) <= known), names(predicate))
        case Each(of):
            return frozenset().union(*(_needs(each, known) for each in of))
        case _:
            return names(predicate)


def _credential(
    kind: DocumentType, format_: str, needed: tuple[str, ...], extra: tuple[str, ...], *, retain: bool
) -> dict[str, Any]:
    if format_ == MDOC:
        meta: dict[str, Any] = {"doctype_value": doc_type(kind)}
        own = namespace(kind)
        claims = [{"path": [own, name], "intent_to_retain": retain} for name in (*needed, *extra)]
    else:
        meta = {"vct_values": [type_of(kind)]}
        claims = [{"path": [name]} for name in (*needed, *extra)]
    made = {"format": format_, "meta": meta}
    if not claims:
        return made
    if not extra:
        return {**made, "claims": claims}
    named = [{"id": name, **claim} for name, claim in zip((*needed, *extra), claims, strict=True)]
    return {**made, "claims": named, "claim_sets": [[*needed, *some] for some in _subsets(extra)]}


def _subsets(extra: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """The most first (§6.4.1: the wallet takes the first that it can meet)."""
    if len(extra) > SPLIT_LIMIT:
        return (extra, ())
    return (some for size in range(len(extra), -1, -1) for some in combinations(extra, size))


def _policy_for(policy: Policy, kind: DocumentType) -> Policy:
    """The same for one kind alone: what answers for one may not pass for another. It is made for one question, and that is
    answered once: a guard beside would take the second look at the same answer (`verifier.response.collect`) for a replay."""
    named = tuple(name for name in policy.documents if name.partition(".")[0] == kind.name)
    return replace(policy, documents=named, require_holder_proof=True, accept_printed=False, one_time=False)


def _tells_who(credentials: Iterable[Mapping[str, Any]], linked_by: Iterable[Link]) -> bool:
    told = [{str(claim["path"][-1]) for claim in each.get("claims", ())} for each in credentials]
    return any(all(_TELLS[link] <= found for found in told) for link in linked_by)


def _free(name: str, taken: Iterable[str]) -> str:
    held = set(taken)
    return next(each for each in (name, *(f"{name}-{count}" for count in range(2, 20))) if each not in held)

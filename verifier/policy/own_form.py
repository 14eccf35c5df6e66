"""The relying party's own form beside its policy: it refuses to ask a person for what their document says already.

Spec: Law on Identification 26/2023/QH15 Art. 20(3) (nobody is asked again for what the identity database and card hold).

    form = OwnForm(policy, (FormField("occupation"), FormField("so_dien_thoai", claim="phone", unless_told=True)))
    for field in form.left(verified):        # what this document did not tell
        ...

A field is asked of everybody, unless it is marked `unless_told`: then only of those whose document does not tell it. So
 - a field that an accepted kind of document holds is refused, with both named: ask for it by the policy's `asks` instead
 - marked `unless_told` it is refused only where every document that the policy accepts must tell it: nobody would ever be asked
Fields are compared by the catalogue's names; `claim` says which one it is where the form calls it otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from certs.catalogue import CATALOGUE, DocumentType
from certs.formats import Verified
from verifier.policy.composed import AllOf, AnyOf, Demand, leaves
from verifier.policy.faults import PolicyError
from verifier.policy.predicates import Each, Either, Predicate, names
from verifier.policy.single import Policy
from verifier.together import Together


@dataclass(frozen=True, slots=True)
class FormField:
    """`name` as the form has it; `claim` as the catalogue has it, "" where it is the same, or where no document has it."""

    name: str
    claim: str = ""
    unless_told: bool = False

    @property
    def asks_for(self) -> str:
        return self.claim or self.name


class AskedTwice(PolicyError):
    """A form asks for what an accepted document holds. `field` and `document` name them."""

    def __init__(self, field: str, document: str, says: str) -> None:
        super().__init__(f"form field {field}: {document} {says}")
        self.field = field
        self.document = document


@dataclass(frozen=True, slots=True)
class OwnForm:
    """A policy and the fields that are asked beside it. Raises AskedTwice when it is made."""

    policy: Demand
    fields: tuple[FormField, ...]

    def __post_init__(self) -> None:
        if len({field.name for field in self.fields}) < len(self.fields):
            raise PolicyError("form: two fields of one name")
        certain = _certain(self.policy)
        for field in self.fields:
            holder = _holder(self.policy, field.asks_for)
            if field.unless_told and field.asks_for in certain:
                raise AskedTwice(
                    field.name, holder or "the document", f"always tells {field.asks_for}: leave the field out"
                )
            if holder is not None and not field.unless_told:
                raise AskedTwice(
                    field.name,
                    holder,
                    f"already holds {field.asks_for}. Put it in the policy's `asks` and leave the field out; or mark it "
                    "`unless_told`, to ask only those whose document does not tell it",
                )

    def left(self, shown: Verified | Together) -> tuple[FormField, ...]:
        """The fields to ask now: without those that the documents shown have told, whole."""
        documents = shown.documents if isinstance(shown, Together) else (shown,)
        told = {name for each in documents for name in each.claims.keys() - set(each.partial)}
        return tuple(field for field in self.fields if field.asks_for not in told)


def _holder(demand: Demand, claim: str) -> str | None:
    """The first accepted kind of document that has this field."""
    kinds = (kind for policy in leaves(demand) for kind in _kinds(policy))
    return next((kind.name for kind in kinds if any(field.name == claim for field in kind.fields)), None)


def _kinds(policy: Policy) -> Iterable[DocumentType]:
    if not policy.documents:
        return CATALOGUE.values()
    named = dict.fromkeys(each.partition(".")[0] for each in policy.documents)
    return [CATALOGUE[name] for name in named if name in CATALOGUE]


def _certain(demand: Demand) -> frozenset[str]:
    """What every document tells that is accepted; of several documents what any of them does."""
    match demand:
        case AllOf(parts):
            return frozenset().union(*map(_certain, parts))
        case AnyOf(alternatives):
            return frozenset.intersection(*map(_certain, alternatives))
        case Policy():
            views = [
                frozenset(kind.needed(view))
                for kind in _kinds(demand)
                for view in kind.views
                if not demand.documents or {kind.name, f"{kind.name}.{view.name}"} & set(demand.documents)
            ]
            asked = frozenset(demand.asks) | frozenset(dict(demand.claims))
            return asked.union(*map(_needed, demand.requires), frozenset.intersection(*views) if views else frozenset())


def _needed(predicate: Predicate) -> frozenset[str]:
    """The facts without which it is never answered with yes."""
    match predicate:
        case Either(of):
            return frozenset.intersection(*map(_needed, of))
        case Each(of):
            return frozenset().union(*map(_needed, of))
        case _:
            return names(predicate)

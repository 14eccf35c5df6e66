"""Policies that are ready to use, by name: `ready("bank.open_account")`, or `check --policy bank.open_account`.

Spec: Circular 17/2024/TT-NHNN (opening an account by electronic identity), Law 36/2024/QH15 Art. 57 (classes), Law on Health
Insurance 2014 Art. 28 (the card is shown on arrival), Civil Code 2015 Art. 20 (adults). None of them is legal advice.

Who asks for whom, and with what question, only the caller knows: `change(ready(name), audience="…", challenge=…)`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from verifier.policy.composed import AnyOf, Demand
from verifier.policy.predicates import AtLeast, Each, InForce, Predicate, Row
from verifier.policy.single import ADULT, Policy, Unknown

DAY = 86_400
_WHO = ("personal_identification_number", "full_name", "birth_date", "sex", "nationality", "residence")
_ANY_CLASS: Predicate = Row("classes", (InForce("expires", since="issued"),))
_HAS_POINTS = AtLeast("points", 1)  # Art. 58: at 0 a licence lets nobody drive

# From afar, so each presentation counts once; what cannot be known today is a no, since nobody stands there to ask again.
OPEN_ACCOUNT = Policy(
    documents=("citizen_identity.identity",),
    asks=_WHO,
    one_time=True,
    max_status_age=DAY,
    max_bundle_age=7 * DAY,
    status_unavailable=Unknown.REJECT,
    status_stale=Unknown.REJECT,
)
# At the counter, with the portrait of the card: the clerk compares. Works without a network as long as lists are good.
FACE_TO_FACE = AnyOf(
    (
        Policy(
            documents=("citizen_identity.identity",), asks=("personal_identification_number", "full_name", "birth_date")
        ),
        Policy(documents=("citizen_identity.portrait",), asks=("full_name", "birth_date", "portrait")),
    )
)
# On the road, mostly without a network. Which class the vehicle needs the officer sees; a licence of none in force is none.
STOP = Policy(
    documents=("driving_licence.licence", "driving_licence.full"),
    asks=("full_name", "birth_date", "licence_number", "classes"),
    requires=(Each((_ANY_CLASS, _HAS_POINTS)),),
)
# Either card tells the insurance; a printed one is taken, as people bring it, and the desk compares it with who stands there.
RECEPTION = AnyOf(
    (
        Policy(
            documents=("health_insurance_card.card",),
            asks=("full_name", "birth_date", "card_number", "first_facility", "benefit_level"),
            requires=(InForce("valid_until", since="valid_from"),),
            accept_printed=True,
        ),
        Policy(
            documents=("health_record.insurance", "health_record.administrative"),
            asks=("full_name", "birth_date", "health_insurance_number", "first_facility"),
            requires=(InForce("insurance_until"),),
            accept_printed=True,
        ),
    )
)

READY: Mapping[str, Demand] = MappingProxyType(
    {
        "bank.open_account": OPEN_ACCOUNT,
        "bank.face_to_face": FACE_TO_FACE,
        "traffic.stop": STOP,
        "clinic.reception": RECEPTION,
        "age.18": ADULT,
    }
)


def ready(name: str) -> Demand:
    """Raises KeyError for a name that is not in READY."""
    return READY[name]

"""What a clerk may insist on: a kind of document and a proof of its holder, or one of the policies that this counter has by name.

A policy by name says itself which proof it takes, so the clerk's other choice does not count beside it; a foreign document has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import request
from werkzeug.exceptions import BadRequest

from certs.catalogue import CATALOGUE, Text
from verifier.foreign.told import TITLES
from verifier.policy.composed import OneDocument, leaves
from verifier.policy.ready import READY
from verifier.policy.single import ADULT, AGE, DEFAULT
from verifier.web.frame import counter

NAMED = "policy:"  # before a policy's name in the form's value
PRINTED, ANY_COPY = "printed", "none"  # what a clerk takes beside what a customer shows in their own wallet

_ANY_KIND = Text("Loại nào cũng được", "Any kind")
_PROOFS: Mapping[str, Text] = {
    PRINTED: Text("cả mã in trên giấy", "printed codes too"),
    ANY_COPY: Text("bất kỳ bản nào", "any copy"),
}
_TITLES: Mapping[str, Text] = {
    "bank.open_account": Text("Mở tài khoản từ xa", "Opening an account from afar"),
    "bank.face_to_face": Text("Nhận biết khách tại quầy ngân hàng", "Identifying a customer at a bank's counter"),
    "traffic.stop": Text("Kiểm tra giấy phép lái xe trên đường", "Driving licence at a traffic stop"),
    "clinic.reception": Text("Tiếp đón khám bệnh bảo hiểm y tế", "Clinic reception, health insurance"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """The two choices of the form, as they came. Raises BadRequest for what is none."""

    documents: str
    proof: str

    def __post_init__(self) -> None:
        known = ("", AGE, *CATALOGUE, *(value for value, _ in (*named(), *abroad())))
        if self.proof not in ("", *_PROOFS) or self.documents not in known:
            raise BadRequest()

    @property
    def foreign(self) -> bool:
        """Whether documents of another framework are wanted, which no policy of ours is about."""
        return self.documents in TITLES

    @property
    def policy(self) -> OneDocument:
        if self.foreign:
            raise BadRequest()
        if self.documents.startswith(NAMED):
            return counter().policies[self.documents.removeprefix(NAMED)]
        kind = replace(DEFAULT, documents=(self.documents,)) if self.documents in CATALOGUE else DEFAULT
        wanted = ADULT if self.documents == AGE else kind
        return replace(wanted, accept_printed=self.proof == PRINTED, require_holder_proof=self.proof != ANY_COPY)

    @property
    def title(self) -> Text:
        """What is wanted, as the form has it."""
        return {"": _ANY_KIND, **dict(choices()), **dict(named()), **dict(abroad())}[self.documents]

    @property
    def told(self) -> Text:
        """All that was insisted on: a policy by its name too, and which proof was enough."""
        if self.foreign:
            return self.title
        if self.documents.startswith(NAMED):
            name = self.documents.removeprefix(NAMED)
            return _beside(self.title, Text.same(name))
        return _beside(self.title, _PROOFS[self.proof]) if self.proof else self.title

    @property
    def asks(self) -> tuple[str, ...]:
        """The facts that a policy asks for, in its order: those that matter here."""
        return tuple(dict.fromkeys(name for leaf in leaves(self.policy) for name in leaf.asks))


def wish() -> Wish:
    """What the clerk chose in the form that came."""
    return Wish(request.values.get("documents", ""), request.values.get("proof", ""))


def choices() -> list[tuple[str, Text]]:
    """Kinds, and a proof of age by any document."""
    return [(kind.name, kind.title) for kind in CATALOGUE.values()] + [
        (AGE, Text("Chứng minh đủ 18 tuổi", "Proof of being 18 or over"))
    ]


def named() -> list[tuple[str, Text]]:
    """The policies of this counter; without the ready one that is among the kinds already. A house's own is called by its file."""
    return [
        (f"{NAMED}{name}", _TITLES.get(name, Text.same(name)) if policy is READY.get(name) else Text.same(name))
        for name, policy in counter().policies.items()
        if policy is not ADULT
    ]


def abroad() -> list[tuple[str, Text]]:
    """Foreign documents of which this counter has anchors."""
    door = counter().foreign
    return [(each.value, TITLES[each]) for each in (door.frameworks if door else ())]


def _beside(first: Text, second: Text) -> Text:
    if first == second:
        return first
    return Text(f"{first.vi} ({second.vi})", f"{first.en} ({second.en})")

"""Before a credential is kept: what is checked of each one, and of all that came together.

Each refusal ends the whole receipt:
 1. signature, certificate path, trust list, validity, completeness, by the floor         (credential_refused, clock_wrong)
 2. it is bound to a key whose proof was sent for it, and to which no other copy is       (not_my_key)
 3. it is the format, type and view that were offered                                     (not_as_offered)
 4. it is about the person who signed in, as far as it tells about whom it is             (not_about_me)
 5. no two copies have one entry in a status list, by which they could be linked          (not_as_offered)
 6. what two copies of a document both tell is the same                                   (not_as_offered)

Spec: OpenID4VCI 1.0 §13.5 (an issuer is not believed for having made an offer)
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from certs.errors import CertsError
from certs.formats import Verified
from certs.trust import TrustStore
from wallet.errors import WalletError
from wallet.formats import FORMATS, glance
from wallet.model import Person, ToProve

_TO_COME = ("not_yet_valid", "issued_in_future", "cert_not_yet_valid")


@dataclass(frozen=True, slots=True)
class Received:
    """A credential that was verified, and what it was asked for as."""

    wanted: ToProve
    verified: Verified
    raw: bytes = field(repr=False)


def check_all(
    arrived: Iterable[tuple[ToProve, Iterable[str], Sequence[bytes]]],
    *,
    person: Person | None,
    trust: TrustStore,
    now: int,
) -> tuple[Received, ...]:
    """Checks 1 to 6 of what came for each wanted configuration, whose keys have these thumbprints."""
    kept: list[Received] = []
    for wanted, thumbprints, raws in arrived:
        mine = set(thumbprints)
        for raw in raws:
            verified = accept(raw, wanted, mine, trust=trust, now=now)
            mine.discard(verified.holder_thumbprint or "")
            kept.append(Received(wanted, verified, raw))
    check_about([each.verified for each in kept], person)
    _check_together(kept)
    return tuple(kept)


def accept(raw: bytes, wanted: ToProve, thumbprints: Iterable[str], *, trust: TrustStore, now: int) -> Verified:
    """Checks 1 to 3; `thumbprints` are of the keys that are still without a copy."""
    try:
        verified = FORMATS[wanted.format].verify(raw, trust=trust, now=now)  # 1
    except CertsError as error:
        # What an issuer has just signed is not still to come: our clock is behind, as far as we can tell.
        code = "clock_wrong" if error.code in _TO_COME else "credential_refused"
        raise WalletError(code, f"{wanted.configuration}: {error}") from error
    if verified.holder_thumbprint not in set(thumbprints):  # 2
        raise WalletError("not_my_key", wanted.configuration)
    if verified.document != wanted.type or (wanted.view and verified.view != wanted.view):  # 3
        raise WalletError("not_as_offered", f"{verified.document}.{verified.view} for {wanted.configuration}")
    return verified


def _check_together(kept: Sequence[Received]) -> None:
    """Checks 5 and 6."""
    told: dict[tuple[str, str], object] = {}
    places = [glance(each.wanted.format, each.raw).status for each in kept]
    if len(set(places)) != len(places):
        raise WalletError("not_as_offered", "two copies with one entry in a status list")
    for each in kept:
        for name, value in each.verified.claims.items():
            if told.setdefault((each.verified.document, name), value) != value:
                raise WalletError("not_as_offered", f"copies of {each.verified.document} differ in {name}")


def check_about(verified: list[Verified], person: Person | None) -> None:
    """Check 4: number, name and date of birth, each where both sides know it; and the same person in all of them."""
    known: dict[str, str] = {}
    if person is not None:
        told = {"personal_identification_number": person.pid, "full_name": person.name, "birth_date": person.birth_date}
        known = {name: value for name, value in told.items() if value}
    for each in verified:
        for name, agree in _ABOUT.items():
            value = each.claims.get(name)
            if value is not None and not agree(known.setdefault(name, str(value)), str(value)):
                raise WalletError("not_about_me", f"{each.document}.{each.view}: {name}")


def _same(a: str, b: str) -> bool:
    return a == b


def _same_date(a: str, b: str) -> bool:
    """Registers know dates of unequal precision: `2003` does not contradict `2003-05-09`."""
    return a.startswith(b) or b.startswith(a)


def _same_name(a: str, b: str) -> bool:
    """Registers spell one name in several ways (Thuỳ, Thùy), so letters count and marks do not: it tells people apart
    where a view has no number, and is no proof of identity."""
    return _letters(a) == _letters(b)


def _letters(name: str) -> str:
    bare = (each for each in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(each))
    return " ".join("".join(bare).replace("đ", "d").split())


_ABOUT: Mapping[str, Callable[[str, str], bool]] = {
    "personal_identification_number": _same,
    "full_name": _same_name,
    "birth_date": _same_date,
}

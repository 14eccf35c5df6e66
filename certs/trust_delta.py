"""The update of a trust list that a verifier holds: only the organisations that changed travel, and a whole list comes out.

Spec: none but our own; the list that comes out is the very JWS of ETSI TS 119 602 that its operator signed.

A delta is a compact JWS of a trust-list signer over JSON:
    base      sequence number and SHA-256 of the list it starts from
    scheme    `ListAndSchemeInformation` of the new list
    entities  in the order of the new list: [first, count] out of the old one's entities, or one entity whole
    header, signature   of the new list, so that its JWS is put together again to the bit

Applying one (`apply`):
 1. the delta's own signature, path and purpose, as for a list                         (codes of `trust.read`)
 2. it starts from the list in hand: number and hash                                   (claim_conflict: fetch the whole list)
 3. what comes out is a list whose own signature holds, read as any other              (codes of `trust.read`)
 4. it may follow on the one in hand: no rollback                                      (presentation_replayed, expired)
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from cryptography import x509

from certs import jose, trust
from certs.crl import NO_CRLS, Crls
from certs.encoding import b64url_encode, json_decode, json_encode
from certs.errors import Malformed
from certs.keys import Signer
from certs.lote import TrustList
from certs.trust import LIST_LIMIT

TYP = "lote-delta+jwt"
ENTITIES_LIMIT = 100_000


def make(held: TrustList, new: TrustList, signer: Signer, chain: Sequence[x509.Certificate]) -> str:
    """The delta that leads from one signed list to another. Raises ValueError when it would lead back."""
    if new.sequence <= held.sequence:
        raise ValueError("a delta leads forward")
    before, after = _entities(held.token), _entities(new.token)
    header, _, signature = new.token.split(".")
    content = {
        "base": {"sequence": held.sequence, "sha256": _sha256(held.token)},
        "scheme": _lote(new.token)["ListAndSchemeInformation"],
        "entities": _changes(before, after),
        "header": header,
        "signature": signature,
    }
    return trust.sign_json(content, signer, chain, typ=TYP)


def apply(
    held: TrustList, delta: str, anchors: Iterable[x509.Certificate], *, now: int, crls: Crls = NO_CRLS
) -> TrustList:
    """The list that takes the place of `held`. Raises CertsError, and then `held` stays."""
    believed = tuple(anchors)
    payload = trust.read_json(delta, believed, typ=TYP, now=now, crls=crls)  # 1
    try:
        content = json_decode(payload, limit=LIST_LIMIT)
        base = content["base"]
        if (base["sequence"], base["sha256"]) != (held.sequence, _sha256(held.token)):  # 2
            raise Malformed("claim_conflict", f"delta from {base['sequence']}, and {held.sequence} is in hand")
        entities = list(_put_together(_entities(held.token), content["entities"]))
        lote = {"LoTE": {"ListAndSchemeInformation": content["scheme"], "TrustedEntitiesList": entities}}
        token = ".".join((content["header"], b64url_encode(json_encode(lote)), content["signature"]))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise Malformed("malformed", f"delta: {type(error).__name__}") from error
    new = trust.read(token, believed, now=now, crls=crls)  # 3
    trust.check_successor(held, new, now=now)  # 4
    return new


def _changes(before: Sequence[Any], after: Sequence[Any]) -> list[Any]:
    places = {json_encode(entity): place for place, entity in enumerate(before)}
    told: list[Any] = []
    for entity in after:
        place = places.get(json_encode(entity))
        if place is None:
            told.append(entity)
        elif told and isinstance(told[-1], list) and sum(told[-1]) == place:
            told[-1][1] += 1
        else:
            told.append([place, 1])
    return told


def _put_together(before: Sequence[Any], told: Sequence[Any]) -> Iterable[Any]:
    """Never more than a list may hold: a few bytes must not become many."""
    count = size = 0
    sizes = [len(json_encode(each)) for each in before]
    for each in told:
        if isinstance(each, dict):
            taken: Sequence[Any] = (each,)  # as long as it is here, where it was bounded
        else:
            first, length = each
            if not (type(first) is type(length) is int and 0 <= first <= first + length <= len(before)):
                raise Malformed("malformed", "delta of other entities")
            taken = before[first : first + length]
            size += sum(sizes[first : first + length])
        count += len(taken)
        if count > ENTITIES_LIMIT or size > LIST_LIMIT:
            raise Malformed("limit_exceeded", "entities of a trust list")
        yield from taken


def _lote(token: str) -> Any:
    return json_decode(jose.parse(token).payload, limit=LIST_LIMIT)["LoTE"]


def _entities(token: str) -> list[Any]:
    entities: list[Any] = _lote(token)["TrustedEntitiesList"]
    return entities


def _sha256(token: str) -> str:
    return b64url_encode(hashlib.sha256(token.encode("ascii")).digest())

"""The delta of a trust list: what comes out is the list itself to the bit, and nothing else comes out."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import jose, trust, trust_delta
from certs.catalogue import Text
from certs.encoding import b64url_decode
from certs.keys import MemorySigner
from certs.lote import Reader, Right, Service, TrustList
from certs.x509 import Usage
from tests.certs.refusals import refused
from tests.world import DAY, NOW, Desk, World

STANDING = World()
ROOTS = (STANDING.root.certificate,)
DESK = STANDING.list_desk


def listed(sequence: int, services: tuple[Service, ...], readers: tuple[Reader, ...] = ()) -> TrustList:
    token = trust.sign(TrustList(sequence, NOW, NOW + DAY, services, readers=readers), DESK.signer, (DESK.certificate,))
    return trust.read(token, ROOTS, now=NOW)


def readers(*numbers: int) -> tuple[Reader, ...]:
    return tuple(
        Reader(
            organisation=f"bank-{number}",
            name=Text(f"Ngân hàng {number}", f"Bank {number}"),
            purpose=Text("Mở tài khoản", "Open an account"),
            rights=(Right("citizen_identity", views=("age",)),),
            certificates=(BANK.certificate,),
            since=NOW,
        )
        for number in numbers
    )


BANK = STANDING.desk("bank", Usage.READER)
SERVICES = STANDING.services()
FIRST = listed(3, SERVICES, readers(*range(50)))
SECOND = listed(5, SERVICES[1:], readers(*range(20), 77, *range(22, 50)))


def make(held: TrustList = FIRST, new: TrustList = SECOND, desk: Desk = DESK) -> str:
    return trust_delta.make(held, new, desk.signer, (desk.certificate,))


def apply(held: TrustList, delta: str, now: int = NOW) -> TrustList:
    return trust_delta.apply(held, delta, ROOTS, now=now)


def altered(change: Any, *, typ: str = trust_delta.TYP, desk: Desk = DESK) -> str:
    content = json.loads(b64url_decode(make().split(".")[1]))
    change(content)
    x5c = [base64.b64encode(desk.certificate.public_bytes(Encoding.DER)).decode()]
    return jose.sign(content, desk.signer, typ=typ, headers={"x5c": x5c, "kid": None})


def test_the_list_comes_out_to_the_bit() -> None:
    assert apply(FIRST, make()) == SECOND
    assert apply(FIRST, make()).token == SECOND.token


@pytest.mark.parametrize(
    "new",
    [
        listed(4, SERVICES, readers(*range(50))),  # nothing changed but number and times
        listed(4, SERVICES),
        listed(4, ()),
        listed(4, SERVICES, readers(*reversed(range(50)))),
        listed(4, SERVICES, readers(*range(30, 90))),
    ],
    ids=["same", "no-readers", "empty", "reversed", "moved"],
)
def test_whatever_changed(new: TrustList) -> None:
    assert apply(FIRST, make(FIRST, new)).token == new.token


def test_a_small_change_is_a_small_delta() -> None:
    """A list of a thousand banks, one of which is new."""
    held, new = (listed(number, SERVICES, readers(*range(999 + number))) for number in (1, 2))
    delta = make(held, new)
    assert apply(held, delta).token == new.token
    assert len(delta) < 6_000 < len(new.token) // 50


def test_a_delta_starts_from_one_list_alone() -> None:
    delta = make()
    for other in (SECOND, listed(3, SERVICES), replace(FIRST, sequence=2)):
        with refused("claim_conflict"):
            apply(other, delta)


def test_a_delta_never_leads_back() -> None:
    for held, new in ((SECOND, FIRST), (FIRST, FIRST), (FIRST, replace(SECOND, sequence=2))):
        with pytest.raises(ValueError, match="leads forward"):
            make(held, new)
    back = listed(2, SERVICES)
    header, _, signature = back.token.split(".")

    def lead_back(content: Any) -> None:
        lote = json.loads(jose.parse(back.token).payload)["LoTE"]
        content["scheme"], content["entities"] = lote["ListAndSchemeInformation"], lote["TrustedEntitiesList"]
        content["header"], content["signature"] = header, signature

    with refused("presentation_replayed"):
        apply(FIRST, altered(lead_back))


def test_a_delta_to_a_list_that_has_ended_is_refused() -> None:
    with refused("expired"):
        apply(FIRST, make(), now=NOW + DAY)


def test_only_the_operator_of_the_list_signs_a_delta() -> None:
    for desk, code in (
        (STANDING.bundle_desk, "cert_usage"),
        (STANDING.issuers["tax"], "cert_usage"),
        (World().list_desk, "chain_invalid"),
        (Desk(MemorySigner.generate(), DESK.certificate), "signature_invalid"),
    ):
        with refused(code):
            apply(FIRST, altered(lambda content: None, desk=desk))
    for typ in (trust.TYP, "JWT"):
        with refused("type_mismatch"):
            apply(FIRST, altered(lambda content: None, typ=typ))
    with refused("type_mismatch"):
        trust.read(make(), ROOTS, now=NOW)


def _entities(value: Any) -> Any:
    return lambda content: content.update(entities=value)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda content: content["entities"].pop(), "signature_invalid"),
        (lambda content: content["scheme"].update(LoTESequenceNumber=9), "signature_invalid"),
        (lambda content: content.update(signature=FIRST.token.split(".")[2]), "signature_invalid"),
        (lambda content: content.update(header="e30"), "chain_invalid"),
        (lambda content: content.pop("base"), "malformed"),
        (lambda content: content.pop("scheme"), "malformed"),
        (lambda content: content.update(header=5), "malformed"),
        (_entities([[0, 500]]), "malformed"),
        (_entities([[-1, 1]]), "malformed"),
        (_entities([[5, -1]]), "malformed"),
        (_entities([[True, 1]]), "malformed"),
        (_entities([[0.0, 1]]), "malformed"),
        (_entities(["x"]), "malformed"),
        (_entities([[1]]), "malformed"),
        (_entities(5), "malformed"),
        (_entities([[0, 56]] * 2000), "limit_exceeded"),
    ],
)
def test_a_delta_of_another_shape_is_refused(change: Any, code: str) -> None:
    with refused(code):
        apply(FIRST, altered(change))


def test_a_few_bytes_never_become_many() -> None:
    """One long entity, taken over and over: refused before it is put together."""

    def again(content: Any) -> None:
        content["entities"] = [[0, 50]] * 1000

    with refused("limit_exceeded"):
        apply(FIRST, altered(again))

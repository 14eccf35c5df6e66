"""Tokens bound to a key that the wallet makes for one receipt: where the server takes proofs, and only there.

Spec: RFC 9449 §5, §7.1, §8, §9
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from certs import dpop
from certs.dpop import Proof
from certs.encoding import json_encode
from certs.errors import CertsError
from certs.fetch import Response
from tests.wallet.issuer import ISSUER, TOKEN, TX_CODE, IssuerDesk
from tests.world import PID, World
from wallet import issuer as issuers
from wallet import receive, records
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.offer import resolve
from wallet.receive import COPIES

NONCE = "the-nonce"


@dataclass
class Binding(IssuerDesk):
    """Gives tokens to whoever proves a key, with a nonce of its own in each proof; `kind` is what it calls the token."""

    algorithms: object = ("ES256",)
    kind: str = "DPoP"
    proofs: list[Proof] = field(default_factory=list)
    status: int = 400  # with which it asks for its nonce at the credential endpoint

    def server_metadata(self) -> dict[str, Any]:
        named = list(self.algorithms) if isinstance(self.algorithms, tuple) else self.algorithms
        return {**super().server_metadata(), "dpop_signing_alg_values_supported": named}

    def post(self, url: str, *, headers: Mapping[str, str] | None = None, **sent: Any) -> Response:  # type: ignore[override]
        given = dict(headers or {})
        path = url.removeprefix(ISSUER)
        if path not in ("/token", "/credential") or "DPoP" not in given:
            return super().post(url, headers=given, **sent)
        token = None
        if path == "/credential":
            scheme, token = given["Authorization"].split(" ")
            assert scheme == "DPoP"
        try:
            proof = dpop.verify(given["DPoP"], htm="POST", htu=url, now=self.world.now, access_token=token)
        except CertsError as error:
            raise AssertionError(error.detail) from error
        if proof.nonce != NONCE:
            return self._asks(path)
        self.proofs.append(proof)
        if token is not None:
            given["Authorization"] = f"Bearer {token}"  # as its other half knows it
        answer = super().post(url, headers=given, **sent)
        if path == "/credential" or answer.status != 200:
            return answer
        return Response(200, {}, json_encode({"access_token": TOKEN, "token_type": self.kind, "expires_in": 300}))

    def _asks(self, path: str) -> Response:
        if path == "/token":
            return Response(400, {"dpop-nonce": NONCE}, json_encode({"error": "use_dpop_nonce"}))
        challenge = 'DPoP error="use_dpop_nonce"'
        return Response(self.status, {"dpop-nonce": NONCE, "www-authenticate": challenge}, b"")


@pytest.fixture
def desk(world: World) -> Binding:
    return Binding(world)


@pytest.mark.parametrize("status", [400, 401])
def test_a_document_comes_by_a_bound_token(folder: FolderWallet, desk: Binding, status: int) -> None:
    desk.status = status
    (document,) = folder.receive(desk.link, transaction_code=TX_CODE, pid=PID)
    assert len(document.copies) == 3 * COPIES
    assert len(desk.proofs) == 4 and len({proof.jti for proof in desk.proofs}) == 4
    assert len({proof.jkt for proof in desk.proofs}) == 1


def test_each_receipt_has_a_key_of_its_own(world: World) -> None:
    desks = [Binding(world), Binding(world)]
    for desk in desks:
        begun(desk)
    assert desks[0].proofs[0].jkt != desks[1].proofs[0].jkt


def test_a_receipt_keeps_its_key(desk: Binding) -> None:
    receipt = begun(desk)
    key = receipt.access.key
    assert key is not None and "PRIVATE" not in repr(receipt)
    read = records.read_receipt(records.write_receipt(receipt))
    assert read.access.key is not None and read.access.key.public == key.public
    assert replace(read, access=receipt.access) == receipt


def test_a_server_that_gives_bearer_tokens_all_the_same(desk: Binding) -> None:
    desk.kind = "Bearer"
    assert begun(desk).access.key is None


@pytest.mark.parametrize("algorithms", [(), ("RS256",), None, "ES256"])
def test_without_proofs_where_none_are_taken(desk: Binding, algorithms: object) -> None:
    desk.algorithms = algorithms
    assert begun(desk).access.key is None
    assert not desk.proofs


def test_a_bound_token_that_was_not_asked_for_is_refused(world: World) -> None:
    desk = IssuerDesk(world)  # takes no proofs
    desk.changes["/token"] = {"access_token": TOKEN, "token_type": "DPoP"}
    with pytest.raises(WalletError, match="issuer_refused"):
        begun(desk)


def begun(desk: IssuerDesk) -> receive.Receipt:
    offer = resolve(desk.link, web=desk, issuers=(ISSUER,))
    issuer = issuers.discover(offer, web=desk)
    return receive.begin(offer, issuer, transaction_code=TX_CODE, web=desk, now=desk.world.now)

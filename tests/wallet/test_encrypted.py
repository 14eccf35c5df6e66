"""Under encryption on top of TLS: what is announced is used, and what is not encrypted as asked is no answer.

Spec: OpenID4VCI 1.0 §8.2, §8.3, §10, §12.2.4
"""

from pathlib import Path
from typing import Any

import pytest

from certs.encoding import json_encode
from certs.errors import CertsError
from certs.fetch import Response
from tests.wallet.issuer import LICENCE, TX_CODE
from tests.wallet.later import KEY, LaterDesk
from tests.wallet.test_receive import keys_in
from tests.wallet.test_waiting import opened
from tests.world import PID, World
from wallet.encrypted import announced
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.model import Document
from wallet.receive import COPIES

VALUES = {"enc_values_supported": ["A256GCM"], "encryption_required": False}
REQUEST = {"jwks": {"keys": [KEY.public.jwk()]}, **VALUES}
ANSWER = {"alg_values_supported": ["ECDH-ES"], **VALUES}


@pytest.fixture
def desk(world: World) -> LaterDesk:
    return LaterDesk(world, encrypts=True)


@pytest.fixture
def folder(desk: LaterDesk, tmp_path: Path) -> FolderWallet:
    return opened(desk, tmp_path)


def test_what_is_announced_is_used_in_both_directions(folder: FolderWallet, desk: LaterDesk) -> None:
    (document,) = folder.receive(desk.link, transaction_code=TX_CODE, pid=PID)
    assert len(document.copies) == 3 * COPIES


def test_a_promise_and_its_keeping_are_encrypted_too(folder: FolderWallet, desk: LaterDesk) -> None:
    desk.held = frozenset(LICENCE)
    (waiting,) = folder.take(desk.link, transaction_code=TX_CODE, pid=PID).waiting
    desk.ready = True
    desk.world.now += 600
    assert isinstance(folder.ask_again(waiting), Document)


def test_an_answer_in_clear_is_no_answer(folder: FolderWallet, desk: LaterDesk) -> None:
    desk.clear = True
    with pytest.raises(WalletError, match="issuer_refused"):
        folder.receive(desk.link, transaction_code=TX_CODE, pid=PID)
    assert folder.documents() == () and keys_in(folder) == []


@pytest.mark.parametrize("body", [b"", b"a.b.c.d.e", "é".encode(), b"x" * 300_000])
def test_an_answer_that_does_not_open(folder: FolderWallet, desk: LaterDesk, body: bytes) -> None:
    desk.changes["/credential"] = Response(200, {"content-type": "application/jwt"}, body)
    with pytest.raises(WalletError, match="issuer_refused"):
        folder.receive(desk.link, transaction_code=TX_CODE, pid=PID)


def test_a_refusal_comes_in_clear(folder: FolderWallet, desk: LaterDesk) -> None:
    desk.changes["/credential"] = Response(400, {}, json_encode({"error": "credential_request_denied"}))
    with pytest.raises(WalletError, match="issuer_denied"):
        folder.receive(desk.link, transaction_code=TX_CODE, pid=PID)


def test_what_an_issuer_can_announce() -> None:
    assert announced({}) is None
    both = announced({"credential_request_encryption": REQUEST, "credential_response_encryption": ANSWER})
    assert both is not None and (both.to, both.enc) == (KEY.public, "A256GCM")
    assert (both.answer_alg, both.answer_enc) == ("ECDH-ES", "A256GCM")
    requests = announced({"credential_request_encryption": REQUEST})
    assert requests is not None and requests.answer_alg is None
    # §8.2: a key for the answer travels encrypted only, so that an answer alone cannot be encrypted.
    assert announced({"credential_response_encryption": ANSWER}) is None


@pytest.mark.parametrize(
    "metadata",
    [
        {"credential_response_encryption": {**ANSWER, "encryption_required": True}},
        {"credential_request_encryption": {**REQUEST, "enc_values_supported": ["X"], "encryption_required": True}},
        {"credential_request_encryption": {**REQUEST, "jwks": {"keys": []}, "encryption_required": True}},
        {
            "credential_request_encryption": REQUEST,
            "credential_response_encryption": {"alg_values_supported": ["RSA1_5"], "encryption_required": True},
        },
    ],
)
def test_what_is_demanded_and_cannot_be_done(metadata: dict[str, Any]) -> None:
    with pytest.raises(WalletError, match="offer_unsupported"):
        announced(metadata)


@pytest.mark.parametrize(
    "keys",
    [
        [],
        "x",
        [7],
        [{**KEY.public.jwk(), "use": "sig"}],
        [{name: value for name, value in KEY.public.jwk().items() if name != "kid"}],
        [{name: value for name, value in KEY.public.jwk().items() if name != "alg"}],
        [{**KEY.public.jwk(), "d": "AA"}],
        [{**KEY.public.jwk(), "alg": "dir"}],
    ],
)
def test_keys_that_nothing_is_encrypted_to(keys: Any) -> None:
    assert announced({"credential_request_encryption": {**REQUEST, "jwks": {"keys": keys}}}) is None


def test_the_first_key_that_can_be_used() -> None:
    unusable = {**KEY.public.jwk(), "alg": "RSA1_5"}
    found = announced({"credential_request_encryption": {**REQUEST, "jwks": {"keys": [unusable, KEY.public.jwk()]}}})
    assert found is not None and found.to == KEY.public


def test_the_private_half_never_leaves(folder: FolderWallet, desk: LaterDesk) -> None:
    try:
        folder.receive(desk.link, transaction_code=TX_CODE, pid=PID)
    except CertsError:
        pytest.fail("not readable")
    assert '"d"' not in str(desk.asked)

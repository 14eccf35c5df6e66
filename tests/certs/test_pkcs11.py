"""Keys in a token: a real module (SoftHSM2), and what happens when PIN, token or process are not what they were."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from certs import pkcs11
from certs.authority import Authority
from certs.errors import Unsupported
from certs.keys import MemorySigner, PublicKey
from certs.pkcs11 import TokenSigner, TokenUnavailable, find_key, make_key
from certs.x509 import Usage, key_id
from tests.tokens import SoftToken

NOW = 1_790_000_000


@pytest.fixture
def soft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftToken]:
    made = SoftToken.make(tmp_path / "soft")
    monkeypatch.setenv("SOFTHSM2_CONF", str(made.configuration))
    made.initialize()
    yield made
    pkcs11.close_all()


@pytest.fixture
def public(soft: SoftToken) -> PublicKey:
    return make_key(soft.token, "health")


def holds(signer: TokenSigner, message: bytes) -> bool:
    signer.public.verify(signer.sign(message), message)
    return True


def test_a_key_is_made_in_the_token_and_signs(soft: SoftToken, public: PublicKey) -> None:
    assert holds(TokenSigner(soft.token, public), b"a licence")
    assert find_key(soft.token, "health") == public
    assert make_key(soft.token, "tax") != public
    with pytest.raises(ValueError, match="already"):
        make_key(soft.token, "tax")
    with pytest.raises(ValueError, match="no one key"):
        find_key(soft.token, "transport")


def test_the_private_half_cannot_be_taken_out(soft: SoftToken, public: PublicKey) -> None:
    """Asked of the module itself."""
    p11 = pkcs11._bindings()
    library = p11.lib(str(soft.token.module))
    with library.get_token(token_label="nation").open() as session:  # logged in already: for the whole process
        key = session.get_key(object_class=p11.ObjectClass.PRIVATE_KEY, label="health")
        assert key[p11.Attribute.SENSITIVE] and not key[p11.Attribute.EXTRACTABLE]
        with pytest.raises(p11.AttributeSensitive):
            key[p11.Attribute.VALUE]


def test_a_certificate_names_its_key(soft: SoftToken, public: PublicKey) -> None:
    issued = Authority.create("Root", now=NOW).issue("health", public, Usage.DOCUMENT_SIGNER, now=NOW)
    p11 = pkcs11._bindings()
    with p11.lib(str(soft.token.module)).get_token(token_label="nation").open() as session:
        key = session.get_key(object_class=p11.ObjectClass.PRIVATE_KEY)
        assert key[p11.Attribute.ID][:8] == key_id(issued)


def test_a_wrong_pin_is_said_and_never_tried_twice(soft: SoftToken, public: PublicKey) -> None:
    """A token locks itself after a few wrong ones: SoftHSM2 would say so."""
    wrong = soft.folder / "wrong"
    wrong.write_text("9999")
    wrong.chmod(0o600)
    signer = TokenSigner(replace(soft.token, pin_file=wrong), public)
    with pytest.raises(TokenUnavailable, match="PinIncorrect") as caught:
        signer.sign(b"x")
    for _ in range(20):
        with pytest.raises(TokenUnavailable, match="not tried again"):
            signer.sign(b"x")
    assert "9999" not in str(caught.value)
    assert holds(TokenSigner(soft.token, public), b"the right one still opens it")


def test_a_pin_that_others_may_read_is_refused(soft: SoftToken, public: PublicKey) -> None:
    pkcs11.close_all()
    soft.pin_file().chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        TokenSigner(soft.token, public).sign(b"x")


def test_a_token_that_goes_away_and_comes_back(soft: SoftToken, public: PublicKey) -> None:
    signer = TokenSigner(soft.token, public)
    assert holds(signer, b"before")
    soft.take_away()
    for _ in range(3):
        with pytest.raises(TokenUnavailable, match="NoSuchToken"):
            signer.sign(b"meanwhile")
    soft.put_back()
    assert holds(signer, b"after")


def test_a_module_or_key_that_is_not_there(soft: SoftToken, public: PublicKey, tmp_path: Path) -> None:
    nowhere = replace(soft.token, module=tmp_path / "none.so")
    with pytest.raises(TokenUnavailable, match="no module"):
        TokenSigner(nowhere, public).sign(b"x")
    (tmp_path / "none.so").write_bytes(b"no library")
    with pytest.raises(TokenUnavailable, match=r"none\.so"):
        TokenSigner(nowhere, public).sign(b"x")
    with pytest.raises(TokenUnavailable, match="NoSuchKey"):
        TokenSigner(soft.token, MemorySigner.generate().public).sign(b"x")
    with pytest.raises(TokenUnavailable, match="NoSuchToken"):
        TokenSigner(replace(soft.token, label="other"), public).sign(b"x")


def test_a_key_of_another_certificate_signs_nothing(soft: SoftToken, public: PublicKey) -> None:
    """Its identifier was changed in the token: the signature would not hold, and nobody gets it."""
    other = MemorySigner.generate().public
    p11 = pkcs11._bindings()
    with p11.lib(str(soft.token.module)).get_token(token_label="nation").open(rw=True) as session:
        session.get_key(object_class=p11.ObjectClass.PRIVATE_KEY)[p11.Attribute.ID] = pkcs11._identifier(other)
    with pytest.raises(TokenUnavailable, match="not that of its certificate"):
        TokenSigner(soft.token, other).sign(b"x")


def test_only_keys_on_p_256(soft: SoftToken) -> None:
    with pytest.raises(Unsupported):
        TokenSigner(soft.token, MemorySigner.generate("ES384").public)


def test_threads_sign_at_once(soft: SoftToken, public: PublicKey) -> None:
    signer, done, wrong = TokenSigner(soft.token, public), [], []

    def sign(number: int) -> None:
        try:
            done.extend(holds(signer, b"%d %d" % (number, turn)) for turn in range(25))
        except OSError as error:
            wrong.append(error)

    threads = [threading.Thread(target=sign, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(done), wrong) == (200, [])


def test_processes_sign_at_once_also_after_a_fork(soft: SoftToken, public: PublicKey) -> None:
    """The parent has sessions open, and goes on signing with them while its children open theirs."""
    signer = TokenSigner(soft.token, public)
    assert holds(signer, b"before")
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if all(holds(signer, b"%d %d" % (number, turn)) for turn in range(25)) else 1)
            finally:
                os._exit(2)
        children.append(child)
    assert all(holds(signer, b"parent %d" % turn) for turn in range(25))
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4


def test_without_the_extra_it_says_what_to_install(
    soft: SoftToken, public: PublicKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pkcs11", None)
    with pytest.raises(TokenUnavailable, match=r"pip install vneid-reference\[pkcs11\]"):
        TokenSigner(soft.token, public).sign(b"x")
    monkeypatch.undo()

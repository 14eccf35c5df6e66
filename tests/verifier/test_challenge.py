"""A challenge asked and answered: made as the trust list allows, answered by the holder's half, taken once.

Source: `certs/challenge.md` §6; `verifier/challenge.py`. The wallet's half here is `certs.challenge` and `certs.proof`.
"""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import challenge, qr
from certs.catalogue import Text
from certs.errors import CertsError
from certs.proof import holder_proof
from certs.trust import Reader, Right
from certs.x509 import Usage
from tests.world import DAY, World
from verifier import Rejected, Verifier
from verifier.__main__ import main
from verifier.challenge import GRACE, Asker, Question, ask, inspect_answer, purposes, verify_answer
from verifier.once import MemoryOnce

OPENING, LENDING = Text("Mở tài khoản", "Opening an account"), Text("Cho vay", "A loan")
LICENCE, AGE = ("driving_licence", "licence"), ("driving_licence", "age_over_18")


@dataclass
class Bank:
    """A reader of the nation, and a citizen who answers."""

    world: World
    asker: Asker
    once: MemoryOnce

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.world.open_bundle(), clock=lambda: self.world.now)

    def asks(self, *views: tuple[str, str], purpose: Text = OPENING, **changes: Any) -> Question:
        trust = self.verifier.bundle.trust
        return ask(self.asker, trust, purpose=purpose.vi, views=views or (LICENCE,), now=self.world.now, **changes)

    def answered(self, question: Question, *, credential: bytes | None = None, **changes: Any) -> str:
        """By whoever read the QR, and nothing but it."""
        asked = challenge.verify(question.text, self.verifier.bundle.trust, now=self.world.now).challenge
        bound: dict[str, Any] = {
            "audience": asked.audience,
            "challenge": asked.challenge,
            "now": self.world.now,
            **changes,
        }
        return qr.to_text(holder_proof(credential or self.world.issue(), self.world.holder, **bound))

    def code(self, text: str, question: Question) -> str | None:
        report = inspect_answer(text, question, verifier=self.verifier, once=self.once)
        return report.code


@pytest.fixture
def bank(world: World) -> Bank:
    return opened(world)


def opened(world: World) -> Bank:
    desk = world.desk("bank", Usage.READER)
    may = (Right("driving_licence", ("licence", "age_over_18")), Right("citizen_identity", ("age_over_18",)))
    listed = Reader(
        organisation="bank",
        name=Text("Ngân hàng", "Bank"),
        purpose=OPENING,
        rights=may,
        certificates=(desk.certificate,),
        since=world.now - DAY,
    )
    world.readers = (listed, replace(listed, purpose=LENDING, rights=(Right("tax_registration", ("registration",)),)))
    return Bank(world, Asker(desk.signer, desk.certificate), MemoryOnce(clock=lambda: world.now))


def test_a_question_is_answered_once_and_names_both(bank: Bank) -> None:
    question = bank.asks()
    text = bank.answered(question)
    licence = verify_answer(text, question, verifier=bank.verifier, once=bank.once)
    assert (licence.document, licence.view, licence.audience) == ("driving_licence", "licence", "bank")
    assert licence.challenge == question.challenge.challenge
    with pytest.raises(Rejected) as replayed:
        verify_answer(text, question, verifier=bank.verifier, once=bank.once)
    assert replayed.value.code == "presentation_replayed"
    assert (
        bank.code(bank.answered(question), question) == "presentation_replayed"
    )  # a fresh code of the same question too
    report = inspect_answer(text, question, verifier=bank.verifier, once=bank.once)
    assert report.verified is None and not report.accepted and report.reason is not None
    assert [check.code for check in report.checks if check.code] == ["presentation_replayed"]


def test_two_at_once_are_one_answer(bank: Bank) -> None:
    question, verifier = bank.asks(), bank.verifier
    text = bank.answered(question)
    with ThreadPoolExecutor(8) as pool:
        codes = list(
            pool.map(lambda _: inspect_answer(text, question, verifier=verifier, once=bank.once).code, range(8))
        )
    assert sorted(map(str, codes)) == ["None", *["presentation_replayed"] * 7]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"audience": "shop"}, "audience_mismatch"),
        ({"audience": None}, "audience_mismatch"),
        ({"challenge": bytes(16)}, "nonce_mismatch"),
        ({"challenge": None}, "nonce_mismatch"),
    ],
)
def test_an_answer_to_somebody_else_is_none_and_uses_nothing_up(bank: Bank, change: dict[str, Any], code: str) -> None:
    question = bank.asks()
    assert bank.code(bank.answered(question, **change), question) == code
    assert bank.code(bank.answered(question), question) is None


def test_an_answer_to_another_question_of_ours_is_none(bank: Bank) -> None:
    first, second = bank.asks(), bank.asks()
    assert first.challenge.challenge != second.challenge.challenge
    assert bank.code(bank.answered(first), second) == "nonce_mismatch"


def test_another_view_does_not_answer(bank: Bank) -> None:
    question = bank.asks(AGE)
    assert bank.code(bank.answered(question), question) == "policy_refused"
    answer = bank.answered(question, credential=bank.world.issue(view="age_over_18"))
    assert bank.code(answer, question) is None


def test_any_one_of_several_answers(bank: Bank) -> None:
    question = bank.asks(AGE, ("citizen_identity", "age_over_18"))
    assert [each.document for each in question.challenge.wanted] == ["citizen_identity", "driving_licence"]
    identity = bank.world.issue("citizen_identity", "age_over_18")
    assert bank.code(bank.answered(question, credential=identity), question) is None


def test_what_answers_is_shown_by_its_holder_and_never_printed(bank: Bank) -> None:
    question = bank.asks()
    assert bank.code(qr.to_text(bank.world.issue()), question) == "holder_binding_missing"


def test_an_answer_after_the_end_is_late(bank: Bank) -> None:
    question = bank.asks(lifetime=60)
    bank.world.now += 60
    last = bank.answered(question)
    bank.world.now += 59
    assert bank.code(last, question) is None
    late = bank.asks(lifetime=60)
    bank.world.now += 59
    text = bank.answered(late)
    bank.world.now += 61
    assert bank.code(text, late) == "presentation_stale"


def test_a_guard_that_does_not_know_is_a_no(bank: Bank) -> None:
    class Broken:
        def once(self, key: bytes, *, expires: int) -> bool:
            raise OSError("disk full")

    question = bank.asks()
    report = inspect_answer(bank.answered(question), question, verifier=bank.verifier, once=Broken())
    assert (report.accepted, report.code) == (False, "internal")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (lambda bank: bank.asks(("driving_licence", "full")), "policy_refused"),
        (lambda bank: bank.asks(LICENCE, purpose=LENDING), "policy_refused"),
        (lambda bank: bank.asks(purpose=Text("Tặng quà", "Gifts")), "policy_refused"),
        (lambda bank: bank.asks(("fishing_licence", "licence")), "type_mismatch"),
        (lambda bank: bank.asks(lifetime=301), "malformed"),
    ],
)
def test_what_no_wallet_would_answer_is_never_asked(bank: Bank, asked: Callable[[Bank], Question], code: str) -> None:
    with pytest.raises(CertsError) as refusal:
        asked(bank)
    assert refusal.value.code == code


def test_who_is_not_listed_asks_nothing(bank: Bank) -> None:
    other = bank.world.desk("other", Usage.READER)
    stranger = Bank(bank.world, Asker(other.signer, other.certificate), bank.once)
    with pytest.raises(CertsError, match="issuer_untrusted"):
        stranger.asks()


def test_purposes_are_those_of_the_list_and_the_key_comes_from_files(bank: Bank, tmp_path: Path) -> None:
    key, certificate = tmp_path / "reader.pem", tmp_path / "reader.der"
    key.write_bytes(bank.asker.signer.pem())  # type: ignore[attr-defined]
    certificate.write_bytes(bank.asker.certificate.public_bytes(Encoding.DER))
    with pytest.raises(PermissionError):
        key.chmod(0o644)
        Asker.load(key, certificate)
    key.chmod(0o600)
    loaded = Asker.load(key, certificate)
    held = purposes(loaded, bank.verifier.bundle.trust, now=bank.world.now)
    assert [each.purpose for each in held] == [OPENING, LENDING]


def test_the_command_asks_and_reads_the_answer_from_standard_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = opened(World(now=int(time.time())))
    bank.world.write_bundle(tmp_path / "bundle.cbor")
    key, certificate, code = tmp_path / "reader.pem", tmp_path / "reader.der", tmp_path / "code.png"
    key.touch(0o600)
    key.write_bytes(bank.asker.signer.pem())  # type: ignore[attr-defined]
    certificate.write_bytes(bank.asker.certificate.public_bytes(Encoding.DER))
    given = [
        "challenge",
        "--bundle",
        str(tmp_path / "bundle.cbor"),
        "--key",
        str(key),
        "--certificate",
        str(certificate),
    ]
    assert main(given) == 0
    assert "--purpose 'Mở tài khoản' --view driving_licence.licence" in capsys.readouterr().out

    class Scanner:
        """Reads what the command drew, and answers like a wallet."""

        def readline(self, limit: int) -> str:
            (text,) = qr.read_picture(code.read_bytes())
            return bank.answered(Question(text, challenge.parse(text)[1], bank.world.readers[0])) + "\n"

    monkeypatch.setattr("sys.stdin", Scanner())
    asking = [*given, "--purpose", OPENING.vi, "--view", "driving_licence.licence", "--out", str(code), "--json"]
    assert main(asking) == 0
    assert json.loads(capsys.readouterr().out)["verified"]["audience"] == "bank"
    assert main([*given, "--purpose", OPENING.vi, "--view", "driving_licence.full"]) == 64
    assert "policy_refused" in capsys.readouterr().err


def test_qr_13_an_answer_at_the_last_moment_is_not_forgotten_first(bank: Bank) -> None:
    """The guard looks at its own clock, somewhat later than we did, and on another machine it may be ahead."""
    question = bank.asks(lifetime=30)
    bank.world.now += 30 + GRACE - 1
    text = bank.answered(question, now=bank.world.now)
    for ahead, code in ((0, None), (1, "presentation_replayed"), (60, "presentation_replayed")):
        bank.once._clock = lambda ahead=ahead: bank.world.now + ahead  # type: ignore[misc]
        assert bank.code(text, question) == code

"""The verifier's challenge: the published vectors, what its maker refuses to sign, and bytes that nobody made.

Source: `certs/challenge.md`, `tests/vectors/challenge/vectors.json`.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certs import challenge, cose, qr, trust, vectors
from certs.__main__ import main
from certs.challenge import Wanted
from certs.crl import Crls, Reason, read
from certs.encoding import b64url_decode, base45_decode, base45_encode
from certs.errors import CertsError, Malformed, Revoked
from certs.keys import PublicKey
from certs.trust import TrustStore
from certs.vectors.nation import NOW
from certs.vectors.readers import PLAIN, Readers
from certs.x509 import load

PUBLISHED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors/challenge/vectors.json").read_text("utf-8")
)
PAGE = (Path(vectors.__file__).parents[1] / "challenge.md").read_text("utf-8")
READERS = Readers()


def held() -> TrustStore:
    """Of nothing but the published file."""
    root = load(b64url_decode(PUBLISHED["trust"]["root"]))
    return TrustStore([root], trust.read(PUBLISHED["trust"]["trust_list"], [root], now=NOW))


HELD = held()


def test_the_published_file_is_what_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    main(["vectors", "challenge"])
    printed = json.loads(capsys.readouterr().out)
    assert {**printed, "trust": None} == {**PUBLISHED, "trust": None}
    assert printed["trust"]["certificates"] == PUBLISHED["trust"]["certificates"]


@pytest.mark.parametrize("case", PUBLISHED["accepted"], ids=lambda case: case["id"])
def test_accepted(case: dict[str, Any]) -> None:
    asked = challenge.verify(case["text"], HELD, now=case["now"])
    question, result = asked.challenge, case["result"]
    assert (question.audience, question.challenge.hex()) == (result["audience"], result["challenge"])
    assert (question.issued, question.expires) == (result["issued"], result["expires"])
    assert [{"document": each.document, "views": list(each.views)} for each in question.wanted] == result["wanted"]
    assert (asked.reader.name.vi, asked.reader.purpose.en) == (result["name"]["vi"], result["purpose"]["en"])


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=lambda case: case["id"])
def test_refused(case: dict[str, Any]) -> None:
    with pytest.raises(CertsError) as refusal:
        challenge.verify(case["text"], HELD, now=case["now"])
    assert refusal.value.code == case["code"]


def test_the_steps_of_the_published_challenge_are_those_of_its_text() -> None:
    told = PUBLISHED["challenge"]
    message, _ = challenge.parse(told["text"])
    assert (message.protected.hex(), message.payload.hex()) == (told["protected"], told["payload"])
    jwk = {name: value for name, value in PUBLISHED["keys"]["bank"].items() if name != "d"}
    PublicKey.from_jwk(jwk).verify(bytes.fromhex(told["signature"]), bytes.fromhex(told["to_be_signed"]))
    assert f"```\n{told['text']}\n```" in PAGE
    assert f"{len(told['text']):,} characters and fits version {qr.version(told['text'])}" in PAGE


def test_the_page_names_every_code_of_the_vectors() -> None:
    named = set(re.findall(r"`([a-z_]+)`", PAGE.partition("## 5.")[2]))
    assert {case["code"] for case in PUBLISHED["refused"]} <= named


def test_a_revoked_reader_asks_nobody() -> None:
    readers = Readers()
    gone = readers.root.revoke(readers.bank.certificate, reason=Reason.key_compromise, now=NOW - 5)
    listed = read(readers.root.sign_crl([gone], number=1, now=NOW - 5), [readers.root.certificate], now=NOW)
    store = TrustStore([readers.root.certificate], readers.list, Crls([listed]))
    with pytest.raises(Revoked, match="cert_revoked"):
        challenge.verify(readers.asks(), store, now=NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"wanted": ()},
        {"wanted": (Wanted("driving_licence", ()),)},
        {"wanted": (Wanted("driving_licence", ("full", "licence")),)},  # not in the order of their numbers
        {"wanted": (Wanted("driving_licence", ("licence", "licence")),)},
        {"wanted": (Wanted("driving_licence", ("licence",)), Wanted("citizen_identity", ("identity",)))},
        {"wanted": (Wanted("fishing_licence", ("licence",)),)},
        {"wanted": (Wanted("health_record", ("full",)),)},  # no code shows it
        {"challenge": bytes(8)},
        {"expires": PLAIN.issued + 301},
        {"expires": PLAIN.issued},
        {"purpose": ""},
        {"audience": "b" * 65},
        {"purpose": "Mở\u200b tài khoản"},
    ],
)
def test_what_no_wallet_would_read_is_never_signed(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        challenge.sign(replace(PLAIN, **changes), READERS.bank.signer, READERS.bank.certificate)


def test_views_by_name_come_into_the_one_order() -> None:
    named = challenge.wanted(
        ("driving_licence", "full"), ("citizen_identity", "portrait"), ("driving_licence", "licence")
    )
    assert named == (
        Wanted("citizen_identity", ("portrait",)),
        Wanted("driving_licence", ("licence", "full")),
    )
    with pytest.raises(Malformed):
        challenge.wanted(("health_record", "full"))


def test_what_a_purpose_allows_is_told_by_views() -> None:
    opening, lending, *_ = READERS.list.readers
    told = [(kind.name, view.name) for kind, view in challenge.views_for(opening)]
    assert told == [("citizen_identity", "identity"), ("driving_licence", "age_over_18")]
    assert [(kind.name, view.name) for kind, view in challenge.views_for(lending)] == [("driving_licence", "licence")]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_one_changed_byte_is_never_taken(data: st.DataObject) -> None:
    whole = bytearray(base45_decode(PUBLISHED["challenge"]["text"].removeprefix(challenge.PREFIX)))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CertsError):
        challenge.verify(challenge.PREFIX + base45_encode(bytes(whole)), HELD, now=NOW)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_code(rubbish: bytes) -> None:
    with pytest.raises(CertsError):
        challenge.verify(challenge.PREFIX + base45_encode(rubbish), HELD, now=NOW)


def test_a_document_is_no_challenge_and_a_challenge_no_document() -> None:
    message, _ = challenge.parse(PUBLISHED["challenge"]["text"])
    assert message.header[cose.TYP] == "vn1-challenge+cwt"
    with pytest.raises(Malformed, match="prefix_unknown"):
        qr.from_text(PUBLISHED["challenge"]["text"])

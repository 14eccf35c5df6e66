"""A letter that asks a verifier to delete: to the address of the trust list, with names of facts, and to nobody that a line made up."""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from certs.catalogue import Text
from certs.trust import Reader
from wallet import deletion
from wallet.errors import WalletError
from wallet.history import presented
from wallet.model import Entry, Linked

BANK = Reader(
    organisation="bank",
    name=Text("Ngân hàng Sen", "Lotus Bank"),
    purpose=Text("Mở tài khoản", "Open an account"),
    rights=(),
    certificates=(),
    since=0,
    contact="mailto:data@bank.example",
    website="https://bank.example/data",
)
LINE = Linked(
    7,
    presented(
        "driving_licence",
        ["full_name", "licence_number"],
        format="dc+sd-jwt",
        audience="x509_san_dns:ask.bank.example",
        verifier=Text("Tên trong dòng", "Name in the line"),
        organisation="bank",
        now=1_772_438_400,
    ),
    bytes(range(32)),
)


def test_it_says_what_was_shown_when_and_to_whom() -> None:
    letter = deletion.prepare(LINE, (replace(BANK, organisation="other"), BANK))
    assert letter.verifier == BANK.name and letter.website == "https://bank.example/data"
    for text, words in ((letter.body.vi, ("Ngân hàng Sen", "02/03/2026", "Họ, chữ đệm và tên")),
                        (letter.body.en, ("Lotus Bank", "02/03/2026", "Driving licence", "91/2025/QH15", "7-0001020304050607"))):  # fmt: skip
        assert all(word in text for word in words), text


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_link_is_for_the_mail_program_alone(language: str) -> None:
    letter = deletion.prepare(LINE, (BANK,))
    parts = urlsplit(letter.mailto(language))
    assert (parts.scheme, parts.path) == ("mailto", "data@bank.example")
    fields = parse_qs(parts.query, strict_parsing=True)
    assert fields.keys() == {"subject", "body"}
    assert fields["body"][0].replace("\r\n", "\n") == letter.body.of(language)


def test_who_is_on_no_list_is_reached_by_the_name_that_a_certificate_gave() -> None:
    letter = deletion.prepare(LINE, ())
    assert letter.verifier == Text("Tên trong dòng", "Name in the line")
    assert (letter.contact, letter.mailto("vi"), letter.website) == ("", "", "https://ask.bank.example/")


@pytest.mark.parametrize(
    ("to", "website"),
    [
        ("https://shop.example/cb?x=1", "https://shop.example/"),
        ("x509_hash:abc", ""),
        ("x509_san_dns:evil.example/path", ""),
        ("x509_san_dns:a b.example", ""),
        ("x509_san_dns:bank.example\n", ""),
        ("javascript:alert(1)", ""),
        ("https://[::1", ""),
        ("https://user@bank.example/", "https://bank.example/"),
    ],
)
def test_no_line_makes_a_link_to_something_else(to: str, website: str) -> None:
    line = replace(LINE, entry=Entry(1, "shown", {"type": "driving_licence", "to": to}))
    letter = deletion.prepare(line, (BANK,))
    assert letter.website == website and letter.contact == ""


@pytest.mark.parametrize(
    "entry",
    [Entry(1, "received", {"from": "https://issuer"}), Entry(1, "shown", {"type": "driving_licence"}),
     Entry(1, "refused", {"to": "x509_hash:a"}), Entry(1, "presented", {"to": 7})],
)  # fmt: skip
def test_a_line_that_names_no_verifier_has_no_letter(entry: Entry) -> None:
    assert not deletion.can_ask(entry)
    with pytest.raises(WalletError, match="line_unknown"):
        deletion.prepare(replace(LINE, entry=entry), (BANK,))


@pytest.mark.parametrize(
    "details", [{"type": "unknown", "claims": ["a"]}, {"claims": []}, {"type": "driving_licence", "claims": ["gone"]}]
)
def test_words_of_another_version_are_said_as_they_are(details: dict[str, Any]) -> None:
    line = replace(LINE, entry=Entry(1, "presented", {**details, "to": "x509_hash:a"}))
    body = deletion.prepare(line, ()).body.en
    assert all(f"- {name}" in body for name in details.get("claims", ()))

"""Kinds of documents from TOML: read as written, and each way to be wrong refused with its place."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from certs.catalogue import CATALOGUE, Kind, NotAKind, load
from certs.documents.model import Lifetime
from certs.documents.reading import read
from tests.certs.documents.kinds import KIND

FOLDER = Path(__file__).parents[3] / "certs" / "documents"
CARD = '\nname = "card_number"\nkey = 10\n'
VIEWS = KIND[KIND.index("\n[[views]]") :]


def test_what_is_read_is_what_is_written() -> None:
    kind = read(KIND, "library_card")
    assert (kind.name, kind.code, kind.title.vi, kind.title.en) == ("library_card", 90, "Thẻ thư viện", "Library card")
    assert (kind.credential_days, kind.account_level, kind.sensitive) == (30, 2, False)
    assert [(field.name, field.key, field.required) for field in kind.fields][:4] == [
        ("personal_identification_number", 3, True),
        ("full_name", 4, True),
        ("birth_date", 5, False),
        ("card_number", 10, True),
    ]
    assert kind.issuer_on(date(2024, 12, 31)) == "health" and kind.issuer_on(date(2025, 1, 1)) == "tax"
    group = kind.field("group")
    assert group.choices == ("adult", "X1")
    assert (group.word("adult").en, group.word("X1").en, group.word("other").en) == ("Adult", "X1", "other")
    loans = kind.field("loans")
    assert [(column.name, column.kind, column.required, column.key) for column in loans.columns] == [
        ("kind", Kind.CHOICE, True, 0),
        ("lent", Kind.DATE, True, 0),
        ("due", Kind.DATE, False, 0),
    ]
    assert loans.lifetimes and loans.lifetimes.each[1] == Lifetime(("film",), 0, until=date(2025, 1, 1))
    full = kind.view("full")
    assert not full.qr and full.needs == ("portrait",) and kind.view("card").qr
    assert kind.needed(kind.view("card")) == ("full_name", "card_number", "group")
    assert "portrait" in kind.needed(full) and "birth_date" not in kind.needed(full)


def test_a_folder_has_its_kinds_in_the_order_of_their_codes(tmp_path: Path) -> None:
    (tmp_path / "library_card.toml").write_text(KIND, "utf-8")
    other = KIND.replace('"library_card"', '"bus_pass"').replace("code = 90", "code = 12")
    (tmp_path / "bus_pass.toml").write_text(other, "utf-8")
    assert list(load(tmp_path)) == ["bus_pass", "library_card"]
    (tmp_path / "bus_pass.toml").write_text(other.replace("code = 12", "code = 90"), "utf-8")
    with pytest.raises(NotAKind, match="codes: one stands there twice"):
        load(tmp_path)


def test_the_catalogue_is_the_folder() -> None:
    assert {path.stem for path in FOLDER.glob("*.toml")} == set(CATALOGUE)
    for path in FOLDER.glob("*.toml"):
        assert max(map(len, path.read_text("utf-8").splitlines())) <= 240, path.name


def test_a_file_is_named_as_its_kind() -> None:
    with pytest.raises(NotAKind, match="another name than its file"):
        read(KIND, "bus_pass")


# What is there -> what stands in its place, and where the refusal says that it is.
BROKEN = [
    ("code = 90", "code = 90\nsecret = true", "library_card: has"),
    ("code = 90\n", "", "library_card: has"),
    ("code = 90", "code = true", "code: True is of another type"),
    ("code = 90", "code = 0", "out of range"),
    ("code = 90", 'code = "90"', "another type"),
    ("code = 90", "code = 90\ncode = 91", "library_card:"),  # TOML itself has no key twice
    (', en = "Library card" }', " }", "title"),
    ('en = "Library card"', 'en = ""', "needs both languages"),
    ('vi = "Thẻ thư viện"', 'vi = " Thẻ"', "needs both languages"),
    ('en = "Library card"', 'en = "Library card", fr = "Carte"', "title"),
    ("credential_days = 30", "credential_days = 0", "out of range"),
    ("credential_days = 30", "credential_days = 366", "out of range"),
    ("credential_days = 30", "credential_days = 30\naccount_level = 3", "out of range"),
    ("credential_days = 30", "credential_days = 30\naccount_level = 0", "out of range"),
    ('"#123456"', '"#12345"', "colour"),
    ('"#123456"', '"#12345G"', "colour"),
    ('"#123456"', '"red"', "colour"),
    ('glyph = "L"', 'glyph = "LL"', "glyph"),
    ('glyph = "L"', 'glyph = ""', "glyph"),
    ('"full_name"]\noptional', '"nickname"]\noptional', "no shared field nickname"),
    ('optional = ["birth_date"]', 'optional = ["full_name"]', "twice"),
    ('optional = ["birth_date"]', 'optional = "birth_date"', "another type"),
    ('optional = ["birth_date"]', "optional = [5]", "not a list of names"),
    ("credential_days = 30", "credential_days = 30\nprinted_days = -1", "out of range"),
    ("credential_days = 30", 'credential_days = 30\nidentified_by = "colour"', "identified_by names"),
    ("credential_days = 30", 'credential_days = 30\nidentified_by = "birth_date"', "identified_by names"),
    # issuers
    ('authority = "tax"', 'authority = "post"', "no authority post"),
    ('authority = "tax"', 'authority = "tax"\nname = "x"', "issuers: has"),
    ("until = 2025-01-01\n", "until = 2024-01-01\n", "ends before it begins"),
    ("until = 2025-01-01\n", "until = 2025-01-02\n", "two issuers at one time"),
    ("until = 2025-01-01\n", "", "two issuers at one time"),
    ("since = 2025-01-01", 'since = "2025-01-01"', "another type"),
    ("since = 2025-01-01", "since = 2025-01-01T00:00:00Z", "another type"),
    # fields
    (CARD, '\nname = "card number"\nkey = 10\n', "is not a name"),
    (CARD, '\nname = "group"\nkey = 10\n', "fields: one stands there twice"),
    (CARD, '\nname = "full_name"\nkey = 10\n', "shared field"),
    (CARD, '\nname = "card_number"\nkey = 11\n', "keys: one stands there twice"),
    (CARD, '\nname = "card_number"\nkey = 9\n', "shared field"),
    (CARD, '\nname = "card_number"\nkey = 10\nnote = "x"\n', "fields: has"),
    (CARD, '\nname = "card_number"\nkey = 10\nwidth = 4\n', "width is for digits"),
    (CARD, '\nname = "card_number"\nkey = 10\nchoices = ["a"]\n', "choices are for a choice"),
    (CARD, '\nname = "card_number"\nkey = 10\nrequired = "no"\n', "another type"),
    ('kind = "text"', 'kind = "number"', "no kind number"),
    ("width = 6\n", "", "width is for digits"),
    ("width = 6\n", "width = 19\n", "width is for digits"),
    ("width = 6\n", "width = 6\nsensitive = 1\n", "another type"),
    ('form = "/[A-Z]{2}[0-9]{4}/"', 'form = "card"', "no form card"),
    ('form = "/[A-Z]{2}[0-9]{4}/"', 'form = "/[A-Z/"', "no form"),
    ('kind = "count"\n', 'kind = "count"\nform = "phone"\n', "no form phone"),
    ('"X1"]', '"adult"]', "choices: one stands there twice"),
    ('"X1"]', '""]', "choices"),
    ('choices = [{ name = "adult", vi = "Người lớn", en = "Adult" }, "X1"]\n', "", "choices are for a choice"),
    ('{ name = "adult", vi = "Người lớn", en = "Adult" }', '{ name = "adult", vi = "Người lớn" }', "choices"),
    # rows
    ('name = "due"\nkind = "date"', 'name = "due"\nkind = "texts"', "a column of texts"),
    ('name = "due"\nkind = "date"', 'name = "lent"\nkind = "date"', "columns: one stands there twice"),
    ('name = "due"\nkind = "date"', 'name = "due"\nkey = 3\nkind = "date"', "columns: has"),
    ('kind = "yes"\n', 'kind = "rows"\n', "columns are for rows"),
    ('choice = "kind"', 'choice = "lent"', "a choice and two dates"),
    ('ends = "due"', 'ends = "kind"', "a choice and two dates"),
    ('{ of = ["book"], years = 1', '{ of = ["tape"], years = 1', "choices of the column"),
    ('{ of = ["book"], years = 1', '{ of = [], years = 1', "choices of the column"),
    ('{ of = ["book"], years = 1', '{ of = ["book"], years = -1', "choices of the column"),
    ('{ of = ["book"], years = 1', '{ of = ["book"], days = 1', "lifetimes: has"),
    # order
    ('["issued_on", "valid_until"]', '["issued_on"]', "pairs of dates"),
    ('["issued_on", "valid_until"]', '["issued_on", "group"]', "pairs of dates"),
    ('["issued_on", "valid_until"]', '["issued_on", "ends_on"]', "pairs of dates"),
    ('["card_number", "shelf_mark"]', '["card_number", "member_number"]', "pairs of texts"),
    ('["card_number", "shelf_mark"]', '["card_number"]', "pairs of texts"),
    ('["card_number", "shelf_mark"]', '["card_number", "title"]', "pairs of texts"),
    ("most = 500", "most = 0", "most is for counts"),
    ("width = 6\n", "width = 6\nmost = 6\n", "most is for counts"),
    # views
    ('["full_name", "card_number"', '["full_name", "nickname"', "fields of this kind"),
    ('["full_name", "card_number"', '["full_name", "full_name"', "twice"),
    ('fields = ["full_name", "card_number", "group", "valid_until"]', "fields = []", "fields of this kind"),
    ('name = "full"\ncode = 2', 'name = "full"\ncode = 1', "codes of views"),
    ('name = "full"\ncode = 2', 'name = "card"\ncode = 2', "views: one stands there twice"),
    ('name = "full"\ncode = 2', 'name = "full"\ncode = 0', "a code from 1"),
    ('needs = ["portrait"]', 'needs = ["residence"]', "fields of this kind"),
    ("qr = false", "qr = 0", "another type"),
    ("qr = false", "print = false", "views: has"),
    ('about.en = "Tells everything."\n', "", "about"),
    (VIEWS, "\n", "library_card: has"),
]  # fmt: skip


@pytest.mark.parametrize(("good", "bad", "where"), BROKEN, ids=[f"{n}-{each[2][:24]}" for n, each in enumerate(BROKEN)])
def test_what_is_wrong_is_refused(good: str, bad: str, where: str) -> None:
    assert KIND.count(good) >= 1
    with pytest.raises(NotAKind) as caught:
        read(KIND.replace(good, bad, 1), "library_card")
    assert where in str(caught.value), caught.value


@pytest.mark.parametrize("table", ["issuers", "views", "fields"])
def test_nothing_is_left_empty(table: str) -> None:
    """Tables that must hold something: with none of their entries there is no kind."""
    whole = tomllib.loads(KIND)
    names = "shared = []\noptional = []\n" if table == "fields" else f"{table} = []\n"
    text = "".join(
        f"{line}\n"
        for line in KIND[: KIND.index("\n[[issuers]]")].splitlines()
        if not line.startswith(("shared", "optional", "order", "equal"))
    )
    text += names + "".join(f"{each} = []\n" for each in ("issuers", "views") if each != table)
    assert whole[table]
    with pytest.raises(NotAKind, match="needs fields, views and issuers"):
        read(text, "library_card")


def test_no_key_of_any_table_is_passed_over() -> None:
    """Each table of the file, with one more key."""
    heads = ["[[issuers]]", "[[fields]]", "[[fields.columns]]", "[fields.lifetimes]", "[[views]]"]
    for head in heads:
        with pytest.raises(NotAKind, match=r"has .*surprise"):
            read(KIND.replace(f"{head}\n", f"{head}\nsurprise = 1\n", 1), "library_card")
    with pytest.raises(NotAKind):
        read(KIND + "\n[more]\n", "library_card")
    with pytest.raises(NotAKind):
        read("name = ", "library_card")

"""What a cell means: as people write it, or as it is, for the catalogue to judge."""

from typing import Any

import pytest

from certs.catalogue import CATALOGUE, Field, Kind, Text
from idp.registries.importing import people, values

LICENCE = CATALOGUE["driving_licence"]


TEXTS = Field("places", 99, Kind.TEXTS, Text("Nơi", "Places"))


def _field(name: str) -> Field:
    return next(field for field in (*people.PEOPLE.fields, *LICENCE.fields, TEXTS) if field.name == name)


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("name", "  Nguyễn   Thị\tAn ", "Nguyễn Thị An"),
        ("name", "Ho\u0300a", "Hòa"),
        ("name", "Hoà", "Hoà"),
        ("name", "   ", None),
        ("pid", " 999 196 000 346 ", "999196000346"),
        ("pid", "\uff19", "\uff19"),
        ("birth_date", "27/3/1990", "1990-03-27"),
        ("birth_date", "27-03-1990", "1990-03-27"),
        ("birth_date", "27.03.1990", "1990-03-27"),
        ("birth_date", "1990-03-27", "1990-03-27"),
        ("birth_date", "3/1990", "1990-03"),
        ("birth_date", "1990", "1990"),
        ("birth_date", "31/2/1990", "1990-02-31"),  # no such day, says the catalogue
        ("birth_date", "27/3/90", "27/3/90"),
        ("birth_date", "١/٢/1990", "١/٢/1990"),
        ("sex", "Nữ", "female"),
        ("sex", "NAM", "male"),
        ("sex", "Female", "female"),
        ("sex", "x", "x"),
        ("nationality", "Việt Nam", "VN"),
        ("nationality", "KR", "KR"),
        ("points", "12", 12),
        ("points", " 7 ", 7),
        ("points", "-1", "-1"),
        ("points", "1.5", "1.5"),
        ("points", "9" * 40, "9" * 40),
        ("points", 12, 12),
        ("age_over_18", "có", True),
        ("age_over_18", "FALSE", False),
        ("age_over_18", True, True),
        (TEXTS.name, '["Phấn  hoa", "Tôm"]', ["Phấn hoa", "Tôm"]),
        (TEXTS.name, ["Phấn  hoa"], ["Phấn hoa"]),
        ("classes", '[{"class": "B", "issued": "3/2/2025", "expires": "3/2/2035"}]', [
            {"class": "B", "issued": "2025-02-03", "expires": "2035-02-03"}
        ]),
        ("classes", '[{"class": "A1", "issued": "2025-02-03"}]', [{"class": "A1", "issued": "2025-02-03", "expires": None}]),
        ("classes", [{"class": "A1", "issued": "2025-02-03", "expires": None}], [
            {"class": "A1", "issued": "2025-02-03", "expires": None}
        ]),
        ("classes", " ", None),
    ],
)  # fmt: skip
def test_read(field: str, cell: Any, value: Any) -> None:
    assert values.reader(_field(field))(cell) == value


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("B, C", "kind"),
        ('{"class": "B"}', "kind"),
        ("[" * 60_000, "kind"),
        ("[" * 60_000 + "]" * 60_000, "kind"),
        ('[{"class": "B", "class": "C"}]', "kind"),
        ("[NaN]", "kind"),
        ("[1e999]", "kind"),
        ('["\\ud800"]', "kind"),
        ("[" + "9" * 100_000 + "]", "kind"),
        ("[\ufffd]", "encoding"),
    ],
)
def test_no_list_at_all(cell: str, code: str) -> None:
    broken = values.reader(_field("classes"))(cell)
    assert isinstance(broken, values.Broken) and broken.code == code


def test_a_lost_character_is_never_written() -> None:
    broken = values.reader(_field("name"))("Nguy\ufffdn An")
    assert isinstance(broken, values.Broken) and broken.code == "encoding"

"""Records of any type and view, drawn by hypothesis from the catalogue itself: a new type is tested by being there."""

import unicodedata
from datetime import date
from typing import Any

from hypothesis import strategies as st

from certs.catalogue import CATALOGUE, DocumentType, Field, Kind, View
from tests.certs.samples import picture

LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyAĂÂĐÊÔƠƯÁÀẢÃẠẮẰẲẴẶẤẦẨẪẬẾỀỂỄỆỐỒỔỖỘỚỜỞỠỢỨỪỬỮỰýỳỷỹỵ' -.,/()0123456789"

texts = st.text(LETTERS, max_size=60).map(lambda text: unicodedata.normalize("NFC", text))
days = st.dates(date(1850, 1, 1), date(2199, 12, 31)).map(date.isoformat)
partial = st.dates(date(1850, 1, 1), date(2199, 12, 31)).map(lambda day: day.isoformat()[:7]) | st.dates(
    date(1850, 1, 1), date(2199, 12, 31)
).map(lambda day: day.isoformat()[:4])


def values(field: Field) -> st.SearchStrategy[Any]:
    match field.kind:
        case Kind.TEXT:
            return texts
        case Kind.DIGITS:
            return st.text("0123456789", min_size=field.width, max_size=field.width)
        case Kind.DATE:
            return days | partial
        case Kind.COUNT:
            return st.integers(0, 2**32 - 1)
        case Kind.YES:
            return st.booleans()
        case Kind.CHOICE:
            return st.sampled_from(field.choices)
        case Kind.TEXTS:
            return st.lists(texts, max_size=6)
        case Kind.ROWS:
            row = {
                column.name: values(column) if column.required else st.none() | values(column)
                for column in field.columns
            }
            return st.lists(st.fixed_dictionaries(row), max_size=6)
        case Kind.PORTRAIT:
            return st.binary(max_size=300).map(picture)
    raise AssertionError(f"no values for {field.kind}")


@st.composite
def records(draw: st.DrawFn, document: DocumentType, view: View) -> dict[str, Any]:
    """Every field of the view, optional ones sometimes None or left out; and a field beyond the view, which must not leak."""
    record: dict[str, Any] = {}
    needed = document.needed(view)
    for name in view.fields:
        field = document.field(name)
        if name not in needed and draw(st.booleans()):
            if draw(st.booleans()):
                record[name] = None
            continue
        record[name] = draw(values(field))
    beyond = [field for field in document.fields if field.name not in view.fields]
    if beyond:
        extra = draw(st.sampled_from(beyond))
        record[extra.name] = draw(values(extra))
    return record


VIEWS = [(document, view) for document in CATALOGUE.values() for view in document.views if view.qr]
VIEW_IDS = [f"{document.name}.{view.name}" for document, view in VIEWS]

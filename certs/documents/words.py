"""What the rows of a field say to a person: one sentence each, in both languages, its first column and then the others by name.

Spec: none; how a single value is written is for each role to say.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from certs.documents.model import Field, Text

MANY = " • "  # between sentences where they stand in one line


def sentences(field: Field, rows: Iterable[Mapping[str, Any]], write: Callable[[Field, Any], Text]) -> tuple[Text, ...]:
    """Columns that are empty or withheld are left out."""
    return tuple(Text(*(_sentence(field, row, write, language) for language in ("vi", "en"))) for row in rows)


def joined(texts: Iterable[Text]) -> Text:
    """All of them in one line, for where there are no lists."""
    told = tuple(texts)
    return Text(MANY.join(text.vi for text in told), MANY.join(text.en for text in told))


def _sentence(field: Field, row: Mapping[str, Any], write: Callable[[Field, Any], Text], language: str) -> str:
    first, *others = field.columns
    parts = [
        f"{column.label.of(language)}: {write(column, row[column.name]).of(language)}"
        for column in others
        if row.get(column.name) is not None
    ]
    if row.get(first.name) is not None:
        parts.insert(0, write(first, row[first.name]).of(language))
    return "; ".join(parts)

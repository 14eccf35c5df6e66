"""What a kind of document is made of: fields with their types and rules of form, named views, issuers with their dates.

Spec: `certs/qr.md` §4 (claim-key registry); ISO/IEC 18013-5 §7.2 (`iso`: the element that says the same).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or name in both languages; Vietnamese is the first."""

    vi: str
    en: str

    @classmethod
    def same(cls, text: str) -> "Text":
        """What reads alike in both: a name, a number, a date."""
        return cls(text, text)

    def of(self, language: str) -> str:
        return self.en if language == "en" else self.vi


class Kind(StrEnum):
    """The form of a field's value: JSON form -> CBOR form."""

    TEXT = "text"  # str -> tstr
    DIGITS = "digits"  # str of `width` digits -> uint (the width is fixed, so leading zeros are implied)
    DATE = "date"  # 'YYYY-MM-DD' -> int days since 1970-01-01 (RFC 8943); 'YYYY' or 'YYYY-MM' -> tstr
    COUNT = "count"  # int >= 0 -> uint
    YES = "yes"  # bool -> bool
    CHOICE = "choice"  # str of `choices` -> its number in the list
    TEXTS = "texts"  # list of str -> array of tstr
    ROWS = (
        "rows"  # list of {each of `columns`: its value, or null where not required} -> array of arrays in their order
    )
    PORTRAIT = "portrait"  # base64url of a small WebP picture -> bstr


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a row of rows lives: one of these choices, begun from `since` (inclusive) until `until` (exclusive).

    `years` is the most that lies between begin and end; 0 means that it has no end.
    """

    of: tuple[str, ...]
    years: int
    since: date = date.min
    until: date = date.max


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """The rule on the end of a row: which columns hold the choice, the begin and the end."""

    choice: str
    begins: str
    ends: str
    each: tuple[Lifetime, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a document, or one column of its rows (which has no key: its place in the row stands for it)."""

    name: str
    key: int
    kind: Kind
    label: Text
    width: int = 0
    choices: tuple[str, ...] = ()
    words: tuple[Text, ...] = ()  # what each choice is called
    columns: tuple["Field", ...] = ()
    most: int = 0  # of a count; 0: no such rule
    form: str = ""  # a rule of certs/documents/forms.py by its name, or a regular expression between slashes
    lifetimes: Lifetimes | None = None
    iso: tuple[str, ...] = ()  # elements of ISO/IEC 18013-5 that are made of this field
    sensitive: bool = False
    required: bool = True

    def word(self, choice: str) -> Text:
        """What a choice is called; one that is not in the list stands for itself."""
        if choice in self.choices:
            return self.words[self.choices.index(choice)]
        return Text.same(choice)


@dataclass(frozen=True, slots=True)
class View:
    """A named cut of a document that the issuer signs apart, with its own status index."""

    name: str
    code: int
    title: Text
    about: Text
    fields: tuple[str, ...]
    qr: bool = True  # False: too large for one code, shown online only
    needs: tuple[str, ...] = ()  # fields that a record may lack, but not this view of it


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority that may issue a type from `since` (inclusive) until `until` (exclusive)."""

    authority: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    id: str
    name: Text


@dataclass(frozen=True, slots=True, eq=False)  # one object a kind: compared and hashed as such, not field by field
class DocumentType:
    name: str
    code: int
    title: Text
    fields: tuple[Field, ...]
    views: tuple[View, ...]  # the first is shown by default
    issuers: tuple[Issuer, ...]
    credential_days: int  # how long one signed view lives before the wallet fetches it again
    printed_days: int = 365  # how long a printed code lives, which nobody fetches again; 0: none is printed
    account_level: int = 2
    sensitive: bool = False
    colour: str = "#1d4f91"
    glyph: str = "▤"
    order: tuple[tuple[str, str], ...] = ()  # pairs of dates: the first is not after the second
    equal: tuple[tuple[str, str], ...] = ()  # pairs of fields that say the same
    iso: str = ""  # the document type that ISO gives it, where it does
    identified_by: str = ""  # the field that tells a person's documents of this type apart; "": a person has one

    def field(self, name: str) -> Field:
        return _fields(self)[name]

    def view(self, name: str) -> View:
        """Raises KeyError for a view that this type does not have."""
        for view in self.views:
            if view.name == name:
                return view
        raise KeyError(name)

    def needed(self, view: View) -> tuple[str, ...]:
        """The fields without which the view is none."""
        return tuple(name for name in view.fields if self.field(name).required or name in view.needs)

    def issuer_on(self, day: date) -> str | None:
        """The id of the authority that may issue this type on that day."""
        for issuer in self.issuers:
            if issuer.since <= day and (issuer.until is None or day < issuer.until):
                return issuer.authority
        return None


@cache
def _fields(document: DocumentType) -> Mapping[str, Field]:
    return {field.name: field for field in document.fields}

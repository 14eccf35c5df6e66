"""All that a counter with accounts stands on, as one value."""

from dataclasses import dataclass

from verifier.staff.file import StaffFile
from verifier.staff.ports import Attempts, Book, Sessions


@dataclass(frozen=True, slots=True)
class Team:
    file: StaffFile
    attempts: Attempts
    sessions: Sessions
    book: Book

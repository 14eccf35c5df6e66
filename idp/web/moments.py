"""A moment as people in Viet Nam write it."""

from datetime import datetime

from idp.issuance.entitlement import VIETNAM


def day(at: int) -> str:
    return datetime.fromtimestamp(at, VIETNAM).strftime("%d/%m/%Y")


def clock(at: int) -> str:
    return datetime.fromtimestamp(at, VIETNAM).strftime("%H:%M")


def minute(at: int) -> str:
    return f"{clock(at)}, {day(at)}"


def iso(at: int) -> str:
    """For programs: ISO 8601 with the offset."""
    return datetime.fromtimestamp(at, VIETNAM).isoformat()


def written(date: str) -> str:
    """`2026`, `2026-03` or `2026-03-02` with the day first."""
    return "/".join(reversed(date.split("-")))

"""One JSON line for each event, and nothing in it that a thief of the log could use.

Spec: RFC 8259; attacks OP-35, XS-06. How a secret is kept out:
 1. our own rooms log an `Entry`: a code and a few named fields, never what was sent to us
 2. a stranger's record (a library's) gives the template of its message, never its arguments
 3. an exception gives its type and where it happened, never its text: that may quote a row or a parameter
 4. the net under all three: what looks like a personal number, token, secret, QR, query, phone or mail is masked
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, TextIO

Value = str | int | float | None

TEXT_LIMIT = 500  # characters of one field
FRAMES = 12  # of each exception, the innermost ones
CHAIN = 4  # exceptions that caused one another
_READ = 4 * TEXT_LIMIT  # of a longer text nothing is looked at, and nothing is written


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened, by a stable code, and what an operator needs to know about it."""

    code: str
    fields: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def __str__(self) -> str:
        return " ".join([self.code, *(f"{name}={value}" for name, value in self.fields.items() if value is not None)])


def event(
    logger: logging.Logger, level: int, code: str, /, *, error: BaseException | None = None, **fields: Value
) -> None:
    """Log an entry; `error` adds where it came from."""
    logger.log(level, "%s", Entry(code, fields), exc_info=error)


class JsonLines(logging.Formatter):
    """A record of any logger as one line of JSON in ASCII."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self._role = role

    def format(self, record: logging.LogRecord) -> str:
        entry = _entry(record, self._role)
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "role": self._role,
            "logger": record.name,
            "event": entry.code,
        }
        line |= {name: _clean(value) for name, value in entry.fields.items() if value is not None}
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = list(_chain(record.exc_info[1]))
        return json.dumps(line, separators=(",", ":"))


def install(role: str, stream: TextIO | None = None) -> None:
    """This process logs as `role` from now on, to the error stream: our own rooms from INFO, libraries from WARNING."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(role))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in (role, "certs"):
        logging.getLogger(name).setLevel(logging.INFO)
    logging.raiseExceptions = False  # what cannot be formatted is dropped: logging would print its arguments
    logging.captureWarnings(True)
    threading.excepthook = lambda failed: event(
        logging.getLogger(role), logging.ERROR, "thread_failed", error=failed.exc_value
    )


def server_settings(role: str) -> dict[str, Any]:
    """For the server that runs a role (`logging.config`): its own lines in the same form, and no access log."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "certs.log.JsonLines", "role": role}},
        "handlers": {"line": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "loggers": {"_granian": {"handlers": ["line"], "propagate": False}},
    }


# --- what a record says -----------------------------------------------------------------------------------------------

_OURS = ("certs", "idp", "wallet", "verifier")


def _entry(record: logging.LogRecord, role: str) -> Entry:
    if isinstance(record.args, tuple) and len(record.args) == 1 and isinstance(record.args[0], Entry):
        return record.args[0]
    ours = record.name.split(".")[0] in (*_OURS, role)
    return Entry("message", {"text": record.getMessage() if ours else str(record.msg)})


def _chain(error: BaseException) -> Iterator[dict[str, object]]:
    current: BaseException | None = error
    for _ in range(CHAIN):
        if current is None:
            return
        yield {"type": f"{type(current).__module__}.{type(current).__qualname__}", "at": _frames(current)}
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _frames(error: BaseException) -> list[str]:
    """Innermost last."""
    found, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"{'/'.join(code.co_filename.split('/')[-3:])}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return found[-FRAMES:]


# --- the net ----------------------------------------------------------------------------------------------------------

_MASKS = re.compile(
    r"(?P<qr>VN1:[0-9A-Z$%*+./:-][0-9A-Z $%*+./:-]*)"
    r"|(?P<token>eyJ[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_~-]*)*)"
    r"|(?P<user>(?<=://)[^\s/@]+@)"
    r"""|(?P<query>(?<=[^\s?])\?[^\s"'<>]+)"""
    r"|(?P<mail>[^\s@:/]+@[^\s@:/]+\.[A-Za-z]+)"
    r"|(?P<opaque>[A-Za-z0-9_-]{22,})"
    r"|(?P<number>(?<!\d)\d{3}(?:[ .-]?\d{3}){3}(?!\d))"
    r"|(?P<phone>\+\d{8,15}|(?<!\d)0\d{9}(?!\d))"
)


def redact(text: str) -> str:
    """The text with what must not be read masked; of a personal number the last three digits stay."""
    return _MASKS.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found[0]
    if kind == "number":
        return f"*********{text[-3:]}"
    if kind == "opaque" and not (
        any(c.isdigit() for c in text) and any(c.isupper() for c in text) and any(c.islower() for c in text)
    ):
        return _NUMBERS.sub(lambda digits: f"*********{digits[0][-3:]}", text)  # a name, a digest
    return f"[{kind}]"


_NUMBERS = re.compile(r"(?<!\d)\d{12}(?!\d)")


def _clean(value: Value) -> Value:
    if isinstance(value, str):
        return redact(value[:_READ])[:TEXT_LIMIT]
    if isinstance(value, int) and abs(value) >= 10**11:
        return redact(str(value))
    return value

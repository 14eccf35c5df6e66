"""The log: one JSON line an event, and nothing in it that a thief of the log could use (attacks OP-35, XS-06)."""

import json
import logging
import sys
import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest

from certs import log
from certs.log import JsonLines, event, redact

PID = "999196000346"


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What a process that logs as `idp` writes; afterwards logging is as it was."""
    root, stream = logging.getLogger(), StringIO()
    names = ("sample", "certs")
    before = (root.handlers[:], root.level, logging.raiseExceptions, threading.excepthook)
    levels = {name: logging.getLogger(name).level for name in names}
    try:
        log.install("sample", stream)
        yield stream
    finally:
        root.handlers[:], level, logging.raiseExceptions, threading.excepthook = before
        root.setLevel(level)
        logging.captureWarnings(False)
        for name, held in levels.items():
            logging.getLogger(name).setLevel(held)


def read(stream: StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(lines: StringIO) -> None:
    event(
        logging.getLogger("sample.requests"),
        logging.INFO,
        "request",
        status=200,
        ms=1.5,
        route="/login/<id>",
        gone=None,
    )
    (line,) = read(lines)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "role": "sample",
        "logger": "sample.requests",
        "event": "request",
        "status": 200,
        "ms": 1.5,
        "route": "/login/<id>",
    }


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (PID, "*********346"),
        ("999 196 000 346", "*********346"),
        (f"pid={PID},", "pid=*********346,"),
        ("VN1:6BFOXN*TS0BI$ZD", "[qr]"),
        ("not VN1: is said of others", "not VN1: is said of others"),
        ("eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[token]"),
        ("Bearer Wq3v9sT0kD2bXy7LmN5pQr8uVw1zAaBbCcDdEeFfGg0", "Bearer [opaque]"),
        ("http://localhost:5001/callback?code=abc&state=d", "http://localhost:5001/callback[query]"),
        ("/callback?code=abc", "/callback[query]"),
        ("postgresql://idp:secret@db.example/idp", "postgresql://[user]db.example/idp"),
        ("minh.anh@example.vn wrote", "[mail] wrote"),
        ("+84912345678 or 0912345678", "[phone] or [phone]"),
        ("what happened? nothing", "what happened? nothing"),
        ("unreachable: localhost:5000: [Errno 111]", "unreachable: localhost:5000: [Errno 111]"),
        ("create_app_from_environment", "create_app_from_environment"),
        ("at 1790000000", "at 1790000000"),
        (f"name_with_{PID}_inside", "name_with_*********346_inside"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, masked: str) -> None:
    assert redact(text) == masked


def test_a_number_given_as_a_number_is_masked_too(lines: StringIO) -> None:
    event(logging.getLogger("sample"), logging.INFO, "x", pid=int(PID))
    assert read(lines)[0]["pid"] == "*********346"


def test_xs_06_a_line_cannot_be_forged(lines: StringIO) -> None:
    hostile = 'x"}\n{"event":"signed_in"}\r\x1b[31m\x9b\u2028<img src=x>'
    event(logging.getLogger("sample"), logging.INFO, "error_page", cause=hostile)
    (line,) = read(lines)
    assert line["event"] == "error_page" and line["cause"] == hostile
    assert lines.getvalue().isascii() and lines.getvalue().count("\n") == 1 and "\x1b" not in lines.getvalue()


def test_a_long_text_is_cut(lines: StringIO) -> None:
    event(logging.getLogger("sample"), logging.INFO, "x", cause="a " * 1_000_000)
    assert len(read(lines)[0]["cause"]) == log.TEXT_LIMIT


def test_an_exception_says_where_and_never_what(lines: StringIO) -> None:
    def innermost() -> None:
        raise ValueError(f"row of Nguyễn Thị Minh Anh, {PID}, Hoa-sen-2026")

    try:
        try:
            innermost()
        except ValueError as error:
            raise RuntimeError("Hoa-sen-2026") from error
    except RuntimeError as error:
        event(logging.getLogger("sample"), logging.ERROR, "broken", error=error)
    (line,) = read(lines)
    first, second = line["exception"]
    assert (first["type"], second["type"]) == ("builtins.RuntimeError", "builtins.ValueError")
    assert second["at"][-1].endswith(" innermost") and "tests/certs/test_log.py:" in second["at"][-1]
    assert "Hoa" not in lines.getvalue() and "Minh" not in lines.getvalue() and "346" not in lines.getvalue()


def test_a_library_is_heard_from_warning_and_without_its_arguments(lines: StringIO) -> None:
    stranger = logging.getLogger("httpx")
    stranger.info("HTTP Request: %s", "http://localhost/callback?code=abc")
    stranger.warning("wrong password %s for %s", "Hoa-sen-2026", PID)
    (line,) = read(lines)
    assert line["text"] == "wrong password %s for %s"


def test_a_record_that_cannot_be_formatted_is_not_printed_elsewhere(
    lines: StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("sample").info("%d", "Hoa-sen-2026")
    assert capsys.readouterr().err == ""
    assert "Hoa-sen" not in lines.getvalue()


def test_a_thread_that_fails_is_a_line(lines: StringIO) -> None:
    def fail() -> None:
        raise KeyError("Hoa-sen-2026")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    (line,) = read(lines)
    assert (line["event"], line["level"], line["exception"][0]["type"]) == (
        "thread_failed",
        "error",
        "builtins.KeyError",
    )


def test_the_servers_own_lines_are_alike() -> None:
    settings = log.server_settings("wallet")
    assert settings["formatters"]["line"]["()"] == f"{JsonLines.__module__}.{JsonLines.__qualname__}"
    record = logging.LogRecord("_granian", logging.ERROR, "x.py", 1, "Unexpected exit from worker-1", None, None)
    line = json.loads(JsonLines("wallet").format(record))
    assert (line["role"], line["event"], line["text"]) == ("wallet", "message", "Unexpected exit from worker-1")


def test_the_error_stream_is_where_it_goes_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    assert sys.stderr is not None
    record = logging.LogRecord("sample", logging.INFO, "x.py", 1, "%s", (log.Entry("e", {"a": 1}),), None)
    assert str(log.Entry("e", {"a": 1, "b": None})) == record.getMessage() == "e a=1"

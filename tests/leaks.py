"""What must never stand in a log, and how it is looked for: by its value where a test saw it, by its shape everywhere."""

import json
import logging
import re
from collections.abc import Iterable, Iterator

from certs.log import JsonLines

SHAPES = {
    "personal number": re.compile(r"999[ .-]?\d{3}[ .-]?\d{3}[ .-]?\d{3}"),
    "token": re.compile(r"eyJ"),
    "QR text": re.compile(r"VN1:[0-9A-Z$%*+./:-]"),
    "secret": re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{32,}"),
    "query": re.compile(r"[?&](?:code|state|nonce|credential_offer_uri|lang)="),
    "mail": re.compile(r"@[\w-]+\.\w"),
}


def found(text: str, secrets: Iterable[str] = ()) -> list[str]:
    """What of it leaked, named."""
    by_shape = [f"{name}: {hit[0]!r}" for name, shape in SHAPES.items() for hit in shape.finditer(text)]
    by_value = [
        f"value {secret!r}" for secret in secrets if secret and re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text)
    ]
    return by_shape + by_value


def unescaped(lines: str) -> Iterator[str]:
    """Each line as JSON with its letters written out; a line that is not JSON fails here."""
    for line in lines.splitlines():
        yield json.dumps(json.loads(line), ensure_ascii=False)


class Collector(logging.Handler):
    """Every record of our own rooms, as it was meant and as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.said: list[str] = []
        self._lines = JsonLines("suite")

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(f"{record.getMessage()} {self._lines.format(record)}")

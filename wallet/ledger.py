"""A history as a file that proves itself: all lines with their chain, as JSON that anybody can check without this wallet.

Spec: `wallet.chain` (how each hash is computed).
"""

from collections.abc import Sequence
from typing import Any

from certs.encoding import json_decode, json_encode
from certs.errors import CertsError
from wallet.errors import WalletError
from wallet.model import Linked
from wallet.restoring import line_as_json, read_lines

FORMAT = "vneid-wallet history 1"
LIMIT = 32 * 1024 * 1024
RULE = (
    "SHA-256 over the text of 'format', the hash of the line before (32 bytes; zeros before the first), and the line without "
    "'link' as JSON in UTF-8: members sorted by name at every level, no spaces, characters as they are"
)


def as_json(line: Linked) -> dict[str, Any]:
    return line_as_json(line)


def write(lines: Sequence[Linked], *, now: int) -> bytes:
    end = lines[-1].link.hex() if lines else None
    return json_encode({"format": FORMAT, "rule": RULE, "made": now, "end": end, "lines": list(map(as_json, lines))})


def read(data: bytes) -> tuple[Linked, ...]:
    """Raises WalletError for what is no export. Whether its own chain holds is `chain.check`."""
    try:
        found = json_decode(data, limit=LIMIT)
        if found["format"] != FORMAT or not isinstance(found["lines"], list):
            raise ValueError
        return read_lines(found["lines"])
    except (CertsError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise WalletError("backup_malformed", "not an exported history") from error

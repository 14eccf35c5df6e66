"""CBOR as other issuers write it: indefinite lengths, longer spellings, floats, dates as tags. Bounded all the same.

Spec: RFC 8949 §3 (well-formedness), §3.4.1, §3.4.2 (dates: the tag is passed over), §5.6 (a key given twice is refused).

Our own formats are read by `certs/cbor.py`, which admits one spelling of each value; the bytes that an issuer abroad signed are
what they are. What is in them is only read after the signature held.
"""

import math
import struct

from certs.cbor import Tag, Value
from certs.errors import Malformed

SIZE, DEPTH, ENTRIES = 32 * 1024, 16, 256
_DATES = (0, 1)
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True, 22: None}
_END = object()  # the break of an indefinite length
_OPEN = -1  # in place of a length: until the break


def decode(data: bytes, *, tags: frozenset[int] = frozenset()) -> Value:
    """The one item that `data` is; raises Malformed. `tags` come back as `Tag`."""
    if len(data) > SIZE:
        raise Malformed("oversize", f"{len(data)} bytes of CBOR")
    reader = _Reader(data, tags)
    try:
        value = reader.item(DEPTH)
    except (IndexError, struct.error):
        raise Malformed("malformed", "CBOR is cut off") from None
    except UnicodeDecodeError:
        raise Malformed("malformed", "CBOR text is not UTF-8") from None
    if reader.at != len(data):
        raise Malformed("trailing_data", f"{len(data) - reader.at} bytes after the CBOR item")
    return value


class _Reader:
    """Where one decoding stands. `at` never passes the end of the data."""

    def __init__(self, data: bytes, tags: frozenset[int]) -> None:
        self.data = data
        self.tags = tags
        self.at = 0

    def item(self, depth: int) -> Value:
        value = self._any(depth)
        if value is _END:
            raise Malformed("malformed", "a break where nothing is open")
        return value

    def _any(self, depth: int) -> Value:
        if not depth:
            raise Malformed("limit_exceeded", "CBOR nested too deep")
        first = self.data[self.at]
        self.at += 1
        major, info = first >> 5, first & 31
        if major == 7:
            return self._simple(info)
        argument = self._argument(major, info)
        match major:
            case 0:
                return argument
            case 1:
                return -1 - argument
            case 2 | 3:
                raw = self._string(major, argument)
                return raw if major == 2 else raw.decode("utf-8")
            case 4:
                return self._array(argument, depth - 1)
            case 5:
                return self._map(argument, depth - 1)
        value = self.item(depth - 1)
        if argument in _DATES:  # §3.4.1, §3.4.2
            return value
        if argument not in self.tags:
            raise Malformed("malformed", f"CBOR tag {argument}")
        return Tag(argument, value)

    def _argument(self, major: int, info: int) -> int:
        if info < 24:
            return info
        if info < 28:
            raw = self._take(1 << (info - 24))
            return int.from_bytes(raw, "big")
        if info == 31 and 2 <= major <= 5:
            return _OPEN
        raise Malformed("malformed", "CBOR initial byte")

    def _take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise Malformed("malformed", "CBOR string is cut off")
        raw, self.at = self.data[self.at : end], end
        return raw

    def _simple(self, info: int) -> Value:
        if info in _SIMPLE:
            return _SIMPLE[info]
        if info == 31:
            return _END
        if info not in _FLOATS:
            raise Malformed("malformed", "CBOR simple value")
        form = _FLOATS[info]
        (value,) = struct.unpack(form, self._take(struct.calcsize(form)))
        if not math.isfinite(value):
            raise Malformed("malformed", "a number that is none")
        return value

    def _string(self, major: int, size: int) -> bytes:
        if size != _OPEN:
            return self._take(size)
        parts: list[bytes] = []
        while self.data[self.at] != 0xFF:  # §3.2.3: chunks of the same major type, of definite length
            if self.data[self.at] >> 5 != major:
                raise Malformed("malformed", "CBOR string of mixed chunks")
            info = self.data[self.at] & 31
            self.at += 1
            length = self._argument(major, info)
            if length == _OPEN or len(parts) == ENTRIES:
                raise Malformed("malformed", "CBOR string of chunks")
            parts.append(self._take(length))
        self.at += 1
        if major == 3:
            for part in parts:
                part.decode("utf-8")
        return b"".join(parts)

    def _array(self, size: int, depth: int) -> list[Value]:
        items: list[Value] = []
        while len(items) != size:
            value = self._any(depth)
            if value is _END:
                self._expect_open(size)
                break
            items.append(value)
            _bound(items)
        return items

    def _map(self, size: int, depth: int) -> dict[int | str, Value]:
        result: dict[int | str, Value] = {}
        while len(result) != size:
            key = self._any(depth)
            if key is _END:
                self._expect_open(size)
                break
            if type(key) not in (int, str):
                raise Malformed("malformed", "CBOR map key is neither integer nor text")
            if key in result:
                raise Malformed("duplicate_key", "CBOR map key given twice")
            result[key] = self.item(depth)
            _bound(result)
        return result

    def _expect_open(self, size: int) -> None:
        if size != _OPEN:
            raise Malformed("malformed", "a break where nothing is open")


def _bound(container: list[Value] | dict[int | str, Value]) -> None:
    if len(container) > ENTRIES:
        raise Malformed("limit_exceeded", f"CBOR container of more than {ENTRIES} entries")

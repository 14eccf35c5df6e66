"""A reader for the few forms of YAML in which the SD-JWT test recipes are written; it refuses what it does not know.

Blocks of `name: value` and `- value`, flow lists and maps, quoted and plain scalars, comments, and the tag `!sd`, before a
name or a value: what it marks becomes `Hidden`. A YAML library would be one more dependency, for seventeen files.
"""

import re
from typing import Any, NamedTuple

from certs.formats.disclosures import Hidden

_NAME = re.compile(r"""(?P<tag>!sd\s+)?(?P<name>"[^"]*"|'[^']*'|[^\s"'\[{!#-][^:#]*?)\s*:(?:\s+(?P<rest>.*))?$""")
_FLOW = re.compile(r"""\s*(!sd\b|"[^"]*"|'[^']*'|[\[\]{},]|:(?=\s)|[^\s"'\[\]{},:]+)""")


class Line(NamedTuple):
    indent: int
    text: str


def read(text: str) -> Any:
    lines = [
        Line(len(line) - len(line.lstrip()), line.strip())
        for line in (re.sub(r"(^|\s)#.*$", "", raw).rstrip() for raw in text.splitlines())
        if line.strip()
    ]
    value, rest = _block(lines)
    if rest:
        raise ValueError(f"not read: {rest[0].text}")
    return value


def _block(lines: list[Line]) -> tuple[Any, list[Line]]:
    if lines[0].text.startswith("- ") or lines[0].text == "-":
        return _sequence(lines)
    return _mapping(lines) if _NAME.match(lines[0].text) else (_flow(lines[0].text), lines[1:])


def _sequence(lines: list[Line]) -> tuple[list[Any], list[Line]]:
    indent, items = lines[0].indent, []
    while lines and lines[0].indent == indent and lines[0].text[0] == "-":
        text = lines[0].text[1:].strip()
        column = indent + len(lines[0].text) - len(text)
        marked = text == "!sd"  # the whole of the block below it
        if marked or not text:
            value, lines = _block(lines[1:])
        else:
            value, lines = _block([Line(column, text), *lines[1:]])
        items.append(Hidden(value) if marked else value)
    return items, lines


def _mapping(lines: list[Line]) -> tuple[dict[str, Any], list[Line]]:
    indent, members = lines[0].indent, {}
    while lines and lines[0].indent == indent:
        found = _NAME.match(lines[0].text)
        if not found:
            raise ValueError(f"not a name: {lines[0].text}")
        rest, lines = found["rest"] or "", lines[1:]
        if rest:
            value = _flow(rest)
        else:
            value, lines = _block(lines) if lines and lines[0].indent > indent else (None, lines)
        members[str(found["name"]).strip("\"'")] = Hidden(value) if found["tag"] else value
    return members, lines


def _flow(text: str) -> Any:
    if text[0] not in "[{!\"'":
        return _scalar(text)
    tokens = _FLOW.findall(text)
    value, rest = _flow_value(tokens)
    if rest:
        raise ValueError(f"not read: {rest}")
    return value


def _flow_value(tokens: list[str]) -> tuple[Any, list[str]]:
    head, *rest = tokens
    if head == "!sd":
        value, rest = _flow_value(rest)
        return Hidden(value), rest
    if head == "[":
        items = []
        while rest[0] != "]":
            item, rest = _flow_value(rest)
            items.append(item)
            rest = rest[1:] if rest[0] == "," else rest
        return items, rest[1:]
    if head == "{":
        members = {}
        while rest[0] != "}":
            name, colon, *rest = rest
            if colon != ":":
                raise ValueError(f"not a map: {tokens}")
            members[name.strip("\"'")], rest = _flow_value(rest)
            rest = rest[1:] if rest[0] == "," else rest
        return members, rest[1:]
    words = [head]
    while rest and rest[0] not in ("]", "}", ","):
        words.append(rest.pop(0))
    return _scalar(" ".join(words)), rest


def _scalar(text: str) -> Any:
    if text[0] in "\"'":
        return text[1:-1]
    known = {"true": True, "false": False, "null": None, "none": "None"}
    if text.lower() in known:
        return known[text.lower()]
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text) else text

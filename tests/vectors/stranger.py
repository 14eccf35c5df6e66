"""A second verifier of our QR, written from `certs/qr.md` alone: it imports nothing of ours, and reads the registry from the page.

It is slow and short; what it is for is to prove that the page is enough, and that our own verifier does what the page says.
"""

import base64
import re
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

PAGE = Path(__file__).resolve().parents[2] / "certs" / "qr.md"
DOCUMENTS_USAGE = "2.25.158716100025410038562175504534808638395.1"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
AGE, SKEW = 60, 30


class Refused(Exception):
    def __init__(self, step: int, code: str) -> None:
        super().__init__(step, code)
        self.answer = (step, code)


class FieldOf(NamedTuple):
    name: str
    kind: str
    choices: list[str]
    optional: bool
    columns: list["FieldOf"]


class ViewOf(NamedTuple):
    document: str
    name: str
    fields: dict[int, FieldOf]


def registry(page: str = "") -> dict[tuple[int, int], ViewOf]:
    """Section 4: (type, view) to what it holds."""
    text = page or PAGE.read_text("utf-8")
    views: dict[tuple[int, int], ViewOf] = {}
    for block in re.findall(r"^### (\d+ `.*?)(?=^##)", text, re.MULTILINE | re.DOTALL):
        head = re.match(r"(\d+) `(\w+)`", block)
        assert head
        fields: dict[int, FieldOf] = {}
        for key, place, name, kind in re.findall(r"^\| (\d+)(\.\d+)? \| `(\w+)` \| ([^|]*) \|", block, re.MULTILINE):
            if re.fullmatch(r"[\d, !]+", kind):  # a row of the table of views; what it needs is not optional there
                names = {int(each.strip("!")): fields[int(each.strip("!"))] for each in kind.split(", ")}
                needed = {at: each._replace(optional=False) for at, each in names.items() if f"{at}!" in kind}
                views[int(head[1]), int(key)] = ViewOf(head[2], name, names | needed)
                continue
            optional = kind.endswith(", optional")
            kind, _, choices = kind.removesuffix(", optional").partition(" of ")
            field = FieldOf(name, kind, choices.split(", "), optional, [])
            if place:
                fields[int(key)].columns.append(field)
            else:
                fields[int(key)] = field
    return views


REGISTRY = registry()


# --- sections 1 and 2: text and CBOR ----------------------------------------------------------------------------------


def base45(text: str) -> bytes:
    out = b""
    for at in range(0, len(text), 3):
        digits = [ALPHABET.find(letter) for letter in text[at : at + 3]]
        if -1 in digits or len(digits) == 1:
            raise Refused(1, "encoding_invalid")
        value = sum(digit * 45**place for place, digit in enumerate(digits))
        width = len(digits) - 1
        if value >= 256**width:
            raise Refused(1, "encoding_invalid")
        out += value.to_bytes(width, "big")
    return out


class Tagged(NamedTuple):
    value: Any


def cbor(data: bytes) -> Any:
    if len(data) > 8192:
        raise Refused(2, "oversize")
    value, rest = item(data, 8)
    if rest:
        raise Refused(2, "trailing_data")
    return value


def item(data: bytes, depth: int) -> tuple[Any, bytes]:
    if not data:
        raise Refused(2, "malformed")
    major, info, rest = data[0] >> 5, data[0] & 31, data[1:]
    if major == 7:
        if info not in (20, 21, 22):
            raise Refused(2, "malformed")
        return {20: False, 21: True, 22: None}[info], rest
    number, rest = argument(info, rest)
    if major < 2:
        return (number if major == 0 else -1 - number), rest
    if major < 4:
        if number > len(rest):
            raise Refused(2, "malformed")
        return (rest[:number] if major == 2 else utf8(rest[:number])), rest[number:]
    if depth == 0 or (major < 6 and number > 64):
        raise Refused(2, "limit_exceeded")
    if major == 6:
        if number != 18:
            raise Refused(2, "malformed")
        value, rest = item(rest, depth - 1)
        return Tagged(value), rest
    return array(number, rest, depth - 1) if major == 4 else mapping(number, rest, depth - 1)


def argument(info: int, rest: bytes) -> tuple[int, bytes]:
    if info < 24:
        return info, rest
    width = {24: 1, 25: 2, 26: 4, 27: 8}.get(info)
    if width is None or len(rest) < width:
        raise Refused(2, "malformed")
    number = int.from_bytes(rest[:width], "big")
    if number < (24 if width == 1 else 256 ** (width // 2)):
        raise Refused(2, "malformed")
    return number, rest[width:]


def array(number: int, rest: bytes, depth: int) -> tuple[list[Any], bytes]:
    values = []
    for _ in range(number):
        value, rest = item(rest, depth)
        values.append(value)
    return values, rest


def mapping(number: int, rest: bytes, depth: int) -> tuple[dict[Any, Any], bytes]:
    values: dict[Any, Any] = {}
    before = b""
    for _ in range(number):
        key, after = item(rest, depth)
        encoded = rest[: len(rest) - len(after)]
        if type(key) not in (int, str):
            raise Refused(2, "malformed")
        if encoded <= before:
            raise Refused(2, "duplicate_key" if key in values else "malformed")
        before = encoded
        values[key], rest = item(after, depth)
    return values, rest


def utf8(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(2, "malformed") from None


# --- sections 3 to 5: messages and documents --------------------------------------------------------------------------


class Message(NamedTuple):
    protected: bytes
    header: dict[Any, Any]
    payload: bytes
    signature: bytes

    def holds(self, key: ec.EllipticCurvePublicKey) -> bool:
        if len(self.signature) != 64:
            return False
        signed = b"\x84\x6aSignature1" + bstr(self.protected) + b"\x40" + bstr(self.payload)
        r, s = int.from_bytes(self.signature[:32], "big"), int.from_bytes(self.signature[32:], "big")
        try:
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
            return True
        except InvalidSignature:
            return False


def bstr(data: bytes) -> bytes:
    size = len(data)
    head = (
        bytes([0x40 | size])
        if size < 24
        else b"\x58" + bytes([size])
        if size < 256
        else b"\x59" + size.to_bytes(2, "big")
    )
    return head + data


def demand(condition: bool, code: str = "malformed", step: int = 2) -> None:
    if not condition:
        raise Refused(step, code)


def message(value: Any) -> Message:
    demand(isinstance(value, Tagged), "type_mismatch")
    demand(isinstance(value.value, list) and len(value.value) == 4)
    protected, unprotected, payload, signature = value.value
    demand(all(isinstance(part, bytes) for part in (protected, payload, signature)) and unprotected == {})
    header = cbor(protected) if protected else {}
    demand(isinstance(header, dict))
    demand(2 not in header, "crit_unknown")
    return Message(protected, header, payload, signature)


def is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def safe(text: Any, limit: int = 1024) -> str:
    demand(isinstance(text, str))
    demand(len(text) <= limit, "oversize")
    demand(unicodedata.normalize("NFC", text) == text, "text_unsafe")
    marks = 0
    for letter in text:
        code, category = ord(letter), unicodedata.category(letter)
        latin = code <= 0x24F or 0x1E00 <= code <= 0x1EFF or code == 0x2BC
        bad = category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or 0xFE00 <= code <= 0xFE0F
        bad = bad or code in (0x34F, 0x115F, 0x3164, 0xD0, 0x189)
        bad = bad or (code > 127 and category in ("Nd", "Zs")) or (category[0] == "L" and not latin)
        marks = marks + 1 if category[0] == "M" else 0
        demand(not bad and marks <= 2, "text_unsafe")
    return str(text)


def day(value: Any) -> str:
    if isinstance(value, str):
        demand(bool(re.fullmatch(r"(18[5-9]|19[0-9]|20[0-9]|21[0-9])[0-9](-(0[1-9]|1[0-2]))?", value)))
        return value
    demand(type(value) is int and -43829 <= value <= 84005)
    return (date(1970, 1, 1) + timedelta(days=value)).isoformat()


def choice(field: FieldOf, value: Any) -> str:
    demand(is_count(value) and value < len(field.choices))
    return field.choices[value]


def row(field: FieldOf, value: Any) -> dict[str, Any]:
    demand(isinstance(value, list) and len(value) == len(field.columns))
    return {
        column.name: None if cell is None and column.optional else grown(column, cell)
        for column, cell in zip(field.columns, value, strict=True)
    }


def portrait(value: Any) -> str:
    demand(isinstance(value, bytes) and len(value) <= 1024 and value[:4] == b"RIFF" and value[8:12] == b"WEBP")
    demand(int.from_bytes(value[4:8], "little") == len(value) - 8)
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def grown(field: FieldOf, value: Any) -> Any:
    if field.kind == "text":
        return safe(value)
    if field.kind == "date":
        return day(value)
    if field.kind == "choice":
        return choice(field, value)
    if field.kind == "yes":
        demand(isinstance(value, bool))
        return value
    if field.kind.startswith("digits"):
        width = int(field.kind.removeprefix("digits "))
        demand(is_count(value) and value < 10**width)
        return f"{value:0{width}d}"
    if field.kind == "count":
        demand(is_count(value) and value < 2**32)
        return value
    if field.kind == "portrait":
        return portrait(value)
    demand(isinstance(value, list) and len(value) <= 40)
    one: Callable[[Any], Any] = safe if field.kind == "texts" else lambda each: row(field, each)
    return [one(each) for each in value]


def document(value: Any) -> tuple[ViewOf, dict[str, Any]]:
    demand(isinstance(value, dict))
    view = REGISTRY.get((value.get(1), value.get(2))) if is_count(value.get(1)) and is_count(value.get(2)) else None
    demand(view is not None, "type_mismatch")
    assert view is not None
    claims = {}
    for key, field in view.fields.items():
        if key in value:
            claims[field.name] = grown(field, value[key])
        else:
            demand(field.optional, "claims_missing")
    demand(len(value) == len(claims) + 2)
    return view, claims


def holder_key(cnf: Any) -> ec.EllipticCurvePublicKey:
    demand(isinstance(cnf, dict) and set(cnf) == {1} and isinstance(cnf[1], dict))
    key = cnf[1]
    demand(
        set(key) == {1, -1, -2, -3}
        and key[1] == 2
        and key[-1] == 1
        and isinstance(key[-2], bytes)
        and len(key[-2]) == 32
    )
    y = key[-3]
    demand(isinstance(y, bool) or (isinstance(y, bytes) and len(y) == 32))
    point = (b"\3" if y else b"\2") + key[-2] if isinstance(y, bool) else b"\4" + key[-2] + y
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise Refused(2, "malformed") from None


# --- section 7: verification ------------------------------------------------------------------------------------------


def verify(text: str, trust: dict[str, Any], *, now: int, expected: dict[str, Any]) -> dict[str, Any]:
    """The result of the vectors' shape, or Refused with step and code; `trust` is the vectors' unpacked trust."""
    demand(len(text) <= 4296, "oversize", 1)
    demand(text.startswith("VN1:"), "prefix_unknown", 1)
    outer = message(cbor(base45(text[4:])))
    shown = credential = None
    if outer.header.get(16) == "vn1-kb+cwt":
        demand(set(outer.header) == {1, 13, 16})
        shown = proof_claims(outer)
        credential = message(outer.header[13])
    else:
        credential = outer
    printed = shown is None and credential.header.get(16) == "vn1-printed+cwt"
    demand(printed or credential.header.get(16) == "vn1+cwt", "type_mismatch")
    demand(set(credential.header) == {1, 4, 16})
    claims = cbor(credential.payload)
    demand(isinstance(claims, dict) and set(claims) == {1, 4, 6, 65535, -65537} | (set() if printed else {8}))
    issued, expires = claims[6], claims[4]
    demand(isinstance(claims[1], str) and is_count(issued) and is_count(expires) and issued < expires < 1 << 37)
    uri, index = reference(claims[65535])
    view, fields = document(claims[-65537])
    holder = None if printed else holder_key(claims[8])
    check_issuer(credential, claims, view, trust, now)
    demand(issued <= now + 60, "issued_in_future", 6)
    demand(now < expires, "expired", 6)
    as_of = check_status(uri, index, trust, now)
    if shown is None or holder is None:
        demand((printed and expected["printed"]) or not expected["holder_proof"], "holder_binding_missing", 8)
    else:
        check_holder(outer, shown, holder, expected, now)
    return {
        "document": view.document,
        "view": view.name,
        "issuer": claims[1],
        "issued": issued,
        "expires": expires,
        "holder_bound": shown is not None,
        "printed": printed,
        "audience": (shown or {}).get(3),
        "challenge": None if shown is None or 39 not in shown else shown[39].hex(),
        "presented_at": (shown or {}).get(6),
        "status_as_of": as_of,
        "claims": fields,
    }


def proof_claims(outer: Message) -> dict[Any, Any]:
    claims = cbor(outer.payload)
    demand(isinstance(claims, dict) and {6} <= set(claims) <= {3, 6, 39} and is_count(claims[6]))
    if 39 in claims:
        demand(isinstance(claims[39], bytes) and len(claims[39]) <= 64)
    if 3 in claims:
        safe(claims[3], 256)
    return claims  # type: ignore[no-any-return]


def reference(status: Any) -> tuple[str, int]:
    demand(isinstance(status, dict) and set(status) == {"status_list"} and isinstance(status["status_list"], dict))
    inner = status["status_list"]
    demand(set(inner) == {"idx", "uri"} and isinstance(inner["uri"], str) and is_count(inner["idx"]))
    return inner["uri"], inner["idx"]


def check_issuer(credential: Message, claims: dict[Any, Any], view: ViewOf, trust: dict[str, Any], now: int) -> None:
    kid = credential.header[4]
    listed = [
        (service, signer)
        for service in trust["services"]
        for signer in service["signers"]
        if isinstance(kid, bytes) and signer["kid"] == kid.hex()
    ]
    demand(bool(listed), "key_not_found", 3)
    demand(credential.header[1] == -7, "alg_not_allowed", 3)
    certificate = x509.load_der_x509_certificate(from_base64url(listed[0][1]["certificate"]))
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert identifier[:8] == kid
    demand(credential.holds(key), "signature_invalid", 3)
    demand(now <= certificate.not_valid_after_utc.timestamp(), "cert_expired", 4)
    demand(now >= certificate.not_valid_before_utc.timestamp(), "cert_not_yet_valid", 4)
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    demand([purpose.dotted_string for purpose in purposes] == [DOCUMENTS_USAGE], "cert_usage", 4)
    root = x509.load_der_x509_certificate(from_base64url(trust["root"]))
    assert root.fingerprint(hashes.SHA256()).hex() == trust["root_sha256"]
    certificate.verify_directly_issued_by(root)
    right = any(
        service["authority"] == claims[1]
        and service["document"] == view.document
        and service["since"] <= claims[6]
        and (service["until"] is None or claims[6] < service["until"])
        for service, _ in listed
    )
    demand(right, "issuer_untrusted", 5)


def check_status(uri: str, index: int, trust: dict[str, Any], now: int) -> int:
    held = next((each for each in trust["status_lists"] if each["uri"] == uri), None)
    demand(held is not None, "status_unavailable", 7)
    assert held is not None
    demand(now < held["expires"] and now <= held["issued"] + held["ttl"], "status_stale", 7)
    bits, data = held["bits"], bytes.fromhex(held["bytes"])
    demand(index < len(data) * 8 // bits, "status_index_out_of_range", 7)
    value = int.from_bytes(data, "little") >> (index * bits) & ((1 << bits) - 1)
    demand(value == 0, {2: "suspended", 3: "holder_locked"}.get(value, "revoked"), 7)
    return int(held["issued"])


def check_holder(
    outer: Message, shown: dict[Any, Any], holder: ec.EllipticCurvePublicKey, expected: dict[str, Any], now: int
) -> None:
    demand(outer.header[1] == -7, "alg_not_allowed", 8)
    demand(outer.holds(holder), "holder_binding_invalid", 8)
    demand(shown[6] <= now + SKEW, "issued_in_future", 8)
    demand(now <= shown[6] + AGE + SKEW, "presentation_stale", 8)
    demand(shown.get(3) == expected["audience"], "audience_mismatch", 8)
    challenge = None if expected["challenge"] is None else bytes.fromhex(expected["challenge"])
    demand(shown.get(39) == challenge, "nonce_mismatch", 8)


def from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

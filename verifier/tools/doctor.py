"""Whether this installation can check documents today and tomorrow: a finding for each thing that it stands on, and what to do.

Spec: none but our own; until when each part of a bundle is good and what ends with it: `certs/qr.md` §9.

Nothing is changed here, and nothing that is found is believed because of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum

from certs import bundle as bundles
from certs import qr
from certs.bundle import CLOCK_SKEW, Bundle, Part, clock_is_behind, fingerprint
from certs.catalogue import Text
from certs.errors import CertsError
from certs.profiles import DAY
from verifier import facts, scan
from verifier.scan import NothingToCheck
from verifier.tools.display import PARTS

SOON = 3 * DAY
OLD = 7 * DAY  # a bundle that nobody refreshed for a week
CLOCK_OFF = CLOCK_SKEW
_SAMPLE = qr.PREFIX + "DOCTOR%DOCTOR%DOCTOR"


class State(StrEnum):
    OK = "ok"
    NOTE = "note"  # not needed by everybody
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it is, and what to do where something is to be done."""

    id: str
    name: Text
    state: State
    said: Text
    advice: Text | None = None

    def to_json(self) -> dict[str, object]:
        advice = None if self.advice is None else {"vi": self.advice.vi, "en": self.advice.en}
        return {
            "id": self.id,
            "state": self.state.value,
            "said": {"vi": self.said.vi, "en": self.said.en},
            "advice": advice,
        }


_BUNDLE = Text("Gói tin cậy", "Trust bundle")
_CLOCK = Text("Đồng hồ", "Clock")
_ROOT = Text("Gốc SHA-256", "Root SHA-256")
_DECODER = Text("Đọc mã QR từ ảnh", "QR codes in pictures")
_NETWORK = Text("Địa chỉ của gói", "The bundle's address")
_REFRESH = Text(
    "Cập nhật: python -m verifier bundle refresh --bundle TỆP --from ĐỊA_CHỈ",
    "Refresh it: python -m verifier bundle refresh --bundle FILE --from URL",
)
_FETCH = Text(
    "Lấy gói đầu tiên: python -m verifier bundle fetch ĐỊA_CHỈ --root SHA256 -o TỆP",
    "Fetch the first one: python -m verifier bundle fetch URL --root SHA256 -o FILE",
)
_SET_CLOCK = Text(
    "Đặt lại ngày giờ của máy và bật đồng bộ thời gian.",
    "Set this machine's date and time, and switch on its time service.",
)


def no_bundle(why: str, *, given: bool) -> Finding:
    if not given:
        said = Text("không được chỉ ra nên không xem", "none was named, so none was looked at")
        return Finding("bundle", _BUNDLE, State.WARN, said, Text("Thêm --bundle TỆP.", "Add --bundle FILE."))
    return Finding("bundle", _BUNDLE, State.FAIL, Text(f"không dùng được: {why}", f"cannot be used: {why}"), _FETCH)


def trust(held: Bundle, *, now: int, root_sha256: str | None) -> Iterator[Finding]:
    """The bundle's age, the clock beside it, its root, and until when each of its parts is good."""
    yield _age(held, now)
    yield _clock(held, now)
    yield _root(held, root_sha256)
    parts = held.parts()
    for kind, name in PARTS.items():
        of_kind = [part for part in parts if part.kind == kind]
        if of_kind:
            yield _ends(kind, name, of_kind, now)


def _age(held: Bundle, now: int) -> Finding:
    age = max(0, now - held.issued)
    told = facts.age(age)
    said = Text(f"#{held.sequence}, {told.vi}", f"#{held.sequence}, {told.en}")
    old = age > OLD
    return Finding("bundle", _BUNDLE, State.WARN if old else State.OK, said, _REFRESH if old else None)


def _clock(held: Bundle, now: int) -> Finding:
    said = Text(facts.moment(now), facts.moment(now))
    if not clock_is_behind(held, now=now):
        return Finding("clock", _CLOCK, State.OK, said)
    late = Text(
        f"{said.vi}, trước ngày gói được ký ({facts.moment(held.issued)})",
        f"{said.en}, before the bundle was signed ({facts.moment(held.issued)})",
    )
    return Finding("clock", _CLOCK, State.FAIL, late, _SET_CLOCK)


def _root(held: Bundle, root_sha256: str | None) -> Finding:
    found = [fingerprint(anchor) for anchor in held.trust.anchors]
    said = Text(", ".join(found), ", ".join(found))
    if root_sha256 is None:
        compare = Text(
            "So với số được cơ quan công bố qua kênh khác, rồi ghi --root SHA256.",
            "Compare it with the one that was published by another way, and give --root SHA256.",
        )
        return Finding("root", _ROOT, State.NOTE, said, compare)
    if root_sha256 in found:
        return Finding("root", _ROOT, State.OK, said)
    wrong = Text(
        "Không dùng gói này. Xoá nó và lấy lại từ đúng địa chỉ.",
        "Do not use this bundle. Remove it, and fetch another.",
    )
    return Finding("root", _ROOT, State.FAIL, said, wrong)


def _ends(kind: str, name: Text, parts: list[Part], now: int) -> Finding:
    first = min(parts, key=lambda part: part.until)
    many = f"{len(parts)} × … " if len(parts) > 1 else ""
    said = Text(f"{many}đến {facts.moment(first.until)}", f"{many}until {facts.moment(first.until)}")
    if first.until <= now:
        over = Text(f"{said.vi}: đã hết hạn", f"{said.en}: over")
        return Finding(f"ends.{kind}", name, State.FAIL, over, _REFRESH)
    if first.until - now <= min(SOON, (first.until - first.issued) // 4):
        return Finding(f"ends.{kind}", name, State.WARN, said, _REFRESH)
    return Finding(f"ends.{kind}", name, State.OK, said)


def decoder() -> Finding:
    """Reads a code that it has drawn itself, as it would read one from a camera."""
    try:
        (text,) = scan.texts(qr.draw_png(_SAMPLE))
        works = text == _SAMPLE
    except (CertsError, NothingToCheck, ValueError, OSError):
        works = False
    if works:
        return Finding("decoder", _DECODER, State.OK, Text("hoạt động", "works"))
    broken = Text("mã tự vẽ không đọc lại được", "a code that was just drawn cannot be read")
    again = Text(
        "Cài lại: pip install --force-reinstall zxing-cpp pillow qrcode",
        "Install again: pip install --force-reinstall zxing-cpp pillow qrcode",
    )
    return Finding("decoder", _DECODER, State.FAIL, broken, again)


@dataclass(frozen=True, slots=True)
class Extra:
    """What the base install does without, for those who need it."""

    name: str
    packages: tuple[str, ...]
    for_what: Text


EXTRAS = (
    Extra("verifier", ("flask", "authlib", "joserfc"), Text("quầy và đăng nhập", "the counter and the sign-in")),
    Extra("parquet", ("pyarrow",), Text("Parquet trong “batch”", "Parquet in `batch`")),
    Extra("redis", ("redis",), Text("dùng một lần, nhiều máy", "one-time use on several machines")),
)


def extras(installed: Mapping[str, bool]) -> Iterator[Finding]:
    """`installed`: of each package whether it is there."""
    for extra in EXTRAS:
        name = Text(f"Phần mở rộng “{extra.name}”", f"Extra `{extra.name}`")
        missing = [package for package in extra.packages if not installed[package]]
        if not missing:
            yield Finding(f"extra.{extra.name}", name, State.OK, extra.for_what)
            continue
        said = Text(f"chưa cài; chỉ cần cho {extra.for_what.vi}", f"not installed; only for {extra.for_what.en}")
        install = f"pip install vneid-reference[{extra.name}]"
        yield Finding(f"extra.{extra.name}", name, State.NOTE, said, Text.same(install))


def unreachable(why: str) -> Finding:
    return Finding(
        "network",
        _NETWORK,
        State.FAIL,
        Text(f"không kết nối được: {why}", f"not reached: {why}"),
        Text(
            "Kiểm tra mạng, địa chỉ và --ca-bundle; gói đang có vẫn dùng được đến hạn của nó.",
            "Check the network, the address and --ca-bundle; the bundle in hand stays good until its end.",
        ),
    )


def reached(
    data: bytes, held: Bundle | None, *, now: int, root_sha256: str | None, date: str | None
) -> Iterator[Finding]:
    """What lies at the bundle's address, held against the one in hand or the root; and the clock of that server."""
    try:
        if held is not None and data == held.raw:
            fresh = held
        elif held is not None:
            fresh = bundles.update(held, data, now=now)
        elif root_sha256 is not None:
            fresh = bundles.first(data, now=now, root_sha256=root_sha256)
        else:
            fresh = bundles.read(data, now=now)
    except CertsError as error:
        said = Text(f"điều nhận được bị từ chối ({error.code})", f"what came is refused ({error.code})")
        look = Text("Kiểm tra địa chỉ; báo bộ phận kỹ thuật.", "Check the address, and tell your technical team.")
        yield Finding("network", _NETWORK, State.FAIL, said, look)
    else:
        newer = held is not None and fresh.sequence > held.sequence
        said = Text(f"kết nối được, bản số #{fresh.sequence}", f"reached, and has #{fresh.sequence}")
        yield Finding("network", _NETWORK, State.WARN if newer else State.OK, said, _REFRESH if newer else None)
    yield from _server_clock(date, now)


def _server_clock(date: str | None, now: int) -> Iterator[Finding]:
    try:
        there = int(parsedate_to_datetime(date or "").timestamp())
    except (ValueError, TypeError):
        return
    off = now - there
    name = Text("Đồng hồ so với máy chủ", "Clock beside the server's")
    said = Text(f"lệch {abs(off)} giây", f"{abs(off)} s apart")
    wrong = abs(off) > CLOCK_OFF
    yield Finding("clock.server", name, State.FAIL if wrong else State.OK, said, _SET_CLOCK if wrong else None)


def worst(findings: Iterable[Finding]) -> State:
    order = [State.OK, State.NOTE, State.WARN, State.FAIL]
    return max((finding.state for finding in findings), key=order.index, default=State.OK)

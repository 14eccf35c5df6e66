"""What a person reads of a foreign document: its name, what it says in short, and what it does not prove.

Spec: EU DCC value sets of schema 1.3.0 (test results: SNOMED CT 260415000, 260373001); `certs` proves signatures, and no medicine.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from certs.catalogue import Text
from verifier import facts
from verifier.foreign.model import Framework, Verified

TITLES: Mapping[Framework, Text] = {
    Framework.EU_DCC: Text("Chứng nhận COVID của EU", "EU Digital COVID Certificate"),
    Framework.SMART_HEALTH_CARD: Text("Thẻ sức khỏe SMART", "SMART Health Card"),
}
FOREIGN = Text(
    "Giấy tờ nước ngoài: nơi cấp ký, quầy này tin theo khóa đã được đưa cho nó; danh sách tin cậy trong nước không nói gì về nó.",
    "A foreign document: signed by its issuer, whom this counter believes by keys that it was given; the national trust list says nothing of it.",
)
NOT_BOUND = Text(
    "Không gắn với người xuất trình: đối chiếu họ tên và ngày sinh với giấy tờ khác.",
    "Not bound to whoever shows it: compare name and date of birth with another document.",
)
_EVERY_CARD = "shc.health-card"
_KINDS = {
    "eu_dcc.vaccination": Text("Tiêm chủng", "Vaccination"),
    "eu_dcc.test": Text("Xét nghiệm", "Test"),
    "eu_dcc.recovery": Text("Khỏi bệnh", "Recovery"),
    "shc.immunization": Text("Tiêm chủng", "Immunization"),
    "shc.laboratory": Text("Xét nghiệm", "Laboratory"),
    "shc.covid19": Text("COVID-19", "COVID-19"),
}
_RESULTS = {
    "260415000": Text("âm tính", "not detected"),
    "260373001": Text("DƯƠNG TÍNH", "DETECTED"),
}


def title(verified: Verified) -> Text:
    """Of which framework it is, and of which kinds."""
    kinds = [_KINDS.get(each, Text.same(each)) for each in verified.kinds if each != _EVERY_CARD]
    name = TITLES[verified.framework]
    if not kinds:
        return name
    vi, en = ", ".join(each.vi for each in kinds), ", ".join(each.en for each in kinds)
    return Text(f"{name.vi} – {vi}", f"{name.en} – {en}")


def matters(verified: Verified) -> Iterator[tuple[Text, Text]]:
    """What decides at a counter, line by line, without the name."""
    yield Text("Ngày sinh", "Date of birth"), Text.same(facts.day(verified.birth_date) if verified.birth_date else "–")
    if verified.framework is Framework.EU_DCC:
        yield from _of_a_certificate(verified.claims)
    yield Text("Nơi cấp", "Issuer"), Text.same(verified.issuer)


def dates(verified: Verified) -> Iterator[tuple[Text, Text]]:
    yield Text("Cấp lúc", "Issued"), Text.same(facts.moment(verified.issued))
    if verified.expires is not None:
        yield Text("Có hạn đến", "Good until"), Text.same(facts.moment(verified.expires))


def _of_a_certificate(claims: Mapping[str, Any]) -> Iterator[tuple[Text, Text]]:
    """Of its one entry: what was given, found or survived. Its members are of whatever kind its issuer wrote."""
    for entry in claims.get("v") or ():
        yield Text("Mũi tiêm", "Dose"), Text.same(f"{_word(entry, 'dn')}/{_word(entry, 'sd')}, {_day(entry, 'dt')}")
    for entry in claims.get("t") or ():
        result = _RESULTS.get(_word(entry, "tr"), Text.same(_word(entry, "tr")))
        taken = _word(entry, "sc")
        yield Text("Kết quả", "Result"), Text(f"{result.vi}, mẫu lấy {taken}", f"{result.en}, sample of {taken}")
    for entry in claims.get("r") or ():
        yield Text("Khỏi bệnh, có giá trị", "Recovered, good"), Text.same(f"{_day(entry, 'df')} – {_day(entry, 'du')}")


def _day(entry: Mapping[str, Any], name: str) -> str:
    return facts.day(_word(entry, name))


def _word(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return str(value) if type(value) in (str, int) else "–"

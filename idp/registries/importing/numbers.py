"""Is this a number that may come into a register here? In a simulation synthetic people only, and elsewhere none of them.

Spec: Law 26/2023/QH15 Art. 12; Circular 59/2021/TT-BCA Art. 4 (form of the number)
"""

from collections.abc import Mapping
from types import MappingProxyType

from certs.catalogue import Fault, Text
from idp.accounts.personal_id import NotAPersonalId, PersonalId, parse

REAL = "real"
_TEXTS: Mapping[str, Text] = MappingProxyType(
    {
        "form": Text("Số định danh có đúng 12 chữ số.", "A personal identification number has exactly 12 digits."),
        "synthetic": Text(
            "Số bắt đầu bằng 999 chỉ dùng trong mô phỏng.", "Numbers that begin with 999 are for simulations alone."
        ),
        REAL: Text(
            "Đây là mô phỏng: chỉ nhận số bắt đầu bằng 999, không nhận số của người thật.",
            "This is a simulation: only numbers that begin with 999 are taken, none of a real person.",
        ),
        "place": Text(
            "Ba số đầu không phải mã nơi đăng ký khai sinh.", "The first three digits name no place of birth."
        ),
        "century": Text(
            "Chữ số thứ tư không ứng với thế kỷ nào đang có người sống.", "The fourth digit names no century."
        ),
        "future": Text("Số cho biết năm sinh còn ở tương lai.", "The number tells a year of birth that has not begun."),
    }
)


def judged(number: str, *, where: str, year: int, simulation: bool) -> PersonalId | Fault:
    try:
        found = parse(number, year=year, simulation=simulation)
    except NotAPersonalId as error:
        return Fault(where, error.code, _TEXTS[error.code])
    if simulation and not found.synthetic:
        return Fault(where, REAL, _TEXTS[REAL])
    return found

"""From what a counter has in hand (a text, a picture, a file, a stream) to the texts to check: QR codes, or a document's own.

Spec: ISO/IEC 18004 through zxing-cpp (see certs/qr.py); attacks QR-09 to QR-11: nothing is decoded beyond the limits, and
of two codes in one picture none is chosen silently.
"""

from pathlib import Path

from certs import qr
from certs.catalogue import Text
from certs.errors import Malformed
from verifier import presented

FILE_LIMIT = 12 * 1024 * 1024  # bytes; a 25-megapixel JPEG of a camera is below this
TEXT_LIMIT = 1024 * 1024  # characters of a text file; far above any code, so that the verdict can say "too long"

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff"

NO_CODE = Text(
    "Không tìm thấy mã QR nào trong ảnh. Chụp lại cho rõ nét, đủ cả bốn góc của mã.",
    "No QR code was found in the picture. Take it again, sharp and with all four corners of the code.",
)
SEVERAL_CODES = Text(
    "Trong ảnh có nhiều hơn một mã QR. Chọn đúng mã cần kiểm tra, hoặc chụp lại chỉ một mã.",
    "The picture holds more than one QR code. Choose the one to check, or take a picture of that one only.",
)
NOT_A_PICTURE = Text(
    "Tệp này không phải ảnh PNG hoặc JPEG đọc được.",
    "This file is not a PNG or JPEG picture that can be read.",
)
TOO_LARGE = Text(
    "Ảnh quá lớn: tối đa 12 MB và 25 megapixel. Chụp lại ở cỡ nhỏ hơn.",
    "The picture is too large: at most 12 MB and 25 megapixels. Take a smaller one.",
)


class NothingToCheck(Exception):
    """There is not exactly one text to check. `reason` says what to do; `texts` holds the candidates, if several."""

    def __init__(self, reason: Text, texts: tuple[str, ...] = ()) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.texts = texts


def is_picture(data: bytes) -> bool:
    """Whether the bytes begin as PNG or JPEG, the only two kinds of picture that are opened."""
    return data.startswith((PNG, JPEG))


def texts(source: str | bytes | Path) -> tuple[str, ...]:
    """Every text in a text (itself), in PNG or JPEG bytes, in the bytes of a text file or of an mdoc, or in a file.

    Raises NothingToCheck for a picture that cannot be read or is too large, OSError for a file that cannot be opened.
    """
    if isinstance(source, str):
        return (source,)
    data = _read(source) if isinstance(source, Path) else source
    if len(data) > FILE_LIMIT:
        raise NothingToCheck(TOO_LARGE)
    if presented.is_mdoc(data):
        return (presented.mdoc_text(data),)
    if not is_picture(data):
        return (_text_file(data),)
    try:
        return qr.read_picture(data)
    except Malformed as error:
        raise NothingToCheck(TOO_LARGE if error.code in ("oversize", "limit_exceeded") else NOT_A_PICTURE) from error


def only(source: str | bytes | Path, *, choose: int | None = None) -> str:
    """The one QR text in the source; of several, the one that the caller chose, counted from 1. Else NothingToCheck."""
    found = texts(source)
    if not found:
        raise NothingToCheck(NO_CODE)
    if choose is not None and 1 <= choose <= len(found):
        return found[choose - 1]
    if len(found) > 1:
        raise NothingToCheck(SEVERAL_CODES, found)
    return found[0]


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(FILE_LIMIT + 1)  # a device or a huge file costs no more than this


def _text_file(data: bytes) -> str:
    if b"\x00" in data[:1024]:
        raise NothingToCheck(NOT_A_PICTURE)
    try:
        text = data[: TEXT_LIMIT + 1].decode("utf-8")
    except UnicodeDecodeError as error:
        raise NothingToCheck(NOT_A_PICTURE) from error
    # An editor or a hand scanner ends its line; nothing else is forgiven (QR-04).
    return text.removesuffix("\n").removesuffix("\r")

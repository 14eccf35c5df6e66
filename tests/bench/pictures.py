"""Drawing the QR of a shown licence: the choice of the best of eight masks is what costs, and any mask is read."""

from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from certs import qr
from tests.bench.tables import table
from tests.bench.timing import microseconds
from tests.world import World


def report() -> str:
    text = World().present_text()
    version, picture = qr.version(text), qr.draw_png(text)

    def modules(version: int | None, mask: int | None) -> None:
        code = QRCode(version, error_correction=ERROR_CORRECT_M, mask_pattern=mask)
        code.add_data(text, optimize=0)
        code.make(fit=version is None)

    taken = microseconds(
        {
            "PNG, as the wallet's server draws it": lambda: qr.draw_png(text),
            "SVG": lambda: qr.draw_svg(text),
            "modules alone, `qrcode` chooses version and mask": lambda: modules(None, None),
            "modules alone, mask given": lambda: modules(None, 0),
            "modules alone, version and mask given": lambda: modules(version, 0),
            "read the PNG again (zxing-cpp)": lambda: qr.read_picture(picture),
        },
        turns=8,
        batch=1,
    )
    rows = ([name, f"{time / 1e3:.1f}"] for name, time in taken.items())
    return table([f"QR of {len(text)} characters, version {version}-M", "ms"], rows)

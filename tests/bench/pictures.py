"""Drawing the QR of a shown licence: the choice of the best of eight masks is what costs, and any mask is read. And from pictures to
verdicts, a second on one core (goal: 20).
"""

import time
from collections.abc import Sequence
from random import Random

from PIL import Image, ImageFilter
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

from certs import qr
from tests.bench.tables import table
from tests.bench.timing import microseconds
from tests.distorted import distorted
from tests.pictures import opened, picture_of, saved
from tests.world import NOW, World
from verifier import Verifier, scan

SECONDS = 2.0  # of CPU, a row
CAMERA = (("camera", 1.0), ("camera", 2.0))


def report() -> str:
    return _drawn() + "\n\n" + _verdicts()


def _drawn() -> str:
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


def _verdicts() -> str:
    """Each picture is another one, of a licence shown once: nothing of it is known from the one before."""
    world = World()
    verifier = Verifier(world.open_bundle(), clock=lambda: NOW)
    texts = [world.present_text() for _ in range(8)]
    screens = [picture_of(text) for text in texts]
    frames = [_frame(text) for text in texts]
    held = [
        saved(distorted(opened(picture_of(text, module=module)), kind, amount, Random(number)))
        for number, text in enumerate(texts)
        for module in (3, 4)
        for kind, amount in CAMERA
    ]
    nothing = [saved(Image.new("L", (1280, 720), shade)) for shade in (0, 90, 255)]
    kinds = {
        "a screenshot, PNG": screens,
        "a frame of a camera, 1280 × 720, JPEG": frames,
        "held in a hand (blur, tilt, noise, JPEG), PNG": held,
        "a frame without a code, PNG": nothing,
    }
    rows = [[name, *_counted(verifier, pictures)] for name, pictures in kinds.items()]
    return table(["picture → verdict, one core", "a second", "of them accepted, %"], rows)


def _counted(verifier: Verifier, pictures: Sequence[bytes]) -> tuple[str, str]:
    done = accepted = 0
    began = time.process_time()
    while time.process_time() - began < SECONDS:
        for text in scan.texts(pictures[done % len(pictures)]):
            accepted += verifier.inspect(text).accepted
        done += 1
    return f"{done / (time.process_time() - began):.0f}", f"{100 * accepted / done:.0f}"


def _frame(text: str) -> bytes:
    frame, code = (
        Image.new("L", (1280, 720), 96),
        opened(picture_of(text, module=5)).rotate(4, expand=True, fillcolor=96),
    )
    frame.paste(code, (400, 100))
    return saved(frame.filter(ImageFilter.GaussianBlur(0.8)).convert("RGB"), "JPEG", quality=85)

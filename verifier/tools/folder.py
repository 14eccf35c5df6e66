"""A folder of pictures and texts: which of its files can be checked, and a verdict for every code in them.

Spec: attack QR-10: of several codes in one picture none is chosen silently; here each is judged, by its number.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from certs.catalogue import Text
from verifier import scan
from verifier.result import Report
from verifier.scan import NothingToCheck
from verifier.tools.display_many import Judged

ENDINGS = (".png", ".jpg", ".jpeg", ".txt", ".cbor", ".mdoc", ".jwt")

_GONE = Text("Không đọc được tệp này.", "This file cannot be read.")


def looked_at(path: Path) -> bool:
    """By its name: hidden files, drafts of other programs and everything of another ending are left alone."""
    return path.suffix.lower() in ENDINGS and not path.name.startswith((".", "~"))


def files(folder: Path) -> tuple[list[Path], int]:
    """Those that are looked at, by name, and how many are not; folders in it count as neither. Raises OSError."""
    found = sorted(path for path in folder.iterdir() if path.is_file())
    wanted = [path for path in found if looked_at(path)]
    return wanted, len(found) - len(wanted)


def judged(source: str | bytes | Path, inspect: Callable[[str], Report], name: str) -> Iterator[Judged]:
    """A verdict for each code in it; where there is none, why not."""
    try:
        texts = scan.texts(source)
    except NothingToCheck as nothing:
        yield Judged(name, None, nothing.reason)
        return
    except OSError:
        yield Judged(name, None, _GONE)
        return
    if not texts:
        yield Judged(name, None, scan.NO_CODE)
    for number, text in enumerate(texts, start=1):
        yield Judged(numbered(name, number, len(texts)), inspect(text))


def numbered(name: str, number: int, count: int) -> str:
    """Of several codes in one source, which."""
    return name if count == 1 else f"{name} ({number})"

"""A bank that reads documents face to face, as the trust list has it, and requests of its that went wrong."""

from collections.abc import Callable
from typing import Any

from certs import cbor
from certs.catalogue import Text
from certs.formats import reader_auth
from certs.formats.elements import ISO_NAMESPACE
from certs.formats.mso import LIMITS
from certs.formats.reader_auth import Asked, Wanted
from certs.formats.session_transcript import SessionTranscript, proximity
from certs.trust import Reader, Right, TrustList, TrustStore
from certs.x509 import Usage
from tests.certs.formats.mdocs import OURS
from tests.world import DAY, NOW, Desk, World

WORLD = World()
MDL = "org.iso.18013.5.1.mDL"
BANK = WORLD.desk("reader", Usage.READER)
TRANSCRIPT = proximity(engagement=cbor.embedded(b"\xa0"), reader_key=cbor.embedded(b"\xa1\1\2"), handover=b"\xf6")
WANTED: Wanted = {OURS: {"full_name": True, "portrait": False}, ISO_NAMESPACE: {"birth_date": False}}
_RIGHT = Right("driving_licence", (), ("full_name", "birth_date", "portrait"))
STORE = TrustStore(
    (WORLD.root.certificate,),
    TrustList(
        1,
        NOW,
        NOW + 30 * DAY,
        WORLD.services(),
        readers=(
            Reader(
                organisation="bank",
                name=Text("Ngân hàng Thử nghiệm", "Test bank"),
                purpose=Text("Mở tài khoản", "Opening an account"),
                rights=(_RIGHT,),
                certificates=(BANK.certificate,),
                since=NOW - DAY,
            ),
        ),
    ),
)


def request(elements: Wanted, *, desk: Desk = BANK, transcript: SessionTranscript = TRANSCRIPT) -> bytes:
    return reader_auth.request(MDL, elements, transcript=transcript, signer=desk.signer, chain=(desk.certificate,))


def asked(
    data: bytes, *, transcript: SessionTranscript = TRANSCRIPT, trust: TrustStore = STORE, now: int = NOW
) -> tuple[Asked, ...]:
    return reader_auth.read(data, transcript=transcript, trust=trust, now=now)


def one(data: bytes, **how: Any) -> Asked:
    (only,) = asked(data, **how)
    return only


def edited(data: bytes, change: Callable[[list[Any]], Any]) -> bytes:
    """The request after `change` did something to its readerAuth."""
    value = cbor.decode(data, LIMITS)
    change(value["docRequests"][0]["readerAuth"])
    return cbor.encode(value)

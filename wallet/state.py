"""How a document stands: valid, expiring, expired, suspended, locked, revoked, or not known now.

Spec: draft-ietf-oauth-status-list-20 §7.1, §8.3.
"""

from dataclasses import dataclass
from enum import StrEnum

from certs.catalogue import Text
from certs.errors import CertsError, Revoked
from certs.status import StatusLists
from wallet.formats import glance
from wallet.model import Copy

DAY = 86_400
EXPIRING_DAYS = 14  # from when on the person is told
SHORT_LIVED_SHARE = 4  # a copy that lives for days only is told of in its last quarter


class Standing(StrEnum):
    VALID = "valid"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    SUSPENDED = "suspended"
    LOCKED = "locked"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class State:
    standing: Standing
    word: Text

    @property
    def look(self) -> str:
        """The class of `base.css` that gives it colour and sign."""
        if self.standing is Standing.VALID:
            return "good"
        return "unsure" if self.standing in {Standing.EXPIRING, Standing.UNKNOWN} else "bad"


_BY_CODE = {
    "suspended": State(Standing.SUSPENDED, Text("Đang tạm đình chỉ", "Suspended")),
    "holder_locked": State(Standing.LOCKED, Text("Đã khóa", "Locked")),
}
_REVOKED = State(Standing.REVOKED, Text("Đã thu hồi", "Revoked"))
_EXPIRED = State(Standing.EXPIRED, Text("Đã hết hạn, hãy cập nhật", "Expired, refresh it"))
VALID = State(Standing.VALID, Text("Còn hiệu lực", "Valid"))
_UNKNOWN = State(Standing.UNKNOWN, Text("Chưa biết trạng thái (mất kết nối)", "State not known now (no connection)"))


def state_of(copy: Copy, statuses: StatusLists | None, *, now: int) -> State:
    """`statuses` is None when no bundle is at hand. Expiry is known without it; the rest is not."""
    if copy.expires <= now:
        return _EXPIRED
    if statuses is None:
        return _UNKNOWN
    reference = glance(copy.format, copy.credential).status
    if reference is None:
        return _UNKNOWN
    try:
        statuses.check(*reference, now=now)
    except Revoked as error:
        return _BY_CODE.get(error.code, _REVOKED)
    except CertsError:
        return _UNKNOWN
    left = copy.expires - now
    if left < min(EXPIRING_DAYS * DAY, (copy.expires - copy.issued) // SHORT_LIVED_SHARE):
        days = -(-left // DAY)
        return State(Standing.EXPIRING, Text(f"Hết hạn sau {days} ngày", f"Expires in {days} day{'s' * (days > 1)}"))
    return VALID

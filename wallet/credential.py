"""Ask an issuer for copies of one document, ask again for what it promised, tell it what became of them.

Spec: OpenID4VCI 1.0 §8 (credential), §9 (deferred), §10 (encryption), §11 (notification); RFC 9449 §7
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any

from certs.errors import CertsError
from certs.fetch import Response
from certs.log import event
from certs.proof import KEY_PROOF_SKEW
from wallet import dpop
from wallet.encrypted import opened, sealed
from wallet.errors import WalletError
from wallet.formats import FORMATS
from wallet.issuer import Access, Place, answer_of, error_of, send
from wallet.ports import Web

ID_LIMIT = 1_024  # characters of the names that an issuer gives to its answers
SHORTEST, LONGEST = 30, 7 * 86_400  # seconds until an issuer is asked again, whatever it says

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Arrived:
    """Copies, unverified; and by what name the issuer wants to hear of them."""

    credentials: tuple[bytes, ...] = field(repr=False)
    notification: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Promise:
    """Copies that will come, and how many seconds to wait before asking for them."""

    transaction: str = field(repr=False)
    interval: int


class Happened(StrEnum):
    """§11.1: what became of what an issuer gave."""

    ACCEPTED = "credential_accepted"
    FAILED = "credential_failure"
    DELETED = "credential_deleted"


def request(
    place: Place, access: Access, configuration: str, format_: str, proofs: Sequence[str], *, web: Web, now: int
) -> Arrived | Promise:
    """Ask for a copy for each of these keys (§8.2)."""
    identifier = access.identifiers.get(configuration)
    named = (
        {"credential_configuration_id": configuration} if identifier is None else {"credential_identifier": identifier}
    )
    body = {**named, "proofs": {"jwt": list(proofs)}}
    return _ask(place.credential, place, access, body, format_, len(proofs), web=web, now=now)


def ask_again(
    place: Place, access: Access, transaction: str, format_: str, most: int, *, web: Web, now: int
) -> Arrived | Promise:
    """Ask for what was promised (§9.1): `most` copies."""
    if place.deferred is None:
        raise WalletError("promise_gone", "the issuer has no deferred credential endpoint")
    answer = _ask(
        place.deferred, place, access, {"transaction_id": transaction}, format_, most, web=web, now=now, later=True
    )
    if isinstance(answer, Promise) and answer.transaction != transaction:  # §9.2
        raise WalletError("issuer_refused", "a promise of something else")
    return answer


def tell(place: Place, access: Access, names: Iterable[str], what: Happened, *, web: Web, now: int) -> None:
    """A courtesy: whatever comes of it stops nothing, and one that does not answer is not asked a second time."""
    try:
        for name in names if place.notification is not None else ():
            body = {"notification_id": name, "event": str(what)}
            _post(place.notification or "", access, web=web, now=now, json=body)
    except WalletError as error:
        event(log, logging.INFO, "notification_not_sent", code=error.code, cause=error.detail)


def _ask(
    endpoint: str,
    place: Place,
    access: Access,
    body: Mapping[str, Any],
    format_: str,
    most: int,
    *,
    web: Web,
    now: int,
    later: bool = False,
) -> Arrived | Promise:
    if place.encryption is None:
        response, key = _post(endpoint, access, web=web, now=now, json=body), None
    else:
        token, key = sealed(body, place.encryption)
        response = _post(endpoint, access, web=web, now=now, jwt=token)
    if response.status not in (200, 202):
        raise _refusal(response, later=later, now=now)
    answer = answer_of(response) if key is None else opened(response, key)
    return _arrived(answer, format_, most) if response.status == 200 else _promise(answer, place)


def _post(endpoint: str, access: Access, *, web: Web, now: int, **body: Any) -> Response:
    return send(lambda: dpop.post(endpoint, key=access.key, web=web, now=now, token=access.token, **body))


def _refusal(response: Response, *, later: bool, now: int) -> WalletError:
    """A refusal is never encrypted (§8.3.1.2). Of a promise it matters whether there is any use in asking again."""
    error = "invalid_token" if later and response.status == 401 else error_of(response)
    if error == "credential_request_denied":  # §8.3.1.2: asking again would not help
        code = "issuer_denied"
    elif later and error in ("invalid_transaction_id", "invalid_token"):
        code = "promise_gone" if error == "invalid_transaction_id" else "right_expired"
    elif error == "invalid_proof" and _of_another_time(response, now):  # we looked at all else of it before
        code = "clock_wrong"
    else:
        code = "issuer_refused"
    return WalletError(code, f"credential: {response.status} {error}")


def _of_another_time(response: Response, now: int) -> bool:
    """By the clock of whoever answered (RFC 9110 §6.6.1), as far as it tells."""
    try:
        return abs(parsedate_to_datetime(response.headers.get("date", "")).timestamp() - now) > KEY_PROOF_SKEW
    except (ValueError, TypeError, OverflowError):
        return False


def _arrived(answer: Mapping[str, Any], format_: str, most: int) -> Arrived:
    credentials = answer.get("credentials")
    # §8.3: as many as keys were sent, or fewer.
    if not isinstance(credentials, list) or not 1 <= len(credentials) <= most or "transaction_id" in answer:
        raise WalletError("issuer_refused", f"not between one and {most} credentials")
    try:
        arrived = tuple(FORMATS[format_].arrived(each["credential"]) for each in credentials)
    except (CertsError, AttributeError, KeyError, TypeError) as error:
        raise WalletError("issuer_refused", "credential is not in its form") from error
    named = answer.get("notification_id")
    return Arrived(arrived, named if _is_name(named) else None)


def _promise(answer: Mapping[str, Any], place: Place) -> Promise:
    transaction, interval = answer.get("transaction_id"), answer.get("interval")
    if not _is_name(transaction) or "credentials" in answer or place.deferred is None:
        raise WalletError("issuer_refused", "202 without a promise that can be kept")
    if type(interval) is not int or interval < 1:  # §8.3: REQUIRED, a positive number
        raise WalletError("issuer_refused", "interval")
    return Promise(str(transaction), min(max(interval, SHORTEST), LONGEST))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= ID_LIMIT

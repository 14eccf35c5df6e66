"""Approve a log-in on another screen, or refuse it: ask the provider what is asked, show it, take back what was decided.

Spec: RFC 10027 (cross-device flows); `certs/device.py` (the proofs that the device signs); attacks QL-01 to QL-11.

The provider decides; what it says is checked only as far as a person looks at it, and where it sends the browser to. A
log-in on another screen is shown to who has scanned its code, and never to who has followed a link: a link in a message is
the easiest way to have a stranger's log-in approved. A log-in in this browser comes by link alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from certs import device
from certs.catalogue import Text
from certs.encoding import safe_text
from certs.errors import CertsError
from certs.fetch import Response
from certs.keys import Signer
from wallet.device import PASSCODE
from wallet.errors import WalletError
from wallet.issuer import answer_of, error_of, post
from wallet.ports import Web
from wallet.words import tries, waiting

NAME_LIMIT, LINE_LIMIT, HOST_LIMIT, THINGS_LIMIT = 120, 300, 253, 40
NUMBERS = 3
PAGE_LIMIT = 2_048  # characters of an address to go on to
_CODES = {
    "not_found": "approval_gone",
    "number_mismatch": "number_mismatch",
    "invalid_proof": "signature_refused",
    "unknown_device": "device_unknown",
}
_NUMBER = re.compile(r"[1-9][0-9]", re.ASCII)
_HOST = re.compile(r"[a-z0-9.-]+(:[0-9]{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for what, from where, since when. Without `numbers` it is asked in this very browser."""

    client: Text
    host: str
    purpose: Text
    asks_for: tuple[Text, ...]
    place: str
    device: str
    asked_at: int
    expires: int
    same_device: bool
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    approved: bool
    redirect_to: str | None = None  # where a browser that asked by itself goes on


def view(issuer: str, request: str, proof: str, *, scanned: bool, web: Web) -> Asking:
    """What is asked, for the device that signed `proof`. Raises WalletError."""
    response = post(f"{issuer}/approvals/view", {"request": request, "proof": proof}, web=web)
    if response.status != 200:
        raise _refusal(response)
    try:
        asking = _asking(answer_of(response))
    except (CertsError, KeyError, TypeError, ValueError) as error:
        raise WalletError("issuer_refused", f"approvals/view: {error}") from error
    if asking.same_device == scanned:
        raise WalletError("approval_by_scan" if scanned else "approval_by_link", "came the wrong way")
    return asking


def decide(issuer: str, request: str, proof: str, *, passcode: str | None, web: Web) -> Outcome:
    """`passcode` goes with an approval only. Raises WalletError: the asking goes on after `passcode_wrong` alone."""
    if passcode is not None and not PASSCODE.fullmatch(passcode):
        raise WalletError("passcode_form", "passcode")
    body = {"request": request, "proof": proof, **({} if passcode is None else {"passcode": passcode})}
    response = post(f"{issuer}/approvals/decision", body, web=web)
    if response.status != 200:
        raise _refusal(response)
    told = answer_of(response)
    outcome, address = told.get("outcome"), told.get("redirect_to")
    if outcome not in {"approved", "denied"} or (outcome == "approved") != (passcode is not None):
        raise WalletError("issuer_refused", "approvals/decision: outcome")
    return Outcome(outcome == "approved", None if address is None else _own_page(address, issuer))


@dataclass(frozen=True, slots=True)
class Holder:
    """A phone whose key signs in this process: kiosks and tests. In life the key lies in a browser."""

    signer: Signer
    issuer: str
    web: Web

    def view(self, request: str, *, scanned: bool, now: int) -> Asking:
        about = {"audience": self.issuer, "request": request, "jti": device.new_id()}
        return view(
            self.issuer, request, device.sign_view(self.signer, **about, now=now), scanned=scanned, web=self.web
        )

    def approve(self, request: str, *, number: str | None, passcode: str, now: int) -> Outcome:
        proof = self._decided(request, approve=True, number=number, now=now)
        return decide(self.issuer, request, proof, passcode=passcode, web=self.web)

    def deny(self, request: str, *, now: int) -> Outcome:
        return decide(self.issuer, request, self._decided(request, approve=False, now=now), passcode=None, web=self.web)

    def _decided(self, request: str, *, approve: bool, number: str | None = None, now: int) -> str:
        about = {"audience": self.issuer, "request": request, "jti": device.new_id()}
        return device.sign_decision(self.signer, **about, approve=approve, number=number, now=now)


def _refusal(response: Response) -> WalletError:
    error = error_of(response)
    detail = f"approvals: {response.status} {error}"
    if response.status == 429:
        return WalletError("too_many_tries", detail, fill=waiting(response.headers.get("retry-after")))
    if error == "passcode_wrong":
        left = answer_of(response).get("tries_left")
        return WalletError("passcode_spent" if left == 0 else "passcode_wrong", detail, fill=tries(left))
    return WalletError(_CODES.get(error, "issuer_refused"), detail)


def _asking(told: Mapping[str, Any]) -> Asking:
    numbers = tuple(told.get("numbers") or ())
    same_device = told["same_device"]
    if not isinstance(same_device, bool):
        raise TypeError("same_device")
    wanted = 0 if same_device else NUMBERS
    if not len(numbers) == len(set(numbers)) == wanted or not all(map(_NUMBER.fullmatch, numbers)):
        raise ValueError("numbers")
    host, things = told["host"], told["asks_for"]
    if not isinstance(host, str) or len(host) > HOST_LIMIT or not _HOST.fullmatch(host):
        raise ValueError("host")
    if not isinstance(things, list) or len(things) > THINGS_LIMIT:
        raise ValueError("asks_for")
    return Asking(
        client=_said(told["client"], NAME_LIMIT),
        host=host,
        purpose=_said(told["purpose"], LINE_LIMIT),
        asks_for=tuple(_said(each, NAME_LIMIT) for each in things),
        place=safe_text(_string(told["place"]), limit=NAME_LIMIT),
        device=safe_text(_string(told["device"]), limit=NAME_LIMIT),
        asked_at=_moment(told["asked_at"]),
        expires=_moment(told["expires"]),
        same_device=same_device,
        numbers=numbers,
    )


def _own_page(address: object, issuer: str) -> str:
    """A page of the provider itself: anything else would turn an approval into a way to lead people astray."""
    if not isinstance(address, str) or len(address) > PAGE_LIMIT or not address.startswith(f"{issuer}/"):
        raise WalletError("issuer_untrusted", "redirect_to")
    if not re.fullmatch(r"[\x21-\x5b\x5d-\x7e]+", address.removeprefix(issuer), re.ASCII):
        raise WalletError("issuer_untrusted", "redirect_to")
    return address


def _said(value: Any, limit: int) -> Text:
    return Text(safe_text(_string(value["vi"]), limit=limit), safe_text(_string(value["en"]), limit=limit))


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not text")
    return value


def _moment(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("not a time")
    return value

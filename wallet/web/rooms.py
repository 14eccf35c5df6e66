"""What the wallet's pages stand on: settings, wallet, trust, sign-in, clock. Kept by the application, found by `rooms()`."""

from collections.abc import Callable
from dataclasses import dataclass

import flask

from wallet.config import Config
from wallet.login import SignIn
from wallet.phone import Phone
from wallet.trust import TrustKeeper
from wallet.wallet import Wallet


@dataclass(frozen=True, slots=True)
class Rooms:
    config: Config
    wallet: Wallet
    phone: Phone
    trust: TrustKeeper
    sign_in: SignIn
    clock: Callable[[], int]  # Unix seconds


def rooms() -> Rooms:
    found: Rooms = flask.current_app.extensions["wallet"]
    return found

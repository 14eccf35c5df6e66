"""Anchors of foreign documents from files: one by one, as the command is given them, or a folder that lists what is in it.

Spec: TOML 1.0; X.509 certificates (PEM, DER); JWK sets and card revocation lists of the SMART Health Cards Framework 1.4.

    # anchors.toml, in the folder; every line but the first anchor may be left out
    as_of = 2026-03-01                      # when they were obtained: told with each verdict
    until = 2026-09-01                      # from then on they say neither yes nor no
    accept = ["eu_dcc.vaccination", "shc"]  # nothing else; without it, each framework that has anchors here
    signers = ["at.pem", "de.der"]          # document signers (EU DCC)

    [issuers."https://clinic.example/cards"]
    keys = "clinic.jwks.json"
    revocations = ["clinic.crl.json"]
"""

import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from cryptography import x509

from certs.encoding import json_decode
from certs.errors import CertsError
from verifier.foreign import dcc, shc
from verifier.foreign.model import Anchors, Framework
from verifier.foreign.reader import Foreign, Report

FILE = "anchors.toml"
LIMIT = 4 * 1024 * 1024  # bytes of a file: the signers of all countries in one have two
_PEM = b"-----BEGIN "
_MEMBERS = frozenset({"as_of", "until", "accept", "signers", "issuers"})
_OF_AN_ISSUER = frozenset({"keys", "revocations"})
_BEGINNINGS = {dcc.PREFIX: Framework.EU_DCC, shc.PREFIX: Framework.SMART_HEALTH_CARD}


class AnchorsError(Exception):
    """A file of anchors is missing or is none; the text says which."""


@dataclass(frozen=True, slots=True)
class Door:
    """The anchors in hand, and the kinds that are taken here."""

    foreign: Foreign
    accept: tuple[str, ...]

    @property
    def frameworks(self) -> tuple[Framework, ...]:
        """Those of which something is taken."""
        named = {each.partition(".")[0] for each in self.accept}
        return tuple(each.framework for each in self.foreign.anchors if each.framework in named)

    def inspect(self, text: str, framework: str = "") -> Report:
        """As `Foreign.inspect`; where one framework is meant, of the others nothing is taken."""
        return self.foreign.inspect(text, accept=tuple(each for each in self.accept if each.startswith(framework)))


def framework_of(text: str) -> Framework | None:
    """By what it begins with, whether there are anchors for it or not."""
    return next((each for prefix, each in _BEGINNINGS.items() if text.startswith(prefix)), None)


def from_folder(folder: Path, *, clock: Callable[[], float] = time.time) -> Door:
    """Raises AnchorsError."""
    told = _table(folder / FILE)
    _only(told, _MEMBERS, FILE)
    as_of, until = (_moment(told.get(name), name) for name in ("as_of", "until"))
    signers = tuple(each for name in _names(told, "signers") for each in read_signers(folder / name))
    issuers = tuple(_issuer(folder, url, entry) for url, entry in _tables(told, "issuers").items())
    door = together(signers, issuers, as_of=as_of, until=until)
    accept = _names(told, "accept") if "accept" in told else tuple(each.framework.value for each in door)
    foreign = Foreign(door, clock)
    try:
        foreign.inspect("", accept=accept)
    except ValueError as error:
        raise AnchorsError(f"{folder / FILE}: {error}") from error
    return Door(foreign, accept)


def together(
    signers: tuple[dcc.Signer, ...],
    issuers: tuple[shc.Issuer, ...],
    *,
    as_of: int | None = None,
    until: int | None = None,
) -> tuple[Anchors, ...]:
    """One entry for each framework of which there is any."""
    dccs = (dcc.Anchors(signers, as_of, until),) if signers else ()
    return (*dccs, *((shc.Anchors(issuers, as_of, until),) if issuers else ()))


def read_signers(path: Path) -> tuple[dcc.Signer, ...]:
    """Certificates of document signers: any number in PEM, or one in DER. Raises AnchorsError."""
    data = _bytes(path)
    try:
        pem = data.lstrip().startswith(_PEM)
        found = x509.load_pem_x509_certificates(data) if pem else [x509.load_der_x509_certificate(data)]
        return tuple(dcc.Signer(each) for each in found)
    except (ValueError, CertsError) as error:
        raise AnchorsError(f"{path}: no certificate of a document signer ({error})") from error


def read_issuer(url: str, keys: Path, revocations: tuple[Path, ...] = ()) -> shc.Issuer:
    """An issuer of health cards with its JWK set. Raises AnchorsError."""
    jwks, lists = _json(keys), tuple(map(_json, revocations))
    try:
        return shc.Issuer(url, jwks, lists)
    except (ValueError, CertsError) as error:
        raise AnchorsError(f"{url} {keys}: {error}") from error


def _issuer(folder: Path, url: str, entry: object) -> shc.Issuer:
    if not isinstance(entry, dict) or not isinstance(entry.get("keys"), str):
        raise AnchorsError(f"{FILE}: issuers: {url}: keys: the name of a file is needed")
    _only(entry, _OF_AN_ISSUER, f"{FILE}: issuers: {url}")
    lists = tuple(folder / name for name in _names(entry, "revocations"))
    return read_issuer(url, folder / entry["keys"], lists)


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_bytes(path).decode("utf-8"))
    except ValueError as error:  # of UTF-8, and of TOML
        raise AnchorsError(f"{path}: {error}") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json_decode(_bytes(path))
    except CertsError as error:
        raise AnchorsError(f"{path}: not JSON ({error})") from error
    if not isinstance(value, dict):
        raise AnchorsError(f"{path}: not a JSON object")
    return value


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
    except OSError as error:
        raise AnchorsError(f"{path}: {error.strerror}") from error
    if len(data) > LIMIT:
        raise AnchorsError(f"{path}: longer than {LIMIT} bytes")
    return data


def _only(told: Mapping[str, object], known: frozenset[str], where: str) -> None:
    if others := sorted(told.keys() - known):  # a word that is not known may be a misspelt `until`
        raise AnchorsError(f"{where}: {others[0]}: no such name; known: {', '.join(sorted(known))}")


def _tables(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = told.get(name, {})
    if not isinstance(value, dict):
        raise AnchorsError(f"{FILE}: {name}: a table is needed")
    return value


def _names(told: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = told.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise AnchorsError(f"{FILE}: {name}: a list of names is needed")
    return tuple(value)


def _moment(value: object, name: str) -> int | None:
    """A day is its first second, in UTC; a time says itself of which zone."""
    if value is None:
        return None
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return int(value.timestamp())
    elif isinstance(value, date):
        return int(datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp())
    raise AnchorsError(f"{FILE}: {name}: a day, or a time with its zone, is needed")

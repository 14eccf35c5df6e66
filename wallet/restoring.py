"""What a backup holds, and how a wallet takes it back: names of documents to be issued anew, and the history. No keys, and
nothing that could be shown.

Spec: `wallet/backup.md` (the contents). Restoring is one transaction: killed in the middle it did nothing, done twice it
adds nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from certs.catalogue import CATALOGUE
from certs.encoding import json_decode, json_encode
from certs.errors import CertsError
from wallet import history
from wallet.backup import FILE_LIMIT
from wallet.chain import RESTORED, Checked, check, identity
from wallet.errors import WalletError
from wallet.issuer import RENEWAL_LIMIT
from wallet.model import Awaited, Document, Entry, Head, Linked
from wallet.present import lead
from wallet.receive import distinguished
from wallet.wallet import Wallet, awaited_id, is_of

VERSION = 1
DOCUMENTS_LIMIT = 200
_TEXT = 1_024  # characters of any text in it
_MANY = 200  # names in one line of history


@dataclass(frozen=True, slots=True)
class Contents:
    made: int
    pid: str | None = field(repr=False)  # whose it is, where that wallet knew
    documents: tuple[Awaited, ...]
    lines: tuple[Linked, ...]

    @property
    def checked(self) -> Checked:
        """Whether the chain held when the backup was made."""
        return check(self.lines, Head(self.lines[-1].place, self.lines[-1].link) if self.lines else None)


@dataclass(frozen=True, slots=True)
class Restored:
    """For each document of the backup whether the wallet holds it already; how many lines were new; whether their chain held."""

    documents: tuple[tuple[Awaited, bool], ...]
    lines: int
    checked: Checked


# --- out ----------------------------------------------------------------------------------------------------------------


def gather(wallet: Wallet, owner: str, *, pid: str | None, now: int) -> Contents:
    """Everything of one person, with the line that says so: the last of the backup's own history."""
    with wallet.storage.transaction() as ports:
        ports.documents.alone(owner)
        ports.history.append(owner, history.exported("backup", now=now))
        held = tuple(map(_named, wallet.documents_in(ports, owner)))
        return Contents(now, pid, held + wallet.awaited_in(ports, owner), ports.history.chain(owner)[0])


def write(contents: Contents) -> bytes:
    return json_encode(
        {
            "version": VERSION,
            "made": contents.made,
            "pid": contents.pid,
            "documents": [asdict(each) for each in contents.documents],
            "history": [line_as_json(line) for line in contents.lines],
        }
    )


def line_as_json(line: Linked) -> dict[str, Any]:
    entry = line.entry
    told = {"at": entry.at, "details": dict(entry.details), "kind": str(entry.kind)}
    return {**told, "place": line.place, "link": line.link.hex()}


def _named(document: Document) -> Awaited:
    return Awaited(
        document_id=document.document_id,
        type=document.type,
        credential_issuer=document.credential_issuer,
        issuer=lead(document).issuer,
        configurations=tuple(dict.fromkeys(copy.configuration for copy in document.copies)),
        expires=max(copy.expires for copy in document.copies),
        about=distinguished(document),
        renewal=document.renewal,
    )


# --- in -----------------------------------------------------------------------------------------------------------------


def read(content: bytes) -> Contents:
    """Who sealed it knew the passphrase, and that is all: each member is looked at. Raises WalletError."""
    try:
        found = json_decode(content, limit=FILE_LIMIT)
        if found["version"] != VERSION:
            raise WalletError("backup_newer", "contents of another version")
        documents, lines = found["documents"], found["history"]
        _must(isinstance(documents, list) and len(documents) <= DOCUMENTS_LIMIT and isinstance(lines, list))
        _must(found["pid"] is None or re.fullmatch(r"[0-9]{12}", found["pid"], re.ASCII) is not None)
        awaited, linked = tuple(map(_awaited, documents)), read_lines(lines)
        return Contents(_time(found["made"]), found["pid"], awaited, linked)
    except (CertsError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise WalletError("backup_malformed", f"contents: {type(error).__name__}") from error


def read_lines(lines: list[Any]) -> tuple[Linked, ...]:
    """Raises what a wrong shape raises: KeyError, TypeError, ValueError, AttributeError."""
    return tuple(_line(each) for each in lines)


def restore(wallet: Wallet, owner: str, contents: Contents, *, pid: str | None, now: int) -> Restored:
    """`pid` is whose the wallet is; the backup must be theirs. Documents that are here already stay as they are."""
    if contents.pid != pid:
        raise WalletError("backup_of_another", "another pid")
    with wallet.storage.transaction() as ports:
        ports.documents.alone(owner)
        held, waiting = wallet.documents_in(ports, owner), wallet.awaited_in(ports, owner)
        known = {awaited_id(owner, each) for each in waiting}
        told: list[tuple[Awaited, bool]] = []
        for each in contents.documents:
            here = any(each.document_id == one.document_id or is_of(each, one) for one in held)
            if not here and awaited_id(owner, each) not in known:
                ports.awaited.keep(wallet.seal_awaited(owner, each, now=now))
                known.add(awaited_id(owner, each))
            told.append((each, here))
        there = {identity(line) for line in ports.history.chain(owner)[0]}
        fresh = [line for line in contents.lines if identity(line) not in there]
        ports.history.append(owner, *map(_again, fresh))
        ports.history.append(owner, history.restored(lines=len(fresh), documents=len(told), now=now))
    return Restored(tuple(told), len(fresh), contents.checked)


def _again(line: Linked) -> Entry:
    """In a chain of its own it has another place and hash; the line keeps those that it had first."""
    details = dict(line.entry.details)
    details.setdefault(RESTORED, {"place": line.place, "link": line.link.hex()})
    return Entry(line.entry.at, line.entry.kind, details)


def _awaited(found: Mapping[str, Any]) -> Awaited:
    configurations, renewal = found["configurations"], found["renewal"]
    _must(found["type"] in CATALOGUE and isinstance(configurations, list) and 1 <= len(configurations) <= _MANY)
    _must(renewal is None or (_is_text(renewal, RENEWAL_LIMIT) and bool(renewal)))
    _must(all(map(_is_text, configurations)))
    for name in ("document_id", "credential_issuer", "issuer", "about"):
        _must(_is_text(found[name]))
    return Awaited(**{**found, "configurations": tuple(configurations), "expires": _time(found["expires"])})


def _line(found: Mapping[str, Any]) -> Linked:
    details, kind, link, place = found["details"], found["kind"], found["link"], found["place"]
    _must(isinstance(details, dict) and all(_is_text(name) and _is_detail(value) for name, value in details.items()))
    _must(isinstance(details.get("type", ""), str))
    _must(all(isinstance(details.get(name, []), list) for name in ("views", "formats", "claims")))
    _must(re.fullmatch(r"[a-z_]{1,32}", kind, re.ASCII) is not None)
    _must(re.fullmatch(r"[0-9a-f]{64}", link, re.ASCII) is not None)
    _must(type(place) is int and 0 < place < 1 << 31)
    return Linked(place, Entry(_time(found["at"]), kind, details), bytes.fromhex(link))


def _is_detail(value: Any) -> bool:
    """What the rules of `wallet.history` write: a word, a number, names, or a few named words."""
    if isinstance(value, list):
        return len(value) <= _MANY and all(map(_is_text, value))
    if isinstance(value, dict):
        return len(value) <= 8 and all(_is_text(name) and _is_simple(each) for name, each in value.items())
    return _is_simple(value)


def _is_simple(value: Any) -> bool:
    return _is_text(value) or type(value) is bool or (type(value) is int and abs(value) < 1 << 53)


def _is_text(value: Any, limit: int = _TEXT) -> bool:
    return isinstance(value, str) and len(value) <= limit and value.isprintable()


def _time(value: Any) -> int:
    _must(type(value) is int and 0 <= value < 1 << 37)
    return int(value)


def _must(holds: bool) -> None:
    if not holds:
        raise ValueError

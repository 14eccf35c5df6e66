"""What is kept, as text: the sign-in under way with where it leads, and the session with its end."""

from dataclasses import asdict, replace
from typing import Any

from certs.encoding import json_decode, json_encode
from certs.keys import MemorySigner
from verifier.login.begin import Pending
from verifier.login.person import SignedIn, Tokens
from verifier.login.provider import DPOP
from verifier.login.step_up import Need


def pending_text(pending: Pending, after: str) -> str:
    return json_encode({**_plain(pending, pending.key), "after": after}).decode()


def pending_of(text: str) -> tuple[Pending, str]:
    members: dict[str, Any] = json_decode(text)
    after, need = members.pop("after"), members.pop("need")
    need["levels"] = tuple(need["levels"])
    return Pending(**{**members, "key": _key(members["key"]), "need": Need(**need)}), after


def session_text(person: SignedIn, until: int) -> str:
    tokens = None if person.tokens is None else _plain(person.tokens, person.tokens.key)
    kept = asdict(replace(person, tokens=None)) | {"tokens": tokens, "claims": dict(person.claims), "until": until}
    return json_encode(kept).decode()


def session_of(text: str) -> tuple[SignedIn, int]:
    members: dict[str, Any] = json_decode(text)
    until = members.pop("until")
    if members["tokens"] is not None:
        members["tokens"] = Tokens(**{**members["tokens"], "key": _key(members["tokens"]["key"])})
    return SignedIn(**{**members, "amr": tuple(members["amr"])}), until


def _plain(value: Pending | Tokens, key: MemorySigner | None) -> dict[str, Any]:
    return asdict(replace(value, key=None)) | {"key": None if key is None else key.pem().decode()}


def _key(pem: str | None) -> MemorySigner | None:
    return None if pem is None else MemorySigner.from_pem(pem.encode(), DPOP)

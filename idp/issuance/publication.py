"""What the provider publishes for verifiers: status lists, the trust list, and the offline bundle of both.

Each is signed when it is asked for and kept until its content changes or it grows old. Of the bundle there is one at a
time for all processes: its sequence number is drawn and its bytes are shared in one transaction, since a verifier takes
two bundles of one number, or an older one after a newer, for an attack.

Spec: Token Status List (draft-ietf-oauth-status-list-20) §8.1, §8.2 (media types, HTTP); ETSI TS 119 602; `certs/bundle.py`.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from certs import bundle as bundles
from certs.encoding import b64url_decode, b64url_encode
from certs.status import sign_cwt, sign_jwt
from idp.issuance import status
from idp.issuance.signers import BUNDLE, STATUS, Signers
from idp.ports import Ports, Storage

STATUS_CWT = "application/statuslist+cwt"
STATUS_JWT = "application/statuslist+jwt"
TRUST_LIST_TYPE = "application/jose"
BUNDLE_TYPE = "application/cose"
BUNDLE_RENEWED = 300  # seconds: how old its times may grow while nothing changes
BUNDLE_LIFETIME = 7 * 24 * 3600  # its status lists go stale before; certificates and trust list last a week offline
SEQUENCE = "bundle"


@dataclass(frozen=True, slots=True)
class Published:
    """Ready bytes. `max_age` in seconds; 0 means: ask each time, with the ETag."""

    media_type: str
    body: bytes
    max_age: int


@dataclass(frozen=True, slots=True)
class _Kept:
    content: str  # what the bytes were made of, in short
    renew_at: int
    sequence: int
    published: Published


class Publisher:
    """Holds the keys, the files of the nation and what was signed last."""

    def __init__(
        self, storage: Storage, *, issuer: str, signers: Signers, root: x509.Certificate, trust_list: Path
    ) -> None:
        self._storage = storage
        self._issuer = issuer
        self._signers = signers
        self._root = root
        self._trust_list = trust_list
        self._lists: dict[tuple[int, str], _Kept] = {}
        self._bundle: _Kept | None = None

    def trust_list(self) -> Published:
        """The file as the operator of the trust scheme signed it."""
        return Published(TRUST_LIST_TYPE, self._trust_list.read_bytes(), status.STEP)

    def status_list(self, number: int, media_type: str, *, now: int) -> Published:
        """Raises KeyError for a number without a list."""
        with self._storage.reading() as ports:
            version, current = status.current(ports, number, issuer=self._issuer, now=now)
        content = f"{version}:{current.issued}"
        kept = self._lists.get((number, media_type))
        if kept is None or kept.content != content:
            held = self._signers.of(STATUS)
            sign = sign_jwt if media_type == STATUS_JWT else sign_cwt
            token = sign(current, held.signer, (held.certificate,))
            body = token.encode("ascii") if isinstance(token, str) else token
            kept = _Kept(content, 0, 0, Published(media_type, body, status.STEP))
            self._lists[number, media_type] = kept
        return kept.published

    def bundle(self, *, now: int) -> Published:
        trust_list = self._trust_list.read_text("ascii")
        with self._storage.reading() as ports:
            kept = self._bundle
            if kept is not None and _is_current(kept, ports, trust_list, now):
                return kept.published
        with self._storage.transaction() as ports:  # one process signs, the others take what it signed
            kept = _shared(ports, now)
            if kept is None or not _is_current(kept, ports, trust_list, now):
                kept = self._sign_bundle(ports, trust_list, now)
        self._bundle = kept
        return kept.published

    def _sign_bundle(self, ports: Ports, trust_list: str, now: int) -> _Kept:
        held, lists = self._signers.of(BUNDLE), self._signers.of(STATUS)
        # In this order: the number first, since whoever gets the next one waits for us here and then reads what is newer; and
        # what we say it holds before what it holds, so that a change in between makes it out of date and not unseen.
        sequence = ports.publications.next_sequence(SEQUENCE)
        content = _content(ports, trust_list)
        current = status.all_current(ports, issuer=self._issuer, now=now)
        raw = bundles.build(
            sequence=sequence,
            now=now,
            lifetime=BUNDLE_LIFETIME,
            anchors=(self._root,),
            trust_list=trust_list,
            status_lists={one.uri: sign_cwt(one, lists.signer, (lists.certificate,)) for one in current},
            signer=held.signer,
            chain=(held.certificate,),
        )
        kept = _Kept(content, now + BUNDLE_RENEWED, sequence, Published(BUNDLE_TYPE, raw, 0))
        shared = {"content": kept.content, "renew_at": kept.renew_at, "raw": b64url_encode(raw)}
        ports.ephemeral.put(SEQUENCE, str(sequence), shared, expires=kept.renew_at)
        return kept


def _content(ports: Ports, trust_list: str) -> str:
    return f"{ports.statuses.version()}:{hashlib.sha256(trust_list.encode()).hexdigest()}"


def _is_current(kept: _Kept, ports: Ports, trust_list: str, now: int) -> bool:
    return (
        now < kept.renew_at
        and kept.sequence == ports.publications.current_sequence(SEQUENCE)
        and kept.content == _content(ports, trust_list)
    )


def _shared(ports: Ports, now: int) -> _Kept | None:
    """What the process that signed last left for the others."""
    sequence = ports.publications.current_sequence(SEQUENCE)
    payload = ports.ephemeral.read(SEQUENCE, str(sequence), now=now)
    if payload is None:
        return None
    published = Published(BUNDLE_TYPE, b64url_decode(payload["raw"]), 0)
    return _Kept(payload["content"], int(payload["renew_at"]), sequence, published)

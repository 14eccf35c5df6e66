"""What the provider publishes for verifiers: status lists, trust list, revocation lists, and the offline bundle of them all.

Each is signed when it is asked for and kept until its content changes or it grows old; a change shows after `step` seconds at
most. Of the bundle there is one at a time for all processes: its sequence number is drawn and its bytes are shared in one
transaction, since a verifier takes two bundles of one number, or an older one after a newer, for an attack.

Spec: Token Status List (draft-ietf-oauth-status-list-20) §8.1, §8.2 (media types, HTTP), §9 (aggregation); ETSI TS 119 602;
RFC 2585 §4.2 (revocation lists); `certs/bundle.py`, `certs/delta.py`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import bundle as bundles
from certs import delta
from certs.encoding import json_encode
from certs.status import sign_cwt, sign_jwt
from certs.x509 import load
from idp.issuance import status
from idp.issuance.signers import BUNDLE, STATUS, CertifiedSigner, Signers
from idp.issuance.status import Packed
from idp.model import PublishedBundle, SignedList
from idp.ports import Ports, Storage

STATUS_CWT = "application/statuslist+cwt"
STATUS_JWT = "application/statuslist+jwt"
AGGREGATION_TYPE = "application/json"  # §9.3
TRUST_LIST_TYPE = "application/jose"
BUNDLE_TYPE = "application/cose"
CRL_TYPE = "application/pkix-crl"
BUNDLE_RENEWED = 300  # seconds: how old its times may grow while nothing changes
BUNDLE_LIFETIME = 7 * 24 * 3600  # its status lists go stale before; certificates and trust list last a week offline
REMEMBERED = BUNDLE_LIFETIME  # for as long what changed since a bundle can be told
SEQUENCE = "bundle"


@dataclass(frozen=True, slots=True)
class Published:
    """Ready bytes. `max_age` in seconds; 0 means: ask each time, with the ETag."""

    media_type: str
    body: bytes
    max_age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What the operator of the trust scheme signed offline. A folder that is not there holds nothing."""

    trust_list: Path
    anchors: Path | None = None  # roots, beside the one that we were given
    crls: Path | None = None  # the revocation list of each root
    trust_deltas: Path | None = None  # what leads from earlier trust lists to this one, by their number

    @classmethod
    def of(cls, data: Path) -> "Files":
        """As they lie in the folder of the provider's data."""
        return cls(
            trust_list=data / "trust-list.jwt",
            anchors=data / "anchors",
            crls=data / "crls",
            trust_deltas=data / "trust-list-deltas",
        )

    def delta(self, base: int) -> bytes | None:
        """From the trust list of that number, where it is still known (`certs/trust_delta.py`)."""
        path = None if self.trust_deltas is None else self.trust_deltas / f"{base}.jwt"
        return path.read_bytes() if path is not None and path.exists() else None

    def crl(self, name: str) -> bytes:
        """Raises KeyError."""
        return {path.stem: path.read_bytes() for path in _ders(self.crls)}[name]

    def roots(self, first: x509.Certificate) -> tuple[x509.Certificate, ...]:
        found = (load(path.read_bytes()) for path in _ders(self.anchors))
        others = [each for each in found if each != first and each.subject == each.issuer]
        return (first, *others)


def _ders(folder: Path | None) -> list[Path]:
    found = [] if folder is None or not folder.is_dir() else folder.iterdir()
    return sorted(path for path in found if path.suffix in (".der", ".crl"))


@dataclass(frozen=True, slots=True)
class _Made:
    """Of what a bundle is made, but for the lists."""

    trust_list: str
    roots: tuple[x509.Certificate, ...]
    crls: tuple[bytes, ...]

    def content(self, ports: Ports, *signers: CertifiedSigner) -> str:
        """In short, so that a change of any of it shows."""
        ders = (each.public_bytes(Encoding.DER) for each in (*self.roots, *(held.certificate for held in signers)))
        digest = hashlib.sha256()
        for part in (self.trust_list.encode(), *ders, *self.crls):
            digest.update(hashlib.sha256(part).digest())
        return f"{ports.statuses.version()}:{digest.hexdigest()}"


class Publisher:
    """Holds the keys, the files of the nation and what was signed last."""

    def __init__(
        self,
        storage: Storage,
        *,
        issuer: str,
        signers: Signers,
        root: x509.Certificate,
        files: Files,
        step: int = 0,
    ) -> None:
        """`step`: seconds for which what was published stands, whatever changes; with 0 a change shows at once."""
        self._storage = storage
        self._issuer = issuer
        self._signers = signers
        self._root = root
        self._files = files
        self._step = step
        self._lists: dict[tuple[int, str], tuple[str, Published]] = {}
        self._packed: dict[int, Packed] = {}
        self._bundle: PublishedBundle | None = None
        self._deltas: dict[int, Published] = {}  # to the bundle that is held, by where they begin

    def trust_list(self, base: int | None = None) -> Published:
        """The file as the operator of the trust scheme signed it; or what leads to it from the list of that number. Both say by
        their `typ` what they are."""
        delta = None if base is None else self._files.delta(base)
        return Published(TRUST_LIST_TYPE, delta or self._files.trust_list.read_bytes(), status.STEP)

    def crl(self, name: str) -> Published:
        """Raises KeyError."""
        return Published(CRL_TYPE, self._files.crl(name), status.STEP)

    def aggregation(self) -> Published:
        """§9.3."""
        with self._storage.reading() as ports:
            numbers = ports.statuses.numbers()
        content = {"status_lists": [status.uri(self._issuer, number) for number in numbers]}
        return Published(AGGREGATION_TYPE, json_encode(content), status.STEP)

    def status_list(self, number: int, media_type: str, *, now: int) -> Published:
        """Raises KeyError for a number without a list."""
        grid = self._step or status.STEP
        issued = now - now % grid
        known, published = self._lists.get((number, media_type), ("", None))
        if self._step and published is not None and known.endswith(f":{issued}"):
            return _for_the_rest(published, issued + grid - now)
        with self._storage.reading() as ports:
            one = self._pack(ports, number, ports.statuses.versions()[number])
        content = f"{one.version}:{issued}"
        if published is None or known != content:
            held = self._signers.of(STATUS)
            sign = sign_jwt if media_type == STATUS_JWT else sign_cwt
            told = status.at(one, issuer=self._issuer, issued=issued, ttl=status.ONLINE_TTL)
            token = sign(told, held.signer, (held.certificate,))
            body = token.encode("ascii") if isinstance(token, str) else token
            published = Published(media_type, body, grid)
            self._lists[number, media_type] = content, published
        return _for_the_rest(published, issued + grid - now) if self._step else published

    def bundle(self, *, now: int) -> Published:
        return Published(BUNDLE_TYPE, self._current(now).raw, 0)

    def delta(self, base: int, *, now: int) -> Published:
        """What leads from the bundle of that number to the present one; that one itself where it is not known any more, or
        where the difference would be no smaller. Both say by their `typ` what they are."""
        current = self._current(now)
        made = self._deltas.get(base)
        if made is None:
            with self._storage.reading() as ports:
                known = None if base == current.sequence else ports.publications.manifest(base)
            body = current.raw if known is None else self._delta(known, current)
            made = Published(BUNDLE_TYPE, min(body, current.raw, key=len), 0)
            if self._bundle is current and len(self._deltas) < _DELTAS:
                self._deltas[base] = made
        return made

    def _delta(self, known: bytes, current: PublishedBundle) -> bytes:
        held = self._signers.of(BUNDLE)
        return delta.build(known, current.raw, signer=held.signer, chain=(held.certificate,))

    def _current(self, now: int) -> PublishedBundle:
        made = self._made()
        kept = self._bundle
        with self._storage.reading() as ports:
            if kept is not None and self._is_current(kept, ports, made, now):
                return kept
            newest = ports.publications.newest_bundle()
            if newest is None or not self._is_current(newest, ports, made, now):
                self._pack_due(ports, now)  # the long work, before anybody waits for us
        with self._storage.transaction() as ports:  # one process signs, the others take what it signed
            kept = ports.publications.newest_bundle()
            if kept is None or not self._is_current(kept, ports, made, now):
                kept = self._sign_bundle(ports, made, now)
        self._bundle, self._deltas = kept, {}
        return kept

    def _made(self) -> _Made:
        crls = tuple(path.read_bytes() for path in _ders(self._files.crls))
        return _Made(self._files.trust_list.read_text("ascii"), self._files.roots(self._root), crls)

    def _is_current(self, kept: PublishedBundle, ports: Ports, made: _Made, now: int) -> bool:
        if kept.sequence != ports.publications.current_sequence(SEQUENCE) or now >= kept.issued + BUNDLE_RENEWED:
            return False
        if 0 <= now - kept.issued < self._step:
            return True
        return kept.content == made.content(ports, self._signers.of(BUNDLE), self._signers.of(STATUS))

    def _sign_bundle(self, ports: Ports, made: _Made, now: int) -> PublishedBundle:
        held, lists = self._signers.of(BUNDLE), self._signers.of(STATUS)
        # In this order: the number first, since whoever gets the next one waits for us here and then reads what is newer; and
        # what we say it holds before what it holds, so that a change in between makes it out of date and not unseen.
        sequence = ports.publications.next_sequence(SEQUENCE)
        content = made.content(ports, held, lists)
        raw = bundles.build(
            sequence=sequence,
            now=now,
            lifetime=BUNDLE_LIFETIME,
            anchors=made.roots,
            trust_list=made.trust_list,
            status_lists=self._signed_lists(ports, lists, now),
            signer=held.signer,
            chain=(held.certificate,),
            crls=made.crls,
        )
        kept = PublishedBundle(sequence, now, content, delta.manifest(raw), raw)
        ports.publications.keep_bundle(kept, since=now - REMEMBERED)
        return kept

    def _signed_lists(self, ports: Ports, by: CertifiedSigner, now: int) -> Mapping[str, bytes]:
        """Signed anew is only what is due; the rest is as it was, so that a delta is small."""
        kept = ports.publications.signed_lists()
        tokens = {status.uri(self._issuer, number): signed.token for number, signed in kept.items()}
        for number, version in _due(ports, kept, by, now).items():
            one = self._pack(ports, number, version)
            told = status.at(one, issuer=self._issuer, issued=now - now % status.STEP, ttl=status.TTL)
            token = sign_cwt(told, by.signer, (by.certificate,))
            ports.publications.keep_list(SignedList(number, one.version, told.issued, _digest(by), token))
            tokens[told.uri] = token
        return tokens

    def _pack_due(self, ports: Ports, now: int) -> None:
        for number, version in _due(ports, ports.publications.signed_lists(), self._signers.of(STATUS), now).items():
            self._pack(ports, number, version)

    def _pack(self, ports: Ports, number: int, version: int) -> Packed:
        """A list is packed once a version: it costs a hundred times what a signature does. Raises KeyError."""
        held = self._packed.get(number)
        if held is None or held.version != version:
            if len(self._packed) >= _PACKED:
                self._packed = {}
            held = self._packed[number] = status.packed(ports, number)
        return held


_PACKED = 1024  # lists that a process keeps ready: 17 MiB of those with 1 % not valid
_DELTAS = 64  # counters that were away for different times


def _due(ports: Ports, kept: Mapping[int, SignedList], by: CertifiedSigner, now: int) -> dict[int, int]:
    """Number and version of each list that changed, that another key signed, or that is old."""
    signer = _digest(by)
    return {
        number: version
        for number, version in sorted(ports.statuses.versions().items())
        if (signed := kept.get(number)) is None
        or (signed.version, signed.signer) != (version, signer)
        or not signed.issued <= now < status.renewed(number, signed.issued)
    }


def _digest(by: CertifiedSigner) -> bytes:
    return hashlib.sha256(by.certificate.public_bytes(Encoding.DER)).digest()


def _for_the_rest(published: Published, seconds: int) -> Published:
    """What is fetched late in a step is asked for again when the next begins."""
    return Published(published.media_type, published.body, max(1, seconds))

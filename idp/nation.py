"""A small nation on disk: who may sign what, who lives there, which roles it serves. Built once, opened at every start.

    <folder>/nation.json          version and addresses: issuer, wallet, verifier
    <folder>/personas.json        the named people and their passwords
    <folder>/ca/                  what stays offline: the root's key, the trust list's, that of an authority of the past
    <folder>/idp/                 what the provider reads: signers/, root.der, trust-list.jwt, its database and keys
    <folder>/wallet/, verifier/   their client secrets; the verifier's first bundle
    <folder>/tls/                 where it is served over https: see idp/tls.py

Spec: ETSI TS 119 602 (trust list); Circular 12/2025/TT-BCA (driving licences change hands on 1 March 2025).
"""

import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import trust
from certs.authority import DAY, SIGNER_DAYS, Authority
from certs.bundle import fingerprint
from certs.catalogue import AUTHORITIES, CATALOGUE, Text
from certs.errors import CertsError
from certs.keys import FileSigner, MemorySigner
from certs.trust import Service, TrustList
from certs.x509 import Usage, load
from idp.issuance import signers
from idp.issuance.entitlement import VIETNAM
from idp.issuance.metadata import CREDENTIAL_SCOPES
from idp.model import Client
from idp.oidc.scopes import DEVICE, OFFLINE
from idp.oidc.secrets import new_secret, token_hash

VERSION = 3
TRUST_LIST_DAYS = 30
TRUST_LIST_RENEWED = TRUST_LIST_DAYS // 2
TRUST_LIST_SIGNER, ROOT = "trust-list", "root"
HISTORICAL = frozenset({"transport"})  # issued until 28 February 2025; its key belongs to nobody who is online
KEEPS = 2  # days of validity that a signer must have left for a nation to be used


class NotANation(Exception):
    """The folder holds something else, or a nation that cannot be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Nation:
    """Where things are, and under which addresses the roles live."""

    folder: Path
    issuer: str
    wallet: str
    verifier: str

    @property
    def https(self) -> bool:
        return self.issuer.startswith("https:")

    @property
    def idp(self) -> Path:
        return self.folder / "idp"

    @property
    def signers(self) -> Path:
        return self.idp / "signers"

    @property
    def trust_list(self) -> Path:
        return self.idp / "trust-list.jwt"

    @property
    def bundle(self) -> Path:
        return self.folder / "verifier" / "bundle.cbor"

    @property
    def personas(self) -> Path:
        return self.folder / "personas.json"

    def root(self) -> x509.Certificate:
        return load((self.idp / "root.der").read_bytes())

    def root_sha256(self) -> str:
        return fingerprint(self.root())

    def secret_file(self, client: str) -> Path:
        return self.folder / {"wallet": "wallet", "bank": "verifier"}[client] / "client_secret"


def open_nation(folder: Path) -> Nation | None:
    """The nation in a folder; None where there is nothing yet. Raises NotANation for anything else."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    try:
        content = json.loads((folder / "nation.json").read_text("utf-8"))
        if content.pop("version") != VERSION:
            raise NotANation(f"{folder} is a nation of another version; make it anew with --reset")
        return Nation(folder, **content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotANation(f"{folder} holds something that is not a nation; choose another folder") from error


def found(nation: Nation, *, now: int) -> tuple[Client, ...]:
    """Everything that needs no database: authorities, trust list, secrets, notes. Returns the clients to register."""
    _authorities(nation, now)
    renew_trust_list(nation, now=now)
    clients = tuple(_client(nation, client_id) for client_id in ("wallet", "bank"))
    addresses = {"issuer": nation.issuer, "wallet": nation.wallet, "verifier": nation.verifier}
    write(nation.folder / "nation.json", json.dumps({"version": VERSION, **addresses}, indent=2).encode())
    return clients


def note_personas(nation: Nation, personas: Iterable[dict[str, object]]) -> None:
    write(nation.personas, json.dumps(list(personas), ensure_ascii=False, indent=2).encode(), secret=True)


def renew_trust_list(nation: Nation, *, now: int) -> bool:
    """Sign the trust list again when it is missing or half its time is over. Raises NotANation when it cannot be."""
    root, sequence = nation.root(), 1
    if nation.trust_list.exists():
        try:
            held = trust.read(nation.trust_list.read_text("ascii"), (root,), now=now)
        except CertsError as error:
            raise NotANation(f"the trust list of {nation.folder} does not hold ({error.code}); use --reset") from error
        if now < held.issued + TRUST_LIST_RENEWED * DAY:
            return False
        sequence = held.sequence + 1
    folder = nation.folder / "ca"
    operator = FileSigner.load(signers.key_path(folder, TRUST_LIST_SIGNER), signers.ALGORITHM)
    certificate = load(signers.certificate_path(folder, TRUST_LIST_SIGNER).read_bytes())
    content = TrustList(sequence, now, now + TRUST_LIST_DAYS * DAY, _services(nation))
    write(nation.trust_list, trust.sign(content, operator, (certificate,)).encode("ascii"))
    return True


def check_same(held: Nation, wanted: Nation) -> None:
    """A nation keeps the addresses it was made with: they stand in its clients, its trust list and its credentials."""
    if held.https != wanted.https:
        how = "leave TLS=1 (--tls) out" if wanted.https else "start it with TLS=1 (--tls)"
        raise NotANation(
            f"the nation in {held.folder} was made for {'https' if held.https else 'http'}; "
            f"{how}, choose another folder (DATA=…), or make it anew with --reset"
        )
    if held != wanted:
        raise NotANation(
            f"the nation in {held.folder} lives at {held.issuer}, {held.wallet} and {held.verifier}; "
            "use these ports, another folder, or --reset"
        )


def check_certificates(nation: Nation, *, now: int) -> None:
    """Raises NotANation when what the nation signs with has run out."""
    for path in (*nation.signers.glob("*.der"), nation.idp / "root.der"):
        if load(path.read_bytes()).not_valid_after_utc.timestamp() < now + KEEPS * DAY:
            raise NotANation(f"the certificates of {nation.folder} have run out; make it anew with --reset")


def _authorities(nation: Nation, now: int) -> None:
    began = now - DAY  # clocks of other machines may be behind
    root = Authority.create("Root (simulation)", now=began)
    offline = nation.folder / "ca"
    write(nation.idp / "root.der", root.certificate.public_bytes(Encoding.DER))
    write(offline / "root.der", root.certificate.public_bytes(Encoding.DER))
    write(signers.key_path(offline, ROOT), root.key.pem(), secret=True)
    for authority in AUTHORITIES.values():
        folder = offline if authority.id in HISTORICAL else nation.signers
        first = min(_midnight(service.since) for service in _issues(authority.id))
        starts = first if authority.id in HISTORICAL else began
        _certify(root, folder, authority.id, authority.name.en, Usage.DOCUMENT_SIGNER, starts, now)
    for name, usage in ((signers.STATUS, Usage.STATUS_SIGNER), (signers.BUNDLE, Usage.BUNDLE_SIGNER)):
        _certify(root, nation.signers, name, f"{name} signer (simulation)", usage, began, now)
    operator = "Trust list operator (simulation)"
    _certify(root, offline, TRUST_LIST_SIGNER, operator, Usage.TRUST_LIST_SIGNER, began, now)


def _certify(root: Authority, folder: Path, name: str, title: str, usage: Usage, starts: int, now: int) -> None:
    key = MemorySigner.generate(signers.ALGORITHM)
    days = (now - starts) // DAY + SIGNER_DAYS
    certificate = root.issue(title, key.public, usage, now=now, starts=starts, days=days)
    write(signers.key_path(folder, name), key.pem(), secret=True)
    write(signers.certificate_path(folder, name), certificate.public_bytes(Encoding.DER))


@dataclass(frozen=True, slots=True)
class _Issues:
    document: str
    since: date
    until: date | None


def _issues(authority: str) -> list[_Issues]:
    return [
        _Issues(kind.name, issuer.since, issuer.until)
        for kind in CATALOGUE.values()
        for issuer in kind.issuers
        if issuer.authority == authority
    ]


def _services(nation: Nation) -> tuple[Service, ...]:
    """Who may issue what, from when to when: the catalogue, with each authority's certificate."""
    services = []
    for authority in AUTHORITIES.values():
        folder = nation.folder / "ca" if authority.id in HISTORICAL else nation.signers
        certificate = load(signers.certificate_path(folder, authority.id).read_bytes())
        for one in _issues(authority.id):
            until = _midnight(one.until) if one.until else None
            services.append(
                Service(authority.id, authority.name, one.document, (certificate,), _midnight(one.since), until)
            )
    return tuple(services)


def _midnight(day: date) -> int:
    return int(datetime.combine(day, datetime.min.time(), VIETNAM).timestamp())


def _client(nation: Nation, client_id: str) -> Client:
    """A relying party of the demonstration; its secret goes to its own folder, its hash to the provider."""
    secret = new_secret()
    write(nation.secret_file(client_id), secret.encode("ascii"), secret=True)
    url = {"wallet": nation.wallet, "bank": nation.verifier}[client_id]
    name, purpose, profile, scopes = _CLIENTS[client_id]
    return Client(
        client_id=client_id,
        name=name,
        purpose=purpose,
        redirect_uris=tuple(f"{url}{path}" for path in _CALLBACKS[client_id]),
        scopes=scopes,
        profile=profile,
        secret_hash=token_hash(secret),
        id_token_signed_response_alg=signers.ALGORITHM,
    )


_CALLBACKS = {"wallet": ("/callback", "/add/callback", "/device/callback"), "bank": ("/callback",)}

# Client id: name, purpose, profile, scopes.
_CLIENTS: Mapping[str, tuple[Text, Text, str, tuple[str, ...]]] = {
    "wallet": (
        Text("Ví giấy tờ (mô phỏng)", "Document wallet (simulation)"),
        Text("Mở ví giấy tờ của bạn", "Open your document wallet"),
        "agency",
        ("openid", "profile", "vneid", OFFLINE, DEVICE, *CREDENTIAL_SCOPES),
    ),
    "bank": (
        Text("Ngân hàng Hoa Sen (mô phỏng)", "Lotus Bank (simulation)"),
        Text("Nhận biết khách hàng theo quy định của pháp luật", "Know its customers, as the law asks"),
        "bank",
        ("openid", "profile", "email", "phone", "address", "vneid"),
    ),
}


def write(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Whole or not at all; what is secret is never readable by others, not even for a moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    partial.replace(path)

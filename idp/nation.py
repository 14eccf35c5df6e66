"""A small nation on disk: where everything is, and which roles it serves. Built once, opened at every start.

    <folder>/nation.json          version and addresses: issuer, wallet, verifier
    <folder>/personas.json        the named people and their passwords
    <folder>/ca/                  what stays offline: see idp/scheme.py, also for what it puts into the others
    <folder>/idp/                 what the provider reads: signers and lists, its database and keys
    <folder>/wallet/, verifier/   their client secrets; the verifier's first bundle
    <folder>/tls/                 where it is served over https: see idp/tls.py

A client's name and purpose are what people read when they are asked.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509

from certs.bundle import fingerprint
from certs.catalogue import Text
from certs.desk import write
from certs.x509 import load
from idp import master_key
from idp.issuance import signers
from idp.issuance.configurations import CREDENTIAL_SCOPES
from idp.model import Client
from idp.oidc.logout import BACK, POST_LOGOUT
from idp.oidc.scopes import DEVICE, OFFLINE
from idp.oidc.secrets import new_secret, token_hash
from idp.ports import Storage
from idp.registries.personas import Persona

VERSION = 4
_BROUGHT_ALONG = (3,)  # what they lack, `idp/scheme.py` makes


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
    def trust_deltas(self) -> Path:
        """A folder: what leads from each of the last trust lists to the present one, by their sequence number."""
        return self.idp / "trust-list-deltas"

    @property
    def anchors(self) -> Path:
        """A folder: each root that verifiers believe (DER), and the certificates by which one introduces the next."""
        return self.idp / "anchors"

    @property
    def crls(self) -> Path:
        """A folder: the revocation list (DER) of each root."""
        return self.idp / "crls"

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
        if content.pop("version") not in (*_BROUGHT_ALONG, VERSION):
            raise NotANation(f"{folder} is a nation of another version; make it anew with --reset")
        return Nation(folder, **content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotANation(f"{folder} holds something that is not a nation; choose another folder") from error


def found(nation: Nation) -> tuple[Client, ...]:
    """Secrets and the note of what this folder is. Returns the clients to register."""
    clients = tuple(_client(nation, client_id) for client_id in ("wallet", "bank"))
    note(nation)
    return clients


def brought_along(nation: Nation, held: Client) -> Client:
    """What the demonstration registers today for a client that an older one of ours registered; its secret stays."""
    return replace(_registered(nation, held.client_id), secret_hash=held.secret_hash)


def note(nation: Nation) -> bool:
    """Write down that this is a nation of our version, at these addresses; whether that was new."""
    addresses = {"issuer": nation.issuer, "wallet": nation.wallet, "verifier": nation.verifier}
    path, content = nation.folder / "nation.json", json.dumps({"version": VERSION, **addresses}, indent=2).encode()
    if path.exists() and path.read_bytes() == content:
        return False
    write(path, content)
    return True


def note_personas(nation: Nation, personas: Iterable[Persona]) -> None:
    told = list(map(_persona, personas))
    write(nation.personas, json.dumps(told, ensure_ascii=False, indent=2).encode(), secret=True)


def _persona(one: Persona) -> dict[str, object]:
    return {
        "key": one.key,
        "name": one.person.name,
        "about": {"vi": one.about.vi, "en": one.about.en},
        "pid": one.pid,
        "phone": one.person.phone,
        "password": one.password,
        "level": one.level,
    }


def check_same(held: Nation, wanted: Nation) -> None:
    """A nation keeps the addresses it was made with: they stand in its clients, its trust list and its credentials. Raises
    NotANation, UnsafeConfiguration."""
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
    if (held.idp / master_key.NAME).exists():
        master_key.load_or_create(held.idp)  # what is wrong with it is said here, and not in the log of a server


def _client(nation: Nation, client_id: str) -> Client:
    """A relying party of the demonstration; its secret goes to its own folder, its hash to the provider."""
    secret = new_secret()
    write(nation.secret_file(client_id), secret.encode("ascii"), secret=True)
    return replace(_registered(nation, client_id), secret_hash=token_hash(secret))


def bring_along(nation: Nation, storage: Storage) -> None:
    """A nation that was made before: its relying parties had not registered where they log out."""
    with storage.transaction() as ports:
        for client_id in CLIENTS:
            known = ports.clients.get(client_id)
            if known is None:
                continue
            more = _registered(nation, client_id).metadata
            if not more.keys() <= known.metadata.keys():
                ports.clients.replace(replace(known, metadata={**more, **known.metadata}))


def _registered(nation: Nation, client_id: str) -> Client:
    url = {"wallet": nation.wallet, "bank": nation.verifier}[client_id]
    name, purpose, profile, scopes = CLIENTS[client_id]
    return Client(
        client_id=client_id,
        name=name,
        purpose=purpose,
        redirect_uris=tuple(f"{url}{path}" for path in _CALLBACKS[client_id]),
        scopes=scopes,
        profile=profile,
        id_token_signed_response_alg=signers.ALGORITHM,
        metadata=_LOGOUT[client_id](url),
    )


_LOGOUT: Mapping[str, Callable[[str], Mapping[str, object]]] = {
    "wallet": lambda url: {POST_LOGOUT: [f"{url}/"], BACK: f"{url}/backchannel-logout"},
    "bank": lambda url: {POST_LOGOUT: [f"{url}/"], BACK: f"{url}/backchannel-logout"},
}
_CALLBACKS = {"wallet": ("/callback", "/add/callback", "/device/callback"), "bank": ("/callback",)}

# Client id: name, purpose, profile, scopes.
CLIENTS: Mapping[str, tuple[Text, Text, str, tuple[str, ...]]] = {
    "wallet": (
        Text("Ví giấy tờ (mô phỏng)", "Document wallet (simulation)"),
        Text("Mở ví giấy tờ của bạn", "Open your document wallet"),
        "agency",
        ("openid", "profile", "vneid", OFFLINE, DEVICE, *CREDENTIAL_SCOPES),
    ),
    "bank": (
        Text("Ngân hàng Hoa Sen (mô phỏng)", "Lotus Bank (simulation)"),
        Text("Nhận biết khách hàng theo quy định của pháp luật", "Know its customers, as the law asks"),
        "agency",
        ("openid", "profile", "email", "phone", "address", "vneid"),
    ),
}

"""A relying party that asks online in memory, and a wallet that answers it: each presentation made by hand, so that any part
of it can be wrong."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlencode

from certs import jose, jwe
from certs.encoding import b64url_encode, json_decode, json_encode
from certs.formats import key_binding, mdoc, sd_jwt
from certs.formats.elements import ISO_NAMESPACE
from certs.formats.session_transcript import redirect
from certs.jwe import EncryptionKey
from certs.keys import MemorySigner
from certs.trust import Reader, Right
from certs.x509 import Usage
from tests.certs.formats import mdocs, sd_jwts
from tests.wallet.reader import listed
from tests.world import DAY, Desk, World
from verifier import Policy, Verifier
from verifier.answer import Examined
from verifier.question import Question, Wanted, ask
from verifier.request import Addresses, RelyingParty, Started, begin, request_object
from verifier.response import Reply, collect, receive
from verifier.transactions import MemoryTransactions, Transactions

HOST = "https://bank.example"
ADDRESSES = Addresses(f"{HOST}/requests", f"{HOST}/answers", f"{HOST}/back")
OURS = f"{ISO_NAMESPACE}.VN"
LICENCE = Policy(documents=("driving_licence",))
IDENTITY = Policy(documents=("citizen_identity",))
NAME_AND_CLASSES = ask(Wanted(LICENCE, claims=("full_name", "classes")))
MAY = (
    Right("driving_licence", ("licence", "age_over_18")),
    Right("citizen_identity", ("identity", "age_over_18")),
)


@dataclass
class Bank:
    """It asks one question, named `q`."""

    world: World
    question: Question = NAME_AND_CLASSES
    encrypted: bool = True
    same_device: bool = False
    data: tuple[Mapping[str, Any], ...] = ()
    host: str | None = None
    transactions: Transactions = field(default_factory=MemoryTransactions)
    desk: Desk = field(init=False)
    verifier: Verifier = field(init=False)
    at: int = 0  # seconds that went by

    def __post_init__(self) -> None:
        self.desk = self.world.desk("bank", Usage.READER)
        self.world.readers = (listed(self.desk, rights=MAY),)
        self.renew()

    def renew(self) -> None:
        self.verifier = Verifier(self.world.open_bundle(), clock=lambda: self.now)

    @property
    def now(self) -> int:
        return self.world.now + self.at

    @property
    def party(self) -> RelyingParty:
        return RelyingParty(self.desk.signer, self.desk.certificate, self.host)

    @property
    def reader(self) -> Reader:
        return self.world.readers[0]

    def begin(self) -> Started:
        return begin(
            self.question,
            self.party,
            self.transactions,
            about="q",
            addresses=ADDRESSES,
            same_device=self.same_device,
            encrypted=self.encrypted,
            transaction_data=self.data,
            now=self.now,
        )

    def fetched(self, started: Started, wallet_nonce: str | None = "w-1") -> dict[str, Any]:
        """The claims of the request object, as a wallet reads them."""
        token = request_object(
            self.party, self.transactions, started.request_id, wallet_nonce=wallet_nonce, now=self.now
        )
        claims = json_decode(jose.parse(token).payload)
        assert isinstance(claims, dict)
        return claims

    def receive(self, started: Started, form: Mapping[str, str] | bytes) -> Reply:
        body = form if isinstance(form, bytes) else urlencode(form).encode()
        questions = {"q": self.question}
        return receive(
            body, started.request_id, transactions=self.transactions, questions=questions, verifier=self.verifier
        )

    def collect(self, started: Started, code: str = "") -> Examined:
        return collect(
            started.transaction_id,
            code,
            transactions=self.transactions,
            questions={"q": self.question},
            verifier=self.verifier,
        )

    def asked(self, **how: Any) -> tuple[Started, "Wallet"]:
        started = self.begin()
        return started, Wallet(self.world, self.fetched(started), **how)


def code_of(reply: Reply) -> str:
    return parse_qs(reply.body["redirect_uri"].partition("?")[2])["response_code"][0]


@dataclass
class Wallet:
    """It read a request. `record` is whose documents it has; `holder` is the key in them, `signer` the one that signs."""

    world: World
    claims: dict[str, Any]
    holder: MemorySigner | None = None
    signer: MemorySigner | None = None
    binding: Mapping[str, Any] = field(default_factory=dict)  # changes to the claims of key bindings
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by kind
    index: int = 0
    at: int = 0  # another time than the world's: when it signs, and its documents were issued

    @property
    def now(self) -> int:
        return self.at or self.world.now

    @property
    def key(self) -> EncryptionKey | None:
        keys = self.claims["client_metadata"].get("jwks", {}).get("keys", [])
        return EncryptionKey.from_jwk(keys[0]) if keys else None

    def sd_jwt(
        self,
        disclose: Iterable[Any] = ("full_name", "classes"),
        kind: str = "driving_licence",
        *,
        edit: Callable[[str], str] = str,
    ) -> str:
        credential = sd_jwts.issue(
            kind,
            self.records.get(kind),
            world=self.world,
            holder=self.holder,
            index=self.index,
            issued=self.now - 60,
            expires=self.now + DAY,
        )
        selection = edit(sd_jwt.select(credential, disclose))
        told = {
            "iat": self.now,
            "aud": self.claims["client_id"],
            "nonce": self.claims["nonce"],
            "sd_hash": key_binding.sd_hash(selection),
            **self.binding,
        }
        signer = self.signer or self.holder or self.world.holder
        return selection + jose.sign(told, signer, typ=key_binding.TYP, headers={"kid": None})

    def mdoc(
        self,
        elements: Mapping[str, Iterable[str]] | None = None,
        kind: str = "driving_licence",
        **changes: Any,
    ) -> str:
        key = self.key
        told: dict[str, Any] = {
            "client_id": self.claims["client_id"],
            "nonce": self.claims["nonce"],
            "response_uri": self.claims["response_uri"],
            "thumbprint": key.thumbprint() if key else None,
            **changes,
        }
        credential = mdocs.issued(self.world, kind, self.records.get(kind))
        shown = elements or {OURS: ("full_name", "classes")}
        signer = self.signer or self.world.holder
        return b64url_encode(mdoc.present(credential, shown, signer=signer, transcript=redirect(**told)))

    def form(self, token: object, *, enc: str = "A256GCM", **changes: Any) -> dict[str, str]:
        """The answer, encrypted where the request wants it."""
        told = {"vp_token": token, "state": self.claims["state"], **changes}
        kept = {name: value for name, value in told.items() if value is not None}
        if self.key is None:
            return {
                **kept,
                **({"vp_token": json_encode(cast("dict[str, Any]", token)).decode()} if "vp_token" in kept else {}),
            }
        return {"response": jwe.encrypt(json_encode(kept), self.key, enc=enc, typ="JWT")}

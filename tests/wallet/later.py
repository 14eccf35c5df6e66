"""An issuer in memory that gives later, encrypts, and hears what became of what it gave."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from certs import jwe
from certs.encoding import json_decode, json_encode
from certs.fetch import Response
from certs.jwe import DecryptionKey, EncryptionKey
from tests.wallet.issuer import ISSUER, IssuerDesk

KEY = DecryptionKey.generate("ECDH-ES", "enc-1")


@dataclass
class LaterDesk(IssuerDesk):
    """`held`: configurations that it gives by the deferred endpoint alone, once `ready`."""

    held: frozenset[str] = frozenset()
    ready: bool = False
    interval: Any = 600
    encrypts: bool = False
    clear: bool = False  # answers in clear where an encrypted answer was asked for
    transactions: dict[str, bytes] = field(default_factory=dict)  # the answer that is ready for each
    polled: list[str] = field(default_factory=list)
    told: list[tuple[str, str]] = field(default_factory=list)
    tokens_good: bool = True

    def metadata(self) -> dict[str, Any]:
        told = {
            **super().metadata(),
            "deferred_credential_endpoint": f"{ISSUER}/deferred_credential",
            "notification_endpoint": f"{ISSUER}/notification",
        }
        if self.encrypts:
            values = {"enc_values_supported": ["A256GCM"], "encryption_required": False}
            told["credential_request_encryption"] = {"jwks": {"keys": [KEY.public.jwk()]}, **values}
            told["credential_response_encryption"] = {"alg_values_supported": ["ECDH-ES"], **values}
        return told

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Mapping[str, Any] | None = None,
        jwt: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        path, wish = self._path(url), None
        if jwt is not None:
            json = json_decode(jwe.decrypt(jwt, [KEY]).content)
            wish = json.pop("credential_response_encryption", None)  # type: ignore[attr-defined]
        if path in self.changes or path not in ("/credential", "/deferred_credential", "/notification"):
            return super().post(url, form=form, json=json, headers=headers)
        if path == "/notification":
            self.told.append(((json or {})["notification_id"], (json or {})["event"]))
            return Response(204, {}, b"")
        if path == "/credential":
            answer = super().post(url, json=json, headers=headers)
            answer = self._later((json or {})["credential_configuration_id"], answer)
        else:
            answer = self._deferred((json or {})["transaction_id"])
        return self._sealed(answer, wish)

    def _later(self, configuration: str, answer: Response) -> Response:
        if answer.status != 200:
            return answer
        content = {**json_decode(answer.body), "notification_id": f"about {configuration}"}
        if configuration not in self.held:
            return _json(200, content)
        transaction = f"transaction {configuration}"
        self.transactions[transaction] = json_encode(content)
        return _json(202, {"transaction_id": transaction, "interval": self.interval})

    def _deferred(self, transaction: str) -> Response:
        self.polled.append(transaction)
        if not self.tokens_good:
            return Response(401, {"www-authenticate": "Bearer"}, b"{}")
        if transaction not in self.transactions:
            return _json(400, {"error": "invalid_transaction_id"})
        if not self.ready:
            return _json(202, {"transaction_id": transaction, "interval": self.interval})
        return Response(200, {"content-type": "application/json"}, self.transactions.pop(transaction))

    def _sealed(self, answer: Response, wish: Mapping[str, Any] | None) -> Response:
        if wish is None or self.clear or answer.status not in (200, 202):
            return answer
        token = jwe.encrypt(answer.body, EncryptionKey.from_jwk(wish["jwk"]), enc=wish["enc"], limit=1 << 20)
        return Response(answer.status, {"content-type": "application/jwt"}, token.encode())


def _json(status: int, content: Any) -> Response:
    return Response(status, {"content-type": "application/json"}, json_encode(content))

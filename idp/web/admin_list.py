"""The register of clients as a list in pages: what an address may ask for is a closed list, and the place in it is sealed.

Spec: OWASP ASVS 5.0 V1.2.4, V2.2.1; attacks.md SQ-02, SQ-03
"""

import hashlib
import hmac
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from werkzeug.exceptions import BadRequest

from certs.encoding import b64url_decode, b64url_encode, json_decode, json_encode
from idp.model import Client, ClientOrder, ClientQuestion
from idp.oidc.authorize import MAX_CLIENT_ID
from idp.oidc.profiles import PROFILES
from idp.oidc.request import Parameters
from idp.ports import Ports

PAGE = 20  # rows
TYPES = ("web", "native")
ORDERS = ("asc", "desc")
_NAMES = {"sort", "order", "profile", "type", "id", "page", "lang"}
_VISIBLE = re.compile(r"[\x20-\x7e]+", re.ASCII)  # RFC 6749 App. A.1


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page was asked for, and the key that seals the place in it."""

    question: ClientQuestion
    key: bytes

    @property
    def filtered(self) -> bool:
        question = self.question
        return any((question.profile, question.application_type, question.client_id))

    @property
    def chosen(self) -> bool:
        """Something else than what one gets unasked."""
        return self.filtered or self.question.descending or self.question.order is not ClientOrder.NAME

    def query(self, **more: str) -> str:
        question = self.question
        named = {
            "sort": question.order.value,
            "order": ORDERS[question.descending],
            "profile": question.profile,
            "type": question.application_type,
            "id": question.client_id,
            **more,
        }
        return urlencode({name: value for name, value in named.items() if value})


def asked(sent: Parameters, key: bytes) -> Asked:
    """Raises BadRequest for whatever is not on the list (SQ-02), and for a place that we did not seal (SQ-03)."""
    if sent.repeated() or not {name for name, _ in sent.pairs} <= _NAMES:
        raise BadRequest("a parameter is unknown or repeated")
    client_id = sent.get("id")
    if client_id is not None and (len(client_id) > MAX_CLIENT_ID or not _VISIBLE.fullmatch(client_id)):
        raise BadRequest("no id of a client")
    question = ClientQuestion(
        order=ClientOrder(_one_of(sent, "sort", set(ClientOrder)) or ClientOrder.NAME),
        descending=_one_of(sent, "order", ORDERS) == "desc",
        profile=_one_of(sent, "profile", PROFILES.keys()),
        application_type=_one_of(sent, "type", TYPES),
        client_id=client_id,
    )
    if (token := sent.get("page")) is not None:
        question = replace(question, after=_opened(token, Asked(question, key)))
    return Asked(question, key)


def page(ports: Ports, wanted: Asked) -> tuple[tuple[Client, ...], str | None]:
    """The rows, and the query of the page behind them."""
    found = ports.clients.listed(wanted.question, limit=PAGE + 1)
    rows = found[:PAGE]
    return rows, wanted.query(page=_sealed(rows[-1], wanted)) if len(found) > PAGE else None


def _one_of(sent: Parameters, name: str, allowed: Collection[str]) -> str | None:
    value = sent.get(name)
    if value is not None and value not in allowed:
        raise BadRequest(f"{name} is not one that there is")
    return value


def _sealed(last: Client, wanted: Asked) -> str:
    by = {
        ClientOrder.NAME: last.name.vi,
        ClientOrder.CLIENT_ID: last.client_id,
        ClientOrder.PROFILE: last.profile,
    }
    place = b64url_encode(json_encode([by[wanted.question.order], last.client_id]))
    return f"{place}.{_seal(place, wanted)}"


def _opened(token: str, wanted: Asked) -> tuple[str, str]:
    place, _, seal = token.partition(".")
    if not hmac.compare_digest(seal.encode("utf-8", "surrogatepass"), _seal(place, wanted).encode()):
        raise BadRequest("the place in the list was altered")
    value, client_id = json_decode(b64url_decode(place))
    return value, client_id


def _seal(place: str, wanted: Asked) -> str:
    """Over the whole question: a place in one order says nothing in another."""
    question = replace(wanted.question, after=None)
    what = f"list of clients\n{Asked(question, b'').query()}\n{place}"
    return hmac.new(wanted.key, what.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

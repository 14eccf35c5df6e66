"""Take a wallet's answer: checked whole before the wallet is told anything, kept once, and given once to the page that asked.

Spec: OpenID4VP 1.0 §8.2 (direct_post), §8.3.1 (direct_post.jwt), §8.5 (errors), §8.6, §13.3, §14.1, §14.2; RFC 6749 §3.1 (a
parameter comes once), §5.2 (form of a refusal); attacks VP-01, VP-02, VP-07 to VP-09.

`receive` does, in this order; what is refused before 8 leaves the question open, since whoever sent it may be a stranger:
 1. a transaction of this address waits: not answered, not past its end                             (request_gone)
 2. a form with each parameter once                                                                 (form)
 3. encrypted where that was asked, by `response` alone; a wallet's error may come plain            (encryption)
 4. decrypts with the key of this transaction, by the algorithms that were offered                  (decryption)
 5. the state of the signed request                                                                 (state)
 6. an error of the wallet ends it, and is no fault: 200
 7. the VP token is an answer to the query (`verifier.answer.shape`)                                (vp_token)
 8. each presentation and all together hold (`verifier.answer.examine`); a no ends it as well: 400 with the reason's code
 9. it is the first answer: of two at once one is kept                                              (request_gone)

    reply = receive(body, request_id, transactions=transactions, questions=questions, verifier=verifier)
    presented = collect(transaction_id, response_code, transactions=…, questions=…, verifier=…).presented()
"""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from certs import jwe
from certs.encoding import json_decode
from certs.errors import CertsError
from verifier.answer import Examined, asked_in, examine, shape
from verifier.question import Question
from verifier.reasons import REASONS
from verifier.request import CONTENT, Refused, decryption_key
from verifier.result import Check, CheckOutcome, Outcome, Report, Step
from verifier.transactions import Answer, Refusal, Transaction, Transactions
from verifier.verifier import Verifier

FORM_LIMIT = 512 * 1024  # bytes: a mobile document with its portrait, in two encodings
MEMBERS_LIMIT = 16  # parameters of a form; a wallet may add some of its own
ERROR_LIMIT = 64
_CODE_BYTES = 32
_REFUSALS = frozenset(  # §8.5, and RFC 6749 §4.1.2.1 as far as a wallet says it; another word counts as the first
    [
        "access_denied",
        "invalid_client",
        "invalid_request",
        "invalid_request_uri_method",
        "invalid_transaction_data",
        "vp_formats_not_supported",
        "wallet_unavailable",
    ]
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the wallet is told: status, JSON. Sent with `Cache-Control: no-store`."""

    status: int
    body: Mapping[str, str]


class NotAnswered(Exception):
    """There is nothing to collect: not answered yet, past its end, collected already, or the code is another's (§14.2)."""


class Declined(Exception):
    """The wallet sent no document; `error` is its own word for it (§8.5)."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


def receive(
    body: bytes,
    request_id: str,
    *,
    transactions: Transactions,
    questions: Mapping[str, Question],
    verifier: Verifier,
) -> Reply:
    """The body of the wallet's POST (`application/x-www-form-urlencoded`). Never raises for what a wallet sends."""
    now = int(verifier.clock())
    try:
        transaction = transactions.open(request_id, now=now)  # 1
        question = asked_in(transaction, questions) if transaction else None
        if transaction is None or question is None:
            raise Refused(400, "request_gone")
        given = _opened(form(body), transaction)  # 2, 3, 4
        if not hmac.compare_digest(str(given.get("state", "")).encode(), transaction.state.encode()):  # 5
            raise Refused(400, "state")
        answer, refusal = _answer(given, transaction, question, verifier, now=now)
        if not transactions.answer(request_id, answer, now=now):  # 9
            raise Refused(400, "request_gone")
    except Refused as error:
        return Reply(error.status, error.body)
    if refusal is not None:
        return Reply(400, Refused(400, refusal).body)
    return Reply(200, _onward(transaction, answer))


def collect(
    id_: str,
    response_code: str,
    *,
    transactions: Transactions,
    questions: Mapping[str, Question],
    verifier: Verifier,
) -> Examined:
    """The answer, once, for the page whose session holds this transaction; on the same device with the code that the
    redirect brought, else with ''. Raises NotAnswered or Declined.

    It is examined again, for the moment at which it came: a document that was withdrawn since then is told as such.
    """
    found = transactions.take(id_, response_code, now=int(verifier.clock()))
    if found is None:
        raise NotAnswered()
    transaction, answer = found
    if answer.error is not None:
        raise Declined(answer.error)
    if answer.refusal is not None:
        return _refused(transaction, answer.refusal, verifier)
    question = asked_in(transaction, questions)
    if question is None:
        raise NotAnswered()
    return examine(answer.token, transaction, question, replace(verifier, clock=lambda: float(answer.at)))


def form(body: bytes) -> Mapping[str, str]:
    """2. Raises Refused."""
    if len(body) > FORM_LIMIT:  # before anything is made of it
        raise Refused(400, "form")
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=MEMBERS_LIMIT,
            encoding="utf-8",
            errors="strict",
        )
    except ValueError:  # UnicodeDecodeError too
        raise Refused(400, "form") from None
    if len(dict(pairs)) != len(pairs):
        raise Refused(400, "form")
    return dict(pairs)


def _opened(given: Mapping[str, str], transaction: Transaction) -> Mapping[str, Any]:
    """The parameters of the answer, decrypted where they came so."""
    key = decryption_key(transaction)
    if "response" not in given:
        if key is not None and "error" not in given:  # 3: VP-08
            raise Refused(400, "encryption")
        if "error" in given:
            return given
        try:
            return {**given, "vp_token": json_decode(given.get("vp_token", ""))}
        except CertsError:
            raise Refused(400, "vp_token") from None
    if key is None or not {"vp_token", "error", "state"}.isdisjoint(given):
        raise Refused(400, "encryption")
    try:
        opened = jwe.decrypt(given["response"], [key])  # 4
        found = json_decode(opened.content)
    except CertsError:
        raise Refused(400, "decryption") from None
    # 4: one key, named or not; a content encryption that was not offered is no answer to what was asked (VP-07).
    if opened.header["enc"] not in CONTENT or not isinstance(found, dict):
        raise Refused(400, "decryption")
    return found


def _answer(
    given: Mapping[str, Any], transaction: Transaction, question: Question, verifier: Verifier, *, now: int
) -> tuple[Answer, str | None]:
    """What is kept, and the code of the reason for which it is refused. A refusal is kept without code, since the wallet gets
    none then, and without anything that the documents told."""
    code = secrets.token_urlsafe(_CODE_BYTES) if transaction.same_device else ""
    if "error" in given:  # 6
        error = given["error"]
        known = isinstance(error, str) and error in _REFUSALS
        return Answer(at=now, code=code, error=error if known else "access_denied"), None
    token = shape(given.get("vp_token"), question.query)  # 7
    if token is None:
        raise Refused(400, "vp_token")
    id_, worst = examine(token, transaction, question, verifier).worst  # 8
    if worst.outcome is not Outcome.REJECTED:
        return Answer(at=now, code=code, token=token), None
    steps = tuple((int(each.step), each.outcome.value, each.code) for each in worst.checks)
    return Answer(at=now, code="", refusal=Refusal(id_, worst.form, steps)), worst.code


def _refused(transaction: Transaction, refusal: Refusal, verifier: Verifier) -> Examined:
    checks = tuple(Check(Step(step), CheckOutcome(how), code) for step, how, code in refusal.checks)
    code = next(each.code for each in checks if each.code and each.outcome is CheckOutcome.FAILED)
    why = REASONS[code]
    told = code, why.sentence, why.advice
    report = Report(Outcome.REJECTED, checks, None, *told, verifier.trust_age(), refusal.form)
    return Examined(transaction.about, ((refusal.query, report),))


def _onward(transaction: Transaction, answer: Answer) -> dict[str, str]:
    """§8.2: a fresh code in any case, so that the address tells nobody else anything."""
    if transaction.redirect_uri is None:
        return {}
    code = answer.code or secrets.token_urlsafe(_CODE_BYTES)
    join = "&" if "?" in transaction.redirect_uri else "?"
    return {"redirect_uri": f"{transaction.redirect_uri}{join}{urlencode({'response_code': code})}"}

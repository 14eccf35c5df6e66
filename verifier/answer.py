"""What a wallet answered, checked: each presentation by its policy, and whether all of them together are what was asked.

Spec: OpenID4VP 1.0 §6.1, §6.4 (one credential, several queries), §8.1 (VP token), §8.4 and Annex B.3.3.1 (transaction data), §8.6
(validation), §14.1, §14.6 (never rely on the wallet to have kept to the query), Annex B.2.6.1, B.3.6; attacks VP-05, VP-06, KB-10.

Examining an answer, in this order; the first no ends it:
 1. every part of the query that is required is there, nothing that it does not have, one presentation where one was asked
 2. each presentation is of the format asked, and holds by `Verifier` and its policy: for us, for this nonce, in this
    conversation (nine steps of their own)
 3. its type and claims are those that its query asks for, all of them (type_mismatch, claims_missing), and none beyond
    (policy_refused)
 4. transaction data is signed along, by one of the credentials that may authorise it               (holder_binding_invalid)
 5. no document stands for two that were asked for (presentation_replayed); several do not contradict each other about the
    person (claim_conflict), and show that it is one (claims_missing)
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from certs import jose
from certs.catalogue import CATALOGUE
from certs.encoding import b64url_decode, b64url_encode, json_decode
from certs.formats import Step, Verified, disclosures
from certs.formats.elements import doc_type
from certs.formats.sd_jwt_contents import payload_of
from certs.formats.session_transcript import redirect
from certs.formats.type_metadata import NEVER_HIDDEN, type_of
from certs.query import MDOC, SD_JWT, Claim, Credential, Held, Query, answerable, match
from verifier.policy.composed import Link
from verifier.policy.single import Refusal
from verifier.presented import Conversation, form_of
from verifier.question import Question
from verifier.reasons import REASONS
from verifier.request import HASH, decryption_key
from verifier.result import Check, CheckOutcome, Outcome, Rejected, Report, Undetermined
from verifier.together import join, twice
from verifier.transactions import Transaction
from verifier.verifier import Verifier

PRESENTATIONS_LIMIT = 8  # to one credential query that admits several

Token = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Presented:
    """An answer of which everything held: the documents by the id of their credential query, and the transaction data that
    the holder signed. `linked_by`: what shows of several documents that they are of one person."""

    about: str
    documents: Mapping[str, tuple[Verified, ...]]
    linked_by: tuple[Link, ...] = ()
    data: tuple[Mapping[str, Any], ...] = ()

    @property
    def only(self) -> Verified:
        """Where one document was asked for. Raises ValueError for more."""
        ((document,),) = self.documents.values()
        return document


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of each presentation, in the order of the query; `linked_by` and `data` as in `Presented`."""

    about: str
    reports: tuple[tuple[str, Report], ...]
    linked_by: tuple[Link, ...] = ()
    data: tuple[Mapping[str, Any], ...] = ()

    @property
    def worst(self) -> tuple[str, Report]:
        """That on which the whole depends: a no, else what stays open, else the first."""
        order = (Outcome.REJECTED, Outcome.UNDETERMINED, Outcome.ACCEPTED)
        return min(self.reports, key=lambda each: order.index(each[1].outcome))

    def presented(self) -> Presented:
        """Raises Rejected or Undetermined, as `Verifier.verify` does."""
        _, worst = self.worst
        if worst.code is not None:
            step = next((check.step for check in worst.checks if check.code == worst.code), Step.POLICY)
            raise (Rejected if worst.outcome is Outcome.REJECTED else Undetermined)(worst.code, step)
        documents: dict[str, tuple[Verified, ...]] = {}
        for id_, report in self.reports:
            documents[id_] = (*documents.get(id_, ()), *([report.verified] if report.verified else []))
        return Presented(self.about, documents, self.linked_by, self.data)


def shape(value: object, query: Query) -> Token | None:
    """1. The VP token by the query; None where it is no answer to it (§8.1, §6.4.2)."""
    if not isinstance(value, Mapping) or not value:
        return None
    asked, token = {each.id: each for each in query.credentials}, {}
    for id_, made in value.items():
        most = PRESENTATIONS_LIMIT if id_ in asked and asked[id_].multiple else 1
        if id_ not in asked or not isinstance(made, list) or not 0 < len(made) <= most:
            return None
        if not all(isinstance(each, str) and each for each in made) or len(set(made)) != len(made):
            return None
        token[id_] = tuple(made)
    possible = answerable(query, token.__contains__)
    if any(each.required and not options for each, options in zip(query.sets, possible, strict=True)):
        return None
    return token


def asked_in(transaction: Transaction, questions: Mapping[str, Question]) -> Question | None:
    """What was asked, as it was sent, with the policies of the question of that name; None where it is another by now."""
    named = questions.get(transaction.about)
    if named is None:
        return None
    try:
        return replace(named, value=transaction.query)
    except ValueError:
        return None


def examine(token: Token, transaction: Transaction, question: Question, verifier: Verifier) -> Examined:
    """2 to 5; `question` by `asked_in`."""
    reports = [
        (asked.id, _report(text, asked, _along(text, token, question.query), transaction, question, verifier))
        for asked in question.query.credentials
        for text in token.get(asked.id, ())
    ]
    known = [(question.policies[id_], report.verified) for id_, report in reports if report.verified is not None]
    shown = [verified for _, verified in known]
    if len(shown) < len(reports):
        return Examined(transaction.about, tuple(reports))
    if not _authorised(token, transaction):  # 4
        return Examined(transaction.about, _all(reports, "holder_binding_invalid", Step.HOLDER_PROOF))
    if question.apart and twice(known):  # 5
        return Examined(transaction.about, _all(reports, "presentation_replayed", Step.HOLDER_PROOF))
    links: tuple[Link, ...] = ()
    if len(shown) > 1 and question.linked_by is not None:
        joined = join(shown, question.linked_by)
        if isinstance(joined, Refusal):
            return Examined(transaction.about, _all(reports, joined.code, Step.POLICY))
        links = joined.linked_by
    return Examined(transaction.about, tuple(reports), links, tuple(map(_opened, transaction.data)))


# --- one presentation -------------------------------------------------------------------------------------------------


def _along(text: str, token: Token, query: Query) -> tuple[Claim, ...]:
    """What this presentation may show: one that answers several queries shows the claims of each (§6.4)."""
    return tuple(claim for each in query.credentials if text in token.get(each.id, ()) for claim in each.claims)


def _report(
    text: str,
    asked: Credential,
    allowed: Sequence[Claim],
    transaction: Transaction,
    question: Question,
    verifier: Verifier,
) -> Report:
    wanted = replace(
        question.policies[asked.id],
        require_holder_proof=True,
        accept_printed=False,
        one_time=False,  # the transaction is
        audience=transaction.client_id,
        challenge=transaction.nonce.encode(),
    )
    talk = _conversation(allowed, transaction) if asked.format == MDOC else None
    report = verifier.inspect(text, policy=wanted, conversation=talk)
    if form_of(text).value != asked.format:  # 2
        return _refused(report, "type_mismatch", Step.FORMAT)
    code = _unlike(report.verified, text, asked, allowed) if report.verified else None
    return _refused(report, code, Step.POLICY) if code else report


def _conversation(allowed: Sequence[Claim], transaction: Transaction) -> Conversation:
    """Annex B.2.6.1, from what we know ourselves."""
    only: dict[str, list[str]] = {}
    for claim in allowed:
        only.setdefault(str(claim.path[0]), []).append(str(claim.path[1]))
    key = decryption_key(transaction)
    transcript = redirect(
        client_id=transaction.client_id,
        nonce=transaction.nonce,
        response_uri=transaction.response_uri,
        thumbprint=key.public.thumbprint() if key else None,
    )
    return Conversation(transcript, only=only)


def _unlike(verified: Verified, text: str, asked: Credential, allowed: Sequence[Claim]) -> str | None:
    """3. The code by which this is not what its query asks for."""
    kind = CATALOGUE[verified.document]
    if asked.format == MDOC:  # what goes beyond was refused by the conversation
        held = Held(MDOC, doc_type(kind), verified.elements)
    else:
        held = Held(SD_JWT, type_of(kind), verified.claims)
    if held.type not in asked.types:
        return "type_mismatch"
    wanted = tuple(
        tuple(_without_places(claim) for claim in some if not _always(claim, asked)) for some in asked.wanted
    )
    found = match(replace(asked, wanted=wanted), held)
    if found is None or any(claim.path == (name,) for claim in found.claims for name in verified.partial):
        return "claims_missing"
    return "policy_refused" if asked.format == SD_JWT and _beyond(text, allowed) else None


def _always(claim: Claim, asked: Credential) -> bool:
    """Of an SD-JWT VC, what stands in it in any case; nobody has to disclose it."""
    return asked.format == SD_JWT and claim.path[0] in NEVER_HIDDEN


def _without_places(claim: Claim) -> Claim:
    """Elements that stay closed leave no gap: which one was opened, its disclosure tells (`_beyond`)."""
    return replace(claim, path=tuple(None if isinstance(part, int) else part for part in claim.path))


def _beyond(text: str, allowed: Sequence[Claim]) -> bool:
    token = disclosures.parse(text)
    revealed = disclosures.reveal(payload_of(jose.parse(token.jwt).payload), token.disclosures)
    return any(not any(disclosures.along(claim.path, place) for claim in allowed) for place in revealed.placed.values())


def _refused(report: Report, code: str, step: Step) -> Report:
    """The same report with a no at this step, and nothing of the person any more."""
    reason = REASONS[code]
    checks = tuple(
        Check(each.step, CheckOutcome.FAILED, code)
        if each.step == step
        else Check(each.step, CheckOutcome.SKIPPED)
        if each.step > step
        else each
        for each in report.checks
    )
    return replace(
        report,
        outcome=Outcome.REJECTED,
        checks=checks,
        verified=None,
        code=code,
        reason=reason.sentence,
        advice=reason.advice,
    )


# --- all of them ------------------------------------------------------------------------------------------------------


def _all(reports: Iterable[tuple[str, Report]], code: str, step: Step) -> tuple[tuple[str, Report], ...]:
    return tuple((id_, _refused(report, code, step)) for id_, report in reports)


def _authorised(token: Token, transaction: Transaction) -> bool:
    """Each piece of transaction data by exactly one credential that may (§5.1), and no hash of something else."""
    digests = {b64url_encode(hashlib.sha256(each.encode("ascii")).digest()): each for each in transaction.data}
    authorised: list[str] = []
    for text in dict.fromkeys(text for made in token.values() for text in made):
        answered = {id_ for id_, made in token.items() if text in made}
        for digest in _hashes(text):
            if digest not in digests or answered.isdisjoint(_opened(digests[digest])["credential_ids"]):
                return False
            authorised.append(digest)
    return sorted(authorised) == sorted(digests)


def _hashes(text: str) -> Sequence[str]:
    """From a key binding whose signature was checked. What cannot be read authorises nothing, and is no other hash either."""
    if "~" not in text:
        return ()
    binding = disclosures.parse(text).key_binding
    claims: Any = json_decode(jose.parse(binding or "").payload)
    found = claims.get("transaction_data_hashes", ())
    if not isinstance(found, list) or claims.get("transaction_data_hashes_alg") != HASH:
        return () if found == () else ("",)
    return [each if isinstance(each, str) else "" for each in found]


def _opened(data: str) -> Mapping[str, Any]:
    value: Any = json_decode(b64url_decode(data))
    return dict(value)

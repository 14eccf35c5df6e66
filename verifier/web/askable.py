"""What this counter may ask online, by the trust list as it is now: its purposes, their views, and the question for each.

Spec: OpenID4VP 1.0 §15.3 (purpose), §15.4.2 (strictly necessary claims); `verifier.question`.

Nothing here is configured: who publishes the trust list says what a counter may ask, and wallets hold it to that.
"""

import time
from collections.abc import Iterator, Mapping

from werkzeug.exceptions import NotFound

from certs.catalogue import CATALOGUE, Field, Text
from certs.trust import Reader
from verifier.challenge import Asker
from verifier.policy.single import AGE, Policy
from verifier.question import Question, ask
from verifier.request import RelyingParty
from verifier.verifier import Verifier
from verifier.web.challenge import AGE_TITLE, BETWEEN, Option
from verifier.web.frame import counter, verifier


def party() -> RelyingParty:
    """Read anew each time: a reader's key is replaced while the counter runs."""
    config = counter().config
    if config.reader_key is None or config.reader_certificate is None:
        raise NotFound()
    try:
        asker = Asker.load(config.reader_key, config.reader_certificate)
    except FileNotFoundError as error:
        raise NotFound() from error
    return RelyingParty(asker.signer, asker.certificate)


def trusting() -> Verifier:
    current = verifier()
    if current is None:
        raise NotFound()
    return current


def readers() -> tuple[Reader, ...]:
    """One entry a purpose. Raises CertsError."""
    return trusting().bundle.trust.readers(party().certificate, at=int(time.time()))


def questions() -> Mapping[str, tuple[Reader, Question]]:
    """By the value of the form. Raises CertsError."""
    return {option.value: (each, ask(_policy(option.value, each))) for each in readers() for option in options(each)}


def options(reader: Reader) -> Iterator[Option]:
    """Of one purpose: its views, and proof of age by any document where several tell it."""
    views = _views(reader)
    if sum(view == AGE for _, view in views) > 1:
        yield Option(f"{AGE}{BETWEEN}{reader.purpose.vi}", AGE_TITLE)
    for name, view_name in views:
        kind = CATALOGUE[name]
        view = kind.view(view_name)
        title = Text(f"{kind.title.vi} – {view.title.vi}", f"{kind.title.en} – {view.title.en}")
        yield Option(f"{name}.{view_name}{BETWEEN}{reader.purpose.vi}", title)


def told(question: Question) -> list[tuple[Text, tuple[Field, ...]]]:
    """The fields that would come, under the title of each document that would do."""
    found = []
    for named in dict.fromkeys(name for policy in question.policies.values() for name in policy.documents):
        kind_name, _, view = named.partition(".")
        kind = CATALOGUE[kind_name]
        found.append((kind.title, tuple(kind.field(name) for name in kind.view(view).fields)))
    return found


def _views(reader: Reader) -> list[tuple[str, str]]:
    """A kind or view that we do not know is nothing that we could ask for."""
    known = {kind.name: {view.name for view in kind.views} for kind in CATALOGUE.values()}
    return [
        (right.document, view)
        for right in reader.rights
        for view in right.views
        if view in known.get(right.document, set())
    ]


def _policy(value: str, reader: Reader) -> Policy:
    wanted = value.partition(BETWEEN)[0]
    if wanted != AGE:
        claims = ((AGE, True),) if wanted.endswith(f".{AGE}") else ()
        return Policy(documents=(wanted,), claims=claims)
    documents = tuple(f"{kind}.{view}" for kind, view in _views(reader) if view == AGE)
    return Policy(documents=documents, claims=((AGE, True),))

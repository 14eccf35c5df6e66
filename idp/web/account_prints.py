"""Prints of one's own documents: making one as a file to download, the list of those in force, taking one back.

Asked for at the level that the account can prove, 2 at most, as for taking all data along: a print is good for whoever has it.
Spec: `certs/qr.md` §3.1; Decree 69/2024/NĐ-CP Art. 20
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import flask

from certs.catalogue import CATALOGUE, DocumentType, Text, View
from certs.status import Status
from idp.issuance import paper, printing, signers
from idp.issuance.entitlement import Refusal, refusal
from idp.issuance.paper import Paper
from idp.issuance.printing import Made, Print
from idp.issuance.signers import Signers, SigningUnavailable
from idp.login.session import SignedIn
from idp.model import Document
from idp.registries.naming import distinguished
from idp.web import security
from idp.web.context import Web
from idp.web.exchange import form, see_other
from idp.web.moments import day
from idp.web.session import require_reachable

HOME = "/account/prints"
LEVEL = 2
FORMATS: Mapping[str, tuple[str, str, Callable[[Print], bytes]]] = {
    "pdf-a4": ("application/pdf", "pdf", lambda made: paper.pdf(made, Paper.A4)),
    "pdf-a6": ("application/pdf", "pdf", lambda made: paper.pdf(made, Paper.A6)),
    "png": ("image/png", "png", paper.png),
}
_STATES = {
    Status.VALID: (Text("Có hiệu lực", "In force"), "good"),
    Status.INVALID: (Text("Đã hủy", "Taken back"), "bad"),
    Status.SUSPENDED: (Text("Tạm đình chỉ", "Suspended"), "bad"),
    Status.HOLDER_LOCKED: (Text("Danh tính đang khóa", "Identity locked"), "bad"),
}
_AWAY = Text(
    "Hiện chưa ký được bản in. Không có gì được in; hãy thử lại sau ít phút.",
    "Prints cannot be signed right now. Nothing was printed; try again in a few minutes.",
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A view of a document of mine that can be printed now."""

    value: str
    kind: DocumentType
    view: View
    about: str


@dataclass(frozen=True, slots=True)
class Row:
    made: Made
    number: str
    printed: str
    until: str
    state: Text
    tone: str

    @property
    def in_force(self) -> bool:
        return self.made.state is not Status.INVALID


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("account_prints", __name__, url_prefix=HOME)
    held = signers.load(web.config.data / "signers")

    @routes.get("")
    def page() -> str:
        return _page(web, require_reachable(HOME, LEVEL))

    @routes.post("")
    def make() -> flask.typing.ResponseReturnValue:
        security.check_form()
        signed_in, sent = require_reachable(HOME, LEVEL), form()
        document_id, _, view = (sent.get("what") or "").rpartition(".")
        wanted = FORMATS.get(sent.get("as") or "")
        if wanted is None or not document_id:
            return _page(web, signed_in, refused=printing.NOT_PRINTED.text), 422
        try:
            made = _made(web, signed_in, document_id, view, held)
        except SigningUnavailable:
            return _page(web, signed_in, refused=_AWAY), 503
        return (_page(web, signed_in, refused=made.text), 409) if isinstance(made, Refusal) else _file(made, *wanted)

    @routes.post("/<number>/take-back")
    def take_back(number: str) -> flask.typing.ResponseReturnValue:
        security.check_form()
        signed_in = require_reachable(HOME, LEVEL)
        person_id = signed_in.holder.person.person_id
        with web.storage.transaction() as ports:
            answer = printing.take_back(ports, number=number, person_id=person_id, by="citizen", now=web.clock())
        if isinstance(answer, Refusal):
            return _page(web, signed_in, refused=answer.text), 404 if answer is printing.NO_PRINT else 409
        return see_other(flask.url_for("account_prints.page"))

    return routes


def _made(web: Web, signed_in: SignedIn, document_id: str, view: str, held: Signers) -> Print | Refusal:
    with web.storage.transaction() as ports:
        return printing.for_citizen(
            ports,
            account_id=signed_in.session.account_id,
            document_id=document_id,
            view=view,
            issuer=web.config.issuer,
            signers=held,
            now=web.clock(),
        )


def _file(made: Print, media_type: str, ending: str, drawn: Callable[[Print], bytes]) -> flask.Response:
    """Its name has no name and no number of the person: files lie about."""
    name = f"{made.kind.name}-{made.view.name}-{paper.number(made.number).replace(' ', '')}.{ending}"
    answer = flask.Response(drawn(made), mimetype=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(web: Web, signed_in: SignedIn, *, refused: Text | None = None) -> str:
    who, now = signed_in.holder, web.clock()
    with web.storage.reading() as ports:
        documents = ports.documents.of_person(who.person.person_id)
        made = printing.made(ports, who.person.person_id, now=now)
    fit = [each for each in documents if _fit(each, signed_in, now)]
    choices = [
        Choice(f"{document.document_id}.{view.name}", kind, view, distinguished(kind, document.record))
        for kind in CATALOGUE.values()
        for document in fit
        if document.type == kind.name
        for view in printing.choices(kind)
    ]
    return flask.render_template(
        "account_prints.html", choices=choices, rows=[_row(each) for each in made], refusal=refused
    )


def _fit(document: Document, signed_in: SignedIn, now: int) -> bool:
    kind = CATALOGUE.get(document.type)
    return kind is not None and refusal(who=signed_in.holder, document=document, kind=kind, now=now) is None


def _row(made: Made) -> Row:
    state, tone = _STATES[made.state]
    return Row(made, paper.number(made.number), day(made.issued), day(made.expires), state, tone)

"""Pictures of synthetic people, "taken just now", for whoever tries the step of the face. Only a simulation has this page."""

import base64
import secrets

import flask

from certs.catalogue import Text
from idp.model import Person
from idp.registries import portraits
from idp.web import security
from idp.web.context import Web
from idp.web.exchange import form
from idp.web.session import current_session

MAX_TYPED = 32
NOBODY = Text(
    "Không có người hư cấu nào mang số này. Kiểm tra lại 12 chữ số.",
    "No fictional person has this number. Check its 12 digits.",
)


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("faces", __name__)
    if web.faces is None:
        return routes

    @routes.get("/simulation/faces")
    def page() -> str:
        signed_in = current_session()
        return _page(signed_in.holder.person.pid if signed_in else "")

    @routes.post("/simulation/faces")
    def take() -> flask.typing.ResponseReturnValue:
        """By POST, so that no address and no log holds whose picture it is."""
        security.check_form()
        typed = (form().get("pid") or "").strip()[:MAX_TYPED]
        with web.storage.reading() as ports:
            person = ports.population.by_pid("".join(typed.split()))
        return _page(typed, person) if person else (_page(typed, problem=NOBODY), 422)

    return routes


def _page(typed: str, person: Person | None = None, problem: Text | None = None) -> str:
    picture = portraits.snapshot(person, secrets.randbits(64)) if person else None
    return flask.render_template(
        "faces.html",
        pid=typed,
        name=person.name if person else "",
        picture=f"data:image/webp;base64,{base64.b64encode(picture).decode()}" if picture else None,
        problem=problem,
        action=flask.url_for("faces.take"),
    )

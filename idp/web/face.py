"""The face at log-in: a picture from the camera or a file, compared with the register's portrait. Simulated, and says so.

Only for whom the step already knows: it adds to a session, or proves in a recovery; a face alone signs nobody in. With a
password or a one-time code it reaches level 3, with something known and something possessed level 4. The picture lives as
long as the request: it is neither kept nor logged, and no score is told, which could be climbed by small changes.
Spec: Decree 69/2024/NĐ-CP Art. 20; NIST SP 800-63B-4 §3.2.2, §3.2.3
"""

import hashlib

import flask

from certs.catalogue import Text
from idp.login import attempts, hashing, interaction
from idp.login.acr import Factor
from idp.login.attempts import HiddenLimit, Secret, Try
from idp.login.face import Faces, NotAPicture, person_of
from idp.login.interaction import Interaction
from idp.oidc.authorization import Authorization
from idp.ports import Ports
from idp.web import errors, form_target, language, security, tries
from idp.web.code_page import is_named
from idp.web.context import Web
from idp.web.exchange import upload
from idp.web.login import asker_of
from idp.web.proven import Proof, proven
from idp.web.session import current_session

SPENT = "face_picture"
SPENT_SECONDS = 24 * 3600  # for so long the very same picture opens nothing again

NO_PICTURE = Text("Chụp hoặc chọn một ảnh khuôn mặt", "Take or choose a picture of your face")
REFUSED = Text(
    "Chưa nhận ra khuôn mặt. Hãy dùng một ảnh mới chụp: mặt nhìn thẳng ở giữa khung, đủ sáng, không dùng lại ảnh cũ.",
    "The face was not recognised. Use a picture taken just now: looking straight ahead, in the middle, in good light; "
    "no picture twice.",
)
NOT_READ = {
    "oversize": Text(
        "Ảnh quá lớn. Chọn ảnh tối đa 4 MB và 12 triệu điểm ảnh.",
        "The picture is too large. Choose one of at most 4 MB and 12 megapixels.",
    ),
    "undersize": Text(
        "Ảnh quá nhỏ. Chọn ảnh có mỗi cạnh ít nhất 96 điểm ảnh.",
        "The picture is too small. Choose one of at least 96 pixels a side.",
    ),
    "malformed": Text(
        "Tệp này không phải ảnh đọc được. Chọn ảnh JPEG, PNG hoặc WebP.",
        "This file is no picture that can be read. Choose a JPEG, PNG or WebP.",
    ),
}

Answer = flask.typing.ResponseReturnValue


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("face", __name__)
    faces = web.faces
    if faces is None or Factor.FACE not in web.oidc.factors:
        return routes

    @routes.get("/login/<step>/face")
    def page(step: str) -> str:
        return _page(web, step, _pending(web, step))

    @routes.post("/login/<step>/face")
    def submit(step: str) -> Answer:
        fields, picture = upload("picture")
        security.check_form(sent=fields.get(security.FIELD, ""))
        pending = _pending(web, step, status=403)
        if not picture:
            return _page(web, step, pending, NO_PICTURE), 422
        return _compare(web, faces, step, pending, picture)

    return routes


def _pending(web: Web, step: str, *, status: int = 400) -> Interaction:
    """The step of this browser, about somebody known; who adds to a session must still have it."""
    with web.storage.reading() as ports:
        pending = interaction.find(ports, step, browser=security.cookie(security.BROWSER), now=web.clock())
    signed_in = current_session() if pending is not None and pending.adds else None
    if pending is None or (pending.adds and (signed_in is None or signed_in.session.account_id != pending.account_id)):
        security.refused("interaction")
        flask.abort(errors.expired_page(status))
    if not is_named(pending):
        flask.abort(404)
    return pending


def _compare(web: Web, faces: Faces, step: str, pending: Interaction, picture: bytes) -> Answer:
    """Counted before the picture is opened: what is no picture at all costs work too."""
    now, account_id = web.clock(), pending.account_id or ""
    with hashing.place():  # a flood of faces takes the places of log-ins, and of nothing else
        tried, limited = tries.of(web, pending, account_id, secret=Secret.FACE, typed=pending.typed), False
        try:
            attempts.begin(web.storage, tried, now=now)
        except HiddenLimit:
            limited = True
        with web.storage.reading() as ports:
            person = person_of(ports, account_id)
        try:
            found = faces.check(person, picture)
        except NotAPicture as error:
            _refused(web, tried, f"picture_{error.code}", now=now)
            return _page(web, step, pending, NOT_READ[error.code]), 422
    if found.accepted and not limited:
        answer = proven(web, step, pending, _proof(account_id, picture, now=now), tried=tried)
        if answer is not None:
            return answer
    else:
        reason = "limit" if limited else "face_replay" if found.replay else "face_differs"
        _refused(web, tried, reason, now=now)
    return _page(web, step, pending, REFUSED), 422


def _proof(account_id: str, picture: bytes, *, now: int) -> Proof:
    once = hashlib.sha256(picture).hexdigest()

    def use(ports: Ports) -> bool:
        return ports.ephemeral.once(SPENT, once, expires=now + SPENT_SECONDS)

    return Proof(account_id=account_id, factors=frozenset({Factor.FACE}), use=use)


def _refused(web: Web, tried: Try, reason: str, *, now: int) -> None:
    with web.storage.transaction() as ports:
        known = ports.accounts.get(tried.subject)
        attempts.fail(ports, tried, reason=reason, account_id=known.account_id if known else None, now=now)


def _page(web: Web, step: str, pending: Interaction, problem: Text | None = None) -> str:
    with web.storage.reading() as ports:
        asker = asker_of(pending, ports)
    if pending.authorization is not None:
        form_target.allow(Authorization.of(pending.authorization).redirect_uri)
    language.prefer(pending.locales, since=pending.begun)
    return flask.render_template(
        "face.html",
        asker=asker,
        problem=problem,
        action=flask.request.path,
        back=flask.url_for("more.page" if pending.adds else "recovery.gather", identifier=step),
    )

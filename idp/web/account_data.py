"""My data, and where each part comes from: register by register, with its authority and dates.

Spec: Law on Personal Data Protection 91/2025/QH15 (right of access); Law 26/2023/QH15 Art. 9, 22
"""

from dataclasses import dataclass

import flask

from certs.catalogue import AUTHORITIES, CATALOGUE, DocumentType, Text
from idp.accounts import phones
from idp.issuance.entitlement import as_of
from idp.login.standing import Holder, today
from idp.model import PRINTED, Account, CancelledPid, Document, IssuedCredential, Person
from idp.web.context import Web
from idp.web.documents import state_word
from idp.web.facts import grouped
from idp.web.moments import day, minute, written
from idp.web.record import Line, lines
from idp.web.session import require_session

HOME = "/account/data"
REGISTRAR = "public-security"  # keeps the population register and proofs the accounts

_SEX = {"male": Text("Nam", "Male"), "female": Text("Nữ", "Female")}
_LEVELS = {
    1: Text("1 – đăng ký từ xa", "1 – registered remotely"),
    2: Text("2 – đã xác minh trực tiếp", "2 – checked in person"),
}


@dataclass(frozen=True, slots=True)
class Register:
    """One source: who keeps it, as of when, and what it has."""

    name: str
    title: Text
    authority: Text
    dates: tuple[tuple[Text, str], ...]
    lines: tuple[Line, ...]
    state: tuple[Text, str] | None = None
    copies: tuple[str, ...] = ()  # when signed copies went into a wallet, the newest first


def blueprint(web: Web) -> flask.Blueprint:
    routes = flask.Blueprint("account_data", __name__, url_prefix=HOME)

    @routes.get("")
    def page() -> str:
        who, now = require_session().holder, web.clock()
        with web.storage.reading() as ports:
            former = ports.population.cancelled(who.person.person_id)
            documents = ports.documents.of_person(who.person.person_id)
            issued = {one.document_id: ports.documents.issued(one.document_id) for one in documents}
        known = [one for kind in CATALOGUE for one in documents if one.type == kind]
        registers = [
            _account(who.account),
            _population(who.person, former, now=now),
            *(_document(who, one, issued[one.document_id], now=now) for one in known),
        ]
        return flask.render_template("account_data.html", registers=registers)

    return routes


def _account(account: Account) -> Register:
    return Register(
        "account",
        Text("Tài khoản định danh", "Identity account"),
        AUTHORITIES[REGISTRAR].name,
        ((Text("Đăng ký ngày", "Registered on"), day(account.created_at)),) if account.created_at else (),
        (
            Line(Text("Mức độ tài khoản", "Account level"), _LEVELS[account.level], False),
            _line(Text("Số điện thoại", "Phone number"), phones.national(account.phone)),
            _line(Text("Thư điện tử", "E-mail"), account.email),
        ),
    )


def _population(person: Person, former: tuple[CancelledPid, ...], *, now: int) -> Register:
    home = person.residence
    numbers = tuple(
        _line(
            Text("Số định danh trước đây", "Former personal number"),
            f"{grouped(one.pid)} ({written(one.cancelled_on)})",
        )
        for one in former
    )
    return Register(
        "population",
        Text("Dữ liệu dân cư", "Population register"),
        AUTHORITIES[REGISTRAR].name,
        ((Text("Đọc từ nguồn lúc", "Read from the source at"), minute(now)),),
        (
            _line(Text("Số định danh cá nhân", "Personal identification number"), grouped(person.pid), sensitive=True),
            *numbers,
            _line(Text("Họ, chữ đệm và tên", "Full name"), person.name),
            _line(Text("Ngày, tháng, năm sinh", "Date of birth"), written(person.birth_date)),
            Line(Text("Giới tính", "Sex"), _SEX[person.sex], False),
            Line(Text("Quốc tịch", "Nationality"), _country(person.nationality), False),
            _line(Text("Nơi đăng ký khai sinh", "Place of birth registration"), person.place_of_birth),
            _line(
                Text("Nơi thường trú", "Permanent residence"),
                ", ".join(part for part in (home.detail, home.commune, home.province) if part),
                sensitive=True,
            ),
            _line(Text("Số điện thoại", "Phone number"), phones.national(person.phone) if person.phone else None),
            _line(Text("Thư điện tử", "E-mail"), person.email),
        ),
    )


def _document(who: Holder, one: Document, issued: tuple[IssuedCredential, ...], *, now: int) -> Register:
    kind = CATALOGUE[one.type]
    until = ((Text("Có giá trị đến", "Valid until"), written(one.valid_until)),) if one.valid_until else ()
    return Register(
        one.type,
        kind.title,
        _keeper(kind, now=now),
        ((Text("Đọc từ nguồn lúc", "Read from the source at"), minute(now)), *until),
        lines(kind.fields, as_of(one, kind, who.person, day=today(now))),
        state_word(one, now=now),
        tuple(
            minute(at)
            for at in sorted({each.issued_at for each in issued if each.holder_thumbprint != PRINTED}, reverse=True)[:3]
        ),
    )


def _keeper(kind: DocumentType, *, now: int) -> Text:
    authority = AUTHORITIES.get(kind.issuer_on(today(now)) or kind.issuers[-1].authority)
    return authority.name if authority else Text("", "")


def _country(code: str) -> Text:
    return Text("Việt Nam", "Viet Nam") if code == "VN" else Text.same(code)


def _line(label: Text, value: str | None, *, sensitive: bool = False) -> Line:
    return Line(label, Text.same(value) if value else Text("Không có", "None"), sensitive)

"""What changes in the registers about one person, and what follows from it: a name, a home, a birth date, a number, a death.

Each is one transaction: the population register is written; every record that says otherwise is written anew, and the copies
that were signed from the old one are invalid for good; the journal and the citizen are told. A copy of the new record is
fetched from the wallet, as the first was.

Whoever changes holds the person and the spouse alone, in the order of their ids, before anything is read that counts: issuing,
suspending and locking hold the person too, so none of them signs or publishes beside it.

Spec: Law 26/2023/QH15 Art. 11(4); Decree 70/2024/NĐ-CP Art. 11 (reset of a number); Decree 69/2024/NĐ-CP Art. 15 (death)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

from certs.catalogue import CATALOGUE, Text, faults
from certs.status import Status
from idp.accounts.personal_id import NotAPersonalId, disagreements, parse
from idp.issuance.documents import publish
from idp.issuance.entitlement import Refusal
from idp.login.notices import tell
from idp.login.standing import today
from idp.model import AccountState, Address, Document, DocumentState, Event, Person
from idp.ports import Ports
from idp.registries import following


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, when, and whether there are people behind it."""

    name: str
    now: int
    simulation: bool


@dataclass(frozen=True, slots=True)
class Done:
    """`documents` that were written anew or have ended, the spouse's among them; `credentials` that no longer hold."""

    person: Person
    documents: tuple[str, ...]
    credentials: int


@dataclass(frozen=True, slots=True)
class _Held:
    person: Person
    documents: tuple[Document, ...]  # but for those that were revoked
    of_spouses: tuple[Document, ...]  # marriage certificates that name the person


UNKNOWN = Refusal("person_unknown", Text("Không có người này.", "There is no such person."))
DECEASED = Refusal("deceased", Text("Người này đã mất.", "The register says that this person has died."))
SAME = Refusal("unchanged", Text("Cơ sở dữ liệu đã ghi như vậy.", "The register says so already. Nothing was changed."))
MEANWHILE = Refusal(
    "meanwhile", Text("Dữ liệu vừa được thay đổi. Hãy thử lại.", "It was changed at this moment. Try again.")
)
BAD_DEATH = Refusal(
    "death_date",
    Text("Ngày mất phải sau ngày sinh và không ở tương lai.", "A death is not before the birth and not in the future."),
)
REISSUED = Text(
    "Thông tin của bạn trong cơ sở dữ liệu đã thay đổi; bản trong ví của các giấy tờ sau không còn dùng được, "
    "hãy lấy lại ở trang Giấy tờ của tôi: {}. Nếu không đúng, hãy báo ngay cho cơ quan quản lý.",
    "What the registers hold about you was changed. Copies in your wallet of these documents no longer hold; fetch them "
    "again on the page My documents: {}. If this is wrong, tell the authority at once.",
)
ENDED = Text("Giấy tờ sau không còn hiệu lực: {}.", "These documents are no longer in force: {}.")


def rename(ports: Ports, *, person_id: str, name: str, by: By) -> Done | Refusal:
    """`name` as `population.name_of` gives it."""
    return _correct(ports, person_id, "person_renamed", lambda person: replace(person, name=name), by)


def move(ports: Ports, *, person_id: str, home: Address, by: By) -> Done | Refusal:
    return _correct(ports, person_id, "person_moved", lambda person: replace(person, residence=home), by)


def correct(
    ports: Ports, *, person_id: str, birth_date: str | None = None, sex: str | None = None, by: By
) -> Done | Refusal:
    """`birth_date` as `population.birth_date_of` gives it. The number stays, until it is reset."""

    def corrected(person: Person) -> Person:
        return replace(person, birth_date=birth_date or person.birth_date, sex=sex or person.sex)

    return _correct(ports, person_id, "person_corrected", corrected, by)


def renumber(ports: Ports, *, person_id: str, pid: str, reason: str, by: By) -> Done | Refusal:
    """Cancel the number and give another one. Relying parties that know the person by the old number sign them in anew.

    Raises Conflict where the number is, or was, somebody's.
    """
    day = today(by.now)
    try:
        number = parse(pid, year=day.year, simulation=by.simulation)
    except NotAPersonalId:
        return _refused(ports, _NO_NUMBER, "person_renumbered", person_id, by)
    held = _hold(ports, person_id)
    if isinstance(held, Refusal):
        return _refused(ports, held, "person_renumbered", person_id, by)
    person = held.person
    if person.pid == pid:
        return _refused(ports, SAME, "person_renumbered", person_id, by)
    if disagreements(number, birth_date=person.birth_date, sex=person.sex):
        return _refused(ports, _DISAGREES, "person_renumbered", person_id, by)
    ports.population.reset_pid(person_id, pid, on=day.isoformat(), reason=reason)
    account = ports.accounts.by_person(person_id)
    if account is not None:
        ports.grants.close_account(account.account_id, now=by.now)
    return _follow(ports, held, replace(person, pid=pid), "person_renumbered", by)


def die(ports: Ports, *, person_id: str, on: date, by: By) -> Done | Refusal:
    """All documents end, and the account with its sessions and what was allowed; of the spouse, the marriage."""
    held = _hold(ports, person_id)
    if isinstance(held, Refusal):
        return _refused(ports, held, "person_deceased", person_id, by)
    if on > today(by.now) or held.person.birth_date > on.isoformat()[: len(held.person.birth_date)]:
        return _refused(ports, BAD_DEATH, "person_deceased", person_id, by)
    person = replace(held.person, deceased_on=on.isoformat())
    ports.population.update(person)
    ended = (*held.documents, *held.of_spouses)
    for document in ended:
        ports.documents.set_state(document.document_id, DocumentState.REVOKED)
    account = ports.accounts.by_person(person_id)
    if account is not None:
        ports.accounts.set_state(account.account_id, AccountState.LOCKED)
        ports.sessions.end_account(account.account_id)
        ports.grants.close_account(account.account_id, now=by.now)
    reached = publish(ports, ((document.document_id, Status.INVALID) for document in ended))
    _journal(ports, person, "person_deceased", ended, reached, by)
    announce(ports, held.of_spouses, "documents_ended", ENDED, by)
    return Done(person, tuple(document.document_id for document in ended), reached)


_NO_NUMBER = Refusal(
    "number_form", Text("Không phải số định danh cá nhân.", "This is not a personal identification number.")
)
_DISAGREES = Refusal(
    "number_disagrees",
    Text(
        "Số này nói năm sinh hoặc giới tính khác.",
        "The number tells another year of birth or sex. See: python -m idp people correct",
    ),
)


def _correct(ports: Ports, person_id: str, kind: str, changed: Callable[[Person], Person], by: By) -> Done | Refusal:
    """1 the person is there and lives; 2 something changes; 3 every record that follows is still sound."""
    held = _hold(ports, person_id)  # 1
    if isinstance(held, Refusal):
        return _refused(ports, held, kind, person_id, by)
    after = changed(held.person)
    if after == held.person:  # 2
        return _refused(ports, SAME, kind, person_id, by)
    unfit = _unfit(held, after, today(by.now))  # 3
    if unfit is not None:
        return _refused(ports, unfit, kind, person_id, by)
    ports.population.update(after)
    return _follow(ports, held, after, kind, by)


def _hold(ports: Ports, person_id: str) -> _Held | Refusal:
    spouses = _spouses(ports, person_id)
    for each in sorted({person_id, *spouses}):
        ports.population.hold(each, to_change=True)
    person = ports.population.get(person_id)
    if person is None:
        return UNKNOWN
    if person.deceased_on is not None:
        return DECEASED
    if not _spouses(ports, person_id) <= spouses:
        return MEANWHILE
    theirs = (one for each in sorted(spouses) for one in _in_force(ports, each))
    named = tuple(one for one in theirs if person.pid in following.spouse_numbers((one,)))
    return _Held(person, tuple(_in_force(ports, person_id)), named)


def _spouses(ports: Ports, person_id: str) -> set[str]:
    """By the person's own certificates, and by those that name the person: a register may have one of the two alone."""
    numbers = following.spouse_numbers(ports.documents.of_person(person_id))
    found = (ports.population.by_pid(number) for number in sorted(numbers))
    person = ports.population.get(person_id)
    naming = ports.documents.naming_spouse(person.pid) if person else ()
    return {one.person_id for one in found if one is not None} | {one.person_id for one in naming}


def _in_force(ports: Ports, person_id: str) -> Iterable[Document]:
    held = ports.documents.of_person(person_id)
    return (document for document in held if document.state is not DocumentState.REVOKED)


def _anew(held: _Held, after: Person, day: date) -> list[tuple[Document, Document]]:
    """(before, after) of each document that changes."""
    own = [(one, following.own(one, held.person, after, today=day)) for one in held.documents]
    theirs = [(one, following.of_spouse(one, held.person, after)) for one in held.of_spouses]
    return [(before, made) for before, made in (*own, *theirs) if made is not before]


def _unfit(held: _Held, after: Person, day: date) -> Refusal | None:
    """A fault that a record did not have before: somebody would be married before their birth."""
    for before, made in _anew(held, after, day):
        kind = CATALOGUE.get(made.type)
        if kind is None:
            continue
        known = {(fault.field, fault.code) for fault in faults(kind, before.record)}
        for fault in faults(kind, made.record):
            if (fault.field, fault.code) not in known:
                vi, en = (f"{kind.title.of(language)}: {fault.text.of(language)}" for language in ("vi", "en"))
                return Refusal("record_unfit", Text(vi, f"{en} ({fault.field})"))
    return None


def _follow(ports: Ports, held: _Held, after: Person, kind: str, by: By) -> Done:
    changed = [made for _, made in _anew(held, after, today(by.now))]
    for made in changed:
        ports.documents.set_record(made.document_id, made.record, valid_until=made.valid_until)
    reached = publish(ports, ((made.document_id, Status.INVALID) for made in changed))
    _journal(ports, after, kind, changed, reached, by)
    announce(ports, changed, "documents_reissued", REISSUED, by)
    return Done(after, tuple(made.document_id for made in changed), reached)


def _journal(ports: Ports, person: Person, kind: str, changed: Iterable[Document], reached: int, by: By) -> None:
    account = ports.accounts.by_person(person.person_id)
    details = {
        "person_id": person.person_id,
        "documents": [document.document_id for document in changed],
        "credentials": reached,
        "by": by.name,
    }
    ports.journal.append(Event(by.now, kind, account.account_id if account else None, details=details))


def announce(ports: Ports, changed: Iterable[Document], kind: str, text: Text, by: By) -> None:
    """Tell each person of their own documents: in the journal, which their notices come from, and by a short message."""
    by_person: dict[str, list[str]] = {}
    for document in changed:
        by_person.setdefault(document.person_id, []).append(document.type)
    for person_id, types in sorted(by_person.items()):
        account = ports.accounts.by_person(person_id)
        if account is None:
            continue
        ports.journal.append(Event(by.now, kind, account.account_id, details={"types": sorted(types), "by": by.name}))
        titles = [CATALOGUE[type_].title for type_ in types if type_ in CATALOGUE]
        vi, en = (
            text.of(language).format(", ".join(title.of(language) for title in titles)) for language in ("vi", "en")
        )
        tell(ports, account, Text(vi, en), now=by.now, simulation=by.simulation)


def _refused(ports: Ports, refusal: Refusal, asked: str, person_id: str, by: By) -> Refusal:
    details = {"person_id": person_id, "asked": asked, "code": refusal.code, "by": by.name}
    ports.journal.append(Event(by.now, "register_change_refused", details=details))
    return refusal

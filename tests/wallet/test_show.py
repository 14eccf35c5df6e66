"""Showing: views, what they disclose, QR texts that a verifier takes, and how a document stands.

Spec: `certs/qr.md`; draft-ietf-oauth-status-list-20 §7.1.
"""

import base64
from typing import Any

import pytest

from certs import qr
from certs.catalogue import CATALOGUE, DocumentType, Kind
from certs.formats import Expected, cwt
from certs.status import Status
from tests.certs.samples import BOOK, PORTRAIT
from tests.wallet.issuer import TX_CODE, IssuerDesk
from tests.world import DAY, RECORDS, World
from wallet import words
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.history import Kind as Happened
from wallet.model import Document
from wallet.present import choose, disclosure, for_qr, qr_text
from wallet.receive import COPIES
from wallet.state import Standing, state_of


@pytest.fixture
def licence(folder: FolderWallet, desk: IssuerDesk) -> Document:
    return folder.receive(desk.link, transaction_code=TX_CODE)[0]


@pytest.mark.parametrize("view", [None, "licence", "age_over_18", "full"])
def test_a_qr_text_is_taken_by_a_verifier(
    folder: FolderWallet, licence: Document, world: World, view: str | None
) -> None:
    text = folder.qr_text("driving_licence", view=view)
    bundle = world.open_bundle()
    verified = cwt.verify(
        qr.from_text(text), trust=bundle.trust, statuses=bundle.statuses, now=world.now, expected=Expected()
    )
    shown = disclosure(CATALOGUE["driving_licence"], view or "licence")
    assert verified.view == (view or "licence") and verified.holder_bound
    assert set(verified.claims) == {field.name for field in shown.tells}


def test_the_default_licence_fits_the_promised_size(folder: FolderWallet, licence: Document) -> None:
    assert qr.version(folder.qr_text("driving_licence")) <= 19


def test_audience_and_challenge_are_bound(folder: FolderWallet, licence: Document, world: World) -> None:
    text = folder.show("driving_licence", audience="https://bank.example", challenge=b"c" * 16).text
    bundle = world.open_bundle()
    expected = Expected(audience="https://bank.example", challenge=b"c" * 16)
    verified = cwt.verify(
        qr.from_text(text), trust=bundle.trust, statuses=bundle.statuses, now=world.now, expected=expected
    )
    assert (verified.audience, verified.challenge) == ("https://bank.example", b"c" * 16)


def test_a_view_that_is_not_there_and_a_key_of_another_copy_are_refused(
    folder: FolderWallet, licence: Document
) -> None:
    with pytest.raises(WalletError, match="view_unknown"):
        folder.qr_text("driving_licence", view="insurance")
    key = folder.keys.find(licence.copies[1].thumbprint)
    with pytest.raises(WalletError, match="key_elsewhere"):
        qr_text(licence.copies[0], key, now=folder.clock())
    for copy in licence.copies[:COPIES]:
        folder.keys.forget(copy.thumbprint)
    with pytest.raises(WalletError, match="key_elsewhere"):
        folder.qr_text("driving_licence")
    assert Happened.SHOWN not in {line.kind for line in folder.wallet.history(folder.owner)}
    with pytest.raises(WalletError, match="key_elsewhere"):
        folder.keys.find("../../etc/passwd")


def test_each_showing_of_a_view_is_by_another_key_until_there_is_none(
    folder: FolderWallet, licence: Document, world: World
) -> None:
    """Who must show it once more still can."""
    bundle = world.open_bundle()
    shown = [folder.show("driving_licence") for _ in range(COPIES + 2)]
    verified = [
        cwt.verify(
            qr.from_text(each.text), trust=bundle.trust, statuses=bundle.statuses, now=world.now, expected=Expected()
        )
        for each in shown
    ]
    mine = [copy.thumbprint for copy in for_qr(licence) if copy.view == "licence"]
    assert [each.holder_thumbprint for each in verified] == [*mine, mine[-1], mine[-1]]
    assert len(set(mine)) == COPIES
    assert [each.unused for each in shown] == [3, 2, 1, 0, 0, 0]
    assert folder.show("driving_licence", view="age_over_18").unused == COPIES - 1, "each view runs down by itself"
    folder.keys.forget(mine[-1])
    assert folder.show("driving_licence").unused == 0  # by the last whose key is here


@pytest.mark.parametrize("type_", CATALOGUE.values(), ids=lambda type_: type_.name)
def test_every_field_is_either_told_or_withheld(type_: object) -> None:
    for each in CATALOGUE.values():
        for view in each.views:
            shown = disclosure(each, view.name)
            told, withheld = ({field.name for field in fields} for fields in (shown.tells, shown.withholds))
            implied = {"age_over_18"} & {field.name for field in each.fields} - told if "birth_date" in told else set()
            assert told | withheld | implied == {field.name for field in each.fields}
            assert not told & withheld and not implied & withheld
            assert shown.sensitive == any(each.field(name).sensitive for name in view.fields)


def test_who_tells_the_birth_date_tells_the_age() -> None:
    shown = disclosure(CATALOGUE["citizen_identity"], "identity")
    assert "birth_date" in {field.name for field in shown.tells}
    assert "age_over_18" not in {field.name for field in (*shown.tells, *shown.withholds)}


@pytest.mark.parametrize(
    ("status", "standing", "look"),
    [
        (Status.VALID, Standing.VALID, "good"),
        (Status.INVALID, Standing.REVOKED, "bad"),
        (Status.SUSPENDED, Standing.SUSPENDED, "bad"),
        (Status.HOLDER_LOCKED, Standing.LOCKED, "bad"),
    ],
)
def test_st_01_a_documents_state_is_that_of_the_status_list(
    folder: FolderWallet, licence: Document, world: World, status: Status, standing: Standing, look: str
) -> None:
    index = cwt.peek(choose(licence).credential).status_index
    world.set_state(index, status)
    state = state_of(choose(licence), world.open_bundle().statuses, now=world.now)
    assert (state.standing, state.look) == (standing, look)


def test_st_03_time_and_lack_of_news_are_told(licence: Document, world: World) -> None:
    copy = choose(licence)
    statuses = world.open_bundle().statuses

    def at(now: int) -> tuple[Standing, str]:
        world.now = now
        state = state_of(copy, world.open_bundle().statuses, now=now)
        return state.standing, state.word.en

    assert state_of(copy, None, now=world.now).standing is Standing.UNKNOWN
    assert state_of(copy, statuses, now=world.now + 2 * DAY).standing is Standing.UNKNOWN  # the list is stale
    assert at(copy.expires - 8 * DAY) == (Standing.VALID, "Valid")
    assert at(copy.expires - 7 * DAY) == (Standing.EXPIRING, "Expires in 7 days")
    assert at(copy.expires - DAY) == (Standing.EXPIRING, "Expires in 1 day")
    assert at(copy.expires)[0] is Standing.EXPIRED
    assert state_of(copy, None, now=copy.expires).standing is Standing.EXPIRED


def test_values_as_people_read_them() -> None:
    licence = CATALOGUE["driving_licence"]
    read = {fact.label.en: fact.value for fact in words.facts(licence, RECORDS["driving_licence"])}
    assert read["Date of birth"].vi == "09/05/2003"
    assert read["Personal identification number"].vi == "999\u202f203\u202f001\u202f234"
    assert read["Classes"].vi == "A1 (01/06/2021 – không thời hạn); B (10/03/2025 – 10/03/2035)"
    assert read["Aged 18 or over"].en == "Yes"
    health = {fact.label.en: fact for fact in words.facts(CATALOGUE["health_record"], RECORDS["health_record"])}
    assert health["Date of birth"].value.vi == "2003"
    assert health["Sex"].value.vi == "Nữ"
    assert health["Conditions"].value.vi == "Không có" and health["Conditions"].sensitive
    assert (words.day(0), words.moment(1_772_438_400)) == ("01/01/1970", "02/03/2026 15:00")


def test_every_kind_of_value_has_words() -> None:
    shown = set()
    for type_ in CATALOGUE.values():
        record = whole(type_)
        for name in record:
            field, value = type_.field(name), words.value(type_.field(name), record[name])
            assert value.vi and value.en and "{" not in value.vi  # never a row as Python writes it
            shown.add(field.kind)
            if field.kind is Kind.CHOICE:
                assert value == field.word(record[name])
    assert shown == set(Kind)


def test_a_list_is_told_sentence_by_sentence_and_a_portrait_is_a_picture() -> None:
    book = {fact.label.en: fact for fact in words.facts(CATALOGUE["health_record"], whole(CATALOGUE["health_record"]))}
    assert (
        book["Visits"]
        .rows[0]
        .en.startswith(
            "Bệnh viện Đa khoa Đống Đa; Admitted: 15/01/2026; Discharged: 16/01/2026; Kind: Inpatient; Reason: Khó thở"
        )
    )
    assert "Test results" not in book["Visits"].rows[0].en  # null is left out
    assert book["Legal representative"].value.vi == "Trần Thị Hoà; Quan hệ: Cha, mẹ; Số điện thoại: 0900000002"
    licence = words.facts(CATALOGUE["driving_licence"], whole(CATALOGUE["driving_licence"]))
    (portrait,) = (fact for fact in licence if fact.picture)
    assert base64.b64decode(portrait.picture)[8:12] == b"WEBP" and portrait.sensitive
    assert [fact.rows for fact in licence if fact.label.en == "Classes"] == [()]  # its own short form


def whole(type_: DocumentType) -> dict[str, Any]:
    """The sample, with whatever the kind may hold beyond the least."""
    more = {"portrait": PORTRAIT, **BOOK}
    names = {field.name for field in type_.fields}
    record = {**{name: value for name, value in more.items() if name in names}, **RECORDS[type_.name]}
    return {name: value for name, value in record.items() if value is not None}

"""Passwords, attempts and sessions of the staff, by the rules themselves and the file that remembers them."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.verifier.staffed import PASSWORD, kept, staff_file
from verifier.staff import change, password, sign_in
from verifier.staff.file import StaffFile, read
from verifier.staff.model import Account
from verifier.staff.password import PasswordRefused
from verifier.staff.ports import Entry
from verifier.staff.sign_in import IDLE, LONGEST, PER_BROWSER, PER_NAME, WINDOW, TooMany, Wrong
from verifier.storage import staff as storage
from verifier.storage.staff import KEPT, StaffRecord

NOW = 1_800_000_000


@pytest.fixture
def record(tmp_path: Path) -> StaffRecord:
    return StaffRecord(tmp_path / "staff.sqlite")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return staff_file(tmp_path)


def tried(
    path: Path, record: StaffRecord, name: str, typed: str, *, browser: str | None = None, now: int = NOW
) -> Account | Wrong | TooMany:
    return sign_in.sign_in(name, typed, accounts=read(path), attempts=record, browser=browser, now=now)


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where attempts are counted, and no hash is looked at."""
    monkeypatch.setattr(password, "_verified", lambda known, typed: False)


def test_passwords() -> None:
    composed, parted = "mười lăm ký tự dài", "mười lăm ký tự dài".encode()
    known = password.hashed(composed)
    assert known.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert password.matches(known, parted.decode()) and not password.matches(known, composed + "x")
    assert not password.matches(None, composed) and not password.matches("no hash", composed)
    assert not password.matches(known, "\0") and not password.matches(known, "x" * 5_000)
    assert not password.matches(known, "\ud800")


@pytest.mark.parametrize(
    ("typed", "refused"),
    [
        ("mười bốn ký tự", password.TOO_SHORT),
        ("a" * 30, password.GUESSED),
        ("thu ha là tên tôi đó", password.GUESSED),
        ("x" * 2_000, password.TOO_LONG),
        ("ba con vịt\0qua sông lúc sáu", password.NOT_TEXT),
        ("ba con vịt \ud800 qua sông lúc", password.NOT_TEXT),
    ],
)
def test_passwords_that_are_not_taken(typed: str, refused: object) -> None:
    with pytest.raises(PasswordRefused) as caught:
        password.check_new(typed, "ha.tran", "Thu Ha")
    assert caught.value.text == refused
    password.check_new(PASSWORD, "ha.tran", "Thu Ha")
    password.check_new(password.one_time())


def test_names_are_counted_and_the_right_password_begins_anew(path: Path, record: StaffRecord) -> None:
    for _ in range(PER_NAME - 1):
        assert tried(path, record, "mai", "wrong") == Wrong()
    assert isinstance(tried(path, record, "mai", PASSWORD), Account)
    for _ in range(PER_NAME):
        assert tried(path, record, "mai", "wrong") == Wrong()
    assert tried(path, record, "mai", PASSWORD, now=NOW + 60) == TooMany(WINDOW - 60)
    assert isinstance(tried(path, record, "tuan", PASSWORD), Account)  # another name
    assert isinstance(tried(path, record, "mai", PASSWORD, now=NOW + WINDOW), Account)


def test_a_known_browser_has_a_count_of_its_own(path: Path, record: StaffRecord, free: None) -> None:
    for _ in range(PER_NAME):
        tried(path, record, "mai", "wrong")
    assert isinstance(tried(path, record, "mai", "wrong"), TooMany)
    for _ in range(PER_BROWSER):
        assert tried(path, record, "mai", "wrong", browser="b") == Wrong()
    assert isinstance(tried(path, record, "mai", "wrong", browser="b"), TooMany)
    assert tried(path, record, "tuan", "wrong", browser="b") == Wrong()  # nor is a colleague shut out who shares it


def test_all_together_are_bounded(path: Path, record: StaffRecord, free: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "IN_ALL", 8)  # of fifty
    answers = [tried(path, record, f"name{number}", "wrong") for number in range(11)]
    assert answers == [Wrong()] * 8 + [TooMany(WINDOW)] * 3
    assert tried(path, record, "mai", "wrong", browser="b") == Wrong()  # who works here is not shut out


def test_a_shift_that_begins_in_new_browsers_is_let_in(
    path: Path, record: StaffRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "IN_ALL", 2)
    for name in ("mai", "tuan", "lan"):
        assert isinstance(tried(path, record, name, PASSWORD), Account)
    assert [tried(path, record, "mai", "wrong") for _ in range(3)] == [Wrong(), Wrong(), TooMany(WINDOW)]


def test_guesses_at_once_are_counted_before_they_are_tried(path: Path, free: None) -> None:
    def guess(_: int) -> object:
        return tried(path, StaffRecord(path.with_suffix(".sqlite")), "mai", "wrong")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(40)))
    assert answers.count(Wrong()) == PER_NAME


def test_sessions_end(path: Path, record: StaffRecord) -> None:
    account = read(path)["mai"]

    def here(secret: str, now: int, act: bool = True) -> Account | None:
        return sign_in.current(secret, accounts=read(path), sessions=record, act=act, now=now)

    sign_in.begin(account, "s1", record, now=NOW)
    assert here("s1", NOW + IDLE - 1) == account and here("s2", NOW) is None
    assert here("s1", NOW + IDLE + 60) == account  # an act put it off
    assert here("s1", NOW + 2 * IDLE - 1, act=False) == account
    assert here("s1", NOW + 2 * IDLE + 60) is None  # what a page does by itself is no act
    sign_in.begin(account, "s3", record, now=NOW)
    for now in range(NOW, NOW + LONGEST, IDLE - 60):
        assert here("s3", now) == account
    assert here("s3", NOW + LONGEST) is None
    sign_in.begin(account, "s4", record, now=NOW)
    record.close(sign_in.session_key("s4"))
    assert here("s4", NOW) is None


@pytest.mark.parametrize(
    "rule",
    [
        change.disabled("mai", off=True),
        change.given_roles("mai", ["auditor"]),
        change.given_password("mai", "$argon2id$x", must_change=False),
    ],
)
def test_a_change_of_the_account_ends_its_sessions(path: Path, record: StaffRecord, rule: change.Rule) -> None:
    sign_in.begin(read(path)["mai"], "s1", record, now=NOW)
    StaffFile(path).change(rule)
    assert sign_in.current("s1", accounts=read(path), sessions=record, act=True, now=NOW) is None


def test_the_book_keeps_its_days_and_forgets(record: StaffRecord) -> None:
    def entry(at: int) -> Entry:
        return Entry(at, "mai", "driving_licence", "licence", "qr", "accepted", "", "issuer", "20270115-AAAA-BBBB")

    for at in (NOW, NOW + 1, NOW + 90_000):
        record.write(entry(at))
    assert list(record.entries(since=NOW, until=NOW + 86_400)) == [entry(NOW + 1), entry(NOW)]
    record.write(entry(NOW + KEPT + 1))
    assert [each.at for each in record.entries(since=0, until=NOW + 100_000)] == [NOW + 90_000, NOW + 1]


def test_the_file_says_no_secret(path: Path, record: StaffRecord) -> None:
    sign_in.begin(read(path)["mai"], "the-secret-of-a-session", record, now=NOW)
    tried(path, record, "not-a-name-but-a-password", "wrong")
    data = path.with_suffix(".sqlite").read_bytes()
    assert b"the-secret" not in data and b"not-a-name" not in data
    assert path.with_suffix(".sqlite").stat().st_mode & 0o077 == 0
    assert kept().encode() not in data


def test_who_writes_at_once_comes_in_turn(record: StaffRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd at the sign-in page keeps no verdict out of the book."""
    monkeypatch.setattr(storage, "BUSY_SECONDS", 0)

    def write(at: int) -> None:
        record.take(b"all", most=1, window=WINDOW, now=NOW)
        record.write(Entry(NOW + at, "mai", "", "", "qr", "rejected", "expired", "", "r"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert len(list(record.entries(since=NOW, until=NOW + 40))) == 40

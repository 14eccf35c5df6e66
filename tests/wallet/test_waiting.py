"""What an issuer gives later: kept as a promise, asked for in time and by one at once, checked like everything, or over.

Spec: OpenID4VCI 1.0 §8.3, §9, §11
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from certs.encoding import b64url_encode, json_decode, json_encode
from certs.fetch import FetchError, Response
from certs.keys import MemorySigner
from tests.wallet.issuer import ISSUER, LICENCE, TX_CODE, WHOLE
from tests.wallet.later import LaterDesk
from tests.wallet.test_receive import keys_in
from tests.world import PID, RECORDS, World
from wallet import promises
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.history import Kind
from wallet.keys import SoftwareKeys
from wallet.model import Document
from wallet.receive import COPIES, Completed
from wallet.storage.engine import open_engine
from wallet.storage.errors import StorageError
from wallet.storage.migrate import upgrade
from wallet.storage.sql import SqlStorage
from wallet.trust import TrustKeeper
from wallet.vault import Vault, load_or_create_key
from wallet.waiting import Waiting
from wallet.wallet import Wallet

ALL = frozenset(LICENCE)


@pytest.fixture
def desk(world: World) -> LaterDesk:
    return LaterDesk(world, held=ALL)


def opened(desk: LaterDesk, home: Path) -> FolderWallet:
    engine = open_engine(f"sqlite:///{home}/wallet.sqlite")
    upgrade(engine)
    wallet = Wallet(SqlStorage(engine), Vault(load_or_create_key(home / "vault.key")), desk)
    root = desk.world.root_sha256
    trust = TrustKeeper(web=desk, url=f"{ISSUER}/bundle", path=home / "bundle.cbor", root_sha256=root)
    return FolderWallet(wallet, SoftwareKeys(home / "keys"), trust, ISSUER, lambda: desk.world.now)


@pytest.fixture
def folder(desk: LaterDesk, tmp_path: Path) -> Iterator[FolderWallet]:
    folder = opened(desk, tmp_path)
    yield folder
    assert isinstance(folder.wallet.storage, SqlStorage)
    folder.wallet.storage._engine.dispose()


def take(folder: FolderWallet, desk: LaterDesk, pid: str | None = PID) -> Completed:
    return folder.take(desk.link, transaction_code=TX_CODE, pid=pid)


def promised(folder: FolderWallet, desk: LaterDesk) -> Waiting:
    done = take(folder, desk)
    assert done.documents == () and len(done.waiting) == 1
    return done.waiting[0]


def later(desk: LaterDesk, seconds: int = 600) -> None:
    desk.world.now += seconds


def over(folder: FolderWallet, waiting: Waiting, code: str) -> None:
    with pytest.raises(WalletError) as caught:
        folder.ask_again(waiting)
    assert caught.value.code == code, caught.value
    assert folder.waiting() == () and folder.documents() == () and keys_in(folder) == []
    newest = folder.wallet.history(folder.owner)[0]
    assert newest.kind in (Kind.REFUSED, Kind.FAILED) and newest.details["code"] == code


def test_a_promise_waits_with_its_keys_and_survives_a_restart(
    folder: FolderWallet, desk: LaterDesk, tmp_path: Path
) -> None:
    waiting = promised(folder, desk)
    assert waiting.again_at == desk.world.now + 600
    assert {path.stem for path in keys_in(folder)} == set(waiting.thumbprints) and len(
        waiting.thumbprints
    ) == 3 * COPIES
    again = opened(desk, tmp_path)
    (found,) = again.waiting()
    assert replace(found, access=waiting.access) == waiting and found.access.token == waiting.access.token
    desk.ready = True
    later(desk)
    document = again.ask_again(found)
    assert isinstance(document, Document) and len(document.copies) == 3 * COPIES
    assert again.documents() == (document,) and again.waiting() == ()
    assert {path.stem for path in keys_in(again)} == set(waiting.thumbprints)
    assert again.qr_text("driving_licence")
    assert [line.kind for line in reversed(again.wallet.history(again.owner))][:2] == [Kind.PROMISED, Kind.RECEIVED]
    assert desk.told == [(f"about {name}", "credential_accepted") for name in LICENCE]
    again.wallet.storage._engine.dispose()  # type: ignore[attr-defined]


def test_it_is_not_asked_for_before_its_time(folder: FolderWallet, desk: LaterDesk) -> None:
    waiting = promised(folder, desk)
    later(desk, 599)
    with pytest.raises(WalletError, match="too_early"):
        folder.ask_again(waiting)
    assert desk.polled == [] and len(folder.waiting()) == 1
    later(desk, 1)
    still = folder.ask_again(waiting)
    assert isinstance(still, Waiting) and still.again_at == desk.world.now + 600
    assert len(desk.polled) == 3 and folder.waiting() == (still,)
    with pytest.raises(WalletError, match="too_early"):
        folder.ask_again(still)
    assert len(desk.polled) == 3


def test_one_that_comes_in_part_waits_for_the_rest(folder: FolderWallet, desk: LaterDesk) -> None:
    desk.held = frozenset(LICENCE[:1])
    waiting = promised(folder, desk)
    assert desk.told == [], "what is here is not told before all of it is kept"
    assert len([part for part in waiting.parts if part.credentials]) == 2
    desk.ready = True
    later(desk)
    document = folder.ask_again(waiting)
    assert isinstance(document, Document) and len(document.copies) == 3 * COPIES
    assert len(desk.polled) == 1 and len(desk.told) == 3


def test_whole_documents_wait_too(folder: FolderWallet, desk: LaterDesk) -> None:
    desk.configurations, desk.held = WHOLE, frozenset(WHOLE)
    waiting = promised(folder, desk)
    desk.ready = True
    later(desk)
    document = folder.ask_again(waiting)
    assert isinstance(document, Document) and len(document.copies) == 2 * COPIES


def test_of_two_tabs_one_asks(folder: FolderWallet, desk: LaterDesk) -> None:
    waiting = promised(folder, desk)
    desk.ready = True
    later(desk)
    barrier = Barrier(4)

    def ask(_: int) -> str:
        barrier.wait()
        try:
            found = folder.ask_again(waiting)
        except WalletError as error:
            return error.code
        return type(found).__name__

    with ThreadPoolExecutor(4) as pool:
        done = sorted(pool.map(ask, range(4)))
    assert done.count("Document") == 1 and set(done) <= {"Document", "too_early", "document_unknown"}
    assert len(desk.polled) == 3 and len(folder.documents()) == 1 and folder.waiting() == ()
    assert {path.stem for path in keys_in(folder)} == set(waiting.thumbprints)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response(400, {}, b'{"error": "credential_request_denied"}'), "issuer_denied"),
        (Response(400, {}, b'{"error": "invalid_transaction_id"}'), "promise_gone"),
        (Response(401, {}, b""), "right_expired"),
    ],
)
def test_how_a_promise_ends_without_a_document(
    folder: FolderWallet, desk: LaterDesk, answer: Response, code: str
) -> None:
    waiting = promised(folder, desk)
    later(desk)
    desk.changes["/deferred_credential"] = answer
    over(folder, waiting, code)


@pytest.mark.parametrize(
    "changed",
    [
        FetchError("too_slow", "x"),
        Response(503, {}, b""),
        Response(400, {}, b'{"error": "invalid_credential_request"}'),
        Response(202, {}, json_encode({"transaction_id": "another", "interval": 5})),
        Response(202, {}, b"{}"),
        Response(200, {}, b"[]"),
    ],
)
def test_what_says_nothing_of_the_promise_leaves_it(
    folder: FolderWallet, desk: LaterDesk, changed: Response | FetchError
) -> None:
    waiting = promised(folder, desk)
    later(desk)
    desk.changes["/deferred_credential"] = changed
    with pytest.raises(WalletError):
        folder.ask_again(waiting)
    (still,) = folder.waiting()
    assert still.again_at > desk.world.now and {path.stem for path in keys_in(folder)} == set(waiting.thumbprints)
    del desk.changes["/deferred_credential"]
    desk.ready = True
    later(desk)
    assert isinstance(folder.ask_again(still), Document)


def test_what_has_come_is_kept_when_the_next_answer_is_lost(folder: FolderWallet, desk: LaterDesk) -> None:
    waiting = promised(folder, desk)
    desk.ready = True
    later(desk)
    lost = f"transaction {LICENCE[1]}"
    kept = desk.transactions.pop(lost)
    desk.transactions[lost] = b"no JSON"
    with pytest.raises(WalletError, match="issuer_refused"):
        folder.ask_again(waiting)
    (still,) = folder.waiting()
    assert [bool(part.credentials) for part in still.parts] == [True, False, False]
    desk.transactions[lost] = kept
    later(desk)
    document = folder.ask_again(still)
    assert isinstance(document, Document) and len(document.copies) == 3 * COPIES
    assert desk.polled.count(f"transaction {LICENCE[0]}") == 1, "what is used up is not asked for again"


@pytest.mark.parametrize("offence", ["another person", "another key", "another kind", "mixed"])
def test_what_comes_later_is_checked_as_what_comes_at_once(folder: FolderWallet, desk: LaterDesk, offence: str) -> None:
    waiting = promised(folder, desk)
    keys = {part.wanted.configuration: part.thumbprints[0] for part in waiting.parts}
    made = {path.stem: path for path in keys_in(folder)}
    world, name = desk.world, LICENCE[0]
    holder = MemorySigner.from_pem(made[keys[name]].read_bytes(), "ES256")
    if offence == "another person":
        record = {**RECORDS["driving_licence"], "personal_identification_number": "999090000111"}
        raw = world.issue("driving_licence", "licence", holder=holder, record=record)
    elif offence == "another key":
        raw = world.issue("driving_licence", "licence", holder=MemorySigner.generate())
    elif offence == "another kind":
        raw = world.issue("health_record", "summary", holder=holder)
    else:
        raw = world.issue("driving_licence", "age_over_18", holder=holder)
    content = json_decode(desk.transactions[f"transaction {name}"])
    content["credentials"][0]["credential"] = encoded(raw)
    desk.transactions[f"transaction {name}"] = json_encode(content)
    desk.ready = True
    later(desk)
    code = {"another person": "not_about_me", "another key": "not_my_key"}.get(offence, "not_as_offered")
    over(folder, waiting, code)
    assert {event for _, event in desk.told} == {"credential_failure"} and len(desk.told) == 3


def encoded(raw: bytes) -> str:
    return b64url_encode(raw)


@pytest.mark.parametrize("interval", [0, -5, True, "600", None, 1.5])
def test_an_interval_that_is_none(folder: FolderWallet, desk: LaterDesk, interval: object) -> None:
    desk.interval = interval
    with pytest.raises(WalletError, match="issuer_refused"):
        take(folder, desk)
    assert folder.waiting() == () and keys_in(folder) == []


@pytest.mark.parametrize(("told", "waits"), [(1, 30), (10**9, 7 * 86_400)])
def test_an_interval_that_is_too_short_or_too_long(
    folder: FolderWallet, desk: LaterDesk, told: int, waits: int
) -> None:
    desk.interval = told
    assert promised(folder, desk).again_at == desk.world.now + waits


def test_a_promise_that_nobody_could_keep(folder: FolderWallet, desk: LaterDesk) -> None:
    metadata = {name: value for name, value in desk.metadata().items() if name != "deferred_credential_endpoint"}
    desk.changes["/.well-known/openid-credential-issuer"] = metadata
    with pytest.raises(WalletError, match="issuer_refused"):
        take(folder, desk)


def test_storage_full_keeps_what_came_for_the_next_time(
    folder: FolderWallet, desk: LaterDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = promised(folder, desk)
    desk.ready = True
    later(desk)

    def full(*_: object, **__: object) -> None:
        raise StorageError("the storage is full")

    with monkeypatch.context() as patched:
        patched.setattr(Wallet, "keep_in", full)
        with pytest.raises(StorageError):
            folder.ask_again(waiting)
    assert desk.told == [] and len(folder.waiting()) == 1
    later(desk)
    assert isinstance(folder.ask_again(folder.waiting()[0]), Document)
    assert {event for _, event in desk.told} == {"credential_accepted"} and len(desk.polled) == 3


def test_waiting_no_longer(folder: FolderWallet, desk: LaterDesk) -> None:
    waiting = promised(folder, desk)
    promises.forget(folder.wallet, folder.owner, waiting.waiting_id, now=desk.world.now)
    assert folder.waiting() == ()
    with pytest.raises(WalletError, match="document_unknown"):
        folder.ask_again(waiting)
    assert desk.polled == [] and keys_in(folder) == []


def test_is_10_nobody_asks_for_anothers(folder: FolderWallet, desk: LaterDesk) -> None:
    waiting = promised(folder, desk)
    later(desk)
    other = replace(folder, owner="another")
    with pytest.raises(WalletError, match="document_unknown"):
        other.ask_again(waiting)
    with pytest.raises(WalletError, match="document_unknown"):
        promises.forget(folder.wallet, "another", waiting.waiting_id, now=desk.world.now)
    assert len(folder.waiting()) == 1 and desk.polled == []


def test_whose_it_must_be_is_remembered(folder: FolderWallet, desk: LaterDesk) -> None:
    done = take(folder, desk, pid="999090000111")
    desk.ready = True
    later(desk)
    over(folder, done.waiting[0], "not_about_me")


def test_nothing_of_a_promise_lies_open(folder: FolderWallet, desk: LaterDesk, tmp_path: Path) -> None:
    waiting = promised(folder, desk)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("wallet.sqlite*"))
    for secret in (b"transaction driving", PID.encode(), waiting.access.token.encode()):
        assert secret not in stored
    assert waiting.access.token not in repr(waiting) and "transaction driving" not in repr(waiting)


# --- notifications of what came at once ---------------------------------------------------------------------------------


def test_what_is_kept_is_told(folder: FolderWallet, desk: LaterDesk) -> None:
    desk.held = frozenset()
    (document,) = take(folder, desk).documents
    assert document.notifications == tuple(f"about {name}" for name in LICENCE)
    assert desk.told == [(name, "credential_accepted") for name in document.notifications]
    assert folder.documents() == (document,)


def test_what_is_refused_is_told(folder: FolderWallet, desk: LaterDesk) -> None:
    desk.held, desk.sign = frozenset(), lambda *_: desk.world.issue("health_record", "summary")
    with pytest.raises(WalletError):
        take(folder, desk)
    assert {event for _, event in desk.told} == {"credential_failure"}


def test_storage_full_is_told_and_nothing_is_kept(
    folder: FolderWallet, desk: LaterDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.held = frozenset()

    def full(*_: object, **__: object) -> None:
        raise StorageError("the storage is full")

    monkeypatch.setattr(Wallet, "keep_in", full)
    with pytest.raises(StorageError):
        take(folder, desk)
    assert {event for _, event in desk.told} == {"credential_failure"} and keys_in(folder) == []


@pytest.mark.parametrize(
    "answer", [FetchError("too_slow", "x"), Response(500, {}, b""), Response(400, {}, b'{"error":"x"}')]
)
def test_an_issuer_that_does_not_hear_stops_nothing(
    folder: FolderWallet, desk: LaterDesk, answer: Response | FetchError
) -> None:
    desk.held = frozenset()
    desk.changes["/notification"] = answer
    assert take(folder, desk).documents == folder.documents()
    asked = [path for _, path, _ in desk.asked if path == "/notification"]
    assert len(asked) == (3 if isinstance(answer, Response) and answer.status == 400 else 1), "not again and again"

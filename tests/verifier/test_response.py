"""Answers from a wallet: what is taken, what is refused and with which words, what is left for the page that asked.

Spec: OpenID4VP 1.0 §8, §13.3, §14.1, §14.2, Annex B.2.6.1, B.3.6. What an attacker sends: tests/attacks/test_presentation_protocol.py.
"""

import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from certs import jwe
from certs.encoding import json_encode
from certs.formats import Step, key_binding
from certs.formats.elements import ISO_NAMESPACE
from certs.query import MDOC, SD_JWT
from certs.status import Status
from tests.databases import Server
from tests.verifier.asking_online import HOST, IDENTITY, LICENCE, NAME_AND_CLASSES, OURS, Bank, Wallet, code_of
from tests.world import RECORDS, URI, World
from verifier import Outcome, Policy, Rejected, Undetermined, Verifier
from verifier.policy.composed import Link
from verifier.policy.ready import READY
from verifier.question import Question, Wanted, ask
from verifier.request import Refused
from verifier.response import Declined, NotAnswered, Reply, form
from verifier.storage.redis import UnsafeRedis
from verifier.storage.redis_transactions import RedisTransactions
from verifier.storage.transactions import SqliteTransactions
from verifier.transactions import ANSWER_SECONDS, MemoryTransactions, Phase, Transactions, TransactionsFull

NAME = RECORDS["driving_licence"]["full_name"]


@pytest.fixture
def bank(world: World) -> Bank:
    return Bank(world)


def refused(reply: Reply) -> str:
    assert reply.status == 400 and reply.body["error"] == "invalid_request", reply
    return reply.body["error_description"]


# --- the good way -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encrypted", [True, False])
def test_both_formats(bank: Bank, encrypted: bool) -> None:
    bank.encrypted = encrypted
    for id_ in ("driving_licence", "driving_licence-mdoc"):
        started, wallet = bank.asked()
        made = wallet.mdoc() if id_.endswith("-mdoc") else wallet.sd_jwt()
        reply = bank.receive(started, wallet.form({id_: [made]}))
        assert reply.status == 200 and reply.body["redirect_uri"].startswith(f"{HOST}/back?response_code=")
        presented = bank.collect(started).presented()
        assert presented.only.claims["full_name"] == NAME and presented.only.holder_bound
        assert presented.only.audience == bank.party.client_id
        assert set(presented.documents) == {id_} and presented.linked_by == ()


def test_the_same_device_gets_it_for_the_code_alone(bank: Bank) -> None:
    bank.same_device = True
    started, wallet = bank.asked()
    reply = bank.receive(started, wallet.form({"driving_licence": [wallet.sd_jwt()]}))
    assert bank.transactions.phase(started.transaction_id, now=bank.now) is Phase.ANSWERED
    for wrong in ("", "x", code_of(reply)[:-1]):
        with pytest.raises(NotAnswered):
            bank.collect(started, wrong)
    assert bank.collect(started, code_of(reply)).presented().only.claims["full_name"] == NAME
    with pytest.raises(NotAnswered):
        bank.collect(started, code_of(reply))


def test_who_waits_sees_how_far_it_is(bank: Bank) -> None:
    started = bank.begin()
    phases = [bank.transactions.phase(started.transaction_id, now=bank.now)]
    wallet = Wallet(bank.world, bank.fetched(started))
    phases.append(bank.transactions.phase(started.transaction_id, now=bank.now))
    with pytest.raises(NotAnswered):
        bank.collect(started)
    bank.receive(started, wallet.form({"driving_licence": [wallet.sd_jwt()]}))
    phases.append(bank.transactions.phase(started.transaction_id, now=bank.now))
    bank.collect(started)
    phases.append(bank.transactions.phase(started.transaction_id, now=bank.now))
    assert phases == [Phase.WAITING, Phase.FETCHED, Phase.ANSWERED, None]


def test_an_answer_waits_a_while_and_no_longer(bank: Bank) -> None:
    started, wallet = bank.asked()
    bank.receive(started, wallet.form({"driving_licence": [wallet.sd_jwt()]}))
    bank.at = ANSWER_SECONDS
    with pytest.raises(NotAnswered):
        bank.collect(started)


def test_it_is_judged_for_the_moment_at_which_it_came(bank: Bank) -> None:
    """The page asks for it minutes later: the key binding was fresh when it counted. What was withdrawn meanwhile is told."""
    started, wallet = bank.asked()
    bank.receive(started, wallet.form({"driving_licence": [wallet.sd_jwt()]}))
    bank.at = ANSWER_SECONDS - 1
    assert bank.collect(started).presented().only.presented_at == bank.world.now
    bank.at = 0
    started, wallet = bank.asked(index=7)
    bank.receive(started, wallet.form({"driving_licence": [wallet.sd_jwt()]}))
    bank.world.set_state(7, Status.INVALID)
    bank.renew()
    with pytest.raises(Rejected, match="revoked"):
        bank.collect(started).presented()


def test_a_wallet_that_declines(bank: Bank) -> None:
    for encrypted, error, told in (
        (False, "access_denied", "access_denied"),
        (True, "invalid_transaction_data", "invalid_transaction_data"),
        (True, "<script>", "access_denied"),  # no word of a stranger goes on
    ):
        bank.encrypted = encrypted
        started, wallet = bank.asked()
        reply = bank.receive(started, {"error": error, "state": wallet.claims["state"], "error_description": "no"})
        assert reply.status == 200 and reply.body["redirect_uri"].startswith(HOST)
        with pytest.raises(Declined, match=told):
            bank.collect(started)


def test_an_error_may_come_encrypted_too(bank: Bank) -> None:
    started, wallet = bank.asked()
    assert bank.receive(started, wallet.form(None, error="wallet_unavailable")).status == 200
    with pytest.raises(Declined, match="wallet_unavailable"):
        bank.collect(started)


def test_what_cannot_be_known_stays_open_and_is_no_fault_of_the_wallet(bank: Bank) -> None:
    bank.verifier = Verifier(bank.world.open_bundle(status_lists={}), clock=lambda: bank.now)
    started, wallet = bank.asked()
    assert bank.receive(started, wallet.form({"driving_licence": [wallet.sd_jwt()]})).status == 200
    with pytest.raises(Undetermined, match="status_unavailable"):
        bank.collect(started).presented()


def test_a_refusal_is_kept_without_what_the_documents_told(bank: Bank) -> None:
    """On the same device too, where nobody was given a code for it."""
    bank.same_device = True
    bank.world.set_state(9, Status.INVALID)
    bank.renew()
    started, wallet = bank.asked(index=9)
    assert refused(bank.receive(started, wallet.form({"driving_licence": [wallet.sd_jwt()]}))) == "revoked"
    examined = bank.collect(started)
    _, report = examined.worst
    assert (report.outcome, report.code, report.verified) == (Outcome.REJECTED, "revoked", None)
    assert [check.code for check in report.checks if check.code] == ["revoked"]
    with pytest.raises(Rejected) as no:
        examined.presented()
    assert no.value.step is Step.STATUS


@pytest.mark.parametrize("error", [[], {}, 7, None, ["access_denied"]])
def test_an_error_of_another_type_counts_as_a_plain_no(bank: Bank, error: Any) -> None:
    started, wallet = bank.asked()
    assert wallet.key is not None
    told = json_encode({"error": error, "state": wallet.claims["state"]})
    assert bank.receive(started, {"response": jwe.encrypt(told, wallet.key, enc="A256GCM")}).status == 200
    with pytest.raises(Declined, match="access_denied"):
        bank.collect(started)


def test_parameters_of_the_wallets_own_are_passed_over(bank: Bank) -> None:
    bank.encrypted = False
    started, wallet = bank.asked()
    form = wallet.form({"driving_licence": [wallet.sd_jwt()]})
    assert bank.receive(started, {**form, "iss": "https://wallet.example", "extra": ""}).status == 200


def test_of_two_documents_of_a_kind_one_where_one_was_asked(bank: Bank) -> None:
    """`multiple` is ours to say, and to count."""
    value = {"credentials": [{**NAME_AND_CLASSES.value["credentials"][0], "multiple": True}]}
    bank.question = Question(value, {"driving_licence": LICENCE}, linked_by=None)
    started, wallet = bank.asked()
    other = replace(wallet, records={"driving_licence": {**RECORDS["driving_licence"], "full_name": "Trần Thị B"}})
    made = [wallet.sd_jwt(), other.sd_jwt()]
    assert bank.receive(started, wallet.form({"driving_licence": made})).status == 200
    assert len(bank.collect(started).presented().documents["driving_licence"]) == 2
    started, wallet = bank.asked()
    same = wallet.sd_jwt()
    assert refused(bank.receive(started, wallet.form({"driving_licence": [same, same]}))) == "vp_token"
    anew = wallet.sd_jwt()  # §6.1: several Credentials
    assert refused(bank.receive(started, wallet.form({"driving_licence": [same, anew]}))) == "presentation_replayed"


def test_an_optional_document_may_stay_away(bank: Bank) -> None:
    bank.question = ask(
        Wanted(LICENCE, claims=("full_name", "birth_date")),
        Wanted(IDENTITY, claims=("full_name", "birth_date"), optional=True),
    )
    started, wallet = bank.asked()
    made = wallet.sd_jwt(("full_name", "birth_date"))
    assert bank.receive(started, wallet.form({"driving_licence": [made]})).status == 200
    assert set(bank.collect(started).presented().documents) == {"driving_licence"}
    started, wallet = bank.asked()
    alone = {"citizen_identity": [wallet.sd_jwt(("full_name", "birth_date"), "citizen_identity")]}
    assert refused(bank.receive(started, wallet.form(alone))) == "vp_token"


def test_an_account_is_opened_by_the_ready_policy(bank: Bank) -> None:
    bank.question = ask(READY["bank.open_account"])
    told = [claim["path"][0] for claim in bank.question.value["credentials"][0]["claims"]]
    started, wallet = bank.asked()
    made = wallet.sd_jwt([name for name in told if name != "valid_until"], "citizen_identity")  # this card has no end
    assert bank.receive(started, wallet.form({"citizen_identity": [made]})).status == 200
    assert bank.collect(started).presented().only.view == "identity"


def test_two_documents_of_one_person(bank: Bank) -> None:
    bank.question = ask(
        Wanted(LICENCE, claims=("full_name", "birth_date", "classes"), formats=(SD_JWT,)),
        Wanted(IDENTITY, claims=("full_name", "birth_date"), formats=(MDOC,)),
    )
    started, wallet = bank.asked()
    identity = {"vn.vneid-reference.citizen_identity.1": ("full_name", "birth_date")}
    token = {
        "driving_licence": [wallet.sd_jwt(("full_name", "birth_date", "classes"))],
        "citizen_identity-mdoc": [wallet.mdoc(identity, "citizen_identity")],
    }
    assert bank.receive(started, wallet.form(token)).status == 200
    presented = bank.collect(started).presented()
    assert presented.linked_by == (Link.NAME_AND_BIRTH,) and len(presented.documents) == 2
    with pytest.raises(ValueError, match="too many values"):
        _ = presented.only


def test_a_birthday_that_is_known_in_part_joins_nothing(bank: Bank) -> None:
    """It does not contradict the whole one either."""
    bank.question = ask(
        Wanted(LICENCE, claims=("full_name", "birth_date"), formats=(SD_JWT,)),
        Wanted(Policy(documents=("citizen_identity",)), claims=("full_name", "birth_date"), formats=(SD_JWT,)),
    )
    record = {**RECORDS["citizen_identity"], "birth_date": "2003"}
    started, wallet = bank.asked(records={"citizen_identity": record})
    told = ("full_name", "birth_date")
    token = {"driving_licence": [wallet.sd_jwt(told)], "citizen_identity": [wallet.sd_jwt(told, "citizen_identity")]}
    assert refused(bank.receive(started, wallet.form(token))) == "claims_missing"


def test_a_part_of_a_list_by_a_query_of_ones_own(bank: Bank) -> None:
    first = {
        "credentials": [{**NAME_AND_CLASSES.value["credentials"][0], "claims": [{"path": ["classes", 1, "class"]}]}]
    }
    bank.question = Question(first, {"driving_licence": LICENCE})
    started, wallet = bank.asked()
    form = wallet.form({"driving_licence": [wallet.sd_jwt([("classes", 1, "class")])]})
    assert bank.receive(started, form).status == 200
    assert bank.collect(started).presented().only.claims == {"classes": [{"class": "B"}]}
    for other in [("classes", 0, "class")], [("classes", 1)], [("classes", 1, "class"), "full_name"]:
        started, wallet = bank.asked()
        form = wallet.form({"driving_licence": [wallet.sd_jwt(other)]})
        assert refused(bank.receive(started, form)) == "policy_refused"


def test_a_value_that_the_query_wants(bank: Bank) -> None:
    value = {
        "credentials": [{**NAME_AND_CLASSES.value["credentials"][0], "claims": [{"path": ["points"], "values": [11]}]}]
    }
    bank.question = Question(value, {"driving_licence": LICENCE})
    started, wallet = bank.asked()
    form = wallet.form({"driving_licence": [wallet.sd_jwt(["points"])]})
    assert refused(bank.receive(started, form)) == "claims_missing"


def test_transaction_data_that_the_holder_signed(bank: Bank) -> None:
    bank.data = ({"type": "payment", "credential_ids": ["driving_licence"], "amount": "100000 VND"},)
    started, wallet = bank.asked()
    wallet = replace(wallet, binding=hashes(wallet))
    assert bank.receive(started, wallet.form({"driving_licence": [wallet.sd_jwt()]})).status == 200
    (data,) = bank.collect(started).presented().data
    assert data["amount"] == "100000 VND"


def hashes(wallet: Wallet, alg: object = "sha-256") -> dict[str, Any]:
    from_request = [key_binding.sd_hash(each) for each in wallet.claims["transaction_data"]]
    return {"transaction_data_hashes": from_request, "transaction_data_hashes_alg": alg}


def test_isos_own_words_answer_a_query_for_them(bank: Bank) -> None:
    claims = [{"path": [ISO_NAMESPACE, "family_name"]}]
    value = {
        "credentials": [
            {"id": "mdl", "format": MDOC, "meta": {"doctype_value": "org.iso.18013.5.1.mDL"}, "claims": claims}
        ]
    }
    bank.question = Question(value, {"mdl": LICENCE})
    started, wallet = bank.asked()
    assert bank.receive(started, wallet.form({"mdl": [wallet.mdoc({ISO_NAMESPACE: ("family_name",)})]})).status == 200
    assert bank.collect(started).presented().only.elements == {ISO_NAMESPACE: {"family_name": "Nguyen"}}
    for more in (
        {ISO_NAMESPACE: ("family_name", "given_name")},
        {ISO_NAMESPACE: ("family_name",), OURS: ("full_name",)},
    ):
        started, wallet = bank.asked()
        assert refused(bank.receive(started, wallet.form({"mdl": [wallet.mdoc(more)]}))) == "policy_refused"


def test_a_question_that_changed_meanwhile_is_not_answered(bank: Bank) -> None:
    """A new version was installed: what was asked no longer has its policies."""
    started, wallet = bank.asked()
    form = wallet.form({"driving_licence": [wallet.sd_jwt()]})
    bank.question = ask(IDENTITY)
    assert refused(bank.receive(started, form)) == "request_gone"


# --- what is kept, in memory and in a file ----------------------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite", "redis"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Transactions]:
    if request.param == "memory":
        yield MemoryTransactions()
    elif request.param == "sqlite":
        yield SqliteTransactions(tmp_path / "asked.sqlite")
    else:
        store = RedisTransactions(f"redis://127.0.0.1:{request.getfixturevalue('redis_server').port}/0")
        yield store
        store.close()


def test_the_whole_way_by_either_store(world: World, kept: Transactions) -> None:
    bank = Bank(world, transactions=kept, same_device=True)
    started, wallet = bank.asked()
    form = wallet.form({"driving_licence": [wallet.sd_jwt()]})
    reply = bank.receive(started, form)
    assert refused(bank.receive(started, form)) == "request_gone"
    with pytest.raises(NotAnswered):
        bank.collect(started, "another")
    assert bank.collect(started, code_of(reply)).presented().only.claims["full_name"] == NAME
    world.set_state(5, Status.SUSPENDED)
    bank.renew()
    started, wallet = bank.asked(index=5)
    assert refused(bank.receive(started, wallet.form({"driving_licence": [wallet.sd_jwt()]}))) == "suspended"
    assert bank.collect(started).worst[1].code == "suspended"


def test_of_many_at_once_one_is_first(world: World, kept: Transactions) -> None:
    bank = Bank(world, transactions=kept)
    started = bank.begin()

    def fetch(number: int) -> Any:
        return kept.fetch(started.request_id, f"wallet-{number}", now=bank.now)

    with ThreadPoolExecutor(8) as pool:
        fetched = [each for each in pool.map(fetch, range(8)) if each is not None]
        assert len(fetched) == 1
        started, wallet = bank.asked()
        forms = [wallet.form({"driving_licence": [wallet.sd_jwt()]}) for _ in range(8)]
        replies = list(pool.map(lambda form: bank.receive(started, form).status, forms))
        assert sorted(replies) == [200, *[400] * 7]

        def take(_: int) -> bool:
            return kept.take(started.transaction_id, "", now=bank.now) is not None

        assert sum(pool.map(take, range(8))) == 1


def test_what_is_past_its_end_goes(world: World, kept: Transactions, tmp_path: Path) -> None:
    bank = Bank(world, transactions=kept)
    started = bank.begin()
    bank.at = 10_000
    assert kept.open(started.request_id, now=bank.now) is None
    assert kept.phase(started.transaction_id, now=bank.now) is None
    bank.begin()
    bank.at = 0
    if not isinstance(kept, RedisTransactions):  # which sweeps by its own clock
        assert kept.open(started.request_id, now=bank.now) is None  # swept, not only hidden


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_open_questions_do_not_make_room_for_new_ones(world: World, tmp_path: Path, store: str) -> None:
    """Whoever may ask could otherwise end what others asked."""
    full = MemoryTransactions(at_most=2) if store == "memory" else SqliteTransactions(tmp_path / "a", at_most=2)
    bank = Bank(world, transactions=full)
    (first, wallet), _ = bank.asked(), bank.begin()
    with pytest.raises(TransactionsFull):
        bank.begin()
    assert bank.receive(first, wallet.form({"driving_licence": [wallet.sd_jwt()]})).status == 200
    with pytest.raises(TransactionsFull):  # the answer waits to be taken
        bank.begin()
    assert bank.collect(first).presented()
    assert bank.begin()
    bank.at = 10_000
    assert bank.begin() and bank.begin()


def test_a_redis_that_is_full_refuses_new_questions_and_forgets_none(world: World, redis_server: Server) -> None:
    url = f"redis://127.0.0.1:{redis_server.port}/0"
    kept = RedisTransactions(url)
    bank = Bank(world, transactions=kept)
    with Redis(port=redis_server.port) as client:
        started, _ = bank.asked()
        try:
            client.config_set("maxmemory", 1)
            with pytest.raises(TransactionsFull):
                bank.begin()
            assert kept.phase(started.transaction_id, now=bank.now) is Phase.FETCHED
            client.config_set("maxmemory-policy", "allkeys-lru")
            with pytest.raises(UnsafeRedis):
                RedisTransactions(url)
        finally:
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", 0)
    kept.close()


def test_the_file_is_its_owners(tmp_path: Path) -> None:
    SqliteTransactions(tmp_path / "asked.sqlite")
    assert (tmp_path / "asked.sqlite").stat().st_mode & 0o077 == 0


def test_nothing_secret_is_printed(bank: Bank) -> None:
    started = bank.begin()
    transaction = bank.transactions.open(started.request_id, now=bank.now)
    assert transaction is not None and transaction.key is not None
    shown = repr(transaction) + repr(started) + repr(bank.party)
    for secret in (transaction.id, transaction.state, transaction.key):
        assert secret not in shown
    assert URI not in shown


def test_hd_07_a_long_form_is_not_taken_apart() -> None:
    """Strangers send as much as the server takes, to any address below `/online`: what is too long costs nothing."""
    body = b"response=" + b"%C3%A1" * 500_000
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="form"):
            form(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(body) // 10

"""Questions as they are sent: signed, with no more than is needed, fetched by one wallet, for which the wallet's own half is judge.

Spec: OpenID4VP 1.0 §5, §5.10, §8.4, §15.4; OpenID4VC HAIP 1.0 §5; attacks VP-03, VP-04.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

import pytest

from certs import jose
from certs.encoding import b64url_decode, json_decode
from certs.errors import Malformed, Unsupported
from certs.query import MDOC, SD_JWT
from certs.trust import Right
from certs.x509 import Usage
from tests.verifier.asking_online import (
    ADDRESSES,
    HOST,
    IDENTITY,
    LICENCE,
    NAME_AND_CLASSES,
    OURS,
    Bank,
)
from tests.wallet.reader import listed
from tests.world import World
from verifier import ADULT, Policy
from verifier.policy.composed import AllOf, Link
from verifier.policy.predicates import OVER_18, drives
from verifier.policy.ready import READY
from verifier.question import Question, Wanted, ask, purposes
from verifier.request import OPEN_SECONDS, Refused, RelyingParty, begin, request_object
from wallet.errors import WalletError
from wallet.requests import Refused as WalletRefuses
from wallet.requests import read, read_link


@pytest.fixture
def bank(world: World) -> Bank:
    return Bank(world)


def read_by_wallet(bank: Bank, *, host: str | None = None, wallet_nonce: str | None = "w-1") -> Any:
    """The wallet's own reading of link and request; raises what it refuses."""
    bank.host = host
    started = bank.begin()
    link = read_link(started.link)
    assert link.by_post and link.uri == f"{HOST}/requests/{started.request_id}"
    token = request_object(bank.party, bank.transactions, started.request_id, wallet_nonce=wallet_nonce, now=bank.now)
    trust = bank.world.open_bundle().trust
    return read(token, client_id=link.client_id, wallet_nonce=wallet_nonce, trust=trust, simulation=False, now=bank.now)


@pytest.mark.parametrize("host", [None, "bank.example"])
@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize("wallet_nonce", ["w-1", None])
def test_the_wallet_reads_what_we_sign(bank: Bank, host: str | None, encrypted: bool, wallet_nonce: str | None) -> None:
    bank.encrypted = encrypted
    request = read_by_wallet(bank, host=host, wallet_nonce=wallet_nonce)
    assert request.client_id.startswith("x509_hash:" if host is None else "x509_san_dns:bank.example")
    assert request.query == NAME_AND_CLASSES.query
    assert (request.encryption is not None) is encrypted
    assert request.reader.organisation == "bank"


def test_vp_04_a_host_that_the_certificate_does_not_name(bank: Bank) -> None:
    bank.host = "elsewhere.example"
    with pytest.raises(ValueError, match="does not name"):
        bank.begin()
    other = bank.world.desk("other", Usage.READER)
    with pytest.raises(ValueError, match="another key"):
        RelyingParty(other.signer, bank.desk.certificate)


def test_what_we_may_not_ask_is_refused_by_us_and_by_the_wallet(bank: Bank) -> None:
    bank.question = ask(Wanted(LICENCE, claims=("full_name", "residence")))
    trust = bank.world.open_bundle().trust
    with pytest.raises(Unsupported, match="policy_refused"):
        purposes(bank.question, bank.desk.certificate, trust, at=bank.now)
    with pytest.raises(WalletRefuses, match="reader_overasks"):
        read_by_wallet(bank)
    (allowed,) = purposes(NAME_AND_CLASSES, bank.desk.certificate, trust, at=bank.now)
    assert allowed.purpose.en == "Opening an account"


def test_purposes_are_not_added_up(bank: Bank) -> None:
    both = ask(
        Wanted(LICENCE, claims=("full_name", "birth_date")), Wanted(IDENTITY, claims=("full_name", "birth_date"))
    )
    names = ("full_name", "birth_date")
    apart = tuple(
        listed(bank.desk, rights=(Right(kind, (), names),)) for kind in ("driving_licence", "citizen_identity")
    )
    bank.world.readers = apart
    with pytest.raises(Unsupported, match="no purpose"):
        purposes(both, bank.desk.certificate, bank.world.open_bundle().trust, at=bank.now)


def test_vp_03_fetched_by_one_wallet(bank: Bank) -> None:
    started = bank.begin()
    first = bank.fetched(started, "w-1")
    assert bank.fetched(started, "w-1") == first  # its answer was lost on the way
    for other in ("w-2", None):
        with pytest.raises(Refused, match="request_gone") as refused:
            bank.fetched(started, other)
        assert refused.value.status == 404
    by_get = bank.begin()
    assert "wallet_nonce" not in bank.fetched(by_get, None)
    with pytest.raises(Refused, match="request_gone"):  # nothing tells that it is the same wallet
        bank.fetched(by_get, None)


@pytest.mark.parametrize("wallet_nonce", ["", "a b", "ä", "x" * 513, "a\nb"])
def test_a_wallet_nonce_that_is_none(bank: Bank, wallet_nonce: str) -> None:
    with pytest.raises(Refused) as refused:
        bank.fetched(bank.begin(), wallet_nonce)
    assert (refused.value.status, refused.value.body["error"]) == (400, "invalid_request")


def test_a_question_ends(bank: Bank) -> None:
    started = bank.begin()
    bank.at = OPEN_SECONDS
    with pytest.raises(Refused, match="request_gone"):
        bank.fetched(started)


def test_a_renewed_certificate_does_not_sign_for_the_one_before(bank: Bank) -> None:
    started = bank.begin()
    bank.desk = bank.world.desk("bank", Usage.READER)
    with pytest.raises(Refused, match="request_gone"):
        bank.fetched(started)


def test_each_transaction_has_secrets_of_its_own(bank: Bank) -> None:
    started = [bank.begin(), bank.begin()]
    claims = [bank.fetched(each) for each in started]
    for name in ("nonce", "state", "response_uri"):
        assert claims[0][name] != claims[1][name] and len(claims[0][name]) >= 43
    keys = [each["client_metadata"]["jwks"]["keys"][0]["x"] for each in claims]
    assert keys[0] != keys[1]
    told = str(claims[0]) + started[0].link
    assert started[0].transaction_id not in told
    assert claims[0]["state"] not in started[0].link and claims[0]["nonce"] not in started[0].link


def test_the_request_is_typed_and_short_lived(bank: Bank) -> None:
    started = bank.begin()
    token = request_object(bank.party, bank.transactions, started.request_id, wallet_nonce=None, now=bank.now)
    header = jose.parse(token).header
    claims = json_decode(jose.parse(token).payload)
    assert (header["typ"], header["alg"], len(header["x5c"])) == ("oauth-authz-req+jwt", "ES256", 1)
    assert claims["aud"] == "https://self-issued.me/v2" and claims["exp"] - claims["iat"] == 300
    assert claims["response_mode"] == "direct_post.jwt" and "redirect_uri" not in claims
    metadata = claims["client_metadata"]
    assert metadata["encrypted_response_enc_values_supported"] == ["A256GCM", "A128GCM"]  # HAIP §5
    assert (metadata["jwks"]["keys"][0]["alg"], metadata["jwks"]["keys"][0]["use"]) == ("ECDH-ES", "enc")
    assert parse_qs(started.query)["request_uri_method"] == ["post"]


def test_an_altered_request_is_no_request(bank: Bank) -> None:
    started = bank.begin()
    token = request_object(bank.party, bank.transactions, started.request_id, wallet_nonce=None, now=bank.now)
    head, payload, signature = token.split(".")
    trust = bank.world.open_bundle().trust
    known: dict[str, Any] = {
        "client_id": bank.party.client_id,
        "wallet_nonce": None,
        "trust": trust,
        "simulation": False,
    }
    with pytest.raises(WalletError, match="reader_untrusted"):
        read(f"{head}.{payload[:-4]}AAAA.{signature}", now=bank.now, **known)


# --- what is asked ----------------------------------------------------------------------------------------------------


def claims_of(question: Question, id_: str) -> list[Any]:
    (found,) = [each for each in question.value["credentials"] if each["id"] == id_]
    return [claim["path"] for claim in found.get("claims", [])]


def test_a_kind_alone_asks_for_nothing_but_that_there_is_one() -> None:
    question = ask(LICENCE)
    (only,) = question.value["credentials"]  # an mdoc shows at least one element
    assert (only["format"], "claims" in only, "credential_sets" in question.value) == (SD_JWT, False, False)


def test_a_view_asks_for_its_fields_and_once_for_what_not_everybody_has() -> None:
    question = ask(Policy(documents=("citizen_identity.identity",)))
    assert ["valid_until"] in claims_of(question, "citizen_identity")
    sets = question.value["credentials"][0]["claim_sets"]
    assert [("valid_until" in some) for some in sets] == [True, False]


def test_age_is_one_bit_of_either_document() -> None:
    question = ask(ADULT)
    asked = {each["id"]: [claim["path"][-1] for claim in each["claims"]] for each in question.value["credentials"]}
    assert {"driving_licence", "driving_licence-mdoc", "citizen_identity", "citizen_identity-mdoc"} <= set(asked)
    assert all(names == ["age_over_18"] for names in asked.values())
    assert not any("values" in claim for each in question.value["credentials"] for claim in each["claims"])  # §15.4.1
    (alternatives,) = question.value["credential_sets"]
    assert [[id_] for id_ in asked] == alternatives["options"]


@pytest.mark.parametrize("name", READY)
def test_the_ready_policies_can_be_asked(name: str) -> None:
    question = ask(READY[name])
    assert question.query.credentials and not any(policy.one_time for policy in question.policies.values())


def test_of_alternatives_that_answer_alike_the_one_that_tells_less() -> None:
    """`OVER_18` is answered by one bit where the document has it, and by the day of birth where it has not."""
    question = ask(Policy(documents=("driving_licence",), requires=(OVER_18, drives("B"))))
    assert claims_of(question, "driving_licence") == [["age_over_18"], ["classes"]]
    card = ask(Policy(documents=("health_insurance_card",), requires=(OVER_18,)))
    assert claims_of(card, "health_insurance_card") == [["birth_date"]]


def test_several_documents_are_asked_by_the_policy_for_all_of_them() -> None:
    number = ("personal_identification_number",)
    both = AllOf(
        (Policy(documents=("driving_licence",), asks=number), Policy(documents=("citizen_identity",), asks=number))
    )
    question = ask(both)
    assert len(question.value["credential_sets"]) == 2 and question.linked_by == (Link.NUMBER,)
    with pytest.raises(ValueError, match="of one person"):
        ask(AllOf((LICENCE, IDENTITY)))
    with pytest.raises(ValueError, match="question of its own"):
        ask(both, LICENCE)


def test_both_formats_and_what_will_be_kept() -> None:
    question = ask(Wanted(LICENCE, claims=("full_name",), retain=True, optional=True))
    assert {each.format for each in question.query.credentials} == {SD_JWT, MDOC}
    (in_iso,) = [each for each in question.value["credentials"] if each["format"] == MDOC]
    assert in_iso["claims"] == [{"path": [OURS, "full_name"], "intent_to_retain": True}]
    assert question.value["credential_sets"][0]["required"] is False
    assert question.policies["driving_licence"].documents == ("driving_licence",)


def test_the_policy_of_one_kind_is_not_met_by_another() -> None:
    question = ask(Wanted(Policy(documents=("driving_licence", "citizen_identity")), claims=("full_name",)))
    assert question.policies["citizen_identity"].documents == ("citizen_identity",)
    assert all(policy.require_holder_proof for policy in question.policies.values())


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ask(Policy()),
        lambda: ask(),
        lambda: ask(Wanted(LICENCE, claims=("shoe_size",))),
        lambda: ask(Policy(documents=("driving_licence.nonsense",))),
        lambda: ask(Wanted(LICENCE, formats=(MDOC,))),
        lambda: ask(Wanted(LICENCE, formats=("ldp_vc",))),
        lambda: ask(Wanted(LICENCE, claims=("full_name",)), Wanted(IDENTITY, claims=("sex",))),
        lambda: Question({"credentials": [{"id": "a", "format": "ldp_vc", "meta": {}}]}, {"a": LICENCE}),
        lambda: Question(NAME_AND_CLASSES.value, {}),
    ],
)
def test_what_cannot_be_asked(wrong: Any) -> None:
    with pytest.raises((ValueError, KeyError, Malformed)):
        wrong()


def test_a_query_of_ones_own_may_not_drop_the_holder() -> None:
    unbound = {
        "credentials": [{**NAME_AND_CLASSES.value["credentials"][0], "require_cryptographic_holder_binding": False}]
    }
    with pytest.raises(ValueError, match="bound to its holder"):
        Question(unbound, {"driving_licence": LICENCE})


@pytest.mark.parametrize(
    "data",
    [
        {"type": "payment"},
        {"type": "payment", "credential_ids": []},
        {"type": "payment", "credential_ids": ["somebody"]},
        {"type": "payment", "credential_ids": ["driving_licence-mdoc"]},
        {"credential_ids": ["driving_licence"]},
    ],
)
def test_transaction_data_that_no_answer_could_carry(bank: Bank, data: dict[str, Any]) -> None:
    bank.data = (data,)
    with pytest.raises(ValueError, match="transaction data"):
        bank.begin()


def test_transaction_data_goes_out_as_text_of_its_own(bank: Bank) -> None:
    bank.data = ({"type": "payment", "credential_ids": ["driving_licence"], "amount": "100000 VND"},)
    (told,) = bank.fetched(bank.begin())["transaction_data"]
    assert json_decode(b64url_decode(told)) == {**bank.data[0], "transaction_data_hashes_alg": ["sha-256"]}


def test_the_same_device_needs_a_way_back(bank: Bank) -> None:
    with pytest.raises(ValueError, match="address"):
        begin(
            bank.question,
            bank.party,
            bank.transactions,
            about="q",
            addresses=replace(ADDRESSES, after=None),
            same_device=True,
            now=bank.now,
        )

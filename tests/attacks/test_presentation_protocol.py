"""What an attacker, or a wallet that does as it likes, sends to a relying party that asked online.

Spec: OpenID4VP 1.0 §8, §14.1, §14.2, §14.6; attacks.md group 4.26 (VP), and KB-10 for a whole answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from certs import jwe
from certs.encoding import b64url_decode, b64url_encode, json_decode, json_encode
from certs.formats import key_binding
from certs.jwe import DecryptionKey
from certs.keys import MemorySigner
from certs.query import MDOC, SD_JWT
from tests.verifier.asking_online import IDENTITY, LICENCE, NAME_AND_CLASSES, OURS, Bank, Wallet, code_of
from tests.world import RECORDS, World
from verifier import AllOf, AnyOf, Policy
from verifier.question import Question, Wanted, ask
from verifier.request import OPEN_SECONDS
from verifier.response import FORM_LIMIT, NotAnswered, Reply

BOTH = ("full_name", "birth_date")


@pytest.fixture
def bank() -> Bank:
    return Bank(World())


def refused(reply: Reply) -> str:
    assert reply.status == 400 and reply.body["error"] == "invalid_request", reply
    assert set(reply.body) == {"error", "error_description"}
    return reply.body["error_description"]


def good(wallet: Wallet) -> dict[str, str]:
    return wallet.form({"driving_licence": [wallet.sd_jwt()]})


def still_open(bank: Bank, started: Any) -> bool:
    return bank.transactions.open(started.request_id, now=bank.now) is not None


# --- VP-01, VP-02 -----------------------------------------------------------------------------------------------------


def test_vp_01_answered_already(bank: Bank) -> None:
    started, wallet = bank.asked()
    form = good(wallet)
    assert bank.receive(started, form).status == 200
    assert refused(bank.receive(started, form)) == "request_gone"
    assert refused(bank.receive(started, good(wallet))) == "request_gone"
    bank.collect(started)
    assert refused(bank.receive(started, form)) == "request_gone"


def test_vp_01_expired(bank: Bank) -> None:
    started, wallet = bank.asked()
    bank.at = OPEN_SECONDS
    assert refused(bank.receive(started, good(wallet))) == "request_gone"


def test_vp_01_unknown(bank: Bank) -> None:
    started, wallet = bank.asked()
    assert refused(bank.receive(replace(started, request_id="x" * 43), good(wallet))) == "request_gone"


@pytest.mark.parametrize("encrypted", [True, False])
@pytest.mark.parametrize("format_", [SD_JWT, MDOC])
def test_vp_01_of_another_transaction_or_verifier(bank: Bank, encrypted: bool, format_: str) -> None:
    """Presentations made for one question do not answer another, of ours or of somebody else's."""
    bank.encrypted = encrypted
    _, other = bank.asked()
    id_ = "driving_licence" if format_ == SD_JWT else "driving_licence-mdoc"
    changes: list[dict[str, Any]] = [{"nonce": other.claims["nonce"]}, {"client_id": "x509_san_dns:shop.example"}]
    if format_ == MDOC:
        changes.append({"response_uri": other.claims["response_uri"]})
    codes = []
    for change in changes:
        started, wallet = bank.asked()
        if format_ == MDOC:
            made = wallet.mdoc(**change)
        else:
            made = replace(wallet, claims={**wallet.claims, **change}).sd_jwt()
        codes.append(refused(bank.receive(started, wallet.form({id_: [made]}))))
    wanted = ["nonce_mismatch", "audience_mismatch"] if format_ == SD_JWT else ["holder_binding_invalid"] * 3
    assert codes == wanted


def test_vp_01_an_mdoc_encrypted_to_another_key_of_the_reader(bank: Bank) -> None:
    started, wallet = bank.asked()
    for thumbprint in (None, DecryptionKey.generate("ECDH-ES", "other").public.thumbprint()):
        form = wallet.form({"driving_licence-mdoc": [wallet.mdoc(thumbprint=thumbprint)]})
        assert refused(bank.receive(started, form)) == "holder_binding_invalid"
        started, wallet = bank.asked()


@pytest.mark.parametrize("state", [None, "", "another", 7])
@pytest.mark.parametrize("encrypted", [True, False])
def test_vp_02_state(bank: Bank, encrypted: bool, state: Any) -> None:
    bank.encrypted = encrypted
    started, wallet = bank.asked()
    form = wallet.form({"driving_licence": [wallet.sd_jwt()]}, state=state)
    assert refused(bank.receive(started, {name: str(value) for name, value in form.items()})) == "state"
    assert still_open(bank, started)  # whoever it was, the holder can still answer
    error = {"error": "access_denied", **({} if state is None else {"state": str(state)})}
    assert refused(bank.receive(started, error)) == "state"  # nor can a stranger decline
    assert bank.receive(started, good(wallet)).status == 200


# --- VP-05, VP-06, KB-10 ----------------------------------------------------------------------------------------------


def digest(text: str) -> str:
    return key_binding.sd_hash(text)  # of both, the SHA-256 of the characters as sent


def bindings(data: list[str]) -> list[Mapping[str, Any]]:
    right = [digest(each) for each in data]
    alg = {"transaction_data_hashes_alg": "sha-256"}
    decoded = [b64url_encode(b64url_decode(digest(b64url_decode(each).decode()))) for each in data]
    return [
        {},
        {**alg, "transaction_data_hashes": []},
        {**alg, "transaction_data_hashes": right[:1]},
        {**alg, "transaction_data_hashes": [right[0], digest("something else")]},
        {**alg, "transaction_data_hashes": [*right, digest("something else")]},
        {**alg, "transaction_data_hashes": [*right, right[0]]},
        {**alg, "transaction_data_hashes": decoded},  # the spec hashes the text as it was sent
        {**alg, "transaction_data_hashes": right[0]},
        {**alg, "transaction_data_hashes": [7, 8]},
        {"transaction_data_hashes": right},
        {"transaction_data_hashes": right, "transaction_data_hashes_alg": "sha-512"},
    ]


@pytest.mark.parametrize("number", range(11))
def test_vp_05_transaction_data(bank: Bank, number: int) -> None:
    one = {"type": "payment", "credential_ids": ["driving_licence"], "amount": "100000 VND"}
    bank.data = (one, {**one, "amount": "2000000 VND"})
    started, wallet = bank.asked()
    wallet = replace(wallet, binding=bindings(wallet.claims["transaction_data"])[number])
    assert refused(bank.receive(started, good(wallet))) == "holder_binding_invalid"


def test_vp_05_a_hash_where_nothing_was_to_be_authorised(bank: Bank) -> None:
    started, wallet = bank.asked()
    told = {"transaction_data_hashes": [digest("pay")], "transaction_data_hashes_alg": "sha-256"}
    assert refused(bank.receive(started, good(replace(wallet, binding=told)))) == "holder_binding_invalid"


def test_vp_05_an_mdoc_in_place_of_the_credential_that_may_authorise(bank: Bank) -> None:
    bank.data = ({"type": "payment", "credential_ids": ["driving_licence"]},)
    started, wallet = bank.asked()
    form = wallet.form({"driving_licence-mdoc": [wallet.mdoc()]})
    assert refused(bank.receive(started, form)) == "holder_binding_invalid"


@pytest.mark.parametrize(
    ("disclose", "code"),
    [
        (("full_name",), "claims_missing"),
        ((), "claims_missing"),
        (("full_name", ("classes", 0)), "claims_missing"),  # a part of what was asked for whole
        (("full_name", "classes", "points"), "policy_refused"),
        (("full_name", "classes", "birth_date", "residence"), "policy_refused"),
    ],
)
def test_vp_06_less_or_more_than_asked(bank: Bank, disclose: tuple[Any, ...], code: str) -> None:
    started, wallet = bank.asked()
    assert refused(bank.receive(started, wallet.form({"driving_licence": [wallet.sd_jwt(disclose)]}))) == code


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({OURS: ("full_name",)}, "claims_missing"),
        ({OURS: ("full_name", "classes", "points")}, "policy_refused"),
        ({OURS: ("full_name", "classes"), "org.iso.18013.5.1": ("birth_date",)}, "policy_refused"),
    ],
)
def test_vp_06_less_or_more_than_asked_in_an_mdoc(bank: Bank, elements: Any, code: str) -> None:
    started, wallet = bank.asked()
    assert refused(bank.receive(started, wallet.form({"driving_licence-mdoc": [wallet.mdoc(elements)]}))) == code


def test_vp_06_of_another_type_or_format(bank: Bank) -> None:
    bank.question = ask(Wanted(Policy(documents=("driving_licence", "citizen_identity")), claims=("full_name",)))
    identity = {"vn.vneid-reference.citizen_identity.1": ("full_name",)}
    seen = []
    answers: tuple[tuple[str, Callable[[Wallet], str]], ...] = (
        ("driving_licence", lambda wallet: wallet.sd_jwt(("full_name",), "citizen_identity")),
        ("citizen_identity", lambda wallet: wallet.sd_jwt(("full_name",))),
        ("driving_licence-mdoc", lambda wallet: wallet.mdoc(identity, "citizen_identity")),
        ("driving_licence-mdoc", lambda wallet: wallet.sd_jwt(("full_name",))),
        ("driving_licence", lambda wallet: wallet.mdoc({OURS: ("full_name",)})),
        ("driving_licence", lambda wallet: wallet.world.present()),  # what is shown at a counter
    )
    for id_, make in answers:
        started, wallet = bank.asked()
        seen.append(refused(bank.receive(started, wallet.form({id_: [make(wallet)]}))))
    assert set(seen) <= {"type_mismatch", "policy_refused"} and seen[3:] == ["type_mismatch"] * 3


@pytest.mark.parametrize(
    "token",
    [
        None,
        {},
        [],
        "text",
        {"somebody": ["x"]},
        {"driving_licence": []},
        {"driving_licence": "x"},
        {"driving_licence": ["x", "y"]},
        {"driving_licence": [7]},
        {"driving_licence": [""]},
        {"driving_licence": [{"a": 1}]},
        {"driving_licence": ["x"], "somebody": ["y"]},
    ],
)
@pytest.mark.parametrize("encrypted", [True, False])
def test_vp_06_no_answer_to_the_query(bank: Bank, encrypted: bool, token: Any) -> None:
    bank.encrypted = encrypted
    started, wallet = bank.asked()
    form = {"vp_token": json_encode(token).decode(), "state": wallet.claims["state"]}
    assert refused(bank.receive(started, wallet.form(token) if encrypted else form)) == "vp_token"
    assert still_open(bank, started)


def test_kb_10_two_people_in_one_answer(bank: Bank) -> None:
    """Each presentation holds by its own key; what contradicts is refused, and so is what nobody can tell to be one person."""
    bank.question = ask(
        Wanted(LICENCE, claims=BOTH, formats=(SD_JWT,)), Wanted(IDENTITY, claims=BOTH, formats=(SD_JWT,))
    )
    other = {"citizen_identity": {**RECORDS["citizen_identity"], "full_name": "Trần Thị B"}}
    for records, code in (({}, None), (other, "claim_conflict")):
        started, wallet = bank.asked()
        second = replace(wallet, holder=MemorySigner.generate(), records=records)
        token = {
            "driving_licence": [wallet.sd_jwt(BOTH)],
            "citizen_identity": [second.sd_jwt(BOTH, "citizen_identity")],
        }
        reply = bank.receive(started, wallet.form(token))
        assert reply.status == 200 if code is None else refused(reply) == code
    unproven = {
        "credentials": [
            {**NAME_AND_CLASSES.value["credentials"][0], "claims": [{"path": ["points"]}]},
            {**ask(IDENTITY).value["credentials"][0], "claims": [{"path": ["sex"]}]},
        ]
    }
    bank.question = Question(unproven, {"driving_licence": LICENCE, "citizen_identity": IDENTITY})
    started, wallet = bank.asked()
    token = {
        "driving_licence": [wallet.sd_jwt(("points",))],
        "citizen_identity": [wallet.sd_jwt(("sex",), "citizen_identity")],
    }
    assert refused(bank.receive(started, wallet.form(token))) == "claims_missing"


NUMBER = "personal_identification_number"
WHO = (NUMBER, "full_name")
LICENCE_OR_CARD = AnyOf(
    (Policy(documents=("driving_licence",), asks=WHO), Policy(documents=("citizen_identity",), asks=WHO))
)
LICENCE_TOO = Policy(documents=("driving_licence",), asks=(*WHO, "classes"))


@pytest.mark.parametrize("second", ["the same", "another key", "another selection's key", "the other format"])
def test_vp_06_kb_10_one_document_for_two_that_are_asked(bank: Bank, second: str) -> None:
    """A wallet may answer several queries with one credential (OpenID4VP 1.0 §6.1): where the policy wants two documents, that
    is one too few, whatever the copy, the format and the disclosed claims of the second."""
    bank.question = ask(AllOf((LICENCE_OR_CARD, LICENCE_TOO)))
    started, wallet = bank.asked()
    copy = replace(wallet, holder=MemorySigner.generate())
    more = (*WHO, "classes")
    twice = {
        "the same": {"driving_licence": wallet.sd_jwt(WHO), "driving_licence-2": wallet.sd_jwt(more)},
        "another key": {"driving_licence": wallet.sd_jwt(WHO), "driving_licence-2": copy.sd_jwt(more)},
        "another selection's key": {
            "driving_licence-mdoc": wallet.mdoc({OURS: WHO}),
            "driving_licence-2": copy.sd_jwt(more),
        },
        "the other format": {
            "driving_licence": wallet.sd_jwt(WHO),
            "driving_licence-mdoc-2": wallet.mdoc({OURS: more}),
        },
    }[second]
    token = {id_: [made] for id_, made in twice.items()}
    assert refused(bank.receive(started, wallet.form(token))) == "presentation_replayed"
    assert all(report.verified is None for _, report in bank.collect(started).reports)
    started, wallet = bank.asked()
    token = {"citizen_identity": [wallet.sd_jwt(WHO, "citizen_identity")], "driving_licence-2": [wallet.sd_jwt(more)]}
    assert bank.receive(started, wallet.form(token)).status == 200
    assert len(bank.collect(started).presented().documents) == 2


def test_vp_06_one_presentation_text_for_two_queries(bank: Bank) -> None:
    """It shows the claims of both; that is no more than asked (§6.4), and still one document."""
    bank.question = ask(AllOf((LICENCE_OR_CARD, LICENCE_TOO)))
    for format_ in (SD_JWT, MDOC):
        started, wallet = bank.asked()
        more = (*WHO, "classes")
        made = wallet.sd_jwt(more) if format_ == SD_JWT else wallet.mdoc({OURS: more})
        ids = (
            ["driving_licence", "driving_licence-2"]
            if format_ == SD_JWT
            else ["driving_licence-mdoc", "driving_licence-mdoc-2"]
        )
        token = {id_: [made] for id_ in ids}
        assert refused(bank.receive(started, wallet.form(token))) == "presentation_replayed"


@pytest.mark.parametrize("format_", [SD_JWT, MDOC])
def test_vp_06_a_query_that_lets_one_credential_answer_twice(bank: Bank, format_: str) -> None:
    """Somebody's own query may split what it wants of one credential (§6.1): then the claims of all that it answers count."""
    asked = ask(Wanted(LICENCE, claims=("full_name",), formats=(format_,))).value["credentials"][0]
    path = ("classes",) if format_ == SD_JWT else (OURS, "classes")
    value = {"credentials": [{**asked, "id": "name"}, {**asked, "id": "classes", "claims": [{"path": list(path)}]}]}
    bank.question = Question(value, {"name": LICENCE, "classes": LICENCE}, linked_by=None, apart=False)

    def make(wallet: Wallet, *names: str) -> str:
        return wallet.sd_jwt(names) if format_ == SD_JWT else wallet.mdoc({OURS: names})

    for names, code in ((("full_name", "classes"), None), (("full_name", "classes", "points"), "policy_refused")):
        started, wallet = bank.asked()
        made = make(wallet, *names)
        reply = bank.receive(started, wallet.form({"name": [made], "classes": [made]}))
        assert reply.status == 200 if code is None else refused(reply) == code
    started, wallet = bank.asked()
    apart = {"name": [make(wallet, "full_name")], "classes": [make(wallet, "classes")]}
    assert bank.receive(started, wallet.form(apart)).status == 200
    started, wallet = bank.asked()
    more = {"name": [make(wallet, "full_name", "classes")], "classes": [make(wallet, "classes")]}
    assert refused(bank.receive(started, wallet.form(more))) == "policy_refused"  # each of its own query alone
    bank.question = replace(bank.question, apart=True)
    started, wallet = bank.asked()
    made = make(wallet, "full_name", "classes")
    assert refused(bank.receive(started, wallet.form({"name": [made], "classes": [made]}))) == "presentation_replayed"


def test_kb_10_one_bad_document_takes_the_other_with_it(bank: Bank) -> None:
    """§8.6: the whole is refused, and nothing of the good one is kept."""
    bank.question = ask(
        Wanted(LICENCE, claims=BOTH, formats=(SD_JWT,)), Wanted(IDENTITY, claims=BOTH, formats=(SD_JWT,))
    )
    started, wallet = bank.asked()
    thief = replace(wallet, signer=MemorySigner.generate())
    token = {"driving_licence": [wallet.sd_jwt(BOTH)], "citizen_identity": [thief.sd_jwt(BOTH, "citizen_identity")]}
    assert refused(bank.receive(started, wallet.form(token))) == "holder_binding_invalid"
    assert all(report.verified is None for _, report in bank.collect(started).reports)


# --- VP-07, VP-08 -----------------------------------------------------------------------------------------------------


def test_vp_07_another_key(bank: Bank) -> None:
    started, wallet = bank.asked()
    told = json_encode({"vp_token": {"driving_licence": [wallet.sd_jwt()]}, "state": wallet.claims["state"]})
    _, other = bank.asked()
    stranger = DecryptionKey.generate("ECDH-ES", started.request_id).public
    for key in (other.key, stranger):
        assert key is not None
        assert refused(bank.receive(started, {"response": jwe.encrypt(told, key, enc="A256GCM")})) == "decryption"
    assert still_open(bank, started)


def test_vp_07_an_answer_to_another_question_is_not_opened(bank: Bank) -> None:
    """Each has a key of its own: an ephemeral key of the wallet that comes twice makes no secret that was there before."""
    _, wallet = bank.asked()
    form = good(wallet)
    other, _ = bank.asked()
    assert refused(bank.receive(other, form)) == "decryption"


@pytest.mark.parametrize(
    "change",
    [
        {"alg": "ECDH-ES+A256KW"},
        {"alg": "dir"},
        {"alg": "RSA-OAEP-256"},
        {"alg": "none"},
        {"alg": "PBES2-HS256+A128KW", "p2s": "c2FsdHNhbHQ", "p2c": 2**31 - 1},  # derives nothing (JW-17)
        {"enc": "A128CBC-HS256"},
        {"enc": "A192GCM"},
        {"zip": "DEF"},
        {"crit": ["b64"]},
        {"kid": "another"},
        {"epk": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}},
    ],
)
def test_vp_07_another_algorithm(bank: Bank, change: dict[str, Any]) -> None:
    started, wallet = bank.asked()
    head, *rest = good(wallet)["response"].split(".")
    header = b64url_encode(json_encode({**json_decode(b64url_decode(head)), **change}))
    assert refused(bank.receive(started, {"response": ".".join([header, *rest])})) == "decryption"


def test_vp_07_a_content_encryption_that_was_not_offered(bank: Bank) -> None:
    started, wallet = bank.asked()
    token = {"driving_licence": [wallet.sd_jwt()]}
    assert refused(bank.receive(started, wallet.form(token, enc="A128CBC-HS256"))) == "decryption"
    assert bank.receive(started, wallet.form(token, enc="A128GCM")).status == 200


@pytest.mark.parametrize("content", [b"", b"[]", b"7", b'{"a":1,"a":2}', b"\xff", b'"x"'])
def test_vp_07_nothing_inside(bank: Bank, content: bytes) -> None:
    started, wallet = bank.asked()
    assert wallet.key is not None
    assert refused(bank.receive(started, {"response": jwe.encrypt(content, wallet.key, enc="A256GCM")})) == "decryption"


def test_vp_08_plain_where_encrypted_was_asked(bank: Bank) -> None:
    started, wallet = bank.asked()
    token = json_encode({"driving_licence": [wallet.sd_jwt()]}).decode()
    form = {"vp_token": token, "state": wallet.claims["state"]}
    assert refused(bank.receive(started, form)) == "encryption"
    assert refused(bank.receive(started, {**form, **good(wallet)})) == "encryption"  # both, to see which counts
    assert refused(bank.receive(started, {"response": token})) == "decryption"


def test_vp_08_encrypted_where_nobody_asked(bank: Bank) -> None:
    bank.encrypted = False
    started, _ = bank.asked()
    key = DecryptionKey.generate("ECDH-ES", "k").public
    assert refused(bank.receive(started, {"response": jwe.encrypt("{}", key, enc="A256GCM")})) == "encryption"


@pytest.mark.parametrize(
    "body",
    [
        b"&",
        b"vp_token",
        b"\xff=\xfe",
        b"a=%ff",
        b"state=a&state=b",
        b"vp_token=%7B%7D&vp_token=%7B%7D&state=x",
        urlencode({f"p{number}": "" for number in range(17)}).encode(),
        b"vp_token=" + b"x" * FORM_LIMIT,
    ],
)
def test_vp_02_no_form(bank: Bank, body: bytes) -> None:
    bank.encrypted = False
    started, _ = bank.asked()
    assert refused(bank.receive(started, body)) == "form"


# --- VP-09 ------------------------------------------------------------------------------------------------------------


def test_vp_09_another_browser_gets_nothing(bank: Bank) -> None:
    """The attacker began on a browser of their own and made the victim answer: they have the transaction, and no code; the
    victim's browser has the code, and no transaction."""
    bank.same_device = True
    started, victim = bank.asked()
    reply = bank.receive(started, good(victim))
    for guess in ("", "guess", code_of(reply).swapcase()):
        with pytest.raises(NotAnswered):
            bank.collect(started, guess)
    victims_own = bank.begin()
    with pytest.raises(NotAnswered):
        bank.collect(victims_own, code_of(reply))
    assert bank.collect(started, code_of(reply)).presented()  # nothing of it was used up


def test_vp_09_the_link_does_not_tell_the_transaction(bank: Bank) -> None:
    bank.same_device = True
    started, wallet = bank.asked()
    told = started.link + str(wallet.claims) + str(bank.receive(started, good(wallet)).body)
    assert started.transaction_id not in told

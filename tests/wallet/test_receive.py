"""Receiving: what is right is kept; what an issuer must not send is refused, and nothing is kept.

Spec: OpenID4VCI 1.0 §6 to §8, §13.5, §13.6; attacks IS-02, UN-01 from the holder's side.
"""

import dataclasses
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from certs.encoding import b64url_encode, json_encode
from certs.fetch import FetchError, Response
from certs.keys import MemorySigner
from certs.x509 import Usage
from tests.wallet.issuer import CODE, ISSUER, TOKEN, TX_CODE, IssuerDesk
from tests.world import DAY, PID, RECORDS, World
from wallet import issuer as issuers
from wallet import receive
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.keys import SoftwareKey, SoftwareKeys, from_browser
from wallet.model import Document, Person
from wallet.offer import resolve
from wallet.present import views_of
from wallet.receive import COPIES

Proofs = dict[str, list[str]]  # by configuration
LICENCE_VIEWS = ["licence", "age_over_18", "full"]


def take(folder: FolderWallet, desk: IssuerDesk, **more: Any) -> tuple[Document, ...]:
    return folder.receive(desk.link, **{"transaction_code": TX_CODE, "pid": PID, **more})


def refused(folder: FolderWallet, desk: IssuerDesk, code: str, **more: Any) -> WalletError:
    """The refusal; nothing is kept by it, neither document nor key."""
    before = folder.documents()
    with pytest.raises(WalletError) as caught:
        take(folder, desk, **more)
    assert caught.value.code == code, caught.value
    assert folder.documents() == before
    kept = {copy.thumbprint for document in before for copy in document.copies}
    assert {path.stem for path in keys_in(folder)} == kept
    return caught.value


def keys_in(folder: FolderWallet) -> list[Path]:
    return list(folder.keys._folder.glob("*.pem"))


def test_a_licence_comes_as_one_document_with_keys_for_each_view(folder: FolderWallet, desk: IssuerDesk) -> None:
    (document,) = take(folder, desk)
    assert (document.type, list(views_of(document))) == ("driving_licence", LICENCE_VIEWS)
    assert len({copy.thumbprint for copy in document.copies}) == len(document.copies) == 3 * COPIES
    assert folder.documents() == (document,)
    assert {path.stem for path in keys_in(folder)} == {copy.thumbprint for copy in document.copies}


def test_the_requests_are_those_of_the_specification(folder: FolderWallet, desk: IssuerDesk) -> None:
    take(folder, desk)
    sent = [(method, path) for method, path, _ in desk.asked if path != "/bundle"]
    assert sent == [
        ("GET", "/credential-offers/1"),
        ("GET", "/.well-known/openid-credential-issuer"),
        ("GET", "/.well-known/oauth-authorization-server"),
        ("POST", "/token"),
        *[("POST", "/nonce")] * 3,
        *[("POST", "/credential")] * 3,
    ]
    token = next(body for _, path, body in desk.asked if path == "/token")
    assert token == {
        "grant_type": "urn:ietf:params:oauth:grant-type:pre-authorized_code",
        "pre-authorized_code": CODE,
        "tx_code": TX_CODE,
        "headers": {},
    }
    for _, _, body in [asked for asked in desk.asked if asked[1] == "/credential"]:
        assert set(body) == {"credential_configuration_id", "proofs", "headers"}
        assert body["headers"] == {"Authorization": f"Bearer {TOKEN}"}
        assert list(body["proofs"]) == ["jwt"] and len(body["proofs"]["jwt"]) == COPIES


def test_several_types_in_one_offer_become_several_documents(folder: FolderWallet, desk: IssuerDesk) -> None:
    desk.configurations = ("health_record.insurance", "driving_licence.licence", "health_record.summary")
    documents = take(folder, desk)
    assert [(each.type, views_of(each)) for each in documents] == [
        ("health_record", ("summary", "insurance")),  # the catalogue's order, whose first view is the default
        ("driving_licence", ("licence",)),
    ]


def test_the_same_document_again_replaces_the_earlier_one(folder: FolderWallet, desk: IssuerDesk) -> None:
    (first,) = take(folder, desk)
    desk.redeemed = False
    (second,) = take(folder, desk)
    assert folder.documents() == (second,)
    desk.redeemed, desk.configurations = False, ("driving_licence.licence",)
    (fewer,) = take(folder, desk)
    assert {each.document_id for each in folder.documents()} == {second.document_id, fewer.document_id}
    assert first.document_id == second.document_id, "what was open before still finds it"
    assert {copy.thumbprint for copy in first.copies}.isdisjoint(copy.thumbprint for copy in second.copies)


def test_a_refresh_token_that_is_noted_late_brings_no_old_copies_back(folder: FolderWallet, desk: IssuerDesk) -> None:
    """Two tabs refresh: the slower one still has in hand what the other has replaced."""
    (first,) = take(folder, desk)
    folder.wallet.note_renewal(folder.owner, first, "renewal-1")
    (noted,) = folder.documents()
    assert noted == dataclasses.replace(first, renewal="renewal-1")
    desk.redeemed = False
    (second,) = take(folder, desk)
    folder.wallet.note_renewal(folder.owner, noted, "renewal-2")
    assert folder.documents() == (second,)


def test_another_vehicle_takes_no_ones_place(folder: FolderWallet, desk: IssuerDesk) -> None:
    desk.configurations = ("vehicle_registration.registration",)
    (first,) = take(folder, desk)
    other = {**RECORDS["vehicle_registration"], "plate": "10A-222.22"}
    desk.redeemed, desk.sign = (
        False,
        lambda kind, view, holder: desk.world.issue(kind, view, record=other, holder=holder),
    )
    (second,) = take(folder, desk)
    assert set(folder.documents()) == {first, second}
    desk.redeemed = False
    (again,) = take(folder, desk)
    assert set(folder.documents()) == {first, again}


# --- an issuer that sends what it must not -----------------------------------------------------------------------


def test_another_persons_document_is_refused(folder: FolderWallet, desk: IssuerDesk) -> None:
    other = {**RECORDS["driving_licence"], "personal_identification_number": "999090000111"}
    desk.sign = lambda kind, view, holder: desk.world.issue(kind, view, record=other, holder=holder)
    refused(folder, desk, "not_about_me")


def test_another_persons_document_without_a_number_is_known_by_its_name(desk: IssuerDesk, tmp_path: Path) -> None:
    desk.configurations = ("health_record.summary",)
    me = Person(PID, name="Trần Lâm", birth_date="1990")
    with pytest.raises(WalletError, match="not_about_me"):
        complete(desk, tmp_path, person=me)


def test_a_name_in_another_normal_form_is_the_same_name(desk: IssuerDesk, tmp_path: Path) -> None:
    desk.configurations = ("health_record.summary",)
    me = Person(PID, name=unicodedata.normalize("NFD", RECORDS["health_record"]["full_name"]), birth_date="2003")
    assert complete(desk, tmp_path, person=me)[0].type == "health_record"


@pytest.mark.parametrize(
    ("name", "birth_date", "mine"),
    [
        ("Nguyễn Thị Thùy Dương", "2003-05-09", True),  # another placing of the tone, a fuller date
        ("NGUYỄN THỊ THUỲ DƯƠNG", "2003", True),
        ("Nguyễn Thị Thuỳ", "2003", False),
        ("Nguyễn Thị Thuỳ Dương", "2004", False),
        ("Nguyễn Thị Thuỳ Dung", "2003", False),
    ],
)
def test_what_registers_spell_otherwise_is_still_mine(
    desk: IssuerDesk, tmp_path: Path, name: str, birth_date: str, mine: bool
) -> None:
    desk.configurations = ("health_record.summary",)
    me = Person(PID, name=name, birth_date=birth_date)
    if mine:
        assert complete(desk, tmp_path, person=me)
    else:
        with pytest.raises(WalletError, match="not_about_me"):
            complete(desk, tmp_path, person=me)


def test_two_peoples_views_in_one_document_are_refused(folder: FolderWallet, desk: IssuerDesk) -> None:
    other = {**RECORDS["driving_licence"], "personal_identification_number": "999090000111"}

    def mixed(kind: str, view: str, holder: MemorySigner) -> bytes:
        return desk.world.issue(kind, view, record=other if view == "full" else None, holder=holder)

    desk.sign = mixed
    refused(folder, desk, "not_about_me", pid=None)


def test_another_holders_key_is_refused(folder: FolderWallet, desk: IssuerDesk) -> None:
    stranger = MemorySigner.generate()
    desk.sign = lambda kind, view, holder: desk.world.issue(kind, view, holder=stranger)
    refused(folder, desk, "not_my_key")


def test_a_view_bound_to_my_key_of_another_view_is_refused(folder: FolderWallet, desk: IssuerDesk) -> None:
    seen: list[MemorySigner] = []

    def first_key(kind: str, view: str, holder: MemorySigner) -> bytes:
        seen.append(holder)
        return desk.world.issue(kind, view, holder=seen[0])

    desk.sign = first_key
    refused(folder, desk, "not_my_key")


def test_is_04_another_type_is_refused(folder: FolderWallet, desk: IssuerDesk) -> None:
    desk.sign = lambda kind, view, holder: desk.world.issue("citizen_identity", "identity", holder=holder)
    refused(folder, desk, "not_as_offered")


def test_another_view_is_refused(folder: FolderWallet, desk: IssuerDesk) -> None:
    desk.sign = lambda kind, view, holder: desk.world.issue(kind, "full", holder=holder)
    refused(folder, desk, "not_as_offered")


def test_a_forged_signature_is_refused(folder: FolderWallet, desk: IssuerDesk) -> None:
    forger = desk.world.desk("public-security", Usage.DOCUMENT_SIGNER)

    def forged(kind: str, view: str, holder: MemorySigner) -> bytes:
        true = desk.world.issuers["public-security"]
        mixed = dataclasses.replace(forger, certificate=true.certificate)  # the true key id over a stranger's signature
        return desk.world.issue(kind, view, holder=holder, desk=mixed)

    desk.sign = forged
    assert "signature_invalid" in refused(folder, desk, "credential_refused").detail


def test_an_untrusted_issuer_is_refused(folder: FolderWallet, desk: IssuerDesk) -> None:
    stranger = World().issuers["public-security"]  # the same name under another nation's root
    desk.sign = lambda kind, view, holder: desk.world.issue(kind, view, holder=holder, desk=stranger)
    assert "key_not_found" in refused(folder, desk, "credential_refused").detail


def test_an_authority_that_may_not_issue_this_type_is_refused(folder: FolderWallet, desk: IssuerDesk) -> None:
    desk.sign = lambda kind, view, holder: desk.world.issue(kind, view, holder=holder, authority="health")
    assert "issuer_untrusted" in refused(folder, desk, "credential_refused").detail


def test_an_expired_credential_is_refused(folder: FolderWallet, desk: IssuerDesk) -> None:
    issued = desk.world.now - 40 * DAY
    desk.sign = lambda kind, view, holder: desk.world.issue(kind, view, holder=holder, issued=issued)
    assert "expired" in refused(folder, desk, "credential_refused").detail


@pytest.mark.parametrize("wrong", [b"", b"\x00" * 40, b"not cbor at all", b"\xd2" * 200])
def test_rubbish_is_refused(folder: FolderWallet, desk: IssuerDesk, wrong: bytes) -> None:
    desk.sign = lambda kind, view, holder: wrong
    assert refused(folder, desk, "credential_refused")


def test_when_the_last_view_is_wrong_none_is_kept(folder: FolderWallet, desk: IssuerDesk) -> None:
    def last_wrong(kind: str, view: str, holder: MemorySigner) -> bytes:
        return b"\xd2" if view == "full" else desk.world.issue(kind, view, holder=holder)

    desk.sign = last_wrong
    refused(folder, desk, "credential_refused")


# --- answers that are not as they must be --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "answer", "code"),
    [
        ("/credential-offers/1", Response(404, {}, b"{}"), "offer_gone"),
        ("/credential-offers/1", FetchError("too_slow"), "issuer_unreachable"),
        ("/.well-known/openid-credential-issuer", Response(503, {}, b""), "issuer_unreachable"),
        ("/.well-known/openid-credential-issuer", Response(200, {}, b"<html>"), "issuer_refused"),
        ("/.well-known/openid-credential-issuer", {"credential_issuer": "https://other.example"}, "issuer_untrusted"),
        ("/.well-known/oauth-authorization-server", {"issuer": "https://other.example"}, "issuer_untrusted"),
        ("/token", Response(400, {}, b'{"error":"invalid_grant"}'), "transaction_code_wrong"),
        ("/token", Response(400, {}, b'{"error":"invalid_client"}'), "issuer_refused"),
        ("/token", {"access_token": "x", "token_type": "DPoP"}, "issuer_refused"),
        ("/token", {"token_type": "Bearer"}, "issuer_refused"),
        ("/nonce", {"c_nonce": 7}, "issuer_refused"),
        ("/credential", Response(400, {}, b'{"error":"invalid_proof"}'), "issuer_refused"),
        ("/credential", FetchError("timeout"), "issuer_unreachable"),  # whether it signed is not known
        ("/credential", Response(503, {"retry-after": "30"}, b"{}"), "issuer_unreachable"),
        ("/credential", {"credentials": []}, "issuer_refused"),
        ("/credential", {"credentials": [{"credential": "AAAA"}] * (COPIES + 1)}, "issuer_refused"),
        ("/credential", {"credentials": [{"credential": "not base64url!"}]}, "issuer_refused"),
        ("/credential", {"credentials": [{"credential": {"a": 1}}]}, "issuer_refused"),
        ("/credential", {"transaction_id": "later", "interval": 5}, "issuer_refused"),
    ],
)
def test_is_06_is_09_an_answer_that_is_not_as_it_must_be(
    folder: FolderWallet, desk: IssuerDesk, address: str, answer: Any, code: str
) -> None:
    desk.changes[address] = answer
    refused(folder, desk, code)


def test_is_01_a_wrong_transaction_code_is_told_apart(folder: FolderWallet, desk: IssuerDesk) -> None:
    refused(folder, desk, "transaction_code_wrong", transaction_code="000000")
    refused(folder, desk, "transaction_code_needed", transaction_code=None)
    assert [path for _, path, _ in desk.asked].count("/token") == 1  # without a code nothing was sent


def test_a_configuration_in_a_format_that_we_do_not_keep_is_passed_over(folder: FolderWallet, desk: IssuerDesk) -> None:
    metadata = desk.metadata()
    metadata["credential_configurations_supported"]["driving_licence.full"]["format"] = "jwt_vc_json"
    desk.changes["/.well-known/openid-credential-issuer"] = metadata
    assert views_of(take(folder, desk)[0]) == ("licence", "age_over_18")


def test_an_offer_of_nothing_that_we_keep_is_refused(folder: FolderWallet, desk: IssuerDesk) -> None:
    desk.configurations = ("university_degree.full", "driving_licence.secret")
    refused(folder, desk, "offer_unsupported")
    assert not [path for _, path, _ in desk.asked if path == "/token"]


def test_credential_identifiers_are_used_where_the_server_gives_them(desk: IssuerDesk, tmp_path: Path) -> None:
    """§8.2: then, and only then, a request names the dataset instead of the configuration."""
    details = [
        {
            "type": "openid_credential",
            "credential_configuration_id": "driving_licence.licence",
            "credential_identifiers": ["an-1", "an-2"],
        }
    ]
    desk.configurations = ("driving_licence.licence",)
    desk.changes["/token"] = {"access_token": TOKEN, "token_type": "bearer", "authorization_details": details}
    desk.changes["/credential"] = Response(400, {}, b'{"error":"unknown_credential_identifier"}')
    with pytest.raises(WalletError, match="issuer_refused"):
        complete(desk, tmp_path)
    body = desk.asked[-1][2]
    assert body["credential_identifier"] == "an-1"
    assert "credential_configuration_id" not in body


# --- proofs that come from a browser ---------------------------------------------------------------------------------


def begun(desk: IssuerDesk) -> receive.Receipt:
    offer = resolve(desk.link, web=desk, issuers=(ISSUER,))
    issuer = issuers.discover(offer, web=desk)
    return receive.begin(offer, issuer, transaction_code=TX_CODE, web=desk, now=desk.world.now)


def proofs_for(receipt: receive.Receipt, keys: SoftwareKeys, *, now: int, audience: str = ISSUER) -> Proofs:
    proofs: Proofs = {}
    for each in receipt.proofs:
        proof = keys.make().key_proof(audience=audience, nonce=each.nonce, now=now)
        proofs.setdefault(each.configuration, []).append(proof)
    return proofs


def complete(
    desk: IssuerDesk, tmp_path: Path, *, person: Person | None = None, changed: Proofs | None = None
) -> tuple[Document, ...]:
    receipt = begun(desk)
    proofs = {**proofs_for(receipt, SoftwareKeys(tmp_path / "k"), now=desk.world.now), **(changed or {})}
    trust = desk.world.open_bundle().trust
    done = receive.complete(receipt, proofs, person=person, trust=trust, web=desk, now=desk.world.now)
    return done.documents


def test_a_proof_is_checked_before_any_credential_is_asked_for(desk: IssuerDesk, tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="proof_invalid"):
        complete(desk, tmp_path, changed={"driving_licence.full": ["not.a.proof"]})
    assert not [path for _, path, _ in desk.asked if path == "/credential"]


def test_is_02_proofs_must_be_for_what_was_begun(desk: IssuerDesk, tmp_path: Path) -> None:
    receipt, keys = begun(desk), SoftwareKeys(tmp_path / "k")
    trust, now = desk.world.open_bundle().trust, desk.world.now
    right = proofs_for(receipt, keys, now=now)
    first, second, _ = right
    key = keys.make()
    wrong: list[Proofs] = [
        {},
        {first: right[first]},
        {**right, "health_record.summary": right[first]},
        {**right, first: right[second]},  # the nonce of another view
        proofs_for(receipt, keys, now=now, audience="https://elsewhere.example"),
        proofs_for(receipt, keys, now=now - 3600),
        {each.configuration: [key.key_proof(audience=ISSUER, nonce=each.nonce, now=now)] for each in receipt.to_prove},
        {**right, first: []},
        {**right, first: [*right[first], *right[first]]},
    ]
    for proofs in wrong:
        with pytest.raises(WalletError, match=r"proof_invalid|clock_wrong"):
            receive.complete(receipt, proofs, person=None, trust=trust, web=desk, now=now)
    assert not [path for _, path, _ in desk.asked if path == "/credential"]
    assert receive.complete(receipt, right, person=None, trust=trust, web=desk, now=now).documents


def test_a_browser_key_has_signed_already_and_signs_nothing_else(desk: IssuerDesk, tmp_path: Path) -> None:
    software = SoftwareKeys(tmp_path / "k").make()
    proven = software.key_proof(audience=ISSUER, nonce="n", now=desk.world.now)
    key = from_browser(proven, audience=ISSUER, nonce="n", now=desk.world.now)
    assert key.public == software.public
    assert key.key_proof(audience=ISSUER, nonce="n", now=desk.world.now) == proven
    with pytest.raises(WalletError, match="proof_invalid"):
        key.key_proof(audience=ISSUER, nonce="another", now=desk.world.now)
    with pytest.raises(WalletError, match="key_elsewhere"):
        key.holder_proof(b"", now=desk.world.now)


# --- offers ----------------------------------------------------------------------------------------------------------


def by_value(**changed: Any) -> str:
    offer: dict[str, Any] = {
        "credential_issuer": ISSUER,
        "credential_configuration_ids": ["driving_licence.licence"],
        "grants": {"urn:ietf:params:oauth:grant-type:pre-authorized_code": {"pre-authorized_code": CODE}},
        **changed,
    }
    return "openid-credential-offer://?credential_offer=" + b_quote(json_encode(offer))


def b_quote(data: bytes) -> str:
    return "".join(f"%{byte:02X}" for byte in data)


def test_an_offer_by_value_is_read(desk: IssuerDesk) -> None:
    offer = resolve(by_value(unknown={"x": 1}), web=desk, issuers=(ISSUER,))
    assert (offer.code, offer.transaction_code, offer.configurations) == (CODE, None, ("driving_licence.licence",))
    assert desk.asked == []


def test_a_web_link_of_a_wallet_is_read_like_the_other(desk: IssuerDesk) -> None:
    web_link = desk.link.replace("openid-credential-offer://", "https://wallet.example/receive")
    assert resolve(web_link, web=desk, issuers=(ISSUER,)) == resolve(desk.link, web=desk, issuers=(ISSUER,))


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("", "offer_malformed"),
        ("hello", "offer_malformed"),
        ("openid-credential-offer://?", "offer_malformed"),
        ("openid-credential-offer://?credential_offer=%7B%7D", "offer_unsupported"),
        ("openid-credential-offer://?credential_offer=%7B", "offer_malformed"),
        ("openid-credential-offer://?credential_offer=[]", "offer_malformed"),
        ("openid-credential-offer://?credential_offer_uri=ftp://localhost/x", "offer_malformed"),
        ("openid-credential-offer://?credential_offer_uri=http://a@localhost:5000/x", "offer_malformed"),
        ("openid-credential-offer://?credential_offer_uri=http://localhost:5001/x", "issuer_untrusted"),
        ("openid-credential-offer://?credential_offer_uri=https://evil.example/x", "issuer_untrusted"),
        ("openid-credential-offer://?credential_offer_uri=https://localhost:5000/x", "issuer_untrusted"),
        ("openid-credential-offer://?credential_offer_uri=x&credential_offer_uri=y", "offer_malformed"),
        ("openid-credential-offer://?credential_offer_uri=x&credential_offer=y", "offer_malformed"),
        ("openid-credential-offer://?credential_offer=" + "A" * 9000, "offer_malformed"),
        (by_value(credential_issuer="https://evil.example"), "issuer_untrusted"),
        (by_value(credential_issuer=ISSUER + "/"), "issuer_untrusted"),
        (by_value(credential_configuration_ids=[]), "offer_malformed"),
        (by_value(credential_configuration_ids=["a", "a"]), "offer_malformed"),
        (by_value(credential_configuration_ids=[1]), "offer_malformed"),
        (by_value(credential_configuration_ids=[f"x{n}" for n in range(17)]), "offer_malformed"),
        (by_value(grants={"urn:example:grant": {}}), "offer_unsupported"),
        (by_value(grants={"authorization_code": []}), "offer_unsupported"),
        (by_value(grants={"authorization_code": {"issuer_state": 7}}), "offer_malformed"),
        (by_value(grants=[]), "offer_unsupported"),
    ],
)
def test_an_offer_that_is_none_is_refused_before_anything_is_fetched(desk: IssuerDesk, link: str, code: str) -> None:
    with pytest.raises(WalletError) as caught:
        resolve(link, web=desk, issuers=(ISSUER,))
    assert caught.value.code == code
    assert desk.asked == []


def test_secrets_are_not_in_a_repr(desk: IssuerDesk) -> None:
    offer = resolve(desk.link, web=desk, issuers=(ISSUER,))
    receipt = begun(desk)
    software = SoftwareKey(MemorySigner.generate())
    for value in (offer, receipt, receipt.access, Person(PID, name="Dương"), software):
        assert CODE not in repr(value) and TOKEN not in repr(value) and PID not in repr(value)


def test_the_wire_form_is_base64url_of_the_very_bytes(folder: FolderWallet, desk: IssuerDesk) -> None:
    sent: list[bytes] = []

    def remember(kind: str, view: str, holder: MemorySigner) -> bytes:
        sent.append(desk.world.issue(kind, view, holder=holder))
        return sent[-1]

    desk.sign = remember
    (document,) = take(folder, desk)
    assert [b64url_encode(copy.credential) for copy in document.copies] == [b64url_encode(each) for each in sent]

"""Documents whole, in the two formats of which a holder shows parts: what is kept of them, and what is refused.

Spec: OpenID4VCI 1.0 §8.3, §12.2.4, Appendix A; SD-JWT VC §2.2.2; ISO/IEC 18013-5 §9.1.2; attacks SD-23, IS-02 from the
holder's side.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from certs import jose
from certs.encoding import b64url_decode, b64url_encode, json_encode
from certs.fetch import Response
from certs.formats import disclosures, mdoc, sd_jwt
from certs.formats.disclosures import SdJwt
from certs.formats.session_transcript import redirect
from certs.keys import MemorySigner
from certs.x509 import Usage
from tests.wallet.issuer import LICENCE, TX_CODE, WHOLE, IssuerDesk, whole
from tests.world import DAY, PID, RECORDS, URI, World
from wallet import records
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.formats import MDOC, QR, SD_JWT, glance
from wallet.model import Document
from wallet.present import choose, each_once, for_qr, lead, mdoc_response, sd_jwt_text, views_of
from wallet.receive import COPIES
from wallet.state import Standing, state_of

RECORD = RECORDS["driving_licence"]
FORMATS = ("sd_jwt", "mdoc")
each_format = pytest.mark.parametrize("format_", FORMATS)


@pytest.fixture
def desk(world: World) -> IssuerDesk:
    return IssuerDesk(world, configurations=(*LICENCE, *WHOLE))


def take(folder: FolderWallet, desk: IssuerDesk, **more: Any) -> Document:
    (document,) = folder.receive(desk.link, **{"transaction_code": TX_CODE, "pid": PID, **more})
    return document


def refused(folder: FolderWallet, desk: IssuerDesk, format_: str, sign: Any, code: str) -> str:
    """The issuer signs one format in this way, all else rightly. Nothing is kept, neither document nor key."""

    def signed(kind: str, view: str, holder: MemorySigner) -> bytes:
        made: bytes = sign(holder) if view == format_ else desk.rightly(kind, view, holder)
        return made

    desk.sign = signed
    with pytest.raises(WalletError) as caught:
        take(folder, desk)
    assert caught.value.code == code, caught.value
    assert folder.documents() == () and not list(folder.keys._folder.glob("*.pem"))
    return caught.value.detail


def test_one_document_with_every_format_and_a_key_for_each_copy(folder: FolderWallet, desk: IssuerDesk) -> None:
    document = take(folder, desk)
    assert Counter(copy.format for copy in document.copies) == {QR: 3 * COPIES, SD_JWT: COPIES, MDOC: COPIES}
    assert views_of(document) == ("licence", "age_over_18", "full")
    assert [(copy.format, copy.view) for copy in each_once(document)[3:]] == [(SD_JWT, ""), (MDOC, "")]
    assert [copy.view for copy in for_qr(document)] == [view for view in views_of(document) for _ in range(COPIES)]
    prints = {copy.thumbprint for copy in document.copies}
    assert len(prints) == len(document.copies) == len(list(folder.keys._folder.glob("*.pem")))
    assert folder.documents() == (document,)  # and comes back from the vault as it was
    for copy in document.copies[-2 * COPIES :]:
        assert glance(copy.format, copy.credential).claims == RECORD
    assert lead(document) == choose(document) == document.copies[0]
    assert len({glance(copy.format, copy.credential).status for copy in document.copies}) == len(document.copies)


def test_one_request_for_each_configuration(folder: FolderWallet, desk: IssuerDesk) -> None:
    take(folder, desk)
    asked = [body for _, path, body in desk.asked if path == "/credential"]
    assert [body["credential_configuration_id"] for body in asked] == [*LICENCE, *WHOLE]
    assert [len(body["proofs"]["jwt"]) for body in asked] == [COPIES] * 5
    assert [path for _, path, _ in desk.asked].count("/nonce") == 5


@pytest.mark.parametrize(("batch", "copies"), [(2, 2), (100, COPIES)])
def test_no_more_copies_than_the_issuer_signs_at_once(
    folder: FolderWallet, desk: IssuerDesk, batch: int, copies: int
) -> None:
    desk.batch = batch
    held = Counter((copy.format, copy.view) for copy in take(folder, desk).copies)
    assert len(held) == 5 and set(held.values()) == {copies}


@pytest.mark.parametrize("told", [None, {}, {"batch_size": "4"}, {"batch_size": 0}, {"batch_size": True}, 4])
def test_an_issuer_that_says_nothing_of_batches_signs_one_copy(
    folder: FolderWallet, desk: IssuerDesk, told: object
) -> None:
    desk.changes["/.well-known/openid-credential-issuer"] = {**desk.metadata(), "batch_credential_issuance": told}
    assert Counter(copy.format for copy in take(folder, desk).copies) == {QR: 3, SD_JWT: 1, MDOC: 1}


def test_fewer_copies_than_keys_are_kept_and_the_other_keys_are_not(folder: FolderWallet, desk: IssuerDesk) -> None:
    """§8.3: the issuer may sign fewer."""
    desk.configurations = WHOLE[:1]
    sign = desk._credential

    def fewer(body: Any, headers: Any) -> Response:
        answer = json.loads(sign(body, headers).body)
        return Response(200, {}, json_encode({"credentials": answer["credentials"][1:]}))

    desk._credential = fewer  # type: ignore[method-assign]
    document = take(folder, desk)
    assert len(document.copies) == COPIES - 1 == len(list(folder.keys._folder.glob("*.pem")))


def test_what_this_person_s_document_has_nothing_for_is_passed_over(folder: FolderWallet, desk: IssuerDesk) -> None:
    sign = desk._credential

    def denying(body: Any, headers: Any) -> Response:
        if body["credential_configuration_id"] in LICENCE[:2]:
            return Response(400, {}, json_encode({"error": "credential_request_denied"}))
        return sign(body, headers)

    desk._credential = denying  # type: ignore[method-assign]
    document = take(folder, desk)
    assert views_of(document) == ("full",)
    desk.redeemed, desk.configurations = False, LICENCE[:2]
    with pytest.raises(WalletError, match="issuer_denied"):  # but not all of it
        take(folder, desk)


def test_a_document_only_whole(folder: FolderWallet, desk: IssuerDesk) -> None:
    desk.configurations = WHOLE
    document = take(folder, desk)
    assert for_qr(document) == () and lead(document).format == SD_JWT
    with pytest.raises(WalletError, match="view_unknown"):
        folder.qr_text("driving_licence")
    statuses = desk.world.open_bundle().statuses
    for copy in document.copies:
        assert state_of(copy, statuses, now=desk.world.now).standing is Standing.VALID


# --- what is refused ------------------------------------------------------------------------------------------------------


@each_format
def test_another_holder_s_key(folder: FolderWallet, desk: IssuerDesk, format_: str) -> None:
    stranger = MemorySigner.generate()
    refused(folder, desk, format_, lambda _: desk.rightly("driving_licence", format_, stranger), "not_my_key")


@each_format
def test_is_06_two_copies_for_one_of_my_keys(folder: FolderWallet, desk: IssuerDesk, format_: str) -> None:
    first: list[MemorySigner] = []

    def same(holder: MemorySigner) -> bytes:
        first.append(holder)
        return desk.rightly("driving_licence", format_, first[0])

    refused(folder, desk, format_, same, "not_my_key")


@each_format
def test_copies_that_share_a_place_in_the_status_list(folder: FolderWallet, desk: IssuerDesk, format_: str) -> None:
    def placed(holder: MemorySigner) -> bytes:
        return whole(desk.world, "driving_licence", format_, holder=holder, status_index=4711)

    assert "status list" in refused(folder, desk, format_, placed, "not_as_offered")


@each_format
def test_another_type(folder: FolderWallet, desk: IssuerDesk, format_: str) -> None:
    def other(holder: MemorySigner) -> bytes:
        return whole(desk.world, "citizen_identity", format_, holder=holder)

    refused(folder, desk, format_, other, "not_as_offered")


@each_format
def test_another_person(folder: FolderWallet, desk: IssuerDesk, format_: str) -> None:
    other = {**RECORD, "personal_identification_number": "999090000111"}

    def signed(holder: MemorySigner) -> bytes:
        return whole(desk.world, "driving_licence", format_, holder=holder, record=other)

    refused(folder, desk, format_, signed, "not_about_me")


@each_format
def test_formats_that_tell_different_things(folder: FolderWallet, desk: IssuerDesk, format_: str) -> None:
    def signed(holder: MemorySigner) -> bytes:
        return whole(desk.world, "driving_licence", format_, holder=holder, record={**RECORD, "points": 3})

    assert "points" in refused(folder, desk, format_, signed, "not_as_offered")


@each_format
def test_an_untrusted_issuer(folder: FolderWallet, desk: IssuerDesk, format_: str) -> None:
    stranger = World().issuers["public-security"]  # the same name under another nation's root

    def signed(holder: MemorySigner) -> bytes:
        return whole(desk.world, "driving_licence", format_, holder=holder, desk=stranger)

    refused(folder, desk, format_, signed, "credential_refused")


@each_format
def test_a_certificate_that_may_not_sign_documents(folder: FolderWallet, desk: IssuerDesk, format_: str) -> None:
    wrong = desk.world.desk("public-security", Usage.STATUS_SIGNER)

    def signed(holder: MemorySigner) -> bytes:
        return whole(desk.world, "driving_licence", format_, holder=holder, desk=wrong)

    refused(folder, desk, format_, signed, "credential_refused")


@each_format
def test_an_authority_of_another_type(folder: FolderWallet, desk: IssuerDesk, format_: str) -> None:
    def signed(holder: MemorySigner) -> bytes:
        return whole(desk.world, "driving_licence", format_, holder=holder, authority="health")

    assert "issuer_untrusted" in refused(folder, desk, format_, signed, "credential_refused")


@each_format
def test_an_expired_one(folder: FolderWallet, desk: IssuerDesk, format_: str) -> None:
    def signed(holder: MemorySigner) -> bytes:
        return whole(desk.world, "driving_licence", format_, holder=holder, issued=desk.world.now - 40 * DAY)

    assert "expired" in refused(folder, desk, format_, signed, "credential_refused")


@each_format
@pytest.mark.parametrize("at", [40, -1])
def test_sd_01_an_altered_one(folder: FolderWallet, desk: IssuerDesk, format_: str, at: int) -> None:
    def signed(holder: MemorySigner) -> bytes:
        made = bytearray(desk.rightly("driving_licence", format_, holder))
        place = at if at >= 0 else len(made) // 2
        made[place] = ord("A") if made[place] != ord("A") else ord("B")
        return bytes(made)

    refused(folder, desk, format_, signed, "credential_refused")


@each_format
@pytest.mark.parametrize("wrong", [b"x", b"\x00" * 40, b"a.b.c~", b"~~~~", b"\xd2" * 200])
def test_sd_16_rubbish(folder: FolderWallet, desk: IssuerDesk, format_: str, wrong: bytes) -> None:
    code = "credential_refused" if format_ == "mdoc" or wrong.isascii() else "issuer_refused"
    refused(folder, desk, format_, lambda _: wrong, code)


def test_sd_23_an_sd_jwt_that_comes_with_a_key_binding(folder: FolderWallet, desk: IssuerDesk) -> None:
    def bound(holder: MemorySigner) -> bytes:
        key = MemorySigner.generate()
        made = whole(desk.world, "driving_licence", "sd_jwt", holder=key).decode()
        names = sd_jwt.peek(made).claims
        return sd_jwt.present(
            made, disclose=names, signer=key, audience="https://wallet.example", nonce="n", now=desk.world.now
        ).encode()

    assert "type_mismatch" in refused(folder, desk, "sd_jwt", bound, "credential_refused")


def test_an_mdoc_that_comes_as_a_presentation(folder: FolderWallet, desk: IssuerDesk) -> None:
    def shown(_: MemorySigner) -> bytes:
        key = MemorySigner.generate()
        made = whole(desk.world, "driving_licence", "mdoc", holder=key)
        transcript = redirect(client_id="c", nonce="n", response_uri="https://c.example", thumbprint=None)
        return mdoc.present(made, mdoc.peek(made).elements, signer=key, transcript=transcript)

    refused(folder, desk, "mdoc", shown, "credential_refused")


def altered(
    desk: IssuerDesk, holder: MemorySigner, change: Callable[[dict[str, Any], list[str]], None], typ: str
) -> bytes:
    """A licence as the authority signed it, changed and signed anew by the same authority."""
    token = disclosures.parse(whole(desk.world, "driving_licence", "sd_jwt", holder=holder).decode())
    header, payload = (json.loads(b64url_decode(part)) for part in token.jwt.split(".")[:2])
    hidden = list(token.disclosures)
    change(payload, hidden)
    by = desk.world.issuers["public-security"].signer
    return SdJwt(
        jose.sign(payload, by, typ=typ, headers={"kid": None, "x5c": header["x5c"]}), tuple(hidden), None
    ).presented.encode()


def in_clear(payload: dict[str, Any], hidden: list[str]) -> None:
    (mine,) = [each for each in hidden if b"birth_date" in b64url_decode(each)]
    hidden.remove(mine)
    payload["_sd"].remove(disclosures.digest(mine))
    payload["birth_date"] = json.loads(b64url_decode(mine))[2]


def followed(payload: dict[str, Any], hidden: list[str]) -> None:
    payload["sub"] = "the same in every copy"


def put_in(payload: dict[str, Any], hidden: list[str]) -> None:
    hidden.append(b64url_encode(b'["salt", "points", 12]'))


@pytest.mark.parametrize(
    ("change", "typ", "code"),
    [
        (in_clear, "dc+sd-jwt", "policy_refused"),
        (followed, "dc+sd-jwt", "policy_refused"),
        (put_in, "dc+sd-jwt", "disclosure_invalid"),
        (lambda payload, hidden: hidden.append(hidden[0]), "dc+sd-jwt", "disclosure_invalid"),
        (lambda payload, hidden: None, "jwt", "type_mismatch"),
    ],
)
def test_sd_02_sd_04_sd_11_sd_17_what_an_authority_signed_otherwise(
    folder: FolderWallet, desk: IssuerDesk, change: Callable[[dict[str, Any], list[str]], None], typ: str, code: str
) -> None:
    """A claim in clear would go to every reader, whatever its holder agreed to; a name of the holder's would link all copies."""
    assert code in refused(
        folder, desk, "sd_jwt", lambda holder: altered(desk, holder, change, typ), "credential_refused"
    )


def test_a_disclosure_that_the_issuer_kept(folder: FolderWallet, desk: IssuerDesk) -> None:
    def kept(holder: MemorySigner) -> bytes:
        made = desk.rightly("driving_licence", "sd_jwt", holder).decode()
        return sd_jwt.select(made, [name for name in sd_jwt.peek(made).claims if name != "points"]).encode()

    assert "claims_missing" in refused(folder, desk, "sd_jwt", kept, "credential_refused")


@pytest.mark.parametrize("credential", [7, None, {"a": 1}, ["x"], "not base64url!"])
@pytest.mark.parametrize("configuration", WHOLE)
def test_a_credential_that_is_no_text(
    folder: FolderWallet, desk: IssuerDesk, configuration: str, credential: object
) -> None:
    desk.configurations = (configuration,)
    desk.changes["/credential"] = {"credentials": [{"credential": credential}]}
    with pytest.raises(WalletError) as caught:
        take(folder, desk)
    assert caught.value.code in {"issuer_refused", "credential_refused"} and folder.documents() == ()


def test_is_05_more_copies_than_keys(folder: FolderWallet, desk: IssuerDesk) -> None:
    desk.configurations = WHOLE[1:]
    desk.changes["/credential"] = {"credentials": [{"credential": b64url_encode(b"x")}] * (COPIES + 1)}
    with pytest.raises(WalletError, match="issuer_refused"):
        take(folder, desk)


@pytest.mark.parametrize(
    "changed",
    [
        {"vct": "urn:somebody:else:1"},
        {"vct": None},
        {"vct": ["urn:vneid-reference:document:driving_licence:1"]},
        {"format": "vc+sd-jwt"},
        {"format": "mso_mdoc"},  # without its document type
        {"proof_types_supported": {"attestation": {}}},
    ],
)
def test_a_configuration_that_we_do_not_understand_is_passed_over(
    folder: FolderWallet, desk: IssuerDesk, changed: dict[str, Any]
) -> None:
    metadata = desk.metadata()
    metadata["credential_configurations_supported"]["driving_licence.sd_jwt"].update(changed)
    desk.changes["/.well-known/openid-credential-issuer"] = metadata
    assert Counter(copy.format for copy in take(folder, desk).copies) == {QR: 3 * COPIES, MDOC: COPIES}


# --- what is shown --------------------------------------------------------------------------------------------------------


def test_an_sd_jwt_tells_what_is_chosen_and_nothing_else(folder: FolderWallet, desk: IssuerDesk) -> None:
    copy = next(each for each in take(folder, desk).copies if each.format == SD_JWT)
    signer = folder.keys.find(copy.thumbprint).signer
    shown = sd_jwt_text(
        copy, signer, disclose=["full_name"], audience="https://bank.example", nonce="n", now=folder.clock()
    )
    assert sd_jwt.peek(shown).claims == {"full_name": RECORD["full_name"]}
    with pytest.raises(WalletError, match="key_elsewhere"):
        sd_jwt_text(copy, MemorySigner.generate(), disclose=[], audience="a", nonce="n", now=folder.clock())


def test_an_mdoc_tells_what_is_chosen_and_nothing_else(folder: FolderWallet, desk: IssuerDesk) -> None:
    copy = next(each for each in take(folder, desk).copies if each.format == MDOC)
    signer = folder.keys.find(copy.thumbprint).signer
    transcript = redirect(client_id="c", nonce="n", response_uri="https://c.example", thumbprint=None)
    elements = {"org.iso.18013.5.1": ["age_over_18"]}
    shown = mdoc_response(copy, signer, elements=elements, transcript=transcript)
    assert mdoc.peek(shown).claims == {"age_over_18": RECORD["age_over_18"]}
    with pytest.raises(WalletError, match="key_elsewhere"):
        mdoc_response(copy, MemorySigner.generate(), elements=elements, transcript=transcript)


# --- what is kept ---------------------------------------------------------------------------------------------------------


def test_what_was_kept_when_there_was_one_format_is_still_read(folder: FolderWallet, desk: IssuerDesk) -> None:
    desk.configurations = LICENCE
    document = take(folder, desk)
    fields = json.loads(records.write_document(document))
    for copy in fields["copies"]:
        del copy["format"], copy["configuration"]
    assert records.read_document(json_encode(fields)) == document


def test_a_receipt_of_before_is_still_read(folder: FolderWallet, desk: IssuerDesk) -> None:
    data = {
        "audience": URI,
        "credential_endpoint": URI,
        "token": "t",
        "identifiers": {},
        "to_prove": [["driving_licence.licence", "driving_licence", "licence", "nonce"]],
        "expires": 1,
        "renewal": None,
    }
    (only,) = records.read_receipt(json_encode(data)).proofs
    assert (only.format, only.copies) == (QR, 1)


def test_views_alone_do_not_replace_what_has_every_format(folder: FolderWallet, desk: IssuerDesk) -> None:
    first = take(folder, desk)
    desk.redeemed, desk.configurations = False, LICENCE
    take(folder, desk)
    assert len(folder.documents()) == 2
    desk.redeemed, desk.configurations = False, (*LICENCE, *WHOLE)
    last = take(folder, desk)
    assert folder.documents() == (last,) and last.copies != first.copies


def test_the_database_has_nothing_to_read(folder: FolderWallet, desk: IssuerDesk, tmp_path: Path) -> None:
    document = take(folder, desk)
    raw = b"".join(path.read_bytes() for path in tmp_path.glob("wallet.sqlite*"))
    for copy in document.copies:
        assert copy.credential[100:140] not in raw and copy.thumbprint.encode() not in raw

from dataclasses import replace

import pytest

from certs.catalogue import Text
from idp.issuance import offer
from idp.issuance.entitlement import Refusal
from idp.issuance.offer import Offer, code_of, published
from idp.model import AccountState, DocumentState
from tests.idp.issuance.office import ISSUER, NOW, Office, body


def _published(office: Office, made: Offer, language: str = "vi") -> dict[str, object] | None:
    with office.storage.reading() as ports:
        return published(ports, issuer=ISSUER, offer_id=made.offer_id, language=language, now=office.now)


def test_an_offer_holds_the_document_in_every_form_that_it_fits_and_the_code(office: Office) -> None:
    made = office.offer()
    content = _published(office, made)
    assert content is not None
    assert content["credential_issuer"] == ISSUER
    assert content["credential_configuration_ids"] == [
        "driving_licence.licence",
        "driving_licence.age_over_18",
        "driving_licence.full",
        "driving_licence.portrait",
        "driving_licence.sd_jwt",
        "driving_licence.mdoc",
    ]
    grant = content["grants"][offer.GRANT_TYPE]  # type: ignore[index]
    assert grant["pre-authorized_code"] == code_of(made.offer_id)
    assert len(grant["pre-authorized_code"]) == 43  # 256 bits
    assert grant["tx_code"] | {"description": ""} == {"input_mode": "numeric", "length": 6, "description": ""}
    assert made.tx_code not in str(content)
    assert len(made.tx_code) == 6 and made.tx_code.isdecimal()


def test_its_secrets_are_not_in_its_repr(office: Office) -> None:
    made = office.offer()
    assert made.tx_code not in repr(made) and made.offer_id not in repr(made)


def test_it_ends_after_ten_minutes(office: Office) -> None:
    made = office.offer()
    office.now = NOW + 599
    assert _published(office, made) is not None
    office.now = NOW + 600
    assert _published(office, made) is None
    assert office.redeem(code_of(made.offer_id), made.tx_code).status == 400


def test_it_works_once(office: Office) -> None:
    made = office.offer()
    assert office.redeem(code_of(made.offer_id), made.tx_code).status == 200
    assert _published(office, made) is None


def test_the_token_response(office: Office) -> None:
    made = office.offer()
    response = office.redeem(code_of(made.offer_id), made.tx_code)
    content = body(response)
    assert content["token_type"] == "Bearer" and content["expires_in"] == 300
    assert response.header("Cache-Control") == "no-store"
    with office.storage.reading() as ports:
        (event,) = ports.journal.read(kind="offer_redeemed")
    assert event.account_id == "account-1"


@pytest.mark.parametrize(
    ("kind", "account", "code"),
    [
        ("driving_licence", "account-2", "account_level"),
        ("health_record", "account-2", "account_level"),
        ("tax_registration", "account-1", "no_document"),
        ("driving_licence", "nobody", "account_unusable"),
    ],
)
def test_who_may_not_have_it(office: Office, kind: str, account: str, code: str) -> None:
    with office.storage.transaction() as ports:
        refused = offer.create(ports, account_id=account, kind=kind, now=NOW)
    assert isinstance(refused, Refusal) and refused.code == code
    assert office.kinds() == ["offer_refused"]


@pytest.mark.parametrize(
    ("state", "code"), [(DocumentState.SUSPENDED, "document_suspended"), (DocumentState.REVOKED, "document_revoked")]
)
def test_only_valid_documents_are_offered(office: Office, state: DocumentState, code: str) -> None:
    with office.storage.transaction() as ports:
        ports.documents.set_state("licence-1", state)
        refused = offer.create(ports, account_id="account-1", kind="driving_licence", now=NOW)
    assert isinstance(refused, Refusal) and refused.code == code


def test_an_expired_document_is_not_offered(office: Office) -> None:
    late = 1_930_000_000  # February 2031
    with office.storage.transaction() as ports:
        assert isinstance(offer.create(ports, account_id="account-1", kind="driving_licence", now=late), Offer)
        refused = offer.create(ports, account_id="account-1", kind="driving_licence", now=late + 30 * 86400)
    assert isinstance(refused, Refusal) and refused.code == "document_expired"


def test_a_lock_between_offer_and_redemption_counts(office: Office) -> None:
    made = office.offer()
    with office.storage.transaction() as ports:
        ports.accounts.set_state("account-1", AccountState.LOCKED)
    assert body(office.redeem(code_of(made.offer_id), made.tx_code))["error"] == "invalid_grant"


def test_links() -> None:
    assert offer.wallet_link(ISSUER, "abc") == (
        "openid-credential-offer://?credential_offer_uri=http%3A%2F%2Flocalhost%3A5000%2Fcredential-offers%2Fabc"
    )
    assert offer.web_link("http://localhost:5001", ISSUER, "abc").startswith(
        "http://localhost:5001/receive?credential_"
    )


def test_of_several_the_one_that_is_named(office: Office) -> None:
    """And where none is, the one that lasts: not the first, which has run out."""
    with office.storage.transaction() as ports:
        old = ports.documents.get("licence-1")
        assert old is not None
        ports.documents.set_record("licence-1", old.record, valid_until="2020-01-01")
        ports.documents.add([replace(old, document_id="licence-9", valid_until="2035-01-01")])
    assert office.redeem(code_of((made := office.offer()).offer_id), made.tx_code).status == 200
    with office.storage.reading() as ports:
        assert ports.journal.read(kind="offer_made")[0].details["document_id"] == "licence-9"
    assert _named(office, "licence-9").code == "" and _named(office, "licence-1").code == "document_expired"
    assert _named(office, "licence-2").code == "no_document"  # another person's
    assert _named(office, "health-1").code == "no_document"  # of another type


def _named(office: Office, document_id: str) -> Refusal:
    with office.storage.transaction() as ports:
        made = offer.create(
            ports, account_id="account-1", kind="driving_licence", document_id=document_id, now=office.now
        )
    return made if isinstance(made, Refusal) else Refusal("", Text("", ""))

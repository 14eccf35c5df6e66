"""The closed list of reason codes: whole, in its order, and in words a clerk can act on."""

import re

import pytest

from certs import errors
from certs.errors import CertsError
from tests.attacks.test_catalogue_of_ids import CATALOGUE
from verifier import REASONS

IN_ORDER = [
    "oversize",
    "encoding_invalid",
    "prefix_unknown",
    "malformed",
    "limit_exceeded",
    "duplicate_key",
    "trailing_data",
    "type_mismatch",
    "alg_not_allowed",
    "crit_unknown",
    "key_not_found",
    "unsigned",
    "issuer_untrusted",
    "chain_invalid",
    "cert_expired",
    "cert_not_yet_valid",
    "cert_usage",
    "cert_revoked",
    "signature_invalid",
    "digest_mismatch",
    "decryption_failed",
    "disclosure_invalid",
    "claim_conflict",
    "not_yet_valid",
    "expired",
    "issued_in_future",
    "holder_binding_missing",
    "holder_binding_invalid",
    "audience_mismatch",
    "nonce_mismatch",
    "presentation_stale",
    "presentation_replayed",
    "status_unavailable",
    "status_stale",
    "status_signature_invalid",
    "status_index_out_of_range",
    "revoked",
    "suspended",
    "holder_locked",
    "text_unsafe",
    "claims_missing",
    "policy_refused",
    "clock_unreliable",
    "internal",
]

JARGON = ("COSE", "CBOR", "CWT", "JWT", "X.509", "base45", "hash", "payload", "nonce", "_")


def test_the_list_is_closed_and_in_order() -> None:
    assert list(REASONS) == IN_ORDER
    assert all(REASONS[code].code == code for code in REASONS)


BEYOND = {
    "decryption_failed": "an answer is encrypted too (OpenID4VP)",
    "unsigned": "the plain code of a card, which is read and never proof",
}


def test_it_is_the_list_of_the_catalogue_of_attacks_and_little_more() -> None:
    if not CATALOGUE.is_file():
        pytest.skip("the catalogue of attacks is not here: ../shared/attacks.md")
    text = CATALOGUE.read_text("utf-8")
    listed = text[text.index("verifier reason codes (closed list") : text.index("mean *undetermined*")]
    codes = set(re.findall(r"`([a-z_]+)`", listed))
    assert len(codes) > 40 and codes == set(REASONS) - set(BEYOND)


def test_every_code_of_the_floor_is_explained() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, CertsError)]
    assert len(kinds) > 5
    assert {code for kind in kinds for code in kind.codes} <= set(REASONS)


def test_three_codes_leave_the_question_open() -> None:
    open_ones = {code for code, reason in REASONS.items() if reason.undetermined}
    assert open_ones == {"status_unavailable", "status_stale", "clock_unreliable"}


def test_every_reason_says_what_happened_and_what_to_do_in_both_languages() -> None:
    sentences = set()
    for reason in REASONS.values():
        for text in (reason.sentence, reason.advice):
            assert text.vi.endswith((".", ")")) and text.en.endswith((".", ")")) and text.vi != text.en
            assert not any(word in text.vi or word in text.en for word in JARGON), reason.code
        sentences.add(reason.sentence)
    assert len(sentences) == len(REASONS)

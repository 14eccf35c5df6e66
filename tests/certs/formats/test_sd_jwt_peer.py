"""Another's SD-JWT VC: npm `@sd-jwt/sd-jwt-vc`, unmodified, accepts what we issue and present, and we accept what it does."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from certs import status
from certs.encoding import b64url_encode
from certs.formats import sd_jwt
from certs.keys import MemorySigner
from certs.status import Status, StatusList
from tests.certs.formats.sd_jwts import AUDIENCE, BUNDLE, DESK, NONCE, PAYLOAD, STANDING, X5C, issue, present, verify
from tests.peers import ask
from tests.world import DAY, NOW, RECORDS, URI

REVOKED = 9


def private(signer: MemorySigner) -> dict[str, str]:
    key = signer.crypto()
    assert isinstance(key, EllipticCurvePrivateKey)
    secret = key.private_numbers().private_value.to_bytes(32, "big")
    return {**signer.public.bare_jwk(), "d": b64url_encode(secret)}


@pytest.fixture(scope="module")
def peer() -> dict[str, Any]:
    desk = STANDING.status_desk
    states = status.pack(64, {REVOKED: Status.INVALID})
    given = {
        "now": NOW,
        "nonce": NONCE,
        "audience": AUDIENCE,
        "presentation": present(issue(index=3), ["full_name", ("classes", 1, "class")]),
        "revoked": present(issue(index=REVOKED)),
        "status_list": status.sign_jwt(
            StatusList(URI, 2, states, NOW, NOW + DAY, DAY), desk.signer, [desk.certificate]
        ),
        "status_public": desk.signer.public.bare_jwk(),
        "issuer": private(DESK.signer),
        "issuer_public": DESK.signer.public.bare_jwk(),
        "holder": private(STANDING.holder),
        "payload": PAYLOAD,
        "record": RECORDS["driving_licence"],
        "x5c": X5C,
    }
    answer: dict[str, Any] = ask("sd_jwt_vc.mjs", given)
    return answer


def test_it_verifies_what_we_present(peer: dict[str, Any]) -> None:
    payload = peer["verified"]
    assert (payload["full_name"], payload["classes"]) == (RECORDS["driving_licence"]["full_name"], [{"class": "B"}])
    assert "birth_date" not in payload and "_sd" not in payload
    assert "Nonce" in peer["for_another_question"]
    assert peer["revoked"] == "Status is not valid"


def test_we_verify_what_it_issues_and_presents(peer: dict[str, Any]) -> None:
    kept = sd_jwt.verify_issued(peer["credential"], trust=BUNDLE.trust, now=NOW)
    assert (kept.claims, kept.view) == (RECORDS["driving_licence"], "full")
    shown = verify(peer["presentation"])
    assert shown.claims == {"full_name": kept.claims["full_name"], "classes": [{"class": "A1"}]}
    assert (shown.partial, shown.holder_bound, shown.audience) == (("classes",), True, AUDIENCE)


def test_each_half_by_another_hand(peer: dict[str, Any]) -> None:
    """It issued, and our holder presents."""
    shown = verify(present(peer["credential"], ["points", ("classes", 1, "class")]))
    assert shown.claims == {"classes": [{"class": "B"}], "points": 12}

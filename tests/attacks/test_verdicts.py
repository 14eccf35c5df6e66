"""Group MD, and what holds for every form: a document that is bad is told as bad on the page and to a machine, with its code,
and nothing that it says is shown beside. Each through the counter's own door, as whoever uses the verifier meets it."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from certs import jose
from certs.encoding import b64url_decode, b64url_encode, json_encode
from certs.formats import mdoc, sd_jwt
from certs.formats.session_transcript import digital_credentials
from certs.keys import MemorySigner
from certs.status import Status
from tests.certs.formats import mdocs, sd_jwts
from tests.certs.formats.mdocs import OURS, TRANSCRIPT
from tests.verifier.test_counter import OwnName, check, verdict
from tests.world import DAY, World
from verifier import Conversation, Outcome, Policy, Verifier
from verifier.app import create_app
from verifier.config import Config

REVOKED = 77
NAME = "Nguyễn"


@pytest.fixture(scope="module")
def world() -> World:
    world = World(now=int(time.time()))
    world.set_state(REVOKED, Status.INVALID)
    return world


@pytest.fixture(scope="module")
def client(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    folder: Path = tmp_path_factory.mktemp("counter")
    config = Config(
        url="http://localhost:5002",
        issuer="http://localhost:5000",
        bundle=world.write_bundle(folder / "bundle.cbor"),
        client_id="bank",
        client_secret=None,
        session_key=b"k" * 32,
        root_sha256=world.root_sha256,
        refresh_seconds=0,
        simulation=True,
    )
    app = create_app(config)
    app.test_client_class = OwnName
    yield app.test_client()
    app.extensions["counter"].keeper._fetcher.close()


# --- bad ones ---------------------------------------------------------------------------------------------------------


def renamed(world: World) -> bytes:
    def change(item: dict[str, Any]) -> dict[str, Any]:
        return {**item, "elementValue": "Nguyễn Văn A"}

    return mdocs.with_item(mdocs.presented(world), change)


def at_device(world: World, change: Callable[[dict[str, Any]], Any]) -> bytes:
    return mdocs.edited(mdocs.presented(world), lambda value: change(mdocs.document_of(value)["deviceSigned"]))


def zeroed(world: World) -> bytes:
    """The flaw that a peer had: a device signature of zeroes."""
    return at_device(world, lambda signed: signed["deviceAuth"]["deviceSignature"].__setitem__(3, bytes(64)))


def unsigned_space(world: World) -> bytes:
    """Another: elements in a namespace for which the issuer signed no digests."""

    def change(value: Any) -> None:
        spaces = mdocs.document_of(value)["issuerSigned"]["nameSpaces"]
        spaces["org.example.more"] = spaces[OURS]

    return mdocs.edited(mdocs.presented(world), change)


def without_device(world: World) -> bytes:
    return mdocs.edited(mdocs.presented(world), lambda value: mdocs.document_of(value).pop("deviceSigned") and None)


def by_stranger(world: World) -> bytes:
    desk = World(now=world.now).issuers["public-security"]
    return mdocs.presented(world, mdocs.issued(world, desk=desk))


def misused(world: World) -> bytes:
    return mdocs.presented(world, mdocs.issued(world, desk=world.status_desk))


def expired(world: World) -> bytes:
    return mdocs.presented(world, mdocs.issued(world, at=world.now - 40 * DAY))


def two(world: World) -> bytes:
    return mdocs.edited(
        mdocs.presented(world), lambda value: {**value, "documents": [*value["documents"], *value["documents"]]}
    )


MDOCS: dict[str, tuple[Callable[[World], bytes], str]] = {
    "MD-01 another value": (renamed, "digest_mismatch"),
    "MD-04 another kind": (
        lambda world: mdocs.edited(
            mdocs.presented(world), lambda value: mdocs.document_of(value).update(docType="org.example") and None
        ),
        "type_mismatch",
    ),
    "MD-02 a namespace that nobody signed": (unsigned_space, "digest_mismatch"),
    "MD-06 expired": (expired, "expired"),
    "MD-07 a signer of something else": (misused, "cert_usage"),
    "MD-07 a signer of nobody": (by_stranger, "chain_invalid"),
    "MD-08 no device": (without_device, "holder_binding_missing"),
    "MD-09 another key": (
        lambda world: mdocs.presented(world, signer=MemorySigner.generate()),
        "holder_binding_invalid",
    ),
    "MD-09 a signature of zeroes": (zeroed, "holder_binding_invalid"),
    "MD-09 another conversation": (
        lambda world: mdocs.presented(
            world, transcript=digital_credentials(origin="https://evil.example", nonce="n", thumbprint=None)
        ),
        "holder_binding_invalid",
    ),
    "MD-13 version": (
        lambda world: mdocs.edited(mdocs.presented(world), lambda value: {**value, "version": "2.0"}),
        "malformed",
    ),
    "MD-13 nothing": (
        lambda world: mdocs.edited(mdocs.presented(world), lambda value: {**value, "documents": []}),
        "claims_missing",
    ),
    "MD-16 far too large": (lambda _: b"\xa3" + bytes(300_000), "oversize"),
    "two documents": (two, "limit_exceeded"),
    "revoked": (lambda world: mdocs.presented(world, mdocs.issued(world, index=REVOKED)), "revoked"),
    "cut off": (lambda world: mdocs.presented(world)[:-1], "malformed"),
    "more after it": (lambda world: mdocs.presented(world) + b"\0", "trailing_data"),
}


def good(world: World, **how: Any) -> str:
    return sd_jwts.issue(world=world, issued=world.now - 60, expires=how.pop("expires", world.now + DAY), **how)


def answer(world: World, credential: str | None = None, **how: Any) -> str:
    asked: dict[str, Any] = {"signer": world.holder, "at": world.now, **how}
    return sd_jwts.present(good(world) if credential is None else credential, **asked)


def of_payload(text: str, change: Callable[[dict[str, Any]], Any]) -> str:
    """The same under another payload, which nobody signed."""
    head, _, tail = text.partition("~")
    header, _, signature = head.split(".")
    payload = sd_jwts.payload_of(text)
    change(payload)
    return ".".join([header, b64url_encode(json_encode(payload)), signature]) + "~" + tail


def resigned(world: World, key: MemorySigner, typ: str = sd_jwt.TYP) -> str:
    text = good(world)
    header = jose.parse(text.partition("~")[0]).header
    payload = sd_jwts.payload_of(text)
    return jose.sign(payload, key, typ=typ, headers={"kid": None, "x5c": header["x5c"]}) + "~"


def unbound(text: str) -> str:
    return text[: text.rindex("~") + 1]


SD_JWTS: dict[str, tuple[Callable[[World], str], str]] = {
    "SD-01 another payload": (
        lambda world: of_payload(answer(world), lambda payload: payload.update(iss="tax")),
        "signature_invalid",
    ),
    "SD-01 another key": (
        lambda world: answer(world, resigned(world, MemorySigner.generate()), disclose=()),
        "signature_invalid",
    ),
    "SD-02 a disclosure of nobody": (
        lambda world: unbound(answer(world)) + sd_jwts.disclosure(sd_jwts.SALT, "points", 12) + "~",
        "disclosure_invalid",
    ),
    "SD-04 a disclosure twice": (
        lambda world: "~".join([*(parts := unbound(answer(world)).split("~"))[:2], parts[1], ""]),
        "disclosure_invalid",
    ),
    "SD-16 an empty part": (lambda world: unbound(answer(world)) + "~", "malformed"),
    "SD-17 another type": (
        lambda world: resigned(world, world.issuers["public-security"].signer, "vc+sd-jwt"),
        "type_mismatch",
    ),
    "expired": (lambda world: answer(world, good(world, expires=world.now)), "expired"),
    "revoked": (lambda world: answer(world, good(world, index=REVOKED)), "revoked"),
    "a signer of nobody": (lambda world: answer(world, good(World(now=world.now))), "issuer_untrusted"),
    "KB-01 taken away": (lambda world: unbound(answer(world)), "holder_binding_missing"),
    "KB-02 another key": (lambda world: answer(world, signer=MemorySigner.generate()), "holder_binding_invalid"),
    "KB-03 for another": (lambda world: answer(world, audience="https://other.example"), "audience_mismatch"),
    "KB-04 another question": (lambda world: answer(world, nonce="another"), "nonce_mismatch"),
    "KB-05 too old": (lambda world: answer(world, at=world.now - 400), "presentation_stale"),
    "KB-05 from the future": (lambda world: answer(world, at=world.now + 120), "issued_in_future"),
    "KB-06 over something else": (
        lambda world: unbound(answer(world)) + answer(world, disclose=("points",)).rpartition("~")[2],
        "holder_binding_invalid",
    ),
    "no parts": (lambda _: "ey~", "malformed"),
}
ASKED_MDOC = {
    "transcript": b64url_encode(TRANSCRIPT.encoded),
    "audience": TRANSCRIPT.audience,
    "nonce": TRANSCRIPT.nonce,
}
ASKED_SD_JWT = {"audience": sd_jwts.AUDIENCE, "nonce": sd_jwts.NONCE}
JSON = {"Accept": "application/json"}


def told_by_machine(client: FlaskClient, text: str, asked: dict[str, Any]) -> dict[str, Any]:
    answered = client.post("/check", json={"text": text, **asked}, headers=JSON)
    assert answered.status_code == 200
    report: dict[str, Any] = answered.get_json()
    return report


def never_data(client: FlaskClient, text: str, asked: dict[str, Any], code: str) -> None:
    """To a machine with all that was asked, on the page with nothing, and where the clerk takes any copy."""
    report = told_by_machine(client, text, asked)
    assert (report["outcome"], report["code"], report["verified"]) == ("rejected", code, None)
    assert NAME not in str(report) and report["reason"]["vi"] and report["advice"]["en"]
    for proof in ("", "printed"):
        page = check(client, text=text, proof=proof)
        assert page.status_code == 200 and verdict(page)[0] == "rejected"
        assert (
            NAME not in page.text and "999 203" not in page.text and not re.search(r'id="(person|matters)"', page.text)
        )
    page = check(client, text=text, proof="none")
    if verdict(page)[0] == "accepted":  # only what is wrong about its holder is not asked there, and the page says so
        assert code in ("holder_binding_missing", "holder_binding_invalid") or code in HOLDERS
        assert 'id="unproven"' in page.text


HOLDERS = ("audience_mismatch", "nonce_mismatch", "presentation_stale", "issued_in_future")


@pytest.mark.parametrize("name", MDOCS)
def test_md_14_a_bad_mdoc_shows_nothing(world: World, client: FlaskClient, name: str) -> None:
    make, code = MDOCS[name]
    never_data(client, b64url_encode(make(world)), ASKED_MDOC, code)


def test_md_14_a_good_one_shows_what_it_says(world: World, client: FlaskClient) -> None:
    report = told_by_machine(client, b64url_encode(mdocs.presented(world)), ASKED_MDOC)
    assert (report["outcome"], report["verified"]["holder_bound"]) == ("accepted", True)
    assert report["verified"]["claims"]["full_name"].startswith(NAME)
    assert report["verified"]["audience"] == TRANSCRIPT.audience


@pytest.mark.parametrize("name", SD_JWTS)
def test_a_bad_sd_jwt_shows_nothing(world: World, client: FlaskClient, name: str) -> None:
    make, code = SD_JWTS[name]
    never_data(client, make(world), ASKED_SD_JWT, code)


def test_a_good_sd_jwt_shows_what_it_says(world: World, client: FlaskClient) -> None:
    report = told_by_machine(client, answer(world), ASKED_SD_JWT)
    assert (report["outcome"], report["format"], report["verified"]["holder_bound"]) == ("accepted", "dc+sd-jwt", True)
    assert report["verified"]["claims"].keys() == {"full_name"}


# --- what the forms could do to each other ----------------------------------------------------------------------------


def test_a_policy_for_one_form_is_a_policy_for_all(world: World) -> None:
    """Nothing that is refused in one form is accepted in another: the same kinds, the same facts, the same proof."""
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)
    talk = Conversation(TRANSCRIPT)
    forms: list[tuple[str, dict[str, Any], Conversation | None]] = [
        (world.present(), {}, None),
        (world.paper(), {"accept_printed": True}, None),
        (
            answer(world, disclose=("full_name", "points")),
            {"audience": sd_jwts.AUDIENCE, "challenge": sd_jwts.NONCE.encode()},
            None,
        ),
        (b64url_encode(mdocs.presented(world, elements={OURS: ["full_name", "points"]})), {}, talk),
    ]
    for text, proven, conversation in forms:
        for asked, outcome, code in (
            ({}, Outcome.ACCEPTED, None),
            ({"documents": ("driving_licence",)}, Outcome.ACCEPTED, None),
            ({"documents": ("health_record",)}, Outcome.REJECTED, "policy_refused"),
            ({"documents": ("driving_licence.full",)}, Outcome.REJECTED, "policy_refused"),
            ({"claims": (("points", 12),)}, Outcome.ACCEPTED, None),
            ({"claims": (("points", 11),)}, Outcome.REJECTED, "policy_refused"),
            ({"claims": (("nationality", "Việt Nam"),)}, Outcome.REJECTED, "claims_missing"),
            ({"max_status_age": -1}, Outcome.UNDETERMINED, "status_stale"),
        ):
            report = verifier.inspect(text, policy=Policy(**proven, **asked), conversation=conversation)
            assert (report.outcome, report.code) == (outcome, code), (report.form, asked)
    for text, _, _ in forms[1:]:  # without what proves it, each of them is refused
        report = verifier.inspect(text)
        assert (report.outcome, report.verified) == (Outcome.REJECTED, None)


def test_a_list_of_which_a_part_is_withheld_answers_no_question(world: World) -> None:
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)
    text = answer(world, disclose=(("classes", 0, "class"),))
    asked: dict[str, Any] = {"audience": sd_jwts.AUDIENCE, "challenge": sd_jwts.NONCE.encode()}
    report = verifier.inspect(text, policy=Policy(**asked))
    assert report.accepted and report.to_json()["verified"]["partial"] == ["classes"]
    wanted = (("classes", report.verified.claims["classes"]),) if report.verified else ()
    assert verifier.inspect(text, policy=Policy(**asked, claims=wanted)).code == "claims_missing"


def test_an_issuer_signed_document_alone_is_told_as_bound_to_nobody(world: World) -> None:
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)
    alone = b64url_encode(mdocs.issued(world))
    assert mdoc.peek(b64url_decode(alone)).document.name == "driving_licence"
    assert verifier.inspect(alone).code == "holder_binding_missing"
    assert verifier.inspect(alone, conversation=Conversation(TRANSCRIPT)).code == "malformed"  # it answers nobody
    report = verifier.inspect(alone, policy=Policy(require_holder_proof=False))
    assert report.verified is not None and not report.verified.holder_bound and not report.verified.printed


def test_elements_that_were_not_asked_for_are_refused(world: World) -> None:
    verifier = Verifier(world.open_bundle(), clock=lambda: world.now)
    text = b64url_encode(mdocs.presented(world))
    report = verifier.inspect(text, conversation=Conversation(TRANSCRIPT, only={OURS: ["full_name"]}))
    assert (report.code, report.checks[8].outcome.value) == ("policy_refused", "failed")

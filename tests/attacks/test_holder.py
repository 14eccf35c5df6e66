"""The holder's side of groups SD, KB, UN, ST and IS: what an issuer's server or the network brings, and the wallet does not take.

Each hostile document is signed by the real authority in charge, for a key of this very holder: the wallet's one gate
(`wallet.checks`) stands between it and the vault. What it keeps of it is nothing: tests/wallet/test_formats.py.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from certs import cbor, cose, jose, status
from certs.encoding import b64url_decode, b64url_encode, json_encode
from certs.fetch import Fetcher, Response
from certs.formats import disclosures
from certs.formats.disclosures import digest
from certs.keys import MemorySigner
from certs.status import Status
from tests.attacks.test_status_lists import list_with
from tests.attacks.test_text_everywhere import DECEIVING
from tests.site import Answer, Site
from tests.wallet.conftest import desk, folder, world
from tests.wallet.issuer import TX_CODE, IssuerDesk, whole
from tests.world import DAY, RECORDS, URI, Desk, World
from wallet.checks import accept
from wallet.errors import WalletError
from wallet.folder import FolderWallet
from wallet.formats import SD_JWT
from wallet.model import ToProve
from wallet.present import lead
from wallet.state import Standing, state_of
from wallet.trust import REFRESH_SECONDS, TrustKeeper

__all__ = ["desk", "folder", "world"]

NATION = World()
TRUST = NATION.open_bundle().trust
ME = MemorySigner.generate()
WANTED = ToProve("driving_licence.sd_jwt", "driving_licence", "", "nonce", SD_JWT)
SALT = "a-salt-of-sixteen-bytes"
Change = Callable[[dict[str, Any], list[str]], None]


def disclosed(*parts: object) -> str:
    return b64url_encode(json_encode(list(parts)))


def arrived(change: Change, *, typ: str = "dc+sd-jwt") -> str:
    """A licence that its authority signed with this change. Returns why the wallet refuses it, or nothing."""
    token = disclosures.parse(whole(NATION, "driving_licence", "sd_jwt", holder=ME).decode())
    header, payload = (json.loads(b64url_decode(part)) for part in token.jwt.split(".")[:2])
    hidden = list(token.disclosures)
    change(payload, hidden)
    by = NATION.issuers["public-security"].signer
    jwt = jose.sign(payload, by, typ=typ, headers={"kid": None, "x5c": header["x5c"]})
    raw = "~".join([jwt, *hidden, ""]).encode()
    try:
        accept(raw, WANTED, [ME.public.thumbprint()], trust=TRUST, now=NATION.now)
    except WalletError as error:
        assert error.code in ("credential_refused", "not_my_key"), error
        return error.detail
    return ""


def refused(change: Change, *codes: str) -> None:
    detail = arrived(change)
    assert any(code in detail for code in codes), detail or "it was taken"


def adding(disclosure: str) -> Change:
    """One more disclosure, rightly named by its digest."""

    def change(payload: dict[str, Any], hidden: list[str]) -> None:
        payload["_sd"].append(digest(disclosure))
        hidden.append(disclosure)

    return change


def telling(name: str, value: object) -> Change:
    """This claim with another value."""

    def change(payload: dict[str, Any], hidden: list[str]) -> None:
        (at,) = [place for place, one in enumerate(hidden) if json.loads(b64url_decode(one))[1] == name]
        payload["_sd"].remove(digest(hidden[at]))
        hidden[at] = disclosed(SALT, name, value)
        payload["_sd"].append(digest(hidden[at]))

    return change


def putting(**members: object) -> Change:
    return lambda payload, hidden: payload.update(members)


def test_what_is_changed_here_is_taken_unchanged() -> None:
    assert arrived(lambda payload, hidden: None) == ""
    assert arrived(telling("points", 11)) == ""


# --- SD, KB -----------------------------------------------------------------------------------------------------------


def test_sd_03_the_holder_takes_no_digest_twice() -> None:
    refused(lambda payload, hidden: payload["_sd"].append(payload["_sd"][0]), "digest_mismatch")


def test_sd_05_the_holder_takes_disclosures_in_another_order() -> None:
    assert arrived(lambda payload, hidden: hidden.reverse()) == ""


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
def test_sd_06_the_holder_takes_no_reserved_name(name: str) -> None:
    refused(adding(disclosed(SALT, name, [])), "disclosure_invalid")


@pytest.mark.parametrize("name", ["iss", "points"])
def test_sd_07_sd_12_the_holder_takes_no_claim_twice(name: str) -> None:
    refused(adding(disclosed(SALT, name, 1)), "claim_conflict")
    refused(adding(disclosed(SALT, "exp", NATION.now + 999 * DAY)), "claim_conflict")


@pytest.mark.parametrize("parts", [(SALT,), (SALT, "x", 1, 2), (SALT, 5, "x"), (None, "x", "y"), ()])
def test_sd_08_sd_09_the_holder_takes_no_disclosure_of_another_shape(parts: tuple[object, ...]) -> None:
    refused(adding(disclosed(*parts)), "disclosure_invalid")
    refused(adding(disclosed(SALT, "an element in the place of a property")), "disclosure_invalid")


@pytest.mark.parametrize("algorithm", ["md5", "sha-1", "sha-512", 256])
def test_sd_10_the_holder_takes_no_other_digest(algorithm: object) -> None:
    refused(putting(_sd_alg=algorithm), "alg_not_allowed")


def test_sd_13_kb_11_the_holder_takes_no_disclosure_but_the_one_that_was_signed() -> None:
    def spelt_anew(payload: dict[str, Any], hidden: list[str]) -> None:
        hidden[0] = b64url_encode(json.dumps(json.loads(b64url_decode(hidden[0])), indent=1).encode())

    def of_another(payload: dict[str, Any], hidden: list[str]) -> None:
        other = disclosures.parse(whole(NATION, "driving_licence", "sd_jwt", holder=ME).decode())
        hidden[0] = other.disclosures[0]

    for change in (spelt_anew, of_another):
        refused(change, "disclosure_invalid")


def test_sd_14_sd_15_the_holder_is_not_led_into_the_depths() -> None:
    def nested(payload: dict[str, Any], hidden: list[str]) -> None:
        inner = disclosed(SALT, "deep", 1)
        hidden.append(inner)
        for _ in range(100):
            inner = disclosed(SALT, "deep", {"_sd": [digest(inner)]})
            hidden.append(inner)
        payload["_sd"].append(digest(inner))

    too_much = ("limit_exceeded", "oversize")
    refused(nested, *too_much)
    refused(lambda payload, hidden: payload["_sd"].extend(digest(str(n)) for n in range(10_000)), *too_much)
    refused(lambda payload, hidden: hidden.extend(disclosed(SALT, f"x{n}", n) for n in range(10_000)), *too_much)


@pytest.mark.parametrize("vct", ["urn:unknown", "https://evil.example/type", 7])
def test_sd_18_the_holder_takes_no_type_that_it_does_not_know(vct: object) -> None:
    refused(putting(vct=vct), "type_mismatch", "malformed")


def test_sd_20_sd_22_the_holder_takes_no_part_without_its_whole() -> None:
    inner = disclosed(SALT, "ward", "Cửa Nam")
    outer = disclosed(SALT, "address", {"_sd": [digest(inner)]})

    def orphan(payload: dict[str, Any], hidden: list[str]) -> None:
        payload["_sd"].append(digest(outer))
        hidden.append(inner)

    refused(orphan, "disclosure_invalid")
    refused(putting(more=[{"...": digest(inner), "x": 1}]), "malformed")


@pytest.mark.parametrize(
    "cnf",
    [None, {}, {"kid": "mine"}, {"jwk": {**ME.public.bare_jwk(), "d": "AAAA"}}, {"jwk": {"kty": "oct", "k": "AAAA"}}],
)
def test_kb_09_the_holder_takes_nothing_that_is_bound_to_no_key_of_its_own(cnf: object) -> None:
    def change(payload: dict[str, Any], hidden: list[str]) -> None:
        del payload["cnf"]
        if cnf is not None:
            payload["cnf"] = cnf

    assert arrived(change)


# --- UN ---------------------------------------------------------------------------------------------------------------


def test_un_01_un_03_un_04_un_05_un_06_the_holder_takes_no_name_that_deceives() -> None:
    for which, name in DECEIVING.items():
        assert "text_unsafe" in arrived(telling("full_name", name)), which
    refused(telling("full_name", "A" * 10_240), "oversize", "text_unsafe")


def test_un_10_un_11_the_holder_takes_no_date_or_number_of_another_kind() -> None:
    for day in ("1900-02-29", "2001-13-01", "01/05/2001", "2001-05-0１", "0000-01-01"):
        assert arrived(telling("birth_date", day)), day
    assert arrived(telling("full_name", RECORDS["driving_licence"]["full_name"])) == ""


# --- ST ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


def keeper(web: Any, url: str, folder: Path, world: World) -> TrustKeeper:
    return TrustKeeper(web=web, url=url, path=folder / "bundle.cbor", root_sha256=world.root_sha256)


def statuses_of(trust: TrustKeeper, now: int) -> Any:
    try:
        return trust.current(now=now).statuses
    except WalletError:
        return None


ANSWERS = {
    "404": Answer(b"not found", 404),
    "500": Answer(b"broken", 500),
    "redirect to internal": Answer(b"", 302, {"Location": "http://169.254.169.254/bundle"}),
    "a page of a login": Answer(b"<html>", 200, {"Content-Type": "text/html"}),
    "cut off": Answer(b"\xd2\x84", 200),
    "host down": None,
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_st_09_the_holder_is_never_told_valid_where_nobody_answers(
    folder: FolderWallet, desk: IssuerDesk, site: Site, tmp_path: Path, kind: str
) -> None:
    """What was known stays until it is stale; then, or where nothing was, it is *not known*. The document can still be shown."""
    (licence,) = folder.receive(desk.link, transaction_code=TX_CODE)
    world, copy, fetcher = desk.world, lead(licence), Fetcher(simulation=True)
    site.pages["/bundle"] = Answer(world.bundle())
    trust = keeper(fetcher, site.url + "/bundle", tmp_path / "known", world)
    assert state_of(copy, statuses_of(trust, world.now), now=world.now).standing is Standing.VALID
    wrong, url = ANSWERS[kind], site.url + "/bundle"
    if wrong is None:
        trust = keeper(fetcher, url := "http://127.0.0.1:9/bundle", tmp_path / "known", world)
    else:
        site.pages["/bundle"] = wrong
    later = world.now + REFRESH_SECONDS
    assert state_of(copy, statuses_of(trust, later), now=later).standing is Standing.VALID
    stale = world.now + 2 * DAY
    assert state_of(copy, statuses_of(trust, stale), now=stale).standing is Standing.UNKNOWN
    nothing = keeper(fetcher, url, tmp_path / "nothing", world)
    assert state_of(copy, statuses_of(nothing, later), now=later).standing is Standing.UNKNOWN
    assert folder.qr_text("driving_licence")
    fetcher.close()


def lists(world: World) -> dict[str, bytes]:
    """What a host may send in the place of the list."""
    other_key = Desk(MemorySigner.generate(), world.status_desk.certificate)
    bomb = {"bits": 2, "lst": b"\x78\xda" + b"\xff" * 64}
    unsigned = cose.sign(cbor.encode({2: URI}), MemorySigner.generate(), header={cose.TYP: status.CWT_TYP})
    return {
        "ST-02 older": world.status_list(issued=world.now - 3600),
        "ST-04 another key": world.status_list(desk=other_key),
        "ST-04 nobody's": unsigned,
        "ST-07 bits": list_with(world, {"bits": 3, "lst": b""}),
        "ST-08 no stream": list_with(world, bomb),
        "ST-10 a JWT": b"eyJhbGciOiJFUzI1NiJ9.e30.AAAA",
    }


def test_st_02_st_04_st_05_st_07_st_08_st_10_the_holder_keeps_the_list_that_held(
    folder: FolderWallet, desk: IssuerDesk, tmp_path: Path
) -> None:
    world = desk.world
    (licence,) = folder.receive(desk.link, transaction_code=TX_CODE)
    copy = lead(licence)
    for index in range(world.next_index):
        world.set_state(index, Status.INVALID)
    world.sequence += 1
    trust, now = folder.trust, world.now + REFRESH_SECONDS
    assert state_of(copy, trust.current(now=now).statuses, now=now).standing is Standing.REVOKED
    good = world.states.copy()
    for name, token in lists(world).items():
        world.states.clear()
        desk.changes["/bundle"] = _raw(world, token)
        now += REFRESH_SECONDS
        assert state_of(copy, trust.current(now=now).statuses, now=now).standing is Standing.REVOKED, name
        world.states.update(good)
    desk.changes["/bundle"] = _raw(world, world.status_list(), uri="http://localhost:5000/status-lists/9")  # ST-05
    assert state_of(copy, trust.current(now=now).statuses, now=now).standing is not Standing.VALID


def _raw(world: World, token: bytes, uri: str = URI) -> Response:
    return Response(200, {}, world.bundle(sequence=world.sequence + 1, status_lists={uri: token}))


# --- IS-07 ------------------------------------------------------------------------------------------------------------


def test_is_07_the_holder_takes_fresh_data_whole_or_nothing(folder: FolderWallet, desk: IssuerDesk) -> None:
    """The register changes between what was agreed to and what is signed: all of it is as it is now, or none is kept."""
    record, signed = RECORDS["driving_licence"], []

    def changing(kind: str, view: str, holder: MemorySigner) -> bytes:
        signed.append(view)
        name = record["full_name"] if len(signed) == 1 else "Nguyễn Thị Mới"
        return desk.world.issue(kind, view, {**record, "full_name": name}, holder=holder)

    desk.sign = changing
    with pytest.raises(WalletError, match="not_a") as caught:
        folder.receive(desk.link, transaction_code=TX_CODE)
    assert caught.value.code in ("not_as_offered", "not_about_me")
    assert folder.documents() == () and not list(folder.keys._folder.glob("*.pem"))
    desk.redeemed = False  # again: every view is of the new state of the register
    assert folder.receive(desk.link, transaction_code=TX_CODE)

"""Group ST: lists of what was withdrawn. A list that cannot be believed, or is not there, never means *valid*.

ST-13 (two workers, one index) is in `tests/contract`, ST-14 (revoke, crash, publish) belongs to the provider's tests.
"""

import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs import bundle as bundles
from certs import cbor, cose, qr, status
from certs.authority import Authority
from certs.errors import CertsError
from certs.fetch import Fetcher
from certs.keys import MemorySigner
from certs.status import Status, StatusList, StatusLists
from certs.x509 import Usage
from tests.site import Answer, Asked, Site
from tests.world import DAY, URI, Desk, World
from verifier import DEFAULT, Outcome, Policy, Report, Unknown, Verifier, snapshot


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(simulation=True)
    yield fetcher
    fetcher.close()


def look(world: World, text: str, later: int = 0, policy: Policy = DEFAULT, **bundle: object) -> Report:
    return Verifier(world.open_bundle(**bundle), clock=lambda: world.now + later).inspect(text, policy=policy)


def read(world: World, token: bytes, uri: str = URI) -> StatusList:
    return status.read_cwt(token, uri=uri, anchors=[world.root.certificate], now=world.now)


def refused(world: World, token: bytes, uri: str = URI) -> str:
    """The code by which a list is refused, alone and inside a bundle."""
    with pytest.raises(CertsError) as alone:
        read(world, token, uri)
    with pytest.raises(CertsError) as inside:
        world.open_bundle(status_lists={uri: token})
    assert alone.value.code == inside.value.code
    return alone.value.code


def list_with(world: World, value: object, desk: Desk | None = None) -> bytes:
    """A status list token, rightly signed, whose `status_list` is this."""
    by = desk or world.status_desk
    claims = {2: URI, 4: world.now + DAY, 6: world.now, 65533: value, 65534: DAY}
    chain = by.certificate.public_bytes(Encoding.DER)
    return cose.sign(cbor.encode(claims), by.signer, header={cose.TYP: status.CWT_TYP, cose.X5CHAIN: chain})


@pytest.mark.parametrize(("bits", "code"), [(1, "revoked"), (2, "suspended"), (3, "holder_locked")])
def test_ST_01_each_state_has_its_own_reason(world: World, bits: int, code: str) -> None:
    text = world.present(world.issue(index=5))
    world.set_state(5, Status(bits))
    report = look(world, text)
    assert (report.outcome, report.code) == (Outcome.REJECTED, code)


def test_ST_01_the_neighbours_are_not_touched(world: World) -> None:
    for index in (4, 6):
        world.set_state(index, Status.HOLDER_LOCKED)
    assert look(world, world.present(world.issue(index=5))).outcome is Outcome.ACCEPTED


def test_ST_02_a_list_that_goes_back_in_time_is_refused_and_the_last_one_kept(
    world: World, site: Site, fetcher: Fetcher, tmp_path: Path
) -> None:
    world.set_state(5, Status.INVALID)
    path = tmp_path / "bundle.cbor"
    held = snapshot.load(world.write_bundle(path), now=world.now)
    world.states.clear()  # as it was before the revocation, with a higher number on the outside
    site.pages["/bundle"] = Answer(
        world.bundle(sequence=2, status_lists={URI: world.status_list(issued=world.now - 3600)})
    )
    result = snapshot.refresh(fetcher, site.url + "/bundle", path, held, now=world.now)
    assert (result.outcome, result.code, result.bundle) == (snapshot.Outcome.REFUSED, "status_stale", held)
    again = Verifier.from_bundle(path, clock=lambda: world.now)  # also after a restart
    assert again.inspect(world.present(world.issue(index=5))).code == "revoked"


def test_ST_02_an_older_bundle_is_refused(world: World) -> None:
    held, older = world.open_bundle(sequence=7), world.bundle(sequence=6)
    with pytest.raises(CertsError):
        bundles.update(held, older, now=world.now)
    with pytest.raises(CertsError):  # the same number, another content
        bundles.update(held, world.bundle(sequence=7, status_lists={}), now=world.now)


@pytest.mark.parametrize(("ttl", "life", "later"), [(DAY, 7 * DAY, DAY + 1), (30 * DAY, DAY, DAY), (60, DAY, 61)])
def test_ST_03_a_list_past_its_end_or_its_ttl(world: World, ttl: int, life: int, later: int) -> None:
    text = world.present(at=world.now + later)
    lists = {URI: world.status_list(ttl=ttl, expires=world.now + life)}
    report = look(world, text, later, status_lists=lists)
    assert (report.outcome, report.code) == (Outcome.UNDETERMINED, "status_stale")
    hard = look(world, text, later, Policy(status_stale=Unknown.REJECT), status_lists=lists)
    assert (hard.outcome, hard.code) == (Outcome.REJECTED, "status_stale")


def test_ST_03_no_policy_revives_a_list_past_its_end(world: World) -> None:
    text = world.present(world.issue(days=30), at=world.now + DAY)
    lists = {URI: world.status_list(expires=world.now + DAY)}
    report = look(world, text, DAY, Policy(max_status_age=365 * DAY), status_lists=lists)
    assert (report.outcome, report.code) == (Outcome.UNDETERMINED, "status_stale")


def test_ST_04_signed_by_somebody_else(world: World) -> None:
    stranger = Authority.create("Stranger", now=world.now - 400 * DAY)
    elsewhere = world.desk("status", Usage.STATUS_SIGNER, root=stranger)
    assert refused(world, world.status_list(desk=elsewhere)) == "status_signature_invalid"
    other_key = Desk(MemorySigner.generate(), world.status_desk.certificate)
    assert refused(world, world.status_list(desk=other_key)) == "status_signature_invalid"


@pytest.mark.parametrize("usage", [usage for usage in Usage if usage is not Usage.STATUS_SIGNER])
def test_ST_04_signed_by_a_key_for_something_else(world: World, usage: Usage) -> None:
    assert refused(world, world.status_list(desk=world.desk("other", usage))) == "status_signature_invalid"


def test_ST_04_unsigned_and_without_algorithm(world: World) -> None:
    token = cose.parse(world.status_list(), cbor.BUNDLE)
    empty = cbor.encode(cbor.Tag(18, [token.protected, {}, token.payload, b""]))
    assert refused(world, empty) == "status_signature_invalid"
    naked = cbor.encode(token.payload)
    assert refused(world, naked) == "type_mismatch"
    header = {key: value for key, value in token.header.items() if key != cose.ALG}
    without = cbor.encode(cbor.Tag(18, [cbor.encode(header), {}, token.payload, token.signature]))
    assert refused(world, without) == "status_signature_invalid"


def test_ST_05_a_list_in_the_place_of_another(world: World) -> None:
    assert refused(world, world.status_list(uri=URI), uri=URI + "0") == "status_signature_invalid"


@pytest.mark.parametrize("index", [1024, 4096, 2**31, 2**63 - 1])
def test_ST_06_index_beyond_the_list(world: World, index: int) -> None:
    report = look(world, world.present(world.issue(index=index)))
    assert (report.outcome, report.code) == (Outcome.REJECTED, "status_index_out_of_range")


@pytest.mark.parametrize("index", [-1, -(2**63), 1.5, "5", True, None])
def test_ST_06_index_that_is_none(world: World, index: object) -> None:
    """An authority that signs such a thing is not believed either."""
    parsed = cose.parse(world.issue())
    claims = cbor.decode(parsed.payload)
    claims[65535]["status_list"]["idx"] = 5 if isinstance(index, float) else index
    desk = world.issuers["public-security"]
    payload = cbor.encode(claims)
    if isinstance(index, float):
        payload = payload.replace(b"cidx\x05", b"cidx\xf9\x3e\x00")  # a half float
    credential = cose.sign(payload, desk.signer, header={key: parsed.header[key] for key in (cose.KID, cose.TYP)})
    shown = Verifier(world.open_bundle(), clock=lambda: world.now).inspect(
        qr.to_text(credential), policy=Policy(require_holder_proof=False)
    )
    assert (shown.outcome, shown.code) == (Outcome.REJECTED, "malformed")


@pytest.mark.parametrize("bits", [0, 3, 5, 16, -1, 2**62, True, None, "2", b"2"])
def test_ST_07_bits(world: World, bits: object) -> None:
    assert refused(world, list_with(world, {"bits": bits, "lst": zlib.compress(bytes(8))})) == "malformed"


@pytest.mark.parametrize("value", [None, [], {}, {"bits": 2}, {"bits": 2, "lst": 7}, {"bits": 2, "lst": b"not zlib"}])
def test_ST_07_shape(world: World, value: object) -> None:
    assert refused(world, list_with(world, value)) == "malformed"


def test_ST_08_a_bomb(world: World) -> None:
    bomb = zlib.compress(bytes(status.INFLATED_LIMIT + 1), 9)
    assert refused(world, list_with(world, {"bits": 2, "lst": bomb})) == "limit_exceeded"


def test_ST_08_the_stream_must_be_whole_and_alone(world: World) -> None:
    stream = zlib.compress(bytes(range(256)))
    assert refused(world, list_with(world, {"bits": 2, "lst": stream[:-3]})) == "malformed"
    assert refused(world, list_with(world, {"bits": 2, "lst": stream + b"x"})) == "trailing_data"
    assert refused(world, list_with(world, {"bits": 2, "lst": stream + stream})) == "trailing_data"


def drip(_: Asked) -> Answer:
    time.sleep(3.3)  # above the fetcher's limit for a whole exchange
    return Answer(b"late")


@pytest.mark.parametrize(
    "page",
    [
        Answer(b"gone", 404),
        Answer(b"broken", 500),
        Answer(b"", 302, {"Location": "http://169.254.169.254/latest/meta-data/"}),
        Answer(b"", 301, {"Location": "/elsewhere"}),
        drip,
    ],
    ids=["404", "500", "redirect inside", "redirect", "slow"],
)
def test_ST_09_the_host_does_not_answer_rightly(
    world: World, site: Site, fetcher: Fetcher, tmp_path: Path, page: Answer
) -> None:
    site.pages["/bundle"] = page
    site.pages["/elsewhere"] = Answer(world.bundle(sequence=9))
    path = tmp_path / "bundle.cbor"
    held = snapshot.load(world.write_bundle(path), now=world.now)
    result = snapshot.refresh(fetcher, site.url + "/bundle", path, held, now=world.now)
    assert (result.outcome, result.bundle) == (snapshot.Outcome.UNREACHABLE, held)
    assert [asked.path for asked in site.asked] == ["/bundle"]
    assert path.read_bytes() == held.raw


def test_ST_09_the_host_is_down_and_time_passes(world: World, fetcher: Fetcher, tmp_path: Path) -> None:
    """First the answers go on, then they stay open; at no time does an unreachable list mean *valid*."""
    path = tmp_path / "bundle.cbor"
    held = snapshot.load(world.write_bundle(path), now=world.now)
    result = snapshot.refresh(fetcher, "http://127.0.0.1:1/bundle", path, held, now=world.now)
    assert result.outcome is snapshot.Outcome.UNREACHABLE
    for later, outcome in ((60, Outcome.ACCEPTED), (DAY + 60, Outcome.UNDETERMINED), (40 * DAY, Outcome.UNDETERMINED)):
        text = world.present(world.issue(issued=world.now + later - 60), at=world.now + later)
        assert look(world, text, later).outcome is outcome


def test_ST_10_a_jwt_list_in_a_cwt_bundle_and_the_other_way_round(world: World) -> None:
    listed = StatusList(URI, 2, status.pack(64, {}), world.now, world.now + DAY, DAY)
    by = world.status_desk
    token = status.sign_jwt(listed, by.signer, [by.certificate])
    anchors = [world.root.certificate]
    assert status.read_jwt(token, uri=URI, anchors=anchors, now=world.now).data == listed.data
    for data in (token.encode(), cbor.encode(token), cbor.encode(token.encode())):
        with pytest.raises(CertsError) as caught:
            read(world, data)
        assert caught.value.code in ("type_mismatch", "malformed", "trailing_data")
    with pytest.raises(CertsError):
        status.read_jwt(world.status_list().hex(), uri=URI, anchors=anchors, now=world.now)


def test_ST_10_another_kind_of_signed_thing(world: World) -> None:
    token = cose.parse(world.status_list(), cbor.BUNDLE)
    header = {**token.header, cose.TYP: "application/vn-bundle+cose"}
    del header[cose.ALG]
    retyped = cose.sign(token.payload, world.status_desk.signer, header=header)
    assert refused(world, retyped) == "type_mismatch"


def test_ST_11_a_list_that_shrinks_is_refused(world: World) -> None:
    held = world.open_bundle()
    smaller = world.bundle(sequence=2, status_lists={URI: world.status_list(size=512)})
    with pytest.raises(CertsError) as caught:
        bundles.update(held, smaller, now=world.now)
    assert caught.value.code == "status_index_out_of_range"


def test_ST_12_a_thousand_credentials_of_one_list_ask_nobody(world: World, site: Site) -> None:
    uri = site.url + "/status-lists/1"
    site.pages["/status-lists/1"] = Answer(world.status_list(uri=uri))
    verifier = Verifier(world.open_bundle(status_lists={uri: world.status_list(uri=uri)}), clock=lambda: world.now)
    for index in range(1000):
        assert verifier.verify(world.present(world.issue("driving_licence", "age_over_18", index=index, uri=uri)))
    assert site.asked == []


def test_ST_15_a_list_that_the_bundle_does_not_hold_is_not_fetched(world: World, site: Site) -> None:
    """A credential may name any address; the verifier goes to none of them."""
    site.pages["/mine"] = Answer(world.status_list(uri=site.url + "/mine"))
    report = look(world, world.present(world.issue(uri=site.url + "/mine")))
    assert (report.outcome, report.code, site.asked) == (Outcome.UNDETERMINED, "status_unavailable", [])


def test_no_list_at_all_never_means_valid() -> None:
    with pytest.raises(CertsError) as caught:
        StatusLists().check(URI, 0, now=0)
    assert caught.value.code == "status_unavailable"

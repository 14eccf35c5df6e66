"""The trust scheme of the demonstration: made at once, renewed in time, rotated while verifiers refresh whenever they like."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import bundle as bundles
from certs import crl, desk, roots, status, trust, trust_delta
from certs.bundle import Bundle
from certs.desk import Desk
from certs.rotation import PLANS, dates
from certs.status import StatusList
from certs.x509 import Usage, client_ids, key_id, load
from idp import scheme
from idp.app import create_app
from idp.config import Config
from idp.issuance import signers
from idp.issuance.publication import Files
from idp.issuance.signers import BUNDLE, ENDING, STATUS, Signers, SigningUnavailable
from idp.nation import Nation, NotANation
from idp.storage.tables import db
from tests.certs.refusals import refused

NOW, DAY = 1_790_000_000, 86_400
WEEK = 7 * DAY
URI = "http://localhost:5000/status-lists/1"


def _nation(folder: Path) -> Nation:
    return Nation(folder, "http://localhost:5000", "http://localhost:5001", "http://localhost:5002")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Nation:
    here = _nation(tmp_path_factory.mktemp("scheme") / "nation")
    assert scheme.renew(here, now=NOW)
    return here


@pytest.fixture
def here(made: Nation, tmp_path: Path) -> Nation:
    shutil.copytree(made.folder, tmp_path / "nation")
    return _nation(tmp_path / "nation")


def _files(here: Nation) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in here.folder.rglob("*") if path.is_file()}


def _trust(here: Nation, now: int) -> trust.TrustList:
    return trust.read(here.trust_list.read_text("ascii"), roots.anchors(scheme.root_desk(here)), now=now)


# --- what is made -----------------------------------------------------------------------------------------------------


def test_nothing_is_done_before_it_is_due(here: Nation) -> None:
    before = _files(here)
    for now in (NOW, NOW + 3600, NOW + 14 * DAY):
        assert not scheme.renew(here, now=now)
    assert _files(here) == before


def test_the_bank_of_the_demonstration_may_ask_for_its_purposes(here: Nation) -> None:
    store = trust.TrustStore(roots.anchors(scheme.root_desk(here)), _trust(here, NOW))
    reader = load((here.folder / "verifier" / "reader.der").read_bytes())
    assert "x509_san_dns:localhost" in client_ids(reader)
    told = store.check_reader(reader, "citizen_identity", ("full_name", "birth_date"), at=NOW)
    assert [(one.organisation, one.purpose.en) for one in told] == [
        ("bank", "To know its customer when they open an account")
    ]
    assert len(store.check_reader(reader, "driving_licence", ("licence_number",), at=NOW)) == 2
    with refused("policy_refused"):
        store.check_reader(reader, "health_record", ("blood_group",), at=NOW)


def test_every_root_has_its_revocation_list(here: Nation) -> None:
    (path,) = here.crls.iterdir()
    assert path == roots.crl_path(here.crls, here.root())
    told = crl.read(path.read_bytes(), (here.root(),), now=NOW)
    assert told.next_update == NOW + 90 * DAY
    renewed = scheme.renew(here, now=NOW + 46 * DAY)
    assert f"revocation list {path.stem}" in renewed.steps
    assert crl.read(path.read_bytes(), (here.root(),), now=NOW + 46 * DAY).number > told.number


def test_a_trust_list_leads_to_the_next_by_a_delta(here: Nation) -> None:
    lists = [_trust(here, NOW)]
    for turn in range(1, 12):
        scheme.renew(here, now=NOW + turn * 16 * DAY)
        lists.append(_trust(here, NOW + turn * 16 * DAY))
    now, newest = NOW + 11 * 16 * DAY, lists[-1]
    deltas = {int(path.stem): path.read_text("ascii") for path in here.trust_deltas.glob("*.jwt")}
    assert set(deltas) == {one.sequence for one in lists[-9:-1]}
    anchors = roots.anchors(scheme.root_desk(here))
    for held in lists[-9:-1]:
        assert trust_delta.apply(held, deltas[held.sequence], anchors, now=now).token == newest.token
        assert len(deltas[held.sequence]) < len(newest.token) / 3
    settings = Config(
        issuer=here.issuer, data=here.idp, database_url=f"sqlite:///{here.idp / 'idp.sqlite'}", simulation=True
    )
    app = create_app(settings, clock=lambda: now)
    ask, known = app.test_client(), lists[-3].sequence
    for query, expected in (
        ("", newest.token),
        (f"?from={known}", deltas[known]),
        ("?from=1", newest.token),  # too long ago
        (f"?from={newest.sequence}", newest.token),
        ("?from=../root", newest.token),
        (f"?from={'9' * 40}", newest.token),
    ):
        assert ask.get(f"/trust-list{query}", base_url=here.issuer).get_data(as_text=True) == expected
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("damage", [b"", b"a.b.c", b"e30.e30.e30"])
def test_a_damaged_list_is_said(here: Nation, damage: bytes) -> None:
    here.trust_list.write_bytes(damage)
    with pytest.raises(NotANation, match="--reset"):
        scheme.renew(here, now=NOW)


def test_a_missing_key_is_said(here: Nation) -> None:
    (here.folder / "ca" / "trust-list.pem").unlink()
    with pytest.raises(NotANation, match="--reset"):
        scheme.renew(here, now=NOW + 20 * DAY)


# --- a running provider -----------------------------------------------------------------------------------------------


def test_a_provider_signs_with_the_next_key_without_being_started_again(here: Nation) -> None:
    held = signers.load(here.signers)
    before = held.of("health")
    takes_over = dates(before.certificate, PLANS[Usage.DOCUMENT_SIGNER]).takes_over
    scheme.renew(here, now=takes_over - 31 * DAY)
    scheme.renew(here, now=takes_over - 29 * DAY)
    assert held.of("health") is before  # made known, and signs nothing yet
    assert len(_listed(here, takes_over - 29 * DAY, "health")) == 2
    scheme.renew(here, now=takes_over + 2 * DAY)
    after = held.of("health")
    assert after.certificate != before.certificate
    assert {after.certificate, before.certificate} == set(_listed(here, takes_over + 2 * DAY, "health"))
    after.signer.public.verify(after.signer.sign(b"x"), b"x")
    assert after.signer.public.thumbprint() in held.thumbprints()
    assert not list(here.signers.glob("health.former-*.pem"))  # nobody signs with the old one any more


def _listed(here: Nation, now: int, authority: str) -> tuple[x509.Certificate, ...]:
    return next(one.certificates for one in _trust(here, now).services if one.authority == authority)


def test_a_signer_in_the_middle_of_a_switch_is_the_one_before(here: Nation) -> None:
    held = signers.load(here.signers)
    before = held.of("tax")
    other = Desk(here.signers, "tax2", ENDING)
    desk.file_key(other.key()), other.key().replace(here.signers / "tax.pem")
    assert held.of("tax") is before
    (here.signers / "tax.der").touch()
    assert held.of("tax") is before
    with pytest.raises(ValueError, match="not of the key"):
        signers.load(here.signers)


def test_a_key_that_goes_away_is_unavailable_and_comes_back(here: Nation) -> None:
    held = signers.load(here.signers)
    (here.signers / "tax.pem").rename(here.folder / "away")
    with pytest.raises(SigningUnavailable):
        held.of("tax")
    (here.folder / "away").rename(here.signers / "tax.pem")
    assert held.of("tax").certificate
    for name in ("nobody", "root", "../ca/root"):
        with pytest.raises(SigningUnavailable):
            held.of(name)


# --- a whole rotation -------------------------------------------------------------------------------------------------


@dataclass
class Document:
    kid: bytes
    authority: str
    issued: int
    expires: int


@dataclass
class Publisher:
    """What the provider publishes, without its database."""

    here: Nation
    signers: Signers
    sequence: int = 0
    before: list[bytes] = field(default_factory=list)

    def bundle(self, now: int) -> bytes:
        self.sequence += 1
        lists, by = self.signers.of(STATUS), self.signers.of(BUNDLE)
        told = StatusList(URI, 2, status.pack(1024, {}), now, now + 5 * WEEK, DAY)
        files = Files.of(self.here.idp)
        raw = bundles.build(
            sequence=self.sequence,
            now=now,
            lifetime=5 * WEEK,
            anchors=files.roots(self.here.root()),
            trust_list=files.trust_list.read_text("ascii"),
            status_lists={URI: status.sign_cwt(told, lists.signer, (lists.certificate,))},
            signer=by.signer,
            chain=(by.certificate,),
            crls=tuple(path.read_bytes() for path in self.here.crls.iterdir()),
        )
        self.before.append(raw)
        return raw

    def sign(self, now: int) -> Document:
        by = self.signers.of("public-security")
        assert by.certificate.not_valid_after_utc.timestamp() > now + 365 * DAY  # never outlived by what it signs
        return Document(key_id(by.certificate), "public-security", now, now + 365 * DAY)


def believes(held: Bundle, document: Document, now: int) -> bool:
    for signer in held.trust.signers(document.kid):
        held.trust.check_path(signer, now=now, signed=document.issued)
        held.trust.check_issuer(signer, authority=document.authority, document="citizen_identity", at=document.issued)
    return True


def _fortnights(years: int) -> Iterator[int]:
    yield from range(NOW, NOW + years * 365 * DAY, 2 * WEEK)


def test_nobody_who_refreshes_loses_a_document_while_everything_is_rotated(here: Nation) -> None:
    """Twelve years, two weeks by two weeks: six generations of every signer, two of the root. Four verifiers: one refreshes each time
    and always meets documents that were signed since; one each sixth week; one sleeps for years; one begins anew each time with
    the fingerprint that it was given in the first year, or with today's. A bundle or list from before is refused at any time."""
    publisher = Publisher(here, signers.load(here.signers))
    first_root, first = here.root_sha256(), publisher.bundle(NOW)
    held = {pause: bundles.read(first, now=NOW, root_sha256=first_root) for pause in (1, 3, 75)}
    living: list[Document] = []
    seen: dict[str, set[x509.Certificate]] = {}
    root_ends = here.root().not_valid_after_utc.timestamp()
    for turn, now in enumerate(_fortnights(12)):
        scheme.renew(here, now=now)
        living = [one for one in living if one.expires > now] + [publisher.sign(now)]
        assert believes(held[1], living[-1], now)  # signed a moment ago, and the bundle in hand is two weeks old
        raw = publisher.bundle(now)
        for pause in [pause for pause in held if turn % pause == 0]:
            held[pause] = bundles.update(held[pause], raw, now=now)
            assert all(believes(held[pause], one, now) for one in living)
        if turn % 5 == 0:
            if now < root_ends:
                fresh = bundles.read(raw, now=now, root_sha256=first_root)
                assert all(believes(fresh, one, now) for one in living)
            with refused("presentation_replayed"):
                bundles.update(held[1], publisher.before[-2], now=now)
        for one, _ in scheme.desks(here):
            seen.setdefault(one.name, set()).add(one.generations().current)
        seen.setdefault("root", set()).add(here.root())
    assert len(seen.pop("root")) == 2
    assert all(len(certificates) >= 5 for certificates in seen.values()), {name: len(one) for name, one in seen.items()}
    assert root_ends < NOW + 12 * 365 * DAY  # the first root is gone, and nobody noticed
    names = [path.name for path in here.anchors.iterdir()]
    assert len(names) <= 3


def test_an_older_trust_list_in_a_newer_bundle_is_refused(here: Nation) -> None:
    publisher = Publisher(here, signers.load(here.signers))
    old = here.trust_list.read_bytes()
    scheme.renew(here, now=NOW + 16 * DAY)
    held = bundles.read(publisher.bundle(NOW + 16 * DAY), now=NOW + 16 * DAY, root_sha256=here.root_sha256())
    here.trust_list.write_bytes(old)
    with refused("presentation_replayed"):
        bundles.update(held, publisher.bundle(NOW + 17 * DAY), now=NOW + 17 * DAY)


@pytest.mark.parametrize("desk_name", ["health", "status", "bundle"])
def test_a_renewal_that_is_cut_off_anywhere_is_carried_on(
    here: Nation, desk_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off before each of its changes to the disk, one after the other; then called again."""
    now = NOW + 725 * DAY
    whole = _nation(here.folder.with_name("whole"))
    shutil.copytree(here.folder, whole.folder)
    scheme.renew(whole, now=now)
    cut = 0
    while True:
        again = _nation(here.folder.with_name(f"cut-{cut}"))
        shutil.copytree(here.folder, again.folder)
        with monkeypatch.context() as patched:
            changes = _cut_off(patched, cut)
            with suppress(_PowerCut):
                scheme.renew(again, now=now)
        done = changes[0] <= cut
        scheme.renew(again, now=now)
        signer = signers.load(again.signers).of(desk_name)
        signer.signer.public.verify(signer.signer.sign(b"x"), b"x")
        assert _kinds(again.signers) == _kinds(whole.signers)
        assert signer.certificate.not_valid_after_utc.timestamp() > now + 700 * DAY
        if desk_name == "health":
            assert signer.certificate in _listed(again, now, "health")
        shutil.rmtree(again.folder)
        if done:
            break
        cut += 7  # every seventh: they are some two hundred
    assert cut > 20


def _kinds(folder: Path) -> set[str]:
    """Files that count, whatever their serial numbers: not drafts that nobody reads."""
    return {path.name.partition(".former")[0] for path in folder.iterdir() if path.suffix in (".pem", ".der")}


class _PowerCut(Exception):
    pass


def _cut_off(patched: pytest.MonkeyPatch, after: int) -> list[int]:
    """Raise before the change number `after`; counts the changes that were wanted."""
    count = [0]
    for name in ("replace", "unlink"):
        real = getattr(Path, name)

        def counted(path: Path, *more: object, _real: object = real, **named: object) -> object:
            count[0] += 1
            if count[0] > after:
                raise _PowerCut
            return _real(path, *more, **named)  # type: ignore[operator]

        patched.setattr(Path, name, counted)
    return count


def test_certificates_that_leave_are_not_published_for_ever(here: Nation) -> None:
    first = _listed(here, NOW, "health")[0]
    for now in range(NOW, NOW + 800 * DAY, 20 * DAY):
        scheme.renew(here, now=now)
    assert first not in _listed(here, NOW + 780 * DAY, "health")
    ders = [load(path.read_bytes()).public_bytes(Encoding.DER) for path in here.signers.glob("*.der")]
    assert first.public_bytes(Encoding.DER) not in ders

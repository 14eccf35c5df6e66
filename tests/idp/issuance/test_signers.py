"""Keys in files and in tokens: picked by the settings, one authority at a time; a token that is away is 503, and comes back."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from certs import pkcs11
from certs.desk import Desk, write, write_certificate
from certs.keys import MemorySigner
from certs.pkcs11 import TokenSigner, make_key
from certs.profiles import DAY
from certs.x509 import Usage
from idp.issuance import signers
from idp.issuance.publication import STATUS_CWT, Files, Publisher
from idp.issuance.signers import BUNDLE, ENDING, STATUS, Signers, SigningUnavailable
from tests.idp.issuance.office import ISSUER, NOW, Office, body
from tests.tokens import SoftToken


@pytest.fixture
def soft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftToken]:
    made = SoftToken.make(tmp_path / "soft")
    monkeypatch.setenv("SOFTHSM2_CONF", str(made.configuration))
    made.initialize()
    yield made
    pkcs11.close_all()


@pytest.fixture
def held(office: Office, soft: SoftToken, tmp_path: Path) -> Signers:
    """Public security, status and bundle in the token; health in a file."""
    folder, in_token = tmp_path / "signers", ("public-security", STATUS, BUNDLE)
    usages = {STATUS: Usage.STATUS_SIGNER, BUNDLE: Usage.BUNDLE_SIGNER}
    for name in (*in_token, "health"):
        desk = Desk(folder, name, ENDING)
        if name in in_token:
            public = make_key(soft.token, name)
        else:
            key = MemorySigner.generate()
            write(desk.key(), key.pem(), secret=True)
            public = key.public
        usage = usages.get(name, Usage.DOCUMENT_SIGNER)
        write_certificate(desk.certificate(), office.authority.issue(name, public, usage, now=NOW - DAY // 2))
    return signers.load(folder, dict.fromkeys(in_token, soft.token))


def _ask(office: Office, held: Signers, token: str, kind: str = "driving_licence.licence") -> int:
    return office.ask(token, office.request(office.proof(), configuration=kind), signers=held).status


def test_each_authority_signs_where_its_key_lies(office: Office, held: Signers) -> None:
    assert set(held.held) == {"public-security", STATUS, BUNDLE, "health"}
    assert not isinstance(held.of("health").signer, TokenSigner)
    for name in held.held:
        signer = held.of(name).signer
        signer.public.verify(signer.sign(b"x"), b"x")
    token = office.token()
    assert _ask(office, held, token) == 200
    assert len(held.thumbprints()) == 4


def test_a_token_that_is_away_is_503_and_nothing_is_taken(office: Office, held: Signers, soft: SoftToken) -> None:
    token = office.token()
    assert _ask(office, held, token) == 200
    content = office.request(office.proof())
    soft.take_away()
    answer = office.ask(token, content, signers=held)
    assert (answer.status, body(answer)["error"], answer.header("Retry-After")) == (
        503,
        "temporarily_unavailable",
        "30",
    )
    assert "credential_refused" in office.kinds()
    with office.storage.reading() as ports:
        assert len(ports.documents.issued("licence-1")) == 1
    soft.put_back()
    assert office.ask(token, content, signers=held).status == 200  # with the very nonce: it was not spent


def test_an_authority_whose_key_is_a_file_goes_on(held: Signers, soft: SoftToken) -> None:
    soft.take_away()
    signer = held.of("health").signer
    signer.public.verify(signer.sign(b"x"), b"x")
    with pytest.raises(SigningUnavailable, match="public-security"):
        held.of("public-security").signer.sign(b"x")
    soft.put_back()


def test_what_is_published_waits_for_its_token(office: Office, held: Signers, soft: SoftToken) -> None:
    publisher = Publisher(
        office.storage,
        issuer=ISSUER,
        signers=held,
        root=office.root,
        files=Files(trust_list=office.folder / "trust-list.jwt"),
    )
    with office.storage.reading() as ports:
        number = min(ports.statuses.numbers())
    soft.take_away()
    with pytest.raises(SigningUnavailable):
        publisher.status_list(number, STATUS_CWT, now=NOW)
    with pytest.raises(SigningUnavailable):
        publisher.bundle(now=NOW)
    soft.put_back()
    assert publisher.status_list(number, STATUS_CWT, now=NOW).body
    assert publisher.bundle(now=NOW).body


def test_a_provider_starts_although_the_token_is_away(held: Signers, soft: SoftToken, tmp_path: Path) -> None:
    soft.take_away()
    again = signers.load(tmp_path / "signers", {"public-security": soft.token})
    with pytest.raises(SigningUnavailable):
        again.of("public-security").signer.sign(b"x")
    soft.put_back()
    assert again.of("public-security").signer.sign(b"x")


def test_a_key_that_others_may_read_stops_the_start(held: Signers, tmp_path: Path) -> None:
    (tmp_path / "signers" / "health.pem").chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        signers.load(tmp_path / "signers")

"""The operator of the trust scheme in the demonstration: its root, signers and readers, the trust list, revocation lists.

Spec: ETSI TS 119 602 (trust list); RFC 5280 §5 (revocation lists); Circular 12/2025/TT-BCA (driving licences change hands on
1 March 2025). When one key gives way to the next: `certs/rotation.py`.

    <folder>/ca/            what stays offline: the keys of roots and of the trust list, of an authority of the past, the lists
                            that were signed before
    <folder>/idp/           what the provider reads: signers/, root.der, anchors/, crls/, trust-list.jwt, trust-list-deltas/
    <folder>/verifier/      reader.pem, reader.der: with what the demonstration's bank asks

Everything here is renewed by one call that does whatever is due, at the first time all of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import desk, jose, roots, trust, trust_delta
from certs.authority import SIGNER_DAYS
from certs.catalogue import AUTHORITIES, CATALOGUE, Text
from certs.desk import Certify, Desk
from certs.encoding import json_decode
from certs.errors import CertsError
from certs.keys import PublicKey
from certs.profiles import DAY
from certs.rotation import BACKDATED, PLANS
from certs.trust import LIST_LIMIT, Reader, Right, Service, TrustList
from certs.x509 import Usage
from idp.issuance import signers
from idp.issuance.entitlement import VIETNAM
from idp.issuance.signers import ENDING
from idp.nation import Nation, NotANation

TRUST_LIST_DAYS = 30
TRUST_LIST_RENEWED = TRUST_LIST_DAYS // 2
DELTAS = 8  # lists before the current one from which a delta leads to it
TRUST_LIST_SIGNER, ROOT, READER = "trust-list", "root", "reader"
HISTORICAL = frozenset({"transport"})  # issued until 28 February 2025; its key belongs to nobody who is online

# What the demonstration's bank may ask for: purpose, and document type with its views.
BANK = "bank"
BANK_NAME = Text("Ngân hàng Hoa Sen (mô phỏng)", "Lotus Bank (simulation)")
# Where people ask the bank to delete what they sent it; the top-level domain is nobody's (RFC 6761 §6.5).
BANK_CONTACT, BANK_WEBSITE = "mailto:du-lieu@hoasen.example", "https://hoasen.example/du-lieu-ca-nhan"
_BANK_ASKS: tuple[tuple[Text, tuple[Right, ...]], ...] = (
    (
        Text("Nhận biết khách hàng khi mở tài khoản", "To know its customer when they open an account"),
        (
            Right("citizen_identity", views=("identity", "age_over_18", "portrait")),
            Right("driving_licence", views=("licence", "age_over_18", "portrait")),
            Right("tax_registration", views=("registration",)),
            Right("organisation_certificate", views=("organisation",)),
        ),
    ),
    (
        Text("Xét cho vay mua xe", "To decide on a loan for a vehicle"),
        (
            Right("driving_licence", views=("licence", "full")),
            Right("vehicle_registration", views=("registration",)),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Renewed:
    """What was made or changed, one line each; nothing where nothing was due."""

    steps: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.steps)


def renew(nation: Nation, *, now: int) -> Renewed:
    """Do what is due with everything that the scheme signs. Safe to cut off and to call again. Raises NotANation when what is
    there cannot be carried on."""
    try:
        steps = [*_roots(nation, now), *_signers(nation, now)]
        steps += _trust_list(nation, now)
        return Renewed(tuple(steps))
    except (CertsError, ValueError, FileNotFoundError) as error:
        raise NotANation(f"the certificates of {nation.folder} do not hold ({error}); use --reset") from error


def root_desk(nation: Nation) -> Desk:
    return Desk(nation.folder / "ca", ROOT, ENDING)


def desks(nation: Nation) -> Iterator[tuple[Desk, Usage]]:
    """Everybody below the root."""
    offline = nation.folder / "ca"
    for authority in AUTHORITIES:
        yield Desk(offline if authority in HISTORICAL else nation.signers, authority, ENDING), Usage.DOCUMENT_SIGNER
    yield Desk(nation.signers, signers.STATUS, ENDING), Usage.STATUS_SIGNER
    yield Desk(nation.signers, signers.BUNDLE, ENDING), Usage.BUNDLE_SIGNER
    yield Desk(offline, TRUST_LIST_SIGNER, ENDING), Usage.TRUST_LIST_SIGNER
    yield Desk(nation.folder / "verifier", READER, ENDING), Usage.READER


def _roots(nation: Nation, now: int) -> Iterator[str]:
    root = root_desk(nation)
    roots.open_root(root, "Root (simulation)", now=now)
    for step in roots.advance_root(root, now=now):
        yield f"root: {step.value}"
    wanted = {f"{each.serial_number:x}.der": each.public_bytes(Encoding.DER) for each in roots.anchors(root)}
    for name, der in wanted.items():
        if not (nation.anchors / name).exists():
            desk.write(nation.anchors / name, der)
            yield f"anchor {name}"
    for path in nation.anchors.iterdir():
        if path.suffix == ".der" and path.name not in wanted:
            path.unlink()
    current = root.generations().current.public_bytes(Encoding.DER)
    if not (nation.idp / "root.der").exists() or (nation.idp / "root.der").read_bytes() != current:
        desk.write(nation.idp / "root.der", current)
    for path in roots.renew_crls(root, nation.crls, now=now):
        yield f"revocation list {path.stem}"


def _signers(nation: Nation, now: int) -> Iterator[str]:
    for one, usage in desks(nation):
        certify = _certify(nation, one, usage, now)
        if not one.certificate().exists():
            desk.open_desk(one, certify)
            yield f"{one.name}: first"
        for step in desk.advance(one, PLANS[usage], certify, now=now):
            yield f"{one.name}: {step.value}"


def _certify(nation: Nation, one: Desk, usage: Usage, now: int) -> Certify:
    starts = now - BACKDATED
    title = f"{one.name} signer (simulation)"
    if usage is Usage.DOCUMENT_SIGNER:
        title = AUTHORITIES[one.name].name.en
        if one.name in HISTORICAL:
            starts = min(_midnight(issues.since) for issues in _issues(one.name))
    elif usage is Usage.TRUST_LIST_SIGNER:
        title = "Trust list operator (simulation)"
    elif usage is Usage.READER:
        title = BANK_NAME.en
    hosts = (urlsplit(nation.verifier).hostname or "",) if usage is Usage.READER else ()

    def certify(public: PublicKey) -> x509.Certificate:
        days = (now - starts) // DAY + SIGNER_DAYS
        authority = roots.authority(root_desk(nation))
        return authority.issue(title, public, usage, now=now, starts=starts, days=days, hosts=hosts)

    return certify


# --- the trust list ---------------------------------------------------------------------------------------------------


def _trust_list(nation: Nation, now: int) -> Iterator[str]:
    """Signed again when it is missing, when half its time is over, and when somebody came, went or has a new certificate."""
    anchors = roots.anchors(root_desk(nation))
    services, readers = _services(nation), _readers(nation)
    sequence, held = 1, None
    if nation.trust_list.exists():
        token = nation.trust_list.read_text("ascii")
        try:
            held = trust.read(token, anchors, now=now)
            same = held.services == services and held.readers == readers
            if same and now < held.issued + TRUST_LIST_RENEWED * DAY:
                return
            sequence = held.sequence + 1
        except CertsError as error:
            sequence = _sequence_of_ended(token, error) + 1
    content = TrustList(sequence, now, now + TRUST_LIST_DAYS * DAY, services, readers=readers)
    operator = Desk(nation.folder / "ca", TRUST_LIST_SIGNER, ENDING)
    chain = (operator.generations().current,)
    token = trust.sign(content, operator.signer(), chain)
    if held is not None:
        desk.write(nation.folder / "ca" / "trust-lists" / f"{held.sequence}.jwt", held.token.encode("ascii"))
    _deltas(nation, trust.read(token, anchors, now=now), now)
    desk.write(nation.trust_list, token.encode("ascii"))  # last: its presence says that all is there
    yield f"trust list {sequence}"


def _sequence_of_ended(token: str, error: CertsError) -> int:
    """Of a list of ours whose signer has ended since. Raises what is wrong with any other."""
    if error.code not in ("cert_expired", "issuer_untrusted", "chain_invalid"):
        raise error
    try:
        scheme = json_decode(jose.parse(token).payload, limit=LIST_LIMIT)["LoTE"]["ListAndSchemeInformation"]
        return int(scheme["LoTESequenceNumber"])
    except (KeyError, TypeError):
        raise error from None


def _deltas(nation: Nation, new: TrustList, now: int) -> None:
    """From each of the last lists to the new one. Who holds an older one takes it whole."""
    operator = Desk(nation.folder / "ca", TRUST_LIST_SIGNER, ENDING)
    chain, anchors = (operator.generations().current,), roots.anchors(root_desk(nation))
    kept = sorted((nation.folder / "ca" / "trust-lists").glob("*.jwt"), key=lambda path: int(path.stem))
    made = set()
    for path in kept[-DELTAS:]:
        try:
            before = trust.read(path.read_text("ascii"), anchors, now=now)
        except CertsError:
            continue  # of a signer that has ended
        target = nation.trust_deltas / path.name
        desk.write(target, trust_delta.make(before, new, operator.signer(), chain).encode("ascii"))
        made.add(target)
    for path in (*nation.trust_deltas.glob("*.jwt"), *kept[:-DELTAS]):
        if path not in made:
            path.unlink()


@dataclass(frozen=True, slots=True)
class _Issues:
    document: str
    since: date
    until: date | None


def _issues(authority: str) -> list[_Issues]:
    return [
        _Issues(kind.name, issuer.since, issuer.until)
        for kind in CATALOGUE.values()
        for issuer in kind.issuers
        if issuer.authority == authority
    ]


def _services(nation: Nation) -> tuple[Service, ...]:
    """Who may issue what, from when to when: the catalogue, with each authority's certificates."""
    services = []
    for one, usage in desks(nation):
        if usage is not Usage.DOCUMENT_SIGNER:
            continue
        certificates = one.generations().published
        for issues in _issues(one.name):
            until = _midnight(issues.until) if issues.until else None
            since, name = _midnight(issues.since), AUTHORITIES[one.name].name
            services.append(Service(one.name, name, issues.document, certificates, since, until))
    return tuple(services)


def _readers(nation: Nation) -> tuple[Reader, ...]:
    published = Desk(nation.folder / "verifier", READER, ENDING).generations().published
    since = min(int(each.not_valid_before_utc.timestamp()) for each in published)
    return tuple(
        Reader(
            organisation=BANK,
            name=BANK_NAME,
            purpose=purpose,
            rights=rights,
            certificates=published,
            since=since,
            contact=BANK_CONTACT,
            website=BANK_WEBSITE,
        )
        for purpose, rights in _BANK_ASKS
    )


def _midnight(day: date) -> int:
    return int(datetime.combine(day, datetime.min.time(), VIETNAM).timestamp())

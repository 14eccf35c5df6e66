"""The root's desk: its next key introduced before it signs, its former ones after, what verifiers must hold of it, and its revocation lists.

Spec: RFC 4210 §4.4 (new with old, old with new), RFC 5280 §5 (lists; each root signs its own until it ends)
"""

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from certs import crl
from certs.authority import CRL_DAYS, Authority
from certs.crl import Revocation
from certs.desk import FORMER, HANDOVER, NEXT, Desk, advance, open_desk, write, write_certificate
from certs.errors import CertsError
from certs.keys import PublicKey
from certs.profiles import DAY
from certs.rotation import BACKDATED, ROOT_PLAN, Step

CRL_RENEWED = CRL_DAYS // 2  # days before its end


def open_root(desk: Desk, name: str, *, now: int) -> None:
    """The first root, where there is none."""
    open_desk(desk, lambda _: Authority.create(name, now=now - BACKDATED, key=desk.signer()).certificate)


def authority(desk: Desk) -> Authority:
    """Who certifies today. Raises OSError where the key is not here."""
    return Authority(desk.generations().current, desk.signer())


def issued(root: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def advance_root(desk: Desk, *, now: int) -> tuple[Step, ...]:
    """What is due with the root; its next key bears the same name, and the one before it certifies it."""
    (name,) = desk.generations().current.subject.get_attributes_for_oid(NameOID.COMMON_NAME)

    def certify(_: PublicKey) -> x509.Certificate:
        return Authority.create(str(name.value), now=now - BACKDATED, key=desk.signer(NEXT)).certificate

    done = advance(desk, ROOT_PLAN, certify, now=now, keeps_key=True)
    _introduce(desk, now)
    for each in desk.handovers():
        if each.not_valid_after_utc.timestamp() < now or not _leads_to(each, desk.generations().published):
            desk.certificate(f"{HANDOVER}{each.serial_number:x}").unlink()
    return done


def anchors(desk: Desk) -> tuple[x509.Certificate, ...]:
    """What a bundle carries: every root that signs, will sign, or has signed what still holds, and how one leads to the next."""
    published = desk.generations().published
    return (*published, *(each for each in desk.handovers() if _leads_to(each, published)))


def renew_crls(desk: Desk, folder: Path, *, now: int, more: tuple[Revocation, ...] = ()) -> tuple[Path, ...]:
    """Sign the list of each root anew that is missing or half over; which ones were. `more` is what the current root revokes.
    The number is the time, so that a folder that was restored from an old copy never signs a number twice."""
    made = []
    held = desk.generations()
    for generation, certificate in [("", held.current), *((_former(each), each) for each in held.former)]:
        path = crl_path(folder, certificate)
        entries, number = (() if generation else more), now
        if path.exists():
            current = crl.read(path.read_bytes(), (certificate,), now=max(now, _began(certificate)))
            if not entries and now < current.next_update - CRL_RENEWED * DAY:
                continue
            entries, number = (*current.revocations.values(), *entries), max(current.number + 1, now)
        signer = Authority(certificate, desk.signer(generation))
        write(path, signer.sign_crl(entries, number=number, now=now))
        made.append(path)
    for path in folder.glob("*.crl"):
        if path not in {crl_path(folder, each) for each in held.published}:
            path.unlink()  # of a root that has ended
    return tuple(made)


def crl_path(folder: Path, root: x509.Certificate) -> Path:
    return folder / f"{crl.authority_id(root).hex()[:16]}.crl"


def _introduce(desk: Desk, now: int) -> None:
    """The one before certifies the next, for whoever knows only the one before; and the one that signs certifies the former
    ones, for whoever begins with it while signers below those still hold."""
    held = desk.generations()
    before = max(held.former, key=_began, default=None)
    pairs = [(_former(before), before, held.current)] if before is not None else []
    pairs += [("", held.current, each) for each in held.former]
    if held.following is not None:
        pairs.append(("", held.current, held.following))
    known = {PublicKey.from_crypto(each.public_key()) for each in desk.handovers()}
    for generation, one, successor in pairs:
        if PublicKey.from_crypto(successor.public_key()) in known or not desk.key(generation).exists():
            continue
        try:
            handover = Authority(one, desk.signer(generation)).introduce(successor, now=now - BACKDATED)
        except (CertsError, ValueError):
            continue  # the one before has ended: whoever still believes it must be told the new one by other means
        write_certificate(desk.certificate(f"{HANDOVER}{handover.serial_number:x}"), handover)


def _leads_to(handover: x509.Certificate, published: tuple[x509.Certificate, ...]) -> bool:
    """Whether the key that is introduced is still one of ours: that of a root that was withdrawn must not stay believed."""
    return any(handover.public_key() == each.public_key() for each in published)


def _former(certificate: x509.Certificate) -> str:
    return f"{FORMER}{certificate.serial_number:x}"


def _began(certificate: x509.Certificate) -> int:
    return int(certificate.not_valid_before_utc.timestamp())

"""`python -m certs rotate`: whatever is due with the keys of a folder is done, and what comes next is said.

Run it every day: it does nothing until something is due, and can be cut off and called again. What is done when, and why,
stands in `certs/rotation.py`; how the files are called, in `certs/desk.py`.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from certs import crl, desk, roots, rotation, trust
from certs.authority import Authority
from certs.desk import FORMER, HANDOVER, NEXT, Certify, Desk
from certs.keys import PublicKey
from certs.profiles import DAY, PROFILES
from certs.rotation import PLANS, ROOT_PLAN, Generations, Step, dates, usage_of
from certs.x509 import Usage, dns_names

TRUST_LIST = "trust-list.jwt"
ROOT = "root"
SAYS = {
    Step.PREPARE: "the next one is made; publish it",
    Step.SWITCH: "the next one signs from now on",
    Step.RETIRE: "a former one has ended",
}


def add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    rotate = commands.add_parser(
        "rotate", help="let keys give way to their next ones, prepared ahead; run it every day"
    )
    rotate.add_argument("folder", type=Path, help="folder of root.key, root.pem, signers, root.crl and trust-list.jwt")
    rotate.add_argument("--check", action="store_true", help="only say what is due next and when; change nothing")
    rotate.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    folder, now = options.folder, options.now
    signers = {one: usage for one, usage in _desks(folder)}
    root = Desk(folder, ROOT)
    rows: list[tuple[str, str, str]] = []
    if not options.check:
        _adopt_crl(root, folder, now)
        done = [(ROOT, step) for step in roots.advance_root(root, now=now)]
        for one, usage in signers.items():
            certify = _certify(root, one, usage, now)
            done += [(one.name, step) for step in desk.advance(one, PLANS[usage], certify, now=now)]
        rows += [("done", name, SAYS[step]) for name, step in done]
        rows += [("done", path.name, "signed anew") for path in _crls(root, folder, now)]
        if _relist(folder, root, [one.generations() for one in signers], changed=bool(done), now=now):
            rows.append(("done", TRUST_LIST, "signed anew"))
    rows += [_next(root, ROOT_PLAN), *(_next(one, PLANS[usage]) for one, usage in signers.items())]
    widths = [max(len(row[place]) for row in rows) for place in (0, 1)]
    for when, name, what in sorted(rows, key=lambda row: (row[0] != "done", row[0])):
        print(f"{when:<{widths[0]}}  {name:<{widths[1]}}  {what}")
    return 0


def _desks(folder: Path) -> Sequence[tuple[Desk, Usage]]:
    """Every signer of the folder whose key is here, too."""
    found = []
    for path in sorted(folder.glob("*.pem")):
        if path.stem == ROOT or any(word in path.name for word in (f"{NEXT}.", FORMER, HANDOVER)):
            continue
        one = Desk(folder, path.stem)
        usage = usage_of(one.generations().current)
        if usage is not None and one.key().exists():
            found.append((one, usage))
    return found


def _certify(root: Desk, one: Desk, usage: Usage, now: int) -> Certify:
    """The same name and hosts as now, for the days of the profile; a place of a revocation list stays named."""
    current = one.generations().current
    (name,) = current.subject.get_attributes_for_oid(NameOID.COMMON_NAME)

    def certify(public: PublicKey) -> x509.Certificate:
        authority: Authority = roots.authority(root)
        days, hosts = PROFILES[usage].days, dns_names(current)
        starts = now - rotation.BACKDATED
        return authority.issue(
            str(name.value), public, usage, now=now, starts=starts, days=days, hosts=hosts, crl_uri=_crl_uri(current)
        )

    return certify


def _crl_uri(certificate: x509.Certificate) -> str | None:
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        return None
    return next((str(name.value) for point in points for name in point.full_name or ()), None)


def _adopt_crl(root: Desk, folder: Path, now: int) -> None:
    """Whatever was revoked since is in `root.crl`: it takes the place of the list that lies beside it, never the other way."""
    first = folder / "root.crl"
    if not first.exists():
        return
    published = root.generations().published
    signed = crl.read(first.read_bytes(), published, now=now)
    issuer = next(each for each in published if crl.authority_id(each) == signed.issuer)
    target = roots.crl_path(folder / "crls", issuer)
    if not target.exists() or crl.read(target.read_bytes(), (issuer,), now=now).number < signed.number:
        desk.write(target, first.read_bytes())


def _crls(root: Desk, folder: Path, now: int) -> Sequence[Path]:
    """`root.crl`, where there is one, goes with its root: after a switch each root has a list of its own beside it."""
    first = folder / "root.crl"
    if not first.exists():
        return ()
    held = folder / "crls"
    made = roots.renew_crls(root, held, now=now)
    current = roots.crl_path(held, root.generations().current)
    if first.read_bytes() != current.read_bytes():
        desk.write(first, current.read_bytes())
    return made


def _relist(folder: Path, root: Desk, signers: Sequence[Generations], *, changed: bool, now: int) -> bool:
    """The trust list of the folder, where there is one, with the certificates that came and without those that ended."""
    path, operator = folder / TRUST_LIST, Desk(folder, "trust-list")
    if not path.exists():
        return False
    held = trust.read(path.read_text("ascii"), roots.anchors(root), now=now)
    days = max(1, (held.next_update - held.issued) // DAY)
    if not changed and now < held.issued + days * DAY // 2:
        return False
    new = rotation.relist(held, signers, sequence=held.sequence + 1, now=now, days=days)
    token = trust.sign(new, operator.signer(), (operator.generations().current,))
    desk.write(path, token.encode("ascii"))
    return True


def _next(one: Desk, plan: rotation.Plan) -> tuple[str, str, str]:
    held = one.generations()
    when = dates(held.current, plan)
    if held.following is None:
        return _day(when.made_known), one.name, "its next one is made and published"
    known = int(held.following.not_valid_before_utc.timestamp()) + rotation.BACKDATED
    switch = min(when.latest, max(when.takes_over, known + when.takes_over - when.made_known))
    digest = "" if one.name != ROOT else f"; SHA-256 {_sha256(held.following)}"
    return _day(switch), one.name, f"its next one takes over{digest}"


def _sha256(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def _day(seconds: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))

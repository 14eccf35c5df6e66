"""What each kind of certificate of the nation may be: how long it lives, whether it names hosts; looked at before one is signed.

Spec: RFC 5280 §4.1.2.2 (serial), §4.1.2.5 (times), appendix A (names); ISO/IEC 18013-5:2021 §B.1.7 (reader: at most 1,187 days).
"""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from cryptography import x509

from certs.catalogue import Text
from certs.encoding import safe_text
from certs.errors import Unsupported
from certs.keys import PublicKey
from certs.x509 import Usage

DAY = 86_400
ROOT_DAYS = 3650
SIGNER_DAYS = 730  # longer than any credential lives, short enough that rotation is a habit
SERVER_DAYS = 397  # browsers take no longer one (CA/Browser Forum Baseline Requirements §6.3.2)
HOSTS_LIMIT = 16
_LAST_TIME = 253_402_300_799  # 9999-12-31: what a certificate can say at all (RFC 5280 §4.1.2.5)


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of certificate below a root. `longest` counts from the day it is signed, not from when it begins to hold."""

    title: Text
    days: int
    longest: int
    hosts: bool = False  # names the hosts for which it speaks, and must


_FIVE_YEARS = 1827
PROFILES: Mapping[Usage, Profile] = MappingProxyType(
    {
        Usage.DOCUMENT_SIGNER: Profile(Text("ký giấy tờ", "document signer"), SIGNER_DAYS, _FIVE_YEARS),
        Usage.STATUS_SIGNER: Profile(Text("ký danh sách trạng thái", "status signer"), SIGNER_DAYS, _FIVE_YEARS),
        Usage.TRUST_LIST_SIGNER: Profile(Text("ký danh sách tin cậy", "trust-list signer"), SIGNER_DAYS, _FIVE_YEARS),
        Usage.BUNDLE_SIGNER: Profile(Text("ký gói ngoại tuyến", "bundle signer"), SIGNER_DAYS, _FIVE_YEARS),
        Usage.READER: Profile(Text("bên kiểm tra giấy tờ", "reader"), SIGNER_DAYS, 1187, hosts=True),
    }
)
ROOT = Profile(Text("gốc", "root"), ROOT_DAYS, 4 * _FIVE_YEARS)


def lint(name: str, public: PublicKey, starts: int, ends: int, serial: int | None = None) -> None:
    """What every certificate of ours is. Raises ValueError or Unsupported: a wrong certificate cannot be taken back."""
    if public.alg != "ES256":
        raise Unsupported("alg_not_allowed", "signer keys are on P-256")
    if not safe_text(name) or len(name) > 64:  # RFC 5280 appendix A: ub-common-name
        raise ValueError("common name of 1 to 64 characters")
    if ends <= starts:
        raise ValueError("certificate would end before it starts")
    if not 0 <= starts <= ends <= _LAST_TIME:
        raise ValueError("certificate outside of the years that a certificate can name")
    if serial is not None and not 0 < serial < 1 << 159:  # §4.1.2.2: positive, at most 20 octets
        raise ValueError("serial number")


def lint_signer(
    usage: Usage, *, issuer: PublicKey, public: PublicKey, hosts: Sequence[str], now: int, ends: int
) -> None:
    """What the profile of `usage` asks beyond that. Raises ValueError."""
    profile = PROFILES[usage]
    if public == issuer:
        raise ValueError("a signer has a key of its own, not its root's")
    if ends - now > profile.longest * DAY:
        raise ValueError(f"a {profile.title.en} lives at most {profile.longest} days")
    if profile.hosts != bool(hosts):
        raise ValueError(f"a {profile.title.en} names {'its hosts' if profile.hosts else 'no hosts'}")
    if len(hosts) > HOSTS_LIMIT:
        raise ValueError(f"at most {HOSTS_LIMIT} hosts")
    if not all(isinstance(host_name(one), x509.DNSName) for one in hosts):  # OpenID4VP 1.0 §5.9.3: names are compared
        raise ValueError("a reader's hosts are names, not addresses")


_HOST_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII)


def host_name(name: str, *, network: bool = False) -> x509.GeneralName:
    """A DNS name, no wildcard; or an address, as the one-address network that a constraint wants."""
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        if len(name) > 253 or not _HOST_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a host name") from None
        return x509.DNSName(name)
    return x509.IPAddress(ipaddress.ip_network(address) if network else address)

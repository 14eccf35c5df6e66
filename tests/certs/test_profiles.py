"""What each kind of certificate may be: looked at before it is signed, and what was signed is good for its use."""

from typing import Any

import pytest

from certs.authority import DAY, Authority
from certs.keys import MemorySigner
from certs.profiles import PROFILES, ROOT
from certs.x509 import Usage, check_path

NOW = 1_790_000_000
AUTHORITY = Authority.create("Root", now=NOW, days=ROOT.longest)
SIGNER = MemorySigner.generate()


def hosts_of(usage: Usage) -> tuple[str, ...]:
    return ("bank.example",) if PROFILES[usage].hosts else ()


@pytest.mark.parametrize("usage", Usage)
def test_what_a_profile_admits_is_good_for_its_use(usage: Usage) -> None:
    assert set(PROFILES) == set(Usage)
    for days in (1, PROFILES[usage].days, PROFILES[usage].longest):
        leaf = AUTHORITY.issue("signer", SIGNER.public, usage, now=NOW, days=days, hosts=hosts_of(usage))
        check_path(leaf, (), (AUTHORITY.certificate,), usage=usage, now=NOW + days * DAY)


@pytest.mark.parametrize("usage", Usage)
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"days": 0}, "end before it starts"),
        ({"days": 2000}, "at most"),
        ({"serial": 0}, "serial"),
        ({"serial": -5}, "serial"),
        ({"serial": 1 << 159}, "serial"),
        ({"starts": -5}, "years"),
        ({"public": AUTHORITY.key.public}, "key of its own"),
        ({"name": ""}, "common name"),
        ({"name": "x" * 65}, "common name"),
    ],
)
def test_a_wrong_certificate_is_never_signed(usage: Usage, changed: dict[str, Any], said: str) -> None:
    right = {"name": "signer", "public": SIGNER.public, "now": NOW, "hosts": hosts_of(usage)}
    wanted = {**right, **changed}
    with pytest.raises(ValueError, match=said):
        AUTHORITY.issue(wanted.pop("name"), wanted.pop("public"), usage, **wanted)


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ((), "names its hosts"),
        (("*.bank.example",), "not a host name"),
        (("Bank.Example",), "not a host name"),
        (("bank.example.",), "not a host name"),
        (("127.0.0.1",), "names, not addresses"),
        (("::1",), "names, not addresses"),
        (("b" * 64 + ".example",), "not a host name"),
        (tuple(f"h{number}.example" for number in range(17)), "at most 16"),
    ],
)
def test_a_reader_names_whole_hosts(hosts: tuple[str, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        AUTHORITY.issue("bank", SIGNER.public, Usage.READER, now=NOW, hosts=hosts)


@pytest.mark.parametrize("usage", sorted(set(Usage) - {Usage.READER}, key=lambda usage: usage.name))
def test_who_does_not_ask_names_no_host(usage: Usage) -> None:
    with pytest.raises(ValueError, match="names no hosts"):
        AUTHORITY.issue("signer", SIGNER.public, usage, now=NOW, hosts=("bank.example",))


def test_a_root_lives_no_longer_than_its_profile() -> None:
    with pytest.raises(ValueError, match="a root lives at most"):
        Authority.create("Root", now=NOW, days=ROOT.longest + 1)

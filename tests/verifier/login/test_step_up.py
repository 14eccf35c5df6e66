"""What a person must prove: when it is enough, what is asked otherwise, and what comes back and is not taken."""

import json

import pytest

from certs.fetch import Fetcher
from tests.site import Site
from tests.verifier.login.test_sign_in import NOW, us
from tests.verifier.provider import PERSON, Provider
from verifier.login import Need, SignedIn, SignIn, SignInFailed, need_level, need_of


def person(acr: str | None = "LoA2", auth_time: int | None = NOW - 100, subject: str = str(PERSON["sub"])) -> SignedIn:
    return SignedIn(subject, acr, ("pwd",), auth_time, PERSON)


@pytest.mark.parametrize(
    ("who", "level", "within", "enough"),
    [
        (person(), "LoA1", None, True),
        (person(), "LoA2", None, True),
        (person(), "LoA3", None, False),
        (person("LoA4"), "LoA2", None, True),
        (person(None), "LoA1", None, False),
        (person("urn:other"), "LoA1", None, False),
        (person(), "LoA2", 100, True),
        (person(), "LoA2", 69, False),  # half a minute is for the clocks
        (person(auth_time=None), "LoA2", 100, False),
        (None, "LoA1", None, False),
    ],
)
def test_what_is_enough(who: SignedIn | None, level: str, within: int | None, enough: bool) -> None:
    need = need_level(who, level, within=within, now=NOW)
    assert (need is None) == enough
    if need is not None:
        assert need.levels[0] == level and need.within == within and need.subject == (who.subject if who else None)


def test_a_level_that_there_is_not() -> None:
    with pytest.raises(ValueError):
        need_level(person(), "LoA5", now=NOW)


@pytest.mark.parametrize(
    ("header", "need"),
    [
        (
            'Bearer error="insufficient_user_authentication", acr_values="LoA3", max_age="60"',
            Need(("LoA3", "LoA4"), 60, PERSON["sub"]),
        ),
        (
            'DPoP realm="x", error="insufficient_user_authentication", acr_values="LoA4 LoA2"',
            Need(("LoA2", "LoA3", "LoA4"), None, PERSON["sub"]),
        ),
        ('Bearer error="insufficient_user_authentication", max_age="x"', Need((), None, PERSON["sub"])),
        ('Bearer error="invalid_token", acr_values="LoA3"', None),
        ("", None),
        ('Bearer error="insufficient_user_authentication"' + " " * 3000, None),
    ],
    ids=["level and age", "best first", "nothing that we know", "another error", "none", "too long"],
)
def test_what_a_resource_asks_for(header: str, need: Need | None) -> None:
    assert need_of(header, person()) == need


def test_the_request(site: Site, fetcher: Fetcher) -> None:
    provider = Provider(site, NOW, claims={"acr": "LoA2", "auth_time": NOW})
    sign_in = SignIn(us(provider), fetcher)
    need = need_level(person("LoA1"), "LoA2", within=60, now=NOW)
    url, pending = sign_in.begin(now=NOW, need=need)
    back = provider.authorize(url)
    asked = json.loads(provider.request["claims"])
    assert asked == {"id_token": {"acr": {"essential": True, "values": ["LoA2", "LoA3", "LoA4"]}}}
    assert provider.request["max_age"] == "60"
    assert sign_in.complete(back, pending, now=NOW).acr == "LoA2"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"acr": "LoA1"}, "level_too_low"),
        ({"acr": None}, "level_too_low"),
        ({"auth_time": NOW - 91}, "authentication_old"),
        ({"auth_time": None}, "authentication_old"),
        ({"sub": "999203009999"}, "other_person"),
    ],
    ids=str,
)
def test_what_comes_back_and_is_not_taken(site: Site, fetcher: Fetcher, claims: dict[str, object], code: str) -> None:
    """Whoever holds the browser can leave out of the request what they like (SE-11)."""
    provider = Provider(site, NOW, claims={"acr": "LoA2", "auth_time": NOW, **claims})
    sign_in = SignIn(us(provider), fetcher)
    url, pending = sign_in.begin(now=NOW, need=need_level(person("LoA1"), "LoA2", within=60, now=NOW))
    with pytest.raises(SignInFailed) as caught:
        sign_in.complete(provider.authorize(url), pending, now=NOW)
    assert caught.value.code == code

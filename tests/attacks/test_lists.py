"""Lists that can be sorted, narrowed and paged: the register of clients in the pages of administration."""

import html
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from certs.encoding import b64url_encode, json_encode
from idp.model import Member, Role
from idp.web.admin_list import PAGE
from tests.idp.web import codes
from tests.world_idp import NOW, Browser, State, client

HOME = "/admin/clients"
INJECTED = [
    "name_vi",
    "secret_hash",
    "name;DROP TABLE clients",
    "name DESC",
    "1",
    "'",
    '"',
    "name--",
    "(select 1)",
    "\0",
    "%",
]


@pytest.fixture
def officer(state: State) -> Browser:
    with state.storage.transaction() as ports:
        ports.staff.grant(Member("a-duong", Role.CLIENTS, NOW, "test"))
        for n in range(PAGE + 1):
            ports.clients.add(client(f"c{n:02d}"))
    return codes.signed_in(state)


def following(officer: Browser, query: str = "") -> dict[str, str]:
    """What the link to the next page asks for."""
    found = re.search(r'id="following" href="([^"]+)"', officer.get(HOME + query).text)
    assert found is not None
    return {name: values[0] for name, values in parse_qs(urlsplit(html.unescape(found[1])).query).items()}


def status(officer: Browser, **asked: str) -> int:
    return officer.get(f"{HOME}?{urlencode(asked)}").status_code


def test_sq_02_sort_and_filter_are_closed_lists(officer: Browser) -> None:
    for name in ("sort", "order", "profile", "type"):
        for value in INJECTED:
            assert status(officer, **{name: value}) == 400, (name, value)
        assert status(officer, **{name: ""}) == 200  # as the form sends what was not chosen


def test_sq_02_columns_that_are_not_offered(officer: Browser) -> None:
    for name in ("secret_hash", "filter", "sort[]", "where", "limit", "offset", "entitled_to_pid"):
        assert status(officer, **{name: "1"}) == 400, name
    assert officer.get(f"{HOME}?sort=name&sort=client_id").status_code == 400
    assert officer.get(f"{HOME}?profile=bank&profile=baseline").status_code == 400


def test_sq_02_an_id_is_compared_and_never_a_pattern(officer: Browser) -> None:
    for value in ("c%", "c_0", "*", "' OR '1'='1", "c00'--", "\\"):
        page = officer.get(f"{HOME}?{urlencode({'id': value})}")
        assert page.status_code == 200 and 'id="nothing-found"' in page.text, value
    for value in ("\0", "a\nb", "x" * 256, "ứng"):
        assert status(officer, id=value) == 400, value


def test_sq_03_an_altered_page_token(officer: Browser) -> None:
    good = following(officer)
    assert status(officer, **good) == 200
    token = good["page"]
    for at in range(len(token)):
        other = "A" if token[at] != "A" else "B"
        assert status(officer, **{**good, "page": token[:at] + other + token[at + 1 :]}) == 400, at
    place, _, seal = token.partition(".")
    forged = b64url_encode(json_encode(["' OR 1=1 --", "c00"]))
    altered = (f"{forged}.{seal}", place, f"{place}.", f".{seal}", seal, token + "=", token.upper(), "x", "\0", "0")
    for each in altered:
        assert status(officer, **{**good, "page": each}) == 400, each


def test_sq_03_a_page_token_is_good_for_its_own_question_alone(officer: Browser) -> None:
    good = following(officer)
    for more in ({"sort": "client_id"}, {"order": "desc"}, {"profile": "agency"}, {"type": "web"}, {"id": "bank"}):
        assert status(officer, **{**good, **more}) == 400, more


def test_sq_03_a_page_token_of_another_provider(officer: Browser, state: State) -> None:
    """The seal is under this provider's own key."""
    good = following(officer)
    object.__setattr__(state.web, "seal_key", b"\0" * 32)
    assert status(officer, **good) == 400

"""My applications: a link for each that registered where it begins a sign-in, with our name on it and nobody's number."""

import html
import re
from urllib.parse import parse_qsl, urlsplit

from certs.catalogue import Text
from idp.model import Consent
from tests.idp.web.test_account import signed_in
from tests.world_idp import ISSUER, NOW, State, client

HOME = "/applications"


def links(text: str) -> list[str]:
    found = re.findall(r'<h2><a href="([^"]+)" rel="noreferrer">', text)
    return [html.unescape(each) for each in found]


def test_it_is_the_citizens_own_page(state: State) -> None:
    asked = state.browser().get(HOME)
    assert asked.headers["Location"].startswith("/login/")
    browser = signed_in(state)
    assert 'id="no-applications"' in browser.get(HOME).text
    assert 'href="/applications"' in browser.get("/account").text


def test_a_link_goes_where_the_application_begins(state: State) -> None:
    begins = "https://library.example.vn/begin?lang=vi"
    names = {"library": Text("Thư viện", "Library"), "archive": Text("<b>Lưu trữ</b>", "Archive")}
    state.put(
        clients=tuple(
            client(each, name=name, metadata={"initiate_login_uri": begins.replace("library", each)})
            for each, name in names.items()
        )
    )
    with state.storage.transaction() as ports:
        ports.consents.record(Consent("a-duong", "library", ("openid",), NOW))
    page = signed_in(state).get(HOME)
    first, second = links(page.text)  # what the person uses comes first
    assert urlsplit(first)._replace(query="").geturl() == "https://library.example.vn/begin"
    assert urlsplit(second).netloc == "archive.example.vn"
    assert parse_qsl(urlsplit(first).query) == [("lang", "vi"), ("iss", ISSUER)]  # no hint of who comes, no target
    assert "<b>Lưu trữ" not in page.text
    assert "999203001234" not in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"

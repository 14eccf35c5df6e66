"""The pages of administration: no pages to anybody else; what an officer sees and changes, each with its line in the journal."""

import html
import json
import re

import pytest
from werkzeug.test import TestResponse

from certs.catalogue import Text
from certs.keys import MemorySigner
from idp.model import Client, Consent, Grant, Member, Role, Token
from idp.oidc.clients import client_secrets
from idp.oidc.profiles import SECRET_JWT
from idp.oidc.secrets import token_hash
from idp.web.admin_list import PAGE
from tests.certs.servers import serving
from tests.idp.oidc.registering import Site, at
from tests.idp.web import codes
from tests.world_idp import CALLBACK, NOW, PASSWORD, Browser, State, client

HOME = "/admin/clients"
ADD = "/admin/new-client"
PATHS = (HOME, f"{HOME}/bank", f"{HOME}/bank/change", f"{HOME}/bank/secret", f"{HOME}/bank/remove", ADD)


def make_officer(state: State, account_id: str = "a-duong") -> None:
    with state.storage.transaction() as ports:
        ports.staff.grant(Member(account_id, Role.CLIENTS, NOW, "test"))


def withdraw(state: State) -> None:
    with state.storage.transaction() as ports:
        assert ports.staff.withdraw("a-duong", Role.CLIENTS)


@pytest.fixture
def officer(state: State) -> Browser:
    make_officer(state)
    return codes.signed_in(state)


def kept(state: State, client_id: str = "bank") -> Client | None:
    with state.storage.reading() as ports:
        return next((one for one in ports.clients.all() if one.client_id == client_id), None)


def filled(page: TestResponse) -> dict[str, str]:
    """The fields of a form as a browser would send them untouched."""
    text = page.text
    named = dict(re.findall(r'<input type="text" id="([^"]+)" name="[^"]+" value="([^"]*)"', text))
    named |= dict(re.findall(r'<textarea id="([^"]+)"[^>]*>([^<]*)</textarea>', text))
    named |= {name: "yes" for name in re.findall(r'<input type="checkbox" id="([^"]+)"[^>]* checked', text)}
    for name, inner in re.findall(r'<select id="([^"]+)"[^>]*>(.*?)</select>', text, re.DOTALL):
        named[name] = re.findall(r'value="([^"]*)" selected', inner)[0]
    return {name: html.unescape(value) for name, value in named.items()}


def send(browser: Browser, path: str, **fields: str) -> TestResponse:
    page = browser.get(path)
    assert page.status_code == 200, page.text
    return browser.submit(page, action=path, **{**filled(page), **fields})


def errors_of(page: TestResponse) -> set[str]:
    summary = re.search(r'<div class="error-summary".*?</div>', page.text, re.DOTALL)
    return set(re.findall(r'href="#([^"]+)"', summary[0])) if summary else set()


# --- who may see them -------------------------------------------------------------------------------------------------


def like_any_unknown_page(browser: Browser, path: str) -> None:
    ids = re.compile(r'id="error-id">[^<]+<')
    language = re.compile(r'name="form_token" value="[^"]+"')
    for method in ("get", "post", "put", "delete"):
        known, unknown = (getattr(browser.client, method)(each) for each in (path, "/nowhere/at-all"))
        assert known.status_code == unknown.status_code == 404
        assert known.headers.get("Allow") is None
        plain = [language.sub("", ids.sub("", each.text)).replace(path, "?") for each in (known, unknown)]
        assert plain[0] == plain[1].replace("/nowhere/at-all", "?")


def test_to_others_there_are_no_such_pages(state: State) -> None:
    for browser in (state.browser(), codes.signed_in(state)):
        for path in (*PATHS, "/admin", "/admin/"):
            like_any_unknown_page(browser, path)


@pytest.mark.parametrize("path", [HOME, f"{HOME}/bank/change"])
def test_staff_prove_level_2_and_come_back(state: State, path: str) -> None:
    make_officer(state)
    browser = state.browser()
    browser.sign_in(browser.get("/sign-in"), password=PASSWORD)
    more = browser.get(path).headers["Location"]
    assert more.endswith("/more")
    way = more.removesuffix("/more") + "/code"
    sent = codes.send(browser, way)
    answer = browser.submit(browser.get(sent.headers["Location"]), code=codes.inbox(state)[0])
    assert answer.headers["Location"] == path
    assert browser.get(path).status_code == 200


def test_a_withdrawal_counts_at_once(state: State, officer: Browser) -> None:
    page = officer.get(f"{HOME}/bank/remove")
    withdraw(state)
    assert officer.submit(page).status_code == 404
    assert kept(state) is not None
    assert officer.get(HOME).status_code == 404
    assert 'id="to-admin"' not in officer.get("/account").text


def test_the_menu_shows_the_way_to_those_who_may_go_it(state: State, officer: Browser) -> None:
    assert 'id="to-admin"' in officer.get("/account").text
    other = codes.signed_in(state, identifier="999090000111")
    assert 'id="to-admin"' not in other.get("/account").text


def test_a_form_of_nobodys_page_changes_nothing(state: State, officer: Browser) -> None:
    for path in (f"{HOME}/bank/remove", f"{HOME}/bank/secret", f"{HOME}/bank/change", ADD):
        assert officer.client.post(path, data={"name": "x"}).status_code == 403
    assert not state.journal("client_changed") and not state.journal("client_removed")


# --- the list ---------------------------------------------------------------------------------------------------------


def listed(page: TestResponse) -> list[str]:
    return re.findall(r'data-client="([^"]+)"', page.text)


def many(state: State) -> list[str]:
    """More than a page of them, by twos of one name."""
    added = [client(f"c{n:02d}", name=Text(f"Tên {n // 2:02d}", f"Name {n // 2:02d}")) for n in range(PAGE + 5)]
    state.put(clients=tuple(added))
    return [one.client_id for one in added]


def test_pages_have_each_application_once(state: State, officer: Browser) -> None:
    ids = {*many(state), "bank", "shop", "phone"}
    for query in ("", "?sort=name", "?sort=client_id&order=asc", "?sort=profile&order=desc"):
        page = officer.get(HOME + query)
        seen = listed(page)
        assert len(seen) == PAGE
        following = re.search(r'id="following" href="([^"]+)"', page.text)
        assert following is not None
        page = officer.get(html.unescape(following[1]))
        assert sorted(seen + listed(page)) == sorted(ids), query
        assert 'id="following"' not in page.text and 'id="first"' in page.text


def test_the_list_is_narrowed(state: State, officer: Browser) -> None:
    assert listed(officer.get(f"{HOME}?profile=baseline")) == ["shop"]
    assert listed(officer.get(f"{HOME}?type=native")) == ["phone"]
    assert listed(officer.get(f"{HOME}?id=bank&sort=name&order=asc&profile=&type=")) == ["bank"]
    assert 'id="nothing-found"' in officer.get(f"{HOME}?id=nobody").text


# --- one of them ------------------------------------------------------------------------------------------------------


def test_all_that_is_registered_is_shown(state: State, officer: Browser) -> None:
    name = '<img src=x onerror="alert(1)">'
    state.put(clients=(client("odd", name=Text(name, name), metadata={"resources": ["https://api.example.vn/"]}),))
    page = officer.get(f"{HOME}/odd")
    assert name not in page.text and name in html.unescape(page.text)
    assert "https://api.example.vn/" in page.text and CALLBACK in page.text and "Họ tên và nhân thân" in page.text
    assert "secret_hash" not in page.text and token_hash("b" * 43) not in page.text
    assert officer.get(f"{HOME}/nobody").status_code == 404
    assert officer.get(f"{HOME}/%00").status_code == 404


def test_it_is_changed_and_says_by_whom(state: State, officer: Browser) -> None:
    before = kept(state)
    answer = send(
        officer, f"{HOME}/bank/change", name="Ngân hàng Súng", backchannel_logout_uri="https://bank.example.vn/out"
    )
    assert answer.headers["Location"] == f"{HOME}/bank"
    after = kept(state)
    assert before is not None and after is not None
    assert after.name == Text("Ngân hàng Súng", "Lotus Bank")
    assert after.metadata == {"backchannel_logout_uri": "https://bank.example.vn/out"}
    assert (after.secret_hash, after.scopes, after.redirect_uris) == (
        before.secret_hash,
        before.scopes,
        before.redirect_uris,
    )
    (event,) = state.journal("client_changed")
    assert (event.client_id, event.details) == (
        "bank",
        {"members": ["backchannel_logout_uri", "client_name"], "officer": "a-duong"},
    )
    page = officer.get(f"{HOME}/bank")
    assert "client_name" in page.text and "a-duong" in page.text and 'id="last-change"' in page.text
    assert "Súng" not in repr(state.journal())


def test_a_form_sent_untouched_changes_nothing(state: State, officer: Browser) -> None:
    for each in ("bank", "shop", "phone"):
        before = kept(state, each)
        assert send(officer, f"{HOME}/{each}/change").status_code == 303
        assert kept(state, each) == before
    assert not state.journal("client_changed")


def test_what_is_emptied_goes(state: State, officer: Browser) -> None:
    send(officer, f"{HOME}/bank/change", backchannel_logout_uri="https://bank.example.vn/out")
    send(officer, f"{HOME}/bank/change", backchannel_logout_uri="", name_en="", **{"scope-email": ""})
    after = kept(state)
    assert after is not None and after.metadata == {}
    assert after.name == Text("Ngân hàng Sen", "Ngân hàng Sen")
    assert after.scopes == ("openid", "profile", "phone", "address", "vneid")


FAULTS = [
    ("name", ""),
    ("name", "a\u202eb"),
    ("name_en", "pаypal"),
    ("purpose", " "),
    ("redirect_uris", ""),
    ("redirect_uris", "http://bank.example.vn/cb"),
    ("redirect_uris", "https://bank.example.vn/cb\nhttps://bank.example.vn/#x"),
    ("documents", "credential:nothing"),
    ("post_logout_redirect_uris", "javascript:alert(1)"),
    ("backchannel_logout_uri", "ftp://bank.example.vn/"),
    ("frontchannel_logout_uri", "https://other.example.vn/out"),
    ("profile", "bank"),
]


def test_the_field_at_fault_is_named_and_what_was_typed_stays(state: State, officer: Browser) -> None:
    before = kept(state)
    for field, value in FAULTS:
        page = send(officer, f"{HOME}/bank/change", **{field: value})
        assert page.status_code == 422
        assert errors_of(page) == {field}, value
        assert filled(page)[field] == value.strip()
    assert kept(state) == before and not state.journal("client_changed")


def test_two_officers_do_not_undo_one_another(state: State, officer: Browser) -> None:
    page = officer.get(f"{HOME}/bank/change")
    send(officer, f"{HOME}/bank/change", purpose="Mở thẻ cho bạn")
    late = officer.submit(page, **{**filled(page), "name": "Khác"})
    assert late.status_code == 409 and "Khác" in late.text
    after = kept(state)
    assert after is not None and (after.name.vi, after.purpose.vi) == ("Ngân hàng Sen", "Mở thẻ cho bạn")


def test_what_no_page_of_ours_sends(state: State, officer: Browser) -> None:
    page = officer.get(f"{HOME}/bank/change")
    assert officer.submit(page, **{**filled(page), "profile": "none"}).status_code == 400
    page = officer.get(ADD)
    assert officer.submit(page, **{**filled(page), "proves": "nothing"}).status_code == 400
    assert send(officer, f"{HOME}/bank/change", name="a\0b").status_code == 422


# --- a new one, a new secret ------------------------------------------------------------------------------------------

NEW = {"name": "Thư viện", "purpose": "Mượn sách", "redirect_uris": "https://library.example.vn/cb"}


def told(page: TestResponse, id_: str) -> str:
    found = re.search(rf'id="{id_}">([^<]+)<', page.text)
    assert found is not None, page.text
    return found[1]


def test_a_new_one_works_with_the_secret_that_is_shown_once(state: State, officer: Browser) -> None:
    page = officer.get(ADD)
    answer = officer.submit(page, **{**filled(page), **NEW, "scope-profile": "yes"})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    client_id, secret = told(answer, "client-id"), told(answer, "client-secret")
    made = kept(state, client_id)
    assert made is not None and made.secret_hash == token_hash(secret)
    assert (made.name.vi, made.scopes, made.entitled_to_pid) == ("Thư viện", ("openid", "profile"), False)
    (event,) = state.journal("client_added")
    assert (event.client_id, event.details) == (client_id, {"officer": "a-duong"})
    assert secret not in officer.get(f"{HOME}/{client_id}").text and secret not in repr(state.journal())
    again = officer.submit(page, **{**filled(page), **NEW})
    assert again.headers["Location"] == HOME  # the same form once more makes no second one
    assert len(state.journal("client_added")) == 1


def test_a_new_one_without_a_secret(state: State, officer: Browser) -> None:
    for kind in ("key", "public", "native"):
        without_a_secret(state, officer, kind)


def without_a_secret(state: State, officer: Browser, kind: str) -> None:
    key = {**MemorySigner.generate().public.jwk(), "kid": "1"}
    jwks = json.dumps({"keys": [key]}) if kind == "key" else ""
    answer = send(officer, ADD, **NEW, proves=kind, jwks=jwks, profile="bank" if kind == "key" else "agency")
    assert answer.status_code == 303, answer.text
    made = kept(state, answer.headers["Location"].rpartition("/")[2])
    assert made is not None and made.secret_hash is None
    assert made.application_type == ("native" if kind == "native" else "web")
    assert officer.get(f"{answer.headers['Location']}/secret").status_code == 404
    assert 'id="secret"' not in officer.get(answer.headers["Location"]).text


NOT_HELD = [
    ({"name"}, {"name": ""}),
    ({"redirect_uris"}, {"redirect_uris": "here"}),
    ({"jwks"}, {"proves": "key", "jwks": "{"}),
    ({"jwks"}, {"proves": "key", "jwks": ""}),
    ({"profile"}, {"profile": "bank"}),
    ({"name", "jwks"}, {"name": "", "proves": "key", "jwks": "{}", "profile": "bank"}),
]


def test_a_new_one_that_does_not_hold(state: State, officer: Browser) -> None:
    for fields, more in NOT_HELD:
        page = send(officer, ADD, **{**NEW, **more})
        assert page.status_code == 422
        assert errors_of(page) == fields, more
    assert not state.journal("client_added")


def test_the_personal_number_goes_with_the_profile(state: State, officer: Browser) -> None:
    page = send(officer, ADD, **NEW, profile="baseline", entitled="yes")
    assert (page.status_code, errors_of(page)) == (422, {"entitled"})
    assert 'id="entitled" name="entitled" value="yes" checked' in page.text
    page = send(officer, f"{HOME}/bank/change", profile="baseline")
    assert (page.status_code, errors_of(page)) == (422, {"entitled"})
    fields = filled(officer.get(f"{HOME}/bank/change"))
    assert fields.pop("entitled") == "yes"
    answer = officer.submit(officer.get(f"{HOME}/bank/change"), **{**fields, "profile": "baseline"})
    assert answer.status_code == 303
    made = kept(state)
    assert made is not None and (made.profile, made.entitled_to_pid) == ("baseline", False)
    (event,) = state.journal("client_changed")
    assert event.details["members"] == ["entitled_to_pid", "profile"]


def test_the_file_of_a_sector_is_fetched(state: State, officer: Browser) -> None:
    site, uris = Site(), ["https://a.sen.example/cb", "https://b.sen.example/cb"]
    with serving(site.talk) as server:
        sent = {**NEW, "redirect_uris": "\n".join(uris), "sector_identifier_uri": at(server)}
        site.say(uris[:1])
        page = send(officer, ADD, **sent)
        assert (page.status_code, errors_of(page)) == (422, {"sector_identifier_uri"})
        assert at(server) in page.text and not state.journal("client_added")
        site.say(uris)
        assert send(officer, ADD, **sent).status_code == 200
        (event,) = state.journal("client_added")
        change = f"{HOME}/{event.client_id}/change"
        assert send(officer, change, name="Tên khác").status_code == 303
        assert site.served == 2
        more = "\n".join([*uris, "https://c.sen.example/cb"])
        page = send(officer, change, redirect_uris=more)
        assert (page.status_code, errors_of(page)) == (422, {"sector_identifier_uri"})
        site.say(more.split())
        assert send(officer, change, redirect_uris=more).status_code == 303
        made = kept(state, str(event.client_id))
        assert made is not None and len(made.redirect_uris) == 3
    assert errors_of(send(officer, change, sector_identifier_uri="here")) == {"sector_identifier_uri"}


def test_a_new_secret_ends_the_old_one(state: State, officer: Browser) -> None:
    page = officer.get(f"{HOME}/bank/secret")
    answer = officer.submit(page)
    secret = told(answer, "client-secret")
    after = kept(state)
    assert after is not None and after.secret_hash == token_hash(secret)
    assert [event.details["members"] for event in state.journal("client_changed")] == [["client_secret"]]
    assert officer.submit(page).headers["Location"] == f"{HOME}/bank"  # the page loaded again makes no other
    assert kept(state) == after
    assert state.redeem("x").get_json()["error"] == "invalid_client"  # with the old secret


def test_a_new_secret_that_is_a_key_is_sealed(state: State, officer: Browser) -> None:
    state.put(clients=(client("signer", token_endpoint_auth_method=SECRET_JWT, secret_hash=None, secret_sealed="x"),))
    secret = told(officer.submit(officer.get(f"{HOME}/signer/secret")), "client-secret")
    after = kept(state, "signer")
    assert after is not None and after.secret_hash is None
    assert client_secrets.opened(after, state.web.oidc) == secret.encode()


# --- the end of one ---------------------------------------------------------------------------------------------------


def test_removal_says_what_ends_and_ends_it(state: State, officer: Browser) -> None:
    grant = Grant("g", "a-lam", "bank", ("openid",), "openid", NOW, NOW + 9999)
    with state.storage.transaction() as ports:
        ports.consents.record(Consent("a-lam", "bank", ("openid",), NOW))
        ports.grants.open(grant, [Token("t" * 64, "g", "access", NOW + 9999)])
    page = officer.get(f"{HOME}/bank/remove")
    assert "của 1 người" in page.text
    assert kept(state) is not None
    assert officer.submit(page).headers["Location"] == HOME
    assert kept(state) is None
    with state.storage.reading() as ports:
        assert ports.grants.live("t" * 64, "access", now=NOW) is None
        assert not ports.consents.of_account("a-lam")
    (event,) = state.journal("client_removed")
    assert (event.client_id, event.details) == ("bank", {"officer": "a-duong"})
    assert officer.submit(page).status_code == 404  # once
    assert officer.get(f"{HOME}/bank").status_code == 404

"""Refusals that can be sent nowhere: a page with an id, in words a person understands; the cause in the log, under that id."""

import json
import re
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from certs.log import JsonLines
from idp.oidc.pushed import URN
from tests.attacks import answers
from tests.world_idp import CALLBACK, PASSWORD, Browser, State, query

pytestmark = pytest.mark.parametrize("state", ["sqlite"], indirect=True)
EVIL = "https://evil.example/cb"


def consent_page(browser: Browser) -> TestResponse:
    return browser.get(browser.sign_in(browser.ask()).headers["Location"])


REFUSALS: dict[str, tuple[Callable[[Browser], TestResponse], int, str]] = {
    "an unknown client": (lambda at: at.ask(client_id="nobody"), 400, "the client is not known here"),
    "no address": (lambda at: at.ask(redirect_uri=None), 400, "redirect_uri is missing or repeated"),
    "a foreign address": (lambda at: at.ask(redirect_uri=EVIL), 400, "redirect_uri is not one that the client"),
    "by a form": (
        lambda at: at.client.post("/authorize", data=query(redirect_uri=EVIL)),
        400,
        "redirect_uri is not one that the client",
    ),
    "an object that does not hold": (
        lambda at: at.get("/authorize", query_string={"client_id": "bank", "request": "x"}),
        400,
        "redirect_uri is missing or repeated",
    ),
    "a name that was not pushed": (
        lambda at: at.get("/authorize", query_string={"client_id": "bank", "request_uri": f"{URN}x"}),
        400,
        "request_uri is unknown, over, used or another client",
    ),
    "no form": (lambda at: at.client.post("/authorize", json=query()), 415, "a posted request is no form"),
    "no encoding": (
        lambda at: at.get("/authorize?client_id=%ff"),
        400,
        "parameters are not form-encoded UTF-8 of reasonable number",
    ),
    "a step that is over": (lambda at: at.get("/login/x"), 400, "interaction is unknown, expired, done"),
    "a forged form": (
        lambda at: at.client.post("/login/x", data={"identifier": "1", "password": PASSWORD}),
        403,
        "the form has no token of ours",
    ),
    "no decision": (
        lambda at: at.submit(consent_page(at), decision="maybe"),
        400,
        "the form has no decision that there is",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_the_cause_stands_in_the_log_under_the_id_of_the_page(
    state: State, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    act, status, cause = REFUSALS[name]
    page = act(state.browser())
    answers.page(page, status, reflected=("evil", "nobody", CALLBACK))
    (found,) = re.findall(r'id="error-id">([0-9A-F]{8})<', page.text)
    lines = [json.loads(JsonLines("idp").format(one)) for one in caplog.records if one.name == "idp.errors"]
    (line,) = (one for one in lines if one["request"] == found)
    assert line["event"] == "error_page" and line["status"] == status and cause in line["cause"]
    assert cause not in page.text
    assert "evil" not in json.dumps(line)


def test_the_client_is_named_to_the_operator_where_there_is_one(state: State, caplog: pytest.LogCaptureFixture) -> None:
    browser = state.browser()
    browser.ask(redirect_uri=EVIL)
    browser.ask(client_id="n0body")
    told = [json.loads(JsonLines("idp").format(one)) for one in caplog.records if one.name == "idp.errors"]
    assert [one.get("client") for one in told] == ["bank", None]
    assert "n0body" not in caplog.text


def test_it_is_in_both_languages(state: State) -> None:
    vi, en = (state.browser().get(f"/authorize?client_id=nobody&lang={one}").text for one in ("vi", "en"))
    assert "chưa được đăng ký" in vi and "hãy đọc mã lỗi này" in vi
    assert "is not registered" in en and "read out this error id" in en

"""The step of the face: what it opens, for whom, how often, and what hostile pictures get. Spec: Decree 69/2024 Art. 20"""

import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image
from werkzeug import formparser
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from idp.app import create_app
from idp.login.attempts import STEPS
from idp.login.face import PICTURE_BYTES
from idp.registries import portraits
from tests.idp.web.test_more import by_message, essential, token
from tests.pictures import png_claiming
from tests.world_idp import Browser, State, person

DUONG = person()
FREE = STEPS[0][0]
FACE_DIFFERS = "The face was not recognised"


def shot(number: int = 1) -> bytes:
    return portraits.snapshot(DUONG, number)


def stranger() -> bytes:
    return portraits.snapshot(person("p-stranger", sex="male", birth_date="1950"), 1)


def send(browser: Browser, path: str, picture: bytes | None, **changed: Any) -> TestResponse:
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', browser.get(path).text))
    data: dict[str, Any] = {**hidden, **changed}
    if picture is not None:
        data["picture"] = FileStorage(io.BytesIO(picture), "face.webp")
    boundary, body = encode_multipart(data)
    return browser.client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def at_the_face(state: State, *values: str) -> tuple[Browser, str]:
    """Signed in by password, in English, asked for a biometric."""
    browser = state.browser()
    browser.get("/?lang=en")
    after = browser.sign_in(browser.ask(claims=essential(*(values or ("LoA3",)))))
    return browser, after.headers["Location"].removesuffix("/more") + "/face"


def test_a_password_and_a_face_are_level_3(state: State) -> None:
    browser, path = at_the_face(state)
    page = browser.get(path)
    assert page.status_code == 200 and "simulated comparison of drawn faces" in page.text
    told = token(state, browser, send(browser, path, shot()))
    assert (told["acr"], told["amr"]) == ("LoA3", ["face", "pwd", "mfa"])


def test_known_possessed_and_biometric_are_level_4(state: State) -> None:
    browser, path = at_the_face(state, "LoA4")
    more = by_message(state, browser, path.replace("/face", "/more")).headers["Location"]
    told = token(state, browser, send(browser, more.replace("/more", "/face"), shot()))
    assert (told["acr"], told["amr"]) == ("LoA4", ["face", "pwd", "sms", "mfa"])


def test_a_message_and_a_face_are_level_3(state: State) -> None:
    """Nothing known was shown: two different factors, one of them a biometric."""
    browser = state.browser()
    begun = browser.ask(claims=essential("LoA3")).headers["Location"]
    sent = browser.submit(browser.get(f"{begun}/code/message"), identifier=DUONG.pid)
    code = re.findall(r"@localhost #([0-9]{6})", state.browser().get("/simulation/messages").text)[0]
    more = browser.submit(browser.get(sent.headers["Location"]), code=code).headers["Location"]
    told = token(state, browser, send(browser, more.replace("/more", "/face"), shot()))
    assert (told["acr"], told["amr"]) == ("LoA3", ["face", "sms", "mfa"])


def test_it_is_never_the_first_step(state: State) -> None:
    browser = state.browser()
    begun = browser.ask().headers["Location"]
    browser.get(begun)
    assert browser.get(f"{begun}/face").status_code == 404
    token_field = dict(re.findall(r'name="(form_token)" value="([^"]*)"', browser.get(begun).text))
    assert send(browser, f"{begun}/face", shot(), **token_field).status_code in (403, 404)
    assert not state.journal("signed_in")


@pytest.mark.parametrize("which", ["stranger", "reference"])
def test_another_face_and_the_register_s_own_picture_are_answered_alike(state: State, which: str) -> None:
    browser, path = at_the_face(state)
    refused = send(browser, path, stranger() if which == "stranger" else portraits.portrait(DUONG))
    assert refused.status_code == 422 and FACE_DIFFERS in refused.text
    (event,) = state.journal("sign_in_refused")
    assert event.details == {"reason": "face_differs" if which == "stranger" else "face_replay"}
    assert not state.journal("level_raised")


def test_the_very_same_picture_works_once(state: State) -> None:
    browser, path = at_the_face(state)
    assert send(browser, path, shot()).status_code == 303
    other, again = at_the_face(state)
    refused = send(other, again, shot())
    assert refused.status_code == 422 and FACE_DIFFERS in refused.text
    assert send(other, again, shot(2)).status_code == 303


def test_tries_are_counted_before_the_picture_is_opened(state: State) -> None:
    browser, path = at_the_face(state)
    for _ in range(FREE + 1):
        assert send(browser, path, stranger()).status_code == 422
    limited = send(browser, path, shot())
    assert limited.status_code == 429 and limited.headers["Retry-After"]
    other, elsewhere = at_the_face(state)  # a new log-in, and another way of adding: the count is the person's
    assert send(other, elsewhere, shot()).status_code == 429
    state.wait(STEPS[1][1] + 1)
    assert send(browser, path, shot()).status_code == 303


def noise() -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (64, 64), bytes(range(256)) * 48).save(out, "PNG")
    return out.getvalue()


HOSTILE = {
    "empty": (b"", "Take or choose a picture"),
    "text": (b"not a picture at all", "no picture that can be read"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "no picture that can be read"),
    "cut off": (shot()[:900], "no picture that can be read"),
    "bomb": (png_claiming(60_000, 60_000), "too large"),
    "tiny": (noise(), "too small"),
    "heavy": (b"\x89PNG\r\n\x1a\n" + b"\0" * PICTURE_BYTES, "too large"),
    "zeros": (b"\0" * 100_000, "no picture that can be read"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_get_a_sentence(state: State, name: str) -> None:
    data, sentence = HOSTILE[name]
    browser, path = at_the_face(state)
    refused = send(browser, path, data)
    assert refused.status_code == 422, refused.text
    assert sentence in refused.text and 'href="#picture"' in refused.text


def test_bodies_have_a_bound_of_their_own(state: State) -> None:
    browser, path = at_the_face(state)
    assert send(browser, path, b"\0" * (PICTURE_BYTES + 300 * 1024)).status_code == 413
    step = path.rpartition("/")[0]
    assert browser.client.post(f"{step}/code/app", data=b"x" * 300_000).status_code == 413  # the general one stays


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"form_token=x", "application/x-www-form-urlencoded", 415),
        (b"anything", "multipart/form-data", 400),
        (b"anything", "multipart/form-data; boundary=b", 400),
        (
            b"".join(b'--b\r\nContent-Disposition: form-data; name="picture"\r\n\r\nx\r\n' for _ in range(2))
            + b"--b--",
            "multipart/form-data; boundary=b",
            400,
        ),
        (
            b"".join(b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n for n in range(50))
            + b"--b--",
            "multipart/form-data; boundary=b",
            413,
        ),
    ],
)
def test_malformed_forms(state: State, body: bytes, kind: str, status: int) -> None:
    browser, path = at_the_face(state)
    assert browser.client.post(path, data=body, content_type=kind).status_code == status


def test_a_forged_form_is_refused(state: State) -> None:
    browser, path = at_the_face(state)
    assert send(browser, path, shot(), form_token="0" * 64).status_code == 403
    assert not state.journal("level_raised")


def test_the_picture_stays_nowhere(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not on a disk either, however large it is."""
    monkeypatch.delattr(formparser, "SpooledTemporaryFile")  # who would write to a disk fails
    browser, path = at_the_face(state)
    out = io.BytesIO()
    Image.open(io.BytesIO(shot())).resize((960, 1280)).save(out, "PNG", compress_level=0)
    assert len(out.getvalue()) > 3_000_000
    assert send(browser, path, out.getvalue()).status_code == 303
    written = json.dumps([event.details for event in state.journal()])
    assert "RIFF" not in written and "score" not in written


def test_in_a_recovery_nobody_and_somebody_are_answered_alike(state: State) -> None:
    answers = []
    for who in (DUONG.pid, "999000000000"):
        browser = state.browser()
        browser.get("/?lang=en")
        gather = browser.submit(browser.get("/recover"), identifier=who).headers["Location"]
        step = gather.rpartition("/")[2]
        refused = send(browser, f"/login/{step}/face", stranger())
        answers.append((refused.status_code, FACE_DIFFERS in refused.text))
        if who == DUONG.pid:
            further = send(browser, f"/login/{step}/face", shot())
            assert further.status_code == 303 and further.headers["Location"].startswith("/recover/")
    assert answers[0] == answers[1] == (422, True)


def test_only_in_a_simulation(state: State) -> None:
    config = replace(state.web.config, simulation=False, issuer="https://id.example.vn")
    elsewhere = State(create_app(config, clock=lambda: state.clock[0]), state.clock)
    assert not {"face.page", "faces.page", "register.page"} & set(elsewhere.app.view_functions)
    client, base = elsewhere.app.test_client(), "https://id.example.vn"
    assert client.get("/", base_url=base).status_code == 200
    begun = client.get("/sign-in", base_url=base).headers["Location"]
    assert client.get(begun, base_url=base).status_code == 200  # a page of log-in links to nothing that is not there
    elsewhere.close()


def test_the_simulated_camera(state: State) -> None:
    app_browser = Browser(state.app.test_client())
    app_browser.get("/?lang=en")
    page = app_browser.get("/simulation/faces")
    assert page.status_code == 200 and "drawings of nobody" in page.text
    pictures = {
        re.search(r'src="(data:image/webp;base64,[^"]+)"', app_browser.submit(page, pid=DUONG.pid).text)[1]  # type: ignore[index]
        for _ in range(2)
    }
    assert len(pictures) == 2  # never the same one
    nobody = app_browser.submit(page, pid="999000000000")
    assert nobody.status_code == 422 and "No fictional person" in nobody.text

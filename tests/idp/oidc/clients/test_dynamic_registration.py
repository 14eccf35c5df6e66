"""Applications that register themselves: who may, as what, what they are told, and how they read, change and remove it."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from idp.config import Config, UnsafeConfiguration
from idp.oidc.clients import client_changes
from idp.oidc.clients.client_changes import Change, Desk
from idp.oidc.clients.dynamic_registration import FLOOD
from idp.oidc.clients.registration_terms import MAX_METADATA
from idp.oidc.context import Admits
from idp.oidc.profiles import METHODS, PROFILES, SECRET_ALGORITHMS
from tests.certs.servers import serving
from tests.idp.oidc.registering import (
    KEPT_BACK,
    TOKEN,
    Site,
    as_sent,
    at,
    offer,
    own,
    post,
    refused,
    registered,
)
from tests.world_idp import ISSUER, State, answer_of, basic, build, reopen


@pytest.fixture
def open_state(tmp_path: Path) -> Iterator[State]:
    build(tmp_path).close()
    state = reopen(tmp_path, registration=Admits.EVERYBODY)
    yield state
    state.close()


def test_without_a_token_nobody_registers(state: State) -> None:
    answer = post(state)
    refused(answer, "invalid_token", 401)
    assert answer.headers["WWW-Authenticate"] == f'Bearer realm="{ISSUER}"'  # RFC 6750 §3.1: no token, no error
    unknown = post(state, "x" * 43)
    refused(unknown, "invalid_token", 401)
    assert unknown.headers["WWW-Authenticate"].endswith(', error="invalid_token"')
    refused(post(state, ""), "invalid_token", 401)


def test_a_token_says_as_what_and_is_used_up(state: State) -> None:
    offer(state)
    told = registered(state, TOKEN, scope="openid profile vneid", profile="baseline", entitled_to_pid=True)
    assert told["scope"] == "openid profile"  # RFC 7591 §3.2.1: replaced, and told
    with state.storage.reading() as ports:
        client = ports.clients.get(told["client_id"])
    assert client is not None
    assert (client.profile, client.entitled_to_pid, client.scopes) == ("agency", False, ("openid", "profile"))
    refused(post(state, TOKEN), "invalid_token", 401)
    (event,) = state.journal("client_added")
    assert (event.client_id, event.details) == (told["client_id"], {"by": "itself", "initial_token": "Lotus"})


def test_a_token_ends(state: State) -> None:
    offer(state, expires=state.clock[0] + 10)
    state.wait(10)
    refused(post(state, TOKEN), "invalid_token", 401)


def test_a_refused_registration_uses_nothing_up(state: State) -> None:
    offer(state)
    refused(post(state, TOKEN, redirect_uris=["http://sen.example/cb"]), "invalid_redirect_uri")
    assert registered(state, TOKEN)


def test_of_many_at_once_no_more_register_than_the_token_says(state: State) -> None:
    offer(state, uses=2)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(state, TOKEN).status_code, range(8)))
    assert sorted(answers) == [201] * 2 + [401] * 6
    assert len(state.journal("client_added")) == 2


def test_a_registered_client_signs_people_in(open_state: State) -> None:
    told = registered(open_state, client_name="Sen", scope="openid profile")
    secret = basic(told["client_id"], told["client_secret"])
    code = open_state.browser().code(client_id=told["client_id"], redirect_uri="https://sen.example/cb")
    tokens = open_state.redeem(code, secret, redirect_uri="https://sen.example/cb").get_json()
    claims = open_state.id_token(tokens["id_token"], told["client_id"])
    assert claims["sub"] != "999203001234"  # never the number of a person, where everybody may register
    assert own(open_state, told, "DELETE").status_code == 204
    assert open_state.userinfo(tokens["access_token"]).status_code == 401


def test_what_is_told(open_state: State) -> None:
    told = registered(open_state, contacts=["it@sen.example"], software_id="sen", client_uri="https://sen.example/")
    assert told["client_secret_expires_at"] == 0 and len(told["client_secret"]) == 43
    assert told["client_id_issued_at"] == open_state.clock[0]
    assert told["registration_client_uri"] == f"{ISSUER}/register-client/{told['client_id']}"
    assert (told["token_endpoint_auth_method"], told["grant_types"]) == ("client_secret_basic", ["authorization_code"])
    assert (told["contacts"], told["software_id"]) == (["it@sen.example"], "sen")
    assert told["client_uri"] == "https://sen.example/"


def test_a_public_client_gets_no_secret(open_state: State) -> None:
    told = registered(
        open_state,
        application_type="native",
        token_endpoint_auth_method="none",
        redirect_uris=["http://127.0.0.1/cb", "vn.sen.app:/cb"],
    )
    assert "client_secret" not in told and "client_secret_expires_at" not in told


def test_no_secret_is_kept_as_it_is(open_state: State) -> None:
    told = [
        registered(open_state, token_endpoint_auth_method=name) for name in ("client_secret_post", "client_secret_jwt")
    ]
    path = open_state.web.config.data
    kept = b"".join(file.read_bytes() for file in path.glob("idp.sqlite*"))
    for one in told:
        assert one["client_id"].encode() in kept
        for name in ("client_secret", "registration_access_token"):
            assert one[name].encode() not in kept


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ({"client_name": "Lotus"}, ("Lotus", None)),
        ({"client_name": "Lotus", "client_name#vi": "Sen"}, ("Sen", "Lotus")),
        ({"client_name": "Sen", "client_name#en-GB": "Lotus"}, ("Sen", "Lotus")),
        ({"client_name": None, "client_name#VI-vn": "Sen", "client_name#en": "Lotus"}, ("Sen", "Lotus")),
        ({"client_name": None, "client_name#en": "Lotus"}, ("Lotus", None)),
        ({"client_name": "Sen", "client_name#ja-Hani-JP": "蓮"}, ("Sen", None)),
        ({"client_name": None}, ("sen.example", None)),
    ],
)
def test_names_in_languages(open_state: State, sent: dict[str, Any], name: tuple[str, str | None]) -> None:
    told = registered(open_state, **sent)
    assert (told["client_name"], told.get("client_name#en")) == name


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"response_types": ["code", "id_token", "code id_token"]}, {"response_types": ["code"]}),
        ({"grant_types": ["authorization_code", "implicit"]}, {"grant_types": ["authorization_code"]}),
        (
            {"grant_types": ["authorization_code", "refresh_token"]},
            {"grant_types": ["authorization_code", "refresh_token"]},
        ),
        ({"scope": "openid email unheard_of vneid"}, {"scope": "openid email"}),
        ({"scope": None}, {"scope": "openid profile email phone address offline_access"}),
        ({"subject_type": "public"}, {"subject_type": "pairwise"}),
        (
            {"policy_uri#vi": "https://sen.example/vi", "policy_uri#fr": "x"},
            {"policy_uri#vi": "https://sen.example/vi"},
        ),
    ],
)
def test_what_is_replaced_is_told(open_state: State, sent: dict[str, Any], told: dict[str, Any]) -> None:
    answer = registered(open_state, **sent)
    assert {name: answer[name] for name in told} == told


def test_what_nobody_knows_and_what_only_the_state_decides_is_left_out(open_state: State) -> None:
    more = {
        "protected_resources": ["https://other.example/"],
        "client_credentials_scope": "x",
        "resources": ["https://a.example"],
    }
    told = registered(open_state, **more, unheard_of={"a": [1]}, sector="bank.example.vn", secret_hash="0" * 64)
    assert not {*more, "unheard_of", "sector", "secret_hash"} & set(told)
    with open_state.storage.reading() as ports:
        kept = ports.clients.get(told["client_id"])
    assert kept is not None and not {*more, "sector"} & set(kept.metadata)


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({"redirect_uris": None}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://sen.example/cb#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://sen.example/cb"}, None),
        ({"software_statement": "eyJhbGciOiJub25lIn0.e30."}, "unapproved_software_statement"),
        ({"response_types": ["token"]}, None),
        ({"grant_types": ["password"]}, None),
        ({"grant_types": "authorization_code"}, None),
        ({"scope": ["openid"]}, None),
        ({"token_endpoint_auth_method": "tls_client_auth"}, None),
        ({"token_endpoint_auth_method": 5}, None),
        ({"token_endpoint_auth_method": "private_key_jwt"}, None),  # without a key
        ({"id_token_signed_response_alg": "none"}, None),
        ({"id_token_signed_response_alg": "HS256"}, None),
        ({"request_object_signing_alg": "none"}, None),
        ({"application_type": "desktop"}, None),
        ({"client_name": "  "}, None),
        ({"client_name": "Sen\u202eneS"}, None),
        ({"client_name": {"vi": "Sen"}}, None),
        ({"contacts": ["not an address"]}, None),
        ({"contacts": "it@sen.example"}, None),
        ({"default_max_age": "300"}, None),
        ({"initiate_login_uri": "http://sen.example/login"}, None),
        ({"jwks": {"keys": []}, "jwks_uri": "https://sen.example/jwks"}, None),
        ({"software_version": ""}, None),
    ],
)
def test_refused(open_state: State, sent: dict[str, Any], error: str | None) -> None:
    refused(post(open_state, **sent), error or "invalid_client_metadata")
    assert not open_state.journal("client_added")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b'"x"', b'{"client_name":"\\ud800"}'])
def test_bodies_that_are_no_object(open_state: State, body: bytes) -> None:
    refused(open_state.app.test_client().post("/register-client", data=body, content_type="application/json"))


def test_what_is_registered_is_of_bounded_size(open_state: State) -> None:
    """Each request of a client reads all of it: ten keys of ours have six thousand bytes, those of a stranger as many as it likes."""
    key = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "a"}
    refused(post(open_state, jwks={"keys": [{**key, "x5c": ["A" * MAX_METADATA]}]}))
    assert registered(open_state, jwks={"keys": [{**key, "x5c": ["A" * 4096]}]})


def test_a_form_is_no_registration(open_state: State) -> None:
    refused(open_state.app.test_client().post("/register-client", data={"client_name": "x"}))


def test_reading_tells_the_same_but_for_the_secret(open_state: State) -> None:
    told = registered(open_state)
    answer = own(open_state, told)
    assert answer.status_code == 200
    assert answer.get_json() == {name: value for name, value in told.items() if name != "client_secret"}


def test_an_update_replaces_all_of_it_and_the_token(open_state: State) -> None:
    first = registered(open_state, contacts=["it@sen.example"], logo_uri="https://sen.example/logo.png")
    sent = as_sent(first, contacts=None, client_name="Sen mới", client_secret=first["client_secret"])
    second = own(open_state, first, "PUT", json=sent).get_json()
    assert second["client_name"] == "Sen mới" and second["logo_uri"] == "https://sen.example/logo.png"
    assert "contacts" not in second and "client_secret" not in second
    assert second["registration_access_token"] != first["registration_access_token"]
    assert (second["client_id"], second["client_id_issued_at"]) == (first["client_id"], first["client_id_issued_at"])
    (event,) = open_state.journal("client_changed")
    assert event.details == {"by": "itself", "members": ["client_name", "contacts"]}


def test_the_old_token_lasts_until_the_new_one_is_used(open_state: State) -> None:
    first = registered(open_state)
    lost = own(open_state, first, "PUT", json=as_sent(first)).get_json()
    second = own(open_state, first, "PUT", json=as_sent(first)).get_json()  # the answer before was lost
    refused(own(open_state, lost), "invalid_token", 401)
    assert own(open_state, second).status_code == 200
    refused(own(open_state, first), "invalid_token", 401)


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": None},
        {"client_id": "bank"},
        {"client_secret": "another"},
        {"client_secret": 5},
        *({name: "x"} for name in KEPT_BACK),
        {"redirect_uris": ["https://sen.example/cb"], "jwks_uri": "file:///etc/passwd"},
        {"token_endpoint_auth_method": "tls_client_auth"},
    ],
)
def test_updates_that_are_refused_change_nothing(open_state: State, changed: dict[str, Any]) -> None:
    told = registered(open_state)
    refused(own(open_state, told, "PUT", json=as_sent(told, **changed)))
    assert own(open_state, told).get_json()["client_name"] == "Sen"
    assert not open_state.journal("client_changed")


def test_an_update_asks_for_no_more_than_the_token_gave(state: State) -> None:
    offer(state)
    told = registered(state, TOKEN)
    after = own(state, told, "PUT", json=as_sent(told, scope="openid profile vneid email")).get_json()
    assert after["scope"] == "openid profile"


def test_an_update_takes_nothing_back_that_the_staff_decided(state: State) -> None:
    offer(state, scopes=("openid", "profile", "email"))
    told = registered(state, TOKEN)
    desk = Desk(by={"by": "staff"}, now=state.clock[0], simulation=True)
    given = {"resources": ["https://api.example/"], "protected_resources": ["https://own.example/"]}
    with state.storage.transaction() as ports:
        narrower = Change(members={"scope": "openid profile", **given})
        assert client_changes.change(ports, told["client_id"], narrower, desk) is not None
    after = own(state, told, "PUT", json=as_sent(told, resources=["https://mine.example/"])).get_json()
    assert after["scope"] == "openid profile"
    assert {name: after[name] for name in given} == given


@pytest.mark.parametrize(
    ("changed", "asked_again"),
    [
        ({"redirect_uris": ["https://sen.example/cb", "https://elsewhere.example/cb"]}, True),
        ({"redirect_uris": ["https://sen.example:8443/cb"]}, True),
        ({"client_name": "Ngân hàng"}, True),
        ({"purpose": "x"}, True),
        ({"redirect_uris": ["https://sen.example/other"], "contacts": ["it@sen.example"]}, False),
    ],
)
def test_who_becomes_another_is_allowed_nothing(state: State, changed: dict[str, Any], asked_again: bool) -> None:
    """Else the token of a registration would be worth the consent of all who ever gave it, and nobody would see a page."""
    offer(state, entitled_to_pid=True, scopes=("openid", "profile", "offline_access"))
    told = registered(state, TOKEN, grant_types=["authorization_code", "refresh_token"])
    secret, browser = basic(told["client_id"], told["client_secret"]), state.browser()
    walk = {"client_id": told["client_id"], "redirect_uri": told["redirect_uris"][0], "scope": "openid offline_access"}
    tokens = state.redeem(browser.code(**walk), secret, redirect_uri=walk["redirect_uri"]).get_json()
    elsewhere = {"sector_identifier_uri": None, "subject_type": None, **changed}
    after = own(state, told, "PUT", json=as_sent(told, **elsewhere)).get_json()
    again = browser.ask(**{**walk, "redirect_uri": after["redirect_uris"][-1]}, prompt="none")
    assert answer_of(again).get("error") == ("consent_required" if asked_again else None)
    refreshed = state.token({"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}, secret)
    assert (refreshed.status_code == 400) is asked_again
    (event,) = state.journal("client_changed")
    assert event.details.get("consents_ended") == (1 if asked_again else None)


def test_another_way_of_authentication_brings_another_secret(open_state: State) -> None:
    told = registered(open_state)
    keyed = own(open_state, told, "PUT", json=as_sent(told, token_endpoint_auth_method="client_secret_jwt")).get_json()
    assert len(keyed["client_secret"]) >= 64
    public = own(open_state, keyed, "PUT", json=as_sent(keyed, token_endpoint_auth_method="none")).get_json()
    assert "client_secret" not in public
    posted = as_sent(public, token_endpoint_auth_method="client_secret_post")
    again = own(open_state, public, "PUT", json=posted).get_json()
    assert len(again["client_secret"]) == 43


def test_a_removed_client_is_gone_with_its_token(open_state: State) -> None:
    told = registered(open_state)
    assert own(open_state, told, "DELETE").status_code == 204
    for method in ("GET", "PUT", "DELETE"):
        refused(own(open_state, told, method, json=as_sent(told)), "invalid_token", 401)
    assert [event.client_id for event in open_state.journal("client_removed")] == [told["client_id"]]


def test_a_token_is_for_its_own_client_alone(open_state: State) -> None:
    """Canaille before 0.3.6 took any registration token for any client."""
    one, other = registered(open_state), registered(open_state)
    for method in ("GET", "PUT", "DELETE"):
        answer = own(open_state, other, method, token=one["registration_access_token"], json=as_sent(other))
        refused(answer, "invalid_token", 401)
    bank = {**one, "registration_client_uri": f"{ISSUER}/register-client/bank"}
    refused(own(open_state, bank, "DELETE"), "invalid_token", 401)
    assert own(open_state, other).status_code == 200


def test_an_initial_token_opens_nobody_s_registration(state: State) -> None:
    offer(state, uses=5)
    told = registered(state, TOKEN)
    refused(own(state, told, token=TOKEN), "invalid_token", 401)
    refused(post(state, told["registration_access_token"]), "invalid_token", 401)


def test_registrations_from_one_network_are_bounded(open_state: State) -> None:
    most = FLOOD.steps[0][0]
    for _ in range(most + 1):
        refused(post(open_state, redirect_uris=[]), "invalid_redirect_uri")
    answer = post(open_state)
    refused(answer, "temporarily_unavailable", 429)
    assert int(answer.headers["Retry-After"]) == FLOOD.kept
    open_state.wait(FLOOD.kept)
    assert registered(open_state)


def test_discovery_and_routes_follow_the_setting(tmp_path: Path) -> None:
    build(tmp_path).close()
    for admits, there in ((Admits.NOBODY, False), (Admits.TOKENS, True), (Admits.EVERYBODY, True)):
        state = reopen(tmp_path, registration=admits)
        told = state.app.test_client().get("/.well-known/openid-configuration").get_json()
        assert told.get("registration_endpoint") == (f"{ISSUER}/register-client" if there else None)
        assert (post(state).status_code == 404) is not there
        state.close()


def test_everybody_registers_in_a_simulation_alone(tmp_path: Path) -> None:
    with pytest.raises(UnsafeConfiguration):
        Config(
            issuer="https://id.example.vn",
            data=tmp_path,
            database_url="sqlite://",
            simulation=False,
            registration=Admits.EVERYBODY,
        )


def test_the_sector_s_file_lists_every_redirect_uri(open_state: State) -> None:
    site, uris = Site(), ["https://a.sen.example/cb", "https://b.sen.example/cb"]
    with serving(site.talk) as server:
        sent = {"redirect_uris": uris, "sector_identifier_uri": at(server)}
        for wrong in (uris[:1], {"redirect_uris": uris}, "x", [1, None], []):
            site.say(wrong)
            refused(post(open_state, **sent))
        for raw in (b"", b"\xff", json.dumps(uris).encode() + b" " * 70_000):
            site.body = raw
            refused(post(open_state, **sent))
        site.say([*uris, "https://c.sen.example/cb"])
        assert registered(open_state, **sent)["sector_identifier_uri"] == at(server)
        site.status = "404 Not Found"
        refused(post(open_state, **sent))
    refused(post(open_state, **sent))
    refused(post(open_state, redirect_uris=uris))  # of two hosts, with nobody who says that they belong together


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("method", METHODS)
def test_each_profile_has_its_methods(state: State, profile: str, method: str) -> None:
    offer(state, profile=profile)
    key = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "a"}
    sent = {"jwks": {"keys": [key]}} if method == "private_key_jwt" else {}
    answer = post(state, TOKEN, token_endpoint_auth_method=method, **sent)
    assert (answer.status_code == 201) is (method in PROFILES[profile].methods), answer.text


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("alg", [*SECRET_ALGORITHMS, "ES256", "none"])
def test_each_profile_has_its_algorithms_of_secrets(state: State, profile: str, alg: str) -> None:
    offer(state, profile=profile)
    sent = {"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": alg}
    assert (post(state, TOKEN, **sent).status_code == 201) is (alg in PROFILES[profile].secret_algorithms)

"""Reading a reader's request: what is taken, what is refused before anybody is asked, and what the reader is told of it.

Spec: OpenID4VP 1.0 §5, §8.5; attacks of a verifier that lies about itself, asks too much, or answers elsewhere.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from certs.encoding import b64url_encode, json_encode
from certs.fetch import Fetcher, FetchError, Response
from certs.keys import MemorySigner
from certs.trust import Reader, Right, TrustStore
from certs.x509 import Usage
from tests.wallet.issuer import IssuerDesk
from tests.wallet.reader import ANSWER, FORMATS, MAY, MDOC, NAME, NONCE, SD_JWT, VCT, ReaderDesk, listed, query
from tests.world import DAY, World
from wallet import requests
from wallet.errors import WalletError
from wallet.requests import Refused, Request, fetch, read, read_link

MALFORMED, UNTRUSTED = "reader_malformed", "reader_untrusted"


@pytest.fixture
def reader(world: World, desk: IssuerDesk) -> ReaderDesk:
    return ReaderDesk(world, desk)


def take(reader: ReaderDesk, token: str | None = None, **how: Any) -> Request:
    stated: dict[str, Any] = {
        "client_id": reader.client_id,
        "wallet_nonce": None,
        "trust": reader.world.open_bundle().trust,
        "simulation": False,
        "now": reader.world.now,
        **how,
    }
    return read(reader.token() if token is None else token, **stated)


def refused(reader: ReaderDesk, code: str, token: str | None = None, **how: Any) -> WalletError:
    with pytest.raises(WalletError) as caught:
        take(reader, token, **how)
    assert caught.value.code == code, caught.value
    return caught.value


def told(reader: ReaderDesk, error: str, code: str = MALFORMED, **changes: Any) -> Refused:
    """Refused, and the reader is told so at the address where its answers go."""
    caught = refused(reader, code, reader.token(**changes))
    assert isinstance(caught, Refused) and caught.error == error
    assert caught.reply.address == ANSWER
    return caught


# --- who asks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", [0, 1])
def test_a_reader_of_the_trust_list_is_known_by_either_name(reader: ReaderDesk, prefix: int) -> None:
    reader.prefix = prefix
    request = take(reader)
    assert request.client_id.startswith(("x509_hash:", "x509_san_dns:")[prefix])
    assert (request.reader.name, request.reader.organisation) == (NAME, "bank")
    assert (request.nonce, request.reply.address, request.reply.state) == (NONCE, ANSWER, "state-1")
    assert request.encryption is None


def test_the_name_is_the_lists_whatever_the_reader_says(reader: ReaderDesk) -> None:
    metadata = {**reader.claims()["client_metadata"], "client_name": "Ministry of Everything"}
    assert take(reader, reader.token(client_metadata=metadata)).reader.name == NAME


def test_a_reader_that_is_not_on_the_list(reader: ReaderDesk) -> None:
    reader.world.readers = ()
    assert "issuer_untrusted" in refused(reader, UNTRUSTED).detail


@pytest.mark.parametrize("change", [{"until": -1}, {"since": 1}])
def test_a_reader_whose_right_is_over_or_has_not_begun(reader: ReaderDesk, change: dict[str, int]) -> None:
    times = {name: reader.world.now + by for name, by in change.items()}
    reader.world.readers = (listed(reader.desk, **times),)
    refused(reader, UNTRUSTED)


def test_an_expired_certificate_of_a_reader(reader: ReaderDesk) -> None:
    reader.desk = reader.world.desk("bank", Usage.READER, starts=-300, days=299)
    reader.world.readers = (listed(reader.desk),)
    assert "cert_expired" in refused(reader, UNTRUSTED).detail


def test_a_certificate_that_was_made_for_something_else_or_by_somebody_else(reader: ReaderDesk) -> None:
    right = reader.desk
    reader.desk = World().desk("bank", Usage.READER)  # another nation's root
    reader.world.readers = (listed(right), listed(reader.desk, organisation="other"))
    refused(reader, UNTRUSTED)
    reader.desk = reader.world.issuers["transport"]
    reader.world.readers = (listed(reader.desk),)
    assert "cert_usage" in refused(reader, UNTRUSTED).detail


def test_signed_by_a_key_that_is_not_the_certificates(reader: ReaderDesk) -> None:
    assert "signature_invalid" in refused(reader, UNTRUSTED, reader.token(signer=MemorySigner.generate())).detail


@pytest.mark.parametrize("typ", ["jwt", "JWT", "kb+jwt", "oauth-authz-req", ""])
def test_any_other_type_of_token(reader: ReaderDesk, typ: str) -> None:
    assert "type_mismatch" in refused(reader, UNTRUSTED, reader.token(typ=typ)).detail


@pytest.mark.parametrize("alg", ["none", "HS256", "RS256"])
def test_no_signature_or_another_algorithm(reader: ReaderDesk, alg: str) -> None:
    header, payload, signature = reader.token().split(".")
    members = json.loads(base64.urlsafe_b64decode(header + "=="))
    forged = b64url_encode(json_encode({**members, "alg": alg}))
    for token in (f"{forged}.{payload}.{signature}", f"{forged}.{payload}."):
        assert "alg_not_allowed" in refused(reader, UNTRUSTED, token).detail


def test_not_one_certificate(reader: ReaderDesk) -> None:
    header, payload, signature = reader.token().split(".")
    members = json.loads(base64.urlsafe_b64decode(header + "=="))
    root = base64.b64encode(b"not a certificate").decode()
    for x5c in (None, [], "text", [1], [*members["x5c"], root], [root], ["%%%"]):
        forged = b64url_encode(json_encode({**members, "x5c": x5c}))
        refused(reader, UNTRUSTED, f"{forged}.{payload}.{signature}")


def test_vp_04_a_name_that_is_not_in_the_certificate(reader: ReaderDesk) -> None:
    """x509_san_dns with another host, x509_hash of another certificate, prefixes that nobody can sign for."""
    for lie in (
        "x509_san_dns:tax.example",
        "x509_san_dns:bank.example.evil",
        "x509_hash:AAAA",
        "x509_san_dns:",
        "bank",
    ):
        refused(reader, UNTRUSTED, reader.token(client_id=lie), client_id=lie)
    other = reader.token(client_id="x509_san_dns:bank.example")  # its own, but another than in the link
    assert "differ" in refused(reader, UNTRUSTED, other).detail
    for lie in (
        f"redirect_uri:{ANSWER}",
        "origin:https://bank.example",
        "decentralized_identifier:did:a:b",
        "bank",
        "",
    ):
        with pytest.raises(WalletError) as caught:
            read_link(f"openid4vp://?client_id={lie}&request_uri=https%3A%2F%2Fbank.example")
        assert caught.value.code == UNTRUSTED


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": None},
        {"aud": "https://elsewhere.example"},
        {"exp": 1},
        {"iat": 99_999_999_999},
        {"nbf": 99_999_999_999},
        {"exp": "soon"},
    ],
)
def test_for_somebody_else_or_at_another_time(reader: ReaderDesk, changes: dict[str, Any]) -> None:
    refused(reader, UNTRUSTED, reader.token(**changes))


def test_the_wallets_nonce_comes_back_or_the_request_is_an_old_one(reader: ReaderDesk) -> None:
    take(reader, reader.token(wallet_nonce="ours"), wallet_nonce="ours")
    for lie in (None, "theirs", 1):
        refused(reader, UNTRUSTED, reader.token(wallet_nonce=lie), wallet_nonce="ours")


# --- where answers go -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        None,
        1,
        "",
        "https://evil.example/answers",
        "https://bank.example.evil.example/answers",
        "https://bank.example@evil.example/answers",
        "https://bank.example:443@evil.example/",
        "https://evil.example\\@bank.example/",
        "http://bank.example/answers",
        "ftp://bank.example/answers",
        "javascript:alert(1)//bank.example",
        "//bank.example/answers",
        "https://bank.example:99999999/",
        "https://bánk.example/",
        "https://bank.example/" + "a" * 3_000,
        "https://bank.example/\n",
        "http://localhost:5000/answers",
    ],
)
def test_an_answer_goes_to_a_host_of_the_certificate_alone(reader: ReaderDesk, address: object) -> None:
    for prefix in (0, 1):
        reader.prefix = prefix
        caught = refused(reader, UNTRUSTED, reader.token(response_uri=address))
        assert not isinstance(caught, Refused), "told something at an address that is not the reader's"


def test_plain_http_is_taken_on_this_machine_in_a_simulation_alone() -> None:
    assert requests.is_address("http://localhost:5002/answers", ("localhost",), simulation=True)
    assert not requests.is_address("http://localhost:5002/answers", ("localhost",), simulation=False)
    assert not requests.is_address("http://bank.example/answers", ("bank.example",), simulation=True)


# --- what is asked, and how -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"response_mode": None},
        {"response_mode": "fragment"},
        {"response_mode": "direct_post.jwt"},  # without a key
        {"response_mode": ["direct_post"]},
        {"response_type": None},
        {"response_type": "code"},
        {"response_type": "vp_token id_token"},
        {"redirect_uri": "https://bank.example/back"},
        {"nonce": None},
        {"nonce": "short"},
        {"nonce": "with space and more of it"},
        {"nonce": "n" * 1_000},
        {"nonce": 1234567890123456},
        {"state": "with space"},
        {"state": 1},
        {"state": "s" * 1_000},
        {"scope": "openid"},
        {"dcql_query": None},
        {"dcql_query": "{}"},
        {"dcql_query": {"credentials": []}},
        {"dcql_query": {"credentials": [SD_JWT] * 17}},
    ],
)
def test_vp_02_vp_08_a_request_that_is_wrong_is_refused_and_its_reader_told(
    reader: ReaderDesk, changes: dict[str, Any]
) -> None:
    told(reader, "invalid_request", **changes)


def test_vp_05_transaction_data_is_refused_as_we_know_no_type_of_it(reader: ReaderDesk) -> None:
    data = [b64url_encode(json_encode({"type": "payment", "credential_ids": ["licence"]}))]
    for value in (data, [], "text"):
        told(reader, "invalid_transaction_data", "reader_unsupported", transaction_data=value)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {},
        [],
        {"vp_formats_supported": {}},
        {"vp_formats_supported": {"jwt_vc_json": {"alg_values": ["ES256"]}}},
        {"vp_formats_supported": {"mso_mdoc": {}}},
        {"vp_formats_supported": {"dc+sd-jwt": {"sd-jwt_alg_values": ["ES384"]}}},
        {"vp_formats_supported": {"dc+sd-jwt": {"kb-jwt_alg_values": [["ES256"]]}}},
        {"vp_formats_supported": {"dc+sd-jwt": None}},
    ],
)
def test_a_reader_that_does_not_take_what_it_asks_for(reader: ReaderDesk, metadata: object) -> None:
    told(reader, "vp_formats_not_supported", "reader_unsupported", client_metadata=metadata)


def test_algorithms_may_be_left_open_or_fully_specified(reader: ReaderDesk) -> None:
    reader.asks = query(SD_JWT, MDOC)
    for mdoc in ({}, {"deviceauth_alg_values": [-9]}, {"issuerauth_alg_values": [-7, -35]}):
        formats = {"dc+sd-jwt": {}, "mso_mdoc": mdoc}
        take(reader, reader.token(client_metadata={"vp_formats_supported": formats}))


def test_vp_07_an_encrypted_answer_has_a_key_that_we_can_use(reader: ReaderDesk) -> None:
    reader.encrypted = True
    request = take(reader)
    assert request.encryption is not None and request.encryption.enc == "A256GCM"
    assert request.encryption.key.kid == "enc-1"
    jwk, metadata = reader.key.public.jwk(), reader.claims()["client_metadata"]
    others = [{**jwk, "use": "sig"}, {**jwk, "alg": "ECDH-1PU"}, {"kty": "oct", "k": "AA", "kid": "x", "alg": "dir"}]
    picked = take(reader, reader.token(client_metadata={**metadata, "jwks": {"keys": [*others, jwk]}}))
    assert picked.encryption is not None and picked.encryption.key == request.encryption.key
    by_default = {name: value for name, value in metadata.items() if not name.startswith("encrypted")}
    default = take(reader, reader.token(client_metadata=by_default))
    assert default.encryption is not None and default.encryption.enc == "A128GCM"
    bare = {name: value for name, value in jwk.items() if name not in ("alg", "kid")}
    unusable: tuple[Any, ...] = (
        others,
        [],
        None,
        {},
        [jwk] * 17,
        [{**jwk, "x": jwk["y"]}],
        [bare],
        [{**jwk, "d": jwk["x"]}],
    )
    for keys in unusable:
        told(reader, "invalid_request", client_metadata={**metadata, "jwks": {"keys": keys}})
    for enc in ([], ["A128CBC"], "A256GCM-", None):
        told(
            reader,
            "invalid_request",
            client_metadata={**metadata, "encrypted_response_enc_values_supported": enc},
        )


# --- over-asking ------------------------------------------------------------------------------------------------------


def claims(*names: str, **more: Any) -> dict[str, Any]:
    return {**SD_JWT, "claims": [{"id": name, "path": [name]} for name in names], **more}


@pytest.mark.parametrize(
    ("asked", "beyond"),
    [
        (query(claims("full_name", "points")), "Points"),
        (query(claims("points", "full_name", claim_sets=[["full_name"], ["points"]])), "Points"),
        (query(claims("nothing_we_know")), "something that the wallet does not know"),
        (query(claims("full_name"), {**claims(), "id": "b", "claims": [{"path": ["points"], "values": [12]}]}), "Points"),
        (query({**MDOC, "claims": [{"path": ["org.iso.18013.5.1", "resident_address"]}]}), "residence"),
        (query({**MDOC, "claims": [{"path": ["org.other", "x"]}]}), "something that the wallet does not know"),
        (query({"id": "tax", "format": "dc+sd-jwt", "meta": {"vct_values": [VCT.replace("driving_licence", "tax_registration")]}}), "Tax"),
    ],
)  # fmt: skip
def test_vp_06_who_asks_for_more_than_its_purpose_is_refused_with_the_reason(
    reader: ReaderDesk, asked: dict[str, Any], beyond: str
) -> None:
    caught = told(reader, "invalid_request", "reader_overasks", dcql_query=asked)
    said = caught.advice.next_step.en
    assert beyond.lower() in said.lower() and NAME.en in said


def test_purposes_are_never_added_up(reader: ReaderDesk) -> None:
    one = listed(reader.desk, rights=(Right("driving_licence", (), ("full_name",)),))
    two = listed(reader.desk, rights=(Right("driving_licence", (), ("points",)),))
    reader.world.readers = (one, two)
    told(reader, "invalid_request", "reader_overasks", dcql_query=query(claims("full_name", "points")))
    assert take(reader, reader.token(dcql_query=query(claims("points")))).purposes == (two,)


def test_two_documents_are_asked_for_to_one_purpose(reader: ReaderDesk) -> None:
    health = {
        **claims("blood_group"),
        "id": "health",
        "meta": {"vct_values": [VCT.replace("driving_licence", "health_record")]},
    }
    reader.asks = query(claims("full_name"), health)
    assert len(take(reader).purposes) == 1
    reader.world.readers = tuple(listed(reader.desk, rights=(right,)) for right in MAY)
    told(reader, "invalid_request", "reader_overasks")


def test_what_every_credential_tells_needs_no_right_and_a_view_stands_for_its_fields(reader: ReaderDesk) -> None:
    reader.world.readers = (listed(reader.desk, rights=(Right("driving_licence", ("age_over_18",), ()),)),)
    view = claims("age_over_18", "iss", "vct", "exp")
    assert take(reader, reader.token(dcql_query=query(view))).purposes == reader.world.readers
    none = {name: value for name, value in SD_JWT.items() if name != "claims"}
    assert take(reader, reader.token(dcql_query=query(none))).purposes == reader.world.readers
    iso = {**MDOC, "claims": [{"path": ["org.iso.18013.5.1", "issuing_country"]}]}
    assert take(reader, reader.token(dcql_query=query(iso))).purposes == reader.world.readers


# --- links and their addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "",
        "openid4vp://",
        "openid4vp://?client_id=x509_hash:a",
        "openid4vp://?client_id=x509_hash:a&request=a.b.c&request_uri=https://bank.example",
        "openid4vp://?client_id=x509_hash:a&client_id=x509_hash:b&request=a.b.c",
        "openid4vp://?client_id=x509_hash:a&request_uri=https://bank.example&request_uri_method=POST",
        "openid4vp://?client_id=x509_hash:a&request=a.b.c&request_uri_method=post",
        "openid4vp://?client_id=x509_hash:a&request_uri=" + "a" * 3_000,
        "openid4vp://?client_id=x509_hash:a&request=" + "a" * 70_000,
        "openid4vp://?" + "&".join(f"a{n}=1" for n in range(100)),
    ],
)
def test_a_link_that_carries_no_request(link: str) -> None:
    with pytest.raises(WalletError) as caught:
        read_link(link)
    assert caught.value.code in (MALFORMED, UNTRUSTED)


def test_vp_03_the_address_is_asked_once_and_by_the_method_of_the_link(reader: ReaderDesk) -> None:
    """By POST with a nonce of ours and what we can do, so that what comes back was made for us."""
    assert fetch(read_link(reader.link()), "ours", web=reader) and reader.fetched == [None]
    token = fetch(read_link(reader.link(request_uri_method="post")), "ours", web=reader)
    sent = reader.fetched[-1]
    assert sent is not None and sent["wallet_nonce"] == "ours"
    assert json.loads(sent["wallet_metadata"])["vp_formats_supported"] == {
        name: {member: values if name == "dc+sd-jwt" else [-7, -9] for member, values in members.items()}
        for name, members in FORMATS.items()
    }
    take(reader, token, wallet_nonce="ours")
    reader.page = Response(410, {"content-type": "application/oauth-authz-req+jwt"}, b"")
    with pytest.raises(WalletError):
        fetch(read_link(reader.link()), "ours", web=reader)


@pytest.mark.parametrize(
    "page",
    [
        Response(200, {"content-type": "text/html"}, b"<html>"),
        Response(200, {}, b"a.b.c"),
        Response(302, {"content-type": "application/oauth-authz-req+jwt", "location": "https://evil.example"}, b""),
        Response(500, {}, b""),
        Response(200, {"content-type": "application/oauth-authz-req+jwt"}, b"x" * 1_048_576),
        FetchError("too_large", "1 MB"),
        FetchError("address_refused", "10.0.0.1"),
        FetchError("too_slow", ""),
    ],
)
def test_an_address_that_gives_no_request(reader: ReaderDesk, page: Any) -> None:
    reader.page = page
    for more in ({}, {"request_uri_method": "post"}):
        with pytest.raises(WalletError) as caught:
            fetch(read_link(reader.link(**more)), "ours", web=reader)
        assert caught.value.code in (MALFORMED, "reader_unreachable")


@pytest.mark.parametrize(
    "uri",
    ["https://10.0.0.1/r", "https://192.168.1.1/r", "https://169.254.169.254/latest", "https://[fd00::1]/r",
     "http://bank.example/r", "file:///etc/passwd", "gopher://127.0.0.1/", "https://127.0.0.1/r"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_address_inside_the_network_is_never_called(uri: str, method: str) -> None:
    """By the real guarded client, as the wallet runs outside of a simulation."""
    link = requests.Link("x509_hash:a", None, uri, method == "post")
    with pytest.raises(WalletError) as caught:
        fetch(link, "ours", web=Fetcher(simulation=False))
    assert caught.value.code == MALFORMED, caught.value.detail


def test_a_request_of_a_megabyte_is_not_looked_into(reader: ReaderDesk) -> None:
    assert "characters" in refused(reader, MALFORMED, reader.token(extra="x" * 1_048_576)).detail


@pytest.mark.parametrize("make", [str.upper, lambda token: token[:-4], lambda token: token + ".x.y", lambda _: ""])
def test_what_is_no_token(reader: ReaderDesk, make: Callable[[str], str]) -> None:
    with pytest.raises(WalletError) as caught:
        take(reader, make(reader.token()))
    assert caught.value.code in (MALFORMED, UNTRUSTED)


def test_rights_follow_the_list_as_it_is_now(reader: ReaderDesk) -> None:
    token = reader.token()
    trust: TrustStore = reader.world.open_bundle().trust
    assert take(reader, token, trust=trust).purposes
    withdrawn: tuple[Reader, ...] = (listed(reader.desk, until=reader.world.now - DAY),)
    reader.world.readers = withdrawn
    refused(reader, UNTRUSTED, token)

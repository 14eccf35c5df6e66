"""The issuer's metadata, row by row against OpenID4VCI 1.0 §12.2.4, Appendix A.2.2, A.3.2, B, C; and HAIP 1.0."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from certs.catalogue import CATALOGUE, Kind
from certs.formats import elements, type_metadata
from certs.jwe import AGREEMENTS, DecryptionKey
from idp.issuance.configurations import CONFIGURATIONS, CREDENTIAL_SCOPES, by_document, find, of
from idp.issuance.metadata import BATCH_SIZE, issuer_metadata

METADATA = issuer_metadata("https://id.example.vn")
OFFERED: Mapping[str, Mapping[str, Any]] = METADATA["credential_configurations_supported"]
EVERY = pytest.mark.parametrize("name", OFFERED)


def _whole(format_: str) -> dict[str, Mapping[str, Any]]:
    return {name.partition(".")[0]: one for name, one in OFFERED.items() if one["format"] == format_}


def test_each_view_that_fits_a_code_and_each_document_whole_in_two_formats() -> None:
    for kind in CATALOGUE.values():
        views = [f"{kind.name}.{view.name}" for view in kind.views if view.qr]
        mine = [name for name in OFFERED if name.partition(".")[0] == kind.name]
        assert mine == [*views, f"{kind.name}.sd_jwt", f"{kind.name}.mdoc"]
        assert [OFFERED[name]["format"] for name in mine] == ["vn1_cwt"] * len(views) + ["dc+sd-jwt", "mso_mdoc"]


def test_the_endpoints_are_under_the_issuer() -> None:
    assert METADATA["credential_issuer"] == "https://id.example.vn"
    assert METADATA["credential_endpoint"] == "https://id.example.vn/credential"
    assert METADATA["nonce_endpoint"] == "https://id.example.vn/nonce"
    assert "authorization_servers" not in METADATA  # §12.2.4: then the issuer is its own authorization server


def test_batches() -> None:
    assert METADATA["batch_credential_issuance"] == {"batch_size": BATCH_SIZE}
    assert BATCH_SIZE >= 2  # §12.2.4


def test_encryption_is_named_where_there_is_a_key_to_encrypt_to() -> None:
    both = ("credential_request_encryption", "credential_response_encryption")
    assert not set(both) & set(METADATA)
    keys = tuple(DecryptionKey.generate(alg, alg).public for alg in AGREEMENTS)
    told = issuer_metadata("https://id.example.vn", encrypted_to=keys)
    assert [each["kid"] for each in told[both[0]]["jwks"]["keys"]] == list(AGREEMENTS)
    assert all(each["alg"] and each["use"] == "enc" and "d" not in each for each in told[both[0]]["jwks"]["keys"])
    assert told[both[1]]["alg_values_supported"] == list(AGREEMENTS)
    for name in both:
        assert told[name]["encryption_required"] is False and "A256GCM" in told[name]["enc_values_supported"]
        assert "zip_values_supported" not in told[name]


def test_display_of_the_issuer_has_one_object_for_each_language() -> None:
    assert [each["locale"] for each in METADATA["display"]] == ["vi", "en"]


@EVERY
def test_each_has_a_scope_of_its_own(name: str) -> None:  # HAIP: for every configuration
    assert CREDENTIAL_SCOPES[OFFERED[name]["scope"]] == name
    assert " " not in OFFERED[name]["scope"]


@EVERY
def test_keys_proofs_and_algorithms(name: str) -> None:
    one = OFFERED[name]
    assert one["proof_types_supported"] == {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}}
    assert one["cryptographic_binding_methods_supported"] == [
        "jwk" if one["format"] == "dc+sd-jwt" else "cose_key"  # as it stands in the credential
    ]
    # Appendix A.2.2: numbers of COSE; A.3.2: names of JWS.
    assert one["credential_signing_alg_values_supported"] == ["ES256" if one["format"] == "dc+sd-jwt" else -7]


def test_an_sd_jwt_names_its_type_and_the_digest_of_what_describes_it() -> None:
    for kind, one in _whole("dc+sd-jwt").items():
        assert one["vct"] == type_metadata.type_of(CATALOGUE[kind])
        assert one["vct#integrity"] == type_metadata.integrity(CATALOGUE[kind])
        assert one["type_metadata_uri"] == f"https://id.example.vn/type-metadata/{one['vct']}"


def test_an_mdoc_names_its_document_type() -> None:
    for kind, one in _whole("mso_mdoc").items():
        assert elements.BY_DOC_TYPE[one["doctype"]] is CATALOGUE[kind]
    assert _whole("mso_mdoc")["driving_licence"]["doctype"] == "org.iso.18013.5.1.mDL"


@EVERY
def test_it_is_described_in_both_languages(name: str) -> None:
    metadata = OFFERED[name]["credential_metadata"]
    assert [each["locale"] for each in metadata["display"]] == ["vi", "en"]
    for each in metadata["display"]:
        assert each["name"] and each["description"] and each["background_color"].startswith("#")
    for claim in metadata["claims"]:
        assert [each["locale"] for each in claim["display"]] == ["vi", "en"]
        assert type(claim["mandatory"]) is bool
    names = [json.dumps(claim["path"]) for claim in metadata["claims"]]
    assert len(set(names)) == len(names) > 0  # Appendix B.3: no claim is described twice
    assert all(
        claim["path"] and all(isinstance(each, str | None) for each in claim["path"]) for claim in metadata["claims"]
    )


def test_claims_of_a_view_are_those_of_the_view() -> None:
    for name, one in OFFERED.items():
        configuration = find(name)
        assert configuration is not None
        if configuration.view is not None:
            paths = [claim["path"] for claim in one["credential_metadata"]["claims"]]
            assert paths == [[field] for field in configuration.view.fields]


@pytest.mark.parametrize("format_", ["dc+sd-jwt", "mso_mdoc"])
def test_claims_of_a_whole_document_are_all_of_its_fields_and_what_lies_in_them(format_: str) -> None:
    for name, one in _whole(format_).items():
        kind = CATALOGUE[name]
        before = [elements.namespace(kind)] if format_ == "mso_mdoc" else []
        paths = [claim["path"] for claim in one["credential_metadata"]["claims"]]
        for field in kind.fields:
            assert [*before, field.name] in paths
            inside = [[*before, field.name, None]] if field.kind in (Kind.ROWS, Kind.TEXTS) else []
            inside += [[*before, field.name, None, column.name] for column in field.columns]
            assert all(path in paths for path in inside)
        assert {"vct", "iss", "cnf"}.isdisjoint(path[0] for path in paths)  # what every credential has


def test_an_mdoc_is_described_in_the_words_of_iso_too() -> None:
    paths = [each["path"] for each in _whole("mso_mdoc")["driving_licence"]["credential_metadata"]["claims"]]
    assert ["org.iso.18013.5.1", "driving_privileges"] in paths
    assert all(len(path) >= 2 for path in paths)  # Appendix C.2: namespace and element


def test_near_misses_are_not_configurations() -> None:
    for identifier in (
        "",
        ".",
        "driving_licence",
        "driving_licence.",
        "driving_licence.licence.",
        "driving_licence.dc+sd-jwt",
        "driving_licence.SD_JWT",
        "x.licence",
        "x.mdoc",
        "a.b.c",
    ):
        assert find(identifier) is None


def test_a_document_is_asked_for_together() -> None:
    scopes = [
        "credential:driving_licence.mdoc",
        "openid",
        "credential:health_record.sd_jwt",
        "credential:driving_licence.full",
    ]
    found = [(kind.name, [each.id for each in asked]) for kind, asked in by_document(scopes)]
    assert found == [
        ("driving_licence", ["driving_licence.mdoc", "driving_licence.full"]),
        ("health_record", ["health_record.sd_jwt"]),
    ]


def test_each_is_known_by_one_name() -> None:
    assert {each.id for kind in CATALOGUE.values() for each in of(kind)} == set(CONFIGURATIONS) == set(OFFERED)

from certs.catalogue import CATALOGUE
from idp.issuance.metadata import find, issuer_metadata


def test_one_configuration_for_each_view() -> None:
    configurations = issuer_metadata("https://id.example.vn")["credential_configurations_supported"]
    assert len(configurations) == sum(len(kind.views) for kind in CATALOGUE.values())
    licence = configurations["driving_licence.licence"]
    assert licence["format"] == "vn1_cwt"
    assert licence["cryptographic_binding_methods_supported"] == ["jwk"]
    assert licence["credential_signing_alg_values_supported"] == [-7]
    assert licence["proof_types_supported"] == {"jwt": {"proof_signing_alg_values_supported": ["ES256"]}}


def test_claims_are_those_of_the_view_in_both_languages() -> None:
    configurations = issuer_metadata("https://id.example.vn")["credential_configurations_supported"]
    for identifier, configuration in configurations.items():
        found = find(identifier)
        assert found is not None
        claims = configuration["credential_metadata"]["claims"]
        assert tuple(claim["path"][0] for claim in claims) == found[1].fields
        for claim in claims:
            assert [display["locale"] for display in claim["display"]] == ["vi", "en"]
        assert [display["locale"] for display in configuration["credential_metadata"]["display"]] == ["vi", "en"]


def test_the_endpoints_are_under_the_issuer() -> None:
    metadata = issuer_metadata("https://id.example.vn")
    assert metadata["credential_issuer"] == "https://id.example.vn"
    assert metadata["credential_endpoint"] == "https://id.example.vn/credential"
    assert metadata["nonce_endpoint"] == "https://id.example.vn/nonce"
    assert "authorization_servers" not in metadata  # §12.2.4: then the issuer is its own authorization server


def test_near_misses_are_not_configurations() -> None:
    for identifier in (
        "",
        ".",
        "driving_licence",
        "driving_licence.",
        "driving_licence.licence.",
        "x.licence",
        "a.b.c",
    ):
        assert find(identifier) is None

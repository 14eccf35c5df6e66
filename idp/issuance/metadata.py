"""What this issuer can issue, as a wallet reads it: one credential configuration for each view of each document type.

Spec: OpenID for Verifiable Credential Issuance 1.0 §5.1.2 (`scope`), §12.2, Appendix B (our format profile `vn1_cwt`), Appendix C.
"""

from collections.abc import Mapping
from typing import Any

from certs.catalogue import CATALOGUE, DocumentType, Text, View

FORMAT = "vn1_cwt"
PROOF_ALGORITHMS = ("ES256",)
SCOPE_PREFIX = "credential:"  # tells them from the scopes of OpenID Connect (§5.1.2: not to be taken for another)
ISSUER_NAME = Text(vi="Định danh điện tử (mô phỏng)", en="Electronic identity (simulation)")


def configuration_id(document: DocumentType, view: View) -> str:
    return f"{document.name}.{view.name}"


def configuration_ids(document: DocumentType) -> tuple[str, ...]:
    return tuple(configuration_id(document, view) for view in document.views)


def find(identifier: str) -> tuple[DocumentType, View] | None:
    """The document type and view behind a configuration id, or None."""
    document = CATALOGUE.get(identifier.partition(".")[0])
    if document is None:
        return None
    for view in document.views:
        if configuration_id(document, view) == identifier:
            return document, view
    return None


def scope_of(configuration: str) -> str:
    return SCOPE_PREFIX + configuration


# By scope, the configuration that it asks for.
CREDENTIAL_SCOPES: Mapping[str, str] = {
    scope_of(identifier): identifier for document in CATALOGUE.values() for identifier in configuration_ids(document)
}


def issuer_metadata(issuer: str) -> dict[str, Any]:
    """The document at `/.well-known/openid-credential-issuer`. The issuer is its own authorization server."""
    return {
        "credential_issuer": issuer,
        "credential_endpoint": f"{issuer}/credential",
        "nonce_endpoint": f"{issuer}/nonce",
        "display": [{"name": name, "locale": locale} for locale, name in _languages(ISSUER_NAME)],
        "credential_configurations_supported": {
            configuration_id(document, view): _configuration(document, view)
            for document in CATALOGUE.values()
            for view in document.views
        },
    }


def _configuration(document: DocumentType, view: View) -> Mapping[str, Any]:
    return {
        "format": FORMAT,
        "scope": scope_of(configuration_id(document, view)),
        "document_type": document.name,
        "view": view.name,
        "cryptographic_binding_methods_supported": ["jwk"],
        "credential_signing_alg_values_supported": [-7],  # ES256 as a COSE algorithm, RFC 9053 §2.1
        "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": list(PROOF_ALGORITHMS)}},
        "credential_metadata": {
            "display": [
                {"name": name, "description": about, "locale": locale, "background_color": document.colour}
                for (locale, name), (_, about) in zip(
                    _languages(_full_title(document, view)), _languages(view.about), strict=True
                )
            ],
            "claims": [
                {
                    "path": [name],
                    "display": [
                        {"name": label, "locale": locale} for locale, label in _languages(document.field(name).label)
                    ],
                }
                for name in view.fields
            ],
        },
    }


def _full_title(document: DocumentType, view: View) -> Text:
    return Text(vi=f"{document.title.vi} · {view.title.vi}", en=f"{document.title.en} · {view.title.en}")


def _languages(text: Text) -> tuple[tuple[str, str], ...]:
    return (("vi", text.vi), ("en", text.en))

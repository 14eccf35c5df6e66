"""What this issuer can issue, as a wallet reads it: its addresses, and each credential configuration.

Spec: OpenID for Verifiable Credential Issuance 1.0 §10, §12.2, Appendix A (formats; our own is `vn1_cwt`), Appendix B (claims),
Appendix C (paths), Appendix F.1 (proofs); HAIP 1.0 (a scope for every configuration)
"""

from collections.abc import Mapping, Sequence
from typing import Any

from certs.catalogue import Text
from certs.formats import elements, type_metadata
from certs.jwe import AGREEMENTS, EncryptionKey
from idp.issuance.configurations import CONFIGURATIONS, Configuration, Format

PROOF_ALGORITHMS = ("ES256",)
ANSWER_ALGORITHMS, CONTENT = AGREEMENTS, ("A256GCM", "A128GCM")  # of answers that are encrypted
BATCH_SIZE = 10  # proofs in a request: so many copies that no two parties need see the same one for a while
TYPE_METADATA = "/type-metadata"
ISSUER_NAME = Text(vi="Định danh điện tử (mô phỏng)", en="Electronic identity (simulation)")

# In the words of each format: RFC 9053 §2.1 and RFC 7518 §3.1 for ECDSA with P-256 and SHA-256.
_SIGNED_WITH: Mapping[Format, str | int] = {Format.QR: -7, Format.SD_JWT: "ES256", Format.MDOC: -7}
# §12.2.4: the form of the key that stands in the credential, whatever form it had in the proof.
_BOUND_TO: Mapping[Format, str] = {Format.QR: "cose_key", Format.SD_JWT: "jwk", Format.MDOC: "cose_key"}


def issuer_metadata(issuer: str, *, encrypted_to: Sequence[EncryptionKey] = ()) -> dict[str, Any]:
    """The document at `/.well-known/openid-credential-issuer`. The issuer is its own authorization server."""
    return {
        "credential_issuer": issuer,
        "credential_endpoint": f"{issuer}/credential",
        "nonce_endpoint": f"{issuer}/nonce",
        "deferred_credential_endpoint": f"{issuer}/deferred_credential",
        "notification_endpoint": f"{issuer}/notification",
        **_encryption(encrypted_to),
        "batch_credential_issuance": {"batch_size": BATCH_SIZE},
        "display": [{"name": name, "locale": locale} for locale, name in _languages(ISSUER_NAME)],
        "credential_configurations_supported": {
            name: _configuration(configuration, issuer) for name, configuration in CONFIGURATIONS.items()
        },
    }


def _encryption(keys: Sequence[EncryptionKey]) -> dict[str, Any]:
    """Nothing where there is nothing to encrypt a request to: without that an answer is not encrypted either (§8.2)."""
    if not keys:
        return {}
    both = {"enc_values_supported": list(CONTENT), "encryption_required": False}
    return {
        "credential_request_encryption": {"jwks": {"keys": [key.jwk() for key in keys]}, **both},
        "credential_response_encryption": {"alg_values_supported": list(ANSWER_ALGORITHMS), **both},
    }


def _configuration(configuration: Configuration, issuer: str) -> Mapping[str, Any]:
    return {
        "format": configuration.format.value,
        "scope": configuration.scope,
        **_of_format(configuration, issuer),
        "cryptographic_binding_methods_supported": [_BOUND_TO[configuration.format]],
        "credential_signing_alg_values_supported": [_SIGNED_WITH[configuration.format]],
        "proof_types_supported": {"jwt": {"proof_signing_alg_values_supported": list(PROOF_ALGORITHMS)}},
        "credential_metadata": {"display": _display(configuration), "claims": _claims(configuration)},
    }


def _of_format(configuration: Configuration, issuer: str) -> Mapping[str, Any]:
    document = configuration.document
    if configuration.format is Format.SD_JWT:  # Appendix A.3.2, and where to find out more (SD-JWT VC §5.3.2)
        vct = type_metadata.type_of(document)
        return {
            "vct": vct,
            "vct#integrity": type_metadata.integrity(document),
            "type_metadata_uri": f"{issuer}{TYPE_METADATA}/{vct}",
        }
    if configuration.format is Format.MDOC:  # Appendix A.2.2
        return {"doctype": elements.doc_type(document)}
    return {"document_type": document.name, "view": configuration.view.name if configuration.view else None}


def _display(configuration: Configuration) -> list[dict[str, str]]:
    document, title = configuration.document, configuration.title
    full = Text(vi=f"{document.title.vi} · {title.vi}", en=f"{document.title.en} · {title.en}")
    return [
        {
            "name": name,
            "description": about,
            "locale": locale,
            "background_color": document.colour,
            "text_color": "#ffffff",
        }
        for (locale, name), (_, about) in zip(_languages(full), _languages(configuration.about), strict=True)
    ]


# --- claims -----------------------------------------------------------------------------------------------------------


def _claims(configuration: Configuration) -> list[dict[str, Any]]:
    if configuration.format is Format.QR:
        return [_claim([field.name], field.label, field.required) for field in configuration.fields]
    document = configuration.document
    own = [
        (each["path"], _label(each["display"]), each["mandatory"])
        for each in type_metadata.type_metadata(document)["claims"]
        if each["sd"] != "never"  # what every SD-JWT VC has is not the document's
    ]
    if configuration.format is Format.SD_JWT:
        return [_claim(*each) for each in own]
    space = elements.namespace(document)
    return [
        # Not every record has a word for them: an element of ISO that would not be honest is left out.
        *(
            _claim([elements.ISO_NAMESPACE, name], field.label, False)
            for field in document.fields
            for name in field.iso
        ),
        *(_claim([space, *path], label, mandatory) for path, label, mandatory in own),
    ]


def _claim(path: list[str | None], label: Text, mandatory: bool) -> dict[str, Any]:
    display = [{"name": name, "locale": locale} for locale, name in _languages(label)]
    return {"path": path, "mandatory": mandatory, "display": display}


def _label(display: list[dict[str, str]]) -> Text:
    labels = {each["locale"]: each["label"] for each in display}
    return Text(labels["vi"], labels["en"])


def _languages(text: Text) -> tuple[tuple[str, str], ...]:
    return (("vi", text.vi), ("en", text.en))

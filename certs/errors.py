"""The error tree of the floor: one class for each thing that a caller does next, one stable code for each reason.

    CertsError
    ├── Malformed      the bytes are not what they claim to be: refuse
    ├── Unsupported    well formed, but of an algorithm or extension that we do not admit: refuse
    ├── BadSignature   a signature, digest, proof or encryption does not hold: refuse, and be alarmed
    ├── Untrusted      signed by somebody we do not trust for this: refuse
    ├── NotValidNow    true once or later, not at this time: refuse
    ├── Revoked        withdrawn by its issuer: refuse
    └── Unavailable    cannot be known now: undetermined

`code` is from the closed list below and may be shown; `detail` is for the operator's log only.
"""


class CertsError(Exception):
    """Base of all refusals of the floor."""

    codes: frozenset[str] = frozenset()

    def __init__(self, code: str, detail: str = "") -> None:
        if code not in self.codes:
            raise ValueError(f"{type(self).__name__} has no code {code!r}")
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Malformed(CertsError):
    codes = frozenset(
        [
            "oversize",
            "encoding_invalid",
            "prefix_unknown",
            "malformed",
            "limit_exceeded",
            "duplicate_key",
            "trailing_data",
            "type_mismatch",
            "claim_conflict",
            "text_unsafe",
            "claims_missing",
        ]
    )


class Unsupported(CertsError):
    codes = frozenset({"alg_not_allowed", "crit_unknown", "policy_refused"})


class BadSignature(CertsError):
    codes = frozenset(
        [
            "signature_invalid",
            "digest_mismatch",
            "decryption_failed",
            "disclosure_invalid",
            "holder_binding_missing",
            "holder_binding_invalid",
            "audience_mismatch",
            "nonce_mismatch",
            "status_signature_invalid",
        ]
    )


class Untrusted(CertsError):
    codes = frozenset({"key_not_found", "issuer_untrusted", "chain_invalid", "cert_usage"})


class NotValidNow(CertsError):
    codes = frozenset(
        [
            "cert_expired",
            "cert_not_yet_valid",
            "not_yet_valid",
            "expired",
            "issued_in_future",
            "presentation_stale",
            "presentation_replayed",
        ]
    )


class Revoked(CertsError):
    codes = frozenset({"cert_revoked", "revoked", "suspended", "holder_locked", "status_index_out_of_range"})


class Unavailable(CertsError):
    codes = frozenset({"status_unavailable", "status_stale", "clock_unreliable"})

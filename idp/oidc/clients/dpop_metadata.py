"""What a client may register about proofs of possession: that every access token of its is bound to a key.

Spec: RFC 9449 §5.2
"""

from collections.abc import Mapping

REQUIRED = "dpop_bound_access_tokens"

SCHEMA: Mapping[str, tuple[type, bool]] = {REQUIRED: (bool, False)}
KEPT = tuple(SCHEMA)

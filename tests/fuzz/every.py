"""All harnesses by name; each is made when it is run."""

from collections.abc import Callable, Mapping

from tests.fuzz import foreign_harnesses as theirs
from tests.fuzz import harnesses as ours
from tests.fuzz import list_harnesses as lists
from tests.fuzz import proof_harnesses as proofs
from tests.fuzz.driver import Harness

HARNESSES: Mapping[str, Callable[[], Harness]] = {
    "text": ours.text,
    "signed-text": ours.signed_text,
    "base45": ours.base45,
    "cbor": ours.cbor_,
    "cose": ours.cose_,
    "jose": ours.jose_,
    "signed-jose": ours.signed_jose,
    "sd-jwt": ours.sd_jwt_,
    "signed-sd-jwt": ours.signed_sd_jwt,
    "mdoc": ours.mdoc_,
    "signed-mdoc": ours.signed_mdoc,
    "certificates": lists.certificates,
    "crl": lists.crl_,
    "trust-list": lists.trust_list,
    "signed-trust-list": lists.signed_trust_list,
    "status-list": lists.status_list,
    "signed-status-list": lists.signed_status_list,
    "bundle": lists.bundle_,
    "signed-bundle": lists.signed_bundle,
    "delta": lists.delta_,
    "signed-delta": lists.signed_delta,
    "key-proof": proofs.key_proof,
    "dpop": proofs.dpop_,
    "picture": ours.picture,
    "dcc": theirs.dcc_,
    "signed-dcc": theirs.signed_dcc,
    "shc": theirs.shc_,
    "signed-shc": theirs.signed_shc,
    "card": theirs.card_,
}

# What is read by one parser, or by one family of them: these share the time that a parser gets.
PARSERS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "signed-text"),
    "base45": ("base45",),
    "cbor": ("cbor",),
    "cose": ("cose",),
    "jose": ("jose", "signed-jose", "key-proof", "dpop"),
    "sd-jwt": ("sd-jwt", "signed-sd-jwt"),
    "mdoc": ("mdoc", "signed-mdoc"),
    "certificates": ("certificates", "crl"),
    "trust-list": ("trust-list", "signed-trust-list"),
    "status-list": ("status-list", "signed-status-list"),
    "bundle": ("bundle", "signed-bundle", "delta", "signed-delta"),
    "picture": ("picture",),
    "foreign": ("dcc", "signed-dcc", "shc", "signed-shc", "card"),
}

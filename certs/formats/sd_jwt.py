"""The credential for online use: an SD-JWT VC, every claim of a document hidden apart, bound to the holder's key.

Spec: RFC 9901 (SD-JWT, compact form), SD-JWT VC (`type_metadata.DRAFT`) §2, RFC 7800 §3.2 (cnf), RFC 7515 §4.1.6 (x5c),
draft-ietf-oauth-status-list-20 §6.2 (status).

Verification, in the order of `certs.formats.Step`; each number stands again in the body and in the refusal:
 1. bounds: length, number of disclosures, the tildes between the parts
 2. format: strict compact JWS, explicit types of credential and key binding
 3. issuer signature by a signer on the trust list, found by the certificate in x5c; through the digests it holds for every
    disclosure (`disclosures.py`), and what it signed is a document of the catalogue, in texts that a person can read
 4. certificate path from the signer to an anchor at this time
 5. trust list: this authority may issue this type of document at the date of issue
 6. validity: not from the future, begun, not expired
 7. status: the entry in the status list is valid, and the list is fresh enough
 8. key binding: by the bound key, over exactly this, fresh, for this verifier, answering its question

An issuer's key is found by x5c alone. Issuer metadata under a well-known address would let whoever holds a host name sign
documents of the state, would need a network for a verdict, and would tell the issuer who is asked for papers where.
"""

import base64
import binascii
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certs import jose
from certs.catalogue import DocumentType, Text, View
from certs.errors import BadSignature, Malformed, NotValidNow, Unsupported, Untrusted
from certs.formats import SEAL, Expected, Step, Trail, Verified, disclosures, key_binding, shown, type_metadata
from certs.formats.compact import to_compact
from certs.formats.disclosures import Hidden, Path, SdJwt
from certs.formats.elements import view_of
from certs.formats.key_binding import KeyBinding
from certs.formats.sd_jwt_contents import Contents, contents_of, payload_of
from certs.jose import Unverified
from certs.keys import PublicKey, Signer
from certs.status import StatusLists
from certs.trust import TrustedSigner, TrustStore
from certs.x509 import public_key

NAME = "dc+sd-jwt"  # the format identifier of OpenID4VCI and OpenID4VP
TYP = "dc+sd-jwt"
_ISSUED_SKEW = 60  # seconds an issuer's clock may be ahead


def issue(
    *,
    document: DocumentType,
    record: Mapping[str, Any],
    issuer: str,
    signer: Signer,
    certificate: x509.Certificate,
    holder: PublicKey,
    status_uri: str,
    status_index: int,
    now: int,
    expires: int,
    random: Callable[[int], bytes] = secrets.token_bytes,
) -> str:
    """Sign a whole record for one holder key, with all its disclosures.

    Raises ValueError when the record does not fit the catalogue or the certificate is another key's, Malformed when a text
    could deceive its reader: nothing is signed then. A record that fits here is one that fits the QR, and the other way.
    """
    if public_key(certificate) != signer.public:
        raise ValueError("the certificate is another key's")
    to_compact(document, _everything(document), record)
    claims = shown.read(document, {name: value for name, value in record.items() if value is not None})
    payload, hidden = disclosures.conceal(
        {
            "vct": type_metadata.type_of(document),
            "vct#integrity": type_metadata.integrity(document),
            "iss": issuer,
            "iat": now,
            "exp": expires,
            "cnf": {"jwk": holder.bare_jwk()},
            "status": {"status_list": {"idx": status_index, "uri": status_uri}},
            **_hidden(claims),
        },
        random=random,
        # Every credential of a type has as many digests: nobody sees which optional claims a person has none of.
        decoys=len(document.fields) - len(claims) + 1,
    )
    x5c = [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()]
    jwt = jose.sign(payload, signer, typ=TYP, headers={"kid": None, "x5c": x5c})
    return SdJwt(jwt, hidden, None).presented


def select(credential: str, disclose: Iterable[str | Path]) -> str:
    """The credential with these claims disclosed and no others, not bound to anybody: `present` is what goes out.

    A name stands for the claim with all below it; a path (`("classes", 0, "class")`, None for every element) for one part
    of it, and its parents come along. Raises Malformed for what is not in the credential.
    """
    token = disclosures.parse(credential)
    if token.key_binding is not None:
        raise Malformed("type_mismatch", "a presentation, not a credential")
    revealed = disclosures.reveal(payload_of(jose.parse(token.jwt).payload), token.disclosures)
    chosen = disclosures.choose(revealed, [(each,) if isinstance(each, str) else each for each in disclose])
    return SdJwt(token.jwt, chosen, None).presented


def present(
    credential: str, *, disclose: Iterable[str | Path], signer: Signer, audience: str, nonce: str, now: int
) -> str:
    """What the holder sends: its selection, and the key binding for this verifier and its question."""
    selection = select(credential, disclose)
    return selection + key_binding.bind(selection, signer, audience=audience, nonce=nonce, now=now)


def peek(data: str) -> Contents:
    """The contents of a credential or a presentation, UNVERIFIED. Raises CertsError."""
    token = disclosures.parse(data)
    return contents_of(_typed(token).payload, token)


def verify(
    data: str,
    *,
    trust: TrustStore,
    statuses: StatusLists,
    now: int,
    expected: Expected,
    trail: Trail | None = None,
) -> Verified:
    """Checks 1 to 8 of the module's list. Raises CertsError."""
    trail = trail or Trail()
    trail.begin(Step.BOUNDS)  # 1
    token = disclosures.parse(data)
    trail.begin(Step.FORMAT)  # 2
    signed = _typed(token)
    binding = None if token.key_binding is None else jose.parse(token.key_binding)
    if binding is not None and binding.header.get("typ") != key_binding.TYP:
        raise Malformed("type_mismatch", "typ of the key binding")
    signer, contents = _check_issuer(signed, token, trust=trust, now=now, trail=trail)  # 3 to 6
    trail.begin(Step.STATUS)  # 7
    status_as_of = statuses.check(contents.status_uri, contents.status_index, now=now, max_age=expected.status_age)
    trail.begin(Step.HOLDER_PROOF)  # 8
    bound = _check_holder(binding, token, contents.holder, expected=expected, now=now)
    return _verified(contents, signer, trust, bound=bound, status_as_of=status_as_of)


def verify_issued(credential: str, *, trust: TrustStore, now: int) -> Verified:
    """What a wallet checks before it keeps a credential: steps 1 to 6, that nothing of the document is missing, and that nothing
    stands in clear but what every credential tells: it would go to each reader, whatever its holder chose.

    Key binding and status come when it is shown.
    """
    token = disclosures.parse(credential)
    if token.key_binding is not None:
        raise Malformed("type_mismatch", "a presentation, not a credential")
    signed = _typed(token)
    signer, contents = _check_issuer(signed, token, trust=trust, now=now, trail=Trail())
    if clear := payload_of(signed.payload).keys() - {*type_metadata.NEVER_HIDDEN, disclosures.SD, disclosures.SD_ALG}:
        raise Unsupported("policy_refused", f"{min(clear)} stands in clear")
    missing = {field.name for field in contents.document.fields if field.required} - set(contents.claims)
    if missing or contents.partial:
        raise Malformed("claims_missing", "the issuer kept disclosures back")
    return _verified(contents, signer, trust, bound=None, status_as_of=None)


# --- the issuer's half ------------------------------------------------------------------------------------------------


def _hidden(claims: Mapping[str, Any]) -> dict[str, Hidden]:
    """Members and elements, each apart, so that one class of a licence can be shown without the others; of lists too long
    for that (a health book of many visits) whole rows. Raises ValueError for what is too much for one credential."""
    rows = [row for value in claims.values() if isinstance(value, list) for row in value]
    count = len(claims) + len(rows)
    if count > disclosures.DISCLOSURE_LIMIT:
        raise ValueError("more than one credential can hold")
    apart = count + sum(len(row) for row in rows if isinstance(row, Mapping)) <= disclosures.DISCLOSURE_LIMIT
    return {name: Hidden(_hidden_below(value, apart=apart)) for name, value in claims.items()}


def _hidden_below(value: Any, *, apart: bool) -> Any:
    if isinstance(value, Mapping) and apart:
        return {name: Hidden(each) for name, each in value.items()}
    return [Hidden(_hidden_below(each, apart=apart)) for each in value] if isinstance(value, list) else value


def _everything(document: DocumentType) -> View:
    return View("", 0, Text("", ""), Text("", ""), tuple(field.name for field in document.fields))


# --- the checks -------------------------------------------------------------------------------------------------------


def _typed(token: SdJwt) -> Unverified:
    parsed = jose.parse(token.jwt)
    if parsed.header.get("typ") != TYP:  # SD-JWT VC §2.2.1: the transitional vc+sd-jwt is over
        raise Malformed("type_mismatch", "typ of the credential")
    return parsed


def _check_issuer(
    signed: Unverified, token: SdJwt, *, trust: TrustStore, now: int, trail: Trail
) -> tuple[TrustedSigner, Contents]:
    trail.begin(Step.ISSUER_SIGNATURE)  # 3
    signers: tuple[TrustedSigner, ...] = ()

    def find(header: Mapping[str, Any]) -> PublicKey:
        nonlocal signers
        signers = _signers(header, trust)
        return signers[0].key  # one certificate, one key, whoever may use it

    contents = contents_of(jose.verify_parsed(signed, find, typ=TYP).payload, token)
    signer = next((each for each in signers if each.authority == contents.issuer), signers[0])
    trail.begin(Step.CERTIFICATE_PATH)  # 4
    trust.check_path(signer, now=now, signed=contents.issued)
    trail.begin(Step.TRUST_LIST)  # 5
    trust.check_issuer(signer, authority=contents.issuer, document=contents.document.name, at=contents.issued)
    trail.begin(Step.VALIDITY)  # 6
    if contents.issued > now + _ISSUED_SKEW:
        raise NotValidNow("issued_in_future", "credential")
    if contents.begins > now + _ISSUED_SKEW:
        raise NotValidNow("not_yet_valid", "credential")
    if contents.expires <= now:
        raise NotValidNow("expired", f"{now - contents.expires} s ago")
    return signer, contents


def _signers(header: Mapping[str, Any], trust: TrustStore) -> tuple[TrustedSigner, ...]:
    """By the certificate that the trust list names: x5c only says which of them it is, and is believed in nothing."""
    x5c = header.get("x5c")
    if x5c is None:
        raise Untrusted("key_not_found", "no x5c")
    if not isinstance(x5c, list) or len(x5c) != 1 or not isinstance(x5c[0], str):
        raise Untrusted("chain_invalid", "x5c is not one certificate")
    try:
        return trust.listed(base64.b64decode(x5c[0], validate=True))  # RFC 7515 §4.1.6: base64, not base64url
    except (binascii.Error, ValueError):
        raise Untrusted("chain_invalid", "x5c") from None


def _check_holder(
    binding: Unverified | None, token: SdJwt, holder: PublicKey, *, expected: Expected, now: int
) -> KeyBinding | None:
    if binding is None:
        if expected.holder_proof:
            raise BadSignature("holder_binding_missing", "shown without the holder's signature")
        return None
    return key_binding.check(binding, token.presented, holder, expected=expected, now=now)


def _verified(
    contents: Contents,
    signer: TrustedSigner,
    trust: TrustStore,
    *,
    bound: KeyBinding | None,
    status_as_of: int | None,
) -> Verified:
    whole = {name: value for name, value in contents.claims.items() if name not in contents.partial}
    return Verified(
        document=contents.document.name,
        view=view_of(contents.document, whole),
        claims=contents.claims,
        issuer=signer.authority,
        issuer_name=signer.name,
        issued=contents.issued,
        expires=contents.expires,
        holder_bound=bound is not None,
        holder=contents.holder,
        audience=bound.audience if bound else None,
        challenge=bound.nonce.encode() if bound else None,
        presented_at=bound.issued if bound else None,
        status_as_of=status_as_of,
        trust_as_of=trust.list.issued,
        known_as_of=trust.known_as_of if status_as_of is None else {**trust.known_as_of, "status_list": status_as_of},
        signed=(NAME.encode(), bound.signed) if bound else (),
        partial=contents.partial,
        seal=SEAL,
    )

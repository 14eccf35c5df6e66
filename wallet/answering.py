"""Answer a reader: what a holder's key has to sign for each presentation, the VP token of what it signed, and the way to the reader.

Spec: OpenID4VP 1.0 §8.1 (VP token), §8.2 (direct_post), §8.3 (encrypted), §8.5 (errors), Annex B.2.6 (mdoc), B.3.6 (SD-JWT VC);
RFC 9901 §4.3 (key binding); ISO/IEC 18013-5 §9.1.3 (device signature).

The keys may lie in a browser: `to_sign` says what is to be signed, `signed` takes the signature and looks at it as the reader
will, so that nothing leaves that could not be taken.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from certs import cose, jose, jwe
from certs.encoding import b64url_decode, b64url_encode, json_decode, json_encode
from certs.errors import CertsError
from certs.fetch import FetchError, Response
from certs.formats import Expected, device_auth, device_response, key_binding, mdoc, sd_jwt, session_transcript
from certs.formats.elements import doc_type
from certs.formats.key_binding import KEY_BINDING_AGE, KEY_BINDING_SKEW
from certs.formats.session_transcript import SessionTranscript
from certs.keys import PublicKey, Signer
from certs.query import Place
from wallet.errors import WalletError
from wallet.model import Copy
from wallet.ports import Web
from wallet.requests import Reply, Request, is_address

DESCRIPTION_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Presentation:
    """One copy, and what of it goes out in answer to one credential query."""

    query: str
    copy: Copy
    places: tuple[Place, ...]

    @property
    def elements(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for space, name in self.places:
            found[str(space)] = (*found.get(str(space), ()), str(name))
        return found


def to_sign(presentation: Presentation, request: Request, *, now: int) -> dict[str, Any]:
    """For the browser: the claims of a key binding, or the payload of a device signature."""
    named = {"thumbprint": presentation.copy.thumbprint}
    if presentation.copy.format == mdoc.NAME:
        kind = mdoc.peek(presentation.copy.credential).document
        payload = device_auth.to_sign(doc_type(kind), transcript(request))
        return {**named, "device": b64url_encode(payload)}
    digest = key_binding.sd_hash(_selection(presentation))
    return {**named, "binding": {"iat": now, "aud": request.client_id, "nonce": request.nonce, "sd_hash": digest}}


def signed(presentation: Presentation, request: Request, proof: str, *, now: int) -> str:
    """The presentation with the browser's `proof`. Raises WalletError where it does not hold."""
    try:
        if presentation.copy.format == mdoc.NAME:
            return _with_signature(presentation, request, proof)
        return _with_binding(presentation, request, proof, now=now)
    except (CertsError, ValueError) as error:
        raise WalletError("proof_invalid", f"{presentation.query}: {error}") from error


def sign(wanted: Mapping[str, Any], signer: Signer) -> str:
    """What `to_sign` wants, by a key that is at hand; `web/static/js/presentation.js` does the same in a browser."""
    if "binding" in wanted:
        return jose.sign(wanted["binding"], signer, typ=key_binding.TYP, headers={"kid": None})
    message = cose.parse(cose.sign(b64url_decode(wanted["device"]), signer, header={}))
    return b64url_encode(message.signature)


def transcript(request: Request) -> SessionTranscript:
    """Annex B.2.6.1: by what the signed request says."""
    return session_transcript.redirect(
        client_id=request.client_id,
        nonce=request.nonce,
        response_uri=request.reply.address,
        thumbprint=request.encryption.thumbprint if request.encryption else None,
    )


def _selection(presentation: Presentation) -> str:
    return sd_jwt.select(presentation.copy.credential.decode("ascii"), presentation.places)


def _with_binding(presentation: Presentation, request: Request, proof: str, *, now: int) -> str:
    selection = _selection(presentation)
    expected = Expected(
        audience=request.client_id,
        challenge=request.nonce.encode(),
        proof_age=KEY_BINDING_AGE,
        clock_skew=KEY_BINDING_SKEW,
    )
    key_binding.check(jose.parse(proof), selection, sd_jwt.peek(selection).holder, expected=expected, now=now)
    return selection + proof


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """A key that has signed already. It signs nothing else: what it is asked to sign is looked at afterwards."""

    public: PublicKey
    signature: bytes

    def sign(self, data: bytes) -> bytes:
        return self.signature


def _with_signature(presentation: Presentation, request: Request, proof: str) -> str:
    credential, talk = presentation.copy.credential, transcript(request)
    key = _Elsewhere(mdoc.peek(credential).holder, b64url_decode(proof))
    response = mdoc.present(credential, presentation.elements, signer=key, transcript=talk)
    shown = device_response.parse(response, response=True)
    if shown.device is not None:
        device_auth.check(shown.device, shown.security, talk, reader_key=None)
    return b64url_encode(response)


# --- on its way -------------------------------------------------------------------------------------------------------


def vp_token(made: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """§8.1: by the id of the query, one or more presentations each."""
    token: dict[str, list[str]] = {}
    for id_, presentation in made:
        token.setdefault(id_, []).append(presentation)
    return token


def envelope(request: Request, token: Mapping[str, list[str]]) -> dict[str, str]:
    """The form that is sent; encrypted where the reader asked for that. Raises WalletError."""
    state = {} if request.reply.state is None else {"state": request.reply.state}
    if request.encryption is None:
        return {"vp_token": json_encode(token).decode(), **state}
    content = json_encode({"vp_token": token, **state})
    try:
        return {"response": jwe.encrypt(content, request.encryption.key, enc=request.encryption.enc, typ="JWT")}
    except CertsError as error:
        raise WalletError("answer_too_large", str(error)) from error


def send(reply: Reply, form: Mapping[str, str], *, web: Web, simulation: bool) -> str | None:
    """Deliver; returns the address to go on to, where the reader named one of its own (§8.2). Raises WalletError:
    `answer_unsent` where it is not known whether it arrived."""
    try:
        response = web.post(reply.address, form=form)
    except FetchError as error:
        raise WalletError("answer_unsent", str(error)) from error
    if response.status != 200:
        raise WalletError("answer_refused", f"HTTP {response.status}")
    address = _answer(response).get("redirect_uri")
    return str(address) if is_address(address, reply.hosts, simulation=simulation) else None


def refusal(reply: Reply, error: str, description: str) -> dict[str, str]:
    """§8.5, never encrypted: it says nothing of a person. Only characters that RFC 6749 §4.1.2.1 admits."""
    plain = "".join(each for each in description if " " <= each <= "~" and each not in '"\\')
    state = {} if reply.state is None else {"state": reply.state}
    return {"error": error, "error_description": plain[:DESCRIPTION_LIMIT], **state}


def _answer(response: Response) -> Mapping[str, Any]:
    """It has arrived: what else the reader says is of use or not, but takes nothing back."""
    try:
        found = json_decode(response.body)
    except CertsError:
        return {}
    return found if isinstance(found, dict) else {}

"""DPoP: a proof, made for one request, that its sender holds a key; tokens bound to that key are of no use without it.

Spec: RFC 9449 §4.2 (the proof), §4.3 (its checks), §7 (`ath`), §11.1 (a window of acceptance); RFC 9864 §2.2 (`Ed25519`);
RFC 3986 §6.2.2, §6.2.3 (which spellings of an address are one)
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from certs import jose
from certs.encoding import b64url_encode, json_decode
from certs.errors import BadSignature, Malformed, NotValidNow, Unsupported
from certs.keys import PublicKey, Signer

TYP = "dpop+jwt"
ALGORITHMS = ("ES256", "PS256", "Ed25519", "EdDSA")  # as headers name them; the last two are one algorithm
AGE = 60  # seconds that a proof is good for (FAPI 2.0 Security Profile §5.3.2.1 (13))
AHEAD = 10  # seconds that a sender's clock may be ahead (the same)
PROOF_LIMIT = 4 * 1024  # characters; one of an RSA key of 4096 bits has some 2,200
OPAQUE_LIMIT = 256  # characters of `jti` and `nonce`
ADDRESS_LIMIT = 2048

_SECRET = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518 §6.2.2, §6.3.2, §6.4
_VISIBLE = re.compile(r"[\x21-\x7e]+", re.ASCII)
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = re.compile(r"[A-Za-z0-9\-._~]", re.ASCII)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds. The caller still has to use up its `jti`, judge its `nonce`, and compare its key with the bound one."""

    key: PublicKey
    jti: str
    nonce: str | None
    until: int  # from here on it is too old: `jti` need not be remembered any longer

    @property
    def jkt(self) -> str:
        """What tokens are bound to (RFC 9449 §6)."""
        return self.key.thumbprint()


def make(
    signer: Signer, *, htm: str, htu: str, jti: str, now: int, access_token: str | None = None, nonce: str | None = None
) -> str:
    """A proof for one request. `htu` may have a query; the proof has none (RFC 9449 §4.2)."""
    claims: dict[str, Any] = {"jti": jti, "htm": htm, "htu": re.split(r"[?#]", htu, maxsplit=1)[0], "iat": now}
    if access_token is not None:
        claims["ath"] = hash_of(access_token)
    if nonce is not None:
        claims["nonce"] = nonce
    alg = "Ed25519" if signer.public.alg == "EdDSA" else signer.public.alg
    return jose.sign(claims, signer, typ=TYP, headers={"alg": alg, "kid": None, "jwk": signer.public.bare_jwk()})


def verify(proof: str, *, htm: str, htu: str, now: int, access_token: str | None = None) -> Proof:
    """`proof` as the header has it. The numbers are those of RFC 9449 §4.3; what a refusal's detail begins with.

     1. one DPoP header: several are joined by commas on their way to us
     2. one well-formed JWT, of bounded size
     3. it has `jti`, `htm`, `htu`, `iat` (and `ath` with an access token), of their types and bounded
     4. `typ` is dpop+jwt
     5. `alg` is an asymmetric one, of our list
     6. the signature is by the key in `jwk` …
     7. … which is a public one
     8. `htm` is the method
     9. `htu` is the address, however spelt, but without query and fragment
    10. `nonce`: for the caller, who knows what it gave
    11. `iat` is at most a minute old, and ten seconds ahead
    12. `ath` is the hash of the access token; that its key is the bound one is for the caller
    """
    if "," in proof:
        raise Malformed("malformed", "(1) several headers")
    if len(proof) > PROOF_LIMIT:
        raise Malformed("oversize", "(2) proof")
    parsed = jose.parse(proof)  # 2
    if parsed.header.get("typ") != TYP:
        raise Malformed("type_mismatch", "(4) typ")
    key = _key(parsed.header)  # 5, 7
    verified = jose.verify_parsed(parsed, lambda _: key, typ=TYP)  # 6
    claims = _claims(verified.payload, with_token=access_token is not None)  # 3
    if claims["htm"] != htm:
        raise BadSignature("audience_mismatch", "(8) htm")
    if _normal(claims["htu"]) != _normal(htu):
        raise BadSignature("audience_mismatch", "(9) htu")
    if claims["iat"] > now + AHEAD:
        raise NotValidNow("issued_in_future", "(11) iat")
    if claims["iat"] < now - AGE:
        raise NotValidNow("presentation_stale", "(11) iat")
    if access_token is not None and claims["ath"] != hash_of(access_token):
        raise BadSignature("digest_mismatch", "(12) ath")
    return Proof(key, claims["jti"], claims.get("nonce"), claims["iat"] + AGE + 1)


def hash_of(access_token: str) -> str:
    """`ath` (RFC 9449 §4.2). A token that is no ASCII was never one of ours, and matches nothing."""
    return b64url_encode(hashlib.sha256(access_token.encode("ascii", "replace")).digest())


def _key(header: Any) -> PublicKey:
    """The key in the header is what the proof is about; it is trusted for nothing else."""
    alg, jwk = header.get("alg"), header.get("jwk")
    if alg not in ALGORITHMS:
        raise Unsupported("alg_not_allowed", "(5) alg")
    if not isinstance(jwk, dict) or not _SECRET.isdisjoint(jwk):
        raise Malformed("malformed", "(7) jwk is missing, or no public key")
    return PublicKey.from_jwk(jwk, "EdDSA" if alg == "Ed25519" else alg)


def _claims(payload: bytes, *, with_token: bool) -> dict[str, Any]:
    claims = json_decode(payload)
    if not isinstance(claims, dict):
        raise Malformed("malformed", "(3) claims are not an object")
    for name in ("jti", "htm", "htu", "iat", *(("ath",) if with_token else ())):
        if name not in claims:
            raise Malformed("claims_missing", f"(3) {name}")
    for name, limit in (("jti", OPAQUE_LIMIT), ("nonce", OPAQUE_LIMIT), ("htu", ADDRESS_LIMIT)):
        value = claims.get(name, "-")
        if not isinstance(value, str) or not 0 < len(value) <= limit or not value.isprintable():
            raise Malformed("malformed", f"(3) {name}")
    if type(claims["iat"]) is not int:
        raise Malformed("malformed", "(3) iat is not a whole number of seconds")
    return claims


def _normal(address: str) -> str:
    """One spelling of each address: RFC 3986 §6.2.2 (case, percent signs, dots) and §6.2.3 (port, empty path)."""
    if not _VISIBLE.fullmatch(address) or "?" in address or "#" in address:
        raise Malformed("malformed", "(9) htu with a query or fragment, or no address")
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Malformed("malformed", "(9) htu is no address") from None
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
        raise Malformed("malformed", "(9) htu is no address of the web")
    shown = f"[{host}]" if ":" in host else host
    port = None if port == _PORTS[parts.scheme] else port
    return f"{parts.scheme}://{shown}{'' if port is None else f':{port}'}{_path(parts.path)}"


def _path(path: str) -> str:
    kept: list[str] = []
    segments = _PERCENT.sub(_decoded, path).split("/")[1:]
    for segment in segments:  # RFC 3986 §5.2.4
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1:] in (["."], [".."]):
        kept.append("")
    return "/" + "/".join(kept)


def _decoded(found: re.Match[str]) -> str:
    if found[1] is None:
        raise Malformed("malformed", "(9) htu with a stray percent sign")
    character = chr(int(found[1], 16))
    return character if _UNRESERVED.fullmatch(character) else f"%{found[1].upper()}"

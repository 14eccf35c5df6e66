// The holder's two proofs: for a new credential (key proof) and for showing one (holder proof).
// Spec: OpenID4VCI 1.0 Appendix F.1; certs/qr.md; RFC 8392 §3.1 (claims 3, 6).

import * as base45 from "./base45.js";
import { encode } from "./cbor.js";
import { ES256, embedded, sign1 } from "./cose.js";
import { jws, publicKey } from "./jws.js";

const PREFIX = "VN1:";
const HOLDER_PROOF_TYPE = "vn1-kb+cwt";
const KEY_PROOF_TYPE = "openid4vci-proof+jwt";
const ALG = 1, KCWT = 13, TYP = 16; // COSE header parameters: RFC 9052 §3.1, RFC 9528 §10.5 (kcwt), RFC 9596
const AUD = 3, IAT = 6, CHALLENGE = 39; // CWT claims: RFC 8392 §3.1; 39 is cnonce, RFC 9200 §5.3.1

/** @typedef {{ jwk: {kty: string, crv: string, x: string, y: string}, sign: (message: Uint8Array) => Promise<Uint8Array> }} HolderKey */

/** The presentation: the credential, and the holder's signature over when, for whom, upon which challenge.
 * @param {Uint8Array} credential @param {HolderKey} key
 * @param {{ now: number, audience?: string | null, challenge?: Uint8Array | null }} circumstances @returns {Promise<Uint8Array>} */
export function holderProof(credential, key, { now, audience = null, challenge = null }) {
  const header = new Map([[ALG, ES256], [KCWT, embedded(credential)], [TYP, HOLDER_PROOF_TYPE]]);
  const claims = new Map([[IAT, now]]);
  if (audience !== null) claims.set(AUD, audience);
  if (challenge !== null) claims.set(CHALLENGE, challenge);
  return sign1(header, encode(claims), key.sign);
}

/** @param {Uint8Array} presentation @returns {string} the QR's text */
export function toText(presentation) {
  return PREFIX + base45.encode(presentation);
}

/** Proof of possession for the issuer. @param {HolderKey} key @param {{ audience: string, nonce: string, now: number }} circumstances
 * @returns {Promise<string>} a compact JWS */
export async function keyProof(key, { audience, nonce, now }) {
  return jws({ alg: "ES256", typ: KEY_PROOF_TYPE, jwk: publicKey(key.jwk) }, { aud: audience, iat: now, nonce }, key);
}

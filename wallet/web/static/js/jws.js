// A compact JWS with ES256, for whatever this browser signs as JSON.
// Spec: RFC 7515 §3.1; RFC 7518 §3.4 (raw r and s).

import * as base64url from "./base64url.js";

/** The public members only. @param {JsonWebKey} jwk */
export function publicKey({ kty, crv, x, y }) {
  return { kty, crv, x, y };
}

/** Members are written in the order in which they are given.
 * @param {object} header @param {object} claims @param {{ sign: (message: Uint8Array) => Promise<Uint8Array> }} key @returns {Promise<string>} */
export async function jws(header, claims, key) {
  const signingInput = `${base64url.encodeJson(header)}.${base64url.encodeJson(claims)}`;
  const signature = await key.sign(new TextEncoder().encode(signingInput));
  return `${signingInput}.${base64url.encode(signature)}`;
}

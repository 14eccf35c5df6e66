// What this device signs for the provider: its enrolment, a look at who asks, and the decision about a log-in.
// Spec: certs/device.py (types, headers and claims, in its order); RFC 7638 (the key's name).

import * as base64url from "./base64url.js";
import { jws, publicKey } from "./jws.js";

const ENROLMENT = "vneid-device+jwt";
const VIEW = "vneid-approval-view+jwt";
const DECISION = "vneid-approval+jwt";
const ID_BYTES = 16; // 128 bits, never used twice

/** @typedef {{ jwk: JsonWebKey, thumbprint: string, sign: (message: Uint8Array) => Promise<Uint8Array> }} DeviceKey */

/** @returns {string} */
export function newId() {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
}

/** @param {DeviceKey} key @param {{ audience: string, nonce: string, now: number }} circumstances @returns {Promise<string>} */
export function enrolment(key, { audience, nonce, now }) {
  return jws({ alg: "ES256", typ: ENROLMENT, jwk: publicKey(key.jwk) }, { aud: audience, iat: now, nonce }, key);
}

/** @param {DeviceKey} key @param {{ audience: string, request: string, jti: string, now: number }} circumstances @returns {Promise<string>} */
export function view(key, { audience, request, jti, now }) {
  return jws({ alg: "ES256", kid: key.thumbprint, typ: VIEW }, { aud: audience, iat: now, jti, request }, key);
}

/** `number` goes with an approval for another screen only. @param {DeviceKey} key
 * @param {{ audience: string, request: string, jti: string, now: number, approve: boolean, number: string | null }} circumstances @returns {Promise<string>} */
export function decision(key, { audience, request, jti, now, approve, number }) {
  const claims = { aud: audience, iat: now, jti, request, decision: approve ? "approve" : "deny" };
  if (number !== null) claims.number = number;
  return jws({ alg: "ES256", kid: key.thumbprint, typ: DECISION }, claims, key);
}

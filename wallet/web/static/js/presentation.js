// What a holder's key signs when a document is presented online: a key binding, or a device signature. Never bare bytes.
// Spec: RFC 9901 §4.3 (KB-JWT); ISO/IEC 18013-5 §9.1.3.6 (device signature: COSE_Sign1 whose payload is not sent).

import * as base64url from "./base64url.js";
import { encode } from "./cbor.js";
import { ES256, toBeSigned } from "./cose.js";
import { jws } from "./jws.js";

const KEY_BINDING_TYPE = "kb+jwt";
const ALG = 1; // COSE header parameter: RFC 9052 §3.1

/** @typedef {{ sign: (message: Uint8Array) => Promise<Uint8Array> }} Key */

/** @param {{ iat: number, aud: string, nonce: string, sd_hash: string }} claims @param {Key} key @returns {Promise<string>} a compact JWS */
export function keyBinding({ iat, aud, nonce, sd_hash }, key) {
  return jws({ alg: "ES256", typ: KEY_BINDING_TYPE }, { iat, aud, nonce, sd_hash }, key);
}

/** @param {string} payload base64url of DeviceAuthenticationBytes @param {Key} key @returns {Promise<string>} base64url of r and s */
export async function deviceSignature(payload, key) {
  const header = encode(new Map([[ALG, ES256]]));
  return base64url.encode(await key.sign(toBeSigned(header, base64url.decode(payload))));
}

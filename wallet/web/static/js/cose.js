// COSE_Sign1 with ES256: what is signed, and the message around the signature.
// Spec: RFC 9052 §4.2, §4.4; RFC 9053 §2.1.

import { decode } from "./cbor-read.js";
import { Encoded, Tag, encode } from "./cbor.js";
import { Refusal } from "./refusal.js";

export const SIGN1 = 18; // RFC 9052 §4.2: the tag of COSE_Sign1
export const ES256 = -7; // RFC 9053 §2.1
const ES256_LENGTH = 64; // r and s, 32 bytes each
const ALG = 1, CRIT = 2; // RFC 9052 §3.1
const CURVE = { name: "ECDSA", namedCurve: "P-256" }, SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

/** Sig_structure (RFC 9052 §4.4). @param {Uint8Array} protectedHeader @param {Uint8Array} payload @returns {Uint8Array} */
export function toBeSigned(protectedHeader, payload) {
  return encode(["Signature1", protectedHeader, new Uint8Array(0), payload]);
}

/** @param {Map<number, unknown>} header @param {Uint8Array} payload @param {(message: Uint8Array) => Promise<Uint8Array>} sign */
export async function sign1(header, payload, sign) {
  const protectedHeader = encode(header);
  const signature = await sign(toBeSigned(protectedHeader, payload));
  if (signature.length !== ES256_LENGTH) throw new Error("cose: a signature of another length");
  return encode(new Tag(SIGN1, [protectedHeader, new Map(), payload, signature]));
}

/** A COSE_Sign1 that travels inside another message, unchanged. @param {Uint8Array} bytes @returns {Encoded} */
export function embedded(bytes) {
  if (bytes[0] !== 0xd2) throw new Error("cose: not a tagged COSE_Sign1"); // tag 18 in its one encoding
  return new Encoded(bytes);
}

/** A message that proves nothing yet: nothing unsigned is ever read. @param {Uint8Array} bytes @param {import("./cbor-read.js").Limits} limits
 * @returns {{ protectedHeader: Uint8Array, header: Map<unknown, unknown>, payload: Uint8Array, signature: Uint8Array }} */
export function parse(bytes, limits) {
  const item = decode(bytes, limits);
  if (!(item instanceof Tag)) throw new Refusal("type_mismatch", "not a tagged COSE_Sign1");
  const [protectedHeader, unprotected, payload, signature] = Array.isArray(item.value) && item.value.length === 4 ? item.value : [];
  if (![protectedHeader, payload, signature].every((part) => part instanceof Uint8Array)) throw new Refusal("malformed", "parts of COSE_Sign1");
  if (!(unprotected instanceof Map) || unprotected.size > 0) throw new Refusal("malformed", "unprotected header is not empty");
  const header = protectedHeader.length ? decode(protectedHeader, limits) : new Map();
  if (!(header instanceof Map)) throw new Refusal("malformed", "protected header is not a map");
  if (header.has(CRIT)) throw new Refusal("crit_unknown", "crit");
  return { protectedHeader, header, payload, signature };
}

/** By a key of P-256, and no other algorithm than its own. @param {ReturnType<typeof parse>} message @param {JsonWebKey} jwk */
export async function verify({ protectedHeader, header, payload, signature }, { kty, crv, x, y }) {
  if (header.get(ALG) !== ES256) throw new Refusal("alg_not_allowed", "alg is not the key's");
  const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, CURVE, false, ["verify"]);
  const holds = signature.length === ES256_LENGTH && await crypto.subtle.verify(SIGNATURE, key, signature, toBeSigned(protectedHeader, payload));
  if (!holds) throw new Refusal("signature_invalid", "COSE_Sign1");
}

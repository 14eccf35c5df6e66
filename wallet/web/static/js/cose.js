// COSE_Sign1 with ES256: what is signed, and the message around the signature.
// Spec: RFC 9052 §4.2, §4.4; RFC 9053 §2.1.

import { Encoded, Tag, encode } from "./cbor.js";

export const SIGN1 = 18; // RFC 9052 §4.2: the tag of COSE_Sign1
export const ES256 = -7; // RFC 9053 §2.1
const ES256_LENGTH = 64; // r and s, 32 bytes each

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

// Sealing on the phone: documents under a random key, that key under what the passcode or a passkey gives.
// Spec: NIST SP 800-38D (AES-256-GCM); RFC 8018 §5.2 (PBKDF2); RFC 5869 (HKDF); RFC 2104 (HMAC).
//
// The passcode's key = HKDF(HMAC(device key, PBKDF2(passcode, salt, COST))). The device key is a non-extractable HMAC key of
// this browser: sealed bytes that were copied without it are no dictionary of a million passcodes. Who copies the browser's
// whole storage from a disk that is not encrypted has both; against that only COST and the passcode stand, or a passkey.

// OWASP's count for PBKDF2 with SHA-256: a quarter of a second for the person, three days of one core for all six-digit passcodes.
export const COST = 600_000;
const NONCE_BYTES = 12; // SP 800-38D §8.2.2: random, and far fewer than 2^32 values under one key
const SALT_BYTES = 16;
const AES = { name: "AES-GCM", length: 256 };
const utf8 = (text) => new TextEncoder().encode(text);
const random = (length) => crypto.getRandomValues(new Uint8Array(length));

export const newSalt = () => random(SALT_BYTES);

/** @returns {Promise<CryptoKey>} of this browser, which cannot leave it */
export function newDeviceKey() {
  return crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}

/** @param {BufferSource} secret @param {string} purpose @returns {Promise<CryptoKey>} wraps and unwraps, nothing else */
async function wrappingKey(secret, purpose) {
  const from = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const way = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info: utf8(`vneid-phone ${purpose}`) };
  return crypto.subtle.deriveKey(way, from, AES, false, ["wrapKey", "unwrapKey"]);
}

/** @param {string} passcode @param {Uint8Array} salt @param {CryptoKey} deviceKey @returns {Promise<CryptoKey>} */
export async function fromPasscode(passcode, salt, deviceKey) {
  const typed = await crypto.subtle.importKey("raw", utf8(passcode), "PBKDF2", false, ["deriveBits"]);
  const way = { name: "PBKDF2", hash: "SHA-256", salt, iterations: COST };
  const slow = await crypto.subtle.deriveBits(way, typed, 256);
  return wrappingKey(await crypto.subtle.sign("HMAC", deviceKey, slow), "passcode");
}

/** @param {BufferSource} secret what the passkey's PRF gave @returns {Promise<CryptoKey>} */
export const fromPasskey = (secret) => wrappingKey(secret, "passkey");

/** @returns {Promise<CryptoKey>} extractable only so that it can be wrapped; what `unwrap` gives is not */
export const newDataKey = () => crypto.subtle.generateKey(AES, true, ["encrypt", "decrypt"]);

/** @typedef {{ iv: Uint8Array, bytes: ArrayBuffer }} Sealed */

/** @param {CryptoKey} dataKey @param {CryptoKey} by @param {string} name @returns {Promise<Sealed>} */
export async function wrap(dataKey, by, name) {
  const iv = random(NONCE_BYTES);
  const bytes = await crypto.subtle.wrapKey("raw", dataKey, by, { name: "AES-GCM", iv, additionalData: utf8(name) });
  return { iv, bytes };
}

/** @param {Sealed} wrapped @param {CryptoKey} by @param {string} name @param {{ again?: boolean }} [how] `again`: to be wrapped anew
 * @returns {Promise<CryptoKey | null>} null: this is not its key */
export async function unwrap({ iv, bytes }, by, name, { again = false } = {}) {
  const way = { name: "AES-GCM", iv, additionalData: utf8(name) };
  try {
    return await crypto.subtle.unwrapKey("raw", bytes, by, way, AES, again, ["encrypt", "decrypt"]);
  } catch (error) {
    if (error.name === "OperationError") return null;
    throw error;
  }
}

/** The name is bound in: no sealed value can take another's place. @param {CryptoKey} key @param {string} name @param {unknown} value @returns {Promise<Sealed>} */
export async function seal(key, name, value) {
  const iv = random(NONCE_BYTES);
  const way = { name: "AES-GCM", iv, additionalData: utf8(name) };
  return { iv, bytes: await crypto.subtle.encrypt(way, key, utf8(JSON.stringify(value))) };
}

/** @param {CryptoKey} key @param {string} name @param {Sealed} sealed @returns {Promise<any>} rejects where a byte was changed */
export async function open(key, name, { iv, bytes }) {
  const way = { name: "AES-GCM", iv, additionalData: utf8(name) };
  return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt(way, key, bytes)));
}

// The holder's keys: made by the browser, never extractable, kept in IndexedDB: one for each credential by its thumbprint,
// and for each person of this browser one that signs them in elsewhere, by the name under which the wallet files them.
// Spec: Web Cryptography API §23 (ECDSA); RFC 7638 §3 (thumbprint); RFC 7518 §3.4 (raw r and s).

import * as base64url from "./base64url.js";
import { keyProof } from "./proof.js";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const DATABASE = "vneid-wallet", VERSION = 2;
const KEYS = "keys", DEVICES = "devices";
const STORES = { [KEYS]: "thumbprint", [DEVICES]: "owner" };

/** RFC 7638 §3: the members that are required, in this order. @param {JsonWebKey} jwk @returns {Promise<string>} */
export async function thumbprint({ crv, kty, x, y }) {
  const bytes = new TextEncoder().encode(JSON.stringify({ crv, kty, x, y }));
  return base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** What `proof.js` signs with. @param {CryptoKey} privateKey @param {JsonWebKey} jwk */
export function holderKey(privateKey, jwk) {
  const sign = async (message) => new Uint8Array(await crypto.subtle.sign(SIGNATURE, privateKey, message));
  return { jwk, sign };
}

/** @returns {Promise<{ thumbprint: string, jwk: JsonWebKey, privateKey: CryptoKey }>} */
export async function generate() {
  const pair = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const jwk = { kty, crv, x, y };
  return { thumbprint: await thumbprint(jwk), jwk, privateKey: pair.privateKey };
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, VERSION);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) {
        if (!request.result.objectStoreNames.contains(name)) request.result.createObjectStore(name, { keyPath });
      }
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {string} store @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest[]} work @returns {Promise<unknown[]>} */
async function within(store, mode, work) {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode, { durability: "strict" });
      const requests = work(transaction.objectStore(store));
      transaction.oncomplete = () => resolve(requests.map((request) => request.result));
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

/** Keys are kept before the credential is asked for, so that none can arrive whose key was lost. */
export async function keep(...keys) {
  await within(KEYS, "readwrite", (store) => keys.map((key) => store.put(key)));
}

/** A key for each credential to come, kept and proven to the issuer.
 * @param {{ audience: string, proofs: { configuration: string, nonce: string }[] }} begun */
export async function prove({ audience, proofs: wanted }) {
  const now = Math.floor(Date.now() / 1000);
  const made = await Promise.all(wanted.map(generate));
  await keep(...made); // before the credentials are asked for: none may come whose key is lost
  const proofs = await Promise.all(wanted.map(async ({ configuration, nonce }, place) => {
    const key = holderKey(made[place].privateKey, made[place].jwk);
    return { configuration, proof: await keyProof(key, { audience, nonce, now }) };
  }));
  return { prints: made.map(({ thumbprint: print }) => print), proofs };
}

/** @param {string} print @returns {Promise<{ jwk: JsonWebKey, privateKey: CryptoKey } | undefined>} */
export async function find(print) {
  return (await within(KEYS, "readonly", (store) => [store.get(print)]))[0];
}

/** @param {string[]} prints */
export async function forget(...prints) {
  await within(KEYS, "readwrite", (store) => prints.map((print) => store.delete(print)));
}

/** The key by which this browser signs `owner` in elsewhere, and nobody else.
 * @typedef {{ owner: string, thumbprint: string, jwk: JsonWebKey, privateKey: CryptoKey, name: string, since: number }} Device */

/** @param {Device} device in place of an earlier one of the same owner */
export async function keepDevice(device) {
  await within(DEVICES, "readwrite", (store) => [store.put(device)]);
}

/** @param {string} owner @returns {Promise<Device | undefined>} */
export async function findDevice(owner) {
  return (await within(DEVICES, "readonly", (store) => [store.get(owner)]))[0];
}

/** @param {string} owner */
export async function forgetDevice(owner) {
  await within(DEVICES, "readwrite", (store) => [store.delete(owner)]);
}

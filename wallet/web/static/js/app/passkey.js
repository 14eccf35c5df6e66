// A passkey of this device as a second way to open the vault: its PRF gives a secret that only this person's device computes.
// Spec: W3C Web Authentication Level 3 §10.1.4 (prf). No server takes part: what the PRF gives either opens the vault or not.

const SALT_BYTES = 32;
const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** @returns {Promise<boolean>} whether this browser can do it at all */
export async function possible() {
  const can = await globalThis.PublicKeyCredential?.getClientCapabilities?.().catch(() => null);
  return can?.["extension:prf"] === true;
}

const asked = (salt) => ({ prf: { eval: { first: salt } } });
const given = (credential) => credential?.getClientExtensionResults().prf?.results?.first ?? null;

/** @param {string} name as the device lists it @returns {Promise<{ id: Uint8Array, salt: Uint8Array, secret: BufferSource } | null>} null: without PRF, or the person said no */
export async function make(name) {
  const salt = random(SALT_BYTES);
  try {
    const made = await navigator.credentials.create({ publicKey: {
      rp: { name }, user: { id: random(16), name, displayName: name }, challenge: random(32), attestation: "none",
      pubKeyCredParams: [{ type: "public-key", alg: -7 }, { type: "public-key", alg: -257 }],
      authenticatorSelection: { userVerification: "required", residentKey: "preferred" }, extensions: asked(salt),
    } });
    const id = new Uint8Array(made.rawId);
    const secret = given(made) ?? (await use({ id, salt })); // many devices give it only at the first use
    return secret && { id, salt, secret };
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

/** @param {{ id: Uint8Array, salt: Uint8Array }} passkey @returns {Promise<BufferSource | null>} */
export async function use({ id, salt }) {
  try {
    return given(await navigator.credentials.get({ publicKey: {
      challenge: random(32), allowCredentials: [{ type: "public-key", id }], userVerification: "required", extensions: asked(salt),
    } }));
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

// Base64url without padding, strict when reading.
// Spec: RFC 4648 §5; RFC 7515 §2.

/** @param {Uint8Array} bytes @returns {string} */
export function encode(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} text @returns {Uint8Array} */
export function decode(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error("base64url: character outside of the alphabet");
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  if (encode(bytes) !== text) throw new Error("base64url: not the one encoding of these bytes");
  return bytes;
}

/** @param {unknown} value @returns {string} */
export function encodeJson(value) {
  return encode(new TextEncoder().encode(JSON.stringify(value)));
}

// Base45: bytes as the 45 characters of a QR code's alphanumeric mode.
// Spec: RFC 9285 §3, §4.

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** @param {Uint8Array} bytes @returns {string} */
export function encode(bytes) {
  let text = "";
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    const n = bytes[i] * 256 + bytes[i + 1]; // two bytes give three characters, lowest first (§4)
    text += ALPHABET[n % 45] + ALPHABET[Math.floor(n / 45) % 45] + ALPHABET[Math.floor(n / 2025)];
  }
  if (bytes.length % 2 === 1) {
    const n = bytes[bytes.length - 1];
    text += ALPHABET[n % 45] + ALPHABET[Math.floor(n / 45)];
  }
  return text;
}

/** @param {string} text @returns {Uint8Array} */
export function decode(text) {
  if (text.length % 3 === 1) throw new Error("base45: a length of 3n+1 cannot occur");
  const bytes = [];
  for (let i = 0; i < text.length; i += 3) {
    const digits = [...text.slice(i, i + 3)].map((character) => {
      const digit = ALPHABET.indexOf(character);
      if (digit < 0) throw new Error("base45: character outside of the alphabet");
      return digit;
    });
    const n = digits.reduce((sum, digit, place) => sum + digit * 45 ** place, 0);
    if (n >= 256 ** (digits.length - 1)) throw new Error("base45: group above its largest value"); // §6
    if (digits.length === 3) bytes.push(n >> 8);
    bytes.push(n & 255);
  }
  return Uint8Array.from(bytes);
}

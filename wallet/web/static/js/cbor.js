// Deterministic CBOR for the few maps that a holder signs, and enough reading to embed a signed item unchanged.
// Spec: RFC 8949 §3, §4.2.1 (shortest heads, definite lengths, map keys in bytewise order of their encoding).

const UNSIGNED = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6;
const DEEPEST = 16; // the limit of the Python decoder, so that both refuse the same nesting

/** A value that is already encoded: written as it is. */
export class Encoded {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    if (itemEnd(bytes) !== bytes.length) throw new Error("cbor: not exactly one item");
    this.bytes = bytes;
  }
}

export class Tag {
  /** @param {number} number @param {unknown} value */
  constructor(number, value) {
    this.number = number;
    this.value = value;
  }
}

/** @param {Uint8Array[]} parts @returns {Uint8Array} */
export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {number} major @param {number} argument @returns {Uint8Array} */
function head(major, argument) {
  if (!Number.isSafeInteger(argument) || argument < 0) throw new Error("cbor: not an integer that we write");
  if (argument < 24) return Uint8Array.of((major << 5) | argument);
  const sizes = [[24, 1, 0x100], [25, 2, 0x10000], [26, 4, 0x100000000], [27, 8, Infinity]];
  const [information, length] = sizes.find(([, , limit]) => argument < limit);
  const bytes = new Uint8Array(1 + length);
  bytes[0] = (major << 5) | information;
  for (let i = length, rest = argument; i > 0; i -= 1) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return bytes;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
function bytewise(a, b) {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

/** @param {Map<unknown, unknown>} map @returns {Uint8Array} */
function encodeMap(map) {
  const entries = [...map].map(([key, value]) => [encode(key), encode(value)]);
  entries.sort(([a], [b]) => bytewise(a, b)); // RFC 8949 §4.2.1
  return join(head(MAP, entries.length), ...entries.flat());
}

/** Integers, byte strings, text, arrays, Map, Tag and Encoded. @param {unknown} value @returns {Uint8Array} */
export function encode(value) {
  if (typeof value === "number") return value < 0 ? head(NEGATIVE, -1 - value) : head(UNSIGNED, value);
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new Error("cbor: text with a lone surrogate");
    const bytes = new TextEncoder().encode(value);
    return join(head(TEXT, bytes.length), bytes);
  }
  if (value instanceof Uint8Array) return join(head(BYTES, value.length), value);
  if (Array.isArray(value)) return join(head(ARRAY, value.length), ...value.map(encode));
  if (value instanceof Map) return encodeMap(value);
  if (value instanceof Tag) return join(head(TAG, value.number), encode(value.value));
  if (value instanceof Encoded) return value.bytes;
  throw new Error("cbor: a kind of value that we do not write");
}

/** Where the item that starts at `at` ends; throws on anything cut off, indefinite or too deep.
 * @param {Uint8Array} bytes @param {number} [at] @param {number} [depth] @returns {number} */
export function itemEnd(bytes, at = 0, depth = 0) {
  if (depth > DEEPEST) throw new Error("cbor: nested too deeply");
  if (at >= bytes.length) throw new Error("cbor: cut off");
  const major = bytes[at] >> 5, information = bytes[at] & 31;
  if (information > 27) throw new Error("cbor: indefinite or reserved length");
  const width = information < 24 ? 0 : 2 ** (information - 24);
  let next = at + 1 + width;
  if (next > bytes.length) throw new Error("cbor: cut off");
  const argument = width === 0 ? information : bytes.subarray(at + 1, next).reduce((sum, byte) => sum * 256 + byte, 0);
  if (major === BYTES || major === TEXT) next += argument;
  const children = { [ARRAY]: argument, [MAP]: argument * 2, [TAG]: 1 }[major] ?? 0;
  for (let i = 0; i < children; i += 1) next = itemEnd(bytes, next, depth + 1);
  if (next > bytes.length) throw new Error("cbor: cut off");
  return next;
}

// Strict reading of deterministic CBOR that somebody else made: one spelling for each value, bounded; all else is refused.
// Spec: RFC 8949 §3, §4.2.1, §5.6. The profile and the codes of certs/cbor.py: no floats, no tag but 18, keys integers or text.

import { Tag } from "./cbor.js";
import { Refusal } from "./refusal.js";

const UNSIGNED = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6;
const SMALLEST = { 24: 24, 25: 0x100, 26: 0x10000, 27: 0x100000000 }; // what needs so many bytes
const SIMPLE = new Map([[0xf4, false], [0xf5, true], [0xf6, null]]);
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @typedef {{ size: number, depth: number, entries: number }} Limits */

/** @param {Uint8Array} bytes @param {Limits} limits @returns {unknown} numbers, texts, Uint8Array, arrays, Map, Tag, booleans, null */
export function decode(bytes, limits) {
  if (bytes.length > limits.size) throw new Refusal("oversize", "CBOR");
  const reading = { bytes, at: 0, entries: limits.entries };
  const value = item(reading, limits.depth);
  if (reading.at < bytes.length) throw new Refusal("trailing_data", "CBOR");
  return value;
}

function next(reading, count) {
  const from = reading.at;
  if (from + count > reading.bytes.length) throw new Refusal("malformed", "CBOR is cut off");
  reading.at += count;
  return reading.bytes.subarray(from, reading.at);
}

/** The number beside the kind, in its shortest form. Above 2^53 it is not exact, and then nothing takes it. */
function argument(reading, information) {
  if (information < 24) return information;
  if (information > 27) throw new Refusal("malformed", "indefinite or reserved length");
  const value = next(reading, 2 ** (information - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
  if (value < SMALLEST[information]) throw new Refusal("malformed", "not the shortest form");
  return value;
}

function item(reading, depth) {
  const [first] = next(reading, 1);
  if (SIMPLE.has(first)) return SIMPLE.get(first);
  const major = first >> 5;
  if (major > TAG) throw new Refusal("malformed", "a value that is not admitted");
  const number = argument(reading, first & 31);
  if (major === UNSIGNED) return number;
  if (major === NEGATIVE) return -1 - number;
  if (major === BYTES) return next(reading, number).slice();
  if (major === TEXT) return text(next(reading, number));
  if (depth === 0 || (major !== TAG && number > reading.entries)) throw new Refusal("limit_exceeded", "CBOR");
  if (major === ARRAY) return Array.from({ length: number }, () => item(reading, depth - 1));
  if (major === MAP) return map(reading, number, depth - 1);
  if (number !== 18) throw new Refusal("malformed", "a tag that is not admitted");
  return new Tag(number, item(reading, depth - 1));
}

function text(bytes) {
  try {
    return UTF8.decode(bytes);
  } catch {
    throw new Refusal("malformed", "not UTF-8");
  }
}

/** Keys in strictly rising bytewise order: that alone excludes that one comes twice. */
function map(reading, entries, depth) {
  const found = new Map();
  let before = null;
  for (let i = 0; i < entries; i += 1) {
    const from = reading.at;
    const kind = (reading.bytes[from] ?? 0) >> 5;
    if (![UNSIGNED, NEGATIVE, TEXT].includes(kind)) throw new Refusal("malformed", "a key that is neither integer nor text");
    const key = item(reading, depth);
    const encoded = reading.bytes.subarray(from, reading.at);
    if (before && compare(encoded, before) <= 0) throw new Refusal(found.has(key) ? "duplicate_key" : "malformed", "keys not in rising order");
    before = encoded;
    found.set(key, item(reading, depth));
  }
  return found;
}

function compare(a, b) {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

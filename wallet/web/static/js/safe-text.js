// Text that people can read without being deceived: composed, Latin, with nothing invisible in it.
// Spec: certs/qr.md §4 (safe text); the rules and codes of `safe_text` in certs/encoding.py.

import { Refusal } from "./refusal.js";

const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\ufe00-\ufe0f\u034f\u115f\u3164\u00d0\u0189]/u;
const ASCII_ONLY = /(?![\x00-\x7f])[\p{Nd}\p{Zs}]/u; // digits and blanks of others
const MARKS = /\p{M}{3}/u;
const FOREIGN = /(?![\u0000-\u024f\u1e00-\u1eff\u02bc])\p{L}/u;

/** @param {string} text @param {number} limit characters @returns {string} the same */
export function safeText(text, limit) {
  if ([...text].length > limit) throw new Refusal("oversize", "text");
  const bad = text.normalize("NFC") !== text || [UNSAFE, ASCII_ONLY, MARKS, FOREIGN].some((each) => each.test(text));
  if (bad) throw new Refusal("text_unsafe", "text");
  return text;
}

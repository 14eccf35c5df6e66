// The rules of the passcode on this phone: its form, how long a wrong one makes wait, when everything here is erased.
// Spec: NIST SP 800-63B-4 §3.1.1.2 (length, blocklist in spirit), §3.2.2 (limiting tries). No clock and no storage in here.

export const DIGITS = 6;
export const TRIES = 10; // wrong ones in a row; with a million passcodes, a finder's chance stays at 1 in 100,000
const FREE = 3; // slips of the finger cost nothing
const WAITS = [30, 60, 300, 900, 3600, 3600]; // seconds after the 4th, 5th, … wrong one

/** @param {string} text @returns {"" | "form" | "weak"} what is wrong with it as a new passcode */
export function fault(text) {
  if (!/^[0-9]{6}$/.test(text)) return "form";
  const steps = new Set([...text].slice(1).map((digit, place) => Number(digit) - Number(text[place])));
  const plain = steps.size === 1 && [0, 1, -1].includes([...steps][0]); // 111111, 123456, 654321
  const repeated = text.slice(0, 3) === text.slice(3) || text.slice(0, 2).repeat(3) === text;
  return plain || repeated ? "weak" : "";
}

/** @param {number} tried wrong ones so far @returns {number} seconds until the next may be tried */
export function wait(tried) {
  return tried <= FREE ? 0 : WAITS[Math.min(tried - FREE, WAITS.length) - 1];
}

/** A clock that was set back must not lock the person out for longer than the rule says.
 * @param {{ tried: number, last: number }} counted @param {number} now seconds @returns {number} seconds still to wait */
export function waiting({ tried, last }, now) {
  return Math.max(0, Math.min(wait(tried), last + wait(tried) - now));
}

/** @param {number} tried @returns {number} */
export const left = (tried) => Math.max(0, TRIES - tried);

// The verifier's challenge, read and checked on this phone alone: who asks, what for, for which views; or the code of a refusal.
// Spec: certs/challenge.md §5, whose steps the numbers are. `known` is what wallet/carried.py made of the trust list and the catalogue.

import * as base45 from "../base45.js";
import * as base64url from "../base64url.js";
import { decode } from "../cbor-read.js";
import { parse as parseMessage, verify as verifyMessage } from "../cose.js";
import { Refusal } from "../refusal.js";
import { safeText } from "../safe-text.js";

export const PREFIX = "VN1Q:";
const TYPE = "vn1-challenge+cwt";
const TEXT_LIMIT = 4296;
const LIMITS = { size: 4096, depth: 5, entries: 16 };
const LIFETIME = 300, SKEW = 60; // seconds
const TIME_LIMIT = 2 ** 37;
const CHALLENGE_BYTES = 16, NAME_LIMIT = 64, PURPOSE_LIMIT = 256;
const ALG = 1, TYP = 16, X5CHAIN = 33; // COSE headers
const ISS = 1, EXP = 4, IAT = 6, CNONCE = 39, PURPOSE = -65539, WANTED = -65540; // claims

/** @typedef {{ vi: string, en: string }} Text
 * @typedef {{ organisation: string, name: Text, purpose: Text, since: number, until: number | null, views: Record<string, string[]>,
 *   certificates: { sha256: string, key: JsonWebKey, from: number, until: number }[] }} Reader
 * @typedef {{ code: number, name: string, title: Text, views: { code: number, name: string, title: Text }[] }} Kind
 * @typedef {{ readers: Reader[], kinds: Kind[], issued: number, ends: number }} Known
 * @typedef {{ reader: Reader, audience: string, challenge: Uint8Array, issued: number, expires: number,
 *   wanted: { kind: Kind, views: string[] }[] }} Asked */

const refuse = (code, detail) => {
  throw new Refusal(code, detail);
};
const number = (value) => typeof value === "number" && value >= 0 && value < TIME_LIMIT;
const same = (map, keys) => map instanceof Map && map.size === keys.length && keys.every((key) => map.has(key));

function bytesOf(text) {
  if ([...text].length > TEXT_LIMIT) refuse("oversize", "text");
  if (!text.startsWith(PREFIX)) refuse("prefix_unknown", "not VN1Q:");
  try {
    return base45.decode(text.slice(PREFIX.length));
  } catch {
    return refuse("encoding_invalid", "not base45");
  }
}

/** @param {unknown} value rising numbers, each once */
function rising(value) {
  if (!Array.isArray(value) || value.length === 0) refuse("malformed", "nothing is wanted");
  if (!value.every((each, place) => number(each) && (place === 0 || value[place - 1] < each))) refuse("malformed", "not in rising order");
  return value;
}

/** @param {Kind[]} kinds */
function wantedOf(value, kinds) {
  if (!Array.isArray(value) || value.length === 0) refuse("malformed", "nothing is wanted");
  if (!value.every((each) => Array.isArray(each) && each.length === 2 && number(each[0]))) refuse("malformed", "what is wanted");
  const asked = value.map(([code, views]) => ({ code, views: rising(views) }));
  rising(asked.map(({ code }) => code));
  return asked.map(({ code, views }) => {
    const kind = kinds.find((each) => each.code === code);
    const found = views.map((view) => kind?.views.find((each) => each.code === view)?.name);
    if (!kind || found.includes(undefined)) refuse("type_mismatch", "not in the registry");
    return { kind, views: found };
  });
}

function texts(value, limit) {
  if (typeof value !== "string" || value === "") refuse("malformed", "text of the challenge");
  return safeText(value, limit);
}

/** Steps 1 and 2. @param {string} text @param {Kind[]} kinds */
export function read(text, kinds) {
  const message = parseMessage(bytesOf(text), LIMITS);
  if (message.header.get(TYP) !== TYPE) refuse("type_mismatch", "typ");
  const certificate = message.header.get(X5CHAIN);
  if (!same(message.header, [ALG, TYP, X5CHAIN]) || !(certificate instanceof Uint8Array)) refuse("malformed", "header");
  const claims = decode(message.payload, LIMITS);
  if (!same(claims, [ISS, EXP, IAT, CNONCE, PURPOSE, WANTED])) refuse("malformed", "claims");
  const [issued, expires, challenge] = [claims.get(IAT), claims.get(EXP), claims.get(CNONCE)];
  if (!number(issued) || !number(expires) || expires <= issued || expires > issued + LIFETIME) refuse("malformed", "times");
  if (!(challenge instanceof Uint8Array) || challenge.length !== CHALLENGE_BYTES) refuse("malformed", "cnonce");
  const [audience, purpose] = [texts(claims.get(ISS), NAME_LIMIT), texts(claims.get(PURPOSE), PURPOSE_LIMIT)];
  return { message, certificate, issued, expires, challenge, audience, purpose, wanted: wantedOf(claims.get(WANTED), kinds) };
}

/** What a question is for, as type.view. @param {{ wanted: { kind: Kind, views: string[] }[] }} question */
export const names = ({ wanted }) => wanted.flatMap(({ kind, views }) => views.map((view) => `${kind.name}.${view}`));

/** @param {string} text @param {Known} known @param {number} now seconds @returns {Promise<Asked>} throws a Refusal, which
 * has what was `asked`, as type.view, once that can be read; and `to` whom it would go, once the signature holds */
export async function verify(text, known, now) {
  const question = read(text, known.kinds); // 1, 2
  const signer = { organisation: undefined };
  try {
    return await checked(question, known, now, signer);
  } catch (error) {
    throw Object.assign(error, { asked: names(question), to: signer.organisation });
  }
}

/** Steps 3 to 8. */
async function checked({ message, certificate, purpose, ...asked }, known, now, signer) {
  const sha256 = base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", certificate)));
  const listed = known.readers.filter((reader) => reader.certificates.some((each) => each.sha256 === sha256));
  if (listed.length === 0) refuse("issuer_untrusted", "not on the list that this phone carries"); // 3
  const held = listed[0].certificates.find((each) => each.sha256 === sha256);
  if (now < held.from) refuse("cert_not_yet_valid", "reader"); // 4
  if (now > held.until) refuse("cert_expired", "reader");
  const granted = listed.filter(({ since, until }) => since <= now && (until === null || now < until));
  if (granted.length === 0) refuse("issuer_untrusted", "no purpose runs now");
  await verifyMessage(message, held.key); // 5
  signer.organisation = granted[0].organisation;
  const named = granted.filter(({ organisation }) => organisation === asked.audience);
  if (named.length === 0) refuse("issuer_untrusted", "iss is not the reader's name"); // 6
  const may = (reader) => asked.wanted.every(({ kind, views }) => views.every((view) => (reader.views[kind.name] ?? []).includes(view)));
  const reader = named.find((each) => each.purpose.vi === purpose && may(each));
  if (!reader) refuse("policy_refused", "more than they may ask"); // 7
  if (asked.issued > now + SKEW) refuse("issued_in_future", "challenge"); // 8
  if (asked.expires + SKEW <= now) refuse("expired", "challenge");
  return { ...asked, reader };
}

// The phone vault: what this browser keeps of its person's documents, openable without any network, and only by its person.
// Spec: none; sealing is sealing.js, tries are passcode.js, the disk is store.js. Holder keys lie apart (keys.js) and never leave.

import * as keys from "../keys.js";
import { TRIES, left, waiting } from "./passcode.js";
import * as sealing from "./sealing.js";
import { ALL, Gone, within } from "./store.js";

const LINE = "vault", REST = "rest";
const nameOf = (id) => `document/${id}`;
/** Tells the other tabs that something here is other than they think. */
const channel = new BroadcastChannel("vneid-phone");

/** @param {() => void} listener called when another tab changed the vault */
export function onChange(listener) {
  channel.onmessage = listener;
}

/** @typedef {{ vault: string, owner: string, key: CryptoKey }} Opened */

/** @returns {Promise<{ owner: string, tried: number, last: number, passkey: object | null } | null>} null: there is none */
export async function look() {
  const line = await within(["vault"], "readonly", (at) => at.vault.get(LINE));
  return line ? { owner: line.owner, tried: line.tried, last: line.last, passkey: line.passkey } : null;
}

/** A vault for this person, empty. @param {string} owner @param {string} passcode @returns {Promise<Opened>} */
export async function create(owner, passcode) {
  const vault = crypto.randomUUID();
  const [salt, deviceKey, dataKey] = [sealing.newSalt(), await sealing.newDeviceKey(), await sealing.newDataKey()];
  const by = await sealing.fromPasscode(passcode, salt, deviceKey);
  const wrapped = await sealing.wrap(dataKey, by, vault);
  await within(ALL, "readwrite", async (at) => {
    if (await at.vault.get(LINE)) throw new Gone(); // another tab was faster: its passcode counts
    await at.vault.put({ name: LINE, vault, owner, salt, deviceKey, wrapped, passkey: null, tried: 0, last: 0 });
  });
  channel.postMessage("created");
  return { vault, owner, key: await sealing.unwrap(wrapped, by, vault) };
}

/** Counted before it is looked at: who closes the page in between has tried all the same, and where nothing can be written
 * (the storage is full) nothing is tried.
 * @param {number} now seconds @returns {Promise<object | { wait: number }>} the vault's line, counted */
function count(now) {
  return within(["vault"], "readwrite", async (at) => {
    const line = await at.vault.get(LINE);
    if (!line) throw new Gone();
    const wait = waiting(line, now);
    if (wait > 0) return { wait };
    const counted = { ...line, tried: line.tried + 1, last: now };
    await at.vault.put(counted);
    return counted;
  });
}

function forgive(vault) {
  return within(["vault"], "readwrite", async (at) => {
    const line = await at.vault.get(LINE);
    if (line?.vault === vault) await at.vault.put({ ...line, tried: 0, last: 0 });
  });
}

/** @param {string} passcode @param {number} now @param {{ again?: boolean }} [how]
 * @returns {Promise<{ opened: Opened, line: object } | { wait: number } | { left: number, wait: number } | { erased: true }>} */
async function tried(passcode, now, how) {
  const line = await count(now);
  if ("wait" in line) return { wait: line.wait };
  const by = await sealing.fromPasscode(passcode, line.salt, line.deviceKey);
  const key = line.tried > TRIES ? null : await sealing.unwrap(line.wrapped, by, line.vault, how);
  if (key) {
    await forgive(line.vault);
    return { opened: { vault: line.vault, owner: line.owner, key }, line };
  }
  if (left(line.tried) === 0) {
    await erase();
    return { erased: true };
  }
  return { left: left(line.tried), wait: waiting(line, now) };
}

/** @param {string} passcode @param {number} now */
export const unlock = (passcode, now) => tried(passcode, now);

/** @param {BufferSource} secret of the passkey @returns {Promise<Opened | null>} */
export async function unlockByPasskey(secret) {
  const line = await within(["vault"], "readonly", (at) => at.vault.get(LINE));
  if (!line?.passkey) return null;
  const key = await sealing.unwrap(line.passkey.wrapped, await sealing.fromPasskey(secret), line.vault);
  if (key) await forgive(line.vault).catch(() => {}); // a full storage keeps nobody out
  return key && { vault: line.vault, owner: line.owner, key };
}

/** The old passcode opens the key once more, so that it can be wrapped in another way.
 * @param {string} passcode @param {number} now @param {(key: CryptoKey, line: object) => Promise<object>} change what to put into the line */
async function rewrapped(passcode, now, change) {
  const done = await tried(passcode, now, { again: true });
  if (!("opened" in done)) return done;
  const changed = await change(done.opened.key, done.line);
  await within(["vault"], "readwrite", async (at) => {
    const line = await at.vault.get(LINE);
    if (line?.vault !== done.opened.vault) throw new Gone();
    await at.vault.put({ ...line, ...changed });
  });
  return { changed: true };
}

/** @param {string} old @param {string} fresh @param {number} now */
export function changePasscode(old, fresh, now) {
  return rewrapped(old, now, async (key, { vault, deviceKey }) => {
    const salt = sealing.newSalt();
    return { salt, wrapped: await sealing.wrap(key, await sealing.fromPasscode(fresh, salt, deviceKey), vault) };
  });
}

/** @param {string} passcode @param {{ id: Uint8Array, salt: Uint8Array, secret: BufferSource }} passkey @param {number} now */
export function addPasskey(passcode, { id, salt, secret }, now) {
  return rewrapped(passcode, now, async (key, { vault }) => (
    { passkey: { id, salt, wrapped: await sealing.wrap(key, await sealing.fromPasskey(secret), vault) } }
  ));
}

/** Documents, their keys, what was not yet told: nothing of it stays. Never the person's documents at the issuer. */
export async function erase() {
  const prints = (await within(ALL, "readwrite", async (at) => {
    const line = await at.vault.get(LINE);
    for (const name of ALL) await at[name].clear();
    return line?.prints ?? [];
  }));
  await keys.forget(...prints);
  channel.postMessage("erased");
}

/** In one transaction, and only while the vault is the one that was opened. */
function inside(opened, names, mode, work) {
  return within([...new Set(["vault", ...names])], mode, async (at) => {
    const line = await at.vault.get(LINE);
    if (line?.vault !== opened.vault) throw new Gone();
    return work(at, line);
  });
}

/** @param {Opened} opened @returns {Promise<{ documents: object[], rest: object | null }>} */
export async function read(opened) {
  const rows = await inside(opened, ["sealed"], "readonly", (at) => at.sealed.all());
  const values = await Promise.all(rows.map((row) => sealing.open(opened.key, `${opened.vault}/${row.name}`, row)));
  const rest = values[rows.findIndex((row) => row.name === REST)] ?? null;
  const documents = values.filter((_, place) => rows[place].name !== REST);
  const order = new Map((rest?.order ?? []).map((id, place) => [id, place]));
  return { documents: documents.sort((a, b) => order.get(a.id) - order.get(b.id)), rest };
}

/** All of it anew, or, where the storage is full, all as it was. Keys of copies that are gone go too.
 * @param {Opened} opened @param {object[]} documents @param {object} rest */
export async function replace(opened, documents, rest) {
  const named = [...documents.map((each) => [nameOf(each.id), each]), [REST, { ...rest, order: documents.map(({ id }) => id) }]];
  const rows = await Promise.all(named.map(async ([name, value]) => (
    { name, ...(await sealing.seal(opened.key, `${opened.vault}/${name}`, value)) }
  )));
  const prints = [...documents, ...(rest.waiting ?? [])].flatMap((each) => each.prints);
  const gone = await inside(opened, ["sealed", "uses"], "readwrite", async (at, line) => {
    await at.sealed.clear();
    for (const row of rows) await at.sealed.put(row);
    const without = (line.prints ?? []).filter((print) => !prints.includes(print));
    for (const print of without) await at.uses.remove(print);
    await at.vault.put({ ...line, prints });
    return without;
  });
  await keys.forget(...gone);
  channel.postMessage("replaced");
}

/** The copy whose turn it is: the first that was never shown, else the one that was shown longest ago. Two tabs get two.
 * @param {Opened} opened @param {{ thumbprint: string }[]} copies in their order @param {number} now milliseconds */
export function take(opened, copies, now) {
  return inside(opened, ["uses"], "readwrite", async (at) => {
    const used = new Map((await at.uses.all()).map(({ thumbprint, at: when }) => [thumbprint, when]));
    const [next] = [...copies].sort((a, b) => (used.get(a.thumbprint) ?? 0) - (used.get(b.thumbprint) ?? 0)); // a stable sort
    await at.uses.put({ thumbprint: next.thumbprint, at: now });
    return next;
  });
}

/** @param {Opened} opened @returns {Promise<Set<string>>} thumbprints of copies that were shown */
export async function usedCopies(opened) {
  return new Set((await inside(opened, ["uses"], "readonly", (at) => at.uses.all())).map(({ thumbprint }) => thumbprint));
}

/** @param {Opened} opened @param {object} entry what the server is to be told when it can be reached */
export async function noteShown(opened, entry) {
  const name = crypto.randomUUID();
  const sealed = await sealing.seal(opened.key, `${opened.vault}/shown/${name}`, entry);
  await inside(opened, ["shown"], "readwrite", (at) => at.shown.put({ name, ...sealed }));
}

/** @param {Opened} opened @returns {Promise<object[]>} oldest first, each with its `id`; what was damaged is left out */
export async function shown(opened) {
  const rows = await inside(opened, ["shown"], "readonly", (at) => at.shown.all());
  const entries = await Promise.allSettled(rows.map(async (row) => (
    { id: row.name, ...(await sealing.open(opened.key, `${opened.vault}/shown/${row.name}`, row)) }
  )));
  return entries.flatMap(({ value }) => value ?? []).sort((a, b) => a.at - b.at);
}

/** @param {Opened} opened @param {string[]} ids that the server has */
export function told(opened, ids) {
  return inside(opened, ["shown"], "readwrite", async (at) => {
    for (const id of ids) await at.shown.remove(id);
  });
}

// With a network: new copies and states into the vault, what was shown offline to the server, fresh copies in time.
// The calls are described in wallet/web/offline.py.

import * as keys from "../keys.js";
import { needsRefill } from "./standing.js";
import * as vault from "./vault.js";

const MOST_TOLD = 200; // lines that the server takes at once
const PATIENCE = 8000; // ms: a network that is there but does not answer is none

/** What the server said no to. */
class Refused extends Error {
  constructor(status, answer) {
    super(answer.message ?? "");
    Object.assign(this, { status, code: answer.error ?? "", location: answer.location });
  }
}

async function call(path, csrf, body) {
  const headers = { Accept: "application/json" };
  if (body) Object.assign(headers, { "Content-Type": "application/json", "X-CSRF-Token": csrf });
  const response = await fetch(path, {
    method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body),
    credentials: "same-origin", redirect: "error", cache: "no-store", signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = await response.json();
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

/** Who is signed in, and what they have. @returns {Promise<{ outcome: "offline" | "signed-out" } | { outcome: "here", told: any, drift: number }>} */
export async function ask() {
  const began = Date.now();
  try {
    const told = await call("/app/documents", "");
    return { outcome: "here", told, drift: Math.round((began + Date.now()) / 2000 - told.now) };
  } catch (error) {
    return { outcome: error instanceof Refused && error.status === 401 ? "signed-out" : "offline" };
  }
}

/** Keys for new copies of a document, proven; the server fetches and keeps them. */
async function refill(id, csrf) {
  const begun = await call("/app/refill", csrf, { document: id });
  const { prints, proofs } = await keys.prove(begun);
  try {
    await call("/receive/complete", csrf, { receipt: begun.receipt, proofs });
  } catch (error) {
    if (error instanceof Refused) await keys.forget(...prints);
    throw error;
  }
}

async function send(opened, csrf, entries) {
  const { told } = await call("/app/shown", csrf, { shown: entries });
  await vault.told(opened, told);
}

async function tell(opened, csrf) {
  const entries = (await vault.shown(opened)).slice(0, MOST_TOLD); // the rest when the network is met again
  const refused = (error) => {
    if (error.code !== "request_malformed") throw error;
  };
  try {
    if (entries.length > 0) await send(opened, csrf, entries);
  } catch (error) {
    refused(error); // one of them, as of a view that this server does not know: it stays here, and keeps nothing else back
    for (const entry of entries) await send(opened, csrf, [entry]).catch(refused);
  }
  return entries.length > 0;
}

/** Copies that run out or expire, of this browser's own documents; what the issuer wants to be asked for in person stays as it is. */
async function refillAll(opened, told) {
  const [used, now] = [await vault.usedCopies(opened), told.now];
  let changed = false;
  for (const document of told.documents.filter((each) => each.renewable && needsRefill(each, used, now))) {
    const here = await Promise.all(document.copies.map(({ thumbprint }) => keys.find(thumbprint)));
    if (!here.some(Boolean)) continue; // held by another phone, which refills it itself
    try {
      await refill(document.id, told.csrf);
      changed = true;
    } catch { /* the state is told on the screen, and the next meeting with the network tries again */ }
  }
  return changed;
}

async function synced(opened) {
  let answer = await ask();
  if (answer.outcome !== "here") return answer.outcome;
  if (answer.told.owner !== opened.owner) return "other-person";
  try {
    const heard = await tell(opened, answer.told.csrf);
    if ((await refillAll(opened, answer.told)) || heard) answer = await ask();
    if (answer.outcome !== "here") return answer.outcome;
    const { documents, waiting, awaited, history, now: heardAt, as_of: asOf } = answer.told;
    const asking = answer.told.asking ?? (await vault.read(opened)).rest?.asking ?? null; // an older list is better than none
    await vault.replace(opened, documents, { waiting, awaited, history, asOf, heardAt, drift: answer.drift, asking });
    return "done";
  } catch (error) {
    if (error.name === "QuotaExceededError") return "full";
    if (error instanceof TypeError || error instanceof Refused || error.name === "TimeoutError") return "offline";
    throw error;
  }
}

/** One at a time, whichever tab it is: a refresh token is good once, and an older answer must not replace a newer one and its keys.
 * @param {import("./vault.js").Opened} opened
 * @returns {Promise<"offline" | "signed-out" | "other-person" | "full" | "done">} */
export const sync = (opened) => navigator.locks.request("vneid-sync", () => synced(opened));

/** A megabyte that reads codes where the browser cannot: fetched when nothing else is left to do, so that scanning needs no network
 * either. Not where a person saves data: then it comes when they scan. */
export async function fetchScanner() {
  if (navigator.connection?.saveData) return;
  (await navigator.serviceWorker?.ready)?.active.postMessage("scanner");
}

/** A code that only the server understands. @param {string} text @returns {Promise<{ location: string } | { outcome: string, message?: string }>} */
export async function understood(text) {
  const answer = await ask();
  if (answer.outcome !== "here") return { outcome: answer.outcome };
  try {
    return await call("/scan", answer.told.csrf, { text });
  } catch (error) {
    return error instanceof Refused ? { outcome: "refused", message: error.message } : { outcome: "offline" };
  }
}

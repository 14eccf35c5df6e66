// The show page: composes and signs the QR's text in this browser, anew every 30 seconds; the server only draws it.
// Spec: certs/qr.md. The calls are described in wallet/web/documents.py.

import * as base64url from "./base64url.js";
import { Refused, call } from "./call.js";
import * as keys from "./keys.js";
import { holderProof, toText } from "./proof.js";

const LIFE = 30; // seconds until the next code; a verifier takes one for 60, so a slow scan still finds it fresh
const RETRY = 5; // seconds, when the picture could not be drawn

const showing = document.getElementById("showing");
const picture = document.getElementById("qr");
const noPicture = document.getElementById("no-picture");
/** To whose question it is the answer (certs/challenge.md). */
const { audience, challenge } = showing.dataset;
const bound = challenge ? { audience, challenge: base64url.decode(challenge) } : {};
let renewAt = 0;
let drawing = false;
let first = true;

/** The signed view and the key that shows it, or nothing when the key is in another browser. */
async function load() {
  const copies = await (await call(showing.dataset.credentials)).json();
  for (const copy of copies.filter(({ view }) => view === showing.dataset.view)) {
    const kept = await keys.find(copy.thumbprint);
    if (kept) return { credential: base64url.decode(copy.credential), key: keys.holderKey(kept.privateKey, kept.jwk) };
  }
  return null;
}

/** @param {{ credential: Uint8Array, key: import("./proof.js").HolderKey }} copy */
async function renew({ credential, key }) {
  const text = toText(await holderProof(credential, key, { ...bound, now: Math.floor(Date.now() / 1000) }));
  const shown = first ? { document: showing.dataset.document, view: showing.dataset.view, question: showing.dataset.question } : undefined;
  const drawn = await (await call(showing.dataset.draw, { text, shown })).blob();
  first = false;
  URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(drawn);
  await picture.decode();
  picture.hidden = false;
  picture.dataset.text = text; // what the picture says, for tests and assistive tools
}

/** @param {number} left seconds */
function count(left) {
  document.getElementById("seconds").textContent = String(left);
  document.getElementById("ring").setAttribute("stroke-dashoffset", String(100 - (100 * left) / LIFE));
}

async function tick(copy) {
  if (drawing || document.hidden) return; // a code that nobody sees need not be signed
  if (Date.now() >= renewAt) {
    drawing = true;
    try {
      await renew(copy);
      renewAt = Date.now() + LIFE * 1000;
      noPicture.hidden = true;
      document.getElementById("countdown").hidden = false;
    } catch (error) {
      if (error instanceof Refused && error.location) location.assign(error.location);
      renewAt = Date.now() + RETRY * 1000;
      picture.hidden = true; // an old code must not be held out
      noPicture.hidden = false;
    } finally {
      drawing = false;
    }
  }
  count(Math.max(0, Math.ceil((renewAt - Date.now()) / 1000)));
}

const copy = await load();
if (copy === null) {
  document.getElementById("no-key").hidden = false;
} else {
  await tick(copy);
  setInterval(tick, 500, copy);
  document.addEventListener("visibilitychange", () => tick(copy));
}

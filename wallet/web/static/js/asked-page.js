// The consent page: what the person chose is prepared by the wallet's server, signed here by the keys of its copies, and sent.
// Spec: OpenID4VP 1.0 §8. The calls are described in wallet/web/asked.py.

import { Refused, call } from "./call.js";
import * as keys from "./keys.js";
import { deviceSignature, keyBinding } from "./presentation.js";
import { quiet, tell } from "./telling.js";

const form = document.getElementById("answer-form");
const share = document.getElementById("share");
const decline = document.getElementById("decline");
const progress = document.getElementById("progress");

/** A choice that this browser cannot sign. */
class Elsewhere extends Error {}

function choice() {
  const options = Array(Number(form.dataset.sets)).fill(null);
  for (const set of form.querySelectorAll(".asked-set")) {
    const picked = set.dataset.option ?? set.querySelector(`input[name="set-${set.dataset.set}"]:checked`)?.value;
    if (picked !== undefined) options[Number(set.dataset.set)] = Number(picked);
  }
  const documents = {};
  for (const shown of form.querySelectorAll(".asked-document")) { // the one that the page showed, whatever came since
    if (!shown.querySelector("input")) documents[shown.dataset.query] = [shown.dataset.document];
  }
  for (const input of form.querySelectorAll('input[name^="document-"]:checked')) {
    (documents[input.name.slice("document-".length)] ??= []).push(input.value);
  }
  return { options, documents };
}

/** @param {{ thumbprint: string, binding?: object, device?: string }} wanted */
async function sign(wanted) {
  const found = await keys.find(wanted.thumbprint);
  if (!found) throw new Elsewhere(form.dataset.elsewhere);
  const key = keys.holderKey(found.privateKey, found.jwk);
  return wanted.binding ? keyBinding(wanted.binding, key) : deviceSignature(wanted.device, key);
}

async function answer() {
  const { signing, wanted } = await (await call(form.dataset.prepare, choice())).json();
  const proofs = await Promise.all(wanted.map(sign));
  const { location: back } = await (await call(form.dataset.send, { signing, proofs })).json();
  await keys.forget(...wanted.map((each) => each.thumbprint)); // each copy is shown once: its key has done what it was for
  return back;
}

/** @param {string | null} back the page of who asked */
function done(back) {
  if (back && form.dataset.here) {
    location.replace(back);
    return;
  }
  const link = document.getElementById("to-reader");
  link.hidden = !back;
  if (back) link.href = back;
  document.getElementById("question").hidden = true;
  const sent = document.getElementById("sent");
  sent.hidden = false;
  sent.focus();
}

/** @param {boolean} on */
function busy(on) {
  share.disabled = decline.disabled = on;
  progress.hidden = !on;
}

share.addEventListener("click", async () => {
  quiet();
  busy(true);
  try {
    done(await answer());
  } catch (error) {
    if (error instanceof Refused && error.location) location.assign(error.location);
    else tell(error.message || form.dataset.lost, error.reference);
  } finally {
    busy(false);
  }
});

try {
  await keys.find("");
  share.disabled = false; // this browser can keep keys
} catch {
  tell(form.dataset.elsewhere);
}

// The receive pages: make a key for each credential, prove it to the issuer through the wallet's server, keep it here.
// An offer is begun when the person says so; what the issuer granted already (`data-begun`) is received at once.
// Spec: OpenID4VCI 1.0 §8.2, Appendix F.1. The calls are described in wallet/web/receive.py.

import { Refused, call } from "./call.js";
import * as keys from "./keys.js";

const form = document.getElementById("receive-form");
const button = document.getElementById("receive");
const progress = document.getElementById("progress");
const summary = document.getElementById("error-summary");

async function begin() {
  if (form.dataset.begun) return JSON.parse(form.dataset.begun);
  const fields = new FormData(form);
  return (await call("/receive/begin", { offer: fields.get("offer"), tx_code: fields.get("tx_code") })).json();
}

async function receive() {
  const begun = await begin();
  const { prints, proofs } = await keys.prove(begun);
  try {
    const answer = await call("/receive/complete", { receipt: begun.receipt, proofs });
    const { documents, waiting } = await answer.json();
    const pages = [...documents.map((each) => each.location), ...waiting.map(({ id }) => `/waiting/${id}`)];
    location.replace(pages.length === 1 ? pages[0] : "/documents"); // no way back to a page that is used up
  } catch (error) {
    // Only a refusal says that nothing was kept; after a lost answer the documents may be there, and need their keys.
    if (error instanceof Refused && error.code !== "unreachable") await keys.forget(...prints);
    throw error;
  }
}

/** @param {Error} error */
function tell(error) {
  document.getElementById("error-text").textContent = error.message;
  document.getElementById("error-reference").textContent = error.reference ?? "–";
  summary.hidden = false;
  summary.focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  progress.hidden = false;
  summary.hidden = true;
  try {
    await receive();
  } catch (error) {
    if (error instanceof Refused && error.location) location.assign(error.location);
    else tell(error);
    button.disabled = false;
  } finally {
    progress.hidden = true;
  }
});

try {
  await keys.find("");
  button.disabled = false; // this browser can make and keep keys
  if (form.dataset.begun) form.requestSubmit();
} catch {
  document.getElementById("no-keys").hidden = false;
}

// Enrolling: makes the key, signs that it is here, and hands name, passcode and proof to the wallet's server.
// Spec: certs/device.py. The calls are described in wallet/web/device.py.

import { Refused, call } from "./call.js";
import { enrolment } from "./device.js";
import * as keys from "./keys.js";
import { quiet, tell } from "./telling.js";

const form = document.getElementById("enrol-form");
const button = document.getElementById("enrol");
const { owner } = form.dataset;
const draft = `${owner} draft`; // a key whose enrolment is not known to have gone through

/** The same key again where an answer was lost: the provider may know it already. */
async function made() {
  const kept = await keys.findDevice(draft);
  if (kept) return kept;
  const key = { owner: draft, name: "", since: 0, ...(await keys.generate()) };
  await keys.keepDevice(key); // before the provider hears of it: it shall not know a key that was lost
  return key;
}

/** @returns {boolean} whether the two passcodes can be sent */
function complete() {
  const { passcode, again } = form.elements;
  const wrong = !/^[0-9]{6}$/.test(passcode.value) ? passcode : passcode.value !== again.value ? again : null;
  if (wrong) tell(wrong.dataset.advice, "", wrong.id);
  return wrong === null;
}

async function enrol() {
  const key = await made();
  const { audience, nonce } = await (await call("/device/nonce", {})).json();
  const signing = { ...keys.holderKey(key.privateKey, key.jwk), thumbprint: key.thumbprint };
  const now = Math.floor(Date.now() / 1000);
  const proof = await enrolment(signing, { audience, nonce, now });
  const { name, passcode } = form.elements;
  const body = { enrolment: form.dataset.enrolment, name: name.value, passcode: passcode.value, proof };
  const done = await (await call("/device/enrol", body)).json();
  await keys.keepDevice({ ...key, owner, name: done.name, since: now });
  await keys.forgetDevice(draft);
  location.replace("/device"); // no way back to a page that is used up
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  quiet();
  if (!complete()) return;
  button.disabled = true;
  document.getElementById("progress").hidden = false;
  try {
    await enrol();
  } catch (error) {
    if (error instanceof Refused && error.location) {
      location.assign(error.location);
      return;
    }
    const field = { passcode_weak: "passcode", passcode_form: "passcode", passcode_other: "passcode", device_name_needed: "name" }[error.code];
    tell(error.message || form.dataset.lost, error.reference, field);
    button.disabled = false;
  } finally {
    document.getElementById("progress").hidden = true;
  }
});

try {
  await keys.findDevice("");
  button.disabled = false;
} catch {
  document.getElementById("no-keys").hidden = false;
}

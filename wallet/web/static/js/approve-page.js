// The approval page: signs a look at who asks, shows it, and signs what the person decides.
// Spec: RFC 10027; certs/device.py. The calls are described in wallet/web/approve.py.

import { Refused, call } from "./call.js";
import { decision, newId, view } from "./device.js";
import * as keys from "./keys.js";
import { only, quiet, tell } from "./telling.js";

const PARTS = ["looking", "asked", "approved", "denied", "over", "not-enrolled", "no-keys"];
const FIELDS = { passcode_wrong: "passcode", passcode_form: "passcode", too_many_tries: "passcode" }; // what may be tried again
const form = document.getElementById("approve-form");
const buttons = [document.getElementById("approve"), document.getElementById("deny")];
const { owner, request, scanned, audience } = form.dataset;
let asking = "";
let numbered = false;

const now = () => Math.floor(Date.now() / 1000);

/** Once more where the network lost the answer. @param {() => Promise<Response>} work @returns {Promise<any>} */
async function sure(work) {
  try {
    return await (await work()).json();
  } catch (error) {
    if (error instanceof Refused && error.code !== "unreachable") throw error;
    return (await work()).json();
  }
}

/** One of the numbers to pick from. @param {string} number @param {number} place */
function choice(number, place) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  Object.assign(input, { type: "radio", name: "number", value: number, id: `number-${place + 1}` });
  label.append(input, number);
  label.className = "pick";
  return label;
}

/** @param {{ asking: string, client: string, host: string, purpose: string, asks_for: string[], place: string, device: string, asked_at: string, numbers: string[] }} told */
function show(told) {
  asking = told.asking;
  numbered = told.numbers.length > 0;
  for (const name of ["client", "host", "purpose", "place", "device", "asked_at"]) {
    document.getElementById(`asked-${name}`).textContent = told[name] || "–";
  }
  document.getElementById("asked-things").textContent = `${told.asks_for.join("; ")}.`;
  document.getElementById("asked-for").hidden = told.asks_for.length === 0;
  document.getElementById("numbers").hidden = !numbered;
  document.getElementById("picks").replaceChildren(...told.numbers.map(choice));
  document.getElementById("same-device").hidden = numbered;
  only("asked", PARTS);
}

/** Nothing more can be done here. @param {Error} error */
function end(error) {
  tell(error.message || form.dataset.lost, error.reference);
  only("over", PARTS);
}

/** @param {{ thumbprint: string, jwk: JsonWebKey, privateKey: CryptoKey }} device @param {boolean} approve */
async function decide(device, approve) {
  const key = { ...keys.holderKey(device.privateKey, device.jwk), thumbprint: device.thumbprint };
  const picked = approve && numbered ? form.elements.number.value : null;
  const proof = await decision(key, { audience, request, jti: newId(), now: now(), approve, number: picked });
  const passcode = form.elements.passcode.value;
  const body = approve ? { asking, proof, passcode } : { asking, proof };
  const done = await sure(() => call("/approve/decision", body)); // the very same proof is counted once
  if (done.location) location.replace(done.location);
  else {
    const part = done.approved ? "approved" : "denied";
    only(part, PARTS);
    document.getElementById(part).focus();
  }
}

function complete() {
  if (numbered && !form.elements.number.value) tell(form.dataset.pick, "", "number-1");
  else if (!/^[0-9]{6}$/.test(form.elements.passcode.value)) tell(form.dataset.digits, "", "passcode");
  else return true;
  return false;
}

/** @param {object} device @param {boolean} approve */
async function answer(device, approve) {
  quiet();
  if (approve && !complete()) return;
  for (const button of buttons) button.disabled = true;
  try {
    await decide(device, approve);
  } catch (error) {
    if (error instanceof Refused && error.location) location.assign(error.location);
    else if (FIELDS[error.code]) tell(error.message, error.reference, FIELDS[error.code]);
    else if (error.code === "unreachable" || error.code === "issuer_unreachable") tell(error.message || form.dataset.lost, error.reference);
    else end(error);
  } finally {
    form.elements.passcode.value = "";
    for (const button of buttons) button.disabled = false;
  }
}

/** @param {object} device */
async function look(device) {
  const key = { ...keys.holderKey(device.privateKey, device.jwk), thumbprint: device.thumbprint };
  show(await sure(async () => {
    const proof = await view(key, { audience, request, jti: newId(), now: now() });
    return call("/approve/view", scanned ? { scanned, proof } : { request, proof });
  }));
}

async function begin() {
  const device = await keys.findDevice(owner).catch(() => null);
  if (!device) return only(device === null ? "no-keys" : "not-enrolled", PARTS);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(device, true);
  });
  document.getElementById("deny").addEventListener("click", () => answer(device, false));
  try {
    await look(device);
  } catch (error) {
    if (error instanceof Refused && error.location) location.assign(error.location);
    else end(error);
  }
}

await begin();

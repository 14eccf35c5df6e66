// From the live picture to the address of a verdict: by the browser's own reader where there is one, else by the server.
// Spec: Shape Detection API (BarcodeDetector). The call is described in verifier/web/check.py.

import { frame } from "./camera.js";

/** The server did not take what was sent, or did not answer. */
export class Lost extends Error {}

/** @param {HTMLFormElement} form @param {[string, string | Blob][]} found @returns {Promise<string | null>} where to go, if a code was read */
async function send(form, found) {
  const fields = new FormData(form);
  const body = new FormData();
  for (const name of ["form_token", "documents", "proof"]) body.append(name, fields.get(name));
  for (const [name, value] of found) body.append(name, value);
  const options = { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "error" };
  const answer = await fetch(form.dataset.scan, options).catch(() => null);
  if (!answer?.ok) throw new Lost();
  return (await answer.json()).location;
}

async function native() {
  if (!("BarcodeDetector" in globalThis)) return null;
  const formats = await BarcodeDetector.getSupportedFormats();
  return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
}

/** How this browser reads. @param {HTMLFormElement} form @returns {Promise<(video: HTMLVideoElement) => Promise<string | null>>} */
export async function reader(form) {
  const detector = await native().catch(() => null);
  if (detector === null) return async (video) => send(form, [["picture", await frame(video)]]);
  return async (video) => {
    const texts = (await detector.detect(video)).map((code) => code.rawValue).filter(Boolean);
    return texts.length ? send(form, texts.map((text) => ["text", text])) : null;
  };
}

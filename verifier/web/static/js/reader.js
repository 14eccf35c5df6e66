// From the live picture to the address of a verdict: by the browser's own reader where there is one, else by ours, else by the server.
// Spec: Shape Detection API (BarcodeDetector). The calls are described in verifier/web/check.py and verifier/web/challenge.py.

import { frame, pixels } from "./camera.js";

/** The server did not take what was sent, or did not answer. */
export class Lost extends Error {}

/** @param {HTMLFormElement} form @param {[string, string | Blob][]} found @returns {Promise<string | null>} where to go, if a code was read */
async function send(form, found) {
  const body = new FormData();
  for (const [name, value] of new FormData(form)) if (typeof value === "string" && name !== "text") body.append(name, value);
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

/** A worker of ours that reads codes, where the form says that the page may have one: pictures then stay in this browser. */
function byWorker() {
  const worker = new Worker(new URL("./code-worker.js", import.meta.url), { type: "module" });
  return (picture) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => ("texts" in data ? resolve(data.texts) : reject(new Error(data.failed)));
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error("the reader of codes did not load"));
    };
    worker.postMessage({ turn: 0, picture });
  });
}

/** @param {HTMLVideoElement} video */
async function tried(read, video) {
  try {
    return await read(pixels(video));
  } catch {
    return null; // then the server reads
  }
}

/** How this browser reads. @param {HTMLFormElement} form @returns {Promise<(video: HTMLVideoElement) => Promise<string | null>>} */
export async function reader(form) {
  const detector = await native().catch(() => null);
  const inside = detector === null && "codes" in form.dataset ? byWorker() : null;
  return async (video) => {
    const texts = detector ? (await detector.detect(video)).map((code) => code.rawValue).filter(Boolean) : inside && await tried(inside, video);
    if (texts === null) return send(form, [["picture", await frame(video)]]);
    return texts.length ? send(form, texts.map((text) => ["text", text])) : null;
  };
}

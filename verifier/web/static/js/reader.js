// From the live picture to the address of a verdict: by the browser's own reader where there is one, else by ours, else by the server.
// Spec: Shape Detection API (BarcodeDetector). The calls are described in verifier/web/check.py and verifier/web/challenge.py.

import { ask } from "./away.js";
import { frame, taken } from "./camera.js";

/** The server did not take what was sent. */
export class Lost extends Error {}

/** What a form may be sent with: the name of a field, and what it holds. @typedef {[string, string | Blob][]} Parts */

/** Rejects with Away or Lost. @param {HTMLFormElement} form @param {Parts} found @returns {Promise<string | null>} where to go, if a code was read */
export async function send(form, found) {
  const body = new FormData();
  for (const [name, value] of new FormData(form)) if (typeof value === "string" && name !== "text") body.append(name, value);
  for (const [name, value] of found) body.append(name, value);
  const answer = await ask(form.dataset.scan, { method: "POST", body });
  if (answer.status === 401) return (await answer.json()).location; // the clerk's own session has ended
  if (!answer.ok) throw new Lost();
  return (await answer.json()).location;
}

async function native() {
  if (!("BarcodeDetector" in globalThis)) return null;
  const formats = await BarcodeDetector.getSupportedFormats();
  if (!formats.includes("qr_code")) return null;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (video) => (await detector.detect(video)).map((code) => code.rawValue).filter(Boolean);
}

/** A worker of ours that reads codes: pictures then stay in this browser. */
function inside() {
  const worker = new Worker(new URL("./code-worker.js", import.meta.url), { type: "module" });
  const failed = new Promise((_, reject) => {
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error("the reader of codes did not load"));
    };
  });
  failed.catch(() => {}); // it may fail before a frame is there
  const found = (picture) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => ("texts" in data ? resolve(data.texts) : reject(new Error(data.failed)));
    worker.postMessage({ turn: 0, picture }, [picture]);
  });
  return async (video) => Promise.race([failed, found(await taken(video))]);
}

/** How this browser reads: what fails once is not tried again. @returns {Promise<(video: HTMLVideoElement) => Promise<Parts>>} */
export async function reader() {
  const ways = [native, async () => inside()];
  let way = null;
  const next = async () => {
    for (way = null; !way && ways.length;) way = await ways.shift()().catch(() => null);
  };
  await next();
  return async (video) => {
    while (way) {
      try {
        return (await way(video)).map((text) => ["text", text]);
      } catch {
        await next();
      }
    }
    return [["picture", await frame(video)]];
  };
}

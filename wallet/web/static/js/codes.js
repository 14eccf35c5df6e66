// Codes before the camera or in a picture file: read by the browser where it can, else by a worker of ours. No picture leaves the device.
// Spec: Shape Detection API (BarcodeDetector); HTML §10 (workers).

import { square } from "./camera.js";

const SIDE = 1000; // pixels of the camera's square: the largest code has 185 modules with its quiet zone
const LARGEST = 2400; // pixels of an uploaded picture's longer side: photographs are made smaller
const FILE_LIMIT = 12 * 1024 * 1024;

/** A file that is no picture, or far too large. */
export class NoPicture extends Error {}

async function detector() {
  const formats = "BarcodeDetector" in globalThis ? await BarcodeDetector.getSupportedFormats().catch(() => []) : [];
  return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
}

/** Asks the worker, one picture at a time. */
function byWorker() {
  const worker = new Worker(new URL("./code-worker.js", import.meta.url), { type: "module" });
  const waiting = new Map();
  let turn = 0;
  worker.addEventListener("message", ({ data }) => {
    const { resolve, reject } = waiting.get(data.turn);
    waiting.delete(data.turn);
    if ("texts" in data) resolve(data.texts);
    else reject(new Error(data.failed));
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    for (const { reject } of waiting.values()) reject(new Error("the reader of codes did not load"));
    waiting.clear();
  });
  const read = (picture) => new Promise((resolve, reject) => {
    turn += 1;
    waiting.set(turn, { resolve, reject });
    worker.postMessage({ turn, picture });
  });
  return { read, end: () => worker.terminate() };
}

const pixels = (canvas) => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);

/** @param {Blob} file @returns {Promise<HTMLCanvasElement>} on white where it is transparent */
async function drawn(file) {
  if (file.size > FILE_LIMIT) throw new NoPicture("too large");
  const picture = await createImageBitmap(file).catch(() => {
    throw new NoPicture("not a picture");
  });
  const scale = Math.min(1, LARGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.ceil(picture.width * scale), Math.ceil(picture.height * scale)];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas;
}

/** @returns {Promise<{ seen: (video: HTMLVideoElement) => Promise<string[]>, inside: (file: Blob) => Promise<string[]>, end: () => void }>} */
export async function reader() {
  const native = await detector();
  if (native) {
    const texts = async (source) => (await native.detect(source)).map(({ rawValue }) => rawValue).filter(Boolean);
    return { seen: texts, inside: async (file) => texts(await drawn(file)), end: () => {} };
  }
  const { read, end } = byWorker();
  return { seen: (video) => read(pixels(square(video, SIDE))), inside: async (file) => read(pixels(await drawn(file))), end };
}

// Codes in a picture, read beside the page. WebAssembly may run here and nowhere else: this file's own policy says so.
// Spec: ISO/IEC 18004; W3C CSP 3 §6.1.10 (a worker has the policy that it came with); the reader is zxing-wasm (wallet/web/node).

import { prepareZXingModule, readBarcodes } from "../vendor/zxing/reader/index.js";

const MOST = 4; // codes of one picture: two are one too many already
const THOROUGH = { formats: ["QRCode"], textMode: "Plain", maxNumberOfSymbols: MOST };
const QUICK = { ...THOROUGH, tryHarder: false, tryInvert: false, tryDownscale: false, tryRotate: false }; // a fourth of the work
const EACH = 4; // of as many frames one is looked at thoroughly: inverted codes, large and blurred ones

// By itself it would ask a content delivery network. What fails here is told with the first picture.
prepareZXingModule({ overrides: { locateFile: (name) => new URL(`../vendor/zxing/reader/${name}`, import.meta.url).href }, fireImmediately: true }).catch(() => {});

let frames = 0;
let draw = null;

/** @param {ImageBitmap} frame @returns {ImageData} */
function pixels(frame) {
  const { width, height } = frame;
  if (draw?.canvas.width !== width || draw.canvas.height !== height) draw = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  draw.drawImage(frame, 0, 0);
  frame.close();
  return draw.getImageData(0, 0, width, height);
}

async function read(picture, options) {
  return (await readBarcodes(picture, options)).filter(({ isValid }) => isValid).map(({ text }) => text);
}

/** Of a camera, which brings the next one soon. Where a quick look finds a code, a thorough one says whether another is beside it (attack QR-11). */
async function seen(frame) {
  frames += 1;
  const found = frames % EACH ? await read(frame, QUICK) : [];
  return found.length || frames % EACH === 0 ? [...found, ...(await read(frame, THOROUGH))] : [];
}

// A picture comes as ImageData; a camera's frame may come as an ImageBitmap, which costs its page less.
addEventListener("message", async ({ data: { turn, picture } }) => {
  try {
    const texts = picture instanceof ImageData ? await read(picture, THOROUGH) : await seen(pixels(picture));
    postMessage({ turn, texts: [...new Set(texts)] });
  } catch (error) {
    postMessage({ turn, failed: String(error) });
  }
});

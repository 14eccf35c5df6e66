// Codes in a picture, read beside the page. WebAssembly may run here and nowhere else: this file's own policy says so.
// Spec: ISO/IEC 18004; W3C CSP 3 §6.1.10 (a worker has the policy that it came with); the reader is zxing-wasm (wallet/web/node).

import { prepareZXingModule, readBarcodes } from "../vendor/zxing/reader/index.js";

const MOST = 4; // codes of one picture: two are one too many already
const OPTIONS = { formats: ["QRCode"], textMode: "Plain", maxNumberOfSymbols: MOST };

// By itself it would ask a content delivery network.
prepareZXingModule({ overrides: { locateFile: (name) => new URL(`../vendor/zxing/reader/${name}`, import.meta.url).href } });

addEventListener("message", async ({ data: { turn, picture } }) => {
  try {
    const found = await readBarcodes(picture, OPTIONS);
    postMessage({ turn, texts: [...new Set(found.filter(({ isValid }) => isValid).map(({ text }) => text))] });
  } catch (error) {
    postMessage({ turn, failed: String(error) });
  }
});

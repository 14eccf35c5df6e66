// A QR code drawn in this browser: the text as the modules of one SVG path, black on white, with its quiet zone.
// Spec: ISO/IEC 18004; the codes are lean-qr's (wallet/web/node), copied to static/vendor by `make`.

import { correction, generate, mode } from "../vendor/lean-qr.js";

const QUIET = 4; // modules (ISO/IEC 18004 §5.3.8)
const MASK = 0; // any mask is read; to try all eight costs most of the time, and signatures look random under each
const SVG = "http://www.w3.org/2000/svg";

/** @param {string} text of the alphanumeric mode: base45 and our prefix @returns {{ size: number, path: string }} with the quiet zone */
export function drawn(text) {
  const code = generate(mode.alphaNumeric(text), { minCorrectionLevel: correction.M, mask: MASK });
  const rows = [];
  for (let y = 0; y < code.size; y += 1) {
    for (let x = 0; x < code.size; x += 1) {
      if (!code.get(x, y)) continue;
      const from = x;
      while (x < code.size && code.get(x, y)) x += 1;
      rows.push(`M${from + QUIET} ${y + QUIET}h${x - from}v1H${from + QUIET}z`);
    }
  }
  return { size: code.size + 2 * QUIET, path: rows.join("") };
}

/** @param {SVGSVGElement} picture drawn anew @param {string} text */
export function draw(picture, text) {
  const { size, path } = drawn(text);
  const ground = document.createElementNS(SVG, "rect");
  const modules = document.createElementNS(SVG, "path");
  for (const [name, value] of Object.entries({ width: size, height: size, fill: "#fff" })) ground.setAttribute(name, value);
  modules.setAttribute("d", path);
  modules.setAttribute("fill", "#000");
  picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
  picture.setAttribute("shape-rendering", "crispEdges");
  picture.replaceChildren(ground, modules);
}

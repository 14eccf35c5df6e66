// What a scanned or pasted text is, by how it begins: something for this page, something for the server, or nothing of ours.
// Spec: certs/challenge.md, certs/qr.md (prefixes); OpenID4VCI 1.0 §4.1; OpenID4VP 1.0 §13.1.2; HAIP 1.0 §5; attacks QL-07, QR-11.

import { PREFIX } from "./challenge.js";

const DOCUMENT = "VN1:";
const LINKS = ["openid-credential-offer://", "openid4vp://", "haip-vp://", "https://", "http://"];

/** @param {string[]} texts of one picture; of several none is chosen silently
 * @returns {{ kind: "none" | "several" | "challenge" | "document" | "link" | "unknown", text: string }} */
export function recognise(texts) {
  const found = [...new Set(texts)];
  if (found.length !== 1) return { kind: found.length ? "several" : "none", text: "" };
  const [text] = found;
  if (text.startsWith(PREFIX)) return { kind: "challenge", text };
  if (text.startsWith(DOCUMENT)) return { kind: "document", text };
  return { kind: LINKS.some((link) => text.startsWith(link)) ? "link" : "unknown", text };
}

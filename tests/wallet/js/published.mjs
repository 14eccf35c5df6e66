// The page's holder proof against the published vectors: `sign` must be asked for exactly the published bytes and answers
// with the published signature, so that the whole text can be compared. Reads the vectors file on stdin, prints what came out.

import * as base45 from "../../../wallet/web/static/js/base45.js";
import { holderProof, toText } from "../../../wallet/web/static/js/proof.js";

const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));

const { base45: pairs, holder_proof: published } = JSON.parse(await new Response(process.stdin).text());
const asked = [];
const key = {
  jwk: {},
  sign: async (message) => {
    asked.push(hex(message));
    return bytes(published.signature);
  },
};
const circumstances = { now: published.now, audience: published.audience, challenge: bytes(published.challenge) };
const text = toText(await holderProof(bytes(published.credential), key, circumstances));
console.log(JSON.stringify({ base45: pairs.map(([given]) => base45.encode(bytes(given))), asked, text }));

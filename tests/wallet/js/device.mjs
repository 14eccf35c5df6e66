// The page's device proofs against the published vectors: `sign` must be asked for exactly the published bytes and answers
// with the published signature, so that each whole proof can be compared. Reads the vectors file on stdin, prints what came out.

import * as base64url from "../../../wallet/web/static/js/base64url.js";
import * as device from "../../../wallet/web/static/js/device.js";

const published = JSON.parse(await new Response(process.stdin).text());
const { d, ...jwk } = published.key;
const make = { enrolment: device.enrolment, view: device.view, decision: device.decision };

async function made({ kind, given, signature }) {
  const asked = [];
  const sign = async (message) => {
    asked.push(new TextDecoder().decode(message));
    return base64url.decode(signature);
  };
  const key = { jwk: { ...jwk, d, key_ops: ["sign"], ext: true }, thumbprint: published.thumbprint, sign };
  const circumstances = { audience: published.audience, now: published.now, number: null, ...given };
  return { proof: await make[kind](key, circumstances), asked };
}

const ids = Array.from({ length: 50 }, () => device.newId());
console.log(JSON.stringify({ made: await Promise.all(published.made.map(made)), ids }));

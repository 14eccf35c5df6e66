// Plays the browser's half under Node: reads vectors on stdin, answers on stdout what the page's modules make of them.

import * as base45 from "../../../wallet/web/static/js/base45.js";
import * as base64url from "../../../wallet/web/static/js/base64url.js";
import * as cbor from "../../../wallet/web/static/js/cbor.js";
import { toBeSigned } from "../../../wallet/web/static/js/cose.js";
import * as keys from "../../../wallet/web/static/js/keys.js";
import * as proof from "../../../wallet/web/static/js/proof.js";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));

/** Vectors name each kind of value, since JSON has neither bytes nor integer keys. */
function value(described) {
  const [kind, content] = described;
  if (kind === "bytes") return bytes(content);
  if (kind === "array") return content.map(value);
  if (kind === "map") return new Map(content.map(([key, inner]) => [value(key), value(inner)]));
  if (kind === "tag") return new cbor.Tag(content[0], value(content[1]));
  return content;
}

function refused(work) {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}

const vectors = JSON.parse(await new Response(process.stdin).text());
const { d, ...jwk } = vectors.key;
const privateKey = await crypto.subtle.importKey("jwk", { ...jwk, d }, ALGORITHM, false, ["sign"]);
const key = keys.holderKey(privateKey, jwk);
const made = await keys.generate();

const answers = {
  base45: vectors.base45.map((each) => base45.encode(bytes(each))),
  base45_back: vectors.base45_text.map((each) => hex(base45.decode(each))),
  base45_refused: vectors.base45_bad.map((each) => refused(() => base45.decode(each))),
  base64url: vectors.base45.map((each) => base64url.encode(bytes(each))),
  base64url_back: vectors.base64url_text.map((each) => hex(base64url.decode(each))),
  base64url_refused: vectors.base64url_bad.map((each) => refused(() => base64url.decode(each))),
  cbor: vectors.cbor.map((each) => hex(cbor.encode(value(each)))),
  item_refused: vectors.item_bad.map((each) => refused(() => new cbor.Encoded(bytes(each)))),
  to_be_signed: hex(toBeSigned(bytes(vectors.protected), bytes(vectors.payload))),
  thumbprint: await keys.thumbprint(jwk),
  presentations: await Promise.all(vectors.presentations.map(async ({ credential, now, audience, challenge }) => {
    const circumstances = { now, audience, challenge: challenge === null ? null : bytes(challenge) };
    const presentation = await proof.holderProof(bytes(credential), key, circumstances);
    return { bytes: hex(presentation), text: proof.toText(presentation) };
  })),
  presentations_refused: await Promise.all(vectors.presentations_bad.map(async (credential) => {
    try {
      await proof.holderProof(bytes(credential), key, { now: 1 });
      return false;
    } catch {
      return true;
    }
  })),
  key_proof: await proof.keyProof(key, vectors.key_proof),
  made: { thumbprint: made.thumbprint, jwk: made.jwk, extractable: made.privateKey.extractable },
};
process.stdout.write(JSON.stringify(answers));

// Plays the phone's half of the challenge under Node: reads what it knows and texts on stdin, answers who asks, or the code of a refusal.

import { verify } from "../../../wallet/web/static/js/app/challenge.js";
import { decode } from "../../../wallet/web/static/js/cbor-read.js";

const { known, cases, cbor } = JSON.parse(await new Response(process.stdin).text());

async function answer({ text, now }) {
  try {
    const { reader, challenge, wanted, ...rest } = await verify(text, known, now);
    return { ...rest, message: undefined, challenge: Buffer.from(challenge).toString("hex"), name: reader.name, purpose: reader.purpose,
      wanted: wanted.map(({ kind, views }) => ({ document: kind.name, views })) };
  } catch (error) {
    return { code: error.code ?? `failed: ${error.stack}` };
  }
}

function refused(hex) {
  try {
    decode(Uint8Array.from(Buffer.from(hex, "hex")), { size: 64, depth: 5, entries: 16 });
    return null;
  } catch (error) {
    return error.code ?? `failed: ${error.stack}`;
  }
}

process.stdout.write(JSON.stringify({ answers: await Promise.all(cases.map(answer)), cbor: cbor.map(refused) }));

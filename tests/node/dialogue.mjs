// The relying party's side of tests/journeys/relying_party.py: one JSON line each way. A scenario sends the person to an address
// and gets where their browser came back to; what it returns is printed. A failed check ends the process with its text.
import readline from 'node:readline/promises';

const { scenario, ...given } = JSON.parse(process.argv[2]);
const input = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

export const settings = given;

/** Where the person's browser came back to: an address, or what a form posted there. */
export async function visit(address, how = {}) {
  say({ visit: String(address), ...how });
  const { url, form } = JSON.parse((await input.next()).value);
  return form ? new Request(url, { method: 'POST', body: new URLSearchParams(form) }) : new URL(url);
}

/** The scenario that the command line names. */
export async function play(scenarios) {
  say({ learnt: await scenarios[scenario]() });
  process.exit(0);
}

const IMPORTED = {
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  Ed25519: { name: 'Ed25519' },
};

/** The private key that the client registered the other half of. */
export async function signingKey({ pem, kid, alg } = settings.key) {
  const der = Buffer.from(pem.split('\n').filter((line) => !line.startsWith('-')).join(''), 'base64');
  return { key: await crypto.subtle.importKey('pkcs8', der, IMPORTED[alg], false, ['sign']), kid };
}

export const header = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[0], 'base64url'));
export const payload = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));

/** The code of the refusal. */
export async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return error.error ?? error.cause?.error ?? error.cause?.[0]?.parameters?.error ?? error.message;
  }
  throw new Error('it was not refused');
}

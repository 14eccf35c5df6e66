// npm libraries on our samples, as fast as they go: a line asks for so many of one, the answer is the CPU seconds they took.
import crypto from 'node:crypto';
import readline from 'node:readline';
import { Verifier } from '@auth0/mdl';
import { SDJwtInstance } from '@sd-jwt/core';

const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const given = JSON.parse((await lines.next()).value);
const bytes = (hex) => Buffer.from(hex, 'hex');
const form = { dsaEncoding: 'ieee-p1363' };
const issuer = crypto.createPublicKey({ key: given.issuer, format: 'jwk' });
const [signed, signature] = [bytes(given.raw_signed), bytes(given.raw_signature)];
const holds = (data, key, sent) =>
  crypto.verify('sha256', Buffer.from(data), { key, ...form }, Buffer.from(sent, 'base64url'));
const must = (answer) => {
  if (!answer) throw new Error('refused');
};

const sdJwt = new SDJwtInstance({
  hasher: (data, alg) => crypto.createHash(alg.replace('-', '')).update(Buffer.from(data)).digest(),
  hashAlg: 'sha-256',
  verifier: async (data, sent) => holds(data, issuer, sent),
  kbVerifier: async (data, sent, payload) =>
    holds(data, crypto.createPublicKey({ key: payload.cnf.jwk, format: 'jwk' }), sent),
});
const mdl = new Verifier([given.root]);
const response = bytes(given.mdoc);
const encodedSessionTranscript = bytes(given.transcript);

const operations = {
  'node crypto': async () => must(crypto.verify('sha256', signed, { key: issuer, ...form }, signature)),
  '@sd-jwt/core': () => sdJwt.verify(given.sd_jwt, { keyBindingNonce: given.nonce }),
  '@auth0/mdl': () => mdl.verify(response, { encodedSessionTranscript }),
};
for await (const line of lines) {
  const [name, count] = JSON.parse(line);
  const began = process.cpuUsage();
  for (let i = 0; i < count; i++) await operations[name]();
  const { user, system } = process.cpuUsage(began);
  process.stdout.write(`${(user + system) / 1e6}\n`);
}

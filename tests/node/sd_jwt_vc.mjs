// npm `@sd-jwt/sd-jwt-vc`, unmodified: verifies what we present, refuses it for another question, and issues and presents a
// credential of its own. What to work on comes on the input; what came of it goes to the output.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';

const given = JSON.parse(fs.readFileSync(0, 'utf8'));
const form = { dsaEncoding: 'ieee-p1363' };
const verifies = async (jwk, data, signature) =>
  crypto.verify(
    'sha256',
    Buffer.from(data),
    { key: crypto.createPublicKey({ key: jwk, format: 'jwk' }), ...form },
    Buffer.from(signature, 'base64url'),
  );
const signsWith = (jwk) => async (data) =>
  crypto
    .sign('sha256', Buffer.from(data), { key: crypto.createPrivateKey({ key: jwk, format: 'jwk' }), ...form })
    .toString('base64url');

const instance = new SDJwtVcInstance({
  hasher: (data, alg) => crypto.createHash(alg.replace('-', '')).update(Buffer.from(data)).digest(),
  hashAlg: 'sha-256',
  saltGenerator: () => crypto.randomBytes(16).toString('base64url'),
  signAlg: 'ES256',
  kbSignAlg: 'ES256',
  signer: signsWith(given.issuer),
  kbSigner: signsWith(given.holder),
  // The library has one verifier for the credential and for the status list, which another key signs.
  verifier: async (data, signature) =>
    (await verifies(given.issuer_public, data, signature)) || (await verifies(given.status_public, data, signature)),
  kbVerifier: async (data, signature, payload) => verifies(payload.cnf.jwk, data, signature),
  statusListFetcher: async () => given.status_list,
});

const verdict = async (presentation, keyBindingNonce) => {
  try {
    return (await instance.verify(presentation, { currentDate: given.now, keyBindingNonce })).payload;
  } catch (error) {
    return error.message;
  }
};

const credential = await instance.issue(
  { ...given.payload, ...given.record },
  {
    _sd: Object.keys(given.record),
    _sd_decoy: 3,
    classes: { _sd: [0, 1], 0: { _sd: ['class', 'issued', 'expires'] }, 1: { _sd: ['class', 'issued', 'expires'] } },
  },
  { header: { x5c: given.x5c } },
);
const answer = {
  verified: await verdict(given.presentation, given.nonce),
  for_another_question: await verdict(given.presentation, 'another'),
  revoked: await verdict(given.revoked, given.nonce),
  credential,
  presentation: await instance.present(
    credential,
    { full_name: true, classes: { 0: { class: true } } },
    { kb: { payload: { iat: given.now, aud: given.audience, nonce: given.nonce } } },
  ),
};
process.stdout.write(JSON.stringify(answer));

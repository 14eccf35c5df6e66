// npm `@openid4vc/openid4vp`, unmodified, as the verifier: it makes a signed request, and reads what the wallet answered.
// What to work on comes on the input; what came of it goes to the output.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { Openid4vpVerifier } from '@openid4vc/openid4vp';
import * as jose from 'jose';

const given = JSON.parse(fs.readFileSync(0, 'utf8'));

const callbacks = {
  hash: (data, alg) => crypto.createHash(alg.replace('-', '')).update(data).digest(),
  signJwt: async (_, { header, payload }) => ({
    jwt: await new jose.SignJWT(payload).setProtectedHeader(header).sign(await jose.importJWK(given.signer, 'ES256')),
    signerJwk: given.signer_public,
  }),
  decryptJwe: async (jwe, { jwk }) => {
    const { plaintext } = await jose.compactDecrypt(jwe, await jose.importJWK(given.decryption, 'ECDH-ES'));
    return { decrypted: true, decryptionJwk: jwk, payload: Buffer.from(plaintext).toString('utf8') };
  },
  verifyJwt: () => ({ verified: false }),
  encryptJwe: () => {
    throw new Error('nothing is encrypted here');
  },
};
const verifier = new Openid4vpVerifier({ callbacks });

const steps = {
  ask: async () => {
    const made = await verifier.createOpenId4vpAuthorizationRequest({
      authorizationRequestPayload: given.payload,
      jar: {
        requestUri: given.request_uri,
        expiresInSeconds: 300,
        jwtSigner: { method: 'x5c', alg: 'ES256', x5c: given.x5c },
        // By itself 0.4.6 names the address of the request as its audience; §5.8 wants this.
        additionalJwtPayload: { iss: given.payload.client_id, aud: 'https://self-issued.me/v2' },
      },
    });
    return { link: made.authorizationRequest, request: made.jar.authorizationRequestJwt };
  },
  read: async () => {
    const read = await verifier.parseOpenid4vpAuthorizationResponse({
      authorizationResponse: given.form,
      callbacks,
      authorizationRequestPayload: given.payload,
    });
    return {
      type: read.type,
      presentations: read.dcql.presentations,
      nonce: read.expectedNonce,
      encrypted: read.jarm?.type ?? null,
      state: read.authorizationResponsePayload.state,
    };
  },
};

let answer;
try {
  answer = await steps[given.step]();
} catch (error) {
  answer = { refused: error.message };
}
process.stdout.write(JSON.stringify(answer));

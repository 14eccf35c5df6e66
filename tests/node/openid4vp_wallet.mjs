// npm `@openid4vc/openid4vp`, unmodified, as the wallet: it reads a request by its link, and answers over HTTP.
// What to work on comes on the input; what came of it goes to the output. The presentation is made here, from a selection
// of disclosures and the holder's key.
import crypto from 'node:crypto';
import fs from 'node:fs';
import { Openid4vpClient } from '@openid4vc/openid4vp';
import { setGlobalConfig } from '@openid4vc/oauth2';
import * as jose from 'jose';

const given = JSON.parse(fs.readFileSync(0, 'utf8'));
setGlobalConfig({ allowInsecureUrls: true }); // http on this machine

const certificate = (der) => new crypto.X509Certificate(Buffer.from(der, 'base64'));
const callbacks = {
  hash: (data, alg) => crypto.createHash(alg.replace('-', '')).update(data).digest(),
  verifyJwt: async (signer, { compact }) => {
    await jose.compactVerify(compact, certificate(signer.x5c[0]).publicKey, { algorithms: [signer.alg] });
    return { verified: true, signerJwk: await jose.exportJWK(certificate(signer.x5c[0]).publicKey) };
  },
  getX509CertificateMetadata: (der) => {
    const names = (certificate(der).subjectAltName ?? '').split(', ').map((name) => name.split(':'));
    return { sanDnsNames: names.filter(([kind]) => kind === 'DNS').map(([, name]) => name), sanUriNames: [] };
  },
  encryptJwe: async (to, payload) => {
    const jwe = await new jose.CompactEncrypt(Buffer.from(payload))
      .setProtectedHeader({ alg: to.alg, enc: to.enc, kid: to.publicJwk.kid })
      .setKeyManagementParameters({ apv: to.apv && jose.base64url.decode(to.apv) })
      .encrypt(await jose.importJWK(to.publicJwk, to.alg));
    return { jwe, encryptionJwk: to.publicJwk };
  },
  signJwt: () => {
    throw new Error('answers are not signed');
  },
  decryptJwe: () => {
    throw new Error('requests are not encrypted');
  },
};
const client = new Openid4vpClient({ callbacks });

async function presentation(request) {
  const hash = crypto.createHash('sha256').update(given.selection).digest('base64url');
  const claims = { aud: request.client_id, nonce: request.nonce, sd_hash: hash };
  return (
    given.selection +
    (await new jose.SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'kb+jwt' })
      .setIssuedAt()
      .sign(await jose.importJWK(given.holder, 'ES256')))
  );
}

let answer;
try {
  const { params } = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: given.link });
  const resolved = await client.resolveOpenId4vpAuthorizationRequest({ authorizationRequestPayload: params, callbacks });
  const request = resolved.authorizationRequestPayload;
  const encrypted = request.response_mode === 'direct_post.jwt';
  const made = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: request,
    authorizationResponsePayload: { vp_token: { [given.query]: [await presentation(request)] } },
    ...(encrypted && {
      jarm: {
        encryption: { nonce: 'wallet-nonce' },
        serverMetadata: {
          authorization_signing_alg_values_supported: [],
          authorization_encryption_alg_values_supported: ['ECDH-ES'],
          authorization_encryption_enc_values_supported: ['A256GCM', 'A128GCM'],
        },
      },
    }),
  });
  const sent = await client.submitOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: request,
    authorizationResponsePayload: made.authorizationResponsePayload,
    jarm: made.jarm,
  });
  answer = {
    status: sent.response.status,
    body: await sent.response.json(),
    prefix: resolved.client.prefix,
    asked: resolved.dcql.query.credentials.map((each) => each.id),
    data: resolved.transactionData?.length ?? 0,
  };
} catch (error) {
  answer = { refused: error.message };
}
process.stdout.write(JSON.stringify(answer));

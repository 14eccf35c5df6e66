// npm `@openid4vc/openid4vci`, unmodified, on either side: as an issuer that our wallet receives from, and as a wallet that
// receives from our issuer. One JSON line each way: as issuer it answers requests, as wallet it makes them. The SD-JWT VC that the
// issuer gives is signed by npm `@sd-jwt/sd-jwt-vc`.
import crypto from 'node:crypto';
import readline from 'node:readline/promises';
import { Oauth2AuthorizationServer } from '@openid4vc/oauth2';
import { Openid4vciClient, Openid4vciIssuer, setGlobalConfig } from '@openid4vc/openid4vci';
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc';
import * as jose from 'jose';

const given = JSON.parse(process.argv[2]);
const input = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const hear = async () => {
  const { value, done } = await input.next();
  return done ? undefined : JSON.parse(value);
};
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const GRANT = 'urn:ietf:params:oauth:grant-type:pre-authorized_code';
const now = new Date(given.now * 1000);

const callbacks = {
  hash: (data, alg) => crypto.createHash(alg.replace('-', '')).update(data).digest(),
  generateRandom: (count) => crypto.randomBytes(count),
  clientAuthentication: () => {},
  signJwt: async (signer, { header, payload }) => ({
    jwt: await new jose.SignJWT(payload).setProtectedHeader(header).sign(await jose.importJWK(given.private, 'ES256')),
    signerJwk: signer.publicJwk,
  }),
  verifyJwt: async (signer, { compact }) => {
    await jose.compactVerify(compact, await jose.importJWK(signer.publicJwk, signer.alg));
    return { verified: true, signerJwk: signer.publicJwk };
  },
  // As wallet: the network is on the other side of the dialogue.
  fetch: async (url, init = {}) => {
    const headers = Object.fromEntries(new Headers(init.headers).entries());
    say({ method: init.method ?? 'GET', url: String(url), headers, body: init.body === undefined ? null : String(init.body) });
    const answer = await hear();
    return new Response(answer.status === 204 ? null : answer.body, { status: answer.status, headers: answer.headers });
  },
};

// --- the issuer -------------------------------------------------------------------------------------------------------------

async function signed(holder, payload) {
  const instance = new SDJwtVcInstance({
    hasher: (data, alg) => crypto.createHash(alg.replace('-', '')).update(Buffer.from(data)).digest(),
    hashAlg: 'sha-256',
    saltGenerator: () => crypto.randomBytes(16).toString('base64url'),
    signAlg: 'ES256',
    signer: async (data) =>
      crypto
        .sign('sha256', Buffer.from(data), {
          key: crypto.createPrivateKey({ key: given.authority, format: 'jwk' }),
          dsaEncoding: 'ieee-p1363',
        })
        .toString('base64url'),
  });
  return instance.issue(
    { ...payload, ...given.record, cnf: { jwk: holder } },
    { _sd: Object.keys(given.record) },
    { header: { x5c: given.x5c } },
  );
}

async function issuer() {
  const library = new Openid4vciIssuer({ callbacks });
  const server = new Oauth2AuthorizationServer({ callbacks });
  const url = given.issuer;
  const authorizationServer = server.createAuthorizationServerMetadata({
    issuer: url,
    token_endpoint: `${url}/token`,
    'pre-authorized_grant_anonymous_access_supported': true,
  });
  const credentialIssuer = library.createCredentialIssuerMetadata({
    credential_issuer: url,
    credential_endpoint: `${url}/credential`,
    nonce_endpoint: `${url}/nonce`,
    deferred_credential_endpoint: `${url}/deferred_credential`,
    notification_endpoint: `${url}/notification`,
    batch_credential_issuance: { batch_size: 4 },
    display: [{ name: 'Another issuer', locale: 'en' }],
    credential_configurations_supported: {
      [given.configuration]: {
        format: 'dc+sd-jwt',
        vct: given.payloads[0].vct,
        scope: 'licence',
        cryptographic_binding_methods_supported: ['jwk'],
        credential_signing_alg_values_supported: ['ES256'],
        proof_types_supported: { jwt: { proof_signing_alg_values_supported: ['ES256'] } },
      },
    },
  });
  const knownCredentialConfigurations = library.getKnownCredentialConfigurationsSupported(credentialIssuer);
  const authorizationServers = [authorizationServer];
  const issuerMetadata = { originalDraftVersion: 'V1', credentialIssuer, knownCredentialConfigurations, authorizationServers };
  const offer = await library.createCredentialOffer({
    issuerMetadata,
    credentialConfigurationIds: [given.configuration],
    grants: { [GRANT]: { 'pre-authorized_code': 'their-code', tx_code: { input_mode: 'numeric', length: 6 } } },
    credentialOfferUri: given.by_reference ? `${url}/offers/1` : undefined,
  });
  const state = { token: null, nonces: new Set(), waiting: new Map(), given: 0 };

  const refusal = (error) => ({ status: 400, body: error.errorResponse ?? { error: 'server_error', error_description: error.message } });
  const routes = {
    'GET /.well-known/openid-credential-issuer': () => ({ body: credentialIssuer }),
    'GET /.well-known/oauth-authorization-server': () => ({ body: authorizationServer }),
    'GET /offers/1': () => ({ body: offer.credentialOfferObject }),
    'POST /token': async ({ body, headers }) => {
      const request = { headers: new Headers(headers), method: 'POST', url: `${url}/token` };
      const accessTokenRequest = Object.fromEntries(new URLSearchParams(body));
      const { grant } = server.parseAccessTokenRequest({ request, accessTokenRequest });
      await server.verifyPreAuthorizedCodeAccessTokenRequest({
        grant,
        accessTokenRequest,
        request,
        authorizationServerMetadata: authorizationServer,
        expectedPreAuthorizedCode: 'their-code',
        expectedTxCode: '123456',
      });
      const answer = await server.createAccessTokenResponse({
        audience: url,
        authorizationServer: url,
        expiresInSeconds: 300,
        subject: 'their-code',
        now,
        signer: { method: 'jwk', alg: 'ES256', publicJwk: given.public },
      });
      state.token = answer.access_token;
      return { body: answer };
    },
    'POST /nonce': () => {
      const value = crypto.randomBytes(16).toString('base64url');
      state.nonces.add(value);
      return { body: library.createNonceResponse({ cNonce: value }) };
    },
    'POST /credential': async ({ body, headers }) => {
      if (headers.Authorization !== `Bearer ${state.token}`) return { status: 401, body: { error: 'invalid_token' } };
      const parsed = library.parseCredentialRequest({ issuerMetadata, credentialRequest: JSON.parse(body) });
      const holders = [];
      for (const jwt of parsed.proofs.jwt) {
        const { nonce } = jose.decodeJwt(jwt);
        if (!state.nonces.has(nonce)) return { status: 400, body: { error: 'invalid_nonce' } };
        const { signer } = await library.verifyCredentialRequestJwtProof({ issuerMetadata, jwt, expectedNonce: nonce, now });
        holders.push(signer.publicJwk);
      }
      state.nonces.clear();
      const keys = given.foreign_key ? holders.map(() => given.public) : holders;
      const credentials = [];
      for (const holder of keys) credentials.push({ credential: await signed(holder, given.payloads[state.given++]) });
      if (!given.deferred) {
        return { body: library.createCredentialResponse({ credentialRequest: parsed, credentials, notificationId: 'about-1' }) };
      }
      state.waiting.set('their-transaction', credentials);
      const later = { credentialRequest: parsed, transactionId: 'their-transaction', interval: 60 };
      return { status: 202, body: library.createCredentialResponse(later) };
    },
    'POST /deferred_credential': ({ body }) => {
      const asked = library.parseDeferredCredentialRequest({ deferredCredentialRequest: JSON.parse(body) });
      const { transaction_id: transactionId } = asked.deferredCredentialRequest;
      const credentials = state.waiting.get(transactionId);
      if (!credentials) return { status: 400, body: { error: 'invalid_transaction_id' } };
      state.waiting.delete(transactionId);
      // By a slip of 0.4.6 such an answer may not name a notification (§9.2: it MAY).
      return { body: library.createDeferredCredentialResponse({ credentials }) };
    },
    'POST /notification': () => ({ status: 204 }),
  };

  say({ link: offer.credentialOffer });
  for (let asked = await hear(); asked; asked = await hear()) {
    const route = routes[`${asked.method} ${asked.url.slice(url.length)}`];
    let answer;
    try {
      answer = route ? await route(asked) : { status: 404, body: {} };
    } catch (error) {
      answer = refusal(error);
    }
    say({ status: answer.status ?? 200, headers: { 'content-type': 'application/json' }, body: answer.body ? JSON.stringify(answer.body) : '' });
  }
}

// --- the wallet -------------------------------------------------------------------------------------------------------------

async function wallet() {
  setGlobalConfig({ allowInsecureUrls: true }); // our provider is on this machine
  const client = new Openid4vciClient({ callbacks });
  const credentialOffer = await client.resolveCredentialOffer(given.link);
  const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer);
  const { accessTokenResponse } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer,
    issuerMetadata,
    txCode: given.tx_code,
  });
  const accessToken = accessTokenResponse.access_token;
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata });
  const { jwt } = await client.createCredentialRequestJwtProof({
    issuerMetadata,
    credentialConfigurationId: given.configuration,
    issuedAt: now,
    nonce,
    signer: { method: 'jwk', alg: 'ES256', publicJwk: given.public },
  });
  const asked = { issuerMetadata, accessToken, credentialConfigurationId: given.configuration, proofs: { jwt: [jwt] } };
  let { credentialResponse: answer } = await client.retrieveCredentials(asked);
  const promise = answer.transaction_id ? { interval: answer.interval } : null;
  if (promise) {
    const deferred = { issuerMetadata, accessToken, transactionId: answer.transaction_id };
    const still = await client.retrieveDeferredCredentials(deferred);
    promise.still = still.deferredCredentialResponse.transaction_id === answer.transaction_id;
    say({ released: true });
    await hear();
    answer = (await client.retrieveDeferredCredentials(deferred)).deferredCredentialResponse;
  }
  if (answer.notification_id) {
    const notification = { notificationId: answer.notification_id, event: 'credential_accepted' };
    await client.sendNotification({ issuerMetadata, accessToken, notification });
  }
  say({
    done: {
      promise,
      version: issuerMetadata.originalDraftVersion,
      configurations: credentialOffer.credential_configuration_ids,
      credentials: answer.credentials.map(({ credential }) => credential),
    },
  });
}

try {
  await (given.role === 'issuer' ? issuer() : wallet());
} catch (error) {
  say({ failed: `${error.message} ${error.cause?.message ?? ''}` });
}
process.exit(0);

// npm `oauth4webapi`, unmodified: a relying party, and a resource server, by its single steps. Each `process…` and `validate…`
// is the library's own check of what we answered; asserted here is only what it leaves to the application.
import assert from 'node:assert/strict';
import * as oauth from 'oauth4webapi';
import { header, play, refused, settings, signingKey, visit } from './dialogue.mjs';

const { issuer, client_id, client_secret, redirect_uri, scope, method } = settings;
const http = { [oauth.allowInsecureRequests]: true };

const server = await oauth.processDiscoveryResponse(new URL(issuer), await oauth.discoveryRequest(new URL(issuer), http));
const client = { client_id, id_token_signed_response_alg: settings.id_token_alg ?? 'RS256' };
const AUTHENTICATION = {
  client_secret_basic: () => oauth.ClientSecretBasic(client_secret),
  client_secret_post: () => oauth.ClientSecretPost(client_secret),
  private_key_jwt: async () => oauth.PrivateKeyJwt(await signingKey()),
  none: () => oauth.None(),
};
const authentication = await AUTHENTICATION[method]();

async function pushed(parameters) {
  const answer = await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, http);
  const { request_uri } = await oauth.processPushedAuthorizationResponse(server, client, answer);
  return new URLSearchParams({ client_id, request_uri });
}

async function signed(parameters) {
  return new URLSearchParams({ client_id, request: await oauth.issueRequestObject(server, client, parameters, await signingKey()) });
}

const VIA = {
  query: (asked) => asked,
  par: pushed,
  jar: signed,
  'jar by par': async (asked) => pushed(await signed(asked)),
};

/** The authorization code flow; the ID token's signature, `at_hash`, nonce and `auth_time` are among what is validated. */
async function signIn({ asked = [], maxAge } = {}) {
  const verifier = oauth.generateRandomCodeVerifier();
  const state = oauth.generateRandomState();
  const expectedNonce = oauth.generateRandomNonce();
  const parameters = new URLSearchParams([
    ['client_id', client_id], ['redirect_uri', redirect_uri], ['response_type', 'code'], ['scope', scope], ['state', state],
    ['nonce', expectedNonce], ['code_challenge', await oauth.calculatePKCECodeChallenge(verifier)], ['code_challenge_method', 'S256'],
    ...asked,
  ]);
  const address = new URL(server.authorization_endpoint);
  address.search = await VIA[settings.via ?? 'query'](parameters);
  const callback = oauth.validateAuthResponse(server, client, await visit(address), state);
  const redeem = () =>
    oauth.authorizationCodeGrantRequest(server, client, authentication, callback, redirect_uri, verifier, http);
  const answer = await redeem();
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, answer, {
    expectedNonce, requireIdToken: true, ...(maxAge !== undefined && { maxAge }),
  });
  await oauth.validateApplicationLevelSignature(server, answer, http);
  return { tokens, claims: oauth.getValidatedIdTokenClaims(tokens), redeem };
}

async function userinfo(token, subject) {
  return oauth.processUserInfoResponse(server, client, subject, await oauth.userInfoRequest(server, client, token, http));
}

async function refresh(token) {
  const answer = await oauth.refreshTokenGrantRequest(server, client, authentication, token, http);
  return oauth.processRefreshTokenResponse(server, client, answer);
}

async function introspected(token) {
  const answer = await oauth.introspectionRequest(server, client, authentication, token, http);
  return oauth.processIntrospectionResponse(server, client, answer);
}

await play({
  async sign_in() {
    const { tokens, claims } = await signIn();
    const stranger = await refused(userinfo(tokens.access_token, 'somebody else'));
    return { header: header(tokens.id_token), claims, userinfo: await userinfo(tokens.access_token, claims.sub), stranger };
  },

  async again() {
    const first = await signIn();
    const second = await signIn({ asked: [['max_age', '0']], maxAge: 0 });
    const silent = await signIn({ asked: [['prompt', 'none'], ['max_age', '3600']], maxAge: 3600 });
    return { auth_times: [first, second, silent].map(({ claims }) => claims.auth_time) };
  },

  /** A code that is used twice takes its tokens with it. */
  async code_twice() {
    const { tokens, claims, redeem } = await signIn();
    const answer = await redeem();
    const again = await refused(oauth.processAuthorizationCodeResponse(server, client, answer));
    return { again, userinfo: await refused(userinfo(tokens.access_token, claims.sub)) };
  },

  async tokens() {
    const { tokens, claims } = await signIn();
    const before = await introspected(tokens.access_token);
    const second = await refresh(tokens.refresh_token);
    assert.notEqual(second.refresh_token, tokens.refresh_token);
    assert.equal(oauth.getValidatedIdTokenClaims(second).sub, claims.sub);
    const revoked = await oauth.revocationRequest(server, client, authentication, second.refresh_token, http);
    await oauth.processRevocationResponse(revoked);
    const unknown = await oauth.revocationRequest(server, client, authentication, 'unknown', http);
    await oauth.processRevocationResponse(unknown); // RFC 7009 §2.2: no error
    return { before, after: await introspected(second.access_token), refresh: await refused(refresh(second.refresh_token)) };
  },

  /** Two devices ask; one looks before its person has decided, the other one afterwards. */
  async device() {
    const begin = async () => {
      const answer = await oauth.deviceAuthorizationRequest(server, client, authentication, { scope }, http);
      return oauth.processDeviceAuthorizationResponse(server, client, answer);
    };
    const look = async ({ device_code }) => {
      const given = await oauth.deviceCodeGrantRequest(server, client, authentication, device_code, http);
      return oauth.processDeviceCodeResponse(server, client, given);
    };
    const early = await refused(look(await begin()));
    const begun = await begin();
    await visit(begun.verification_uri_complete, { until: '/device/done' });
    const tokens = await look(begun);
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    return { early, claims, userinfo: await userinfo(tokens.access_token, claims.sub) };
  },

  /** As a resource server that reads the access token itself (RFC 9068 §4). */
  async resource_server() {
    const asked = { resource: settings.resource, scope: settings.own_scope };
    const answer = await oauth.clientCredentialsGrantRequest(server, client, authentication, asked, http);
    const { access_token } = await oauth.processClientCredentialsResponse(server, client, answer);
    const request = new Request(settings.resource, { headers: { Authorization: `Bearer ${access_token}` } });
    const claims = await oauth.validateJwtAccessToken(server, request, settings.resource, http);
    const other = await refused(oauth.validateJwtAccessToken(server, request, 'https://other.example', http));
    return { claims, other };
  },
});

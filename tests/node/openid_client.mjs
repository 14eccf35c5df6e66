// npm `openid-client`, unmodified, as a relying party. Issuer, `iss`, state, nonce, PKCE, audience, times, `at_hash` and
// signatures are checked by the library itself; asserted here is only what it leaves to the application.
import assert from 'node:assert/strict';
import * as client from 'openid-client';
import { header, payload, play, refused, settings, signingKey, visit } from './dialogue.mjs';

const { issuer, client_id, client_secret, redirect_uri, scope } = settings;

const AUTHENTICATION = {
  client_secret_basic: () => client.ClientSecretBasic(client_secret),
  client_secret_post: () => client.ClientSecretPost(client_secret),
  private_key_jwt: async () => client.PrivateKeyJwt(await signingKey()),
  none: () => client.None(),
};

/** By discovery, with the metadata that this client registered. */
async function configured(id = client_id, method = settings.method ?? 'client_secret_basic') {
  const registered = { ...(method !== 'none' && method !== 'private_key_jwt' && { client_secret }) };
  if (settings.id_token_alg) registered.id_token_signed_response_alg = settings.id_token_alg; // without one: RS256
  const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
  return client.discovery(new URL(issuer), id, registered, await AUTHENTICATION[method](), { execute });
}

let handle;
/** Where the settings name an algorithm, every token is bound to a key: proofs and their nonces are the library's own work. */
async function bound(config) {
  if (!settings.dpop) return undefined;
  handle ??= client.getDPoPHandle(config, await client.randomDPoPKeyPair(settings.dpop));
  return { DPoP: handle };
}

const VIA = {
  query: (config, asked) => client.buildAuthorizationUrl(config, asked),
  par: async (config, asked) => client.buildAuthorizationUrlWithPAR(config, asked, await bound(config)),
  jar: async (config, asked) => client.buildAuthorizationUrlWithJAR(config, asked, await signingKey()),
  'jar by par': async (config, asked) => {
    const { searchParams } = await client.buildAuthorizationUrlWithJAR(config, asked, await signingKey());
    return client.buildAuthorizationUrlWithPAR(config, searchParams, await bound(config));
  },
};

/** The authorization code flow; what the library took for good. */
async function signIn(config, { asked = [], without = [], via = settings.via ?? 'query', checks = {}, atToken, how } = {}) {
  const sent = (name, value) => (without.includes(name) ? undefined : value);
  const pkceCodeVerifier = sent('code_challenge', client.randomPKCECodeVerifier());
  const expectedState = sent('state', client.randomState());
  const expectedNonce = sent('nonce', client.randomNonce());
  const parameters = new URLSearchParams({ redirect_uri });
  if (expectedState) parameters.set('state', expectedState);
  if (expectedNonce) parameters.set('nonce', expectedNonce);
  if (pkceCodeVerifier) {
    parameters.set('code_challenge', await client.calculatePKCECodeChallenge(pkceCodeVerifier));
    parameters.set('code_challenge_method', 'S256');
  }
  for (const [name, value] of asked) parameters.append(name, value);
  if (!parameters.has('scope')) parameters.set('scope', scope);
  const returned = await visit(await VIA[via](config, parameters), how);
  const expected = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true, ...checks };
  const tokens = await client.authorizationCodeGrant(config, returned, expected, atToken, await bound(config));
  return { tokens, claims: tokens.claims(), returned };
}

async function outcome(config, row) {
  let tokens, claims;
  try {
    ({ tokens, claims } = await signIn(config, row));
  } catch (error) {
    return { refused: error.error ?? error.message };
  }
  const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  const { userinfo_endpoint } = config.serverMetadata();
  const posted = await client.fetchProtectedResource(config, tokens.access_token, new URL(userinfo_endpoint), 'POST');
  assert.deepEqual(await posted.json(), userinfo); // OpenID Connect Core 1.0 §5.3.1: by GET and by POST
  return { claims, userinfo };
}

await play({
  async sign_in() {
    const config = await configured();
    const { tokens, claims, returned } = await signIn(config);
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub, await bound(config));
    const iss = returned.searchParams.get('iss');
    return { header: header(tokens.id_token), claims, userinfo, iss, request: Object.fromEntries(returned.searchParams) };
  },

  /** Tokens that are bound to a key, and what they are worth without it. */
  async dpop() {
    const config = await configured();
    const key = await bound(config);
    const { tokens, claims } = await signIn(config);
    const second = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, key);
    const stolen = await refused(client.refreshTokenGrant(config, tokens.refresh_token));
    const again = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, key);
    const userinfo = await client.fetchUserInfo(config, again.access_token, claims.sub, key);
    const bare = await refused(client.fetchUserInfo(config, second.access_token, claims.sub));
    return { type: tokens.token_type, userinfo, stolen, bare };
  },

  /** One request after the other as the settings have them, in one browser: what comes of each. */
  async requests() {
    const config = await configured();
    const outcomes = {};
    for (const [name, row] of Object.entries(settings.rows)) outcomes[name] = await outcome(config, row);
    return outcomes;
  },

  /** Registers itself, with what the settings have; and a key for answers to be encrypted to, where they are to be. */
  async register() {
    const { method, initial_token: initialAccessToken } = settings;
    const metadata = { redirect_uris: [redirect_uri], token_endpoint_auth_method: method, ...settings.metadata };
    let opening;
    if (metadata.id_token_encrypted_response_alg) {
      opening = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
      const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', opening.publicKey);
      metadata.jwks = { keys: [...(metadata.jwks?.keys ?? []), { kty, crv, x, y, kid: 'opens', use: 'enc', alg: 'ECDH-ES' }] };
    }
    const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
    const drawn = { client_secret_basic: client.ClientSecretBasic, client_secret_jwt: client.ClientSecretJwt }; // its secret comes
    const authentication = await (drawn[method] ?? AUTHENTICATION[method])();
    const config = await client.dynamicClientRegistration(new URL(issuer), metadata, authentication, { initialAccessToken, execute });
    if (opening) client.enableDecryptingResponses(config, ['A256GCM'], { key: opening.privateKey, alg: 'ECDH-ES', kid: 'opens' });
    const { tokens, claims } = await signIn(config);
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
    return { header: header(tokens.id_token), claims, userinfo, registered: config.clientMetadata() };
  },

  /** The answer is a form that the browser posts. */
  async form_post() {
    const { claims, returned } = await signIn(await configured(), { asked: [['response_mode', 'form_post']] });
    assert(returned instanceof Request);
    return { claims };
  },

  async refresh() {
    const config = await configured();
    const { tokens, claims } = await signIn(config);
    const second = await client.refreshTokenGrant(config, tokens.refresh_token);
    const third = await client.refreshTokenGrant(config, second.refresh_token, { scope: 'openid' });
    assert.equal(new Set([tokens, second, third].map((each) => each.refresh_token)).size, 3, 'each is used once');
    assert.equal(second.claims().sub, claims.sub);
    assert.equal(second.claims().auth_time, claims.auth_time); // OpenID Connect Core 1.0 §12.2
    const userinfo = await client.fetchUserInfo(config, third.access_token, claims.sub);
    const replayed = await refused(client.refreshTokenGrant(config, tokens.refresh_token));
    const family = await refused(client.refreshTokenGrant(config, third.refresh_token));
    return { userinfo, scope: third.scope, replayed, family };
  },

  async client_credentials() {
    const config = await configured();
    const given = await client.clientCredentialsGrant(config, { resource: settings.resource, scope: settings.own_scope });
    const wrong = await refused(client.clientCredentialsGrant(config, { resource: 'https://other.example' }));
    const userinfo = await refused(client.fetchUserInfo(config, given.access_token, client_id));
    return { claims: payload(given.access_token), typ: header(given.access_token).typ, scope: given.scope, wrong, userinfo };
  },

  async device() {
    const config = await configured(client_id, 'none');
    const begun = await client.initiateDeviceAuthorization(config, { scope });
    const polling = client.pollDeviceAuthorizationGrant(config, begun);
    await visit(begun.verification_uri_complete, { until: '/device/done' });
    const tokens = await polling;
    return { claims: tokens.claims(), userinfo: await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub) };
  },

  /** Two resources are asked for, the token is for one; who guards it introspects it, until the client gives it back. */
  async resources() {
    const config = await configured();
    const asked = [['resource', settings.resource], ['resource', issuer]];
    const { tokens } = await signIn(config, { asked, atToken: { resource: settings.resource } });
    const guard = await configured(settings.guard);
    const seen = await client.tokenIntrospection(guard, tokens.access_token);
    await client.tokenRevocation(config, tokens.access_token);
    const after = await client.tokenIntrospection(guard, tokens.access_token);
    const refreshed = await refused(client.refreshTokenGrant(config, tokens.refresh_token));
    return { seen, after, refreshed };
  },

  async claims() {
    const config = await configured();
    const wanted = { id_token: { email: { essential: true }, auth_time: { essential: true } }, userinfo: { phone_number: null } };
    const { tokens, claims } = await signIn(config, { asked: [['claims', JSON.stringify(wanted)]] });
    return { claims, userinfo: await client.fetchUserInfo(config, tokens.access_token, claims.sub) };
  },

  /** Signed in already: silently; then anew, twice; the library checks `auth_time` against `max_age`. */
  async again() {
    const config = await configured();
    const first = await signIn(config);
    const silent = await signIn(config, { asked: [['prompt', 'none'], ['id_token_hint', first.tokens.id_token]] });
    const young = await signIn(config, { asked: [['max_age', '3600']], checks: { maxAge: 3600 } });
    const anew = await signIn(config, { asked: [['max_age', '0']], checks: { maxAge: 0 } });
    const prompted = await signIn(config, { asked: [['prompt', 'login']] });
    return { auth_times: [first, silent, young, anew, prompted].map(({ claims }) => claims.auth_time) };
  },

  async step_up() {
    const config = await configured();
    const first = await signIn(config);
    const demanding = (...values) => ['claims', JSON.stringify({ id_token: { acr: { essential: true, values } } })];
    const second = await signIn(config, { asked: [demanding('LoA2')] });
    const third = await signIn(config, { asked: [['acr_values', 'LoA2'], ['prompt', 'none']] });
    const silently = await refused(signIn(config, { asked: [demanding('LoA4'), ['prompt', 'none']] }));
    const unmet = await refused(signIn(config, { asked: [demanding('LoA9')] }));
    return { claims: [first, second, third].map(({ claims }) => claims), silently, unmet };
  },

  async logout() {
    const config = await configured();
    const { tokens } = await signIn(config);
    const state = client.randomState();
    const { post_logout_redirect_uri } = settings;
    const out = client.buildEndSessionUrl(config, { post_logout_redirect_uri, state, id_token_hint: tokens.id_token });
    const returned = await visit(out);
    assert.equal(returned.href, `${post_logout_redirect_uri}?state=${state}`);
    return { silent: await refused(signIn(config, { asked: [['prompt', 'none']] })) };
  },
});

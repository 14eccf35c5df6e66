// npm `openid-client`, unmodified, as a relying party. It prints the address to visit, waits for the one that the browser was
// sent back to on its input, and prints what it learnt. Everything is checked by the library; a refusal ends with its text.
import * as client from 'openid-client';
import readline from 'node:readline/promises';

const { issuer, client_id, client_secret, redirect_uri, scope, alg } = JSON.parse(process.argv[2]);
const input = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const config = await client.discovery(
  new URL(issuer),
  client_id,
  { client_secret, ...(alg && { id_token_signed_response_alg: alg }) }, // without one: RS256, the default of OpenID Connect
  client.ClientSecretBasic(client_secret),
  { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
);

const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const expectedNonce = client.randomNonce();
say({
  visit: client.buildAuthorizationUrl(config, {
    redirect_uri,
    scope,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  }).href,
});

const returned = new URL((await input.next()).value);
const tokens = await client.authorizationCodeGrant(config, returned, {
  pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true,
});
const claims = tokens.claims();
const header = JSON.parse(Buffer.from(tokens.id_token.split('.')[0], 'base64url'));
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
say({ header, claims, userinfo, iss: returned.searchParams.get('iss') });
process.exit(0);

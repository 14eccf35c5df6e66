// npm `jose`, unmodified, as a relying party that reads what it was sent: opens it where it is encrypted, verifies it where it is
// signed, by the provider's published keys. For each member of the list: header and claims.
import { compactDecrypt, createLocalJWKSet, importJWK, jwtVerify } from 'jose';
import { text } from 'node:stream/consumers';

const { jwks, issuer, now, tokens } = JSON.parse(await text(process.stdin));
const keys = createLocalJWKSet(jwks);
const answers = [];
for (const { token, key, alg, enc, signed, audience } of tokens) {
  let inner = token;
  let outer = null;
  if (alg) {
    const opened = await compactDecrypt(token, await importJWK(key, alg), {
      keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc],
    });
    inner = new TextDecoder().decode(opened.plaintext);
    outer = opened.protectedHeader;
  }
  if (signed) {
    const read = await jwtVerify(inner, keys, { issuer, audience, algorithms: [signed], currentDate: new Date(now * 1000) });
    answers.push({ outer, header: read.protectedHeader, claims: read.payload });
  } else {
    answers.push({ outer, claims: JSON.parse(inner) });
  }
}
process.stdout.write(JSON.stringify(answers));

// npm `jose`, unmodified, as the other side of our JWE. For each member of the list on its input: what it reads in our token,
// and a token of its own for the same key.
import { CompactEncrypt, compactDecrypt, importJWK } from 'jose';
import { text } from 'node:stream/consumers';

const answers = [];
for (const { private: own, public: known, enc, token } of JSON.parse(await text(process.stdin))) {
  const { alg, kid } = known;
  const read = await compactDecrypt(token, await importJWK(own, alg), {
    keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc],
  });
  const made = await new CompactEncrypt(read.plaintext)
    .setProtectedHeader({ alg, enc, kid })
    .encrypt(await importJWK(known, alg));
  answers.push({ read: new TextDecoder().decode(read.plaintext), header: read.protectedHeader, made });
}
process.stdout.write(JSON.stringify(answers));

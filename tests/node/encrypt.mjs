// npm `jose`, unmodified, as a relying party that encrypts what it signed to the provider's published keys.
import { CompactEncrypt, importJWK } from 'jose';
import { text } from 'node:stream/consumers';

const made = [];
for (const { public: key, enc, content } of JSON.parse(await text(process.stdin))) {
  made.push(await new CompactEncrypt(new TextEncoder().encode(content))
    .setProtectedHeader({ alg: key.alg, enc, kid: key.kid, cty: 'JWT' })
    .encrypt(await importJWK(key, key.alg)));
}
process.stdout.write(JSON.stringify(made));

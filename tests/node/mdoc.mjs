// npm `@auth0/mdl`, unmodified: verifies what we present, by signature and by MAC, refuses it for another conversation; issues
// a credential of its own; and presents that and one of ours. What to work on comes on the input, in hexadecimal where it is
// bytes; what came of it goes to the output.
import fs from 'node:fs';
import { DeviceResponse, Document, MDoc, parse, Verifier } from '@auth0/mdl';

const given = JSON.parse(fs.readFileSync(0, 'utf8'));
const bytes = (hex) => Buffer.from(hex, 'hex');
const transcript = bytes(given.transcript);
const verifier = new Verifier([given.root]);

const verdict = async (response, encodedSessionTranscript = transcript) => {
  try {
    const read = await verifier.verify(bytes(response), {
      encodedSessionTranscript,
      ephemeralReaderKey: bytes(given.reader_private),
    });
    const [document] = read.documents;
    return Object.fromEntries(
      document.issuerSignedNameSpaces.map((space) => [space, document.getIssuerNameSpace(space)]),
    );
  } catch (error) {
    return error.message;
  }
};

const issued = await new Document(given.doc_type)
  .addIssuerNameSpace('org.iso.18013.5.1', given.elements)
  .useDigestAlgorithm('SHA-256')
  .addValidityInfo({ signed: new Date(given.now * 1000), validUntil: new Date((given.now + 86400) * 1000) })
  .addDeviceKeyInfo({ deviceKey: given.holder_public })
  .sign({ issuerPrivateKey: given.issuer, issuerCertificate: given.certificate, alg: 'ES256' });

// It signs what it answers, so what it presents of ours was taken apart and put together again by another's CBOR.
const asked = (names) => ({
  id: 'asked',
  input_descriptors: [
    {
      id: given.doc_type,
      format: { mso_mdoc: { alg: ['ES256'] } },
      constraints: {
        limit_disclosure: 'required',
        fields: names.map((name) => ({ path: [`$['org.iso.18013.5.1']['${name}']`], intent_to_retain: false })),
      },
    },
  ],
});
const present = async (held, authenticate) => {
  const response = DeviceResponse.from(held)
    .usingPresentationDefinition(asked(['family_name', 'age_over_18']))
    .usingSessionTranscriptBytes(transcript);
  return Buffer.from((await authenticate(response).sign()).encode()).toString('hex');
};
const bySignature = (response) => response.authenticateWithSignature(given.holder, 'ES256');
const byMac = (response) =>
  response.authenticateWithMAC(given.holder, bytes(given.reader_public), 'HS256');
const own = new MDoc([issued]);
const ours = () => parse(bytes(given.credential));

const plain = (_, value) => (value instanceof Map ? Object.fromEntries(value) : value);
process.stdout.write(
  JSON.stringify(
    {
      verified: await verdict(given.presentation),
      verified_by_mac: await verdict(given.presentation_by_mac),
      for_another: await verdict(given.presentation, bytes(given.another_transcript)),
      credential: Buffer.from(own.encode()).toString('hex'),
      presented: await present(own, bySignature),
      presented_by_mac: await present(own, byMac),
      presented_ours: await present(ours(), bySignature),
      presented_ours_by_mac: await present(ours(), byMac),
    },
    plain,
  ),
);

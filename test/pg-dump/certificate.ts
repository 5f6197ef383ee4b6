import { generateKeyPairSync, sign } from 'node:crypto';

/** A self-signed certificate for 127.0.0.1 and its key, both PEM, made without openssl. */
export const makeCertificate = (): { certificate: string; key: string } => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
  const name = sequence(set(sequence(oid([0x55, 0x04, 0x03]), tag(0x0c, Buffer.from('supasnap test')))));
  const alternativeName = sequence(tag(0x87, Buffer.from([127, 0, 0, 1])));
  const authority = sequence(tag(0x01, Buffer.from([0xff])));
  const body = sequence(
    tag(0xa0, tag(0x02, Buffer.from([2]))),
    tag(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    sequence(tag(0x17, Buffer.from('250101000000Z')), tag(0x17, Buffer.from('450101000000Z'))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(0xa3, sequence(
      sequence(oid([0x55, 0x1d, 0x13]), tag(0x04, authority)),
      sequence(oid([0x55, 0x1d, 0x11]), tag(0x04, alternativeName)),
    )),
  );
  const whole = sequence(body, ecdsaWithSha256, tag(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, privateKey)])));
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};

const tag = (type: number, content: Buffer) => Buffer.concat([Buffer.from([type]), lengthOf(content), content]);
const sequence = (...parts: Buffer[]) => tag(0x30, Buffer.concat(parts));
const set = (...parts: Buffer[]) => tag(0x31, Buffer.concat(parts));
const oid = (bytes: number[]) => tag(0x06, Buffer.from(bytes));

const lengthOf = ({ length }: Buffer) => {
  if (length < 128) return Buffer.from([length]);
  if (length < 256) return Buffer.from([0x81, length]);
  return Buffer.from([0x82, length >> 8, length & 255]);
};

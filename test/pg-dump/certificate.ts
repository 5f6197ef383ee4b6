import { generateKeyPairSync, sign } from 'node:crypto';

/** Both PEM. */
export interface Certificate {
  certificate: string;
  key: string;
}

interface CertificateOptions {
  /** Who signs it; itself unless said. */
  issuer?: Certificate & { name: string };
  name?: string;
  /** The hosts that it is for: host names, and addresses of IPv4. */
  hosts?: string[];
  /** Two digits. */
  lastYear?: string;
}

/** A certificate for 127.0.0.1 and its key, made without openssl. */
export const makeCertificate = ({
  issuer,
  name = 'supasnap test',
  hosts = ['127.0.0.1'],
  lastYear = '45',
}: CertificateOptions = {}): Certificate => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));
  const alternativeNames = sequence(
    ...hosts.map((host) => (/^[\d.]+$/.test(host) ? tag(0x87, Buffer.from(host.split('.').map(Number))) : tag(0x82, Buffer.from(host)))),
  );
  const authority = sequence(tag(0x01, Buffer.from([0xff])));
  const body = sequence(
    tag(0xa0, tag(0x02, Buffer.from([2]))),
    tag(0x02, Buffer.from([issuer ? 2 : 1])),
    ecdsaWithSha256,
    nameOf(issuer?.name ?? name),
    sequence(tag(0x17, Buffer.from('240101000000Z')), tag(0x17, Buffer.from(`${lastYear}0101000000Z`))),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tag(
      0xa3,
      sequence(
        ...(issuer ? [] : [sequence(oid([0x55, 0x1d, 0x13]), tag(0x04, authority))]),
        sequence(oid([0x55, 0x1d, 0x11]), tag(0x04, alternativeNames)),
      ),
    ),
  );
  const signed = sign('sha256', body, issuer?.key ?? privateKey);
  const whole = sequence(body, ecdsaWithSha256, tag(0x03, Buffer.concat([Buffer.from([0]), signed])));
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};

const nameOf = (name: string) => sequence(set(sequence(oid([0x55, 0x04, 0x03]), tag(0x0c, Buffer.from(name)))));
const tag = (type: number, content: Buffer) => Buffer.concat([Buffer.from([type]), lengthOf(content), content]);
const sequence = (...parts: Buffer[]) => tag(0x30, Buffer.concat(parts));
const set = (...parts: Buffer[]) => tag(0x31, Buffer.concat(parts));
const oid = (bytes: number[]) => tag(0x06, Buffer.from(bytes));

const lengthOf = ({ length }: Buffer) => {
  if (length < 128) return Buffer.from([length]);
  if (length < 256) return Buffer.from([0x81, length]);
  return Buffer.from([0x82, length >> 8, length & 255]);
};

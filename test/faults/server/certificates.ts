/**
 * X.509 certificates for one test run, made here and now: no private key is ever stored, and no other program is needed.
 *
 * Just enough DER (ITU-T X.690) for a version 3 certificate (RFC 5280) signed with ECDSA P-256 and SHA-256.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** Makes a certificate for DNS names and IPv4 addresses, valid from and until so many days from now. */
  issue(hosts: readonly string[], days?: { readonly from: number; readonly until: number }): Certificate;
}

/** Makes a certificate authority that nobody knows. */
export function newAuthority(name: string): Authority {
  const keys = newKeys();
  const self = build(
    { issuer: name, subject: name, days: { from: -1, until: 10 }, spki: keys.spki, extensions: [basicConstraints] },
    keys.key,
  );
  const issue: Authority['issue'] = (hosts, days = { from: -1, until: 10 }) => {
    const own = newKeys();
    const subject = hosts[0] ?? 'nobody';
    return {
      certificate: build({ issuer: name, subject, days, spki: own.spki, extensions: [alternativeNames(hosts)] }, keys.key),
      key: pemKey(own.key),
    };
  };
  return { certificate: self, key: pemKey(keys.key), issue };
}

function newKeys(): { readonly key: KeyObject; readonly spki: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { key: privateKey, spki: publicKey.export({ type: 'spki', format: 'der' }) };
}

function pemKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

interface Content {
  readonly issuer: string;
  readonly subject: string;
  readonly days: { readonly from: number; readonly until: number };
  readonly spki: Buffer;
  readonly extensions: readonly Buffer[];
}

let serial = 1;

function build({ issuer, subject, days, spki, extensions }: Content, signer: KeyObject): string {
  serial += 1;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([0x10, serial >> 8, serial & 0xff])),
    ecdsaWithSha256,
    commonName(issuer),
    sequence(time(days.from), time(days.until)),
    commonName(subject),
    spki,
    der(0xa3, sequence(...extensions)),
  );
  const whole = sequence(body, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, signer)])));
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length =
    body.length < 0x80 ? [body.length] : body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

function sequence(...content: readonly Buffer[]): Buffer {
  return der(0x30, ...content);
}

function identifier(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(identifier('550403'), der(0x0c, Buffer.from(name)))));
}

function time(days: number): Buffer {
  const text = new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return der(0x18, Buffer.from(`${text}Z`));
}

function extension(identifierHex: string, value: Buffer): Buffer {
  return sequence(identifier(identifierHex), der(0x04, value));
}

function alternativeNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    /^[\d.]+$/.test(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host)),
  );
  return extension('551d11', sequence(...names));
}

const ecdsaWithSha256 = sequence(identifier('2a8648ce3d040302'));
const basicConstraints = extension('551d13', sequence(der(0x01, Buffer.from([0xff]))));

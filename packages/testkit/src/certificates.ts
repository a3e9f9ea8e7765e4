/**
 * Certificates for tests of TLS, made here so that no program is needed and a test can have one
 * that is out of date or signed by the wrong authority. ECDSA on P-256; X.509 v3 (RFC 5280), and
 * of that only what TLS clients look at.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** A certificate and its key, in PEM. */
export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Host names and IPv4 addresses it is good for. Default localhost and 127.0.0.1. */
  readonly hosts?: readonly string[];
  /** First and last moment, Unix milliseconds. Default yesterday, and in a hundred years. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** RSA of 2,048 bits in place of ECDSA. */
  readonly isRsa?: boolean;
  /** Encrypts the key. */
  readonly passphrase?: string;
}

const DAY_MS = 86_400_000;
const YEAR_MS = 365.25 * DAY_MS;

const ECDSA_WITH_SHA256 = der(0x30, Buffer.from('06082a8648ce3d040302', 'hex'));
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex');
const BASIC_CONSTRAINTS = Buffer.from('0603551d13', 'hex');
const TRUE = Buffer.from('0101ff', 'hex');
const VERSION_3 = der(0xa0, Buffer.from('020102', 'hex'));

/** Signs certificates; each object is another authority, whatever its name. */
export class CertificateAuthority {
  /** Its own certificate, in PEM: what clients trust. */
  readonly cert: string;
  readonly #name: Buffer;
  readonly #key: KeyObject;

  constructor(name = 'Testing Authority') {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#name = nameOf(name);
    this.#key = privateKey;
    const constraints = extension(BASIC_CONSTRAINTS, der(0x30, TRUE), true);
    this.cert = this.#sign(this.#name, publicKey, [constraints], {});
  }

  /** Makes a key and a certificate for it. */
  issue(name = 'localhost', options: CertificateOptions = {}): CertifiedKey {
    const { hosts = ['localhost', '127.0.0.1'], isRsa = false, passphrase } = options;
    const { publicKey, privateKey } = isRsa
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const names = hosts.map((host) => {
      if (isIP(host) === 0) return der(0x82, Buffer.from(host));
      return der(0x87, Buffer.from(host.split('.').map(Number)));
    });
    const extensions = [
      extension(BASIC_CONSTRAINTS, der(0x30), true),
      extension(SUBJECT_ALT_NAME, der(0x30, ...names), false),
    ];
    const cert = this.#sign(nameOf(name), publicKey, extensions, options);
    const encrypted = passphrase !== undefined && { cipher: 'aes-256-cbc', passphrase };
    const key = privateKey.export({ type: 'pkcs8', format: 'pem', ...encrypted });
    return { cert, key: key.toString() };
  }

  #sign(
    subject: Buffer,
    publicKey: KeyObject,
    extensions: readonly Buffer[],
    { fromMs = Date.now() - DAY_MS, untilMs = Date.now() + 100 * YEAR_MS }: CertificateOptions,
  ): string {
    // The highest bit would make it negative, and a first byte of 0 might be one too many.
    const serial = Buffer.concat([Buffer.from([0x40]), randomBytes(15)]);
    const content = der(
      0x30,
      ...[VERSION_3, der(0x02, serial), ECDSA_WITH_SHA256, this.#name],
      der(0x30, timeOf(fromMs), timeOf(untilMs)),
      ...[subject, publicKey.export({ type: 'spki', format: 'der' })],
      der(0xa3, der(0x30, ...extensions)),
    );
    const signature = sign('sha256', content, this.#key);
    const bits = der(0x03, Buffer.from([0]), signature);
    const text = der(0x30, content, ECDSA_WITH_SHA256, bits).toString('base64');
    const lines = text.match(/.{1,64}/g) ?? [];
    return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
  }
}

/** A value of ASN.1 in DER: tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  return Buffer.concat([Buffer.from([tag, ...lengthBytes(length)]), content]);
}

/** As short as possible: that is what the D stands for. */
function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

function nameOf(text: string): Buffer {
  return der(0x30, der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from(text)))));
}

/** GeneralizedTime, whole seconds. RFC 5280 wants another form before 2050; OpenSSL reads both. */
function timeOf(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().slice(0, 19).replaceAll(/\D/g, '');
  return der(0x18, Buffer.from(`${digits}Z`));
}

function extension(id: Buffer, value: Buffer, isCritical: boolean): Buffer {
  return der(0x30, id, ...(isCritical ? [TRUE] : []), der(0x04, value));
}

// The certificates and keys of the configuration: read, checked one by one so that an error names
// the directive that is to blame, and put into the form the fronts take. Does not watch them.

import { constants, createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DEFAULT_CIPHERS, type SecureVersion } from 'node:tls';
import type { Config } from '@forgekv/config';
import { checkTlsMaterial, type TlsMaterial } from '@forgekv/front';

/** No certificate, chain or key comes near it. */
const MOST_FILE_BYTES = 1024 * 1024;
/** Of `tls-ca-cert-dir`; the authorities of the web are some 300 files. */
const MOST_CA_FILES = 4096;
const TICKET_KEY_BYTES = 48;
const CERTIFICATE = '-----BEGIN CERTIFICATE-----';
const DH_PARAMS = '-----BEGIN DH PARAMETERS-----';
const SUITE = 'TLS_';

/** The directives that name a file which TLS is made with. */
const FILE_NAMES = [
  'tls-cert-file',
  'tls-key-file',
  'tls-ca-cert-file',
  'tls-dh-params-file',
] as const;
type FileName = (typeof FILE_NAMES)[number];

/** In order; the flag forbids one of them. */
const PROTOCOLS: readonly { readonly name: SecureVersion; readonly without: number }[] = [
  { name: 'TLSv1', without: constants.SSL_OP_NO_TLSv1 },
  { name: 'TLSv1.1', without: constants.SSL_OP_NO_TLSv1_1 },
  { name: 'TLSv1.2', without: constants.SSL_OP_NO_TLSv1_2 },
  { name: 'TLSv1.3', without: constants.SSL_OP_NO_TLSv1_3 },
];
const DEFAULT_PROTOCOLS = 'TLSv1.2 TLSv1.3';
const BAD_PROTOCOLS =
  "tls-protocols must be a combination of 'TLSv1', 'TLSv1.1', 'TLSv1.2' and 'TLSv1.3'";
const NO_AUTHORITY =
  'tls-ca-cert-file or tls-ca-cert-dir must be given while tls-auth-clients is not no';

/** What is configured cannot be used; one line that says why. */
export class TlsError extends Error {
  override name = 'TlsError';
}

/**
 * Reads and checks everything TLS connections are made with. Each call makes new ticket keys: by
 * a session that began under other rules, or with an authority that is trusted no more, nobody
 * comes in.
 * @param directory names of files are relative to it
 * @throws TlsError
 */
export function readTlsMaterial(config: Config, directory: string): TlsMaterial {
  const read = (name: FileName): string => readNamed(config, directory, name);
  const cert = read('tls-cert-file');
  const key = read('tls-key-file');
  if (cert === '') throw new TlsError('no tls-cert-file is configured');
  if (key === '') throw new TlsError('no tls-key-file is configured');
  const passphrase = config.text('tls-key-file-pass');
  checkPair(cert, key, passphrase);
  const clients = config.word('tls-auth-clients');
  const ca = authorities(config, directory, read('tls-ca-cert-file'));
  if (clients !== 'no' && ca.length === 0) throw new TlsError(NO_AUTHORITY);
  const sessionSeconds = config.integer('tls-session-cache-timeout');
  const resumes = config.boolean('tls-session-caching') && sessionSeconds > 0;
  const protocols = protocolsOf(config.text('tls-protocols') || DEFAULT_PROTOCOLS);
  const material: TlsMaterial = {
    ...{ cert, key, passphrase, ca, clients, sessionSeconds },
    dhParams: dhParamsIn(read('tls-dh-params-file')),
    ciphers: ciphersOf(config.text('tls-ciphers'), config.text('tls-ciphersuites')),
    prefersServerCiphers: config.boolean('tls-prefer-server-ciphers'),
    minVersion: protocols.min,
    maxVersion: protocols.max,
    secureOptions:
      protocols.without |
      constants.SSL_OP_NO_RENEGOTIATION |
      (resumes ? 0 : constants.SSL_OP_NO_TICKET),
    ticketKeys: randomBytes(TICKET_KEY_BYTES),
  };
  blaming('TLS', () => checkTlsMaterial(material));
  return material;
}

/** What the log says of a certificate. */
export function describeCertificate({ cert }: TlsMaterial): string {
  const { subject, validTo } = new X509Certificate(cert);
  const name = subject?.replaceAll('\n', ', ') || 'without a subject';
  return `certificate ${name}, valid until ${validTo}`;
}

/** True for a certificate that clients will not accept, at a time in Unix milliseconds. */
export function isOutOfDate({ cert }: TlsMaterial, nowMs: number): boolean {
  const { validFrom, validTo } = new X509Certificate(cert);
  return nowMs < Date.parse(validFrom) || nowMs > Date.parse(validTo);
}

/** Every path of which a change matters, those in `tls-ca-cert-dir` included. */
export function tlsPaths(config: Config, directory: string): string[] {
  const paths = FILE_NAMES.map((name) => config.text(name))
    .filter((name) => name !== '')
    .map((name) => resolve(directory, name));
  const caDirectory = config.text('tls-ca-cert-dir');
  if (caDirectory === '') return paths;
  const path = resolve(directory, caDirectory);
  return [...paths, path, ...namesIn(path).map((name) => join(path, name))];
}

/** The text of the file a directive names, '' when it names none. */
function readNamed(config: Config, directory: string, name: FileName): string {
  const path = config.text(name);
  if (path === '') return '';
  return blaming(`${name} ${path}`, () => readText(resolve(directory, path)));
}

function readText(path: string): string {
  const { size } = regularFile(path);
  if (size > MOST_FILE_BYTES) throw new Error(`${size} bytes are too many`);
  return readFileSync(path, 'utf8');
}

/** A pipe would keep the reader waiting. */
function regularFile(path: string): { size: number } {
  const stats = statSync(path);
  if (!stats.isFile()) throw new Error('not a regular file');
  return stats;
}

function checkPair(cert: string, key: string, passphrase: string): void {
  const certificate = blaming('tls-cert-file', () => new X509Certificate(cert));
  const privateKey = blaming('tls-key-file', () =>
    createPrivateKey({ key, ...(passphrase !== '' && { passphrase }) }),
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new TlsError('tls-key-file is not the key of the certificate in tls-cert-file');
  }
}

function authorities(config: Config, directory: string, file: string): string[] {
  const found = new Set<string>();
  if (file !== '') {
    blaming('tls-ca-cert-file', () => new X509Certificate(file));
    found.add(file);
  }
  const name = config.text('tls-ca-cert-dir');
  if (name === '') return [...found];
  // Redis: looks for a certificate by its hash when one is needed. Here all are read beforehand,
  // whatever they are called; links that give one a second name do not matter.
  blaming(`tls-ca-cert-dir ${name}`, () => {
    const path = resolve(directory, name);
    for (const entry of namesIn(path)) {
      const text = certificatesIn(join(path, entry));
      if (text !== '') found.add(text);
    }
  });
  return [...found];
}

/** Node.js takes anything for them, and does without when they are something else. */
function dhParamsIn(text: string): string {
  if (text === '' || text.includes(DH_PARAMS)) return text;
  throw new TlsError('tls-dh-params-file: there are no parameters in it');
}

function namesIn(path: string): string[] {
  const names = readdirSync(path).sort();
  if (names.length > MOST_CA_FILES) throw new Error(`more than ${MOST_CA_FILES} files`);
  return names;
}

/** '' for what is something else, as lists of revoked certificates and lost links are. */
function certificatesIn(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile() || stats.size > MOST_FILE_BYTES) return '';
  const text = readFileSync(path, 'utf8');
  if (!text.includes(CERTIFICATE)) return '';
  new X509Certificate(text);
  return text;
}

/** OpenSSL has two lists, Node.js one of both; a part that is left out must keep its default. */
function ciphersOf(ciphers: string, suites: string): string {
  const isSuite = (name: string): boolean => name.startsWith(SUITE);
  const byDefault = DEFAULT_CIPHERS.split(':');
  const chosen = suites === '' ? byDefault.filter(isSuite) : suites.split(':');
  const stranger = chosen.find((name) => !isSuite(name));
  if (stranger !== undefined) throw new TlsError(`tls-ciphersuites: no suite ${stranger}`);
  const older = ciphers === '' ? byDefault.filter((name) => !isSuite(name)) : [ciphers];
  return [...chosen, ...older].join(':');
}

function protocolsOf(text: string): { min: SecureVersion; max: SecureVersion; without: number } {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const wanted = words.map((word) =>
    PROTOCOLS.findIndex(({ name }) => name.toLowerCase() === word.toLowerCase()),
  );
  const lowest = PROTOCOLS[Math.min(...wanted)];
  const highest = PROTOCOLS[Math.max(...wanted)];
  if (lowest === undefined || highest === undefined) throw new TlsError(BAD_PROTOCOLS);
  const without = PROTOCOLS.filter((_, i) => !wanted.includes(i));
  return {
    min: lowest.name,
    max: highest.name,
    without: without.reduce((flags, protocol) => flags | protocol.without, 0),
  };
}

/** Runs a step; its error gets the name of what is to blame. */
function blaming<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof TlsError) throw error;
    const message = (error as Error).message.replaceAll(/\s+/g, ' ').trim();
    throw new TlsError(`${what}: ${message}`, { cause: error });
  }
}

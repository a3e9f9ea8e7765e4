// What TLS connections are made with, as plain data that travels from the main thread to the
// fronts, and what node:tls wants to be told of it. Reads no files and decides nothing.

import { createSecureContext, type SecureVersion, type TlsOptions } from 'node:tls';

/** Certificate and key in PEM, and the rules of a handshake. It contains the private key. */
export interface TlsMaterial {
  /** The certificate, and those that lead from it to a root. */
  readonly cert: string;
  readonly key: string;
  /** Of the key; '' when it is not encrypted. */
  readonly passphrase: string;
  /** Certificates that may sign those of clients. */
  readonly ca: readonly string[];
  /** '' for none. */
  readonly dhParams: string;
  /** Names of OpenSSL, those of TLS 1.3 included, separated by colons. */
  readonly ciphers: string;
  readonly prefersServerCiphers: boolean;
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** Flags of OpenSSL. */
  readonly secureOptions: number;
  /** How long a session can be taken up again, in seconds. */
  readonly sessionSeconds: number;
  /** 48 random bytes, the same on every front: a session can be taken up on another one. */
  readonly ticketKeys: Uint8Array;
  /** Whether clients must show a certificate, may, or are not asked. */
  readonly clients: 'yes' | 'optional' | 'no';
}

/** Sessions of other programs with the same key must not be taken up here. */
const SESSION_CONTEXT = 'forgekv';

/** The same as node:tls wants it. */
export function tlsOptions(material: TlsMaterial): TlsOptions {
  const { passphrase, dhParams, clients, sessionSeconds } = material;
  return {
    cert: material.cert,
    key: material.key,
    ...(passphrase !== '' && { passphrase }),
    // Without a list Node.js trusts the authorities of the web, and any of them could sign a
    // client's certificate.
    ca: [...material.ca],
    ...(dhParams !== '' && { dhparam: dhParams }),
    ciphers: material.ciphers,
    honorCipherOrder: material.prefersServerCiphers,
    minVersion: material.minVersion,
    maxVersion: material.maxVersion,
    secureOptions: material.secureOptions,
    sessionIdContext: SESSION_CONTEXT,
    ...(sessionSeconds > 0 && { sessionTimeout: sessionSeconds }),
    ticketKeys: Buffer.from(material.ticketKeys),
    requestCert: clients !== 'no',
    // With `optional` a handshake without a certificate is fine, with a bad one it is not: who
    // takes the socket over looks at that.
    rejectUnauthorized: clients === 'yes',
  };
}

/** @throws Error of OpenSSL or Node.js when no connection could be made with it */
export function checkTlsMaterial(material: TlsMaterial): void {
  createSecureContext(tlsOptions(material));
}

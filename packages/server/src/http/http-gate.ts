// Who may see what on the HTTP port. Without a password the console is for people on this machine
// only: on a port that others reach it is off.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '@forgekv/config';
import { LoginThrottle } from '@forgekv/front';
import type { Answer } from './console-files.ts';

const OFF =
  'The console is off: this port is reachable from elsewhere and http-password is not set.\n';
const STRANGE_HOST =
  'The console is served under an address or localhost; under other names set http-password.\n';

/** True when nobody on another machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

export class HttpGate {
  readonly #config: Config;
  /** Every address of the port is this machine's own. */
  readonly #isLocal: boolean;
  readonly #throttle = new LoginThrottle();

  constructor(config: Config, hosts: readonly string[]) {
    this.#config = config;
    this.#isLocal = hosts.every(isLoopback);
  }

  /** Resolves to null: it may see the console; or to what it is answered. */
  async console(request: IncomingMessage): Promise<Answer | null> {
    if (this.#password !== '') return this.#login(request);
    if (!this.#isLocal) return refuse(403, OFF);
    // A page of another site whose name was made to mean 127.0.0.1 (DNS rebinding) says that name.
    return isOwnName(request.headers.host) ? null : refuse(403, STRANGE_HOST);
  }

  /** The same for metrics: they name commands and databases, but no keys, clients or values. */
  async metrics(request: IncomingMessage): Promise<Answer | null> {
    return this.#config.boolean('http-metrics-open') ? null : this.console(request);
  }

  get #password(): string {
    return this.#config.text('http-password');
  }

  async #login(request: IncomingMessage): Promise<Answer | null> {
    const given = passwordIn(request.headers.authorization);
    if (given !== null && isSame(given, this.#password)) return null;
    if (given !== null) {
      const address = request.socket.remoteAddress ?? '';
      // Those who are held back occupy their connections, of which there are few.
      const waitMs = this.#throttle.failed(address, Date.now());
      if (waitMs > 0) await pause(waitMs);
    }
    const headers = { 'www-authenticate': 'Basic realm="ForgeKV", charset="UTF-8"' };
    return { ...refuse(401, 'the password of http-password is needed\n'), headers };
  }
}

function refuse(status: number, reason: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(reason) };
}

function isOwnName(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === 'localhost' || isIP(name) !== 0;
}

/** The password of basic authentication; the name before it is nobody's. */
function passwordIn(header: string | undefined): string | null {
  const encoded = /^basic +([a-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  return colon < 0 ? null : pair.slice(colon + 1);
}

/** Takes as long whatever the two have in common: digests of one length are compared. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

// Tells systemd how the server is: loading, ready, alive, stopping. Node.js has no datagram sockets
// of the file system, so the program `systemd-notify` says it; the unit allows that by
// NotifyAccess=all. Source: sd_notify(3).

import { spawn } from 'node:child_process';

const LOADING_MS = 2000;
/** Time that a start gets beyond its limit while it makes progress, told anew all the time. */
const MORE_TIME_MS = 30_000;
/** A server is said to be alive so many times in the time that it may be silent. */
const ALIVE_TIMES = 3;

export interface Supervised {
  /** What it is doing, in a line. */
  status(): string;
  /** False: a thread has not turned for a while. */
  isAlive(): boolean;
}

export class Supervisor {
  readonly #server: Supervised;
  readonly #warn: (message: string) => void;
  readonly #watchdogMs: number;
  #timer: NodeJS.Timeout | undefined;
  #hasFailed = false;

  /**
   * Returns null when nobody supervises.
   * @param kind the directive `supervised`
   */
  static of(
    kind: string,
    env: NodeJS.ProcessEnv,
    server: Supervised,
    warn: (message: string) => void,
  ): Supervisor | null {
    if (kind !== 'systemd' && kind !== 'auto') return null;
    if (!env.NOTIFY_SOCKET) {
      if (kind === 'systemd') warn('supervised systemd: NOTIFY_SOCKET is not set');
      return null;
    }
    const isForUs = env.WATCHDOG_PID === undefined || Number(env.WATCHDOG_PID) === process.pid;
    const watchdogMs = isForUs ? Number(env.WATCHDOG_USEC ?? 0) / 1000 : 0;
    return new Supervisor(server, warn, watchdogMs);
  }

  private constructor(server: Supervised, warn: (message: string) => void, watchdogMs: number) {
    this.#server = server;
    this.#warn = warn;
    this.#watchdogMs = watchdogMs;
  }

  /** From now on data is read; a start may take as long as that goes on. */
  loading(): void {
    this.#every(LOADING_MS, () => {
      this.#say(`STATUS=${this.#server.status()}`, `EXTEND_TIMEOUT_USEC=${MORE_TIME_MS * 1000}`);
    });
  }

  /** The server serves; from now on it says that it is alive as long as all its threads are. */
  ready(): void {
    this.#say('READY=1', `STATUS=${this.#server.status()}`);
    this.#every(this.#watchdogMs / ALIVE_TIMES, () => {
      if (this.#server.isAlive()) this.#say('WATCHDOG=1');
    });
  }

  /** @param mostMs time that it may take */
  stopping(mostMs: number): void {
    this.#every(0, () => {});
    this.#say('STOPPING=1', 'STATUS=stopping', `EXTEND_TIMEOUT_USEC=${mostMs * 1000}`);
  }

  #every(ms: number, act: () => void): void {
    clearInterval(this.#timer);
    this.#timer = ms > 0 ? setInterval(act, ms) : undefined;
    this.#timer?.unref();
  }

  #say(...assignments: string[]): void {
    const child = spawn('systemd-notify', assignments, { stdio: 'ignore' });
    child.once('error', (error) => {
      if (!this.#hasFailed) this.#warn(`systemd-notify: ${error.message}`);
      this.#hasFailed = true;
    });
  }
}

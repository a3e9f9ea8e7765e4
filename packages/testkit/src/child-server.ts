/**
 * The life of one server process under test: a free port, a temporary directory, waiting for PONG,
 * stopping within a deadline. What to start is decided in `server-process.ts`.
 *
 * Nothing may outlive the test, whichever way it ends:
 *   test ends or throws        `stop` from t.teardown
 *   test process exits         the `exit` hook below kills and removes what is left
 *   test process is killed -9  the kernel kills the child (setpriv --pdeathsig), where available
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TlsClient } from './open-socket.ts';
import { RespClient } from './resp-client.ts';

/** What `ChildServer` runs; `args` gets the port and directory once they are known. */
export interface ServerRecipe {
  readonly name: string;
  readonly program: string;
  readonly args: (port: number, dir: string) => readonly string[];
  /** Directory to use and keep; a temporary one, removed by `stop`, when absent. */
  readonly dir?: string | undefined;
  /** The port speaks TLS, and this is what a client needs to know. */
  readonly tls?: TlsClient | undefined;
  /** How long the server may take until PING answers PONG. */
  readonly startTimeoutMs: number;
  /** How long it may take to end after SIGTERM before SIGKILL. */
  readonly stopTimeoutMs: number;
}

const MAX_LOG_CHARS = 256 * 1024;
const PORT_ATTEMPTS = 3;
const KILL_TIMEOUT_MS = 5000;
/** tap adds its loader to NODE_OPTIONS of everything spawned, whatever `env` says: undo it. */
const WITHOUT_LOADERS = ['/usr/bin/env', '-u', 'NODE_OPTIONS'];
/** Both programs end in an exec, so the process id is the server's own. */
const TIED_TO_PARENT = ['/usr/bin/setpriv', '--pdeathsig', 'KILL'];

const alive = new Set<ChildProcess>();
const temporaryDirs = new Set<string>();
let isExitHookSet = false;

function setExitHook(): void {
  if (isExitHookSet) return;
  isExitHookSet = true;
  process.once('exit', () => {
    for (const child of alive) child.kill('SIGKILL');
    for (const dir of temporaryDirs) rmSync(dir, { recursive: true, force: true });
  });
}

/** A TCP port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** One server process; keeps its port and directory over restarts. */
export class ChildServer {
  readonly #recipe: ServerRecipe;
  readonly #dir: string;
  #port = 0;
  #child: ChildProcess | undefined;
  #log = '';

  private constructor(recipe: ServerRecipe) {
    setExitHook();
    this.#recipe = recipe;
    if (recipe.dir === undefined) {
      this.#dir = mkdtempSync(join(tmpdir(), `testkit-${recipe.name}-`));
      temporaryDirs.add(this.#dir);
    } else {
      this.#dir = recipe.dir;
      mkdirSync(this.#dir, { recursive: true });
    }
  }

  /**
   * Starts the server on a free port; another port is tried when it was taken meanwhile.
   * @throws Error with the log when PING does not answer PONG in time; nothing is left behind.
   */
  static async start(recipe: ServerRecipe): Promise<ChildServer> {
    const server = new ChildServer(recipe);
    try {
      for (let attempt = 1; ; attempt++) {
        server.#port = await freePort();
        try {
          await server.#launch();
          return server;
        } catch (error) {
          const wasTaken = /EADDRINUSE|address already in use/i.test(server.#log);
          if (!wasTaken || attempt === PORT_ATTEMPTS) throw error;
          server.#log = '';
        }
      }
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get port(): number {
    return this.#port;
  }

  /** What clients of `port` need to know when it speaks TLS. */
  get tls(): TlsClient | undefined {
    return this.#recipe.tls;
  }

  /** The process id, or undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get dir(): string {
    return this.#dir;
  }

  /** What the server printed to stdout and stderr, restarts included, the last 256 KB of it. */
  log(): string {
    return this.#log;
  }

  /** SIGTERM, a deadline, SIGKILL; removes a temporary directory. Safe to call again. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    if (temporaryDirs.delete(this.#dir)) rmSync(this.#dir, { recursive: true, force: true });
  }

  /** SIGKILL, as in a crash; the directory stays, for `restart`. */
  async kill9(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Stops the server if it runs and starts it again on the same port and directory. */
  async restart(): Promise<void> {
    if (!existsSync(this.#dir)) throw new Error(`${this.#recipe.name}: stopped for good`);
    await this.#end('SIGTERM');
    await this.#launch();
  }

  #append(text: string): void {
    this.#log = (this.#log + text).slice(-MAX_LOG_CHARS);
  }

  async #launch(): Promise<void> {
    const { name, program, args, startTimeoutMs } = this.#recipe;
    const wrappers = [WITHOUT_LOADERS, TIED_TO_PARENT].filter(([path]) => existsSync(path ?? ''));
    const command = [...wrappers.flat(), program, ...args(this.#port, this.#dir)];
    const child = spawn(command[0] as string, command.slice(1), {
      cwd: this.#dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    alive.add(child);
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#append(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#append(text));
    child.once('error', (error) => this.#append(`\n${error.message}\n`));
    child.once('close', (code, signal) => {
      alive.delete(child);
      if (this.#child === child) this.#child = undefined;
      this.#append(`\n[${name} ended: ${signal ?? `code ${code}`}]\n`);
    });
    const deadline = Date.now() + startTimeoutMs;
    while (!(await this.#answersPing(passwordIn(command)))) {
      const ended = this.#child !== child;
      if (!ended && Date.now() < deadline) {
        await sleep(15);
        continue;
      }
      await this.#end('SIGKILL');
      const why = ended ? 'ended before it was ready' : `not ready in ${startTimeoutMs} ms`;
      throw new Error(`${name} ${why}: ${command.join(' ')}\n--- its log\n${this.#log}`);
    }
  }

  async #answersPing(password: string | undefined): Promise<boolean> {
    let client: RespClient | undefined;
    try {
      const { tls } = this.#recipe;
      client = await RespClient.connect({ port: this.#port, ...(tls && { tls }), timeoutMs: 1000 });
      if (password !== undefined) await client.command('AUTH', password);
      const reply = await client.command('PING');
      // A server with a password from elsewhere is up when it asks for it.
      if (reply.kind === 'error') return reply.text.startsWith('NOAUTH');
      return reply.kind === 'simple' && reply.text === 'PONG' && this.#child !== undefined;
    } catch {
      return false;
    } finally {
      client?.destroy();
    }
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const closed = new Promise<true>((resolve) => child.once('close', () => resolve(true)));
    child.kill(signal);
    const patience = signal === 'SIGTERM' ? this.#recipe.stopTimeoutMs : KILL_TIMEOUT_MS;
    if (await Promise.race([closed, sleep(patience, false, { ref: false })])) return;
    if (signal === 'SIGKILL') throw new Error(`${this.#recipe.name} survives SIGKILL`);
    this.#append(`\n[no end in ${patience} ms after SIGTERM, killed]\n`);
    await this.#end('SIGKILL');
  }
}

/** The password the command line gives the server: without it, nobody is told that it loads. */
function passwordIn(command: readonly string[]): string | undefined {
  const at = command.indexOf('--requirepass');
  return at < 0 ? undefined : command[at + 1];
}

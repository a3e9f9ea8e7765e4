// The HTTP port as the server has it: puts together who may come, what is shown, and the samples of
// the console, which are taken only while there is a port.

import type { Server } from 'node:http';
import type { Config } from '@forgekv/config';
import { ConsoleFiles } from './console-files.ts';
import { History } from './history.ts';
import { HttpGate } from './http-gate.ts';
import { type HttpSource, startHttp } from './http-server.ts';
import { infoMetrics } from './info-metrics.ts';
import { gauge, type Metric } from './metric.ts';
import { overview } from './overview.ts';
import { ownMetrics } from './own-metrics.ts';
import type { ServerView } from './server-view.ts';
import { StoreSizes } from './store-sizes.ts';

/** What was asked for lately is given again, however many ask. */
const FRESH_MS = 500;

export class HttpPort {
  readonly #servers: readonly Server[];
  readonly #history: History;

  private constructor(servers: readonly Server[], history: History) {
    this.#servers = servers;
    this.#history = history;
  }

  /**
   * Listens as configured; resolves to null when it is not to.
   * @throws NodeJS.ErrnoException when an address cannot be used
   */
  static async open(view: ServerView): Promise<HttpPort | null> {
    const { config } = view;
    const port = config.integer('http-port');
    const hosts = hostsOf(config);
    if (port === 0 || hosts.length === 0) return null;
    const history = new History(view);
    const gate = new HttpGate(config, hosts);
    const source = sourceOf(view, history);
    const servers = await startHttp({ port, hosts, gate, files: new ConsoleFiles(), source });
    return new HttpPort(servers, history);
  }

  /** Begins to sample: all threads run. */
  watch(): void {
    this.#history.start();
  }

  close(): void {
    this.#history.stop();
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}

/** As `bind` has them, `*` for every address. */
function hostsOf(config: Config): string[] {
  const named = config.list('http-bind').map((entry) => entry.replace(/^-/, ''));
  return named.map((host) => (host === '*' ? '0.0.0.0' : host === '::*' ? '::' : host));
}

function sourceOf(view: ServerView, history: History): HttpSource {
  const sizes = new StoreSizes(view.stores);
  const seen = shared(async () => overview(view, await sizes.read()));
  return {
    stuckThreads: () => view.stuckThreads(),
    whyNotReady: () => view.whyNotReady(),
    metrics: shared(async () => metricsOf(view, sizes)),
    history: (after) => history.read(after),
    overview: seen,
  };
}

/** While no front answers, `redis_up` is 0 and what INFO would say is missing. */
async function metricsOf(view: ServerView, sizes: StoreSizes): Promise<Metric[]> {
  const [lines, stores] = await Promise.all([view.info(), sizes.read()]);
  return [
    gauge('redis_up', 'The server answers', Number(lines !== null)),
    ...(lines === null ? [] : infoMetrics(lines)),
    ...ownMetrics(view, stores),
  ];
}

/** Those who ask while the answer is made, or just after, get the same. */
function shared<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  let madeAtMs = 0;
  return () => {
    const nowMs = performance.now();
    if (made === undefined || nowMs - madeAtMs > FRESH_MS) {
      made = make();
      madeAtMs = nowMs;
    }
    return made;
  };
}

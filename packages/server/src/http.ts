// The HTTP port: health for probes, metrics for Prometheus, one page for people. Read-only,
// on the loopback interface.

import { createServer, type Server, type ServerResponse } from 'node:http';

/** What the pages show; asked anew for every request. */
export interface HttpSource {
  /** Names of threads that do not turn; empty = alive. */
  stuckThreads(): readonly string[];
  /** Why no traffic should come yet, or any more; '' = ready. */
  whyNotReady(): string;
  /** Figures by Prometheus metric name, with their help text. */
  metrics(): readonly Metric[];
  title(): string;
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter';
  readonly value: number;
}

const HOST = '127.0.0.1';

/** Starts the HTTP port; resolves when it listens. */
export async function startHttp(port: number, source: HttpSource): Promise<Server> {
  const server = createServer((request, response) => {
    // Not with `new URL`, which throws at paths like `//`.
    const [path = '/'] = (request.url ?? '/').split(/[?#]/, 1);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, 405, 'text/plain', 'only GET\n');
      return;
    }
    route(path, source, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
  return server;
}

function route(path: string, source: HttpSource, response: ServerResponse): void {
  if (path === '/livez') {
    const stuck = source.stuckThreads();
    const alive = stuck.length === 0;
    send(response, alive ? 200 : 503, 'text/plain', alive ? 'ok\n' : `stuck: ${stuck.join(' ')}\n`);
  } else if (path === '/readyz') {
    const why = source.whyNotReady();
    send(response, why === '' ? 200 : 503, 'text/plain', why === '' ? 'ok\n' : `${why}\n`);
  } else if (path === '/metrics') {
    send(response, 200, 'text/plain; version=0.0.4', exposition(source.metrics()));
  } else if (path === '/') {
    send(response, 200, 'text/html; charset=utf-8', page(source));
  } else {
    send(response, 404, 'text/plain', 'not found\n');
  }
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
  });
  response.end(body);
}

/** Returns metrics in the Prometheus text format. */
export function exposition(metrics: readonly Metric[]): string {
  return metrics
    .map(
      ({ name, help, type, value }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`,
    )
    .join('');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function page(source: HttpSource): string {
  const rows = source
    .metrics()
    .map(({ help, value }) => {
      const shown = Number.isInteger(value) ? value.toLocaleString('en') : value.toFixed(2);
      return `<tr><th scope="row">${escapeHtml(help)}</th><td>${shown}</td></tr>`;
    })
    .join('\n');
  const isFine = source.stuckThreads().length === 0;
  const state = isFine ? 'All threads are running.' : 'Some threads are stuck.';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>${escapeHtml(source.title())}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 42rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th { font-weight: normal; text-align: left; }
td { font-variant-numeric: tabular-nums; text-align: right; }
th, td { border-bottom: 1px solid #8884; padding: .3rem 0; }
</style>
</head>
<body>
<h1>${escapeHtml(source.title())}</h1>
<p>${state}</p>
<table>
${rows}
</table>
</body>
</html>
`;
}

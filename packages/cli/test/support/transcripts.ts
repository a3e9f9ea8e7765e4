// Conversations of a few clients with two servers, which must say the same: one line per command,
// `name> COMMAND argument ...`, or `sleep milliseconds`.

import { describeReply, type Endpoint, RespClient } from '@forgekv/testkit';

const TIMEOUT_MS = 20_000;
const SHOWN_BYTES = 60;

/** @returns the lines to which the servers' replies differ, with both */
export async function converse(
  script: string,
  oracle: Endpoint,
  subject: Endpoint,
  resp: 2 | 3,
): Promise<string[]> {
  const sides = [new Map<string, RespClient>(), new Map<string, RespClient>()];
  const ports = [oracle.port, subject.port] as const;
  const different: string[] = [];
  for (const line of script.trim().split('\n')) {
    const [who, ...words] = line.trim().split(' ') as [string, ...string[]];
    if (who === 'sleep') {
      await new Promise((resolve) => setTimeout(resolve, Number(words[0])));
      continue;
    }
    const said: string[] = [];
    for (const [i, clients] of sides.entries()) {
      let client = clients.get(who);
      if (client === undefined) {
        client = await RespClient.connect({ port: ports[i]!, timeoutMs: TIMEOUT_MS, resp });
        clients.set(who, client);
      }
      said.push(describeReply(await client.command(...words), SHOWN_BYTES));
    }
    if (said[0] !== said[1]) different.push(`${line}: expected ${said[0]}, got ${said[1]}`);
  }
  for (const clients of sides) for (const client of clients.values()) client.destroy();
  return different;
}

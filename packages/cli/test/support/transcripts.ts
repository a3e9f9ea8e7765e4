// Conversations of a few clients with two servers, which must say the same: one line per command,
// `name> COMMAND argument ...`, or `sleep milliseconds`.

import { describeReply, type Endpoint, RespClient } from '@forgekv/testkit';

const TIMEOUT_MS = 20_000;
const SHOWN_BYTES = 60;

/** Who says what, word by word; or `sleep` and milliseconds. */
export type Step = readonly [string, ...string[]];

/** @returns the lines to which the servers' replies differ, with both */
export function converse(
  script: string,
  oracle: Endpoint,
  subject: Endpoint,
  resp: 2 | 3,
): Promise<string[]> {
  const steps = script
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' ') as [string, ...string[]]);
  return converseIn(steps, oracle, subject, resp, SHOWN_BYTES);
}

/** The same for steps whose words may have blanks. @param shownBytes of strings in replies */
export async function converseIn(
  steps: readonly Step[],
  oracle: Endpoint,
  subject: Endpoint,
  resp: 2 | 3,
  shownBytes: number,
): Promise<string[]> {
  const sides = [new Map<string, RespClient>(), new Map<string, RespClient>()];
  const ports = [oracle.port, subject.port] as const;
  const different: string[] = [];
  for (const [who, ...words] of steps) {
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
      said.push(describeReply(await client.command(...words), shownBytes));
    }
    if (said[0] === said[1]) continue;
    different.push(`${who} ${words.join(' ')}: expected ${said[0]}, got ${said[1]}`);
  }
  for (const clients of sides) for (const client of clients.values()) client.destroy();
  return different;
}

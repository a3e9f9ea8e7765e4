// Sends bytes the way a network might deliver them: in pieces that end anywhere.

import { setImmediate as turn } from 'node:timers/promises';
import type { Prng, RespClient } from '@forgekv/testkit';

/** Sends `bytes` in pieces of 1..mostBytes bytes, some of them after a turn of the event loop. */
export async function sendInChunks(
  client: RespClient,
  bytes: Buffer,
  prng: Prng,
  mostBytes: number,
): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const size = prng.between(1, mostBytes);
    client.send(bytes.subarray(at, at + size));
    at += size;
    // Written in one turn, small pieces would leave in one packet.
    if (prng.below(4) === 0) await turn();
  }
}

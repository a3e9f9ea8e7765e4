// A client that asks for a lot and reads nothing of it for a while.

import { setTimeout as sleep } from 'node:timers/promises';
import { encodeCommands, type ServerHandle } from '@forgekv/testkit';
import type { Test } from 'tap';
import { endure } from './endure.ts';
import { connect } from './servers.ts';
import { SlowReader } from './slow-reader.ts';

const REPLY_BYTES = 100_000_000;

/** Values of `bytes` bytes to ask for: 16,000 are packed, a megabyte is large. */
export async function storeValue(t: Test, server: ServerHandle, bytes: number): Promise<void> {
  const client = await connect(t, server);
  await client.must('SET', 'value', Buffer.alloc(bytes, 'v'));
  await client.close();
}

/** 100 MB of replies are left unread so long; once they are read, all of them come. */
export async function leaveUnread(t: Test, server: ServerHandle, forMs: number): Promise<void> {
  for (const bytes of [16_000, 1_000_000]) {
    await storeValue(t, server, bytes);
    const count = REPLY_BYTES / bytes;
    const commands = Array.from({ length: count }, () => ['GET', 'value']);
    const request = encodeCommands([...commands, ['ECHO', 'the end']]);
    let reader: SlowReader | undefined;
    await endure(t, server, async () => {
      reader = new SlowReader(t, server, request);
      await sleep(forMs);
    });
    const header = `$${bytes}\r\n`.length + 2;
    const expected = count * (bytes + header) + '$7\r\nthe end\r\n'.length;
    await reader?.readAll(expected);
    t.equal(reader?.bytes, expected, 'once it reads, it gets everything');
    t.ok(reader?.tail.toString().endsWith('$7\r\nthe end\r\n'));
  }
}

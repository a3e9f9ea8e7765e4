// Plays what clients say to a server step by step, and takes down every byte that comes to each of
// them. Their ids, which differ from server to server, are written as names.

import { setTimeout as sleep } from 'node:timers/promises';
import { describeReply, encodeCommands, type ServerHandle } from '@forgekv/testkit';
import type { Test } from 'tap';
import { argumentsOf, type Transcript } from './channel-transcripts.ts';
import { FrameClient } from './frame-client.ts';

/** Redis sends what a step leads to in its next turns; time for that to come. */
const REDIS_TURNS = 3;
const REDIS_MS = 15;
/** Time in which something would come that should not. */
const QUIET_MS = 40;
/** What says how a client is told things. */
const CHANGES_TELLING = /^(HELLO|RESET|(P|S)?(UN)?SUBSCRIBE)\b/;
/** Frames in which a number is the id of a client. */
const NAMES_CLIENT = /redirect|redir-broken/;

/** The frames each client gets, step by step. */
export type Record = Map<string, string[]>[];

/**
 * Plays a transcript; without `awaited`, waits for silence. `@a` stands for the id of client a.
 * @param onItsWayMs time for what a client may not be told yet, before that changes
 */
export async function play(
  t: Test,
  server: ServerHandle,
  { resp3 = [], steps }: Transcript,
  awaited?: Record,
  onItsWayMs = 0,
): Promise<Record> {
  const clients = new Map<string, FrameClient>();
  const ids = new Map<string, string>();
  for (const name of new Set(steps.map(([client]) => client))) {
    const client = await FrameClient.connect(t, server.port, resp3.includes(name) ? 3 : 2);
    // Some say HELLO 3 later; and Redis sends a null of RESP3 to who speaks RESP2.
    client.takeAll();
    clients.set(name, client);
    const id = await client.call('CLIENT', 'ID');
    ids.set(name, id.kind === 'integer' ? `${id.value}` : '');
  }
  const withIds = (command: string): string =>
    command.replace(/@(\w+)/g, (whole, name) => ids.get(name) ?? whole);
  const shown = (raw: string, isId: boolean): string => {
    // Its version is another one.
    if (raw.includes('$6\r\nserver\r\n')) return 'HELLO';
    if (!isId && !NAMES_CLIENT.test(raw)) return raw;
    let named = raw;
    for (const [name, id] of ids) named = named.replace(`:${id}\r\n`, `:@${name}\r\n`);
    return named;
  };
  const observer = await FrameClient.connect(t, server.port);
  const record: Record = [];
  for (const [i, [sender, ...commands]] of steps.entries()) {
    if (onItsWayMs > 0 && commands.some((command) => CHANGES_TELLING.test(command))) {
      await sleep(onItsWayMs);
    }
    const encoded = encodeCommands(commands.map((command) => argumentsOf(withIds(command))));
    clients.get(sender)!.sendBytes(encoded);
    const asksForId = commands.includes('CLIENT GETREDIR');
    if (awaited === undefined) {
      // It may be a while until Redis has its turn.
      for (let turn = 0; turn < REDIS_TURNS; turn++) await observer.call('PING');
      await sleep(REDIS_MS);
    } else if (awaited[i]!.get(sender)!.length === 0) {
      // Nothing says that it was done.
      await sleep(QUIET_MS);
    }
    const frames = new Map<string, string[]>();
    for (const [name, client] of clients) {
      const count = awaited?.[i]?.get(name)?.length ?? 0;
      const got =
        awaited === undefined
          ? client.take()
          : await client.frames(count).catch((error: Error) => {
              throw new Error(
                `${name}, step ${i + 1} of ${sender}, ${commands[0]}: ${error.message}`,
              );
            });
      frames.set(
        name,
        got.map(({ raw }) => shown(raw.toString('latin1'), asksForId)),
      );
    }
    record.push(frames);
  }
  observer.destroy();
  // Nothing may come that Redis did not send.
  if (awaited !== undefined) await sleep(QUIET_MS);
  for (const [name, client] of clients) {
    t.same(
      client.take().map(({ reply }) => describeReply(reply)),
      [],
      `nothing more for ${name}`,
    );
    client.destroy();
  }
  return record;
}

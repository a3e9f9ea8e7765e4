// XGROUP.

import { LargeStream, type StreamGroup, StreamId, UNKNOWN_COUNT } from '@forgekv/datatypes';
import type { CommandContext } from '../context.ts';
import { ERR_NOT_INTEGER } from '../errors.ts';
import { EVENT_STREAM } from '../key-events.ts';
import { DONE, NOT_HERE, type Outcome } from '../outcome.ts';
import { makeConsumer, noGroupOfKey } from './group-access.ts';
import { ERR_STREAM_ID, readAnyId, readCount, readId } from './id-argument.ts';
import { stream } from './stream-value.ts';

const KEY = 2;
const GROUP = 3;
const CONSUMER = 4;
const ERR_NO_KEY =
  'ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use ' +
  'the MKSTREAM option to create an empty stream automatically.';
const ERR_READ = 'ERR value for ENTRIESREAD must be positive or -1';
const ERR_BUSY = 'BUSYGROUP Consumer Group name already exists';

/** What comes behind the id, as read last. */
const options = { makesStream: false, entriesRead: UNKNOWN_COUNT };

function wrongSubcommand(c: CommandContext): string {
  const given = c.request.text(1).slice(0, 128);
  return `ERR unknown subcommand or wrong number of arguments for '${given}'. Try XGROUP HELP.`;
}

function readOptions(c: CommandContext, mayMake: boolean): string {
  const { request } = c;
  options.makesStream = false;
  options.entriesRead = UNKNOWN_COUNT;
  for (let i = 5; i < request.argc; i++) {
    if (mayMake && request.is(i, 'mkstream')) {
      options.makesStream = true;
    } else if (request.is(i, 'entriesread') && i + 1 < request.argc) {
      const read = readCount(c, ++i);
      if (Number.isNaN(read)) return ERR_NOT_INTEGER;
      if (read < 0 && read !== UNKNOWN_COUNT) return ERR_READ;
      options.entriesRead = read;
    } else {
      return wrongSubcommand(c);
    }
  }
  return '';
}

/** XGROUP CREATE key group id | $ [MKSTREAM] [ENTRIESREAD entries-read]. */
export function xGroupCreate(c: CommandContext): Outcome {
  const { request } = c;
  const problem = readOptions(c, true);
  if (problem !== '') return c.fail(problem);
  const entry = stream.open(c, KEY);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0 && !options.makesStream) return c.fail(ERR_NO_KEY);
  if (request.argc > 8) return c.fail(wrongSubcommand(c));
  const id = new StreamId();
  if (request.text(4) === '$') {
    if (entry > 0) id.copy(stream.value.lastId);
  } else if (!readId(c, 4, id)) {
    return c.fail(ERR_STREAM_ID);
  }
  if (entry === 0 && !c.mayBeLarge) return NOT_HERE;
  const value = entry === 0 ? new LargeStream() : stream.value;
  if (value.group(request.slice(GROUP)) !== null) return c.fail(ERR_BUSY);
  value.addGroup(request.copy(GROUP), id, options.entriesRead);
  if (entry > 0) {
    stream.touch(c);
  } else {
    const stored = stream.store(c, value);
    if (stored < 0) return c.refuse(stored);
  }
  c.changedAsAsked(stream.entry);
  c.note(EVENT_STREAM, 'xgroup-create', KEY);
  c.reply.ok();
  return DONE;
}

/** The group that a subcommand is about, or what the command answers. */
function openGroup(c: CommandContext): StreamGroup | Outcome {
  const entry = stream.open(c, KEY);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail(ERR_NO_KEY);
  return stream.value.group(c.request.slice(GROUP)) ?? c.fail(noGroupOfKey(c, KEY, GROUP));
}

/** XGROUP SETID key group id | $ [ENTRIESREAD entries-read]. */
export function xGroupSetId(c: CommandContext): Outcome {
  const problem = readOptions(c, false);
  if (problem !== '') return c.fail(problem);
  const group = openGroup(c);
  if (typeof group === 'number') return group;
  const { argc } = c.request;
  if (argc !== 5 && argc !== 7) return c.fail(wrongSubcommand(c));
  const id = new StreamId();
  if (c.request.text(4) === '$') id.copy(stream.value.lastId);
  else if (!readAnyId(c, 4, id)) return c.fail(ERR_STREAM_ID);
  // Who waits for new entries may have some now.
  if (id.compare(group.lastId) < 0 && !stream.mayGrow(c)) return NOT_HERE;
  stream.value.setGroup(group, id, options.entriesRead);
  stream.touch(c);
  c.changedAsAsked(stream.entry);
  c.note(EVENT_STREAM, 'xgroup-setid', KEY);
  c.reply.ok();
  return DONE;
}

/** XGROUP DESTROY key group. */
export function xGroupDestroy(c: CommandContext): Outcome {
  const entry = stream.open(c, KEY);
  if (entry < 0) return c.refuse(entry);
  if (entry === 0) return c.fail(ERR_NO_KEY);
  const group = stream.value.group(c.request.slice(GROUP));
  if (group !== null) {
    // Those who wait for the group are told.
    if (!stream.mayGrow(c)) return NOT_HERE;
    stream.value.removeGroup(group);
    stream.touch(c);
    c.changedAsAsked(entry);
    c.note(EVENT_STREAM, 'xgroup-destroy', KEY);
  }
  c.reply.integer(group === null ? 0 : 1);
  return DONE;
}

/** XGROUP CREATECONSUMER key group consumer. */
export function xGroupCreateConsumer(c: CommandContext): Outcome {
  const group = openGroup(c);
  if (typeof group === 'number') return group;
  const name = c.request.slice(CONSUMER);
  const isNew = group.consumer(name) === null;
  if (isNew) {
    makeConsumer(c, group, name, KEY);
    stream.touch(c);
    c.changedAsAsked(stream.entry);
  }
  c.reply.integer(isNew ? 1 : 0);
  return DONE;
}

/** XGROUP DELCONSUMER key group consumer. */
export function xGroupDelConsumer(c: CommandContext): Outcome {
  const group = openGroup(c);
  if (typeof group === 'number') return group;
  const consumer = group.consumer(c.request.slice(CONSUMER));
  let pending = 0;
  if (consumer !== null) {
    pending = stream.value.removeConsumer(group, consumer);
    stream.touch(c);
    c.changedAsAsked(stream.entry);
    c.note(EVENT_STREAM, 'xgroup-delconsumer', KEY);
  }
  c.reply.integer(pending);
  return DONE;
}

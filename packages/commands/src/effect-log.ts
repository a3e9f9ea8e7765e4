// What a command changed, written to this thread's write-ahead log, and what its reply depends on
// in the logs of others. Knows entries and RESP, not which command is running.
//
// The tick rule: a reply leaves only when the kernel (Always: the disk) has every effect it may
// depend on, this thread's own and those of other threads that it saw. An entry names the log and
// the position of its last write. A key that is missing depends on the removals of its shard: each
// thread notes its last one per shard, and a miss looks at all of them. See log-dependencies.ts.
//
// An effect that another thread has not sealed yet is waited for: the reply stays, and the thread
// asks again; a front takes no commands meanwhile, so that what it waits for does not grow. Each
// seals its own log before it asks for others', and nobody holds a lock or stops sending replies
// meanwhile, so no circle of waiting threads can form.

import { invariant } from '@forgekv/base';
import type { HotTable } from '@forgekv/keyspace';
import {
  EFFECT_BLIND,
  nodeFileSystem,
  RespComposer,
  WalLogs,
  WalStaging,
  WalWriter,
} from '@forgekv/storage';
import { composeTime } from './effect-times.ts';
import { KeylessEffects } from './keyless-effects.ts';
import { LogDependencies, toUnits } from './log-dependencies.ts';
import { LogHandOver } from './log-hand-over.ts';
import { LOST, type LogShare, SETTLED, type SyncMode, UNSETTLED } from './log-share.ts';
import { NeedNotes } from './need-notes.ts';
import { type NotedBatch, NotedEffects } from './noted-effects.ts';
import { composeArguments, composeAs, OwnNames, referAs } from './own-names.ts';
import type { Request } from './request.ts';
import { RetoldEffects } from './retold-effects.ts';
import {
  NOTHING_STAGED,
  referValue,
  referWithin,
  type StagedArgument,
  writeWithout,
} from './staged-argument.ts';
import { WriteRoom } from './write-refusal.ts';

const CRLF_BYTES = 2;
/** How an effect begins whose two arguments follow. */
const SET_HEAD = Buffer.from('*3\r\n$3\r\nSET\r\n');

export class EffectLog {
  readonly handOver: LogHandOver;
  readonly #table: HotTable;
  readonly #logs: WalLogs;
  readonly #own: number;
  readonly #writer: WalWriter;
  /** Effects are noted for another thread, and no log is written: null, they are not. */
  readonly #notes: NotedEffects | null;
  readonly #composer: RespComposer;
  readonly #room: WriteRoom;
  readonly depends: LogDependencies;
  readonly #needs: NeedNotes;
  readonly #retold: RetoldEffects;
  /** For what has no key. */
  readonly keyless: KeylessEffects;
  /** For arguments that are written before their command is executed. */
  readonly staging: WalStaging;
  readonly #ownNames: OwnNames;
  #staged: readonly StagedArgument[] = NOTHING_STAGED;
  /** Commands of a transaction are being executed; what lies before is whole groups. */
  #isBlock = false;
  #count = 0;
  #blockStart = 0;
  /** Effects of this thread that nobody handed over yet. */
  #isDirty = false;

  /**
   * @param ownNames what effects have, whatever clients call commands
   * @param isNoting effects are handed over by `takeNoted`: they go to another thread's log
   */
  constructor(table: HotTable, share: LogShare, ownNames = new OwnNames(), isNoting = false) {
    const logs = new WalLogs(share.transfer, nodeFileSystem);
    this.#table = table;
    this.#logs = logs;
    this.handOver = new LogHandOver(logs);
    this.#own = share.log;
    this.#notes = isNoting ? new NotedEffects(logs, share.log) : null;
    this.#writer = this.#notes ?? new WalWriter(logs, share.log);
    this.#composer = new RespComposer(this.#writer);
    this.#ownNames = ownNames;
    this.#room = new WriteRoom(share, logs, this.#writer);
    this.staging = new WalStaging(logs, share.log, this.#writer);
    this.#retold = new RetoldEffects(table, this.#writer, this.stored.bind(this));
    this.depends = new LogDependencies(share.effects, logs.transfer.logs, share.log);
    this.#needs = new NeedNotes(logs, this.#writer, this.depends);
    this.keyless = new KeylessEffects({
      ...{ writer: this.#writer, composer: this.#composer, depends: this.depends, own: share.log },
      needs: this.#needs,
      appended: () => this.#appended(),
      ownNames,
    });
  }

  setMode(mode: SyncMode): void {
    this.handOver.syncs = mode === 'Always';
  }

  /**
   * A command is about to be executed some of whose arguments the log has; or, with none, it was.
   * Their group has frames of its own.
   */
  beginStaged(staged: readonly StagedArgument[]): void {
    this.#staged = staged;
    if (staged.length > 0) this.#writer.seal();
  }

  // --- what was seen ---

  /** Notes that a reply may show an entry's last write. */
  sees(entry: number): void {
    const log = this.#table.logOf(entry) - 1;
    if (log < 0 || log === this.#own || this.#notes !== null) return;
    this.depends.need(log, this.#table.logPositionOf(entry));
  }

  /** Notes that a reply may show that a key of the shard is missing. */
  seesAbsence(shard: number): void {
    if (this.#notes === null) this.depends.needRemovals(shard);
  }

  /** Notes that a reply may show anything. */
  seesAll(): void {
    if (this.#notes === null) this.depends.needAll();
  }

  // --- what was done; each with the shard's lock held, and the entry as it is afterwards ---

  /** The client's own command made the change: it is its effect. */
  asked(
    entry: number,
    shard: number,
    previousLsn: number,
    request: Request,
    isBlind: boolean,
  ): void {
    if (this.#toldAgain(entry, shard, previousLsn)) return;
    const { bytes, view, start, end } = request;
    const flags = isBlind ? EFFECT_BLIND : 0;
    const ownName = this.#ownNames.of(request);
    if (start < 0 || ownName !== '' || this.#staged.length > 0) {
      this.#askedAs(ownName, entry, shard, previousLsn, request, flags);
      return;
    }
    const lsn = this.#table.lsnOf(entry);
    const namespace = this.#table.namespaceOf(entry);
    this.#needs.tell();
    this.#writer.append(shard, lsn, previousLsn, namespace, flags, bytes, view, start, end - start);
    this.#logged(entry);
  }

  /** True when the last effect of the block is about the entry, and says now what that holds. */
  #toldAgain(entry: number, shard: number, previousLsn: number): boolean {
    if (!this.#isBlock || this.#notes !== null || this.#staged.length > 0) return false;
    const mayTell = this.depends.untold.length === 0;
    if (!mayTell || !this.#retold.again(entry, shard, previousLsn)) return false;
    // The change has taken it away.
    this.#table.setLogged(entry, this.#own, toUnits(this.#writer.position));
    this.#count++;
    return true;
  }

  /** The same for one that is not written as it lies there. */
  #askedAs(
    ownName: string,
    entry: number,
    shard: number,
    previousLsn: number,
    request: Request,
    flags: number,
  ): void {
    const lsn = this.#table.lsnOf(entry);
    this.#needs.tell();
    const without =
      this.#staged.length === 0
        ? NOTHING_STAGED
        : referAs(ownName, this.staging, this.#staged, request, shard, lsn);
    this.#writer.beginEffect(shard, lsn, previousLsn, this.#table.namespaceOf(entry), flags);
    composeAs(ownName, this.#composer, this.#writer, request, without);
    this.#end(entry);
  }

  /** A string has this value now, whatever it was before: SET key value [PXAT ms]. */
  stored(
    entry: number,
    shard: number,
    previousLsn: number,
    bytes: Buffer,
    offset: number,
    length: number,
  ): void {
    const expireAtMs = this.#table.expireAtMs(entry);
    const composer = this.#composer;
    const from = SET_HEAD.length;
    const isStaged =
      this.#staged.length > 0 &&
      referValue(this.staging, this.#staged, this.#table, entry, shard, bytes, length, from);
    this.#begin(entry, shard, previousLsn, EFFECT_BLIND, expireAtMs === 0 ? 3 : 5);
    composer.bulkWord('SET');
    this.#key(entry);
    if (isStaged) {
      composer.bulkHead(length);
      composer.bulkEnd();
    } else {
      composer.bulk(bytes, offset, length);
    }
    if (expireAtMs !== 0) {
      composer.bulkWord('PXAT');
      composeTime(this.#composer, expireAtMs);
    }
    this.#end(entry);
  }

  /** The same for a value that is an argument of the request, behind its key, and never expires. */
  storedArgument(
    entry: number,
    shard: number,
    previousLsn: number,
    request: Request,
    key: number,
  ): void {
    const { bytes, view } = request;
    const at = request.offset(key + 1);
    const length = request.length(key + 1);
    if (request.start < 0) {
      this.stored(entry, shard, previousLsn, bytes, at, length);
      return;
    }
    const lsn = this.#table.lsnOf(entry);
    const namespace = this.#table.namespaceOf(entry);
    const writer = this.#writer;
    this.#needs.tell();
    // The two as the client sent them, from the end of the argument before to that of the value.
    const from = request.offset(key - 1) + request.length(key - 1) + CRLF_BYTES;
    const end = at + length + CRLF_BYTES;
    const without =
      this.#staged.length === 0
        ? NOTHING_STAGED
        : referWithin(this.staging, this.#staged, from, end, SET_HEAD.length, shard, lsn);
    writer.beginEffect(shard, lsn, previousLsn, namespace, EFFECT_BLIND);
    writer.write(SET_HEAD, 0, SET_HEAD.length);
    if (without.length > 0) writeWithout(writer, without, request, from, end);
    else writer.writeRange(bytes, view, from, end - from);
    this.#end(entry);
  }

  /** The same for any type: RESTORE key expiry payload REPLACE ABSTTL. */
  restored(entry: number, shard: number, previousLsn: number, payload: Buffer): void {
    const composer = this.#composer;
    this.#begin(entry, shard, previousLsn, EFFECT_BLIND, 6);
    composer.bulkWord('RESTORE');
    this.#key(entry);
    composeTime(this.#composer, this.#table.expireAtMs(entry));
    composer.bulk(payload, 0, payload.length);
    composer.bulkWord('REPLACE');
    composer.bulkWord('ABSTTL');
    this.#end(entry);
  }

  /**
   * Begins an effect that is told as another command than the client's: `name` key, and then as
   * many arguments as `rest` says, by the methods below, and `endTold`.
   * @param sub its subcommand, which comes before the key
   */
  beginTold(
    entry: number,
    shard: number,
    previousLsn: number,
    name: string,
    rest: number,
    sub = '',
  ): void {
    this.#begin(entry, shard, previousLsn, 0, rest + (sub === '' ? 2 : 3));
    this.#composer.bulkWord(name);
    if (sub !== '') this.#composer.bulkWord(sub);
    this.#key(entry);
  }

  argument(bytes: Uint8Array, offset: number, length: number): void {
    this.#composer.bulk(bytes, offset, length);
  }

  /** The arguments of a request from one on, as they came. */
  argumentsFrom(request: Request, first: number): void {
    const { bytes, view, start, end } = request;
    if (start < 0) {
      composeArguments(this.#composer, request, first);
      return;
    }
    const from = request.offset(first - 1) + request.length(first - 1) + CRLF_BYTES;
    this.#writer.writeRange(bytes, view, from, end - from);
  }

  /** @param word an option, of which there are not many */
  argumentWord(word: string): void {
    this.#composer.bulkWord(word);
  }

  /** @param text of characters below 256 */
  argumentText(text: string): void {
    this.#composer.bulkText(text);
  }

  /** Unix milliseconds. */
  argumentTime(atMs: number): void {
    composeTime(this.#composer, atMs);
  }

  endTold(entry: number): void {
    this.#end(entry);
  }

  /** A key expires at another time now: PEXPIREAT key ms, or PERSIST key. */
  expires(entry: number, shard: number, previousLsn: number): void {
    if (this.#toldAgain(entry, shard, previousLsn)) return;
    const expireAtMs = this.#table.expireAtMs(entry);
    this.#begin(entry, shard, previousLsn, 0, expireAtMs === 0 ? 2 : 3);
    this.#composer.bulkWord(expireAtMs === 0 ? 'PERSIST' : 'PEXPIREAT');
    this.#key(entry);
    if (expireAtMs !== 0) composeTime(this.#composer, expireAtMs);
    this.#end(entry);
  }

  /** A key is about to be removed: DEL key. */
  removed(entry: number, shard: number, lsn: number): void {
    const before = this.#table.lsnOf(entry);
    this.#needs.tell();
    this.#writer.beginEffect(shard, lsn, before, this.#table.namespaceOf(entry), EFFECT_BLIND);
    this.#composer.command(2);
    this.#composer.bulkWord('DEL');
    this.#key(entry);
    this.#writer.endEffect();
    if (this.#notes !== null) this.#note(entry, true);
    else this.depends.removed(shard, this.#appended());
  }

  /** The removal left a tombstone: it names the effect as a live entry does. */
  buried(tombstone: number): void {
    if (this.#notes !== null) this.#note(tombstone);
    else this.#table.setLogged(tombstone, this.#own, toUnits(this.#writer.position));
  }

  #begin(entry: number, shard: number, previousLsn: number, flags: number, argc: number): void {
    this.#needs.tell();
    const lsn = this.#table.lsnOf(entry);
    this.#writer.beginEffect(shard, lsn, previousLsn, this.#table.namespaceOf(entry), flags);
    this.#composer.command(argc);
  }

  #key(entry: number): void {
    const table = this.#table;
    this.#composer.bulk(table.bytes, table.keyWord(entry) * 4, table.keyLength(entry));
  }

  #end(entry: number): void {
    this.#writer.endEffect();
    this.#logged(entry);
  }

  #logged(entry: number): void {
    if (this.#notes !== null) this.#note(entry);
    else this.#table.setLogged(entry, this.#own, this.#appended());
    if (this.#isBlock) this.#retold.ended(entry);
  }

  #note(entry: number, isRemoval = false): void {
    const table = this.#table;
    const at = table.keyWord(entry) * 4;
    this.#notes!.about(table.bytes.subarray(at, at + table.keyLength(entry)), isRemoval);
  }

  /** Effects noted since they were taken last. */
  takeNoted(): NotedBatch {
    return this.#notes!.take();
  }

  /**
   * Logs effect `i` of what another thread has noted for this one; the shard's lock is held.
   * @param entry of its key, 0: there is none, or it has changed since
   */
  adopt({ effects, bytes }: NotedBatch, i: number, entry: number): void {
    const { shard, lsn, previousLsn, namespace, flags, at, length, isRemoval } = effects[i]!;
    this.#needs.tell();
    this.#writer.beginEffect(shard, lsn, previousLsn, namespace, flags);
    this.#writer.write(bytes, at, length);
    this.#writer.endEffect();
    const position = this.#appended();
    if (isRemoval) this.depends.removed(shard, position);
    if (entry !== 0) this.#table.setLogged(entry, this.#own, position);
  }

  /** An effect is complete: returns the position behind it. */
  #appended(): number {
    this.#count++;
    const position = toUnits(this.#writer.position);
    this.#isDirty = true;
    this.depends.appended(position);
    return position;
  }

  /** Why writes are refused now, as an error reply; '': they are not. */
  get refusal(): string {
    return this.#room.refusal;
  }

  /**
   * Asks for room for the effects of a command before it changes anything.
   * @param bytes of their arguments in all; what they have besides is allowed for
   * @param effects how many
   * @returns '' or an error reply
   */
  refusalOf(bytes: number, effects = 1): string {
    return this.#room.refusalOf(bytes, effects);
  }

  /** Ends a command: its effects are replayed all or none. */
  endGroup(): void {
    if (!this.#isBlock) this.#writer.endGroup();
  }

  /** From now on the effects of all commands are one group, until `endBlock`. */
  beginBlock(): void {
    this.#isBlock = true;
    this.#retold.begin();
    this.#blockStart = toUnits(this.#writer.position);
  }

  get isBlock(): boolean {
    return this.#isBlock;
  }

  endBlock(): void {
    this.#isBlock = false;
    // A tick that ended within the group has handed all over but its end.
    if (this.#writer.isMidGroup) this.#isDirty = true;
    this.#writer.endGroup();
    if (this.#staged.length > 0) this.#writer.seal();
  }

  // --- the end of a tick ---

  /** Effects so far: who compares two of these knows whether there were any in between. */
  get count(): number {
    return this.#count;
  }

  /** True when this thread has done something in a tick that has not ended. */
  get isDirty(): boolean {
    return this.#isDirty;
  }

  /**
   * Lets others hand over what this thread has done so far in its tick. To be called before it
   * waits for anybody: they may be waiting for the end of this very tick, with what is waited for
   * in their hands. Within a group it has no effect for them.
   */
  seal(): void {
    if (this.#isDirty) this.#seal();
  }

  /**
   * Hands over what this thread did and what its replies depend on.
   * @returns SETTLED, UNSETTLED or LOST; after LOST the next tick starts afresh
   */
  settle(): number {
    // Sealed before anything is waited for: others may wait for this. Handed over last: an effect
    // that builds on another's should not be in the kernel without that one.
    if (this.#isDirty) this.#seal();
    const depends = this.depends;
    if (depends.mustWait()) return UNSETTLED;
    let isWhole = true;
    for (const log of depends.logs) {
      if (!depends.isSettled(log)) isWhole = this.handOver.run(log) && isWhole;
    }
    if (this.#isDirty) isWhole = this.handOver.run(this.#own) && isWhole;
    // Not before all of them are there: others may depend on this thread through them.
    if (isWhole) depends.settle(this.#isDirty);
    else this.#room.refuseAll(depends.logs);
    depends.clear();
    this.#isDirty = false;
    return isWhole ? SETTLED : LOST;
  }

  #seal(): void {
    const sealed = this.#writer.seal();
    if (!this.#writer.isMidGroup) this.depends.sealed(toUnits(sealed));
    else {
      // Nobody else could end a tick that depends on it, and a crash would undo what was told.
      invariant(this.#isBlock, 'a tick ends within the group of a command');
      // A script goes on for long: others wait for what was done before it. What it has done itself
      // nobody sees before it ends.
      this.depends.sealed(this.#blockStart);
    }
  }
}

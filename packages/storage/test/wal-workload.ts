// Random groups over several logs, as the threads of a server would write them, and a plain
// model that knows what must be found afterwards. Checks what a replay finds against it.

import type { Random } from '@forgekv/base';
import type { FileSystem } from '../src/file-system.ts';
import {
  createWalMemory,
  openWalDirectory,
  type ReplayOptions,
  type ReplayResult,
  replay,
  type StagedBytes,
  WAL_BROKEN,
  WAL_NO_SPACE,
  type WalEffect,
  WalFencedError,
  WalLogs,
  WalStaging,
  WalWriter,
} from '../src/wal/index.ts';

export const DIRECTORY = 'wal';
const SHARDS = 64;
const KEY = 2 ** 32;
const MEMORY_OFFSET = 5;

interface Group {
  /** Position behind it; Infinity until it is ended. */
  end: number;
  /** shard * 2^32 + lsn of its effects. */
  readonly effects: number[];
  /** Covered by the stores: not to be replayed. */
  isCovered: boolean;
  /** Larger than the buffer, and a disk failed in the middle: must not be found. */
  isGivenUp: boolean;
}

interface Written {
  readonly log: number;
  readonly group: number;
  readonly length: number;
  readonly namespace: number;
  readonly previousLsn: number;
  readonly blind: boolean;
  /** An argument that was staged; it is not counted in `length`. */
  readonly staged: { readonly at: number; readonly length: number; readonly seed: number } | null;
}

/** An argument that is being staged. */
interface Staging {
  readonly bytes: StagedBytes;
  readonly seed: number;
  written: number;
}

/** Byte `i` of a staged argument. */
function stagedByte(seed: number, i: number): number {
  return (seed * 17 + i * 3 + (i >> 7)) & 255;
}

/** Byte `i` of the payload of an effect. */
function payloadByte(shard: number, lsn: number, i: number): number {
  return (shard * 13 + lsn * 31 + i * 7 + (i >> 8)) & 255;
}

export interface WorkloadOptions {
  readonly logs: number;
  readonly bufferBytes?: number;
  readonly segmentBytes?: number;
  readonly maxSegments?: number;
  /** Most bytes of a small and of a large payload. */
  readonly smallBytes?: number;
  readonly largeBytes?: number;
}

/** What was written in one or several lives of the process. */
export class Model {
  readonly effects = new Map<number, Written>();
  readonly lastLsn = new Float64Array(SHARDS);
  /** What the stores cover durably. */
  readonly floor = new Float64Array(SHARDS);
}

export class Workload {
  readonly random: Random;
  readonly model: Model;
  readonly logs: WalLogs;
  readonly #writers: WalWriter[];
  readonly #staging: WalStaging[];
  readonly #staged: Staging[][];
  /** Effects whose argument was staged. */
  stagedEffects = 0;
  readonly #groups: Group[][];
  readonly #options: WorkloadOptions;
  readonly #payload: Uint8Array;
  readonly #payloadView: DataView;
  /** What `accepts` promises to keep in the buffer. */
  readonly #roomBytes: number;
  /** Of the last check that went through. */
  result: ReplayResult | undefined;
  /** Groups refused because a log was fenced. */
  refused = 0;

  constructor(files: FileSystem, random: Random, model: Model, options: WorkloadOptions) {
    this.random = random;
    this.model = model;
    this.#options = options;
    const { nextGeneration } = openWalDirectory(DIRECTORY, files);
    const transfer = createWalMemory({
      logs: options.logs,
      directory: DIRECTORY,
      generation: nextGeneration,
      bufferBytes: options.bufferBytes ?? 64 << 10,
      segmentBytes: options.segmentBytes ?? 64 << 10,
      maxSegments: options.maxSegments ?? 32,
    });
    this.logs = new WalLogs(transfer, files);
    const indices = Array.from({ length: options.logs }, (_, log) => log);
    this.#writers = indices.map((log) => new WalWriter(this.logs, log));
    this.#staging = this.#writers.map((writer, log) => new WalStaging(this.logs, log, writer));
    this.#staged = indices.map(() => []);
    this.#groups = indices.map(() => []);
    this.#roomBytes = transfer.bufferBytes / 2;
    // Not at the start of its memory: views count from there, arrays from their own start.
    const memory = new ArrayBuffer(MEMORY_OFFSET + (options.largeBytes ?? 40_000) + 3);
    this.#payload = new Uint8Array(memory, MEMORY_OFFSET);
    this.#payloadView = new DataView(memory, MEMORY_OFFSET);
  }

  /** Appends one random group to a log; false when the log refuses it. */
  group(log: number): boolean {
    const { random } = this;
    const writer = this.#writers[log]!;
    const count = random.chance(0.1) ? 1 + random.below(60) : 1 + random.below(4);
    const lengths = Array.from({ length: count }, () => this.#length());
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (!writer.accepts(total, count) || this.logs.state(log) !== 0) {
      this.refused++;
      return false;
    }
    const group: Group = {
      end: Number.POSITIVE_INFINITY,
      effects: [],
      isCovered: false,
      isGivenUp: false,
    };
    const groups = this.#groups[log]!;
    const number = groups.push(group) - 1;
    // A group with references has frames of its own.
    const mayRefer = this.#staged[log]!.length > 0;
    if (mayRefer) writer.seal();
    try {
      for (const length of lengths) this.#effect(writer, log, group, number, length);
    } catch (error) {
      if (!(error instanceof WalFencedError) || total + count * 100 < this.#roomBytes) throw error;
      group.isGivenUp = true;
      return false;
    }
    writer.endGroup();
    group.end = writer.position;
    if (mayRefer || random.chance(0.4)) writer.seal();
    return true;
  }

  #effect(writer: WalWriter, log: number, group: Group, number: number, length: number): void {
    const { random, model } = this;
    // Few shards, so that logs meet in them.
    const shard = random.below(4) * 21;
    const previousLsn = random.below(model.lastLsn[shard]! + 1);
    const lsn = ++model.lastLsn[shard]!;
    const blind = random.chance(0.3);
    const namespace = random.uint32();
    group.effects.push(shard * KEY + lsn);
    const staged = this.#takeStaged(log, length);
    model.effects.set(shard * KEY + lsn, {
      log,
      group: number,
      length,
      namespace,
      previousLsn,
      blind,
      staged: staged && { ...staged, length: staged.bytes.length },
    });
    if (staged !== null) this.#staging[log]!.refer(staged.bytes, shard, lsn, staged.at);
    const payload = this.#payload;
    // At any address, and behind it something that must not be taken along.
    const offset = random.below(4);
    for (let i = 0; i < length; i++) payload[offset + i] = payloadByte(shard, lsn, i);
    if (random.chance(0.7)) {
      const flags = blind ? 1 : 0;
      const view = this.#payloadView;
      writer.append(shard, lsn, previousLsn, namespace, flags, payload, view, offset, length);
    } else {
      writer.beginEffect(shard, lsn, previousLsn, namespace, blind ? 1 : 0);
      for (let at = 0; at < length; ) {
        const part = Math.min(length - at, 1 + random.below(5000));
        writer.write(payload, offset + at, part);
        at += part;
      }
      writer.endEffect();
    }
    if (staged !== null) this.#staging[log]!.end(staged.bytes);
  }

  /** An argument that is whole, for an effect of so many bytes. */
  #takeStaged(log: number, length: number): (Staging & { readonly at: number }) | null {
    const all = this.#staged[log]!;
    const i = all.findIndex(({ bytes }) => this.#staging[log]!.isGood(bytes));
    if (i < 0 || this.random.chance(0.5)) return null;
    this.stagedEffects++;
    return { ...all.splice(i, 1)[0]!, at: this.random.below(length + 1) };
  }

  /** Begins to stage an argument, goes on with one, or gives one up. */
  stage(log: number): void {
    const { random } = this;
    const staging = this.#staging[log]!;
    const all = this.#staged[log]!;
    if (all.length < 3 && random.chance(0.4)) {
      const length = 1 + random.below(this.#options.largeBytes ?? 40_000);
      all.push({ bytes: staging.begin(length), seed: random.below(1000), written: 0 });
    }
    if (all.length === 0) return;
    const i = random.below(all.length);
    const one = all[i]!;
    const { bytes, seed, written } = one;
    if (random.chance(0.05) || bytes.written !== written) {
      staging.end(bytes);
      all.splice(i, 1);
      return;
    }
    const count = Math.min(bytes.length - written, 1 + random.below(20_000));
    const part = Uint8Array.from({ length: count }, (_, at) => stagedByte(seed, written + at));
    if (staging.write(bytes, part, 0, count)) one.written += count;
  }

  #length(): number {
    const { random } = this;
    const { smallBytes = 200, largeBytes = 40_000 } = this.#options;
    if (random.chance(0.03)) return random.below(largeBytes);
    return random.chance(0.1) ? random.below(smallBytes * 10) : random.below(smallBytes);
  }

  seal(log: number): void {
    this.#writers[log]!.seal();
  }

  /** The stores take everything that was written; then old segments may go. */
  checkpoint(): void {
    this.cover();
    this.logs.retire(this.model.floor);
  }

  /** The stores have everything that was written. */
  cover(): void {
    this.model.floor.set(this.model.lastLsn);
    for (const groups of this.#groups) {
      for (const group of groups) group.isCovered = true;
    }
  }

  /** Does what a server does about fenced logs. */
  heal(): void {
    for (let log = 0; log < this.#options.logs; log++) {
      if (this.logs.state(log) === WAL_NO_SPACE) this.logs.retry(log);
      if (this.logs.state(log) !== WAL_BROKEN) continue;
      // The stores take everything, so that nothing depends on what the kernel dropped.
      this.cover();
      this.logs.renew(log);
    }
  }

  /** One random step of a thread. */
  step(): void {
    const { random, logs } = this;
    const log = random.below(this.#options.logs);
    const action = random.below(22);
    if (action < 13) this.group(log);
    else if (action < 16) {
      this.seal(log);
      logs.handOver(log);
    } else if (action < 18) logs.sync(log);
    else if (action < 19) logs.prepare(log);
    else if (random.chance(0.7)) this.stage(log);
    else if (random.chance(0.3)) this.checkpoint();
  }

  /** Seals and hands over everything. */
  finish(): boolean {
    return this.#writers.every((writer, log) => {
      writer.seal();
      return this.logs.handOver(log);
    });
  }

  /**
   * Replays what a crash left behind, and compares.
   * @param isPowerLoss otherwise what was handed over must be there, not only what was synced
   * @returns what is wrong, '' when nothing is
   */
  check(files: FileSystem, isPowerLoss: boolean, options: Partial<ReplayOptions> = {}): string {
    const needed = this.#groups.map((_, log) =>
      isPowerLoss ? this.logs.synced(log) : this.logs.handed(log),
    );
    const { problem, seen, result } = this.#replay(files, options);
    this.result = result;
    if (problem !== '') return problem;
    for (const [log, groups] of this.#groups.entries()) {
      let isEnd = false;
      for (const [number, { effects, end, isCovered, isGivenUp }] of groups.entries()) {
        if (isCovered) continue;
        const found = effects.filter((effect) => seen.has(effect)).length;
        if (isGivenUp && found > 0) return `log ${log} group ${number} was given up`;
        if (isGivenUp) continue;
        if (found !== 0 && found !== effects.length) return `log ${log} group ${number} is torn`;
        if (found === 0 && end <= needed[log]!) return `log ${log} group ${number} is lost`;
        if (found > 0 && isEnd) return `log ${log} group ${number} follows a hole`;
        if (found === 0) isEnd = true;
      }
    }
    return '';
  }

  #replay(
    files: FileSystem,
    options: Partial<ReplayOptions>,
  ): { problem: string; seen: Set<number>; result: ReplayResult | undefined } {
    const seen = new Set<number>();
    const last = new Float64Array(SHARDS);
    let problem = '';
    const apply = (effect: WalEffect): void => {
      const { shard, lsn } = effect;
      problem ||= this.#compare(effect);
      if (lsn <= last[shard]!) problem ||= `shard ${shard} lsn ${lsn} comes after ${last[shard]}`;
      last[shard] = lsn;
      seen.add(shard * KEY + lsn);
    };
    const { floor } = this.model;
    const result = replay(openWalDirectory(DIRECTORY, files), { floor, apply, ...options });
    return { problem, seen, result };
  }

  #compare(effect: WalEffect): string {
    const { shard, lsn, bytes, offset, length } = effect;
    const name = `shard ${shard} lsn ${lsn}`;
    const written = this.model.effects.get(shard * KEY + lsn);
    if (written === undefined) return `${name} was never written`;
    if (lsn <= this.model.floor[shard]!) return `${name} is covered`;
    const { staged } = written;
    const stagedBytes = staged?.length ?? 0;
    if (
      written.length + stagedBytes !== length ||
      written.namespace !== effect.namespace ||
      written.previousLsn !== effect.previousLsn ||
      written.blind !== effect.blind
    ) {
      return `${name} came back different`;
    }
    for (let i = 0; i < length; i++) {
      const inStaged = i - (staged?.at ?? length);
      const isStaged = inStaged >= 0 && inStaged < stagedBytes;
      const own = inStaged < 0 ? i : i - stagedBytes;
      const wanted = isStaged ? stagedByte(staged!.seed, inStaged) : payloadByte(shard, lsn, own);
      if (bytes[offset + i] !== wanted) return `${name} byte ${i} is wrong`;
    }
    return '';
  }
}

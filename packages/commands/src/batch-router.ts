// Looks at a batch of parsed commands before they are executed: which command each one is, the
// shard and hash of its key, and the memory it will need, which is touched.

import { type HotTable, TouchPass } from '@forgekv/keyspace';
import {
  COMMAND_ARGC,
  COMMAND_FIRST_ARG,
  COMMAND_WORDS,
  MAX_COMMANDS_PER_PARSE,
  type RequestParser,
} from '@forgekv/protocol';
import { type CommandRegistry, PLACE_SCRIPT } from './registry.ts';

/** `ids` of a name that is no command. */
export const UNKNOWN = -1;

/** The bytes of a name of 0..8 bytes in its first and its second word. */
const LOW_MASKS = Int32Array.of(0, 0xff, 0xffff, 0xffffff, -1, -1, -1, -1, -1);
const HIGH_MASKS = Int32Array.of(0, 0, 0, 0, 0, 0xff, 0xffff, 0xffffff, -1);

/** One per thread; the arrays are valid for the batch routed last. */
export class BatchRouter {
  /**
   * Command id, UNKNOWN, or -2 - container for a subcommand that the container does not have.
   */
  readonly ids = new Int32Array(MAX_COMMANDS_PER_PARSE);
  /** Hash and shard of the key, for commands with one key at a fixed place, or of a first key. */
  readonly hashes = new Int32Array(MAX_COMMANDS_PER_PARSE);
  readonly shards = new Uint8Array(MAX_COMMANDS_PER_PARSE);
  readonly #keyed = new Int32Array(MAX_COMMANDS_PER_PARSE);
  readonly #touch: TouchPass;
  readonly #registry: CommandRegistry;
  readonly #hot: HotTable;
  /** Argument index of the key that is hashed, by command id; 0: none. */
  readonly #keyOf: Uint8Array;
  // The name looked up last: its bytes as two words, its length, its id.
  #low = 0;
  #high = 0;
  #length = 0;
  #id = UNKNOWN;

  /** @param executesScripts the first keys of scripts are hashed, too */
  constructor(registry: CommandRegistry, hot: HotTable, executesScripts = false) {
    this.#registry = registry;
    const { singleKey, places, homeKey } = registry;
    this.#keyOf = singleKey.map((key, id) =>
      executesScripts && places[id] === PLACE_SCRIPT ? homeKey[id]! : key,
    );
    this.#hot = hot;
    this.#touch = new TouchPass(hot, MAX_COMMANDS_PER_PARSE);
  }

  /**
   * Routes the commands a parser found in `bytes`.
   * @param touch false when they will not be executed on this thread
   */
  route(parser: RequestParser, bytes: Buffer, view: DataView, touch: boolean): void {
    const { table } = this.#registry;
    const keyOf = this.#keyOf;
    const { commands, args, commandCount } = parser;
    const { hasher } = this.#hot;
    let keys = 0;
    for (let i = 0; i < commandCount; i++) {
      const first = commands[i * COMMAND_WORDS + COMMAND_FIRST_ARG]!;
      const argc = commands[i * COMMAND_WORDS + COMMAND_ARGC]!;
      let id = this.#identify(bytes, view, args[first * 2]!, args[first * 2 + 1]!);
      if (id >= 0 && argc > 1 && table.isContainer[id] === 1) {
        const sub = table.lookupSub(id, bytes, args[first * 2 + 2]!, args[first * 2 + 3]!);
        id = sub >= 0 ? sub : -2 - id;
      }
      this.ids[i] = id;
      if (id < 0) continue;
      const key = keyOf[id]!;
      if (key === 0 || key >= argc) continue;
      const at = (first + key) * 2;
      this.hashes[i] = hasher.digest(bytes, view, args[at]!, args[at + 1]!);
      this.shards[i] = hasher.digestShard;
      this.#keyed[keys++] = i;
    }
    if (touch && keys > 1) this.#touch.touch(this.shards, this.hashes, this.#keyed, keys);
  }

  /** Looks a name up, unless it is the one before it again, as in most pipelines. */
  #identify(bytes: Buffer, view: DataView, offset: number, length: number): number {
    if (length < 3 || length > 8 || offset + 8 > bytes.length) {
      return this.#registry.table.lookup(bytes, offset, length);
    }
    const low = view.getInt32(offset, true) & LOW_MASKS[length]!;
    const high = view.getInt32(offset + 4, true) & HIGH_MASKS[length]!;
    if (low !== this.#low || high !== this.#high || length !== this.#length) {
      this.#low = low;
      this.#high = high;
      this.#length = length;
      this.#id = this.#registry.table.lookup(bytes, offset, length);
    }
    return this.#id;
  }
}

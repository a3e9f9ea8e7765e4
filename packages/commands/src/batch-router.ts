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
import { NameLookup } from './name-lookup.ts';
import { type CommandRegistry, PLACE_SCRIPT } from './registry.ts';

/** `ids` of a name that is no command. */
export const UNKNOWN = -1;

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
  readonly #names: NameLookup;

  constructor(registry: CommandRegistry, hot: HotTable, executesScripts = false) {
    this.#registry = registry;
    this.#names = new NameLookup(registry.table);
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
      let id = this.#names.find(bytes, view, args[first * 2]!, args[first * 2 + 1]!);
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
}

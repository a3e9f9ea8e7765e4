// Which keys clients ask for: one of HOT_KEYS_ONE_IN on average, at random distances, so that no
// regular sequence of commands hides a key. Between two samples a batch costs one subtraction.
// What scripts lead to and what waits in MULTI counts as it arrives.

import { Random } from '@forgekv/base';
import type { CommandContext, CommandRegistry, Request } from '@forgekv/commands';
import { COMMAND_ARGC, COMMAND_FIRST_ARG, COMMAND_WORDS } from '@forgekv/protocol';
import { HOT_KEYS_ONE_IN, type HotKeySketch } from '@forgekv/rings';

export class KeySampler {
  readonly #registry: CommandRegistry;
  readonly #context: CommandContext;
  readonly #sketch: HotKeySketch;
  readonly #random = new Random(Math.floor(Math.random() * 2 ** 32));
  /** Commands until the next that is looked at. */
  #left = 1;

  constructor(registry: CommandRegistry, context: CommandContext, sketch: HotKeySketch) {
    this.#registry = registry;
    this.#context = context;
    this.#sketch = sketch;
  }

  /**
   * A batch of so many commands is about to be executed; its bytes and arguments are those of the
   * request.
   * @param commands of the parser
   */
  batch(ids: Int32Array, request: Request, commands: Int32Array, count: number): void {
    this.#left -= count;
    while (this.#left <= 0) {
      this.#take(ids, request, commands, this.#left + count - 1);
      this.#left += 1 + this.#random.below(2 * HOT_KEYS_ONE_IN - 1);
    }
  }

  #take(ids: Int32Array, request: Request, commands: Int32Array, i: number): void {
    const id = ids[i]!;
    if (id < 0) return;
    const key = this.#registry.homeKey[id]!;
    if (key === 0 || key >= commands[i * COMMAND_WORDS + COMMAND_ARGC]!) return;
    const { bytes, view, args } = request;
    const at = (commands[i * COMMAND_WORDS + COMMAND_FIRST_ARG]! + key) * 2;
    const offset = args[at]!;
    const length = args[at + 1]!;
    const { db, nowMs, table } = this.#context;
    const hash = table.hasher.digest(bytes, view, offset, length);
    this.#sketch.add(bytes, offset, length, hash, db, nowMs);
  }
}

// A script, or a function, that a command has called for: what the runner has to know of it. One
// object, filled in anew for each run. Knows no engine.

import { KIND_SCRIPT, type ScriptKind } from '@forgekv/rings';
import type { RunOutcome, ScriptArguments } from '@forgekv/scripting';
import type { Learned } from './script-book.ts';

/** Index of the first key among the arguments of EVAL and the like. */
export const FIRST_KEY = 3;
export const TOO_MANY_KEYS = "ERR Number of keys can't be greater than number of args";
export const NEGATIVE_KEYS = "ERR Number of keys can't be negative";
const NOTHING = Buffer.alloc(0);

export class ScriptTask implements ScriptArguments {
  kind: ScriptKind = KIND_SCRIPT;
  /** Of a function. */
  name = '';
  learned: Learned = { reach: 0, keepsToKeys: false };
  isReadOnly = false;
  /** It may use more memory than there is. */
  mayExceed = false;
  /** Its flags say that it writes: it is refused at once where writes are. */
  declaresWrites = false;
  /** It is part of a transaction that has all gates. */
  isWithin = false;
  /** Shard and hash of the first key, -1: they are not known. */
  firstShard = -1;
  firstHash = 0;
  /** Runs it. */
  run: (args: ScriptArguments) => RunOutcome = () => 0;

  // The command that has called for it; KEYS and ARGV for the engine.
  bytes: Buffer = NOTHING;
  args: Int32Array = new Int32Array(0);
  /** In `args`: of the first key. */
  first = 0;
  keyCount = 0;
  argCount = 0;

  /** The words of the command. */
  words(): Uint8Array[] {
    const count = FIRST_KEY + this.keyCount + this.argCount;
    return Array.from({ length: count }, (_, i) => {
      const word = (this.first - FIRST_KEY + i) * 2;
      const at = this.args[word]!;
      return this.bytes.subarray(at, at + this.args[word + 1]!);
    });
  }
}

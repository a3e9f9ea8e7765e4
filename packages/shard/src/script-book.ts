// The scripts that a worker knows: by their digest, and by their text. What all threads know is in
// shared memory; here is what was compiled, and what was learned about each: which gates it needs.

import { createHash } from 'node:crypto';
import type { ScriptCache } from '@forgekv/rings';
import type { CompiledScript, ScriptEngine } from '@forgekv/scripting';
import type { ScriptKeys } from './script-keys.ts';

/** Texts up to this length are found again without being hashed. */
const MOST_TEXT_BYTES = 8 * 1024;
const MOST_TEXTS = 1024;
const MOST_SCRIPTS = 8192;
const DIGEST_LETTERS = 40;

/** It has not run yet: all gates are closed for it, to see which it needs. */
export const REACH_UNKNOWN = 0;
/** It kept to the keys that it declared, so far. */
export const REACH_DECLARED = 1;
/** It calls for keys that it does not declare. */
export const REACH_ALL = 2;
export type Reach = typeof REACH_UNKNOWN | typeof REACH_DECLARED | typeof REACH_ALL;

/** What was learned of a script or a function. */
export interface Learned {
  reach: Reach;
  /** It can be seen to keep to the keys that it declares; else it has all gates if it writes. */
  readonly keepsToKeys: boolean;
}

export interface KnownScript extends Learned {
  readonly sha: string;
  /** What the engine compiled; it may have forgotten that. */
  compiled: CompiledScript;
}

export class ScriptBook {
  readonly #cache: ScriptCache;
  readonly #keys: ScriptKeys;
  readonly #bySha = new Map<string, KnownScript>();
  readonly #byText = new Map<string, KnownScript>();
  #generation: number;
  // The digest that was asked for last, as it came and in lower case.
  readonly #lastDigits = new Uint8Array(DIGEST_LETTERS);
  #lastSha = '';
  /** The text that was asked for last. */
  #lastText: { readonly text: Buffer; readonly script: KnownScript } | null = null;

  constructor(cache: ScriptCache, keys: ScriptKeys) {
    this.#cache = cache;
    this.#keys = keys;
    this.#generation = cache.generation;
  }

  /** Takes a flush over that any thread has made. */
  refresh(engine: ScriptEngine): void {
    const { generation } = this.#cache;
    if (generation === this.#generation) return;
    this.#generation = generation;
    this.#bySha.clear();
    this.#byText.clear();
    this.#lastText = null;
    engine.flush();
  }

  /** The same for a digest of forty letters of either case at an offset. */
  byShaAt(engine: ScriptEngine, bytes: Buffer, at: number): KnownScript | string | null {
    const last = this.#lastDigits;
    let i = 0;
    while (i < DIGEST_LETTERS && bytes[at + i] === last[i]) i++;
    if (i < DIGEST_LETTERS || this.#lastSha === '') {
      last.set(bytes.subarray(at, at + DIGEST_LETTERS));
      this.#lastSha = bytes.toString('latin1', at, at + DIGEST_LETTERS).toLowerCase();
    }
    return this.bySha(engine, this.#lastSha);
  }

  /** The script of a digest, null: nobody knows it; or the error reply of its compilation. */
  bySha(engine: ScriptEngine, sha: string): KnownScript | string | null {
    const known = this.#bySha.get(sha);
    if (known !== undefined && engine.compiled(sha) === known.compiled) return known;
    const digest = digestOf(sha);
    const body = digest && this.#cache.get(digest);
    if (body === null) return null;
    return this.#compile(engine, sha, body);
  }

  /** The script of a text, which every thread knows from now on; or an error reply. */
  byText(engine: ScriptEngine, body: Buffer): KnownScript | string {
    const last = this.#lastText;
    if (last?.text.equals(body)) {
      if (engine.compiled(last.script.sha) === last.script.compiled) return last.script;
    }
    const text = body.length <= MOST_TEXT_BYTES ? body.toString('latin1') : '';
    const known = text === '' ? undefined : this.#byText.get(text);
    if (known !== undefined && engine.compiled(known.sha) === known.compiled) {
      this.#lastText = { text: Buffer.from(body), script: known };
      return known;
    }
    const sha = createHash('sha1').update(body).digest('hex');
    const script = this.#compile(engine, sha, body);
    if (typeof script === 'string') return script;
    this.#cache.add(digestOf(sha)!, body);
    if (text !== '') {
      if (this.#byText.size >= MOST_TEXTS) this.#byText.clear();
      this.#byText.set(text, script);
    }
    return script;
  }

  #compile(engine: ScriptEngine, sha: string, body: Buffer): KnownScript | string {
    const compiled = engine.compile(sha, body);
    if (typeof compiled === 'string') return compiled;
    const known = this.#bySha.get(sha);
    if (known !== undefined) {
      known.compiled = compiled;
      return known;
    }
    if (this.#bySha.size >= MOST_SCRIPTS) {
      this.#bySha.clear();
      this.#byText.clear();
    }
    const keeps = this.#keys.ofScript(body.toString('latin1'));
    const script: KnownScript = { sha, compiled, reach: REACH_UNKNOWN, keepsToKeys: keeps };
    this.#bySha.set(sha, script);
    return script;
  }
}

/** The twenty bytes of a digest in hexadecimal digits, null: it is none. */
export function digestOf(sha: string): Buffer | null {
  if (sha.length !== DIGEST_LETTERS) return null;
  const digest = Buffer.from(sha, 'hex');
  return digest.length * 2 === DIGEST_LETTERS ? digest : null;
}
